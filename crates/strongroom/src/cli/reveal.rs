//! `strongroom reveal`

use std::io::Read as _;

use clap::ValueEnum;
use serde::Serialize;
use strongroom_core::access::reveal::{Disclosed, TOKENS_MAX};
use strongroom_core::ledger::entry::Form;
use strongroom_core::policy::Purpose;
use strongroom_core::store::Position;
use zeroize::Zeroizing;

use super::Global;
use super::output::{Answer, table};
use crate::problem::Problem;

const AFTER_HELP: &str = "\
Examples:
  strongroom reveal --tenant acme --purpose support srt_...
  strongroom reveal --tenant acme --purpose payout --full srt_... srt_...
  cut -d, -f2 people.sealed.csv | tail -n +2 | head -50 |
    strongroom reveal --tenant acme --purpose tax -

Purposes: support, payout, tax, sign-in (which reveals nothing). All tokens or none: the ledger
entry, which names every person, is durable before anything is opened.";

/// Room for as many tokens as one request may have, and for spaces around them.
const INPUT_BYTES_MAX: u64 = TOKENS_MAX as u64 * 64;

/// How much of a value is given.
#[derive(Clone, Copy, ValueEnum)]
pub enum FormArg {
    /// Nothing of it
    Redacted,
    /// The mask of its type
    Masked,
    /// The value
    Full,
}

/// Options of `reveal`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The tenant
    #[arg(long, value_name = "T")]
    tenant: String,
    /// What it is for: support, payout, tax, sign-in
    #[arg(long, value_name = "P")]
    purpose: String,
    /// How much is given
    #[arg(long, default_value = "masked")]
    form: FormArg,
    /// Short for `--form full`
    #[arg(long, conflicts_with = "form")]
    full: bool,
    /// Tokens, or `-` to read them from standard input, one a line
    #[arg(required = true, value_name = "TOKEN")]
    tokens: Vec<String>,
}

#[derive(Serialize)]
struct AnswerJson<'a> {
    values: Vec<ValueJson<'a>>,
    ledger: LedgerJson,
}

#[derive(Serialize)]
struct ValueJson<'a> {
    token: &'a str,
    record: &'a str,
    field: &'a str,
    form: &'static str,
    value: &'a str,
}

/// Where an answer's entry stands.
#[derive(Serialize)]
pub struct LedgerJson {
    /// The log.
    pub log: String,
    /// Its index there.
    pub index: u64,
    /// Its leaf hash.
    pub leaf_hash: String,
}

/// Reveals.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let form = match (args.full, args.form) {
        (true, _) | (_, FormArg::Full) => Form::Full,
        (_, FormArg::Masked) => Form::Masked,
        (_, FormArg::Redacted) => Form::Redacted,
    };
    let purpose = purpose(&args.purpose)?;
    let tokens = tokens(&args.tokens)?;
    let session = global.session()?;
    let revealed = session.vault.reveal(&session.who, &args.tenant, tokens, purpose, form)?;
    let ledger = revealed.positions().first().map(ledger_json);
    let ledger = ledger.ok_or_else(|| Problem::internal("a reveal without an entry"))?;
    let values = revealed.disclose();
    // No copy of a value that nobody will see.
    let text = if global.json { String::new() } else { text(&values, &ledger) };
    let values = values.iter().map(value_json).collect();
    Ok(Answer::new(&AnswerJson { values, ledger }, text))
}

/// Reads a purpose.
pub fn purpose(name: &str) -> Result<Purpose, Problem> {
    Purpose::parse(name).ok_or_else(|| {
        let known: Vec<_> = Purpose::ALL.iter().map(|p| p.name()).collect();
        let detail = "there is no such purpose";
        Problem::usage(detail, format!("use one of: {}", known.join(", ")))
    })
}

fn tokens(args: &[String]) -> Result<Vec<String>, Problem> {
    if args.iter().all(|t| t != "-") {
        return Ok(args.to_vec());
    }
    if args.len() > 1 {
        let detail = "`-` stands beside other tokens";
        return Err(Problem::usage(detail, "pass tokens as arguments or on standard input"));
    }
    let mut text = String::new();
    let read = std::io::stdin().take(INPUT_BYTES_MAX + 1).read_to_string(&mut text);
    read.map_err(|_| {
        Problem::usage("standard input is not text", "pass one token a line, as UTF-8")
    })?;
    if text.len() as u64 > INPUT_BYTES_MAX {
        let detail = "standard input holds more than the tokens of one request";
        return Err(Problem::usage(detail, format!("pass at most {TOKENS_MAX} tokens at a time")));
    }
    Ok(text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect())
}

/// The place of an entry, for an answer.
pub fn ledger_json(position: &Position) -> LedgerJson {
    LedgerJson {
        log: position.log.to_string(),
        index: position.index,
        leaf_hash: position.leaf_hash.to_hex(),
    }
}

fn value_json(value: &Disclosed) -> ValueJson<'_> {
    ValueJson {
        token: &value.token,
        record: &value.record,
        field: &value.field,
        form: value.form.as_str(),
        value: &value.value,
    }
}

fn text(values: &[Disclosed], ledger: &LedgerJson) -> String {
    let row = |v: &Disclosed| vec![v.field.clone(), v.value.to_string(), v.record.clone()];
    let lines = Zeroizing::new(values.iter().map(row).collect::<Vec<_>>());
    let entry = format!("ledger entry {} of log {}\n", ledger.index, ledger.log);
    table(&["FIELD", "VALUE", "RECORD"], &lines) + &entry
}
