//! How much room a disk must have. Below the floor bulk work is refused and the engine does nothing
//! in the background; single reads go on, and so does erasure, out of a reserve.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// What is left for others before bulk work stops: a few segments, a journal, slots.
const LEAST_BYTES: u64 = 64 << 20;
/// The engine's largest compaction writes about this much before it removes what it replaces.
const COMPACTION_BYTES_MAX: u64 = 960 << 20;
/// The same for the volume of the key folder: its files are small, and replaced whole.
pub const KEYS_FLOOR_BYTES: u64 = 1 << 20;

/// No data folder needs more.
pub const DATA_FLOOR_BYTES_MAX: u64 = LEAST_BYTES + COMPACTION_BYTES_MAX;

/// Room that the volume of a data folder must have, whose engine takes `engine` bytes.
#[must_use]
pub fn data_floor(engine: u64) -> u64 {
    LEAST_BYTES + engine.min(COMPACTION_BYTES_MAX)
}

/// Bytes that the files under a folder take; what cannot be looked at is left out.
#[must_use]
pub fn taken(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let of = |path: &Path| match path.symlink_metadata() {
        Ok(about) if about.is_dir() => taken(path),
        Ok(about) => about.blocks().saturating_mul(512),
        Err(_) => 0,
    };
    entries.flatten().fold(0, |sum, entry| sum.saturating_add(of(&entry.path())))
}
