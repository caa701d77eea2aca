//! Principals: services and operators, and their credentials.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Secret;
use crate::call::{Call, Method};

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PrincipalKind {
    /// A program.
    Service,
    /// A person.
    Operator,
}

/// A principal.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Principal {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: PrincipalKind,
    /// The ids of its tenants; `*` stands for the whole install.
    pub tenants: Vec<String>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// From when on its credential is refused, if it expires.
    #[serde(default)]
    pub expires: Option<String>,
    /// The networks its credential is good from; any where none is named.
    #[serde(default)]
    pub networks: Vec<String>,
    /// The purposes it is given values for; any where none is named.
    #[serde(default)]
    pub purposes: Vec<String>,
    /// The acts it may do, of those of its kind; all where none is named.
    #[serde(default)]
    pub acts: Vec<String>,
    /// Until when the credential before its newest is good too, if it is.
    #[serde(default)]
    pub overlap_until: Option<String>,
    /// When it came last, to the second; null if not since the server started.
    #[serde(default)]
    pub last_used: Option<String>,
}

/// One principal.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PrincipalAnswer {
    /// The principal.
    pub principal: Principal,
}

/// Several principals.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Principals {
    /// The principals.
    pub principals: Vec<Principal>,
}

/// A principal with a credential, which is shown this once.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Credential {
    /// The principal.
    pub principal: Principal,
    /// The credential.
    pub credential: Secret,
}

/// Adds a service or an operator of one tenant.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddPrincipal {
    /// Its name: `a-z`, `0-9`, `-` and `_`.
    #[schemars(extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"))]
    pub name: String,
    /// What it is.
    pub kind: PrincipalKind,
    /// Its tenant, by name or id.
    pub tenant: String,
    /// When its credential expires: a duration from now on (`90d`), or a time (RFC 3339, UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The networks its credential is good from (CIDR); any where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
    /// The purposes it is given values for; any where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<String>,
    /// The acts it may do, of those of its kind (`pii.reveal`); all where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<String>,
}

impl Call for AddPrincipal {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/principals";
    const SUMMARY: &'static str =
        "Add a service or an operator of one tenant; its credential is shown once";
    type Answer = Credential;
}

/// Lists every principal.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPrincipals {}

impl Call for ListPrincipals {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/principals";
    const SUMMARY: &'static str = "List every principal";
    type Answer = Principals;
}

/// Gives a principal a fresh credential.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewPrincipal {
    /// Its name.
    #[serde(skip)]
    pub principal: String,
    /// How long the old one stays good beside it (`12h`), 7 days at most; not at all without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<String>,
}

impl Call for RenewPrincipal {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/principals/{principal}/renew";
    const SUMMARY: &'static str =
        "Give a principal a fresh credential; the old one is dead at once, or after an overlap";
    type Answer = Credential;

    fn path(&mut self) -> Vec<&mut String> {
        vec![&mut self.principal]
    }
}

/// Revokes a principal.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokePrincipal {
    /// Its name.
    #[serde(skip)]
    pub principal: String,
}

impl Call for RevokePrincipal {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/principals/{principal}/revoke";
    const SUMMARY: &'static str =
        "Revoke a principal: its credential is dead from the next request on";
    type Answer = PrincipalAnswer;

    fn path(&mut self) -> Vec<&mut String> {
        vec![&mut self.principal]
    }
}
