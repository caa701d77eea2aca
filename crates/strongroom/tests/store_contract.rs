//! What every store promises: one suite, over the model and over the machine's own files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap, what their tests share too"
)]

mod store_support;

use std::collections::{BTreeMap, BTreeSet};

use store_support::office::{self, Office, log, values};
use store_support::{OnDisk, OnModel, Stand, commit, entries, leaves, root_of};
use strongroom::store::model::{DATA, ENGINE, Operation};
use strongroom_core::id::RecordNumber;
use strongroom_core::ledger::LogId;
use strongroom_core::ledger::entry::Act;
use strongroom_core::ledger::merkle::leaf_hash;
use strongroom_core::store::{Changes, CommitError, Store, Table};
use strongroom_core::vault::slot::Slot;

macro_rules! contract {
    ($($name:ident,)*) => {
        mod on_the_model {
            $(#[test]
            fn $name() {
                super::$name(&super::OnModel::new());
            })*
        }
        mod on_disk {
            $(#[test]
            fn $name() {
                super::$name(&super::OnDisk::new());
            })*
        }
    };
}

contract! {
    entries_stand_where_their_commit_says,
    a_batch_that_cannot_be_encoded_takes_no_place,
    record_numbers_are_given_out_once,
    a_resolved_commit_survives_a_crash,
    an_act_whose_future_is_dropped_is_done_all_the_same,
    reading_stops_at_what_is_durable,
    reading_stops_when_told,
    rows_are_found_by_key_and_by_prefix,
    the_last_row_of_a_key_wins,
    threads_commit_side_by_side,
    many_commits_share_a_sync,
    reopening_changes_nothing,
    heads_are_noted_when_the_store_stops,
    heads_are_noted_after_a_crash_too,
    every_opening_is_a_boot,
    a_long_request_goes_over_segments,
}

fn entries_stand_where_their_commit_says(stand: &dyn Stand) {
    let (store, office) = (stand.open(), Office::new(stand.sources().random()));
    let mut next: BTreeMap<LogId, u64> = BTreeMap::new();
    let mut placed = Vec::new();
    for round in 0..20 {
        let n = round % 3;
        for batch in [office.refusal(n), office.heads(5), office.stranger(), office.refusal(2 - n)]
        {
            let committed = commit(&store, batch).unwrap();
            for position in committed.positions() {
                let next = next.entry(position.log).or_default();
                assert_eq!(position.index, *next, "an index follows the one before");
                *next += 1;
                placed.push(*position);
            }
        }
    }
    for (log, size, root) in store.heads() {
        let stored = leaves(&store, log).unwrap();
        assert_eq!((stored.len() as u64, size), (size, next[&log]));
        assert_eq!(root_of(&stored), root);
        for position in placed.iter().filter(|p| p.log == log) {
            assert_eq!(leaf_hash(&stored[position.index as usize]), position.leaf_hash);
        }
        let read = entries(&store, log);
        assert!(read.windows(2).all(|e| e[0].time_us <= e[1].time_us), "time never runs back");
        assert_eq!(read.iter().map(|e| e.id).collect::<BTreeSet<_>>().len(), read.len());
        assert!(read.iter().all(|e| e.log == log && e.boot == 1));
    }
}

fn a_batch_that_cannot_be_encoded_takes_no_place(stand: &dyn Stand) {
    let (store, office) = (stand.open(), Office::new(stand.sources().random()));
    let mut answers = Vec::new();
    stand.hold(&mut || {
        answers.push(store.commit(office.refusal(0)));
        answers.push(store.commit(office.unreadable()));
        answers.push(store.commit(office.refusal(0)));
    });
    let answers: Vec<_> = answers.into_iter().map(pollster::block_on).collect();
    let index = |at: usize| answers[at].as_ref().ok().map(|c| c.positions()[0].index);
    assert_eq!((index(0), index(2)), (Some(0), Some(1)));
    assert_eq!(answers[1].as_ref().err(), Some(&CommitError::Entry));
    assert_eq!(leaves(&store, log(0)).unwrap().len(), 2);
    assert_eq!(leaves(&store, LogId::System).unwrap().len(), 0);
}

