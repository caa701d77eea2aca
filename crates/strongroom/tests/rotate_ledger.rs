//! A log's signing key gives way to its next one, and whoever knows the old one can follow: by the
//! entry that states the next, in the old one's word.
//!
//! `STRONGROOM_KILLS=200` makes it the bench.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/exported.rs"]
mod exported;
#[path = "support/looks.rs"]
mod looks;

use std::fs;

use desk::Desk;
use exported::Folder;
use looks::{Looks, kills};
use serde_json::json;
use strongroom_core::ledger::note::VerifierKey;
use strongroom_core::ledger::verify::{Failure, Kept, Report, verify_with};

/// Exports, unless there is such an export, and checks that with these keys.
fn checked(desk: &Desk, out: &str, keys: &[VerifierKey], kept: &Kept) -> Result<Report, Failure> {
    if !desk.path(out).exists() {
        desk.done(&["ledger", "export", "--out", out]);
    }
    verify_with(&Folder(desk.path(out)), keys, kept)
}

fn keys(desk: &Desk) -> Vec<VerifierKey> {
    exported::keys(&desk.done(&["ledger", "key"]))
}

/// The last key that each log states.
fn last_keys(report: &Report) -> Vec<VerifierKey> {
    report.logs.iter().filter_map(|log| log.next_keys.last().cloned()).collect()
}

fn same(one: &[VerifierKey], other: &[VerifierKey]) -> bool {
    let sorted = |keys: &[VerifierKey]| {
        let mut keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
        keys.sort_unstable();
        keys
    };
    sorted(one) == sorted(other)
}

#[test]
fn whoever_knows_the_old_keys_follows_to_the_next() {
    let desk = Desk::new("rotate-ledger");
    let old = keys(&desk);
    assert_eq!(old.len(), 3);
    let none = Kept::default();
    assert!(last_keys(&checked(&desk, "before", &old, &none).unwrap()).is_empty());
    for from in 1..3 {
        let done = desk.done(&["rotate", "ledger"]);
        let of = (&done["from"], &done["to"], &done["done"]);
        assert_eq!(of, (&json!(from), &json!(from + 1), &json!(true)));
        assert_eq!(done["keys"].as_array().unwrap().len(), 3);
        let (now, out) = (keys(&desk), format!("after-{from}"));
        assert_eq!(now.len(), 3, "the old keys are gone");
        let report = checked(&desk, &out, &old, &none).unwrap();
        assert!(same(&last_keys(&report), &now), "the old ones lead to the ones that there are");
        assert!(report.logs.iter().all(|log| log.next_keys.len() == from));
        checked(&desk, &out, &now, &none).unwrap();
    }
    // What was kept under the old keys still binds the log.
    let mut kept = Kept::default();
    let note = fs::read(desk.path("before/system/checkpoint")).unwrap();
    kept.checkpoint(&note, &old).unwrap();
    checked(&desk, "after-2", &keys(&desk), &kept).unwrap();
    // A log that the old key signs on, as somebody could who has it, is none.
    fs::copy(desk.path("before/system/checkpoint"), desk.path("after-2/system/checkpoint"))
        .unwrap();
    let failure = checked(&desk, "after-2", &old, &none).unwrap_err();
    assert!(matches!(failure, Failure::Refuted(_)), "{failure}");
}

#[test]
fn one_tenants_log_alone() {
    let desk = Desk::new("rotate-ledger-one");
    let old = keys(&desk);
    desk.done(&["rotate", "ledger", "--tenant", "acme"]);
    let report = checked(&desk, "after", &old, &Kept::default()).unwrap();
    assert_eq!(last_keys(&report).len(), 1);
    let now = keys(&desk);
    assert_eq!(now.iter().filter(|key| !old.contains(key)).count(), 1);
    checked(&desk, "after", &now, &Kept::default()).unwrap();
}

#[test]
fn killed_at_any_instant_the_ledger_is_verified_by_the_first_keys() {
    let kills = kills();
    let desk = Desk::new("rotate-ledger-kills");
    let first = keys(&desk);
    let start = || desk.command(&["rotate", "ledger"]).spawn().unwrap();
    let (mut looks, mut ended) = (Looks::of(start(), kills), 0);
    for n in 0..kills {
        ended += usize::from(looks.kill(start(), n));
        let out = format!("kill-{n}");
        let report = checked(&desk, &out, &first, &Kept::default()).unwrap();
        assert!(same(&last_keys(&report), &keys(&desk)), "after kill {n}");
        fs::remove_dir_all(desk.path(&out)).unwrap();
    }
    assert!(ended * 10 <= kills * 6, "only {} of {kills} runs were killed", kills - ended);
    desk.done(&["rotate", "ledger"]);
    checked(&desk, "end", &first, &Kept::default()).unwrap();
}

/// A backup has the keys of its time: what a later ledger states beyond them is lost, and stated
/// anew.
#[test]
fn an_install_made_anew_leads_on_from_the_keys_of_its_backup() {
    let desk = Desk::new("rotate-ledger-anew");
    let first = keys(&desk);
    desk.done(&["backup", "--out", "copy"]);
    desk.done(&["rotate", "ledger"]);
    let lost = keys(&desk);
    checked(&desk, "later", &first, &Kept::default()).unwrap();
    fs::remove_dir_all(desk.path("data")).unwrap();
    desk.done(&["restore", "copy", "--new", "--ledger", "later"]);
    let now = keys(&desk);
    assert!(now.iter().all(|key| !lost.contains(key) && !first.contains(key)));
    let report = checked(&desk, "after", &first, &Kept::default()).unwrap();
    assert!(same(&last_keys(&report), &now));
    checked(&desk, "after", &now, &Kept::default()).unwrap();
    desk.done(&["rotate", "ledger"]);
    checked(&desk, "again", &first, &Kept::default()).unwrap();
}
