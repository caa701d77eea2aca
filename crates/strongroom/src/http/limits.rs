//! How much a server takes on, and how long it waits.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::cli::notice;

/// Files that are not connections: those of store, ledger and engine, with room to spare.
const FILES_KEPT: usize = 512;

/// Connections that there always are.
const CONNECTIONS_MIN: usize = 16;

/// Limits of a server. Whoever has no credential meets the first three.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections of the network at one time; more wait to be accepted.
    pub connections: usize,
    /// How long a handshake, or the head of a request, may take to come.
    pub head: Duration,
    /// How long an answer may take to be taken.
    pub taken: Duration,
    /// How long a body may take to come.
    pub body: Duration,
    /// How long requests under way may still take once the server is told to stop.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            head: Duration::from_secs(10),
            taken: Duration::from_secs(60),
            body: Duration::from_secs(10),
            stop: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// Connections that leave the store the files it needs: without one it could not open its next
    /// segment, and whoever reaches the port can hold all connections.
    pub(super) fn connections_beside_files(&self) -> usize {
        let limit = getrlimit(Resource::Nofile);
        let more = Rlimit { current: limit.maximum, maximum: limit.maximum };
        let _ = setrlimit(Resource::Nofile, more);
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let files = usize::try_from(files).unwrap_or(usize::MAX);
        let most = files.saturating_sub(FILES_KEPT).max(CONNECTIONS_MIN);
        if most < self.connections {
            notice(&format!("{files} open files are allowed: {most} connections at one time"));
        }
        self.connections.min(most)
    }
}
