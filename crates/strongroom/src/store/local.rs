//! The store of one process: ledger segments, slot file and engine behind one committer.
//!
//! Two threads: the sequencer makes entries durable and answers those that wait for nothing else;
//! the applier writes slots, then engine rows, in the order of the entries. One order always:
//! ledger entry, slot, engine batch that names log and index.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use strongroom_core::access::system;
use strongroom_core::id::{InstallId, RecordNumber, TenantId};
use strongroom_core::ledger::{Entry, Hash, LogId};
use strongroom_core::source::{Clock, Random, draw};
use strongroom_core::store::{
    Batch, Changes, Commit, CommitError, Committed, Position, ReadError, Store, Table, Ticket,
};
use strongroom_core::vault::slot::{EpochKey, SlotAddress, SlotBytes, Tombstone};

use super::disk::Disk;
use super::engine::{Engine, Put};
use super::notes::{LogNote, NoteKeeper, Notes};
use super::recovery::{self, Dangling, OpenError, at, control_digest, replay};
use super::segment::{Logs, SegmentHead, log_key, read_frame, segment_name};
use super::slots::SlotFile;
use super::writer::{LedgerWriter, Tail, commit_error};

/// Heads are noted in custody, and tenants' heads in the system log, at least this often.
const NOTE_EVERY: Duration = Duration::from_secs(60);
/// Most requests, and about the most bytes, of one group commit.
const GROUP_REQUESTS: usize = 4096;
const GROUP_ENTRIES: usize = 2048;
/// Most batches of rows applied in one step.
const APPLY_GROUP: usize = 16;
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
    queue: Option<SyncSender<Request>>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    data: Arc<dyn Disk>,
    engine: Arc<dyn Engine>,
    notes: NoteKeeper,
    slots: SlotFile,
    /// Durable state of every log, for readers.
    logs: Mutex<Logs>,
    reserve: Mutex<Reserve>,
    /// Batches stated in the ledger and not yet in the engine.
    in_flight: AtomicU64,
    /// Set when a slot or engine write failed: no more effects until the store is opened again.
    stopped: AtomicBool,
}

struct Reserve {
    next: u64,
    limit: u64,
}

type Reply = oneshot::Sender<Result<Committed, CommitError>>;

struct Request {
    entries: Vec<(LogId, Entry)>,
    changes: Changes,
    ticket: Ticket,
    reply: Reply,
}

struct Apply {
    positions: Vec<Position>,
    changes: Changes,
    ticket: Ticket,
    reply: Reply,
}

impl LocalStore {
    /// Makes the files of a new install.
    ///
    /// # Errors
    /// As the media's.
    pub fn create(media: &Media, install: InstallId, epoch: u32) -> Result<(), OpenError> {
        at("the slot file", SlotFile::create(&*media.data, epoch))?;
        at("ledger", Tail::create(&*media.data, 0, 0, &Logs::new()))?;
        let notes = Notes {
            install,
            epoch,
            boot: 0,
            high_water: 1,
            logs: std::collections::BTreeMap::new(),
            control: at("the engine", control_digest(&*media.engine))?.to_hex(),
        };
        at("the key folder", NoteKeeper::create(Arc::clone(&media.custody), notes)).map(|_| ())
    }

    /// Opens the store: replays the ledger, holds everything against custody's notes, and marks
    /// acts that did not take place.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(media: Media, install: InstallId, epoch: &EpochKey) -> Result<Self, OpenError> {
        let notes = at("the key folder", NoteKeeper::open(Arc::clone(&media.custody)))?
            .ok_or(OpenError::NotInitialised)?;
        let noted = notes.get();
        if noted.install != install {
            return Err(OpenError::OtherInstall);
        }
        let slots = at("the slot file", SlotFile::open(&*media.data, epoch.number()))?
            .ok_or(OpenError::RolledBack("the slot file"))?;
        recovery::check_engine(&*media.engine, &noted)?;
        let replayed = replay(&*media.data, &noted, &*media.engine)?;
        at("the key folder", notes.update(|n| n.boot += 1))?;
        let mut writer = LedgerWriter::new(
            Arc::clone(&media.data),
            Arc::clone(&media.clock),
            Arc::clone(&media.random),
            noted.boot + 1,
            replayed.logs,
            replayed.tail,
        );
        let shared = Shared {
            data: media.data,
            engine: media.engine,
            notes,
            slots,
            logs: Mutex::new(Logs::new()),
            reserve: Mutex::new(Reserve { next: noted.high_water, limit: noted.high_water }),
            in_flight: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        };
        shared.fail_dangling(&mut writer, &replayed.dangling, install, epoch, &*media.random)?;
        *lock(&shared.logs) = writer.logs().clone();
        at("the key folder", shared.note(writer.logs()))?;
        Ok(Self::start(Arc::new(shared), writer))
    }

    fn start(shared: Arc<Shared>, writer: LedgerWriter) -> Self {
        let (queue, requests) = mpsc::sync_channel(QUEUE);
        let (apply, applies) = mpsc::sync_channel(APPLY_QUEUE);
        let (one, two) = (Arc::clone(&shared), Arc::clone(&shared));
        let sequencer = thread("ledger", move || one.sequence(writer, &requests, &apply));
        let applier = thread("applier", move || two.apply_all(&applies));
        Self { shared, queue: Some(queue), threads: [sequencer, applier].into_iter().flatten().collect() }
    }
}

