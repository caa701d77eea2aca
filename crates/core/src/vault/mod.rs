//! What the bytes look like: keys, slots, sealed rows, tokens, index tags.
//!
//! Nothing here decides who may do what; `access` does, and it alone reaches these openings.

pub mod cell;
pub mod epoch;
pub mod index;
pub mod keys;
pub mod passphrase;
pub mod plaintext;
pub mod sealed;
pub mod slot;
pub mod stream;
pub mod token;
mod varint;
#[cfg(test)]
mod vectors;
pub mod verifier;

use sha2::digest::Update;

/// Feeds a derivation input: label, version, then each part with its length in front, so that no
/// two lists of parts can run together to the same bytes.
pub(crate) fn feed(sink: &mut impl Update, label: &str, version: u8, parts: &[&[u8]]) {
    sink.update(&[u8::try_from(label.len()).unwrap_or(u8::MAX)]);
    sink.update(label.as_bytes());
    sink.update(&[version]);
    for part in parts {
        sink.update(&(part.len() as u64).to_be_bytes());
        sink.update(part);
    }
}

/// A byte string of known length, put together from parts; what is too much is left out, so the
/// lengths of the parts must add up to `N` (debug builds check).
pub(crate) struct Fixed<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Fixed<N> {
    pub(crate) fn new() -> Self {
        Self { bytes: [0; N], length: 0 }
    }

    pub(crate) fn push(mut self, part: &[u8]) -> Self {
        let end = self.length + part.len();
        debug_assert!(end <= N, "the parts are longer than the whole");
        if let Some(place) = self.bytes.get_mut(self.length..end) {
            place.copy_from_slice(part);
            self.length = end;
        }
        self
    }

    pub(crate) fn finish(self) -> [u8; N] {
        debug_assert_eq!(self.length, N, "the parts are shorter than the whole");
        self.bytes
    }
}
