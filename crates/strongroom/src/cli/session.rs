//! Opening the install and finding out who asks.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strongroom_api::{Client, ClientError, Secret};
use strongroom_core::principal::{Arrival, CREDENTIAL_PREFIX, Principal};
use strongroom_core::source::Clock as _;
use zeroize::Zeroizing;

use super::Global;
use super::output::notice;
use super::remote::Alone;
use crate::ambient::{SystemClock, SystemRandom};
use crate::calls::{Asked, Perform, time};
use crate::custody::{KeyFolder, OPERATOR_FILE};
use crate::http::{self, SOCKET_FILE};
use crate::problem::{Kind, Problem};
use crate::vault::{Folders, Vault};

/// An open install and who asks.
pub struct Session {
    /// The vault.
    pub vault: Arc<Vault>,
    /// The caller.
    pub who: Principal,
}

impl Global {
    /// Where the install lies.
    pub fn folders(&self) -> Folders {
        if let Some(served) = &self.served {
            return served.folders.clone();
        }
        let data = given(self.data.as_ref(), "STRONGROOM_DATA");
        let data = data.unwrap_or_else(|| PathBuf::from("./strongroom-data"));
        let keys = given(self.keys.as_ref(), "STRONGROOM_KEYS").unwrap_or_else(|| {
            let mut name = data.as_os_str().to_owned();
            name.push(".keys");
            name.into()
        });
        Folders { data, keys }
    }

    /// The file of the credential, where one was named.
    pub fn credential_file(&self) -> Option<PathBuf> {
        given(self.credential.as_ref(), "STRONGROOM_CREDENTIAL")
    }

    /// Opens the install.
    ///
    /// # Errors
    /// A [`Problem`]: no install, held, damaged.
    pub fn vault(&self) -> Result<Vault, Problem> {
        self.remote.refuse(Alone::Folders)?;
        let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
        let vault = Vault::open_asking(self.folders(), Some(self.ask()), clock, random)?;
        vault.settle_operator()?;
        Ok(vault)
    }

    /// The way to the install: the server that was named, the one that holds the folders, where
    /// one is at work, otherwise the folders themselves.
    ///
    /// # Errors
    /// A [`Problem`]: no install, damaged, no or a wrong credential.
    pub fn door(&self) -> Result<Door, Problem> {
        if self.served.is_some() {
            return Ok(Door::Here(Box::new(self.session()?)));
        }
        let client = match self.remote.server() {
            Some(url) => Some(self.remote.connect(&url, self.given()?.as_ref())?),
            None => self.holder()?,
        };
        match client {
            Some(client) => Ok(Door::Server(Box::new(client))),
            None => Ok(Door::Here(Box::new(self.session()?))),
        }
    }

    /// The server that holds the folders, where one is at work.
    ///
    /// # Errors
    /// A [`Problem`]: a credential that cannot be read, a server that cannot be talked to.
    pub fn holder(&self) -> Result<Option<Client>, Problem> {
        let data = self.folders().data;
        // Where there is none the credential is read once, by whoever opens the store.
        if !http::is_there(&data) {
            return Ok(None);
        }
        http::connect(&data, self.given()?.as_ref()).map_err(unanswered)
    }

    /// The credential that was named.
    fn given(&self) -> Result<Option<Secret>, Problem> {
        let given = self.credential_file().as_deref().map(credential).transpose()?;
        Ok(given.map(Secret::new))
    }

    /// Opens the install and authenticates.
    ///
    /// # Errors
    /// A [`Problem`]: no install, held, damaged, no or a wrong credential.
    pub fn session(&self) -> Result<Session, Problem> {
        if let Some(served) = &self.served {
            return served.session();
        }
        // The file is read first: a wrong path is told without opening anything.
        let given = self.credential_file().as_deref().map(credential).transpose()?;
        let folders = self.folders();
        let vault = self.vault().map_err(|problem| by_server(problem, &folders))?;
        let development = given.is_none() && vault.development();
        let text = match given {
            Some(text) => text,
            None if development => kept_credential(&folders.keys)?,
            None => Zeroizing::new(String::new()),
        };
        let who = vault.authenticate(&text, Arrival::local(SystemClock.now_us(), development))?;
        let due_us = vault.epoch_due_us()?;
        if due_us <= SystemClock.now_us() {
            notice(&format!(
                "the epoch was to be turned by {}: run `strongroom epoch turn`",
                time(due_us)
            ));
        }
        if development && !self.json {
            notice("DEVELOPMENT install: not for real people's data");
        }
        Ok(Session { vault: Arc::new(vault), who })
    }
}

