//! `strongroom erase`

use std::io::Read as _;
use std::path::PathBuf;

use strongroom_api::{CancelErase, CarryOut, Erase, ErasedRecord, Secret};
use strongroom_core::erasure::Reason;

use super::Global;
use super::output::{Answer, count};
use super::session::credential;
use crate::problem::Problem;

const AFTER_HELP: &str = "\
Examples:
  strongroom erase --tenant acme --collection people --record srr_... --reason request
  strongroom erase --tenant acme --collection people --record srr_... --cancel
  strongroom erase --tenant acme --collection people --record - --reason retention < ids
  strongroom erase --tenant acme --collection people --record srr_... --reason request --now
  strongroom erase --due                             from cron: what is due and was not yet done

From the entry on, a record is answered like one that is not there. Its slot, without which its row
never opens, is overwritten and read back after 72 hours, by whatever opens the install then; until
then --cancel takes it back. With --now there is no such time. `ledger erasure` says what is gone
and where copies may still stand; the next turn of the epoch ends the older copies of the slots.

Reasons: request, consent, objection, retention, unlawful, obligation, contract-end, duplicate,
test. More than 100 people a day, or more than one with --now, need a second operator's credential
(--second), but not in a development install.";

/// Ids read from standard input are no longer than this, all together.
const IDS_BYTES_MAX: u64 = 1 << 20;

/// Options of `erase`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The tenant
    #[arg(long, value_name = "T", required_unless_present = "due")]
    tenant: Option<String>,
    /// The collection
    #[arg(long, value_name = "C", required_unless_present = "due")]
    collection: Option<String>,
    /// The record's id, as `find` and `reveal` print it; `-` reads ids from standard input, one a
    /// line
    #[arg(long, value_name = "ID|-", required_unless_present = "due")]
    record: Option<String>,
    /// Why
    #[arg(long, value_name = "R", required_unless_present_any = ["due", "cancel"],
          value_parser = reason)]
    reason: Option<Reason>,
    /// Overwrite at once, without a grace time
    #[arg(long, conflicts_with_all = ["due", "cancel"])]
    now: bool,
    /// Take an erasure back within its grace time
    #[arg(long, conflicts_with_all = ["due", "reason"])]
    cancel: bool,
    /// Overwrite the slots that are due
    #[arg(long, conflicts_with_all = ["tenant", "collection", "record", "reason"])]
    due: bool,
    /// A file that holds the credential of a second operator who agrees
    #[arg(long, value_name = "FILE", conflicts_with_all = ["due", "cancel"])]
    second: Option<PathBuf>,
}

fn reason(text: &str) -> Result<Reason, String> {
    Reason::parse(text).ok_or_else(|| {
        let names: Vec<&str> = Reason::ALL.iter().map(|r| r.name()).collect();
        format!("a reason is one of {}", names.join(", "))
    })
}

/// Erases, takes back, or carries out what is due.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let (Some(tenant), Some(collection), Some(record)) =
        (args.tenant.clone(), args.collection.clone(), &args.record)
    else {
        return due(global);
    };
    let several = record == "-";
    let mut records = if several { ids()? } else { vec![record.clone()] };
    let Some(reason) = args.reason else {
        let (Some(record), true) = (records.pop(), records.is_empty()) else {
            return Err(Problem::usage("--cancel takes one record", "name it with --record ID"));
        };
        let kept = global.door()?.call(CancelErase { tenant, collection, record })?;
        let text = format!("{}  stays  ledger entry {}\n", kept.record, kept.ledger.index);
        return Ok(Answer::new(&kept, text));
    };
    let second = args.second.as_deref().map(credential).transpose()?.map(Secret::new);
    let (reason, now) = (reason.name().to_owned(), args.now);
    let erase = Erase { tenant, collection, records, reason, now, second };
    let erased = global.door()?.call(erase)?;
    let line = |record: &ErasedRecord| {
        format!("{}  slot {}  ledger entry {}\n", record.record, record.slot, record.ledger.index)
    };
    let text: String = erased.erased.iter().map(line).collect();
    match erased.erased.first() {
        Some(one) if !several => Ok(Answer::new(one, text)),
        _ => Ok(Answer::new(&erased, text)),
    }
}

fn due(global: &Global) -> Result<Answer, Problem> {
    let left = global.door()?.call(CarryOut {})?;
    let until = left.next.as_deref().map(|next| format!(", the first until {next}"));
    let text = format!("{} pending{}\n", count(left.pending), until.unwrap_or_default());
    Ok(Answer::new(&left, text))
}

/// The ids on standard input.
fn ids() -> Result<Vec<String>, Problem> {
    let mut text = String::new();
    let read = std::io::stdin().take(IDS_BYTES_MAX + 1).read_to_string(&mut text);
    if read.is_err() || text.len() as u64 > IDS_BYTES_MAX {
        let detail = "standard input holds no list of record ids, or more than 1 MiB";
        return Err(Problem::usage(detail, "give ids there, one a line, at most 10,000 at a time"));
    }
    Ok(text.split_whitespace().map(str::to_owned).collect())
}
