//! The store of one process: ledger segments, slot file and engine behind one committer.
//!
//! Two threads: the sequencer makes entries durable and answers those that wait for nothing else;
//! the applier writes slots, then engine rows, in the order of the entries. One order always:
//! ledger entry, slot, engine batch that names log and index.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use strongroom_core::id::{InstallId, RecordNumber};
use strongroom_core::ledger::{Hash, LogId};
use strongroom_core::source::{Clock, Random};
use strongroom_core::store::{
    Batch, Commit, CommitError, Extent, LayError, NextEpoch, ReadError, Snapshot, Store, Table,
};
use strongroom_core::vault::epoch::Carried;
use strongroom_core::vault::keys::StoreKey;
use strongroom_core::vault::slot::{EpochKey, SlotBytes};

use super::applier::Work;
use super::dangling::Mending;
use super::disk::Disk;
use super::engine::Engine;
use super::epoch::sweep;
use super::marks::{Marks, check_control, control_digests};
use super::notes::{NoteKeeper, Notes};
use super::reader::read_entries;
use super::recovery::{OpenError, Replay, at, replay};
use super::segment::{LogState, Logs};
use super::sequencer::{Message, Request};
use super::slots::SlotFile;
use super::snapshot::{LocalSnapshot, heads};
use super::writer::{LedgerWriter, Next, Tail, unstated};

/// Requests waiting before callers are held back.
const QUEUE: usize = 8192;
/// Batches of rows waiting before the sequencer is held back.
const APPLY_QUEUE: usize = 32;
/// Record numbers are given out of blocks this large.
const RESERVE_BLOCK: u64 = 16_384;

/// The media and sources a store stands on.
pub struct Media {
    /// The data folder.
    pub data: Arc<dyn Disk>,
    /// The key folder, for notes.
    pub custody: Arc<dyn Disk>,
    /// The engine.
    pub engine: Arc<dyn Engine>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
}

/// The store.
pub struct LocalStore {
    shared: Arc<Shared>,
    queue: Option<SyncSender<Message>>,
    threads: Vec<JoinHandle<()>>,
}

/// What both threads and all callers share. Locks are taken in the order of the fields.
pub(super) struct Shared {
    pub(super) data: Arc<dyn Disk>,
    pub(super) custody: Arc<dyn Disk>,
    pub(super) random: Arc<dyn Random>,
    pub(super) engine: Arc<dyn Engine>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) key: Arc<StoreKey>,
    pub(super) slots: SlotFile,
    pub(super) epoch: Mutex<Epoch>,
    pub(super) reserve: Mutex<Reserve>,
    pub(super) notes: NoteKeeper,
    /// Durable state of every log, for readers.
    pub(super) logs: Mutex<Logs>,
    /// The last act of each log that states an effect. Never behind `logs`.
    pub(super) stated: Mutex<Marks>,
    /// How far the engine has come with each log: all of it when this is what was stated. An act
    /// that fails keeps the two apart for ever, since only the next opening settles it.
    pub(super) marks: Mutex<Marks>,
    /// Set when a slot or engine write failed: no more effects until the store is opened again.
    pub(super) stopped: AtomicBool,
    /// Set when the sequencer has ended with every byte of the ledger accounted for.
    pub(super) complete: AtomicBool,
}

/// The epoch whose slots are written.
pub(super) struct Epoch {
    pub(super) number: u32,
    /// Whether slots may be written: not while they are laid down anew, nor behind a turn.
    pub(super) open: bool,
    /// The next epoch, once its slots lie there.
    pub(super) laid: Option<u32>,
}

/// Record numbers given out.
pub(super) struct Reserve {
    next: u64,
    limit: u64,
    /// Those given out whose act is not in the engine: first and end of each run.
    open: BTreeMap<u64, u64>,
}

impl Reserve {
    /// No number at or above this was given out.
    pub(super) fn given_out(&self) -> u64 {
        self.next
    }

    /// No number below this is in an act that is not in the engine.
    pub(super) fn settled(&self) -> u64 {
        self.open.first_key_value().map_or(self.next, |(first, _)| *first)
    }

    /// Takes note that the act of `count` numbers from `first` on is in the engine.
    pub(super) fn settle(&mut self, first: u64, count: u64) {
        let end = first.saturating_add(count);
        let run = self.open.range(..=first).next_back().map(|(from, to)| (*from, *to));
        let Some((from, to)) = run.filter(|(_, to)| end <= *to) else { return };
        self.open.remove(&from);
        // A run may be used in parts.
        let left = [(from, first), (end, to)].into_iter().filter(|(from, to)| from < to);
        self.open.extend(left);
    }
}

