//! Three threads: one reads, one seals and hands batches to the store, the caller's waits for each
//! batch to be durable and writes its rows out. A row is in the output only once it is sealed.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{Scope, ScopedJoinHandle};

use strongroom_core::id::RecordNumber;
use strongroom_core::store::Commit;
use strongroom_core::vault::token::{Named, TOKEN_CHARS, is_spelt_as_token, write_token};

use super::input::{bad_file, is_nested};
use super::keyed::{self, Fate, Keys, key};
use super::open::Watch;
use super::output::{Aside, unwritable};
use super::plan::ColumnPlan;
use super::retry;
use super::source::Hashing;
use super::{BAD_LISTED_MAX, BATCH_ROWS, BatchRow, Run, Totals, job_key};
use crate::import::{BadRow, Batch, RowView, Writer};
use crate::problem::Problem;
use crate::vault::room::Bulk;
use crate::vault::strengthen::{CHEAP_US_MAX, Cheap};
use strongroom_core::access::seal::{Cheap as SealCheap, FieldPlan, JobRows, SealCell, SealCounts};

/// Batches between two threads.
const DEPTH: usize = 4;
/// Batches on their way to disk: the more wait together, the fewer syncs and the better sorted.
const IN_FLIGHT: usize = 16;

/// What a pass gave.
#[derive(Default)]
pub struct Done {
    pub rows: u64,
    pub added: u64,
    pub updated: u64,
    pub quarantined: u64,
    pub bad: Vec<BadRow>,
    pub totals: Totals,
}

impl Done {
    fn take_bad(&mut self, bad: &[BadRow]) {
        self.quarantined += bad.len() as u64;
        let room = BAD_LISTED_MAX.saturating_sub(self.bad.len());
        self.bad.extend(bad.iter().take(room));
    }
}

/// A batch as the reader hands it over.
struct ReadBatch {
    number: u32,
    batch: Batch,
    /// How much of the file has passed, packed as it is.
    passed: u64,
}

/// A batch on its way to disk.
struct SealedBatch {
    read: ReadBatch,
    tokens: Tokens,
    counts: SealCounts,
    /// Records added, and records that were there and differed.
    added: u64,
    updated: u64,
    commit: Option<Commit>,
}

/// The tokens of a batch, by row and column.
struct Tokens {
    text: String,
    places: Vec<u32>,
    columns: usize,
}

const NO_TOKEN: u32 = u32::MAX;

impl Tokens {
    fn get(&self, row: usize, column: usize) -> Option<&str> {
        let place = *self.places.get(row * self.columns + column)?;
        let start = (place != NO_TOKEN).then_some(place as usize)?;
        self.text.get(start..start + TOKEN_CHARS)
    }
}

/// Seals the whole input, or goes on where a killed run stopped.
pub fn seal(run: &Run<'_>, aside: &Aside) -> Result<Done, Problem> {
    let (to_seal, batches) = mpsc::sync_channel(DEPTH);
    let (to_write, sealed) = mpsc::sync_channel(IN_FLIGHT);
    std::thread::scope(|scope| {
        let reader = start(scope, "reader", move || read(run, &to_seal))?;
        let sealer = start(scope, "sealer", move || seal_all(run, &batches, &to_write))?;
        let written = write(run, &sealed, aside);
        // Dropping the receiver ends the sealer, and with it the reader.
        drop(sealed);
        let sealed = sealer.join().unwrap_or_else(|_| Err(Problem::internal("sealing panicked")));
        let read = reader.join().unwrap_or_else(|_| Err(Problem::internal("reading panicked")));
        // The first fault in the order of the data is the cause of those behind it.
        let written = written?;
        sealed?;
        read?;
        Ok(written)
    })
}

/// Starts a thread of a pipeline.
pub fn start<'s, T: Send + 's>(
    scope: &'s Scope<'s, '_>,
    name: &str,
    run: impl FnOnce() -> T + Send + 's,
) -> Result<ScopedJoinHandle<'s, T>, Problem> {
    let builder = std::thread::Builder::new().name(name.to_owned());
    builder.spawn_scoped(scope, run).map_err(|_| Problem::internal("no thread could be started"))
}

