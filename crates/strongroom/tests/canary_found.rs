//! The canary of what is sought and of what is turned back: `find` by every way, with hits, misses
//! and what cannot be asked, and `export`. The values stand nowhere afterwards but in the input and
//! in the clear file that `export` was asked for.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/desk.rs"]
mod desk;

use std::fs;
use std::path::Path;

use canary::{Canary, SEAL, bare};
use desk::{Desk, tokens};
use strongroom::quickstart::people::{Column, Person, Shape};
use strongroom::quickstart::search::{Findings, Search};

/// Asks who has a value, every way: what is found, what is not, what cannot be asked.
fn find(desk: &Desk, code: i32, field: &str, value: &str) {
    let sought = format!("{field}=-");
    let args = ["find", "--tenant", "acme", "--collection", "people", &sought];
    for more in [&["--json"][..], &[]] {
        let said = desk.run_on(&[&args[..], more].concat(), value);
        assert_eq!(said.code, Some(code), "{field}: {}{}", said.out, said.err);
        let hits = said.out.matches("srr_").count();
        assert!(code == 0 || hits == 0, "{field}: {}", said.out);
    }
}

#[test]
fn values_sought_and_files_turned_back_leave_nothing() {
    use Column::{Address, BankAccount, Email, Phone, Ssn};
    let mut canary = Canary::new("canary-found");
    canary.people("people.csv", 19, 40);
    let absent = canary.values(4, [Ssn, Email, Phone, BankAccount, Address]);
    canary.desk.write("clear/absent.csv", absent.join("\n"));
    let desk = &canary.desk;
    let files = ["seal", "clear/people.csv", "--out", "out/people.csv"];
    desk.done(&[&files[..], &SEAL[..]].concat());
    let show = ["schema", "show", "--tenant", "acme", "--collection", "people"];
    let columns = desk.done(&show)["columns"].clone();
    let indexed = columns.as_array().unwrap().iter().filter(|c| c["index"] == true);
    let indexed: Vec<&str> = indexed.map(|c| c["name"].as_str().unwrap()).collect();
    assert!(indexed.len() >= 3, "{columns}");
    let header = desk.read("clear/people.csv");
    let header: Vec<&str> = header.lines().next().unwrap().split(',').collect();
    let mut asked = 0;
    for person in (0..3).map(|n| Person::new(Shape::BackOffice, 19, n)) {
        for (name, column) in header.iter().zip(Shape::BackOffice.columns()) {
            let value = person.value(*column);
            if indexed.contains(name) && canary.known.contains(&value) {
                find(desk, 0, name, &value);
                bare(&value).into_iter().for_each(|bare| find(desk, 0, name, &bare));
                asked += 1;
            }
        }
    }
    assert!(asked >= 9, "{asked}");
    let [ssn, mail, phone, account, street] = &absent;
    // Nobody has it, or it is none of the column's type.
    for name in &indexed {
        for value in [ssn, mail, phone, account, street] {
            let args = ["find", "--tenant", "acme", "--collection", "people", "--json"];
            let said = desk.run_on(&[&args[..], &[&format!("{name}=-")]].concat(), value);
            assert!(matches!(said.code, Some(0 | 2)), "{name}: {}{}", said.out, said.err);
        }
    }
    let sealed = columns.as_array().unwrap().iter().find(|c| c["index"] == false);
    find(desk, 2, sealed.unwrap()["name"].as_str().unwrap(), account);
    find(desk, 2, indexed[0], street);
    find(desk, 2, "no-such-column", ssn);
    find(desk, 2, ssn, mail);
    find(desk, 0, "ssn", &format!("{ssn}\r\n"));
    for given in [format!("SSN={ssn}"), format!("{mail}={ssn}")] {
        desk.run(&["find", "--tenant", "acme", "--collection", "people", &given]);
    }
    desk.ends(12, &["find", "--tenant", ssn, "--collection", mail, "SSN=-"]);
    export(&canary);
    canary.desk.done(&["ledger", "export", "--out", "ledger"]);
    canary.check_that_it_can_fail();
    assert_eq!(canary.leaks(), Vec::<String>::new());
}

/// Turns the tokenised file back, into the folder of clear files; then what cannot be turned back.
fn export(canary: &Canary) {
    let desk = &canary.desk;
    let args = ["export", "--tenant", "acme", "--collection", "people", "--purpose", "tax"];
    let ask = |like: &str, out: &str, more: &[&str]| {
        desk.run(&[&args[..], &["--like", like, "--out", out], more].concat())
    };
    for (out, more) in [("clear/again.csv", &["--json"][..]), ("clear/text.csv", &[])] {
        let said = ask("out/people.csv", out, more);
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
        let again = fs::read(desk.path(out)).unwrap();
        let search = Search::new(canary.known.iter().cloned());
        let mut found = Findings::default();
        search.stream(Path::new(out), again.as_slice(), &mut found).unwrap();
        assert!(found.hits.len() > 200, "{}", found.hits.len());
    }
    let sealed = desk.read("out/people.csv");
    desk.write("out/cut.csv", &sealed[..sealed.len() - 40]);
    let foreign = sealed.replacen(tokens(&sealed)[150], "srt_a", 1) + "\u{0},x\n";
    desk.write("out/broken.csv", foreign);
    for (like, out) in [
        ("out/people.csv", "clear/again.csv"),
        ("clear/people.csv", "out/again.csv"),
        ("clear/absent.csv", "out/again.csv"),
        ("out/broken.csv", "out/again.csv"),
        ("out/cut.csv", "clear/cut.csv"),
        ("out/people.csv", "nowhere/again.csv"),
    ] {
        ask(like, out, &["--json"]);
        ask(like, out, &[]);
        assert!(!desk.path("out/again.csv").exists(), "{like}");
    }
}
