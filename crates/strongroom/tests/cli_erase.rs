//! Erasing at the command line: from the entry on a record is not there, by any path; its slot
//! goes when it is due; and nobody empties a tenant on their own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/install.rs"]
mod install;

use std::sync::Arc;

use desk::{Desk, Said, tokens};
use install::Install;
use strongroom::ambient::{SystemClock, SystemRandom};
use strongroom::store::model::ModelClock;
use strongroom::vault::{Folders, Vault};
use strongroom_core::ledger::entry::{Act, Phase};
use strongroom_core::source::Clock as _;

const PEOPLE: &str = "\
member,name,ssn,e-mail,password
1,Ada Archer,536-22-1847,ada@example.com,River-71!
2,Bruno Boone,401-55-9024,bruno@example.com,Stone-42?
3,Cleo Cho,219-09-9998,cleo@example.com,Cloud-13.
";

struct Person {
    record: String,
    token: String,
}

fn people(desk: &Desk) -> Vec<Person> {
    desk.write("people.csv", PEOPLE);
    desk.seal("people.csv");
    let sealed = desk.read("people.sealed.csv");
    let of = |line: &str| {
        let token = tokens(line)[0].to_owned();
        let args = ["reveal", "--tenant", "acme", "--purpose", "support", &token];
        let record = desk.done(&args)["values"][0]["record"].as_str().unwrap().to_owned();
        Person { record, token }
    };
    sealed.lines().skip(1).map(of).collect()
}

fn erase(desk: &Desk, code: i32, record: &str, more: &[&str]) -> Said {
    let args = ["erase", "--tenant", "acme", "--collection", "people", "--record", record];
    desk.ends(code, &[&args, more].concat())
}

fn ssn(n: usize) -> &'static str {
    PEOPLE.lines().nth(n + 1).unwrap().split(',').nth(2).unwrap()
}

/// Every path that could give something of a record out, and what it answers.
fn is_gone(desk: &Desk, n: usize, person: &Person) {
    let of = ["--tenant", "acme"];
    let reveal = ["reveal", "--purpose", "support", &person.token];
    assert_eq!(desk.ends(12, &[&reveal[..], &of].concat()).error(), "not_found");
    let find = ["find", "--json", "--collection", "people", "ssn=-"];
    let found = desk.run_on(&[&find[..], &of].concat(), ssn(n)).json();
    assert_eq!(found["records"].as_array().unwrap().len(), 0, "{found}");
    let verify = ["verify-password", "--json", "--collection", "people"];
    let verify = [&verify[..], &["--record", &person.record], &of].concat();
    assert_eq!(desk.run_on(&verify, "River-71!").code, Some(12));
    erase(desk, 12, &person.record, &["--reason", "request"]);
    let out = format!("export-{}.csv", desk.log("acme").len());
    let export = ["export", "--collection", "people", "--purpose", "tax"];
    let file = ["--like", "people.sealed.csv", "--out", &out];
    let exported = desk.done(&[&export[..], &file, &of].concat());
    assert!(exported["gone"].as_u64().unwrap() > 0, "{exported}");
    assert!(!desk.read(&out).contains(ssn(n)), "the export holds an erased value");
}

fn is_there(desk: &Desk, n: usize, person: &Person) {
    let reveal = ["reveal", "--purpose", "support", "--tenant", "acme", &person.token];
    desk.done(&reveal);
    let find = ["find", "--json", "--collection", "people", "ssn=-", "--tenant", "acme"];
    let found = desk.run_on(&find, ssn(n)).json();
    assert_eq!(found["records"][0]["record"], *person.record, "{found}");
}

