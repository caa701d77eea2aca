//! Seal by key: a row whose key is that of a record is that record's, and changes it where it
//! differs.
//!
//! Whether it differs is an answer about what is sealed: everybody whom the keys name is in a
//! durable entry before a row of theirs is opened. The index only proposes; the key that was sealed
//! with the record is compared before the row counts as theirs.

use std::collections::{BTreeSet, HashMap};

use super::find::{RECORDS_MAX, ScanIndex};
use super::person::{Person, with_row};
use super::rewrite::Held;
use super::seal::Seal;
use super::{
    Action, Authorized, Context, ReadRow, ReadSlot, Refusal, Stop, Tampering, Unfit, tampered,
};
use crate::control::CollectionRow;
use crate::id::{CollectionId, FieldNumber, RecordNumber};
use crate::ledger::entry::Act;
use crate::store::{Batch, Changes, Committed, Stub};
use crate::text::is_hidden;
use crate::vault::index::Tag;
use crate::vault::keys::TenantKeys;
use crate::vault::token::{read_record_id, record_id};

/// The longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 256;

/// The key that a cell holds: without the white space around it. None of an empty cell, nor of one
/// that is too long, or that holds what nobody sees: no two keys may look like one.
#[must_use]
pub fn key_of(cell: &str) -> Option<&str> {
    let key = cell.trim();
    let seen = !key.chars().any(|c| c.is_control() || is_hidden(c));
    (seen && (1..=KEY_BYTES_MAX).contains(&key.len())).then_some(key)
}

/// Whom the keys of some rows name, with their entries on the way.
pub struct LookUp {
    collection: CollectionId,
    /// The field of the keys.
    field: Option<FieldNumber>,
    /// By row: its key, and whom the index proposes.
    rows: Vec<(String, Vec<usize>)>,
    people: Vec<Person>,
    stub: Option<Stub>,
}

/// A record that a row belongs to, opened.
pub struct Match {
    pub(super) person: Person,
    pub(super) held: Held,
}

impl Match {
    /// Its number.
    #[must_use]
    pub fn record(&self) -> RecordNumber {
        self.person.record
    }
}

impl Authorized<Seal> {
    /// Asks the index for the records of these keys, a row each, and makes the entries that name
    /// them; none when there are none.
    ///
    /// # Errors
    /// [`Stop::Tampered`] for a row of the index or a slot that is not authentic.
    pub fn look_up<'k>(
        &self,
        context: &Context<'_>,
        collection: &CollectionRow,
        keys: impl Iterator<Item = &'k str>,
        index: &mut ScanIndex<'_>,
        slots: &mut ReadSlot<'_>,
    ) -> Result<(LookUp, Option<Batch>), Stop> {
        let mut found = LookUp {
            collection: collection.id,
            field: collection.key,
            rows: Vec::new(),
            people: Vec::new(),
            stub: None,
        };
        let mut numbered: HashMap<RecordNumber, usize> = HashMap::new();
        for key in keys {
            let mut candidates = Vec::new();
            for record in self.keyed(context, collection, key, index)? {
                if let Some(at) = numbered.get(&record) {
                    candidates.push(*at);
                } else if let Some(person) = self.person(context, record, slots)? {
                    candidates.push(found.people.len());
                    numbered.insert(record, found.people.len());
                    found.people.push(person);
                }
            }
            found.rows.push((key.to_owned(), candidates));
        }
        if found.people.is_empty() {
            return Ok((found, None));
        }
        let kinds = collection.fields.iter().flat_map(|f| f.kinds.iter().copied());
        let mut entries = self.naming(&found.people, kinds);
        entries.iter_mut().for_each(|entry| entry.act = Act::UpdateBegin);
        let entries = entries.into_iter().map(|entry| (self.log, entry)).collect();
        let (batch, stub) = Batch::of(entries, Changes::default());
        found.stub = Some(stub);
        Ok((found, Some(batch)))
    }

    /// Opens the records that were looked up; by row, the one whose key is the row's.
    ///
    /// # Errors
    /// [`Stop::ForeignCommit`] before the entries are durable; [`Stop::Tampered`] when a row is
    /// missing or not the one of its address, or one key names two.
    pub fn open_matches(
        &self,
        look_up: LookUp,
        committed: Option<&Committed>,
        context: &Context<'_>,
        rows: &mut ReadRow<'_>,
    ) -> Result<Vec<Option<Match>>, Stop> {
        let keys = self.keys(context.ring)?;
        let LookUp { collection, field, rows: wanted, people, stub } = look_up;
        if stub.is_some_and(|stub| !committed.is_some_and(|c| stub.matches(c))) {
            return Err(Stop::ForeignCommit);
        }
        let mut opened = Vec::with_capacity(people.len());
        for person in people {
            let held = with_row(keys, collection, &person, rows, |row| Ok(Held::read(row)?))?;
            let held = held.map_err(|what| {
                let id = record_id(keys, person.record).unwrap_or_default();
                tampered(&self.action, self.actor, self.log, what, Some(&id))
            })?;
            opened.push(Some(Match { person, held }));
        }
        let is_of = |found: &Match, key: &str| {
            field.and_then(|n| found.held.field(n)).is_some_and(|held| held.value.as_str() == key)
        };
        let mut matches = Vec::with_capacity(wanted.len());
        for (key, candidates) in wanted {
            let of = |at: &&usize| {
                opened.get(**at).and_then(Option::as_ref).is_some_and(|found| is_of(found, &key))
            };
            let mut of = candidates.iter().filter(of).copied();
            let at = of.next();
            if let Some(other) = of.next().and_then(|at| opened.get(at)?.as_ref()) {
                return Err(self.key_twice(keys, other.person.record));
            }
            matches.push(at.and_then(|at| opened.get_mut(at)?.take()));
        }
        Ok(matches)
    }
}

