//! Finding by value: normal forms, no guess without an entry, no answer from the index alone.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use desk::{Desk, Said, tokens};
use serde_json::Value;
use strongroom_core::ledger::Entry;

const PEOPLE: &str = "\
member,Name,SSN,E-Mail,Phone,notes
1,Ada Archer,536-22-1847,Ada@Example.com,(214) 555-0142,
2,Bruno Boone,401-55-9024,bruno@example.com,214-555-0142,calls late
3,Cleo Cho,on file,cleo@example.com,,
";

fn people(name: &str) -> Desk {
    let desk = Desk::new(name);
    desk.write("people.csv", PEOPLE);
    desk.seal("people.csv");
    desk
}

fn ask(desk: &Desk, field: &str, value: &str) -> Said {
    let sought = format!("{field}=-");
    let args = ["find", "--json", "--tenant", "acme", "--collection", "people", &sought];
    desk.run_on(&args, value)
}

fn found(desk: &Desk, field: &str, value: &str) -> Vec<Value> {
    let said = ask(desk, field, value);
    assert_eq!(said.code, Some(0), "{field}: {} {}", said.out, said.err);
    said.json()["records"].as_array().unwrap().clone()
}

/// The acts of acme's log, with the number of people each names.
fn acts(desk: &Desk) -> Vec<(String, usize, String)> {
    let read = |entry: Entry| {
        let state = format!("{} {}", entry.phase, entry.reason.unwrap_or_default());
        (entry.act.to_string(), entry.subjects.len(), state.trim().to_owned())
    };
    desk.log("acme").into_iter().map(read).collect()
}

#[test]
fn a_record_is_found_by_the_normal_form_of_each_indexed_field() {
    let desk = people("find");
    let sealed = desk.read("people.sealed.csv");
    let ada = tokens(sealed.lines().nth(1).unwrap());
    for (field, value) in [
        ("SSN", "536-22-1847"),
        ("ssn", "536221847\n"),
        (" ssn ", " 536 22 1847\r\n"),
        ("e-mail", "ada@EXAMPLE.com"),
    ] {
        let records = found(&desk, field, value);
        assert_eq!(records.len(), 1, "{field}");
        let of = records[0]["tokens"].as_object().unwrap();
        let expected = [("Name", ada[0]), ("SSN", ada[1]), ("E-Mail", ada[2]), ("Phone", ada[3])];
        assert_eq!(of.len(), expected.len(), "{of:?}");
        expected.iter().for_each(|(column, token)| assert_eq!(of[*column], **token));
        let record = records[0]["record"].as_str().unwrap();
        let who = desk.done(&["ledger", "who", "--tenant", "acme", "--record", record]);
        let acts = who["entries"].as_array().unwrap().iter().map(|e| e["act"].clone());
        assert!(acts.filter(|act| act == "pii.find").count() > 0, "{who}");
    }
    assert_eq!(found(&desk, "phone", "2145550142").len(), 2, "both who share it");
    assert!(found(&desk, "ssn", "078-05-1121").is_empty());
    assert_eq!(desk.values(&[ada[1]]), ["536-22-1847"]);
}

#[test]
fn every_question_is_an_entry_before_its_answer() {
    let desk = people("find-entries");
    let before = acts(&desk).len();
    found(&desk, "phone", "2145550142");
    found(&desk, "ssn", "219-09-9998");
    for (field, value, code) in
        [("notes", "calls late", 2), ("nothing", "Dora Dunn", 2), ("ssn", "on file", 2)]
    {
        let said = ask(&desk, field, value);
        assert_eq!((said.code, said.error().as_str()), (Some(code), "usage"), "{field}");
        assert!(!said.out.contains(value) && !said.err.contains(value), "{field}");
    }
    let new = acts(&desk).split_off(before);
    let expected = [
        ("pii.find", 2, "commit"),
        ("pii.find", 0, "commit"),
        ("pii.guess", 0, "commit"),
        ("pii.find", 0, "denied unfit.not_indexed"),
        ("pii.find", 0, "denied unfit.field"),
        ("pii.find", 0, "denied unfit.value"),
    ];
    let expected = expected.map(|(act, people, state)| (act.to_owned(), people, state.to_owned()));
    assert_eq!(new.get(..6).unwrap(), expected);
}

#[test]
fn a_value_among_the_arguments_is_warned_of() {
    let desk = people("find-warned");
    let args = ["find", "--tenant", "acme", "--collection", "people", "ssn=536-22-1847"];
    let said = desk.run(&args);
    assert_eq!(said.code, Some(0));
    assert!(said.err.contains("shell's history") && !said.err.contains("536-22"), "{}", said.err);
    assert!(said.out.contains("srr_") && said.out.contains("ledger entry"), "{}", said.out);
    let said = desk.ends(2, &["find", "--tenant", "acme", "--collection", "people", "ssn"]);
    assert_eq!(said.error(), "usage");
}

#[test]
fn a_sealed_column_keeps_its_index_or_its_want_of_one() {
    let desk = people("find-index");
    let shown = desk.run(&["schema", "show", "--tenant", "acme", "--collection", "people"]).out;
    let set = |schema: String| {
        desk.write("next.toml", schema);
        desk.run(&["schema", "set", "next.toml", "--tenant", "acme", "--collection", "people"])
    };
    for (from, to) in [("index = true", "index = false"), ("index = false", "index = true")] {
        let said = set(shown.replacen(from, to, 1));
        assert_eq!(said.code, Some(2), "{}", said.err);
        assert!(said.err.contains("was and stays"), "{}", said.err);
    }
    assert_eq!(set(shown).code, Some(0), "as it was");
    assert_eq!(found(&desk, "ssn", "536221847").len(), 1);
}
