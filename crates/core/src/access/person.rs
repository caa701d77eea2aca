//! The people behind records: found by their slots, named in entries by pseudonyms that die with
//! the slots, before a row of theirs is opened.

use std::collections::BTreeSet;

use hmac::Mac as _;

use super::{
    Action, Authorized, Context, ReadRow, ReadSlot, Receipt, Refusal, Stop, Tampering, tampered,
};
use crate::control::CollectionRow;
use crate::field::FieldType;
use crate::id::{CollectionId, RecordNumber};
use crate::ledger::entry::{Phase, SUBJECTS_MAX};
use crate::ledger::{Entry, Pseudonym};
use crate::store::ReadError;
use crate::vault::feed;
use crate::vault::keys::TenantKeys;
use crate::vault::sealed::{OpenError, RowAddress, SealedRow, VerifiedRow};
use crate::vault::slot::{Slot, SlotAddress, SlotSecret};
use crate::vault::token::record_id;

/// The person of a live record.
pub(super) struct Person {
    pub(super) record: RecordNumber,
    pub(super) secret: SlotSecret,
    pub(super) pseudonym: Pseudonym,
}

/// A person's name in the ledger: it dies with the slot secret.
pub(crate) fn pseudonym(keys: &TenantKeys, secret: &SlotSecret, record: RecordNumber) -> Pseudonym {
    let mut mac = keys.pseudonym.clone();
    let record = record.0.to_be_bytes();
    feed(&mut mac, "strongroom/subject", 1, &[secret.0.as_slice(), &record]);
    let tag = mac.finalize().into_bytes();
    Pseudonym(tag.first_chunk().copied().unwrap_or_default())
}

impl<A: Action> Authorized<A> {
    /// The person of a record; nobody when it was erased, or is on its way out.
    ///
    /// INVARIANT: whoever would see, find, compare or change a value comes through here, so that
    /// an erasure counts for all of them from its entry on.
    ///
    /// # Errors
    /// [`Stop::Tampered`] when the slot is neither live nor an authentic tombstone.
    pub(super) fn person(
        &self,
        context: &Context<'_>,
        record: RecordNumber,
        slots: &mut ReadSlot<'_>,
    ) -> Result<Option<Person>, Stop> {
        let keys = self.keys(context.ring)?;
        if context.registry.leaving().holds(keys.tenant(), record) {
            return Ok(None);
        }
        self.person_or_leaving(context, record, slots)
    }

    /// The same, also of a record that is on its way out: for its history, its erasure, and the
    /// rotation of keys, which gives nothing out.
    ///
    /// # Errors
    /// As [`Authorized::person`].
    pub(super) fn person_or_leaving(
        &self,
        context: &Context<'_>,
        record: RecordNumber,
        slots: &mut ReadSlot<'_>,
    ) -> Result<Option<Person>, Stop> {
        let keys = self.keys(context.ring)?;
        let bytes = slots(record)?;
        let place = SlotAddress { install: context.install, tenant: keys.tenant(), record };
        let what = match context.epoch.open(place, &bytes) {
            Ok(Slot::Live(secret)) => {
                let pseudonym = pseudonym(keys, &secret, record);
                return Ok(Some(Person { record, secret, pseudonym }));
            }
            Ok(Slot::Erased(_)) => return Ok(None),
            Ok(Slot::Unused) => Tampering::SlotMissing,
            Err(_) => Tampering::SlotDamaged,
        };
        let id = record_id(keys, record).unwrap_or_default();
        Err(tampered(&self.action, self.actor, self.log, what, Some(&id)))
    }

    /// The entries that name `people` and the types touched: one for every 512 people, and one
    /// that names nobody when there are none.
    pub(super) fn naming(
        &self,
        people: &[Person],
        kinds: impl Iterator<Item = FieldType>,
    ) -> Vec<Entry> {
        let kinds: BTreeSet<&str> = kinds.map(FieldType::name).collect();
        let mut first = self.entry(Phase::Commit);
        first.fields = kinds.into_iter().map(str::to_owned).collect();
        if people.is_empty() {
            return vec![first];
        }
        let entry = |group: &[Person]| {
            let mut entry = first.clone();
            entry.subjects = group.iter().map(|p| p.pseudonym).collect();
            // Their order would say which record each is of.
            entry.subjects.sort_unstable();
            entry
        };
        people.chunks(SUBJECTS_MAX).map(entry).collect()
    }
}

/// Reads the row of a person that entries name, and hands it over once it is proven to be the one
/// of its address. What is amiss comes back for the caller to record.
pub(super) fn with_row<R>(
    keys: &TenantKeys,
    collection: CollectionId,
    person: &Person,
    rows: &mut ReadRow<'_>,
    open: impl FnOnce(&VerifiedRow<'_>) -> Result<R, Tampering>,
) -> Result<Result<R, Tampering>, ReadError> {
    let at = RowAddress { tenant: keys.tenant(), collection, record: person.record };
    Ok(match rows(&at)?.as_deref() {
        None => Err(Tampering::RowMissing),
        Some(row) => SealedRow::parse(row)
            .and_then(|row| row.verify(keys, &person.secret, at))
            .map_err(Tampering::from)
            .and_then(|row| open(&row)),
    })
}

/// Whether the record has its row in another collection of the tenant than in this one.
pub(super) fn lies_elsewhere(
    context: &Context<'_>,
    at: RowAddress,
    rows: &mut ReadRow<'_>,
) -> Result<bool, ReadError> {
    let all = context.registry.collections().filter(|c| c.tenant == at.tenant);
    for other in all.filter(|c| c.id != at.collection) {
        if rows(&RowAddress { collection: other.id, ..at })?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What callers know a record by: its key, where its collection has one and the row holds it.
pub(super) fn known_by(
    row: &VerifiedRow<'_>,
    collection: &CollectionRow,
) -> Result<Option<String>, Tampering> {
    let Some(key) = collection.key else { return Ok(None) };
    match row.open(key) {
        Ok(opened) => Ok(Some(opened.value.disclose().to_string())),
        Err(OpenError::NoSuchField) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl<A: Action> Receipt<A> {
    /// [`with_row`]; what is amiss stops the request.
    ///
    /// # Errors
    /// [`Stop::Tampered`] when the row is missing or is another, and whatever `open` finds amiss;
    /// refused as not found when the record is one of another collection.
    pub(super) fn with_row<R>(
        &self,
        (context, keys): (&Context<'_>, &TenantKeys),
        collection: CollectionId,
        person: &Person,
        rows: &mut ReadRow<'_>,
        open: impl FnOnce(&VerifiedRow<'_>) -> Result<R, Tampering>,
    ) -> Result<R, Stop> {
        let what = match with_row(keys, collection, person, rows, open)? {
            Ok(opened) => return Ok(opened),
            Err(what) => what,
        };
        let at = RowAddress { tenant: keys.tenant(), collection, record: person.record };
        if what == Tampering::RowMissing && lies_elsewhere(context, at, rows)? {
            return Err(self.refuse(Refusal::NotFound));
        }
        Err(self.tampered(what, &record_id(keys, at.record).unwrap_or_default()))
    }
}
