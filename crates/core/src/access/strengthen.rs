//! Strengthen: cheap password verifiers wrapped at full strength, without anybody's password. In
//! steps: each states its range of records in a durable entry before it opens them, and again
//! with the rows that it changes.

use super::person::with_row;
use super::rewrite::{Field, Held};
use super::{Action, Authorized, Context, ReadRow, ReadSlot, Stop, Target, blank, tampered};
use crate::control::protect;
use crate::field::FieldType;
use crate::id::{CollectionId, JobId, RecordNumber, TenantId};
use crate::ledger::Entry;
use crate::ledger::entry::{Act, Phase, RecordRange};
use crate::source::{Random, draw};
use crate::store::{Batch, Changes, Committed, Stub, Table};
use crate::vault::keys::ControlKey;
use crate::vault::sealed::OpenError;
use crate::vault::token::record_id;
use crate::vault::verifier::{Strength, Verifier};

/// A request to strengthen a tenant's verifiers.
pub struct Strengthen {
    /// The tenant.
    pub tenant: Option<TenantId>,
}

impl Action for Strengthen {
    const ACT: Act = Act::PiiStrengthen;
    type Plan = ();
    fn target(&self) -> Target {
        Target::tenant(self.tenant)
    }
    fn describe(&self, _: &mut Entry) {}
}

/// Records that one job sealed one after another.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The job.
    pub job: JobId,
    /// The collection.
    pub collection: CollectionId,
    /// The first record.
    pub first: RecordNumber,
    /// How many.
    pub count: u64,
}

/// A step whose entry is on its way.
pub struct Opening {
    step: Step,
    stub: Stub,
}

/// The job's row that goes with a step.
pub struct JobRow<'j> {
    /// Authenticates it.
    pub control: &'j ControlKey,
    /// Its key.
    pub key: &'j [u8],
    /// Its body, once so many verifiers are strengthened.
    pub body: &'j dyn Fn(u64) -> Vec<u8>,
}

/// Where rows and slots come from, and the randomness for rows that are written anew.
pub struct Means<'r> {
    /// Slots.
    pub slots: &'r mut ReadSlot<'r>,
    /// Rows.
    pub rows: &'r mut ReadRow<'r>,
    /// Randomness.
    pub random: &'r dyn Random,
}

impl Authorized<Strengthen> {
    fn step_entry(&self, act: Act, step: &Step) -> Entry {
        let mut entry = blank(self.log, act, Phase::Commit, self.actor);
        entry.object = Some(step.job.to_string());
        entry.range = Some(RecordRange { first: step.first.0, count: step.count });
        entry.fields = vec![FieldType::Password.name().to_owned()];
        entry
    }

    /// States whose verifiers are about to be opened.
    #[must_use]
    pub fn name(&self, step: Step) -> (Opening, Batch) {
        let entry = self.step_entry(Act::StrengthenBegin, &step);
        let (batch, stub) = Batch::of(vec![(self.log, entry)], Changes::default());
        (Opening { step, stub }, batch)
    }

    /// Strengthens the step's verifiers: every row that has a cheap one is written anew, as its
    /// next version, in its slot. Gives how many were strengthened.
    ///
    /// # Errors
    /// [`Stop::ForeignCommit`] before the step's entry is durable; [`Stop::Tampered`] when a row
    /// is not the one of its address.
    pub fn strengthen(
        &self,
        opening: Opening,
        committed: &Committed,
        context: &Context<'_>,
        means: Means<'_>,
        strength: Strength,
        job: &JobRow<'_>,
    ) -> Result<(Batch, u64), Stop> {
        let Opening { step, stub } = opening;
        if !stub.matches(committed) {
            return Err(Stop::ForeignCommit);
        }
        let keys = self.keys(context.ring)?;
        let (mut changes, mut changed, mut done) = (Changes::default(), Vec::new(), 0);
        for number in (step.first.0..).take(usize::try_from(step.count).unwrap_or(usize::MAX)) {
            let record = RecordNumber(number);
            let Some(person) = self.person(context, record, means.slots)? else { continue };
            let found =
                with_row(keys, step.collection, &person, means.rows, |row| Ok(Held::read(row)?))?;
            let id = || record_id(keys, record).unwrap_or_default();
            let stop = |what| tampered(&self.action, self.actor, self.log, what, Some(&id()));
            let mut held = found.map_err(stop)?;
            let n = strengthened(&mut held.fields, strength).map_err(|e| stop(e.into()))?;
            if n == 0 {
                continue;
            }
            let (place, nonce) = ((step.collection, &person), draw(means.random)?);
            let version = held.write_next(&mut changes, keys, place, nonce);
            let version = version.map_err(|e| stop(e.into()))?;
            changed.push((person.pseudonym, version));
            done += n;
        }
        let row = protect(job.control, "job", job.key, &(job.body)(done));
        changes.rows.put(Table::Job, job.key, &row);
        let mut entry = self.step_entry(Act::PiiStrengthen, &step);
        changed.sort_unstable();
        (entry.subjects, entry.versions) = changed.into_iter().unzip();
        Ok((Batch::of(vec![(self.log, entry)], changes).0, done))
    }
}

/// Strengthens the cheap verifiers of a row; gives how many there were.
fn strengthened(fields: &mut [Field], strength: Strength) -> Result<u64, OpenError> {
    let mut count = 0;
    for field in fields.iter_mut().filter(|field| field.kind == FieldType::Password) {
        let verifier = Verifier::read(&field.value).ok_or(OpenError::Malformed)?;
        if verifier.is_cheap() {
            count += 1;
            let strong = verifier.strengthened(strength).ok_or(OpenError::Malformed)?;
            field.value = strong.write();
        }
    }
    Ok(count)
}
