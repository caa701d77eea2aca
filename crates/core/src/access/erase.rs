//! Erase: a record that is not there from its durable entry on, and whose slot is overwritten once
//! the grace time is over. Nothing of it is given out; the row is read once, at the end, to take
//! the rows of its index away.
//!
//! INVARIANT: an entry names a record by its number or a person by the pseudonym, never both: with
//! the two side by side, whoever keeps the ledger and a tokenised file could tell for good who an
//! erased person was, and what was asked about them.
//!
//! INVARIANT: a tombstone is made here for records alone that the registry holds as leaving, and
//! once they are due: each of them was stated by an entry that names it.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::bounds::{Agreed, Bounds};
use super::find::ScanIndex;
use super::person::{Person, known_by, lies_elsewhere, pseudonym, with_row};
use super::{
    Action, Authorized, Context, Pending, ReadRow, ReadSlot, Receipt, Refusal, Stop, Target, Unfit,
};
use crate::erasure::{Erasing, Reason};
use crate::id::{CollectionId, RecordNumber, TenantId};
use crate::ledger::entry::{Act, Phase, RecordRange, SUBJECTS_MAX};
use crate::ledger::{Entry, LogId};
use crate::principal::Principal;
use crate::source::{Random, draw};
use crate::store::{Batch, Changes, Position, ReadError, Table};
use crate::vault::index::{Tag, write_normal};
use crate::vault::keys::TenantKeys;
use crate::vault::sealed::RowAddress;
use crate::vault::slot::{Slot, SlotAddress};
use crate::vault::token::record_id;

/// Most records of one request.
pub const RECORDS_MAX: usize = 10_000;
/// Most slots that one batch overwrites.
const SHRED_MAX: usize = SUBJECTS_MAX;

/// A request to erase records.
pub struct Erase {
    /// The tenant.
    pub tenant: Option<TenantId>,
    /// The collection's name.
    pub collection: String,
    /// The records' ids.
    pub records: Vec<String>,
    /// Why.
    pub reason: Reason,
    /// From when on the slots are overwritten.
    pub due_us: u64,
    /// Whether there is no grace time.
    pub now: bool,
}

impl Action for Erase {
    const ACT: Act = Act::PiiErase;
    type Plan = Vec<RecordNumber>;
    fn target(&self) -> Target {
        Target::tenant(self.tenant)
    }
    fn describe(&self, entry: &mut Entry) {
        entry.purpose = Some(self.reason.name().to_owned());
    }
}

/// Where slots and rows come from.
pub struct Means<'r> {
    /// Rows of the index.
    pub index: &'r mut ScanIndex<'r>,
    /// Slots.
    pub slots: &'r mut ReadSlot<'r>,
    /// Rows.
    pub rows: &'r mut ReadRow<'r>,
}

impl Authorized<Erase> {
    /// Finds everybody and makes the entries that erase them: one a person, so that each says all
    /// of what it does. All of them or none.
    ///
    /// # Errors
    /// [`Stop`]: refused without one of the records; as forbidden where a second person is needed.
    pub fn plan(
        self,
        context: &Context<'_>,
        means: &mut Means<'_>,
        bounds: &mut Bounds<'_>,
        second: Option<&Principal>,
    ) -> Result<(Pending<Erase>, Batch), Stop> {
        let keys = self.keys(context.ring)?;
        let collection = self.collection(context, &self.action.collection)?;
        let mut people: Vec<Person> = Vec::with_capacity(self.action.records.len());
        let mut seen = BTreeSet::new();
        for id in &self.action.records {
            let found = self.named(context, collection, id, means.index, means.slots)?;
            let found = match found {
                Some(person) if !seen.insert(person.record) => continue,
                Some(person) if lies_in(context, keys, collection.id, &person, means.rows)? => {
                    person
                }
                _ => return Err(Stop::Denied(self.deny(Refusal::NotFound))),
            };
            people.push(found);
        }
        let mut changes = Changes::default();
        let within = bounds.erase(self.actor, people.len() as u64, &mut changes)?;
        let bulk = self.action.now && people.len() > 1;
        let agreed = match self.agreed((!within || bulk) && !bounds.development, second) {
            Ok(agreed) => agreed,
            Err(refusal) => return Err(Stop::Denied(self.deny(refusal))),
        };
        let due_us = self.action.due_us;
        let entry = |person: &Person| {
            let mut entry = self.entry(Phase::Commit);
            entry.object = Some(Erasing::object(collection.id, due_us));
            entry.range = Some(RecordRange { first: person.record.0, count: 1 });
            entry
        };
        let mut entries: Vec<Entry> = people.iter().map(entry).collect();
        if let Agreed::By(second) = agreed {
            let mut entry = self.approval(second);
            entry.object = entry.object.map(|by| format!("{by}:{}", people.len()));
            entries.push(entry);
        }
        let records = people.iter().map(|p| p.record).collect();
        Ok(self.pending(records, entries, changes))
    }
}

