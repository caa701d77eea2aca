//! What the process forbids itself: core dumps, as `status` says it, and panics that say more than
//! their place.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use std::process::{Command, Stdio};

use desk::Desk;

#[test]
fn core_dumps_are_off_whatever_the_parent_allowed() {
    let desk = Desk::new("hardened");
    let status = desk.command(&["--json", "status"]);
    let mut shell = Command::new("bash");
    let allow = "ulimit -c unlimited 2>/dev/null; ulimit -c >&2; exec \"$@\"";
    shell.args(["-c", allow, "bash"]).arg(status.get_program()).args(status.get_args());
    shell.env("STRONGROOM_DATA", desk.path("data")).current_dir(desk.path(""));
    let output = shell.stdin(Stdio::null()).output().unwrap();
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["core_dumps_off"], true, "{said}");
    if !output.stderr.starts_with(b"unlimited") {
        eprintln!("skipped in part: this machine allows no core dumps to any program");
    }
}

/// Set in the process that is to panic, to how.
const HOW: &str = "STRONGROOM_TEST_PANIC";
const MARKER: &str = "536-22-1847";

fn panic_in(how: &str) {
    strongroom::memory::harden();
    let value = String::from(MARKER);
    match how {
        "text" => panic!("536-22-1847"),
        "format" => panic!("a value was {value}"),
        "any" => std::panic::panic_any(value),
        "error" => assert_eq!(value.parse::<u64>().map_err(|_| value).unwrap(), 0),
        "equal" => assert_eq!(value, "401-55-9024"),
        "slice" => drop(value["536-22-1847".len() + 1..].to_owned()),
        "thread" => drop(std::thread::spawn(move || panic!("{value}")).join()),
        other => panic!("{other} is no way to panic"),
    }
}

#[test]
fn a_panic_says_its_place_and_nothing_of_what_it_looked_at() {
    if let Ok(how) = std::env::var(HOW) {
        return panic_in(&how);
    }
    for how in ["text", "format", "any", "error", "equal", "slice", "thread"] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        let name = "a_panic_says_its_place_and_nothing_of_what_it_looked_at";
        child.args(["--exact", name, "--nocapture"]).env(HOW, how).env("RUST_BACKTRACE", "full");
        let output = child.stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.success(), how == "thread", "{how}");
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8(printed).unwrap();
        assert!(printed.contains("strongroom: internal error at "), "{how}: {printed}");
        assert!(!printed.contains(MARKER), "{how}: {printed}");
    }
}
