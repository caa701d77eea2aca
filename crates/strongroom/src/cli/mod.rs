//! The command line: one file a subcommand, one definition for parsing, help and examples.
//!
//! With `--json` exactly one JSON object goes to standard output, also on failure; progress and
//! notices go to standard error; nothing ever prompts.

mod backup;
mod completions;
mod custody;
mod doctor;
mod epoch;
mod erase;
mod export;
mod find;
mod forward;
mod init;
mod interrupt;
mod ledger;
mod man;
mod output;
mod passphrase;
mod principal;
mod quarantine;
mod quickstart;
mod reading;
mod remote;
mod restore;
mod reveal;
mod rotate;
mod schema;
mod seal;
mod serve;
mod session;
mod status;
mod strengthen;
mod tenant;
mod update;
mod verify_password;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use strongroom_core::text::visible_lines;

use crate::problem::Problem;
pub use forward::{Forward, Forwarded, Said};
use output::Answer;
pub(crate) use output::notice;

const AFTER_HELP: &str = "\
Examples:
  strongroom quickstart                              see it work, on invented people
  strongroom init --development                      an install to try things on
  strongroom tenant add acme
  strongroom seal people.csv --tenant acme --collection people
  strongroom reveal --tenant acme --purpose support srt_...
  strongroom reveal --tenant acme --purpose support srt_... --credential shop.credential \\
    --server https://vault.example.com:8443 --fingerprint 3f9c...

Exit codes: 0 done, 1 the answer is no, 2 usage or bad input, 4 done with quarantined rows,
10 no or wrong credential, 11 forbidden, 12 not found, 13 store held by another process,
14 disk full or ledger unavailable, 15 tampering found, 20 internal, 25 too many wrong guesses,
130 interrupted.";

/// Seals personal information, records every access before it happens, and lets an outsider
/// verify all of it offline.
#[derive(Parser)]
#[command(name = "strongroom", version, after_help = AFTER_HELP, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every subcommand; they stand before or after it.
#[derive(Args)]
pub struct Global {
    /// Answer with one JSON object on standard output
    #[arg(long, global = true)]
    json: bool,
    /// The data folder [env: STRONGROOM_DATA] [default: ./strongroom-data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The key folder; beside the data, better on another volume [env: STRONGROOM_KEYS]
    /// [default: DATA.keys]
    #[arg(long, global = true, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// A file that holds the credential [env: STRONGROOM_CREDENTIAL]
    #[arg(long, global = true, value_name = "FILE")]
    credential: Option<PathBuf>,
    /// A file that holds the passphrase of the root key, if it has one
    /// [env: STRONGROOM_PASSPHRASE_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    remote: remote::Remote,
    /// What a server gives a command that it performs.
    #[arg(skip)]
    served: Option<forward::Served>,
}

