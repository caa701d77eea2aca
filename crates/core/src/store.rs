//! The port to the store. Core decides and hands over a [`Batch`]; the application performs it.
//!
//! A batch carries its entries and there is no other way to write. The port knows nothing of
//! engines and does not assume one process.

mod snapshot;

pub use snapshot::Snapshot;

use std::pin::Pin;
use std::sync::Arc;

use crate::id::RecordNumber;
use crate::ledger::merkle::Hash;
use crate::ledger::{Entry, LogId};
use crate::source::RandomError;
use crate::vault::epoch::{Carried, Carrier, DamagedSlot};
use crate::vault::slot::SlotBytes;

/// A table of the engine. Every key but control's begins with the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Table {
    /// Sealed rows.
    Record = 1,
    /// Equality tags.
    Index = 2,
    /// Tenants, principals, collections, wrapped keys: authenticated rows.
    Control = 3,
    /// Jobs and their batches: authenticated rows.
    Job = 4,
    /// For stores alone: the index of the last entry of each log whose effect is in the engine.
    Applied = 5,
}

/// A row as a batch leaves it: table, key, and its value, or nothing where it is taken away.
pub type Row<'a> = (Table, &'a [u8], Option<&'a [u8]>);

/// Engine rows of one batch, in one arena.
#[derive(Default)]
pub struct Rows {
    arena: Vec<u8>,
    items: Vec<Item>,
}

/// One row: where its key ends, and where its value does if it has one.
struct Item {
    table: Table,
    middle: usize,
    end: Option<usize>,
}

impl Rows {
    /// Adds a row.
    pub fn put(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.put_with(table, key, |out| {
            out.extend_from_slice(value);
        });
    }

    /// Adds a row whose value is written in place; gives back what `write` gives.
    pub fn put_with<R>(
        &mut self,
        table: Table,
        key: &[u8],
        write: impl FnOnce(&mut Vec<u8>) -> R,
    ) -> R {
        self.arena.extend_from_slice(key);
        let middle = self.arena.len();
        let result = write(&mut self.arena);
        self.items.push(Item { table, middle, end: Some(self.arena.len()) });
        result
    }

    /// Takes a row away.
    pub fn delete(&mut self, table: Table, key: &[u8]) {
        self.arena.extend_from_slice(key);
        self.items.push(Item { table, middle: self.arena.len(), end: None });
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.items.len()
    }

    /// Takes back all but the first `count`.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.items.truncate(count);
        let end = self.items.last().map_or(0, |item| item.end.unwrap_or(item.middle));
        self.arena.truncate(end);
    }

    /// The rows, in the order in which they came; of a key that comes twice, the last counts.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        let mut start = 0;
        self.items.iter().map(move |&Item { table, middle, end }| {
            let key = self.arena.get(start..middle).unwrap_or_default();
            let value = end.map(|end| self.arena.get(middle..end).unwrap_or_default());
            start = end.unwrap_or(middle);
            (table, key, value)
        })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

/// What a batch changes, beside its entries.
#[derive(Default)]
pub struct Changes {
    /// The first slot written, and the slots that follow one another from it.
    pub slots: Option<(RecordNumber, Vec<SlotBytes>)>,
    /// Engine rows.
    pub rows: Rows,
    /// Slots of erased records, overwritten where they stand and read back.
    pub tombstones: Vec<(RecordNumber, SlotBytes)>,
    /// The epoch that is the current one once the batch is durable, its slots laid down before by
    /// [`Store::lay_epoch`]; the epoch before is then destroyed.
    pub epoch: Option<u32>,
}

impl Changes {
    /// Whether nothing changes: the batch is its entries alone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let slots = self.slots.is_none() && self.tombstones.is_empty();
        slots && self.rows.is_empty() && self.epoch.is_none()
    }

    /// Every slot that is written.
    pub fn slots(&self) -> impl Iterator<Item = &SlotBytes> {
        let run = self.slots.iter().flat_map(|(_, slots)| slots);
        run.chain(self.tombstones.iter().map(|(_, slot)| slot))
    }
}

/// Proof of identity of one batch; consumed by the store when the batch is durable.
pub struct Ticket(Arc<()>);

/// One unit of work: entries, and the changes they state. Built only by `access`.
pub struct Batch {
    pub(crate) entries: Vec<(LogId, Entry)>,
    pub(crate) changes: Changes,
    pub(crate) ticket: Ticket,
}

impl Batch {
    pub(crate) fn of(entries: Vec<(LogId, Entry)>, changes: Changes) -> (Self, Stub) {
        let ticket = Arc::new(());
        let stub = Stub(Arc::clone(&ticket));
        (Self { entries, changes, ticket: Ticket(ticket) }, stub)
    }

    /// Takes the batch apart, for a store to perform.
    #[must_use]
    pub fn into_parts(self) -> (Vec<(LogId, Entry)>, Changes, Ticket) {
        (self.entries, self.changes, self.ticket)
    }
}

