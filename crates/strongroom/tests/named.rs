//! Every person of a reveal is named in the ledger: the entries of one request name as many people
//! as it concerned, and asking who saw each of them finds it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;

use std::collections::BTreeSet;
use std::fs;

use install::Install;
use sha2::{Digest as _, Sha256};
use strongroom_core::ledger::entry::{Act, Phase};
use strongroom_core::ledger::{Entry, LogId};

/// One more than an entry may name.
const PEOPLE: usize = 513;

#[test]
fn a_reveal_of_many_names_each_of_them() {
    let install = Install::new("named");
    install.operate(&["tenant", "add", "acme"]);
    let mut text = String::from("id,email,phone\n");
    for n in 0..PEOPLE {
        text.push_str(&format!("{n},person{n}@example.com,(214) 555-{n:04}\n"));
    }
    let file = install.scratch.write("people.csv", &text);
    let file = file.to_str().unwrap();
    let seal = ["seal", file, "--tenant", "acme", "--collection", "people"];
    let sealed = fs::read_to_string(install.operate(&seal).text("/out")).unwrap();
    let tokens: Vec<&str> =
        sealed.split([',', '\n']).filter(|cell| cell.starts_with("srt_")).collect();
    assert_eq!(tokens.len(), 2 * PEOPLE);
    let reveal = ["reveal", "--tenant", "acme", "--purpose", "support", "-"];
    let answer = install.run_on(&reveal, &tokens.join("\n"));
    assert_eq!(answer.code, 0, "{}", answer.json);

    let named = named(&install);
    assert_eq!(named.len(), 2, "513 people take two entries");
    let people: BTreeSet<_> = named.iter().flatten().collect();
    assert_eq!(people.len(), PEOPLE, "each person once, whatever the number of their tokens");

    let records: BTreeSet<&str> = answer.json["values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value["record"].as_str().unwrap())
        .collect();
    assert_eq!(records.len(), PEOPLE);
    for record in [records.first().unwrap(), records.last().unwrap()] {
        let who = install.operate(&["ledger", "who", "--tenant", "acme", "--record", record]);
        let acts: Vec<&str> = who.json["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["act"].as_str().unwrap())
            .collect();
        assert_eq!(acts, ["pii.collect", "pii.reveal", "ledger.who"]);
    }
}

#[test]
fn a_type_set_after_the_sealing_hides_nothing() {
    let install = Install::new("retyped");
    install.operate(&["tenant", "add", "acme"]);
    let file = install.scratch.write("people.csv", "id,ssn\n1,536-22-1847\n");
    let of = ["--tenant", "acme", "--collection", "people"];
    let seal = [&["seal", file.to_str().unwrap()], &of[..]].concat();
    let sealed = fs::read_to_string(install.operate(&seal).text("/out")).unwrap();
    let token = sealed.trim_end().rsplit(',').next().unwrap();
    let other = "[[column]]\nname = \"id\"\nclear = \"a number of ours\"\n\
                 [[column]]\nname = \"SSN\"\ntype = \"text\"\nindex = true\n";
    let other = install.scratch.write("other.toml", other);
    let set = [&["schema", "set", other.to_str().unwrap()], &of[..]].concat();
    assert_eq!(install.operate(&set).json["version"], 2);

    let reveal = ["reveal", "--tenant", "acme", "--purpose", "support", token];
    let revealed = install.operate(&reveal);
    let who = ["ledger", "who", "--tenant", "acme", "--record", revealed.text("/values/0/record")];
    let entries = install.operate(&who).json["entries"].clone();
    assert_eq!(entries[1]["act"], "pii.reveal");
    assert_eq!(entries[1]["fields"], serde_json::json!(["ssn", "text"]));
}

/// Whether a file was sealed before is an answer about what is sealed: hit or miss, it is an entry.
#[test]
fn a_guess_at_a_whole_file_is_an_entry() {
    let install = Install::new("guessed");
    install.operate(&["tenant", "add", "acme"]);
    let guess = |name: &str, text: &str| {
        let file = install.scratch.write(name, text);
        let out = install.scratch.path("out.csv");
        let (file, out) = (file.to_str().unwrap(), out.to_str().unwrap());
        let seal = ["seal", file, "--tenant", "acme", "--collection", "people", "--out", out];
        install.run_on(&seal, "").code
    };
    let asked = || {
        let vault = install.open();
        let (mut count, mut guesses) = (0, 0);
        for (log, ..) in vault.store().heads() {
            let read = vault.store().entries(log, &mut |_, leaf| {
                let entry = Entry::from_bytes(leaf).unwrap();
                count += usize::from(entry.act == Act::JobRead && entry.reason.is_none());
                guesses += usize::from(entry.act == Act::PiiGuess);
                true
            });
            read.unwrap();
        }
        (count, guesses)
    };
    assert_eq!(guess("a.csv", "id,ssn\n1,536-22-1847\n"), 0);
    assert_eq!(asked(), (1, 0));
    assert_eq!(guess("b.csv", "id,ssn\n1,536-22-1848\n"), 2, "the place is taken");
    assert_eq!(asked(), (2, 1), "a miss");
    fs::write(install.scratch.path("out.csv"), "somebody's own").unwrap();
    assert_eq!(guess("c.csv", "id,ssn\n1,536-22-1847\n"), 2);
    assert_eq!(asked(), (3, 2), "a hit, which is taken back");
    // What is not sealed has no name that could be compared.
    let file = install.scratch.path("a.csv");
    let seal = ["seal", file.to_str().unwrap(), "--tenant", "acme", "--collection", "people"];
    let judged = install.operate(&[&seal[..], &["--dry-run"]].concat());
    assert!(judged.json["job"].is_null(), "{}", judged.json);
}

/// What was granted, and which schema holds, stands in the ledger.
#[test]
fn grants_and_schemas_are_told_by_their_entries() {
    let install = Install::new("granted");
    let added = install.operate(&["tenant", "add", "acme"]);
    let tenant = added.text("/tenant/id").to_owned();
    let (_, id) = install.principal("ann", "operator", "acme");
    let set = |name: &str, toml: &str| {
        let file = install.scratch.write(name, toml);
        let of = ["--tenant", "acme", "--collection", "people"];
        let file = file.to_str().unwrap().to_owned();
        install.operate(&[&["schema", "set", &file], &of[..]].concat());
        let shown = install.operate(&[&["schema", "show"], &of[..]].concat());
        shown.text("/sha256").to_owned()
    };
    let sealed = set("a.toml", "[[column]]\nname = \"ssn\"\ntype = \"ssn\"\n");
    let toml = "[[column]]\nname = \"ssn\"\ntype = \"ssn\"\nindex = true\n";
    let by_hand: String = Sha256::digest(toml).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(sealed, by_hand, "of the TOML that `schema show` prints");
    let opened = set("b.toml", "[[column]]\nname = \"ssn\"\nclear = \"no reason\"\n");
    let vault = install.open();
    let mut found = Vec::new();
    for (log, ..) in vault.store().heads() {
        let read = vault.store().entries(log, &mut |_, leaf| {
            let entry = Entry::from_bytes(leaf).unwrap();
            if matches!(entry.act, Act::PrincipalAdd | Act::SchemaSet) {
                found.push(entry.object.unwrap());
            }
            true
        });
        read.unwrap();
    }
    assert!(found.contains(&format!("{id}:operator:{tenant}")), "{found:?}");
    for digest in [sealed, opened] {
        assert!(found.iter().any(|ob| ob.ends_with(&format!(":{digest}"))), "{digest}: {found:?}");
    }
}

/// The people named by each entry of a reveal.
fn named(install: &Install) -> Vec<Vec<String>> {
    let vault = install.open();
    let mut found = Vec::new();
    for (log, ..) in vault.store().heads().into_iter().filter(|(log, ..)| *log != LogId::System) {
        let mut keep = |_, leaf: &[u8]| {
            let entry = Entry::from_bytes(leaf).unwrap();
            if entry.act == Act::PiiReveal && entry.phase == Phase::Commit {
                found.push(entry.subjects.iter().map(ToString::to_string).collect());
            }
            true
        };
        vault.store().entries(log, &mut keep).unwrap();
    }
    found
}
