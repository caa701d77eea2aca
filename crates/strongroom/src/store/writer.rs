//! The ledger's writer: stamps entries, writes one frame a group, syncs once, fails closed.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::sync::Arc;

use strongroom_core::ledger::merkle::leaf_hash;
use strongroom_core::ledger::{Entry, Hash, Id, LogId};
use strongroom_core::source::{Clock, Random, draw};
use strongroom_core::store::{CommitError, Position};
use strongroom_core::vault::keys::StoreKey;

use super::disk::{Disk, DiskFile, is_full};
use super::segment::{
    Chain, FrameWriter, FramedEntry, Logs, SEGMENT_BYTES, SPARE_SEGMENT, SegmentHead, segment_name,
};

/// The wall clock may stand this far before the newest entry until an entry says so: time
/// synchronisation slews.
const BEHIND_US_MAX: u64 = 2_000_000;
/// The wall clock may leave the steady one by this much, in all its small steps since the last that
/// an entry states.
const DRIFT_US_MAX: i64 = 60_000_000;

/// Where the next frame goes.
pub struct Tail {
    file: Box<dyn DiskFile>,
    number: u64,
    offset: u64,
    room: u64,
    next: Next,
}

/// What the next frame is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Next {
    /// Its sequence number.
    pub sequence: u64,
    /// What it is bound to.
    pub chain: Chain,
}

impl Tail {
    /// Makes segment `number`, with `logs` as the state at its beginning and room for a frame of
    /// `frame` bytes. The file never stands without its header.
    ///
    /// # Errors
    /// As the medium's.
    pub fn create(
        disk: &dyn Disk,
        key: &StoreKey,
        number: u64,
        next: Next,
        logs: &Logs,
        frame: u64,
    ) -> io::Result<Self> {
        let Next { sequence, chain } = next;
        let head = SegmentHead { number, sequence, chain, logs: logs.clone() }.encode(key);
        let offset = head.len() as u64;
        let length = SEGMENT_BYTES.max(4 * offset).max(offset + frame);
        let name = segment_name(number);
        let file = match disk.create(&name, &head, length) {
            Err(e) if is_full(&e) => {
                let mut head = head;
                // The frame must have room too.
                head.resize(usize::try_from(offset + frame).unwrap_or(usize::MAX), 0);
                disk.put_into(SPARE_SEGMENT, &name, &head, 0)?
            }
            file => file?,
        };
        Self::new(file, number, offset, next)
    }

    /// Goes on in `file`, segment `number`: its next frame begins at `offset`.
    ///
    /// # Errors
    /// As the medium's.
    pub fn new(file: Box<dyn DiskFile>, number: u64, offset: u64, next: Next) -> io::Result<Self> {
        let room = file.length()?;
        Ok(Self { file, number, offset, room, next })
    }
}

/// The writer of all logs.
pub struct LedgerWriter {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    key: Arc<StoreKey>,
    boot: u64,
    logs: Logs,
    tail: Tail,
    newest_us: u64,
    /// Wall clock and steady clock, read together when the writer began or last stated a step.
    anchor: (u64, u64),
    /// Logs that grew and were not yet published.
    grown: BTreeSet<LogId>,
    stopped: bool,
}

/// Entries placed and not yet durable.
struct Group {
    frame: FrameWriter,
    next: HashMap<LogId, (u64, u64)>,
    leaves: Vec<(LogId, Hash, u64)>,
}

impl LedgerWriter {
    /// Goes on from `logs` at `tail`.
    #[must_use]
    pub fn new(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        key: Arc<StoreKey>,
        boot: u64,
        logs: Logs,
        tail: Tail,
    ) -> Self {
        let newest_us = logs.values().map(|l| l.time_us).max().unwrap_or(0);
        let anchor = (clock.now_us(), clock.steady_us());
        Self {
            disk,
            clock,
            random,
            key,
            boot,
            logs,
            tail,
            newest_us,
            anchor,
            grown: BTreeSet::new(),
            stopped: false,
        }
    }

