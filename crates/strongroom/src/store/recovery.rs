//! Opening: replay the ledger's last segments, hold them against custody's notes, and find the
//! acts whose effect never reached the engine.
//!
//! Nothing is written here but zeros over a torn last frame; what is missing or changed refuses
//! the opening and says what.

use std::collections::HashMap;
use std::io;

use strongroom_core::ledger::{Entry, LogId};
use strongroom_core::vault::keys::StoreKey;

use super::dangling::{Dangling, acts, dangling};
use super::disk::{Disk, DiskFile};
use super::engine::Engine;
use super::marks::{Marks, check_marks};
use super::notes::{LogNote, Notes};
use super::segment::{
    FRAME_HEAD_BYTES, Logs, RawFrame, SEGMENT_BYTES_MAX, SEGMENT_HEAD_BYTES, SegmentHead, append,
    segment_name, segment_number,
};
use super::writer::{Next, Tail};

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
        "{0} is older than the key folder's notes: a copy of the data folder was put back, or its \
         end was cut off"
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
    /// How far the engine has come with each log.
    pub marks: Marks,
    /// Acts whose effect is not in the engine.
    pub dangling: Vec<Dangling>,
}

/// Reads a whole segment.
fn segment(disk: &dyn Disk, number: u64) -> Result<(Box<dyn DiskFile>, Vec<u8>), OpenError> {
    let name = segment_name(number);
    let file = at("ledger", disk.open(&name))?
        .ok_or_else(|| OpenError::Damaged(format!("ledger segment {name} is missing")))?;
    let length = at("ledger", file.length())?;
    if length > SEGMENT_BYTES_MAX {
        return Err(OpenError::Damaged(format!("ledger segment {name} is larger than any")));
    }
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
fn start(disk: &dyn Disk, key: &StoreKey, notes: &Notes, last: u64) -> Result<u64, OpenError> {
    for number in (1..=last).rev() {
        let Some(head) = at("ledger", head(disk, key, number))? else { continue };
        let settled = |log: &LogId| notes.logs.get(&log.to_string()).map_or(0, |n| n.settled);
        if head.logs.iter().all(|(log, state)| state.frontier.size() <= settled(log)) {
            return Ok(number);
        }
    }
    Ok(0)
}

/// The header of a segment, without the rest of it; nothing when it is not whole.
fn head(disk: &dyn Disk, key: &StoreKey, number: u64) -> io::Result<Option<SegmentHead>> {
    let Some(file) = disk.open(&segment_name(number))? else { return Ok(None) };
    let mut bytes = vec![0; SEGMENT_HEAD_BYTES];
    file.read_at(0, &mut bytes)?;
    let Some(length) = SegmentHead::length(&bytes) else { return Ok(None) };
    if length as u64 > file.length()? {
        return Ok(None);
    }
    bytes.resize(length, 0);
    file.read_at(0, &mut bytes)?;
    Ok(SegmentHead::decode(&bytes, key).map(|(head, _)| head))
}

/// Replays the ledger, and holds it and the engine against the notes and against each other.
///
/// # Errors
/// [`OpenError`] when something is damaged, older than the notes, or was never written here.
pub fn replay(
    disk: &dyn Disk,
    key: &StoreKey,
    notes: &Notes,
    engine: &dyn Engine,
) -> Result<Replay, OpenError> {
    let last = segments(disk)?;
    let first = start(disk, key, notes, last)?;
    let (logs, next) = (Logs::new(), Next::default());
    let mut run = Run { key, notes, logs, next, newest: HashMap::new(), open: vec![] };
    let mut tail = None;
    for number in first..=last {
        let (file, bytes) = segment(disk, number)?;
        let offset = run.segment(number, number == first, &bytes)?;
        if number == last {
            clear_torn_frame(&*file, &bytes, offset)?;
            tail = Some(at("ledger", Tail::new(file, number, offset as u64, run.next))?);
        }
    }
    let tail = tail.ok_or(OpenError::RolledBack("the ledger"))?;
    run.finish()?;
    let acts = acts(&run.open, notes)?;
    let marks = check_marks(engine, key, notes, &run.open)?;
    Ok(Replay { logs: run.logs, tail, dangling: dangling(acts, &marks), marks })
}

/// One replay under way.
struct Run<'a> {
    key: &'a StoreKey,
    notes: &'a Notes,
    logs: Logs,
    next: Next,
    newest: HashMap<LogId, Vec<u8>>,
    open: Vec<(LogId, u64, Vec<u8>)>,
}

