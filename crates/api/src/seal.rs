//! Records sealed into a collection that there is.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Ledger;
use crate::call::{Call, Fields, KeyOf, Method};

/// Most records of one call.
pub const RECORDS_MAX: usize = 1_000;

/// Seals records.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SealRecords {
    /// The tenant, by name or id.
    #[serde(skip)]
    pub tenant: String,
    /// The collection.
    #[serde(skip)]
    pub collection: String,
    /// The caller's own key for this request, under which it is performed once.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
    /// The records, at most 1,000. A column that a record does not name has no value; in a
    /// collection with a key, a record whose key is known changes what it names and nothing else.
    #[schemars(length(min = 1, max = 1000))]
    pub records: Vec<Fields>,
}

/// The records, in the order of the request.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct SealedRecords {
    /// A record each.
    pub records: Vec<SealedRecord>,
    /// Fields with a value that does not fit their type: sealed as text.
    pub unusual: Vec<String>,
    /// Where the entry stands.
    pub ledger: Ledger,
}

/// A record as it was sealed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct SealedRecord {
    /// What it is known by: its key, or its id.
    pub record: String,
    /// The tokens of its values by field; a password has none, nor what is dropped.
    pub tokens: BTreeMap<String, String>,
}

impl Call for SealRecords {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tenants/{tenant}/collections/{collection}/records";
    const SUMMARY: &'static str = "Seal records, all or none; recorded with them";
    const IDEMPOTENCY_KEY: Option<KeyOf<Self>> = Some(|call| &mut call.idempotency_key);
    type Answer = SealedRecords;

    fn path(&mut self) -> Vec<&mut String> {
        vec![&mut self.tenant, &mut self.collection]
    }

    fn ledger(answer: &SealedRecords) -> Option<&Ledger> {
        Some(&answer.ledger)
    }
}
