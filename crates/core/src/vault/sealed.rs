//! Sealed rows: one row a record, each field sealed on its own inside it.
//!
//! The layout is docs/data-model.md, "Row". A field opens only from a [`VerifiedRow`], which exists
//! only once the row's MAC has been checked against the row's address. The MAC also commits to the
//! record's keys, which AES-GCM-SIV alone does not (docs/decisions/0004-row-mac-commits.md).
//!
//! Not promised: an older *whole* row of the same record, put back, verifies.

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};
use hmac::Mac as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::cell::{Clear, Opened};
use super::keys::{Hmac256, KeyError, SecretKey, TenantKeys, siv_key};
use super::slot::SlotSecret;
use super::varint::{put_varint, take_varint};
use super::{Fixed, feed};
use crate::id::{CollectionId, FieldNumber, RecordNumber, TenantId};

/// The row format's version, its first byte.
pub const ROW_FORMAT: u8 = 1;
const HEAD_BYTES: usize = 23;
/// Bytes of a row's nonce base.
pub(crate) const NONCE_BYTES: usize = 12;
const MAC_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const ASSOCIATED_BYTES: usize = 57;
/// Longest value of one field, in bytes.
pub const VALUE_BYTES_MAX: usize = 8 << 20;

/// Where a row belongs. All of it is bound into the record's keys and every field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowAddress {
    /// The tenant.
    pub tenant: TenantId,
    /// The collection.
    pub collection: CollectionId,
    /// The record.
    pub record: RecordNumber,
}

impl RowAddress {
    /// The storage key: tenant, collection, record; big-endian, so that a collection is a range.
    #[must_use]
    pub fn key(&self) -> [u8; 28] {
        Fixed::new()
            .push(&self.tenant.0)
            .push(&self.collection.0.to_be_bytes())
            .push(&self.record.0.to_be_bytes())
            .finish()
    }

    /// The address that a storage key spells.
    #[must_use]
    pub fn read(key: &[u8]) -> Option<Self> {
        let (tenant, rest) = key.split_first_chunk::<16>()?;
        let (collection, record) = rest.split_first_chunk::<4>()?;
        Some(Self {
            tenant: TenantId(*tenant),
            collection: CollectionId(u32::from_be_bytes(*collection)),
            record: RecordNumber(u64::from_be_bytes(record.try_into().ok()?)),
        })
    }
}

/// What a row says of itself, authenticated like the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowHead {
    /// Version of the collection's schema it was sealed under.
    pub schema: u32,
    /// Version of the record, from 1, raised by each update.
    pub version: u32,
    /// Version of the tenant's seal key.
    pub seal_key: u16,
}

/// Why a row did not open. Says nothing of the content: outside, all of it is "internal".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Not a row of a known format, or cut short.
    #[error("the row cannot be read")]
    Malformed,
    /// The MAC does not fit this address and slot: changed, moved, or another's.
    #[error("the row does not belong to its address")]
    NotAuthentic,
    /// The row has no such field.
    #[error("the row has no such field")]
    NoSuchField,
    /// The key version it names is not at hand.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The keys of one record, derived from the tenant's seal key, the slot secret and the address.
pub struct RecordKeys {
    field: LessSafeKey,
    mac: Hmac256,
}

impl RecordKeys {
    fn derive(seal: &Hmac256, secret: &SlotSecret, at: &RowAddress) -> Result<Self, KeyError> {
        let key = at.key();
        let part = |label: &str| -> Zeroizing<[u8; 32]> {
            let mut mac = seal.clone();
            feed(&mut mac, label, 1, &[secret.0.as_slice(), &key]);
            Zeroizing::new(mac.finalize().into_bytes().into())
        };
        let field = siv_key(&part("strongroom/record/field")).ok_or(KeyError::DoesNotOpen)?;
        let mac = SecretKey::from_bytes(part("strongroom/record/mac")).mac();
        Ok(Self { field, mac })
    }
}