#[test]
fn an_erased_record_is_not_there_by_any_path_while_its_slot_waits_and_after() {
    let desk = Desk::new("erase");
    let people = people(&desk);
    let said = erase(&desk, 0, &people[0].record, &["--reason", "request"]).json();
    assert_eq!(said["record"], *people[0].record);
    assert!(said["slot"].as_str().unwrap().starts_with("pending until 2"), "{said}");
    is_gone(&desk, 0, &people[0]);
    assert_eq!(desk.done(&["erase", "--due"])["pending"], 1);
    let who = ["ledger", "who", "--tenant", "acme", "--record", &people[0].record];
    let history = desk.done(&who)["entries"].to_string();
    assert!(history.contains("pii.collect") && history.contains("pii.erase"), "{history}");

    let said = erase(&desk, 0, &people[1].record, &["--reason", "duplicate", "--now"]).json();
    assert_eq!(said["slot"], "gone");
    is_gone(&desk, 1, &people[1]);
    let who = ["ledger", "who", "--tenant", "acme", "--record", &people[1].record];
    desk.ends(12, &who);
    assert_eq!(desk.done(&["erase", "--due"])["pending"], 1);
    is_there(&desk, 2, &people[2]);

    let log = desk.log("acme");
    let stated: Vec<_> = log.iter().filter(|e| e.act == Act::PiiErase).collect();
    let stated: Vec<_> = stated.iter().filter(|e| e.phase == Phase::Commit).collect();
    assert_eq!(stated.len(), 2);
    assert_eq!(stated[0].purpose.as_deref(), Some("request"));
    let shred = log.iter().find(|e| e.act == Act::PiiShred).unwrap();
    assert_eq!(shred.range, stated[1].range);
    // A number and a pseudonym side by side would tell for good whose entries those were.
    let both = |e: &&strongroom_core::ledger::Entry| e.range.is_some() && !e.subjects.is_empty();
    assert_eq!(log.iter().filter(both).count(), 0);
}

#[test]
fn an_erasure_is_taken_back_within_its_time_alone() {
    let desk = Desk::new("erase-cancel");
    let people = people(&desk);
    erase(&desk, 12, &people[0].record, &["--cancel"]);
    erase(&desk, 0, &people[0].record, &["--reason", "consent"]);
    is_gone(&desk, 0, &people[0]);
    let said = erase(&desk, 0, &people[0].record, &["--cancel"]).json();
    assert_eq!(said["slot"], "live");
    is_there(&desk, 0, &people[0]);
    erase(&desk, 12, &people[0].record, &["--cancel"]);
    erase(&desk, 0, &people[0].record, &["--reason", "consent", "--now"]);
    erase(&desk, 12, &people[0].record, &["--cancel"]);
    let acts: Vec<_> = desk.log("acme").into_iter().filter(|e| e.phase == Phase::Commit).collect();
    let acts = acts.iter().filter(|e| e.act.as_str().contains("erase")).map(|e| e.act.as_str());
    assert_eq!(acts.collect::<Vec<_>>(), ["pii.erase", "erase.cancel", "pii.erase"]);
}

#[test]
fn several_are_erased_together_or_none() {
    let desk = Desk::new("erase-several");
    let people = people(&desk);
    let several = |ids: &str| {
        let args = ["erase", "--json", "--tenant", "acme", "--collection", "people"];
        desk.run_on(&[&args[..], &["--record", "-", "--reason", "test"]].concat(), ids)
    };
    let (one, two) = (&people[0].record, &people[1].record);
    assert_eq!(several(&format!("{one}\nsrr_nobody\n")).code, Some(12));
    is_there(&desk, 0, &people[0]);
    assert_eq!(several("\n").code, Some(2));
    let said = several(&format!("{one}\n{two}\n{one}\n")).json();
    assert_eq!(said["erased"].as_array().unwrap().len(), 2, "{said}");
    is_gone(&desk, 0, &people[0]);
    is_gone(&desk, 1, &people[1]);
    is_there(&desk, 2, &people[2]);
    let bad = erase(&desk, 2, &people[2].record, &["--reason", "because"]);
    assert!(bad.out.contains("contract-end"), "{}", bad.out);
    erase(&desk, 2, &people[2].record, &[]);
}

