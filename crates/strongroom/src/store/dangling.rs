//! Acts that were stated in the ledger and did not take place. Nothing of them may be left to be
//! taken for something else: a `failed` entry says so, and their slots become tombstones. An
//! erasure is not taken back so: what its entry states is done now (`finish.rs`).

use std::collections::HashMap;
use std::io;

use strongroom_core::access::system;
use strongroom_core::erasure::Erasing;
use strongroom_core::id::{InstallId, RecordNumber, TenantId};
use strongroom_core::ledger::entry::{Act, Phase, RecordRange};
use strongroom_core::ledger::merkle::leaf_hash;
use strongroom_core::ledger::{Entry, Hash, Id, LogId};
use strongroom_core::source::{Random, draw};
use strongroom_core::store::{CommitError, Position, Rows};
use strongroom_core::vault::keys::StoreKey;
use strongroom_core::vault::slot::{EpochKey, SlotAddress, Tombstone};

use super::engine::Engine;
use super::marks::{self, Marks};
use super::notes::{NoteKeeper, Notes};
use super::recovery::{OpenError, at};
use super::slots::SlotFile;
use super::writer::LedgerWriter;

/// An act that was stated and did not take place.
#[derive(Debug, Clone)]
pub struct Dangling {
    pub(super) log: LogId,
    pub(super) index: u64,
    pub(super) leaf: Hash,
    id: Id,
    pub(super) act: Act,
    /// The slots it may have written.
    pub(super) range: Option<RecordRange>,
    /// What it states of an erasure.
    pub(super) erasing: Option<Erasing>,
    /// The entry by which an earlier opening said that it failed, and its leaf hash.
    failed: Option<(u64, Hash)>,
}

/// The acts with an effect among the entries that custody did not note as settled. Refuses those
/// that no store can have stated.
///
/// # Errors
/// [`OpenError::Damaged`].
pub fn acts(entries: &[(LogId, u64, Vec<u8>)], notes: &Notes) -> Result<Vec<Dangling>, OpenError> {
    let mut failed: HashMap<Id, (u64, Hash)> = HashMap::new();
    let mut acts = Vec::new();
    let mut ranges = Vec::new();
    for (log, index, leaf) in entries {
        let damaged = |what| OpenError::Damaged(format!("entry {index} of log {log}{what}"));
        let entry = Entry::from_bytes(leaf).map_err(|_| damaged(" cannot be read"))?;
        if entry.log != *log {
            return Err(damaged(" is of another log"));
        }
        // What was written since the notes, this very boot wrote.
        let noted = notes.logs.get(&log.to_string()).map_or(0, |n| n.size);
        if *index >= noted && entry.boot != notes.boot {
            return Err(damaged(" is of another start than the last"));
        }
        match entry.phase {
            Phase::Failed => {
                failed.extend(entry.completes.map(|id| (id, (*index, leaf_hash(leaf)))));
            }
            Phase::Commit if entry.act.has_effect() => {
                let writes = matches!(entry.act, Act::PiiCollect | Act::PiiShred);
                let range = entry.range.filter(|_| writes);
                // INVARIANT: a forged act must not turn other people's slots into authentic
                // tombstones: numbers are given out once, below the high-water mark, and
                // those of settled acts lie below `settled_records`. What overwrites the slot
                // of a settled act counts only with that record's row in the control table,
                // which comes of an erasure whose slot opened at this tenant's address.
                if let Some(range) = range.filter(|_| entry.act == Act::PiiCollect) {
                    let end = range.first.saturating_add(range.count);
                    if range.first < notes.settled_records || end > notes.high_water {
                        return Err(damaged(" names records that were never given out to it"));
                    }
                    ranges.push((range.first, end));
                }
                let (log, index, leaf_hash) = (*log, *index, leaf_hash(leaf));
                let erasing = Erasing::of(&entry, &Position { log, index, leaf_hash });
                let (id, act, leaf) = (entry.id, entry.act, leaf_hash);
                let failed = None;
                acts.push(Dangling { log, index, leaf, id, act, range, erasing, failed });
            }
            Phase::Commit | Phase::Denied => {}
        }
    }
    ranges.sort_unstable();
    if ranges.windows(2).any(|w| matches!(w, [(_, end), (first, _)] if first < end)) {
        return Err(OpenError::Damaged("two acts of the ledger name one record".to_owned()));
    }
    acts.iter_mut().for_each(|act| act.failed = failed.get(&act.id).copied());
    Ok(acts)
}

