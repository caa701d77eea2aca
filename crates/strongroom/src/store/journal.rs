//! Room in the engine's journal, held with real blocks, so that a full disk is met before anything
//! is stated: behind an entry the engine must be able to write what the entry says.
//!
//! The engine makes its journal as a hole and appends to it; each write would take blocks from the
//! file system. Blocks are therefore allocated ahead of the writes, past the end of the file and
//! without making it longer: they stay the file's over restarts (ext4, XFS, tmpfs), whoever fills
//! the disk. Opening cuts a torn journal, and with it the room; it is then taken anew at once.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate};

use super::disk::{free_bytes, is_full, no_room};

/// Room that stays in the journal for erasures: about a thousand of them.
pub const RESERVE_BYTES: u64 = 1 << 20;
/// Blocks are taken by this much at a time.
const STEP_BYTES: u64 = 1 << 20;
/// The engine makes its journal this long, a hole.
const HOLE_BYTES: u64 = 64 << 20;

/// The room in the journal that is written.
pub struct JournalRoom {
    folder: PathBuf,
    number: Option<u64>,
    /// Nothing was promised past here.
    end: u64,
    /// Blocks are there up to here.
    held: u64,
    /// What the last promise was of: it may not be written yet.
    last: u64,
}

impl JournalRoom {
    /// The room in the newest journal of an engine's folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), number: None, end: 0, held: 0, last: 0 }
    }

    /// Holds room for a commit of `bytes`; with `keep`, beside the reserve.
    ///
    /// # Errors
    /// `StorageFull` when it is not there; as the file system's.
    pub fn hold(&mut self, bytes: u64, keep: bool) -> io::Result<()> {
        let (number, path) = newest(&self.folder)?;
        if self.number != Some(number) {
            let length = fs::metadata(&path)?.len();
            // A journal that was begun while we ran holds what was promised last, if anything.
            let end = if length >= HOLE_BYTES { self.last } else { length };
            (self.number, self.end, self.held) = (Some(number), end, 0);
        }
        let end = self.end.saturating_add(bytes);
        let wanted = end.saturating_add(RESERVE_BYTES);
        let least = if keep { wanted } else { end };
        if self.held < least {
            self.allocate(&path, least)?;
        }
        if self.held < wanted {
            match self.allocate(&path, wanted.next_multiple_of(STEP_BYTES)) {
                Err(e) if is_full(&e) => {}
                done => done?,
            }
        }
        (self.end, self.last) = (end, bytes);
        Ok(())
    }

    fn allocate(&mut self, path: &Path, to: u64) -> io::Result<()> {
        let file = File::options().write(true).open(path)?;
        // What is held is left out: a failure must not take it away again.
        let from = self.held.max(self.end);
        match fallocate(&file, FallocateFlags::KEEP_SIZE, from, to.saturating_sub(from)) {
            Ok(()) => {}
            // Some file systems cannot allocate ahead: that there is room must do.
            Err(rustix::io::Errno::OPNOTSUPP) => {
                let there = free_bytes(path)? >= to.saturating_sub(from);
                return if there { Ok(()) } else { Err(no_room()) };
            }
            Err(e) => return Err(e.into()),
        }
        self.held = to;
        Ok(())
    }
}

/// Bytes that are allocated past the end of the newest journal, where that can be told from
/// outside: not of one that is still a hole.
#[must_use]
pub fn spare_bytes(folder: &Path) -> Option<u64> {
    let about = fs::metadata(newest(folder).ok()?.1).ok()?;
    let allocated = about.blocks().saturating_mul(512);
    (about.len() < HOLE_BYTES).then(|| allocated.saturating_sub(about.len()))
}

fn newest(folder: &Path) -> io::Result<(u64, PathBuf)> {
    let mut newest = None;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let number = name.and_then(|name| name.strip_suffix(".jnl")?.parse::<u64>().ok());
        newest = newest.max(number.map(|number| (number, path)));
    }
    newest.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the engine has no journal"))
}
