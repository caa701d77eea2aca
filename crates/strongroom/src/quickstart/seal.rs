//! The first steps: exports in clear, the same sealed, and the search for their values.

use std::fs::{self, File};
use std::io::{self, BufReader, Write as _};
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};
use strongroom_core::schema::Proposal;

use super::people::{Person, Shape, write_csv};
use super::place::trouble;
use super::search::{Findings, Search, Spelling};
use super::{COLLECTION, Demo, Open, SEARCHED_PEOPLE_MAX, TENANTS, hold, seconds, seed};
use crate::import::{Batch, Format, Reader};
use crate::problem::Problem;
use crate::vault::seal::SealRequest;

/// The exports in clear.
#[derive(Debug, Serialize)]
pub struct Clear {
    /// One a tenant.
    pub files: Vec<PathBuf>,
    /// People of each tenant.
    pub people_each: u64,
    /// Columns of each file.
    pub columns: usize,
    /// Bytes of all files.
    pub bytes: u64,
}

/// What sealing gave.
#[derive(Serialize)]
pub struct Sealed {
    /// The tenants.
    pub tenants: Vec<SealedTenant>,
    /// What was proposed for the columns of the first of them.
    #[serde(serialize_with = "proposal")]
    pub proposal: Proposal,
    /// Rows of all tenants.
    pub rows: u64,
    /// Values sealed.
    pub values: u64,
    /// Values that do not fit their column's type: sealed as text.
    pub unusual: u64,
    /// Cells dropped.
    pub dropped: u64,
    /// How long it took: reading, sealing, the ledger, everything durable.
    pub seconds: f64,
    /// One cell before and after.
    pub sample: Sample,
}

/// A tenant's part in it.
#[derive(Debug, Serialize)]
pub struct SealedTenant {
    /// Its name.
    pub tenant: &'static str,
    /// Its tokenised export.
    pub out: PathBuf,
    /// Rows sealed.
    pub rows: u64,
    /// How long it took.
    pub seconds: f64,
}

/// A cell before and after.
#[derive(Debug, Serialize)]
pub struct Sample {
    /// The column.
    pub column: String,
    /// As the client company had it.
    pub clear: String,
    /// As its application keeps it from now on.
    pub token: String,
}

fn proposal<S: Serializer>(proposal: &Proposal, to: S) -> Result<S::Ok, S::Error> {
    proposal.to_json().serialize(to)
}

/// Whether known values can be found in raw bytes.
#[derive(Debug, Serialize)]
pub struct Exposure {
    /// Different values looked for, each of eight bytes or more.
    pub values: usize,
    /// Ways of writing each of them.
    pub spellings: usize,
    /// Files of data folder, key folder, tokenised exports and exported ledger.
    pub sealed_files: u64,
    /// Their bytes.
    pub sealed_bytes: u64,
    /// Values found there.
    pub sealed_found: usize,
    /// Files in clear.
    pub clear_files: u64,
    /// Their bytes.
    pub clear_bytes: u64,
    /// Values found there by the same search.
    pub clear_found: usize,
    /// How long it took.
    pub seconds: f64,
}

impl Demo {
    /// Writes the invented exports.
    ///
    /// # Errors
    /// A [`Problem`] when they cannot be written.
    pub fn export(&self) -> Result<Clear, Problem> {
        self.place.folder("clear")?;
        let mut files = Vec::new();
        let mut bytes = 0;
        for (at, tenant) in TENANTS.iter().enumerate() {
            let path = self.clear_file(tenant);
            let failed = |e: io::Error| trouble(&path, &e);
            let mut file = File::create_new(&path).map_err(failed)?;
            write_csv(&mut file, Shape::BackOffice, seed(at), self.people_each())
                .and_then(|()| file.flush())
                .map_err(failed)?;
            bytes += file.metadata().map_err(failed)?.len();
            files.push(path);
        }
        let columns = Shape::BackOffice.columns().len();
        Ok(Clear { files, people_each: self.people_each(), columns, bytes })
    }