/// Writes one row. The value of each field is copied straight into the row and sealed there.
pub struct RowWriter<'a> {
    out: &'a mut Vec<u8>,
    keys: RecordKeys,
    at: RowAddress,
    associated: [u8; ASSOCIATED_BYTES],
    nonce: [u8; 12],
    start: usize,
}

impl<'a> RowWriter<'a> {
    /// Begins a row at the end of `out`, under the tenant's current seal key.
    ///
    /// `nonce` is fresh randomness for this write alone: never a counter, since a restore may
    /// bring old state back.
    ///
    /// # Errors
    /// When the tenant has no seal key.
    pub fn begin(
        out: &'a mut Vec<u8>,
        tenant: &TenantKeys,
        secret: &SlotSecret,
        at: RowAddress,
        (schema, version): (u32, u32),
        nonce: [u8; 12],
    ) -> Result<Self, KeyError> {
        debug_assert_eq!(tenant.tenant, at.tenant, "keys and address are of one tenant");
        let (seal_key, seal) = tenant.seal_current()?;
        let keys = RecordKeys::derive(seal, secret, &at)?;
        let head = RowHead { schema, version, seal_key };
        let start = out.len();
        out.push(ROW_FORMAT);
        out.extend_from_slice(&schema.to_be_bytes());
        out.extend_from_slice(&version.to_be_bytes());
        out.extend_from_slice(&seal_key.to_be_bytes());
        out.extend_from_slice(&nonce);
        let associated = associated(&at, &head);
        Ok(Self { out, keys, at, associated, nonce, start })
    }

    /// Seals one field.
    ///
    /// # Errors
    /// [`OpenError::Malformed`] for a value past [`VALUE_BYTES_MAX`].
    pub fn field(&mut self, number: FieldNumber, clear: &Clear<'_>) -> Result<(), OpenError> {
        if clear.length() > VALUE_BYTES_MAX {
            return Err(OpenError::Malformed);
        }
        let length = clear.written() + TAG_BYTES;
        put_varint(self.out, u32::from(number.0));
        put_varint(self.out, u32::try_from(length).map_err(|_| OpenError::Malformed)?);
        let body = self.out.len();
        clear.write(self.out);
        let clear = self.out.get_mut(body..).ok_or(OpenError::Malformed)?;
        let nonce = field_nonce(&self.nonce, number);
        let aad = Aad::from(of_field(self.associated, number));
        let tag = self
            .keys
            .field
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, clear)
            .map_err(|_| OpenError::Malformed)?;
        self.out.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// Seals a field of another row anew. Its clear text is at no time anywhere but in `out`.
    fn again(&mut self, number: FieldNumber, row: &VerifiedRow<'_>) -> Result<(), OpenError> {
        let sealed = row.sealed(number)?;
        put_varint(self.out, u32::from(number.0));
        put_varint(self.out, u32::try_from(sealed.len()).map_err(|_| OpenError::Malformed)?);
        let body = self.out.len();
        self.out.extend_from_slice(sealed);
        let sealed = self.out.get_mut(body..).ok_or(OpenError::Malformed)?;
        let length = row.open_in_place(number, sealed)?.len();
        let clear = sealed.get_mut(..length).ok_or(OpenError::Malformed)?;
        let nonce = Nonce::assume_unique_for_key(field_nonce(&self.nonce, number));
        let aad = Aad::from(of_field(self.associated, number));
        let tag = self.keys.field.seal_in_place_separate_tag(nonce, aad, clear);
        let tag = tag.map_err(|_| OpenError::Malformed)?;
        self.out.truncate(body + length);
        self.out.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// Ends the row with the MAC over address and row.
    pub fn finish(self) {
        let row = self.out.get(self.start..).unwrap_or_default();
        let tag = row_mac(&self.keys.mac, &self.at, row).finalize().into_bytes();
        self.out.extend_from_slice(&tag);
    }
}

/// The version of the seal key that a row says it is under; nothing when it is none. Not believed:
/// good for telling what is still to be done, and for nothing else.
#[must_use]
pub fn claimed_seal_key(bytes: &[u8]) -> Option<u16> {
    bytes.get(9..11)?.first_chunk().map(|version| u16::from_be_bytes(*version))
}

/// A row as read from the store: parsed, not yet believed.
pub struct SealedRow<'a> {
    head: RowHead,
    nonce: [u8; 12],
    fields: Vec<(FieldNumber, &'a [u8])>,
    authenticated: &'a [u8],
    tag: &'a [u8],
}

impl<'a> SealedRow<'a> {
    /// Parses a row.
    ///
    /// # Errors
    /// [`OpenError::Malformed`] for anything but exactly one row of a known format.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, OpenError> {
        parse(bytes).ok_or(OpenError::Malformed)
    }

