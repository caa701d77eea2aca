//! Rows that cannot be read: listed by place and reason, and sealed once the file is corrected,
//! with nobody sealed twice.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use std::collections::HashSet;
use std::sync::Arc;

use desk::{Desk, Said, tokens};
use serde_json::{Value, json};
use strongroom::ambient::{SystemClock, SystemRandom};
use strongroom::vault::seal::SealRequest;
use strongroom::vault::{Folders, Vault};
use strongroom_core::id::JobId;
use strongroom_core::ledger::entry::Act;
use strongroom_core::principal::Arrival;

const ROWS: usize = 2_500;

/// Rows of people; what `bad` gives for a row stands there in its place.
fn people(bad: impl Fn(usize) -> Option<&'static str>) -> String {
    let row = |n: usize| match bad(n) {
        Some(line) => format!("{line}\n"),
        None => format!("{n},Ada Archer,person{n}@example.com\n"),
    };
    let rows: String = (0..ROWS).map(row).collect();
    format!("member_id,name,email\n{rows}")
}

/// Two rows of the first batch, the last of it, and one of the third.
fn four_bad(n: usize) -> Option<&'static str> {
    match n {
        3 => Some("3,Ada Archer"),
        4 => Some("4,Ada, Archer,person4@example.com"),
        999 => Some("999"),
        2_100 => Some("2100,Zoe \u{0}Z,person2100@example.com"),
        _ => None,
    }
}

fn seal(desk: &Desk, file: &str, more: &[&str]) -> Said {
    let args = ["seal", file, "--tenant", "acme", "--collection", "people", "--json"];
    desk.run(&[&args, more].concat())
}

fn retry(desk: &Desk, file: &str, out: &str, more: &[&str]) -> Said {
    let args = ["quarantine", "retry", file, "--tenant", "acme", "--collection", "people"];
    desk.run(&[&args[..], &["--out", out, "--json"], more].concat())
}

fn list(desk: &Desk) -> Vec<Value> {
    desk.done(&["quarantine", "list", "--tenant", "acme"])["jobs"].as_array().unwrap().clone()
}

/// With four rows left out; the job.
fn sealed(name: &str, more: &[&str]) -> (Desk, String) {
    let desk = Desk::new(name);
    desk.write("people.csv", people(four_bad));
    let said = seal(&desk, "people.csv", more);
    assert_eq!(said.code, Some(4), "{} {}", said.out, said.err);
    let json = said.json();
    assert_eq!((&json["rows"], &json["quarantined"]), (&json!(ROWS - 4), &json!(4)));
    let job = json["job"].as_str().unwrap().to_owned();
    (desk, job)
}

/// The tokens of a copy by member.
fn by_member(text: &str) -> Vec<(&str, Vec<&str>)> {
    let rows = text.lines().skip(1).filter_map(|line| line.split_once(','));
    rows.map(|(id, rest)| (id, tokens(rest))).collect()
}

#[test]
fn what_was_left_out_is_listed_by_place_and_reason() {
    let (desk, job) = sealed("quarantine-list", &[]);
    let jobs = list(&desk);
    let [found] = &jobs[..] else { panic!("{jobs:?}") };
    assert_eq!((&found["job"], &found["collection"]), (&json!(job), &json!("people")));
    assert_eq!(found["quarantined"], 4);
    let places = found["quarantine"].as_array().unwrap();
    let text = people(four_bad);
    let expected =
        [(5, "cell_count"), (6, "cell_count"), (1001, "cell_count"), (2102, "control_character")];
    for (place, (line, reason)) in places.iter().zip(expected) {
        assert_eq!((place["line"].as_u64(), place["reason"].as_str()), (Some(line), Some(reason)));
        let (start, end) = (place["start"].as_u64().unwrap(), place["end"].as_u64().unwrap());
        let there = &text[start as usize..end as usize];
        assert_eq!(there.trim_end(), text.lines().nth(line as usize - 1).unwrap());
    }
    assert_eq!(places.len(), 4);
    let said = desk.run(&["quarantine", "list", "--tenant", "acme"]);
    assert!(said.out.contains("cells, the header") && !said.out.contains("Archer"), "{}", said.out);
    let other = ["quarantine", "list", "--tenant", "borealis"];
    assert_eq!(desk.done(&other)["jobs"], json!([]));
}

