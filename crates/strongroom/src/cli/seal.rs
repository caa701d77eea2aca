//! `strongroom seal`

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use strongroom_core::schema::{Proposal, Treatment};
use strongroom_core::source::Clock as _;
use strongroom_core::text::visible;

use super::forward::some;
use super::interrupt::on_interrupt;
use super::output::{Answer, bar, count, notice, table};
use super::reading::Reading;
use super::session::Session;
use super::{Global, schema};
use crate::ambient::SystemClock;
use crate::boundary;
use crate::problem::Problem;
use crate::vault::seal::{NOT_REACHED, SealReport, SealRequest, Shred, keep_apart};

/// Quarantined rows that are named on standard error; `--report` has them all.
const BAD_SHOWN: usize = 10;

const AFTER_HELP: &str = "\
Examples:
  strongroom seal people.csv --tenant acme --collection people --dry-run
  strongroom seal people.csv --tenant acme --collection people
  strongroom seal people.csv --tenant acme --collection people --schema people.toml \
    --out /srv/people.csv
  strongroom seal people.csv --tenant acme --collection people --key member_id
  strongroom seal people.csv --tenant acme --collection people --shred-input
  psql -c '\\copy people to stdout csv header' | strongroom seal - --tenant acme \
    --collection people --out people.csv

The tokenised copy keeps columns, order, separator and quoting, in UTF-8; that of a dump or of
fixed width is CSV. By default it is NAME.sealed.EXT beside the input. Killed at any instant, the
same command goes on where it stopped. The input file stays as it is, in clear; the answer names
it, and likely copies beside it.

--key names the column that rows are known by, when a collection is made. It stays in clear, so it
must not be personal. From then on a row with the key of a record updates that record: its tokens
stay, and the answer says how many were added and how many changed. Columns that a later file lacks
stay as they are; an empty cell takes the value away. A row without a key, or with one that stood
in the file before, is left out and listed. --record then takes the key.

--shred-input reads the copy back once it is in place and compares it with the input and with what
was sealed; then it overwrites the input with one pass of random bytes, which suffices on magnetic
disks (NIST SP 800-88 Rev. 1), and removes it. It reaches no journal or snapshot of the file system,
no earlier block on flash or copy-on-write volumes, no copy and no backup. The input stays where
rows were left out, cells dropped other than security codes, or hashes of passwords are of an
unknown scheme: they are only there.";

/// Options of `seal`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The file: CSV with any delimiter, JSON, fixed width, an SQL dump; packed or not;
    /// `-` reads standard input
    file: PathBuf,
    /// The tenant
    #[arg(long, value_name = "T")]
    tenant: String,
    /// The collection; made when it does not exist
    #[arg(long, value_name = "C")]
    collection: String,
    /// The column that tells which record a row is: rows with the key of a record update it
    #[arg(long, value_name = "COLUMN")]
    key: Option<String>,
    /// The schema, as TOML; proposed from the file when there is none yet
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Where the tokenised copy goes
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where a detailed report goes, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Read and judge everything, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Seal nothing when there is a row that cannot be read
    #[arg(long)]
    strict: bool,
    /// Overwrite and remove the input once its copy is in place and was compared with it
    #[arg(long, conflicts_with = "dry_run")]
    shred_input: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Args {
    /// The paths in it.
    pub fn paths(&mut self) -> Vec<&mut PathBuf> {
        let mut paths = some([&mut self.schema, &mut self.out, &mut self.report]);
        paths.push(&mut self.file);
        paths
    }
}

/// Seals.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let read = |path| schema::read(global, path);
    let schema = args.schema.as_deref().map(read).transpose()?;
    let files = [Some(&args.file), args.out.as_ref(), args.report.as_ref()];
    let outside = |path: &PathBuf| boundary::outside(&global.folders(), path);
    files.into_iter().flatten().try_for_each(outside)?;
    if let Some(report) = &args.report {
        keep_apart(report, &args.schema.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    }
    let request = SealRequest {
        input: args.file.clone(),
        tenant: args.tenant.clone(),
        collection: args.collection.clone(),
        schema,
        key: args.key.clone(),
        out: args.out.clone(),
        dry_run: args.dry_run,
        strict: args.strict,
        asked: args.reading.asked(),
        report: args.report.clone(),
        shred: args.shred_input,
        retry: None,
        now_us: SystemClock.now_us(),
    };
    perform(global, &global.session()?, &request)
}

