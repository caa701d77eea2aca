//! Seal: one export in, sealed records and a tokenised export out.
//!
//! Two passes over the input: the first reads its digest, its columns and a sample; the second
//! seals. A job is named by tenant, collection, schema and digest, and keeps a row for every batch
//! sealed, so that a run killed at any instant goes on: batches that are durable give their tokens
//! again and are not sealed again. The output is written aside and renamed when it is complete.

mod clear;
pub(super) mod input;
mod keyed;
mod open;
pub(super) mod output;
mod pipeline;
pub(super) mod plan;
mod report;
mod retry;
mod shred;
mod source;
mod verify;

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use strongroom_core::access::Authorized;
use strongroom_core::access::admin::SetSchema;
use strongroom_core::access::seal::Seal;
use strongroom_core::control::{CollectionRow, open as open_row, protect};
use strongroom_core::id::{JobId, TenantId};
use strongroom_core::principal::Principal;
use strongroom_core::schema::{Proposal, Schema};
use strongroom_core::source::draw;
use strongroom_core::store::{Changes, Table};

use super::Vault;
use super::admin::stored_schema;
use super::strengthen::Cheap;
use crate::import::{Asked, BadRow};
use crate::problem::Problem;
use crate::vault::room::Bulk;

pub use clear::ClearCopy;
pub use input::Input;
pub use keyed::make_key;
pub(super) use keyed::matches;
pub use output::{keep_apart, remove_partial};
pub(super) use pipeline::{start, unchanged};
pub use report::{SealReport, Totals};
pub use retry::LeftOut;
pub use shred::{NOT_REACHED, Shred};

/// Rows of one batch. Part of a job's identity: it says where batches begin.
pub(super) const BATCH_ROWS: usize = 1000;
/// Most quarantined rows that an error names.
const BAD_NAMED: usize = 5;
/// Most quarantined rows that a report lists; all are counted.
const BAD_LISTED_MAX: usize = 100_000;

/// What to seal, and where to.
#[derive(Default)]
pub struct SealRequest {
    /// The input file; `-` for standard input.
    pub input: PathBuf,
    /// The tenant, by name or id.
    pub tenant: String,
    /// The collection.
    pub collection: String,
    /// A schema, when it is given.
    pub schema: Option<Schema>,
    /// The column that rows are known by, when it is named.
    pub key: Option<String>,
    /// Where the tokenised file goes; beside the input by default.
    pub out: Option<PathBuf>,
    /// Read and judge everything, write nothing.
    pub dry_run: bool,
    /// Seal nothing when there is a row that cannot be read.
    pub strict: bool,
    /// The job whose left out rows are tried again.
    pub retry: Option<JobId>,
    /// How the file is to be read, where its bytes do not tell.
    pub asked: Asked,
    /// Where a report will go, which must be no file of the job.
    pub report: Option<PathBuf>,
    /// Overwrite and remove the input once its copy was verified.
    pub shred: bool,
    /// Now; the end date of cheap password verifiers is counted from it.
    pub now_us: u64,
}

/// A job's row for one batch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BatchRow {
    /// First record number.
    pub first: u64,
    /// Rows sealed.
    pub rows: u64,
    /// The record of each row, where they are not those from `first` on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<u64>,
    /// Keyed digest of the bytes of its rows: an input that changed while it was
    /// sealed leaves batches behind that are not those of the input the job is named after.
    pub mac: String,
    /// What of it waits to be strengthened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cheap: Option<Cheap>,
    /// The rows that were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<retry::LeftOut>,
}

impl BatchRow {
    /// The record of each row.
    pub fn records(&self) -> impl Iterator<Item = u64> + '_ {
        let listed = self.numbers.iter().copied();
        let counted = if self.numbers.is_empty() { self.rows } else { 0 };
        listed.chain(self.first..self.first.saturating_add(counted))
    }
}

/// A job's own row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct JobRow {
    /// Whether every row was sealed and the output was in place.
    pub ended: bool,
    /// The collection.
    pub collection: u32,
    /// When it began.
    pub began_us: u64,
    /// Rows of its input, those left out among them.
    pub rows: u64,
    /// Rows that were left out and not dealt with since.
    pub left_out: u64,
    /// A keyed digest of the schema's version and the input's columns: a retry has the same.
    pub shape: String,
    /// The job whose left out rows this one tries again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<JobId>,
}

