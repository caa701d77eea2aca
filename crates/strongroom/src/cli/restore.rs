//! `strongroom restore`

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::Global;
use super::forward::some;
use super::output::{Answer, count, notice, spinner};
use super::principal::write_secret;
use crate::ambient::{SystemClock, SystemRandom};
use crate::boundary;
use crate::calls::time;
use crate::problem::Problem;
use crate::vault::{NewReport, NewRequest, RestoreReport, Vault};

const AFTER_HELP: &str = "\
Examples:
  strongroom restore /mnt/backups/2026-11-27 --dry-run      what would be put back
  strongroom restore /mnt/backups/2026-11-27
  strongroom restore /mnt/backups/2026-11-20 --slots /mnt/slots/11
  strongroom restore /mnt/backups/2026-11-27 --new --data /srv/strongroom/data \\
    --keys /mnt/keys/strongroom --ledger /mnt/ledger/2026-11-28 --out operator.credential

Into a live install only records come back, and only those that are missing or damaged: a record
that is there is never replaced, one that was erased stays erased, and principals, revocations,
keys, schemas and the ledger are never taken from a backup. The whole backup is read first; one
that was changed is refused, with the place, before anything is touched.

With --new an install is made anew, after the loss of its data folder, from the backup and a copy of
its key folder. Every credential ends; one for a local operator is made. Give the newest export of
the ledger that there is: who was erased or revoked since the backup is then erased and revoked.";

/// Options of `restore`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The folder of the backup
    #[arg(value_name = "DIR")]
    from: PathBuf,
    /// Say what would be put back, and change nothing
    #[arg(long, conflicts_with = "new")]
    dry_run: bool,
    /// Make the install anew, in an empty data folder, with the key folder that was brought
    #[arg(long)]
    new: bool,
    /// A backup whose slots are taken instead, as `backup --slots-only` makes one
    #[arg(long, value_name = "DIR")]
    slots: Option<PathBuf>,
    /// An export of the ledger that is newer than the backup: what it says counts first
    #[arg(long, value_name = "DIR", requires = "new")]
    ledger: Option<PathBuf>,
    /// A new file that gets the local operator's credential instead of it being shown
    #[arg(long, value_name = "FILE", requires = "new")]
    out: Option<PathBuf>,
}

impl Args {
    /// Whether the install is made anew.
    pub fn is_new(&self) -> bool {
        self.new
    }

    /// The paths in it.
    pub fn paths(&mut self) -> Vec<&mut PathBuf> {
        let mut paths = some([&mut self.slots, &mut self.ledger, &mut self.out]);
        paths.push(&mut self.from);
        paths
    }
}

/// Restores.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let paths = [Some(&args.from), args.slots.as_ref(), args.ledger.as_ref(), args.out.as_ref()];
    let folders = global.folders();
    paths.into_iter().flatten().try_for_each(|path| boundary::outside(&folders, path))?;
    if args.new {
        return anew(global, args);
    }
    let session = global.session()?;
    let bar = spinner();
    let from = (args.from.as_path(), args.slots.as_deref());
    let done = session.vault.restore(&session.who, from, args.dry_run, &|at| bar.set_position(at));
    bar.finish_and_clear();
    let done = done?;
    Ok(Answer::new(&done, text(&done)))
}

#[derive(Serialize)]
struct NewJson<'a> {
    #[serde(flatten)]
    report: &'a NewReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<&'a PathBuf>,
}

fn anew(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let request = NewRequest {
        from: args.from.clone(),
        slots: args.slots.clone(),
        ledger: args.ledger.clone(),
        ask: Some(global.ask()),
    };
    let keep = |text: &str| match &args.out {
        Some(out) => write_secret(out, text),
        None => Ok(()),
    };
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let bar = spinner();
    let folders = global.folders();
    let done =
        Vault::restore_new(&folders, &request, clock, random, &keep, &|at| bar.set_position(at));
    bar.finish_and_clear();
    let (report, credential) = done?;
    if !report.later {
        notice(&format!(
            "warning: no later ledger was given: whatever was sealed, changed, erased or revoked \
             after {} is not known here; at most {} records were sealed since, as the key folder \
             noted, if it is no copy",
            time(report.time_us),
            count(report.newer_at_most)
        ));
    }
    let shown = args.out.is_none();
    let mut text = new_text(&report);
    match &args.out {
        Some(out) => text.push_str(&format!(
            "the local operator's credential is in {}; every other one has ended\n",
            out.display()
        )),
        None => text.push_str(&format!(
            "Every credential has ended. The local operator's new one, shown this once:\n\n  {}\n",
            *credential
        )),
    }
    text.push_str("Next: `strongroom principal renew NAME` for each that is to come back\n");
    let credential = shown.then_some(credential.as_str());
    Ok(Answer::new(&NewJson { report: &report, credential, out: args.out.as_ref() }, text))
}

fn new_text(report: &NewReport) -> String {
    let mut text = format!(
        "install {} from backup {} of {}, {} records\n",
        report.install,
        report.backup,
        time(report.time_us),
        count(report.records)
    );
    if report.later {
        text.push_str(&format!(
            "later ledger: {} entries, {} records erased, {} principals revoked, {} records sealed \
             since and lost\n",
            count(report.later_entries),
            count(report.erased),
            count(report.revoked),
            count(report.newer.unwrap_or(0))
        ));
    }
    for (act, n) in &report.lost {
        text.push_str(&format!("{} acts {act} since: their effect is not here\n", count(*n)));
    }
    for (log, n) in &report.entries_lost {
        text.push_str(&format!(
            "log {log}: {} entries that the key folder knew of are not at hand\n",
            count(*n)
        ));
    }
    text
}

fn text(done: &RestoreReport) -> String {
    let (back, verb) = (count(done.put_back), if done.dry_run { "would be" } else { "were" });
    let mut text = format!(
        "backup {} of {}, {} records\n{back} {verb} put back, {} are there, {} were erased since\n\
         {} records are newer than the copy\n",
        done.backup,
        time(done.time_us),
        count(done.records),
        count(done.left_alone),
        count(done.erased),
        count(done.newer),
    );
    for (why, n) in &done.not_restored {
        text.push_str(&format!("{} could not be put back: {}\n", count(*n), said(why)));
    }
    text
}

fn said(why: &str) -> &str {
    match why {
        "never_given_out" => "their numbers were never given out here",
        "slot" => "their slots are lost, and the copy has none that opens in this epoch",
        "row" => "the copied row is not that of its slot",
        "no_tenant" => "their tenant is not here",
        "no_collection" => "their collection is not here",
        other => other,
    }
}
