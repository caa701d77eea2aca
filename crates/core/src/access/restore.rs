//! Restore into a live install: records only, and only where nothing better is there.
//!
//! INVARIANT: a row is put back only after it has been proven to be the one of its address under
//! the record's slot; never over a row that is there and proves the same, so never an older version
//! over a newer one; and never for a record that was erased, whatever the copy holds. Whatever is
//! put back is stated, with its record numbers, in the batch that has the effect.

use super::{Action, Authorized, Context, Stop, Target, blank};
use crate::id::{BackupId, RecordNumber, TenantId};
use crate::ledger::Entry;
use crate::ledger::entry::{Act, Phase, RecordRange};
use crate::store::{Batch, Changes, Table};
use crate::vault::index::INDEX_KEY_BYTES;
use crate::vault::keys::TenantKeys;
use crate::vault::sealed::{RowAddress, SealedRow};
use crate::vault::slot::{Slot, SlotAddress, SlotBytes, SlotSecret};

/// A request to hold a backup against the install.
pub struct Restore {
    /// The backup, if there is one.
    pub backup: Option<BackupId>,
}

impl Action for Restore {
    const ACT: Act = Act::RestoreBegin;
    type Plan = ();
    fn target(&self) -> Target {
        Target::Install
    }
    fn describe(&self, entry: &mut Entry) {
        entry.object = self.backup.map(|id| id.to_string());
    }
}

impl Authorized<Restore> {
    /// Records that the backup is about to be held against what is there.
    #[must_use]
    pub fn begin(self) -> Batch {
        let entry = self.entry(Phase::Commit);
        Batch::of(vec![(self.log, entry)], Changes::default()).0
    }
}

/// A request to put records of one tenant back.
pub struct RestoreRecords {
    /// The tenant.
    pub tenant: Option<TenantId>,
    /// The backup that they come from.
    pub backup: BackupId,
}

impl Action for RestoreRecords {
    const ACT: Act = Act::RestoreRecords;
    type Plan = ();
    fn target(&self) -> Target {
        Target::tenant(self.tenant)
    }
    fn describe(&self, entry: &mut Entry) {
        entry.object = Some(self.backup.to_string());
    }
}

/// A record as the backup has it.
#[derive(Clone, Copy)]
pub struct Copied<'a> {
    /// Its address.
    pub at: RowAddress,
    /// Its row.
    pub row: &'a [u8],
    /// Its slot, where the copy of the slots was looked into.
    pub slot: Option<&'a SlotBytes>,
}

/// The same record as the install has it.
#[derive(Clone, Copy)]
pub struct Found<'a> {
    /// Its slot.
    pub slot: &'a SlotBytes,
    /// Its row.
    pub row: Option<&'a [u8]>,
    /// Whether its number was ever given out.
    pub given_out: bool,
    /// Whether an entry of the ledger erased it, whatever its slot says.
    pub erased: bool,
}

/// Why a record cannot be put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unreturnable {
    /// Its number was never given out here.
    NeverGivenOut,
    /// Its slot is missing or damaged, and the copy has none that opens in this epoch.
    Slot,
    /// The copied row is not the one of its address and slot.
    Row,
}

impl Unreturnable {
    /// The reason as answers give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NeverGivenOut => "never_given_out",
            Self::Slot => "slot",
            Self::Row => "row",
        }
    }
}

/// What becomes of a record.
pub enum Judged<'a> {
    /// It is there and proves itself.
    There,
    /// It was erased.
    Erased,
    /// It can be put back.
    Back(Returning<'a>),
    /// It cannot.
    Not(Unreturnable),
}

/// A record that is proven to be the one of its address.
pub struct Returning<'a> {
    at: RowAddress,
    /// Nothing where the row that is there proves itself, and only its slot was lost.
    row: Option<&'a [u8]>,
    slot: Option<SlotBytes>,
}

impl Returning<'_> {
    /// Whether its slot is put back too.
    #[must_use]
    pub fn with_slot(&self) -> bool {
        self.slot.is_some()
    }
}

