//! A full disk on the model, at every step of a history and for every kind of file: nothing
//! acknowledged is lost, nothing is stated that does not happen, reads and erasures go on as long
//! as they can be recorded, and everything does once there is space.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap, what their tests share too"
)]

mod store_support;

use std::sync::Arc;

use store_support::check::account;
use store_support::history::{Act, Base, Oracle, perform, reveal};
use store_support::office::{Office, log, values};
use store_support::{Sources, Temp, commit, leaves, long, new_world, open};
use strongroom::problem::Kind;
use strongroom::store::model::{Effect, Fault, ModelWorld};
use strongroom_core::store::{CommitError, Store, Table};

/// Everywhere; then each place for itself.
const PLACES: [&str; 5] = ["", "data/", "data/slots/", "keys/", "engine"];
const SPARE: &str = "data/ledger.spare";

const fn erase(row: usize, now: bool) -> Act {
    Act::Erase { tenant: "acme", input: 1, row, now }
}

const HISTORY: &[Act] = &[
    Act::Tenant("acme"),
    Act::Seal { tenant: "acme", input: 1, rows: 4 },
    Act::Service("app", "acme"),
    Act::Reveal("acme"),
    Act::Reserve(40_000),
    erase(0, true),
    Act::Seal { tenant: "acme", input: 2, rows: 1 },
    erase(1, false),
    Act::Reveal("acme"),
];

/// Performs acts one after the other, whatever becomes of them. Gives how many were refused.
fn go_through(base: &Base, world: &ModelWorld, acts: &[Act], oracle: &mut Oracle) -> u64 {
    let (positions, temp) = (Arc::default(), Temp::new());
    let mut refused = 0;
    match base.vault(world, &positions) {
        Ok((vault, who)) => {
            for act in acts {
                // What an act stands on may have been refused.
                let on = |tenant: &str| oracle.tenants.contains(tenant);
                let stands = match act {
                    Act::Erase { tenant, input, row, .. } => {
                        oracle.rows.contains_key(&(*tenant, *input, *row))
                    }
                    Act::Seal { tenant, .. } | Act::Service(_, tenant) | Act::Reveal(tenant) => {
                        on(tenant)
                    }
                    _ => true,
                };
                let done = stands.then(|| perform(&vault, &who, act, oracle, base, &temp));
                if let Some(Err(problem)) = done {
                    assert_eq!(problem.kind, Kind::Unavailable, "{act:?}: {problem}");
                    refused += 1;
                }
            }
        }
        Err(why) => {
            assert!(why.contains("storage") || why.contains("full"), "{why}");
            refused += 1;
        }
    }
    oracle.positions.append(&mut positions.lock().unwrap());
    refused
}

/// The tokens that must open, and their values.
fn live(oracle: &Oracle) -> (Vec<String>, Vec<String>) {
    let of = oracle.sealed.iter().filter(|(_, token, _)| !oracle.erased.contains(token));
    of.map(|(_, token, value)| (token.clone(), value.clone())).unzip()
}

/// What must hold of a machine that has space again.
fn is_whole(base: &Base, world: &ModelWorld, oracle: &Oracle, what: &str) {
    let store = open(world, &base.sources).unwrap_or_else(|e| panic!("{what}: {e}"));
    let found = account(&store, &oracle.positions);
    assert!(found.failed.is_empty(), "{what}: stated and not done");
    drop(store);
    let (vault, who) = base.vault(world, &Arc::default()).unwrap();
    let (tokens, values) = live(oracle);
    let opened = reveal(&vault, &who, "acme", tokens);
    assert_eq!(opened.map_err(|p| p.detail), Ok(values), "{what}");
    for token in &oracle.erased {
        let gone = reveal(&vault, &who, "acme", vec![token.clone()]);
        assert!(gone.is_err_and(|p| p.kind == Kind::NotFound), "{what}");
    }
    let next = vault.store().reserve(1).unwrap().0;
    assert!(oracle.reserved.last().is_none_or(|last| *last < next), "{what}");
    drop(vault);
    let more = [Act::Tenant("zeta"), Act::Seal { tenant: "zeta", input: 9, rows: 3 }];
    let mut oracle = Oracle::default();
    assert_eq!(go_through(base, world, &more, &mut oracle), 0, "{what}: all goes on");
    let store = open(world, &base.sources).unwrap();
    account(&store, &oracle.positions);
    assert!(world.names(SPARE).len() == 1 && world.names("keys/notes.spare").len() == 1, "{what}");
}

