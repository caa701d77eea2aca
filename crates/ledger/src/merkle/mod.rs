//! The Merkle tree of RFC 6962, section 2.1, over SHA-256.
//!
//! [`Frontier`] grows a tree in constant memory; [`Tree`] keeps every node, for proofs over what
//! fits in memory; [`proof`] makes and checks inclusion and consistency proofs. Nothing here knows
//! what a leaf says, and no function hashes a leaf and a node alike: the prefixes keep them apart.

mod frontier;
mod hash;
pub mod proof;

pub use frontier::{Frontier, FrontierError};
pub use hash::{Hash, empty_root, leaf_hash, node_hash};
pub use proof::{HashSource, ProofError, Tree};

#[cfg(test)]
mod tests;
