//! The embedded engine: fjall, as measured in docs/decisions/0001-embedded-engine.md.
//!
//! Compression is off where sealed bytes lie (the crate is built without it). Slot secrets never
//! come here: an LSM keeps erased bytes.

use std::cell::RefCell;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable as _, Snapshot};
use strongroom_core::store::{Row, Table};

use super::engine::{Engine, EngineSnapshot, Loader, rises};

/// Block cache. Reads cost microseconds; a small cache keeps memory flat.
const CACHE_BYTES: u64 = 64 << 20;
/// Journals are replayed at opening, so they are kept small.
const JOURNAL_BYTES_MAX: u64 = 128 << 20;

/// Index tags are random: a memtable that stays near the processor's cache is searched faster.
const INDEX_MEMTABLE_BYTES: u64 = 16 << 20;

/// A stop leaves at most this much in the journal alone.
const SETTLE_BYTES: u64 = 1 << 20;

/// The engine.
pub struct Fjall {
    database: Database,
    spaces: Spaces,
}

/// Its tables.
#[derive(Clone)]
struct Spaces {
    record: Keyspace,
    index: Keyspace,
    control: Keyspace,
    job: Keyspace,
    applied: Keyspace,
}

impl Fjall {
    /// Opens or makes the database in `path`.
    ///
    /// # Errors
    /// As fjall's; `InvalidData` when a file of it is a link, or has another name, or is damaged
    /// or missing.
    pub fn open(path: &Path) -> io::Result<Self> {
        refuse_links(path)?;
        refuse_lost(path)?;
        let database = Database::builder(path)
            .cache_size(CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES_MAX)
            .open()
            .map_err(opening)?;
        // The last batch may have been written by a process that was killed before its sync: what
        // is read here from the page cache is about to be noted as done.
        database.persist(PersistMode::SyncData).map_err(fault)?;
        let space = |name| database.keyspace(name, KeyspaceCreateOptions::default).map_err(opening);
        let small = || KeyspaceCreateOptions::default().max_memtable_size(INDEX_MEMTABLE_BYTES);
        let spaces = Spaces {
            record: space("record")?,
            index: database.keyspace("index", small).map_err(opening)?,
            control: space("control")?,
            job: space("job")?,
            applied: space("applied")?,
        };
        Ok(Self { database, spaces })
    }

    fn space(&self, table: Table) -> &Keyspace {
        self.spaces.of(table)
    }
}

impl Spaces {
    fn of(&self, table: Table) -> &Keyspace {
        match table {
            Table::Record => &self.record,
            Table::Index => &self.index,
            Table::Control => &self.control,
            Table::Job => &self.job,
            Table::Applied => &self.applied,
        }
    }
}

impl Engine for Fjall {
    fn get(&self, table: Table, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        Ok(self.space(table).get(key).map_err(fault)?.map(|v| v.to_vec()))
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> io::Result<()> {
        for guard in self.space(table).prefix(prefix) {
            let (key, value) = guard.into_inner().map_err(fault)?;
            if !visit(&key, &value) {
                break;
            }
        }
        Ok(())
    }

    fn commit(&self, rows: &mut dyn Iterator<Item = Row<'_>>) -> io::Result<()> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncData));
        for (table, key, value) in rows {
            match value {
                Some(value) => batch.insert(self.space(table), key, value),
                None => batch.remove(self.space(table), key),
            }
        }
        batch.commit().map_err(fault)
    }

    fn snapshot(&self) -> io::Result<Box<dyn EngineSnapshot>> {
        let moment = self.database.snapshot();
        Ok(Box::new(FjallSnapshot { moment, spaces: self.spaces.clone() }))
    }

    fn loader(&self, table: Table) -> io::Result<Box<dyn Loader + '_>> {
        let ingestion = self.space(table).start_ingestion().map_err(fault)?;
        let ours = Rc::new(RefCell::new(Some(ingestion)));
        let ended = || io::Error::other("the table was filled");
        let shared = Rc::clone(&ours);
        let put = move |key: &[u8], value: &[u8]| {
            let mut ingestion = shared.borrow_mut();
            ingestion.as_mut().ok_or_else(ended)?.write(key, value).map_err(fault)
        };
        let finish = move || {
            let ingestion = ours.borrow_mut().take();
            ingestion.ok_or_else(ended)?.finish().map_err(fault)
        };
        Ok(Box::new(FjallLoader { put, finish, before: None }))
    }

