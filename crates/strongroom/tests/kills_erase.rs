//! `erase --now` and `epoch turn`, killed at every stage of their work: what was stated to be
//! erased is gone, nobody else is, and an interrupted turn finishes or undoes itself.
//!
//! A kill comes after a part of the looks that a run takes which nobody kills, so that the kills
//! are spread over the work on a fast machine and on a slow one. `STRONGROOM_KILLS=200` makes it
//! the bench: `STRONGROOM_KILLS=200 cargo test --release -p strongroom --test kills_erase`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;
#[path = "support/looks.rs"]
mod looks;

use std::fs;
use std::io::Write as _;
use std::process::{Child, Stdio};

use install::Install;
use looks::{Looks, kills, watch};

/// People erased by one run.
const SLICE: usize = 3;

struct Office {
    install: Install,
    second: String,
    tokens: Vec<String>,
    records: Vec<String>,
}

impl Office {
    fn new(name: &str) -> Self {
        let install = Install::new(name);
        install.operate(&["tenant", "add", "acme"]);
        let people = (kills() + 1) * SLICE + 5;
        let lines = (0..people).map(|n| format!("{n},person{n}@example.com\n"));
        let text = format!("member,e-mail\n{}", lines.collect::<String>());
        let path = install.scratch.write("people.csv", &text);
        let path = path.to_str().unwrap();
        install.operate(&["seal", path, "--tenant", "acme", "--collection", "people"]);
        let sealed = fs::read_to_string(install.scratch.path("people.sealed.csv")).unwrap();
        let tokens = sealed.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned());
        let tokens: Vec<String> = tokens.collect();
        let args = ["reveal", "--tenant", "acme", "--purpose", "support", "-"];
        let revealed = install.run_on(&args, &tokens.join("\n"));
        let record = |n| revealed.text(&format!("/values/{n}/record")).to_owned();
        let records = (0..people).map(record).collect();
        let (second, _) = install.principal("second", "operator", "acme");
        let second = second.to_str().unwrap().to_owned();
        Self { install, second, tokens, records }
    }

    fn erase(&self, slice: usize) -> Child {
        let args = ["erase", "--tenant", "acme", "--collection", "people", "--record", "-"];
        let more = ["--reason", "retention", "--now", "--second", &self.second];
        let args = [&args[..], &more].concat();
        let mut command = self.install.command(Some(&self.install.operator), &args);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let ids = self.records[slice * SLICE..][..SLICE].join("\n");
        let _ = child.stdin.take().unwrap().write_all(ids.as_bytes());
        child
    }

    fn turn(&self) -> Child {
        let args = ["epoch", "turn"];
        self.install.command(Some(&self.install.operator), &args).spawn().unwrap()
    }

    fn opens(&self, person: usize) -> bool {
        let args = ["reveal", "--tenant", "acme", "--purpose", "support", &self.tokens[person]];
        let answer = self.install.run(Some(&self.install.operator), &args);
        assert!(matches!(answer.code, 0 | 12), "{}", answer.json);
        answer.code == 0
    }
}

#[test]
fn an_erasure_killed_at_any_instant_is_whole_or_was_never_stated() {
    let office = Office::new("kills-erase");
    let mut looks = Looks::of(office.erase(kills()), kills());
    let (mut ended, mut erased) = (0, 0);
    for slice in 0..kills() {
        let done = looks.kill(office.erase(slice), slice);
        let opens: Vec<bool> = (0..SLICE).map(|n| office.opens(slice * SLICE + n)).collect();
        assert!(opens.iter().all(|o| *o == opens[0]), "all of them or none: {opens:?}");
        assert!(!(done && opens[0]), "what was answered is done");
        ended += usize::from(done);
        erased += usize::from(!opens[0]) * SLICE;
    }
    assert!(ended * 10 <= kills() * 6, "only {} of {} runs were killed", kills() - ended, kills());
    let left = office.records.len() - erased - SLICE;
    let open = (0..office.records.len()).filter(|n| office.opens(*n)).count();
    assert_eq!(open, left, "nobody else is gone");
    let status = office.install.operate(&["epoch", "status"]);
    assert_eq!(status.number("/pending"), 0, "what was due is done by the next opening");
    let gone = office.records.len() - left;
    // What the next opening finished is not counted among a run's own.
    assert!(status.number("/shredded") <= gone as u64, "no slot is overwritten twice");
}

#[test]
fn a_turn_killed_at_any_instant_finishes_or_undoes_itself() {
    let office = Office::new("kills-turn");
    let mut looks = Looks::of(office.turn(), kills());
    let (mut epoch, mut ended) = (2, 0);
    for n in 0..kills() {
        let done = looks.kill(office.turn(), n);
        let status = office.install.operate(&["epoch", "status"]);
        let now = status.number("/epoch");
        assert!(now == epoch + 1 || (now == epoch && !done), "{epoch}, then {now}");
        epoch = now;
        ended += usize::from(done);
        let keys = office.install.scratch.path("data.keys");
        let names = fs::read_dir(keys).unwrap().map(|e| e.unwrap().file_name());
        let keys: Vec<_> = names.filter(|n| n.to_string_lossy().starts_with("epoch-")).collect();
        assert_eq!(keys.len(), 1, "one epoch's key is left: {keys:?}");
        let slots = fs::read_dir(office.install.scratch.path("data/slots")).unwrap().count();
        assert_eq!(slots, 1, "one epoch's slots are left");
        assert!(office.opens(n % office.records.len()), "after kill {n}");
    }
    assert!(ended * 10 <= kills() * 6, "only {} of {} runs were killed", kills() - ended, kills());
    assert!((0..office.records.len()).all(|n| office.opens(n)), "nobody is lost");
    assert!(watch(office.turn(), usize::MAX).0 > 0);
}
