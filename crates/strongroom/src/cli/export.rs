//! `strongroom export`

use std::path::PathBuf;

use serde::Serialize;
use strongroom_api::Ledger;
use strongroom_core::text::visible;

use super::Global;
use super::interrupt::on_interrupt;
use super::output::{Answer, bar, count, notice};
use crate::boundary;
use crate::calls::{place, purpose};
use crate::problem::Problem;
use crate::vault::ExportRequest;
use crate::vault::seal::remove_partial;

const AFTER_HELP: &str = "\
Examples:
  strongroom export --tenant acme --collection people --purpose support \\
    --like people.sealed.csv --out people.csv

Gives the original of a tokenised file back, cell for cell, in the order and spelling it had; the
file may have been cut, sorted or joined since. Dropped security codes and passwords do not come
back, nor do rows that `seal` left out. Everybody in the file is named in the ledger before the
first value is opened. The output is in clear, readable by this user alone: keep it no longer than
it is needed. A run that is killed, not interrupted, may leave a `.partial` file beside it: remove
that too.";

/// Options of `export`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The tenant
    #[arg(long, value_name = "T")]
    tenant: String,
    /// The collection
    #[arg(long, value_name = "C")]
    collection: String,
    /// What it is for: support, payout, tax
    #[arg(long, value_name = "P")]
    purpose: String,
    /// The tokenised file
    #[arg(long, value_name = "TOKENISED")]
    like: PathBuf,
    /// Where the original goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Args {
    /// The paths in it.
    pub fn paths(&mut self) -> Vec<&mut PathBuf> {
        vec![&mut self.like, &mut self.out]
    }
}

#[derive(Serialize)]
struct AnswerJson<'a> {
    rows: u64,
    values: u64,
    people: u64,
    gone: u64,
    out: &'a PathBuf,
    ledger: Ledger,
}

/// Exports.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let purpose = purpose(&args.purpose)?;
    let folders = global.folders();
    [&args.like, &args.out].into_iter().try_for_each(|p| boundary::outside(&folders, p))?;
    let session = global.session()?;
    let request = ExportRequest {
        tenant: args.tenant.clone(),
        collection: args.collection.clone(),
        purpose,
        like: args.like.clone(),
        out: args.out.clone(),
    };
    let out = args.out.clone();
    on_interrupt(
        global.json,
        format!("interrupted: nothing stands at {} that is not complete", out.display()),
        "whoever is named in the ledger by now stays named; run the same command again",
        move || remove_partial(&out),
    );
    let bar = bar(std::fs::metadata(&args.like).map_or(0, |m| m.len()));
    let report = session.vault.export(&session.who, &request, &|at| bar.set_position(at));
    bar.finish_and_clear();
    let report = report?;
    if report.gone > 0 {
        notice(&format!(
            "{} tokens gave nothing: their people were erased, their values taken away, or they \
             are passwords",
            count(report.gone)
        ));
    }
    let ledger = place(&report.position);
    let shown = args.out.to_string_lossy();
    let text = format!(
        "{} values of {} people in {} rows, in clear: {}\nfirst ledger entry {} of log {}\n",
        count(report.values),
        count(report.people),
        count(report.rows),
        *visible(&shown),
        ledger.index,
        ledger.log
    );
    let json = AnswerJson {
        rows: report.rows,
        values: report.values,
        people: report.people,
        gone: report.gone,
        out: &args.out,
        ledger,
    };
    Ok(Answer::new(&json, text))
}
