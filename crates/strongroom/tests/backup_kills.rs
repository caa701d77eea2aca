//! Backup and restore, cut off at every step on the model and killed as processes: nothing half is
//! left, neither in the install nor beside it.
//!
//! `STRONGROOM_KILLS=200` makes it the bench:
//! `STRONGROOM_KILLS=200 cargo test --release -p strongroom --test backup_kills`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap, what their tests share too"
)]

#[path = "support/copies.rs"]
mod copies;
#[path = "support/install.rs"]
mod install;
#[path = "support/late.rs"]
mod late;
mod store_support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;

use copies::{Hands, backup, come_back, filled};
use install::Install;
use late::Late;
use store_support::history::{Act, Base, Oracle, reveal};
use store_support::{INSTALL, entries, epoch_key, root_keys};
use strongroom::backup::{MANIFEST_FILE, RECORDS_FILE, SLOTS_FILE, check, open};
use strongroom::problem::Kind;
use strongroom::store::model::{Effect, Fault, ModelWorld};
use strongroom::vault::Vault;
use strongroom_core::id::{RecordNumber, TenantId};
use strongroom_core::ledger::LogId;
use strongroom_core::ledger::entry;
use strongroom_core::principal::Principal;
use strongroom_core::store::Table;
use strongroom_core::vault::slot::{SlotAddress, Tombstone};

const COPY: &str = "copy/";
const HISTORY: &[Act] = &[
    Act::Tenant("acme"),
    Act::Seal { tenant: "acme", input: 1, rows: 6 },
    Act::Tenant("zeta"),
    Act::Seal { tenant: "zeta", input: 2, rows: 3 },
];

/// A machine with people on it.
struct Room {
    base: Base,
    world: ModelWorld,
    oracle: Oracle,
}

impl Room {
    fn new() -> Self {
        let base = Base::new();
        let world = base.world.restart(0);
        let oracle = base.run(&world, HISTORY);
        assert!(oracle.open.is_none() && oracle.sealed.len() == 18);
        let world = world.restart(0);
        Self { base, world, oracle }
    }

    fn vault(&self, world: &ModelWorld) -> (Vault, Principal) {
        self.base.vault(world, &Arc::default()).unwrap()
    }

    /// Everybody comes back but those whose tokens are named.
    fn everybody(&self, world: &ModelWorld, but: &BTreeSet<String>) {
        let (vault, who) = self.vault(world);
        for (tenant, token, value) in &self.oracle.sealed {
            let answer = reveal(&vault, &who, tenant, vec![token.clone()]);
            match but.contains(token) {
                true => assert!(answer.is_err(), "an erased person came back"),
                false => assert_eq!(answer.unwrap(), [value.as_str()]),
            }
        }
    }
}

/// What each world that a kill at step `n` may leave is held against.
fn images(world: &ModelWorld, n: u64) -> impl Iterator<Item = ModelWorld> + '_ {
    let crashed = (0..3).map(move |seed| world.crash(if seed < 2 { seed } else { n + 2 }));
    crashed.chain([world.restart(n)])
}

#[test]
fn a_backup_cut_off_at_any_step_harms_nothing_and_counts_only_when_whole() {
    let room = Room::new();
    let (nobody, mut counted, mut not) = (BTreeSet::new(), 0, 0);
    for n in 1.. {
        let world = room.world.restart(0);
        let (vault, who) = room.vault(&world);
        world.kill_at(n);
        let done = vault.backup_into(&who, &*world.folder(COPY), 7);
        if !world.is_dead() {
            assert!(done.is_ok(), "{:?}", done.err());
            assert!(n > 8, "only {n} steps");
            break;
        }
        drop(vault);
        for image in images(&world, n) {
            room.everybody(&image.restart(0), &nobody);
            let disk = image.folder(COPY);
            if disk.read(MANIFEST_FILE).unwrap().is_none() {
                not += 1;
                continue;
            }
            counted += 1;
            let opened = open(&*disk, INSTALL, &root_keys().root).unwrap();
            assert!(
                check(&*disk, &opened, true, &|_| {}, &mut |_| {}).unwrap(),
                "step {n}: it counts"
            );
            let store = store_support::open(&image, &room.base.sources).unwrap();
            let ended = entries(&store, LogId::System);
            let ended = ended.iter().filter(|e| e.act == entry::Act::BackupEnd).count();
            assert_eq!(ended, 1, "step {n}: a backup counts and its end is not stated");
        }
    }
    assert!(counted > 0 && not > 0, "{counted} counted, {not} did not");
}

