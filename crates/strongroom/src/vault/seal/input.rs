//! The input of a job: its digest, its columns, a sample of its rows.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use strongroom_core::schema::{Proposal, Proposer, Schema, check_headers, looks_like_data};

use super::open::hold_proposal;
use super::source::{Hashing, Source};
use crate::boundary;
use crate::import::{Asked, Batch, Cell, Format, Packing, ReadError, Reader, Survey, Told};
use crate::problem::Problem;

/// Rows that a proposal looks at.
const SAMPLE_ROWS: usize = 5000;

/// How much of a file's start tells a secret and the packing.
const START_BYTES: u64 = 4096;

/// An input.
pub struct Input {
    /// Where it lies; `-` for standard input.
    pub path: PathBuf,
    /// How it is read.
    pub told: Told,
    /// What stands before the first row, to be written back as it is.
    pub header: Vec<u8>,
    /// Its columns, no two alike.
    pub columns: Vec<String>,
    /// SHA-256 of all of it; none of a stream. Never stored: it enters a keyed job id only.
    pub digest: Option<[u8; 32]>,
    source: Source,
}

impl Input {
    /// Reads the file once, or what of a stream can be held. What is not `asked` is told from its
    /// bytes.
    ///
    /// # Errors
    /// A [`Problem`] that names the file and what is wrong with it.
    pub fn open(path: &Path, asked: &Asked) -> Result<Self, Problem> {
        let source = Source::open(path)?;
        let (digest, packing, survey) = survey(path, &source)?;
        let told = Told::tell(path, asked, (packing, &survey), || source.look());
        let told = told.map_err(|e| bad_file(path, &e))?;
        if source.is_stream() && told.layout.format == Format::Sql && asked.table.is_none() {
            let detail = "standard input holds more of the dump than can be looked at first";
            return Err(Problem::usage(detail, "name the table with --table, or name a file"));
        }
        let path = path.to_path_buf();
        let (header, columns) = (Vec::new(), Vec::new());
        let mut input = Self { path, source, told, header, columns, digest };
        let reader = input.look()?;
        let (header, columns) = (reader.header_raw().to_vec(), reader.columns().to_vec());
        drop(reader);
        (input.header, input.columns) = (header, columns);
        input.check_header()?;
        Ok(input)
    }