impl LocalStore {
    /// Makes the files of a new install.
    ///
    /// # Errors
    /// As the media's.
    pub fn create(
        media: &Media,
        install: InstallId,
        epoch: u32,
        key: &StoreKey,
    ) -> Result<(), OpenError> {
        at("the slot file", SlotFile::create(&*media.data, epoch))?;
        let first = Tail::create(&*media.data, key, 0, Next::default(), &Logs::new(), 0);
        at("ledger", first)?;
        let (control, _) = at("the engine", control_digests(&*media.engine, std::iter::empty()))?;
        let notes = Notes {
            install,
            epoch,
            boot: 0,
            high_water: 1,
            settled_records: 1,
            logs: BTreeMap::new(),
            control: control.to_hex(),
            control_next: None,
            clean: true,
        };
        at("the key folder", NoteKeeper::create(Arc::clone(&media.custody), notes)).map(|_| ())
    }

    /// Opens the store: replays the ledger, holds everything against custody's notes, and marks
    /// acts that did not take place.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        media: Media,
        install: InstallId,
        epoch: &EpochKey,
        key: Arc<StoreKey>,
    ) -> Result<Self, OpenError> {
        let notes = open_notes(&media, install)?;
        let noted = notes.get();
        if noted.epoch != epoch.number() {
            let text = "the epoch's key is not of the epoch that the key folder notes";
            return Err(OpenError::Damaged(text.to_owned()));
        }
        let slots = open_slots(&media, epoch.number(), noted.clean)?;
        let replayed = replay(&*media.data, &key, &noted, &*media.engine)?;
        let control = check_control(&*media.engine, &noted, &replayed.marks)?;
        let begun = notes.update(|n| {
            n.boot += 1;
            n.clean = false;
            (n.control, n.control_next) = (control.to_hex(), None);
            // Whatever is found behind these sizes from now on, this start wrote.
            for (log, state) in &replayed.logs {
                let note = n.logs.entry(log.to_string()).or_default();
                note.size = state.frontier.size();
                note.root = state.frontier.root().to_hex();
            }
        });
        at("the key folder", begun)?;
        let (data, clock) = (Arc::clone(&media.data), Arc::clone(&media.clock));
        let (random, boot) = (Arc::clone(&media.random), noted.boot + 1);
        let Replay { logs, tail, dangling, mut marks } = replayed;
        let mut writer = LedgerWriter::new(data, clock, random, Arc::clone(&key), boot, logs, tail);
        let mut mending = Mending {
            writer: &mut writer,
            slots: &slots,
            engine: &*media.engine,
            notes: &notes,
            key: &key,
            install,
            epoch,
            random: &*media.random,
        };
        mending.settle(&dangling, &mut marks)?;
        let shared = Shared {
            data: media.data,
            custody: media.custody,
            random: media.random,
            engine: media.engine,
            clock: media.clock,
            key,
            slots,
            epoch: Mutex::new(Epoch { number: epoch.number(), open: true, laid: None }),
            reserve: Mutex::new(Reserve {
                next: noted.high_water,
                limit: noted.high_water,
                open: BTreeMap::new(),
            }),
            notes,
            logs: Mutex::new(writer.logs().clone()),
            stated: Mutex::new(marks.clone()),
            marks: Mutex::new(marks),
            stopped: AtomicBool::new(false),
            complete: AtomicBool::new(false),
        };
        at("the key folder", shared.note(|_| {}))?;
        // Only now, with the current epoch's key and slots at hand: what is left of another one,
        // of a turn that was interrupted before it counted or before it was through.
        at("the key folder", sweep(&*shared.data, &*shared.custody, epoch.number()))?;
        Ok(Self::start(Arc::new(shared), writer, noted.clean))
    }

    fn start(shared: Arc<Shared>, writer: LedgerWriter, clean: bool) -> Self {
        shared.keep_spares(&writer);
        let (queue, requests) = mpsc::sync_channel(QUEUE);
        let (apply, applies) = mpsc::sync_channel::<Work>(APPLY_QUEUE);
        let (one, two) = (Arc::clone(&shared), Arc::clone(&shared));
        let sequencer = thread("ledger", move || one.sequence(writer, clean, &requests, &apply));
        let applier = thread("applier", move || two.apply_all(&applies));
        let threads = [sequencer, applier].into_iter().flatten().collect();
        Self { shared, queue: Some(queue), threads }
    }
}

/// Custody's notes, if they are whole and of this install.
fn open_notes(media: &Media, install: InstallId) -> Result<NoteKeeper, OpenError> {
    let notes = match NoteKeeper::open(Arc::clone(&media.custody)) {
        Err(e) if e.kind() == io::ErrorKind::InvalidData => {
            return Err(OpenError::Damaged("the key folder's notes.json is damaged".to_owned()));
        }
        read => at("the key folder", read)?.ok_or(OpenError::NotInitialised)?,
    };
    if notes.get().install == install { Ok(notes) } else { Err(OpenError::OtherInstall) }
}

