//! What other programs may know of Strongroom: the calls of its HTTP API, word for word, and a
//! small client.
//!
//! A call is one type. The server's routes, its OpenAPI text and the client are made out of the
//! same types, so that none of them can say something else. This crate holds no key, opens no
//! store, and knows nothing of how a call is performed.

mod call;
mod client;
mod endpoint;
mod erase;
mod ledger;
mod principal;
mod problem;
mod record;
mod reveal;
mod schema;
mod seal;
mod secret;
mod state;
mod tenant;
mod trust;

pub use call::{Call, Fields, IDEMPOTENCY_HEADER, KeyOf, Method, path};
pub use client::{Client, ClientError};
pub use endpoint::{Endpoint, EndpointError};
pub use erase::{CancelErase, CarriedOut, CarryOut, Erase, Erased, ErasedRecord, Kept};
pub use ledger::{
    Copy, Entry, ErasureStatement, Ledger, LedgerKeys, LogKeys, WhatBecame, WhoSaw, WhoSawAnswer,
};
pub use principal::{
    AddPrincipal, Credential, ListPrincipals, Principal, PrincipalAnswer, PrincipalKind,
    Principals, RenewPrincipal, RevokePrincipal,
};
pub use problem::{CONTENT_TYPE, Problem, TYPE_PREFIX};
pub use record::{Find, Found, FoundRecord, Update, Updated, Verdict, VerifyPassword};
pub use reveal::{Form, Reveal, Revealed, RevealedValue};
pub use schema::{SchemaAnswer, SchemaSet, SetSchema, ShowSchema};
pub use seal::{RECORDS_MAX, SealRecords, SealedRecord, SealedRecords};
pub use secret::Secret;
pub use state::{Epoch, EpochStatus, Health, Status, StatusAnswer};
pub use tenant::{AddTenant, ListTenants, ShowTenant, Tenant, TenantAnswer, Tenants};
pub use trust::Trust;
