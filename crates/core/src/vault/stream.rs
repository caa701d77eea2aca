//! Sealed streams, for backups: chunks that open in their place only.
//!
//! Each stream has a key of its own, derived from its backup's random key and the stream's header,
//! so that no chunk opens behind a changed header or in another backup. A chunk is bound to its
//! number and to whether it is the last, as in STREAM (Hoang, Reyhanitabar, Rogaway, Vizar 2015):
//! one that was left out, moved, or followed by nothing where more was written, is told.

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};
use zeroize::Zeroizing;

use super::Fixed;
use super::keys::{BackupKey, siv_key};

/// Bytes that a chunk's tag takes.
pub const CHUNK_TAG_BYTES: usize = 16;
/// Bytes of a chunk's nonce.
pub const CHUNK_NONCE_BYTES: usize = 12;

/// The place of a chunk in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkPlace {
    /// Its number, from 0.
    pub number: u64,
    /// Whether nothing follows it.
    pub last: bool,
}

/// The key of one stream.
pub struct StreamKey(LessSafeKey);

impl StreamKey {
    /// The key of the stream that begins with `header`.
    #[must_use]
    pub fn new(backup: &BackupKey, header: &[u8]) -> Option<Self> {
        let key = Zeroizing::new(backup.mac("strongroom/backup/stream", &[header]));
        siv_key(&key).map(Self)
    }

    /// Seals a chunk where it lies; gives its tag.
    #[must_use]
    pub fn seal(
        &self,
        place: ChunkPlace,
        nonce: &[u8; CHUNK_NONCE_BYTES],
        body: &mut [u8],
    ) -> Option<[u8; CHUNK_TAG_BYTES]> {
        let (nonce, aad) = (Nonce::assume_unique_for_key(*nonce), Aad::from(associated(place)));
        let tag = self.0.seal_in_place_separate_tag(nonce, aad, body).ok()?;
        tag.as_ref().try_into().ok()
    }

    /// Opens a chunk, its tag behind it, where it lies.
    #[must_use]
    pub fn open<'b>(
        &self,
        place: ChunkPlace,
        nonce: &[u8; CHUNK_NONCE_BYTES],
        sealed: &'b mut [u8],
    ) -> Option<&'b [u8]> {
        let (nonce, aad) = (Nonce::assume_unique_for_key(*nonce), Aad::from(associated(place)));
        self.0.open_in_place(nonce, aad, sealed).ok().map(|clear| &*clear)
    }
}

/// Associated data: format, number, whether it is the last; of fixed width.
fn associated(place: ChunkPlace) -> [u8; 26] {
    Fixed::new()
        .push(b"strongroom/chunk\x01")
        .push(&place.number.to_be_bytes())
        .push(&[u8::from(place.last)])
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CountingRandom;
    use crate::vault::keys::SecretKey;

    fn key(header: &[u8]) -> StreamKey {
        let secret = SecretKey::from_bytes(Zeroizing::new([7; 32]));
        StreamKey::new(&BackupKey::new(&secret), header).unwrap()
    }

    fn sealed(key: &StreamKey, place: ChunkPlace) -> Vec<u8> {
        let mut body = b"rows and rows".to_vec();
        let tag = key.seal(place, &[9; 12], &mut body).unwrap();
        [body.as_slice(), &tag].concat()
    }

    #[test]
    fn a_chunk_opens_in_its_place_of_its_stream_only() {
        let home = ChunkPlace { number: 4, last: false };
        let bytes = sealed(&key(b"head"), home);
        let opens = |key: &StreamKey, place, bytes: &[u8]| {
            key.open(place, &[9; 12], &mut bytes.to_vec()).map(<[u8]>::to_vec)
        };
        assert_eq!(opens(&key(b"head"), home, &bytes).unwrap(), b"rows and rows");
        for place in [ChunkPlace { number: 5, ..home }, ChunkPlace { last: true, ..home }] {
            assert!(opens(&key(b"head"), place, &bytes).is_none(), "{place:?}");
        }
        assert!(opens(&key(b"heaD"), home, &bytes).is_none(), "another header");
        let random = CountingRandom::default();
        let other = BackupKey::new(&SecretKey::generate(&random).unwrap());
        let other = StreamKey::new(&other, b"head").unwrap();
        assert!(opens(&other, home, &bytes).is_none(), "another backup");
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert!(opens(&key(b"head"), home, &bad).is_none(), "byte {at}");
        }
    }
}
