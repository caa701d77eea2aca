//! `strongroom ledger`

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;
use strongroom_api::{self as api, Entry, ErasureStatement, LedgerKeys, WhatBecame, WhoSaw};

use super::Global;
use super::output::{Answer, count, table};
use crate::boundary;
use crate::problem::Problem;

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

impl Ledger {
    /// Whether a server can do it.
    pub fn is_served(&self) -> bool {
        !matches!(self, Self::Export { .. })
    }

    /// The paths in it.
    pub fn paths(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::Export { out } => vec![out],
            _ => Vec::new(),
        }
    }
}

/// Performs it.
pub fn run(global: &Global, command: &Ledger) -> Result<Answer, Problem> {
    match command {
        Ledger::Export { out } => export(global, out),
        Ledger::Key => {
            let keys = global.door()?.call(LedgerKeys {})?;
            let text = keys.keys.join("\n");
            Ok(Answer::new(&keys, text))
        }
        Ledger::Erasure { tenant, record } => {
            let (tenant, record) = (tenant.clone(), record.clone());
            Ok(erasure(&global.door()?.call(WhatBecame { tenant, record })?))
        }
        Ledger::Who { tenant, record, collection } => {
            let (tenant, record) = (tenant.clone(), record.clone());
            let collection = collection.clone();
            let found = global.door()?.call(WhoSaw { tenant, record, collection })?;
            let lines: Vec<Vec<String>> = found.entries.iter().map(line).collect();
            let head = ["TIME", "ACT", "PHASE", "ACTOR", "PURPOSE", "FORM", "FIELDS", "ENTRY"];
            Ok(Answer::new(&found, table(&head, &lines)))
        }
    }
}

fn export(global: &Global, out: &Path) -> Result<Answer, Problem> {
    boundary::outside(&global.folders(), out)?;
    let session = global.session()?;
    let sizes = session.vault.export_ledger(&session.who, out)?;
    let lines: Vec<_> = sizes.iter().map(|(log, n)| vec![log.clone(), count(*n)]).collect();
    let text = format!(
        "{}exported to {}; check it with strongroom-verify\n",
        table(&["LOG", "ENTRIES"], &lines),
        out.display()
    );
    Ok(Answer::new(&json!({"out": out, "logs": sizes}), text))
}

fn line(entry: &Entry) -> Vec<String> {
    vec![
        entry.time.clone(),
        entry.act.clone(),
        entry.phase.clone(),
        entry.actor.clone(),
        entry.purpose.clone().unwrap_or_default(),
        entry.form.clone().unwrap_or_default(),
        entry.fields.join(","),
        entry.index.to_string(),
    ]
}

/// The statement on an erasure.
fn erasure(statement: &ErasureStatement) -> Answer {
    let ErasureStatement { record, state, stated, reason, actor, destroy, .. } = statement;
    let mut text = format!("{record} is {state}: erased {stated} by {actor}, for {reason}\n");
    for (what, at) in [
        ("to be overwritten", &statement.due),
        ("overwritten", &statement.overwritten),
        ("epoch turned", &statement.turned),
    ] {
        text.extend(at.iter().map(|at| format!("{what} {at}\n")));
    }
    text.push_str(&format!("destruction of keys: {destroy}\n\ngone\n"));
    text.extend(statement.gone.iter().map(|what| format!("  {what}\n")));
    text.push_str("may still stand\n");
    let line = |copy: &api::Copy| format!("  {}: {}\n", copy.what, copy.until);
    text.extend(statement.copies.iter().map(line));
    Answer::new(statement, text)
}