fn record_numbers_are_given_out_once(stand: &dyn Stand) {
    let mut given = BTreeSet::new();
    let mut take = |store: &dyn Store, count: u64| {
        let first = store.reserve(count).unwrap().0;
        assert!(first > 0, "number 0 is nobody's");
        assert!((first..first + count).all(|n| given.insert(n)), "{first} was given out before");
    };
    let store = stand.open();
    for count in [1, 2, 1000, 20_000, 1, 40_000] {
        take(&store, count);
    }
    std::thread::scope(|scope| {
        let reserve = || (0..100).map(|_| store.reserve(3).unwrap().0).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(reserve)).collect();
        for first in threads.into_iter().flat_map(|t| t.join().unwrap()) {
            assert!((first..first + 3).all(|n| given.insert(n)), "{first} twice");
        }
    });
    let last = *given.last().unwrap();
    let crashed = stand.crash();
    drop(store);
    let first = stand.open().reserve(1).unwrap().0;
    assert_eq!(first, last + 1, "a clean stop wastes no numbers");
    let first = crashed.open().reserve(1).unwrap().0;
    assert!(first > last, "after a crash {first} was given out before");
    let first = crashed.crash().open().reserve(1).unwrap().0;
    assert!(first > last);
}

fn a_resolved_commit_survives_a_crash(stand: &dyn Stand) {
    let (store, office) = (stand.open(), Office::new(stand.sources().random()));
    let mut sealed = Vec::new();
    for n in 0..3 {
        sealed.push(office.seal_now(&store, n, &values(u64::from(n) * 10, 4)));
    }
    let mut changes = Changes::default();
    changes.rows.put(Table::Control, b"x", b"one");
    let act = commit(&store, office.add(changes)).unwrap().positions()[0];
    let said = commit(&store, office.refusal(1)).unwrap().positions()[0];
    let crashed = stand.crash();
    drop(store);
    let store = crashed.open();
    for (n, sealed) in (0..3).zip(&sealed) {
        for one in sealed {
            let slot = office::slot(&store, office::tenant(n), one.record.0);
            assert!(matches!(slot, Ok(Slot::Live(_))));
        }
        let tokens = sealed.iter().map(|s| s.token.clone()).collect();
        let values: Vec<_> = sealed.iter().map(|s| s.value.clone()).collect();
        assert_eq!(office.reveal(&store, n, tokens), Ok(values));
    }
    assert_eq!(store.get(Table::Control, b"x").unwrap().as_deref(), Some(b"one".as_slice()));
    for position in [act, said] {
        let leaf = &leaves(&store, position.log).unwrap()[position.index as usize];
        assert_eq!(leaf_hash(leaf), position.leaf_hash);
    }
    assert!(entries(&store, LogId::System).iter().all(|e| e.completes.is_none()), "none failed");
}

fn an_act_whose_future_is_dropped_is_done_all_the_same(stand: &dyn Stand) {
    let (store, office) = (stand.open(), Office::new(stand.sources().random()));
    let (batch, sealed) = office.seal(&store, 0, &values(0, 3));
    drop(store.commit(batch));
    drop(store);
    let store = stand.open();
    let token = sealed[2].token.clone();
    assert_eq!(office.reveal(&store, 0, vec![token]), Ok(vec![sealed[2].value.clone()]));
}

fn reading_stops_at_what_is_durable(stand: &dyn Stand) {
    let (store, office) = (stand.open(), Office::new(stand.sources().random()));
    commit(&store, office.refusal(0)).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = 0;
            while !done.load(std::sync::atomic::Ordering::Acquire) {
                let before = store.heads().iter().find(|(l, ..)| *l == log(0)).unwrap().1;
                let now = leaves(&store, log(0)).unwrap();
                let after = store.heads().iter().find(|(l, ..)| *l == log(0)).unwrap().1;
                assert!((before..=after).contains(&(now.len() as u64)));
                assert!(now.len() >= seen, "what was read once stays");
                seen = now.len();
            }
        });
        for n in 0..150 {
            commit(&store, office.refusal(n % 2)).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Release);
        reader.join().unwrap();
    });
    assert_eq!(leaves(&store, log(0)).unwrap().len(), 76);
    assert!(leaves(&store, log(2)).unwrap().is_empty(), "a log without entries is empty");
}

fn reading_stops_when_told(stand: &dyn Stand) {
    let (store, office) = (stand.open(), Office::new(stand.sources().random()));
    commit(&store, office.heads(10)).unwrap();
    let mut seen = Vec::new();
    let visit = &mut |index, _: &[u8]| {
        seen.push(index);
        index < 3
    };
    store.entries(LogId::System, visit).unwrap();
    assert_eq!(seen, [0, 1, 2, 3]);
}

