//! A store that writes down what it acknowledges.

use std::sync::{Arc, Mutex};

use strongroom::store::local::LocalStore;
use strongroom_core::id::RecordNumber;
use strongroom_core::ledger::{Hash, LogId};
use strongroom_core::store::{
    Batch, Commit, CommitError, Extent, LayError, NextEpoch, Position, ReadError, Snapshot, Store,
    Table,
};
use strongroom_core::vault::epoch::Carried;
use strongroom_core::vault::slot::SlotBytes;

/// A store whose acknowledgements are written down.
pub struct Watched {
    store: LocalStore,
    positions: Arc<Mutex<Vec<Position>>>,
}

impl Watched {
    pub fn new(store: LocalStore, positions: &Arc<Mutex<Vec<Position>>>) -> Self {
        Self { store, positions: Arc::clone(positions) }
    }
}

impl Store for Watched {
    fn commit(&self, batch: Batch) -> Commit {
        let (commit, positions) = (self.store.commit(batch), Arc::clone(&self.positions));
        Box::pin(async move {
            let committed = commit.await?;
            positions.lock().unwrap().extend_from_slice(committed.positions());
            Ok(committed)
        })
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        self.store.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), ReadError> {
        self.store.scan(table, prefix, visit)
    }

    fn slot(&self, record: RecordNumber) -> Result<SlotBytes, ReadError> {
        self.store.slot(record)
    }

    fn reserve(&self, count: u64) -> Result<RecordNumber, CommitError> {
        self.store.reserve(count)
    }

    fn entries(
        &self,
        log: LogId,
        visit: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), ReadError> {
        self.store.entries(log, visit)
    }

    fn lay_epoch(&self, next: &NextEpoch<'_>) -> Result<Carried, LayError> {
        self.store.lay_epoch(next)
    }

    fn heads(&self) -> Vec<(LogId, u64, Hash)> {
        self.store.heads()
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot>, CommitError> {
        self.store.snapshot()
    }

    fn extent(&self) -> Extent {
        self.store.extent()
    }
}
