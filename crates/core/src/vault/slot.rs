//! Slots: one 64-byte place a record, holding the secret without which its row never opens.
//!
//! A slot is unused (zeros), live, or an authenticated tombstone naming the ledger entry that
//! erased it. Anything else is damage, which must never be taken for erasure, nor the reverse.

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};
use zeroize::Zeroizing;

use super::Fixed;
use super::keys::{KeyError, SecretKey, siv_key};
use crate::id::{InstallId, RecordNumber, TenantId};

/// Bytes of a slot: nonce 12, sealed secret 32, tag 16, epoch 4 (big-endian).
pub const SLOT_BYTES: usize = 64;

/// The raw bytes of a slot as they lie on disk.
pub type SlotBytes = [u8; SLOT_BYTES];

/// The epoch that a slot says it is of.
#[must_use]
pub fn epoch_of(slot: &SlotBytes) -> u32 {
    slot.last_chunk().map_or(0, |epoch| u32::from_be_bytes(*epoch))
}

/// A record's secret; wiped when dropped.
pub struct SlotSecret(pub(crate) Zeroizing<[u8; 32]>);

/// Which entry erased a record: its index in the tenant's log and the head of its leaf hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstone {
    /// Index of the entry in the tenant's log.
    pub index: u64,
    /// First 24 bytes of the entry's RFC 6962 leaf hash.
    pub leaf_head: [u8; 24],
}

/// What a slot holds.
pub enum Slot {
    /// Never written, or given out and not used.
    Unused,
    /// A record lives here.
    Live(SlotSecret),
    /// The record was erased.
    Erased(Tombstone),
}

/// A slot that is neither unused, live nor a tombstone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SlotError {
    /// Bytes changed, moved from another slot, tenant or install, or torn.
    #[error("the slot is damaged")]
    Damaged,
    /// Sealed under an epoch that is not the current one.
    #[error("the slot belongs to epoch {0}")]
    OtherEpoch(u32),
}

/// The key of the current epoch, which seals every slot of an install.
pub struct EpochKey {
    number: u32,
    key: LessSafeKey,
}

#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    Live = 1,
    Tombstone = 2,
}

impl EpochKey {
    /// Makes the key schedule of epoch `number` (from 1).
    ///
    /// # Errors
    /// [`KeyError::DoesNotOpen`] never in practice: the key always has the right length.
    pub fn new(number: u32, key: &SecretKey) -> Result<Self, KeyError> {
        Ok(Self { number, key: siv_key(key.expose()).ok_or(KeyError::DoesNotOpen)? })
    }

    /// The epoch's number.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Seals a fresh secret into the slot of `record`. `material` is 44 random bytes: 32 of
    /// secret and 12 of nonce.
    #[must_use]
    pub fn seal(&self, at: SlotAddress, material: &[u8; 44]) -> Option<(SlotSecret, SlotBytes)> {
        let (secret, nonce) = material.split_first_chunk::<32>()?;
        let nonce = <[u8; 12]>::try_from(nonce).ok()?;
        let bytes = self.write(Kind::Live, at, &nonce, secret)?;
        Some((SlotSecret(Zeroizing::new(*secret)), bytes))
    }

    /// Seals a secret that was opened in another epoch.
    pub(super) fn seal_again(
        &self,
        at: SlotAddress,
        nonce: &[u8; 12],
        secret: &SlotSecret,
    ) -> Option<SlotBytes> {
        self.write(Kind::Live, at, nonce, &secret.0)
    }

    /// Seals a tombstone over the slot of an erased record.
    #[must_use]
    pub fn tombstone(
        &self,
        at: SlotAddress,
        nonce: &[u8; 12],
        stone: &Tombstone,
    ) -> Option<SlotBytes> {
        let body = Fixed::new().push(&stone.index.to_be_bytes()).push(&stone.leaf_head).finish();
        self.write(Kind::Tombstone, at, nonce, &body)
    }

