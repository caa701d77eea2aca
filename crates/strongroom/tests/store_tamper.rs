//! Whoever can write the data folder, and holds no key, changes nothing unnoticed: the opening is
//! refused, or the reading, or the reveal of the very record that was touched.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap, what their tests share too"
)]

mod store_support;

use std::sync::Arc;

use store_support::history::seal;
use store_support::office::{log, values};
use store_support::victim::{Lived, Worked};
use store_support::{Temp, commit, entries, open};
use strongroom::problem::Kind;
use strongroom::store::model::{ENGINE, Effect, Fault, ModelWorld, Operation};
use strongroom::store::recovery::OpenError;
use strongroom::vault::Vault;
use strongroom_core::ledger::LogId;
use strongroom_core::ledger::entry::{Act, Form, Phase};
use strongroom_core::policy::Purpose;
use strongroom_core::principal::Principal;
use strongroom_core::store::{CommitError, Store, Table};
use zeroize::Zeroizing;

#[test]
fn what_nobody_touched_is_served() {
    let worked = Worked::new(2 << 10);
    assert!(worked.segments().len() > 2, "{:?}", worked.segments());
    assert_eq!(worked.noticed(&worked.copy()), None);
}

#[test]
fn any_byte_of_a_slot() {
    let worked = Worked::new(8 << 10);
    let name = "data/slots/epoch-00000001.slots";
    for (n, (_, sealed)) in worked.sealed.iter().enumerate() {
        for byte in 0..64 {
            let world = worked.copy();
            let at = sealed.record.0 as usize * 64 + byte;
            world.edit(name, |bytes| bytes[at] ^= 1 << (at % 8));
            let store = open(&world, &worked.sources).unwrap();
            for (other, (tenant, sealed)) in worked.sealed.iter().enumerate() {
                let answer = worked.reveal(&store, *tenant, sealed);
                let expected = if n == other { Err("tampered: a slot is damaged") } else { Ok(()) };
                assert_eq!(answer, expected.map_err(str::to_owned), "record {n} byte {byte}");
            }
        }
    }
    // Emptied, and in each other's place.
    let (one, two) = (worked.sealed[0].1.record.0 as usize, worked.sealed[1].1.record.0 as usize);
    let world = worked.copy();
    world.edit(name, |bytes| bytes[one * 64..][..64].fill(0));
    assert_eq!(worked.noticed(&world).as_deref(), Some("tampered: a slot is missing"));
    let world = worked.copy();
    world.edit(name, |bytes| (0..64).for_each(|b| bytes.swap(one * 64 + b, two * 64 + b)));
    assert_eq!(worked.noticed(&world).as_deref(), Some("tampered: a slot is damaged"));
}

#[test]
fn rows_changed_moved_or_gone() {
    let worked = Worked::new(8 << 10);
    let rows = worked.world.rows(Table::Record);
    assert_eq!(rows.len(), worked.sealed.len());
    for (key, value) in &rows {
        for at in 0..value.len() {
            let mut bad = value.clone();
            bad[at] ^= 1 << (at % 8);
            let world = worked.copy();
            world.set_row(Table::Record, key, Some(&bad));
            let said = worked.noticed(&world);
            assert_eq!(said.as_deref(), Some("tampered: a row is not authentic"), "byte {at}");
        }
        let world = worked.copy();
        world.set_row(Table::Record, key, None);
        assert_eq!(worked.noticed(&world).as_deref(), Some("tampered: a row is missing"));
        for (_, other) in rows.iter().filter(|(other, _)| other != key) {
            let world = worked.copy();
            world.set_row(Table::Record, key, Some(other));
            let said = worked.noticed(&world);
            assert_eq!(said.as_deref(), Some("tampered: a row is not authentic"));
        }
    }
}

