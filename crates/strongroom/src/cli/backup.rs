//! `strongroom backup`

use std::path::PathBuf;

use serde_json::json;
use strongroom_core::source::Clock as _;

use super::Global;
use super::output::{Answer, count, spinner};
use crate::ambient::SystemClock;
use crate::boundary;
use crate::problem::Problem;

const AFTER_HELP: &str = "\
Examples:
  strongroom backup --out /mnt/backups/2026-11-27
  strongroom restore /mnt/backups/2026-11-27 --dry-run      is it whole, and what would it put back

The folder holds records.srb (rows and ledger), slots.srb (the slots, dead once the epoch turns)
and backup.json, which is written last, after both were read back: a folder without it is no
backup. All of it is sealed under the root key; the keys themselves are never in it, so keep copies
of the key folder elsewhere. Keep slots.srb for as short as you can: whoever has it, a key folder
of its epoch and records.srb can open who was erased since.";

/// Options of `backup`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The folder to make; no backup is ever overwritten
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes a backup.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    boundary::outside(&global.folders(), &args.out)?;
    let now_us = SystemClock.now_us();
    let session = global.session()?;
    let bar = spinner();
    let done = session.vault.backup(&session.who, &args.out, now_us, &|at| bar.set_position(at));
    bar.finish_and_clear();
    let done = done?;
    let text = format!(
        "backup {} of {} records and {} ledger entries, read back and whole: {}\n\
         its copy of the slots dies with epoch {}\n",
        done.backup,
        count(done.records),
        count(done.entries),
        args.out.display(),
        done.slots_epoch,
    );
    let json = json!({
        "backup": done.backup,
        "out": &args.out,
        "records": done.records,
        "entries": done.entries,
        "bytes": done.bytes,
        "slots_epoch": done.slots_epoch,
    });
    Ok(Answer::new(&json, text))
}