#[test]
fn the_corrected_file_gives_the_rest_and_nobody_twice() {
    for (name, more) in [("quarantine-retry", &[][..]), ("quarantine-key", &["--key", "member_id"])]
    {
        let (desk, job) = sealed(name, more);
        // Three of four are corrected.
        desk.write("people.csv", people(|n| four_bad(n).filter(|_| n == 999)));
        let said = retry(&desk, "people.csv", "second.csv", &[]);
        assert_eq!(said.code, Some(4), "{name}: {} {}", said.out, said.err);
        let json = said.json();
        assert_eq!((&json["rows"], &json["added"]), (&json!(ROWS - 1), &json!(3)), "{name}");
        assert_eq!((&json["updated"], &json["quarantined"]), (&json!(0), &json!(1)), "{name}");
        let jobs = list(&desk);
        let [found] = &jobs[..] else { panic!("{jobs:?}") };
        assert_eq!((&found["job"], &found["quarantined"]), (&json["job"], &json!(1)), "{name}");
        assert_ne!(found["job"], json!(job));
        assert_eq!(found["quarantine"][0]["line"], 1001);
        // Tried again as it is, it changes nothing.
        let again = retry(&desk, "people.csv", "second.csv", &[]);
        assert_eq!((again.code, &again.json()["changed"]), (Some(4), &json!(0)), "{name}");
        // And the last.
        desk.write("people.csv", people(|_| None));
        let said = retry(&desk, "people.csv", "third.csv", &[]);
        assert_eq!(said.code, Some(0), "{name}: {} {}", said.out, said.err);
        assert_eq!(said.json()["added"], 1, "{name}");
        assert_eq!(list(&desk), Vec::<Value>::new());
        let [first, second, third] =
            ["people.sealed.csv", "second.csv", "third.csv"].map(|file| desk.read(file));
        let [first, second, third] = [&first, &second, &third].map(|text| by_member(text));
        assert_eq!((first.len(), second.len(), third.len()), (ROWS - 4, ROWS - 1, ROWS));
        assert!(first.iter().all(|row| second.contains(row)), "{name}: tokens stay");
        assert!(second.iter().all(|row| third.contains(row)), "{name}: tokens stay");
        let all: HashSet<&str> = third.iter().flat_map(|(_, tokens)| tokens.clone()).collect();
        assert_eq!(all.len(), 2 * ROWS, "{name}");
        let values = desk.values(&third[2_100].1);
        assert_eq!(values, ["Ada Archer", "person2100@example.com"], "{name}");
        let said = retry(&desk, "people.csv", "third.csv", &["--job", &job]);
        assert!(said.code == Some(2) && said.out.contains("any more"), "{name}: {}", said.out);
    }
}

#[test]
fn the_first_file_run_again_is_the_first_job_still() {
    let (desk, _) = sealed("quarantine-first", &[]);
    let first = desk.read("people.sealed.csv");
    desk.write("people.csv", people(|_| None));
    assert_eq!(retry(&desk, "people.csv", "second.csv", &[]).json()["added"], 4);
    desk.write("people.csv", people(four_bad));
    let said = seal(&desk, "people.csv", &[]);
    assert_eq!((said.code, &said.json()["changed"]), (Some(4), &json!(0)), "{}", said.out);
    assert_eq!(desk.read("people.sealed.csv"), first);
}

/// What a try sealed that was cut off is known to the next, whatever file it comes with.
#[test]
fn a_try_that_was_cut_off_seals_nobody_twice() {
    let (desk, _) = sealed("quarantine-cut", &[]);
    desk.write("people.csv", people(|n| four_bad(n).filter(|_| n > 4)));
    // Its output cannot be put in place: everything is sealed, and the job does not end.
    std::fs::create_dir(desk.path("taken")).unwrap();
    let vault_full = retry(&desk, "people.csv", "taken/no/such/place.csv", &[]);
    assert_ne!(vault_full.code, Some(4), "{}", vault_full.out);
    assert_eq!(retry(&desk, "people.csv", "second.csv", &[]).json()["rows"], ROWS - 2);
    // Another row is corrected; those of the try before are changed meanwhile, and refused.
    let whole = people(|_| None);
    desk.write("people.csv", whole.replace("person4@", "person44@"));
    assert_eq!(retry(&desk, "people.csv", "third.csv", &[]).code, Some(2));
    desk.write("people.csv", whole);
    assert_eq!(retry(&desk, "people.csv", "third.csv", &[]).json()["added"], 2);
    let found = ["find", "--tenant", "acme", "--collection", "people", "email=person4@example.com"];
    assert_eq!(desk.done(&found)["records"].as_array().unwrap().len(), 1);
}

