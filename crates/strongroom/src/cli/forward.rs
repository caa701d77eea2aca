//! Commands that name files, while a server holds the store: the server performs them, for a peer
//! of its socket, which is the folders' owner. Typed calls need none of this.
//!
//! The command line goes over as it is; paths in it are made absolute by the folder it was run in.
//! What the command says goes back, and is printed where it was run.

use std::cell::Cell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strongroom_api::{Call, Method, Secret};
use strongroom_core::principal::Principal;

use super::interrupt::on_interrupt;
use super::output::{Answer, keeping, notice, spinner};
use super::session::Session;
use super::{Cli, Command, parse, perform};
use crate::problem::Problem;
use crate::vault::{Folders, Vault};

/// How often the bar shows that something goes on.
const TICK: Duration = Duration::from_millis(100);

/// A command line, for the server on this machine alone.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forward {
    /// The command line.
    args: Vec<String>,
    /// The folder that it was run in.
    folder: String,
}

/// What a command said.
#[derive(Serialize, Deserialize)]
pub struct Said {
    /// Its answer as JSON.
    json: Secret,
    /// Its answer as text.
    text: Secret,
    /// Its exit code.
    exit: u8,
    /// What it said on standard error.
    notices: Vec<String>,
}

impl Call for Forward {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/command";
    const SUMMARY: &'static str = "Perform a command line, for the socket's peers alone";
    type Answer = Said;
}

/// What a forwarded command works with: the server's vault, and who asks.
pub struct Served {
    vault: Cell<Option<Arc<Vault>>>,
    who: Principal,
    /// Where the install lies.
    pub folders: Folders,
}

impl Served {
    /// The vault, for the one time that a command asks for it.
    ///
    /// # Errors
    /// A [`Problem`] the second time.
    pub fn session(&self) -> Result<Session, Problem> {
        let vault = self.vault.take();
        let vault = vault.ok_or_else(|| Problem::internal("a command opened the store twice"))?;
        Ok(Session { vault, who: self.who.clone() })
    }
}

/// Has the server perform a command that it can, where one holds the folders.
///
/// # Errors
/// A [`Problem`]: the command's own, or why the server gave none.
pub fn forwarded(cli: &Cli, args: &[OsString]) -> Result<Option<Answer>, Problem> {
    if !cli.command.is_forwarded() {
        return Ok(None);
    }
    let global = &cli.global;
    // A server that was named is another, and refuses.
    if global.remote.server().is_some() {
        return Ok(None);
    }
    let Some(client) = global.holder()? else { return Ok(None) };
    let not_text = || {
        let detail = "an argument is no UTF-8, and a server holds the store";
        Problem::usage(detail, "rename the file, or stop the server")
    };
    let here = std::env::current_dir().ok().and_then(|p| p.into_os_string().into_string().ok());
    let args = args.iter().map(|arg| arg.to_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
    let (Some(folder), Some(args)) = (here, args) else { return Err(not_text()) };
    on_interrupt(
        global.json,
        "interrupted here: the server goes on with what it was given",
        "run the same command again to hear how it ended",
        || {},
    );
    let bar = spinner();
    bar.enable_steady_tick(TICK);
    let said = client.patient().call(Forward { args, folder });
    bar.finish_and_clear();
    let said = said.map_err(super::session::unanswered)?;
    said.notices.iter().for_each(|text| notice(text));
    Ok(Some(Answer::of_parts(said.json.into_inner(), said.text.into_inner(), said.exit)))
}

/// A command that came over the socket.
pub struct Forwarded {
    cli: Cli,
}

impl Forwarded {
    /// Reads it.
    ///
    /// # Errors
    /// A [`Problem`]: none that a server performs.
    pub fn read(forward: &Forward) -> Result<Self, Problem> {
        let not_here = || {
            let detail = "a server performs no such command";
            Problem::usage(detail, "run it where the folders are, with the server stopped")
        };
        let args: Vec<OsString> = forward.args.iter().map(OsString::from).collect();
        let mut cli = parse(&args).map_err(|_| not_here())?;
        if !cli.command.is_forwarded() {
            return Err(not_here());
        }
        let folder = Path::new(&forward.folder);
        let of_global = [&mut cli.global.passphrase_file, &mut cli.global.credential];
        let of_global = of_global.into_iter().flatten();
        for path in cli.command.paths().into_iter().chain(of_global) {
            if path.as_os_str() == "-" {
                let detail = "a server holds the store, and reads no standard input";
                return Err(Problem::usage(detail, "name a file, or stop the server"));
            }
            *path = folder.join(&*path);
        }
        Ok(Self { cli })
    }

    /// Whether it uses the vault up: the store is opened anew after it.
    #[must_use]
    pub fn turns(&self) -> bool {
        matches!(self.cli.command, Command::Epoch(_))
    }

    /// Performs it.
    ///
    /// # Errors
    /// A [`Problem`].
    pub fn perform(
        self,
        vault: Arc<Vault>,
        who: Principal,
        folders: Folders,
    ) -> Result<Said, Problem> {
        let Self { mut cli } = self;
        cli.global.served = Some(Served { vault: Cell::new(Some(vault)), who, folders });
        let (answered, notices) = keeping(|| perform(cli));
        let (json, text, exit) = answered?.taken_apart();
        Ok(Said { json: Secret::new(json), text: Secret::new(text), exit, notices })
    }
}

/// Paths of an argument that may be missing.
pub fn some<'p>(paths: impl IntoIterator<Item = &'p mut Option<PathBuf>>) -> Vec<&'p mut PathBuf> {
    paths.into_iter().flatten().collect()
}
