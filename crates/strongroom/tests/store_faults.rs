//! Media that fail while the process lives on. Nothing is acknowledged that is not durable; what
//! was stated and not done stops the store from stating more; reading and recording go on where
//! they can; and the next opening puts everything right.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap, what their tests share too"
)]

mod store_support;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store_support::check::account;
use store_support::history::{Act, Base, Oracle, perform, reveal};
use store_support::office::{Office, log, slot, tenant, values};
use store_support::{
    INSTALL, Sources, Temp, commit, entries, epoch_key, leaves, media, new_world, open, store_key,
};
use strongroom::store::engine::{Engine, EngineSnapshot, Loader};
use strongroom::store::local::{LocalStore, Media};
use strongroom::store::model::{ENGINE, Effect, Fault, ModelWorld, Operation};
use strongroom::store::notes::Notes;
use strongroom_core::ledger::LogId;
use strongroom_core::ledger::entry::Act as Word;
use strongroom_core::source::Clock as _;
use strongroom_core::store::{Changes, CommitError, Row, Store, Table};
use strongroom_core::vault::slot::Slot;

const FULL: io::ErrorKind = io::ErrorKind::StorageFull;
const OTHER: io::ErrorKind = io::ErrorKind::Other;
const LEDGER: &str = "data/ledger/";
const SLOTS: &str = "data/slots/";
const NOTES: &str = "keys/notes.json";

struct Room {
    world: ModelWorld,
    sources: Sources,
    office: Office,
}

impl Room {
    fn new() -> Self {
        let sources = Sources::new();
        let office = Office::new(sources.random());
        Self { world: new_world(&sources), sources, office }
    }

    fn open(&self) -> LocalStore {
        open(&self.world, &self.sources).unwrap()
    }

    fn fail(&self, operation: Operation, place: &str, effect: Effect) {
        let (operation, place) = (Some(operation), place.to_owned());
        self.world.fault(Fault { at: 1, operation, place, effect });
    }

    /// Commits until a new segment is needed.
    fn fill_segment(&self, store: &LocalStore) -> CommitError {
        for _ in 0..200 {
            if let Err(error) = commit(store, self.office.refusal(0)) {
                return error;
            }
        }
        panic!("no new segment was needed")
    }
}

#[test]
fn a_failed_write_or_sync_of_the_ledger_stops_everything_but_reading() {
    for operation in [Operation::Write, Operation::Sync] {
        for kind in [OTHER, FULL] {
            let room = Room::new();
            let store = room.open();
            let sealed = room.office.seal_now(&store, 1, &values(0, 2));
            let heads = store.heads();
            room.fail(operation, LEDGER, Effect::Fail(kind));
            let error = commit(&store, room.office.refusal(1)).err();
            assert_eq!(error, Some(CommitError::Failed("ledger")), "never that nothing was done");
            for batch in [room.office.refusal(0), room.office.seal(&store, 1, &values(9, 1)).0] {
                assert_eq!(commit(&store, batch).err(), Some(CommitError::Stopped));
            }
            assert_eq!(store.heads(), heads);
            assert_eq!(leaves(&store, log(1)).unwrap().len(), 1);
            let record = sealed[0].record.0;
            assert!(matches!(slot(&store, tenant(1), record), Ok(Slot::Live(_))));
            assert_eq!(store.get(Table::Record, b"none").unwrap(), None);
            drop(store);
            for seed in [0, 1, 2, 3] {
                let store = open(&room.world.crash(seed), &room.sources).unwrap();
                account(&store, &[]);
                let token = sealed[1].token.clone();
                assert!(room.office.reveal(&store, 1, vec![token]).is_ok());
            }
        }
    }
}