impl Drop for LocalStore {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        let logs = lock(&self.shared.logs).clone();
        let next = lock(&self.shared.reserve).next;
        // A note that cannot be written leaves the older one, which is always safe: the next
        // opening replays more.
        let _ = self.shared.note_with(&logs, |n| n.high_water = next);
    }
}

impl Store for LocalStore {
    fn commit(&self, batch: Batch) -> Commit {
        let (reply, answer) = oneshot::async_channel();
        let (entries, changes, ticket) = batch.into_parts();
        let request = Request { entries, changes, ticket, reply };
        // A dropped sender resolves the future below, so a stopped store answers too.
        if let Some(queue) = &self.queue {
            let _ = queue.send(request);
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
            let noted = self.shared.notes.update(|n| n.high_water = limit);
            noted.map_err(|e| commit_error(&e, "key folder"))?;
            reserve.limit = limit;
        }
        reserve.next = end;
        Ok(RecordNumber(first))
    }

    fn entries(
        &self,
        log: LogId,
        visit: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), ReadError> {
        let size = lock(&self.shared.logs).get(&log).map_or(0, |l| l.frontier.size());
        read_entries(&*self.shared.data, log, size, visit)
    }

    fn heads(&self) -> Vec<(LogId, u64, Hash)> {
        let logs = lock(&self.shared.logs);
        logs.iter().map(|(log, l)| (*log, l.frontier.size(), l.frontier.root())).collect()
    }
}

/// Reads the first `size` entries of a log, from segment 0 on.
fn read_entries(
    disk: &dyn Disk,
    log: LogId,
    size: u64,
    visit: &mut dyn FnMut(u64, &[u8]) -> bool,
) -> Result<(), ReadError> {
    let (mut expected, mut number) = (0, 0);
    while expected < size {
        let damaged = ReadError::Damaged("ledger");
        let file = disk.open(&segment_name(number)).map_err(|_| ReadError::Failed("ledger"))?;
        let file = file.ok_or_else(|| damaged.clone())?;
        let length = file.len().map_err(|_| ReadError::Failed("ledger"))?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        file.read_at(0, &mut bytes).map_err(|_| ReadError::Failed("ledger"))?;
        let (_, mut offset) = SegmentHead::decode(&bytes).ok_or_else(|| damaged.clone())?;
        while let Some((_, entries, length)) = bytes.get(offset..).and_then(read_frame) {
            for entry in entries.iter().filter(|e| e.log == log && e.index < size) {
                if entry.index != expected {
                    return Err(damaged);
                }
                expected += 1;
                if !visit(entry.index, entry.leaf) {
                    return Ok(());
                }
            }
            offset += length;
        }
        number += 1;
    }
    Ok(())
}