#[test]
fn marks_changed_or_gone() {
    let worked = Worked::new(8 << 10);
    let marks = worked.world.rows(Table::Applied);
    assert_eq!(marks.len(), 2);
    let refused = |change: &dyn Fn(&ModelWorld)| {
        let world = worked.copy();
        change(&world);
        open(&world, &worked.sources).is_err()
    };
    for (key, value) in &marks {
        let set = |to: Option<&[u8]>| refused(&|w| w.set_row(Table::Applied, key, to));
        let (mark, mac) = value.split_first_chunk::<8>().unwrap();
        let mark = u64::from_be_bytes(*mark);
        assert!(set(None) && set(Some(&[])) && set(Some(&[0; 9])) && set(Some(&value[..8])));
        for other in (0..10).filter(|n| *n != mark).chain([u64::MAX]) {
            assert!(set(Some(&[&other.to_be_bytes(), mac].concat())), "{other} for {mark}");
        }
        for (at, _) in value.iter().enumerate() {
            let mut bad = value.clone();
            bad[at] ^= 1;
            assert!(set(Some(&bad)), "byte {at}");
        }
    }
    let (one, two) = (&marks[0], &marks[1]);
    assert!(refused(&|w| w.set_row(Table::Applied, &one.0, Some(&two.1))), "of another log");
    let new = refused(&|w| w.set_row(Table::Applied, &[1; 17], Some(&0u64.to_be_bytes())));
    assert!(new, "a mark of a log that is not there");
    assert!(refused(&|w| w.set_row(Table::Applied, b"x", Some(&0u64.to_be_bytes()))));
}

#[test]
fn control_rows_changed_gone_added_or_put_back() {
    let lived = Lived::new();
    assert_eq!(lived.noticed(&lived.now.restart(0)), None);
    let rows = lived.now.rows(Table::Control);
    assert!(rows.len() > 8);
    for (key, value) in &rows {
        for at in (0..value.len()).step_by(11) {
            let mut bad = value.clone();
            bad[at] ^= 1 << (at % 8);
            lived.opening_refused("a flip", |w| w.set_row(Table::Control, key, Some(&bad)));
        }
        lived.opening_refused("a row gone", |w| w.set_row(Table::Control, key, None));
        let copied = [key.as_slice(), b"x"].concat();
        lived.opening_refused("a copy", |w| w.set_row(Table::Control, &copied, Some(value)));
    }
    let older = lived.before.rows(Table::Control);
    let changed: Vec<_> = older.iter().filter(|row| !rows.contains(row)).collect();
    assert_eq!(changed.len(), 1, "the principal that was revoked since");
    let (key, value) = changed[0];
    lived.opening_refused("revoked", |w| w.set_row(Table::Control, key, Some(value)));
}

/// After a crash the engine may be newer than the notes. That must not open the door.
#[test]
fn control_rows_put_back_after_a_crash() {
    let lived = Lived::new();
    let world = lived.before.restart(0);
    let (vault, who) = lived.base.vault(&world, &Arc::default()).unwrap();
    vault.revoke_principal(&who, "app").unwrap();
    let temp = Temp::new();
    seal(&vault, &who, ("acme", 9, 1), &temp).unwrap();
    let crashed = world.crash(1);
    drop(vault);
    assert_eq!(lived.base.vault(&crashed.restart(0), &Arc::default()).err(), None);
    for (key, value) in lived.before.rows(Table::Control) {
        let world = crashed.restart(0);
        if world.rows(Table::Control).contains(&(key.clone(), value.clone())) {
            continue;
        }
        world.set_row(Table::Control, &key, Some(&value));
        let error = lived.base.vault(&world, &Arc::default()).err().expect("revoked is revoked");
        assert!(error.contains("control table"), "{error}");
    }
}

/// Killed after the engine took a revocation in and before custody noted it: the engine's mark says
/// that it took place, so the row from before does not pass for one that awaits it.
#[test]
fn a_control_row_put_back_after_a_crash_between_engine_and_notes() {
    let lived = Lived::new();
    let world = lived.before.restart(0);
    let (vault, who) = lived.base.vault(&world, &Arc::default()).unwrap();
    // The first replacement of the notes announces the change.
    let (operation, place) = (Some(Operation::Replace), "keys/notes.json".to_owned());
    world.fault(Fault { at: 2, operation, place, effect: Effect::Kill });
    assert!(vault.revoke_principal(&who, "app").is_err());
    drop(vault);
    let crashed = world.restart(0);
    let (vault, who) = lived.base.vault(&crashed.restart(0), &Arc::default()).unwrap();
    let app = vault.principals(&who).unwrap().into_iter().find(|p| p.name.as_str() == "app");
    assert!(app.unwrap().revoked, "what the ledger says took place, did");
    let mut tried = 0;
    for (key, value) in lived.before.rows(Table::Control) {
        let world = crashed.restart(0);
        if world.rows(Table::Control).contains(&(key.clone(), value.clone())) {
            continue;
        }
        world.set_row(Table::Control, &key, Some(&value));
        let error = lived.base.vault(&world, &Arc::default()).err().expect("revoked is revoked");
        assert!(error.contains("control table"), "{error}");
        tried += 1;
    }
    assert_eq!(tried, 1);
}

