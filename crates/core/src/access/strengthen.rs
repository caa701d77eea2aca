//! Strengthen: cheap password verifiers wrapped at full strength, without anybody's password. In
//! steps: each states its range of records in a durable entry before it opens them, and again
//! with the rows that it changes.

use zeroize::Zeroizing;

use super::person::with_row;
use super::{Action, Authorized, Context, ReadRow, ReadSlot, Stop, Target, blank, tampered};
use crate::control::protect;
use crate::field::FieldType;
use crate::id::{CollectionId, FieldNumber, JobId, RecordNumber, TenantId};
use crate::ledger::Entry;
use crate::ledger::entry::{Act, Phase, RecordRange};
use crate::source::{Random, draw};
use crate::store::{Batch, Changes, Committed, Stub, Table};
use crate::vault::cell::{Clear, Opened};
use crate::vault::keys::{ControlKey, KeyError, TenantKeys};
use crate::vault::sealed::{OpenError, RowAddress, RowWriter};
use crate::vault::slot::SlotSecret;
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
        let (mut changes, mut done) = (Changes::default(), 0);
        for number in (step.first.0..).take(usize::try_from(step.count).unwrap_or(usize::MAX)) {
            let record = RecordNumber(number);
            let Some(person) = self.person(context, record, means.slots)? else { continue };
            let at = RowAddress { tenant: keys.tenant(), collection: step.collection, record };
            let found = with_row(keys, step.collection, &person, means.rows, |row| {
                let numbers: Vec<_> = row.numbers().collect();
                let open = |n: FieldNumber| Ok((n, row.open(n)?));
                let fields = numbers.into_iter().map(open).collect::<Result<Vec<_>, OpenError>>();
                Ok((row.version(), fields?))
            })?;
            let id = || record_id(keys, record).unwrap_or_default();
            let stop = |what| tampered(&self.action, self.actor, self.log, what, Some(&id()));
            let (version, fields) = found.map_err(stop)?;
            let Some((fields, n)) = strengthened(fields, strength).map_err(|e| stop(e.into()))?
            else {
                continue;
            };
            let rewritten = Rewritten { at, version, fields, nonce: draw(means.random)? };
            let key = at.key();
            let wrote = changes
                .rows
                .put_with(Table::Record, &key, |out| rewritten.write(out, keys, &person.secret));
            wrote.map_err(|e| stop(e.into()))?;
            done += n;
        }
        let row = protect(job.control, "job", job.key, &(job.body)(done));
        changes.rows.put(Table::Job, job.key, &row);
        let entry = self.step_entry(Act::PiiStrengthen, &step);
        Ok((Batch::of(vec![(self.log, entry)], changes).0, done))
    }
}

/// A field as it is sealed again.
struct Field {
    number: FieldNumber,
    kind: FieldType,
    literal: bool,
    value: Zeroizing<String>,
    spelling: Option<Zeroizing<String>>,
}

/// The fields of a row with its cheap verifiers strengthened, and how many; nothing when it has
/// none.
fn strengthened(
    fields: Vec<(FieldNumber, Opened)>,
    strength: Strength,
) -> Result<Option<(Vec<Field>, u64)>, OpenError> {
    let (mut all, mut count) = (Vec::with_capacity(fields.len()), 0);
    for (number, Opened { kind, literal, value, spelling }) in fields {
        let mut value = value.disclose();
        if kind == FieldType::Password {
            let verifier = Verifier::read(&value).ok_or(OpenError::Malformed)?;
            if verifier.is_cheap() {
                count += 1;
                let strong = verifier.strengthened(strength).ok_or(OpenError::Malformed)?;
                value = strong.write();
            }
        }
        let spelling = spelling.map(|s| s.disclose());
        all.push(Field { number, kind, literal, value, spelling });
    }
    Ok((count > 0).then_some((all, count)))
}

/// The next version of a row.
struct Rewritten {
    at: RowAddress,
    /// Schema and record version of the row as it was.
    version: (u32, u32),
    fields: Vec<Field>,
    nonce: [u8; 12],
}

impl Rewritten {
    fn write(
        &self,
        out: &mut Vec<u8>,
        keys: &TenantKeys,
        secret: &SlotSecret,
    ) -> Result<(), OpenError> {
        let (schema, version) = self.version;
        let version = version.checked_add(1).ok_or(OpenError::Key(KeyError::NoSuchVersion))?;
        let at = self.at;
        let mut writer = RowWriter::begin(out, keys, secret, at, (schema, version), self.nonce)?;
        for field in &self.fields {
            let clear = Clear {
                kind: field.kind,
                literal: field.literal,
                value: &field.value,
                spelling: field.spelling.as_ref().map(|s| s.as_str()),
            };
            writer.field(field.number, &clear)?;
        }
        writer.finish();
        Ok(())
    }
}
