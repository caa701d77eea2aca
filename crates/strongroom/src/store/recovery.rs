//! Opening: replay the ledger's last segments, hold them against custody's notes, and find the
//! acts whose effect never reached the engine.
//!
//! Nothing is written here but zeros over a torn last frame; what is missing or changed refuses
//! the opening and says what.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;

use strongroom_core::ledger::entry::{Act, Phase, RecordRange};
use strongroom_core::ledger::merkle::leaf_hash;
use strongroom_core::ledger::{Entry, Hash, Id, LogId};
use strongroom_core::store::Table;

use super::disk::{Disk, DiskFile};
use super::engine::Engine;
use super::notes::Notes;
use super::segment::{
    FRAME_HEAD_BYTES, Logs, SegmentHead, append, log_key, read_frame, segment_name,
    segment_number,
};
use super::writer::Tail;

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no install here.
    #[error("there is no Strongroom install in this data folder and key folder")]
    NotInitialised,
    /// The data folder and the key folder are of two installs.
    #[error("data folder and key folder belong to different installs")]
    OtherInstall,
    /// Another process holds the store.
    #[error("the store is held by another process")]
    Held,
    /// The data is older than what custody noted.
    #[error(
        "{0} is older than the key folder's notes: a copy of the data folder was put back, or its end was cut off"
    )]
    RolledBack(&'static str),
    /// Something is not what was written.
    #[error("{0}")]
    Damaged(String),
    /// The medium failed.
    #[error("{what} cannot be used: {source}")]
    Io {
        /// What.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}

/// Adds what was being done to a medium's error.
pub fn at<T>(what: &'static str, result: io::Result<T>) -> Result<T, OpenError> {
    result.map_err(|source| OpenError::Io { what, source })
}

/// The ledger as found.
pub struct Replay {
    /// Every log.
    pub logs: Logs,
    /// Where to go on.
    pub tail: Tail,
    /// Acts whose effect is not in the engine.
    pub dangling: Vec<Dangling>,
}

/// An act that was stated and did not take place.
#[derive(Debug, Clone)]
pub struct Dangling {
    /// Its log.
    pub log: LogId,
    /// Its index there.
    pub index: u64,
    /// Its entry's id.
    pub id: Id,
    /// The act.
    pub act: Act,
    /// The slots it may have written.
    pub range: Option<RecordRange>,
    /// Whether an earlier recovery has already appended its failure.
    pub marked: bool,
}

/// Reads a whole segment.
fn segment(disk: &dyn Disk, number: u64) -> Result<(Box<dyn DiskFile>, Vec<u8>), OpenError> {
    let name = segment_name(number);
    let file = at("ledger", disk.open(&name))?
        .ok_or_else(|| OpenError::Damaged(format!("ledger segment {name} is missing")))?;
    let length = at("ledger", file.len())?;
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let read = at("ledger", file.read_at(0, &mut bytes))?;
    bytes.truncate(read);
    Ok((file, bytes))
}

/// The numbers of all segments: 0 to the last, none missing.
///
/// # Errors
/// [`OpenError::Damaged`] where one is missing.
pub fn segments(disk: &dyn Disk) -> Result<u64, OpenError> {
    let names = at("ledger", disk.list("ledger"))?;
    let numbers: Vec<u64> = names.iter().filter_map(|n| segment_number(n)).collect();
    for (expected, number) in (0..).zip(&numbers) {
        if expected != *number {
            let name = segment_name(expected);
            return Err(OpenError::Damaged(format!("ledger segment {name} is missing")));
        }
    }
    match numbers.last() {
        Some(last) => Ok(*last),
        None => Err(OpenError::RolledBack("the ledger")),
    }
}

/// The newest segment from whose header on everything unsettled is seen again.
fn start(disk: &dyn Disk, notes: &Notes, last: u64) -> Result<u64, OpenError> {
    for number in (1..=last).rev() {
        let (_, bytes) = segment(disk, number)?;
        let Some((head, _)) = SegmentHead::decode(&bytes) else { continue };
        let settled = |log: &LogId| notes.logs.get(&log.to_string()).map_or(0, |n| n.settled);
        if head.logs.iter().all(|(log, state)| state.frontier.size() <= settled(log)) {
            return Ok(number);
        }
    }
    Ok(0)
}

/// Replays the ledger.
///
/// # Errors
/// [`OpenError`] when it is damaged or older than the notes.
pub fn replay(disk: &dyn Disk, notes: &Notes, engine: &dyn Engine) -> Result<Replay, OpenError> {
    let last = segments(disk)?;
    let first = start(disk, notes, last)?;
    let mut run = Run { notes, logs: Logs::new(), sequence: 0, newest: HashMap::new(), open: vec![] };
    let mut tail = None;
    for number in first..=last {
        let (file, bytes) = segment(disk, number)?;
        let offset = run.segment(number, number == first, &bytes)?;
        if number == last {
            clear_torn_frame(&*file, &bytes, offset, run.sequence)?;
            tail = Some(Tail { file, number, offset: offset as u64, sequence: run.sequence });
        }
    }
    let tail = tail.ok_or(OpenError::RolledBack("the ledger"))?;
    run.finish()?;
    let dangling = dangling(&run.open, engine)?;
    Ok(Replay { logs: run.logs, tail, dangling })
}

/// One replay under way.
struct Run<'a> {
    notes: &'a Notes,
    logs: Logs,
    sequence: u64,
    newest: HashMap<LogId, Vec<u8>>,
    open: Vec<(LogId, u64, Vec<u8>)>,
}

impl Run<'_> {
    /// Replays one segment; gives where its frames end.
    fn segment(&mut self, number: u64, first: bool, bytes: &[u8]) -> Result<usize, OpenError> {
        let name = segment_name(number);
        let damaged = |what: &str| OpenError::Damaged(format!("ledger segment {name}: {what}"));
        let (head, mut offset) =
            SegmentHead::decode(bytes).ok_or_else(|| damaged("its header is damaged"))?;
        if head.number != number {
            return Err(damaged("it is another segment"));
        }
        if first {
            (self.logs, self.sequence) = (head.logs, head.sequence);
            self.check_all()?;
        } else if !same(&self.logs, &head.logs) || self.sequence != head.sequence {
            return Err(damaged("the segment before it does not lead up to it"));
        }
        while let Some((sequence, entries, length)) =
            bytes.get(offset..).and_then(read_frame).filter(|(s, ..)| *s == self.sequence)
        {
            for entry in &entries {
                append(&mut self.logs, entry, 0)
                    .ok_or_else(|| damaged("an entry is not at its index"))?;
                self.check(entry.log)?;
                self.newest.insert(entry.log, entry.leaf.to_vec());
                if entry.index >= self.note(entry.log).map_or(0, |n| n.settled) {
                    self.open.push((entry.log, entry.index, entry.leaf.to_vec()));
                }
            }
            self.sequence = sequence + 1;
            offset += length;
        }
        Ok(offset)
    }

    fn note(&self, log: LogId) -> Option<&super::notes::LogNote> {
        self.notes.logs.get(&log.to_string())
    }

    fn check_all(&self) -> Result<(), OpenError> {
        self.logs.keys().try_for_each(|log| self.check(*log))
    }

    /// Where a log reaches the size that custody noted, it must have the root custody noted.
    fn check(&self, log: LogId) -> Result<(), OpenError> {
        let (Some(note), Some(state)) = (self.note(log), self.logs.get(&log)) else {
            return Ok(());
        };
        if state.frontier.size() == note.size && state.frontier.root().to_hex() != note.root {
            let text = format!("log {log} does not have the root that the key folder noted");
            return Err(OpenError::Damaged(text));
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), OpenError> {
        for (name, note) in &self.notes.logs {
            let found = self.logs.iter().find(|(log, _)| log.to_string() == *name);
            if found.map_or(0, |(_, state)| state.frontier.size()) < note.size {
                return Err(OpenError::RolledBack("the ledger"));
            }
        }
        for (log, leaf) in &self.newest {
            let entry = Entry::from_bytes(leaf)
                .map_err(|_| OpenError::Damaged(format!("the newest entry of log {log}")))?;
            if let Some(state) = self.logs.get_mut(log) {
                state.time_us = state.time_us.max(entry.time_us);
            }
        }
        Ok(())
    }
}

/// Whether two states are of the same trees; times are checked by the entries themselves.
fn same(a: &Logs, b: &Logs) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|((x, s), (y, t))| x == y && s.frontier == t.frontier)
}

