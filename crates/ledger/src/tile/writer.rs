//! Leaves in, files out, in constant memory.

use super::{Bundle, BundleError, TILE_WIDTH, TileKind, TilePath, encode_hashes};
use crate::merkle::{Frontier, Hash, leaf_hash};

/// Turns leaves, fed in order from the first, into the files of a log.
///
/// Full tiles go to the sink as they complete; [`TileWriter::partial`] gives the rest for the size
/// reached so far. The writer holds one incomplete tile a level and one incomplete bundle.
#[derive(Clone, Debug, Default)]
pub struct TileWriter {
    frontier: Frontier,
    bundle: Vec<u8>,
    /// The hashes of each level's incomplete tile.
    levels: Vec<Vec<Hash>>,
}

/// A leaf was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError<E> {
    /// The leaf cannot lie in a bundle; nothing was written.
    #[error(transparent)]
    Leaf(#[from] BundleError),
    /// The sink failed; the writer must not be used further.
    #[error("tile could not be handed over")]
    Sink(E),
}

impl TileWriter {
    /// A writer that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves were taken.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root over all leaves taken.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Takes the next leaf and hands each file it completes to `sink`.
    pub fn push<E>(
        &mut self,
        leaf: &[u8],
        sink: &mut impl FnMut(TilePath, &[u8]) -> Result<(), E>,
    ) -> Result<(), WriteError<E>> {
        Bundle::encode_entry(leaf, &mut self.bundle)?;
        let mut hash = leaf_hash(leaf);
        self.frontier.append(hash);
        let size = self.frontier.size();
        if size.is_multiple_of(u64::from(TILE_WIDTH)) {
            hand_over(TileKind::Entries, size, &self.bundle, sink)?;
            self.bundle.clear();
        }
        for level in 0.. {
            let Some(hashes) = self.level(level) else { break };
            hashes.push(hash);
            if hashes.len() < usize::from(TILE_WIDTH) {
                break;
            }
            hand_over(TileKind::Hashes(level), size, &encode_hashes(hashes), sink)?;
            hash = tile_root(hashes);
            hashes.clear();
        }
        Ok(())
    }

    /// Hands the partial tiles of the size reached so far to `sink`. The writer can go on after.
    pub fn partial<E>(
        &self,
        sink: &mut impl FnMut(TilePath, &[u8]) -> Result<(), E>,
    ) -> Result<(), WriteError<E>> {
        let size = self.frontier.size();
        if !self.bundle.is_empty() {
            hand_over(TileKind::Entries, size, &self.bundle, sink)?;
        }
        for (level, hashes) in (0u8..).zip(&self.levels) {
            if !hashes.is_empty() {
                hand_over(TileKind::Hashes(level), size, &encode_hashes(hashes), sink)?;
            }
        }
        Ok(())
    }

    fn level(&mut self, level: u8) -> Option<&mut Vec<Hash>> {
        let level = usize::from(level);
        if self.levels.len() == level {
            self.levels.push(Vec::with_capacity(usize::from(TILE_WIDTH)));
        }
        self.levels.get_mut(level)
    }
}

/// Hands over the last tile of a level in a tree of `size` leaves.
fn hand_over<E>(
    kind: TileKind,
    size: u64,
    bytes: &[u8],
    sink: &mut impl FnMut(TilePath, &[u8]) -> Result<(), E>,
) -> Result<(), WriteError<E>> {
    let level = if let TileKind::Hashes(level) = kind { level } else { 0 };
    let nodes = size.checked_shr(8 * u32::from(level)).unwrap_or(0);
    let index = nodes.saturating_sub(1) / u64::from(TILE_WIDTH);
    match TilePath::in_tree(kind, index, size) {
        Some(path) => sink(path, bytes).map_err(WriteError::Sink),
        // A level without nodes has no tile; the callers hold nodes of each level they hand over.
        None => Ok(()),
    }
}

/// The root of a full tile, which is one node of the level above.
fn tile_root(hashes: &[Hash]) -> Hash {
    let mut frontier = Frontier::new();
    hashes.iter().for_each(|hash| frontier.append(*hash));
    frontier.root()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    fn files(size: u64) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut sink = |path: TilePath, bytes: &[u8]| -> Result<(), Infallible> {
            assert!(files.insert(path.to_string(), bytes.to_vec()).is_none(), "{path} twice");
            Ok(())
        };
        let mut writer = TileWriter::new();
        for n in 0..size {
            writer.push(&n.to_be_bytes(), &mut sink).unwrap();
        }
        writer.partial(&mut sink).unwrap();
        files
    }

    #[test]
    fn writes_exactly_the_tiles_of_the_size() {
        let names = |size| files(size).into_keys().collect::<Vec<_>>();
        assert_eq!(names(0), [""; 0]);
        assert_eq!(names(1), ["tile/0/000.p/1", "tile/entries/000.p/1"]);
        assert_eq!(names(255), ["tile/0/000.p/255", "tile/entries/000.p/255"]);
        assert_eq!(names(256), ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]);
        let names = names(65_536 + 3);
        assert_eq!(names.len(), 257 + 1 + 1 + 257);
        for name in ["tile/0/256.p/3", "tile/1/000", "tile/2/000.p/1", "tile/entries/256.p/3"] {
            assert!(names.iter().any(|have| have == name), "{name}");
        }
    }

    #[test]
    fn upper_tiles_hold_the_roots_of_lower_ones() {
        let files = files(512);
        let root = |name: &str| tile_root(&super::super::decode_hashes(&files[name]).unwrap());
        let upper = encode_hashes(&[root("tile/0/000"), root("tile/0/001")]);
        assert_eq!(files["tile/1/000.p/2"], upper);
    }

    #[test]
    fn a_leaf_too_large_leaves_the_writer_as_it_was() {
        let mut writer = TileWriter::new();
        let refused = writer.push(&[0; 65_536], &mut |_, _| Ok::<(), Infallible>(()));
        assert_eq!(refused, Err(WriteError::Leaf(BundleError::TooLarge)));
        assert_eq!((writer.size(), writer.root()), (0, crate::merkle::empty_root()));
    }
}
