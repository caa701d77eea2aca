//! Records: finding one, changing one, trying its password.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Fields, Method};
use crate::{Ledger, Secret};

/// Finds the records that have a value in an indexed field.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Find {
    /// The tenant, by name or id.
    #[serde(skip)]
    pub tenant: String,
    /// The collection.
    #[serde(skip)]
    pub collection: String,
    /// The field: the column as its header says, in any case.
    pub field: String,
    /// The value, compared in its normal form.
    pub value: Secret,
}

/// Who has the value; nobody is an answer too.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// The records.
    pub records: Vec<FoundRecord>,
    /// Where the entry stands.
    pub ledger: Ledger,
}

/// A record that has it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FoundRecord {
    /// What it is known by: its key, or its id.
    pub record: String,
    /// Its tokens by field.
    pub tokens: BTreeMap<String, String>,
}

impl Call for Find {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tenants/{tenant}/collections/{collection}/find";
    const SUMMARY: &'static str =
        "Find the records that have a value in an indexed field; recorded before the answer";
    type Answer = Found;

    fn path(&mut self) -> Vec<&mut String> {
        vec![&mut self.tenant, &mut self.collection]
    }

    fn ledger(answer: &Found) -> Option<&Ledger> {
        Some(&answer.ledger)
    }
}

/// Changes values of a record.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// The tenant, by name or id.
    #[serde(skip)]
    pub tenant: String,
    /// The collection.
    #[serde(skip)]
    pub collection: String,
    /// The record: its key, or its id.
    #[serde(skip)]
    pub record: String,
    /// The fields that change. Others stay.
    pub fields: Fields,
}

/// A record as it is now.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Updated {
    /// What it is known by.
    pub record: String,
    /// Its version.
    pub version: u32,
    /// The tokens of the fields that were named.
    pub tokens: BTreeMap<String, String>,
    /// Fields whose value does not fit their type: sealed as text.
    pub unusual: Vec<String>,
    /// Where the entry stands.
    pub ledger: Ledger,
}

impl Call for Update {
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/v1/tenants/{tenant}/collections/{collection}/records/{record}";
    const SUMMARY: &'static str = "Change values of a record; recorded before it is opened";
    type Answer = Updated;

    fn path(&mut self) -> Vec<&mut String> {
        vec![&mut self.tenant, &mut self.collection, &mut self.record]
    }

    fn ledger(answer: &Updated) -> Option<&Ledger> {
        Some(&answer.ledger)
    }
}

/// Says whether a password is right.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyPassword {
    /// The tenant, by name or id.
    #[serde(skip)]
    pub tenant: String,
    /// The collection.
    #[serde(skip)]
    pub collection: String,
    /// The record: its key, or its id.
    #[serde(skip)]
    pub record: String,
    /// The password, at most 1,024 bytes.
    #[schemars(extend("minLength" = 1))]
    pub password: Secret,
    /// The field, where the collection has several of passwords.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// Whether it is.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// Whether it is right.
    pub right: bool,
    /// Where the entry stands.
    pub ledger: Ledger,
}

impl Call for VerifyPassword {
    const METHOD: Method = Method::Post;
    const PATH: &'static str =
        "/v1/tenants/{tenant}/collections/{collection}/records/{record}/verify-password";
    const SUMMARY: &'static str = "Say whether a password is right; recorded before the answer";
    type Answer = Verdict;

    fn path(&mut self) -> Vec<&mut String> {
        vec![&mut self.tenant, &mut self.collection, &mut self.record]
    }

    fn ledger(answer: &Verdict) -> Option<&Ledger> {
        Some(&answer.ledger)
    }
}
