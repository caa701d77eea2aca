//! `strongroom find`

use std::io::Read as _;

use serde::Serialize;
use serde_json::{Map, Value};
use strongroom_core::access::find::Found;
use strongroom_core::source::Clock as _;
use zeroize::Zeroizing;

use super::Global;
use super::output::{Answer, notice, table};
use super::reveal::LedgerJson;
use crate::ambient::SystemClock;
use crate::problem::Problem;

const AFTER_HELP: &str = "\
Examples:
  printf %s 536-22-1847 | strongroom find --tenant acme --collection people ssn=-
  strongroom find --tenant acme --collection people email=- < address.txt

FIELD is the column as its header says, in any case; it must be indexed (`strongroom schema show`).
The value is compared in its normal form: 536221847 finds 536-22-1847. The question is an entry of
the ledger that names everybody found, before the answer. Exit code 0 also when nobody is.";

/// No value sought is longer, in bytes.
pub const VALUE_BYTES_MAX: u64 = 64 << 10;

/// Options of `find`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The tenant
    #[arg(long, value_name = "T")]
    tenant: String,
    /// The collection
    #[arg(long, value_name = "C")]
    collection: String,
    /// The field and its value; `FIELD=-` reads the value from standard input
    #[arg(value_name = "FIELD=-")]
    sought: String,
}

#[derive(Serialize)]
struct AnswerJson {
    records: Vec<RecordJson>,
    ledger: LedgerJson,
}

#[derive(Serialize)]
struct RecordJson {
    record: String,
    tokens: Map<String, Value>,
}

/// Finds.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let Some((column, value)) = args.sought.split_once('=') else {
        let detail = "the field and its value are not joined by `=`";
        return Err(Problem::usage(detail, "write FIELD=- and give the value on standard input"));
    };
    let value =
        if value == "-" { from_standard_input(VALUE_BYTES_MAX)? } else { from_arguments(value) };
    let session = global.session()?;
    let (tenant, collection) = (&args.tenant, &args.collection);
    let found = session.vault.find(
        &session.who,
        tenant,
        collection,
        column,
        value,
        SystemClock.now_us(),
    )?;
    let (found, positions) = found;
    let ledger = positions.first().map(super::reveal::ledger_json);
    let ledger = ledger.ok_or_else(|| Problem::internal("a find without an entry"))?;
    let text = text(&found, &ledger);
    let records = found.into_iter().map(record_json).collect();
    Ok(Answer::new(&AnswerJson { records, ledger }, text))
}

/// A value on standard input, but for the end of its line.
pub fn from_standard_input(bytes_max: u64) -> Result<Zeroizing<String>, Problem> {
    let mut text = Zeroizing::new(String::new());
    let read = std::io::stdin().take(bytes_max + 2 + 1).read_to_string(&mut text);
    read.map_err(|_| Problem::usage("standard input is not text", "pass the value as UTF-8"))?;
    let value = text.strip_suffix('\n').unwrap_or(&text);
    let value = value.strip_suffix('\r').unwrap_or(value);
    if value.len() as u64 > bytes_max {
        let detail = format!("the value on standard input is longer than {bytes_max} bytes");
        return Err(Problem::usage(detail, "pass one value"));
    }
    Ok(Zeroizing::new(value.to_owned()))
}

/// A value among the arguments, with a warning.
pub fn from_arguments(value: &str) -> Zeroizing<String> {
    notice(
        "warning: a value among the arguments stands in the shell's history and in the list of \
         processes; write FIELD=- and give it on standard input",
    );
    Zeroizing::new(value.to_owned())
}

fn record_json(found: Found) -> RecordJson {
    let tokens = found.tokens.into_iter().map(|(column, token)| (column, token.into()));
    RecordJson { record: found.record, tokens: tokens.collect() }
}

fn text(found: &[Found], ledger: &LedgerJson) -> String {
    let mut lines = Vec::new();
    for record in found {
        for (column, token) in &record.tokens {
            lines.push(vec![record.record.clone(), column.clone(), token.clone()]);
        }
    }
    let entry = format!("ledger entry {} of log {}\n", ledger.index, ledger.log);
    if found.is_empty() {
        return format!("no record has this value\n{entry}");
    }
    table(&["RECORD", "FIELD", "TOKEN"], &lines) + &entry
}
