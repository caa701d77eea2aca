//! A store made anew from a copy: engine, slots and ledger of an empty data folder, and then
//! custody's notes, in one replacement, as the store's own opening expects them.
//!
//! INVARIANT: the notes come last. Until they stand, nothing that was written counts: an opening
//! finds custody's old notes and refuses. They never let a record number be given out twice.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use strongroom_core::id::{InstallId, RecordNumber, TenantId};
use strongroom_core::ledger::merkle::{Frontier, leaf_hash};
use strongroom_core::ledger::{Entry, Hash, LogId};
use strongroom_core::source::{Random, draw};
use strongroom_core::store::CommitError;
use strongroom_core::vault::keys::StoreKey;
use strongroom_core::vault::slot::{EpochKey, SLOT_BYTES, SlotAddress, SlotBytes, Tombstone};

use super::local::Media;
use super::marks::{control_digests, stored};
use super::notes::{LogNote, NOTES_FILE, NoteKeeper, Notes};
use super::recovery::{OpenError, at};
use super::segment::Logs;
use super::slots::SlotFile;
use super::writer::{LedgerWriter, Next, Tail};

/// Most entries, and about the most bytes, of one frame.
const FRAME_ENTRIES: usize = 2048;
const FRAME_BYTES: usize = 1 << 20;

/// A store being made.
pub struct Rebuild<'a> {
    media: &'a Media,
    install: InstallId,
    epoch: &'a EpochKey,
    key: &'a StoreKey,
    /// What custody knew: each log must come by the root that it noted.
    old: &'a Notes,
    writer: LedgerWriter,
    slots: SlotFile,
    waiting: Vec<(LogId, Vec<u8>, u64)>,
    bytes: usize,
    logs: BTreeMap<LogId, Frontier>,
    boot: u64,
}

impl<'a> Rebuild<'a> {
    /// Begins in an empty data folder.
    ///
    /// # Errors
    /// As the media's.
    pub fn begin(
        media: &'a Media,
        install: InstallId,
        epoch: &'a EpochKey,
        key: &'a Arc<StoreKey>,
        old: &'a Notes,
    ) -> Result<Self, OpenError> {
        let slots = at("the slot file", SlotFile::create(&*media.data, epoch.number()))?;
        let tail = Tail::create(&*media.data, key, 0, Next::default(), &Logs::new(), 0);
        let tail = at("the ledger", tail)?;
        let (data, clock) = (Arc::clone(&media.data), Arc::clone(&media.clock));
        let (random, logs) = (Arc::clone(&media.random), Logs::new());
        let writer = LedgerWriter::new(data, clock, random, Arc::clone(key), 0, logs, tail);
        let (waiting, logs) = (Vec::new(), BTreeMap::new());
        let boot = old.boot;
        Ok(Self { media, install, epoch, key, old, writer, slots, waiting, bytes: 0, logs, boot })
    }

    /// How many entries a log has so far.
    #[must_use]
    pub fn size(&self, log: LogId) -> u64 {
        self.logs.get(&log).map_or(0, Frontier::size)
    }

    /// Appends an entry to its log.
    ///
    /// # Errors
    /// [`OpenError::Damaged`] when it is none, or the log forks from what custody noted.
    pub fn entry(&mut self, log: LogId, leaf: &[u8]) -> Result<(), OpenError> {
        let tree = self.logs.entry(log).or_default();
        let damaged =
            |what: &str| OpenError::Damaged(format!("entry {} of log {log}{what}", tree.size()));
        let entry = Entry::from_bytes(leaf).map_err(|_| damaged(" cannot be read"))?;
        if entry.log != log {
            return Err(damaged(" is of another log"));
        }
        tree.append(leaf_hash(leaf));
        let noted = self.old.logs.get(&log.to_string()).filter(|note| note.size == tree.size());
        if noted.is_some_and(|note| note.root != tree.root().to_hex()) {
            let text = format!("log {log} does not have the root that the key folder noted");
            return Err(OpenError::Damaged(text));
        }
        self.boot = self.boot.max(entry.boot);
        self.bytes += leaf.len();
        self.waiting.push((log, leaf.to_vec(), entry.time_us));
        if self.waiting.len() < FRAME_ENTRIES && self.bytes < FRAME_BYTES {
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), OpenError> {
        let done = self.writer.copy(&self.waiting);
        self.waiting.clear();
        self.bytes = 0;
        done.map_err(|error| {
            let full = error == CommitError::DiskFull;
            let kind = if full { io::ErrorKind::StorageFull } else { io::ErrorKind::Other };
            OpenError::Io { what: "the ledger", source: kind.into() }
        })
    }

    /// Puts slots that follow one another.
    ///
    /// # Errors
    /// As the medium's.
    pub fn slots(&self, first: RecordNumber, slots: &[SlotBytes]) -> Result<(), OpenError> {
        at("the slot file", self.slots.put(first, slots))
    }

    /// Puts a tombstone over the slot of a record that an entry erased.
    ///
    /// # Errors
    /// As the medium's.
    pub fn bury(
        &self,
        tenant: TenantId,
        record: RecordNumber,
        (index, leaf): (u64, Hash),
        random: &dyn Random,
    ) -> Result<(), OpenError> {
        let stuck = || io::Error::other("no tombstone can be made");
        let leaf_head = leaf.0.first_chunk().copied().unwrap_or_default();
        let place = SlotAddress { install: self.install, tenant, record };
        let stone = Tombstone { index, leaf_head };
        let nonce = draw(random).map_err(|_| stuck());
        let slot = nonce.and_then(|n| self.epoch.tombstone(place, &n, &stone).ok_or_else(stuck));
        self.slots(record, &[at("the slot file", slot)?])
    }

    /// Ends it: slots and ledger durable, then the notes. No record below `high_water` is given out
    /// again, and the start is a new one.
    ///
    /// # Errors
    /// [`OpenError`] of the media.
    pub fn finish(mut self, boot: u64, high_water: u64) -> Result<(), OpenError> {
        self.flush()?;
        // The last slot below the mark, so that the file is as long as it says.
        let last = RecordNumber(high_water.saturating_sub(1));
        let there = at("the slot file", self.slots.read(last))?;
        self.slots(last, &[there])?;
        debug_assert_eq!(there.len(), SLOT_BYTES);
        at("the slot file", self.slots.sync())?;
        let engine = &*self.media.engine;
        let (control, _) = at("the engine", control_digests(engine, std::iter::empty()))?;
        let marks = at("the engine", stored(engine, self.key))?;
        let note = |(log, tree): (&LogId, &Frontier)| {
            let (size, root) = (tree.size(), tree.root().to_hex());
            // INVARIANT: all of it is settled: what it states and the copy does not have is lost,
            // and is no act that failed.
            let note =
                LogNote { size, root, settled: size, applied: marks.get(log).map(Into::into) };
            (log.to_string(), note)
        };
        let notes = Notes {
            install: self.install,
            epoch: self.epoch.number(),
            boot: self.boot.max(boot) + 1,
            high_water,
            settled_records: high_water,
            logs: self.logs.iter().map(note).collect(),
            control: control.to_hex(),
            control_next: None,
            clean: false,
        };
        let custody = Arc::clone(&self.media.custody);
        at(NOTES_FILE, NoteKeeper::create(custody, notes)).map(|_| ())
    }
}
