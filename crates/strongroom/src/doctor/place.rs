//! Where keys and data lie: one inside the other, on one volume, on a volume that forgets or that
//! another machine serves, and how much room is left there.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::{Finding, Severity};
use crate::boundary::resolved;
use crate::vault::Folders;

/// Room that the volume of the data folder should have: a day's ledger and a compaction.
pub const DATA_RESERVE_BYTES: u64 = 1 << 30;
/// With less, the next segment and the engine's journal may not fit.
const DATA_LEAST_BYTES: u64 = 128 << 20;
/// Room that the volume of the key folder should have: its files are small, and replaced whole.
pub const KEYS_RESERVE_BYTES: u64 = 16 << 20;
const KEYS_LEAST_BYTES: u64 = 1 << 20;
/// Names that a volume should have room for.
const NAMES_RESERVE: u64 = 1000;

/// File systems in memory, as `statfs` tells them.
const IN_MEMORY: &[(u64, &str)] = &[(0x0102_1994, "tmpfs"), (0x8584_58f6, "ramfs")];
/// File systems that another machine serves.
const REMOTE: &[(u64, &str)] = &[
    (0x6969, "NFS"),
    (0xff53_4d42, "SMB"),
    (0xfe53_4d42, "SMB"),
    (0x517b, "SMB"),
    (0x0102_1997, "9P"),
    (0x00c3_6400, "Ceph"),
    (0x5346_414f, "AFS"),
    (0x0bd0_0bd0, "Lustre"),
    (0x4750_4653, "GPFS"),
];

/// A folder's place, as the kernel tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder, links followed.
    pub path: PathBuf,
    /// The device of its volume.
    pub device: u64,
    /// The kind of its file system.
    pub kind: u64,
    /// Bytes free for this user.
    pub bytes_free: u64,
    /// Names free, where the file system counts them.
    pub names_free: Option<u64>,
}

impl Place {
    /// Asks the kernel; nothing when there is no such folder.
    #[must_use]
    pub fn read(path: &Path) -> Option<Self> {
        let device = std::fs::metadata(path).ok()?.dev();
        let (kind, room) = (rustix::fs::statfs(path).ok()?, rustix::fs::statvfs(path).ok()?);
        Some(Self {
            path: resolved(path),
            device,
            kind: u64::from_ne_bytes(kind.f_type.to_ne_bytes()) & 0xffff_ffff,
            bytes_free: room.f_bavail.saturating_mul(room.f_frsize),
            names_free: (room.f_files > 0).then_some(room.f_favail),
        })
    }