impl Vault {
    /// Seals a file.
    ///
    /// # Errors
    /// A [`Problem`]; whatever was acknowledged stays sealed, and the same command goes on from
    /// there.
    pub fn seal(
        &self,
        who: &Principal,
        request: &SealRequest,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<SealReport, Problem> {
        let tenant = self.tenant(&request.tenant);
        // Asked before the file is looked at; the job's id is not known yet.
        self.authorize(who, Seal { tenant, job: JobId([0; 16]) })?;
        let tenant = tenant.ok_or_else(Problem::not_found)?;
        output::refuse_unnamed(&request.input, request.out.as_deref())?;
        shred::refuse_left(&request.input)?;
        let claim = match request.shred {
            true => Some(shred::Claim::take(&request.input)?),
            false => None,
        };
        let input = Input::open(&request.input, &request.asked)?;
        if claim.is_some() {
            shred::refuse_more_than_rows(&input)?;
        }
        let format = input.told.layout.format;
        let out = output::place(&request.input, request.out.as_deref(), format)?;
        if let Some(report) = &request.report {
            keep_apart(report, &[&out])?;
        }
        if !request.dry_run {
            self.room_for(Bulk::Seal(input.length()))?;
        }
        let found = self.schema_for(who, tenant, request, &input, &out)?;
        let (collection, schema, proposal) = found;
        let (job, base) = self.jobs(&collection, &input, request.retry)?;
        let authorized = self.authorize(who, Seal { tenant: Some(tenant), job })?;
        self.load_keys(Some(tenant))?;
        let plan = plan::Plan::new(&input.columns, &schema, &collection)?;
        let writes = !request.dry_run && (plan.key.is_some() || base.is_some());
        let _sealing = self.sealing();
        let _one = writes.then(|| self.rewriting());
        let mut run = Run {
            vault: self,
            authorized: &authorized,
            tenant,
            collection: &collection,
            input: &input,
            schema: &schema,
            plan: &plan,
            job,
            base,
            looks_up: false,
            out,
            now_us: request.now_us,
            progress,
        };
        if request.strict {
            run.refuse_quarantine()?;
        }
        let mut report = if request.dry_run { run.judge()? } else { run.seal()? };
        report.proposal = proposal;
        if let Some(claim) = claim.filter(|_| !request.dry_run) {
            report.shred = match shred::only_there(&report) {
                Some(why) => Shred::Kept(why),
                None => claim.shred(&run).map(|()| Shred::Done)?,
            };
        }
        let ours = [Some(&report.out), request.report.as_ref()];
        let ours: Vec<&Path> = ours.into_iter().flatten().map(PathBuf::as_path).collect();
        report.clear = clear::clear_copies(&request.input, &ours);
        Ok(report)
    }

    /// The job to run, and the one whose left out rows it tries again.
    fn jobs(
        &self,
        collection: &CollectionRow,
        input: &Input,
        retry: Option<JobId>,
    ) -> Result<(JobId, Option<JobId>), Problem> {
        let (tenant, id) = (collection.tenant, collection.id);
        let shape = self.shape(collection, input);
        let base = retry.map(|job| self.base_of(tenant, job, (id, &shape))).transpose()?;
        let job = match base.filter(|_| collection.key.is_none()) {
            Some(base) => self.retry_id(base),
            None => self.job_id(tenant, collection, input)?,
        };
        Ok((job, base.filter(|base| *base != job)))
    }

    /// What a retry must have in common with its job for kept rows to mean the same.
    fn shape(&self, collection: &CollectionRow, input: &Input) -> String {
        let version = collection.version.to_be_bytes();
        let columns = input.columns.iter().map(String::as_bytes);
        let parts: Vec<&[u8]> = std::iter::once(version.as_slice()).chain(columns).collect();
        HEXLOWER.encode(&self.control.mac("strongroom/shape", &parts))
    }

    /// The schema to seal by: given, stored, or proposed now.
    fn schema_for(
        &self,
        who: &Principal,
        tenant: TenantId,
        request: &SealRequest,
        input: &Input,
        out: &Path,
    ) -> Result<(CollectionRow, Schema, Option<Proposal>), Problem> {
        let stored = self.collection(Some(tenant), &request.collection);
        let (schema, proposal) = match (&request.schema, &stored) {
            (Some(given), _) => (given.clone(), None),
            (None, Some(row)) => (stored_schema(row)?, None),
            (None, None) => {
                let mut proposal = input.propose()?;
                keyed::make_key(&mut proposal, request.key.as_deref())?;
                (proposal.schema(), Some(proposal))
            }
        };
        input.check_covered(&schema)?;
        keyed::check(&schema, request.key.as_deref(), &input.columns)?;
        if proposal.is_none() || request.key.is_some() {
            open::refuse_breaches(input, &schema)?;
        }
        // A schema that stands already is not set again: a service may seal by it.
        if let Some(row) = stored.as_ref().filter(|row| row.schema == schema.to_toml()) {
            return Ok((row.clone(), schema, proposal));
        }
        let row = if request.dry_run {
            let collection =
                stored.as_ref().map_or(strongroom_core::id::CollectionId(0), |row| row.id);
            let digest = super::admin::digest(&schema);
            self.authorize(who, SetSchema { tenant: Some(tenant), collection, digest })?;
            self.would_be(tenant, &request.collection, stored, &schema)?
        } else {
            // A new version of the schema makes a new job: what is there cannot be its output.
            output::refuse_existing(out)?;
            self.set_schema(who, &request.tenant, &request.collection, &schema)?
        };
        Ok((row, schema, proposal))
    }

    /// The collection as it would be, for a dry run.
    fn would_be(
        &self,
        tenant: TenantId,
        collection: &str,
        stored: Option<CollectionRow>,
        schema: &Schema,
    ) -> Result<CollectionRow, Problem> {
        let name = strongroom_core::id::Name::parse(collection)
            .map_err(|e| Problem::usage(e.to_string(), "choose another collection name"))?;
        let id = stored.map_or(strongroom_core::id::CollectionId(0), |c| c.id);
        Ok(self.read().registry.evolve(tenant, id, &name, schema)?)
    }

    /// A job's id: the same input, read the same way, into the same collection by the same schema
    /// is the same job.
    /// A stream is named by chance: nothing tells whether the same bytes come again.
    fn job_id(
        &self,
        tenant: TenantId,
        collection: &CollectionRow,
        input: &Input,
    ) -> Result<JobId, Problem> {
        let name = match input.digest {
            Some(digest) => digest,
            None => draw::<32>(&*self.random)?,
        };
        let (id, version) = (collection.id.0.to_be_bytes(), collection.version.to_be_bytes());
        let rows = (BATCH_ROWS as u64).to_be_bytes();
        let read = input.read_as().to_string();
        let parts: [&[u8]; 6] = [&tenant.0, &id, &version, &rows, &name, read.as_bytes()];
        let mac = self.control.mac("strongroom/job", &parts);
        Ok(JobId(mac.first_chunk().copied().unwrap_or_default()))
    }

    /// The keyed digest of a batch, for its row.
    fn batch_mac(&self, job: JobId, bytes: &[u8]) -> String {
        let parts: [&[u8]; 2] = [&job.0, bytes];
        HEXLOWER.encode(&self.control.mac("strongroom/batch", &parts))
    }

    pub(super) fn read_job<T: serde::de::DeserializeOwned>(
        &self,
        key: &[u8],
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.store.get(Table::Job, key)? else { return Ok(None) };
        let body = open_row(&self.control, "job", key, &value);
        let row = body.and_then(|b| serde_json::from_slice(b).ok());
        row.map(Some).ok_or_else(|| Problem::tampered("a job's row is not authentic"))
    }

    pub(super) fn job_changes(&self, key: &[u8], row: &JobRow) -> Result<Changes, Problem> {
        let mut changes = Changes::default();
        self.put_job(&mut changes, key, row)?;
        Ok(changes)
    }

    fn put_job(&self, changes: &mut Changes, key: &[u8], row: &JobRow) -> Result<(), Problem> {
        let body = serde_json::to_vec(row).map_err(|_| Problem::internal("a job's row"))?;
        changes.rows.put(Table::Job, key, &protect(&self.control, "job", key, &body));
        Ok(())
    }
}

/// The key of a job's own row, and of its batches'.
pub(super) fn job_key(tenant: TenantId, job: JobId, batch: Option<u32>) -> Vec<u8> {
    let batch = batch.unwrap_or(u32::MAX).to_be_bytes();
    [tenant.0.as_slice(), &job.0, &batch].concat()
}

/// One job under way.
struct Run<'a> {
    vault: &'a Vault,
    authorized: &'a Authorized<Seal>,
    tenant: TenantId,
    collection: &'a CollectionRow,
    input: &'a Input,
    schema: &'a Schema,
    plan: &'a plan::Plan,
    job: JobId,
    /// The job whose left out rows are tried again.
    base: Option<JobId>,
    /// Whether rows may belong to records that are there, so that the index is asked for keys.
    looks_up: bool,
    out: PathBuf,
    now_us: u64,
    progress: &'a (dyn Fn(u64) + Sync),
}