/// The way to an install.
pub enum Door {
    /// Its folders, opened.
    Here(Box<Session>),
    /// The server that holds them.
    Server(Box<Client>),
}

impl Door {
    /// Performs a call, or has it performed.
    ///
    /// # Errors
    /// A [`Problem`].
    pub fn call<C: Perform>(&mut self, call: C) -> Result<C::Answer, Problem> {
        match self {
            Self::Here(session) => {
                let Session { vault, who } = &**session;
                call.perform(&Asked { vault, who, now_us: SystemClock.now_us() })
            }
            Self::Server(client) => client.call(call).map_err(unanswered),
        }
    }
}

/// What a server said instead of an answer, or why it said nothing.
pub(super) fn unanswered(error: ClientError) -> Problem {
    let (detail, remedy) = match error {
        ClientError::Problem(problem) => {
            let kind = Kind::parse(problem.word()).unwrap_or(Kind::Internal);
            return Problem::new(kind, problem.detail, problem.remedy);
        }
        ClientError::Unreachable(_) => {
            ("", "start it with `strongroom serve`, or check that this user owns the data folder")
        }
        ClientError::Credential => {
            let remedy = "pass the path of the file that holds the credential";
            return Problem::new(Kind::Unauthenticated, error.to_string(), remedy);
        }
        ClientError::Broken => (
            "; the call may have been performed",
            "ask what became of it before it is repeated, and see the server's log",
        ),
        _ => ("", "use the same version of strongroom as the server's"),
    };
    Problem::new(Kind::Unavailable, format!("{error}{detail}"), remedy)
}

/// What the problem is where it is a server that holds the store, and the command wants it for
/// itself.
fn by_server(problem: Problem, folders: &Folders) -> Problem {
    let served = problem.kind == Kind::Held && folders.data.join(SOCKET_FILE).exists();
    if !served {
        return problem;
    }
    let detail = "a server holds the store, and does not do this by itself yet";
    Problem::new(Kind::Held, detail, "stop `strongroom serve`, run this, and start it again")
}

impl Session {
    /// Finds out who else agrees: whose credential lies in `file`.
    ///
    /// # Errors
    /// A [`Problem`] when it is none; the refusal is recorded.
    pub fn second(&self, file: &Path) -> Result<Principal, Problem> {
        let arrival = Arrival::local(SystemClock.now_us(), false);
        self.vault.authenticate(&credential(file)?, arrival)
    }
}

/// Reads the file of a credential.
pub(super) fn credential(path: &Path) -> Result<Zeroizing<String>, Problem> {
    let unauthenticated =
        |detail: String, remedy: &str| Problem::new(Kind::Unauthenticated, detail, remedy);
    if is_secret(path) {
        return Err(unauthenticated(
            "a credential was given where the path of its file belongs".to_owned(),
            "write it to a file that only you can read and pass the file's path; it stands \
             in the shell's history now, so have it replaced",
        ));
    }
    let text = fs::read_to_string(path).map_err(|e| {
        let detail = format!("the credential file {} cannot be read: {e}", path.display());
        unauthenticated(detail, "pass the path of the file that holds the credential")
    })?;
    let mode = fs::metadata(path).map(|m| m.permissions().mode());
    if mode.is_ok_and(|m| m & 0o077 != 0) {
        notice(&format!("warning: {} can be read by other users", path.display()));
    }
    Ok(Zeroizing::new(text))
}

/// The credential that lies in a development install's key folder: nothing once it was taken away.
fn kept_credential(keys: &Path) -> Result<Zeroizing<String>, Problem> {
    if fs::symlink_metadata(keys.join(OPERATOR_FILE)).is_err() {
        return Ok(Zeroizing::default());
    }
    let bytes = KeyFolder::open(keys)?.read(OPERATOR_FILE)?;
    Ok(Zeroizing::new(std::str::from_utf8(&bytes).unwrap_or_default().to_owned()))
}

/// Whether somebody passed the secret itself: it must not be repeated in a message.
fn is_secret(path: &Path) -> bool {
    path.to_string_lossy().trim().starts_with(CREDENTIAL_PREFIX)
}

/// A path from the command line, else from the environment, where empty means unset.
pub(super) fn given(option: Option<&PathBuf>, variable: &str) -> Option<PathBuf> {
    let from_environment = || std::env::var_os(variable).filter(|v| !v.is_empty());
    option.cloned().or_else(|| from_environment().map(PathBuf::from))
}
