//! Rotate: a key of a tenant or of the install gives way to its next version.
//!
//! Every step is an entry before its effect: that a next version exists (`key.rotate`), that the
//! rows of a range of records are about to be opened (`rotate.begin`), that they stand under it
//! (`key.carry`), and that the old version is destroyed (`key.destroy`). What a record is, and
//! its version, stay.

use zeroize::Zeroizing;

use super::person::Person;
use super::rewrite::Held;
use super::{Action, Authorized, Context, ReadSlot, Stop, Target, blank, tampered};
use crate::control::CollectionRow;
use crate::field::FieldType;
use crate::id::{CollectionId, RecordNumber};
use crate::ledger::Entry;
use crate::ledger::entry::{Act, NextKey, Phase, RecordRange};
use crate::source::{Random, RandomError};
use crate::store::{Batch, Changes, Committed, Rows, Stub, Table};
use crate::vault::cell::Opened;
use crate::vault::index::{Tag, write_normal};
use crate::vault::keys::{Job, TenantKeys};
use crate::vault::sealed::{NONCE_BYTES, OpenError, RowAddress, SealedRow, VerifiedRow};
use crate::vault::token::record_id;
use crate::vault::verifier::Verifier;

/// What is done with a verified row: what it is written as goes to the rows. Says whether there was
/// anything to be done.
type Each<'e> =
    dyn FnMut(&TenantKeys, &Person, &VerifiedRow<'_>, &mut Rows) -> Result<bool, OpenError> + 'e;

/// A request to rotate a key.
pub struct Rotate {
    /// Which.
    pub job: Job,
    /// Whose.
    pub target: Target,
}

impl Action for Rotate {
    const ACT: Act = Act::KeyRotate;
    type Plan = ();
    fn target(&self) -> Target {
        self.target
    }
    fn describe(&self, entry: &mut Entry) {
        entry.object = Some(self.job.name().to_owned());
    }
}

/// The versions of a key between which it rotates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// The oldest that is still there.
    pub from: u16,
    /// The one that takes its place.
    pub to: u16,
}

impl Versions {
    /// As an entry names them.
    pub(super) fn of(self, job: Job) -> String {
        format!("{}:{}:{}", job.name(), self.from, self.to)
    }
}

/// Rows of one collection, one after another: what one step carries over.
pub struct Step {
    /// The collection.
    pub collection: CollectionId,
    /// Each record with its row as read from the store, in rising order.
    pub rows: Vec<(RecordNumber, Vec<u8>)>,
}

/// A step whose entry is on its way: nothing of it is opened yet.
pub struct Opening {
    step: Step,
    stub: Stub,
}

impl Opening {
    /// A nonce for each row.
    fn nonces(
        &self,
        random: &dyn Random,
    ) -> Result<impl Iterator<Item = [u8; NONCE_BYTES]> + use<>, RandomError> {
        let mut nonces = vec![[0; NONCE_BYTES]; self.step.rows.len()];
        random.fill(nonces.as_flattened_mut())?;
        Ok(nonces.into_iter())
    }
}

/// What became of a step.
pub struct Carried {
    /// What is to be committed; nothing when no row was carried over.
    pub batch: Option<Batch>,
    /// Rows carried over.
    pub rows: u64,
    /// Each row that is not what was written, with the entry that says so; its old key is needed
    /// for as long as there is one.
    pub damaged: Vec<Stop>,
}

impl Authorized<Rotate> {
    fn step_entry(&self, act: Act, versions: Versions) -> Entry {
        let mut entry = blank(self.log, act, Phase::Commit, self.actor);
        entry.object = Some(versions.of(self.action.job));
        entry
    }

    fn range_entry(&self, act: Act, versions: Versions, step: &Step) -> Entry {
        let mut entry = self.step_entry(act, versions);
        if let (Some((first, _)), Some((last, _))) = (step.rows.first(), step.rows.last()) {
            let count = last.0.saturating_sub(first.0).saturating_add(1);
            entry.range = Some(RecordRange { first: first.0, count });
        }
        entry
    }