#[test]
fn a_full_disk_leaves_no_backup_that_counts_and_says_so() {
    let room = Room::new();
    for at in 1.. {
        let world = room.world.restart(0);
        let (vault, who) = room.vault(&world);
        let effect = Effect::FailFromNow(std::io::ErrorKind::StorageFull);
        world.fault(Fault { at, operation: None, place: COPY.to_owned(), effect });
        let done = vault.backup_into(&who, &*world.folder(COPY), 7);
        world.mend();
        let counts = world.folder(COPY).read(MANIFEST_FILE).unwrap().is_some();
        assert_eq!(done.is_ok(), counts, "write {at}");
        drop(vault);
        let store = store_support::open(&world, &room.base.sources).unwrap();
        let ended = entries(&store, LogId::System);
        let ended: Vec<_> = ended.iter().filter(|e| e.act == entry::Act::BackupEnd).collect();
        assert_eq!(ended.len(), 1, "write {at}");
        match done {
            Err(problem) => assert_eq!(problem.kind.exit(), 14, "write {at}: {problem}"),
            Ok(_) => return assert!(at > 5, "only {at} writes"),
        }
    }
}

#[test]
fn what_is_read_back_is_durable_and_a_changed_byte_of_it_leaves_no_backup() {
    let room = Room::new();
    let header = 129;
    let (records, slots) = ((RECORDS_FILE, header + 900), (SLOTS_FILE, header + 300));
    for spoilt in [None, Some(records), Some(slots), Some((RECORDS_FILE, header + 2))] {
        let world = room.world.restart(0);
        let (vault, who) = room.vault(&world);
        let late = Late::new(world.folder(COPY), spoilt);
        let done = vault.backup_into(&who, &late, 7);
        let counts = world.folder(COPY).read(MANIFEST_FILE).unwrap().is_some();
        assert_eq!((done.is_ok(), counts), (spoilt.is_none(), spoilt.is_none()), "{spoilt:?}");
        if let (Some((file, _)), Err(problem)) = (spoilt, done) {
            assert_eq!(problem.kind, Kind::Tampered, "{problem}");
            assert!(problem.to_string().contains(file), "{problem}");
        }
    }
}

/// Loses rows and a slot of acme, and erases somebody: gives whose tokens never come back.
fn damage(room: &Room, world: &ModelWorld) -> BTreeSet<String> {
    let rows = world.rows(Table::Record);
    let (first, _) = &rows[0];
    let record = |key: &[u8]| u64::from_be_bytes(*key.last_chunk().unwrap());
    let slots = world.names("data/slots").remove(0);
    let tenant = TenantId(*first.first_chunk().unwrap());
    let gone = record(first);
    let place = SlotAddress { install: INSTALL, tenant, record: RecordNumber(gone) };
    let stone = Tombstone { index: 1, leaf_head: [7; 24] };
    let stone = epoch_key().tombstone(place, &[3; 12], &stone).unwrap();
    let write = |record: u64, slot: &[u8]| {
        let at = record as usize * 64;
        world.edit(&slots, |bytes| bytes[at..at + 64].copy_from_slice(slot));
    };
    write(gone, &stone);
    write(record(&rows[2].0), &[0; 64]);
    for (key, _) in [&rows[0], &rows[1], &rows[3], &rows[8]] {
        world.set_row(Table::Record, key, None);
        let own = world.rows(Table::Index).into_iter();
        for (key, _) in own.filter(|(k, _)| record(k) == record(key)) {
            world.set_row(Table::Index, &key, None);
        }
    }
    let oldest = world.restart(0);
    let (vault, who) = room.vault(&oldest);
    let erased = room.oracle.sealed.iter().filter(|(tenant, token, _)| {
        let answer = reveal(&vault, &who, tenant, vec![token.clone()]);
        answer.is_err_and(|p| p.kind == Kind::NotFound)
    });
    let erased: BTreeSet<String> = erased.map(|(_, token, _)| token.clone()).collect();
    assert_eq!(erased.len(), 2, "both cells of one person");
    erased
}

#[test]
fn a_restore_cut_off_at_any_step_goes_on() {
    let room = Room::new();
    {
        let (vault, who) = room.vault(&room.world);
        vault.backup_into(&who, &*room.world.folder(COPY), 7).unwrap();
    }
    let hurt = room.world.restart(0);
    let erased = damage(&room, &hurt);
    let mut went_on = 0;
    for n in 1.. {
        let world = hurt.restart(0);
        let (vault, who) = room.vault(&world);
        world.kill_at(n);
        let done = vault.restore_from(&who, (&*world.folder(COPY), None), false, &|_| {});
        if !world.is_dead() {
            let done = done.unwrap();
            assert_eq!((done.put_back, done.slots_put_back, done.erased), (4, 1, 1));
            assert!(n > 8, "only {n} steps");
            break;
        }
        drop(vault);
        for image in images(&world, n) {
            let (vault, who) = room.vault(&image);
            let done =
                vault.restore_from(&who, (&*image.folder(COPY), None), false, &|_| {}).unwrap();
            went_on += usize::from(done.put_back > 0);
            assert_eq!(done.erased, 1, "step {n}: {done:?}");
            assert!(done.not_restored.is_empty(), "step {n}: {done:?}");
            drop(vault);
            room.everybody(&image.restart(0), &erased);
        }
    }
    assert!(went_on > 0);
}

