//! The Strongroom domain: what may be done, by whom, and what the bytes look like.
//!
//! It decides and performs nothing: no I/O, no clock and no randomness of its own.

pub use strongroom_ledger as ledger;

pub mod access;
pub mod control;
pub mod erasure;
pub mod field;
pub mod id;
pub mod limits;
pub mod policy;
pub mod principal;
pub mod schema;
pub mod source;
pub mod store;
pub mod text;
pub mod vault;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
