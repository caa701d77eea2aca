//! Erasure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Method};
use crate::{Ledger, Secret};

/// Erases records, all of them or none: from the durable entry on, each is answered like one that
/// is not there.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Erase {
    /// The tenant, by name or id.
    #[serde(skip)]
    pub tenant: String,
    /// The collection.
    #[serde(skip)]
    pub collection: String,
    /// The records, by id or key; at most 10,000.
    #[schemars(extend("minItems" = 1, "maxItems" = 10_000))]
    pub records: Vec<String>,
    /// Why: `request`, `consent`, `objection`, `retention`, `unlawful`, `obligation`,
    /// `contract-end`, `duplicate`, `test`.
    #[schemars(extend("enum" = [
        "request", "consent", "objection", "retention", "unlawful", "obligation", "contract-end",
        "duplicate", "test",
    ]))]
    pub reason: String,
    /// Whether slots are overwritten at once, without the grace time of 72 hours.
    #[serde(default)]
    pub now: bool,
    /// The credential of a second operator who agrees, where one is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Secret>,
}

/// What was erased.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Erased {
    /// Each record.
    pub erased: Vec<ErasedRecord>,
}

/// A record that was erased.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ErasedRecord {
    /// Its id.
    pub record: String,
    /// Where the entry stands.
    pub ledger: Ledger,
    /// `pending until TIME`, or `gone`.
    pub slot: String,
}

impl Call for Erase {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tenants/{tenant}/collections/{collection}/erase";
    const SUMMARY: &'static str = "Erase records: not there from the entry on";
    type Answer = Erased;

    fn path(&mut self) -> Vec<&mut String> {
        vec![&mut self.tenant, &mut self.collection]
    }

    fn ledger(answer: &Erased) -> Option<&Ledger> {
        answer.erased.first().map(|record| &record.ledger)
    }
}

/// Takes an erasure back within its grace time.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelErase {
    /// The tenant, by name or id.
    #[serde(skip)]
    pub tenant: String,
    /// The collection.
    #[serde(skip)]
    pub collection: String,
    /// The record, by its id.
    #[serde(skip)]
    pub record: String,
}

/// A record that stays.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// Its id.
    pub record: String,
    /// Where the entry stands.
    pub ledger: Ledger,
    /// `live`.
    pub slot: String,
}

impl Call for CancelErase {
    const METHOD: Method = Method::Post;
    const PATH: &'static str =
        "/v1/tenants/{tenant}/collections/{collection}/records/{record}/cancel-erasure";
    const SUMMARY: &'static str = "Take an erasure back within its grace time";
    type Answer = Kept;

    fn path(&mut self) -> Vec<&mut String> {
        vec![&mut self.tenant, &mut self.collection, &mut self.record]
    }

    fn ledger(answer: &Kept) -> Option<&Ledger> {
        Some(&answer.ledger)
    }
}

/// Overwrites the slots that are due. A server does so by itself, once a minute.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CarryOut {}

/// What is left.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct CarriedOut {
    /// How many records wait for the end of their grace time.
    pub pending: u64,
    /// When the first of them is due.
    pub next: Option<String>,
}

impl Call for CarryOut {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/erasures/carry-out";
    const SUMMARY: &'static str = "Overwrite the slots of erased records whose grace time is over";
    type Answer = CarriedOut;
}
