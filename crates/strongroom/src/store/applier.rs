//! The applier's thread: slots, then engine rows, of acts whose entries are durable, in the order
//! of the entries. What fails here was stated and not done, so that nothing may follow it.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use strongroom_core::erasure::Erasing;
use strongroom_core::store::{Changes, CommitError, Committed, Position, Row, Table, Ticket};
use strongroom_core::vault::keys::StoreKey;

use super::epoch::sweep;
use super::local::{Shared, lock};
use super::marks::{advance, control_digests, rows as mark_rows};
use super::notes::{ControlNext, Notes};
use super::segment::Logs;
use super::sequencer::Reply;
use super::snapshot::{Cut, CutReply};

/// Most batches of rows applied in one step.
const APPLY_GROUP: usize = 16;

/// What the applier is given, in the order of the entries.
pub(super) enum Work {
    /// The changes of a batch.
    Apply(Apply),
    /// The question how things stand; the logs as they were when it was asked.
    Cut(Logs, CutReply),
}

/// A batch whose entries are durable.
pub(super) struct Apply {
    pub(super) positions: Vec<Position>,
    pub(super) changes: Changes,
    /// What its entries state of erasures.
    pub(super) erasing: Vec<Erasing>,
    pub(super) ticket: Ticket,
    pub(super) reply: Reply,
}

impl Shared {
    /// Runs until the sequencer has ended.
    pub(super) fn apply_all(&self, works: &Receiver<Work>) {
        while let Ok(first) = works.recv() {
            let (mut group, mut next) = (Vec::new(), Some(first));
            let mut cut = None;
            while let Some(work) = next.take() {
                match work {
                    Work::Apply(apply) => group.push(apply),
                    Work::Cut(logs, reply) => cut = Some((logs, reply)),
                }
                let more = cut.is_none() && group.len() < APPLY_GROUP;
                next = if more { works.try_recv().ok() } else { None };
            }
            self.apply_group(group);
            if let Some((logs, reply)) = cut {
                let _ = reply.send(self.cut(logs));
            }
        }
    }

    /// How things stand, unless something that these logs state did not take place.
    fn cut(&self, logs: Logs) -> Result<Cut, CommitError> {
        if self.stopped.load(Ordering::Acquire) {
            return Err(CommitError::Stopped);
        }
        let engine = self.engine.snapshot().map_err(|_| CommitError::Failed("engine"))?;
        let end = lock(&self.reserve).given_out();
        Ok(Cut { logs, engine, end, boot: self.notes.get().boot })
    }

    fn apply_group(&self, group: Vec<Apply>) {
        if group.is_empty() {
            return;
        }
        let result = if self.stopped.load(Ordering::Acquire) {
            Err(CommitError::Stopped)
        } else {
            self.apply(&group)
        };
        if result.is_err() {
            // Stated and not done: the next opening says so. Nothing more may be stated here.
            self.stopped.store(true, Ordering::Release);
        }
        for done in group {
            let answer = result.clone().map(|()| Committed::new(done.ticket, done.positions));
            let _ = done.reply.send(answer);
        }
    }

    fn apply(&self, group: &[Apply]) -> Result<(), CommitError> {
        let slots = group.iter().any(|a| a.changes.slots().next().is_some());
        if slots && !self.apply_slots(group).map_err(|_| CommitError::Failed("slot file"))? {
            return Err(CommitError::Failed("slot file: it was moved or deleted"));
        }
        let positions: Vec<_> = group.iter().flat_map(|a| &a.positions).copied().collect();
        let marks = mark_rows(&self.key, &positions);
        let leaving = erasing_rows(&self.key, group.iter().flat_map(|a| &a.erasing));
        let mut rows = ordered(group, &leaving);
        let epoch = group.iter().find_map(|a| a.changes.epoch);
        let control = rows.iter().any(|(table, ..)| *table == Table::Control);
        let announced = control || epoch.is_some();
        let next = if announced { Some(self.announce(&rows, group, epoch)?) } else { None };
        rows.extend(marks.iter().map(|(k, v)| (Table::Applied, k.as_slice(), Some(v.as_slice()))));
        let done = self.engine.commit(&mut rows.into_iter());
        done.map_err(|_| CommitError::Failed("engine"))?;
        advance(&mut lock(&self.marks), &positions);
        let mut reserve = lock(&self.reserve);
        for (first, slots) in group.iter().filter_map(|a| a.changes.slots.as_ref()) {
            reserve.settle(first.0, slots.len() as u64);
        }
        drop(reserve);
        if let Some(digest) = next {
            // The digest is in custody before the act is acknowledged, and so is a new epoch.
            let noted = self.note(|n| {
                (n.control, n.control_next) = (digest, None);
                n.epoch = epoch.unwrap_or(n.epoch);
            });
            noted.map_err(|_| CommitError::Failed("key folder"))?;
        }
        if let Some(epoch) = epoch {
            // Acknowledged is a turn whose old epoch is destroyed.
            let swept = sweep(&*self.data, &*self.custody, epoch);
            swept.map_err(|_| CommitError::Failed("key folder: the old epoch"))?;
        }
        Ok(())
    }

