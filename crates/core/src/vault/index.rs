//! Equality index: a keyed tag of a value's normal form, for the fields whose schema asks.
//!
//! It leaks equality within one field of one tenant, to whoever reads the store; SECURITY.md says
//! so. Without the tenant's index key nobody can tell or enumerate values from tags.

use hmac::Mac as _;

use super::keys::TenantKeys;
use super::{Fixed, feed};
use crate::id::{CollectionId, FieldNumber, RecordNumber};

/// Bytes of an index row's key: tenant 16, collection 4, field 2, tag 8, record 8.
pub const INDEX_KEY_BYTES: usize = PREFIX_BYTES + 8;
const PREFIX_BYTES: usize = 30;

/// Bytes of a tag. Two values of one field share one by chance once in 2^64 pairs; a find compares
/// the opened field, so that it would cost one look too many and no wrong answer.
const TAG_BYTES: usize = 8;

/// What every index key of one value begins with.
#[must_use]
pub fn index_prefix(
    keys: &TenantKeys,
    collection: CollectionId,
    field: FieldNumber,
    normal: &str,
) -> [u8; PREFIX_BYTES] {
    let (collection, field) = (collection.0.to_be_bytes(), field.0.to_be_bytes());
    let mut mac = keys.index.clone();
    feed(&mut mac, "strongroom/index", 1, &[&collection, &field, normal.as_bytes()]);
    let tag = mac.finalize().into_bytes();
    Fixed::new()
        .push(&keys.tenant.0)
        .push(&collection)
        .push(&field)
        .push(tag.get(..TAG_BYTES).unwrap_or_default())
        .finish()
}

/// The storage key of one value of one record in the index.
#[must_use]
pub fn index_key(
    keys: &TenantKeys,
    collection: CollectionId,
    field: FieldNumber,
    normal: &str,
    record: RecordNumber,
) -> [u8; INDEX_KEY_BYTES] {
    let prefix = index_prefix(keys, collection, field, normal);
    Fixed::new().push(&prefix).push(&record.0.to_be_bytes()).finish()
}

/// The record of an index key.
#[must_use]
pub fn record_of_key(key: &[u8]) -> Option<RecordNumber> {
    let key: &[u8; INDEX_KEY_BYTES] = key.try_into().ok()?;
    key.last_chunk().map(|n| RecordNumber(u64::from_be_bytes(*n)))
}
