//! The data folder of an install that is made from a backup: rows, ledger, slots, tombstones; then
//! the key folder's notes.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, SyncSender};

use strongroom_core::control::Registry;
use strongroom_core::erasure::ERASING_KIND;
use strongroom_core::id::{InstallId, PrincipalId, RecordNumber, TenantId};
use strongroom_core::ledger::note::{Signer, VerifierKey, origin};
use strongroom_core::ledger::{Id, LogId};
use strongroom_core::source::Random;
use strongroom_core::store::Table;
use strongroom_core::vault::keys::{ControlKey, Job, KeyPlace};
use strongroom_core::vault::slot::SLOT_BYTES;

use super::later::{Later, Meaning};
use crate::backup::{self, BackupError, Head, Kind, Opened, StreamKind};
use crate::custody::RootKeys;
use crate::problem::Problem;
use crate::store::disk::Disk;
use crate::store::engine::{Engine, Loader};
use crate::store::local::Media;
use crate::store::notes::Notes;
use crate::store::rebuild::Rebuild;

/// Size and root of each log of a backup.
pub(super) fn heads(opened: &Opened) -> BTreeMap<LogId, Head> {
    let logs = opened.manifest.logs.iter();
    logs.filter_map(|(log, head)| Some((log.parse().ok()?, head.clone()))).collect()
}

/// The control rows of a backup.
pub(super) struct Rows(Registry);

impl Rows {
    /// Reads them, authentic or not at all.
    pub(super) fn read(
        rows: &[(Vec<u8>, Vec<u8>)],
        root: &RootKeys,
        install: InstallId,
    ) -> Result<Self, Problem> {
        let place = KeyPlace { install, tenant: None, job: Job::Control, version: 1 };
        let key = strongroom_core::control::wrapped_key(None, Job::Control, 1);
        let missing = || Problem::tampered("the backup has no control key");
        let (_, wrapped) = rows.iter().find(|(k, _)| *k == key).ok_or_else(missing)?;
        let wrapped = wrapped.get(..strongroom_core::vault::keys::WRAPPED_BYTES);
        let control = ControlKey::new(&root.root.unwrap(&place, wrapped.ok_or_else(missing)?)?);
        let mut registry = Registry::default();
        for (key, value) in rows {
            let loaded = match key.first() {
                Some(&ERASING_KIND) => registry.load_erasing(&root.store, key, value),
                _ => registry.load(&control, key, value),
            };
            loaded.map_err(|e| Problem::tampered(e.to_string()))?;
        }
        Ok(Self(registry))
    }

    /// Whether the backup has this principal, and not as a revoked one.
    pub(super) fn is_live(&self, id: PrincipalId) -> bool {
        self.0.principal_of(id).is_some_and(|row| !row.revoked)
    }

    /// The verification key of a log.
    pub(super) fn key(
        &self,
        root: &RootKeys,
        install: InstallId,
        log: LogId,
    ) -> Result<VerifierKey, Problem> {
        let tenant = match log {
            LogId::System => None,
            LogId::Tenant(id) => Some(TenantId(id)),
        };
        let wrapped = self.0.wrapped(tenant, Job::Log).last();
        let wrapped = wrapped.ok_or_else(|| Problem::internal("a log has no signing key"))?;
        let (version, wrapped) = wrapped;
        let place = KeyPlace { install, tenant, job: Job::Log, version };
        let seed = root.root.unwrap(&place, wrapped)?;
        let signer = Signer::from_seed(&origin(&Id(install.0).to_string(), &log), seed.expose());
        Ok(signer.map_err(|e| Problem::internal(e.to_string()))?.verifier().clone())
    }
}

/// Where everything comes from.
pub(super) struct Sources<'a> {
    pub(super) disk: &'a dyn Disk,
    pub(super) opened: &'a Opened,
    /// Where its slots come from.
    pub(super) slots: (&'a dyn Disk, &'a Opened),
    pub(super) later: Option<&'a Later>,
    pub(super) meaning: &'a Meaning,
    pub(super) random: &'a dyn Random,
}

