//! `update`: other values in one record, named before and after; tokens stay.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use desk::{Desk, Said, tokens};
use serde_json::{Value, json};
use strongroom_core::ledger::entry::{Act, Phase};

const PEOPLE: &str = "\
member,name,email,phone,password
1,Ada Archer,ada@example.com,214-555-0142,river 7
2,Bruno Boone,bruno@example.com,,stone 9
";

fn people(name: &str, key: bool) -> Desk {
    let desk = Desk::new(name);
    desk.write("people.csv", PEOPLE);
    let args = ["seal", "people.csv", "--tenant", "acme", "--collection", "people"];
    let key: &[&str] = if key { &["--key", "member"] } else { &[] };
    desk.done(&[&args, key].concat());
    desk
}

fn update(desk: &Desk, record: &str, fields: &[&str], input: &str) -> Said {
    let args =
        ["update", "--tenant", "acme", "--collection", "people", "--json", "--record", record];
    desk.run_on(&[&args, fields].concat(), input)
}

fn updated(desk: &Desk, record: &str, fields: &[&str], input: &str) -> Value {
    let said = update(desk, record, fields, input);
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
    said.json()
}

fn find(desk: &Desk, what: &str) -> Vec<String> {
    let args = ["find", "--tenant", "acme", "--collection", "people", what];
    let records = desk.done(&args)["records"].clone();
    records.as_array().unwrap().iter().map(|r| r["record"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_value_is_changed_under_its_token_and_found_by_the_new_one() {
    for key in [false, true] {
        let desk = people(if key { "update-key" } else { "update" }, key);
        let sealed = desk.read("people.sealed.csv");
        // Without a key the first column is sealed too.
        let tokens = tokens(&sealed).into_iter().filter(|t| !sealed.contains(&format!("\n{t}")));
        let tokens: Vec<&str> = tokens.collect();
        let record = find(&desk, "email=ada@example.com")[0].clone();
        assert_eq!(record == "1", key);
        let json = updated(&desk, &record, &["EMail=-", "phone=-"], "a@example.org\n5550199\n");
        assert_eq!(json["version"], 2);
        assert_eq!(json["record"], json!(record));
        assert_eq!(json["unusual"], json!([]));
        assert_eq!(json["tokens"]["phone"], json!(tokens[2]));
        assert_eq!(desk.values(&tokens[..3]), ["Ada Archer", "a@example.org", "5550199"]);
        assert_eq!(find(&desk, "email=ada@example.com"), Vec::<String>::new());
        assert_eq!(find(&desk, "email=A@example.org"), [record.as_str()]);
        assert_eq!(find(&desk, "phone=214-555-0142"), Vec::<String>::new());
        // The other one is as he was.
        assert_eq!(desk.values(&tokens[3..]), ["Bruno Boone", "bruno@example.com"]);
        let same = updated(&desk, &record, &["email=-"], "a@example.org\n");
        assert_eq!(same["version"], 2, "nothing differs");
    }
}

#[test]
fn a_value_is_taken_away_and_given_again() {
    let desk = people("update-away", true);
    let sealed = desk.read("people.sealed.csv");
    let token = tokens(&sealed)[2];
    assert_eq!(updated(&desk, "1", &["phone="], "")["tokens"], json!({}));
    let reveal = ["reveal", "--tenant", "acme", "--purpose", "support", token];
    assert_eq!(desk.ends(12, &reveal).error(), "not_found");
    assert_eq!(find(&desk, "phone=214-555-0142"), Vec::<String>::new());
    let json = updated(&desk, "1", &["phone=-"], "not a number");
    assert_eq!((&json["version"], &json["unusual"]), (&json!(3), &json!(["phone"])));
    assert_eq!(desk.values(&[token]), ["not a number"]);
    // Where there was none before.
    let json = updated(&desk, "2", &["phone=-"], "214-555-0177");
    let given = json["tokens"]["phone"].as_str().unwrap().to_owned();
    assert_eq!(desk.values(&[&given]), ["214-555-0177"]);
    assert_eq!(find(&desk, "phone=214-555-0177"), ["2"]);
}

#[test]
fn a_password_is_changed_at_full_strength() {
    let desk = people("update-password", true);
    let verify = |password: &str| {
        let args = ["verify-password", "--tenant", "acme", "--collection", "people", "--json"];
        desk.run_on(&[&args[..], &["--record", "1"]].concat(), password).code
    };
    assert_eq!(verify("river 7"), Some(0));
    let cheap = || desk.done(&["status"])["passwords_cheap"].clone();
    let before = cheap();
    assert_eq!(updated(&desk, "1", &["password=-"], "lake 3\n")["tokens"], json!({}));
    assert_eq!((verify("lake 3"), verify("river 7")), (Some(0), Some(1)));
    let strong = || desk.done(&["strengthen"])["strengthened"].clone();
    assert_eq!(strong(), 1, "Bruno's alone: hers is at full strength");
    let same = updated(&desk, "1", &["password=-"], "lake 3\n");
    assert_eq!(same["version"], 2, "the same password is no other value");
    assert!(cheap() != before && cheap() == 0);
    assert_eq!(verify("lake 3"), Some(0));
}

#[test]
fn the_person_is_named_before_and_after_with_the_version() {
    let desk = people("update-ledger", true);
    updated(&desk, "1", &["phone=-"], "214-555-0177");
    updated(&desk, "1", &["phone=-"], "214-555-0178");
    updated(&desk, "1", &["phone=-"], "214-555-0178");
    let log = desk.log("acme");
    let of = |act| log.iter().filter(move |e| e.act == act && e.phase == Phase::Commit);
    let begun: Vec<_> = of(Act::UpdateBegin).map(|e| e.subjects.clone()).collect();
    assert_eq!(begun.len(), 3);
    assert!(begun.iter().all(|who| who.len() == 1 && *who == begun[0]));
    let versions: Vec<_> = of(Act::PiiUpdate).map(|e| e.versions.clone()).collect();
    assert_eq!(versions, [[2], [3]]);
    let types = ["email", "name", "password", "phone", "text"];
    assert!(of(Act::UpdateBegin).all(|e| e.fields == types), "the whole row is opened");
    assert!(of(Act::PiiUpdate).all(|e| e.subjects == begun[0] && e.fields == ["phone"]));
}

#[test]
fn what_cannot_be_updated_is_refused_and_nothing_changes() {
    let desk = people("update-refused", true);
    let long = format!("1\n{}\n", "9".repeat(140_000));
    for (record, fields, input, code) in [
        ("9", &["phone=-"][..], "1", 12),
        ("1", &["member=-"], "7", 2),
        ("1", &["phone=-", "email=-"], &long, 2),
        ("1", &["no such=-"], "7", 2),
        ("1", &["phone"], "7", 2),
        ("1", &["phone=-", "PHONE=-"], "7\n8\n", 2),
        ("1", &["phone=-"], "", 2),
        ("1", &["phone=-", "email=-"], "one\n", 2),
        ("1", &["phone=-", "email=-"], "one\ntwo\nthree\n", 2),
    ] {
        let said = update(&desk, record, fields, input);
        assert_eq!(said.code, Some(code), "{record} {fields:?}: {} {}", said.out, said.err);
    }
    let sealed = desk.read("people.sealed.csv");
    assert_eq!(
        desk.values(&tokens(&sealed)[..3]),
        ["Ada Archer", "ada@example.com", "214-555-0142"]
    );
    let log = desk.log("acme");
    assert!(log.iter().all(|e| e.act != Act::PiiUpdate || e.phase == Phase::Denied));
    let denied = log.iter().filter(|e| e.act == Act::PiiUpdate).count();
    assert_eq!(denied, 3, "the requests that reached the vault");
}

#[test]
fn a_record_of_another_collection_is_not_found() {
    let desk = people("update-other", false);
    desk.write("more.csv", "name,password\nDora Dunn,lake 2\n");
    desk.done(&["seal", "more.csv", "--tenant", "acme", "--collection", "more"]);
    let record = find(&desk, "email=ada@example.com")[0].clone();
    let args =
        ["update", "--tenant", "acme", "--collection", "more", "--json", "--record", &record];
    let said = desk.run_on(&[&args[..], &["name=-"]].concat(), "Eve");
    assert_eq!(said.code, Some(12), "{}", said.out);
    let args =
        ["verify-password", "--tenant", "acme", "--collection", "more", "--json", "--record"];
    let said = desk.run_on(&[&args[..], &[&record]].concat(), "lake 2");
    assert_eq!(said.code, Some(12), "{}", said.out);
}