    /// States that the next version exists, with its row.
    #[must_use]
    pub fn begin(&self, versions: Versions, changes: Changes) -> Batch {
        let entry = self.step_entry(Act::KeyRotate, versions);
        Batch::of(vec![(self.log, entry)], changes).0
    }

    /// The same of a log's signing key: the entry, in that very log, states the next one in the
    /// word of the old one, so that whoever trusts that can follow.
    #[must_use]
    pub fn begin_log(&self, versions: Versions, next: &NextKey, changes: Changes) -> Batch {
        let mut entry = self.step_entry(Act::KeyRotate, versions);
        entry.object = Some(next.object(versions.from, versions.to));
        Batch::of(vec![(self.log, entry)], changes).0
    }

    /// States that the old versions are destroyed, and takes their rows away.
    #[must_use]
    pub fn destroy(&self, versions: Versions, changes: Changes) -> Batch {
        let entry = self.step_entry(Act::KeyDestroy, versions);
        Batch::of(vec![(self.log, entry)], changes).0
    }

    /// States whose rows are about to be opened.
    #[must_use]
    pub fn name(&self, versions: Versions, step: Step) -> (Opening, Batch) {
        let entry = self.range_entry(Act::RotateBegin, versions, &step);
        let (batch, stub) = Batch::of(vec![(self.log, entry)], Changes::default());
        (Opening { step, stub }, batch)
    }