#[test]
fn a_full_disk_at_a_new_segment_is_waited_out() {
    let room = Room::new();
    let store = room.open();
    let sealed = room.office.seal_now(&store, 0, &values(0, 1));
    room.fail(Operation::Create, LEDGER, Effect::FailFromNow(FULL));
    assert_eq!(room.fill_segment(&store), CommitError::DiskFull);
    let heads = store.heads();
    let rows = room.world.rows(Table::Record);
    for n in 0..3 {
        assert_eq!(commit(&store, room.office.refusal(n)).err(), Some(CommitError::DiskFull));
        let batch = room.office.seal(&store, n, &values(10, 2)).0;
        assert_eq!(commit(&store, batch).err(), Some(CommitError::DiskFull));
    }
    assert_eq!(store.heads(), heads, "nothing was done");
    assert_eq!(room.world.rows(Table::Record), rows);
    room.world.mend();
    commit(&store, room.office.refusal(0)).unwrap();
    let more = room.office.seal_now(&store, 0, &values(20, 2));
    let tokens = sealed.iter().chain(&more).map(|s| s.token.clone()).collect();
    assert_eq!(room.office.reveal(&store, 0, tokens).unwrap().len(), 3);
    drop(store);
    let store = room.open();
    let found = account(&store, &[]);
    assert!(found.failed.is_empty(), "nothing was stated that did not take place");
    assert_eq!(found.live.len(), 3);
}

#[test]
fn a_new_segment_that_cannot_be_made_is_tried_again() {
    let room = Room::new();
    let store = room.open();
    room.fail(Operation::Create, LEDGER, Effect::Fail(io::ErrorKind::PermissionDenied));
    assert_eq!(room.fill_segment(&store), CommitError::Failed("ledger"));
    commit(&store, room.office.refusal(0)).unwrap();
    assert!(room.world.names(LEDGER).len() > 1);
    drop(store);
    account(&room.open(), &[]);
}

/// The file may be there although making it failed. Going on in the old segment would contradict
/// the header of the new one.
#[test]
fn a_new_segment_that_was_made_and_failed_all_the_same() {
    let room = Room::new();
    let store = room.open();
    room.fail(Operation::Create, LEDGER, Effect::FailLate(OTHER));
    // A long request does not fit any more, a short one would.
    let mut long = Ok(());
    while long.is_ok() {
        long = commit(&store, room.office.heads(11)).map(|_| ());
    }
    assert_eq!(long, Err(CommitError::Failed("ledger")));
    let said = commit(&store, room.office.refusal(0)).unwrap();
    for world in [room.world.restart(0), room.world.crash(0)] {
        account(&open(&world, &room.sources).unwrap(), said.positions());
    }
}

#[test]
fn a_full_disk_is_met_before_record_numbers_are_given_out() {
    let room = Room::new();
    let store = room.open();
    for (operation, place) in [(Operation::Grow, SLOTS), (Operation::Replace, NOTES)] {
        room.fail(operation, place, Effect::Fail(FULL));
        assert_eq!(store.reserve(200_000).err(), Some(CommitError::DiskFull));
        let first = store.reserve(200_000).unwrap();
        let steps = room.world.steps().len();
        let (batch, _) = room.office.seal_at(first, 0, &values(0, 3));
        commit(&store, batch).unwrap();
        let grown = room.world.steps().split_off(steps);
        assert!(grown.iter().all(|s| s.operation != Operation::Grow), "allocated ahead");
    }
}

