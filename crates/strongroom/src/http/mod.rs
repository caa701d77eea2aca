//! The server: the calls of the API over HTTP (RFC 9110, RFC 9112), on the network and on a socket
//! in the data folder.
//!
//! Whoever has no valid credential is answered 401 before the body is looked at, on every path but
//! those of [`OPEN`]. Nothing is decided here: a call goes the one way that the command line goes.

mod admit;
mod answer;
mod command;
mod limits;
mod listen;
mod openapi;
mod problem;
mod routes;
mod socket;
mod taken;
mod tls;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use strongroom_core::source::Clock;
use tokio::sync::{RwLock, Semaphore, watch};

use crate::custody::OPERATOR_FILE;
use crate::problem::{Kind, Problem};
use crate::vault::{Folders, Vault};

pub use limits::Limits;
pub use listen::{Listen, Ready, serve};
pub use openapi::{Operation, operations, text as openapi_text};
pub use socket::{SOCKET_FILE, connect, is_there};
pub use tls::Identity;

/// Paths that are answered to anybody.
pub const OPEN: [&str; 2] = ["/openapi.json", "/v1/health"];

/// A body is no longer than this, in bytes.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// Tokens of one reveal over the network.
pub const TOKENS_MAX: usize = 1_000;

/// Commands of the socket's peers that are performed at one time.
const COMMANDS_MAX: u32 = 8;

/// Opens the store anew.
type Open = dyn Fn() -> Result<Vault, Problem> + Send + Sync;

/// What every request is answered from.
pub struct App {
    /// Nothing while the epoch is turned, for which whoever turns it holds the lock.
    vault: RwLock<Option<Arc<Vault>>>,
    open: Arc<Open>,
    /// Says why the store could not be opened again: the server ends.
    ended: watch::Sender<Option<Problem>>,
    clock: Arc<dyn Clock>,
    folders: Folders,
    /// Where the credential of a development install lies, which the socket's peers need not name.
    kept: Option<PathBuf>,
    strangers: Mutex<admit::Strangers>,
    commands: Arc<Semaphore>,
    limits: Limits,
}

/// How a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// Over the network: answered without what only the owner of the folders should know.
    Network,
    /// Over the socket in the data folder, which nobody but the folder's owner can open.
    Socket,
}

/// Where a connection of the network comes from: what the kernel says, and no header.
#[derive(Debug, Clone, Copy)]
pub struct Address(IpAddr);

impl App {
    /// Over the install in `folders`.
    ///
    /// # Errors
    /// A [`Problem`] of opening it.
    pub fn new(
        folders: Folders,
        clock: Arc<dyn Clock>,
        open: impl Fn() -> Result<Vault, Problem> + Send + Sync + 'static,
    ) -> Result<Self, Problem> {
        let vault = open()?;
        let kept = vault.development().then(|| folders.keys.join(OPERATOR_FILE));
        Ok(Self {
            vault: RwLock::new(Some(Arc::new(vault))),
            open: Arc::new(open),
            ended: watch::Sender::new(None),
            clock,
            folders,
            kept,
            strangers: Mutex::default(),
            commands: Arc::new(Semaphore::new(COMMANDS_MAX as usize)),
            limits: Limits::default(),
        })
    }

    /// Within other limits.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Whether the install is for development.
    #[must_use]
    pub fn is_development(&self) -> bool {
        self.kept.is_some()
    }

    /// The vault, once nobody turns the epoch.
    async fn vault(&self) -> Result<Arc<Vault>, Problem> {
        self.vault.read().await.clone().ok_or_else(Self::is_closed)
    }

    fn is_closed() -> Problem {
        let detail = "the store could not be opened again after the epoch was turned";
        Problem::new(Kind::Unavailable, detail, "see what the server said, and start it again")
    }

    /// The routes of the network and those of the socket, and who gets to them.
    fn routers(self: Arc<Self>) -> (Router, Router) {
        let of_network = routes::all().into_router(Arc::clone(&self), Peer::Network);
        (of_network, routes::all().into_router(self, Peer::Socket))
    }
}
