//! `strongroom completions`: what a shell needs to complete a command, out of the one definition.

use clap::ValueEnum;
use clap_complete::Shell;
use serde_json::json;

use super::definition;
use super::output::Answer;
use crate::problem::Problem;

const AFTER_HELP: &str = "\
Examples:
  strongroom completions bash > ~/.local/share/bash-completion/completions/strongroom
  strongroom completions zsh > \"${fpath[1]}/_strongroom\"
  strongroom completions fish > ~/.config/fish/completions/strongroom.fish

It needs no install.";

/// Options of `completions`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Of,
}

/// The shells that are tried.
#[derive(Clone, Copy, ValueEnum)]
enum Of {
    Bash,
    Zsh,
    Fish,
}

/// Prints them.
pub fn run(args: &Args) -> Result<Answer, Problem> {
    let (name, shell) = match args.shell {
        Of::Bash => ("bash", Shell::Bash),
        Of::Zsh => ("zsh", Shell::Zsh),
        Of::Fish => ("fish", Shell::Fish),
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut definition(), "strongroom", &mut script);
    let script = String::from_utf8(script).map_err(|_| Problem::internal("completions"))?;
    Ok(Answer::verbatim(&json!({"shell": name, "script": script}), script))
}