    /// Checks the MAC against the address; only then is there a row to open.
    ///
    /// # Errors
    /// [`OpenError::NotAuthentic`] when any byte, the address or the slot is not the row's own.
    pub fn verify(
        self,
        tenant: &TenantKeys,
        secret: &SlotSecret,
        at: RowAddress,
    ) -> Result<VerifiedRow<'a>, OpenError> {
        let seal = tenant.seal_version(self.head.seal_key)?;
        let keys = RecordKeys::derive(seal, secret, &at)?;
        row_mac(&keys.mac, &at, self.authenticated)
            .verify_slice(self.tag)
            .map_err(|_| OpenError::NotAuthentic)?;
        Ok(VerifiedRow { row: self, keys, at })
    }
}

/// A row proven to be the one of its address.
pub struct VerifiedRow<'a> {
    row: SealedRow<'a>,
    keys: RecordKeys,
    at: RowAddress,
}

impl VerifiedRow<'_> {
    /// The numbers of its fields.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = FieldNumber> {
        self.row.fields.iter().map(|(number, _)| *number)
    }

    /// Versions of its schema and of itself.
    pub(crate) fn version(&self) -> (u32, u32) {
        (self.row.head.schema, self.row.head.version)
    }

    /// Where it belongs.
    pub(crate) fn address(&self) -> RowAddress {
        self.at
    }

    fn sealed(&self, number: FieldNumber) -> Result<&[u8], OpenError> {
        let found = self.row.fields.iter().find(|(n, _)| *n == number);
        found.map(|(_, sealed)| *sealed).ok_or(OpenError::NoSuchField)
    }

    /// Opens the ciphertext of a field where it lies; gives the clear text.
    fn open_in_place<'b>(
        &self,
        number: FieldNumber,
        sealed: &'b mut [u8],
    ) -> Result<&'b mut [u8], OpenError> {
        let nonce = Nonce::assume_unique_for_key(field_nonce(&self.row.nonce, number));
        let aad = Aad::from(of_field(associated(&self.at, &self.row.head), number));
        let opened = self.keys.field.open_in_place(nonce, aad, sealed);
        opened.map_err(|_| OpenError::NotAuthentic)
    }

    /// Opens one field.
    ///
    /// # Errors
    /// [`OpenError`]: no such field, or not authentic.
    pub(crate) fn open(&self, number: FieldNumber) -> Result<Opened, OpenError> {
        let mut body = Zeroizing::new(self.sealed(number)?.to_vec());
        let opened = self.open_in_place(number, body.as_mut_slice())?;
        Opened::read(opened).ok_or(OpenError::Malformed)
    }

    /// Writes the row once more at the end of `out`, under the tenant's current seal key, with a
    /// nonce that is fresh as in [`RowWriter::begin`]. Versions and fields stay. On an error
    /// nothing of it is left in `out`.
    pub(crate) fn reseal(
        &self,
        out: &mut Vec<u8>,
        tenant: &TenantKeys,
        secret: &SlotSecret,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<(), OpenError> {
        let start = out.len();
        let mut writer = RowWriter::begin(out, tenant, secret, self.at, self.version(), nonce)?;
        let done = self.numbers().try_for_each(|number| writer.again(number, self));
        if done.is_err() {
            out.get_mut(start..).unwrap_or_default().zeroize();
            out.truncate(start);
            return done;
        }
        writer.finish();
        Ok(())
    }
}

