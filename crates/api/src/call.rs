//! A call: where it goes, what it carries, what it answers.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Ledger, Secret};

/// Everything but the unreserved characters of RFC 3986.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A method of HTTP (RFC 9110).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Changes nothing, and is no entry.
    Get,
    /// Everything else.
    Post,
    /// Sets.
    Put,
    /// Changes a part.
    Patch,
}

impl Method {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}

/// The header of a call that is performed once under it.
pub const IDEMPOTENCY_HEADER: &str = "idempotency-key";

/// Where a call keeps the key under which it is performed once.
pub type KeyOf<C> = fn(&mut C) -> &mut Option<String>;

/// One call of the API: the type is the body, but for its fields that stand in the path.
pub trait Call: Serialize + DeserializeOwned + Send + 'static {
    /// How it is called.
    const METHOD: Method;
    /// Where: a path with `{names}`.
    const PATH: &'static str;
    /// What it does, in one line.
    const SUMMARY: &'static str;
    /// Its field that stands in [`IDEMPOTENCY_HEADER`], if it has one.
    const IDEMPOTENCY_KEY: Option<KeyOf<Self>> = None;
    /// What comes back.
    type Answer: Serialize + DeserializeOwned + Send + 'static;

    /// The fields that stand in the path, in its order.
    fn path(&mut self) -> Vec<&mut String> {
        Vec::new()
    }

    /// Where the answer says that its entry stands.
    fn ledger(answer: &Self::Answer) -> Option<&Ledger> {
        let _ = answer;
        None
    }
}

/// The path of a call, its fields put in and percent-encoded.
pub fn path<C: Call>(call: &mut C) -> String {
    let mut fields = call.path().into_iter();
    let mut out = String::new();
    for part in C::PATH.split('/').skip(1) {
        out.push('/');
        match part.starts_with('{').then(|| fields.next()).flatten() {
            Some(field) => out.extend(utf8_percent_encode(field, PART)),
            None => out.push_str(part),
        }
    }
    out
}

/// Values by field, in the order in which they stand. A field that stands twice is refused, where a
/// map would let the last one win.
#[derive(Default)]
pub struct Fields(pub Vec<(String, Option<Secret>)>);

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of values by field")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields: Vec<(String, Option<Secret>)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, _>()? {
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(serde::de::Error::custom("a field is named twice"));
            }
            fields.push((name, value));
        }
        Ok(Fields(fields))
    }
}

impl JsonSchema for Fields {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Fields".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Values by field: the column as its header says, in any case. `null` \
                            takes a value away.",
            "minProperties": 1,
            "additionalProperties": { "type": ["string", "null"] },
        })
    }
}