/// Seals what was asked for, with progress, and says what was done.
#[expect(clippy::disallowed_methods, reason = "measures how long it took, for people")]
pub fn perform(
    global: &Global,
    session: &Session,
    request: &SealRequest,
) -> Result<Answer, Problem> {
    if let Some(report) = &request.report {
        let credential = global.credential_file();
        let others = [Some(&request.input), request.out.as_ref(), credential.as_ref()];
        let others: Vec<&Path> = others.into_iter().flatten().map(PathBuf::as_path).collect();
        keep_apart(report, &others)?;
    }
    let again = match request.input.as_os_str() == "-" {
        true => "run the same command again: more than 16 MiB are sealed anew",
        false => "run the same command again: it goes on from there, or says what is left to do",
    };
    on_interrupt(
        global.json,
        "interrupted: what is sealed stays sealed, the input is whole under its name or not there, \
         and the copy is complete or not there",
        again,
        || {},
    );
    let bar = bar(fs::metadata(&request.input).map_or(0, |m| m.len()));
    let start = std::time::Instant::now();
    let report = session.vault.seal(&session.who, request, &|at| bar.set_position(at));
    bar.finish_and_clear();
    let report = report?;
    let seconds = start.elapsed().as_secs_f64();
    let mut json = report.to_json();
    if let Some(object) = json.as_object_mut() {
        object.insert("seconds".to_owned(), ((seconds * 1000.0).round() / 1000.0).into());
        if request.dry_run {
            object.insert("dry_run".to_owned(), true.into());
        }
    }
    if let Some(path) = &request.report {
        let mut all = json.clone();
        if let (Some(all), Some(more)) = (all.as_object_mut(), report.details().as_object()) {
            all.extend(more.clone());
        }
        write_report(path, &all)?;
    }
    say_left_out(&report, &request.input);
    let exit = if report.quarantined > 0 { 4 } else { 0 };
    Ok(Answer::new(&json, text(&report, &request.input, seconds)).with_exit(exit))
}

/// What stays behind of the input, on standard error.
fn say_left_out(report: &SealReport, file: &Path) {
    let file = file.display();
    for bad in report.bad.iter().take(BAD_SHOWN) {
        notice(&format!("{file}:{}: left out: {}", bad.line, bad.reason));
    }
    if report.quarantined > BAD_SHOWN as u64 {
        let left = report.quarantined - BAD_SHOWN as u64;
        notice(&format!("{left} more rows left out; --report FILE lists them"));
    }
    if report.quarantined > 0 && !report.dry_run {
        notice(
            "correct them in the file, then `strongroom quarantine retry`; `quarantine list` shows \
             them again",
        );
    }
    if let Shred::Kept(why) = &report.shred {
        notice(&format!("{file} was not shredded: {why}; remove it by hand once they are settled"));
    }
}

/// Writes the report beside its place, under a name that nobody has, and moves it there: what is
/// replaced is the name, never what stands in another file that a link of this name leads to.
fn write_report(path: &Path, json: &serde_json::Value) -> Result<(), Problem> {
    let text = serde_json::to_string_pretty(json).unwrap_or_default() + "\n";
    let failed = |e: std::io::Error| {
        let detail = format!("the rows are sealed; the report {} failed: {e}", path.display());
        Problem::usage(detail, "run the same command again with another --report")
    };
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".{}.partial", std::process::id()));
    let aside = PathBuf::from(aside);
    let mut file = fs::File::create_new(&aside).map_err(failed)?;
    let placed = file.write_all(text.as_bytes()).and_then(|()| fs::rename(&aside, path));
    placed.map_err(|e| {
        // Our own, made a moment ago.
        let _ = fs::remove_file(&aside);
        failed(e)
    })
}

