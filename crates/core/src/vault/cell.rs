//! The clear text of one field: how it was sealed, the value exactly as it stood, and how it was
//! spelt where writing the value anew would not give that.
//!
//! One byte (the type's code, [`LITERAL`], [`SPELT`]), then the value; where it is spelt, the
//! value's length in LEB128 before it and the spelling after it.

use super::plaintext::Plaintext;
use super::varint::{put_varint, take_varint};
use crate::field::FieldType;

/// The value was a bare JSON literal.
const LITERAL: u8 = 0x80;
/// The spelling follows.
const SPELT: u8 = 0x40;
const CODE: u8 = 0x3f;

/// What a field is sealed from.
#[derive(Clone, Copy)]
pub struct Clear<'v> {
    /// What the value is sealed as.
    pub kind: FieldType,
    /// Whether it was a bare JSON literal.
    pub literal: bool,
    /// The value.
    pub value: &'v str,
    /// How it stood in the file, where that is not how it would be written.
    pub spelling: Option<&'v str>,
}

impl<'v> Clear<'v> {
    /// What a password is sealed as.
    pub(crate) fn verifier(value: &'v str) -> Self {
        Self { kind: FieldType::Password, literal: false, value, spelling: None }
    }

    /// Writes it at the end of `out`.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let literal = if self.literal { LITERAL } else { 0 };
        let Some(spelling) = self.spelling else {
            out.push(self.kind.code() | literal);
            out.extend_from_slice(self.value.as_bytes());
            return;
        };
        out.push(self.kind.code() | literal | SPELT);
        put_varint(out, u32::try_from(self.value.len()).unwrap_or(u32::MAX));
        out.extend_from_slice(self.value.as_bytes());
        out.extend_from_slice(spelling.as_bytes());
    }

    /// Bytes that [`Self::write`] writes.
    pub(super) fn written(&self) -> usize {
        // Seven bits of the length a byte.
        let bits = u32::try_from(self.value.len()).map_or(32, |n| 32 - n.leading_zeros());
        let length = bits.max(1).div_ceil(7) as usize;
        1 + self.length() + if self.spelling.is_some() { length } else { 0 }
    }

    /// Bytes of the value and its spelling.
    pub(super) fn length(&self) -> usize {
        self.value.len() + self.spelling.map_or(0, str::len)
    }
}

/// A field that was opened.
pub struct Opened {
    /// What the value was sealed as.
    pub(crate) kind: FieldType,
    /// Whether it was a bare JSON literal.
    pub(crate) literal: bool,
    /// The value.
    pub(crate) value: Plaintext,
    /// How it stood, where that is not how it would be written.
    pub(crate) spelling: Option<Plaintext>,
}

impl Opened {
    /// Reads what [`Clear::write`] wrote.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (byte, mut value) = bytes.split_first()?;
        let kind = FieldType::from_code(byte & CODE)?;
        let mut spelling = None;
        if byte & SPELT != 0 {
            let (length, rest) = take_varint(value)?;
            let (before, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            value = before;
            spelling = Some(Plaintext::new(after));
        }
        let literal = byte & LITERAL != 0;
        Some(Self { kind, literal, value: Plaintext::new(value), spelling })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_as_it_stood_and_spelt() {
        for (literal, spelling) in [(false, None), (true, None), (false, Some("\"a\"x"))] {
            for value in ["", "ax", &"x".repeat(300)] {
                let mut out = Vec::new();
                let clear = Clear { kind: FieldType::Name, literal, value, spelling };
                clear.write(&mut out);
                assert_eq!(clear.written(), out.len());
                let read = Opened::read(&out).unwrap();
                assert_eq!((read.kind, read.literal), (FieldType::Name, literal));
                assert_eq!(*read.value.disclose(), value);
                let spelt = read.spelling.map(|s| s.disclose().to_string());
                assert_eq!(spelt.as_deref(), spelling);
            }
        }
        for bad in [&[][..], &[0], &[63, 1], &[12 | SPELT], &[12 | SPELT, 9, 1]] {
            assert!(Opened::read(bad).is_none(), "{bad:?}");
        }
    }
}