/// An install in earnest with 103 people of acme's, and their records.
fn earnest(name: &str) -> (Install, Vec<String>) {
    let install = Install::new(name);
    install.operate(&["tenant", "add", "acme"]);
    install.operate(&["tenant", "add", "borealis"]);
    let lines = (0..103).map(|n| format!("{n},person{n}@example.com\n"));
    let text = format!("member,e-mail\n{}", lines.collect::<String>());
    let path = install.scratch.write("people.csv", &text);
    let path = path.to_str().unwrap();
    install.operate(&["seal", path, "--tenant", "acme", "--collection", "people"]);
    let sealed = std::fs::read_to_string(install.scratch.path("people.sealed.csv")).unwrap();
    let args = ["reveal", "--tenant", "acme", "--purpose", "support", "-"];
    let revealed = install.run_on(&args, &tokens(&sealed).join("\n"));
    let record = |n| revealed.text(&format!("/values/{n}/record")).to_owned();
    let records = (0..103).map(record).collect();
    (install, records)
}

#[test]
fn many_and_many_at_once_need_a_second_person() {
    let (install, records) = earnest("erase-bounds");
    let (second, second_id) = install.principal("second", "operator", "acme");
    let (service, _) = install.principal("service", "service", "acme");
    let (stranger, _) = install.principal("stranger", "operator", "borealis");
    let second = second.to_str().unwrap();
    let args = ["erase", "--tenant", "acme", "--collection", "people", "--reason", "retention"];
    let ask = |ids: &[String], more: &[&str]| {
        let args = [&args[..], &["--record", "-"], more].concat();
        install.run_on(&args, &ids.join("\n"))
    };
    let refused = |ids: &[String], more: &[&str]| {
        let answer = ask(ids, more);
        assert_eq!(answer.code, 11, "{}", answer.json);
        assert!(answer.text("/error/remedy").contains("--second"), "{}", answer.json);
    };
    refused(&records[..2], &["--now"]);
    refused(&records[..101], &[]);
    let own = install.operator.to_str().unwrap();
    for nobody in [own, service.to_str().unwrap(), stranger.to_str().unwrap()] {
        refused(&records[..2], &["--now", "--second", nobody]);
    }
    let garbage = install.scratch.write("garbage", "srk_nothing");
    let more = ["--now", "--second", garbage.to_str().unwrap()];
    assert_eq!(ask(&records[..2], &more).code, 10);

    assert_eq!(ask(&records[..1], &["--now"]).code, 0, "one needs nobody");
    assert_eq!(ask(&records[1..3], &["--now", "--second", second]).code, 0);
    assert_eq!(ask(&records[3..100], &[]).code, 0, "a hundred within the day");
    refused(&records[100..101], &[]);
    assert_eq!(ask(&records[100..101], &["--second", second]).code, 0);
    refused(&records[101..102], &[]);
    // Somebody else has a count of their own.
    let alone = [&args[..], &["--record", &records[101]]].concat();
    let by = install.run(Some(std::path::Path::new(second)), &alone);
    assert_eq!(by.code, 0, "{}", by.json);

    let vault = install.open();
    let mut entries = Vec::new();
    for (log, ..) in vault.store().heads() {
        let mut keep = |_, leaf: &[u8]| {
            entries.push(strongroom_core::ledger::Entry::from_bytes(leaf).unwrap());
            true
        };
        vault.store().entries(log, &mut keep).unwrap();
    }
    let approved: Vec<_> = entries.iter().filter(|e| e.act == Act::SecondApprove).collect();
    let counts: Vec<&str> =
        approved.iter().map(|e| e.object.as_deref().unwrap().rsplit(':').next().unwrap()).collect();
    assert_eq!(counts, ["2", "1"], "how many erasures the second person agreed to");
    for entry in approved {
        let by = entry.actor.principal.map(|id| data_encoding::HEXLOWER.encode(&id));
        assert_eq!(by.as_deref(), Some(second_id.as_str()));
    }
    let denied = entries.iter().filter(|e| e.reason.as_deref() == Some("forbidden.second"));
    assert_eq!(denied.count(), 7, "every refusal is an entry");
}

