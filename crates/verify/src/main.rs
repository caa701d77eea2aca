//! `strongroom-verify`: checks an exported ledger offline, with the ledger crate alone.
//!
//! It reads the export and the keys, writes its verdict, and does nothing else. It cannot reach
//! the writer of the ledger, by construction: this crate does not depend on it.

mod folder;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use serde_json::{Value, json};
use strongroom_ledger::note::VerifierKey;
use strongroom_ledger::verify::{Failure, LogReport, Refuted, Report, verify};

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

/// Why there is no report.
enum Problem {
    KeyFile(String),
    Failure(Failure),
}

fn run(args: &Args) -> Result<Report, Problem> {
    let keys = read_keys(&args.key).map_err(Problem::KeyFile)?;
    let folder = Folder::open(&args.dir).map_err(|error| Problem::Failure(error.into()))?;
    verify(&folder, &keys).map_err(Problem::Failure)
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
            Self::Failure(_) => "pass a complete export, its keys, and the right to read both",
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::KeyFile(why) => f.write_str(why),
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
    json!({
        "log": log.log.to_string(),
        "size": log.size,
        "root": log.root.to_base64(),
        "noted": log.noted,
        "acts": acts,
    })
}

fn log_text(log: &LogReport) -> String {
    let acts: String = log.acts.iter().map(|(act, count)| format!("    {act} {count}\n")).collect();
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