    /// Flushes the tables of a bulk: what only the journal holds is replayed at every opening
    /// (20,000 records: 80 ms).
    fn settle(&self) {
        if self.database.write_buffer_size() < SETTLE_BYTES {
            return;
        }
        let tables = [&self.spaces.record, &self.spaces.index];
        for table in tables {
            // Best effort, and so is the wait: a full disk must not hold the stop.
            let _ = table.rotate_memtable();
        }
        let mut looks = 0;
        while looks < FLUSH_LOOKS_MAX && tables.iter().any(|t| t.sealed_memtable_count() > 0) {
            std::thread::sleep(FLUSH_LOOK);
            looks += 1;
        }
    }
}

/// What fills a table: the engine does not name the type that does.
struct FjallLoader<P, F> {
    put: P,
    finish: F,
    before: Option<Vec<u8>>,
}

impl<P, F> Loader for FjallLoader<P, F>
where
    P: FnMut(&[u8], &[u8]) -> io::Result<()>,
    F: FnOnce() -> io::Result<()>,
{
    fn put(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        rises(&mut self.before, key)?;
        (self.put)(key, value)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        (self.finish)()
    }
}

struct FjallSnapshot {
    moment: Snapshot,
    spaces: Spaces,
}

impl EngineSnapshot for FjallSnapshot {
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> io::Result<()> {
        for guard in self.moment.prefix(self.spaces.of(table), prefix) {
            let (key, value) = guard.into_inner().map_err(fault)?;
            if !visit(&key, &value) {
                break;
            }
        }
        Ok(())
    }
}

/// How often, and at most how many times, a flush is looked after: 10 s in all.
const FLUSH_LOOK: Duration = Duration::from_millis(2);
const FLUSH_LOOKS_MAX: u32 = 5000;

/// The engine opens its files by name and follows links: one that was planted could lead its writes
/// to any file of this user.
fn refuse_links(path: &Path) -> io::Result<()> {
    if path.symlink_metadata().is_ok_and(|m| !m.is_dir()) {
        return Err(link(path));
    }
    let entries = match std::fs::read_dir(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let metadata = entry.path().symlink_metadata()?;
        if metadata.is_dir() {
            refuse_links(&entry.path())?;
        } else if !metadata.is_file() || metadata.nlink() > 1 {
            return Err(link(&entry.path()));
        }
    }
    Ok(())
}

/// A table whose file of versions is gone is made anew by the engine, empty: whoever asks the index
/// then would be told that nobody has a value.
fn refuse_lost(path: &Path) -> io::Result<()> {
    let tables = match std::fs::read_dir(path.join("keyspaces")) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        tables => tables?,
    };
    for table in tables {
        let file = table?.path().join("current");
        if !file.exists() {
            let text = format!("{} is missing", file.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
    }
    Ok(())
}

fn link(path: &Path) -> io::Error {
    let text = format!("{} is a link to another place", path.display());
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// What hinders the opening: what the engine itself does not know again is damage, and so is a file
/// that is missing or cut off.
fn opening(error: fjall::Error) -> io::Error {
    use io::ErrorKind as Kind;
    let mut at: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    let mut medium = None;
    while let Some(cause) = at.filter(|_| medium.is_none()) {
        medium = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        at = cause.source();
    }
    let kind = match (medium, &error) {
        (Some(Kind::NotFound | Kind::AlreadyExists | Kind::InvalidInput), _)
        | (Some(Kind::UnexpectedEof), _) => Kind::InvalidData,
        (Some(_), _) => return fault(error),
        (None, fjall::Error::Locked | fjall::Error::Poisoned) => Kind::Other,
        (None, _) => Kind::InvalidData,
    };
    io::Error::new(kind, error)
}

fn fault(error: fjall::Error) -> io::Error {
    match error {
        fjall::Error::Io(e) => e,
        other => io::Error::other(other),
    }
}
