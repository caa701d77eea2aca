//! The comparison before a shredding: the output is read back from its place and held, cell by
//! cell, against the input, the job's rows and the records in the store.
//!
//! It reads with the readers, not with what the writer did: a copy that could not be turned back
//! into the input is found here. No value is opened; a record's MAC says that its row is whole.

use std::fs::File;
use std::io::{BufReader, Seek as _};

use strongroom_core::access::Context;
use strongroom_core::id::RecordNumber;
use strongroom_core::store::Table;
use strongroom_core::vault::keys::TenantKeys;
use strongroom_core::vault::sealed::{RowAddress, SealedRow};
use strongroom_core::vault::slot::{Slot, SlotAddress};
use strongroom_core::vault::token::{Named, read_token};

use super::input::bad_file;
use super::output::folder_of;
use super::pipeline::{sealed_cell, unchanged};
use super::plan::ColumnPlan;
use super::shred::kept;
use super::source::Hashing;
use super::{BATCH_ROWS, BatchRow, Run, job_key};
use crate::import::{Batch, Format, Reader, RowView};
use crate::problem::Problem;

/// Holds the output against the input and what was sealed of it.
///
/// # Errors
/// A [`Problem`] that names the place of the first difference.
pub fn verify(run: &Run<'_>, input: &File) -> Result<(), Problem> {
    let fault = |e: std::io::Error| kept(&run.input.path, &format!("reading back failed: {e}"));
    let copy = File::open(&run.out).map_err(fault)?;
    // It may be a copy that somebody made of an earlier run's output.
    let durable = copy.sync_all().and_then(|()| File::open(folder_of(&run.out))?.sync_all());
    durable.map_err(fault)?;
    let mut copy = Rows::new(run, copy)?;
    let mut again = input.try_clone().map_err(fault)?;
    again.rewind().map_err(fault)?;
    if run.input.digest.is_none() {
        return Err(kept(&run.input.path, "it was never read as a whole"));
    }
    let mut hashing = Hashing::new(Box::new(again));
    let mut reader = run.input.reader(&mut hashing)?;
    let (mut batch, mut more, mut number) = (Batch::new(), true, 0);
    while more {
        let next = reader.read_batch(BATCH_ROWS, &mut batch);
        more = next.map_err(|e| bad_file(&run.input.path, &e))?;
        verify_batch(run, &batch, number, &mut copy)?;
        number += 1;
    }
    drop(reader);
    if copy.next()?.is_some() {
        return Err(differs(run, "it has more rows"));
    }
    unchanged(hashing, run.input.digest, &run.input.path, "compared with its copy")
}

fn verify_batch(
    run: &Run<'_>,
    batch: &Batch,
    number: u32,
    copy: &mut Rows<'_>,
) -> Result<(), Problem> {
    let vault = run.vault;
    let known: Option<BatchRow> = vault.read_job(&job_key(run.tenant, run.job, Some(number)))?;
    let mac = vault.batch_mac(run.job, batch.bytes());
    let sealed = known.filter(|k| k.rows == batch.rows() as u64 && k.mac == mac);
    let Some(sealed) = sealed.filter(|_| batch.bad().is_empty()) else {
        return Err(kept(&run.input.path, "not every row of it is known to be sealed"));
    };
    let state = vault.read();
    let (context, keys) = (vault.context(&state), run.authorized.keys(&state.ring)?);
    for (row, record) in batch.iter().zip(sealed.records()) {
        let record = RecordNumber(record);
        if !is_stored(run, &context, keys, record)? {
            return Err(Problem::tampered("a sealed row is missing or not authentic"));
        }
        let Some(written) = copy.next()? else { return Err(differs(run, "it has fewer rows")) };
        for (column, plan) in run.plan.columns.iter().enumerate() {
            let there = value(written, column);
            let is_right = match plan {
                ColumnPlan::Seal(field) if sealed_cell(plan, row, column).is_some() => {
                    let named = Named { record, field: field.number };
                    read_token(keys, there).is_ok_and(|found| found == named)
                }
                ColumnPlan::Drop(_) | ColumnPlan::Verify(_) => there.is_empty(),
                ColumnPlan::Seal(_) | ColumnPlan::Clear { .. } | ColumnPlan::Key { .. } => {
                    there == value(row, column)
                }
            };
            if !is_right {
                let line = written.line();
                let name = run.input.columns.get(column).map_or("", String::as_str);
                return Err(differs(run, &format!("line {line} differs in column `{name}`")));
            }
        }
    }
    Ok(())
}

/// Whether the record's slot and row are there and authentic; an erased one is meant to be gone.
fn is_stored(
    run: &Run<'_>,
    context: &Context<'_>,
    keys: &TenantKeys,
    record: RecordNumber,
) -> Result<bool, Problem> {
    let store = &run.vault.store;
    let place = SlotAddress { install: context.install, tenant: run.tenant, record };
    let secret = match context.epoch.open(place, &store.slot(record)?) {
        Ok(Slot::Live(secret)) => secret,
        Ok(Slot::Erased(_)) => return Ok(true),
        Ok(Slot::Unused) | Err(_) => return Ok(false),
    };
    let at = RowAddress { tenant: run.tenant, collection: run.collection.id, record };
    let Some(bytes) = store.get(Table::Record, &at.key())? else { return Ok(false) };
    let row = SealedRow::parse(&bytes).and_then(|row| row.verify(keys, &secret, at).map(drop));
    Ok(row.is_ok())
}

/// What a cell holds; a missing one and an empty one are told apart by no output.
fn value<'r>(row: RowView<'r>, column: usize) -> &'r str {
    let cell = row.cell(column);
    if cell.absent { "" } else { cell.value }
}

fn differs(run: &Run<'_>, how: &str) -> Problem {
    kept(&run.input.path, &format!("its copy {} is not what was sealed: {how}", run.out.display()))
}

/// The rows of the output, one by one.
struct Rows<'a> {
    run: &'a Run<'a>,
    reader: Reader<BufReader<File>>,
    batch: Batch,
    at: usize,
    more: bool,
}

impl<'a> Rows<'a> {
    fn new(run: &'a Run<'a>, file: File) -> Result<Self, Problem> {
        let layout = &run.input.told.layout;
        let format = match layout.format {
            Format::Fixed { header } => Format::Delimited { delimiter: b',', header },
            Format::Sql => Format::COMMA,
            kept => kept,
        };
        let reader = Reader::open(BufReader::new(file), format, &layout.members);
        let reader = reader.map_err(|e| differs(run, &e.to_string()))?;
        if reader.columns() != run.input.columns {
            return Err(differs(run, "its columns differ"));
        }
        Ok(Self { run, reader, batch: Batch::new(), at: 0, more: true })
    }

    fn next(&mut self) -> Result<Option<RowView<'_>>, Problem> {
        while self.at >= self.batch.rows() && self.more {
            let next = self.reader.read_batch(BATCH_ROWS, &mut self.batch);
            self.more = next.map_err(|e| differs(self.run, &e.to_string()))?;
            self.at = 0;
            if let Some(bad) = self.batch.bad().first() {
                return Err(differs(self.run, &format!("line {}: {}", bad.line, bad.reason)));
            }
        }
        self.at += 1;
        Ok(self.batch.row(self.at - 1))
    }
}
