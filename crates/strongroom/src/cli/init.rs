//! `strongroom init`

use std::sync::Arc;

use serde_json::json;

use super::Global;
use super::output::Answer;
use crate::ambient::{SystemClock, SystemRandom};
use crate::problem::Problem;
use crate::vault::Vault;

const AFTER_HELP: &str = "\
Examples:
  strongroom init --data /srv/strongroom/data --keys /mnt/keys/strongroom
  strongroom init --development
  strongroom init --passphrase --passphrase-file /etc/strongroom/passphrase

The local operator's credential is printed once. A development install keeps it in the key folder
as operator.credential and uses it when none is given.";

/// Options of `init`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// An install to try things on: never for real people's data
    #[arg(long)]
    development: bool,
    /// Put the root key under a passphrase, out of --passphrase-file or typed at the terminal
    #[arg(long)]
    passphrase: bool,
}

/// Makes an install.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let folders = global.folders();
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    if !args.passphrase && global.passphrase_file.is_some() {
        let detail = "a passphrase file is named, and no passphrase is asked for";
        return Err(Problem::usage(detail, "add --passphrase, or leave --passphrase-file out"));
    }
    let passphrase = match args.passphrase {
        true => Some(global.new_passphrase(global.passphrase_file().as_deref())?),
        false => None,
    };
    let passphrase = passphrase.as_ref();
    let made = Vault::init_under(&folders, args.development, passphrase, clock, random)?;
    let mut text = format!(
        "install  {}\ndata     {}\nkeys     {}\n",
        made.install,
        folders.data.display(),
        folders.keys.display()
    );
    if args.development {
        let json = json!({"install": made.install.to_string()});
        text.push_str("\nDEVELOPMENT install: not for real people's data.\n");
        text.push_str("Next: strongroom tenant add NAME\n");
        return Ok(Answer::new(&json, text));
    }
    text.push_str("\nThe local operator's credential, shown this once:\n\n  ");
    text.push_str(&made.credential);
    text.push_str(
        "\n\nKeep it in a file that only you can read and pass that with --credential.\n\
         Back up the key folder apart from the data: without it nothing can be opened.\n",
    );
    let json = json!({"install": made.install.to_string(), "credential": *made.credential});
    Ok(Answer::new(&json, text))
}
