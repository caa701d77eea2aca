//! Damaged folders of a real install, engine and all: each kind of file flipped, cut, emptied,
//! gone, exchanged for another of its kind and put back from an older copy. What is amiss is told
//! by the name of its place; whatever else is asked for is answered rightly or not at all.
//!
//! `tests/store_segments.rs` and `tests/store_tamper.rs` go over every byte, on the model, which
//! has no engine of its own; `tests/store_faults.rs` has media that fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap, what their tests share too"
)]

mod store_support;

use std::fs;
use std::path::Path;

use store_support::history::{reveal, seal};
use store_support::{Sources, Temp, copy};
use strongroom::vault::{Folders, Vault};
use strongroom_core::principal::Arrival;

/// So many that the engine lays tables down beside its journal.
const ROWS: u64 = 3000;

/// An install that was worked with, stopped, and worked with again.
struct Kept {
    root: Temp,
    credential: String,
    /// Token and value of some cells: of the first input, and of the second.
    cells: Vec<(String, String)>,
}

fn folders(root: &Path) -> Folders {
    Folders { data: root.join("data"), keys: root.join("keys") }
}

impl Kept {
    fn new() -> Self {
        let (root, sources) = (Temp::in_memory(), Sources::new());
        let at = folders(&root.path(""));
        let made = Vault::init(&at, true, sources.clock.clone(), sources.random());
        let credential = made.map_err(|p| p.detail).unwrap().credential.to_string();
        let mut cells = Vec::new();
        for (input, rows) in [(1, ROWS), (2, 5)] {
            let vault = Vault::open(at.clone(), sources.clock.clone(), sources.random());
            let vault = vault.map_err(|p| p.detail).unwrap();
            let who = vault
                .authenticate(&credential, Arrival::local(0, true))
                .map_err(|p| p.detail)
                .unwrap();
            if input == 1 {
                vault.add_tenant(&who, "acme").map_err(|p| p.detail).unwrap();
            }
            let sealed = seal(&vault, &who, ("acme", input, rows), &root);
            let sealed = sealed.map_err(|p| p.detail).unwrap().into_iter();
            cells.extend(sealed.step_by(if input == 1 { 487 } else { 1 }).map(|(_, t, v)| (t, v)));
            drop(vault);
            if input == 1 {
                copy(&root.path("data"), &root.path("older/data"));
                copy(&root.path("keys"), &root.path("older/keys"));
            }
        }
        Self { root, credential, cells }
    }

    /// A copy of both folders, to be damaged.
    fn copied(&self) -> Temp {
        let to = Temp::in_memory();
        for folder in ["data", "keys"] {
            copy(&self.root.path(folder), &to.path(folder));
        }
        to
    }

    /// Opens a copy and asks for everybody: what the opening said, or what each answer said.
    fn told(&self, root: &Temp) -> Told {
        let sources = Sources::new();
        let at = folders(&root.path(""));
        let opened = Vault::open(at, sources.clock.clone(), sources.random());
        let vault = match opened {
            Ok(vault) => vault,
            Err(problem) => return Told::Closed(problem.detail),
        };
        let who = match vault.authenticate(&self.credential, Arrival::local(0, true)) {
            Ok(who) => who,
            Err(problem) => return Told::Closed(problem.detail),
        };
        let mut failed = Vec::new();
        for (token, value) in &self.cells {
            match reveal(&vault, &who, "acme", vec![token.clone()]) {
                Ok(values) => assert_eq!(values[..], [value.as_str()], "a wrong value"),
                Err(problem) => failed.push(problem.detail),
            }
        }
        Told::Open(failed)
    }

    /// The only file in a folder.
    fn only(&self, folder: &str) -> String {
        let mut found = Vec::new();
        list(&self.root.path(""), Path::new(folder), &mut found);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    /// Every file of both folders, by its name below them.
    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        for folder in ["data", "keys"] {
            list(&self.root.path(""), Path::new(folder), &mut found);
        }
        found.sort();
        found
    }
}

impl Kept {
    /// Whether this describes an earlier state of a table, which the engine has not removed yet:
    /// `current` begins with the number of the one that counts.
    fn is_superseded(&self, name: &str) -> bool {
        let Some((table, version)) = name.rsplit_once("/v") else { return false };
        let Ok(version) = version.parse::<u64>() else { return false };
        let current = fs::read(self.root.path(&format!("{table}/current"))).unwrap_or_default();
        current.first_chunk().is_some_and(|number| u64::from_le_bytes(*number) != version)
    }
}

#[derive(Debug)]
enum Told {
    /// The install did not open.
    Closed(String),
    /// What was said of those who were not given out.
    Open(Vec<String>),
}

fn list(root: &Path, below: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(root.join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = below.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            list(root, &name, found);
        } else {
            found.push(name.to_str().unwrap().to_owned());
        }
    }
}

/// Writes a file that only its owner can read, as `like` is.
fn rewrite(like: &Path, path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::metadata(like).unwrap().permissions()).unwrap();
}

