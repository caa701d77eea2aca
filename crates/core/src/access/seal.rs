//! Seal: rows in, a batch out. Each batch states its range of records in one entry.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::guess::Guessing;
use super::reason::Plain;
use super::rewrite::Field;
use super::upsert::Match;
use super::{Action, Authorized, Stop, Target, blank};
use crate::control::{CollectionRow, protect};
use crate::field::{FieldType, Tally};
use crate::id::{CollectionId, FieldNumber, InstallId, JobId, RecordNumber, TenantId};
use crate::ledger::entry::{Act, Phase, RecordRange, VERSIONS_MAX};
use crate::ledger::{Entry, Pseudonym};
use crate::source::{Random, draw};
use crate::store::{Batch, Changes, Table};
use crate::vault::cell::Clear;
use crate::vault::index::{CHECK_BYTES, INDEX_KEY_BYTES, Tag, write_normal};
use crate::vault::keys::{ControlKey, KeyError, TenantKeys};
use crate::vault::sealed::{OpenError, RowAddress, RowWriter};
use crate::vault::slot::{EpochKey, SlotAddress, SlotBytes};
use crate::vault::verifier::{self, Strength, Verifier};
use zeroize::Zeroizing;

/// Random bytes a row needs: slot secret 32, slot nonce 12, row nonce 12.
const MATERIAL_BYTES: usize = 56;

// A batch keeps a bit for each type's code.
const _: () = assert!(FieldType::CODES <= 32);

/// A request to seal one input into one collection.
pub struct Seal {
    /// The tenant.
    pub tenant: Option<TenantId>,
    /// The job.
    pub job: JobId,
}

impl Action for Seal {
    const ACT: Act = Act::PiiCollect;
    type Plan = ();
    fn target(&self) -> Target {
        Target::tenant(self.tenant)
    }
    fn describe(&self, entry: &mut Entry) {
        entry.object = Some(self.job.to_string());
    }
}

/// How a column is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldPlan {
    /// The field's number.
    pub number: FieldNumber,
    /// Its type.
    pub kind: FieldType,
    /// Whether it is indexed.
    pub index: bool,
}

impl FieldPlan {
    /// Whether a value is one of the column's type. A password is when some password can be right.
    #[must_use]
    pub fn fits(&self, value: &str) -> bool {
        match self.kind {
            FieldType::Password => verifier::is_usable(value),
            kind => kind.fits(value),
        }
    }
}

/// A cell to be sealed.
#[derive(Clone, Copy)]
pub struct SealCell<'v> {
    /// How.
    pub plan: FieldPlan,
    /// Its value.
    pub value: &'v str,
    /// Whether it stood as a bare JSON literal.
    pub literal: bool,
    /// How it stood, where that is not how its value would be written.
    pub spelling: Option<&'v str>,
}

/// What was sealed, by type; a value that did not fit its type counts as `text` and as unusual. A
/// password never counts as text, and is never sealed as such.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealCounts {
    /// Values by type.
    pub values: Tally,
    /// Values that did not fit their column's type, by field number.
    pub unusual: BTreeMap<u16, u64>,
    /// Passwords that verify nothing: hashes of a scheme that is not known.
    pub unusable: u64,
}

impl SealCounts {
    /// Adds another count.
    pub fn add(&mut self, other: &Self) {
        self.values.add(&other.values);
        self.unusable += other.unusable;
        other.unusual.iter().for_each(|(f, n)| *self.unusual.entry(*f).or_default() += n);
    }

    /// Notes one value.
    pub fn note(&mut self, plan: FieldPlan, fits: bool) {
        let stays = fits || plan.kind == FieldType::Password;
        self.values.note(if stays { plan.kind } else { FieldType::Text });
        self.unusable += u64::from(stays && !fits);
        if !fits {
            *self.unusual.entry(plan.number.0).or_default() += 1;
        }
    }

    /// Values that did not fit their column's type.
    #[must_use]
    pub fn unusual(&self) -> u64 {
        self.unusual.values().sum()
    }

    /// Counts by type's name, those that occur.
    pub fn by_type(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.values.by_type()
    }
}