#[test]
fn filled_at_every_step() {
    let base = Base::new();
    let whole = base.world.restart(0);
    assert_eq!(go_through(&base, &whole, HISTORY, &mut Oracle::default()), 0);
    let steps = (whole.steps().len() - base.world.restart(0).steps().len()) as u64;
    let stride = if long() { 1 } else { 7 };
    let mut refused = 0;
    for (which, place) in (0..).zip(PLACES) {
        for n in (1 + which % stride..=steps).step_by(stride as usize) {
            let what = format!("{place:?} full at step {n}");
            let (world, mut oracle) = (base.world.restart(0), Oracle::default());
            let (at, place) = (n, place.to_owned());
            world.fault(Fault { at, operation: None, place, effect: Effect::Fill });
            refused += go_through(&base, &world, HISTORY, &mut oracle);
            // Full as it is, it opens again, reads and erases, and records both.
            let left = world.restart(0);
            goes_on(&base, &left, &mut oracle, &what);
            for after in [left.restart(0), left.crash(0), left.crash(n + 2)] {
                after.empty();
                is_whole(&base, &after, &oracle, &what);
            }
        }
    }
    assert!(refused > 20, "a full disk was met: {refused}");
}

/// On a full disk what was sealed is read and erased, until the spare segment is used up too.
fn goes_on(base: &Base, world: &ModelWorld, oracle: &mut Oracle, what: &str) {
    let spare = |world: &ModelWorld| !world.names(SPARE).is_empty();
    if !spare(world) {
        return;
    }
    let opened = base.vault(world, &Arc::default());
    let (vault, who) = opened.unwrap_or_else(|e| panic!("{what}: {e}"));
    let (tokens, values) = live(oracle);
    match reveal(&vault, &who, "acme", tokens) {
        Ok(opened) => assert_eq!(opened, values, "{what}"),
        Err(problem) => assert!(!spare(world), "{what}: {problem}"),
    }
    drop(vault);
    let act = erase(3, true);
    if oracle.rows.contains_key(&("acme", 1, 3)) && spare(world) {
        let refused = go_through(base, world, &[act], oracle);
        assert!(refused == 0 || !spare(world), "{what}: an erasure was refused");
    }
}

/// The reserve of a running store: the spare segment, then nothing.
#[test]
fn what_cannot_be_recorded_is_refused() {
    let sources = Sources::new();
    let office = Office::new(sources.random());
    let world = new_world(&sources);
    let store = open(&world, &sources).unwrap();
    let kept = office.seal_now(&store, 0, &values(0, 2));
    let segments = world.names("data/ledger/").len();
    world.fill("data/");
    let mut said = Ok(());
    let mut times = 0;
    while said.is_ok() {
        said = office.reveal(&store, 0, vec![kept[0].token.clone()]).map(drop);
        times += 1;
        assert!(times < 500, "the disk is full");
    }
    assert_eq!(world.names("data/ledger/").len(), segments + 1, "the spare one, and no other");
    assert!(world.names(SPARE).is_empty());
    let before = leaves(&store, log(0)).unwrap().len();
    assert!(office.reveal(&store, 0, vec![kept[0].token.clone()]).is_err());
    assert_eq!(leaves(&store, log(0)).unwrap().len(), before);
    world.empty();
    assert!(office.reveal(&store, 0, vec![kept[0].token.clone()]).is_ok());
    // The spare one is made anew within a minute.
    sources.clock.pass(61_000_000);
    for _ in 0..2 {
        commit(&store, office.refusal(0)).unwrap();
    }
    assert_eq!(world.names(SPARE).len(), 1);
}

/// Room is held before anything is stated: no effect fails behind its entry.
#[test]
fn a_full_engine_is_met_before_the_entry() {
    let sources = Sources::new();
    let office = Office::new(sources.random());
    let world = new_world(&sources);
    let store = open(&world, &sources).unwrap();
    office.seal_now(&store, 0, &values(0, 2));
    world.fill("engine");
    let (heads, rows) = (store.heads(), world.rows(Table::Record));
    for n in 0..20 {
        let batch = office.seal(&store, 0, &values(10 + n, 50)).0;
        assert_eq!(commit(&store, batch).err(), Some(CommitError::DiskFull));
    }
    assert_eq!((store.heads(), world.rows(Table::Record)), (heads, rows), "nothing was done");
    world.empty();
    office.seal_now(&store, 0, &values(100, 50));
    drop(store);
    assert!(account(&open(&world, &sources).unwrap(), &[]).failed.is_empty());
}