/// Reads the whole input and counts what sealing it would do.
pub fn judge(run: &Run<'_>) -> Result<Done, Problem> {
    let mut done = Done::default();
    let mut hashing = run.input.hashing()?;
    let passed = hashing.passed();
    let mut reader = run.input.reader(&mut hashing)?;
    let mut batch = Batch::new();
    let mut keys = Keys::new(run.plan);
    let mut more = true;
    while more {
        let next = reader.read_batch(BATCH_ROWS, &mut batch);
        more = next.map_err(|e| bad_file(&run.input.path, &e))?;
        keys.pass(&mut batch);
        (run.progress)(passed.get());
        for row in batch.iter() {
            refuse_tokens(run, row)?;
            refuse_open_nested(run, row)?;
            done.rows += 1;
            note_cells(&mut done.totals.sealed, &run.plan.columns, row);
            done.totals.note_row(&run.plan.columns, row);
        }
        done.take_bad(batch.bad());
    }
    Ok(done)
}

fn read(run: &Run<'_>, to_seal: &SyncSender<ReadBatch>) -> Result<(), Problem> {
    let mut hashing = run.input.hashing()?;
    let passed = hashing.passed();
    let mut reader = run.input.reader(&mut hashing)?;
    let mut watch = run.input.is_stream().then(|| Watch::new(run.input, run.schema));
    let mut keys = Keys::new(run.plan);
    let mut more = true;
    let mut number = 0;
    while more {
        let mut batch = Batch::new();
        let next = reader.read_batch(BATCH_ROWS, &mut batch);
        more = next.map_err(|e| bad_file(&run.input.path, &e))?;
        keys.pass(&mut batch);
        if let Some(watch) = &mut watch {
            watch.pass(run.input, &batch)?;
        }
        if to_seal.send(ReadBatch { number, batch, passed: passed.get() }).is_err() {
            return Ok(());
        }
        number += 1;
    }
    drop(reader);
    unchanged(hashing, run.input.digest, &run.input.path, "sealed")
}

/// What a pass read must be what the job is named after.
pub fn unchanged(
    hashing: Hashing,
    digest: Option<[u8; 32]>,
    path: &Path,
    done: &str,
) -> Result<(), Problem> {
    // A stream was looked at once, as it passed.
    let Some(digest) = digest else { return Ok(()) };
    if hashing.digest().is_ok_and(|now| now == digest) {
        return Ok(());
    }
    let detail = format!("{} changed while it was being {done}", path.display());
    Err(Problem::usage(detail, "run the command again on a file that nobody writes to"))
}

fn seal_all(
    run: &Run<'_>,
    batches: &Receiver<ReadBatch>,
    to_write: &SyncSender<SealedBatch>,
) -> Result<(), Problem> {
    while let Ok(read) = batches.recv() {
        let sealed = seal_batch(run, read)?;
        if to_write.send(sealed).is_err() {
            break;
        }
    }
    Ok(())
}

/// Seals a batch, or gives the tokens of one that an earlier run sealed.
fn seal_batch(run: &Run<'_>, read: ReadBatch) -> Result<SealedBatch, Problem> {
    let key = job_key(run.tenant, run.job, Some(read.number));
    let known: Option<BatchRow> = run.vault.read_job(&key)?;
    let mac = run.vault.batch_mac(run.job, read.batch.bytes());
    // A known batch of other bytes is none of this input's: it is sealed anew, and its tokens are
    // never given out. Rows with keys are held against their records whenever they come.
    let same = |k: &&BatchRow| k.rows == read.batch.rows() as u64 && k.mac == mac;
    let same = known.as_ref().filter(|_| run.plan.key.is_none()).filter(same);
    let Some(known) = same else {
        return seal_new(run, read, (&key, known), mac);
    };
    let mut counts = SealCounts::default();
    for row in read.batch.iter() {
        note_cells(&mut counts, &run.plan.columns, row);
    }
    let tokens = tokens(run, &read.batch, known)?;
    Ok(SealedBatch { read, tokens, counts, added: 0, updated: 0, commit: None })
}

