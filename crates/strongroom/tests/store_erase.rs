//! Erasing and turning the epoch, cut off at every step: nothing acknowledged is lost, nothing
//! stated to be erased is there, nobody else is touched, and an interrupted turn finishes or undoes
//! itself. And what copies of the slots are worth afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap, what their tests share too"
)]

mod store_support;

use std::sync::{Arc, Barrier};

use store_support::check::{Account, account_in};
use store_support::history::{Act, Base, Oracle, perform, reveal, seal};
use store_support::office::{Office, tenant, values};
use store_support::{INSTALL, Temp, commit, long, open, root_keys_on, secret};
use strongroom::problem::Kind;
use strongroom::store::model::{ENGINE, ModelWorld, Operation};
use strongroom::vault::{EraseRequest, Vault};
use strongroom_core::access::update::Update;
use strongroom_core::erasure::Reason;
use strongroom_core::ledger::entry::Form;
use strongroom_core::limits::Limits;
use strongroom_core::policy::Purpose;
use strongroom_core::principal::Arrival;
use strongroom_core::principal::Kind::Operator;
use strongroom_core::store::{CommitError, LayError, NextEpoch, Store, Table};
use strongroom_core::vault::epoch::{Carrier, Owners};
use strongroom_core::vault::slot::EpochKey;
use strongroom_core::vault::verifier::Strength;
use zeroize::Zeroizing;

const SEAL: Act = Act::Seal { tenant: "acme", input: 1, rows: 4 };

const fn erase(row: usize, now: bool) -> Act {
    Act::Erase { tenant: "acme", input: 1, row, now }
}

/// Every kind of end, in two epochs.
const HISTORY: &[Act] = &[
    Act::Tenant("acme"),
    Act::Tenant("zeta"),
    SEAL,
    Act::Seal { tenant: "zeta", input: 2, rows: 2 },
    erase(0, true),
    erase(1, false),
    Act::Reveal("acme"),
    Act::Cancel { tenant: "acme", input: 1, row: 1 },
    erase(2, false),
    Act::Turn,
    Act::Reveal("acme"),
    Act::Reveal("zeta"),
    Act::Clock(73 * 3600),
    Act::Due,
    Act::Seal { tenant: "zeta", input: 3, rows: 2 },
    erase(1, true),
    Act::Turn,
    Act::Reveal("acme"),
    Act::Reveal("zeta"),
];

#[test]
fn killed_at_every_step() {
    let base = Base::new();
    let whole = base.world.restart(0);
    let oracle = base.run(&whole, HISTORY);
    assert!(oracle.open.is_none(), "{:?}", oracle.open);
    assert_eq!((oracle.turns, oracle.erased.len()), (2, 6));
    let steps = whole.steps().len() as u64;
    assert!(steps > 120, "{steps}");
    let (every, samples) = if long() { (1, 20) } else { (3, 1) };
    for n in (1..=steps).filter(|n| n % every == 0) {
        let world = base.world.restart(0);
        world.kill_at(n);
        let oracle = base.run(&world, HISTORY);
        assert!(world.is_dead() || n + 8 > steps, "step {n} was not reached");
        for seed in 0..2 + samples {
            let (image, name) = (world.crash(seed), format!("step {n}, seed {seed}"));
            check(&base, &image, &oracle, &name);
            if seed == 2 {
                goes_on(&base, &image, &oracle, &name);
            }
        }
        check(&base, &world.restart(n), &oracle, &format!("step {n}, no power cut"));
    }
}

#[test]
fn killed_at_every_step_of_the_recovery_too() {
    let base = Base::new();
    let whole = base.world.restart(0);
    base.run(&whole, HISTORY);
    let steps = whole.steps().len() as u64;
    let every = if long() { 1 } else { 17 };
    for n in (1..=steps).filter(|n| n % every == 0) {
        let world = base.world.restart(0);
        world.kill_at(n);
        let oracle = base.run(&world, HISTORY);
        let image = world.crash(n + 2);
        let taken = image.restart(0);
        drop(open(&taken, &base.sources).unwrap());
        for k in 1..=taken.steps().len() as u64 {
            let again = image.restart(0);
            again.kill_at(k);
            drop(open(&again, &base.sources));
            for seed in [0, 1, n * 1000 + k] {
                let name = format!("step {n}, then {k}, seed {seed}");
                check(&base, &again.crash(seed), &oracle, &name);
            }
        }
    }
}