/// What a batch is sealed with. The keys are held by it, so that nobody has to wait who changes
/// what is known of tenants meanwhile.
pub struct Means<'a> {
    /// The install.
    pub install: InstallId,
    /// The current epoch.
    pub epoch: &'a EpochKey,
    /// The tenant's keys, out of [`Authorized::keys`].
    pub keys: Arc<TenantKeys>,
    /// Randomness.
    pub random: &'a dyn Random,
    /// How strong passwords are kept at once; without it they are kept cheap, to be strengthened.
    pub strength: Option<Strength>,
}

/// Rows of the job table that go with a batch.
pub struct JobRows<'j> {
    /// Authenticates them.
    pub control: &'j ControlKey,
    /// The key and the body of the one that is written.
    pub put: Option<(&'j [u8], &'j [u8])>,
    /// The keys of those that are over.
    pub over: &'j [Vec<u8>],
}

/// A batch of rows being sealed.
pub struct SealBatch<'a> {
    authorized: &'a Authorized<Seal>,
    means: Means<'a>,
    collection: CollectionId,
    /// The field of the keys, which is no value of a person: it is not counted.
    key: Option<FieldNumber>,
    schema: u32,
    first: RecordNumber,
    rows: u64,
    material: Zeroizing<Vec<u8>>,
    slots: Vec<SlotBytes>,
    changes: Changes,
    index: Vec<([u8; INDEX_KEY_BYTES], [u8; CHECK_BYTES])>,
    normal: Zeroizing<String>,
    /// A bit for each code that occurred: in new records, and in what updates touched.
    fields: u32,
    touched: u32,
    counts: SealCounts,
    cheap: Cheap,
    /// Who was updated, and to which version.
    updated: Vec<(Pseudonym, u32)>,
}

/// Verifiers that wait to be strengthened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cheap {
    /// How many.
    pub count: u64,
    /// The records that hold them: first and end of each run, in order.
    pub runs: Vec<(u64, u64)>,
}

impl Cheap {
    fn note(&mut self, record: RecordNumber, count: u64) {
        if count > 0 {
            self.count += count;
            self.runs.push((record.0, record.0.saturating_add(1)));
        }
    }

    /// The same, with runs that touch made one.
    fn joined(mut self) -> Self {
        self.runs.sort_unstable();
        self.runs.dedup_by(|next, kept| {
            let touch = next.0 <= kept.1;
            if touch {
                kept.1 = kept.1.max(next.1);
            }
            touch
        });
        self
    }
}

impl Authorized<Seal> {
    /// Begins a batch of at most `rows_max` rows at record `first`.
    ///
    /// # Errors
    /// [`Stop`] with another tenant's keys, or without randomness.
    pub fn batch<'a>(
        &'a self,
        means: Means<'a>,
        collection: &CollectionRow,
        first: RecordNumber,
        rows_max: usize,
    ) -> Result<SealBatch<'a>, Stop> {
        if self.action.tenant != Some(means.keys.tenant()) {
            return Err(Stop::Key(KeyError::NoSuchVersion));
        }
        let mut material = Zeroizing::new(vec![0; rows_max * MATERIAL_BYTES]);
        means.random.fill(&mut material)?;
        Ok(SealBatch {
            authorized: self,
            means,
            collection: collection.id,
            key: collection.key,
            schema: collection.version,
            first,
            rows: 0,
            material,
            slots: Vec::with_capacity(rows_max),
            changes: Changes::default(),
            index: Vec::new(),
            normal: Zeroizing::new(String::new()),
            fields: 0,
            touched: 0,
            counts: SealCounts::default(),
            cheap: Cheap::default(),
            updated: Vec::new(),
        })
    }

    /// Records that it is asked how far the job has come.
    #[must_use]
    pub fn ask(&self) -> Batch {
        self.job_entry(Act::JobRead, Changes::default())
    }

    /// Records that a file is held against the rows that were sealed of another, as one more wrong
    /// guess: whether it is theirs, byte for byte, is an answer about what is sealed.
    ///
    /// # Errors
    /// [`Stop`]: refused after too many wrong guesses; when the counts cannot be read.
    pub fn guess(&self, guesses: &mut Guessing<'_>) -> Result<Batch, Stop> {
        let mut changes = Changes::default();
        if let (Some(tenant), Some(asks)) = (self.action.tenant, self.asks()) {
            if let Some(spent) = guesses.spent(tenant, asks)? {
                return Err(Stop::Denied(self.deny(spent)));
            }
            guesses.add(tenant, asks, &mut changes)?;
        }
        let entry = blank(self.log, Act::PiiGuess, Phase::Commit, self.actor);
        Ok(Batch::of(vec![(self.log, entry)], changes).0)
    }

    /// Records that it was theirs, which takes back what the guess was counted as.
    ///
    /// # Errors
    /// [`Stop`] when the counts cannot be read.
    pub fn was_right(&self, guesses: &mut Guessing<'_>) -> Result<Batch, Stop> {
        let mut changes = Changes::default();
        if let (Some(tenant), Some(asks)) = (self.action.tenant, self.asks()) {
            guesses.forgive(tenant, asks, &mut changes)?;
        }
        let mut entry = self.entry(Phase::Commit);
        entry.act = Act::JobRead;
        entry.reason = Some(Plain::Right.code().to_owned());
        Ok(Batch::of(vec![(self.log, entry)], changes).0)
    }

    /// Records the beginning of the job, with its row.
    #[must_use]
    pub fn begin(&self, changes: Changes) -> Batch {
        self.job_entry(Act::JobBegin, changes)
    }

    /// Records the end of the job, with its row.
    #[must_use]
    pub fn end(&self, changes: Changes) -> Batch {
        self.job_entry(Act::JobEnd, changes)
    }

    fn job_entry(&self, act: Act, changes: Changes) -> Batch {
        let mut entry = self.entry(Phase::Commit);
        entry.act = act;
        Batch::of(vec![(self.log, entry)], changes).0
    }
}

