//! From one epoch to the next: every slot opened under the old key and sealed anew under the new
//! one, where it stands. A secret passes through here and does not come out.
//!
//! A slot does not say whose it is. Whoever turns the epoch brings what it knows of that along as a
//! hint; a hint that is wrong costs time and nothing else, since a slot opens under its own tenant
//! alone.

use super::slot::{EpochKey, Slot, SlotAddress, SlotBytes};
use crate::id::{InstallId, RecordNumber, TenantId};

/// Random bytes that a slot needs.
pub const CARRY_BYTES: usize = 12;

/// Whose slots are where, as far as that is known.
#[derive(Default)]
pub struct Owners {
    /// First and end of each run, in order.
    runs: Vec<(u64, u64, TenantId)>,
    tenants: Vec<TenantId>,
}

impl Owners {
    /// What is known of runs of records (first, count, tenant), and all tenants there are.
    #[must_use]
    pub fn new(
        runs: impl Iterator<Item = (u64, u64, TenantId)>,
        tenants: impl Iterator<Item = TenantId>,
    ) -> Self {
        let mut runs: Vec<_> = runs
            .map(|(first, count, tenant)| (first, first.saturating_add(count), tenant))
            .collect();
        runs.sort_unstable_by_key(|(first, ..)| *first);
        Self { runs, tenants: tenants.collect() }
    }

    fn hint(&self, record: RecordNumber) -> Option<TenantId> {
        let after = self.runs.partition_point(|(first, ..)| *first <= record.0);
        let run = self.runs.get(after.checked_sub(1)?);
        run.filter(|(_, end, _)| record.0 < *end).map(|(.., tenant)| *tenant)
    }
}

/// How many slots there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Carried {
    /// Live records.
    pub live: u64,
    /// Tombstones.
    pub erased: u64,
}

impl Carried {
    /// Adds another count.
    pub fn add(&mut self, other: Self) {
        self.live += other.live;
        self.erased += other.erased;
    }
}

/// A slot that opens under no tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the slot of record number {0} is damaged")]
pub struct DamagedSlot(pub u64);

/// Carries slots from an epoch to the next.
pub struct Carrier<'a> {
    /// The install.
    pub install: InstallId,
    /// The epoch that ends.
    pub from: &'a EpochKey,
    /// The epoch that begins.
    pub to: &'a EpochKey,
    /// Whose slots are where.
    pub owners: &'a Owners,
}

impl Carrier<'_> {
    /// Seals anew, in place, the slots that follow one another from `first`. `random` is
    /// [`CARRY_BYTES`] for each.
    ///
    /// # Errors
    /// [`DamagedSlot`] for the first that does not open.
    pub fn carry(
        &self,
        first: RecordNumber,
        slots: &mut [SlotBytes],
        random: &[u8],
    ) -> Result<Carried, DamagedSlot> {
        let (mut count, mut last) = (Carried::default(), None);
        let nonces = random.as_chunks::<CARRY_BYTES>().0;
        for ((number, slot), nonce) in (first.0..).zip(slots).zip(nonces) {
            let damaged = DamagedSlot(number);
            let Some((at, found)) = self.open(self.from, number, slot, &mut last)? else {
                continue;
            };
            let again = match &found {
                Slot::Live(secret) => self.to.seal_again(at, nonce, secret),
                Slot::Erased(stone) => self.to.tombstone(at, nonce, stone),
                Slot::Unused => None,
            };
            *slot = again.ok_or(damaged)?;
            count.note(&found);
        }
        Ok(count)
    }

    /// Opens the slots that follow one another from `first`, as they stand in the next epoch.
    ///
    /// # Errors
    /// [`DamagedSlot`] for the first that does not open.
    pub fn check(&self, first: RecordNumber, slots: &[SlotBytes]) -> Result<Carried, DamagedSlot> {
        let (mut count, mut last) = (Carried::default(), None);
        for (number, slot) in (first.0..).zip(slots) {
            if let Some((_, found)) = self.open(self.to, number, slot, &mut last)? {
                count.note(&found);
            }
        }
        Ok(count)
    }

    /// Opens a slot under whoever's it is; nothing when it was never used.
    fn open(
        &self,
        key: &EpochKey,
        number: u64,
        slot: &SlotBytes,
        last: &mut Option<TenantId>,
    ) -> Result<Option<(SlotAddress, Slot)>, DamagedSlot> {
        if slot.iter().all(|b| *b == 0) {
            return Ok(None);
        }
        let record = RecordNumber(number);
        let hints = [self.owners.hint(record), *last].into_iter().flatten();
        for tenant in hints.chain(self.owners.tenants.iter().copied()) {
            let at = SlotAddress { install: self.install, tenant, record };
            if let Ok(found) = key.open(at, slot) {
                *last = Some(tenant);
                return Ok(Some((at, found)));
            }
        }
        Err(DamagedSlot(number))
    }
}