impl Run<'_> {
    /// Refuses an input with a row that cannot be read, before anything is sealed.
    fn refuse_quarantine(&self) -> Result<(), Problem> {
        let file = self.input.path.display();
        if self.input.is_stream() {
            let detail = format!("{file} is read once: a bad row is met after others are sealed");
            return Err(Problem::usage(detail, "save it to a file, or leave --strict out"));
        }
        let done = pipeline::judge(self)?;
        if done.quarantined == 0 {
            return Ok(());
        }
        let place = |bad: &BadRow| format!("line {}: {}", bad.line, bad.reason);
        let places: Vec<String> = done.bad.iter().take(BAD_NAMED).map(place).collect();
        let more = done.quarantined.saturating_sub(BAD_NAMED as u64);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let (count, places) = (done.quarantined, places.join("; "));
        let detail = format!("{file}: {count} rows cannot be read ({places}{more})");
        Err(Problem::usage(detail, "correct them, or leave --strict out; nothing was sealed"))
    }

    /// Reads everything, writes nothing.
    fn judge(&self) -> Result<SealReport, Problem> {
        Ok(self.report(pipeline::judge(self)?, true))
    }

    fn seal(&mut self) -> Result<SealReport, Problem> {
        // Whether this very input was sealed before is an answer about what is sealed: an entry
        // before anything depends on it.
        self.vault.commit(self.authorized.ask())?;
        let key = job_key(self.tenant, self.job, None);
        // Where the copy lies already, this answers and seals nothing: a guess at a whole file.
        let guess = output::refuse_existing(&self.out).is_err();
        if guess {
            self.count(&|guesses| self.authorized.guess(guesses))?;
        }
        let known: Option<JobRow> = self.vault.read_job(&key)?;
        if guess && known.is_some() {
            self.count(&|guesses| self.authorized.was_right(guesses))?;
        }
        self.looks_up = keyed::are_there(self)?;
        if let Some(base) = self.base.filter(|_| self.plan.key.is_none()) {
            self.check_retry(base)?;
        }
        let mut row = match known {
            Some(row) => row,
            None => {
                output::refuse_existing(&self.out)?;
                let row = JobRow {
                    ended: false,
                    collection: self.collection.id.0,
                    began_us: self.now_us,
                    rows: 0,
                    left_out: 0,
                    shape: self.vault.shape(self.collection, self.input),
                    retry_of: self.base.filter(|_| self.plan.key.is_none()),
                };
                self.vault.commit(self.authorized.begin(self.vault.job_changes(&key, &row)?))?;
                row
            }
        };
        let aside = output::Aside::create(&self.out, self.job)?;
        let done = match pipeline::seal(self, &aside) {
            Err(problem) if self.input.is_stream() => {
                // Nobody can go on with it.
                aside.remove();
                return Err(problem);
            }
            done => done?,
        };
        aside.finish(&self.out)?;
        self.end(&key, &mut row, &done)?;
        Ok(self.report(done, false))
    }

    /// Notes that the job has ended, and what is still left out; once.
    fn end(&self, key: &[u8], row: &mut JobRow, done: &pipeline::Done) -> Result<(), Problem> {
        let (rows, left_out) = (done.rows + done.quarantined, done.quarantined);
        let mut changes = Changes::default();
        if !row.ended || (row.retry_of.is_some() && row.left_out != left_out) {
            (row.ended, row.rows, row.left_out) = (true, rows, left_out);
            self.vault.put_job(&mut changes, key, row)?;
        }
        if let Some(base) = self.base {
            let key = job_key(self.tenant, base, None);
            let row = self.vault.read_job::<JobRow>(&key)?;
            // What is still left out is the new job's. A file that has fewer rows than that one
            // had does not hold all of them.
            if let Some(row) = row.filter(|row| row.left_out > 0 && rows >= row.rows) {
                self.vault.put_job(&mut changes, &key, &JobRow { left_out: 0, ..row })?;
            }
        }
        if !changes.is_empty() {
            self.vault.commit(self.authorized.end(changes))?;
        }
        Ok(())
    }

    fn report(&self, done: pipeline::Done, dry_run: bool) -> SealReport {
        let columns =
            self.collection.fields.iter().map(|f| (f.number.0, f.column.clone())).collect();
        let open = self.plan.columns.iter().zip(&self.input.columns);
        let open = open.filter(|(p, _)| p.is_open());
        let open = open.map(|(_, name)| name.clone()).collect();
        let named = |(i, n): (&usize, &u64)| Some((self.input.columns.get(*i)?.clone(), *n));
        let exposed = done.totals.exposed.iter().filter_map(named).collect();
        SealReport {
            open,
            exposed,
            job: (!dry_run).then_some(self.job),
            rows: done.rows,
            added: done.added,
            updated: done.updated,
            keyed: self.plan.key.is_some(),
            quarantined: done.quarantined,
            bad: done.bad,
            counts: done.totals,
            out: self.out.clone(),
            read: self.input.read_as(),
            proposal: None,
            dry_run,
            columns,
            clear: Vec::new(),
            shred: Shred::NotAsked,
        }
    }
}