#[test]
fn a_failed_effect_stops_effects_and_is_marked_failed() {
    let faults = [
        (Operation::Write, SLOTS, "slot file"),
        (Operation::Sync, SLOTS, "slot file"),
        (Operation::Commit, ENGINE, "engine"),
    ];
    for (operation, place, what) in faults {
        for kind in [OTHER, FULL] {
            let room = Room::new();
            let store = room.open();
            let kept = room.office.seal_now(&store, 0, &values(0, 2));
            let (batch, lost) = room.office.seal(&store, 0, &values(5, 2));
            room.fail(operation, place, Effect::Fail(kind));
            assert_eq!(commit(&store, batch).err(), Some(CommitError::Failed(what)));
            let batch = room.office.seal(&store, 1, &values(9, 1)).0;
            assert_eq!(commit(&store, batch).err(), Some(CommitError::Stopped));
            // Reveals write no effect: they are recorded, and served.
            let tokens: Vec<_> = kept.iter().map(|s| s.token.clone()).collect();
            assert_eq!(room.office.reveal(&store, 0, tokens.clone()).unwrap().len(), 2);
            let said = commit(&store, room.office.refusal(1)).unwrap();
            drop(store);
            for world in [room.world.restart(0), room.world.crash(0), room.world.crash(5)] {
                let store = open(&world, &room.sources).unwrap();
                let found = account(&store, said.positions());
                assert_eq!((found.failed.len(), found.live.len()), (1, 2));
                assert_eq!(found.erased.len(), 2);
                assert!(room.office.reveal(&store, 0, tokens.clone()).is_ok());
                let gone = room.office.reveal(&store, 0, vec![lost[0].token.clone()]);
                assert_eq!(gone, Err("not found".to_owned()));
                room.office.seal_now(&store, 0, &values(30, 1));
            }
        }
    }
}

#[test]
fn custody_that_cannot_note_a_control_change_stops_effects() {
    for (at, takes_place) in [(1, false), (2, true)] {
        let room = Room::new();
        let store = room.open();
        let add = |key: &[u8]| {
            let mut changes = Changes::default();
            changes.rows.put(Table::Control, key, b"row");
            room.office.change(0, changes)
        };
        commit(&store, add(b"one")).unwrap();
        let (operation, place) = (Some(Operation::Replace), NOTES.to_owned());
        room.world.fault(Fault { at, operation, place, effect: Effect::Fail(FULL) });
        let error = commit(&store, add(b"two")).err();
        assert_eq!(error, Some(CommitError::Failed("key folder")));
        assert_eq!(commit(&store, add(b"three")).err(), Some(CommitError::Stopped));
        commit(&store, room.office.refusal(2)).unwrap();
        drop(store);
        for world in [room.world.restart(0), room.world.crash(0), room.world.crash(1)] {
            let store = open(&world, &room.sources).unwrap();
            let there = store.get(Table::Control, b"two").unwrap().is_some();
            assert_eq!(there, takes_place, "note {at}");
            let failed = entries(&store, log(0)).iter().filter(|e| e.completes.is_some()).count();
            assert_eq!(failed, usize::from(!takes_place));
            commit(&store, add(b"four")).unwrap();
            drop(store);
            open(&world, &room.sources).unwrap();
        }
    }
}

const HISTORY: &[Act] = &[
    Act::Tenant("acme"),
    Act::Seal { tenant: "acme", input: 1, rows: 2 },
    Act::Service("app", "acme"),
    Act::Reveal("acme"),
    Act::Reserve(40_000),
    Act::Seal { tenant: "acme", input: 2, rows: 1 },
    Act::Revoke("app"),
    Act::Clock(70),
    Act::Reveal("acme"),
    Act::Tenant("zeta"),
    Act::Reveal("acme"),
];

