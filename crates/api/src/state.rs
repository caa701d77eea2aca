//! The state of the install, and of the server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::{Call, Method};

/// Shows the state of the install.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {}

/// The state: what is there, and what protects it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct StatusAnswer(pub serde_json::Map<String, Value>);

impl Call for Status {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/status";
    const SUMMARY: &'static str = "Show the state of the install";
    type Answer = StatusAnswer;
}

/// Says how old the epoch is, and when it is to be turned.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EpochStatus {}

/// The epoch.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Epoch {
    /// Its number.
    pub epoch: u32,
    /// The one whose key was destroyed last.
    pub destroyed: Option<u32>,
    /// What custody can show of that.
    pub destroy: String,
    /// When it was turned.
    pub turned: Option<String>,
    /// Live records at that time.
    pub live: Option<u64>,
    /// Erased ones.
    pub erased: Option<u64>,
    /// Slots overwritten since.
    pub shredded: u64,
    /// Erasures pending.
    pub pending: u64,
    /// When it is to be turned.
    pub due: String,
    /// Whether that is past.
    pub overdue: bool,
}

impl Call for EpochStatus {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/epoch";
    const SUMMARY: &'static str = "Say how old the epoch is, and when it is to be turned";
    type Answer = Epoch;
}

/// Whether the server answers; asked by anybody.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
}
