//! `strongroom find`

use std::io::Read as _;

use strongroom_api::{Find, Found, Secret};
use zeroize::Zeroizing;

use super::Global;
use super::output::{Answer, notice, table};
use super::reveal::entry;
use crate::calls::VALUE_BYTES_MAX;
use crate::problem::Problem;

const AFTER_HELP: &str = "\
Examples:
  printf %s 536-22-1847 | strongroom find --tenant acme --collection people ssn=-
  strongroom find --tenant acme --collection people email=- < address.txt

FIELD is the column as its header says, in any case; it must be indexed (`strongroom schema show`).
The value is compared in its normal form: 536221847 finds 536-22-1847. The question is an entry of
the ledger that names everybody found, before the answer. Exit code 0 also when nobody is.";

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

/// Finds.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let Some((field, value)) = args.sought.split_once('=') else {
        let detail = "the field and its value are not joined by `=`";
        return Err(Problem::usage(detail, "write FIELD=- and give the value on standard input"));
    };
    let value = match value {
        "-" => from_standard_input(VALUE_BYTES_MAX)?,
        value => from_arguments(value),
    };
    let found = global.door()?.call(Find {
        tenant: args.tenant.clone(),
        collection: args.collection.clone(),
        field: field.to_owned(),
        value: Secret::new(value),
    })?;
    Ok(Answer::new(&found, text(&found)))
}

/// A value on standard input, but for the end of its line.
pub fn from_standard_input(bytes_max: usize) -> Result<Zeroizing<String>, Problem> {
    let mut text = Zeroizing::new(String::new());
    let read = std::io::stdin().take(bytes_max as u64 + 2 + 1).read_to_string(&mut text);
    read.map_err(|_| Problem::usage("standard input is not text", "pass the value as UTF-8"))?;
    let value = text.strip_suffix('\n').unwrap_or(&text);
    let value = value.strip_suffix('\r').unwrap_or(value);
    if value.len() > bytes_max {
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

fn text(found: &Found) -> String {
    let mut lines = Vec::new();
    for record in &found.records {
        for (column, token) in &record.tokens {
            lines.push(vec![record.record.clone(), column.clone(), token.clone()]);
        }
    }
    let entry = entry(&found.ledger);
    if found.records.is_empty() {
        return format!("no record has this value\n{entry}");
    }
    table(&["RECORD", "FIELD", "TOKEN"], &lines) + &entry
}