/// Fills the data folder, then puts new notes into the key folder. Gives how many entries the old
/// notes knew of and are not at hand, by log.
pub(super) fn build(
    media: &Media,
    root: &RootKeys,
    old: &Notes,
    from: &Sources<'_>,
    next: u64,
) -> Result<BTreeMap<String, u64>, Problem> {
    let install = from.opened.manifest.install;
    let mut store = Rebuild::begin(media, install, &root.epoch, &root.store, old)?;
    rows(&*media.engine, &mut store, from)?;
    let ((disk, opened), end) = (from.slots, from.opened.manifest.end);
    backup::read(disk, StreamKind::Slots, opened, &mut |item| {
        let first = item.first().unwrap_or(u64::MAX);
        let (run, _) = item.value.as_chunks::<SLOT_BYTES>();
        // Of records that were sealed since there is nothing but these slots.
        let known = usize::try_from(end.saturating_sub(first)).unwrap_or(usize::MAX);
        let run = run.get(..known.min(run.len())).unwrap_or_default();
        store.slots(RecordNumber(first), run).map_err(stopped)?;
        Ok(true)
    })?;
    if let Some(later) = from.later {
        later.entries(&mut |log, leaf| Ok(store.entry(log, leaf)?))?;
    }
    for (tenant, (first, end), place) in &from.meaning.erased {
        for record in *first..*end {
            store.bury(*tenant, RecordNumber(record), *place, from.random)?;
        }
    }
    let lost = old.logs.iter().filter_map(|(log, note)| {
        let have = log.parse().map_or(0, |id| store.size(id));
        Some((log.clone(), note.size.checked_sub(have).filter(|lost| *lost > 0)?))
    });
    let lost = lost.collect();
    store.finish(from.opened.manifest.boot, next)?;
    Ok(lost)
}

/// Bytes of index rows that are handed over at once, and how many such are on their way: enough to
/// go on with while a table of records is made durable.
const BLOCK_BYTES: usize = 1 << 20;
const BLOCKS_WAITING: usize = 16;

/// Rows on their way to another thread: keys and values in one piece, and where each ends.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    ends: Vec<(usize, usize)>,
}

impl Block {
    fn put(&mut self, key: &[u8], value: &[u8]) {
        self.bytes.extend_from_slice(key);
        let middle = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.ends.push((middle, self.bytes.len()));
    }

    fn rows(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut start = 0;
        self.ends.iter().map(move |&(middle, end)| {
            let key = self.bytes.get(start..middle).unwrap_or_default();
            start = end;
            (key, self.bytes.get(middle..end).unwrap_or_default())
        })
    }
}

/// Fills the tables, the index by a thread of its own, and then the ledger.
fn rows(engine: &dyn Engine, store: &mut Rebuild<'_>, from: &Sources<'_>) -> Result<(), Problem> {
    let (to_index, blocks) = mpsc::sync_channel::<Block>(BLOCKS_WAITING);
    std::thread::scope(|scope| {
        let indexing = scope.spawn(move || {
            let mut loader = engine.loader(Table::Index)?;
            for block in blocks {
                block.rows().try_for_each(|(key, value)| loader.put(key, value))?;
            }
            loader.finish()
        });
        let filled = fill(engine, store, from, to_index);
        let indexed = indexing.join().unwrap_or(Err(std::io::ErrorKind::Other.into()));
        indexed.map_err(engine_fault)?;
        Ok(filled?)
    })
}

fn engine_fault(source: std::io::Error) -> BackupError {
    BackupError::Io { what: "the engine", source }
}

fn fill(
    engine: &dyn Engine,
    store: &mut Rebuild<'_>,
    from: &Sources<'_>,
    to_index: SyncSender<Block>,
) -> Result<(), BackupError> {
    let mut loading: Option<(Table, Box<dyn Loader + '_>)> = None;
    let mut block = Block::default();
    backup::read(from.disk, StreamKind::Records, from.opened, &mut |item| {
        let table = match item.kind {
            Kind::Row(Table::Index) => {
                block.put(item.key, item.value);
                // A thread that ended says why when it is joined.
                return Ok(block.bytes.len() < BLOCK_BYTES
                    || to_index.send(std::mem::take(&mut block)).is_ok());
            }
            // An erasure that the backup holds as waiting, and that was taken back since.
            Kind::Row(Table::Control) if from.meaning.kept.contains(item.key) => {
                return Ok(true);
            }
            Kind::Row(table) => Some(table),
            _ => None,
        };
        let before = loading.take_if(|(of, _)| Some(*of) != table);
        if let Some((_, loader)) = before {
            loader.finish().map_err(engine_fault)?;
        }
        if let Some(table) = table {
            if loading.is_none() {
                loading = Some((table, engine.loader(table).map_err(engine_fault)?));
            }
            if let Some((_, loader)) = &mut loading {
                loader.put(item.key, item.value).map_err(engine_fault)?;
            }
            return Ok(true);
        }
        let (log, _) = item.place().ok_or(BackupError::Manifest("an entry has no place"))?;
        store.entry(log, item.value).map_err(stopped)?;
        Ok(true)
    })?;
    let _ = to_index.send(block);
    match loading {
        Some((_, loader)) => loader.finish().map_err(engine_fault),
        None => Ok(()),
    }
}

/// A fault of the folder that is being filled.
fn stopped(error: crate::store::recovery::OpenError) -> BackupError {
    BackupError::Rebuild(error)
}