impl<A: Action> Authorized<A> {
    /// The person of a record that a text names: by its id, or by its key in a collection.
    ///
    /// # Errors
    /// [`Stop::Tampered`] for a row of the index, or a slot, that is not authentic.
    pub(super) fn named(
        &self,
        context: &Context<'_>,
        collection: &CollectionRow,
        text: &str,
        index: &mut ScanIndex<'_>,
        slots: &mut ReadSlot<'_>,
    ) -> Result<Option<Person>, Stop> {
        let numbers = self.numbers(context, collection, text, index)?;
        self.only(context, &numbers, slots)
    }

    /// The same, also of a record that is on its way out, where no other has the name.
    ///
    /// # Errors
    /// As [`Authorized::named`].
    pub(super) fn named_or_leaving(
        &self,
        context: &Context<'_>,
        collection: &CollectionRow,
        text: &str,
        index: &mut ScanIndex<'_>,
        slots: &mut ReadSlot<'_>,
    ) -> Result<Option<Person>, Stop> {
        let numbers = self.numbers(context, collection, text, index)?;
        if let Some(person) = self.only(context, &numbers, slots)? {
            return Ok(Some(person));
        }
        for record in numbers {
            if let Some(person) = self.person_or_leaving(context, record, slots)? {
                return Ok(Some(person));
            }
        }
        Ok(None)
    }

    /// The one of these records that is there.
    ///
    /// INVARIANT: never one of two: an intruder who takes a row of the index away until the key was
    /// sealed anew, and puts it back, would have an erasure or a correction reach one record only.
    fn only(
        &self,
        context: &Context<'_>,
        numbers: &[RecordNumber],
        slots: &mut ReadSlot<'_>,
    ) -> Result<Option<Person>, Stop> {
        let mut only = None;
        for record in numbers {
            let found = self.person(context, *record, slots)?;
            if let (Some(other), true) = (&found, only.is_some()) {
                return Err(self.key_twice(self.keys(context.ring)?, other.record));
            }
            only = only.or(found);
        }
        Ok(only)
    }

    /// One key names two records, of which this is one.
    pub(super) fn key_twice(&self, keys: &TenantKeys, record: RecordNumber) -> Stop {
        let id = record_id(keys, record).unwrap_or_default();
        tampered(&self.action, self.actor, self.log, Tampering::KeyTwice, Some(&id))
    }

    /// Whether a record that is there has the key, beside `but`.
    ///
    /// # Errors
    /// As [`Authorized::named`].
    pub(super) fn is_taken(
        &self,
        context: &Context<'_>,
        collection: &CollectionRow,
        (key, but): (&str, RecordNumber),
        index: &mut ScanIndex<'_>,
        slots: &mut ReadSlot<'_>,
    ) -> Result<bool, Stop> {
        for record in self.keyed(context, collection, key, index)? {
            if record != but && self.person(context, record, slots)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The records that a text may name.
    fn numbers(
        &self,
        context: &Context<'_>,
        collection: &CollectionRow,
        text: &str,
        index: &mut ScanIndex<'_>,
    ) -> Result<Vec<RecordNumber>, Stop> {
        // The key first: one may read like the id of another record.
        let keyed = self.keyed(context, collection, text, index)?;
        if !keyed.is_empty() {
            return Ok(keyed);
        }
        Ok(read_record_id(self.keys(context.ring)?, text).into_iter().collect())
    }

    /// The records that the index has under a key: in truth one, beside those that were erased.
    ///
    /// # Errors
    /// [`Stop::Tampered`] for a row of the index that is not authentic.
    fn keyed(
        &self,
        context: &Context<'_>,
        collection: &CollectionRow,
        key: &str,
        index: &mut ScanIndex<'_>,
    ) -> Result<Vec<RecordNumber>, Stop> {
        let keys = self.keys(context.ring)?;
        let (Some(field), Some(key)) = (collection.key, key_of(key)) else {
            return Ok(Vec::new());
        };
        let tags = Tag::every(keys, collection.id, field, key);
        Ok(self.proposed(keys, tags, index)?.into_iter().collect())
    }

    /// The records that the index proposes under some tags, each once: while the index key rotates
    /// a restore may bring a row under either key back.
    ///
    /// # Errors
    /// [`Stop::Tampered`] for a row of the index that is not authentic; refused as unfit for more
    /// records than one value may name.
    pub(super) fn proposed(
        &self,
        keys: &TenantKeys,
        tags: impl Iterator<Item = Tag>,
        index: &mut ScanIndex<'_>,
    ) -> Result<BTreeSet<RecordNumber>, Stop> {
        let (mut records, mut forged) = (BTreeSet::new(), false);
        for tag in tags {
            index(tag.prefix(), &mut |row, value| {
                let record = tag.read(keys, row, value);
                forged |= record.is_none();
                records.extend(record);
                !forged && records.len() <= RECORDS_MAX
            })?;
        }
        if forged {
            let what = Tampering::IndexNotAuthentic;
            return Err(tampered(&self.action, self.actor, self.log, what, None));
        }
        if records.len() > RECORDS_MAX {
            return Err(Stop::Denied(self.deny(Refusal::Unfit(Unfit::TooMany))));
        }
        Ok(records)
    }
}