/// Two runs died from one beginning: what the first wrote is no end of the second's ledger.
#[test]
fn a_ledger_of_an_earlier_start_in_the_place_of_a_later_ones() {
    let lived = Lived::new();
    let world = lived.before.restart(0);
    let died = |world: &ModelWorld, revoke: bool| {
        let (vault, who) = lived.base.vault(world, &Arc::default()).unwrap();
        if revoke {
            assert!(vault.tenants(&who).is_ok());
        }
        assert!(vault.show_tenant(&who, "nobody").is_err(), "a refusal, recorded");
        let crashed = world.crash(1);
        drop(vault);
        crashed
    };
    let first = died(&world, false);
    world.put_back(&lived.before, "data/");
    world.put_back(&lived.before, ENGINE);
    world.put_back(&first, "keys/");
    let second = died(&world, true);
    assert_eq!(lived.base.vault(&second.restart(0), &Arc::default()).err(), None);
    second.put_back(&first, "data/ledger/");
    let error = lived.base.vault(&second, &Arc::default()).err().expect("another history");
    assert!(error.contains("another start"), "{error}");
}

#[test]
fn index_rows_that_no_key_made_are_told_by_a_find() {
    let lived = Lived::new();
    let (vault, who) = lived.base.vault(&lived.now.restart(0), &Arc::default()).unwrap();
    let rows = lived.now.rows(Table::Index);
    let (tenant, _, value) = lived.oracle.sealed.iter().find(|(_, _, v)| v.contains('@')).unwrap();
    let find = |vault: &Vault, who: &Principal| {
        let value = Zeroizing::new(value.clone());
        let found = vault.find(who, tenant, "people", "email", value, 0);
        found.map(|(found, _)| found.len()).map_err(|p| p.detail)
    };
    assert_eq!(find(&vault, &who), Ok(1));
    drop(vault);
    let mut told = 0;
    for (key, check) in &rows {
        let (at, last) = (key.len() - 1, key.len() - 9);
        for (what, flipped) in [("another record", at), ("another value", last)] {
            let world = lived.now.restart(0);
            let mut moved = key.clone();
            moved[flipped] ^= 1;
            world.set_row(Table::Index, &moved, Some(check));
            let (vault, who) = lived.base.vault(&world, &Arc::default()).unwrap();
            match find(&vault, &who) {
                Err(said) => {
                    assert!(said.contains("index is not authentic"), "{said}");
                    let entry = (Act::PiiFind, "index.not_authentic".to_owned());
                    assert_eq!(last_failure(&**vault.store()), Some(entry));
                    told += 1;
                }
                found => assert_eq!(found, Ok(1), "{what}: a row of another value's"),
            }
        }
    }
    assert!(told > 0, "no row of the value was touched");
}

/// After a crash the notes are those of the last minute or control act. What is older is refused.
#[test]
fn older_copies_after_a_crash() {
    let lived = Lived::new();
    let world = lived.before.restart(0);
    let (vault, who) = lived.base.vault(&world, &Arc::default()).unwrap();
    vault.revoke_principal(&who, "app").unwrap();
    let crashed = world.crash(0);
    drop(vault);
    assert_eq!(lived.base.vault(&crashed.restart(0), &Arc::default()).err(), None);
    let parts: [(&[&str], &str); 4] = [
        (&["data/ledger/"], "the ledger is older"),
        (&["data/", ENGINE], "the ledger is older"),
        (&[ENGINE], "the engine is older"),
        (&["data/slots/"], ""),
    ];
    for (parts, expected) in parts {
        let world = crashed.restart(0);
        parts.iter().for_each(|part| world.put_back(&lived.before, part));
        let error = lived.base.vault(&world, &Arc::default()).err();
        let said = error.clone().unwrap_or_default();
        assert_eq!(error.is_some(), !expected.is_empty(), "{parts:?}");
        assert!(said.contains(expected), "{parts:?}: {said}");
    }
}