    fn clear_file(&self, tenant: &str) -> PathBuf {
        self.place.path("clear").join(format!("{tenant}.csv"))
    }

    fn sealed_file(&self, tenant: &str) -> PathBuf {
        self.place.path("sealed").join(format!("{tenant}.sealed.csv"))
    }

    /// Makes a development install, adds the tenants and seals their exports.
    ///
    /// # Errors
    /// A [`Problem`], also when a row was left out or a count does not come out.
    pub fn seal(&mut self) -> Result<Sealed, Problem> {
        self.place.folder("sealed")?;
        self.init()?;
        let open = self.open()?;
        let mut done = Sealed {
            tenants: Vec::new(),
            proposal: Proposal { rows_sampled: 0, rows_checked: 0, columns: Vec::new() },
            rows: 0,
            values: 0,
            unusual: 0,
            dropped: 0,
            seconds: 0.0,
            sample: Sample { column: String::new(), clear: String::new(), token: String::new() },
        };
        for tenant in TENANTS {
            self.seal_one(&open, tenant, &mut done)?;
        }
        drop(open);
        done.sample = self.sample()?;
        Ok(done)
    }

    fn seal_one(
        &self,
        open: &Open,
        tenant: &'static str,
        done: &mut Sealed,
    ) -> Result<(), Problem> {
        open.vault.add_tenant(&open.operator, tenant)?;
        let request = SealRequest {
            input: self.clear_file(tenant),
            tenant: tenant.to_owned(),
            collection: COLLECTION.to_owned(),
            out: Some(self.sealed_file(tenant)),
            ..SealRequest::default()
        };
        let (report, seconds) = seconds(|| open.vault.seal(&open.operator, &request, &|_| {}))?;
        hold(report.rows == self.people_each() && report.added == report.rows, || {
            format!("{} of {} rows of {tenant} were sealed", report.added, self.people_each())
        })?;
        hold(report.quarantined == 0, || {
            format!("{} rows of {tenant} were left out", report.quarantined)
        })?;
        done.rows += report.rows;
        done.values += report.counts.sealed.by_type().map(|(_, n)| n).sum::<u64>();
        done.unusual += report.counts.sealed.unusual();
        done.dropped += report.counts.dropped_by_type().map(|(_, n)| n).sum::<u64>();
        done.seconds += seconds;
        done.tenants.push(SealedTenant { tenant, out: report.out, rows: report.rows, seconds });
        if let Some(proposal) = report.proposal
            && done.proposal.columns.is_empty()
        {
            done.proposal = proposal;
        }
        Ok(())
    }

    fn sample(&self) -> Result<Sample, Problem> {
        let column = super::people::Column::Ssn;
        let row = self.row_with_everything(0);
        let clear = Person::new(Shape::BackOffice, seed(0), row).value(column);
        let token = self.cell(TENANTS[0], row, column)?;
        hold(token.starts_with("srt_"), || "a sealed cell holds no token".to_owned())?;
        Ok(Sample { column: column.header().to_owned(), clear, token })
    }

    /// The first row of a tenant in which no cell is empty or odd.
    pub(super) fn row_with_everything(&self, tenant: usize) -> u64 {
        let whole = |row: &u64| {
            let person = Person::new(Shape::BackOffice, seed(tenant), *row);
            let narrow = Person::new(Shape::Narrow, seed(tenant), *row);
            Shape::Narrow.columns().iter().all(|c| person.value(*c) == narrow.value(*c))
        };
        (0..self.people_each()).find(whole).unwrap_or_default()
    }