/// Seals a batch: rows of nobody yet as new records, the others over the records that they belong
/// to, where they differ.
fn seal_new(
    run: &Run<'_>,
    read: ReadBatch,
    (key, before): (&[u8], Option<BatchRow>),
    mac: String,
) -> Result<SealedBatch, Problem> {
    let vault = run.vault;
    read.batch.iter().try_for_each(|row| refuse_tokens(run, row))?;
    vault.room_for(Bulk::Batch)?;
    let fates = fates(run, &read)?;
    let (rows, new) = (fates.len(), fates.iter().filter(|f| matches!(f, Fate::New)).count());
    let first = vault.store.reserve(new as u64)?;
    let mut job_row = BatchRow {
        first: first.0,
        rows: rows as u64,
        numbers: if new < rows { keyed::records(&fates, first) } else { Vec::new() },
        mac,
        cheap: None,
        left_out: retry::left_out(&read.batch),
    };
    let means = vault.seal_means(run.authorized, None)?;
    let begun = run.authorized.batch(means, run.collection, first, new);
    let mut batch = begun.map_err(|stop| vault.stopped(stop))?;
    let mut updated = 0;
    let mut kept = SealCounts::default();
    for (row, fate) in read.batch.iter().zip(fates) {
        refuse_open_nested(run, row)?;
        let sealed = match fate {
            Fate::New => batch.row(sealed_cells(&run.plan.columns, row)).map(|_| false),
            Fate::Held(found) => batch.update(*found, spoken_of(&run.plan.columns, row)),
            Fate::Kept(_) => {
                note_cells(&mut kept, &run.plan.columns, row);
                Ok(false)
            }
        };
        updated += usize::from(sealed.map_err(|_| too_long(&run.input.path, row.line()))?);
    }
    let SealCheap { count, runs } = batch.cheap();
    let fresh = (count > 0).then(|| Cheap {
        collection: run.collection.id.0,
        runs,
        left: count,
        until_us: run.now_us.saturating_add(CHEAP_US_MAX),
    });
    let stands = before.as_ref().is_some_and(|row| row.mac == job_row.mac && new + updated == 0);
    job_row.cheap = Cheap::joined(before.and_then(|row| row.cheap), fresh);
    let body = serde_json::to_vec(&job_row).map_err(|_| Problem::internal("a job's row"))?;
    let job = JobRows { control: &vault.control, put: Some((key, &body)), over: &[] };
    let (batch, mut counts) = batch.finish(&job);
    counts.add(&kept);
    // What an earlier run noted and nothing differs from is not written again.
    let commit = (!stands).then(|| vault.store.commit(batch));
    let tokens = tokens(run, &read.batch, &job_row)?;
    let (added, updated) = (new as u64, updated as u64);
    Ok(SealedBatch { read, tokens, counts, added, updated, commit })
}

/// What becomes of each row of a batch that is new.
fn fates(run: &Run<'_>, read: &ReadBatch) -> Result<Vec<Fate>, Problem> {
    match (run.plan.key, run.base) {
        (Some(column), _) if run.looks_up => keyed::fates(run, column, &read.batch),
        (None, Some(base)) => retry::fates(run, base, read.number, &read.batch),
        (Some(_), _) | (None, None) => Ok((0..read.batch.rows()).map(|_| Fate::New).collect()),
    }
}

/// The tokens of a batch's rows.
fn tokens(run: &Run<'_>, batch: &Batch, job_row: &BatchRow) -> Result<Tokens, Problem> {
    let state = run.vault.read();
    let keys = run.authorized.keys(&state.ring)?;
    let columns = run.plan.columns.len();
    let cells = batch.rows() * columns;
    let mut tokens = Tokens {
        text: String::with_capacity(cells * TOKEN_CHARS),
        places: Vec::with_capacity(cells),
        columns,
    };
    for (row, record) in batch.iter().zip(job_row.records()) {
        for (column, plan) in run.plan.columns.iter().enumerate() {
            let sealed = sealed_cell(plan, row, column);
            // INVARIANT: no token of a password is made; a key stays as it is.
            let sealed = sealed.filter(|_| matches!(plan, ColumnPlan::Seal(_)));
            let Some(SealCell { plan, .. }) = sealed else {
                tokens.places.push(NO_TOKEN);
                continue;
            };
            tokens.places.push(u32::try_from(tokens.text.len()).unwrap_or(NO_TOKEN));
            let named = Named { record: RecordNumber(record), field: plan.number };
            write_token(keys, named, &mut tokens.text)
                .map_err(|_| Problem::internal("the tenant has no token key"))?;
        }
    }
    Ok(tokens)
}

