//! `strongroom quarantine`

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};
use strongroom_core::id::JobId;
use strongroom_core::source::Clock as _;

use super::forward::some;
use super::output::{Answer, count, table};
use super::reading::Reading;
use super::{Global, seal};
use crate::ambient::SystemClock;
use crate::boundary;
use crate::calls::time;
use crate::problem::Problem;
use crate::vault::seal::SealRequest;
use crate::vault::{LeftOut, QuarantinedJob};

/// Examples of all of it.
pub const AFTER_HELP: &str = "\
Examples:
  strongroom quarantine list --tenant acme
  strongroom quarantine retry people.csv --tenant acme --collection people \
    --out people.retried.csv
  strongroom quarantine dismiss --tenant acme --job 2f0c...

`seal` leaves out a row that it cannot read, and keeps its place and the reason, never what stands
there. Correct those rows in the file, then try them again: the file is read again, what was sealed
keeps its records and tokens, and the new copy holds all rows. Where the collection has no key, the
rows that were sealed must stand where they stood, with one row where one was left out. Where it
has one, a file with fewer rows than the job had leaves its rows listed: they may not be in it.";

/// What can be done with rows that were left out.
#[derive(Subcommand)]
pub enum Quarantine {
    /// List the rows that were left out, by file line, bytes and reason
    List {
        /// The tenant
        #[arg(long, value_name = "T")]
        tenant: String,
        /// Those of one collection
        #[arg(long, value_name = "C")]
        collection: Option<String>,
    },
    /// Give up the rows that a job left out: they are listed no more
    Dismiss {
        /// The tenant
        #[arg(long, value_name = "T")]
        tenant: String,
        /// The job
        #[arg(long, value_name = "JOB")]
        job: String,
    },
    /// Read the corrected file again, and seal what was left out
    Retry(Box<Retry>),
}

/// Options of `quarantine retry`.
#[derive(clap::Args)]
pub struct Retry {
    /// The file, corrected
    file: PathBuf,
    /// The tenant
    #[arg(long, value_name = "T")]
    tenant: String,
    /// The collection
    #[arg(long, value_name = "C")]
    collection: String,
    /// The job that left rows out, where there are several
    #[arg(long, value_name = "JOB")]
    job: Option<String>,
    /// Where the new tokenised copy goes, NAME.sealed.EXT by default; it holds all rows
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where a detailed report goes, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

impl Quarantine {
    /// The paths in it.
    pub fn paths(&mut self) -> Vec<&mut PathBuf> {
        let Self::Retry(retry) = self else { return Vec::new() };
        let mut paths = some([&mut retry.out, &mut retry.report]);
        paths.push(&mut retry.file);
        paths
    }
}

/// Performs it.
pub fn run(global: &Global, command: &Quarantine) -> Result<Answer, Problem> {
    match command {
        Quarantine::List { tenant, collection } => {
            let session = global.session()?;
            let jobs = session.vault.quarantine(&session.who, tenant, collection.as_deref())?;
            let all: Vec<Value> = jobs.iter().map(job_json).collect();
            Ok(Answer::new(&json!({"jobs": all}), text(&jobs)))
        }
        Quarantine::Dismiss { tenant, job } => {
            let job = parse(job)?;
            let session = global.session()?;
            let rows = session.vault.dismiss(&session.who, tenant, job)?;
            let text = format!("{} rows given up\n", count(rows));
            Ok(Answer::new(&json!({"job": job.to_string(), "dismissed": rows}), text))
        }
        Quarantine::Retry(retry) => try_again(global, retry),
    }
}

fn try_again(global: &Global, retry: &Retry) -> Result<Answer, Problem> {
    let files = [Some(&retry.file), retry.out.as_ref(), retry.report.as_ref()];
    let outside = |path: &PathBuf| boundary::outside(&global.folders(), path);
    files.into_iter().flatten().try_for_each(outside)?;
    let session = global.session()?;
    let job = match &retry.job {
        Some(job) => parse(job)?,
        None => session.vault.only_quarantined(&session.who, &retry.tenant, &retry.collection)?,
    };
    let request = SealRequest {
        input: retry.file.clone(),
        tenant: retry.tenant.clone(),
        collection: retry.collection.clone(),
        out: retry.out.clone(),
        report: retry.report.clone(),
        asked: retry.reading.asked(),
        retry: Some(job),
        now_us: SystemClock.now_us(),
        ..SealRequest::default()
    };
    seal::perform(global, &session, &request)
}

fn parse(job: &str) -> Result<JobId, Problem> {
    JobId::parse(job).map_err(|_| {
        Problem::usage("the job is no id", "`strongroom quarantine list` shows those there are")
    })
}

fn job_json(job: &QuarantinedJob) -> Value {
    let places: Vec<Value> = job
        .places
        .iter()
        .map(|row| {
            json!({"line": row.line, "start": row.start, "end": row.end,
                   "reason": row.reason, "detail": row.detail})
        })
        .collect();
    json!({"job": job.job.to_string(), "collection": job.collection,
           "began": time(job.began_us), "quarantined": job.rows, "quarantine": places})
}

fn text(jobs: &[QuarantinedJob]) -> String {
    if jobs.is_empty() {
        return "no row is in quarantine\n".to_owned();
    }
    let mut out = String::new();
    for job in jobs {
        let rows = count(job.rows);
        out.push_str(&format!("job {} of {}: {rows} rows left out\n", job.job, job.collection));
        let line = |row: &LeftOut| {
            let LeftOut { line, start, end, detail, .. } = row;
            vec![format!("  {line}"), format!("{start}-{end}"), detail.clone()]
        };
        let lines: Vec<_> = job.places.iter().map(line).collect();
        out.push_str(&table(&["  LINE", "BYTES", "REASON"], &lines));
    }
    out
}
