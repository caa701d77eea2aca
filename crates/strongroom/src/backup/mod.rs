//! Backups as files: two sealed streams and a manifest, in a folder of their own.
//!
//! The bytes are docs/data-model.md, "Backup". This module knows files, chunks and items, and
//! nothing of tenants or of who may do what; `vault::backup` and `vault::restore` do. A backup
//! counts once its manifest stands, and the manifest is written last, after everything it speaks
//! of was read back and found whole.

mod error;
mod format;
mod manifest;
mod read;
mod write;

pub use error::BackupError;
pub use format::{Counts, Identity, Item, Kind, RECORDS_FILE, SLOTS_FILE, StreamKind, entry_key};
pub use manifest::{Head, MANIFEST_FILE, Manifest, Opened, Part, open, place};
pub use read::{Visit, check, read};
pub use write::{Means, Sink, Source, write};