#[test]
fn a_file_with_fewer_rows_leaves_a_keyed_job_listed() {
    let (desk, job) = sealed("quarantine-fewer", &["--key", "member_id"]);
    desk.write("few.csv", "member_id,name,email\n3,Ada Archer,person3@example.com\n");
    let said = retry(&desk, "few.csv", "few.sealed.csv", &[]);
    assert_eq!((said.code, &said.json()["added"]), (Some(0), &json!(1)), "{}", said.out);
    assert_eq!(list(&desk)[0]["job"], json!(job));
    // Sealed without being called a retry, then tried: listed no more.
    desk.write("people.csv", people(|_| None));
    assert_eq!(seal(&desk, "people.csv", &["--out", "all.csv"]).json()["added"], 3);
    assert_eq!(list(&desk).len(), 1);
    assert_eq!(retry(&desk, "people.csv", "all.csv", &[]).json()["changed"], 0);
    assert_eq!(list(&desk), Vec::<Value>::new());
}

#[test]
fn what_is_given_up_is_listed_no_more() {
    let (desk, job) = sealed("quarantine-dismiss", &[]);
    let dismiss = ["quarantine", "dismiss", "--tenant", "acme", "--job", &job];
    assert_eq!(desk.done(&dismiss)["dismissed"], 4);
    assert_eq!(list(&desk), Vec::<Value>::new());
    assert_eq!(desk.done(&dismiss)["dismissed"], 0);
    let log = desk.log("acme");
    let dismissed: Vec<_> = log.iter().filter(|e| e.act == Act::JobDismiss).collect();
    let [entry] = dismissed[..] else { panic!("{dismissed:?}") };
    assert_eq!(entry.object.as_deref(), Some(job.as_str()));
}

#[test]
fn a_file_that_is_not_corrected_stays_in_quarantine() {
    let (desk, job) = sealed("quarantine-same", &[]);
    let said = retry(&desk, "people.csv", "again.csv", &[]);
    assert_eq!(said.code, Some(4), "{} {}", said.out, said.err);
    assert_eq!((&said.json()["changed"], &said.json()["quarantined"]), (&json!(0), &json!(4)));
    let jobs = list(&desk);
    assert_eq!((jobs.len(), &jobs[0]["quarantined"]), (1, &json!(4)));
    assert_ne!(jobs[0]["job"], json!(job), "the try has them now");
}

#[test]
fn rows_that_were_sealed_and_changed_are_refused_with_the_place() {
    let (desk, job) = sealed("quarantine-moved", &[]);
    let whole = people(|_| None);
    let collected = || desk.log("acme").iter().filter(|e| e.act == Act::PiiCollect).count();
    let before = collected();
    let cases = [
        ("changed", whole.replace("person2001@", "person@")),
        ("gone", whole.replace("2001,Ada Archer,person2001@example.com\n", "")),
        ("added", whole.replace("2001,", "x,Bo Boone,bo@example.com\n2001,")),
        ("broken", people(|n| (n == 2_001).then_some("2001"))),
        ("cut", whole.lines().take(2_001).map(|line| format!("{line}\n")).collect()),
    ];
    for (name, text) in cases {
        desk.write("people.csv", text);
        let said = retry(&desk, "people.csv", &format!("{name}.csv"), &[]);
        assert_eq!(said.code, Some(2), "{name}: {} {}", said.out, said.err);
        let line = if name == "cut" { "the file ends before" } else { "line 2002" };
        assert!(said.out.contains(line), "{name}: {}", said.out);
        assert!(!desk.path(&format!("{name}.csv")).exists(), "{name}");
        let named = list(&desk).iter().any(|found| found["job"] == json!(job));
        assert!(named, "{name}: what was left out is still listed");
    }
    assert_eq!(collected(), before, "nothing of a refused file is sealed");
}

