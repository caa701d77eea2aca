//! `strongroom ledger`

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::Global;
use super::output::{Answer, count, table, time};
use super::reveal::ledger_json;
use crate::boundary;
use crate::problem::Problem;
use crate::vault::{Remains, Statement};

/// Examples of all of it.
pub const AFTER_HELP: &str = "\
Examples:
  strongroom ledger who --tenant acme --record srr_...
  strongroom ledger export --out ledger
  strongroom ledger key > ledger.keys
  strongroom-verify ledger --key ledger.keys

Every act is an entry, and so is every refusal. Take the keys to whoever verifies by another way
than the export.";

const ERASURE_HELP: &str = "\
Example:
  strongroom ledger erasure --tenant acme --record srr_...

A statement for the person concerned, or for an assessor: when and why the record was erased, what
is gone, what may still stand where and until when, and what custody can show of destroyed keys.";

const WHO_HELP: &str = "\
Example:
  strongroom ledger who --tenant acme --record srr_...

Listed is whatever sealed the record or named the person: each reveal in any form, and each time
this was asked. Refused attempts are not: their entries name who asked and why it was refused, and
by design not the person sought. They stand in the export, in phase `denied`.";

/// What can be asked of the ledger.
#[derive(Subcommand)]
pub enum Ledger {
    /// Write every log as a tlog-tiles directory, for an outsider to verify
    #[command(after_help = "Example:\n  strongroom ledger export --out ledger\n  \
                            strongroom ledger key > ledger.keys\n  \
                            strongroom-verify ledger --key ledger.keys")]
    Export {
        /// The folder; must not exist
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Print one verification key a log
    #[command(after_help = "Example:\n  strongroom ledger key > ledger.keys")]
    Key,
    /// Who sealed, saw or asked about a record; the question is recorded too
    #[command(after_help = WHO_HELP)]
    Who {
        /// The tenant
        #[arg(long, value_name = "T")]
        tenant: String,
        /// The record, as `reveal` prints it: its key, or its id
        #[arg(long, value_name = "ID")]
        record: String,
        /// The collection, where several have the key
        #[arg(long, value_name = "C")]
        collection: Option<String>,
    },
    /// What became of an erased record, and where copies may still stand
    #[command(after_help = ERASURE_HELP)]
    Erasure {
        /// The tenant
        #[arg(long, value_name = "T")]
        tenant: String,
        /// The record's id, as `erase` printed it
        #[arg(long, value_name = "ID")]
        record: String,
    },
}

/// Performs it.
pub fn run(global: &Global, command: &Ledger) -> Result<Answer, Problem> {
    if let Ledger::Export { out } = command {
        boundary::outside(&global.folders(), out)?;
    }
    let session = global.session()?;
    let (vault, who) = (&session.vault, &session.who);
    match command {
        Ledger::Export { out } => {
            let sizes = vault.export_ledger(who, out)?;
            let lines: Vec<_> = sizes.iter().map(|(log, n)| vec![log.clone(), count(*n)]).collect();
            let text = format!(
                "{}exported to {}; check it with strongroom-verify\n",
                table(&["LOG", "ENTRIES"], &lines),
                out.display()
            );
            Ok(Answer::new(&json!({"out": out, "logs": sizes}), text))
        }
        Ledger::Key => {
            let lines = vault.ledger_keys(who)?;
            Ok(Answer::new(&json!({"keys": lines}), lines.join("\n")))
        }
        Ledger::Erasure { tenant, record } => {
            Ok(erasure(record, &vault.erasure(who, tenant, record)?))
        }
        Ledger::Who { tenant, record, collection } => {
            let entries = vault.who(who, tenant, record, collection.as_deref())?;
            let all: Vec<Value> = entries
                .iter()
                .map(|e| {
                    json!({"log": e.log.to_string(), "index": e.index, "time": time(e.time_us),
                           "act": e.act, "phase": e.phase, "actor": e.actor,
                           "purpose": e.purpose, "form": e.form, "fields": e.fields})
                })
                .collect();
            let lines: Vec<Vec<String>> = entries
                .iter()
                .map(|e| {
                    vec![
                        time(e.time_us),
                        e.act.to_owned(),
                        e.phase.to_owned(),
                        e.actor.clone(),
                        e.purpose.clone().unwrap_or_default(),
                        e.form.unwrap_or_default().to_owned(),
                        e.fields.join(","),
                        e.index.to_string(),
                    ]
                })
                .collect();
            let head = ["TIME", "ACT", "PHASE", "ACTOR", "PURPOSE", "FORM", "FIELDS", "ENTRY"];
            Ok(Answer::new(&json!({"entries": all}), table(&head, &lines)))
        }
    }
}

/// The statement on an erasure.
fn erasure(record: &str, statement: &Statement) -> Answer {
    let state = if statement.due_us.is_some() { "pending" } else { "gone" };
    let until = |remains: &Remains| remains.until_us.map_or(remains.until.to_owned(), time);
    let copies: Vec<Value> = statement
        .copies
        .iter()
        .map(|remains| json!({"what": remains.what, "until": until(remains)}))
        .collect();
    let json = json!({
        "record": record, "state": state, "stated": time(statement.stated_us),
        "reason": statement.reason, "actor": statement.actor,
        "ledger": ledger_json(&statement.position), "due": statement.due_us.map(time),
        "overwritten": statement.shredded_us.map(time), "turned": statement.turned_us.map(time),
        "destroy": statement.destroy, "gone": statement.gone, "copies": copies,
    });
    let mut text = format!(
        "{record} is {state}: erased {} by {}, for {}\n",
        time(statement.stated_us),
        statement.actor,
        statement.reason
    );
    for (what, us) in [
        ("to be overwritten", statement.due_us),
        ("overwritten", statement.shredded_us),
        ("epoch turned", statement.turned_us),
    ] {
        text.extend(us.map(|us| format!("{what} {}\n", time(us))));
    }
    text.push_str(&format!("destruction of keys: {}\n\ngone\n", statement.destroy));
    text.extend(statement.gone.iter().map(|what| format!("  {what}\n")));
    text.push_str("may still stand\n");
    let line = |remains: &Remains| format!("  {}: {}\n", remains.what, until(remains));
    text.extend(statement.copies.iter().map(line));
    Answer::new(&json, text)
}