/// Every step fails once, and everything after it goes on as well as it can.
#[test]
fn any_one_step_fails() {
    let base = Base::new();
    let whole = base.world.restart(0);
    base.run(&whole, HISTORY);
    let steps = whole.steps().len() as u64;
    for n in 1..=steps {
        for effect in [Effect::Fail(OTHER), Effect::Fail(FULL), Effect::FailLate(OTHER)] {
            let world = base.world.restart(0);
            world.fault(Fault { at: n, operation: None, place: String::new(), effect });
            let (mut oracle, positions, temp) = (Oracle::default(), Arc::default(), Temp::new());
            if let Ok((vault, who)) = base.vault(&world, &positions) {
                for act in HISTORY {
                    let _ = perform(&vault, &who, act, &mut oracle, &base, &temp);
                }
            }
            let positions = std::mem::take(&mut *positions.lock().unwrap());
            for left in [world.restart(0), world.crash(0), world.crash(n + 2)] {
                let store = open(&left, &base.sources);
                let store = store.unwrap_or_else(|e| panic!("step {n}, {effect:?}: {e}"));
                account(&store, &positions);
                drop(store);
                let (vault, who) = base.vault(&left, &Arc::default()).unwrap();
                let tokens = oracle.sealed.iter().map(|(_, token, _)| token.clone()).collect();
                let opened = reveal(&vault, &who, "acme", tokens);
                let expected = oracle.sealed.iter().map(|(.., value)| value.clone()).collect();
                assert_eq!(opened.map_err(|p| p.detail), Ok::<Vec<_>, _>(expected), "step {n}");
                let next = vault.store().reserve(1).unwrap().0;
                assert!(oracle.reserved.last().is_none_or(|last| *last < next), "step {n}");
            }
        }
    }
}

/// An opening that fails anywhere, reading or writing, may be tried again.
#[test]
fn an_opening_fails_anywhere() {
    let room = Room::new();
    let store = room.open();
    room.office.seal_now(&store, 0, &values(0, 2));
    let (batch, _) = room.office.seal(&store, 0, &values(5, 2));
    room.fail(Operation::Commit, ENGINE, Effect::Kill);
    assert!(commit(&store, batch).is_err());
    drop(store);
    let left = room.world.crash(0);
    for operation in [Some(Operation::Read), None] {
        for at in 1.. {
            let world = left.restart(0);
            let (place, effect) = (String::new(), Effect::FailFromNow(FULL));
            world.fault(Fault { at, operation, place, effect });
            let opened = open(&world, &room.sources).map(drop);
            world.mend();
            let store = open(&world, &room.sources).unwrap();
            let found = account(&store, &[]);
            assert_eq!((found.failed.len(), found.live.len(), found.erased.len()), (1, 2, 2));
            if opened.is_ok() && at > 8 {
                break;
            }
        }
    }
}

#[test]
fn reading_says_when_it_fails() {
    let room = Room::new();
    let store = room.open();
    let sealed = room.office.seal_now(&store, 0, &values(0, 1));
    for place in [ENGINE, SLOTS, LEDGER] {
        room.fail(Operation::Read, place, Effect::Fail(OTHER));
    }
    assert!(store.get(Table::Record, b"x").is_err());
    assert!(store.slot(sealed[0].record).is_err());
    assert!(leaves(&store, log(0)).is_err());
    assert!(room.office.reveal(&store, 0, vec![sealed[0].token.clone()]).is_ok());
}

/// An engine that panics once.
struct Panicking {
    engine: Arc<dyn Engine>,
    armed: AtomicBool,
}

impl Engine for Panicking {
    fn get(&self, table: Table, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        self.engine.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> io::Result<()> {
        self.engine.scan(table, prefix, visit)
    }

    fn commit(&self, rows: &mut dyn Iterator<Item = Row<'_>>) -> io::Result<()> {
        assert!(!self.armed.swap(false, Ordering::AcqRel), "a test's own panic");
        self.engine.commit(rows)
    }

    fn snapshot(&self) -> io::Result<Box<dyn EngineSnapshot>> {
        self.engine.snapshot()
    }

    fn loader(&self, table: Table) -> io::Result<Box<dyn Loader + '_>> {
        self.engine.loader(table)
    }
}

