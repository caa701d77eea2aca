//! The bytes of an entry: writing, reading, and the rules a derive cannot state.
//!
//! serde_json writes a struct without whitespace and in the order of its fields, which are
//! declared sorted; texts come from alphabets that need no escape. So what it writes is canonical
//! as it stands, and reading proves the same of foreign bytes by writing them again.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{
    Act, ENTRY_SIZE_MAX, Entry, FIELDS_MAX, INTEGER_LIMIT, Phase, SUBJECTS_MAX, VERSIONS_MAX,
    Version,
};
use crate::id::LogId;

/// An entry cannot be written; the caller built it wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A text holds a character outside its alphabet, or has a wrong length.
    #[error("text of {0} is empty, too long or outside its alphabet")]
    Text(&'static str),
    /// The field types are not strictly ascending.
    #[error("field types are not in ascending order")]
    FieldOrder,
    /// The versions are not one for each subject.
    #[error("versions are not one for each of the subjects")]
    Versions,
    /// Too many subjects or field types.
    #[error("too many items in {0}")]
    TooMany(&'static str),
    /// A number is too large to be exact in every JSON reader.
    #[error("number of {0} is 2^53 or more")]
    Number(&'static str),
    /// `tenant.head` and a head belong together, in the system log, about a tenant's log.
    #[error("head does not fit the act, the phase or the log")]
    Head,
    /// The bytes would be longer than [`ENTRY_SIZE_MAX`].
    #[error("entry is larger than 16 KiB")]
    TooLarge,
    /// serde refused; it never does for these types.
    #[error("entry cannot be serialized")]
    Serialize,
}

/// Bytes are not an entry of this format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Longer than [`ENTRY_SIZE_MAX`].
    #[error("entry is larger than 16 KiB")]
    TooLarge,
    /// A version this code does not know. The entry may be sound; a newer verifier can tell.
    #[error("entry has an unknown format version")]
    UnknownVersion,
    /// Not JSON, or not the fields and words of an entry, or a field twice.
    #[error("entry is malformed")]
    Malformed,
    /// The fields are there, but one breaks its rule.
    #[error("entry breaks a rule of the format: {0}")]
    Rule(EncodeError),
    /// The same entry has another byte form, and only that one is allowed.
    #[error("entry is not in canonical form")]
    NotCanonical,
}

impl Entry {
    /// The canonical bytes, which are the leaf of the tree.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EncodeError> {
        self.check()?;
        let mut bytes = Vec::with_capacity(384);
        serde_json::to_writer(&mut bytes, self).map_err(|_| EncodeError::Serialize)?;
        if bytes.len() > ENTRY_SIZE_MAX {
            return Err(EncodeError::TooLarge);
        }
        Ok(bytes)
    }

    /// Reads canonical bytes and refuses all others.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > ENTRY_SIZE_MAX {
            return Err(DecodeError::TooLarge);
        }
        let entry: Self = serde_json::from_slice(bytes).map_err(|_| not_readable(bytes))?;
        match entry.to_bytes() {
            Ok(again) if again == bytes => Ok(entry),
            Ok(_) => Err(DecodeError::NotCanonical),
            Err(rule) => Err(DecodeError::Rule(rule)),
        }
    }

    fn check(&self) -> Result<(), EncodeError> {
        for (name, number) in [
            ("bn", Some(self.boot)),
            ("rg.count", self.range.map(|range| range.count)),
            ("hd.size", self.head.map(|head| head.size)),
        ] {
            if number.is_some_and(|number| number >= INTEGER_LIMIT) {
                return Err(EncodeError::Number(name));
            }
        }
        if self.subjects.len() > SUBJECTS_MAX {
            return Err(EncodeError::TooMany("su"));
        }
        if !self.versions.is_empty() && self.versions.len() != self.subjects.len() {
            return Err(EncodeError::Versions);
        }
        if self.versions.len() > VERSIONS_MAX {
            return Err(EncodeError::TooMany("vs"));
        }
        self.check_texts()?;
        let head_fits = match self.head {
            None => self.act != Act::TenantHead,
            Some(head) => {
                self.act == Act::TenantHead
                    && self.phase == Phase::Commit
                    && self.log == LogId::System
                    && head.log != LogId::System
            }
        };
        if head_fits { Ok(()) } else { Err(EncodeError::Head) }
    }

    fn check_texts(&self) -> Result<(), EncodeError> {
        let word = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        let code = |byte: u8| word(byte) || byte == b'_' || byte == b'.';
        let object = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        let field = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';

        check_text("pu", self.purpose.as_deref(), 32, word)?;
        check_text("why", self.reason.as_deref(), 64, code)?;
        check_text("ob", self.object.as_deref(), 256, object)?;
        for name in &self.fields {
            check_text("fd", Some(name), 32, field)?;
        }
        if self.fields.len() > FIELDS_MAX {
            return Err(EncodeError::TooMany("fd"));
        }
        if self.fields.is_sorted_by(|a, b| a < b) { Ok(()) } else { Err(EncodeError::FieldOrder) }
    }
}

