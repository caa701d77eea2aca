//! The server: the calls of the API over HTTP (RFC 9110, RFC 9112), on the network and on a socket
//! in the data folder.
//!
//! Whoever has no valid credential is answered 401 before the body is looked at, on every path but
//! those of [`OPEN`]. Nothing is decided here: a call goes the one way that the command line goes.

mod admit;
mod answer;
mod limits;
mod listen;
mod openapi;
mod problem;
mod routes;
mod socket;
mod taken;
mod tls;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use strongroom_core::source::Clock;

use crate::vault::Vault;

pub use limits::Limits;
pub use listen::{Listen, Ready, serve};
pub use openapi::{Operation, operations, text as openapi_text};
pub use socket::{SOCKET_FILE, connect};
pub use tls::Identity;

/// Paths that are answered to anybody.
pub const OPEN: [&str; 2] = ["/openapi.json", "/v1/health"];

/// A body is no longer than this, in bytes.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// Tokens of one reveal over the network.
pub const TOKENS_MAX: usize = 1_000;

/// What every request is answered from.
pub struct App {
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    /// Where the credential of a development install lies, which the socket's peers need not name.
    kept: Option<PathBuf>,
    strangers: Mutex<admit::Strangers>,
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

impl App {
    /// Over a vault; `kept` is the file of a development install's credential.
    #[must_use]
    pub fn new(vault: Arc<Vault>, clock: Arc<dyn Clock>, kept: Option<PathBuf>) -> Self {
        let (strangers, limits) = (Mutex::default(), Limits::default());
        Self { vault, clock, kept, strangers, limits }
    }

    /// Within other limits.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The routes, and who gets to them.
    pub fn router(self: Arc<Self>) -> Router {
        routes::all().into_router(self)
    }
}
