//! The sequencer's thread: takes requests in groups, makes their entries durable in one step, and
//! hands on what else they want. Notes in custody how far everything has come.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use strongroom_core::access::system;
use strongroom_core::erasure::Erasing;
use strongroom_core::ledger::entry::Act;
use strongroom_core::ledger::{Entry, LogId};
use strongroom_core::store::{Batch, Changes, CommitError, Committed, Position, Table, Ticket};
use strongroom_core::vault::slot::epoch_of;

use super::applier::{Apply, Work};
use super::engine::commit_bytes;
use super::local::{Epoch, Shared, lock};
use super::marks::advance;
use super::snapshot::CutReply;
use super::writer::{LedgerWriter, unstated};

/// Heads are noted in custody, and tenants' heads in the system log, at least this often.
const NOTE_EVERY: Duration = Duration::from_mins(1);
/// A new segment is noted, so that opening need not replay the one before; under load, only so
/// often.
const NOTE_SEGMENT_EVERY: Duration = Duration::from_secs(1);
/// Most requests, and about the most entries, of one group commit.
const GROUP_REQUESTS: usize = 4096;
const GROUP_ENTRIES: usize = 2048;

/// What an applied mark, and the row of an erasure that waits, take in the engine's journal.
const MARK_BYTES: u64 = 128;
const ERASING_BYTES: u64 = 192;

pub(super) type Reply = oneshot::Sender<Result<Committed, CommitError>>;

/// What the sequencer is asked.
pub(super) enum Message {
    /// To make a batch durable.
    Commit(Request),
    /// To say, and have the applier say, how things stand between two batches.
    Cut(CutReply),
}

/// A batch on its way to the ledger.
pub(super) struct Request {
    pub(super) entries: Vec<(LogId, Entry)>,
    /// Those of them that state an erasure, whose effect follows from the entry alone, by their
    /// place among the entries.
    pub(super) erasing: Vec<(usize, Entry)>,
    pub(super) changes: Changes,
    pub(super) ticket: Ticket,
    pub(super) reply: Reply,
}

impl Request {
    /// A batch that waits for `reply`.
    pub(super) fn new(batch: Batch, reply: Reply) -> Self {
        let (entries, changes, ticket) = batch.into_parts();
        let states = |(_, entry): &(LogId, Entry)| entry.act == Act::PiiErase;
        let erasing = entries.iter().enumerate().filter(|(_, e)| states(e));
        let erasing = erasing.map(|(place, (_, entry))| (place, entry.clone())).collect();
        Self { entries, erasing, changes, ticket, reply }
    }

    /// Whether it ends with its entries.
    fn is_idle(&self) -> bool {
        self.changes.is_empty() && self.erasing.is_empty()
    }
}

/// What the system log has noted of the tenants' logs.
type Headed = BTreeMap<LogId, u64>;

