//! `strongroom epoch`

use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use strongroom_api::EpochStatus;
use strongroom_core::source::Clock as _;

use super::Global;
use super::forward::some;
use super::output::{Answer, count};
use super::session::{Door, Session};
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

impl Epoch {
    /// Whether a server can do it.
    pub fn is_served(&self) -> bool {
        matches!(self, Self::Status)
    }

    /// The paths in it.
    pub fn paths(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::Turn { second, .. } => some([second]),
            Self::Status => Vec::new(),
        }
    }
}

/// Performs it.
pub fn run(global: &Global, command: &Epoch) -> Result<Answer, Problem> {
    let Epoch::Turn { if_due, second } = command else { return status(&mut global.door()?) };
    let session = global.session()?;
    let second = second.as_deref().map(|file| session.second(file)).transpose()?;
    let now_us = SystemClock.now_us();
    if *if_due && session.vault.epoch_due_us()? > now_us {
        return status(&mut Door::Here(Box::new(session)));
    }
    let Session { vault, who } = session;
    // A server lets it go for this, once nobody is at work in it.
    let vault = Arc::into_inner(vault).ok_or_else(|| Problem::internal("the store is in use"))?;
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

fn status(door: &mut Door) -> Result<Answer, Problem> {
    let state = door.call(EpochStatus {})?;
    let text = format!(
        "epoch {}, turned {}, {} slots overwritten since, {} erasures pending\n{} {}\n",
        state.epoch,
        state.turned.as_deref().unwrap_or("never"),
        count(state.shredded),
        count(state.pending),
        if state.overdue { "due since" } else { "to be turned at" },
        state.due
    );
    Ok(Answer::new(&state, text))
}
