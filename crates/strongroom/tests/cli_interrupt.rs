//! Ctrl-C: what is left behind, and what is said.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use std::fs;
use std::path::Path;
use std::process::Child;

use desk::{Desk, Said};
use rustix::process::{Pid, Signal, kill_process};

const INTO: [&str; 4] = ["--tenant", "acme", "--collection", "people"];

/// Whether something in a folder has this in its name.
fn is_there(folder: &Path, part: &str) -> bool {
    let entries = fs::read_dir(folder).unwrap();
    entries.into_iter().any(|e| e.unwrap().file_name().to_string_lossy().contains(part))
}

/// Interrupts a command as soon as something bears this name.
fn interrupt(desk: &Desk, mut child: Child, folder: &Path, part: &str) -> Said {
    while !is_there(folder, part) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be interrupted");
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    desk.wait(child)
}

fn people(rows: u32) -> String {
    let rows = (0..rows).map(|n| format!("{n},person{n}@mail.example\n"));
    rows.fold("MemberID,Email\n".to_owned(), |text, row| text + &row)
}

#[test]
fn an_interrupted_seal_goes_on_and_an_interrupted_export_leaves_nothing() {
    let desk = Desk::new("interrupt");
    let text = people(60_000);
    desk.write("people.csv", &text);
    let seal = [&["seal", "people.csv"], &INTO[..]].concat();
    let child = desk.command(&seal).spawn().unwrap();
    let said = interrupt(&desk, child, &desk.path(""), ".partial");
    assert_eq!((said.code, said.out.as_str()), (Some(130), ""), "{}", said.err);
    let told: Vec<&str> = said.err.lines().filter(|l| l.contains("interrupted")).collect();
    assert!(told.len() == 1 && told[0].contains("run the same command again"), "{}", said.err);
    assert!(!desk.path("people.sealed.csv").exists());
    assert_eq!(desk.seal("people.csv")["rows"], 60_000);
    let export = ["export", "--purpose", "support", "--like", "people.sealed.csv", "--json"];
    let export = [&export[..], &["--out", "back.csv"], &INTO].concat();
    let child = desk.command(&export).spawn().unwrap();
    let said = interrupt(&desk, child, &desk.path(""), ".partial");
    assert_eq!((said.code, said.error().as_str()), (Some(130), "interrupted"));
    assert!(!desk.path("back.csv").exists() && !is_there(&desk.path(""), ".partial"));
    assert_eq!(desk.run(&export).code, Some(0));
    assert_eq!(desk.read("back.csv"), text);
}

#[test]
fn an_interrupted_quickstart_removes_its_folder() {
    let desk = Desk::bare("interrupt-demo");
    let child = desk.command(&["quickstart", "--people", "200000"]).spawn().unwrap();
    let tmp = desk.path("tmp");
    while !is_there(&tmp, "strongroom-quickstart-") {
        std::thread::yield_now();
    }
    let folder = fs::read_dir(&tmp).unwrap().next().unwrap().unwrap().path();
    let said = interrupt(&desk, child, &folder, "");
    assert_eq!(said.code, Some(130));
    assert!(said.err.contains("its folder is removed"), "{}", said.err);
    assert!(!is_there(&tmp, ""), "the folder is gone");
}
