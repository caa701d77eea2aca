//! `strongroom custody passphrase`

use std::path::PathBuf;

use serde_json::json;

use super::Global;
use super::output::Answer;
use crate::problem::Problem;

pub const AFTER_HELP: &str = "\
Examples:
  strongroom custody passphrase --new-file /etc/strongroom/passphrase
  strongroom custody passphrase --passphrase-file old --new-file new
  strongroom custody passphrase --none

At a terminal, without --new-file, the new passphrase is asked for twice and not shown. The old
file of the root key is replaced, not overwritten: copies of the key folder, and blocks of its
volume, may still hold it under the old passphrase or in clear.";

/// What can be done with custody.
#[derive(clap::Subcommand)]
pub enum Custody {
    /// Put the root key under a passphrase, under another one, or back in clear
    Passphrase {
        /// A file that holds the new passphrase, one line of at least 12 bytes
        #[arg(long, value_name = "FILE")]
        new_file: Option<PathBuf>,
        /// Keep the root key in clear, in its file alone
        #[arg(long, conflicts_with = "new_file")]
        none: bool,
    },
}

/// Performs it.
pub fn run(global: &Global, command: &Custody) -> Result<Answer, Problem> {
    let Custody::Passphrase { new_file, none } = command;
    let session = global.session()?;
    let new = match none {
        true => None,
        false => Some(global.new_passphrase(new_file.as_deref())?),
    };
    session.vault.change_passphrase(&session.who, global.ask(), new.as_ref())?;
    let text = match none {
        true => "the root key lies in clear in the key folder\n",
        false => "the root key is under the new passphrase\n",
    };
    Ok(Answer::new(&json!({"passphrase": !none}), text))
}
