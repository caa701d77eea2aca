//! Export: the original of a tokenised file, cell for cell. In two passes over the file: the first
//! names everybody in it and the types of their fields, in durable entries; the second opens the
//! fields that were named and no other, whatever the file holds by then.

use std::collections::{BTreeMap, BTreeSet};

use zeroize::Zeroizing;

use super::person::{Person, with_row};
use super::{
    Action, Authorized, Context, ReadRow, ReadSlot, Refusal, Rule, Stop, Target, tampered,
};
use crate::control::CollectionRow;
use crate::field::FieldType;
use crate::id::{FieldNumber, JobId, RecordNumber, TenantId};
use crate::ledger::Entry;
use crate::ledger::entry::{Act, Form};
use crate::policy::{self, Purpose};
use crate::store::{Batch, Changes, Committed, Position, Stub};
use crate::vault::keys::TenantKeys;
use crate::vault::sealed::OpenError;
use crate::vault::token::{Named as TokenNamed, read_token, record_id};

/// A request for the original of a tokenised file.
pub struct Export {
    /// The tenant.
    pub tenant: Option<TenantId>,
    /// The collection's name.
    pub collection: String,
    /// What it is for.
    pub purpose: Purpose,
    /// A fresh id, by which its entries belong together.
    pub job: JobId,
}

impl Action for Export {
    const ACT: Act = Act::PiiExport;
    type Plan = ();
    fn target(&self) -> Target {
        Target::tenant(self.tenant)
    }
    fn purpose(&self) -> Option<Purpose> {
        Some(self.purpose)
    }
    fn describe(&self, entry: &mut Entry) {
        entry.purpose = Some(self.purpose.name().to_owned());
        entry.form = Some(Form::Full);
        entry.object = Some(self.job.to_string());
    }
    fn refused(&self) -> Option<Rule> {
        (!policy::reveals(self.purpose, Form::Full)).then_some(Rule::Purpose)
    }
}

/// An export under way: who was named so far, and who may therefore be opened.
pub struct Exporting {
    authorized: Authorized<Export>,
    named: Named,
}

/// The people of a stretch of the file, on their way to the ledger.
pub struct Naming {
    stub: Stub,
    job: JobId,
    fields: BTreeMap<u64, BTreeSet<FieldNumber>>,
}

/// What durable entries name: whom, and which fields of theirs.
#[derive(Default)]
struct Named {
    people: Runs,
    fields: BTreeMap<FieldNumber, Runs>,
    first: Option<Position>,
}

impl Named {
    fn insert(&mut self, record: u64, field: FieldNumber) {
        self.people.insert(record);
        self.fields.entry(field).or_default().insert(record);
    }

    fn holds(&self, record: u64, field: FieldNumber) -> bool {
        self.fields.get(&field).is_some_and(|runs| runs.holds(record))
    }
}

/// A set of record numbers. Those of one seal follow one another, so that they are kept as runs.
#[derive(Default)]
struct Runs {
    /// First and end of each run; no two overlap or touch.
    runs: BTreeMap<u64, u64>,
    count: u64,
}

impl Runs {
    fn insert(&mut self, record: u64) {
        if self.holds(record) {
            return;
        }
        self.count += 1;
        let end = self.runs.remove(&(record + 1)).unwrap_or(record + 1);
        match self.runs.range_mut(..record).next_back() {
            Some((_, before)) if *before == record => *before = end,
            _ => drop(self.runs.insert(record, end)),
        }
    }

    fn holds(&self, record: u64) -> bool {
        self.runs.range(..=record).next_back().is_some_and(|(_, end)| record < *end)
    }
}

/// What a tokenised cell was.
pub struct Exported {
    /// Its value.
    pub value: Zeroizing<String>,
    /// Whether it was a bare JSON literal.
    pub literal: bool,
    /// How it stood, where that is not how the value would be written.
    pub spelling: Option<Zeroizing<String>>,
}

impl Authorized<Export> {
    /// Begins. Nobody is named yet.
    #[must_use]
    pub fn begin(self) -> Exporting {
        Exporting { authorized: self, named: Named::default() }
    }
}

impl Exporting {
    /// How many people are named.
    #[must_use]
    pub fn people(&self) -> u64 {
        self.named.people.count
    }

