//! What goes wrong, as RFC 9457 has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The content type of a problem.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// What stands before the kind in a problem's type.
pub const TYPE_PREFIX: &str = "urn:strongroom:problem:";

/// A problem (RFC 9457). It never holds a personal value.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// `urn:strongroom:problem:` and a stable word: `usage`, `unauthenticated`, `forbidden`,
    /// `not_found`, `held`, `unavailable`, `tampered`, `internal`, `budget`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status, in words.
    pub title: String,
    /// The status.
    pub status: u16,
    /// What happened.
    pub detail: String,
    /// What to do next.
    pub remedy: String,
    /// The request's id, which the server's log has too.
    pub request: String,
}

impl Problem {
    /// The stable word of its type.
    #[must_use]
    pub fn word(&self) -> &str {
        self.kind.strip_prefix(TYPE_PREFIX).unwrap_or(&self.kind)
    }
}