/// What can be done.
#[derive(Subcommand)]
enum Command {
    /// Show the whole thing at work on invented people, in a throw-away folder
    Quickstart(quickstart::Args),
    /// Make an install: a data folder and a key folder
    Init(init::Args),
    /// Add, list or show tenants (client companies)
    #[command(subcommand, after_help = tenant::AFTER_HELP)]
    Tenant(tenant::Tenant),
    /// Add, list, renew or revoke principals (services and operators)
    #[command(subcommand, after_help = principal::AFTER_HELP)]
    Principal(principal::Principal),
    /// Propose, show or set the schema of a collection
    #[command(subcommand, after_help = schema::AFTER_HELP)]
    Schema(schema::Schema),
    /// Seal an export: records into the store, a tokenised copy beside it
    Seal(seal::Args),
    /// List rows that were left out, or try them again from the corrected file
    #[command(subcommand, after_help = quarantine::AFTER_HELP)]
    Quarantine(quarantine::Quarantine),
    /// Give back the values of tokens; recorded before it happens
    Reveal(reveal::Args),
    /// Find the records that have a value in an indexed field; recorded before the answer
    Find(find::Args),
    /// Change values of a record; recorded before it is opened
    Update(update::Args),
    /// Say whether a password is right; recorded before the answer
    VerifyPassword(verify_password::Args),
    /// Wrap what `seal` keeps of passwords at full strength, from cron
    Strengthen(strengthen::Args),
    /// Erase records: not there from the entry on, their slots overwritten after a grace time
    Erase(erase::Args),
    /// Turn the epoch, or say when it is to be turned
    #[command(subcommand, after_help = epoch::AFTER_HELP)]
    Epoch(epoch::Epoch),
    /// Give a key its next version, and carry over what stands under the old one
    Rotate(rotate::Args),
    /// Give the original of a tokenised file back; everybody in it is recorded first
    Export(export::Args),
    /// Export the ledger, print its keys, ask who saw a record
    #[command(subcommand, after_help = ledger::AFTER_HELP)]
    Ledger(ledger::Ledger),
    /// Write a sealed, verified backup, while the install is in use
    Backup(backup::Args),
    /// Put back records that are missing or damaged, from a backup
    Restore(restore::Args),
    /// Serve the API over HTTPS, and hold the store for the commands of this machine
    Serve(serve::Args),
    /// The state of the install
    Status(status::Args),
    /// Put the root key under a passphrase, or change it
    #[command(subcommand, after_help = custody::AFTER_HELP)]
    Custody(custody::Custody),
    /// Say what is not as it should be, of folders, machine and install, and what to do
    Doctor(doctor::Args),
    /// Print completions for a shell
    Completions(completions::Args),
    /// Print the manual page, or write one for each subcommand
    Man(man::Args),
}

impl Command {
    /// Whether it needs the folders, or neither folders nor server; nothing where a server can do
    /// it.
    fn alone(&self) -> Option<remote::Alone> {
        use remote::Alone::{Folders, Nothing};
        match self {
            Self::Tenant(_)
            | Self::Reveal(_)
            | Self::Find(_)
            | Self::Update(_)
            | Self::VerifyPassword(_)
            | Self::Erase(_)
            | Self::Status(_) => None,
            Self::Principal(command) => (!command.is_served()).then_some(Folders),
            Self::Schema(command) => (!command.is_served()).then_some(Nothing),
            Self::Epoch(command) => (!command.is_served()).then_some(Folders),
            Self::Ledger(command) => (!command.is_served()).then_some(Folders),
            Self::Quickstart(_) | Self::Completions(_) | Self::Man(_) => Some(Nothing),
            Self::Init(_)
            | Self::Seal(_)
            | Self::Quarantine(_)
            | Self::Strengthen(_)
            | Self::Rotate(_)
            | Self::Export(_)
            | Self::Backup(_)
            | Self::Restore(_)
            | Self::Serve(_)
            | Self::Custody(_)
            | Self::Doctor(_) => Some(Folders),
        }
    }
}

impl Command {
    /// Whether a server on this machine performs it as it is, where it holds the store.
    fn is_forwarded(&self) -> bool {
        match self {
            Self::Principal(command) => !command.is_served(),
            Self::Epoch(command) => !command.is_served(),
            Self::Ledger(command) => !command.is_served(),
            Self::Restore(args) => !args.is_new(),
            Self::Seal(_)
            | Self::Quarantine(_)
            | Self::Strengthen(_)
            | Self::Rotate(_)
            | Self::Export(_)
            | Self::Backup(_)
            | Self::Doctor(_) => true,
            _ => false,
        }
    }

    /// The paths in it that lead out of the install, for one that is forwarded.
    fn paths(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::Principal(command) => command.paths(),
            Self::Epoch(command) => command.paths(),
            Self::Ledger(command) => command.paths(),
            Self::Restore(args) => args.paths(),
            Self::Seal(args) => args.paths(),
            Self::Quarantine(command) => command.paths(),
            Self::Export(args) => args.paths(),
            Self::Backup(args) => args.paths(),
            _ => Vec::new(),
        }
    }
}

