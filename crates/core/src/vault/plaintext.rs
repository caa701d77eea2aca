//! A personal value in clear. It can be moved, masked and disclosed once; nothing else.
//!
//! It has no `Debug`, `Display`, `Clone`, `PartialEq`, `Serialize` or `Deref`: logging, copying or
//! comparing one does not compile.

use zeroize::Zeroizing;

use crate::field::FieldType;

/// A personal value in clear; wiped when dropped.
pub struct Plaintext(Zeroizing<String>);

impl Plaintext {
    pub(crate) fn new(value: &[u8]) -> Self {
        Self(Zeroizing::new(String::from_utf8_lossy(value).into_owned()))
    }

    /// The mask of the value, as its type defines it.
    pub(crate) fn mask(self, kind: FieldType) -> Self {
        Self(Zeroizing::new(kind.mask(&self.0)))
    }

    pub(crate) fn redact(self) -> Self {
        Self(Zeroizing::new(crate::field::REDACTED.to_owned()))
    }

    /// Gives the value out. The one way to it; the result is wiped when dropped.
    pub(crate) fn disclose(self) -> Zeroizing<String> {
        self.0
    }
}