    /// Carries a step's rows over: each is written again under the current seal key, with a fresh
    /// nonce. A record that was erased is passed over: its row opens for nobody.
    ///
    /// # Errors
    /// [`Stop::ForeignCommit`] before the step's entry is durable.
    pub fn reseal(
        &self,
        (opening, versions): (Opening, Versions),
        committed: &Committed,
        context: &Context<'_>,
        slots: &mut ReadSlot<'_>,
        random: &dyn Random,
    ) -> Result<Carried, Stop> {
        let mut nonces = opening.nonces(random)?;
        let mut each =
            |keys: &TenantKeys, person: &Person, row: &VerifiedRow<'_>, to: &mut Rows| {
                let nonce = nonces.next().ok_or(OpenError::Malformed)?;
                to.put_with(Table::Record, &row.address().key(), |out| {
                    row.reseal(out, keys, &person.secret, nonce)
                })?;
                Ok(true)
            };
        self.carry((opening, versions), committed, context, slots, &mut each)
    }

    /// Moves the index of a step's rows to the current index key: for each field that is indexed
    /// the row under it is put, and those under the older ones are taken away. No record changes.
    ///
    /// # Errors
    /// [`Stop::ForeignCommit`] before the step's entry is durable.
    pub fn reindex(
        &self,
        (opening, versions): (Opening, Versions),
        committed: &Committed,
        context: &Context<'_>,
        slots: &mut ReadSlot<'_>,
    ) -> Result<Carried, Stop> {
        let (tenant, collection) = (self.keys(context.ring)?.tenant(), opening.step.collection);
        let of = |c: &&CollectionRow| (c.tenant, c.id) == (tenant, collection);
        let fields = context.registry.collections().filter(of).flat_map(|c| {
            let fields = c.fields.iter().filter(|field| field.index);
            fields.map(|field| (field, c.is_key(field.number)))
        });
        let fields: Vec<_> = fields.collect();
        let mut normal = Zeroizing::new(String::new());
        let mut each =
            |keys: &TenantKeys, person: &Person, row: &VerifiedRow<'_>, to: &mut Rows| {
                for number in row.numbers() {
                    let Some((field, key)) = fields.iter().find(|(f, _)| f.number == number) else {
                        continue;
                    };
                    let Opened { kind, value, .. } = row.open(number)?;
                    if !write_normal(*key, kind, &value.disclose(), &mut normal) {
                        continue;
                    }
                    let mut tags = Tag::every(keys, collection, number, &normal).rev();
                    // A value that fitted none of the field's types is in no index.
                    if let Some(tag) = tags.next().filter(|_| field.kinds.contains(&kind)) {
                        let (key, check) = tag.row(keys, person.record);
                        to.put(Table::Index, &key, &check);
                    }
                    for tag in tags {
                        to.delete(Table::Index, &tag.row(keys, person.record).0);
                    }
                }
                Ok(true)
            };
        self.carry((opening, versions), committed, context, slots, &mut each)
    }

    /// Wraps the verifiers of a step's rows under the tenant's current pepper. The rows are written
    /// anew; the versions of the records stay, since what they say of a password stays.
    ///
    /// # Errors
    /// [`Stop::ForeignCommit`] before the step's entry is durable.
    pub fn repepper(
        &self,
        (opening, versions): (Opening, Versions),
        committed: &Committed,
        context: &Context<'_>,
        slots: &mut ReadSlot<'_>,
        random: &dyn Random,
    ) -> Result<Carried, Stop> {
        let mut nonces = opening.nonces(random)?;
        let collection = opening.step.collection;
        let mut each =
            |keys: &TenantKeys, person: &Person, row: &VerifiedRow<'_>, to: &mut Rows| {
                let mut held = Held::read(row)?;
                let mut wrapped = false;
                for field in held.fields.iter_mut().filter(|f| f.kind == FieldType::Password) {
                    let verifier = Verifier::read(&field.value).ok_or(OpenError::Malformed)?;
                    if let Some(next) = verifier.wrapped(keys) {
                        field.value = next.write();
                        wrapped = true;
                    }
                }
                if wrapped {
                    let nonce = nonces.next().ok_or(OpenError::Malformed)?;
                    held.write(to, keys, (collection, person), (held.version, nonce))?;
                }
                Ok(wrapped)
            };
        self.carry((opening, versions), committed, context, slots, &mut each)
    }

    fn carry(
        &self,
        (opening, versions): (Opening, Versions),
        committed: &Committed,
        context: &Context<'_>,
        slots: &mut ReadSlot<'_>,
        each: &mut Each<'_>,
    ) -> Result<Carried, Stop> {
        let Opening { step, stub } = opening;
        if !stub.matches(committed) {
            return Err(Stop::ForeignCommit);
        }
        let keys = self.keys(context.ring)?;
        let entry = self.range_entry(Act::KeyCarry, versions, &step);
        let (mut changes, mut rows, mut damaged) = (Changes::default(), 0, Vec::new());
        for (record, bytes) in &step.rows {
            // One on its way out may be taken back until its slot is overwritten.
            let person = match self.person_or_leaving(context, *record, slots) {
                Ok(Some(person)) => person,
                Ok(None) => continue,
                Err(stop @ Stop::Tampered { .. }) => {
                    damaged.push(stop);
                    continue;
                }
                Err(stop) => return Err(stop),
            };
            let (tenant, collection) = (keys.tenant(), step.collection);
            let at = RowAddress { tenant, collection, record: *record };
            let row = SealedRow::parse(bytes).and_then(|row| row.verify(keys, &person.secret, at));
            let count = changes.rows.count();
            match row.and_then(|row| each(keys, &person, &row, &mut changes.rows)) {
                Ok(changed) => rows += u64::from(changed),
                Err(error) => {
                    // Nothing half-written may take the place of what is there.
                    changes.rows.truncate(count);
                    let (id, what) = (record_id(keys, *record).unwrap_or_default(), error.into());
                    let stop = tampered(&self.action, self.actor, self.log, what, Some(&id));
                    damaged.push(stop);
                }
            }
        }
        let batch = (rows > 0).then(|| Batch::of(vec![(self.log, entry)], changes).0);
        Ok(Carried { batch, rows, damaged })
    }
}
