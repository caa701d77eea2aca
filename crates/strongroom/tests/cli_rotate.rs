//! `rotate` as a person meets it: keys get their next version, values stay what they are, and
//! tokens stay good.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use desk::{Desk, tokens};
use serde_json::json;
use strongroom_core::ledger::entry::Act;

const PEOPLE: &str = "\
member,name,email,password
1,Ada Archer,ada@example.com,river 7
2,Bruno Boone,bruno@example.com,stone 9
3,Cleo Cho,cleo@example.com,lake 3
";

fn people(name: &str) -> Desk {
    let desk = Desk::new(name);
    desk.write("people.csv", PEOPLE);
    let args = ["seal", "people.csv", "--tenant", "acme", "--collection", "people"];
    desk.done(&[&args[..], &["--key", "member"]].concat());
    desk
}

#[test]
fn values_tokens_passwords_and_the_way_back_outlive_their_keys() {
    let desk = people("rotate");
    let sealed = desk.read("people.sealed.csv");
    let tokens = tokens(&sealed);
    let keys = ["seal", "token", "index", "pepper", "seal", "pepper"];
    let keys = keys.map(|key| (key, if key == "token" { 0 } else { 3 }));
    for (round, (key, records)) in keys.into_iter().enumerate() {
        let json = desk.done(&["rotate", key, "--tenant", "acme"]);
        assert_eq!((&json["done"], &json["keys"][0]["records"]), (&json!(true), &json!(records)));
        assert_eq!(desk.values(&tokens[..2]), ["Ada Archer", "ada@example.com"]);
        let find = ["find", "--tenant", "acme", "--collection", "people", "email=cleo@example.com"];
        assert_eq!(desk.done(&find)["records"][0]["record"], "3");
        let verify = ["verify-password", "--tenant", "acme", "--collection", "people", "--record"];
        assert_eq!(desk.run_on(&[&verify[..], &["2"]].concat(), "stone 9").code, Some(0));
        let back = format!("back-{round}.csv");
        let export = ["export", "--tenant", "acme", "--collection", "people", "--purpose", "tax"];
        let like = ["--like", "people.sealed.csv", "--out", &back];
        desk.done(&[&export[..], &like].concat());
        assert!(desk.read(&back).contains("Bruno Boone,bruno@example.com"));
    }
    // A file that comes again is the same people.
    desk.write("again.csv", PEOPLE.replace("ada@example.com", "ada@example.org"));
    let json = desk.seal("again.csv");
    assert_eq!((&json["added"], &json["updated"]), (&json!(0), &json!(1)));
    assert_eq!(desk.values(&tokens[1..2]), ["ada@example.org"]);
    desk.ends(0, &["doctor", "--deep"]);
}

#[test]
fn an_erasure_is_taken_back_after_the_key_was_rotated() {
    let desk = people("rotate-leaving");
    let sealed = desk.read("people.sealed.csv");
    let tokens = tokens(&sealed);
    let erase = ["erase", "--tenant", "acme", "--collection", "people", "--record", "1"];
    desk.done(&[&erase[..], &["--reason", "request"]].concat());
    let gone = ["erase", "--tenant", "acme", "--collection", "people", "--record", "2", "--now"];
    desk.done(&[&gone[..], &["--reason", "request"]].concat());
    let json = desk.done(&["rotate", "seal", "--tenant", "acme"]);
    assert_eq!((&json["done"], &json["keys"][0]["records"]), (&json!(true), &json!(2)));
    let reveal = ["reveal", "--tenant", "acme", "--purpose", "support", tokens[0]];
    desk.ends(12, &reveal);
    desk.done(&[&erase[..], &["--cancel"]].concat());
    assert_eq!(desk.values(&tokens[..1]), ["Ada Archer"]);
}

#[test]
fn a_backup_of_either_key_leaves_what_is_there_alone() {
    let desk = people("rotate-backup");
    desk.done(&["backup", "--out", "before"]);
    desk.done(&["rotate", "seal", "--tenant", "acme"]);
    desk.done(&["backup", "--out", "after"]);
    desk.done(&["rotate", "index", "--tenant", "acme"]);
    for copy in ["before", "after"] {
        let json = desk.done(&["restore", copy, "--dry-run"]);
        assert_eq!((&json["records"], &json["left_alone"]), (&json!(3), &json!(3)), "{copy}");
    }
}

#[test]
fn without_a_tenant_every_tenants_key_rotates() {
    let desk = people("rotate-all");
    let done = desk.done(&["rotate", "seal"]);
    let of = |n: usize| (&done["keys"][n]["tenant"], &done["keys"][n]["records"]);
    let (a, b) = if done["keys"][0]["tenant"] == "acme" { (0, 1) } else { (1, 0) };
    assert_eq!(of(a), (&json!("acme"), &json!(3)));
    assert_eq!(of(b), (&json!("borealis"), &json!(0)));
    desk.ends(2, &["rotate", "pseudonym"]);
    desk.ends(2, &["rotate"]);
}

#[test]
fn who_asks_about_a_record_hears_of_its_rotation() {
    let desk = people("rotate-who");
    desk.done(&["rotate", "seal", "--tenant", "acme"]);
    let who = desk.done(&["ledger", "who", "--tenant", "acme", "--record", "1"]);
    let acts: Vec<_> = who["entries"].as_array().unwrap().iter().map(|e| &e["act"]).collect();
    assert!(acts.contains(&&json!("rotate.begin")) && acts.contains(&&json!("key.carry")));
    let log = desk.log("acme");
    let at = |act: Act| log.iter().position(|e| e.act == act).unwrap();
    let order = [Act::KeyRotate, Act::RotateBegin, Act::KeyCarry, Act::KeyDestroy].map(at);
    assert!(order.is_sorted(), "{order:?}");
    assert!(log[order[2]].subjects.is_empty() && log[order[2]].range.is_some());
}