    fn volume(&self, what: &str, out: &mut Vec<Finding>) {
        let (path, named) = (self.path.display(), |list: &[(u64, &'static str)]| {
            list.iter().find(|(kind, _)| *kind == self.kind).map(|(_, name)| *name)
        });
        if let Some(name) = named(IN_MEMORY) {
            let what = format!("the {what} folder {path} lies in memory ({name})");
            let remedy = "it is gone when the machine stops: move it to a disk while nothing runs";
            out.push(Finding::new(Severity::High, what, remedy));
        }
        if let Some(name) = named(REMOTE) {
            let what = format!("the {what} folder {path} lies on a network file system ({name})");
            let remedy = "locks and syncs there are another machine's word, and so are its copies: \
                          move it to a disk of this machine";
            out.push(Finding::new(Severity::Medium, what, remedy));
        }
    }

    fn room(&self, what: &str, (reserve, least): (u64, u64), out: &mut Vec<Finding>) {
        let (path, free) = (self.path.display(), self.bytes_free);
        if free < reserve {
            let severity = if free < least { Severity::High } else { Severity::Medium };
            let (free, reserve) = (free >> 20, reserve >> 20);
            let what = format!(
                "{free} MiB are free on the volume of the {what} folder {path}, less than the \
                 reserve of {reserve} MiB"
            );
            let remedy = "free space there: on a full volume nothing is recorded, and so nothing \
                          is given out";
            out.push(Finding::new(severity, what, remedy));
        }
        if self.names_free.is_some_and(|names| names < NAMES_RESERVE) {
            let what = format!("the volume of the {what} folder {path} is short of inodes");
            let remedy = "remove files there: without a free inode no file can be replaced";
            out.push(Finding::new(Severity::High, what, remedy));
        }
    }
}

/// Judges the places of both folders. `development` is not known when no folder says it.
#[must_use]
pub fn judge(folders: &Folders, development: Option<bool>) -> Vec<Finding> {
    let mut out = Vec::new();
    apart(folders, &mut out);
    let (data, keys) = (Place::read(&folders.data), Place::read(&folders.keys));
    if let Some(data) = &data {
        data.volume("data", &mut out);
        data.room("data", (DATA_RESERVE_BYTES, DATA_LEAST_BYTES), &mut out);
    }
    if let Some(keys) = &keys {
        keys.volume("key", &mut out);
        keys.room("key", (KEYS_RESERVE_BYTES, KEYS_LEAST_BYTES), &mut out);
    }
    if let (Some(data), Some(keys)) = (&data, &keys) {
        out.extend(one_volume(data, keys, development));
    }
    for (what, folder) in [("data", &folders.data), ("key", &folders.keys)] {
        out.extend(movable(what, folder));
    }
    out
}

/// One folder inside the other: whoever copies that one has both.
fn apart(folders: &Folders, out: &mut Vec<Finding>) {
    let (data, keys) = (resolved(&folders.data), resolved(&folders.keys));
    let what = if keys.starts_with(&data) {
        "the key folder lies inside the data folder"
    } else if data.starts_with(&keys) {
        "the data folder lies inside the key folder"
    } else {
        return;
    };
    let what = format!("{what}: {} and {}", keys.display(), data.display());
    let remedy = "stop everything and move the keys beside the data, better to another volume: \
                  whoever copies the outer folder reads every value";
    out.push(Finding::new(Severity::High, what, remedy));
}

fn one_volume(data: &Place, keys: &Place, development: Option<bool>) -> Option<Finding> {
    let (severity, remedy) = match development {
        Some(true) => (Severity::Low, "in earnest, keep the keys on another volume"),
        _ => (
            Severity::Medium,
            "move the key folder to another volume: one snapshot or stolen disk now holds both",
        ),
    };
    let what = format!(
        "keys and data lie on one volume: {} and {}",
        keys.path.display(),
        data.path.display()
    );
    (data.device == keys.device).then(|| Finding::new(severity, what, remedy))
}

/// Whether somebody else can put another folder in this one's place: a folder above it is writable
/// for others, and has no sticky bit.
fn movable(what: &str, folder: &Path) -> Option<Finding> {
    let real = resolved(folder);
    let open = real.ancestors().skip(1).find(|above| {
        let mode = std::fs::metadata(above).map_or(0, |m| m.permissions().mode());
        mode & 0o022 != 0 && mode & 0o1000 == 0
    })?;
    let (real, open) = (real.display(), open.display());
    let what = format!("others can put another {what} folder in the place of {real}: {open}");
    let remedy = format!("chmod go-w {open}");
    Some(Finding::new(Severity::Medium, what, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(kind: u64, bytes_free: u64) -> Place {
        let path = PathBuf::from("/srv/strongroom");
        Place { path, device: 1, kind, bytes_free, names_free: None }
    }

    fn severities(look: impl FnOnce(&mut Vec<Finding>)) -> Vec<Severity> {
        let mut out = Vec::new();
        look(&mut out);
        assert!(out.iter().all(|f| f.what.contains("/srv/strongroom") && !f.remedy.is_empty()));
        out.iter().map(|f| f.severity).collect()
    }

    #[test]
    fn a_volume_in_memory_is_worse_than_one_that_is_far_away() {
        let of = |kind| severities(|out| place(kind, 0).volume("key", out));
        assert_eq!(of(0x0102_1994), [Severity::High]);
        assert_eq!(of(0x8584_58f6), [Severity::High]);
        for (kind, _) in REMOTE {
            assert_eq!(of(*kind), [Severity::Medium]);
        }
        assert_eq!(of(0xef53), [], "ext4");
    }

    #[test]
    fn room_below_the_reserve_is_said_and_the_end_of_it_is_urgent() {
        let bounds = (DATA_RESERVE_BYTES, DATA_LEAST_BYTES);
        let of = |free| severities(|out| place(0, free).room("data", bounds, out));
        assert_eq!(of(DATA_RESERVE_BYTES), []);
        assert_eq!(of(DATA_RESERVE_BYTES - 1), [Severity::Medium]);
        assert_eq!(of(DATA_LEAST_BYTES - 1), [Severity::High]);
        let names = |n| Place { names_free: Some(n), ..place(0, u64::MAX) };
        assert_eq!(severities(|out| names(7).room("key", (1, 1), out)), [Severity::High]);
        assert_eq!(severities(|out| names(NAMES_RESERVE).room("key", (1, 1), out)), []);
    }

    #[test]
    fn one_volume_is_a_safeguard_less_where_it_is_in_earnest() {
        let (data, keys) = (place(0, 0), Place { device: 2, ..place(0, 0) });
        assert_eq!(one_volume(&data, &keys, Some(false)), None);
        let of = |development| one_volume(&data, &data, development).map(|f| f.severity);
        assert_eq!(of(Some(false)), Some(Severity::Medium));
        assert_eq!(of(None), Some(Severity::Medium));
        assert_eq!(of(Some(true)), Some(Severity::Low));
    }

    #[test]
    fn one_folder_inside_the_other_is_told_both_ways() {
        for (data, keys) in [("/a", "/a/keys"), ("/a/keys/data", "/a/keys"), ("/a", "/b/../a/k")] {
            let folders = Folders { data: data.into(), keys: keys.into() };
            let mut out = Vec::new();
            apart(&folders, &mut out);
            assert_eq!(out.len(), 1, "{data} {keys}");
            assert_eq!(out[0].severity, Severity::High);
        }
        let mut out = Vec::new();
        apart(&Folders { data: "/a".into(), keys: "/a.keys".into() }, &mut out);
        assert_eq!(out, []);
    }
}