fn kills() -> u64 {
    std::env::var("STRONGROOM_KILLS").map_or(20, |text| text.parse().unwrap())
}

/// Looks at a process until it ends, or kills it after so many looks. Gives how many there were,
/// and whether it was killed.
fn watch(mut child: Child, looks_max: u64) -> (u64, bool) {
    let mut looks = 0;
    while child.try_wait().unwrap().is_none() {
        if looks >= looks_max {
            child.kill().unwrap();
            let status = child.wait().unwrap();
            return (looks, !status.success());
        }
        looks += 1;
        std::thread::yield_now();
    }
    (looks, false)
}

/// Kills a command at points spread over its life, and holds what each kill leaves to `after`.
fn spread(install: &Install, args: &dyn Fn(u64) -> Vec<String>, after: &dyn Fn(u64, bool)) {
    let start = |n: u64| {
        let args = args(n);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let credential = (!args.contains(&"--new")).then_some(install.operator.as_path());
        install.command(credential, &args).spawn().unwrap()
    };
    let (mut whole, _) = watch(start(0), u64::MAX);
    after(0, false);
    let mut killed = 0;
    for n in 1..=kills() {
        // Not the same part of the life each time a run is quicker or slower.
        let (looks, dead) = watch(start(n), whole * (n * 7 % kills() + 1) / (kills() + 1));
        killed += u64::from(dead);
        // A run that ends earlier than expected, since less else is going on, corrects it.
        whole = if dead { whole } else { looks };
        after(n, dead);
    }
    // Other work on the machine makes one life longer than another.
    assert!(killed * 4 >= kills(), "only {killed} of {} runs were killed", kills());
}

#[test]
fn backups_and_restores_killed_as_processes_leave_nothing_half() {
    let (install, people) = filled("kills-copies", 1_000);
    let out = |n: u64| install.scratch.path(&format!("copy-{n}"));
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    spread(&install, &|n| vec!["backup".to_owned(), "--out".to_owned(), text(&out(n))], &|n, _| {
        if out(n).join("backup.json").exists() {
            install.operate(&["restore", &text(&out(n)), "--dry-run"]);
        }
    });
    come_back(&install, &people[990..]);

    let copy = backup(&install, "copy");
    let hands = Hands::on(&install);
    let lose = || hands.lose(|record| record % 2 == 0);
    lose();
    spread(&install, &|_| vec!["restore".to_owned(), text(&copy)], &|n, dead| {
        if !dead {
            come_back(&install, &people[..50]);
        }
        if n % 4 == 0 {
            lose();
        }
    });
    install.operate(&["restore", &text(&copy)]);
    come_back(&install, &people[900..]);
}

#[test]
fn an_install_made_anew_is_whole_or_none() {
    let (install, people) = filled("kills-new", 1_000);
    let copy = backup(&install, "copy");
    let data = install.scratch.path("data");
    let out = |n: u64| install.scratch.path(&format!("operator-{n}"));
    fs::remove_dir_all(&data).unwrap();
    let args = |n: u64| {
        let words = ["restore", copy.to_str().unwrap(), "--new", "--out"];
        let mut words: Vec<String> = words.map(str::to_owned).to_vec();
        words.push(out(n).to_str().unwrap().to_owned());
        words
    };
    let mut numbers = BTreeSet::new();
    let numbers = std::cell::RefCell::new(&mut numbers);
    spread(&install, &args, &|n, _| {
        let there = data.join("install.json").exists();
        let fresh = Some(out(n)).filter(|out| out.exists());
        let status = install.run(fresh.as_deref(), &["status"]);
        assert_eq!(status.code, if there { 0 } else { 2 }, "run {n}: {}", status.json);
        if there {
            let args = ["reveal", "--tenant", "acme", "--purpose", "tax", &people[7].token];
            assert_eq!(install.run(Some(&out(n)), &args).code, 0, "run {n}");
            let notes = fs::read_to_string(install.scratch.path("data.keys/notes.json")).unwrap();
            let line = notes.lines().find(|line| line.contains("high_water")).unwrap().to_owned();
            assert!(numbers.borrow_mut().insert(line), "run {n} gives numbers out twice");
            fs::remove_dir_all(&data).unwrap();
        }
    });
    let last = install.run(None, &args(kills() + 1).iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(last.code, 0, "{} {}", last.json, last.notices);
    let status = install.run(Some(&out(kills() + 1)), &["status"]);
    assert_eq!(status.code, 0, "{}", status.json);
}
