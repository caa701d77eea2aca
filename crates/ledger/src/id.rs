//! The ids an entry may hold: random bytes with one spelling each.
//!
//! Nothing here is ever made from a personal value. Each type reads back exactly what it writes
//! and refuses every other spelling, so that equal ids are equal text.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};

/// A UUID (of an entry, of an install), written in lower case with hyphens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub [u8; 16]);

/// Names a log: that of the system, or that of one tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogId {
    /// The log of everything that is no tenant's; written `sys`.
    System,
    /// The log of one tenant, by its random id; written as 32 lower-case hex digits.
    Tenant([u8; 16]),
}

/// A subject as an entry names it: a keyed pseudonym, written as unpadded base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(pub [u8; 16]);

/// A text is not an id of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id in its one spelling")]
pub struct IdError;

/// Where the hyphens of a UUID stand.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl Id {
    fn text(&self) -> [u8; 36] {
        let mut text = [b'-'; 36];
        let places = text.iter_mut().enumerate().filter(|(at, _)| !HYPHENS.contains(at));
        for ((_, place), digit) in places.zip(hex_digits(&self.0)) {
            *place = digit;
        }
        text
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() != 36 {
            return Err(IdError);
        }
        let mut digits = [0; 32];
        let mut places = digits.iter_mut();
        for (at, byte) in text.bytes().enumerate() {
            if HYPHENS.contains(&at) {
                if byte != b'-' {
                    return Err(IdError);
                }
            } else if let Some(place) = places.next() {
                *place = byte;
            }
        }
        hex16(&digits).map(Self)
    }
}

impl FromStr for LogId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text == "sys" { Ok(Self::System) } else { hex16(text.as_bytes()).map(Self::Tenant) }
    }
}

impl FromStr for Pseudonym {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() != 22 {
            return Err(IdError);
        }
        let mut bytes = [0; 16];
        BASE64URL_NOPAD.decode_mut(text.as_bytes(), &mut bytes).map_err(|_| IdError)?;
        Ok(Self(bytes))
    }
}

/// Reads 32 lower-case hex digits.
pub(crate) fn hex16(text: &[u8]) -> Result<[u8; 16], IdError> {
    if text.len() != 32 {
        return Err(IdError);
    }
    let mut bytes = [0; 16];
    HEXLOWER.decode_mut(text, &mut bytes).map_err(|_| IdError)?;
    Ok(bytes)
}

/// Writes 32 lower-case hex digits without an allocation: entries are encoded on the hot path.
pub(crate) fn hex16_text(bytes: &[u8; 16]) -> [u8; 32] {
    let mut text = [0; 32];
    for (place, digit) in text.iter_mut().zip(hex_digits(bytes)) {
        *place = digit;
    }
    text
}

fn hex_digits(bytes: &[u8; 16]) -> impl Iterator<Item = u8> {
    let digit = |n: u8| if n < 10 { b'0' + n } else { b'a' + n - 10 };
    bytes.iter().flat_map(move |byte| [digit(byte >> 4), digit(byte & 15)])
}

/// Hands `use_it` an id's ASCII text. The bytes are ASCII by construction; were they not, the
/// caller's formatter or serializer reports an error instead of a panic.
fn with_text<T, E>(
    text: &[u8],
    not_text: impl FnOnce() -> E,
    use_it: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, E> {
    match std::str::from_utf8(text) {
        Ok(text) => use_it(text),
        Err(_) => Err(not_text()),
    }
}

macro_rules! text_form {
    ($name:ident, $self:ident => $text:expr) => {
        impl fmt::Display for $name {
            fn fmt(&$self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                with_text($text.as_ref(), || fmt::Error, |text| f.pad(text))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&$self, serializer: S) -> Result<S::Ok, S::Error> {
                let not_text = || S::Error::custom("an id did not become text");
                with_text($text.as_ref(), not_text, |text| serializer.serialize_str(text))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <&str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

text_form!(Id, self => self.text());
text_form!(LogId, self => LogText::of(self));
text_form!(Pseudonym, self => {
    let mut text = [0; 22];
    BASE64URL_NOPAD.encode_mut(&self.0, &mut text);
    text
});

/// The text of a [`LogId`], in place.
enum LogText {
    System,
    Tenant([u8; 32]),
}

impl LogText {
    fn of(log: &LogId) -> Self {
        match log {
            LogId::System => Self::System,
            LogId::Tenant(id) => Self::Tenant(hex16_text(id)),
        }
    }
}

impl AsRef<[u8]> for LogText {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::System => b"sys",
            Self::Tenant(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_spelling() {
        let id = Id([0x01, 0x92, 0xab, 0xcd, 0xef, 0, 0x70, 1, 0x80, 2, 3, 4, 5, 6, 7, 0xff]);
        assert_eq!(id.to_string(), "0192abcd-ef00-7001-8002-0304050607ff");
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in [
            "0192ABCD-ef00-7001-8002-0304050607ff",
            "0192abcdef00-7001-8002-0304050607ff-",
            "0192abcd-ef00-7001-8002-0304050607f",
            "{192abcd-ef00-7001-8002-0304050607f}",
            "",
        ] {
            assert_eq!(wrong.parse::<Id>(), Err(IdError), "{wrong}");
        }
    }

    #[test]
    fn logs_and_pseudonyms_have_one_spelling() {
        assert_eq!("sys".parse(), Ok(LogId::System));
        let tenant = LogId::Tenant([0xab; 16]);
        assert_eq!(tenant.to_string(), "ab".repeat(16));
        assert_eq!(tenant.to_string().parse(), Ok(tenant));
        for wrong in ["system", "SYS", "AB", &"AB".repeat(16), &"ab".repeat(17)] {
            assert_eq!(wrong.parse::<LogId>(), Err(IdError), "{wrong}");
        }
        let person = Pseudonym([0xff; 16]);
        assert_eq!(person.to_string(), "_____________________w");
        assert_eq!(person.to_string().parse(), Ok(person));
        // The last digit carries four spare bits; only zeros there are the one spelling.
        assert_eq!("_____________________x".parse::<Pseudonym>(), Err(IdError));
        assert_eq!("_____________________w==".parse::<Pseudonym>(), Err(IdError));
    }
}