impl Carried {
    fn note(&mut self, slot: &Slot) {
        match slot {
            Slot::Live(_) => self.live += 1,
            Slot::Erased(_) => self.erased += 1,
            Slot::Unused => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CountingRandom;
    use crate::vault::keys::SecretKey;
    use crate::vault::slot::{SlotError, Tombstone};

    const INSTALL: InstallId = InstallId([7; 16]);

    fn at(tenant: u8, record: u64) -> SlotAddress {
        let (tenant, record) = (TenantId([tenant; 16]), RecordNumber(record));
        SlotAddress { install: INSTALL, tenant, record }
    }

    #[test]
    fn every_slot_is_itself_in_the_next_epoch_and_nobodys_in_the_last() {
        let random = CountingRandom::default();
        let key = |n| EpochKey::new(n, &SecretKey::generate(&random).unwrap()).unwrap();
        let (from, to) = (key(1), key(2));
        let stone = Tombstone { index: 3, leaf_head: [9; 24] };
        let (secret, live) = from.seal(at(1, 5), &[5; 44]).unwrap();
        let (_, other) = from.seal(at(2, 7), &[6; 44]).unwrap();
        let erased = from.tombstone(at(1, 8), &[6; 12], &stone).unwrap();
        let before = [live, [0; 64], other, erased];
        let tenants = || [1, 2].map(|n| TenantId([n; 16])).into_iter();
        let wrong = [(5, 2, TenantId([2; 16])), (7, 1, TenantId([2; 16]))];
        for owners in
            [Owners::new(std::iter::empty(), tenants()), Owners::new(wrong.into_iter(), tenants())]
        {
            let carrier = Carrier { install: INSTALL, from: &from, to: &to, owners: &owners };
            let mut slots = before;
            let count = carrier.carry(RecordNumber(5), &mut slots, &[3; 48]).unwrap();
            assert_eq!(count, Carried { live: 2, erased: 1 });
            assert_eq!(carrier.check(RecordNumber(5), &slots), Ok(count));
            match to.open(at(1, 5), &slots[0]).unwrap() {
                Slot::Live(found) => assert_eq!(*found.0, *secret.0),
                _ => panic!("not live"),
            }
            assert!(matches!(to.open(at(1, 8), &slots[3]), Ok(Slot::Erased(s)) if s == stone));
            assert_eq!(slots[1], [0; 64]);
            assert!(matches!(from.open(at(1, 5), &slots[0]), Err(SlotError::OtherEpoch(2))));
            assert!(matches!(to.open(at(1, 5), &before[0]), Err(SlotError::OtherEpoch(1))));
            let mut bad = before;
            bad[2][20] ^= 1;
            assert_eq!(carrier.carry(RecordNumber(5), &mut bad, &[3; 48]), Err(DamagedSlot(7)));
            assert_eq!(carrier.check(RecordNumber(5), &before), Err(DamagedSlot(5)));
        }
    }
}
