//! Another root key in the place of the one there was: whatever instant a run is killed at, one of
//! the two opens everything, and the next opening leaves one.
//!
//! `STRONGROOM_KILLS=200` makes it the bench.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/looks.rs"]
mod looks;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use desk::{Desk, tokens};
use looks::{Looks, kills};
use serde_json::json;

const ROOT: &str = "data.keys/root.key";
const NEXT: &str = "data.keys/root.key.next";
const OLD: &str = "data.keys/root.key.old";
const PEOPLE: &str = "\
id,name,ssn,password
1,Ada Archer,536-22-1847,River-71!
2,Bruno Boone,401-55-9024,Hill-12!
";

/// An install with two people sealed.
fn sealed(name: &str) -> Desk {
    let desk = Desk::new(name);
    desk.write("people.csv", PEOPLE);
    desk.done(&["seal", "people.csv", "--tenant", "acme", "--collection", "people", "--key", "id"]);
    desk
}

/// Everything that a key of the install is needed for.
fn works(desk: &Desk) {
    let text = desk.read("people.sealed.csv");
    let all = ["Ada Archer", "536-22-1847", "Bruno Boone", "401-55-9024"];
    assert_eq!(desk.values(&tokens(&text)), all);
    let find = ["find", "--tenant", "acme", "--collection", "people", "ssn=401-55-9024"];
    assert_eq!(desk.done(&find)["records"][0]["record"], "2");
    let verify = ["verify-password", "--tenant", "acme", "--collection", "people", "--record", "1"];
    assert_eq!(desk.run_on(&verify, "River-71!\n").code, Some(0));
    assert!(desk.log("acme").iter().filter(|e| e.act.has_effect()).count() > 2);
}

fn rotated(desk: &Desk, from: u16) {
    let done = desk.done(&["rotate", "root"]);
    let (to, keys) = (from + 1, &done["keys"][0]);
    assert_eq!(
        (&done["key"], &done["from"], &done["to"], &done["done"]),
        (&json!("root"), &json!(from), &json!(to), &json!(true))
    );
    assert!(keys.get("tenant").is_none(), "{keys}");
}

/// Nothing is left of a replacement, nor of a root key that was replaced.
fn clean(desk: &Desk, gone: &[&String]) {
    for entry in fs::read_dir(desk.path("data.keys")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(gone.iter().all(|root| !text.contains(root.trim())), "{}", path.display());
    }
    assert!(!fs::exists(desk.path(NEXT)).unwrap() && !fs::exists(desk.path(OLD)).unwrap());
    let mode = fs::metadata(desk.path(ROOT)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o400);
}