impl Authorized<RestoreRecords> {
    /// Holds a record of the backup against the one that is there. Nothing of it is opened.
    ///
    /// # Errors
    /// [`Stop::Key`] when the tenant's keys are not loaded.
    pub fn judge<'a>(
        &self,
        context: &Context<'_>,
        copied: Copied<'a>,
        found: Found<'_>,
    ) -> Result<Judged<'a>, Stop> {
        let keys = self.keys(context.ring)?;
        let (at, tenant) = (copied.at, keys.tenant());
        let place = SlotAddress { install: context.install, tenant, record: at.record };
        if found.erased {
            return Ok(Judged::Erased);
        }
        if !found.given_out || at.tenant != tenant {
            return Ok(Judged::Not(Unreturnable::NeverGivenOut));
        }
        let proven = |row: &[u8], secret: &SlotSecret| proven(keys, secret, at, row);
        match context.epoch.open(place, found.slot) {
            Ok(Slot::Erased(_)) => Ok(Judged::Erased),
            Ok(Slot::Live(secret)) => {
                if found.row.is_some_and(|row| proven(row, &secret)) {
                    return Ok(Judged::There);
                }
                let ours = proven(copied.row, &secret);
                let back = Returning { at, row: Some(copied.row), slot: None };
                Ok(if ours { Judged::Back(back) } else { Judged::Not(Unreturnable::Row) })
            }
            // Missing or damaged: only a copy that opens in this epoch can take its place.
            Ok(Slot::Unused) | Err(_) => {
                let slot = copied.slot.copied();
                match slot.as_ref().map(|slot| context.epoch.open(place, slot)) {
                    Some(Ok(Slot::Erased(_))) => Ok(Judged::Erased),
                    Some(Ok(Slot::Live(secret))) => {
                        // The row that is there may be newer: slots outlive versions.
                        let there = found.row.is_some_and(|row| proven(row, &secret));
                        let row = (!there).then_some(copied.row);
                        let ours = row.is_none_or(|row| proven(row, &secret));
                        let back = Returning { at, row, slot };
                        Ok(if ours { Judged::Back(back) } else { Judged::Not(Unreturnable::Row) })
                    }
                    _ => Ok(Judged::Not(Unreturnable::Slot)),
                }
            }
        }
    }

    /// Begins a batch of records that are put back.
    #[must_use]
    pub fn returns(&self) -> Returns<'_> {
        Returns { authorized: self, changes: Changes::default(), ranges: Vec::new(), records: 0 }
    }
}

/// Whether a row is the one of its address under a slot's secret.
fn proven(keys: &TenantKeys, secret: &SlotSecret, at: RowAddress, row: &[u8]) -> bool {
    let verified = SealedRow::parse(row).and_then(|row| row.verify(keys, secret, at));
    verified.is_ok()
}

/// Most runs of record numbers that one batch states, an entry each.
const RANGES_MAX: usize = 256;
/// Most records of one batch.
const RECORDS_MAX: usize = 1000;

/// A batch of records that are put back.
pub struct Returns<'a> {
    authorized: &'a Authorized<RestoreRecords>,
    changes: Changes,
    ranges: Vec<RecordRange>,
    records: usize,
}

impl Returns<'_> {
    /// Whether a record still goes into this batch. Slots of one batch follow one another.
    #[must_use]
    pub fn takes(&self, record: &Returning<'_>) -> bool {
        let follows = match (&self.changes.slots, &record.slot) {
            (Some((first, slots)), Some(_)) => {
                first.0.checked_add(slots.len() as u64) == Some(record.at.record.0)
            }
            _ => true,
        };
        let room = self.records < RECORDS_MAX
            && (self.ranges.len() < RANGES_MAX || self.continues(record.at.record));
        follows && room
    }

    /// How many records are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    fn continues(&self, record: RecordNumber) -> bool {
        self.ranges.last().is_some_and(|r| r.first.checked_add(r.count) == Some(record.0))
    }

    /// Puts a record back, with those of the index rows that are its own.
    pub fn put<'i>(
        &mut self,
        record: Returning<'_>,
        index: impl Iterator<Item = (&'i [u8], &'i [u8])>,
    ) {
        let (at, key) = (record.at, record.at.key());
        let collection = key.get(..20).unwrap_or_default();
        if let Some(row) = record.row {
            self.changes.rows.put(Table::Record, &key, row);
            let own = |(key, _): &(&[u8], &[u8])| {
                key.len() == INDEX_KEY_BYTES
                    && key.starts_with(collection)
                    && key.ends_with(&at.record.0.to_be_bytes())
            };
            for (key, value) in index.filter(own) {
                self.changes.rows.put(Table::Index, key, value);
            }
        }
        if let Some(slot) = record.slot {
            let (_, slots) = self.changes.slots.get_or_insert((at.record, Vec::new()));
            slots.push(slot);
        }
        if self.continues(at.record) {
            self.ranges.iter_mut().next_back().into_iter().for_each(|range| range.count += 1);
        } else {
            self.ranges.push(RecordRange { first: at.record.0, count: 1 });
        }
        self.records += 1;
    }

    /// Ends the batch: an entry for each run of records, and the rows.
    #[must_use]
    pub fn finish(self) -> Batch {
        let Self { authorized, changes, ranges, .. } = self;
        let entries = ranges.into_iter().map(|range| {
            let mut entry =
                blank(authorized.log, Act::RestoreRecords, Phase::Commit, authorized.actor);
            authorized.action.describe(&mut entry);
            entry.range = Some(range);
            (authorized.log, entry)
        });
        Batch::of(entries.collect(), changes).0
    }
}
