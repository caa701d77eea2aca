//! `strongroom verify-password`

use serde::Serialize;
use strongroom_core::source::Clock as _;

use super::Global;
use super::find::from_standard_input;
use super::output::Answer;
use super::reveal::{LedgerJson, ledger_json};
use crate::ambient::SystemClock;
use crate::problem::Problem;
use crate::vault::PasswordOf;

const AFTER_HELP: &str = "\
Examples:
  printf %s \"$password\" | strongroom verify-password --tenant acme --collection people \\
    --record srr_...

The password is all of standard input but for the end of its last line. Exit code 0: it is right;
1: it is wrong. The attempt is an entry of the ledger that names the person, before the answer.
After five wrong ones a record waits 30 seconds, then twice as long each time up to 15 minutes;
after 100 wrong ones within an hour so does whoever asks (exit code 25).";

/// No password is longer, in bytes.
const PASSWORD_BYTES_MAX: u64 = 1024;

/// Options of `verify-password`.
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
    /// The column, where the collection has several of passwords
    #[arg(long, value_name = "FIELD")]
    field: Option<String>,
}

#[derive(Serialize)]
struct AnswerJson {
    right: bool,
    ledger: LedgerJson,
}

/// Tries a password.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let password = from_standard_input(PASSWORD_BYTES_MAX)?;
    if password.is_empty() {
        let detail = "there is no password on standard input";
        return Err(Problem::usage(detail, "give it there, never among the arguments"));
    }
    let session = global.session()?;
    let of = PasswordOf {
        tenant: &args.tenant,
        collection: &args.collection,
        record: &args.record,
        column: args.field.as_deref(),
    };
    let now_us = SystemClock.now_us();
    let (right, positions) = session.vault.verify_password(&session.who, &of, password, now_us)?;
    let ledger = positions.first().map(ledger_json);
    let ledger = ledger.ok_or_else(|| Problem::internal("an attempt without an entry"))?;
    let said = if right { "right" } else { "wrong" };
    let text = format!("{said}\nledger entry {} of log {}\n", ledger.index, ledger.log);
    Ok(Answer::new(&AnswerJson { right, ledger }, text).with_exit(u8::from(!right)))
}