/// The acts that the engine's marks do not cover, in the order of each log.
#[must_use]
pub fn dangling(mut acts: Vec<Dangling>, marks: &Marks) -> Vec<Dangling> {
    acts.retain(|act| marks.get(&act.log).is_none_or(|mark| act.index > mark.index));
    acts
}

/// Where recovery writes.
pub struct Mending<'a> {
    pub writer: &'a mut LedgerWriter,
    pub slots: &'a SlotFile,
    pub engine: &'a dyn Engine,
    pub notes: &'a NoteKeeper,
    pub key: &'a StoreKey,
    pub install: InstallId,
    pub epoch: &'a EpochKey,
    pub random: &'a dyn Random,
}

impl Mending<'_> {
    /// Finishes erasures, and marks every other act failed: a `failed` entry, then tombstones that
    /// name it, then the engine's mark. Each step may be repeated, and an opening that died between
    /// two goes on here.
    ///
    /// # Errors
    /// [`OpenError`] of the media.
    pub fn settle(&mut self, dangling: &[Dangling], marks: &mut Marks) -> Result<(), OpenError> {
        // A clock that stands before the newest entry is said now, whether or not anything follows.
        // What cannot be written yet is said with the first entry that can.
        let _ = self.writer.append(Vec::new());
        let (mut passed, mut rows) = (Vec::new(), Rows::default());
        for act in dangling {
            let finished = act.failed.is_none() && self.finish(act, &mut rows)?;
            if !finished {
                self.fail(act)?;
            }
            passed.push(Position { log: act.log, index: act.index, leaf_hash: act.leaf });
        }
        if passed.is_empty() {
            return Ok(());
        }
        self.commit(&rows, &passed)?;
        marks::advance(marks, &passed);
        Ok(())
    }

    fn fail(&mut self, act: &Dangling) -> Result<(), OpenError> {
        let (index, leaf_hash) = match act.failed {
            Some(failed) => failed,
            None => self.state(act)?,
        };
        match (act.log, act.range) {
            (LogId::Tenant(tenant), Some(range)) if act.act == Act::PiiCollect => {
                self.bury(TenantId(tenant), range, index, &leaf_hash)
            }
            _ => Ok(()),
        }
    }

    fn state(&mut self, act: &Dangling) -> Result<(u64, Hash), OpenError> {
        let entry = system::failed(act.log, act.id, act.act);
        let placed = self.writer.append(vec![vec![(act.log, entry)]]);
        let position = match placed.map(|mut placed| placed.pop()) {
            Ok(Some(Ok(positions))) => positions.first().copied(),
            Err(CommitError::DiskFull) => {
                return at("ledger", Err(io::ErrorKind::StorageFull.into()));
            }
            _ => None,
        };
        let position = position.ok_or_else(|| stuck("a failed act could not be recorded"))?;
        Ok((position.index, position.leaf_hash))
    }

    fn bury(
        &self,
        tenant: TenantId,
        range: RecordRange,
        index: u64,
        leaf_hash: &Hash,
    ) -> Result<(), OpenError> {
        let mut leaf_head = [0; 24];
        leaf_head.iter_mut().zip(leaf_hash.0).for_each(|(to, from)| *to = from);
        let stone = Tombstone { index, leaf_head };
        let mut slots = Vec::new();
        for number in range.first..range.first.saturating_add(range.count) {
            let nonce = draw(self.random).map_err(|_| stuck("no randomness"))?;
            let place = SlotAddress { install: self.install, tenant, record: RecordNumber(number) };
            let slot = self.epoch.tombstone(place, &nonce, &stone);
            slots.push(slot.ok_or_else(|| stuck("no tombstone"))?);
        }
        at("the slot file", self.slots.write(RecordNumber(range.first), &slots))?;
        at("the slot file", self.slots.sync())
    }
}

pub(super) fn stuck(why: &'static str) -> OpenError {
    OpenError::Io { what: "the store's recovery", source: io::Error::other(why) }
}