fn found(base: &Base, world: &ModelWorld, oracle: &Oracle, name: &str) -> Account {
    let store = open(world, &base.sources).unwrap_or_else(|e| panic!("{name}: {e}"));
    account_in(&root_keys_on(world, &base.sources).epoch, &store, &oracle.positions)
}

/// Opens what a kill left and holds it against what was acknowledged.
fn check(base: &Base, image: &ModelWorld, oracle: &Oracle, name: &str) {
    let account = found(base, image, oracle, name);
    assert!(found(base, image, oracle, name) == account, "{name}: opened twice");
    let epoch = root_keys_on(image, &base.sources).epoch.number();
    let turning = u32::from(matches!(oracle.open, Some(Act::Turn)));
    let turns = epoch - 1;
    assert!(turns == oracle.turns || turns == oracle.turns + turning, "{name}: epoch {epoch}");
    let keys = image.names("keys/epoch-");
    let slots = image.names("data/slots/");
    assert!(keys.iter().all(|k| *k == format!("keys/epoch-{epoch:08}.key")), "{name}: {keys:?}");
    assert_eq!(slots, [format!("data/slots/epoch-{epoch:08}.slots")], "{name}");

    let (vault, who) = base.vault(image, &Arc::default()).expect(name);
    let open: Vec<&String> = match oracle.open {
        Some(Act::Erase { tenant, input, row, .. } | Act::Cancel { tenant, input, row }) => {
            oracle.rows[&(tenant, input, row)].iter().collect()
        }
        _ => Vec::new(),
    };
    let mut gone = 0;
    for (tenant, token, value) in &oracle.sealed {
        let opened = reveal(&vault, &who, tenant, vec![token.clone()]);
        match opened.map_err(|p| p.kind) {
            Ok(values) => {
                assert_eq!(values[..], [value.as_str()], "{name}");
                let erased = oracle.erased.contains(token) && !open.contains(&token);
                assert!(!erased, "{name}: {value} is erased and opens");
            }
            Err(kind) => {
                assert_eq!(kind, Kind::NotFound, "{name}");
                let erased = oracle.erased.contains(token) || open.contains(&token);
                assert!(erased, "{name}: {value} is lost");
                gone += 1;
            }
        }
    }
    assert_eq!(gone, 2 * (account.gone.len() + account.leaving.len()), "{name}");
    let rows: u64 = oracle.inputs.values().sum();
    let more = match oracle.open {
        Some(Act::Seal { rows, .. }) => vec![0, rows],
        _ => vec![0],
    };
    let people = (account.live.len() + account.gone.len()) as u64;
    assert!(more.contains(&(people - rows)), "{name}: {people} people, {rows} rows");
}

/// Whatever was interrupted, the install goes on: it seals, erases and turns.
fn goes_on(base: &Base, image: &ModelWorld, oracle: &Oracle, name: &str) {
    let image = image.restart(0);
    let more: &[Act] = if oracle.tenants.contains("acme") {
        &[Act::Seal { tenant: "acme", input: 9, rows: 2 }, Act::Reveal("acme"), Act::Turn]
    } else {
        &[Act::Turn]
    };
    let next = base.run(&image, more);
    assert!(next.open.is_none(), "{name}: {:?}", next.open);
    assert_eq!(next.turns, 1, "{name}");
}

/// An install with four people of whom one was erased, and what it was before that.
struct Left {
    base: Base,
    before: ModelWorld,
    now: ModelWorld,
    oracle: Oracle,
}

impl Left {
    fn new(more: &[Act]) -> Self {
        let base = Base::new();
        let before = base.world.restart(0);
        let mut oracle = base.run(&before, &[Act::Tenant("acme"), SEAL]);
        let now = before.restart(0);
        let (vault, who) = base.vault(&now, &Arc::default()).unwrap();
        let temp = Temp::new();
        perform(&vault, &who, &erase(0, true), &mut oracle, &base, &temp).unwrap();
        drop(vault);
        let turned = base.run(&now, more);
        assert!(turned.open.is_none());
        Self { base, before, now, oracle }
    }

    /// Who opens: of each person one cell.
    fn opens(&self, world: &ModelWorld) -> Result<Vec<bool>, String> {
        let (vault, who) = self.base.vault(world, &Arc::default())?;
        let tokens = self.oracle.sealed.iter().step_by(2).map(|(_, token, _)| token.clone());
        Ok(tokens.map(|t| reveal(&vault, &who, "acme", vec![t]).is_ok()).collect())
    }
}

