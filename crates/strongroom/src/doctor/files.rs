//! The files of both folders: who may read and write them, whose they are, where their names lead,
//! what is none of Strongroom's, and what an interrupted write left.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::process::geteuid;

use super::{Finding, NAMES_MAX, Severity, listed};
use crate::http::SOCKET_FILE;
use crate::store::disk::ASIDE;
use crate::store::segment::SPARE_SEGMENT;
use crate::vault::Folders;

/// Levels of folders that are looked at; ours are three.
const DEPTH_MAX: usize = 8;

/// What is wrong with a file, in the order in which it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Missing,
    Unreadable,
    KeyOpen,
    DataWritable,
    DataReadable,
    Owner,
    Link,
    OtherName,
    KeyWritable,
    Foreign,
    Leftover,
}

impl Fault {
    /// How bad it is, what is said of the files, and what to do.
    fn tell(self) -> (Severity, &'static str, &'static str) {
        use Severity::{High, Low, Medium};
        match self {
            Self::Missing => (
                High,
                "is missing",
                "put the newest copy of the data folder back that is no older than the key folder",
            ),
            Self::Unreadable => {
                (Medium, "cannot be looked at", "run as the user who owns both folders")
            }
            Self::KeyOpen => (
                High,
                "can be read or written by other users",
                "chmod go-rwx them; if others had them, replace the keys: they are worth as much \
                 as all values",
            ),
            Self::DataWritable => {
                (High, "can be written by other users", "chmod go-rwx them, and find out who did")
            }
            Self::DataReadable => {
                (Medium, "can be read by other users", "chmod go-rwx them: the data is no one's")
            }
            Self::Owner => (
                High,
                "is another user's than the folder",
                "chown them to the folder's owner, and find out who made them",
            ),
            Self::Link => (
                High,
                "is a link, or neither file nor folder",
                "remove it once nothing runs: writes could be led to files elsewhere",
            ),
            Self::OtherName => (
                High,
                "has another name elsewhere",
                "find the other name (`find / -samefile`) and remove it: what is erased here would \
                 be read there",
            ),
            Self::KeyWritable => {
                (Low, "can be written in place", "chmod 400 them: keys are replaced by name")
            }
            Self::Foreign => (
                Medium,
                "is none of Strongroom's",
                "move it elsewhere: a copy of a key here is copied with the folder",
            ),
            Self::Leftover => (
                Low,
                "was left by a write that was interrupted",
                "remove it while no command runs; the file itself is whole",
            ),
        }
    }
}

/// One folder being looked at.
struct Look<'f> {
    root: &'f Path,
    keys: bool,
    owner: u32,
    found: BTreeMap<Fault, Vec<String>>,
}

/// Judges the files of both folders; and whether a part is missing that opening would make anew.
#[must_use]
pub fn judge(folders: &Folders) -> (Vec<Finding>, bool) {
    let mut out = Vec::new();
    for (root, keys) in [(&folders.data, false), (&folders.keys, true)] {
        let Ok(of_root) = fs::metadata(root) else { continue };
        let owner = of_root.uid();
        if owner != geteuid().as_raw() {
            let (path, me) = (root.display(), geteuid().as_raw());
            let what = format!("{path} is user {owner}'s, and this is user {me}");
            let remedy = "run every command as the owner: a file made by another is closed to them";
            out.push(Finding::new(Severity::Medium, what, remedy));
        }
        let mut look = Look { root, keys, owner, found: BTreeMap::new() };
        look.rights(".", &of_root);
        look.folder(root, DEPTH_MAX);
        out.extend(look.told());
    }
    let made = folders.data.join("install.json").is_file();
    let incomplete = made && !folders.data.join("engine").is_dir();
    for part in ["engine", "ledger", "slots"] {
        let path = folders.data.join(part);
        if made && !path.is_dir() {
            let (severity, says, remedy) = Fault::Missing.tell();
            out.push(Finding::new(severity, format!("{} {says}", path.display()), remedy));
        }
    }
    (out, incomplete)
}

