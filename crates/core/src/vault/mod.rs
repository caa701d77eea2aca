//! What the bytes look like: keys, slots, sealed rows, tokens, index tags.
//!
//! Nothing here decides who may do what; `access` does, and it alone reaches these openings.

pub mod index;
pub mod keys;
pub mod plaintext;
pub mod sealed;
pub mod slot;
pub mod token;

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