#[test]
fn an_older_row_of_an_erased_person_opens_nothing() {
    let left = Left::new(&[]);
    assert_eq!(left.opens(&left.now), Ok(vec![false, true, true, true]));
    let world = left.now.restart(0);
    for (key, value) in left.before.rows(Table::Record) {
        world.set_row(Table::Record, &key, Some(&value));
    }
    for (key, value) in left.before.rows(Table::Index) {
        world.set_row(Table::Index, &key, Some(&value));
    }
    assert_eq!(left.opens(&world), Ok(vec![false, true, true, true]));
}

#[test]
fn older_slots_open_for_nobody_once_the_epoch_turned() {
    let first = "data/slots/epoch-00000001.slots";
    let left = Left::new(&[Act::Turn]);
    assert_eq!(left.opens(&left.now), Ok(vec![false, true, true, true]));
    let world = left.now.restart(0);
    world.put_back(&left.before, "data/slots/");
    // The old file under the new one's name.
    world.swap(first, "data/slots/epoch-00000002.slots");
    for (key, value) in left.before.rows(Table::Record) {
        world.set_row(Table::Record, &key, Some(&value));
    }
    assert_eq!(left.opens(&world), Ok(vec![false; 4]));
    // Under its own name it is swept away.
    let world = left.now.restart(0);
    let copy = world.restart(0);
    copy.put_back(&left.before, "data/slots/");
    let old = copy.bytes(first);
    world.put_back(&copy, "data/slots/");
    assert!(left.opens(&world).is_err(), "without the current slots nothing opens");
    assert!(!old.is_empty());
}

#[test]
fn an_old_copy_of_the_data_under_a_live_key_folder_is_refused_and_says_why() {
    for more in [&[][..], &[Act::Turn]] {
        let left = Left::new(more);
        let world = left.now.restart(0);
        world.put_back(&left.before, "data/");
        world.put_back(&left.before, ENGINE);
        let said = left.opens(&world).unwrap_err();
        let why = ["is older than the key folder's notes", "a copy of the data folder"];
        let turned = said.contains("the slot file is older");
        assert!(turned || why.iter().all(|w| said.contains(w)), "{said}");
    }
}

/// An erasure of several at once ends with the second person's approval, an entry without an
/// effect of its own, and the engine's mark names that one.
#[test]
fn killed_while_several_are_erased_with_a_second_person() {
    let base = Base::new();
    let sealed = base.world.restart(0);
    let oracle = base.run(&sealed, &[Act::Tenant("acme"), SEAL]);
    let tokens: Vec<_> = oracle.sealed.iter().step_by(2).map(|(_, t, _)| t.clone()).collect();
    let (vault, who) = base.vault(&sealed, &Arc::default()).unwrap();
    let second = vault
        .add_principal(&who, "second", Operator, "acme", Limits::default())
        .map_err(|p| p.detail);
    let second = second.unwrap().credential;
    let revealed = vault.reveal(&who, "acme", tokens.clone(), Purpose::Support, Form::Redacted);
    let revealed = revealed.map_err(|p| p.detail).unwrap().disclose();
    let records: Vec<String> = revealed.into_iter().take(2).map(|d| d.record).collect();
    drop(vault);
    let erase = |world: &ModelWorld| {
        let store: Arc<dyn Store> = Arc::new(open(world, &base.sources).ok()?);
        let keys = root_keys_on(world, &base.sources);
        let vault = Vault::over(INSTALL, false, keys, store, base.sources.random()).ok()?;
        let who = vault.authenticate(&base.credential, Arrival::local(0, true)).ok()?;
        let second = vault.authenticate(&second, Arrival::local(0, true)).ok()?;
        let (tenant, collection, reason) = ("acme", "people", Reason::Request);
        let records = records.clone();
        let request = EraseRequest { tenant, collection, records, reason, now: true };
        vault.erase(&who, Some(&second), request, base.now_us()).ok()
    };
    let whole = sealed.restart(0);
    assert_eq!(erase(&whole).map(|erased| erased.len()), Some(2));
    let mut halves = [0, 0];
    for n in 1..=whole.steps().len() as u64 {
        let world = sealed.restart(0);
        world.kill_at(n);
        let done = erase(&world).is_some();
        for image in [world.restart(n), world.crash(n)] {
            let (vault, who) = base.vault(&image, &Arc::default()).expect("it opens");
            let opens = |token: &String| reveal(&vault, &who, "acme", vec![token.clone()]).is_ok();
            let opens: Vec<bool> = tokens.iter().map(opens).collect();
            assert!(opens == [true; 4] && !done || opens == [false, false, true, true], "step {n}");
            halves[usize::from(opens[0])] += 1;
        }
    }
    assert!(halves.iter().all(|n| *n > 1), "{halves:?}");
}