impl SealBatch<'_> {
    /// Seals the next row: its sealed, non-empty cells. Gives the record's number.
    ///
    /// # Errors
    /// [`OpenError::Malformed`] past the batch's size or for a value too long.
    pub fn row<'v>(
        &mut self,
        cells: impl Iterator<Item = SealCell<'v>>,
    ) -> Result<RecordNumber, OpenError> {
        let start = self.slots.len() * MATERIAL_BYTES;
        let material = self.material.get(start..start + MATERIAL_BYTES);
        let material = material.ok_or(OpenError::Malformed)?;
        let (slot, nonce) = material.split_first_chunk::<44>().ok_or(OpenError::Malformed)?;
        let nonce = <[u8; 12]>::try_from(nonce).map_err(|_| OpenError::Malformed)?;
        let number = self.first.0.checked_add(self.rows).ok_or(OpenError::Malformed)?;
        let record = RecordNumber(number);
        let Means { install, epoch, keys, random, strength } = &self.means;
        let (tenant, collection) = (keys.tenant(), self.collection);
        let place = SlotAddress { install: *install, tenant, record };
        let (secret, slot) = epoch.seal(place, slot).ok_or(OpenError::Malformed)?;
        let at = RowAddress { tenant, collection, record };
        let version = (self.schema, 1);
        let Self { changes, index, normal, fields, counts, key, .. } = self;
        let mut cheap = 0;
        changes.rows.put_with(Table::Record, &at.key(), |out| {
            let mut writer = RowWriter::begin(out, keys, &secret, at, version, nonce)?;
            for SealCell { plan, value, literal, spelling } in cells {
                let is_key = Some(plan.number) == *key;
                *fields |= if is_key { 0 } else { 1 << plan.kind.code() };
                if plan.kind == FieldType::Password {
                    // INVARIANT: of a password the verifier alone is sealed, not its spelling.
                    let mut verifier =
                        Verifier::of(value, keys, *random).map_err(KeyError::from)?;
                    if let Some(strength) = *strength {
                        verifier = verifier.strengthened(strength).ok_or(OpenError::Malformed)?;
                    }
                    counts.note(plan, verifier.is_usable());
                    cheap += u64::from(verifier.is_cheap());
                    writer.field(plan.number, &Clear::verifier(&verifier.write()))?;
                    continue;
                }
                let fits = if plan.index {
                    write_normal(is_key, plan.kind, value, normal)
                } else {
                    plan.kind.fits(value)
                };
                if fits && plan.index {
                    index.push(Tag::of(keys, collection, plan.number, normal).row(keys, record));
                }
                let kind = if fits { plan.kind } else { FieldType::Text };
                if !is_key {
                    counts.note(plan, fits);
                }
                writer.field(plan.number, &Clear { kind, literal, value, spelling })?;
            }
            writer.finish();
            Ok::<_, OpenError>(())
        })?;
        for (key, check) in self.index.drain(..) {
            self.changes.rows.put(Table::Index, &key, &check);
        }
        self.slots.push(slot);
        self.rows += 1;
        self.cheap.note(record, cheap);
        Ok(record)
    }

    /// Seals the next row over the record that it belongs to, where it differs. `columns` are the
    /// fields that the input speaks of: one without a cell is taken away, others stay. Says
    /// whether it differed.
    ///
    /// # Errors
    /// [`OpenError::Malformed`] for a value too long, or a record past its versions.
    pub fn update<'v>(
        &mut self,
        found: Match,
        columns: impl Iterator<Item = (FieldPlan, Option<SealCell<'v>>)>,
    ) -> Result<bool, OpenError> {
        let Match { person, mut held } = found;
        let Means { keys, random, strength, .. } = &self.means;
        let place = (self.collection, &person);
        let (mut touched, mut cheap) = (0, 0);
        for (plan, cell) in columns {
            let new = match cell {
                Some(cell) if plan.kind == FieldType::Password => {
                    let sources = (&**keys, *random);
                    let mut field = Field::of_password(&cell, held.field(plan.number), sources)?;
                    if let Some(strength) = *strength {
                        field = field.strengthened(strength)?;
                    }
                    let verifier = Verifier::read(&field.value);
                    self.counts.note(plan, verifier.is_some_and(|v| v.is_usable()));
                    Some(field)
                }
                Some(cell) => {
                    let field = Field::of(&cell);
                    if Some(plan.number) != self.key {
                        self.counts.note(plan, field.kind == plan.kind);
                    }
                    Some(field)
                }
                None => None,
            };
            let is_cheap = new.as_ref().is_some_and(Field::is_cheap);
            let differs = held.put(&mut self.changes, keys, place, (plan, new));
            cheap += u64::from(is_cheap && differs != 0);
            touched |= differs;
        }
        if touched == 0 {
            return Ok(false);
        }
        held.schema = self.schema;
        let nonce = draw(*random).map_err(KeyError::from)?;
        let version = held.write_next(&mut self.changes, keys, place, nonce)?;
        self.touched |= touched;
        self.cheap.note(person.record, cheap);
        self.updated.push((person.pseudonym, version));
        Ok(true)
    }

    /// The fields of it with a value that does not fit its column's type.
    pub fn unusual(&self) -> impl Iterator<Item = u16> + '_ {
        self.counts.unusual.keys().copied()
    }

    /// The password verifiers of it that wait to be strengthened.
    #[must_use]
    pub fn cheap(&self) -> Cheap {
        self.cheap.clone().joined()
    }

    /// Ends the batch: its entry, its slots, its rows, and those of the job.
    #[must_use]
    pub fn finish(mut self, job: &JobRows<'_>) -> (Batch, SealCounts) {
        let log = self.authorized.log;
        let mut entry = self.authorized.entry(Phase::Commit);
        entry.fields = names(self.fields);
        if let Some((key, body)) = job.put {
            self.changes.rows.put(Table::Job, key, &protect(job.control, "job", key, body));
        }
        job.over.iter().for_each(|key| self.changes.rows.delete(Table::Job, key));
        let mut entries = Vec::new();
        for group in self.updated.chunks_mut(VERSIONS_MAX) {
            // As in `naming`: their order would say which record each is of.
            group.sort_unstable();
            let mut entry = entry.clone();
            (entry.act, entry.fields) = (Act::PiiUpdate, names(self.touched));
            (entry.subjects, entry.versions) = group.iter().copied().unzip();
            entries.push((log, entry));
        }
        if self.rows > 0 {
            entry.range = Some(RecordRange { first: self.first.0, count: self.rows });
            self.changes.slots = Some((self.first, self.slots));
        }
        // A batch that collects and changes nobody still has its place noted.
        if self.rows > 0 || entries.is_empty() {
            entries.push((log, entry));
        }
        (Batch::of(entries, self.changes).0, self.counts)
    }
}

/// The types of some codes, as an entry lists them.
pub(super) fn names(codes: u32) -> Vec<String> {
    let kinds = FieldType::ALL.into_iter().filter(|kind| codes & (1 << kind.code()) != 0);
    let mut names: Vec<String> = kinds.map(|kind| kind.name().to_owned()).collect();
    names.sort_unstable();
    names
}
