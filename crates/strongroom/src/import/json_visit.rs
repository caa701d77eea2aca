//! Small `serde` visitors for JSON Lines: text without a copy, and depth.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// Hands a string to a function, and whether it stands in the input just so.
pub(super) struct WithText<F>(pub(super) F);

impl<'de, T, F: FnMut(&str, bool) -> T> Visitor<'de> for WithText<F> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(mut self, text: &'de str) -> Result<T, E> {
        Ok((self.0)(text, true))
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<T, E> {
        Ok((self.0)(text, false))
    }
}

impl<'de, T, F: FnMut(&str, bool) -> T> DeserializeSeed<'de> for WithText<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

/// Any value, followed into all its depth and forgotten.
pub(super) struct Depth;

impl<'de> Deserialize<'de> for Depth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DepthVisitor)
    }
}

struct DepthVisitor;

impl<'de> Visitor<'de> for DepthVisitor {
    type Value = Depth;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Depth, E> {
        Ok(Depth)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Depth, E> {
        Ok(Depth)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Depth, E> {
        Ok(Depth)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Depth, E> {
        Ok(Depth)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Depth, E> {
        Ok(Depth)
    }

    fn visit_unit<E: Error>(self) -> Result<Depth, E> {
        Ok(Depth)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Depth, A::Error> {
        while seq.next_element::<Depth>()?.is_some() {}
        Ok(Depth)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Depth, A::Error> {
        while map.next_entry::<IgnoredAny, Depth>()?.is_some() {}
        Ok(Depth)
    }
}