/// What follows the last whole frame must be nothing, or one frame torn by a crash: overwrite it
/// with zeros, so that it can never be read together with a later one. A whole frame behind a
/// damaged one is no torn tail.
fn clear_torn_frame(
    file: &dyn DiskFile,
    bytes: &[u8],
    offset: usize,
    sequence: u64,
) -> Result<(), OpenError> {
    let rest = bytes.get(offset..).unwrap_or_default();
    let Some(end) = rest.iter().rposition(|b| *b != 0) else { return Ok(()) };
    for start in 1..=end.saturating_sub(FRAME_HEAD_BYTES) {
        let later = rest.get(start..).filter(|r| r.starts_with(b"SRFR")).and_then(read_frame);
        if later.is_some_and(|(s, ..)| s > sequence) {
            let text = format!("the ledger is damaged before frame {}", sequence + 1);
            return Err(OpenError::Damaged(text));
        }
    }
    at("ledger", file.write_at(offset as u64, &vec![0; end + 1]))?;
    at("ledger", file.sync())
}

/// The last applied index of a log in the engine.
///
/// # Errors
/// As the engine's.
pub fn applied(engine: &dyn Engine, log: LogId) -> io::Result<Option<u64>> {
    let value = engine.get(Table::Applied, &log_key(log))?;
    Ok(value.and_then(|v| v.try_into().ok()).map(u64::from_be_bytes))
}