    /// Opens a slot.
    ///
    /// # Errors
    /// [`SlotError`] for anything that is not unused, live or a tombstone *of this address*.
    pub fn open(&self, at: SlotAddress, bytes: &SlotBytes) -> Result<Slot, SlotError> {
        if bytes.iter().all(|b| *b == 0) {
            return Ok(Slot::Unused);
        }
        let (rest, epoch) = bytes.split_last_chunk::<4>().ok_or(SlotError::Damaged)?;
        let epoch = u32::from_be_bytes(*epoch);
        if epoch != self.number {
            return Err(SlotError::OtherEpoch(epoch));
        }
        if let Some(secret) = self.read(Kind::Live, at, rest) {
            return Ok(Slot::Live(SlotSecret(secret)));
        }
        let body = self.read(Kind::Tombstone, at, rest).ok_or(SlotError::Damaged)?;
        let (index, head) = body.split_first_chunk::<8>().ok_or(SlotError::Damaged)?;
        let leaf_head = head.try_into().map_err(|_| SlotError::Damaged)?;
        Ok(Slot::Erased(Tombstone { index: u64::from_be_bytes(*index), leaf_head }))
    }

    fn write(
        &self,
        kind: Kind,
        at: SlotAddress,
        nonce: &[u8; 12],
        body: &[u8; 32],
    ) -> Option<SlotBytes> {
        let mut sealed = Zeroizing::new(*body);
        let tag = self
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(self.associated(kind, at)),
                sealed.as_mut_slice(),
            )
            .ok()?;
        let out = Fixed::new().push(nonce).push(sealed.as_slice()).push(tag.as_ref());
        let out = out.push(&self.number.to_be_bytes()).finish();
        Some(out)
    }

    fn read(&self, kind: Kind, at: SlotAddress, bytes: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        let (nonce, body) = bytes.split_first_chunk::<12>()?;
        let mut body = Zeroizing::new(<[u8; 48]>::try_from(body).ok()?);
        let opened = self
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(self.associated(kind, at)),
                body.as_mut_slice(),
            )
            .ok()?;
        Some(Zeroizing::new(<[u8; 32]>::try_from(&*opened).ok()?))
    }

    /// Associated data: format, kind, install, tenant, slot number, epoch; all of fixed width.
    fn associated(&self, kind: Kind, at: SlotAddress) -> [u8; 62] {
        Fixed::new()
            .push(b"strongroom/slot\x01")
            .push(&[kind as u8, 0])
            .push(&at.install.0)
            .push(&at.tenant.0)
            .push(&at.record.0.to_be_bytes())
            .push(&self.number.to_be_bytes())
            .finish()
    }
}

/// Where a slot belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotAddress {
    /// The install.
    pub install: InstallId,
    /// The tenant whose record it is.
    pub tenant: TenantId,
    /// The record, which is the slot's number.
    pub record: RecordNumber,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CountingRandom;

    fn at(tenant: u8, record: u64) -> SlotAddress {
        SlotAddress {
            install: InstallId([7; 16]),
            tenant: TenantId([tenant; 16]),
            record: RecordNumber(record),
        }
    }

    fn epoch(number: u32) -> EpochKey {
        EpochKey::new(number, &SecretKey::generate(&CountingRandom::default()).unwrap()).unwrap()
    }

    #[test]
    fn a_live_slot_opens_at_its_address_only() {
        let key = epoch(1);
        let (secret, bytes) = key.seal(at(1, 9), &[5; 44]).unwrap();
        match key.open(at(1, 9), &bytes).unwrap() {
            Slot::Live(found) => assert_eq!(*found.0, *secret.0),
            _ => panic!("not live"),
        }
        assert!(matches!(key.open(at(1, 8), &bytes), Err(SlotError::Damaged)));
        assert!(matches!(key.open(at(2, 9), &bytes), Err(SlotError::Damaged)));
        assert!(matches!(epoch(2).open(at(1, 9), &bytes), Err(SlotError::OtherEpoch(1))));
    }

    #[test]
    fn every_flipped_byte_is_damage_never_erasure_or_disuse() {
        let key = epoch(1);
        let stone = Tombstone { index: 3, leaf_head: [9; 24] };
        let (_, live) = key.seal(at(1, 9), &[5; 44]).unwrap();
        let erased = key.tombstone(at(1, 9), &[6; 12], &stone).unwrap();
        assert!(matches!(key.open(at(1, 9), &erased), Ok(Slot::Erased(s)) if s == stone));
        assert!(matches!(key.open(at(1, 9), &[0; 64]), Ok(Slot::Unused)));
        for original in [live, erased] {
            for byte in 0..SLOT_BYTES {
                for bit in 0..8 {
                    let mut bad = original;
                    bad[byte] ^= 1 << bit;
                    assert!(key.open(at(1, 9), &bad).is_err(), "byte {byte} bit {bit}");
                }
            }
        }
    }
}
