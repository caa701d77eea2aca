//! `seal`, killed at every stage of its work and started again: nothing acknowledged is lost, and
//! no row is sealed twice.
//!
//! A kill comes when the work has got so far, by the size of the store or of the output, so that
//! the kills are spread over the job on a fast machine and on a slow one. `STRONGROOM_KILLS=200`
//! makes it the bench: `STRONGROOM_KILLS=200 cargo test --release -p strongroom --test kills`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;
#[path = "support/killing.rs"]
mod killing;

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process::Child;

use install::{Answer, Install};
use killing::{Whole, Work, entries, kill_at, kills};
use strongroom_core::ledger::Entry;
use strongroom_core::ledger::entry::{Act, Phase, RecordRange};
use strongroom_core::store::Table;

const SAMPLE: usize = 300;
const HEADER: &str = "Member No,Rank,First Name,Last Name,SSN,E-mail,Phone,Bank Account";

/// Rows of the job: enough that each kill finds work to do, a batch being a thousand rows.
fn rows() -> usize {
    (500 * kills()).max(20_000)
}

/// An export of invented people. Nothing in it needs a quote, so that a test can read it.
fn people() -> String {
    let first = ["Ada", "Bruno", "Carla", "Dmitri", "Edith", "Fatima", "Gustav", "Hana"];
    let last = ["Archer", "Boone", "Cole", "Durand", "Ek", "Fox", "Green"];
    let mut text = format!("{HEADER}\n");
    for n in 0..rows() {
        let (first, last) = (first[n % 8], last[n / 8 % 7]);
        let ssn = format!("{:03}-{:02}-{:04}", n % 660 + 1, n % 98 + 1, n % 9_998 + 1);
        let (phone, account) = (2_125_550_100 + n, 4_400_000_000 + 37 * n);
        let mail = format!("{}.{n}@example.com", first.to_lowercase());
        let line = format!("{n},gold,{first},{last},{ssn},{mail},{phone},{account}\n");
        text.push_str(&line);
    }
    text
}

/// One install, one input, one job.
struct Job {
    install: Install,
    input: PathBuf,
    out: PathBuf,
}

impl Job {
    fn new(name: &str, people: &str) -> Self {
        let install = Install::new(name);
        install.operate(&["tenant", "add", "acme"]);
        let input = install.scratch.write("people.csv", people);
        let out = install.scratch.path("people.sealed.csv");
        Self { install, input, out }
    }

    fn start(&self) -> Child {
        let input = self.input.to_str().unwrap();
        let args = ["seal", input, "--tenant", "acme", "--collection", "people"];
        self.install.command(Some(&self.install.operator), &args).spawn().unwrap()
    }

    fn work(&self) -> Work<'_> {
        Work { install: &self.install, start: Box::new(|| self.start()) }
    }

    fn finish(&self) -> Answer {
        let answer = install::answer(self.start());
        assert_eq!(answer.code, 0, "{} {}", answer.json, answer.notices);
        assert_eq!(answer.number("/rows"), rows() as u64);
        answer
    }
}

#[test]
fn a_seal_killed_at_any_instant_goes_on() {
    let people = people();
    let unkilled = Job::new("kills-none", &people);
    let whole = Whole::of(&unkilled.work());
    // Where others take the processors for a moment, one run may seal all rows before its kill
    // comes: then the kills hit little, and are done over.
    let spread = (1..=4).any(|attempt| killed_over_and_over(attempt, &people, &unkilled, &whole));
    assert!(spread, "too few runs were killed, or those that were sealed nothing");
}

/// Whether nearly all runs were killed, and the rows were sealed by several.
fn killed_over_and_over(attempt: u32, people: &str, unkilled: &Job, whole: &Whole) -> bool {
    let kills = kills();
    let job = Job::new(&format!("kills-{attempt}"), people);
    let killed = (0..kills).filter(|done| kill_at(&job.work(), whole, *done, kills)).count();
    let ended = job.out.exists();
    let last = job.finish();
    assert!(!ended || last.number("/changed") == 0, "the job had ended: {}", last.json);

    let sealed = fs::read_to_string(&job.out).unwrap();
    complete_and_in_order(&sealed, &fs::read_to_string(&unkilled.out).unwrap());
    nothing_left_over(&job);
    let (by_the_one_that_ended, runs) = each_row_sealed_once(&job);
    assert!(ended || last.number("/changed") == by_the_one_that_ended, "{}", last.json);
    values_come_back(&job, people, &sealed);
    job.install.operate(&["status"]);

    let again = job.finish();
    assert_eq!(again.number("/changed"), 0);
    assert_eq!(fs::read_to_string(&job.out).unwrap(), sealed, "the output stays what it is");
    runs > 2 && killed * 10 >= kills * 9
}

