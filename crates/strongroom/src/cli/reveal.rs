//! `strongroom reveal`

use std::io::Read as _;

use clap::ValueEnum;
use strongroom_api::{Form, Ledger, Reveal, Revealed, RevealedValue};
use strongroom_core::access::reveal::TOKENS_MAX;
use zeroize::Zeroizing;

use super::Global;
use super::output::{Answer, table};
use crate::calls::purpose;
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

/// Reveals.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let form = match (args.full, args.form) {
        (true, _) | (_, FormArg::Full) => Form::Full,
        (_, FormArg::Masked) => Form::Masked,
        (_, FormArg::Redacted) => Form::Redacted,
    };
    purpose(&args.purpose)?;
    let (tenant, purpose) = (args.tenant.clone(), args.purpose.clone());
    let tokens = tokens(&args.tokens)?;
    let revealed = global.door()?.call(Reveal { tenant, tokens, purpose, form })?;
    // No copy of a value that nobody will see.
    let text = if global.json { String::new() } else { text(&revealed) };
    Ok(Answer::new(&revealed, text))
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

fn text(revealed: &Revealed) -> String {
    let row =
        |v: &RevealedValue| vec![v.field.clone(), v.value.disclose().to_owned(), v.record.clone()];
    let lines = Zeroizing::new(revealed.values.iter().map(row).collect::<Vec<_>>());
    table(&["FIELD", "VALUE", "RECORD"], &lines) + &entry(&revealed.ledger)
}

/// Where an answer's entry stands, as text.
pub fn entry(ledger: &Ledger) -> String {
    format!("ledger entry {} of log {}\n", ledger.index, ledger.log)
}
