//! What the ledger says of the store: which records each tenant sealed, and that the logs are those
//! whose roots were noted.

use std::collections::BTreeMap;

use strongroom_core::id::RecordNumber;
use strongroom_core::ledger::entry::{Act, Phase, RecordRange};
use strongroom_core::ledger::merkle::{Frontier, leaf_hash};
use strongroom_core::ledger::{Entry, Hash, LogId};
use strongroom_core::store::{ReadError, Store};
use strongroom_core::vault::slot::Tombstone;

/// The heads that the system log notes of the tenants' logs: of each log, roots by size.
pub type Noted = BTreeMap<LogId, BTreeMap<u64, Hash>>;

/// A log, read through.
#[derive(Default)]
pub struct History {
    /// The records that were sealed, as runs in the order of their numbers.
    pub sealed: Vec<RecordRange>,
    /// Heads that it notes of other logs.
    pub noted: Noted,
    /// What is wrong with it.
    pub faults: Vec<String>,
}

impl History {
    /// Reads a log to its end, and holds it against the heads noted of it. `progress` is told of
    /// entries.
    ///
    /// # Errors
    /// [`ReadError`] of the medium; damage is among the faults.
    pub fn read(
        store: &dyn Store,
        log: LogId,
        noted: &Noted,
        progress: &mut dyn FnMut(),
    ) -> Result<Self, ReadError> {
        let mut history = Self::default();
        let mut heads = noted.get(&log).into_iter().flatten().peekable();
        let (mut tree, mut before) = (Frontier::new(), (0, 0));
        let done = store.entries(log, &mut |index, leaf| {
            progress();
            tree.append(leaf_hash(leaf));
            while let Some((_, root)) = heads.next_if(|(size, _)| **size <= index + 1) {
                if *root != tree.root() {
                    history.faults.push(format!("the head noted behind entry {index} is another"));
                }
            }
            match Entry::from_bytes(leaf) {
                Ok(entry) if entry.log == log && before <= (entry.boot, entry.time_us) => {
                    before = (entry.boot, entry.time_us);
                    history.take(&entry);
                }
                Ok(_) => history.faults.push(format!("entry {index} is out of its place")),
                Err(_) => history.faults.push(format!("entry {index} cannot be read")),
            }
            true
        });
        match done {
            Err(ReadError::Damaged(_)) => {
                history.faults.push("it is not the log whose root is noted".to_owned());
            }
            done => done?,
        }
        if heads.next().is_some() {
            history.faults.push("it ends before a head that was noted of it".to_owned());
        }
        history.sealed.sort_by_key(|range| range.first);
        Ok(history)
    }

    fn take(&mut self, entry: &Entry) {
        if let (Act::PiiCollect, Phase::Commit, Some(range)) = (entry.act, entry.phase, entry.range)
        {
            self.sealed.push(range);
        }
        if let Some(head) = entry.head {
            self.noted.entry(head.log).or_default().insert(head.size, head.root);
        }
    }

    /// The newest version of a record that an entry names. Entries name none yet: a record whose
    /// row is older than this was put back.
    #[must_use]
    pub fn newest_version(&self, _: RecordNumber) -> Option<u32> {
        None
    }

    /// Whether the tenant ever sealed this record.
    #[must_use]
    pub fn has_sealed(&self, record: RecordNumber) -> bool {
        let behind = self.sealed.partition_point(|range| range.first <= record.0);
        let range = behind.checked_sub(1).and_then(|at| self.sealed.get(at));
        range.is_some_and(|range| record.0 - range.first < range.count)
    }

    /// Every record that was sealed.
    pub fn records(&self) -> impl Iterator<Item = RecordNumber> {
        let numbers = |range: &RecordRange| range.first..range.first.saturating_add(range.count);
        self.sealed.iter().flat_map(numbers).map(RecordNumber)
    }
}

/// Of tombstones in the slots of a log's records, those that name no entry of it.
///
/// # Errors
/// [`ReadError`] of the medium.
pub fn unfounded(
    store: &dyn Store,
    log: LogId,
    stones: Vec<(RecordNumber, Tombstone)>,
) -> Result<Vec<RecordNumber>, ReadError> {
    let mut by_index: BTreeMap<u64, Vec<(RecordNumber, Tombstone)>> = BTreeMap::new();
    for (record, stone) in stones {
        by_index.entry(stone.index).or_default().push((record, stone));
    }
    let Some(last) = by_index.last_key_value().map(|(index, _)| *index) else {
        return Ok(Vec::new());
    };
    let done = store.entries(log, &mut |index, leaf| {
        if let Some(named) = by_index.get_mut(&index) {
            let leaf = leaf_hash(leaf);
            named.retain(|(_, stone)| !leaf.0.starts_with(&stone.leaf_head));
        }
        index < last
    });
    match done {
        // Said already of the log itself.
        Err(ReadError::Damaged(_)) => {}
        done => done?,
    }
    Ok(by_index.into_values().flatten().map(|(record, _)| record).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_was_sealed_when_it_lies_in_a_run() {
        let run = |first, count| RecordRange { first, count };
        let history = History { sealed: vec![run(1, 3), run(7, 1)], ..History::default() };
        let held: Vec<u64> = (0..10).filter(|n| history.has_sealed(RecordNumber(*n))).collect();
        assert_eq!(held, [1, 2, 3, 7]);
        assert_eq!(history.records().map(|r| r.0).collect::<Vec<_>>(), held);
    }
}