fn put(desk: &Desk, name: &str, bytes: &[u8]) {
    let path = desk.path(name);
    let _ = fs::remove_file(&path);
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// Both folders as they were at one time.
fn put_back(desk: &Desk, kept: &str) {
    for folder in ["data", "data.keys"] {
        fs::remove_dir_all(desk.path(folder)).unwrap();
        copy(&desk.path(kept).join(folder), &desk.path(folder));
    }
}

fn keep(desk: &Desk, name: &str) {
    for folder in ["data", "data.keys"] {
        copy(&desk.path(folder), &desk.path(name).join(folder));
    }
}

#[test]
fn the_next_root_key_opens_everything_and_the_old_one_nothing() {
    let desk = sealed("root-rotate");
    let mut gone = Vec::new();
    for from in 1..4 {
        gone.push(desk.read(ROOT));
        rotated(&desk, from);
        clean(&desk, &gone.iter().collect::<Vec<_>>());
        works(&desk);
    }
    // A tenant whose keys were made since.
    desk.done(&["tenant", "add", "later"]);
    rotated(&desk, 4);
    desk.done(&["ledger", "key"]);
    let (last, now) = (gone.last().unwrap(), desk.read(ROOT));
    put(&desk, ROOT, last.as_bytes());
    assert_eq!(desk.ends(15, &["status"]).error(), "tampered");
    put(&desk, ROOT, now.as_bytes());
    works(&desk);
}

/// What each kill leaves, made of what stood before and after.
#[test]
fn at_each_step_the_next_opening_ends_it_or_takes_it_back() {
    let desk = sealed("root-steps");
    let before = desk.read(ROOT);
    keep(&desk, "before");
    rotated(&desk, 1);
    let after = desk.read(ROOT);
    keep(&desk, "after");
    let steps: [(&str, &str, &dyn Fn()); 7] = [
        ("the next key is made", "before", &|| put(&desk, NEXT, after.as_bytes())),
        ("the control table is under it", "after", &|| {
            for file in ["store.key", "epoch-00000001.key"] {
                let old = fs::read(desk.path("before/data.keys").join(file)).unwrap();
                put(&desk, &format!("data.keys/{file}"), &old);
            }
            put(&desk, ROOT, before.as_bytes());
            put(&desk, NEXT, after.as_bytes());
        }),
        ("a key of custody is", "after", &|| {
            let old = fs::read(desk.path("before/data.keys/store.key")).unwrap();
            put(&desk, "data.keys/store.key", &old);
            put(&desk, ROOT, before.as_bytes());
            put(&desk, NEXT, after.as_bytes());
        }),
        ("everything is", "after", &|| {
            put(&desk, ROOT, before.as_bytes());
            put(&desk, NEXT, after.as_bytes());
        }),
        ("the old one has two names", "after", &|| {
            put(&desk, ROOT, before.as_bytes());
            put(&desk, NEXT, after.as_bytes());
            fs::hard_link(desk.path(ROOT), desk.path(OLD)).unwrap();
        }),
        ("the next one has its place", "after", &|| put(&desk, OLD, before.as_bytes())),
        ("the old one is overwritten", "after", &|| put(&desk, OLD, b"noise")),
    ];
    for (step, from, make) in steps {
        put_back(&desk, from);
        make();
        println!("killed when {step}");
        works(&desk);
        let (now, gone) = match from {
            "before" => (&before, &after),
            _ => (&after, &before),
        };
        assert_eq!(desk.read(ROOT), *now, "{step}");
        clean(&desk, &[gone]);
        rotated(&desk, if from == "before" { 1 } else { 2 });
        clean(&desk, &[&before, &after]);
        works(&desk);
    }
}

/// Kills `rotate root` all over its work; each next opening must leave one root key.
fn killed(desk: &Desk, more: &[&str], kills: usize) {
    let start = || desk.command(&[&["rotate", "root"], more].concat()).spawn().unwrap();
    let (mut looks, mut met, mut ended) = (Looks::of(start(), kills), 0, 0);
    for n in 0..kills {
        let root = desk.read(ROOT);
        let done = looks.kill(start(), n);
        ended += usize::from(done);
        met += usize::from(exists(desk, NEXT) || exists(desk, OLD));
        desk.done(&[&["tenant", "list"], more].concat());
        let gone = if desk.read(ROOT) == root { vec![] } else { vec![&root] };
        assert!(!(done && gone.is_empty()), "what was answered is done");
        clean(desk, &gone);
    }
    println!("{met} of {kills} kills met a replacement under way, {ended} runs ended");
    assert!(ended * 10 <= kills * 6, "only {} of {kills} runs were killed", kills - ended);
}

#[test]
fn killed_at_any_instant_the_next_opening_leaves_one_root_key() {
    let kills = kills();
    let desk = sealed("root-killed");
    killed(&desk, &[], kills);
    works(&desk);
    let file = under_passphrase(&desk);
    // Each opening takes work here.
    killed(&desk, &["--passphrase-file", &file], kills / 4);
    assert!(desk.read(ROOT).starts_with("strongroom-root-key-2 "));
    desk.done(&["custody", "passphrase", "--passphrase-file", &file, "--none"]);
    works(&desk);
}

fn exists(desk: &Desk, name: &str) -> bool {
    fs::symlink_metadata(desk.path(name)).is_ok()
}

/// Puts the root key under a passphrase; gives the file of that.
fn under_passphrase(desk: &Desk) -> String {
    let file = desk.write("passphrase", "five random words and 17\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let file = file.to_str().unwrap().to_owned();
    desk.done(&["custody", "passphrase", "--new-file", &file]);
    file
}

#[test]
fn under_a_passphrase_the_next_root_key_is_under_the_same_one() {
    let desk = sealed("root-passphrase");
    let file = under_passphrase(&desk);
    let with = |code, args: &[&str]| {
        desk.ends(code, &[args, &["--passphrase-file", &file]].concat());
    };
    let before = desk.read(ROOT);
    keep(&desk, "before");
    assert_eq!(desk.ends(10, &["rotate", "root"]).error(), "unauthenticated");
    assert_eq!(desk.read(ROOT), before);
    with(0, &["rotate", "root"]);
    let after = desk.read(ROOT);
    assert!(after != before && after.starts_with("strongroom-root-key-2 "));
    clean(&desk, &[&before]);
    keep(&desk, "after");
    // Killed before anything is under it, and when all but the files is.
    for (from, now, gone) in [("before", &before, &after), ("after", &after, &before)] {
        put_back(&desk, from);
        put(&desk, ROOT, before.as_bytes());
        put(&desk, NEXT, after.as_bytes());
        assert_eq!(desk.ends(10, &["tenant", "list"]).error(), "unauthenticated");
        assert!(exists(&desk, NEXT), "nothing is settled without the passphrase");
        with(0, &["tenant", "list"]);
        assert_eq!(desk.read(ROOT), *now, "{from}");
        clean(&desk, &[gone]);
    }
    with(0, &["custody", "passphrase", "--none"]);
    works(&desk);
}

/// What the documents say of older backups.
#[test]
fn a_backup_made_before_needs_the_key_folder_of_its_time() {
    let desk = sealed("root-backup");
    desk.done(&["backup", "--out", "older"]);
    keep(&desk, "before");
    rotated(&desk, 1);
    assert_eq!(desk.ends(2, &["restore", "older"]).error(), "usage");
    let new = |keys: &str, code| {
        let _ = fs::remove_dir_all(desk.path("fresh"));
        let to = ["--data", "fresh", "--keys", keys, "--out", "operator-of-fresh"];
        desk.ends(code, &[&["restore", "older", "--new"], &to[..]].concat())
    };
    copy(&desk.path("data.keys"), &desk.path("keys-now"));
    assert!(new("keys-now", 2).json()["error"]["remedy"].as_str().unwrap().contains("rotate root"));
    let made = new("before/data.keys", 0).json();
    assert_eq!(made["records"], 2);
    let newer = desk.done(&["backup", "--out", "newer"]);
    let restored = desk.done(&["restore", "newer"]);
    assert_eq!(restored["backup"], newer["backup"]);
    assert_eq!(restored["left_alone"], 2);
}

#[test]
fn a_next_root_key_that_is_none_and_a_foreign_key_stop_it() {
    let desk = sealed("root-foreign");
    put(&desk, NEXT, b"strongroom-root-key-1 short\n");
    assert_eq!(desk.ends(15, &["rotate", "root"]).error(), "tampered");
    fs::remove_file(desk.path(NEXT)).unwrap();
    works(&desk);
    let (other, root) = (Desk::new("root-other"), desk.read(ROOT));
    put(&desk, "data.keys/store.key", other.read("data.keys/store.key").as_bytes());
    assert_eq!(desk.ends(15, &["rotate", "root"]).error(), "tampered");
    assert_eq!(desk.read(ROOT), root);
}
