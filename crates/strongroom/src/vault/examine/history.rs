//! What the ledger says of the store: which records each tenant sealed, and that the logs are those
//! whose roots were noted.

use std::collections::{BTreeMap, HashMap, HashSet};

use strongroom_core::id::RecordNumber;
use strongroom_core::ledger::entry::{Act, Phase, RecordRange};
use strongroom_core::ledger::merkle::{Frontier, leaf_hash};
use strongroom_core::ledger::{Entry, Hash, Id, LogId, Pseudonym};
use strongroom_core::store::{ReadError, Store};
use strongroom_core::vault::slot::Tombstone;

/// The heads that the system log notes of the tenants' logs: of each log, roots by size.
pub type Noted = BTreeMap<LogId, BTreeMap<u64, Hash>>;

/// The newest version that entries state of a record.
#[derive(Clone, Copy)]
struct Stated {
    version: u32,
    by: Id,
    at: u64,
}

/// A log, read through.
#[derive(Default)]
pub struct History {
    /// The records that were sealed, as runs in the order of their numbers.
    pub sealed: Vec<RecordRange>,
    /// The records that were sealed before the install was made anew, and may have been lost then.
    before: Vec<RecordRange>,
    versions: HashMap<Pseudonym, Stated>,
    /// Acts that did not take place.
    failed: HashSet<Id>,
    /// Records put back from a backup, and by which entry.
    restored: Vec<(RecordRange, u64)>,
    /// The start at which the install was made anew from a backup, if it was.
    pub anew_boot: Option<u64>,
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
        (noted, anew_boot): (&Noted, Option<u64>),
        progress: &mut dyn FnMut(),
    ) -> Result<Self, ReadError> {
        let mut history = Self { anew_boot, ..Self::default() };
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
                    history.take(index, entry);
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

    fn take(&mut self, index: u64, entry: Entry) {
        // What is not here since the install was made anew, `restore --new` said.
        let before = self.anew_boot.is_some_and(|boot| entry.boot < boot);
        match (entry.act, entry.phase, entry.range) {
            (_, Phase::Failed, _) => self.failed.extend(entry.completes),
            (Act::PiiCollect, Phase::Commit, Some(range)) => {
                self.sealed.push(range);
                self.before.extend(before.then_some(range));
            }
            (Act::RestoreRecords, Phase::Commit, Some(range)) => self.restored.push((range, index)),
            (Act::RestoreInstall, Phase::Commit, _) => self.anew_boot = Some(entry.boot),
            _ => {}
        }
        let stated = |version| Stated { version, by: entry.id, at: index };
        if !before {
            let pairs = entry.subjects.iter().zip(&entry.versions);
            self.versions.extend(pairs.map(|(person, version)| (*person, stated(*version))));
        }
        if let Some(head) = entry.head {
            self.noted.entry(head.log).or_default().insert(head.size, head.root);
        }
    }

    /// The version that a record has by the newest entry that states one; nothing where none does,
    /// or where an older row was put back from a backup since, with an entry.
    #[must_use]
    pub fn newest_version(&self, person: &Pseudonym, record: RecordNumber) -> Option<u32> {
        let stated = self.versions.get(person)?;
        let later = |(range, at): &&(RecordRange, u64)| *at > stated.at && holds(range, record);
        if self.restored.iter().any(|restored| later(&restored)) {
            return None;
        }
        // An act that did not take place left the version before.
        let undone = u32::from(self.failed.contains(&stated.by));
        stated.version.checked_sub(undone)
    }

    /// Whether the record may have been lost when the install was made anew.
    #[must_use]
    pub fn may_be_lost(&self, record: RecordNumber) -> bool {
        self.before.iter().any(|range| holds(range, record))
    }

    /// Whether the tenant ever sealed this record.
    #[must_use]
    pub fn has_sealed(&self, record: RecordNumber) -> bool {
        let behind = self.sealed.partition_point(|range| range.first <= record.0);
        let range = behind.checked_sub(1).and_then(|at| self.sealed.get(at));
        range.is_some_and(|range| holds(range, record))
    }

    /// Every record that was sealed.
    pub fn records(&self) -> impl Iterator<Item = RecordNumber> {
        let numbers = |range: &RecordRange| range.first..range.first.saturating_add(range.count);
        self.sealed.iter().flat_map(numbers).map(RecordNumber)
    }
}

fn holds(range: &RecordRange, record: RecordNumber) -> bool {
    record.0.checked_sub(range.first).is_some_and(|n| n < range.count)
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

    #[test]
    fn the_newest_version_is_the_one_that_took_place_and_was_not_replaced_by_a_copy() {
        let (ann, bea, cal, dan) = ([1; 16], [2; 16], [3; 16], [4; 16]);
        let stated = |version, by, at| Stated { version, by: Id([by; 16]), at };
        let versions = [
            (Pseudonym(ann), stated(2, 1, 10)),
            (Pseudonym(bea), stated(4, 2, 11)),
            (Pseudonym(cal), stated(5, 3, 12)),
        ];
        let history = History {
            versions: versions.into(),
            failed: [Id([2; 16])].into(),
            restored: vec![(RecordRange { first: 3, count: 1 }, 13)],
            ..History::default()
        };
        let newest = |person, n| history.newest_version(&Pseudonym(person), RecordNumber(n));
        assert_eq!(newest(ann, 1), Some(2));
        assert_eq!(newest(bea, 2), Some(3), "the fourth did not take place");
        assert_eq!(newest(cal, 3), None, "put back since");
        assert_eq!(newest(cal, 4), Some(5), "another was put back");
        assert_eq!(newest(dan, 5), None, "no entry states it");
    }
}
