//! Whether what reads and erasures go on with on a full disk is there: the ledger's spare segment,
//! the key folder's spare notes, room in the engine's journal, each with blocks of its own.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::{Finding, Severity, listed};
use crate::store::journal::{RESERVE_BYTES, spare_bytes};
use crate::store::notes::{NOTES_FILE, SPARE_NOTES_FILE};
use crate::store::segment::{SEGMENT_BYTES, SPARE_SEGMENT};
use crate::vault::Folders;

/// Judges the reserve of an install.
#[must_use]
pub fn judge(folders: &Folders) -> Option<Finding> {
    let notes = about(&folders.keys.join(NOTES_FILE))?;
    let mut lacking = Vec::new();
    if !is_whole(&folders.data.join(SPARE_SEGMENT), SEGMENT_BYTES) {
        lacking.push(folders.data.join(SPARE_SEGMENT).display().to_string());
    }
    if !is_whole(&folders.keys.join(SPARE_NOTES_FILE), notes.len()) {
        lacking.push(folders.keys.join(SPARE_NOTES_FILE).display().to_string());
    }
    let engine = folders.data.join("engine");
    if spare_bytes(&engine).is_some_and(|spare| spare < RESERVE_BYTES / 2) {
        lacking.push(format!("room in the journal in {}", engine.display()));
    }
    let what =
        format!("the reserve for a full disk is not whole: {}", listed(&lacking, lacking.len()));
    let remedy = "free space on both volumes: the next command that opens the install makes it \
                  whole; until then a full disk may refuse reveals and erasures too";
    (!lacking.is_empty()).then(|| Finding::new(Severity::Medium, what, remedy))
}

fn about(path: &Path) -> Option<Metadata> {
    path.symlink_metadata().ok().filter(Metadata::is_file)
}

/// Whether a file is as long as it must be, and no hole.
fn is_whole(path: &Path, least: u64) -> bool {
    let whole = |file: Metadata| file.len() >= least && file.blocks() * 512 >= file.len();
    about(path).is_some_and(whole)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;

    #[test]
    fn what_is_lacking_is_named_and_nothing_more() {
        let root = std::env::temp_dir().join(format!("strongroom-lacking-{}", std::process::id()));
        let folders = Folders { data: root.join("data"), keys: root.join("keys") };
        fs::create_dir_all(&folders.keys).unwrap();
        assert_eq!(judge(&folders), None, "there is no install");
        fs::write(folders.keys.join(NOTES_FILE), "{}").unwrap();
        fs::write(folders.keys.join(SPARE_NOTES_FILE), "  ").unwrap();
        File::open(folders.keys.join(SPARE_NOTES_FILE)).unwrap().sync_all().unwrap();
        let said = judge(&folders).unwrap().what;
        assert!(said.ends_with(SPARE_SEGMENT), "{said}");
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn what_is_missing_too_short_or_a_hole_is_not_whole() {
        let path = std::env::temp_dir().join(format!("strongroom-spare-{}", std::process::id()));
        assert!(!is_whole(&path, 1));
        fs::write(&path, vec![0; 1 << 16]).unwrap();
        File::open(&path).unwrap().sync_all().unwrap();
        assert!(is_whole(&path, 1 << 16));
        assert!(!is_whole(&path, (1 << 16) + 1));
        File::options().write(true).open(&path).unwrap().set_len(1 << 20).unwrap();
        assert!(!is_whole(&path, 1 << 16), "a hole");
        fs::remove_file(&path).unwrap();
    }
}