fn parse(bytes: &[u8]) -> Option<SealedRow<'_>> {
    let (authenticated, tag) = bytes.split_at_checked(bytes.len().checked_sub(MAC_BYTES)?)?;
    let (head, mut rest) = authenticated.split_first_chunk::<HEAD_BYTES>()?;
    let (format, head) = head.split_first()?;
    if *format != ROW_FORMAT {
        return None;
    }
    let (schema, head) = head.split_first_chunk::<4>()?;
    let (version, head) = head.split_first_chunk::<4>()?;
    let (seal_key, head) = head.split_first_chunk::<2>()?;
    let nonce: [u8; 12] = head.try_into().ok()?;
    let mut fields = Vec::with_capacity(16);
    while !rest.is_empty() {
        let (number, more) = take_varint(rest)?;
        let (length, more) = take_varint(more)?;
        let (body, more) = more.split_at_checked(usize::try_from(length).ok()?)?;
        fields.push((FieldNumber(u16::try_from(number).ok()?), body));
        rest = more;
    }
    let head = RowHead {
        schema: u32::from_be_bytes(*schema),
        version: u32::from_be_bytes(*version),
        seal_key: u16::from_be_bytes(*seal_key),
    };
    Some(SealedRow { head, nonce, fields, authenticated, tag })
}

fn row_mac(key: &Hmac256, at: &RowAddress, row: &[u8]) -> Hmac256 {
    let mut mac = key.clone();
    feed(&mut mac, "strongroom/row", 1, &[&at.key(), row]);
    mac
}

/// The row's random nonce with the field's number mixed into its last two bytes.
fn field_nonce(base: &[u8; 12], field: FieldNumber) -> [u8; 12] {
    let mut nonce = *base;
    let tail = nonce.iter_mut().skip(10).zip(field.0.to_be_bytes());
    tail.for_each(|(to, from)| *to ^= from);
    nonce
}

/// Associated data of a row's fields: format, address, schema, versions, and two bytes that
/// [`of_field`] sets to the field's number; all of fixed width.
fn associated(at: &RowAddress, head: &RowHead) -> [u8; ASSOCIATED_BYTES] {
    Fixed::new()
        .push(b"strongroom/field\x01")
        .push(&at.key())
        .push(&head.schema.to_be_bytes())
        .push(&head.version.to_be_bytes())
        .push(&head.seal_key.to_be_bytes())
        .push(&[0, 0])
        .finish()
}

