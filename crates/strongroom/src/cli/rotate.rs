//! `strongroom rotate`

use serde_json::json;
use strongroom_core::vault::keys::Job;

use super::Global;
use super::output::{Answer, count, table};
use crate::problem::Problem;
use crate::vault::{Rotated, Rotation};

const AFTER_HELP: &str = "\
Examples:
  strongroom rotate root                     every other key wrapped anew, the old file destroyed
  strongroom rotate token --tenant acme      new tokens under a new key; the old ones stay good
  strongroom rotate seal --tenant acme       every record sealed again, then the old key destroyed
  strongroom rotate index --tenant acme      the index of every record made anew
  strongroom rotate pepper --tenant acme     what is kept of passwords, wrapped once more
  strongroom rotate ledger                   each log's next signing key, vouched for by the old

Killed or interrupted, the same command goes on where it was; the next command of any kind ends a
replacement of the root key. Without --tenant every tenant's key is rotated, one after the other.
After `rotate seal` or `rotate root` make a new backup: nothing is restored from an older one into
this install.";

/// Options of `rotate`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The key
    #[arg(value_name = "KEY")]
    key: Key,
    /// The tenant; every one without
    #[arg(long, value_name = "T")]
    tenant: Option<String>,
}

/// The keys that can be rotated.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Key {
    /// What wraps all the others
    Root,
    /// What records are sealed under
    Seal,
    /// What `find` finds values with
    Index,
    /// What passwords are tried with
    Pepper,
    /// What signs the checkpoints of a log
    Ledger,
    /// What tokens and record ids are made with
    Token,
}

/// Rotates.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    if args.tenant.is_some() && matches!(args.key, Key::Root) {
        let detail = "the root key is the install's, and no tenant's";
        return Err(Problem::usage(detail, "run `strongroom rotate root` without --tenant"));
    }
    let session = global.session()?;
    let job = match args.key {
        Key::Root => Job::Root,
        Key::Seal => Job::Seal,
        Key::Index => Job::Index,
        Key::Pepper => Job::Pepper,
        Key::Ledger => Job::Log,
        Key::Token => Job::Token,
    };
    let rotation =
        Rotation { ask: Some(global.ask()), ..Rotation::of(job, args.tenant.as_deref()) };
    let all = session.vault.rotate(&session.who, &rotation)?;
    let (from, to) = (all.iter().map(|r| r.from).min(), all.iter().map(|r| r.to).max());
    let done = all.iter().all(|r| r.done);
    let json = json!({"key": job.name(), "from": from, "to": to, "done": done, "keys": all});
    let line = |r: &Rotated| {
        let whose = r.tenant.clone().unwrap_or_else(|| "the install".to_owned());
        let done = if r.done { "done" } else { "under way" };
        vec![whose, r.from.to_string(), r.to.to_string(), count(r.records), done.to_owned()]
    };
    let lines: Vec<_> = all.iter().map(line).collect();
    Ok(Answer::new(&json, table(&["WHOSE", "FROM", "TO", "RECORDS", ""], &lines)))
}