/// A row changed under the running store is not taken over by the next act.
#[test]
fn a_control_row_changed_under_the_running_store() {
    let lived = Lived::new();
    let world = lived.before.restart(0);
    let (vault, who) = lived.base.vault(&world, &Arc::default()).unwrap();
    vault.revoke_principal(&who, "app").unwrap();
    for (key, value) in lived.before.rows(Table::Control) {
        world.set_row(Table::Control, &key, Some(&value));
    }
    assert!(vault.add_tenant(&who, "zeta").is_err());
    drop(vault);
    let error = lived.base.vault(&world, &Arc::default()).err().unwrap();
    assert!(error.contains("control table"), "{error}");
}

#[test]
fn older_copies_under_live_custody() {
    let lived = Lived::new();
    lived.opening_refused("all data", |w| {
        w.put_back(&lived.before, "data/");
        w.put_back(&lived.before, ENGINE);
    });
    lived.opening_refused("the engine", |w| w.put_back(&lived.before, ENGINE));
    lived.opening_refused("the ledger", |w| w.put_back(&lived.before, "data/ledger/"));
    lived.opening_refused("ledger and engine", |w| {
        w.put_back(&lived.before, "data/ledger/");
        w.put_back(&lived.before, ENGINE);
    });
    lived.opening_refused("the first install", |w| {
        w.put_back(&lived.base.world, "data/");
        w.put_back(&lived.base.world, ENGINE);
    });
    lived.opening_refused("no slot file", |w| w.remove("data/slots/epoch-00000001.slots"));
    lived.opening_refused("no engine", |w| w.put_back(&ModelWorld::new(1), ENGINE));
    lived.opening_refused("no data", |w| {
        w.put_back(&ModelWorld::new(1), "data/");
        w.put_back(&ModelWorld::new(1), ENGINE);
    });
    let world = lived.now.restart(0);
    world.put_back(&lived.before, "data/slots/");
    let said = lived.noticed(&world).expect("older slots");
    assert_eq!(said, "reveal: a slot is missing; nothing was opened");
}

#[test]
fn any_byte_of_the_notes() {
    let worked = Worked::new(8 << 10);
    let name = "keys/notes.json";
    for at in 0..worked.world.bytes(name).len() {
        let world = worked.copy();
        world.edit(name, |bytes| bytes[at] ^= 1 << (at % 8));
        let error = open(&world, &worked.sources).err().expect("a flipped bit of the notes");
        assert!(error.to_string().contains("notes.json"), "{error}");
    }
    let world = worked.copy();
    world.remove(name);
    assert!(matches!(open(&world, &worked.sources), Err(OpenError::NotInitialised)));
}

#[test]
fn files_moved_under_the_running_store() {
    for (place, effect) in [("data/ledger/", false), ("data/ledger/", true), ("data/slots/", true)]
    {
        let worked = Worked::new(8 << 10);
        let (world, office) = (worked.copy(), &worked.office);
        let store = open(&world, &worked.sources).unwrap();
        office.seal_now(&store, 2, &values(80, 1));
        let name = world.names(place).pop().unwrap();
        let snapshot = world.restart(0);
        if effect {
            world.remove(&name)
        } else {
            world.put_back(&snapshot, place)
        }
        let batch = match effect {
            true => office.seal(&store, 2, &values(90, 1)).0,
            false => office.refusal(2),
        };
        let error = commit(&store, batch).err().expect(place);
        assert!(matches!(error, CommitError::Failed(_)), "{place}: {error}");
        let next = commit(&store, office.seal(&store, 2, &values(91, 1)).0).err();
        assert_eq!(next, Some(CommitError::Stopped), "{place}");
        if place == "data/slots/" {
            assert!(!entries(&store, log(1)).is_empty(), "reading goes on");
        }
    }
}

/// Act and reason of the newest entry of the one tenant's log, if that says that something failed.
fn last_failure(store: &dyn Store) -> Option<(Act, String)> {
    let logs: Vec<_> = store.heads().into_iter().map(|(log, ..)| log).collect();
    let [tenant] = logs[..].iter().filter(|l| **l != LogId::System).collect::<Vec<_>>()[..] else {
        panic!("{logs:?}");
    };
    let entry = entries(store, *tenant).pop()?;
    (entry.phase == Phase::Failed).then_some((entry.act, entry.reason?))
}

