//! `strongroom backup`

use std::path::PathBuf;

use serde_json::json;
use strongroom_core::source::Clock as _;

use super::Global;
use super::output::{Answer, count, spinner};
use crate::ambient::SystemClock;
use crate::boundary;
use crate::problem::Problem;
use crate::vault::Whole;

const AFTER_HELP: &str = "\
Examples:
  strongroom backup --out /mnt/backups/2026-11-27
  strongroom restore /mnt/backups/2026-11-27 --dry-run      is it whole, and what would it put back
  strongroom backup --slots-only --out /mnt/slots/11        every hour, into several places

The folder holds records.srb (rows and ledger), slots.srb (the slots, dead once the epoch turns)
and backup.json, which is written last, after both were read back: a folder without it is no
backup. All of it is sealed under the root key; the keys themselves are never in it, so keep copies
of the key folder elsewhere. Keep slots.srb for as short as you can: whoever has it, a key folder
of its epoch and records.srb can open who was erased since.

A record without its slot is lost. The slots are 64 bytes a record, so that --slots-only can copy
them often and to several places. Such a copy gives lost slots back to a live install, with rows of
a backup of any age (`restore DIR --slots DIR`), until the epoch turns and it is worth nothing.";

/// Options of `backup`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The folder to make; no backup is ever overwritten
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Copy the slots alone, without rows and ledger
    #[arg(long)]
    slots_only: bool,
}

impl Args {
    /// The paths in it.
    pub fn paths(&mut self) -> Vec<&mut PathBuf> {
        vec![&mut self.out]
    }
}

/// Writes a backup.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    boundary::outside(&global.folders(), &args.out)?;
    let now_us = SystemClock.now_us();
    let session = global.session()?;
    let bar = spinner();
    let of = if args.slots_only { Whole::Slots } else { Whole::Install };
    let to = (of, args.out.as_path());
    let done = session.vault.backup(&session.who, to, now_us, &|at| bar.set_position(at));
    bar.finish_and_clear();
    let done = done?;
    let what = match of {
        Whole::Install => {
            format!("{} records and {} ledger entries", count(done.records), count(done.entries))
        }
        Whole::Slots => "the slots alone".to_owned(),
    };
    let text = format!(
        "backup {} of {what}, read back and whole: {}\n\
         its copy of the slots dies with epoch {}\n",
        done.backup,
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