impl Run<'_> {
    /// Replays one segment; gives where its frames end.
    fn segment(&mut self, number: u64, first: bool, bytes: &[u8]) -> Result<usize, OpenError> {
        let name = segment_name(number);
        let damaged = |what: &str| OpenError::Damaged(format!("ledger segment {name}: {what}"));
        let (head, mut offset) =
            SegmentHead::decode(bytes, self.key).ok_or_else(|| damaged("its header is damaged"))?;
        if head.number != number {
            return Err(damaged("it is another segment"));
        }
        if first {
            if number == 0 && (!head.logs.is_empty() || head.sequence != 0) {
                return Err(damaged("it does not begin with nothing"));
            }
            self.logs = head.logs;
            self.next = Next { sequence: head.sequence, chain: head.chain };
            self.check_all()?;
        } else if !same(&self.logs, &head.logs)
            || (self.next.sequence, self.next.chain) != (head.sequence, head.chain)
        {
            return Err(damaged("the segment before it does not lead up to it"));
        }
        while let Some(frame) = bytes
            .get(offset..)
            .and_then(RawFrame::find)
            .filter(|frame| frame.sequence == self.next.sequence)
        {
            let entries = frame
                .open(self.key, &self.next.chain)
                .ok_or_else(|| damaged("a frame was not written by this install"))?;
            for entry in &entries {
                append(&mut self.logs, entry, 0)
                    .ok_or_else(|| damaged("an entry is not at its index"))?;
                self.check(entry.log)?;
                self.newest.insert(entry.log, entry.leaf.to_vec());
                if entry.index >= self.note(entry.log).map_or(0, |n| n.settled) {
                    self.open.push((entry.log, entry.index, entry.leaf.to_vec()));
                }
            }
            self.next = Next { sequence: frame.sequence + 1, chain: frame.mac };
            offset += frame.length;
        }
        Ok(offset)
    }

    fn note(&self, log: LogId) -> Option<&LogNote> {
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
        for (log, state) in self.logs.iter().filter(|_| self.notes.clean) {
            if self.note(*log).is_none_or(|n| n.size != state.frontier.size()) {
                let text = format!("log {log} grew since the store was stopped");
                return Err(OpenError::Damaged(text));
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
    a.len() == b.len() && a.iter().zip(b).all(|((x, s), (y, t))| x == y && s.frontier == t.frontier)
}

/// What follows the last whole frame must be nothing, or one frame torn by a crash: overwrite it
/// with zeros, so that it can never be read together with a later one. Another whole frame behind
/// a damaged one is no torn tail.
fn clear_torn_frame(file: &dyn DiskFile, bytes: &[u8], offset: usize) -> Result<(), OpenError> {
    let rest = bytes.get(offset..).unwrap_or_default();
    let Some(end) = rest.iter().rposition(|b| *b != 0) else { return Ok(()) };
    for start in 0..=end.saturating_sub(FRAME_HEAD_BYTES) {
        if rest.get(start..).and_then(RawFrame::find).is_some() {
            let text = "the ledger's last segment is damaged before its last frame";
            return Err(OpenError::Damaged(text.to_owned()));
        }
    }
    at("ledger", file.write_at(offset as u64, &vec![0; end + 1]))?;
    at("ledger", file.sync())
}
