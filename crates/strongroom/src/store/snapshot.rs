//! The store at one moment: the engine's snapshot, taken between two batches, and the logs that
//! state exactly what is in it. Slots are read as they are when they are asked for.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use strongroom_core::id::RecordNumber;
use strongroom_core::ledger::{Hash, LogId};
use strongroom_core::store::{CommitError, ReadError, Snapshot, Table};
use strongroom_core::vault::slot::SlotBytes;

use super::engine::EngineSnapshot;
use super::local::Shared;
use super::reader::read_all;
use super::segment::Logs;

/// Where the answer to a cut goes.
pub(super) type CutReply = SyncSender<Result<Cut, CommitError>>;

/// How things stood between two batches.
pub(super) struct Cut {
    pub(super) logs: Logs,
    pub(super) engine: Box<dyn EngineSnapshot>,
    pub(super) end: u64,
    pub(super) boot: u64,
}

/// A moment of the store of one process.
pub(super) struct LocalSnapshot {
    pub(super) cut: Cut,
    pub(super) shared: Arc<Shared>,
}

impl Snapshot for LocalSnapshot {
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), ReadError> {
        let done = self.cut.engine.scan(table, prefix, visit);
        done.map_err(|_| ReadError::Failed("engine"))
    }

    fn about(&self, table: Table) -> u64 {
        self.cut.engine.about(table)
    }

    fn entries(&self, visit: &mut dyn FnMut(LogId, u64, &[u8]) -> bool) -> Result<(), ReadError> {
        read_all(&*self.shared.data, &self.shared.key, &self.cut.logs, visit)
    }

    fn heads(&self) -> Vec<(LogId, u64, Hash)> {
        heads(&self.cut.logs)
    }

    fn end(&self) -> RecordNumber {
        RecordNumber(self.cut.end)
    }

    fn boot(&self) -> u64 {
        self.cut.boot
    }

    fn slots(&self, first: RecordNumber, count: usize) -> Result<Vec<SlotBytes>, ReadError> {
        self.shared.slots.read_run(first, count).map_err(|_| ReadError::Failed("slot file"))
    }
}

/// Size and root of every log.
pub(super) fn heads(logs: &Logs) -> Vec<(LogId, u64, Hash)> {
    logs.iter().map(|(log, l)| (*log, l.frontier.size(), l.frontier.root())).collect()
}
