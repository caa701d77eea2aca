//! `strongroom verify-password`

use strongroom_api::{Secret, VerifyPassword};

use super::Global;
use super::find::from_standard_input;
use super::output::Answer;
use super::reveal::entry;
use crate::calls::PASSWORD_BYTES_MAX;
use crate::problem::Problem;

const AFTER_HELP: &str = "\
Examples:
  printf %s \"$password\" | strongroom verify-password --tenant acme --collection people \\
    --record srr_...

The password is all of standard input but for the end of its last line. Exit code 0: it is right;
1: it is wrong. The attempt is an entry of the ledger that names the person, before the answer.
After five wrong ones a record waits 30 seconds, then twice as long each time up to 15 minutes;
after 100 wrong ones within an hour so does whoever asks (exit code 25).";

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

/// Tries a password.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let password = from_standard_input(PASSWORD_BYTES_MAX)?;
    if password.is_empty() {
        let detail = "there is no password on standard input";
        return Err(Problem::usage(detail, "give it there, never among the arguments"));
    }
    let verdict = global.door()?.call(VerifyPassword {
        tenant: args.tenant.clone(),
        collection: args.collection.clone(),
        record: args.record.clone(),
        password: Secret::new(password),
        field: args.field.clone(),
    })?;
    let said = if verdict.right { "right" } else { "wrong" };
    let text = format!("{said}\n{}", entry(&verdict.ledger));
    Ok(Answer::new(&verdict, text).with_exit(u8::from(!verdict.right)))
}
