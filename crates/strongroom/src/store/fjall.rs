//! The embedded engine: fjall, as measured in docs/decisions/0001-embedded-engine.md.
//!
//! Compression is off where sealed bytes lie (the crate is built without it). Slot secrets never
//! come here: an LSM keeps erased bytes.

use std::cell::RefCell;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable as _, Snapshot};
use strongroom_core::store::{Row, Table};

use super::disk::{free_bytes, no_room};
use super::engine::{Engine, EngineSnapshot, Loader, rises};
use super::journal::JournalRoom;
use super::local::lock;
use super::room::{data_floor, taken};

/// Block cache. Reads cost microseconds; a small cache keeps memory flat.
const CACHE_BYTES: u64 = 64 << 20;
/// Journals are replayed at opening, so they are kept small.
const JOURNAL_BYTES_MAX: u64 = 128 << 20;

/// Index tags are random: a memtable that stays near the processor's cache is searched faster.
const INDEX_MEMTABLE_BYTES: u64 = 16 << 20;

/// A stop leaves at most this much in the journal alone.
const SETTLE_BYTES: u64 = 1 << 20;

/// Memtables of one table that wait to be flushed before fjall holds a commit back: 4.
const SEALED_MAX: usize = 3;

/// The engine.
pub struct Fjall {
    path: PathBuf,
    database: Database,
    spaces: Spaces,
    /// Room that the disk must have for what is done in the background.
    floor: u64,
    /// Whether it did not at the opening: nothing is then flushed or compacted.
    lean: bool,
    /// Whether it ever did not since: a thread may have met a full disk.
    met: AtomicBool,
    room: Mutex<JournalRoom>,
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
        let floor = data_floor(taken(path));
        let lean = is_low(path, floor)?;
        let mut builder =
            Database::builder(path).cache_size(CACHE_BYTES).max_journaling_size(JOURNAL_BYTES_MAX);
        if lean {
            // A thread that cannot write its table poisons the engine, which then takes no commit
            // either. With none, all stays in the journal.
            builder = builder.worker_threads_unchecked(0);
        }
        let database = builder.open().map_err(opening)?;
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
        let room = Mutex::new(JournalRoom::new(path));
        let (path, met) = (path.to_path_buf(), AtomicBool::new(lean));
        let engine = Self { path, database, spaces, floor, lean, met, room };
        // Opening may have cut the journal, and the room in it. What is not there now is looked
        // for again before each commit.
        let _ = engine.hold(0, true);
        Ok(engine)
    }

    fn space(&self, table: Table) -> &Keyspace {
        self.spaces.of(table)
    }

    /// Whether no commit succeeds any more, as far as a full disk is the reason. It is asked only
    /// once there was one, since it waits for a commit that is being synced. It writes nothing:
    /// every commit of ours is synced.
    fn is_poisoned(&self) -> bool {
        self.met.load(Ordering::Acquire) && self.database.persist(PersistMode::Buffer).is_err()
    }

    /// Whether a commit would wait for a flush that nobody does.
    fn is_stuck(&self) -> bool {
        let waits = |table: &Keyspace| table.sealed_memtable_count() >= SEALED_MAX;
        self.lean && self.spaces.all().into_iter().any(waits)
    }
}

impl Spaces {
    fn all(&self) -> [&Keyspace; 5] {
        [&self.record, &self.index, &self.control, &self.job, &self.applied]
    }

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

/// Whether the disk is too full for what the engine does in the background. A database that is to
/// be made takes little.
fn is_low(path: &Path, floor: u64) -> io::Result<bool> {
    match free_bytes(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        free => Ok(free? < floor),
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

    fn hold(&self, bytes: u64, keep: bool) -> io::Result<()> {
        if self.is_spent() && self.is_poisoned() {
            return Err(io::Error::other("the engine must be opened again"));
        }
        if self.is_stuck() {
            return Err(no_room());
        }
        lock(&self.room).hold(bytes, keep)
    }

    fn is_spent(&self) -> bool {
        let low = is_low(&self.path, self.floor).unwrap_or(true);
        if low {
            self.met.store(true, Ordering::Release);
        }
        (self.lean && !low) || self.is_poisoned()
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
        let full = self.lean || is_low(&self.path, self.floor).unwrap_or(true);
        if full || self.database.write_buffer_size() < SETTLE_BYTES {
            return;
        }
        let tables = [&self.spaces.record, &self.spaces.index];
        for table in tables {
            // Best effort, and so is the wait: a full disk must not hold the stop.
            let _ = table.rotate_memtable();
        }
        let mut looks = 0;
        let left = || tables.iter().any(|t| t.sealed_memtable_count() > 0);
        while looks < FLUSH_LOOKS_MAX && left() && !self.is_poisoned() {
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
    fn about(&self, table: Table) -> u64 {
        self.spaces.of(table).approximate_len() as u64
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
