//! A file that comes again, killed at every stage of its work: nobody is changed twice, nobody is
//! sealed twice, and the index holds the values that the records hold.
//!
//! `STRONGROOM_KILLS=200` makes it the bench.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;
#[path = "support/killing.rs"]
mod killing;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::process::Child;

use install::{Answer, Install};
use killing::{Whole, Work, entries, kill_at, kills};
use strongroom_core::ledger::entry::{Act, Phase};
use strongroom_core::store::Table;

fn rows() -> usize {
    (400 * kills()).max(12_000)
}

/// The first file, or the second: every address is another, a sixth of the people are new, and
/// nobody stands where they stood.
fn people(second: bool) -> String {
    let domain = if second { "example.org" } else { "example.com" };
    let row = |n: usize| format!("m{n},Ada Archer,person{n}@{domain}\n");
    let known = rows();
    let all = if second { known + known / 6 } else { known };
    let numbers = (0..all).map(|n| if second { all - 1 - n } else { n });
    format!("member,name,email\n{}", numbers.map(row).collect::<String>())
}

/// An install with the first file sealed, and the second at hand.
struct Job(Install);

impl Job {
    fn new(name: &str) -> Self {
        let install = Install::new(name);
        install.operate(&["tenant", "add", "acme"]);
        install.scratch.write("one.csv", &people(false));
        install.scratch.write("two.csv", &people(true));
        let job = Self(install);
        let args = job.args("one.csv");
        job.0.operate(&args.iter().map(String::as_str).collect::<Vec<_>>());
        job
    }

    fn args(&self, file: &str) -> Vec<String> {
        let file = self.0.scratch.path(file).to_str().unwrap().to_owned();
        let words = ["--tenant", "acme", "--collection", "people", "--key", "member"];
        ["seal", &file].into_iter().chain(words).map(str::to_owned).collect()
    }

    fn start(&self) -> Child {
        let args = self.args("two.csv");
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        self.0.command(Some(&self.0.operator), &args).spawn().unwrap()
    }

    fn work(&self) -> Work<'_> {
        Work { install: &self.0, start: Box::new(|| self.start()) }
    }

    fn finish(&self) -> Answer {
        let answer = install::answer(self.start());
        assert_eq!(answer.code, 0, "{} {}", answer.json, answer.notices);
        answer
    }

    /// The cells of each member in a copy.
    fn copy(&self, file: &str) -> HashMap<String, Vec<String>> {
        let text = fs::read_to_string(self.0.scratch.path(file)).unwrap();
        let row = |line: &str| {
            let cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            (cells[0].clone(), cells)
        };
        text.lines().skip(1).map(row).collect()
    }
}

#[test]
fn a_second_file_killed_at_any_instant_goes_on() {
    let kills = kills();
    let whole = Whole::of(&Job::new("kills-key-none").work());
    let job = Job::new("kills-key");
    let killed = (0..kills).filter(|done| kill_at(&job.work(), &whole, *done, kills)).count();
    assert!(killed * 10 >= kills * 9, "only {killed} of {kills} runs were killed");
    job.finish();
    let (first, second) = (job.copy("one.sealed.csv"), job.copy("two.sealed.csv"));
    let (known, all) = (rows(), rows() + rows() / 6);
    assert_eq!((first.len(), second.len()), (known, all));
    assert!(first.iter().all(|(member, cells)| second[member] == *cells), "tokens stay");
    let tokens: HashSet<&String> = second.values().flat_map(|cells| &cells[1..]).collect();
    assert_eq!(tokens.len(), 2 * all);
    every_record_changed_once(&job, known, all);
    for n in [0, 7, known - 1, known, all - 1] {
        let find = |address: &str| {
            let args = ["find", "--tenant", "acme", "--collection", "people", "email=-"];
            job.0.run_on(&args, address).json["records"].clone()
        };
        assert_eq!(find(&format!("person{n}@example.org"))[0]["record"], format!("m{n}"));
        assert_eq!(find(&format!("person{n}@example.com")), serde_json::json!([]));
    }
    assert_eq!(job.finish().number("/changed"), 0);
}

/// By the ledger and by the store.
fn every_record_changed_once(job: &Job, known: usize, all: usize) {
    let vault = job.0.open();
    let store = vault.store();
    let entries = entries(store.as_ref());
    let failed: HashSet<_> = entries.iter().filter_map(|entry| entry.completes).collect();
    let done = entries.iter().filter(|e| e.phase == Phase::Commit && !failed.contains(&e.id));
    let mut changed = HashSet::new();
    for entry in done.filter(|entry| entry.act == Act::PiiUpdate) {
        assert!(entry.versions.iter().all(|version| *version == 2), "{:?}", entry.versions);
        assert!(entry.subjects.iter().all(|person| changed.insert(*person)), "changed twice");
    }
    assert_eq!(changed.len(), known);
    let count = |table| {
        let mut count = 0;
        let mut see = |_: &[u8], _: &[u8]| {
            count += 1;
            true
        };
        store.scan(table, &[], &mut see).unwrap();
        count
    };
    assert_eq!((count(Table::Record), count(Table::Index)), (all, 2 * all));
}