    /// A reader from the beginning.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub fn reader<'a>(&self, from: impl Read + 'a) -> Result<Reader<Box<dyn Read + 'a>>, Problem> {
        self.told.reader(from).map_err(|e| bad_file(&self.path, &e))
    }

    /// Its length in bytes, as far as it can be told: for showing progress.
    #[must_use]
    pub fn length(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |m| m.len())
    }

    /// The file from the beginning, hashed as it is read. Of a stream this works once.
    ///
    /// # Errors
    /// A [`Problem`] that names the file.
    pub fn hashing(&self) -> Result<Hashing, Problem> {
        let all = self.source.all().map_err(|e| unreadable(&self.path, &e))?;
        Ok(Hashing::new(all))
    }

    /// Whether it goes by once, and more of it than what may be looked at before.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.source.is_stream()
    }

    /// A reader of what may be looked at before it is sealed.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub fn look(&self) -> Result<Reader<Box<dyn Read>>, Problem> {
        self.reader(self.source.look().map_err(|e| unreadable(&self.path, &e))?)
    }

    /// How the file is read, as the answer says it.
    #[must_use]
    pub fn read_as(&self) -> Value {
        let mut read = match self.told.layout.format {
            Format::Delimited { delimiter, header } => {
                let delimiter = char::from(delimiter).to_string();
                json!({"format": "csv", "delimiter": delimiter, "header": header})
            }
            Format::Fixed { header } => {
                let widths = self.told.layout.widths();
                json!({"format": "fixed", "header": header, "widths": widths})
            }
            Format::JsonLines => json!({"format": "json", "lines": true}),
            Format::JsonItems => json!({"format": "json", "lines": false}),
            Format::Sql => json!({"format": "sql", "table": self.told.layout.table()}),
        };
        if let Some(read) = read.as_object_mut() {
            read.insert("encoding".to_owned(), self.told.encoding.name().into());
            read.insert("packing".to_owned(), self.told.packing.name().into());
            if self.source.is_stream() {
                read.insert("stream".to_owned(), true.into());
            }
        }
        read
    }

    /// A first line that is data would be left in clear as a header.
    fn check_header(&self) -> Result<(), Problem> {
        let named = !matches!(
            self.told.layout.format,
            Format::Delimited { header: false, .. } | Format::Fixed { header: false }
        );
        if let Some(column) = looks_like_data(&self.columns).filter(|_| named) {
            let json = matches!(self.told.layout.format, Format::JsonLines | Format::JsonItems);
            let (cell, remedy) = match json {
                true => ("key {} of its objects", "write it as a value: keys stay in clear"),
                false => (
                    "cell {} of the first line",
                    "if the file has no header line, say --header no; otherwise put a line with \
                     column names on top",
                ),
            };
            let (path, cell) = (self.path.display(), cell.replace("{}", &(column + 1).to_string()));
            let detail = format!("{path}: {cell} looks like a person's data, not like a name");
            return Err(Problem::usage(detail, remedy));
        }
        check_headers(self.columns.iter().map(String::as_str)).map_err(|e| {
            let detail = format!("{}: {e}", self.path.display());
            Problem::usage(detail, "correct the header line")
        })
    }

    /// Proposes a schema from the header and the first rows, and holds the columns it leaves open
    /// to their reasons over all rows.
    ///
    /// # Errors
    /// A [`Problem`] when the file cannot be read.
    pub fn propose(&self) -> Result<Proposal, Problem> {
        let mut reader = self.look()?;
        let mut proposer = Proposer::new(&self.columns);
        let mut nested = BTreeSet::new();
        let mut batch = Batch::new();
        let mut seen = 0;
        let mut more = true;
        while more && seen < SAMPLE_ROWS {
            let next = reader.read_batch(1000.min(SAMPLE_ROWS - seen), &mut batch);
            more = next.map_err(|e| bad_file(&self.path, &e))?;
            for row in batch.iter() {
                for column in 0..self.columns.len() {
                    let cell = row.cell(column);
                    if !cell.absent {
                        proposer.observe(column, cell.value);
                    }
                    if is_nested(&cell) {
                        nested.insert(column);
                    }
                }
                proposer.end_row();
                seen += 1;
            }
        }
        let mut proposal = proposer.finish();
        for (at, column) in proposal.columns.iter_mut().enumerate() {
            if nested.contains(&at) {
                column.seal_as_text("holds objects or arrays: sealed whole, as text".to_owned());
            }
        }
        hold_proposal(self, &mut proposal)?;
        Ok(proposal)
    }

    /// Every column of the file must be decided by the schema: none passes in clear by accident.
    ///
    /// # Errors
    /// A [`Problem`] that names the columns.
    pub fn check_covered(&self, schema: &Schema) -> Result<(), Problem> {
        let missing: Vec<String> = self
            .columns
            .iter()
            .filter(|name| schema.column(name).is_none())
            .map(|name| format!("`{name}`"))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let detail =
            format!("{}: the schema says nothing of {}", self.path.display(), missing.join(", "));
        let remedy = "add the columns to the schema (`strongroom schema propose FILE` shows how \
                      they look, with --key where rows are known by a key) and pass it with \
                      --schema";
        Err(Problem::usage(detail, remedy))
    }
}

/// Whether a cell is a JSON object or array: what is in it nobody decided on.
pub fn is_nested(cell: &Cell<'_>) -> bool {
    cell.literal && cell.value.starts_with(['{', '['])
}

/// Reads all that can be looked at: its digest unless there is more, its packing, and what its
/// bytes say of its encoding.
fn survey(path: &Path, source: &Source) -> Result<(Option<[u8; 32]>, Packing, Survey), Problem> {
    let mut start = Vec::new();
    let first = source.look().and_then(|from| from.take(START_BYTES).read_to_end(&mut start));
    first.map_err(|e| unreadable(path, &e))?;
    boundary::no_secret(path, &start)?;
    let packing = Packing::tell(&start);
    if source.is_stream() && packing != Packing::None {
        let detail = "standard input is packed, and more than is held to be read again";
        return Err(Problem::usage(detail, "unpack it in the pipe, or name the file itself"));
    }
    let mut hashing = Hashing::new(source.look().map_err(|e| unreadable(path, &e))?);
    let survey = Survey::of(packing.unpack(&mut hashing));
    let survey = survey.map_err(|e| bad_file(path, &e.into()))?;
    let digest = hashing.digest().map_err(|e| unreadable(path, &e))?;
    Ok(((!source.is_stream()).then_some(digest), packing, survey))
}

/// What is wrong with an input file, with its name in front.
pub fn bad_file(path: &Path, error: &ReadError) -> Problem {
    let detail = format!("{}: {error}", path.display());
    Problem::usage(detail, "correct the file, then run the same command again")
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> Problem {
    let detail = format!("{} cannot be read: {error}", path.display());
    Problem::usage(detail, "check the path and who may read the file")
}
