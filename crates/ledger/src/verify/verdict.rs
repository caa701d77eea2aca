//! What the verifier can say.

use std::collections::BTreeMap;
use std::fmt;

use super::ReadError;
use crate::entry::{Act, DecodeError};
use crate::id::{Id, LogId};
use crate::merkle::Hash;
use crate::note::{NoteError, VerifierKey};
use crate::tile::{BundleError, TilePath};

/// Everything was checked and holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The install whose ledger this is.
    pub install: Id,
    /// Each log, the system's first.
    pub logs: Vec<LogReport>,
}

/// What one log holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogReport {
    /// Which log.
    pub log: LogId,
    /// How many entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// How many entries of each act.
    pub acts: BTreeMap<Act, u64>,
    /// The keys that its entries state as its next ones, each vouched for by the one before, in
    /// order. The last is the one that signed.
    pub next_keys: Vec<VerifierKey>,
    /// How many of its entries the system log has noted; 0 for the system log itself. What lies
    /// beyond rests on this log's own signature alone.
    pub noted: u64,
}

/// Why there is no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The export is not what its keys' owner signed.
    #[error(transparent)]
    Refuted(#[from] Refuted),
    /// It could not be told.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Unreadable(error.into())
    }
}

/// The first thing found wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refuted {
    /// In which log.
    pub log: LogId,
    /// At which entry, where one can be named; for a tile, the first entry it concerns.
    pub index: Option<u64>,
    /// What.
    pub reason: Reason,
}

impl Refuted {
    /// Wrong about a log as a whole.
    pub(super) fn log(log: LogId, reason: Reason) -> Self {
        Self { log, index: None, reason }
    }

    /// Wrong at an entry.
    pub(super) fn at(log: LogId, index: u64, reason: Reason) -> Self {
        Self { log, index: Some(index), reason }
    }
}

impl fmt::Display for Refuted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "log {}, entry {index}: {}", self.log, self.reason),
            None => write!(f, "log {}: {}", self.log, self.reason),
        }
    }
}

/// What can be wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// A log that nobody vouched for.
    #[error("no key was given for this log")]
    NoKey,
    /// A log left out.
    #[error("a key was given for this log, but the export does not hold it")]
    NoLog,
    /// A log left out together with its key.
    #[error("the system log notes a head of this log, but the export does not hold it")]
    HeadWithoutLog,
    /// No signed head.
    #[error("the checkpoint is missing")]
    NoCheckpoint,
    /// No head that the log's key signed.
    #[error("{0}")]
    Checkpoint(NoteError),
    /// A key that signs no more has signed, or one that nobody vouched for.
    #[error("the checkpoint is not signed by the key that the log states as its last")]
    OtherKey,
    /// The signed size asks for a file that is not there.
    #[error("file {0} is missing")]
    Missing(TilePath),
    /// A file that the signed size does not ask for.
    #[error("file {0:?} does not belong to the log")]
    Surplus(String),
    /// A bundle that does not come apart into entries.
    #[error("file {0}: {1}")]
    Bundle(TilePath, BundleError),
    /// A bundle or tile with more or less in it than its name says.
    #[error("file {0} does not hold as much as its name says")]
    Width(TilePath),
    /// Entry and tile contradict each other.
    #[error("file {0} holds another hash than the entries give")]
    TileHash(TilePath),
    /// Entries and tiles agree with each other, not with the signature.
    #[error("the entries do not give the root that was signed")]
    Root,
    /// An entry that the writer cannot have written.
    #[error("{0}")]
    Entry(DecodeError),
    /// An entry of another log.
    #[error("the entry belongs to another log")]
    OtherLog,
    /// Time runs backwards.
    #[error("the entry is older than the one before it")]
    TimeBackwards,
    /// An earlier start of the writer.
    #[error("the entry is of an earlier start of the writer than the one before it")]
    BootBackwards,
    /// An id used before.
    #[error("the entry has the id of an earlier one")]
    IdTwice,
    /// A completion of nothing.
    #[error("the entry completes one that does not stand before it")]
    CompletesNothing,
    /// The end of the log was cut off.
    #[error("the system log notes {0} entries of this log, which has fewer")]
    CutShort(u64),
    /// Another history than the one that was noted.
    #[error("the first {0} entries are not those that the system log notes")]
    Forked(u64),
    /// A log of which something was kept is gone.
    #[error("a checkpoint or receipt was kept of this log, but the export does not hold it")]
    KeptWithoutLog,
    /// The ledger was put back, or its end cut off.
    #[error("a checkpoint that was kept has {0} entries of this log, which has fewer")]
    KeptLonger(u64),
    /// Another history than the one of a checkpoint that was kept.
    #[error("the first {0} entries are not those of a checkpoint that was kept")]
    KeptForked(u64),
    /// Another entry than the one that was answered for.
    #[error("the entry is not the one of a receipt that was kept")]
    NotTheReceipt,
    /// An entry that was answered for is gone.
    #[error("a receipt was kept of this entry, but the log ends before it")]
    BeyondTheEnd,
}

/// Why nothing can be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// A file or folder.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// No key at all.
    #[error("no verification key was given")]
    NoKeys,
    /// A key whose name is not the origin of a log.
    #[error("a verification key is not named for a log of strongroom")]
    ForeignKey,
    /// Keys that do not belong together.
    #[error("the verification keys are of more than one install")]
    TwoInstalls,
    /// Neither a system log nor one of a tenant.
    #[error("this is not an exported ledger: it has neither system/ nor tenants/")]
    NotAnExport,
    /// Whole and signed, but in part of a later format.
    #[error("log {log}, entry {index}: of a later format; use a newer verifier")]
    UnknownVersion {
        /// Which log.
        log: LogId,
        /// The first such entry.
        index: u64,
    },
}
