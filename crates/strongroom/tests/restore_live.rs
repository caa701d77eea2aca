//! Restore into a live install: what is lost comes back, whoever was erased stays erased, whoever
//! was revoked stays out, and nothing that is there is replaced.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/copies.rs"]
mod copies;
#[path = "support/install.rs"]
mod install;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use copies::{Hands, backup, codes, come_back, entries, filled, seal, tenant};
use install::{Answer, Install};
use strongroom_core::ledger::LogId;
use strongroom_core::ledger::entry::{Act, Phase};
use strongroom_core::store::Table;

fn restore(install: &Install, from: &Path, more: &[&str]) -> Answer {
    let args = [&["restore", from.to_str().unwrap()], more].concat();
    install.operate(&args)
}

fn find(install: &Install, mail: &str) -> usize {
    let args = ["find", "--tenant", "acme", "--collection", "people", "e-mail=-"];
    let found = install.run_on(&args, &format!("{mail}\n"));
    assert_eq!(found.code, 0, "{}", found.json);
    found.json.pointer("/records").unwrap().as_array().unwrap().len()
}

/// The record numbers that entries say were put back.
fn stated(install: &Install) -> Vec<u64> {
    let log = LogId::Tenant(tenant(install).0);
    let entries = entries(install, log).into_iter();
    let back = entries.filter(|e| (e.act, e.phase) == (Act::RestoreRecords, Phase::Commit));
    let ranges = back.map(|e| e.range.unwrap());
    ranges.flat_map(|range| range.first..range.first + range.count).collect()
}

#[test]
fn older_records_with_todays_slots() {
    let (install, people) = filled("restore-slots", 100);
    let copy = backup(&install, "copy");
    let hands = Hands::on(&install);
    // Erased: 1 to 10, some with their rows, some without. Lost: 21 to 40. Damaged: 50 to 54.
    (1..=10).for_each(|record| hands.bury(record));
    hands.lose(|record| record <= 5 || (21..=40).contains(&record));
    for (key, mut row) in hands.rows(Table::Record) {
        if (50..55).contains(&u64::from_be_bytes(*key.last_chunk().unwrap())) {
            row[30] ^= 1;
            hands.write(&[(Table::Record, &key, Some(&row))]);
        }
    }
    let newer = seal(&install, 1000, 7);
    // By the ledger too.
    copies::erase(&install, &people[99]);
    let untouched = hands.rows(Table::Record);
    assert_eq!(find(&install, &people[30].mail), 0, "lost");

    let dry = restore(&install, &copy, &["--dry-run"]);
    let figures = ["put_back", "erased", "left_alone", "newer", "slots_put_back"];
    let of = |answer: &Answer| figures.map(|name| answer.number(&format!("/{name}")));
    assert_eq!(of(&dry), [25, 11, 64, 7, 0], "{}", dry.json);
    assert_eq!(hands.rows(Table::Record), untouched, "a dry run changes nothing");
    assert!(stated(&install).is_empty());

    let done = restore(&install, &copy, &[]);
    assert_eq!(of(&done), [25, 11, 64, 7, 0], "{}", done.json);
    let back: Vec<u64> = (21..=40).chain(50..55).collect();
    assert_eq!(stated(&install), back);
    assert_eq!(codes(&install, &people[..10]), [12; 10], "the erased stay erased");
    come_back(&install, &people[10..99]);
    come_back(&install, &newer);
    assert_eq!(find(&install, &people[30].mail), 1, "its index rows came back too");
    for (key, row) in untouched {
        let record = u64::from_be_bytes(*key.last_chunk().unwrap());
        let now = hands.rows(Table::Record).into_iter().find(|(k, _)| *k == key).unwrap().1;
        assert!(now == row || back.contains(&record), "record {record} was replaced");
    }
    let again = restore(&install, &copy, &[]);
    assert_eq!(of(&again), [0, 11, 89, 7, 0], "{}", again.json);
}

#[test]
fn a_lost_slot_comes_back_from_the_copy_of_this_epoch_and_no_other() {
    let (install, people) = filled("restore-lost-slots", 30);
    let copy = backup(&install, "copy");
    let hands = Hands::on(&install);
    (1..=5).for_each(|record| hands.put_slot(record, &[0; 64]));
    let mut torn = hands.slot(9);
    torn[20..].fill(0);
    hands.put_slot(9, &torn);
    hands.lose(|record| record == 5);
    hands.bury(12);
    hands.put_slot(13, &hands.slot(12));

    let done = restore(&install, &copy, &[]);
    assert_eq!(done.number("/put_back"), 7, "{}", done.json);
    assert_eq!(done.number("/slots_put_back"), 7, "{}", done.json);
    assert_eq!(done.number("/erased"), 1, "{}", done.json);
    assert_eq!(codes(&install, &people[11..12]), [12]);
    come_back(&install, &[&people[..11], &people[12..]].concat());

    // Without the copy of the slots, or with one of another epoch, they stay lost.
    hands.put_slot(3, &[0; 64]);
    fs::remove_file(copy.join("slots.srb")).unwrap();
    let done = restore(&install, &copy, &[]);
    assert_eq!(done.number("/put_back"), 0, "{}", done.json);
    assert_eq!(done.number("/not_restored/slot"), 1, "{}", done.json);
    assert_eq!(codes(&install, &people[2..3]), [15], "damage is not erasure");
}

