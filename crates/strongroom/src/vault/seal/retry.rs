//! Rows that were left out: what is kept of them, and a second try once the source was corrected.
//!
//! A collection with a key knows its rows whatever file they come in: a retry is a seal. Without
//! one, rows are known by where they stand: batch by batch, the rows that were sealed must stand
//! there again, byte for byte, with one row where one was left out. Anything else is refused before
//! the batch is sealed, since it could seal a person twice.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use strongroom_core::access::Stop;
use strongroom_core::access::guess::Guessing;
use strongroom_core::id::{CollectionId, JobId, RecordNumber, TenantId};
use strongroom_core::store;

use super::input::bad_file;
use super::keyed::Fate;
use super::{BATCH_ROWS, BatchRow, JobRow, Run, job_key};
use crate::import::{BadRow, Batch};
use crate::problem::Problem;
use crate::vault::Vault;

/// A row that was left out: its place and the reason, never what stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its place among the rows of its batch, those left out among them.
    pub at: u32,
    /// The line it begins on, from 1.
    pub line: u64,
    /// Its first byte in the file.
    pub start: u64,
    /// The byte after its last.
    pub end: u64,
    /// A word for the reason.
    pub reason: String,
    /// The reason, for people.
    pub detail: String,
}

/// What is kept of the rows of a batch that were left out.
pub fn left_out(batch: &Batch) -> Vec<LeftOut> {
    let starts: Vec<u64> = batch.iter().map(|row| row.start()).collect();
    let row = |(before, bad): (usize, &BadRow)| {
        let at = before + starts.partition_point(|start| *start < bad.start);
        LeftOut {
            at: u32::try_from(at).unwrap_or(u32::MAX),
            line: bad.line,
            start: bad.start,
            end: bad.end,
            reason: bad.reason.name().to_owned(),
            detail: bad.reason.to_string(),
        }
    };
    batch.bad().iter().enumerate().map(row).collect()
}

impl Vault {
    /// The job whose left out rows are tried again: of one that did so already, the one before.
    ///
    /// # Errors
    /// A [`Problem`]: there is no such job, it is of another collection, has not ended, or left
    /// nothing out that was not dealt with.
    pub(super) fn base_of(
        &self,
        tenant: TenantId,
        job: JobId,
        (collection, shape): (CollectionId, &str),
    ) -> Result<JobId, Problem> {
        let row: Option<JobRow> = self.read_job(&job_key(tenant, job, None))?;
        let row = row.ok_or_else(Problem::not_found)?;
        let shown = "`strongroom quarantine list` shows the jobs that left rows out";
        if row.collection != collection.0 {
            return Err(Problem::usage("the job is of another collection", shown));
        }
        if !row.ended {
            let remedy = "run `seal` on its file again first";
            return Err(Problem::usage("the job has not ended", remedy));
        }
        // What is still left out of it may be that of an earlier try by now.
        let again = job_key(tenant, self.retry_id(job), None);
        let again = self.read_job::<JobRow>(&again)?.is_some_and(|row| row.left_out > 0);
        if row.left_out == 0 && !again {
            return Err(Problem::usage("no row of the job is left out any more", shown));
        }
        if row.shape != shape {
            return Err(Problem::usage(
                "the job had other columns, or the collection another schema",
                "keep the header as it was; where the schema changed, put the corrected rows into \
                 a file of their own and seal that",
            ));
        }
        Ok(row.retry_of.unwrap_or(job))
    }

    /// The job that tries the rows of another again, whatever file they come in: what one run of
    /// it sealed is known to the next.
    pub(super) fn retry_id(&self, base: JobId) -> JobId {
        let mac = self.control.mac("strongroom/retry", &[&base.0]);
        JobId(mac.first_chunk().copied().unwrap_or_default())
    }
}

impl Run<'_> {
    /// Holds the input against the job that it corrects. A guess until it is right: whoever knows
    /// all of a file but one value could try that value.
    pub(super) fn check_retry(&self, base: JobId) -> Result<(), Problem> {
        self.count(&|guesses| self.authorized.guess(guesses))?;
        check_rows(self, base)?;
        self.count(&|guesses| self.authorized.was_right(guesses))
    }

    /// Commits what counts a guess, or takes it back.
    pub(super) fn count(
        &self,
        of: &dyn Fn(&mut Guessing<'_>) -> Result<store::Batch, Stop>,
    ) -> Result<(), Problem> {
        self.vault.guessing(self.now_us, |guesses| {
            let batch = of(guesses).map_err(|stop| self.vault.stopped(stop))?;
            self.vault.commit(batch).map(drop)
        })
    }
}

/// Holds a whole input against the job that it corrects, before anything is sealed: of a file that
/// is refused half-way, the rows before would be sealed again by the next try.
///
/// # Errors
/// A [`Problem`] that names the first batch that does not stand where it stood.
fn check_rows(run: &Run<'_>, base: JobId) -> Result<(), Problem> {
    let (mut batch, mut more, mut number) = (Batch::new(), true, 0);
    let mut reader = run.input.look()?;
    while more {
        let next = reader.read_batch(BATCH_ROWS, &mut batch);
        more = next.map_err(|e| bad_file(&run.input.path, &e))?;
        fates(run, base, number, &batch)?;
        number += 1;
    }
    let further: Option<BatchRow> = run.vault.read_job(&job_key(run.tenant, base, Some(number)))?;
    if further.is_some() { Err(moved(run, &batch)) } else { Ok(()) }
}

/// What becomes of each row of a batch: sealed by the earlier job, or left out by it.
///
/// # Errors
/// A [`Problem`] when the rows that were sealed do not stand where they stood.
pub fn fates(run: &Run<'_>, base: JobId, number: u32, batch: &Batch) -> Result<Vec<Fate>, Problem> {
    let moved = || moved(run, batch);
    let of = |job| run.vault.read_job::<BatchRow>(&job_key(run.tenant, job, Some(number)));
    // What an earlier try sealed stands as it was sealed.
    let (job, known) = match of(run.job)? {
        Some(known) => (run.job, known),
        None => (base, of(base)?.ok_or_else(moved)?),
    };
    let left_out: BTreeSet<u32> = known.left_out.iter().map(|row| row.at).collect();
    let bad: BTreeSet<u32> = self::left_out(batch).iter().map(|row| row.at).collect();
    let places = (0..).filter(|place| !bad.contains(place));
    let (mut fates, mut bytes) = (Vec::with_capacity(batch.rows()), Vec::new());
    let mut records = known.records();
    for (row, place) in batch.iter().zip(places) {
        if left_out.contains(&place) {
            fates.push(Fate::New);
            continue;
        }
        bytes.extend_from_slice(row.raw());
        fates.push(Fate::Kept(RecordNumber(records.next().ok_or_else(moved)?)));
    }
    let same = run.vault.batch_mac(job, &bytes) == known.mac;
    if records.next().is_some() || !same { Err(moved()) } else { Ok(fates) }
}

fn moved(run: &Run<'_>, batch: &Batch) -> Problem {
    let path = run.input.path.display();
    let detail = match batch.row(0) {
        Some(row) => format!(
            "{path}: the rows from line {} on are not those that were sealed, with one row where \
             one was left out",
            row.line()
        ),
        None => format!("{path}: the file ends before the last of the rows that were sealed"),
    };
    let remedy = "correct the rows that `strongroom quarantine list` names and nothing else; or \
                  put them into a file of their own and seal that";
    Problem::usage(detail, remedy)
}