impl Receipt<Erase> {
    /// The records, and where the entry of each stands.
    ///
    /// # Errors
    /// [`Stop::Key`] when the tenant's keys are not loaded.
    pub fn erased(&self, context: &Context<'_>) -> Result<Vec<(String, Position)>, Stop> {
        let LogId::Tenant(tenant) = self.log else { return Ok(Vec::new()) };
        let keys = context.ring.get(TenantId(tenant))?;
        let id = |record: &RecordNumber| record_id(keys, *record).unwrap_or_default();
        Ok(self.plan.iter().zip(&self.positions).map(|(n, at)| (id(n), *at)).collect())
    }

    /// Keys of the rows that say that the records are leaving, for the registry to take in.
    #[must_use]
    pub fn rows(&self) -> Vec<[u8; 25]> {
        let LogId::Tenant(tenant) = self.log else { return Vec::new() };
        self.plan.iter().map(|record| Erasing::key(TenantId(tenant), *record)).collect()
    }
}

/// Whether the record is one of the collection. One whose row is nowhere can still be erased under
/// any of them: its slot is what counts.
fn lies_in(
    context: &Context<'_>,
    keys: &TenantKeys,
    collection: CollectionId,
    person: &Person,
    rows: &mut ReadRow<'_>,
) -> Result<bool, ReadError> {
    let at = RowAddress { tenant: keys.tenant(), collection, record: person.record };
    Ok(rows(&at)?.is_some() || !lies_elsewhere(context, at, rows)?)
}

/// A request to take an erasure back within its grace time.
pub struct CancelErase {
    /// The tenant.
    pub tenant: Option<TenantId>,
    /// The collection's name.
    pub collection: String,
    /// The record's id.
    pub record: String,
}

impl Action for CancelErase {
    const ACT: Act = Act::EraseCancel;
    type Plan = (TenantId, RecordNumber);
    fn target(&self) -> Target {
        Target::tenant(self.tenant)
    }
    fn describe(&self, _: &mut Entry) {}
}

impl Authorized<CancelErase> {
    /// Finds the record that is leaving, and makes the entry by which it stays.
    ///
    /// # Errors
    /// [`Stop`]: refused without such a record that is leaving and not due yet; as unfit when its
    /// key is that of another record by now.
    pub fn plan(
        self,
        context: &Context<'_>,
        means: &mut Means<'_>,
        now_us: u64,
    ) -> Result<(Pending<CancelErase>, Batch), Stop> {
        let tenant = self.keys(context.ring)?.tenant();
        let collection = self.collection(context, &self.action.collection)?;
        let (id, index, slots) = (&self.action.record, &mut *means.index, &mut *means.slots);
        let person = self.named_or_leaving(context, collection, id, index, slots)?;
        let leaving =
            person.as_ref().and_then(|p| context.registry.leaving().get(tenant, p.record));
        let leaving = leaving.filter(|l| l.collection == collection.id && now_us < l.due_us);
        let (Some(person), Some(leaving)) = (&person, leaving) else {
            return Err(Stop::Denied(self.deny(Refusal::NotFound)));
        };
        let record = person.record;
        // Sealed again since then, the key is that of a new record.
        let keys = self.keys(context.ring)?;
        let key =
            with_row(keys, collection.id, person, means.rows, |row| known_by(row, collection));
        if let Some(key) = key?.ok().flatten()
            && self.is_taken(context, collection, (&key, record), means.index, means.slots)?
        {
            return Err(Stop::Denied(self.deny(Refusal::Unfit(Unfit::KeyTaken))));
        }
        let mut entry = self.entry(Phase::Commit);
        entry.range = Some(RecordRange { first: record.0, count: 1 });
        entry.object = Some(leaving.index.to_string());
        let mut changes = Changes::default();
        changes.rows.delete(Table::Control, &Erasing::key(tenant, record));
        Ok(self.pending((tenant, record), vec![entry], changes))
    }
}