/// The same as an unkilled run gives, token for token; and no token twice.
fn complete_and_in_order(sealed: &str, unkilled: &str) {
    assert_eq!(sealed.lines().count(), rows() + 1);
    assert_eq!(unkilled.lines().count(), rows() + 1);
    let mut tokens = HashSet::new();
    for (line, expected) in sealed.lines().zip(unkilled.lines()) {
        let (cells, expected) = (line.split(','), expected.split(','));
        assert_eq!(cells.clone().count(), expected.clone().count(), "{line}");
        for (cell, expected) in cells.zip(expected) {
            if expected.starts_with("srt_") {
                assert!(cell.starts_with("srt_") && cell.len() == expected.len(), "{line}");
                assert!(tokens.insert(cell), "a token stands twice: {cell}");
            } else {
                assert_eq!(cell, expected, "{line}");
            }
        }
    }
    assert!(tokens.len() >= 5 * rows(), "{} tokens", tokens.len());
}

fn nothing_left_over(job: &Job) {
    let files = fs::read_dir(job.install.scratch.path("")).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["data", "data.keys", "operator", "people.csv", "people.sealed.csv"]);
}

/// By the ledger: the ranges of record numbers that were collected, less those whose batch did not
/// reach the store, are as many as the rows, and none overlaps another. Gives how many the run
/// sealed that ended the job, and how many runs sealed some.
fn each_row_sealed_once(job: &Job) -> (u64, usize) {
    let vault = job.install.open();
    let store = vault.store();
    let entries = entries(store.as_ref());
    let failed: HashSet<_> = entries.iter().filter_map(|entry| entry.completes).collect();
    let collected = entries
        .iter()
        .filter(|e| (e.act, e.phase) == (Act::PiiCollect, Phase::Commit) && e.range.is_some());
    let done: Vec<&Entry> = collected.filter(|entry| !failed.contains(&entry.id)).collect();
    let mut ranges: Vec<RecordRange> = done.iter().map(|entry| entry.range.unwrap()).collect();
    ranges.sort_by_key(|range| range.first);
    assert_eq!(ranges.iter().map(|range| range.count).sum::<u64>(), rows() as u64);
    assert!(ranges.windows(2).all(|pair| pair[0].first + pair[0].count <= pair[1].first));
    let boots: HashSet<u64> = done.iter().map(|entry| entry.boot).collect();
    let mut count = 0;
    let mut see = |_: &[u8], _: &[u8]| {
        count += 1;
        true
    };
    store.scan(Table::Record, &[], &mut see).unwrap();
    assert_eq!(count, rows(), "rows in the store");

    let ended = entries.iter().rev().find(|entry| entry.act == Act::JobEnd).unwrap().boot;
    let by_it = done.iter().filter(|entry| entry.boot == ended);
    (by_it.map(|entry| entry.range.unwrap().count).sum(), boots.len())
}

/// A sample over the whole file, across all columns, in one reveal.
fn values_come_back(job: &Job, people: &str, sealed: &str) {
    let (mut tokens, mut values) = (String::new(), Vec::new());
    let lines: Vec<_> = people.lines().zip(sealed.lines()).skip(1).collect();
    for (n, (clear, sealed)) in lines.iter().step_by(rows() / SAMPLE).take(SAMPLE).enumerate() {
        let pairs = clear.split(',').zip(sealed.split(','));
        let sealed: Vec<_> = pairs.filter(|(_, cell)| cell.starts_with("srt_")).collect();
        let (value, token) = sealed[n % sealed.len()];
        tokens.push_str(&format!("{token}\n"));
        values.push(value);
    }
    assert_eq!(values.len(), SAMPLE);
    let args = ["reveal", "--tenant", "acme", "--purpose", "tax", "--full", "-"];
    let answer = job.install.run_on(&args, &tokens);
    assert_eq!(answer.code, 0, "{}", answer.json);
    let given: Vec<_> = (0..SAMPLE).map(|n| answer.text(&format!("/values/{n}/value"))).collect();
    assert_eq!(given, values);
}
