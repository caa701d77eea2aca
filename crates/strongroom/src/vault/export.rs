//! Export: the original of a tokenised file. Everybody in it is named in the ledger, by a first
//! pass over the file, before the first value is opened by the second.

use std::path::{Path, PathBuf};

use strongroom_core::access::export::{Export, Exported, Exporting};
use strongroom_core::id::JobId;
use strongroom_core::policy::Purpose;
use strongroom_core::principal::Principal;
use strongroom_core::source::draw;
use strongroom_core::store::{Position, Table};
use strongroom_core::vault::token::{TOKEN_CHARS, TOKEN_PREFIX};

use super::Vault;
use super::seal::input::{Input, bad_file};
use super::seal::output::{Aside, place_apart, refuse_existing, unwritable};
use super::seal::unchanged;
use crate::import::{Asked, Batch, Restored, RowView, Writer};
use crate::problem::Problem;

/// Rows of one stretch.
const BATCH_ROWS: usize = 1000;

/// Which file to turn back, and where to.
pub struct ExportRequest {
    /// The tenant, by name or id.
    pub tenant: String,
    /// The collection.
    pub collection: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The tokenised file.
    pub like: PathBuf,
    /// Where the original goes.
    pub out: PathBuf,
}

/// What was given out.
pub struct ExportReport {
    /// Rows of the file that hold tokens.
    pub rows: u64,
    /// Values given out.
    pub values: u64,
    /// People named.
    pub people: u64,
    /// Tokens whose people were erased since, left as they are; and passwords, left empty.
    pub gone: u64,
    /// Where the first of the entries stands.
    pub position: Position,
}

impl Vault {
    /// Writes the original of a tokenised file.
    ///
    /// # Errors
    /// A [`Problem`]: refused, a token of nobody here, a file that changes meanwhile. Nothing then
    /// stands at the place of the output.
    pub fn export(
        &self,
        who: &Principal,
        request: &ExportRequest,
        progress: &dyn Fn(u64),
    ) -> Result<ExportReport, Problem> {
        let tenant = self.tenant(&request.tenant);
        let (collection, purpose) = (request.collection.clone(), request.purpose);
        let job = JobId(draw(&*self.random)?);
        let authorized = self.authorize(who, Export { tenant, collection, purpose, job })?;
        place_apart(&request.like, &request.out)?;
        refuse_existing(&request.out)?;
        // A header is a row without tokens: so one is no different from none.
        let asked = Asked { header: Some(false), ..Asked::default() };
        let input = Input::open(&request.like, &asked)?;
        if input.digest.is_none() {
            let detail = "standard input holds more than can be read twice";
            return Err(Problem::usage(detail, "name the tokenised file itself"));
        }
        self.load_keys(tenant)?;
        let mut run = Run { vault: self, input: &input, exporting: authorized.begin(), progress };
        run.name()?;
        let Some(position) = run.exporting.position() else {
            let detail = format!("{} holds no token", request.like.display());
            return Err(Problem::usage(detail, "name the tokenised copy that `seal` made"));
        };
        let aside = Aside::create_in_clear(&request.out, job)?;
        let mut report = run.write(&aside, &request.out)?;
        aside.finish(&request.out)?;
        report.position = position;
        Ok(report)
    }
}

struct Run<'a> {
    vault: &'a Vault,
    input: &'a Input,
    exporting: Exporting,
    progress: &'a dyn Fn(u64),
}

