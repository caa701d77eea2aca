//! A file of the install is never taken for an input or an output, by whatever way it is named.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use desk::Desk;

const PEOPLE: &str = "member,ssn\nM1,536-22-1847\n";
const OF: [&str; 4] = ["--tenant", "acme", "--collection", "people"];

/// Every file of the key folder, and those of the data folder that no command writes anew.
fn install(desk: &Desk) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for folder in ["data", "data.keys"] {
        for entry in fs::read_dir(desk.path(folder)).unwrap().map(Result::unwrap) {
            let path = entry.path();
            // The notes say how far the ledger has come: refusals are entries.
            let bytes = if path.is_file() && !path.ends_with("notes.json") {
                fs::read(&path).unwrap()
            } else {
                Vec::new()
            };
            found.insert(path, bytes);
        }
    }
    found
}

/// Other names of a file of the install: the last two need not be there.
fn ways(desk: &Desk) -> Vec<&'static str> {
    symlink(desk.path("data.keys"), desk.path("keys-link")).unwrap();
    symlink("data.keys/root.key", desk.path("key-link.csv")).unwrap();
    symlink("key-link.csv", desk.path("key-link-link.csv")).unwrap();
    symlink("data/nothing-yet", desk.path("dangling")).unwrap();
    fs::hard_link(desk.path("data.keys/epoch-00000001.key"), desk.path("hard.csv")).unwrap();
    vec![
        "data.keys/root.key",
        "data.keys/epoch-00000001.key",
        "data.keys/operator.credential",
        "data/install.json",
        "data/ledger/00000000.seg",
        "./tmp/../data.keys/root.key",
        "keys-link/root.key",
        "key-link.csv",
        "key-link-link.csv",
        "hard.csv",
        "dangling",
        "no-such/../data.keys/new",
        "data/engine/new",
    ]
}

#[test]
fn nothing_of_the_install_is_read_or_overwritten() {
    let desk = Desk::new("boundary");
    desk.write("people.csv", PEOPLE);
    let ways = ways(&desk);
    let before = install(&desk);
    let refused = |args: &[&str]| {
        let said = desk.ends(2, args);
        assert_eq!(said.error(), "usage", "{args:?}: {}", said.out);
        assert!(said.out.contains(" folder "), "{args:?}: {}", said.out);
    };
    for way in ways {
        refused(&["schema", "propose", way]);
        refused(&[&["schema", "set", way], &OF[..]].concat());
        refused(&[&["seal", way], &OF[..]].concat());
        refused(&[&["seal", way, "--dry-run"], &OF[..]].concat());
        refused(&[&["seal", "people.csv", "--schema", way], &OF[..]].concat());
        refused(&[&["seal", "people.csv", "--out", way], &OF[..]].concat());
        refused(&[&["seal", "people.csv", "--report", way], &OF[..]].concat());
        refused(&["ledger", "export", "--out", way]);
    }
    // An input from elsewhere, by a name in the key folder: its copy would lie there.
    symlink(desk.path("people.csv"), desk.path("data.keys/people.csv")).unwrap();
    refused(&[&["seal", "data.keys/people.csv"], &OF[..]].concat());
    fs::remove_file(desk.path("data.keys/people.csv")).unwrap();

    assert!(install(&desk) == before, "the install was written to");
    assert!(!desk.path("people.sealed.csv").exists() && !desk.path("no-such").exists());
    assert_eq!(desk.done(&["status"])["collections"], serde_json::json!([]));
    desk.seal("people.csv");
}

#[test]
fn a_copy_of_a_secret_is_no_input() {
    let desk = Desk::new("secrets");
    desk.write("people.csv", PEOPLE);
    for (from, to) in [("root.key", "root.csv"), ("operator.credential", "credential.csv")] {
        let secret = desk.read(&format!("data.keys/{from}"));
        desk.write(to, &secret);
        for args in [
            &["schema", "propose", to][..],
            &[&["schema", "set", to], &OF[..]].concat(),
            &[&["seal", to], &OF[..]].concat(),
            &[&["seal", "people.csv", "--schema", to], &OF[..]].concat(),
        ] {
            let said = desk.ends(2, args);
            assert_eq!(said.error(), "usage");
            assert!(said.out.contains(" holds a "), "{args:?}: {}", said.out);
            assert!(!said.out.contains(&secret[25..40]), "{args:?}");
        }
        assert!(!Path::new(&desk.path(to)).with_extension("sealed.csv").exists());
    }
}

/// A report replaces a name, and never what stands in a file that is also called otherwise.
#[test]
fn a_report_overwrites_no_other_file() {
    let desk = Desk::new("boundary-report");
    desk.write("people.csv", PEOPLE);
    desk.write("op.cred", fs::read(desk.path("data.keys/operator.credential")).unwrap());
    fs::set_permissions(desk.path("op.cred"), fs::Permissions::from_mode(0o600)).unwrap();
    let seal = |more: &[&str]| {
        let seal = ["seal", "people.csv", "--dry-run", "--credential", "op.cred", "--report"];
        desk.run(&[&seal[..], more, &OF].concat())
    };
    fs::create_dir(desk.path("sub")).unwrap();
    fs::hard_link(desk.path("people.csv"), desk.path("same.json")).unwrap();
    for more in [
        &["op.cred"][..],
        &["./sub/../op.cred"],
        &["people.csv"],
        &["same.json"],
        &["sub/../out.csv", "--out", "out.csv"],
    ] {
        let said = seal(more);
        assert_eq!(said.code, Some(2), "{more:?}: {}", said.err);
        assert!(said.err.contains("the report would take the place of"), "{}", said.err);
    }
    let segment = fs::read(desk.path("data/ledger/00000000.seg")).unwrap().len();
    fs::hard_link(desk.path("data/ledger/00000000.seg"), desk.path("r.json")).unwrap();
    let said = seal(&["r.json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(desk.read("r.json").contains("\"rows\""));
    assert_eq!(fs::read(desk.path("data/ledger/00000000.seg")).unwrap().len(), segment);
    assert_eq!(desk.read("people.csv"), PEOPLE);
    for own in ["r.json.new", "r.json.partial"] {
        desk.write(own, "somebody's own");
        assert_eq!(seal(&["r.json"]).code, Some(0));
        assert_eq!(desk.read(own), "somebody's own");
    }
    assert_eq!(seal(&["r.json"]).code, Some(0), "and the next takes the place of the last");
}
