//! Schemas of collections.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::{Call, Method};

/// Shows a collection's schema.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowSchema {
    /// The tenant, by name or id.
    #[serde(skip)]
    pub tenant: String,
    /// The collection.
    #[serde(skip)]
    pub collection: String,
}

/// A schema.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SchemaAnswer {
    /// Its version.
    pub version: u32,
    /// SHA-256 of it as TOML, in hexadecimal.
    pub sha256: String,
    /// It as TOML, which is what is set.
    pub toml: String,
    /// It as an object.
    pub schema: Value,
}

impl Call for ShowSchema {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/tenants/{tenant}/collections/{collection}/schema";
    const SUMMARY: &'static str = "Show a collection's schema";
    type Answer = SchemaAnswer;

    fn path(&mut self) -> Vec<&mut String> {
        vec![&mut self.tenant, &mut self.collection]
    }
}

/// Sets a collection's schema, and makes the collection if need be. Fields that stay keep their
/// tokens.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetSchema {
    /// The tenant, by name or id.
    #[serde(skip)]
    pub tenant: String,
    /// The collection.
    #[serde(skip)]
    pub collection: String,
    /// The schema, as TOML.
    pub toml: String,
}

/// A schema that was set.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SchemaSet {
    /// The collection.
    pub collection: String,
    /// The schema's version.
    pub version: u32,
    /// How many fields it has.
    pub fields: usize,
}

impl Call for SetSchema {
    const METHOD: Method = Method::Put;
    const PATH: &'static str = "/v1/tenants/{tenant}/collections/{collection}/schema";
    const SUMMARY: &'static str = "Set a collection's schema; fields that stay keep their tokens";
    type Answer = SchemaSet;

    fn path(&mut self) -> Vec<&mut String> {
        vec![&mut self.tenant, &mut self.collection]
    }
}
