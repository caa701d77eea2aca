//! Nothing is written without an entry: a store takes batches, and only a stage makes one.

use strongroom_core::ledger::{Entry, LogId};
use strongroom_core::store::{Batch, Changes, Store, Table};

fn a_row(store: &dyn Store) {
    store.put(Table::Record, b"key", b"value");
}

fn changes_alone(store: &dyn Store, changes: Changes) {
    let _ = store.commit(changes);
}

fn by_hand(entries: Vec<(LogId, Entry)>, changes: Changes) -> Batch {
    Batch { entries, changes }
}

fn by_its_maker(changes: Changes) {
    let _ = Batch::of(Vec::new(), changes);
}

fn main() {}