impl Run<'_> {
    /// The first pass: everybody into the ledger.
    fn name(&mut self) -> Result<(), Problem> {
        let mut hashing = self.input.hashing()?;
        let passed = hashing.passed();
        let mut reader = self.input.reader(&mut hashing)?;
        let mut batch = Batch::new();
        let mut more = true;
        while more {
            more = self.next(&mut reader, &mut batch)?;
            let vault = self.vault;
            let named = {
                let state = vault.read();
                let tokens = batch.iter().flat_map(|row| tokens(row).map(|(_, token)| token));
                let slots = &mut |record| vault.store.slot(record);
                self.exporting.name(&vault.context(&state), tokens, slots)
            };
            if let Some((naming, batch)) = named.map_err(|stop| vault.stopped(stop))? {
                let committed = vault.commit(batch)?;
                let added = self.exporting.add(naming, &committed);
                added.map_err(|stop| vault.stopped(stop))?;
            }
            (self.progress)(passed.get() / 2);
        }
        drop(reader);
        unchanged(hashing, self.input.digest, &self.input.path, "exported")
    }

    /// The second pass: the values of those who were named.
    fn write(&self, aside: &Aside, out: &Path) -> Result<ExportReport, Problem> {
        let mut hashing = self.input.hashing()?;
        let (passed, half) = (hashing.passed(), self.input.length() / 2);
        let mut reader = self.input.reader(&mut hashing)?;
        let mut writer = Writer::new(aside, self.input.told.layout.format);
        writer.header(reader.header_raw()).map_err(|e| unwritable(out, &e))?;
        let position = self.exporting.position();
        let mut report = ExportReport {
            rows: 0,
            values: 0,
            people: self.exporting.people(),
            gone: 0,
            position: position.ok_or_else(|| Problem::internal("an export without an entry"))?,
        };
        let (mut batch, mut more, mut tail) = (Batch::new(), true, Vec::new());
        while more {
            more = self.next(&mut reader, &mut batch)?;
            for row in batch.iter() {
                self.write_row(&mut writer, row, &mut report)
                    .and_then(|written| written.map_err(|e| unwritable(out, &e)))?;
            }
            tail.clear();
            tail.extend_from_slice(batch.tail());
            (self.progress)(half + passed.get() / 2);
        }
        writer.finish(&tail).map_err(|e| unwritable(out, &e))?;
        drop(reader);
        unchanged(hashing, self.input.digest, &self.input.path, "exported")?;
        Ok(report)
    }

    fn write_row(
        &self,
        writer: &mut Writer<&Aside>,
        row: RowView<'_>,
        report: &mut ExportReport,
    ) -> Result<std::io::Result<()>, Problem> {
        let (columns, sought): (Vec<usize>, Vec<&str>) = tokens(row).unzip();
        if sought.is_empty() {
            return Ok(writer.write_row(&row, |_| None));
        }
        let vault = self.vault;
        let opened = {
            let state = vault.read();
            let slots = &mut |record| vault.store.slot(record);
            let rows = &mut |at: &strongroom_core::vault::sealed::RowAddress| {
                vault.store.get(Table::Record, &at.key())
            };
            self.exporting.open(&vault.context(&state), &sought, slots, rows)
        };
        let opened = opened.map_err(|stop| vault.stopped(stop))?;
        let given = opened.iter().flatten().count() as u64;
        report.rows += 1;
        report.values += given;
        report.gone += sought.len() as u64 - given;
        let found = |column: usize| {
            let at = columns.iter().position(|c| *c == column)?;
            opened.get(at)?.as_ref().map(restored)
        };
        Ok(writer.restore_row(&row, found))
    }

    /// The next rows. A row that cannot be read would be missing from the original.
    fn next<R: std::io::Read>(
        &self,
        reader: &mut crate::import::Reader<R>,
        batch: &mut Batch,
    ) -> Result<bool, Problem> {
        let path = &self.input.path;
        let more = reader.read_batch(BATCH_ROWS, batch).map_err(|e| bad_file(path, &e))?;
        let Some(bad) = batch.bad().first() else { return Ok(more) };
        let detail = format!("{}:{}: {}", path.display(), bad.line, bad.reason);
        Err(Problem::usage(detail, "correct the row, then run the same command again"))
    }
}

/// The tokens of a row, with their columns.
fn tokens<'r>(row: RowView<'r>) -> impl Iterator<Item = (usize, &'r str)> {
    (0..row.cells()).filter_map(move |column| {
        let value = row.cell(column).value;
        let is_token = value.len() == TOKEN_CHARS && value.starts_with(TOKEN_PREFIX);
        is_token.then_some((column, value))
    })
}

fn restored(exported: &Exported) -> Restored<'_> {
    Restored {
        value: &exported.value,
        literal: exported.literal,
        spelling: exported.spelling.as_ref().map(|s| s.as_str()),
    }
}