impl Look<'_> {
    fn note(&mut self, fault: Fault, name: &str) {
        self.found.entry(fault).or_default().push(name.to_owned());
    }

    fn folder(&mut self, path: &Path, depth: usize) {
        let name = self.name(path);
        let Ok(entries) = fs::read_dir(path) else {
            return self.note(Fault::Unreadable, &name);
        };
        for entry in entries {
            let Ok(entry) = entry else {
                self.note(Fault::Unreadable, &name);
                continue;
            };
            let path = entry.path();
            match fs::symlink_metadata(&path) {
                Ok(about) => self.file(&path, &about, depth),
                // What a running command replaces is there and gone.
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(_) => self.note(Fault::Unreadable, &self.name(&path)),
            }
        }
    }

    fn file(&mut self, path: &Path, about: &Metadata, depth: usize) {
        let name = self.name(path);
        // The one thing that is neither: how commands reach a server.
        let reached = !self.keys && name == SOCKET_FILE && about.file_type().is_socket();
        if !about.is_file() && !about.is_dir() && !reached {
            return self.note(Fault::Link, &name);
        }
        self.rights(&name, about);
        if about.is_file() && about.nlink() > 1 {
            self.note(Fault::OtherName, &name);
        }
        match kind(&name, about.is_dir(), self.keys) {
            Kind::Ours => {}
            Kind::Leftover => self.note(Fault::Leftover, &name),
            Kind::Foreign => self.note(Fault::Foreign, &name),
        }
        match depth.checked_sub(1) {
            Some(depth) if about.is_dir() => self.folder(path, depth),
            _ => {}
        }
    }

    /// Whose it is, and what others may do with it.
    fn rights(&mut self, name: &str, about: &Metadata) {
        let mode = about.permissions().mode();
        match (self.keys, mode & 0o077, mode & 0o022) {
            (_, 0, _) => {}
            (true, ..) => self.note(Fault::KeyOpen, name),
            (false, _, 0) => self.note(Fault::DataReadable, name),
            (false, ..) => self.note(Fault::DataWritable, name),
        }
        if self.keys && about.is_file() && mode & 0o200 != 0 && name != "lock" {
            self.note(Fault::KeyWritable, name);
        }
        if about.uid() != self.owner {
            self.note(Fault::Owner, name);
        }
    }

    fn name(&self, path: &Path) -> String {
        let name = path.strip_prefix(self.root).unwrap_or(path).to_string_lossy();
        if name.is_empty() { ".".to_owned() } else { name.into_owned() }
    }

    fn told(self) -> Vec<Finding> {
        let told = self.found.into_iter().map(|(fault, mut names)| {
            let count = names.len();
            names.sort();
            names.truncate(NAMES_MAX);
            let (severity, says, remedy) = fault.tell();
            let place = if self.keys { "key" } else { "data" };
            let names = listed(&names, count);
            let root = self.root.display();
            let what = format!("what {says} in the {place} folder {root}: {names}");
            Finding::new(severity, what, remedy)
        });
        told.collect()
    }
}

/// Whose a name is.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Ours,
    Leftover,
    Foreign,
}

/// Whose a name below one of the folders is, as docs/data-model.md, "Two folders", lists them. What
/// lies in `engine` is the engine's.
fn kind(name: &str, is_folder: bool, keys: bool) -> Kind {
    let plain = name.strip_suffix(ASIDE).unwrap_or(name);
    let ours = match (keys, is_folder) {
        (true, true) => false,
        (true, false) => crate::vault::is_key_file(plain),
        (false, true) => ["ledger", "slots", "engine"].contains(&plain),
        (false, false) => {
            ["install.json", "lock", SPARE_SEGMENT, SOCKET_FILE].contains(&plain)
                || numbered(plain, "ledger/", ".seg")
                || numbered(plain, "slots/epoch-", ".slots")
        }
    };
    match ours {
        _ if !keys && name.starts_with("engine/") => Kind::Ours,
        true if plain == name => Kind::Ours,
        true => Kind::Leftover,
        false => Kind::Foreign,
    }
}

fn numbered(name: &str, before: &str, after: &str) -> bool {
    let number = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    number.is_some_and(|n| n.len() >= 8 && n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        let data = |name| kind(name, false, false);
        let slots = "slots/epoch-00000001.slots";
        for name in ["install.json", "lock", "socket", "ledger.spare", "ledger/00000012.seg", slots]
        {
            assert_eq!(data(name), Kind::Ours, "{name}");
        }
        assert_eq!(data("engine/anything/at.all"), Kind::Ours);
        assert_eq!(data("slots/epoch-00000002.slots.new"), Kind::Leftover);
        for name in ["people.csv", "ledger/x.seg", "root.key", "ledger/00000001.seg.bak", ".new"] {
            assert_eq!(data(name), Kind::Foreign, "{name}");
        }
        assert_eq!(kind("engine", true, false), Kind::Ours);
        assert_eq!(kind("old", true, false), Kind::Foreign);
        let keys = |name| kind(name, false, true);
        for name in
            ["root.key", "store.key", "epoch-00000001.key", "notes.json", "notes.spare", "lock"]
        {
            assert_eq!(keys(name), Kind::Ours, "{name}");
        }
        for name in ["root.key.next", "root.key.old", "server.key", "server.crt"] {
            assert_eq!(keys(name), Kind::Ours, "{name}");
        }
        assert_eq!(keys("notes.json.new"), Kind::Leftover);
        assert_eq!(keys("root.key.bak"), Kind::Foreign);
        assert_eq!(kind("old", true, true), Kind::Foreign);
    }
}