/// The other half of a ticket, kept by the stage that waits for its batch.
pub(crate) struct Stub(Arc<()>);

impl Stub {
    pub(crate) fn matches(&self, committed: &Committed) -> bool {
        Arc::ptr_eq(&self.0, &committed.ticket.0)
    }
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The log.
    pub log: LogId,
    /// Its index there.
    pub index: u64,
    /// Its RFC 6962 leaf hash.
    pub leaf_hash: Hash,
}

/// A batch that is durable: entries, slots and rows.
pub struct Committed {
    ticket: Ticket,
    positions: Vec<Position>,
}

impl Committed {
    /// For stores: says that the batch of `ticket` is durable, with its entries at `positions`.
    #[must_use]
    pub fn new(ticket: Ticket, positions: Vec<Position>) -> Self {
        Self { ticket, positions }
    }

    /// Where the entries stand, in the order of the batch.
    #[must_use]
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }
}

/// Why a batch was not committed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// No space left; nothing was done.
    #[error("the disk is full")]
    DiskFull,
    /// The store takes no writes until it is reopened: an earlier write failed.
    #[error("the store stopped taking writes after a failure and must be opened again")]
    Stopped,
    /// Writing failed. The next opening finishes the act or marks it failed.
    #[error("writing to the {0} failed")]
    Failed(&'static str),
    /// The entry cannot be encoded; nothing was done.
    #[error("the ledger entry is not valid")]
    Entry,
    /// It names an epoch that is not the current one, or the epoch is being turned; nothing was
    /// done.
    #[error("the batch is of an epoch that is not the current one")]
    OtherEpoch,
}

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The medium failed.
    #[error("reading from the {0} failed")]
    Failed(&'static str),
    /// What was read is not what was written.
    #[error("the {0} is damaged")]
    Damaged(&'static str),
}

/// How far a store has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// No record number at or above this was given out.
    pub records_end: RecordNumber,
    /// Time of the newest entry of all logs; 0 without one.
    pub newest_us: u64,
}

/// What the next epoch is made of.
pub struct NextEpoch<'a> {
    /// Its number.
    pub number: u32,
    /// Its key's file in custody.
    pub key_file: &'a [u8],
    /// Seals the slots anew.
    pub carrier: &'a Carrier<'a>,
}

/// Why the next epoch could not be laid down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayError {
    /// Writes are on their way, or the epoch is being turned already.
    #[error("slots are being written")]
    Busy,
    /// A slot does not open.
    #[error(transparent)]
    Damaged(#[from] DamagedSlot),
    /// What was laid down is not what was read.
    #[error("the slots laid down are not those that were read")]
    Other,
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// A medium failed.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// The completion of a commit.
pub type Commit = Pin<Box<dyn Future<Output = Result<Committed, CommitError>> + Send>>;

/// Looks at a row's key and value; says whether to go on.
pub type Visit<'v> = dyn FnMut(&[u8], &[u8]) -> bool + 'v;

/// A store. Three durable places, one order: ledger entry, slot, engine rows.
pub trait Store: Send + Sync {
    /// Hands a batch over; it is on its way at once and durable when the future says so.
    fn commit(&self, batch: Batch) -> Commit;

    /// One engine row.
    ///
    /// # Errors
    /// [`ReadError`].
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError>;

    /// Every row whose key begins with `prefix`, in order of key, until `visit` says stop.
    ///
    /// # Errors
    /// [`ReadError`].
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), ReadError>;

    /// The raw slot of a record; zeros past the end.
    ///
    /// # Errors
    /// [`ReadError`].
    fn slot(&self, record: RecordNumber) -> Result<SlotBytes, ReadError>;

    /// Gives out `count` record numbers that follow one another, never to be given out again.
    ///
    /// # Errors
    /// [`CommitError`].
    fn reserve(&self, count: u64) -> Result<RecordNumber, CommitError>;

    /// Every durable entry of a log in order, as stored bytes, until `visit` says stop.
    ///
    /// # Errors
    /// [`ReadError`].
    fn entries(
        &self,
        log: LogId,
        visit: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), ReadError>;

    /// Lays down the slots of the next epoch, and its key in custody, beside the current ones.
    /// Nothing of it counts before a batch says so ([`Changes::epoch`]); until then, and behind
    /// it, no slot is written.
    ///
    /// # Errors
    /// [`LayError`]; the current epoch goes on.
    fn lay_epoch(&self, next: &NextEpoch<'_>) -> Result<Carried, LayError>;

    /// Size and root of every log.
    fn heads(&self) -> Vec<(LogId, u64, Hash)>;

    /// The store as it is at one moment: the effects of every act that its logs state, and of no
    /// other. Writing goes on meanwhile.
    ///
    /// # Errors
    /// [`CommitError::Stopped`] when an act was stated and did not take effect.
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, CommitError>;

    /// How far records and time have come.
    fn extent(&self) -> Extent;
}
