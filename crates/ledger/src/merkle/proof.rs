//! Inclusion and consistency proofs, made from stored nodes and checked from a root alone.
//!
//! Making follows RFC 6962, sections 2.1.1 and 2.1.2 (the definitions); checking follows RFC 9162,
//! sections 2.1.3.2 and 2.1.4.2 (the loops). Two descriptions of one thing, so each tests the
//! other.

use super::hash::{Hash, empty_root, node_hash};

/// Where the nodes of a tree can be looked up.
pub trait HashSource {
    /// The root of the perfect subtree over the leaves `index << level` up to, and without,
    /// `(index + 1) << level`; `None` where it is not stored or not complete.
    fn node(&self, level: u8, index: u64) -> Option<Hash>;
}

/// A proof cannot be made, or does not prove what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The index or the smaller size lies outside the tree.
    #[error("index or size lies outside the tree")]
    Range,
    /// A node that the proof needs is not in the source.
    #[error("node of the tree is missing")]
    Missing,
    /// The proof leads to another root.
    #[error("proof does not lead to the root")]
    Refuted,
}

/// The root of the first `size` leaves.
pub fn root(source: &impl HashSource, size: u64) -> Result<Hash, ProofError> {
    if size == 0 { Ok(empty_root()) } else { subtree(source, 0, size) }
}

/// The path that shows leaf `index` to be in the tree of `size` leaves.
pub fn inclusion(source: &impl HashSource, index: u64, size: u64) -> Result<Vec<Hash>, ProofError> {
    if index >= size {
        return Err(ProofError::Range);
    }
    let (mut start, mut end, mut path) = (0, size, Vec::new());
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(subtree(source, middle, end)?);
            end = middle;
        } else {
            path.push(subtree(source, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The nodes that show the tree of `from` leaves to be the beginning of the tree of `to` leaves.
pub fn consistency(source: &impl HashSource, from: u64, to: u64) -> Result<Vec<Hash>, ProofError> {
    if from > to {
        return Err(ProofError::Range);
    }
    if from == 0 || from == to {
        return Ok(Vec::new());
    }
    let (mut start, mut end, mut path) = (0, to, Vec::new());
    while end != from {
        let middle = start + split(end - start);
        if from <= middle {
            path.push(subtree(source, middle, end)?);
            end = middle;
        } else {
            path.push(subtree(source, start, middle)?);
            start = middle;
        }
    }
    // The old tree is a whole subtree of the new one when nothing was cut off on the left; then
    // the checker knows its root already.
    if start != 0 {
        path.push(subtree(source, start, end)?);
    }
    path.reverse();
    Ok(path)
}

/// Checks that `leaf` is leaf `index` of the tree of `size` leaves with this root.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range);
    }
    let (mut at, mut last, mut node) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return Err(ProofError::Refuted);
        }
        if at & 1 == 1 || at == last {
            node = node_hash(sibling, &node);
            skip_missing_right(&mut at, &mut last);
        } else {
            node = node_hash(&node, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last == 0 && node == *root { Ok(()) } else { Err(ProofError::Refuted) }
}

/// Checks that the tree of `from` leaves is the beginning of the tree of `to` leaves.
pub fn verify_consistency(
    from: u64,
    to: u64,
    path: &[Hash],
    from_root: &Hash,
    to_root: &Hash,
) -> Result<(), ProofError> {
    if from > to {
        return Err(ProofError::Range);
    }
    if from == 0 || from == to {
        let known = if from == 0 { empty_root() } else { *to_root };
        let proven = path.is_empty() && *from_root == known;
        return if proven { Ok(()) } else { Err(ProofError::Refuted) };
    }
    let mut path = path.iter();
    // A power of two is a whole subtree of the new tree: the proof starts at the old root itself.
    let first = if from.is_power_of_two() { Some(from_root) } else { path.next() };
    let first = first.ok_or(ProofError::Refuted)?;
    let shift = (from - 1).trailing_ones();
    let (mut at, mut last) = ((from - 1) >> shift, (to - 1) >> shift);
    let (mut old, mut new) = (*first, *first);
    for sibling in path {
        if last == 0 {
            return Err(ProofError::Refuted);
        }
        if at & 1 == 1 || at == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            skip_missing_right(&mut at, &mut last);
        } else {
            new = node_hash(&new, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    let proven = last == 0 && old == *from_root && new == *to_root;
    if proven { Ok(()) } else { Err(ProofError::Refuted) }
}

/// On the right edge a node may have no sibling for some levels and then counts as its own parent.
fn skip_missing_right(at: &mut u64, last: &mut u64) {
    while *at & 1 == 0 && *at != 0 {
        *at >>= 1;
        *last >>= 1;
    }
}

/// The largest power of two below `size`, which is two or more.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The root over leaves `start` up to, and without, `end`: at least one, and `start` a multiple of
/// the largest perfect subtree in it, as RFC 6962 cuts trees.
fn subtree(source: &impl HashSource, start: u64, end: u64) -> Result<Hash, ProofError> {
    let mut peaks = Vec::new();
    let mut at = start;
    while at < end {
        let level = (end - at).ilog2() as u8;
        peaks.push(source.node(level, at >> level).ok_or(ProofError::Missing)?);
        at += 1 << level;
    }
    let mut peaks = peaks.iter().rev();
    let last = peaks.next().ok_or(ProofError::Range)?;
    Ok(peaks.fold(*last, |right, left| node_hash(left, &right)))
}

/// A tree with all its nodes in memory.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// The empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves were appended.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Appends a leaf, by its [leaf hash](super::leaf_hash).
    pub fn append(&mut self, leaf: Hash) {
        let mut node = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(nodes) = self.levels.get_mut(level) else { return };
            nodes.push(node);
            let ([.., left, right], true) = (nodes.as_slice(), nodes.len().is_multiple_of(2))
            else {
                return;
            };
            node = node_hash(left, right);
        }
    }

    /// The root of the first `size` leaves.
    pub fn root(&self, size: u64) -> Result<Hash, ProofError> {
        if size > self.size() { Err(ProofError::Range) } else { root(self, size) }
    }
}

impl HashSource for Tree {
    fn node(&self, level: u8, index: u64) -> Option<Hash> {
        self.levels.get(usize::from(level))?.get(usize::try_from(index).ok()?).copied()
    }
}