    /// Writes the slots of a group; whether they are where the next opening will look.
    fn apply_slots(&self, group: &[Apply]) -> io::Result<bool> {
        for (first, slots) in group.iter().filter_map(|a| a.changes.slots.as_ref()) {
            self.slots.write(*first, slots)?;
        }
        let tombstones = || group.iter().flat_map(|a| &a.changes.tombstones);
        for (record, slot) in tombstones() {
            self.slots.write(*record, std::slice::from_ref(slot))?;
        }
        self.slots.sync()?;
        for (record, slot) in tombstones() {
            // Erased is what is read as erased, not what was said to be written.
            if self.slots.read(*record)? != *slot {
                return Err(io::Error::other("an overwritten slot reads otherwise"));
            }
        }
        self.slots.is_in_place()
    }

    /// Notes in custody what the control table is about to become, so that after a crash it is
    /// known for the old one or the new one and for nothing else, and for which of the two by the
    /// engine's mark. Gives the digest.
    fn announce(
        &self,
        rows: &[Row<'_>],
        group: &[Apply],
        epoch: Option<u32>,
    ) -> Result<String, CommitError> {
        // The engine takes a group wholly or not at all: any act of it tells.
        let act = group.iter().find_map(|apply| apply.positions.last());
        let act = act.ok_or(CommitError::Failed("control table"))?;
        let control = rows.iter().filter(|(table, ..)| *table == Table::Control);
        let control = control.map(|(_, key, value)| (*key, *value));
        let digests = control_digests(&*self.engine, control);
        let (now, next) = digests.map_err(|_| CommitError::Failed("engine"))?;
        let mut expected = true;
        let noted = self.notes.update(|n| {
            expected = n.control == now.to_hex();
            let (log, index) = (act.log.to_string(), act.index);
            let digest = next.to_hex();
            n.control_next = expected.then_some(ControlNext { digest, log, index, epoch });
        });
        noted.map_err(|_| CommitError::Failed("key folder"))?;
        // Never take over a table that somebody else changed.
        if expected { Ok(next.to_hex()) } else { Err(CommitError::Failed("control table")) }
    }

    /// Notes in custody how far every log and the engine have come.
    pub(super) fn note(&self, change: impl FnOnce(&mut Notes)) -> io::Result<()> {
        // INVARIANT: taken before the marks: an act leaves it once its mark stands.
        let records = lock(&self.reserve).settled();
        self.notes.update(|n| {
            n.settled_records = n.settled_records.max(records);
            let (logs, stated) = (lock(&self.logs), lock(&self.stated));
            let marks = lock(&self.marks);
            for (log, state) in logs.iter() {
                let note = n.logs.entry(log.to_string()).or_default();
                if note.size != state.frontier.size() {
                    note.size = state.frontier.size();
                    note.root = state.frontier.root().to_hex();
                }
                let mark = marks.get(log);
                if !matches!((mark, &note.applied), (Some(mark), Some(noted)) if noted.is(mark)) {
                    note.applied = mark.map(Into::into);
                }
                // INVARIANT: effects reach the engine in the order of their log, and an act is in
                // `stated` before `logs` shows its entry.
                let settled = if mark == stated.get(log) {
                    note.size
                } else {
                    mark.map_or(0, |mark| mark.index + 1)
                };
                note.settled = note.settled.max(settled);
            }
            change(n);
        })
    }
}

/// The rows of erasures that wait.
pub(super) fn erasing_rows<'e>(
    key: &StoreKey,
    erasing: impl Iterator<Item = &'e Erasing>,
) -> Vec<([u8; 25], Vec<u8>)> {
    erasing.map(|e| (Erasing::key(e.tenant, e.record), e.value(key))).collect()
}

/// The rows of a group in order of key: the engine's memtable is then walked forward, not searched
/// afresh for each of the index's random keys. Of a key that comes twice, the last row.
fn ordered<'g>(group: &'g [Apply], leaving: &'g [([u8; 25], Vec<u8>)]) -> Vec<Row<'g>> {
    let leaving = leaving.iter().map(|(k, v)| (Table::Control, k.as_slice(), Some(v.as_slice())));
    let mut rows: Vec<Row<'_>> = group.iter().flat_map(|a| a.changes.rows.iter()).collect();
    rows.extend(leaving);
    sort(&mut rows);
    rows
}

/// Puts rows into the order of their keys; of a key that comes twice, the last row stays.
pub(super) fn sort(rows: &mut Vec<Row<'_>>) {
    // Stable, so that rows of one key keep the order of their acts.
    rows.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    rows.dedup_by(|later, kept| {
        let same = (later.0, later.1) == (kept.0, kept.1);
        if same {
            *kept = *later;
        }
        same
    });
}