    /// Where the first of the entries stands.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.named.first
    }

    /// Takes in the people of a stretch whose entries are durable.
    ///
    /// # Errors
    /// [`Stop::ForeignCommit`] when the stretch or the commit is another's.
    pub fn add(&mut self, naming: Naming, committed: &Committed) -> Result<(), Stop> {
        if naming.job != self.authorized.action.job || !naming.stub.matches(committed) {
            return Err(Stop::ForeignCommit);
        }
        self.named.first = self.named.first.or(committed.positions().first().copied());
        for (record, fields) in naming.fields {
            fields.into_iter().for_each(|field| self.named.insert(record, field));
        }
        Ok(())
    }

    /// Names the people of `tokens` with the types of their fields, as far as that is not done yet.
    /// Nothing when it is.
    ///
    /// # Errors
    /// [`Stop`]: refused without such a collection, or when a token is of none of its fields.
    pub fn name<'t>(
        &self,
        context: &Context<'_>,
        tokens: impl Iterator<Item = &'t str>,
        slots: &mut ReadSlot<'_>,
    ) -> Result<Option<(Naming, Batch)>, Stop> {
        let keys = self.authorized.keys(context.ring)?;
        let collection = self.collection(context)?;
        let mut fields: BTreeMap<u64, BTreeSet<FieldNumber>> = BTreeMap::new();
        let mut kinds = BTreeSet::new();
        for token in tokens {
            let found = self.read(collection, keys, token)?;
            if !self.named.holds(found.record.0, found.field) {
                let field = collection.fields.iter().find(|f| f.number == found.field);
                kinds.extend(field.into_iter().flat_map(|f| f.kinds.iter().copied()));
                fields.entry(found.record.0).or_default().insert(found.field);
            }
        }
        let mut people = Vec::with_capacity(fields.len());
        for record in fields.keys() {
            people.extend(self.authorized.person(context, RecordNumber(*record), slots)?);
        }
        if people.is_empty() {
            return Ok(None);
        }
        let (log, job) = (self.authorized.log, self.authorized.action.job);
        let entries = self.authorized.naming(&people, kinds.into_iter());
        let entries = entries.into_iter().map(|entry| (log, entry)).collect();
        let (batch, stub) = Batch::of(entries, Changes::default());
        let is_named: BTreeSet<u64> = people.iter().map(|p| p.record.0).collect();
        fields.retain(|record, _| is_named.contains(record));
        Ok(Some((Naming { stub, job, fields }, batch)))
    }

    /// Opens the tokens of one line, each of a field that is named. A token of an erased person
    /// gives nothing, nor does one of a value that was taken away.
    ///
    /// # Errors
    /// [`Stop`]: refused for anybody else's token, tampered when a row is not the one of its
    /// address.
    pub fn open(
        &self,
        context: &Context<'_>,
        tokens: &[&str],
        slots: &mut ReadSlot<'_>,
        rows: &mut ReadRow<'_>,
    ) -> Result<Vec<Option<Exported>>, Stop> {
        let keys = self.authorized.keys(context.ring)?;
        let collection = self.collection(context)?;
        let mut by_record: BTreeMap<RecordNumber, Vec<(usize, FieldNumber)>> = BTreeMap::new();
        for (at, token) in tokens.iter().enumerate() {
            let found = self.read(collection, keys, token)?;
            by_record.entry(found.record).or_default().push((at, found.field));
        }
        let mut values: Vec<Option<Exported>> = tokens.iter().map(|_| None).collect();
        for (record, fields) in by_record {
            let person = self.authorized.person(context, record, slots)?;
            let Some(person) = person else { continue };
            if !fields.iter().all(|(_, field)| self.named.holds(record.0, *field)) {
                return Err(Stop::Denied(self.authorized.deny(Refusal::NotFound)));
            }
            self.open_person(keys, collection, &person, &fields, (&mut values, rows))?;
        }
        Ok(values)
    }

    fn open_person(
        &self,
        keys: &TenantKeys,
        collection: &CollectionRow,
        person: &Person,
        fields: &[(usize, FieldNumber)],
        (values, rows): (&mut [Option<Exported>], &mut ReadRow<'_>),
    ) -> Result<(), Stop> {
        let opened = with_row(keys, collection.id, person, rows, |row| {
            for (at, field) in fields {
                let opened = match row.open(*field) {
                    // Taken away by an update: gone like the value of somebody erased.
                    Err(OpenError::NoSuchField) => continue,
                    opened => opened?,
                };
                let Some(place) = values.get_mut(*at) else { continue };
                *place = (opened.kind != FieldType::Password).then(|| Exported {
                    value: opened.value.disclose(),
                    literal: opened.literal,
                    spelling: opened.spelling.map(|s| s.disclose()),
                });
            }
            Ok(())
        })?;
        opened.map_err(|what| {
            let id = record_id(keys, person.record).unwrap_or_default();
            let Authorized { action, actor, log } = &self.authorized;
            tampered(action, *actor, *log, what, Some(&id))
        })
    }

    fn collection<'c>(&self, context: &'c Context<'_>) -> Result<&'c CollectionRow, Stop> {
        self.authorized.collection(context, &self.authorized.action.collection)
    }

    fn read(
        &self,
        collection: &CollectionRow,
        keys: &TenantKeys,
        token: &str,
    ) -> Result<TokenNamed, Stop> {
        let found = read_token(keys, token).ok();
        let found = found.filter(|n| collection.fields.iter().any(|f| f.number == n.field));
        found.ok_or_else(|| Stop::Denied(self.authorized.deny(Refusal::NotFound)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_kept_as_runs_and_nobody_is_counted_twice() {
        let mut runs = Runs::default();
        for record in [5, 7, 6, 6, 9, 1, 8, 0] {
            runs.insert(record);
        }
        assert_eq!(runs.runs, [(0, 2), (5, 10)].into());
        assert_eq!(runs.count, 7);
        let held: Vec<u64> = (0..12).filter(|n| runs.holds(*n)).collect();
        assert_eq!(held, [0, 1, 5, 6, 7, 8, 9]);
        let mut named = Named::default();
        named.insert(7, FieldNumber(1));
        named.insert(7, FieldNumber(2));
        assert!(named.holds(7, FieldNumber(2)) && !named.holds(7, FieldNumber(3)));
        assert_eq!(named.people.count, 1);
    }
}
