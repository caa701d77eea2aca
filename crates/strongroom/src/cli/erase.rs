//! `strongroom erase`

use std::io::Read as _;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;
use strongroom_core::erasure::Reason;
use strongroom_core::source::Clock as _;

use super::Global;
use super::output::{Answer, count, time};
use super::reveal::{LedgerJson, ledger_json};
use super::session::Session;
use crate::ambient::SystemClock;
use crate::problem::Problem;
use crate::vault::{EraseRequest, ErasedRecord};

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

#[derive(Serialize)]
struct RecordJson {
    record: String,
    ledger: LedgerJson,
    slot: String,
}

/// Erases, takes back, or carries out what is due.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let (Some(tenant), Some(collection), Some(record)) =
        (&args.tenant, &args.collection, &args.record)
    else {
        return due(global);
    };
    let several = record == "-";
    let records = if several { ids()? } else { vec![record.clone()] };
    let session = global.session()?;
    let Some(reason) = args.reason else {
        return cancel(&session, tenant, collection, &records);
    };
    let second = args.second.as_deref().map(|file| session.second(file)).transpose()?;
    let request = EraseRequest { tenant, collection, records, reason, now: args.now };
    let now_us = SystemClock.now_us();
    let erased = session.vault.erase(&session.who, second.as_ref(), request, now_us)?;
    let told: Vec<RecordJson> = erased.iter().map(told).collect();
    let lines = told
        .iter()
        .map(|t| format!("{}  slot {}  ledger entry {}\n", t.record, t.slot, t.ledger.index));
    let text: String = lines.collect();
    match told.first() {
        Some(one) if !several => Ok(Answer::new(one, text)),
        _ => Ok(Answer::new(&json!({"erased": told}), text)),
    }
}

fn told(erased: &ErasedRecord) -> RecordJson {
    let slot = match erased.due_us {
        Some(due_us) => format!("pending until {}", time(due_us)),
        None => "gone".to_owned(),
    };
    RecordJson { record: erased.record.clone(), ledger: ledger_json(&erased.position), slot }
}

fn cancel(
    session: &Session,
    tenant: &str,
    collection: &str,
    records: &[String],
) -> Result<Answer, Problem> {
    let [record] = records else {
        return Err(Problem::usage("--cancel takes one record", "name it with --record ID"));
    };
    let (of, now_us) = ((tenant, collection, record.as_str()), SystemClock.now_us());
    let positions = session.vault.cancel_erase(&session.who, of, now_us)?;
    let ledger = positions.first().map(ledger_json);
    let ledger = ledger.ok_or_else(|| Problem::internal("a cancellation without an entry"))?;
    let text = format!("{record}  stays  ledger entry {}\n", ledger.index);
    let answer = json!({"record": record, "ledger": ledger, "slot": "live"});
    Ok(Answer::new(&answer, text))
}

fn due(global: &Global) -> Result<Answer, Problem> {
    let session = global.session()?;
    session.vault.carry_out(&session.who, SystemClock.now_us())?;
    let (pending, next_us) = session.vault.leaving();
    let next = next_us.map(time);
    let until = next.as_deref().map(|next| format!(", the first until {next}")).unwrap_or_default();
    let text = format!("{} pending{until}\n", count(pending));
    Ok(Answer::new(&json!({"pending": pending, "next": next}), text))
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
