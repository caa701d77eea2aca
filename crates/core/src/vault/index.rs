//! Equality index: a keyed tag of a value's normal form, for the fields whose schema asks.
//!
//! It leaks equality within one field of one tenant, to whoever reads the store; SECURITY.md says
//! so. Without the tenant's index key nobody can tell or enumerate values from tags.

use hmac::Mac as _;

use super::keys::TenantKeys;
use super::{Fixed, feed};
use crate::id::{CollectionId, FieldNumber, RecordNumber};

/// Bytes of an index row's key: tenant 16, collection 4, field 2, tag 8, record 8.
pub const INDEX_KEY_BYTES: usize = 38;

/// Bytes of a tag. Two values of one field share one by chance once in 2^64 pairs; a find compares
/// the opened field, so that it would cost one look too many and no wrong answer.
const TAG_BYTES: usize = 8;

/// The storage key of one value of one record in the index.
#[must_use]
pub fn index_key(
    keys: &TenantKeys,
    collection: CollectionId,
    field: FieldNumber,
    normal: &str,
    record: RecordNumber,
) -> [u8; INDEX_KEY_BYTES] {
    let (collection, field) = (collection.0.to_be_bytes(), field.0.to_be_bytes());
    let mut mac = keys.index.clone();
    feed(&mut mac, "strongroom/index", 1, &[&collection, &field, normal.as_bytes()]);
    let tag = mac.finalize().into_bytes();
    Fixed::new()
        .push(&keys.tenant.0)
        .push(&collection)
        .push(&field)
        .push(tag.get(..TAG_BYTES).unwrap_or_default())
        .push(&record.0.to_be_bytes())
        .finish()
}
