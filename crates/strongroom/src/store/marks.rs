//! The engine's marks: how far it has come with each log. Each ends in a MAC under custody's store
//! key; whether it is the newest, custody's notes and the ledger say.

use std::collections::BTreeMap;

use strongroom_core::ledger::merkle::leaf_hash;
use strongroom_core::ledger::{Hash, LogId};
use strongroom_core::store::{Position, Table};
use strongroom_core::vault::keys::StoreKey;

use super::dangling::Open;
use super::engine::Engine;
use super::notes::Notes;
use super::recovery::{OpenError, at};
use super::segment::{log_key, log_of_key};

/// The index of the last entry of each log whose effect is in the engine.
pub type Marks = BTreeMap<LogId, u64>;

const LABEL: &str = "strongroom/applied";

/// The rows that say so of `positions`, one a log.
#[must_use]
pub fn rows(key: &StoreKey, positions: &[Position]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut newest = Marks::new();
    advance(&mut newest, positions);
    let row = |(log, index): (&LogId, &u64)| {
        let (row, index) = (log_key(*log), index.to_be_bytes());
        let mac = key.mac(LABEL, &[&row, &index]);
        (row, [index.as_slice(), &mac].concat())
    };
    newest.iter().map(row).collect()
}

/// Reads one, if this install wrote it there.
fn read(key: &StoreKey, row: &[u8], value: &[u8]) -> Option<(LogId, u64)> {
    let (index, mac) = value.split_first_chunk::<8>()?;
    let ours = key.verify(LABEL, &[row, index], mac);
    ours.then(|| log_of_key(row)).flatten().map(|log| (log, u64::from_be_bytes(*index)))
}

/// Takes the same into `marks`.
pub fn advance(marks: &mut Marks, positions: &[Position]) {
    for position in positions {
        let mark = marks.entry(position.log).or_default();
        *mark = (*mark).max(position.index);
    }
}

/// Reads the marks and refuses those that no store can have left: older than noted, or newer
/// without an act that the ledger states since.
///
/// # Errors
/// [`OpenError::RolledBack`] when the engine is older, [`OpenError::Damaged`] otherwise.
pub fn check_marks(
    engine: &dyn Engine,
    key: &StoreKey,
    notes: &Notes,
    open: &Open,
) -> Result<Marks, OpenError> {
    let mut marks = Some(Marks::new());
    let read = engine.scan(Table::Applied, &[], &mut |row, value| {
        match (read(key, row, value), &mut marks) {
            (Some((log, index)), Some(marks)) => drop(marks.insert(log, index)),
            _ => marks = None,
        }
        marks.is_some()
    });
    at("the engine", read)?;
    let damaged = || OpenError::Damaged("the engine's marks are damaged".to_owned());
    let marks = marks.ok_or_else(damaged)?;
    for (name, note) in &notes.logs {
        let log = name.parse().map_err(|_| damaged())?;
        if marks.get(&log).copied() < note.applied {
            return Err(OpenError::RolledBack("the engine"));
        }
    }
    for (log, mark) in &marks {
        let noted = notes.logs.get(&log.to_string()).and_then(|n| n.applied);
        if noted != Some(*mark) && !open.states(*log, *mark) {
            return Err(damaged());
        }
    }
    Ok(marks)
}

/// Digest of the control table, and what it will be behind `rows`.
///
/// # Errors
/// As the engine's.
pub fn control_digests<'a>(
    engine: &dyn Engine,
    rows: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> std::io::Result<(Hash, Hash)> {
    let mut table = BTreeMap::new();
    engine.scan(Table::Control, &[], &mut |key, value| {
        table.insert(key.to_vec(), value.to_vec());
        true
    })?;
    let now = digest(&table);
    table.extend(rows.map(|(key, value)| (key.to_vec(), value.to_vec())));
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

/// Holds the control table against custody's notes.
///
/// # Errors
/// [`OpenError::Damaged`] when it is neither the one noted nor the one that a change under way was
/// to make of it.
pub fn check_control(engine: &dyn Engine, notes: &Notes) -> Result<Hash, OpenError> {
    let (now, _) = at("the engine", control_digests(engine, std::iter::empty()))?;
    let text = now.to_hex();
    if text == notes.control || notes.control_next.as_ref() == Some(&text) {
        return Ok(now);
    }
    let text = "the control table is not the one that the key folder noted";
    Err(OpenError::Damaged(text.to_owned()))
}
