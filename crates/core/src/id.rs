//! Identifiers: random ids, record and field numbers, and names in a closed alphabet.
//!
//! Names are for people and never enter a storage address or a derivation; ids do. One normaliser
//! serves every name, so that no two spellings can mean one thing in one place and two in another.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

/// Why an identifier was refused. The text itself is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// Not 32 lower-case hexadecimal digits.
    #[error("an id is 32 hexadecimal digits")]
    NotHex,
    /// Outside the closed alphabet of names.
    #[error(
        "a name is 1 to 63 characters of a-z, 0-9, `-` and `_`, and begins with a letter or digit"
    )]
    NotAName,
}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// Reads 32 hexadecimal digits.
            ///
            /// # Errors
            /// [`IdError::NotHex`] for anything else.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| IdError::NotHex)?;
                Ok(Self(bytes.try_into().map_err(|_| IdError::NotHex)?))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    };
}

random_id!(
    /// One installation of Strongroom.
    InstallId
);
random_id!(
    /// A client company.
    TenantId
);
random_id!(
    /// A service or an operator.
    PrincipalId
);
random_id!(
    /// One run of `seal` over one input.
    JobId
);

random_id!(
    /// One backup of an install.
    BackupId
);

/// A collection of a tenant; random, so that it says nothing of the order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CollectionId(pub u32);

/// A record, and the slot that holds its secret. Never reused, in all tenants of an install.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordNumber(pub u64);

/// A field of a tenant: unique over all its collections, so that a token need not name one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FieldNumber(pub u16);

/// A name of a tenant, collection or principal, in normal form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// Normalises (ASCII lower case) and checks a name.
    ///
    /// # Errors
    /// [`IdError::NotAName`] for anything outside the closed alphabet; nothing is trimmed or
    /// folded beyond ASCII case, so a look-alike letter cannot pass.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let name = text.to_ascii_lowercase();
        let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'_';
        let first = name.bytes().next().is_some_and(|c| c.is_ascii_alphanumeric());
        if !first || name.len() > 63 || !name.bytes().all(inner) {
            return Err(IdError::NotAName);
        }
        Ok(Self(name))
    }

    /// The normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Name {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> String {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_to_their_alphabet() {
        assert_eq!(Name::parse("Acme-West_2").unwrap().as_str(), "acme-west_2");
        for odd in ["", "-a", "a b", "a/b", "..", "a\u{0430}", "a\0", "\u{212a}elvin", " a"] {
            assert_eq!(Name::parse(odd), Err(IdError::NotAName), "{odd:?}");
        }
        assert!(Name::parse(&"a".repeat(63)).is_ok());
        assert!(Name::parse(&"a".repeat(64)).is_err());
    }

    #[test]
    fn ids_are_exactly_their_hex() {
        let id = TenantId([0xab; 16]);
        assert_eq!(TenantId::parse(&id.to_string()).unwrap(), id);
        for odd in ["", "ab", "AB", &"AB".repeat(16), &"0".repeat(33)] {
            assert!(TenantId::parse(odd).is_err());
        }
    }
}