/// The slot file of an epoch, all of it durable. What a process that was killed wrote there is read
/// from the page cache, and taken for what stands: a slot that a restore put back, above all.
fn open_slots(media: &Media, epoch: u32, clean: bool) -> Result<SlotFile, OpenError> {
    let slots = at("the slot file", SlotFile::open(&*media.data, epoch))?;
    let slots = slots.ok_or(OpenError::RolledBack("the slot file"))?;
    if !clean {
        at("the slot file", slots.sync())?;
    }
    Ok(slots)
}

impl Drop for LocalStore {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        let shared = &self.shared;
        if !shared.stopped.load(Ordering::Acquire) {
            shared.engine.settle();
        }
        let next = lock(&shared.reserve).next;
        // INVARIANT: only when the ledger ends where the sequencer says is nothing more to come
        // of it: a frame whose sync failed may still be found by the next opening.
        let complete = shared.complete.load(Ordering::Acquire);
        let settled = complete && *lock(&shared.stated) == *lock(&shared.marks);
        // A note that cannot be written leaves the older one, which is always safe: the next
        // opening replays more.
        let _ = shared.note(|n| {
            n.high_water = next;
            if settled {
                n.settled_records = next;
                n.clean = true;
            }
        });
    }
}

impl Store for LocalStore {
    fn commit(&self, batch: Batch) -> Commit {
        let (reply, answer) = oneshot::async_channel();
        let request = Request::new(batch, reply);
        // A dropped sender resolves the future below, so a stopped store answers too.
        if let Some(queue) = &self.queue {
            let _ = queue.send(Message::Commit(request));
        }
        Box::pin(async move { answer.await.unwrap_or(Err(CommitError::Stopped)) })
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        self.shared.engine.get(table, key).map_err(|_| ReadError::Failed("engine"))
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), ReadError> {
        let done = self.shared.engine.scan(table, prefix, visit);
        done.map_err(|_| ReadError::Failed("engine"))
    }

    fn slot(&self, record: RecordNumber) -> Result<SlotBytes, ReadError> {
        self.shared.slots.read(record).map_err(|_| ReadError::Failed("slot file"))
    }

    fn reserve(&self, count: u64) -> Result<RecordNumber, CommitError> {
        let mut reserve = lock(&self.shared.reserve);
        let first = reserve.next;
        let end = first.checked_add(count).ok_or(CommitError::Failed("slot numbers"))?;
        if end > reserve.limit {
            let limit = end.saturating_add(RESERVE_BLOCK);
            let allocated = self.shared.slots.allocate(RecordNumber(limit));
            allocated.map_err(|e| unstated(&e, "slot file"))?;
            let noted = self.shared.notes.update(|n| n.high_water = limit);
            noted.map_err(|e| unstated(&e, "key folder"))?;
            reserve.limit = limit;
        }
        reserve.next = end;
        if count > 0 {
            reserve.open.insert(first, end);
        }
        Ok(RecordNumber(first))
    }

    fn entries(
        &self,
        log: LogId,
        visit: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), ReadError> {
        let state = lock(&self.shared.logs).get(&log).cloned();
        let LogState { frontier, .. } = state.unwrap_or_default();
        read_entries(&*self.shared.data, &self.shared.key, log, &frontier, visit)
    }

    fn lay_epoch(&self, next: &NextEpoch<'_>) -> Result<Carried, LayError> {
        self.shared.lay_epoch(next)
    }

    fn heads(&self) -> Vec<(LogId, u64, Hash)> {
        heads(&lock(&self.shared.logs))
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot>, CommitError> {
        let (reply, answer) = mpsc::sync_channel(1);
        if let Some(queue) = &self.queue {
            let _ = queue.send(Message::Cut(reply));
        }
        let cut = answer.recv().unwrap_or(Err(CommitError::Stopped))?;
        Ok(Box::new(LocalSnapshot { cut, shared: Arc::clone(&self.shared) }))
    }

    fn extent(&self) -> Extent {
        let records_end = RecordNumber(lock(&self.shared.reserve).next);
        let newest_us = lock(&self.shared.logs).values().map(|l| l.time_us).max().unwrap_or(0);
        Extent { records_end, newest_us }
    }
}

/// Starts a named thread. When the system refuses one, the store's queue has no reader and every
/// commit is answered as stopped.
fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run).ok()
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_settled_ends_before_the_first_open_number() {
        let mut reserve = Reserve { next: 100, limit: 100, open: [(10, 20), (30, 40)].into() };
        assert_eq!(reserve.settled(), 10);
        reserve.settle(12, 3);
        assert_eq!(reserve.open, [(10, 12), (15, 20), (30, 40)].into());
        reserve.settle(10, 2);
        assert_eq!(reserve.settled(), 15);
        // Numbers that were never given out, or past the end of a run, change nothing.
        reserve.settle(22, 3);
        reserve.settle(38, 3);
        reserve.settle(15, 5);
        assert_eq!(reserve.settled(), 30);
        reserve.settle(30, 10);
        assert_eq!(reserve.settled(), 100);
    }
}