fn write(run: &Run<'_>, sealed: &Receiver<SealedBatch>, aside: &Aside) -> Result<Done, Problem> {
    let mut done = Done::default();
    let mut writer = Writer::new(aside, run.input.told.layout.format);
    writer.header(&run.input.header).map_err(|e| unwritable(&run.out, &e))?;
    let mut tail = Vec::new();
    while let Ok(sealed) = sealed.recv() {
        if let Some(commit) = sealed.commit {
            pollster::block_on(commit)?;
        }
        let batch = &sealed.read.batch;
        for (number, row) in batch.iter().enumerate() {
            let write = writer.write_row(&row, |column| match run.plan.columns.get(column)? {
                ColumnPlan::Drop(_) | ColumnPlan::Verify(_) if !row.cell(column).absent => Some(""),
                _ => sealed.tokens.get(number, column),
            });
            write.map_err(|e| unwritable(&run.out, &e))?;
            done.totals.note_row(&run.plan.columns, row);
        }
        done.rows += batch.rows() as u64;
        done.added += sealed.added;
        done.updated += sealed.updated;
        done.totals.sealed.add(&sealed.counts);
        done.take_bad(batch.bad());
        tail.clear();
        tail.extend_from_slice(batch.tail());
        (run.progress)(sealed.read.passed);
    }
    writer.finish(&tail).map_err(|e| unwritable(&run.out, &e))?;
    Ok(done)
}

/// The cells of a row that are sealed, in the order of the columns.
fn sealed_cells<'a>(
    columns: &'a [ColumnPlan],
    row: RowView<'a>,
) -> impl Iterator<Item = SealCell<'a>> {
    spoken_of(columns, row).filter_map(|(_, cell)| cell)
}

/// The fields that a row speaks of, each with its cell if there is something in it. Of a member
/// that an object lacks it says nothing.
fn spoken_of<'a>(
    columns: &'a [ColumnPlan],
    row: RowView<'a>,
) -> impl Iterator<Item = (FieldPlan, Option<SealCell<'a>>)> {
    columns.iter().enumerate().filter(move |(i, _)| !row.lacks(*i)).filter_map(move |(i, plan)| {
        let cell = sealed_cell(plan, row, i);
        let spelling = row.spelling(i).filter(|_| !matches!(plan, ColumnPlan::Key { .. }));
        Some((plan.field()?, cell.map(|cell| SealCell { spelling, ..cell })))
    })
}

/// Counts a row's values; its key is none.
fn note_cells(counts: &mut SealCounts, columns: &[ColumnPlan], row: RowView<'_>) {
    for (i, column) in columns.iter().enumerate() {
        let value = !matches!(column, ColumnPlan::Key { .. });
        if let Some(SealCell { plan, value, .. }) = sealed_cell(column, row, i).filter(|_| value) {
            counts.note(plan, plan.fits(value));
        }
    }
}

/// Whether and how a cell is sealed: an empty one holds nothing to seal and stays empty.
pub fn sealed_cell<'a>(plan: &ColumnPlan, row: RowView<'a>, column: usize) -> Option<SealCell<'a>> {
    if let ColumnPlan::Key { field, .. } = plan {
        let value = key(row, column)?;
        return Some(SealCell { plan: *field, value, literal: false, spelling: None });
    }
    let plan = &plan.field()?;
    let cell = row.cell(column);
    let sealed = SealCell { plan: *plan, value: cell.value, literal: cell.literal, spelling: None };
    (!cell.absent && !cell.value.is_empty()).then_some(sealed)
}

/// A token in the place of a value: the file is a tokenised copy, and sealed as it is it would put
/// tokens where the values are.
fn refuse_tokens(run: &Run<'_>, row: RowView<'_>) -> Result<(), Problem> {
    for (column, plan) in run.plan.columns.iter().enumerate() {
        if plan.field().is_some() && is_spelt_as_token(row.cell(column).value.trim()) {
            let name = run.input.columns.get(column).map_or("", String::as_str);
            let place = format!("{}:{}", run.input.path.display(), row.line());
            return Err(Problem::usage(
                format!("{place}: `{name}` holds a token, not a value: this is a tokenised copy"),
                "seal the original; `strongroom export --like` gives it back",
            ));
        }
    }
    Ok(())
}

/// An object or array in an open column would pass in clear with whatever is in it.
fn refuse_open_nested(run: &Run<'_>, row: RowView<'_>) -> Result<(), Problem> {
    for (column, plan) in run.plan.columns.iter().enumerate() {
        if plan.is_open() && is_nested(&row.cell(column)) {
            let name = run.input.columns.get(column).map_or("", String::as_str);
            let place = format!("{}:{}", run.input.path.display(), row.line());
            return Err(Problem::usage(
                format!("{place}: `{name}` is an open column and holds an object or array here"),
                "seal the column in the schema, or write the values as members of their own",
            ));
        }
    }
    Ok(())
}

fn too_long(path: &Path, line: u64) -> Problem {
    let detail = format!("{}: a value on line {line} is too long to seal", path.display());
    Problem::usage(detail, "shorten it, or keep it as a file")
}
