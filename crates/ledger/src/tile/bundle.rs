//! The bytes of entry bundles and of hash tiles.

use super::TILE_WIDTH;
use crate::merkle::Hash;

/// The entries of one bundle, borrowed from its bytes: each stands behind its length, two bytes,
/// big end first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle<'a> {
    entries: Vec<&'a [u8]>,
}

/// Bytes are not a bundle, or entries do not fit into one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The bytes end within an entry or its length.
    #[error("bundle ends within an entry")]
    CutOff,
    /// No entry at all; an empty bundle does not exist.
    #[error("bundle is empty")]
    Empty,
    /// More than 256 entries.
    #[error("bundle has more than 256 entries")]
    TooMany,
    /// An entry of 65,536 bytes or more cannot state its length.
    #[error("entry is too large for a bundle")]
    TooLarge,
}

impl<'a> Bundle<'a> {
    /// Reads a bundle. The bytes are walked, not copied.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, BundleError> {
        let (mut entries, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            if entries.len() == usize::from(TILE_WIDTH) {
                return Err(BundleError::TooMany);
            }
            let (length, after) = rest.split_first_chunk().ok_or(BundleError::CutOff)?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (entry, after) = after.split_at_checked(length).ok_or(BundleError::CutOff)?;
            entries.push(entry);
            rest = after;
        }
        if entries.is_empty() { Err(BundleError::Empty) } else { Ok(Self { entries }) }
    }

    /// The entries, in order.
    pub fn entries(&self) -> &[&'a [u8]] {
        &self.entries
    }

    /// Appends one entry to the bytes of a bundle that is being built.
    pub fn encode_entry(entry: &[u8], bundle: &mut Vec<u8>) -> Result<(), BundleError> {
        let length = u16::try_from(entry.len()).map_err(|_| BundleError::TooLarge)?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
        Ok(())
    }

    /// The bytes of a bundle of these entries, at least one and at most 256.
    pub fn encode(entries: &[impl AsRef<[u8]>]) -> Result<Vec<u8>, BundleError> {
        match entries.len() {
            0 => return Err(BundleError::Empty),
            count if count > usize::from(TILE_WIDTH) => return Err(BundleError::TooMany),
            _ => {}
        }
        let mut bytes = Vec::new();
        entries.iter().try_for_each(|entry| Self::encode_entry(entry.as_ref(), &mut bytes))?;
        Ok(bytes)
    }
}

/// The bytes of a hash tile: the hashes, one after another.
pub fn encode_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Reads a hash tile of 1 to 256 hashes; `None` where the bytes are not that.
pub fn decode_hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    let fits = rest.is_empty() && (1..=usize::from(TILE_WIDTH)).contains(&hashes.len());
    fits.then(|| hashes.iter().copied().map(Hash).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_what_is_not_a_bundle() {
        assert_eq!(Bundle::decode(&[]), Err(BundleError::Empty));
        assert_eq!(Bundle::decode(&[0]), Err(BundleError::CutOff));
        assert_eq!(Bundle::decode(&[0, 2, b'a']), Err(BundleError::CutOff));
        assert_eq!(Bundle::decode(&[0; 2 * 256]).unwrap().entries().len(), 256);
        assert_eq!(Bundle::decode(&[0; 2 * 257]), Err(BundleError::TooMany));
        assert_eq!(Bundle::encode(&[vec![0; 65_536]]), Err(BundleError::TooLarge));
        assert_eq!(Bundle::encode(&[[0u8; 1]; 257]), Err(BundleError::TooMany));
        assert_eq!(Bundle::encode(&[[0u8; 1]; 0]), Err(BundleError::Empty));
    }

    #[test]
    fn hash_tiles_hold_1_to_256_hashes() {
        assert_eq!(decode_hashes(&[]), None);
        assert_eq!(decode_hashes(&[0; 33]), None);
        assert_eq!(decode_hashes(&[0; 257 * 32]), None);
        let hashes = vec![Hash([7; 32]); 256];
        assert_eq!(decode_hashes(&encode_hashes(&hashes)), Some(hashes));
    }

    proptest! {
        #[test]
        fn bundles_read_back(
            entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..=256)
        ) {
            let bytes = Bundle::encode(&entries).unwrap();
            let bundle = Bundle::decode(&bytes).unwrap();
            let expected: Vec<_> = entries.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(bundle.entries(), expected);
        }

        #[test]
        fn any_bytes_are_refused_or_read_back(bytes in prop::collection::vec(0u8..4, 0..60)) {
            if let Ok(bundle) = Bundle::decode(&bytes) {
                prop_assert_eq!(Bundle::encode(bundle.entries()).unwrap(), bytes);
            }
        }
    }
}