#[test]
fn a_development_install_needs_nobody_else() {
    let desk = Desk::new("erase-development");
    let people = people(&desk);
    let ids = people.iter().map(|p| p.record.as_str()).collect::<Vec<_>>().join("\n");
    let args = ["erase", "--json", "--tenant", "acme", "--collection", "people"];
    let args = [&args[..], &["--record", "-", "--reason", "test", "--now"]].concat();
    assert_eq!(desk.run_on(&args, &ids).code, Some(0));
}

#[test]
fn a_statement_says_what_is_gone_and_what_may_still_stand() {
    let desk = Desk::new("erase-statement");
    let people = people(&desk);
    let ask = |code, record: &str| {
        desk.ends(code, &["ledger", "erasure", "--tenant", "acme", "--record", record])
    };
    ask(12, &people[0].record);
    let erased = erase(&desk, 0, &people[0].record, &["--reason", "objection"]).json();
    let pending = ask(0, &people[0].record).json();
    assert_eq!((&pending["state"], &pending["reason"]), (&"pending".into(), &"objection".into()));
    assert_eq!(pending["ledger"], erased["ledger"]);
    assert!(pending["overwritten"].is_null() && pending["turned"].is_null(), "{pending}");
    let slot = format!("pending until {}", pending["due"].as_str().unwrap());
    assert_eq!(erased["slot"], slot);
    assert!(pending["copies"].to_string().contains("--cancel"), "{pending}");

    erase(&desk, 0, &people[1].record, &["--reason", "request", "--now"]);
    let gone = ask(0, &people[1].record).json();
    assert_eq!((&gone["state"], &gone["destroy"]), (&"gone".into(), &"best effort".into()));
    assert!(gone["due"].is_null() && gone["turned"].is_null(), "{gone}");
    let due = desk.done(&["epoch", "status"])["due"].clone();
    assert_eq!(gone["copies"][0]["until"], due, "older slots, until the next turn: {gone}");
    desk.done(&["epoch", "turn"]);
    let after = ask(0, &people[1].record).json();
    assert!(after["turned"].as_str() > gone["overwritten"].as_str(), "{after}");
    assert!(after["gone"].as_array().unwrap().len() > gone["gone"].as_array().unwrap().len());
    let text = desk.run(&["ledger", "erasure", "--tenant", "acme", "--record", &people[1].record]);
    assert!(text.out.contains("is gone: erased") && text.out.contains("may still stand"));
    let asked = desk.log("acme").into_iter().filter(|e| e.act == Act::LedgerErasure).count();
    assert_eq!(asked, 5, "each question is an entry");
}

/// Whatever opens the install once the grace time is over overwrites the slot.
#[test]
fn the_next_opening_carries_out_what_is_due() {
    let desk = Desk::new("erase-due");
    let people = people(&desk);
    erase(&desk, 0, &people[0].record, &["--reason", "retention"]);
    let slots = || std::fs::read(desk.path("data/slots/epoch-00000001.slots")).unwrap();
    let before = slots();
    let open_after = |hours: u64| {
        let folders = Folders { data: desk.path("data"), keys: desk.path("data.keys") };
        let now_us = SystemClock.now_us() + hours * 3_600_000_000;
        let clock = Arc::new(ModelClock::at(now_us));
        let opened = Vault::open(folders, clock, Arc::new(SystemRandom));
        opened.unwrap_or_else(|p| panic!("{p}")).leaving().0
    };
    assert_eq!(open_after(71), 1);
    assert!(slots() == before, "not before its time");
    assert_eq!(open_after(73), 0);
    let after = slots();
    let changed: Vec<usize> = (0..after.len()).filter(|at| after[*at] != before[*at]).collect();
    assert!(changed.iter().all(|at| at / 64 == changed[0] / 64), "one slot: {changed:?}");
    is_gone(&desk, 0, &people[0]);
    is_there(&desk, 1, &people[1]);
    erase(&desk, 12, &people[0].record, &["--cancel"]);
    assert_eq!(desk.done(&["erase", "--due"])["pending"], 0);
}