/// As many acts took place in both, so that an index alone would not tell them apart.
#[test]
fn an_engine_of_another_branch_is_refused() {
    let base = Base::new();
    let common = base.world.restart(0);
    base.run(&common, &[Act::Tenant("acme"), SEAL]);
    let branches = [2, 3].map(|input| {
        let world = common.restart(0);
        let done = base.run(&world, &[Act::Seal { tenant: "acme", input, rows: 2 }]);
        assert!(done.open.is_none());
        world
    });
    let [one, two] = &branches;
    let mixed = one.restart(0);
    mixed.put_back(two, ENGINE);
    let said = base.vault(&mixed, &Arc::default()).err().expect("it is refused");
    assert!(said.contains("the engine's marks"), "{said}");
    assert!(base.vault(&one.restart(0), &Arc::default()).is_ok());
}

/// Whoever takes the row of a pending erasure away does not bring its record back.
#[test]
fn a_pending_erasure_cannot_be_taken_away_or_made() {
    let base = Base::new();
    let world = base.world.restart(0);
    let oracle = base.run(&world, &[Act::Tenant("acme"), SEAL, erase(0, false)]);
    assert!(oracle.open.is_none());
    let rows = world.rows(Table::Control);
    let (key, value) = rows.iter().find(|(key, _)| key[0] == b'e').unwrap();
    let refused = |change: &dyn Fn(&ModelWorld)| {
        let world = world.restart(0);
        change(&world);
        let said = base.vault(&world, &Arc::default()).err().unwrap();
        assert!(said.contains("control table"), "{said}");
    };
    refused(&|world| world.set_row(Table::Control, key, None));
    let mut other = key.clone();
    *other.last_mut().unwrap() ^= 1;
    refused(&|world| world.set_row(Table::Control, &other, Some(value)));
    let mut later = value.clone();
    later[5] ^= 1;
    refused(&|world| world.set_row(Table::Control, key, Some(&later)));
}

/// Erased is what is read as erased: a medium that drops the write does not get it acknowledged.
#[test]
fn a_slot_that_was_not_overwritten_is_not_gone() {
    use strongroom::store::model::{Effect, Fault};
    let base = Base::new();
    for operation in [Operation::Write, Operation::Sync, Operation::Read] {
        let world = base.world.restart(0);
        let mut oracle = base.run(&world, &[Act::Tenant("acme"), SEAL]);
        let (vault, who) = base.vault(&world, &Arc::default()).unwrap();
        let at = if operation == Operation::Read { 5 } else { 1 };
        let (place, kind) = ("data/slots/".to_owned(), std::io::ErrorKind::Other);
        let effect = Effect::Fail(kind);
        world.fault(Fault { at, operation: Some(operation), place, effect });
        let temp = Temp::new();
        let done = perform(&vault, &who, &erase(0, true), &mut oracle, &base, &temp);
        assert_eq!(done.map_err(|p| p.kind), Err(Kind::Unavailable), "{operation:?}");
        drop(vault);
        world.mend();
        let mut oracle = Oracle { rows: oracle.rows, sealed: oracle.sealed, ..Oracle::default() };
        oracle.open = Some(erase(0, true));
        let account = found(&base, &world, &oracle, "failed");
        assert_eq!((account.gone.len() + account.leaving.len(), account.live.len()), (1, 3));
    }
}

