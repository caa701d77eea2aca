//! Room on the disk, asked for before bulk work begins and between its batches. Single reads and
//! erasures are not asked: they have a reserve.

use std::path::Path;

use super::Vault;
use crate::problem::{Kind, Problem};
use crate::store::disk::free_bytes;
use crate::store::room::{DATA_FLOOR_BYTES_MAX, KEYS_FLOOR_BYTES, data_floor, taken};

/// A seal of short cells leaves about this many bytes for one of its input: rows, index, slots. An
/// estimate, so that a run that cannot end does not begin; the floor is what each batch is held to.
const SEALED_FACTOR: u64 = 8;

/// What a bulk act is about to write into the data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bulk {
    /// One more batch of what has begun.
    Batch,
    /// An input of so many bytes.
    Seal(u64),
    /// Every row once more.
    Rows,
    /// Every slot once more.
    Slots,
    /// A copy of everything.
    Copy,
}

impl Vault {
    /// Refuses bulk work that the disk has no room for: what it writes, beside what must stay free.
    ///
    /// # Errors
    /// A [`Problem`] of kind unavailable, that names the folder.
    pub(super) fn room_for(&self, bulk: Bulk) -> Result<(), Problem> {
        let Some(folders) = &self.folders else { return Ok(()) };
        let engine = folders.data.join("engine");
        let writes = match bulk {
            Bulk::Batch => 0,
            Bulk::Seal(bytes) => bytes.saturating_mul(SEALED_FACTOR),
            Bulk::Rows => taken(&engine),
            Bulk::Slots => taken(&folders.data.join("slots")),
            Bulk::Copy => taken(&folders.data),
        };
        // The walk over the engine's files is spared where nothing could come of it: each
        // batch of a bulk asks.
        let roomy = writes.saturating_add(DATA_FLOOR_BYTES_MAX);
        if free_bytes(&folders.data).is_ok_and(|free| free < roomy) {
            let floor = data_floor(taken(&engine));
            judge("data", &folders.data, writes.saturating_add(floor))?;
        }
        judge("key", &folders.keys, KEYS_FLOOR_BYTES)
    }

    /// The same for a copy of everything into `out`, where that lies on the data folder's volume.
    ///
    /// # Errors
    /// As [`Vault::room_for`].
    pub(super) fn room_for_copy(&self, out: &Path) -> Result<(), Problem> {
        use std::os::unix::fs::MetadataExt as _;
        let device = |path: &Path| std::fs::metadata(path).map(|about| about.dev()).ok();
        let place = out.ancestors().find_map(|path| match path {
            path if path.as_os_str().is_empty() => device(Path::new(".")),
            path => device(path),
        });
        let data = self.folders.as_ref().and_then(|folders| device(&folders.data));
        if place == data { self.room_for(Bulk::Copy) } else { Ok(()) }
    }
}

fn judge(what: &str, folder: &Path, needed: u64) -> Result<(), Problem> {
    // Where the file system does not say, writing will.
    match free_bytes(folder) {
        Ok(free) if free < needed => Err(Problem::new(
            Kind::Unavailable,
            format!(
                "the volume of the {what} folder {} has {free} bytes free, and this needs {needed}",
                folder.display()
            ),
            "free space there, then run the same command again: what was done before stands; \
             meanwhile reveals, finds and erasures go on",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_folder_and_figures() {
        let folder = std::env::temp_dir();
        assert!(judge("data", &folder, 0).is_ok());
        let problem = judge("data", &folder, u64::MAX).err().unwrap();
        assert_eq!(problem.kind.exit(), 14);
        assert!(problem.detail.contains(&folder.display().to_string()), "{problem}");
        assert!(problem.detail.ends_with(&u64::MAX.to_string()), "{problem}");
        assert!(judge("data", Path::new("/no/such/folder"), u64::MAX).is_ok());
    }
}
