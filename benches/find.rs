//! Equality `find` in process: first without its entry (a store that acknowledges entries and keeps
//! none: what index, slots and rows cost), then whole, at one caller.
//!
//! `cargo bench --bench find` (ROWS, FINDS). Every value sought is somebody's: guesses
//! at nobody are limited. After a bulk most blocks lie on disk alone: a first pass is told apart,
//! then every file of the engine is read once, and others are sought.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench measures time and stops at the first fault"
)]

#[path = "support.rs"]
mod support;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use strongroom::ambient::{SystemClock, SystemRandom};
use strongroom::custody::KeyFolder;
use strongroom::store::disk::Folder;
use strongroom::store::fjall::Fjall;
use strongroom::store::local::{LocalStore, Media};
use strongroom::vault::Vault;
use strongroom::vault::seal::SealRequest;
use strongroom_core::id::{InstallId, RecordNumber};
use strongroom_core::ledger::{Hash, LogId};
use strongroom_core::principal::{Arrival, Principal};
use strongroom_core::store::{
    Batch, Commit, CommitError, Committed, Extent, LayError, NextEpoch, Position, ReadError,
    Snapshot, Store, Table,
};
use strongroom_core::vault::epoch::Carried;
use strongroom_core::vault::slot::SlotBytes;
use support::{Install, machine, quantile, scratch, setting};
use zeroize::Zeroizing;

/// The column that is sought: the last one of a line.
const COLUMN: &str = "UserName";

fn main() {
    let (rows, finds) = (setting("ROWS", 1_000_000), setting("FINDS", 20_000) as usize);
    let dir = scratch("find");
    println!("{}\n{rows} records", machine());
    let csv = dir.join("people.csv");
    support::write_people(&csv, rows);
    let install = Install::new(&dir);
    let id = install.vault.install();
    let request = SealRequest {
        input: csv.clone(),
        tenant: "acme".to_owned(),
        collection: "people".to_owned(),
        out: Some(dir.join("out.csv")),
        ..SealRequest::default()
    };
    let start = Instant::now();
    install.vault.seal(&install.who, &request, &|_| {}).unwrap();
    println!("sealed in {:.1} s", start.elapsed().as_secs_f64());
    drop(install);
    let sought = sought(&csv, rows, finds * 3);
    let third = |n: usize| sought.iter().skip(n).step_by(3).cloned().collect::<Vec<_>>();
    let start = Instant::now();
    let (vault, who) = unrecorded(&dir, id);
    println!("opened in {:.2} s", start.elapsed().as_secs_f64());
    measure("without the entry, from disk", &vault, &who, &third(0));
    read_all(&dir.join("data"));
    measure("without the entry", &vault, &who, &third(1));
    drop(vault);
    let install = Install::open(&dir);
    measure("with the entry", &install.vault, &install.who, &third(2));
    drop(install);
    std::fs::remove_dir_all(&dir).unwrap();
}

/// Values of people all over the file.
fn sought(csv: &Path, rows: u64, finds: usize) -> Vec<String> {
    let lines = BufReader::new(std::fs::File::open(csv).unwrap()).lines().map(Result::unwrap);
    let step = (rows as usize / finds).max(1);
    let last = |line: String| line.rsplit(',').next().unwrap().to_owned();
    let values = lines.skip(1).step_by(step).take(finds).map(last);
    values.filter(|value| !value.is_empty()).collect()
}

/// Brings every file below a folder into memory.
fn read_all(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => read_all(&entry.path()),
            false => {
                let file = std::fs::File::open(entry.path()).unwrap();
                std::io::copy(&mut BufReader::with_capacity(1 << 20, file), &mut std::io::sink())
                    .unwrap();
            }
        }
    }
}

fn measure(what: &str, vault: &Vault, who: &Principal, sought: &[String]) {
    let mut micros = Vec::with_capacity(sought.len());
    for value in sought {
        let value = Zeroizing::new(value.clone());
        let start = Instant::now();
        let (found, _) = vault.find(who, "acme", "people", COLUMN, value, 0).unwrap();
        micros.push(start.elapsed().as_secs_f64() * 1e6);
        assert!(!found.is_empty());
    }
    micros.sort_by(f64::total_cmp);
    let (half, most) = (quantile(&micros, 0.5), quantile(&micros, 0.99));
    println!("{what:28} p50 {half:7.1} us  p99 {most:7.1} us  ({} finds)", micros.len());
}

/// A vault over the same folders whose entries are acknowledged and go nowhere.
fn unrecorded(dir: &Path, install: InstallId) -> (Vault, Principal) {
    let keys = || KeyFolder::open(&dir.join("keys")).unwrap().load(install, 1).unwrap();
    let root = keys();
    let media = Media {
        data: Arc::new(Folder::open(&dir.join("data")).unwrap()),
        custody: Arc::new(Folder::of_keys(&dir.join("keys")).unwrap()),
        engine: Arc::new(Fjall::open(&dir.join("data/engine")).unwrap()),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
    };
    let store = LocalStore::open(media, install, &root.epoch, Arc::clone(&root.store)).unwrap();
    let store = Arc::new(Unrecorded(store));
    let vault = Vault::over(install, true, keys(), store, Arc::new(SystemRandom)).unwrap();
    let text = std::fs::read_to_string(dir.join("keys/operator.credential")).unwrap();
    let who = vault.authenticate(&text, Arrival::local(0, true)).unwrap();
    (vault, who)
}

struct Unrecorded(LocalStore);

impl Store for Unrecorded {
    fn commit(&self, batch: Batch) -> Commit {
        let (entries, _, ticket) = batch.into_parts();
        let nowhere = |(log, _)| Position { log, index: 0, leaf_hash: Hash([0; 32]) };
        let committed = Committed::new(ticket, entries.into_iter().map(nowhere).collect());
        Box::pin(async move { Ok(committed) })
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        self.0.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), ReadError> {
        self.0.scan(table, prefix, visit)
    }

    fn slot(&self, record: RecordNumber) -> Result<SlotBytes, ReadError> {
        self.0.slot(record)
    }

    fn reserve(&self, count: u64) -> Result<RecordNumber, CommitError> {
        self.0.reserve(count)
    }

    fn entries(
        &self,
        log: LogId,
        visit: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), ReadError> {
        self.0.entries(log, visit)
    }

    fn lay_epoch(&self, next: &NextEpoch<'_>) -> Result<Carried, LayError> {
        self.0.lay_epoch(next)
    }

    fn heads(&self) -> Vec<(LogId, u64, Hash)> {
        self.0.heads()
    }

    fn snapshot(&self) -> Result<Box<dyn Snapshot>, CommitError> {
        self.0.snapshot()
    }

    fn extent(&self) -> Extent {
        self.0.extent()
    }
}
