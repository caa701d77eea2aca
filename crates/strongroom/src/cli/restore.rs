//! `strongroom restore`

use std::path::PathBuf;

use super::Global;
use super::output::{Answer, count, spinner, time};
use crate::boundary;
use crate::problem::Problem;
use crate::vault::RestoreReport;

const AFTER_HELP: &str = "\
Examples:
  strongroom restore /mnt/backups/2026-11-27 --dry-run      what would be put back
  strongroom restore /mnt/backups/2026-11-27

Into a live install only records come back, and only those that are missing or damaged: a record
that is there is never replaced, one that was erased stays erased, and principals, revocations,
keys, schemas and the ledger are never taken from a backup. The whole backup is read first; one
that was changed is refused, with the place, before anything is touched.";

/// Options of `restore`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The folder of the backup
    #[arg(value_name = "DIR")]
    from: PathBuf,
    /// Say what would be put back, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Restores.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    boundary::outside(&global.folders(), &args.from)?;
    let session = global.session()?;
    let bar = spinner();
    let done =
        session.vault.restore(&session.who, &args.from, args.dry_run, &|at| bar.set_position(at));
    bar.finish_and_clear();
    let done = done?;
    Ok(Answer::new(&done, text(&done)))
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