    /// The state of every log, all of it durable.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Brings `logs` up to date.
    pub fn publish(&mut self, logs: &mut Logs) {
        for log in std::mem::take(&mut self.grown) {
            logs.extend(self.logs.get(&log).map(|state| (log, state.clone())));
        }
    }

    /// Whether a write failed: what the open segment holds at its end is then not known.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Makes the file that becomes the next segment on a full disk, where it is missing or became
    /// too small for the header, while there is room.
    ///
    /// # Errors
    /// As the medium's.
    pub fn keep_spare(&self) -> io::Result<()> {
        let Next { sequence, chain } = self.tail.next;
        let (number, logs) = (self.tail.number, self.logs.clone());
        let head = SegmentHead { number, sequence, chain, logs }.encode(&self.key).len() as u64;
        let there = self.disk.open(SPARE_SEGMENT)?.map_or(Ok(0), |file| file.length())?;
        let wanted = SEGMENT_BYTES.max(4 * head);
        if there >= 2 * head || self.disk.room()? < 2 * wanted {
            return Ok(());
        }
        self.disk.create(SPARE_SEGMENT, &[], wanted).map(drop)
    }

    /// Number of the open segment.
    #[must_use]
    pub fn segment(&self) -> u64 {
        self.tail.number
    }

    /// Appends the entries of several requests in one durable step. A request whose entries
    /// cannot be encoded gets its error and takes no place.
    ///
    /// # Errors
    /// [`CommitError`] for all of them when nothing could be made durable. After a failed write
    /// or sync the writer stays stopped: the descriptor is not to be trusted again.
    pub fn append(
        &mut self,
        requests: Vec<Vec<(LogId, Entry)>>,
    ) -> Result<Vec<Result<Vec<Position>, CommitError>>, CommitError> {
        if self.stopped {
            return Err(CommitError::Stopped);
        }
        let (now, steady) = (self.clock.now_us(), self.clock.steady_us());
        let mut group =
            Group { frame: FrameWriter::new(), next: HashMap::new(), leaves: Vec::new() };
        let step = self.step(now, steady);
        if let Some(step_us) = step {
            let entry = strongroom_core::access::system::clock_step(step_us);
            let _ = self.place(&mut group, vec![(LogId::System, entry)], now);
        }
        let placed: Vec<_> =
            requests.into_iter().map(|entries| self.place(&mut group, entries, now)).collect();
        if !group.frame.is_empty() {
            self.write(group)?;
        }
        // A step is said once: the clock's new time counts from here on.
        if step.is_some() {
            (self.newest_us, self.anchor) = (now, (now, steady));
        }
        self.newest_us = self.newest_us.max(now);
        Ok(placed)
    }

    /// How far the wall clock stepped, if it did: against the steady clock, and, since that says
    /// nothing of the time before this start, against the newest entry.
    fn step(&self, now: u64, steady: u64) -> Option<i64> {
        let (wall, since) = self.anchor;
        let difference = |a: u64, b: u64| {
            let far = i64::try_from(a.abs_diff(b)).unwrap_or(i64::MAX);
            if a < b { -far } else { far }
        };
        let expected = wall.saturating_add(steady.saturating_sub(since));
        let drift = difference(now, expected);
        if drift.abs() > DRIFT_US_MAX {
            return Some(drift);
        }
        let behind = now.saturating_add(BEHIND_US_MAX) < self.newest_us;
        behind.then(|| difference(now, self.newest_us).min(drift))
    }

