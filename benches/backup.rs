//! Backup and verified restore of a million records, beside a plain copy of the same data folder.
//!
//! `cargo bench --bench backup` (ROWS, ROUNDS). A backup is synced and read back, so it stands
//! beside a copy that is synced: `cp -r`, then `sync` of every file of it. A restore makes the
//! install anew on an empty data folder: it reads the backup twice, once to know that it is whole.
//! Prints ratios; the absolute figures are of this machine on this day.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench measures time and stops at the first fault"
)]

#[path = "support.rs"]
mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use strongroom::ambient::{SystemClock, SystemRandom};
use strongroom::vault::seal::SealRequest;
use strongroom::vault::{Folders, NewRequest, Vault, Whole};
use support::{Install, cpu_seconds, folder_bytes, machine, median, scratch, setting};

fn main() {
    let (rows, rounds) = (setting("ROWS", 1_000_000), setting("ROUNDS", 3));
    let dir = scratch("backup");
    let csv = dir.join("people.csv");
    support::write_people(&csv, rows);
    println!("{}", machine());
    let place = dir.join("install");
    std::fs::create_dir_all(&place).unwrap();
    fill(&place, &csv);
    let bytes = folder_bytes(&place.join("data"));
    println!("{rows} records, a data folder of {} MB, {rounds} rounds\n", bytes / 1_000_000);
    let mut all = [const { Vec::new() }; 4];
    for round in 0..rounds {
        let copied = dir.join(format!("copied-{round}"));
        all[0].push(said("cp", || cp(&place.join("data"), &copied, false)));
        std::fs::remove_dir_all(&copied).unwrap();
        all[1].push(said("cp, synced", || cp(&place.join("data"), &copied, true)));
        std::fs::remove_dir_all(&copied).unwrap();
        let out = dir.join(format!("backup-{round}"));
        let install = Install::open(&place);
        all[2].push(said("backup", || {
            let done =
                install.vault.backup(&install.who, (Whole::Install, &out), 0, &|_| {}).unwrap();
            assert_eq!(done.records, rows);
        }));
        drop(install);
        let other = dir.join(format!("anew-{round}"));
        all[3].push(said("restore --new", || restore(&place, &out, &other, rows)));
        if round == 0 {
            let install = Install::open(&place);
            let live = || {
                let done =
                    install.vault.restore(&install.who, (&out, None), false, &|_| {}).unwrap();
                assert_eq!(done.left_alone, rows);
            };
            said("restore, all there", live);
        }
        std::fs::remove_dir_all(&other).unwrap();
        std::fs::remove_dir_all(&out).unwrap();
    }
    let [plain, synced, backup, restore] = all.map(|mut seconds| median(&mut seconds));
    println!("\nspeed against cp: backup {:.2}, restore {:.2}", plain / backup, plain / restore);
    println!("against cp, synced: backup {:.2}, restore {:.2}", synced / backup, synced / restore);
    std::fs::remove_dir_all(&dir).unwrap();
}

fn said(what: &str, run: impl FnOnce()) -> f64 {
    let (start, cpu) = (Instant::now(), cpu_seconds());
    run();
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    println!("{what:20} {seconds:7.2} s  cpu {cpu:7.2} s");
    seconds
}

fn fill(place: &Path, csv: &Path) {
    let install = Install::new(place);
    let request = SealRequest {
        input: csv.to_path_buf(),
        tenant: "acme".to_owned(),
        collection: "people".to_owned(),
        out: Some(place.join("out.csv")),
        ..SealRequest::default()
    };
    install.vault.seal(&install.who, &request, &|_| {}).unwrap();
    std::fs::remove_file(place.join("out.csv")).unwrap();
}

fn cp(from: &Path, to: &Path, sync: bool) {
    assert!(Command::new("cp").arg("-r").args([from, to]).status().unwrap().success());
    if sync {
        let mut all = Command::new("find");
        all.arg(to).args(["-type", "f", "-exec", "sync", "{}", "+"]);
        assert!(all.status().unwrap().success());
    }
}

/// Makes the install anew beside itself: a copy of its key folder, an empty data folder.
fn restore(place: &Path, from: &Path, other: &Path, rows: u64) {
    std::fs::create_dir_all(other).unwrap();
    cp(&place.join("keys"), &other.join("keys"), false);
    let folders = Folders { data: other.join("data"), keys: other.join("keys") };
    let request = NewRequest { from: from.to_path_buf(), slots: None, ledger: None, ask: None };
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let done = Vault::restore_new(&folders, &request, clock, random, &|_| Ok(()), &|_| {});
    assert_eq!(done.unwrap().0.records, rows);
}