fn rows_are_found_by_key_and_by_prefix(stand: &dyn Stand) {
    let (store, office) = (stand.open(), Office::new(stand.sources().random()));
    let mut changes = Changes::default();
    let keys: [&[u8]; 7] = [b"b", b"ab", b"a", b"\xff\xff", b"abc", b"\xff", b"\x00"];
    for key in keys {
        changes.rows.put(Table::Record, key, key);
        changes.rows.put(Table::Index, key, b"");
    }
    changes.rows.put(Table::Job, b"ab", b"job");
    commit(&store, office.change(0, changes)).unwrap();
    let scan = |table, prefix: &[u8], most: usize| {
        let mut found = Vec::new();
        store
            .scan(table, prefix, &mut |key, value| {
                found.push((key.to_vec(), value.to_vec()));
                found.len() < most
            })
            .unwrap();
        found.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    assert_eq!(store.get(Table::Record, b"ab").unwrap().as_deref(), Some(b"ab".as_slice()));
    assert_eq!(store.get(Table::Index, b"ab").unwrap().as_deref(), Some(b"".as_slice()));
    assert_eq!(store.get(Table::Record, b"a\0").unwrap(), None);
    assert_eq!(store.get(Table::Control, b"ab").unwrap(), None);
    assert_eq!(scan(Table::Record, b"a", 9), [b"a".to_vec(), b"ab".to_vec(), b"abc".to_vec()]);
    assert_eq!(scan(Table::Record, b"a", 2), [b"a".to_vec(), b"ab".to_vec()]);
    assert_eq!(scan(Table::Record, b"\xff", 9), [b"\xff".to_vec(), b"\xff\xff".to_vec()]);
    let all = scan(Table::Index, b"", 99);
    assert_eq!(all.len(), 7);
    assert!(all.windows(2).all(|k| k[0] < k[1]), "in order of key");
    assert_eq!(scan(Table::Job, b"", 9), [b"ab".to_vec()]);
    assert!(scan(Table::Record, b"abcd", 9).is_empty());
}

/// Or its being taken away; also when one key comes twice in a batch, or in batches that the
/// engine gets together.
fn the_last_row_of_a_key_wins(stand: &dyn Stand) {
    let (store, office) = (stand.open(), Office::new(stand.sources().random()));
    let mut answers = Vec::new();
    stand.hold(&mut || {
        for n in 0..64u32 {
            let mut changes = Changes::default();
            for key in 0..40u32 {
                changes.rows.put(Table::Job, &key.to_be_bytes(), b"before");
                changes.rows.delete(Table::Job, &key.to_be_bytes());
                changes.rows.put(Table::Job, &key.to_be_bytes(), &n.to_be_bytes());
                changes.rows.put(Table::Index, &key.to_be_bytes(), b"before");
                changes.rows.delete(Table::Index, &key.to_be_bytes());
            }
            answers.push(store.commit(office.change(0, changes)));
        }
    });
    answers.into_iter().for_each(|a| drop(pollster::block_on(a).unwrap()));
    let crashed = stand.crash();
    let check = |store: &dyn Store| {
        for key in 0..40u32 {
            let value = store.get(Table::Job, &key.to_be_bytes()).unwrap();
            assert_eq!(value.as_deref(), Some(63u32.to_be_bytes().as_slice()), "key {key}");
            assert_eq!(store.get(Table::Index, &key.to_be_bytes()).unwrap(), None, "key {key}");
        }
        let failed = entries(store, log(0)).iter().filter(|e| e.completes.is_some()).count();
        assert_eq!(failed, 0, "no act is taken for one that did not take place");
    };
    check(&store);
    drop(store);
    check(&stand.open());
    check(&crashed.open());
}

fn threads_commit_side_by_side(stand: &dyn Stand) {
    let store = stand.open();
    let office = &Office::new(stand.sources().random());
    let sealed: Vec<_> = std::thread::scope(|scope| {
        let work = |n: u64| {
            let mut sealed = Vec::new();
            let mut last = None;
            for round in 0..12 {
                let tenant = (n % 3) as u8;
                let values = values(n * 100 + round * 3, 2);
                sealed.push((tenant, office.seal_now(&store, tenant, &values)));
                let position = commit(&store, office.refusal(tenant)).unwrap().positions()[0];
                assert!(last < Some(position.index), "a caller's own acts keep their order");
                last = Some(position.index);
            }
            sealed
        };
        let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || work(n))).collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    let crashed = stand.crash();
    let check = |store: &dyn Store| {
        for (tenant, sealed) in &sealed {
            let tokens = sealed.iter().map(|s| s.token.clone()).collect();
            let values: Vec<_> = sealed.iter().map(|s| s.value.clone()).collect();
            assert_eq!(office.reveal(store, *tenant, tokens), Ok(values));
        }
        for (log, size, root) in store.heads() {
            let stored = leaves(store, log).unwrap();
            assert_eq!((stored.len() as u64, root_of(&stored)), (size, root));
        }
        let numbers: BTreeSet<_> = sealed.iter().flat_map(|(_, s)| s).map(|s| s.record).collect();
        assert_eq!(numbers.len(), 8 * 12 * 2);
    };
    check(&store);
    drop(store);
    check(&crashed.open());
}

fn many_commits_share_a_sync(stand: &dyn Stand) {
    let (store, office) = (stand.open(), Office::new(stand.sources().random()));
    let sealing: Vec<_> = (0..30).map(|n| office.seal(&store, 0, &values(n, 1)).0).collect();
    let syncs = |place: &str| stand.world().map_or(0, |w| w.count(Operation::Sync, place));
    let commits = || stand.world().map_or(0, |w| w.count(Operation::Commit, ENGINE));
    let before = (syncs("data/ledger/"), syncs("data/slots/"), commits());
    let mut answers = Vec::new();
    stand.hold(&mut || {
        answers.extend((0..200).map(|n| store.commit(office.refusal((n % 3) as u8))));
    });
    let held = stand.world().map(|world| world.hold("data/slots/"));
    answers.extend(sealing.into_iter().map(|batch| store.commit(batch)));
    // Once the sequencer answers again, it has handed on all that came before.
    for _ in 0..2 {
        commit(&store, office.refusal(1)).unwrap();
    }
    drop(held);
    let mut seen = BTreeSet::new();
    for answer in answers {
        for position in pollster::block_on(answer).unwrap().positions() {
            assert!(seen.insert((position.log, position.index)));
        }
    }
    assert_eq!(seen.len(), 230);
    if stand.world().is_some() {
        let after = (syncs("data/ledger/"), syncs("data/slots/"), commits());
        let done = (after.0 - before.0, after.1 - before.1, after.2 - before.2);
        assert!(done.0 < 60, "{} syncs of the ledger for 230 commits", done.0);
        assert!(done.1 < 10 && done.2 < 10, "{done:?} for 30 acts");
    }
}

fn reopening_changes_nothing(stand: &dyn Stand) {
    let (store, office) = (stand.open(), Office::new(stand.sources().random()));
    let sealed = office.seal_now(&store, 1, &values(0, 5));
    for n in 0..60 {
        commit(&store, office.refusal(n % 3)).unwrap();
    }
    let state = |store: &dyn Store| {
        let tables = [Table::Record, Table::Index, Table::Control, Table::Job];
        let mut rows = Vec::new();
        for table in tables {
            let visit = &mut |key: &[u8], value: &[u8]| {
                rows.push((table, key.to_vec(), value.to_vec()));
                true
            };
            store.scan(table, &[], visit).unwrap();
        }
        let slots: Vec<_> = (0..10).map(|n| store.slot(RecordNumber(n)).unwrap()).collect();
        let logs: Vec<_> = (0..3).map(|n| leaves(store, log(n)).unwrap()).collect();
        let mut heads = store.heads();
        heads.retain(|(log, ..)| *log != LogId::System);
        (rows, slots, logs, heads)
    };
    let before = state(&store);
    let system = leaves(&store, LogId::System).unwrap();
    drop(store);
    for _ in 0..3 {
        let store = stand.open();
        assert!(state(&store) == before);
        let now = leaves(&store, LogId::System).unwrap();
        assert_eq!(now[..system.len()], system[..], "the system log only grows");
    }
    let store = stand.open();
    let far = store.slot(RecordNumber(1 << 40)).unwrap();
    assert_eq!(far, [0; 64], "past the end there are zeros");
    let token = sealed[0].token.clone();
    assert_eq!(office.reveal(&store, 1, vec![token]), Ok(vec![sealed[0].value.clone()]));
}

fn heads_are_noted_when_the_store_stops(stand: &dyn Stand) {
    let (store, office) = (stand.open(), Office::new(stand.sources().random()));
    for n in [0, 0, 2] {
        commit(&store, office.refusal(n)).unwrap();
    }
    drop(store);
    check_heads(&stand.open(), &[0, 2]);
    let store = stand.open();
    commit(&store, office.refusal(0)).unwrap();
    drop(store);
    let store = stand.open();
    check_heads(&store, &[0, 2]);
    let noted = entries(&store, LogId::System);
    let noted = noted.iter().filter(|e| e.head.is_some_and(|h| h.log == log(2))).count();
    assert_eq!(noted, 1, "a log that did not grow is not noted again");
}

fn heads_are_noted_after_a_crash_too(stand: &dyn Stand) {
    let (store, office) = (stand.open(), Office::new(stand.sources().random()));
    commit(&store, office.refusal(1)).unwrap();
    let crashed = stand.crash();
    drop(store);
    drop(crashed.open());
    check_heads(&crashed.open(), &[1]);
}

/// The newest head that the system log notes of each of these tenants is its head.
fn check_heads(store: &dyn Store, tenants: &[u8]) {
    let system = entries(store, LogId::System);
    for n in tenants {
        let newest = system.iter().filter_map(|e| e.head).rfind(|h| h.log == log(*n));
        let newest = newest.map(|h| (h.log, h.size, h.root));
        assert_eq!(newest, store.heads().into_iter().find(|(l, ..)| *l == log(*n)));
    }
}

fn every_opening_is_a_boot(stand: &dyn Stand) {
    let office = Office::new(stand.sources().random());
    for _ in 0..3 {
        commit(&stand.open(), office.stranger()).unwrap();
    }
    let crashed = stand.crash();
    commit(&crashed.open(), office.stranger()).unwrap();
    let store = crashed.open();
    let acts = entries(&store, LogId::System).into_iter().filter(|e| e.act == Act::AuthRefuse);
    assert_eq!(acts.map(|e| e.boot).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

fn a_long_request_goes_over_segments(stand: &dyn Stand) {
    let (store, office) = (stand.open(), Office::new(stand.sources().random()));
    for count in [1, 60, 2, 300, 1] {
        assert_eq!(commit(&store, office.heads(count)).unwrap().positions().len() as u64, count);
    }
    let before = leaves(&store, LogId::System).unwrap();
    assert_eq!(before.len(), 364);
    let crashed = stand.crash();
    drop(store);
    assert_eq!(leaves(&stand.open(), LogId::System).unwrap(), before);
    assert_eq!(leaves(&crashed.open(), LogId::System).unwrap(), before);
}

#[test]
fn an_entry_that_changes_nothing_reaches_neither_slots_nor_engine() {
    let stand = OnModel::new();
    let (store, office) = (stand.open(), Office::new(stand.sources().random()));
    let before = stand.world.steps().len();
    for n in 0..3 {
        commit(&store, office.refusal(n)).unwrap();
        commit(&store, office.heads(3)).unwrap();
    }
    let steps = stand.world.steps().split_off(before);
    let ledger = format!("{DATA}ledger/");
    assert_eq!(steps.iter().filter(|s| s.operation == Operation::Sync).count(), 6);
    assert!(steps.iter().all(|s| s.place.starts_with(&ledger)), "{steps:?}");
}

#[test]
fn an_act_is_stated_then_its_slots_then_its_rows() {
    let stand = OnModel::new();
    let (store, office) = (stand.open(), Office::new(stand.sources().random()));
    office.seal_now(&store, 0, &values(0, 2));
    let before = stand.world.steps().len();
    let (batch, _) = office.seal(&store, 0, &values(2, 2));
    commit(&store, batch).unwrap();
    let steps = stand.world.steps().split_off(before);
    let short: Vec<_> = steps
        .iter()
        .map(|s| (s.operation, s.place.split('/').nth(1).unwrap_or("engine")))
        .collect();
    let expected = [
        (Operation::Write, "ledger"),
        (Operation::Sync, "ledger"),
        (Operation::Write, "slots"),
        (Operation::Sync, "slots"),
        (Operation::Commit, "engine"),
    ];
    assert_eq!(short, expected);
}

#[test]
fn one_process_holds_the_engine() {
    let stand = OnDisk::new();
    let store = stand.open();
    let path = stand.root.path("data/engine");
    assert!(strongroom::store::fjall::Fjall::open(&path).is_err(), "held by the first");
    drop(store);
    assert!(strongroom::store::fjall::Fjall::open(&path).is_ok());
}
