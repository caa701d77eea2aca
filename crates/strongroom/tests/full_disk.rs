//! A disk that somebody filled to the last block: what reads and erases goes on and is recorded,
//! everything else is refused with exit 14, nothing is lost, and all goes on once there is space.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/volume.rs"]
mod volume;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use desk::{Desk, Said, tokens};
use strongroom::ambient::{SystemClock, SystemRandom};
use strongroom::problem::Kind;
use strongroom::store::engine::Engine;
use strongroom::store::fjall::Fjall;
use strongroom::store::swap::Swap;
use strongroom::vault::{Folders, Vault};
use strongroom_core::principal::Arrival;
use strongroom_core::store::Table;
use volume::Volume;

const MIB: u64 = 1 << 20;
/// How `doctor` begins to say that the reserve is not whole.
const RESERVE: &str = "the reserve for a full disk";
const OF: [&str; 4] = ["--tenant", "acme", "--collection", "people"];
const REVEAL: [&str; 5] = ["reveal", "--tenant", "acme", "--purpose", "support"];

fn csv(rows: usize) -> String {
    let row = |n| format!("{n},Person {n},{:03}-{:02}-{:04}\n", 101 + n / 5000, 11 + n % 80, n);
    format!("member,name,ssn\n{}", (1..=rows).map(row).collect::<String>())
}

fn ssn(text: &str, n: usize) -> String {
    text.lines().nth(n).unwrap().split(',').nth(2).unwrap().to_owned()
}

/// The tokens of the social security numbers of a sealed file, by line.
fn sealed(desk: &Desk, name: &str) -> Vec<String> {
    let text = desk.read(name);
    text.lines().skip(1).map(|l| tokens(l).last().unwrap().to_string()).collect()
}

fn values(desk: &Desk, tokens: &[String]) -> Vec<String> {
    desk.values(&tokens.iter().map(String::as_str).collect::<Vec<_>>())
}

fn record(desk: &Desk, token: &str) -> String {
    let shown = desk.done(&[&REVEAL[..], &[token]].concat());
    shown["values"][0]["record"].as_str().unwrap().to_owned()
}

fn erase(desk: &Desk, record: &str, more: &[&str]) -> Said {
    let args = [&["erase", "--record", record, "--reason", "request", "--json"], &OF[..]].concat();
    desk.run(&[&args, more].concat())
}

/// A refusal for want of room, that says where and how much.
fn is_refused(desk: &Desk, folder: &str, args: &[&str]) {
    let said = desk.ends(14, args);
    let detail = said.json()["error"]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(desk.path(folder).to_str().unwrap()), "{args:?}: {detail}");
    assert!(detail.contains(" bytes free") && detail.contains("needs "), "{detail}");
}

/// What `doctor` finds. A deep look is an entry, and so needs the ledger.
fn findings(desk: &Desk, more: &[&str]) -> Vec<String> {
    let said = desk.run(&[&["doctor", "--json"], more].concat()).json();
    let of = |f: &serde_json::Value| f["what"].as_str().unwrap().to_owned();
    said["findings"].as_array().unwrap_or_else(|| panic!("{said}")).iter().map(of).collect()
}