    /// Stamps, encodes and places the entries of one request.
    fn place(
        &self,
        group: &mut Group,
        entries: Vec<(LogId, Entry)>,
        now: u64,
    ) -> Result<Vec<Position>, CommitError> {
        let mut encoded = Vec::with_capacity(entries.len());
        let mut times: HashMap<LogId, u64> = HashMap::new();
        for (log, mut entry) in entries {
            let before = group.next.get(&log).map(|(_, time)| *time);
            let before = before.or_else(|| self.logs.get(&log).map(|l| l.time_us)).unwrap_or(0);
            // Time never runs back within a log: a clock that does is held still.
            let time = times.get(&log).copied().unwrap_or(before).max(now);
            times.insert(log, time);
            let random: [u8; 10] = draw(&*self.random).map_err(|_| CommitError::Entry)?;
            let id = uuid::Builder::from_unix_timestamp_millis(now / 1000, &random).into_uuid();
            entry.id = Id(id.into_bytes());
            entry.time_us = time;
            entry.boot = self.boot;
            let leaf = entry.to_bytes().map_err(|_| CommitError::Entry)?;
            encoded.push((log, time, leaf));
        }
        let mut positions = Vec::with_capacity(encoded.len());
        for (log, time, leaf) in encoded {
            let size = self.logs.get(&log).map_or(0, |l| l.frontier.size());
            let next = group.next.entry(log).or_insert((size, 0));
            let index = next.0;
            *next = (index + 1, time);
            group.frame.push(FramedEntry { log, index, leaf: &leaf });
            let hash = leaf_hash(&leaf);
            group.leaves.push((log, hash, time));
            positions.push(Position { log, index, leaf_hash: hash });
        }
        Ok(positions)
    }

    /// Appends entries as they were stamped before, each with its time, in one durable step.
    ///
    /// # Errors
    /// As [`LedgerWriter::append`].
    pub fn copy(&mut self, leaves: &[(LogId, Vec<u8>, u64)]) -> Result<(), CommitError> {
        if self.stopped {
            return Err(CommitError::Stopped);
        }
        let mut group =
            Group { frame: FrameWriter::new(), next: HashMap::new(), leaves: Vec::new() };
        for (log, leaf, time) in leaves {
            let size = self.logs.get(log).map_or(0, |l| l.frontier.size());
            let next = group.next.entry(*log).or_insert((size, 0));
            group.frame.push(FramedEntry { log: *log, index: next.0, leaf });
            *next = (next.0 + 1, *time);
            group.leaves.push((*log, leaf_hash(leaf), *time));
        }
        if group.frame.is_empty() { Ok(()) } else { self.write(group) }
    }

    fn write(&mut self, group: Group) -> Result<(), CommitError> {
        let frame = group.frame.len() as u64;
        if self.tail.offset + frame > self.tail.room {
            // A failure here is tried again: nothing was promised yet. But the new file may be
            // there all the same, and its header says where the old one ended: no way back.
            self.tail.room = 0;
            let (number, next) = (self.tail.number + 1, self.tail.next);
            self.tail = Tail::create(&*self.disk, &self.key, number, next, &self.logs, frame)
                .map_err(|e| unstated(&e, "ledger"))?;
        }
        let Next { sequence, chain } = self.tail.next;
        let (bytes, chain) = group.frame.finish(sequence, &self.key, &chain);
        // From here on the frame may be found by the next opening, so a failure is never "nothing
        // was done", not even that of a full disk.
        let written = self.tail.file.write_at(self.tail.offset, &bytes);
        let written = written.and_then(|()| self.tail.file.sync());
        let in_place = written.and_then(|()| self.tail.file.is_in_place());
        match in_place {
            Ok(true) => {}
            Ok(false) => return Err(self.stop("ledger: its segment was moved or deleted")),
            Err(_) => return Err(self.stop("ledger")),
        }
        self.tail.offset += frame;
        self.tail.next = Next { sequence: sequence + 1, chain };
        for (log, leaf, time) in group.leaves {
            let state = self.logs.entry(log).or_default();
            state.frontier.append(leaf);
            state.time_us = state.time_us.max(time);
            self.grown.insert(log);
        }
        Ok(())
    }

    fn stop(&mut self, what: &'static str) -> CommitError {
        self.stopped = true;
        CommitError::Failed(what)
    }
}

/// Says what a failure means to the caller before anything was stated.
#[must_use]
pub fn unstated(error: &io::Error, what: &'static str) -> CommitError {
    if is_full(error) { CommitError::DiskFull } else { CommitError::Failed(what) }
}
