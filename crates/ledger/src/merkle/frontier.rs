//! The right edge of a growing tree: all that is needed to append and to name the root.

use super::hash::{Hash, empty_root, node_hash};

/// A tree reduced to its size and the roots of its perfect subtrees, the largest first.
///
/// INVARIANT: there is one root for each bit set in the size, so at most 64 of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// Bytes are not a frontier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("frontier has the wrong length for its size")]
pub struct FrontierError;

impl Frontier {
    /// The empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves were appended.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf, by its [leaf hash](super::leaf_hash).
    pub fn append(&mut self, leaf: Hash) {
        let mut node = leaf;
        // Each trailing bit set is a perfect subtree that this leaf completes to one twice as big.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root over all leaves so far.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => empty_root(),
            Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
        }
    }

    /// The only byte form: the size as eight bytes, big end first, then the subtree roots.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + 32 * self.peaks.len());
        bytes.extend_from_slice(&self.size.to_be_bytes());
        self.peaks.iter().for_each(|peak| bytes.extend_from_slice(&peak.0));
        bytes
    }

    /// Reads what [`Frontier::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let (size, peaks) = bytes.split_first_chunk::<8>().ok_or(FrontierError)?;
        let size = u64::from_be_bytes(*size);
        let (peaks, rest) = peaks.as_chunks::<32>();
        // The largest size is refused: one more leaf could not be counted.
        if !rest.is_empty() || peaks.len() != size.count_ones() as usize || size == u64::MAX {
            return Err(FrontierError);
        }
        Ok(Self { size, peaks: peaks.iter().copied().map(Hash).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::Tree;
    use proptest::prelude::*;

    #[test]
    fn agrees_with_the_whole_tree() {
        let (mut frontier, mut tree) = (Frontier::new(), Tree::new());
        for size in 0..=300u64 {
            assert_eq!(frontier.root(), tree.root(size).unwrap(), "size {size}");
            assert_eq!(frontier.size(), size);
            assert_eq!(Frontier::from_bytes(&frontier.to_bytes()), Ok(frontier.clone()));
            let leaf = crate::merkle::leaf_hash(&size.to_be_bytes());
            frontier.append(leaf);
            tree.append(leaf);
        }
    }

    #[test]
    fn refuses_a_wrong_length() {
        let mut frontier = Frontier::new();
        (0..3).for_each(|n| frontier.append(Hash([n; 32])));
        let bytes = frontier.to_bytes();
        for wrong in [&bytes[..bytes.len() - 1], &bytes[..40], &bytes[..7], &[]] {
            assert_eq!(Frontier::from_bytes(wrong), Err(FrontierError));
        }
        assert_eq!(Frontier::from_bytes(&[0xff; 8 + 64 * 32]), Err(FrontierError));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_read_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(frontier) = Frontier::from_bytes(&bytes) {
                prop_assert_eq!(frontier.to_bytes(), bytes);
            }
        }
    }
}
