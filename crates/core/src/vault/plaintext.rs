//! A personal value in clear. It can be moved, masked and disclosed once; nothing else.
//!
//! It has no `Debug`, `Display`, `Clone`, `PartialEq`, `Serialize` or `Deref`: logging, copying or
//! comparing one does not compile.

use aws_lc_rs::constant_time::verify_slices_are_equal;
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

    /// Whether its normal form is this one. How long that takes says nothing of where they differ.
    pub(crate) fn is(&self, kind: FieldType, normal: &str) -> bool {
        let mut own = Zeroizing::new(String::new());
        let (own, normal) =
            (kind.normalize(&self.0, &mut own).then_some(own.as_bytes()), normal.as_bytes());
        own.is_some_and(|own| verify_slices_are_equal(own, normal).is_ok())
    }

    /// Whether it is this very text.
    pub(crate) fn is_exactly(&self, text: &str) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), text.as_bytes()).is_ok()
    }

    /// Gives the value out. The one way to it; the result is wiped when dropped.
    pub(crate) fn disclose(self) -> Zeroizing<String> {
        self.0
    }
}