impl Shared {
    /// Runs until nobody can ask any more. `headed`: whether the system log ends with the heads of
    /// all tenants, as a clean stop leaves it.
    pub(super) fn sequence(
        &self,
        mut writer: LedgerWriter,
        headed: bool,
        requests: &Receiver<Message>,
        apply: &SyncSender<Work>,
    ) {
        let mut headed = if headed { sizes(&writer) } else { Headed::new() };
        let (mut minute_us, mut segment_us) = (self.clock.steady_us(), 0);
        let mut segment = writer.segment();
        let since = |us: u64| Duration::from_micros(self.clock.steady_us().abs_diff(us));
        loop {
            let received = match NOTE_EVERY.saturating_sub(since(minute_us)) {
                Duration::ZERO => Err(RecvTimeoutError::Timeout),
                left => requests.recv_timeout(left),
            };
            match received {
                Ok(Message::Commit(first)) => self.group(&mut writer, first, requests, apply),
                Ok(Message::Cut(reply)) => cut(&writer, reply, apply),
                Err(RecvTimeoutError::Timeout) => {
                    self.append_heads(&mut writer, &mut headed);
                    // Custody that cannot be written now is tried again in a minute.
                    let _ = self.note(|_| {});
                    self.keep_spares(&writer);
                    minute_us = self.clock.steady_us();
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if writer.segment() != segment && since(segment_us) >= NOTE_SEGMENT_EVERY {
                let _ = self.note(|_| {});
                (segment, segment_us) = (writer.segment(), self.clock.steady_us());
            }
        }
        self.append_heads(&mut writer, &mut headed);
        self.complete.store(!writer.is_stopped(), Ordering::Release);
    }

    /// Makes the files that ledger and notes go on in when the disk is full. It was full before if
    /// one is missing: that is tried again in a minute, and at the next opening.
    pub(super) fn keep_spares(&self, writer: &LedgerWriter) {
        let _ = writer.keep_spare();
        let _ = self.notes.keep_spare();
    }

    /// One group commit: `first` and what else waits.
    fn group(
        &self,
        writer: &mut LedgerWriter,
        first: Request,
        requests: &Receiver<Message>,
        apply: &SyncSender<Work>,
    ) {
        let (mut waiting, mut size, mut cuts) = (Vec::new(), 0, Vec::new());
        let mut next = Some(first);
        // INVARIANT: held until what is taken in is in `stated`: whoever closes the epoch under it
        // sees every write that is still on its way.
        let mut epoch = lock(&self.epoch);
        while let Some(request) = next {
            if let Err(error) = self.admit(&request, &mut epoch) {
                let _ = request.reply.send(Err(error));
            } else {
                size += request.entries.len();
                waiting.push(request);
            }
            let more = waiting.len() < GROUP_REQUESTS && size < GROUP_ENTRIES;
            next = match if more { requests.try_recv().ok() } else { None } {
                Some(Message::Commit(request)) => Some(request),
                // What was asked for before the cut is in it, and nothing else.
                Some(Message::Cut(reply)) => {
                    cuts.push(reply);
                    None
                }
                None => None,
            };
        }
        let entries = waiting.iter_mut().map(|r| std::mem::take(&mut r.entries)).collect();
        match writer.append(entries) {
            Ok(placed) => {
                for (request, placed) in waiting.iter().zip(&placed) {
                    if let (false, Ok(positions)) = (request.is_idle(), placed) {
                        advance(&mut lock(&self.stated), positions);
                    }
                }
                drop(epoch);
                writer.publish(&mut lock(&self.logs));
                for (request, placed) in waiting.into_iter().zip(placed) {
                    self.hand_on(request, placed, apply);
                }
            }
            Err(error) => {
                for request in waiting {
                    let _ = request.reply.send(Err(error.clone()));
                }
            }
        }
        cuts.into_iter().for_each(|reply| cut(writer, reply, apply));
    }

    /// Whether a request may be stated: not when its effect could not follow, nor when its slots
    /// are of another epoch than the current one. A turn closes its epoch behind it.
    fn admit(&self, request: &Request, epoch: &mut Epoch) -> Result<(), CommitError> {
        if !request.is_idle() && self.stopped.load(Ordering::Acquire) {
            return Err(CommitError::Stopped);
        }
        match request.changes.epoch {
            Some(next) if epoch.laid != Some(next) => return Err(CommitError::OtherEpoch),
            Some(_) => epoch.laid = None,
            None => {}
        }
        if !request.is_idle() {
            self.hold(request).map_err(|e| unstated(&e, "engine"))?;
        }
        let mut slots = request.changes.slots();
        let fits = slots.all(|slot| epoch.open && epoch_of(slot) == epoch.number);
        if fits { Ok(()) } else { Err(CommitError::OtherEpoch) }
    }

    /// Holds room for what a request makes the engine write, so that a full disk is met before
    /// anything is stated. An erasure may take of the reserve.
    fn hold(&self, request: &Request) -> io::Result<()> {
        let marks = (request.entries.len() as u64).saturating_mul(MARK_BYTES);
        let leaving = (request.erasing.len() as u64).saturating_mul(ERASING_BYTES);
        let bytes = commit_bytes(request.changes.rows.iter()) + marks + leaving;
        let erases = !request.erasing.is_empty() || !request.changes.tombstones.is_empty();
        self.engine.hold(bytes, !erases)?;
        let control = request.changes.rows.iter().any(|(table, ..)| table == Table::Control);
        // Such a change is announced in custody.
        if control || !request.erasing.is_empty() { self.notes.hold() } else { Ok(()) }
    }

    fn hand_on(
        &self,
        request: Request,
        placed: Result<Vec<Position>, CommitError>,
        apply: &SyncSender<Work>,
    ) {
        let idle = request.is_idle();
        let Request { erasing, changes, ticket, reply, .. } = request;
        match placed {
            Ok(positions) if idle => {
                let _ = reply.send(Ok(Committed::new(ticket, positions)));
            }
            Ok(positions) => {
                let stated = |(place, entry): &(usize, Entry)| {
                    positions.get(*place).and_then(|at| Erasing::of(entry, at))
                };
                let erasing = erasing.iter().filter_map(stated).collect();
                let work = Work::Apply(Apply { positions, changes, erasing, ticket, reply });
                if apply.send(work).is_err() {
                    // The applier is gone. Dropping the batch answers it.
                    self.stopped.store(true, Ordering::Release);
                }
            }
            Err(error) => {
                let _ = reply.send(Err(error));
            }
        }
    }

    /// Notes in the system log the heads of the tenant logs that grew.
    fn append_heads(&self, writer: &mut LedgerWriter, headed: &mut Headed) {
        let grew = |log: &LogId, size: u64| headed.get(log).is_none_or(|before| size > *before);
        let grown: Vec<_> = writer
            .logs()
            .iter()
            .filter(|(log, state)| **log != LogId::System && grew(log, state.frontier.size()))
            .map(|(log, state)| (*log, state.frontier.size(), state.frontier.root()))
            .collect();
        for group in grown.chunks(GROUP_ENTRIES) {
            let (entries, ..) = system::heads(group).into_parts();
            let appended = writer.append(vec![entries]);
            writer.publish(&mut lock(&self.logs));
            if !matches!(appended.as_deref(), Ok([Ok(_)])) {
                return;
            }
            headed.extend(group.iter().map(|(log, size, _)| (*log, *size)));
        }
    }
}

/// Asks the applier to finish the cut: when it comes to it, the effects of all that these logs
/// state are in the engine, and of nothing else.
fn cut(writer: &LedgerWriter, reply: CutReply, apply: &SyncSender<Work>) {
    // An applier that is gone drops the reply, which answers it.
    let _ = apply.send(Work::Cut(writer.logs().clone(), reply));
}

fn sizes(writer: &LedgerWriter) -> Headed {
    writer.logs().iter().map(|(log, state)| (*log, state.frontier.size())).collect()
}
