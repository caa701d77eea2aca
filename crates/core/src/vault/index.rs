//! Equality index: a keyed tag of a value's normal form, for the fields whose schema asks.
//!
//! It leaks equality within one field of one tenant, to whoever reads the store; SECURITY.md says
//! so. Without the tenant's index key nobody can tell or enumerate values from tags, nor make a row
//! that counts: whoever writes the store could otherwise have a find name the wrong people.
//!
//! Not promised: a row taken away is not missed.

use aes::cipher::BlockCipherEncrypt as _;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use hmac::Mac as _;

use super::keys::TenantKeys;
use super::{Fixed, feed};
use crate::field::FieldType;
use crate::id::{CollectionId, FieldNumber, RecordNumber, TenantId};

/// Bytes of an index row's key: tenant 16, collection 4, field 2, tag 8, record 8.
pub const INDEX_KEY_BYTES: usize = PREFIX_BYTES + 8;
const PREFIX_BYTES: usize = 30;

/// Bytes of a tag. Two values of one field share one by chance once in 2^64 pairs; a find compares
/// the opened field, so that it would cost one look too many and no wrong answer.
const TAG_BYTES: usize = 8;

/// Bytes of an index row's value, which proves that this tenant's keys made the row.
pub const CHECK_BYTES: usize = 8;

/// Writes what the index knows a value by to `out`, and says whether it can know it: of a record's
/// key the key itself, since keys that differ in case alone are two; of others the normal form.
#[must_use]
pub fn write_normal(is_key: bool, kind: FieldType, value: &str, out: &mut String) -> bool {
    if !is_key {
        return kind.normalize(value, out);
    }
    out.clear();
    out.push_str(value);
    true
}

/// What the storage keys of all rows of a field begin with.
#[must_use]
pub fn field_prefix(tenant: TenantId, collection: CollectionId, field: FieldNumber) -> [u8; 22] {
    let (collection, field) = (collection.0.to_be_bytes(), field.0.to_be_bytes());
    Fixed::new().push(&tenant.0).push(&collection).push(&field).finish()
}

/// One value of one field, as the index knows it under one version of its key.
pub struct Tag {
    /// Which of the tenant's index keys made it.
    made_by: usize,
    prefix: [u8; PREFIX_BYTES],
    /// Known to nobody without the index key: what binds a check to tenant, collection, field and
    /// value.
    half: [u8; 8],
}

impl Tag {
    /// The tag of a value's normal form, under the current index key.
    #[must_use]
    pub fn of(
        keys: &TenantKeys,
        collection: CollectionId,
        field: FieldNumber,
        normal: &str,
    ) -> Self {
        Self::under(keys, keys.index.len().saturating_sub(1), (collection, field, normal))
    }

    /// The tags of a value's normal form under every index key there is, the current one last:
    /// while the key rotates, a row may be under any of them.
    pub fn every<'t>(
        keys: &'t TenantKeys,
        collection: CollectionId,
        field: FieldNumber,
        normal: &'t str,
    ) -> impl DoubleEndedIterator<Item = Self> + 't {
        let all = 0..keys.index.len();
        all.map(move |made_by| Self::under(keys, made_by, (collection, field, normal)))
    }

    fn under(
        keys: &TenantKeys,
        made_by: usize,
        (collection, field, normal): (CollectionId, FieldNumber, &str),
    ) -> Self {
        let (collection, field) = (collection.0.to_be_bytes(), field.0.to_be_bytes());
        // INVARIANT: a tenant has an index key; without one nothing of use would be tagged.
        let mut tag = [0; 32];
        if let Some(key) = keys.index.get(made_by) {
            let mut mac = key.tag.clone();
            feed(&mut mac, "strongroom/index", 1, &[&collection, &field, normal.as_bytes()]);
            tag = mac.finalize().into_bytes().into();
        }
        let (tag, rest) = tag.split_at(TAG_BYTES);
        let prefix =
            Fixed::new().push(&keys.tenant.0).push(&collection).push(&field).push(tag).finish();
        Self { made_by, prefix, half: rest.first_chunk().copied().unwrap_or_default() }
    }

    /// What the storage keys of all its rows begin with.
    #[must_use]
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// The row of one record: its storage key and its value.
    #[must_use]
    pub fn row(
        &self,
        keys: &TenantKeys,
        record: RecordNumber,
    ) -> ([u8; INDEX_KEY_BYTES], [u8; CHECK_BYTES]) {
        let key = Fixed::new().push(&self.prefix).push(&record.0.to_be_bytes()).finish();
        (key, self.check(keys, record))
    }

    /// The record of a row found under the prefix; nothing when this tenant's keys did not make it.
    #[must_use]
    pub fn read(&self, keys: &TenantKeys, key: &[u8], value: &[u8]) -> Option<RecordNumber> {
        let key: &[u8; INDEX_KEY_BYTES] = key.try_into().ok()?;
        let record = RecordNumber(u64::from_be_bytes(*key.last_chunk()?));
        let ours = key.starts_with(&self.prefix)
            && verify_slices_are_equal(&self.check(keys, record), value).is_ok();
        ours.then_some(record)
    }

    /// One AES block over half of the tag that no row shows, and the record.
    fn check(&self, keys: &TenantKeys, record: RecordNumber) -> [u8; CHECK_BYTES] {
        let mut block: [u8; 16] =
            Fixed::new().push(&self.half).push(&record.0.to_be_bytes()).finish();
        if let Some(key) = keys.index.get(self.made_by) {
            key.check.encrypt_block((&mut block).into());
        }
        block.first_chunk().copied().unwrap_or_default()
    }
}
