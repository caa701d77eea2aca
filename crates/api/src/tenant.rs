//! Tenants: the client companies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Method};

/// A tenant.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Tenant {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// One tenant.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TenantAnswer {
    /// The tenant.
    pub tenant: Tenant,
}

/// Several tenants.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Tenants {
    /// The tenants.
    pub tenants: Vec<Tenant>,
}

/// Adds a tenant, with its own keys and its own log.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddTenant {
    /// Its name: `a-z`, `0-9`, `-` and `_`.
    #[schemars(extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"))]
    pub name: String,
}

impl Call for AddTenant {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tenants";
    const SUMMARY: &'static str = "Add a tenant, with its own keys and its own log";
    type Answer = TenantAnswer;
}

/// Lists every tenant.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListTenants {}

impl Call for ListTenants {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/tenants";
    const SUMMARY: &'static str = "List every tenant";
    type Answer = Tenants;
}

/// Shows a tenant.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowTenant {
    /// Its name or id.
    #[serde(skip)]
    pub tenant: String,
}

impl Call for ShowTenant {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/tenants/{tenant}";
    const SUMMARY: &'static str = "Show a tenant";
    type Answer = TenantAnswer;

    fn path(&mut self) -> Vec<&mut String> {
        vec![&mut self.tenant]
    }
}