/// What the answer to a damaged file must name: the place, in the words that answers have for it.
fn place_of(name: &str) -> &'static [&'static str] {
    let kinds: [(&str, &[&str]); 11] = [
        ("data/engine/keyspaces/1/", &["engine", "a row is "]),
        ("data/engine/", &["engine", "control table"]),
        ("data/ledger/", &["ledger"]),
        ("data/slots/", &["slot"]),
        ("data/install.json", &["data/install.json", "data is not the data folder"]),
        ("keys/install.json", &["keys/install.json", "keys is not the key folder"]),
        ("keys/epoch-", &["epoch key", "keys/epoch-"]),
        // Older notes are told by the first log that has grown behind their back.
        ("keys/notes.json", &["notes.json", "no Strongroom install", "grew since"]),
        ("keys/root.key", &["root key", "root.key", "store key"]),
        ("keys/store.key", &["store key", "store.key"]),
        ("", &[]),
    ];
    kinds.iter().find(|(begin, _)| name.starts_with(begin)).unwrap().1
}

/// Locks hold nothing; a credential is asked for, not kept to open the install.
fn holds_something(name: &&String) -> bool {
    let empty = [
        "data/lock",
        "keys/lock",
        "data/engine/lock",
        "keys/operator.credential",
        // Room that is held, and made again at every opening.
        "data/ledger.spare",
        "keys/notes.spare",
    ];
    // Of the engine's five tables alike, two: those of the rows and of the index.
    let other = ["0/", "3/", "4/", "5/"].map(|n| format!("data/engine/keyspaces/{n}"));
    !empty.contains(&name.as_str()) && !other.iter().any(|begin| name.starts_with(begin))
}

#[test]
fn each_damaged_file_is_told_by_its_place_and_the_rest_is_served() {
    let kept = Kept::new();
    assert!(matches!(kept.told(&kept.copied()), Told::Open(failed) if failed.is_empty()));
    let files = kept.files();
    let files: Vec<_> =
        files.iter().filter(holds_something).filter(|name| !kept.is_superseded(name)).collect();
    assert!(files.len() > 14, "{files:?}");
    for name in files {
        let whole = fs::read(kept.root.path(name)).unwrap();
        // Files of a fixed size end in zeros, or in white space.
        let used = whole.iter().rposition(|b| *b != 0 && !b.is_ascii_whitespace());
        let used = used.map_or(0, |n| n + 1);
        let older = fs::read(kept.root.path(&format!("older/{name}"))).ok();
        let mut flipped = whole.clone();
        flipped[used / 2] ^= 0x10;
        let cut = whole[..used / 2].to_vec();
        let ways = [
            ("flipped", Some(flipped)),
            ("cut", Some(cut)),
            ("emptied", Some(Vec::new())),
            ("gone", None),
            ("older", older.filter(|older| *older != whole).or(Some(Vec::new()))),
        ];
        for (way, bytes) in ways {
            let root = kept.copied();
            fs::remove_file(root.path(name)).unwrap();
            if let Some(bytes) = bytes {
                rewrite(&kept.root.path(name), &root.path(name), &bytes);
            }
            check(&kept.told(&root), name, way);
        }
    }
}

fn check(told: &Told, name: &str, way: &str) {
    let names_it = |said: &String| place_of(name).iter().any(|place| said.contains(place));
    match told {
        Told::Closed(said) => assert!(names_it(said), "{name} {way}: {said}"),
        Told::Open(failed) => {
            assert!(failed.iter().all(names_it), "{name} {way}: {failed:?}");
            // A flipped byte may be nobody's of those asked for, or one that the engine does not
            // read. Half of the file that names a table's version still does, and an older one
            // may name one that is there.
            let version = name.ends_with("/current") && ["cut", "older"].contains(&way);
            let may_pass = way == "flipped" || version;
            assert!(may_pass || !failed.is_empty(), "{name} {way}: nobody noticed");
        }
    }
}

#[test]
fn files_that_changed_places_are_told() {
    let kept = Kept::new();
    let (rows, index) = ("data/engine/keyspaces/1", "data/engine/keyspaces/2");
    let pairs = [
        ("keys/root.key".to_owned(), "keys/store.key".to_owned()),
        (kept.only(&format!("{rows}/tables")), kept.only(&format!("{index}/tables"))),
        (rows.to_owned(), index.to_owned()),
    ];
    for (one, two) in pairs {
        let root = kept.copied();
        fs::rename(root.path(&one), root.path("aside")).unwrap();
        fs::rename(root.path(&two), root.path(&one)).unwrap();
        fs::rename(root.path("aside"), root.path(&two)).unwrap();
        let name = if one == rows { format!("{rows}/") } else { one };
        check(&kept.told(&root), &name, "exchanged");
    }
}

/// Whoever asks an index that was lost is not told that nobody has the value.
#[test]
fn a_table_of_the_engine_that_is_lost_is_not_an_empty_one() {
    let kept = Kept::new();
    for table in 1..=5 {
        let root = kept.copied();
        let name = format!("data/engine/keyspaces/{table}/current");
        fs::remove_file(root.path(&name)).unwrap();
        let told = kept.told(&root);
        assert!(matches!(&told, Told::Closed(said) if said.contains(&name)), "{told:?}");
    }
}
