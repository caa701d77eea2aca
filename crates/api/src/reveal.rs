//! Reveal: tokens to values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Method};
use crate::{Ledger, Secret};

/// How much of a value is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Nothing of it.
    Redacted,
    /// The mask of its type.
    #[default]
    Masked,
    /// The value.
    Full,
}

/// Gives back the values of tokens: all of them or none, everybody named in the ledger before
/// anything is opened.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reveal {
    /// The tenant, by name or id.
    #[serde(skip)]
    pub tenant: String,
    /// Tokens, at most 1,000 over the network.
    #[schemars(extend("minItems" = 1, "maxItems" = 1_000))]
    pub tokens: Vec<String>,
    /// What it is for: `support`, `payout`, `tax`, `sign-in`.
    #[schemars(extend("enum" = ["support", "payout", "tax", "sign-in"]))]
    pub purpose: String,
    /// How much is given.
    #[serde(default)]
    pub form: Form,
}

/// Values, in the order of the tokens.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Revealed {
    /// The values.
    pub values: Vec<RevealedValue>,
    /// Where the entry stands.
    pub ledger: Ledger,
}

/// A value.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct RevealedValue {
    /// Its token.
    pub token: String,
    /// What its record is known by: its key, or its id.
    pub record: String,
    /// Its field.
    pub field: String,
    /// How much of it is given.
    pub form: Form,
    /// What is given.
    pub value: Secret,
}

impl Call for Reveal {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tenants/{tenant}/reveal";
    const SUMMARY: &'static str = "Give back the values of tokens; recorded before it happens";
    type Answer = Revealed;

    fn path(&mut self) -> Vec<&mut String> {
        vec![&mut self.tenant]
    }

    fn ledger(answer: &Revealed) -> Option<&Ledger> {
        Some(&answer.ledger)
    }
}