#[test]
fn an_engine_that_panics_is_one_that_failed() {
    let room = Room::new();
    let media = media(&room.world, &room.sources);
    let engine = Arc::new(Panicking { engine: media.engine, armed: AtomicBool::new(false) });
    let media = Media { engine: engine.clone(), ..media };
    let store = LocalStore::open(media, INSTALL, &epoch_key(), store_key()).unwrap();
    let kept = room.office.seal_now(&store, 0, &values(0, 1));
    engine.armed.store(true, Ordering::Release);
    for n in 0..30 {
        let batch = room.office.seal(&store, 0, &values(5 + n, 1)).0;
        assert_eq!(commit(&store, batch).err(), Some(CommitError::Stopped));
    }
    assert!(room.office.reveal(&store, 0, vec![kept[0].token.clone()]).is_ok());
    drop(store);
    let found = account(&room.open(), &[]);
    assert_eq!(found.live.len(), 1);
    assert!((1..10).contains(&found.failed.len()), "soon nothing more is stated");
}

#[test]
fn a_clock_that_steps_back_is_an_entry_and_time_stands_still() {
    let room = Room::new();
    let store = room.open();
    for _ in 0..3 {
        commit(&store, room.office.refusal(0)).unwrap();
    }
    let before = room.sources.clock.now_us();
    room.sources.clock.put(before - 3_600_000_000);
    for _ in 0..3 {
        commit(&store, room.office.refusal(0)).unwrap();
        commit(&store, room.office.refusal(1)).unwrap();
    }
    let steps = |store: &LocalStore| {
        entries(store, LogId::System).iter().filter(|e| e.act == Word::ClockStep).count()
    };
    assert_eq!(steps(&store), 1, "said once");
    let first = entries(&store, log(0));
    assert!(first.windows(2).all(|e| e[0].time_us <= e[1].time_us));
    assert!(first.iter().all(|e| e.time_us < before));
    assert!(entries(&store, log(1))[0].time_us < before - 3_000_000_000, "its own clock");
    // A little is no step: clocks are slewed.
    let now = room.sources.clock.now_us();
    room.sources.clock.put(now - 500_000);
    commit(&store, room.office.refusal(0)).unwrap();
    assert_eq!(steps(&store), 1);
    // The next boot sees the newest entry and says so once more.
    drop(store);
    let store = room.open();
    commit(&store, room.office.refusal(0)).unwrap();
    commit(&store, room.office.refusal(0)).unwrap();
    assert_eq!(steps(&store), 2);
    account(&store, &[]);
}

fn notes(world: &ModelWorld) -> Notes {
    serde_json::from_slice(&world.bytes(NOTES)).unwrap()
}

#[test]
fn a_busy_store_is_noted_every_minute_all_the_same() {
    let room = Room::new();
    let store = room.open();
    let act = |n: u8| room.office.seal(&store, n, &values(u64::from(n), 1)).0;
    commit(&store, act(0)).unwrap();
    commit(&store, act(0)).unwrap();
    // One act is stated and cannot go on.
    let held = room.world.hold(ENGINE);
    let waiting = store.commit(act(0));
    while leaves(&store, log(0)).unwrap().len() < 3 {
        std::thread::yield_now();
    }
    assert!(notes(&room.world).logs.get(&log(0).to_string()).is_none_or(|n| n.size < 3));
    room.sources.clock.pass(61_000_000);
    for _ in 0..2 {
        commit(&store, room.office.refusal(0)).unwrap();
    }
    let noted = notes(&room.world).logs[&log(0).to_string()].clone();
    assert!(noted.size >= 3, "{noted:?}");
    let applied = noted.applied.map(|applied| applied.index);
    assert_eq!((applied, noted.settled), (Some(1), 2), "as far as the engine is");
    let system = entries(&store, LogId::System);
    assert!(system.iter().filter_map(|e| e.head).any(|h| h.log == log(0) && h.size >= 3));
    let crashed = room.world.crash(1);
    drop(held);
    pollster::block_on(waiting).unwrap();
    let failed = account(&open(&crashed, &room.sources).unwrap(), &[]).failed;
    assert_eq!(failed.into_iter().collect::<Vec<_>>(), [(log(0), 2)]);
}
