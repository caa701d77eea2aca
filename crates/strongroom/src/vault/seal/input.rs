//! The input of a job: its digest, its columns, a sample of its rows.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use strongroom_core::field::FieldType;
use strongroom_core::schema::{
    Proposal, Proposer, Schema, Treatment, check_headers, looks_like_data,
};

use crate::import::{
    Asked, Batch, Cell, Format, HEAD_BYTES, Head, Limits, ReadError, Reader, detect, json_columns,
};
use crate::problem::Problem;

/// Rows that a proposal looks at.
const SAMPLE_ROWS: usize = 5000;

/// An input file.
pub struct Input {
    /// Where it lies.
    pub path: PathBuf,
    /// Its format.
    pub format: Format,
    /// What stands before the first row, to be written back as it is.
    pub header: Vec<u8>,
    /// Its columns, no two alike.
    pub columns: Vec<String>,
    /// SHA-256 of all of it. Never stored: it enters a keyed job id only.
    pub digest: [u8; 32],
    members: Vec<String>,
}

impl Input {
    /// Reads the file once. What is not `asked` is told from its bytes.
    ///
    /// # Errors
    /// A [`Problem`] that names the file and what is wrong with it.
    pub fn open(path: &Path, asked: &Asked) -> Result<Self, Problem> {
        let mut file = File::open(path).map_err(|e| unreadable(path, &e))?;
        if !file.metadata().map_err(|e| unreadable(path, &e))?.is_file() {
            // A pipe gives its bytes once; what is sealed must be what was looked at.
            let detail = format!("{} is not a file: it is read more than once", path.display());
            return Err(Problem::usage(detail, "name one file; save what a pipe gives to one"));
        }
        let mut head = Vec::new();
        let limit = HEAD_BYTES as u64 + 1;
        file.by_ref().take(limit).read_to_end(&mut head).map_err(|e| unreadable(path, &e))?;
        let whole = head.len() <= HEAD_BYTES;
        head.truncate(HEAD_BYTES);
        let format = detect(path, Head { bytes: &head, whole }, asked);
        let format = format.map_err(|e| bad_file(path, &e))?;
        let digest = digest(path)?;
        let members = match format {
            Format::JsonLines => {
                json_columns(reopen(path)?, &Limits::default()).map_err(|e| bad_file(path, &e))?
            }
            Format::Delimited { .. } => Vec::new(),
        };
        let reader = Reader::open(reopen(path)?, format, &members);
        let reader = reader.map_err(|e| bad_file(path, &e))?;
        let (header, columns) = (reader.header_raw().to_vec(), reader.columns().to_vec());
        let input = Self { path: path.to_path_buf(), format, header, columns, digest, members };
        input.check_header()?;
        Ok(input)
    }

    /// A reader from the beginning.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub fn reader<R: Read>(&self, from: R) -> Result<Reader<R>, Problem> {
        Reader::open(from, self.format, &self.members).map_err(|e| bad_file(&self.path, &e))
    }

    /// The file from the beginning, hashed as it is read.
    ///
    /// # Errors
    /// A [`Problem`] that names the file.
    pub fn hashing(&self) -> Result<Hashing<File>, Problem> {
        let file = File::open(&self.path).map_err(|e| unreadable(&self.path, &e))?;
        Ok(Hashing { from: file, hash: Sha256::new() })
    }

    /// How the file is read, as the answer says it.
    #[must_use]
    pub fn read_as(&self) -> Value {
        match self.format {
            Format::Delimited { delimiter, header } => {
                let delimiter = char::from(delimiter).to_string();
                json!({"format": "csv", "delimiter": delimiter, "header": header})
            }
            Format::JsonLines => json!({"format": "json"}),
        }
    }

    /// A first line that is data would be left in clear as a header.
    fn check_header(&self) -> Result<(), Problem> {
        let named = !matches!(self.format, Format::Delimited { header: false, .. });
        if let Some(column) = looks_like_data(&self.columns).filter(|_| named) {
            let detail = format!(
                "{}: cell {} of the first line looks like a person's data, not like a header",
                self.path.display(),
                column + 1
            );
            let remedy = "if the file has no header line, say --header no; otherwise put a line \
                          with column names on top";
            return Err(Problem::usage(detail, remedy));
        }
        check_headers(self.columns.iter().map(String::as_str)).map_err(|e| {
            let detail = format!("{}: {e}", self.path.display());
            Problem::usage(detail, "correct the header line")
        })
    }

    /// Proposes a schema from the header and the first rows.
    ///
    /// # Errors
    /// A [`Problem`] when the file cannot be read.
    pub fn propose(&self) -> Result<Proposal, Problem> {
        let mut reader = self.reader(reopen(&self.path)?)?;
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
                column.treatment = Treatment::of(FieldType::Text);
                column.unsure = true;
                column.evidence.push("holds objects or arrays: sealed whole, as text".to_owned());
            }
        }
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
                      they look) and pass it with --schema";
        Err(Problem::usage(detail, remedy))
    }
}

/// Whether a cell is a JSON object or array: what is in it nobody decided on.
pub fn is_nested(cell: &Cell<'_>) -> bool {
    cell.literal && cell.value.starts_with(['{', '['])
}

/// A reader that hashes what passes.
pub struct Hashing<R> {
    from: R,
    hash: Sha256,
}

impl<R> Hashing<R> {
    /// The digest of all that passed.
    pub fn digest(self) -> [u8; 32] {
        self.hash.finalize().into()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(out)?;
        self.hash.update(out.get(..n).unwrap_or_default());
        Ok(n)
    }
}

fn digest(path: &Path) -> Result<[u8; 32], Problem> {
    let file = File::open(path).map_err(|e| unreadable(path, &e))?;
    let mut hashing = Hashing { from: file, hash: Sha256::new() };
    let mut buffer = vec![0; 1 << 18];
    loop {
        match hashing.read(&mut buffer) {
            Ok(0) => return Ok(hashing.digest()),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(unreadable(path, &e)),
        }
    }
}

fn reopen(path: &Path) -> Result<BufReader<File>, Problem> {
    File::open(path).map(BufReader::new).map_err(|e| unreadable(path, &e))
}

/// What is wrong with an input file, with its name in front.
pub fn bad_file(path: &Path, error: &ReadError) -> Problem {
    let detail = format!("{}: {error}", path.display());
    Problem::usage(detail, "correct the file, then run the same command again")
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    let detail = format!("{} cannot be read: {error}", path.display());
    Problem::usage(detail, "check the path and who may read the file")
}
