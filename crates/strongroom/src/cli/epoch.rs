//! `strongroom epoch`

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;
use strongroom_core::source::Clock as _;

use super::Global;
use super::output::{Answer, count, time};
use super::session::Session;
use crate::ambient::SystemClock;
use crate::custody::DESTROY;
use crate::problem::Problem;

/// Examples of all of it.
pub const AFTER_HELP: &str = "\
Examples:
  strongroom epoch status
  strongroom epoch turn --if-due                     from cron, every night
  strongroom epoch turn                              now

Every record's secret lies in its slot, sealed under the key of the epoch. A turn seals all slots
anew under a fresh key and destroys the old one: from then on no older copy of the slots opens
anything, and what was erased is gone from them too. It is due every 7 days. Before that time, and
after more than 100 slots were overwritten, it needs a second operator's credential (--second), but
not in a development install.";

/// What can be done with the epoch.
#[derive(Subcommand)]
pub enum Epoch {
    /// Seal every slot anew under a fresh key, and destroy the old one
    Turn {
        /// Only when it is time for it
        #[arg(long)]
        if_due: bool,
        /// A file that holds the credential of a second operator who agrees
        #[arg(long, value_name = "FILE")]
        second: Option<PathBuf>,
    },
    /// How old the epoch is, and when it is to be turned
    Status,
}

/// Performs it.
pub fn run(global: &Global, command: &Epoch) -> Result<Answer, Problem> {
    let session = global.session()?;
    match command {
        Epoch::Turn { if_due, second } => {
            let second = second.as_deref().map(|file| session.second(file)).transpose()?;
            let now_us = SystemClock.now_us();
            if *if_due && session.vault.epoch_due_us()? > now_us {
                return status(&session);
            }
            let Session { vault, who } = session;
            let turned = vault.turn_epoch(&who, second.as_ref(), now_us)?;
            let text = format!(
                "epoch {} began with {} live records and {} erased ones\nthe key of epoch {} was \
                 destroyed ({DESTROY}: custody is a folder)\n",
                turned.epoch,
                count(turned.live),
                count(turned.erased),
                turned.destroyed
            );
            Ok(Answer::new(&turned, text))
        }
        Epoch::Status => status(&session),
    }
}

fn status(session: &Session) -> Result<Answer, Problem> {
    let state = session.vault.epoch(&session.who)?;
    let overdue = state.due_us <= SystemClock.now_us();
    let turned = state.count.turned_us.map(time);
    let destroyed = (state.number > 1).then(|| state.number - 1);
    let text = format!(
        "epoch {}, turned {}, {} slots overwritten since, {} erasures pending\n{} {}\n",
        state.number,
        turned.as_deref().unwrap_or("never"),
        count(state.count.shredded),
        count(state.pending),
        if overdue { "due since" } else { "to be turned at" },
        time(state.due_us)
    );
    let counted = state.count.turned_us.is_some().then_some(state.count);
    let answer = json!({
        "epoch": state.number, "destroyed": destroyed, "destroy": DESTROY, "turned": turned,
        "live": counted.map(|c| c.live), "erased": counted.map(|c| c.erased),
        "shredded": state.count.shredded, "pending": state.pending,
        "due": time(state.due_us), "overdue": overdue,
    });
    Ok(Answer::new(&answer, text))
}
