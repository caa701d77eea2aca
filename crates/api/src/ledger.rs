//! The ledger: where an entry stands, who saw a record, what became of one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Method};

/// Where an answer's entry stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ledger {
    /// The log.
    pub log: String,
    /// Its index there.
    pub index: u64,
    /// Its leaf hash (RFC 6962), in hexadecimal.
    pub leaf_hash: String,
}

/// Who sealed, saw or asked about a record; the question is recorded too.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhoSaw {
    /// The tenant, by name or id.
    #[serde(skip)]
    pub tenant: String,
    /// The record: its key, or its id.
    pub record: String,
    /// The collection, where several have the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
}

/// Who did.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct WhoSawAnswer {
    /// Each entry that names the person.
    pub entries: Vec<Entry>,
}

/// An entry that names the person.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// The log.
    pub log: String,
    /// Its index there.
    pub index: u64,
    /// When, as RFC 3339.
    pub time: String,
    /// What was done.
    pub act: String,
    /// How far it came.
    pub phase: String,
    /// By whom.
    pub actor: String,
    /// What for.
    pub purpose: Option<String>,
    /// How much was given.
    pub form: Option<String>,
    /// Types of the fields concerned.
    pub fields: Vec<String>,
}

impl Call for WhoSaw {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tenants/{tenant}/ledger/who";
    const SUMMARY: &'static str = "Say who sealed, saw or asked about a record; recorded too";
    type Answer = WhoSawAnswer;

    fn path(&mut self) -> Vec<&mut String> {
        vec![&mut self.tenant]
    }
}

/// What became of an erased record, and where copies may still stand.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhatBecame {
    /// The tenant, by name or id.
    #[serde(skip)]
    pub tenant: String,
    /// The record's id.
    pub record: String,
}

/// The statement on an erasure.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ErasureStatement {
    /// The record.
    pub record: String,
    /// `pending` or `gone`.
    pub state: String,
    /// When it was stated.
    pub stated: String,
    /// Why.
    pub reason: String,
    /// By whom.
    pub actor: String,
    /// Where the entry stands.
    pub ledger: Ledger,
    /// When the slot is to be overwritten, while it is not.
    pub due: Option<String>,
    /// When it was.
    pub overwritten: Option<String>,
    /// When the epoch was turned for the first time after that.
    pub turned: Option<String>,
    /// What custody can show of destroyed keys.
    pub destroy: String,
    /// What is gone.
    pub gone: Vec<String>,
    /// What may still stand.
    pub copies: Vec<Copy>,
}

/// Where something may still stand, and until when.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Copy {
    /// What, and where.
    pub what: String,
    /// Until when.
    pub until: String,
}

impl Call for WhatBecame {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tenants/{tenant}/ledger/erasure";
    const SUMMARY: &'static str =
        "Say what became of an erased record, and where copies may still stand";
    type Answer = ErasureStatement;

    fn path(&mut self) -> Vec<&mut String> {
        vec![&mut self.tenant]
    }

    fn ledger(answer: &ErasureStatement) -> Option<&Ledger> {
        Some(&answer.ledger)
    }
}

/// Gives one verification key a log.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerKeys {}

/// Verification keys.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct LogKeys {
    /// One a log, as C2SP signed-note has them.
    pub keys: Vec<String>,
}

impl Call for LedgerKeys {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/ledger/keys";
    const SUMMARY: &'static str = "Give one verification key a log";
    type Answer = LogKeys;
}
