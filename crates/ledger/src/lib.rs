//! The Strongroom ledger as bytes: entries, Merkle trees, tiles, signed checkpoints, proofs, and
//! the verifier that checks an export of all of them.
//!
//! `docs/ledger-format.md` states the format; this crate is that page in code. It is pure: no
//! files, no network, no clock, no randomness, so that an assessor can audit it alone and the
//! offline verifier can be built without the writer. It must never see a personal value: an entry
//! holds names of acts, field types and purposes, random ids, and keyed pseudonyms, nothing else.
//!
//! Reading order: [`entry`] (what one line of history says), [`merkle`] (how lines become one
//! root), [`tile`] (how both lie in files), [`note`] (how a root is signed), [`verify`] (how an
//! outsider checks it all).

pub mod entry;
pub mod id;
pub mod merkle;
pub mod note;
pub mod tile;
pub mod verify;
mod words;

pub use entry::Entry;
pub use id::{Id, LogId, Pseudonym};
pub use merkle::Hash;