fn text(report: &SealReport, input: &Path, seconds: f64) -> String {
    let mut out = report.proposal.as_ref().map(proposal_text).unwrap_or_default();
    let verb = if report.dry_run { "would be sealed" } else { "sealed" };
    let rate = report.rows as f64 / seconds.max(0.001);
    out.push_str(&format!(
        "{} rows {verb} in {seconds:.1} s ({} rows/s)",
        count(report.rows),
        count(rate as u64)
    ));
    let (added, updated) = (report.added, report.updated);
    if report.dry_run {
    } else if report.keyed {
        let same = report.rows - added - updated;
        let counts = [added, updated, same].map(count);
        let [added, updated, same] = counts;
        out.push_str(&format!(": {added} added, {updated} changed, {same} as they were"));
    } else if added < report.rows {
        out.push_str(&format!(", {} of them by an earlier run", count(report.rows - added)));
    }
    out.push('\n');
    let lines: Vec<Vec<String>> = report
        .counts
        .sealed
        .by_type()
        .map(|(kind, n)| vec![format!("  {kind}"), count(n)])
        .collect();
    out.push_str(&table(&["  TYPE", "VALUES"], &lines));
    for (kind, n) in report.counts.dropped_by_type() {
        out.push_str(&format!("  {} {kind} cells dropped: not stored in any form\n", count(n)));
    }
    let unusual = report.counts.sealed.unusual();
    if unusual > 0 {
        out.push_str(&format!(
            "  {} values do not fit their column's type; sealed as text (of passwords: hashes of \
             an unknown scheme, which verify nothing)\n",
            count(unusual)
        ));
    }
    if report.quarantined > 0 {
        out.push_str(&format!("  {} rows left out: see above\n", count(report.quarantined)));
    }
    let open = if report.open.is_empty() { "none".to_owned() } else { report.open.join(", ") };
    out.push_str(&format!("columns left open, in clear: {open}\n"));
    for (column, n) in &report.exposed {
        out.push_str(&format!(
            "  WARNING: {} cells of `{column}` look like a person's data and are in clear: seal \
             the column in the schema\n",
            count(*n)
        ));
    }
    if report.dry_run {
        out.push_str("nothing was sealed\n");
        return out;
    }
    out.push_str(&format!("tokenised copy: {}\n", *visible(&report.out.to_string_lossy())));
    out.push_str(&clear_text(report, input));
    out
}

/// What is left in clear, and what to do about each.
fn clear_text(report: &SealReport, input: &Path) -> String {
    let mut out = String::new();
    if report.shred == Shred::Done {
        let input = input.to_string_lossy();
        out.push_str(&format!(
            "shredded: {}; the copy was compared with it before\n  {NOT_REACHED}\n",
            *visible(&input)
        ));
    }
    for copy in &report.clear {
        let path = copy.path.to_string_lossy();
        let (what, remedy) = (copy.kind.what(), copy.kind.remedy());
        out.push_str(&format!("still in clear: {}: {what}; {remedy}\n", *visible(&path)));
    }
    if report.shred != Shred::Done
        && (report.quarantined > 0 || report.counts.dropped_by_type().next().is_some())
    {
        out.push_str("  what was left out or dropped is only in the input\n");
    }
    out
}

fn proposal_text(proposal: &Proposal) -> String {
    let lines: Vec<Vec<String>> = proposal
        .columns
        .iter()
        .map(|c| {
            let what = match &c.treatment {
                Treatment::Seal { kind, index: true } => format!("{}, indexed", kind.name()),
                Treatment::Seal { kind, .. } => kind.name().to_owned(),
                Treatment::Verify => "password, verify-only".to_owned(),
                Treatment::Drop { kind } => format!("{}: dropped", kind.name()),
                Treatment::Clear { reason } => format!("open: {reason}"),
                Treatment::Key { reason } => format!("open, the key: {reason}"),
            };
            let sure = if c.unsure { " ?" } else { "" };
            let why = c.grounds().into_iter().next().unwrap_or_default();
            vec![format!("  {}", c.name), what, format!("{} %{sure}", c.confidence), why]
        })
        .collect();
    let head = format!(
        "schema proposed from {} (? = not sure, sealed all the same):\n",
        proposal.sample()
    );
    head + &table(&["  COLUMN", "SEALED AS", "SURE", "BECAUSE"], &lines) + "\n"
}
