//! The key-value engine behind the store: a small port over fjall and over the model.

use std::io;

use strongroom_core::store::{Row, Table};

/// Fills one empty table. Until it is finished, and after an error or a kill, the table may hold
/// some of its rows.
pub trait Loader {
    /// Adds a row: keys rise.
    ///
    /// # Errors
    /// As the engine's; `InvalidInput` when a key does not rise.
    fn put(&mut self, key: &[u8], value: &[u8]) -> io::Result<()>;

    /// Ends it; durable when this returns.
    ///
    /// # Errors
    /// As the engine's.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// All tables of an engine at one moment.
pub trait EngineSnapshot: Send + Sync {
    /// As [`Engine::scan`], of that moment.
    ///
    /// # Errors
    /// As the engine's.
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> io::Result<()>;

    /// About how many rows a table has.
    fn about(&self, table: Table) -> u64;
}

/// Bytes that a commit of rows takes at most: 24 around each row, 64 around them all, as fjall
/// encodes them.
#[must_use]
pub fn commit_bytes<'r>(rows: impl Iterator<Item = Row<'r>>) -> u64 {
    let row = |(_, key, value): Row<'_>| 24 + key.len() + value.map_or(0, <[u8]>::len);
    64 + rows.map(row).fold(0, |sum: u64, bytes| sum.saturating_add(bytes as u64))
}

/// Whether `key` comes after the one before, which it then becomes.
///
/// # Errors
/// `InvalidInput` when it does not.
pub fn rises(before: &mut Option<Vec<u8>>, key: &[u8]) -> io::Result<()> {
    if before.as_ref().is_some_and(|before| before.as_slice() >= key) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "keys do not rise"));
    }
    before.get_or_insert_default().clear();
    before.get_or_insert_default().extend_from_slice(key);
    Ok(())
}

/// An ordered key-value engine.
pub trait Engine: Send + Sync {
    /// One row.
    ///
    /// # Errors
    /// As the engine's.
    fn get(&self, table: Table, key: &[u8]) -> io::Result<Option<Vec<u8>>>;

    /// Every row whose key begins with `prefix`, in order, until `visit` says stop.
    ///
    /// # Errors
    /// As the engine's.
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> io::Result<()>;

    /// Writes and takes away all rows or none, no key of a table twice; durable when this returns.
    ///
    /// # Errors
    /// As the engine's. After an error the engine must be opened again.
    fn commit(&self, rows: &mut dyn Iterator<Item = Row<'_>>) -> io::Result<()>;

    /// Makes sure that a commit of `bytes` can be written whatever becomes of the disk; with
    /// `keep`, one that leaves the reserve alone. Asked before an entry states what the commit is
    /// to do.
    ///
    /// # Errors
    /// `StorageFull` when there is no room; as the engine's.
    fn hold(&self, bytes: u64, keep: bool) -> io::Result<()> {
        let _ = (bytes, keep);
        Ok(())
    }

    /// Whether it has to be opened again: no commit succeeds any more, or it was opened on a full
    /// disk, which has space now.
    fn is_spent(&self) -> bool {
        false
    }

    /// All tables at one moment, which writing does not change.
    ///
    /// # Errors
    /// As the engine's.
    fn snapshot(&self) -> io::Result<Box<dyn EngineSnapshot>>;

    /// Fills an empty table in bulk.
    ///
    /// # Errors
    /// As the engine's.
    fn loader(&self, table: Table) -> io::Result<Box<dyn Loader + '_>>;

    /// Before a clean stop: does what makes the next opening quick, where there is anything to do.
    /// Nothing depends on it.
    fn settle(&self) {}
}