/// What a vault found changed is an entry that outlives the process, before the caller hears of it.
#[test]
fn what_is_found_is_in_the_ledger_before_it_is_told() {
    let lived = Lived::new();
    let records = lived.now.rows(Table::Record);
    let (tenant, token, _) = &lived.oracle.sealed[0];
    let slots = "data/slots/epoch-00000001.slots";
    let each_row = |world: &ModelWorld, value: &dyn Fn(&[u8]) -> Option<Vec<u8>>| {
        for (key, old) in &records {
            world.set_row(Table::Record, key, value(old).as_deref());
        }
    };
    let flipped = |row: &[u8]| {
        let mut row = row.to_vec();
        row[40] ^= 1;
        Some(row)
    };
    let each_slot = |world: &ModelWorld, byte: &dyn Fn(u8) -> u8| {
        world.edit(slots, |bytes| bytes.iter_mut().skip(64).for_each(|b| *b = byte(*b)));
    };
    type Change<'a> = (&'a str, &'a str, &'a dyn Fn(&ModelWorld));
    let changes: [Change<'_>; 4] = [
        ("row.missing", "a row is missing", &|world| each_row(world, &|_| None)),
        ("row.not_authentic", "a row is not authentic", &|world| each_row(world, &flipped)),
        ("slot.missing", "a slot is missing", &|world| each_slot(world, &|_| 0)),
        ("slot.damaged", "a slot is damaged", &|world| each_slot(world, &|byte| byte ^ 1)),
    ];
    for (code, detail, change) in changes {
        let world = lived.now.restart(0);
        change(&world);
        let (vault, who) = lived.base.vault(&world, &Arc::default()).unwrap();
        let asked = vault.reveal(&who, tenant, vec![token.clone()], Purpose::Tax, Form::Full);
        let problem = asked.err().unwrap_or_else(|| panic!("{code} was not noticed"));
        assert_eq!(problem.kind, Kind::Tampered, "{code}");
        assert!(problem.detail.starts_with(detail), "{code}: {}", problem.detail);
        // What is durable at this moment, whatever becomes of the process.
        let store = open(&world.crash(0), &lived.base.sources).unwrap();
        assert_eq!(last_failure(&store), Some((Act::PiiReveal, code.to_owned())));
    }
}

/// Job rows say under which record numbers a batch lies: another number would give out the tokens
/// of other people.
#[test]
fn job_rows_changed_are_refused_when_the_file_is_sealed_again() {
    let lived = Lived::new();
    let again = |world: &ModelWorld| {
        let (vault, who) = lived.base.vault(world, &Arc::default()).unwrap();
        let done = seal(&vault, &who, ("acme", 1, 2), &Temp::new());
        done.map(|cells| cells.len()).map_err(|p| (p.kind, p.detail))
    };
    assert_eq!(again(&lived.now.restart(0)), Ok(4), "as it was");
    let rows = lived.now.rows(Table::Job);
    assert_eq!(rows.len(), 4, "two jobs of one batch each");
    let mut refused = 0;
    for (key, value) in &rows {
        // A body that reads well, and the MAC as it was.
        let (body, mac) = value.split_at(value.len() - 32);
        let body = std::str::from_utf8(body).unwrap();
        let other = body.replace("\"first\":", "\"first\":9").replace("true", "false");
        assert_ne!(other, body);
        let changed = [other.as_bytes(), mac].concat();
        let mut moved = rows.iter().filter(|(other, v)| other != key && v.len() == value.len());
        for bad in [Some(&changed), moved.next().map(|(_, v)| v)].into_iter().flatten() {
            let world = lived.now.restart(0);
            world.set_row(Table::Job, key, Some(bad));
            match again(&world) {
                // A row of the other job: it is not asked for.
                Ok(cells) => assert_eq!(cells, 4),
                Err((kind, detail)) => {
                    assert_eq!(kind, Kind::Tampered, "{detail}");
                    assert!(detail.contains("a job's row is not authentic"), "{detail}");
                    refused += 1;
                }
            }
        }
    }
    assert_eq!(refused, 4, "the job's own row and its batch's, changed and of another job");
}