fn check_text(
    name: &'static str,
    text: Option<&str>,
    length_max: usize,
    allowed: impl Fn(u8) -> bool,
) -> Result<(), EncodeError> {
    let fits =
        |text: &str| !text.is_empty() && text.len() <= length_max && text.bytes().all(&allowed);
    if text.is_none_or(fits) { Ok(()) } else { Err(EncodeError::Text(name)) }
}

/// Tells an entry of a later format from rubbish: only the first is worth a newer verifier.
fn not_readable(bytes: &[u8]) -> DecodeError {
    #[derive(Deserialize)]
    struct VersionOnly {
        v: u64,
    }
    match serde_json::from_slice::<VersionOnly>(bytes) {
        Ok(VersionOnly { v }) if v != 1 => DecodeError::UnknownVersion,
        _ => DecodeError::Malformed,
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(1)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            _ => Err(D::Error::custom("unknown version")),
        }
    }
}

/// A `u64` as decimal text: times and record numbers may pass 2^53.
pub(super) mod decimal {
    use super::*;

    pub fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        // "+1" and "01" parse too; writing again shows them to be another spelling.
        <&str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A principal's id as hex, or the word `none`.
pub(super) mod principal {
    use super::*;
    use crate::id::hex16;

    pub fn serialize<S: Serializer>(id: &Option<[u8; 16]>, to: S) -> Result<S::Ok, S::Error> {
        match id {
            // The same spelling as a tenant's id, so the same writer.
            Some(id) => LogId::Tenant(*id).serialize(to),
            None => to.serialize_str("none"),
        }
    }

    pub fn deserialize<'de, D>(deserializer: D) -> Result<Option<[u8; 16]>, D::Error>
    where
        D: Deserializer<'de>,
    {
        match <&str>::deserialize(deserializer)? {
            "none" => Ok(None),
            text => hex16(text.as_bytes()).map(Some).map_err(D::Error::custom),
        }
    }
}

/// A hash as standard base64, as checkpoints write it.
pub(super) mod base64_hash {
    use super::*;
    use crate::merkle::Hash;

    pub fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hash.to_base64())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        Hash::from_base64(<&str>::deserialize(deserializer)?)
            .ok_or_else(|| D::Error::custom("not a hash"))
    }
}

/// A hash as lower-case hex, as tools that print SHA-256 write it.
pub(super) mod hex_hash {
    use super::*;
    use crate::merkle::Hash;

    pub fn serialize<S: Serializer>(hash: &Option<Hash>, serializer: S) -> Result<S::Ok, S::Error> {
        hash.map(|hash| hash.to_hex()).serialize(serializer)
    }

    pub fn deserialize<'de, D>(deserializer: D) -> Result<Option<Hash>, D::Error>
    where
        D: Deserializer<'de>,
    {
        Hash::from_hex(<&str>::deserialize(deserializer)?)
            .map(Some)
            .ok_or_else(|| D::Error::custom("not a hash"))
    }
}