#[test]
fn what_cannot_be_tried_again_says_so() {
    let (desk, job) = sealed("quarantine-refused", &[]);
    assert_eq!(retry(&desk, "people.csv", "a.csv", &["--job", "zz"]).error(), "usage");
    let nobody = "00".repeat(16);
    assert_eq!(retry(&desk, "people.csv", "a.csv", &["--job", &nobody]).code, Some(12));
    desk.write("more.csv", "member_id,name\n1,Ada Archer\n2\n");
    let args = ["seal", "more.csv", "--tenant", "acme", "--collection", "more"];
    desk.ends(4, &args);
    let args = ["quarantine", "retry", "more.csv", "--tenant", "acme", "--collection", "more"];
    desk.ends(2, &[&args[..], &["--job", &job, "--out", "a.csv"]].concat());
    desk.write("people2.csv", people(|n| (n == 7).then_some("7")));
    assert_eq!(seal(&desk, "people2.csv", &[]).code, Some(4));
    let said = retry(&desk, "people.csv", "a.csv", &[]);
    assert!(said.code == Some(2) && said.out.contains("--job"), "{}", said.out);
}

#[test]
fn a_retry_has_the_columns_and_the_schema_of_its_job() {
    let (desk, _) = sealed("quarantine-shape", &[]);
    let whole = people(|_| None);
    desk.write("people.csv", whole.replacen("member_id,name,email", "member_id,email,name", 1));
    let said = retry(&desk, "people.csv", "swapped.csv", &[]);
    assert_eq!(said.code, Some(2), "{} {}", said.out, said.err);
    assert!(!desk.path("swapped.csv").exists());
    desk.write("people.csv", whole);
    assert_eq!(retry(&desk, "people.csv", "whole.csv", &[]).json()["added"], 4);
}

/// Who knows all of a file but one value could try that value.
#[test]
fn a_file_that_is_not_the_one_is_a_wrong_guess() {
    let (desk, job) = sealed("quarantine-guess", &[]);
    let good = people(|_| None);
    let input = desk.write("good.csv", &good);
    let wrong = desk.write("wrong.csv", good.replacen("person7@", "person8@", 1));
    let folders = Folders { data: desk.path("data"), keys: desk.path("data.keys") };
    let vault = Vault::open(folders, Arc::new(SystemClock), Arc::new(SystemRandom));
    let vault = vault.map_err(|p| p.detail).unwrap();
    let text = std::fs::read_to_string(desk.path("data.keys/operator.credential")).unwrap();
    let who = vault.authenticate(&text, Arrival::local(0, true)).map_err(|p| p.detail).unwrap();
    let attempt = |input: &std::path::Path, now_s: u64| {
        let request = SealRequest {
            input: input.to_owned(),
            tenant: "acme".to_owned(),
            collection: "people".to_owned(),
            out: Some(desk.path("out.csv")),
            retry: JobId::parse(&job).ok(),
            now_us: now_s * 1_000_000,
            ..SealRequest::default()
        };
        let sealed = vault.seal(&who, &request, &|_| {});
        sealed.map(|report| report.added).map_err(|p| (p.kind.exit(), p.remedy))
    };
    for _ in 0..99 {
        assert_eq!(attempt(&wrong, 5000).map_err(|(exit, _)| exit), Err(2));
    }
    let half = desk.write("half.csv", people(|n| four_bad(n).filter(|_| n > 4)));
    assert_eq!(attempt(&half, 5000), Ok(2), "the last try, and right");
    std::fs::remove_file(desk.path("out.csv")).unwrap();
    assert_eq!(attempt(&wrong, 5000).map_err(|(exit, _)| exit), Err(2), "and taken back");
    assert_eq!(attempt(&input, 5010), Err((25, "try again in 59m 50s".to_owned())));
    assert_eq!(attempt(&input, 8600), Ok(2), "the window is over");
}
