//! Kills that are spread over a work: each comes when it has got so far, by the size of the store
//! or of the output, on a fast machine and on a slow one.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Child;

use strongroom_core::ledger::{Entry, LogId};
use strongroom_core::store::Store;

use crate::install::{self, Install};

const SIGKILL: i32 = 9;

/// How many kills: `STRONGROOM_KILLS=200` makes it a bench.
pub fn kills() -> usize {
    std::env::var("STRONGROOM_KILLS").map_or(20, |text| text.parse().unwrap())
}

/// A command that is killed and started again.
pub struct Work<'a> {
    pub install: &'a Install,
    pub start: Box<dyn Fn() -> Child + 'a>,
}

impl Work<'_> {
    /// How far the output has been written, and how large the store has grown.
    fn progress(&self) -> Progress {
        let folder = fs::read_dir(self.install.scratch.path("")).unwrap();
        let mut partial = folder.map(|file| file.unwrap().path());
        let partial = partial.find(|path| path.extension().is_some_and(|e| e == "partial"));
        Progress {
            output: partial.map(|path| size(&path)),
            store: size(&self.install.scratch.path("data/engine")),
        }
    }
}

/// How far a work has come.
struct Progress {
    output: Option<u64>,
    store: u64,
}

/// The bytes of a file, or of all files below a folder; what goes away meanwhile counts nothing.
fn size(path: &Path) -> u64 {
    match fs::read_dir(path) {
        Ok(folder) => folder.flatten().map(|entry| size(&entry.path())).sum(),
        Err(_) => fs::metadata(path).map_or(0, |found| found.len()),
    }
}

/// What the work of the whole job looks like from outside: measured on a run that nobody killed.
pub struct Whole {
    output: u64,
    store_before: u64,
    store_growth: u64,
}

impl Whole {
    pub fn of(job: &Work<'_>) -> Self {
        let store_before = job.progress().store;
        let (mut child, mut store, mut output) = ((job.start)(), store_before, 0);
        while child.try_wait().unwrap().is_none() {
            // While the output is being written: at its end, the store may put itself in order.
            let now = job.progress();
            store = if now.output.is_some() { now.store } else { store };
            output = now.output.unwrap_or(output);
        }
        let answer = install::answer(child);
        assert_eq!(answer.code, 0, "{} {}", answer.json, answer.notices);
        Self { output, store_before, store_growth: store - store_before }
    }
}

/// Kills one run when the job has got as far as `done` of `of`. False when it ended by itself.
pub fn kill_at(job: &Work<'_>, whole: &Whole, done: usize, of: usize) -> bool {
    let part = |all: u64| all * done as u64 / of as u64;
    let mut child = (job.start)();
    // A batch has many steps: some more looks, each time another number, land in any of them.
    let mut looks_left = done * 37 % 100;
    loop {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        let now = job.progress();
        let written = now.output.is_some_and(|output| output >= part(whole.output));
        let stored = now.store >= whole.store_before + part(whole.store_growth);
        // By turns: before the work begins, when rows are in the store, when they are written out.
        let reached = match done % 4 {
            0 => done == 0 || written,
            1 => now.output.is_some() && (stored || written),
            2 => written,
            _ => stored || written,
        };
        looks_left -= usize::from(reached && looks_left > 0);
        if reached && looks_left == 0 {
            child.kill().unwrap();
            break;
        }
        std::thread::yield_now();
    }
    let output = child.wait_with_output().unwrap();
    let notices = String::from_utf8_lossy(&output.stderr);
    let killed = output.status.signal() == Some(SIGKILL);
    assert!(killed || output.status.success(), "{}: {notices}", output.status);
    killed
}

/// The entries of the one tenant's log.
pub fn entries(store: &dyn Store) -> Vec<Entry> {
    let mut logs = store.heads().into_iter().map(|(log, ..)| log);
    let log = logs.find(|log| *log != LogId::System).unwrap();
    let mut entries = Vec::new();
    let mut keep = |_, leaf: &[u8]| {
        entries.push(Entry::from_bytes(leaf).unwrap());
        true
    };
    store.entries(log, &mut keep).unwrap();
    entries
}
