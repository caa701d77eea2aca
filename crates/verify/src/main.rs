//! `strongroom-verify`: checks an exported ledger offline, with the ledger crate alone.
//!
//! It reads the export and the keys, writes its verdict, and does nothing else. It cannot reach
//! the writer of the ledger, by construction: this crate does not depend on it.

mod folder;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use serde_json::{Value, json};
use strongroom_ledger::note::{NOTE_SIZE_MAX, VerifierKey};
use strongroom_ledger::verify::{Failure, Kept, LogReport, Refuted, Report, verify_with};
use strongroom_ledger::{Hash, LogId};

use crate::folder::Folder;

/// Checks an exported ledger: every entry, every hash, every signature.
#[derive(Parser)]
#[command(name = "strongroom-verify", version, after_help = EXAMPLES)]
struct Args {
    /// The export: a folder that holds `system/` and `tenants/`
    dir: PathBuf,
    /// The verification keys, one a line, as `strongroom ledger key` prints them; get them from
    /// the owner of the ledger by another way than the export
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// A checkpoint kept from an earlier export, of any log: the history must go on from it; may
    /// be given more than once
    #[arg(long, value_name = "CHECKPOINT")]
    since: Vec<PathBuf>,
    /// A receipt, as `reveal`, `find` and `export` give it: LOG:INDEX:LEAF_HASH; may be given more
    /// than once
    #[arg(long, value_name = "RECEIPT", value_parser = receipt)]
    receipt: Vec<Receipt>,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  strongroom ledger export --out ledger    on the host: write the export
  strongroom ledger key > ledger.keys      on the host: write the keys
  strongroom-verify ledger --key ledger.keys
  strongroom-verify ledger --key ledger.keys --json
  strongroom-verify ledger --key ledger.keys --since last-year/system/checkpoint
  strongroom-verify ledger --key ledger.keys --receipt sys:11:1b8822e6...

A ledger put back to an earlier state is whole and signed: keep the checkpoints and receipts you are
given, and pass them.

Exit codes: 0 verified, 1 refuted (log, entry and reason are named), 2 nothing can be said.";

/// The largest key file that is read: some ten thousand logs.
const KEY_FILE_SIZE_MAX: u64 = 4 << 20;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    let (code, verdict) = match run(&args) {
        Ok(report) => (0, Verdict::Verified(report)),
        Err(Problem::Failure(Failure::Refuted(refuted))) => (1, Verdict::Refuted(refuted)),
        Err(problem) => (2, Verdict::Unreadable(problem.to_string(), problem.remedy())),
    };
    // The verdict is the exit code; a reader that went away does not change it.
    print(&if args.json { format!("{}\n", verdict.json()) } else { verdict.text() });
    ExitCode::from(code)
}

/// Log, index and leaf hash of an entry.
type Receipt = (LogId, u64, Hash);

fn receipt(text: &str) -> Result<Receipt, String> {
    let mut parts = text.split(':');
    let read = |parts: &mut std::str::Split<'_, char>| {
        let log = parts.next()?.parse().ok()?;
        let index = parts.next()?.parse().ok()?;
        Some((log, index, Hash::from_hex(parts.next()?)?))
    };
    let found = read(&mut parts).filter(|_| parts.next().is_none());
    found.ok_or_else(|| "a receipt is LOG:INDEX:LEAF_HASH, with `sys` or a tenant's id".to_owned())
}

/// Why there is no report.
enum Problem {
    KeyFile(String),
    Kept(String),
    Failure(Failure),
}

fn run(args: &Args) -> Result<Report, Problem> {
    let keys = read_keys(&args.key).map_err(Problem::KeyFile)?;
    let mut kept = Kept::default();
    for path in &args.since {
        let failed = |why: String| {
            let path = path.to_string_lossy();
            Problem::Kept(format!("cannot use the checkpoint {}: {why}", path.escape_debug()))
        };
        let note = fs::File::open(path).and_then(|file| {
            let mut note = Vec::new();
            file.take(NOTE_SIZE_MAX as u64 + 1).read_to_end(&mut note).map(|_| note)
        });
        let note = note.map_err(|error| failed(error.to_string()))?;
        kept.checkpoint(&note, &keys).map_err(|error| failed(error.to_string()))?;
    }
    args.receipt.iter().for_each(|(log, index, leaf)| kept.receipt(*log, *index, *leaf));
    let folder = Folder::open(&args.dir).map_err(|error| Problem::Failure(error.into()))?;
    verify_with(&folder, &keys, &kept).map_err(Problem::Failure)
}