impl Receipt<CancelErase> {
    /// Whose record stays.
    #[must_use]
    pub fn stays(&self) -> (TenantId, RecordNumber) {
        self.plan
    }
}

/// Overwrites the slots of a tenant's records whose grace time is over, at most 512 of them, and
/// takes their rows away. Gives the batch, with an entry each, and the records; nothing when none
/// is due. Nobody asks for this: it is what durable entries state.
///
/// # Errors
/// [`Stop`] without the tenant's keys or randomness, or when the store cannot be read.
pub fn shred(
    context: &Context<'_>,
    tenant: TenantId,
    means: &mut Means<'_>,
    bounds: &mut Bounds<'_>,
    random: &dyn Random,
) -> Result<Option<(Batch, Vec<RecordNumber>)>, Stop> {
    let keys = context.ring.get(tenant)?;
    let due = context.registry.leaving().due(bounds.now_us).filter(|e| e.tenant == tenant);
    let due: Vec<&Erasing> = due.take(SHRED_MAX).collect();
    if due.is_empty() {
        return Ok(None);
    }
    let (mut changes, mut entries) = (Changes::default(), Vec::with_capacity(due.len()));
    let log = LogId::Tenant(tenant.0);
    for erasing in &due {
        let record = erasing.record;
        let place = SlotAddress { install: context.install, tenant, record };
        let at = RowAddress { tenant, collection: erasing.collection, record };
        entries.push((log, super::system::shred(log, erasing)));
        if let Ok(Slot::Live(secret)) = context.epoch.open(place, &(means.slots)(record)?) {
            let pseudonym = pseudonym(keys, &secret, record);
            let person = Person { record, secret, pseudonym };
            unindex(context, keys, at, &person, means.rows, &mut changes)?;
        }
        changes.rows.delete(Table::Record, &at.key());
        changes.rows.delete(Table::Control, &Erasing::key(tenant, record));
        let stone = context.epoch.tombstone(place, &draw(random)?, &erasing.tombstone());
        let stone = stone.ok_or(crate::vault::keys::KeyError::DoesNotOpen)?;
        changes.tombstones.push((record, stone));
    }
    bounds.shred(due.len() as u64, &mut changes)?;
    let records = due.iter().map(|erasing| erasing.record).collect();
    Ok(Some((Batch::of(entries, changes).0, records)))
}

/// Takes the person's rows of the index away, as far as the row still tells them.
fn unindex(
    context: &Context<'_>,
    keys: &TenantKeys,
    at: RowAddress,
    person: &Person,
    rows: &mut ReadRow<'_>,
    changes: &mut Changes,
) -> Result<(), ReadError> {
    let collections = context.registry.collections();
    let mut collection = collections.filter(|c| (c.tenant, c.id) == (at.tenant, at.collection));
    let Some(collection) = collection.next() else { return Ok(()) };
    let mut normal = Zeroizing::new(String::new());
    // A row that is not authentic is no reason to keep the slot.
    let _ = with_row(keys, at.collection, person, rows, |row| {
        for field in collection.fields.iter().filter(|field| field.index) {
            let Ok(opened) = row.open(field.number) else { continue };
            let is_key = collection.is_key(field.number);
            if write_normal(is_key, opened.kind, &opened.value.disclose(), &mut normal) {
                // Under whichever key it stands: while the key rotates there are two.
                for tag in Tag::every(keys, at.collection, field.number, &normal) {
                    changes.rows.delete(Table::Index, &tag.row(keys, at.record).0);
                }
            }
        }
        Ok(())
    })?;
    Ok(())
}