fn of_field(mut associated: [u8; ASSOCIATED_BYTES], field: FieldNumber) -> [u8; ASSOCIATED_BYTES] {
    if let Some(place) = associated.last_chunk_mut::<2>() {
        *place = field.0.to_be_bytes();
    }
    associated
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::FieldType;
    use crate::testing::CountingRandom;

    fn tenant(id: u8) -> TenantKeys {
        let random = CountingRandom::default();
        let key = || SecretKey::generate(&random).unwrap();
        TenantKeys::new(TenantId([id; 16]), &[(1, key())], &[(1, key())], &key(), &key(), &key())
    }

    fn at(tenant: u8, collection: u32, record: u64) -> RowAddress {
        RowAddress {
            tenant: TenantId([tenant; 16]),
            collection: CollectionId(collection),
            record: RecordNumber(record),
        }
    }

    fn secret(byte: u8) -> SlotSecret {
        SlotSecret(Zeroizing::new([byte; 32]))
    }

    fn row(version: u32) -> Vec<u8> {
        let mut out = Vec::new();
        let keys = tenant(1);
        let mut writer =
            RowWriter::begin(&mut out, &keys, &secret(3), at(1, 2, 9), (1, version), [8; 12])
                .unwrap();
        let clear = |kind, value| Clear { kind, literal: false, value, spelling: None };
        writer.field(FieldNumber(1), &clear(FieldType::Ssn, "078-05-1120")).unwrap();
        writer.field(FieldNumber(2), &clear(FieldType::Phone, "jane@example.com")).unwrap();
        writer.finish();
        out
    }

    fn opens(bytes: &[u8], keys: &TenantKeys, slot: u8, at: RowAddress, field: u16) -> bool {
        SealedRow::parse(bytes)
            .and_then(|row| row.verify(keys, &secret(slot), at))
            .and_then(|row| row.open(FieldNumber(field)))
            .is_ok()
    }

    #[test]
    fn a_row_opens_at_its_address_only() {
        let (bytes, keys) = (row(1), tenant(1));
        let verified =
            SealedRow::parse(&bytes).unwrap().verify(&keys, &secret(3), at(1, 2, 9)).unwrap();
        let opened = verified.open(FieldNumber(1)).unwrap();
        assert_eq!(opened.kind, FieldType::Ssn);
        assert_eq!(opened.value.disclose().as_str(), "078-05-1120");
        assert!(matches!(verified.open(FieldNumber(3)), Err(OpenError::NoSuchField)));
        for elsewhere in [at(1, 2, 8), at(1, 3, 9), at(2, 2, 9)] {
            assert!(!opens(&bytes, &keys, 3, elsewhere, 1));
        }
        assert!(!opens(&bytes, &keys, 4, at(1, 2, 9), 1), "another slot");
    }

    #[test]
    fn every_flipped_byte_is_refused() {
        let (bytes, keys) = (row(1), tenant(1));
        for byte in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[byte] ^= 0x10;
            assert!(!opens(&bad, &keys, 3, at(1, 2, 9), 1), "byte {byte}");
            assert!(!opens(&bytes[..byte], &keys, 3, at(1, 2, 9), 1), "cut at {byte}");
        }
    }

    #[test]
    fn a_field_moved_within_its_row_or_between_versions_is_refused() {
        let keys = tenant(1);
        let (one, two) = (row(1), row(2));
        // Both fields' ciphertexts, swapped by their lengths, under the same head.
        let first = HEAD_BYTES + 2..HEAD_BYTES + 2 + 1 + 11 + TAG_BYTES;
        let mut mixed = two.clone();
        mixed[first.clone()].copy_from_slice(&one[first]);
        assert!(!opens(&mixed, &keys, 3, at(1, 2, 9), 1));
        assert!(opens(&two, &keys, 3, at(1, 2, 9), 1));
    }

    #[test]
    fn a_field_is_bound_without_the_row_mac_too() {
        // The MAC is a second wall; behind it each field is bound to its own number and version.
        let (at, secret) = (at(1, 2, 9), secret(3));
        let keys = tenant(1);
        let inner = RecordKeys::derive(keys.seal_current().unwrap().1, &secret, &at).unwrap();
        let (one, two) = (row(1), row(2));
        let mut mixed = SealedRow::parse(&two).unwrap();
        mixed.fields = SealedRow::parse(&one).unwrap().fields;
        let mixed = VerifiedRow { row: mixed, keys: inner, at };
        assert!(matches!(mixed.open(FieldNumber(1)), Err(OpenError::NotAuthentic)));
        let inner = RecordKeys::derive(keys.seal_current().unwrap().1, &secret, &at).unwrap();
        let mut swapped = SealedRow::parse(&one).unwrap();
        let body = swapped.fields[0].1;
        swapped.fields[1].1 = body;
        let swapped = VerifiedRow { row: swapped, keys: inner, at };
        assert!(matches!(swapped.open(FieldNumber(2)), Err(OpenError::NotAuthentic)));
    }
}