/// What must hold while `full` is full to the last block, `folder` being on it, and after.
fn stands(desk: &Desk, volume: &Volume, folder: &str) {
    let text = csv(20);
    desk.write("people.csv", &text);
    desk.seal("people.csv");
    let tokens = sealed(desk, "people.sealed.csv");
    let entries = desk.log("acme").len();
    desk.write("more.csv", csv(30));
    volume.fill();
    for n in 1..=10 {
        assert_eq!(values(desk, &tokens[n - 1..n]), [ssn(&text, n)], "reads go on");
    }
    let find = [&["find", "ssn=-", "--json"], &OF[..]].concat();
    assert_eq!(desk.run_on(&find, &ssn(&text, 9)).json()["records"].as_array().unwrap().len(), 1);
    // Erasure goes on, at once and after a time.
    for n in 1..=6 {
        let record = record(desk, &tokens[n - 1]);
        let said = erase(desk, &record, if n > 3 { &[] } else { &["--now"] });
        assert_eq!(said.code, Some(0), "{n}: {} {}", said.out, said.err);
        assert_eq!(said.json()["slot"] == "gone", n <= 3);
        desk.ends(12, &[&REVEAL[..], &[tokens[n - 1].as_str()]].concat());
    }
    is_refused(desk, folder, &[&["seal", "people.csv", "--out", "again.csv"], &OF[..]].concat());
    is_refused(desk, folder, &[&["seal", "more.csv"], &OF[..]].concat());
    is_refused(desk, folder, &["epoch", "turn"]);
    is_refused(desk, folder, &["rotate", "seal", "--tenant", "acme"]);
    assert_eq!(values(desk, &tokens[6..]).len(), 14, "nothing that was refused stands in the way");
    assert_eq!(volume.free(), 0);
    volume.empty();
    let log = desk.log("acme");
    assert!(log.len() > entries + 10 + 6 + 6, "everything was recorded");
    assert!(log.iter().all(|e| e.completes.is_none()), "nothing was stated that did not happen");
    desk.done(&[&["seal", "more.csv"], &OF[..]].concat());
    assert_eq!(values(desk, &sealed(desk, "more.sealed.csv")).len(), 30);
    assert_eq!(values(desk, &tokens[6..]).len(), 14);
    desk.done(&["rotate", "seal", "--tenant", "acme"]);
    let odd = [RESERVE, "damaged", "missing", "failed", "not what was written"];
    for what in findings(desk, &["--deep"]) {
        assert!(!odd.iter().any(|odd| what.contains(odd)), "{what}");
    }
}

#[test]
fn the_data_folders_volume_is_full() {
    if volume::inside("the_data_folders_volume_is_full") {
        let desk = Desk::bare("full-data");
        let volume = Volume::new(&desk.path("data"), 160 * MIB);
        stands(&desk.opened(), &volume, "data");
    }
}

#[test]
fn the_key_folders_volume_is_full() {
    if volume::inside("the_key_folders_volume_is_full") {
        let desk = Desk::bare("full-keys");
        let volume = Volume::new(&desk.path("data.keys"), 2 * MIB);
        stands(&desk.opened(), &volume, "data.keys");
    }
}

/// Both on one volume, as a development install has them.
#[test]
fn the_one_volume_is_full() {
    if volume::inside("the_one_volume_is_full") {
        let desk = Desk::bare("full-both");
        let volume = Volume::new(&desk.path(""), 200 * MIB);
        fs::create_dir(desk.path("tmp")).unwrap();
        stands(&desk.opened(), &volume, "data");
    }
}

/// The entries of reveals fill one segment, and the next is made of the spare one.
#[test]
fn the_ledger_comes_to_the_end_of_its_segment() {
    if !volume::inside("the_ledger_comes_to_the_end_of_its_segment") {
        return;
    }
    let desk = Desk::bare("full-ledger");
    let volume = Volume::new(&desk.path("data"), 200 * MIB);
    let desk = desk.opened();
    let text = csv(5);
    desk.write("people.csv", &text);
    desk.seal("people.csv");
    let tokens = sealed(&desk, "people.sealed.csv");
    let segment = |n: u32| desk.path(&format!("data/ledger/{n:08}.seg"));
    volume.fill();
    // A credential that nobody has is an entry, too.
    let vault = open(&desk);
    let refused = || vault.authenticate("srk_nobody", Arrival::local(0, true)).err().unwrap().kind;
    let mut last = refused();
    let mut until = |ends: &dyn Fn(Kind) -> bool| {
        for _ in 0..100_000 {
            if ends(last) {
                return;
            }
            last = refused();
        }
        panic!("the segment does not end");
    };
    until(&|_| segment(1).exists());
    assert!(!desk.path("data/ledger.spare").exists(), "it became the segment");
    // Where the reserve ends, what cannot be recorded is not given out.
    until(&|kind| kind == Kind::Unavailable);
    drop(vault);
    assert!(!segment(2).exists());
    assert!(findings(&desk, &[]).iter().any(|what| what.contains(RESERVE)));
    desk.ends(14, &[&REVEAL[..], &[tokens[0].as_str()]].concat());
    volume.empty();
    assert_eq!(values(&desk, &tokens[..1]), [ssn(&text, 1)]);
    assert!(segment(2).exists() && desk.path("data/ledger.spare").exists());
    assert!(!findings(&desk, &[]).iter().any(|what| what.contains(RESERVE)));
    assert_eq!(values(&desk, &tokens).len(), 5);
}