impl Shared {
    /// The sequencer's thread.
    fn sequence(
        &self,
        mut writer: LedgerWriter,
        requests: &Receiver<Request>,
        apply: &SyncSender<Apply>,
    ) {
        let mut headed: Vec<(LogId, u64)> = sizes(writer.logs());
        let mut segment = writer.segment();
        loop {
            match requests.recv_timeout(NOTE_EVERY) {
                Ok(first) => self.group(&mut writer, first, requests, apply),
                Err(RecvTimeoutError::Timeout) => {
                    self.append_heads(&mut writer, &mut headed);
                    let _ = self.note(writer.logs());
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if writer.segment() != segment {
                segment = writer.segment();
                let _ = self.note(writer.logs());
            }
        }
        self.append_heads(&mut writer, &mut headed);
    }

    /// One group commit: `first` and what else waits.
    fn group(
        &self,
        writer: &mut LedgerWriter,
        first: Request,
        requests: &Receiver<Request>,
        apply: &SyncSender<Apply>,
    ) {
        let (mut waiting, mut size) = (Vec::new(), 0);
        let mut next = Some(first);
        while let Some(request) = next {
            if !request.changes.is_empty() && self.stopped.load(Ordering::Acquire) {
                let _ = request.reply.send(Err(CommitError::Stopped));
            } else {
                size += request.entries.len();
                waiting.push(request);
            }
            let more = waiting.len() < GROUP_REQUESTS && size < GROUP_ENTRIES;
            next = if more { requests.try_recv().ok() } else { None };
        }
        let effects = waiting.iter().filter(|r| !r.changes.is_empty()).count() as u64;
        self.in_flight.fetch_add(effects, Ordering::AcqRel);
        let entries = waiting.iter_mut().map(|r| std::mem::take(&mut r.entries)).collect();
        match writer.append(entries) {
            Ok(placed) => {
                *lock(&self.logs) = writer.logs().clone();
                for (request, placed) in waiting.into_iter().zip(placed) {
                    self.hand_on(request, placed, apply);
                }
            }
            Err(error) => {
                self.in_flight.fetch_sub(effects, Ordering::AcqRel);
                for request in waiting {
                    let _ = request.reply.send(Err(error.clone()));
                }
            }
        }
    }

    fn hand_on(
        &self,
        request: Request,
        placed: Result<Vec<Position>, CommitError>,
        apply: &SyncSender<Apply>,
    ) {
        let Request { changes, ticket, reply, .. } = request;
        match placed {
            Ok(positions) if changes.is_empty() => {
                let _ = reply.send(Ok(Committed::new(ticket, positions)));
            }
            Ok(positions) => {
                let _ = apply.send(Apply { positions, changes, ticket, reply });
            }
            Err(error) => {
                if !changes.is_empty() {
                    self.in_flight.fetch_sub(1, Ordering::AcqRel);
                }
                let _ = reply.send(Err(error));
            }
        }
    }

    /// Notes in the system log the heads of the tenant logs that grew.
    fn append_heads(&self, writer: &mut LedgerWriter, headed: &mut Vec<(LogId, u64)>) {
        let grown: Vec<_> = writer
            .logs()
            .iter()
            .filter(|(log, state)| {
                let before = headed.iter().find(|(l, _)| l == *log).map_or(0, |(_, s)| *s);
                **log != LogId::System && state.frontier.size() > before
            })
            .map(|(log, state)| (*log, state.frontier.size(), state.frontier.root()))
            .collect();
        if grown.is_empty() {
            return;
        }
        for group in grown.chunks(GROUP_ENTRIES) {
            let (entries, ..) = system::heads(group).into_parts();
            if writer.append(vec![entries]).is_err() {
                return;
            }
        }
        *headed = sizes(writer.logs());
        *lock(&self.logs) = writer.logs().clone();
    }

    /// The applier's thread.
    fn apply_all(&self, applies: &Receiver<Apply>) {
        while let Ok(first) = applies.recv() {
            let mut group = vec![first];
            while group.len() < APPLY_GROUP {
                let Ok(next) = applies.try_recv() else { break };
                group.push(next);
            }
            let result = if self.stopped.load(Ordering::Acquire) {
                Err(CommitError::Stopped)
            } else {
                self.apply(&group)
            };
            if result.is_err() {
                // Stated and not done: the next opening says so. Nothing more may be stated here.
                self.stopped.store(true, Ordering::Release);
            } else {
                self.in_flight.fetch_sub(group.len() as u64, Ordering::AcqRel);
            }
            for done in group {
                let answer = result.clone().map(|()| Committed::new(done.ticket, done.positions));
                let _ = done.reply.send(answer);
            }
        }
    }

    fn apply(&self, group: &[Apply]) -> Result<(), CommitError> {
        let mut any = false;
        for (first, slots) in group.iter().filter_map(|a| a.changes.slots.as_ref()) {
            any = true;
            self.slots.write(*first, slots).map_err(|e| commit_error(&e, "slot file"))?;
        }
        if any {
            self.slots.sync().map_err(|e| commit_error(&e, "slot file"))?;
        }
        let marks: Vec<_> = group.iter().flat_map(|a| &a.positions).map(mark).collect();
        let marks = marks.iter().map(|(k, v)| (Table::Applied, k.as_slice(), v.as_slice()));
        // In order of key: the engine's memtable is then walked forward, not searched afresh for
        // each of the index's random keys.
        let mut rows: Vec<Put<'_>> = group.iter().flat_map(|a| a.changes.rows.iter()).collect();
        rows.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        let done = self.engine.commit(&mut rows.into_iter().chain(marks));
        done.map_err(|e| commit_error(&e, "engine"))?;
        let control = |a: &Apply| a.changes.rows.iter().any(|(t, ..)| t == Table::Control);
        if group.iter().any(control) {
            // The digest is in custody before the act is acknowledged.
            self.note_control().map_err(|e| commit_error(&e, "key folder"))?;
        }
        Ok(())
    }

    fn note_control(&self) -> io::Result<()> {
        let digest = control_digest(&*self.engine)?.to_hex();
        let logs = lock(&self.logs).clone();
        let applied = self.applied(&logs)?;
        self.notes.update(|n| {
            n.control = digest;
            for (log, index) in applied {
                n.logs.entry(log.to_string()).or_insert_with(LogNote::default).applied = index;
            }
        })
    }

    fn applied(&self, logs: &Logs) -> io::Result<Vec<(LogId, Option<u64>)>> {
        logs.keys().map(|log| Ok((*log, recovery::applied(&*self.engine, *log)?))).collect()
    }

    fn note(&self, logs: &Logs) -> io::Result<()> {
        self.note_with(logs, |_| {})
    }

    /// Notes in custody how far every log and the engine have come.
    fn note_with(&self, logs: &Logs, change: impl FnOnce(&mut Notes)) -> io::Result<()> {
        let idle = self.in_flight.load(Ordering::Acquire) == 0;
        let applied = self.applied(logs)?;
        let digest = if idle { Some(control_digest(&*self.engine)?.to_hex()) } else { None };
        self.notes.update(|n| {
            for ((log, state), (_, applied)) in logs.iter().zip(applied) {
                let note = n.logs.entry(log.to_string()).or_insert_with(LogNote::default);
                note.size = state.frontier.size();
                note.root = state.frontier.root().to_hex();
                note.applied = applied;
                if idle {
                    note.settled = note.size;
                }
            }
            if let Some(digest) = digest {
                n.control = digest;
            }
            change(n);
        })
    }

    /// Marks acts that were stated before a crash and did not take place: a `failed` entry, then
    /// tombstones over the slots they may have written, then the engine's mark. Each step may be
    /// repeated.
    fn fail_dangling(
        &self,
        writer: &mut LedgerWriter,
        dangling: &[Dangling],
        install: InstallId,
        epoch: &EpochKey,
        random: &dyn Random,
    ) -> Result<(), OpenError> {
        let recovery = |what: &str| OpenError::Damaged(format!("recovery could not {what}"));
        let mut marks = Vec::new();
        for act in dangling {
            let mut index = act.index;
            let mut leaf = Hash([0; 32]);
            if !act.marked {
                let entry = system::failed(act.log, act.id, act.act);
                let placed = writer.append(vec![vec![(act.log, entry)]]);
                let placed = placed.ok().and_then(|mut p| p.pop()).and_then(Result::ok);
                let position = placed.and_then(|p| p.first().copied());
                let position = position.ok_or_else(|| recovery("write to the ledger"))?;
                (index, leaf) = (position.index, position.leaf_hash);
            }
            if let (LogId::Tenant(tenant), Some(range)) = (act.log, act.range) {
                let tenant = TenantId(tenant);
                let mut leaf_head = [0; 24];
                leaf_head.iter_mut().zip(leaf.0).for_each(|(to, from)| *to = from);
                let stone = Tombstone { index, leaf_head };
                let end = range.first.saturating_add(range.count);
                for number in range.first..end {
                    let record = RecordNumber(number);
                    let nonce = draw(random).map_err(|_| recovery("draw randomness"))?;
                    let place = SlotAddress { install, tenant, record };
                    let slot = epoch.tombstone(place, &nonce, &stone);
                    let slot = slot.ok_or_else(|| recovery("seal a tombstone"))?;
                    at("the slot file", self.slots.write(record, &[slot]))?;
                }
                at("the slot file", self.slots.sync())?;
            }
            marks.push((log_key(act.log), act.index.to_be_bytes()));
        }
        let mut rows: &mut dyn Iterator<Item = Put<'_>> = &mut marks
            .iter()
            .map(|(k, v)| (Table::Applied, k.as_slice(), v.as_slice()));
        if marks.is_empty() { Ok(()) } else { at("the engine", self.engine.commit(&mut rows)) }
    }
}

/// Starts a named thread. When the system refuses one, the store's queue has no reader and every
/// commit is answered as stopped.
fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run).ok()
}

fn mark(position: &Position) -> (Vec<u8>, [u8; 8]) {
    (log_key(position.log), position.index.to_be_bytes())
}

fn sizes(logs: &Logs) -> Vec<(LogId, u64)> {
    logs.iter().map(|(log, state)| (*log, state.frontier.size())).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