/// What is sealed under one epoch is not written in another, nor while the next is laid down.
#[test]
fn slots_of_another_epoch_are_not_written() {
    let base = Base::new();
    let world = base.world.restart(0);
    let office = Office::new(base.sources.random());
    let store = open(&world, &base.sources).unwrap();
    office.seal_now(&store, 0, &values(0, 1));
    let keys = root_keys_on(&world, &base.sources);
    let owners = Owners::new(std::iter::empty(), (0..3).map(tenant));
    let to = EpochKey::new(2, &secret(9)).unwrap();
    let carrier = Carrier { install: INSTALL, from: &keys.epoch, to: &to, owners: &owners };
    let next = |number| NextEpoch { number, key_file: b"a key", carrier: &carrier };
    assert_eq!(store.lay_epoch(&next(3)), Err(LayError::Busy), "none is left out");
    let (before, _) = office.seal(&store, 0, &values(10, 1));
    assert_eq!(store.lay_epoch(&next(2)).map(|c| c.live), Ok(1));
    assert_eq!(store.lay_epoch(&next(2)), Err(LayError::Busy), "once");
    let refused = |batch| commit(&store, batch).err();
    assert_eq!(refused(before), Some(CommitError::OtherEpoch), "it would be left behind");
    assert!(commit(&store, office.refusal(0)).is_ok(), "entries go on");
    drop(store);
    // It was never stated that it counts.
    let store = open(&world, &base.sources).unwrap();
    assert_eq!(root_keys_on(&world, &base.sources).epoch.number(), 1);
    assert!(world.names("keys/epoch-").is_empty());
    assert_eq!(world.names("data/slots/"), ["data/slots/epoch-00000001.slots"]);
    office.seal_now(&store, 0, &values(20, 1));
}

/// A batch of the old epoch, handed in behind the turn.
#[test]
fn a_writer_of_the_epoch_before_is_refused() {
    let base = Base::new();
    let world = base.world.restart(0);
    let oracle = base.run(&world, &[Act::Tenant("acme"), SEAL, Act::Turn]);
    assert_eq!(oracle.turns, 1);
    let office = Office::new(base.sources.random());
    let store = open(&world, &base.sources).unwrap();
    let (old, _) = office.seal(&store, 0, &values(0, 1));
    assert_eq!(commit(&store, old).err(), Some(CommitError::OtherEpoch));
}

/// Two of a server's threads: whoever is erased at once while being updated leaves nothing behind,
/// neither a row nor a place in the index.
#[test]
fn an_update_and_an_erasure_at_once_leave_nothing_behind() {
    let base = Base::new();
    let world = base.world.restart(0);
    let (vault, who) = base.vault(&world, &Arc::default()).unwrap();
    vault.add_tenant(&who, "acme").map_err(|p| p.detail).unwrap();
    let rows = 24;
    let cells = seal(&vault, &who, ("acme", 1, rows), &Temp::new()).map_err(|p| p.detail).unwrap();
    let emails: Vec<String> =
        cells.into_iter().map(|(.., v)| v).filter(|v| v.contains('@')).collect();
    assert_eq!(emails.len() as u64, rows);
    let records: Vec<String> = emails
        .iter()
        .map(|email| {
            let value = Zeroizing::new(email.clone());
            let found = vault.find(&who, "acme", "people", "email", value, base.now_us());
            found.map_err(|p| p.detail).unwrap().0.remove(0).record
        })
        .collect();
    for (n, record) in records.iter().enumerate() {
        let (together, update) = (Barrier::new(2), || {
            let moved = Zeroizing::new(format!("moved{n}@example.net"));
            let fields = vec![("email".to_owned(), moved)];
            let (collection, record) = ("people".to_owned(), record.clone());
            let update = Update { tenant: None, collection, record, fields };
            vault.update(&who, "acme", update, Strength::FULL).map(drop).map_err(|p| p.kind)
        });
        let updated = std::thread::scope(|scope| {
            let updating = scope.spawn(|| {
                together.wait();
                update()
            });
            together.wait();
            let (tenant, collection, records) = ("acme", "people", vec![record.clone()]);
            let (reason, now) = (Reason::Request, true);
            let request = EraseRequest { tenant, collection, records, reason, now };
            vault.erase(&who, None, request, base.now_us()).map_err(|p| p.detail).unwrap();
            updating.join().unwrap()
        });
        assert!(matches!(updated, Ok(()) | Err(Kind::NotFound)), "{n}: {updated:?}");
        assert_eq!(update(), Err(Kind::NotFound), "{n}");
    }
    let left = |table| world.rows(table).len();
    assert_eq!((left(Table::Record), left(Table::Index)), (0, 0));
    let amiss = vault.examine(&who, &mut |_, _, _| {}).map_err(|p| p.detail).unwrap();
    assert!(amiss.is_empty(), "{:?}", amiss.iter().map(|f| &f.what).collect::<Vec<_>>());
}