fn open(desk: &Desk) -> Vault {
    let folders = Folders { data: desk.path("data"), keys: desk.path("data.keys") };
    Vault::open(folders, Arc::new(SystemClock), Arc::new(SystemRandom)).unwrap()
}

/// Background work on a full disk spoils the engine's handle; another is opened while the process
/// runs, works from the reserve, and is changed for a whole one once there is space.
#[test]
fn the_engine_is_opened_again() {
    if !volume::inside("the_engine_is_opened_again") {
        return;
    }
    let desk = Desk::bare("full-engine");
    let volume = Volume::new(&desk.path("data"), 160 * MIB);
    let (opened, path) = (Arc::new(AtomicU64::new(0)), desk.path("data/engine"));
    let (count, first) = (Arc::clone(&opened), Arc::new(Fjall::open(&path).unwrap()));
    let open = move || {
        count.fetch_add(1, Ordering::AcqRel);
        Ok::<Arc<dyn Engine>, _>(Arc::new(Fjall::open(&path)?))
    };
    let engine = Swap::over(first, Box::new(open));
    let value = vec![5; 1 << 10];
    let put = |n: u64, rows: u64| {
        engine.hold(rows * 1100, false)?;
        let keys: Vec<_> = (n..n + rows).map(u64::to_be_bytes).collect();
        let rows = keys.iter().map(|key| (Table::Index, key.as_slice(), Some(value.as_slice())));
        engine.commit(&mut rows.into_iter())
    };
    // The index's memtable is flushed beyond 16 MiB.
    for n in 0..15 {
        put(n * 1024, 1024).unwrap();
    }
    volume.fill();
    let mut n = 15 * 1024;
    while opened.load(Ordering::Acquire) == 0 {
        // What is committed while the thread fails may fail with it.
        let done = put(n, if n < 16 * 1024 { 128 } else { 1 });
        n += if done.is_ok() { 128 } else { 0 };
        assert!(n < 80 * 1024, "no thread met the full disk");
    }
    for at in 0..20 {
        put(1_000_000 + at, 1).unwrap();
    }
    assert_eq!(opened.load(Ordering::Acquire), 1, "with no thread that could fail");
    volume.empty();
    put(2_000_000, 1).unwrap();
    assert_eq!(opened.load(Ordering::Acquire), 2);
    let mut rows = 0;
    let visit = &mut |_: &[u8], row: &[u8]| {
        rows += u64::from(row == value);
        true
    };
    engine.scan(Table::Index, &[], visit).unwrap();
    assert!(rows >= 15 * 1024 + 21, "{rows}");
}

/// A seal that comes to the floor in the middle loses nothing, and goes on where it stopped.
#[test]
fn a_seal_stops_at_the_floor_and_goes_on() {
    if !volume::inside("a_seal_stops_at_the_floor_and_goes_on") {
        return;
    }
    let desk = Desk::bare("full-seal");
    let volume = Volume::new(&desk.path("data"), 160 * MIB);
    let desk = desk.opened();
    let text = csv(12_000);
    desk.write("people.csv", &text);
    // Enough for the estimate, and not for the end.
    let engine = 64 * MIB + 3 * MIB;
    let keep = volume.free() - engine - 8 * text.len() as u64;
    fs::write(desk.path("data/archive.7z"), vec![7; usize::try_from(keep).unwrap()]).unwrap();
    let args = [&["seal", "people.csv"], &OF[..]].concat();
    is_refused(&desk, "data", &args);
    let log = desk.log("acme");
    let sealed_before = log.iter().filter(|e| e.range.is_some()).count();
    assert!((1..12).contains(&sealed_before), "it stopped in the middle: {sealed_before}");
    assert!(!Path::new(&desk.path("people.sealed.csv")).exists());
    is_refused(&desk, "data", &args);
    volume.empty();
    desk.done(&args);
    let tokens = sealed(&desk, "people.sealed.csv");
    let log = desk.log("acme");
    assert_eq!(log.iter().filter(|e| e.range.is_some()).count(), 12, "each batch once");
    let opened = values(&desk, &tokens[..5_000]);
    assert!(opened.iter().enumerate().all(|(n, value)| *value == ssn(&text, n + 1)));
}