/// Slots are copied more often than rows, and to other places.
#[test]
fn slots_come_from_another_place_than_the_rows() {
    let (install, people) = filled("restore-apart", 10);
    let copy = backup(&install, "copy");
    let newer = seal(&install, 50, 2);
    copies::erase(&install, &people[4]);
    let slots = install.scratch.path("slots");
    let made = install.operate(&["backup", "--slots-only", "--out", slots.to_str().unwrap()]);
    assert_eq!((made.number("/records"), made.number("/entries")), (0, 0), "{}", made.json);
    let hands = Hands::on(&install);
    (1..=12).for_each(|record| hands.put_slot(record, &[0; 64]));
    hands.lose(|record| record < 4);
    fs::remove_file(copy.join("slots.srb")).unwrap();

    let alone = install.run(Some(&install.operator), &["restore", slots.to_str().unwrap()]);
    assert_eq!(alone.code, 2, "{}", alone.json);
    let of = |figures: &Answer| {
        ["/put_back", "/slots_put_back", "/erased"].map(|name| figures.number(name))
    };
    let done = restore(&install, &copy, &[]);
    assert_eq!((of(&done), done.number("/not_restored/slot")), ([0, 0, 1], 9), "{}", done.json);
    let done = restore(&install, &copy, &["--slots", slots.to_str().unwrap()]);
    assert_eq!(of(&done), [9, 9, 1], "{}", done.json);
    come_back(&install, &[&people[..4], &people[5..]].concat());
    assert_eq!(codes(&install, &people[4..5]), [15], "its tombstone is no record to put back");
    assert_eq!(codes(&install, &newer), [15; 2], "their rows are in no backup that was named");
    // One byte changed anywhere, and nothing of it is taken.
    let file = slots.join("slots.srb");
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.len() - 40;
    bytes[at] ^= 1;
    fs::write(&file, bytes).unwrap();
    let args = ["restore", copy.to_str().unwrap(), "--slots", slots.to_str().unwrap()];
    assert_eq!(install.run(Some(&install.operator), &args).code, 15);
}

/// A row is written anew when its passwords are strengthened; the slot stays what it is.
#[test]
fn an_older_row_never_takes_the_place_of_a_newer_one() {
    let install = Install::new("restore-newer");
    install.operate(&["tenant", "add", "acme"]);
    let csv = install.scratch.write("people.csv", "member,password\n1,River-71!\n2,Stone-22!\n");
    let args = ["seal", csv.to_str().unwrap(), "--tenant", "acme", "--collection", "people"];
    install.operate(&args);
    let copy = backup(&install, "copy");
    let hands = Hands::on(&install);
    let older = hands.rows(Table::Record);
    install.operate(&["strengthen"]);
    let newer = hands.rows(Table::Record);
    assert_ne!(older, newer);
    let slot = hands.slot(1);
    hands.put_slot(1, &[0; 64]);
    let done = restore(&install, &copy, &[]);
    assert_eq!((done.number("/put_back"), done.number("/left_alone")), (1, 1), "{}", done.json);
    assert_eq!(hands.rows(Table::Record), newer, "only the slot was lost");
    assert_eq!(hands.slot(1), slot);
}

#[test]
fn nothing_but_records_is_taken() {
    let (install, people) = filled("restore-control", 10);
    let (app, _) = install.principal("app", "service", "acme");
    let copy = backup(&install, "copy");
    install.operate(&["principal", "revoke", "app"]);
    install.operate(&["tenant", "add", "later"]);
    let hands = Hands::on(&install);
    hands.lose(|record| record == 4);
    let control = hands.rows(Table::Control);
    let before: BTreeSet<_> = control.iter().cloned().collect();
    restore(&install, &copy, &[]);
    let after: BTreeSet<_> = hands.rows(Table::Control).into_iter().collect();
    assert!(before == after, "control rows are no part of a restore");
    let tokens = [people[0].token.as_str()];
    let args = [&["reveal", "--tenant", "acme", "--purpose", "tax"], &tokens[..]].concat();
    assert_eq!(install.run(Some(&app), &args).code, 10, "revoked stays revoked");
    come_back(&install, &people);
}

#[test]
fn a_backup_of_another_install_is_refused() {
    let (one, _) = filled("restore-foreign-one", 3);
    let (two, _) = filled("restore-foreign-two", 3);
    let copy = backup(&one, "copy");
    let answer = two.run(Some(&two.operator), &["restore", copy.to_str().unwrap()]);
    assert_eq!(answer.code, 2, "{}", answer.json);
    assert!(answer.text("/error/detail").contains("another install"), "{}", answer.json);
}

/// A pipe in the place of a stream would hold the install for as long as nobody writes into it.
#[test]
fn a_backup_of_anything_but_files_is_refused_at_once() {
    let (install, _) = filled("live-pipe", 2);
    let copy = backup(&install, "copy");
    fs::remove_file(copy.join("records.srb")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(copy.join("records.srb")).status();
    assert!(made.unwrap().success());
    let answer = install.run(Some(&install.operator), &["restore", copy.to_str().unwrap()]);
    assert_eq!(answer.code, 2, "{}", answer.json);
    assert!(answer.text("/error/detail").contains("no regular file"), "{}", answer.json);
}