    /// A cell of a tokenised export.
    pub(super) fn cell(
        &self,
        tenant: &str,
        row: u64,
        column: super::people::Column,
    ) -> Result<String, Problem> {
        let path = self.sealed_file(tenant);
        let unreadable = |why: String| {
            let detail = format!("quickstart: the tokenised file does not read back: {why}");
            Problem::internal(detail)
        };
        let file = File::open(&path).map_err(|e| trouble(&path, &e))?;
        let mut reader = Reader::open(BufReader::new(file), Format::COMMA, &[])
            .map_err(|e| unreadable(e.to_string()))?;
        let place = Shape::BackOffice.columns().iter().position(|c| *c == column);
        let (mut batch, mut skipped, mut more) = (Batch::new(), 0, true);
        while more {
            more = reader.read_batch(1000, &mut batch).map_err(|e| unreadable(e.to_string()))?;
            let at = usize::try_from(row - skipped).unwrap_or(usize::MAX);
            if let (Some(found), Some(place)) = (batch.row(at), place) {
                return Ok(found.cell(place).value.to_owned());
            }
            skipped += batch.rows() as u64;
        }
        Err(unreadable(format!("it has no row {}", row + 1)))
    }

    /// Looks for every value of the invented people in every byte of the sealed install, of the
    /// exported ledger once it is there, and in the clear exports.
    ///
    /// # Errors
    /// A [`Problem`]: a value was found that must not be, or the search itself found too little.
    pub fn search(&self) -> Result<Exposure, Problem> {
        let (mut exposure, seconds) = seconds(|| self.compare())?;
        exposure.seconds = seconds;
        Ok(exposure)
    }

    fn compare(&self) -> Result<Exposure, Problem> {
        let search = Search::new(self.known_values());
        let places = ["data", "data.keys", "sealed", "ledger"].map(|name| self.place.path(name));
        // The exported ledger is there at the end only.
        let places: Vec<&Path> =
            places.iter().map(PathBuf::as_path).filter(|p| p.exists()).collect();
        let sealed = look(&search, &places)?;
        let clear = look(&search, &[&self.place.path("clear")])?;
        let exposure = Exposure {
            values: search.values().len(),
            spellings: Spelling::ALL.len(),
            sealed_files: sealed.files,
            sealed_bytes: sealed.bytes,
            sealed_found: sealed.hits.len(),
            clear_files: clear.files,
            clear_bytes: clear.bytes,
            clear_found: clear.hits.len(),
            seconds: 0.0,
        };
        if let Some(hit) = sealed.hits.values().next() {
            hold(false, || {
                format!(
                    "{} of {} known values were found in the sealed install, one of them in {} at \
                     byte {} ({:?})",
                    exposure.sealed_found,
                    exposure.values,
                    hit.path.display(),
                    hit.at,
                    hit.spelling
                )
            })?;
        }
        hold(exposure.values >= 200 && exposure.clear_found == exposure.values, || {
            format!(
                "the search found {} of {} known values in the clear files: it cannot be relied on",
                exposure.clear_found, exposure.values
            )
        })?;
        hold(exposure.sealed_files >= 5 && exposure.sealed_bytes > 0, || {
            "the sealed install has hardly any files: nothing was searched".to_owned()
        })?;
        Ok(exposure)
    }

    fn known_values(&self) -> Vec<String> {
        let step = self.people.div_ceil(SEARCHED_PEOPLE_MAX).max(1);
        let step = usize::try_from(step).unwrap_or(usize::MAX);
        let mut values = Vec::new();
        for tenant in 0..TENANTS.len() {
            for number in (0..self.people_each()).step_by(step) {
                let person = Person::new(Shape::BackOffice, seed(tenant), number);
                let columns = Shape::BackOffice.columns().iter().filter(|c| c.is_sensitive());
                // A quote inside a cell is written twice in CSV: such a value is not there as it
                // reads, in clear files neither.
                let read = columns.map(|c| person.value(*c)).filter(|v| !v.contains('"'));
                values.extend(read);
            }
        }
        values
    }
}

fn look(search: &Search, places: &[&Path]) -> Result<Findings, Problem> {
    search.places(places).map_err(|e| {
        let detail = format!("quickstart: not every file could be searched: {e}");
        Problem::internal(detail)
    })
}

/// Bytes of a file, for people who look at sizes.
pub(super) fn length(path: &Path) -> Result<u64, Problem> {
    fs::metadata(path).map(|m| m.len()).map_err(|e| trouble(path, &e))
}