fn dangling(
    open: &[(LogId, u64, Vec<u8>)],
    engine: &dyn Engine,
) -> Result<Vec<Dangling>, OpenError> {
    let mut marks: BTreeMap<LogId, Option<u64>> = BTreeMap::new();
    let mut failed: HashSet<Id> = HashSet::new();
    let mut found = Vec::new();
    for (log, index, leaf) in open {
        let entry = Entry::from_bytes(leaf)
            .map_err(|_| OpenError::Damaged(format!("entry {index} of log {log}")))?;
        if !marks.contains_key(log) {
            marks.insert(*log, at("the engine", applied(engine, *log))?);
        }
        let mark = marks.get(log).copied().flatten();
        match entry.phase {
            Phase::Failed => failed.extend(entry.completes),
            Phase::Commit if entry.act.has_effect() && mark.is_none_or(|m| *index > m) => {
                let (id, act, range) = (entry.id, entry.act, entry.range);
                let (log, index) = (*log, *index);
                found.push(Dangling { log, index, id, act, range, marked: false });
            }
            Phase::Commit | Phase::Attempt | Phase::Denied => {}
        }
    }
    found.iter_mut().for_each(|d| d.marked = failed.contains(&d.id));
    Ok(found)
}

/// Digest of the control table, for custody's notes.
///
/// # Errors
/// As the engine's.
pub fn control_digest(engine: &dyn Engine) -> io::Result<Hash> {
    let mut all = Vec::new();
    engine.scan(Table::Control, &[], &mut |key, value| {
        all.extend_from_slice(&(key.len() as u64).to_be_bytes());
        all.extend_from_slice(key);
        all.extend_from_slice(&(value.len() as u64).to_be_bytes());
        all.extend_from_slice(value);
        true
    })?;
    Ok(leaf_hash(&all))
}

/// Holds the engine against custody's notes.
///
/// # Errors
/// [`OpenError::RolledBack`] when it is older, [`OpenError::Damaged`] when its control rows are
/// others.
pub fn check_engine(engine: &dyn Engine, notes: &Notes) -> Result<(), OpenError> {
    let mut newer = false;
    for (name, note) in &notes.logs {
        let log = name.parse().map_err(|_| OpenError::Damaged("notes.json".to_owned()))?;
        let now = at("the engine", applied(engine, log))?;
        if now < note.applied {
            return Err(OpenError::RolledBack("the engine"));
        }
        newer |= now > note.applied;
    }
    // A crash between an administrative act and its note leaves newer rows than noted, and those
    // the ledger names; without a newer act the table must be exactly the one noted.
    if !newer && at("the engine", control_digest(engine))?.to_hex() != notes.control {
        let text = "the control table is not the one that the key folder noted";
        return Err(OpenError::Damaged(text.to_owned()));
    }
    Ok(())
}
