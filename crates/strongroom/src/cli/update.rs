//! `strongroom update`

use std::io::Read as _;

use strongroom_api::{Secret, Update};
use zeroize::Zeroizing;

use super::Global;
use super::find::{from_arguments, from_standard_input};
use super::output::{Answer, notice};
use super::reveal::entry;
use crate::calls::VALUE_BYTES_MAX;
use crate::problem::Problem;

const AFTER_HELP: &str = "\
Examples:
  printf %s 214-555-0142 | strongroom update --tenant acme --collection people \\
    --record 1001 phone=-
  printf '%s\\n' \"$street\" \"$zip\" | strongroom update --tenant acme --collection people \\
    --record 1001 street=- zip=-
  strongroom update --tenant acme --collection people --record 1001 phone=

FIELD is the column as its header says, in any case. `FIELD=-` reads the value from standard input;
of several, a line each, in their order. `FIELD=` takes the value away: its token then names nothing
until there is a value again. Tokens stay as they are. The person is named in an entry of the ledger
before the record is opened, and with its new version in another. Of a password a verifier is kept
at full strength.";

/// Options of `update`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The tenant
    #[arg(long, value_name = "T")]
    tenant: String,
    /// The collection
    #[arg(long, value_name = "C")]
    collection: String,
    /// The record, as `find` and `reveal` print it: its key, or its id
    #[arg(long, value_name = "ID")]
    record: String,
    /// The fields and their values; `FIELD=-` reads the value from standard input
    #[arg(value_name = "FIELD=-", required = true)]
    fields: Vec<String>,
}

/// Updates.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let fields = fields(&args.fields)?.into_iter();
    let fields = fields.map(|(name, value)| (name, Some(Secret::new(value)))).collect();
    let updated = global.door()?.call(Update {
        tenant: args.tenant.clone(),
        collection: args.collection.clone(),
        record: args.record.clone(),
        fields: strongroom_api::Fields(fields),
    })?;
    for column in &updated.unusual {
        notice(&format!("the value of `{column}` does not fit its type: it is sealed as text"));
    }
    let mut text = format!("record {} is at version {}\n", updated.record, updated.version);
    for (column, token) in &updated.tokens {
        text.push_str(&format!("  {column}  {token}\n"));
    }
    text.push_str(&entry(&updated.ledger));
    Ok(Answer::new(&updated, text))
}

type Fields = Vec<(String, Zeroizing<String>)>;

/// The fields of the request, with what standard input holds for those that ask for it.
fn fields(asked: &[String]) -> Result<Fields, Problem> {
    let pairs = asked.iter().map(|field| {
        field.split_once('=').ok_or_else(|| {
            let detail = "a field and its value are not joined by `=`";
            Problem::usage(detail, "write FIELD=- and give the value on standard input")
        })
    });
    let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
    let read = pairs.iter().filter(|(_, value)| *value == "-").count();
    let mut lines = lines(read)?.into_iter();
    let mut fields = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        let value = match value {
            "-" => lines.next().ok_or_else(not_one_each)?,
            "" => Zeroizing::new(String::new()),
            value => from_arguments(value),
        };
        fields.push((name.to_owned(), value));
    }
    Ok(fields)
}

/// As many values as are asked of standard input: all of it for one, a line each for several.
fn lines(count: usize) -> Result<Vec<Zeroizing<String>>, Problem> {
    let values = match count {
        0 => return Ok(Vec::new()),
        1 => vec![from_standard_input(VALUE_BYTES_MAX)?],
        _ => {
            let mut text = Zeroizing::new(String::new());
            // Each with the end of its line, and a byte to tell that there is more.
            let most = (VALUE_BYTES_MAX as u64 + 2).saturating_mul(count as u64) + 1;
            let read = std::io::stdin().take(most).read_to_string(&mut text);
            read.map_err(|_| Problem::usage("standard input is not text", "pass UTF-8"))?;
            text.lines().map(|line| Zeroizing::new(line.to_owned())).collect()
        }
    };
    if values.iter().any(|value| value.len() > VALUE_BYTES_MAX) {
        let detail = format!("a value on standard input is longer than {VALUE_BYTES_MAX} bytes");
        return Err(Problem::usage(detail, "give a line for each field, in their order"));
    }
    if values.len() != count || values.iter().any(|value| value.is_empty()) {
        return Err(not_one_each());
    }
    Ok(values)
}

fn not_one_each() -> Problem {
    Problem::usage(
        "standard input does not hold one value for each field that asks for one",
        "give a line for each, in their order; FIELD= takes a value away",
    )
}
