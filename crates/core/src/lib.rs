//! The Strongroom domain: what may be done, by whom, and what the bytes look like.
//!
//! It decides and performs nothing: no I/O, no clock and no randomness of its own.

pub mod field;
pub mod schema;