/// The one definition: parsing, help, completions and manual pages come out of it. A nested
/// subcommand without examples of its own shows those of its group.
fn definition() -> clap::Command {
    let mut command = Cli::command();
    for group in command.get_subcommands_mut() {
        let Some(shared) = group.get_after_help().cloned() else { continue };
        for nested in group.get_subcommands_mut().filter(|c| c.get_after_help().is_none()) {
            *nested = std::mem::take(nested).after_help(shared.clone());
        }
    }
    command
}

fn parse(args: &[OsString]) -> Result<Cli, clap::Error> {
    let mut command = definition();
    let matches = command.try_get_matches_from_mut(args)?;
    Cli::from_arg_matches(&matches).map_err(|e| e.format(&mut command))
}

/// Parses, performs and answers.
pub fn run(args: impl IntoIterator<Item = OsString>, weak: &[&str]) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let json = args.iter().any(|a| a == "--json");
    let cli = match parse(&args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, json),
    };
    for what in weak {
        output::notice(&format!("warning: {what}"));
    }
    let json = cli.global.json;
    let answered = match forward::forwarded(&cli, &args) {
        Ok(None) => perform(cli),
        Ok(Some(answer)) => Ok(answer),
        Err(problem) => Err(problem),
    };
    match answered {
        Ok(answer) => answer.print(json),
        Err(problem) => output::print_problem(&problem, json),
    }
}

fn perform(cli: Cli) -> Result<Answer, Problem> {
    let global = &cli.global;
    if let Some(doing) = cli.command.alone() {
        global.remote.refuse(doing)?;
    }
    match cli.command {
        Command::Quickstart(args) => quickstart::run(global, &args),
        Command::Init(args) => init::run(global, &args),
        Command::Tenant(command) => tenant::run(global, &command),
        Command::Principal(command) => principal::run(global, &command),
        Command::Schema(command) => schema::run(global, &command),
        Command::Seal(args) => seal::run(global, &args),
        Command::Quarantine(command) => quarantine::run(global, &command),
        Command::Reveal(args) => reveal::run(global, &args),
        Command::Find(args) => find::run(global, &args),
        Command::Update(args) => update::run(global, &args),
        Command::VerifyPassword(args) => verify_password::run(global, &args),
        Command::Strengthen(args) => strengthen::run(global, &args),
        Command::Erase(args) => erase::run(global, &args),
        Command::Epoch(command) => epoch::run(global, &command),
        Command::Rotate(args) => rotate::run(global, &args),
        Command::Export(args) => export::run(global, &args),
        Command::Ledger(command) => ledger::run(global, &command),
        Command::Backup(args) => backup::run(global, &args),
        Command::Restore(args) => restore::run(global, &args),
        Command::Serve(args) => serve::run(global, &args),
        Command::Status(args) => status::run(global, &args),
        Command::Custody(command) => custody::run(global, &command),
        Command::Doctor(args) => doctor::run(global, &args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(global, &args),
    }
}

/// What clap says, in the form that was asked for.
fn usage(error: &clap::Error, json: bool) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if json {
        let text = error.render().to_string();
        let first: Vec<&str> = text.lines().map(str::trim).take_while(|l| !l.is_empty()).collect();
        let first = first.join(" ");
        let detail = first.strip_prefix("error: ").unwrap_or(&first);
        let remedy = "see `strongroom --help`, or `--help` after the subcommand";
        return output::print_problem(&Problem::usage(detail, remedy), true);
    }
    let text = error.render().to_string();
    let _ = write!(std::io::stderr(), "{}", *visible_lines(&text));
    ExitCode::from(2)
}

/// The names of every subcommand that can be run, `ledger who` for a nested one: the access
/// matrix must name each of them.
#[must_use]
pub fn subcommands() -> Vec<String> {
    let mut out = Vec::new();
    for command in Cli::command().get_subcommands() {
        let nested: Vec<_> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
        if nested.is_empty() {
            out.push(command.get_name().to_owned());
        }
        out.extend(nested.iter().map(|n| format!("{} {n}", command.get_name())));
    }
    out
}
