//! The engine's marks: how far it has come with each log, and by which entry. Each ends in a MAC
//! under custody's store key; whether it is the newest, custody's notes and the ledger say.

use std::collections::BTreeMap;

use strongroom_core::ledger::merkle::leaf_hash;
use strongroom_core::ledger::{Hash, LogId};
use strongroom_core::store::{Position, Table};
use strongroom_core::vault::keys::StoreKey;

use super::engine::Engine;
use super::notes::{ControlNext, Notes};
use super::recovery::{OpenError, at};
use super::segment::{log_key, log_of_key};

/// The last entry of each log whose effect is in the engine.
pub type Marks = BTreeMap<LogId, Mark>;

/// An entry of a log: its index and its leaf hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub index: u64,
    pub leaf: Hash,
}

const LABEL: &str = "strongroom/applied";

/// The rows that say so of `positions`, one a log.
#[must_use]
pub fn rows(key: &StoreKey, positions: &[Position]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut newest: BTreeMap<LogId, &Position> = BTreeMap::new();
    for position in positions {
        let kept = newest.entry(position.log).or_insert(position);
        if position.index > kept.index {
            *kept = position;
        }
    }
    let row = |position: &Position| {
        let (row, index) = (log_key(position.log), position.index.to_be_bytes());
        let leaf = position.leaf_hash.0;
        let mac = key.mac(LABEL, &[&row, &index, &leaf]);
        (row, [index.as_slice(), &leaf, &mac].concat())
    };
    newest.into_values().map(row).collect()
}

/// Reads one, if this install wrote it there.
fn read(key: &StoreKey, row: &[u8], value: &[u8]) -> Option<(LogId, Mark)> {
    let (index, rest) = value.split_first_chunk::<8>()?;
    let (leaf, mac) = rest.split_first_chunk::<32>()?;
    let ours = key.verify(LABEL, &[row, index, leaf], mac);
    let log = ours.then(|| log_of_key(row)).flatten()?;
    Some((log, Mark { index: u64::from_be_bytes(*index), leaf: Hash(*leaf) }))
}

/// The marks that are in an engine.
///
/// # Errors
/// As the engine's; `InvalidData` when one was not written by this install.
pub fn stored(engine: &dyn Engine, key: &StoreKey) -> std::io::Result<Marks> {
    let mut found = Some(Marks::new());
    engine.scan(Table::Applied, &[], &mut |row, value| {
        match (read(key, row, value), &mut found) {
            (Some((log, mark)), Some(found)) => drop(found.insert(log, mark)),
            _ => found = None,
        }
        found.is_some()
    })?;
    found.ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}

/// Takes the same into `marks`.
pub fn advance(marks: &mut Marks, positions: &[Position]) {
    for position in positions {
        let mark = Mark { index: position.index, leaf: position.leaf_hash };
        let kept = marks.entry(position.log).or_insert(mark);
        if mark.index > kept.index {
            *kept = mark;
        }
    }
}

/// Reads the marks and refuses those that no store can have left: older than noted, or newer
/// without an entry that stands there. `open`: the entries that custody did not note as settled.
///
/// A mark is of the last entry of a batch, which need not be one with an effect of its own: an
/// approval follows the erasures that it approves.
///
/// INVARIANT: the entry of a mark is known by its leaf hash, never by its index alone: an engine of
/// another branch, in which as many acts took place, would pass for the one of this ledger.
///
/// # Errors
/// [`OpenError::RolledBack`] when the engine is older, [`OpenError::Damaged`] otherwise.
pub fn check_marks(
    engine: &dyn Engine,
    key: &StoreKey,
    notes: &Notes,
    open: &[(LogId, u64, Vec<u8>)],
) -> Result<Marks, OpenError> {
    let damaged = || OpenError::Damaged("the engine's marks are damaged".to_owned());
    let found = match stored(engine, key) {
        Err(e) if e.kind() == std::io::ErrorKind::InvalidData => return Err(damaged()),
        found => at("the engine", found)?,
    };
    for (name, note) in &notes.logs {
        let log = name.parse().map_err(|_| damaged())?;
        if found.get(&log).map(|mark| mark.index) < note.applied.as_ref().map(|noted| noted.index) {
            return Err(OpenError::RolledBack("the engine"));
        }
    }
    let marked = |(log, index, _): &&(LogId, u64, Vec<u8>)| {
        found.get(log).is_some_and(|mark| mark.index == *index)
    };
    let known: BTreeMap<LogId, Hash> =
        open.iter().filter(marked).map(|(log, _, entry)| (*log, leaf_hash(entry))).collect();
    for (log, mark) in &found {
        let noted = notes.logs.get(&log.to_string()).and_then(|n| n.applied.as_ref());
        let noted = noted.is_some_and(|noted| noted.is(mark));
        if known.get(log).map_or(!noted, |entry| *entry != mark.leaf) {
            return Err(damaged());
        }
    }
    Ok(found)
}

/// Digest of the control table, and what it will be behind `rows`.
///
/// # Errors
/// As the engine's.
pub fn control_digests<'a>(
    engine: &dyn Engine,
    rows: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
) -> std::io::Result<(Hash, Hash)> {
    let mut table = BTreeMap::new();
    engine.scan(Table::Control, &[], &mut |key, value| {
        table.insert(key.to_vec(), value.to_vec());
        true
    })?;
    let now = digest(&table);
    for (key, value) in rows {
        match value {
            Some(value) => drop(table.insert(key.to_vec(), value.to_vec())),
            None => drop(table.remove(key)),
        }
    }
    Ok((now, digest(&table)))
}

fn digest(table: &BTreeMap<Vec<u8>, Vec<u8>>) -> Hash {
    let mut all = Vec::new();
    for part in table.iter().flat_map(|(key, value)| [key, value]) {
        all.extend_from_slice(&(part.len() as u64).to_be_bytes());
        all.extend_from_slice(part);
    }
    leaf_hash(&all)
}

/// Holds the control table against custody's notes: it must be the one noted; or, while a change
/// was on its way, the old one or the new one, whichever the engine's mark says.
///
/// # Errors
/// [`OpenError::Damaged`] otherwise.
pub fn check_control(engine: &dyn Engine, notes: &Notes, marks: &Marks) -> Result<Hash, OpenError> {
    let (now, _) = at("the engine", control_digests(engine, std::iter::empty()))?;
    let expected = match &notes.control_next {
        Some(next) if is_covered(next, marks) => &next.digest,
        _ => &notes.control,
    };
    if now.to_hex() == *expected {
        return Ok(now);
    }
    let text = "the control table is not the one that the key folder noted";
    Err(OpenError::Damaged(text.to_owned()))
}

/// Whether a change that was announced took place.
#[must_use]
pub fn is_covered(next: &ControlNext, marks: &Marks) -> bool {
    let log = next.log.parse().ok();
    log.and_then(|log: LogId| marks.get(&log)).is_some_and(|mark| mark.index >= next.index)
}
