//! The key-value engine behind the store: a small port over fjall and over the model.

use std::io;

use strongroom_core::store::{Row, Table};

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

    /// Before a clean stop: does what makes the next opening quick, where there is anything to do.
    /// Nothing depends on it.
    fn settle(&self) {}
}