fn read_keys(path: &Path) -> Result<Vec<VerifierKey>, String> {
    let failed = |why: String| {
        format!("cannot read the keys in {}: {why}", path.to_string_lossy().escape_debug())
    };
    let size = fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
    if size > KEY_FILE_SIZE_MAX {
        return Err(failed("the file is too large".to_owned()));
    }
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    VerifierKey::parse_lines(&text).map_err(|error| failed(error.to_string()))
}

impl Problem {
    fn remedy(&self) -> &'static str {
        match self {
            Self::KeyFile(_) => "pass the file that `strongroom ledger key` wrote",
            Self::Kept(_) => "pass a `checkpoint` file of an earlier export of this ledger",
            Self::Failure(_) => "pass a complete export, its keys, and the right to read both",
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::KeyFile(why) | Self::Kept(why) => f.write_str(why),
            Self::Failure(failure) => failure.fmt(f),
        }
    }
}

enum Verdict {
    Verified(Report),
    Refuted(Refuted),
    Unreadable(String, &'static str),
}

impl Verdict {
    fn json(&self) -> Value {
        match self {
            Self::Verified(report) => {
                let logs: Vec<Value> = report.logs.iter().map(log_json).collect();
                json!({ "verified": true, "install": report.install.to_string(), "logs": logs })
            }
            Self::Refuted(refuted) => json!({
                "verified": false,
                "logs": [],
                "refuted": {
                    "log": refuted.log.to_string(),
                    "index": refuted.index,
                    "reason": refuted.reason.to_string(),
                },
            }),
            Self::Unreadable(detail, remedy) => error_json("unreadable", detail, remedy),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Verified(report) => {
                let logs: String = report.logs.iter().map(log_text).collect();
                format!("verified: install {}\n{logs}", report.install)
            }
            Self::Refuted(refuted) => format!("REFUTED: {refuted}\n"),
            Self::Unreadable(detail, remedy) => {
                format!("nothing can be said: {detail}\n{remedy}\n")
            }
        }
    }
}

fn log_json(log: &LogReport) -> Value {
    let acts: serde_json::Map<_, _> =
        log.acts.iter().map(|(act, count)| (act.to_string(), json!(count))).collect();
    let next_keys: Vec<String> = log.next_keys.iter().map(ToString::to_string).collect();
    json!({
        "next_keys": next_keys,
        "log": log.log.to_string(),
        "size": log.size,
        "root": log.root.to_base64(),
        "noted": log.noted,
        "acts": acts,
    })
}

fn log_text(log: &LogReport) -> String {
    let acts: String = log.acts.iter().map(|(act, count)| format!("    {act} {count}\n")).collect();
    let next = log.next_keys.iter().map(|key| format!("    its next key: {key}\n"));
    let acts: String = std::iter::once(acts).chain(next).collect();
    format!("  log {}: {} entries, root {}\n{acts}", log.log, log.size, log.root.to_base64())
}

fn error_json(kind: &str, detail: &str, remedy: &str) -> Value {
    json!({ "error": { "type": kind, "detail": detail, "remedy": remedy } })
}

/// Arguments that do not parse, `--help` and `--version`. The wish for JSON counts even where the
/// rest does not parse.
fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|arg| arg == "--json") {
        let detail = error.kind().to_string();
        print(&format!("{}\n", error_json("usage", &detail, "see strongroom-verify --help")));
        return ExitCode::from(2);
    }
    let code = if error.use_stderr() { 2 } else { 0 };
    // Nothing is left to tell whoever closed this output.
    let _ = error.print();
    ExitCode::from(code)
}

fn print(text: &str) {
    use std::io::Write as _;
    // As above.
    let _ = std::io::stdout().write_all(text.as_bytes());
}
