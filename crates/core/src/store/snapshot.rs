//! A store at one moment, for whoever copies it while others write.

use super::{ReadError, Table};
use crate::id::RecordNumber;
use crate::ledger::LogId;
use crate::ledger::merkle::Hash;
use crate::vault::slot::SlotBytes;

/// A store at one moment.
pub trait Snapshot: Send + Sync {
    /// Every row whose key begins with `prefix`, in order of key, until `visit` says stop.
    ///
    /// # Errors
    /// [`ReadError`].
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), ReadError>;

    /// About how many rows a table has: enough to tell how far a scan of it is.
    fn about(&self, table: Table) -> u64;

    /// Every entry of all logs, each log in order, until `visit` says stop.
    ///
    /// # Errors
    /// [`ReadError`].
    fn entries(&self, visit: &mut dyn FnMut(LogId, u64, &[u8]) -> bool) -> Result<(), ReadError>;

    /// Size and root of every log.
    fn heads(&self) -> Vec<(LogId, u64, Hash)>;

    /// No record at or above this was given out.
    fn end(&self) -> RecordNumber;

    /// The start of the store that this is a moment of.
    fn boot(&self) -> u64;

    /// Raw slots that follow one another, as they are *now*: whoever was erased since the moment
    /// is erased here too.
    ///
    /// # Errors
    /// [`ReadError`].
    fn slots(&self, first: RecordNumber, count: usize) -> Result<Vec<SlotBytes>, ReadError>;
}
