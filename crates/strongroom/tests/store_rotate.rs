//! Rotations cut off at every step: whatever was sealed opens at every instant after that, the next
//! run finishes what was begun, and nothing is left under a key that is gone.
//!
//! A failing case prints its step and seed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap, what their tests share too"
)]

mod store_support;

use std::sync::Arc;

use store_support::history::{Base, reveal, seal};
use store_support::{NOW_US, Temp, long};
use strongroom::problem::Problem;
use strongroom::store::model::ModelWorld;
use strongroom::vault::seal::SealRequest;
use strongroom::vault::{EraseRequest, PasswordOf, Rotated, Rotation, Vault};
use strongroom_core::access::update::Update;
use strongroom_core::erasure::Reason;
use strongroom_core::ledger::entry::{Act, Phase};
use strongroom_core::ledger::{Entry, LogId};
use strongroom_core::principal::Principal;
use strongroom_core::store::Table;
use strongroom_core::vault::keys::Job;
use strongroom_core::vault::sealed::claimed_seal_key;
use strongroom_core::vault::verifier::Strength;
use zeroize::Zeroizing;

/// People with two indexed values each.
const ROWS: u64 = 7;
/// People with a password, known by an indexed key.
const LOGINS: u64 = 3;
const ALL: u64 = ROWS + LOGINS;
const TAGS: usize = (2 * ROWS + LOGINS) as usize;

/// A machine with a tenant whose people are sealed, and one with others.
struct Kept {
    base: Base,
    world: ModelWorld,
    tokens: Vec<String>,
    values: Vec<String>,
}

impl Kept {
    fn new() -> Self {
        let base = Base::new();
        let world = base.world.restart(0);
        let (vault, who) = base.vault(&world, &Arc::default()).unwrap();
        let temp = Temp::new();
        vault.add_tenant(&who, "acme").map_err(|p| p.detail).unwrap();
        vault.add_tenant(&who, "other").map_err(|p| p.detail).unwrap();
        let sealed = |tenant, rows| {
            let cells = seal(&vault, &who, (tenant, 1, rows), &temp).map_err(|p| p.detail);
            cells.unwrap().into_iter().map(|(_, token, value)| (token, value)).unzip()
        };
        let (tokens, values) = sealed("acme", ROWS);
        let _: (Vec<String>, Vec<String>) = sealed("other", 2);
        let logins = (0..LOGINS).map(|n| format!("m{n},River-{n}!\n"));
        let path = temp.path("logins.csv");
        std::fs::write(&path, format!("member,password\n{}", logins.collect::<String>())).unwrap();
        let request = SealRequest {
            input: path,
            tenant: "acme".to_owned(),
            collection: "logins".to_owned(),
            key: Some("member".to_owned()),
            out: Some(temp.path("logins.out.csv")),
            ..SealRequest::default()
        };
        vault.seal(&who, &request, &|_| {}).map_err(|p| p.detail).unwrap();
        drop(vault);
        Self { base, world, tokens, values }
    }

    fn vault(&self, world: &ModelWorld) -> Result<(Vault, Principal), String> {
        self.base.vault(world, &Arc::default())
    }

    /// Every value opens under the tokens of old, and is found.
    fn holds(&self, vault: &Vault, who: &Principal, case: &str) {
        let opened = reveal(vault, who, "acme", self.tokens.clone());
        assert_eq!(opened.map_err(|p| p.detail).as_ref(), Ok(&self.values), "{case}");
        for email in self.values.iter().filter(|v| v.contains('@')).step_by(3) {
            let value = Zeroizing::new(email.clone());
            let found = vault.find(who, "acme", "people", "email", value, NOW_US);
            let (found, _) = found.map_err(|p| format!("{case}: {}", p.detail)).unwrap();
            assert_eq!(found.len(), 1, "{case}: {email}");
        }
        for n in [0, LOGINS - 1] {
            let record = &format!("m{n}");
            let of = PasswordOf { tenant: "acme", collection: "logins", record, column: None };
            let password = Zeroizing::new(format!("River-{n}!"));
            let right = vault.verify_password(who, &of, password, NOW_US);
            assert!(right.map_err(|p| format!("{case}: {}", p.detail)).unwrap().0, "{case}");
        }
    }
}

/// In steps of two, so that seven people take four.
fn rotate(vault: &Vault, who: &Principal, job: Job) -> Result<Rotated, Problem> {
    let rotation = Rotation { step_records: 2, ..Rotation::of(job, Some("acme")) };
    Ok(vault.rotate(who, &rotation)?.remove(0))
}

/// The versions of a tenant's key in the control table.
fn versions(vault: &Vault, who: &Principal, job: Job) -> Vec<u16> {
    let tenant = vault.show_tenant(who, "acme").map_err(|p| p.detail).unwrap().id;
    let prefix = [b"k".as_slice(), &tenant.0, &[job as u8]].concat();
    let mut found = Vec::new();
    let mut keep = |key: &[u8], _: &[u8]| {
        found.push(u16::from_be_bytes(key[18..].try_into().unwrap()));
        true
    };
    vault.store().scan(Table::Control, &prefix, &mut keep).unwrap();
    found
}

/// The versions of the seal key that the tenant's rows are under.
fn sealed_under(vault: &Vault, who: &Principal) -> Vec<u16> {
    let tenant = vault.show_tenant(who, "acme").map_err(|p| p.detail).unwrap().id;
    let mut found = Vec::new();
    let mut keep = |_: &[u8], row: &[u8]| {
        found.push(claimed_seal_key(row).unwrap());
        true
    };
    vault.store().scan(Table::Record, &tenant.0, &mut keep).unwrap();
    found
}

/// The entries of the tenant's log.
fn entries(vault: &Vault, who: &Principal) -> Vec<Entry> {
    let tenant = vault.show_tenant(who, "acme").map_err(|p| p.detail).unwrap().id;
    let mut found = Vec::new();
    let mut keep = |_, leaf: &[u8]| {
        found.push(Entry::from_bytes(leaf).unwrap());
        true
    };
    vault.store().entries(LogId::Tenant(tenant.0), &mut keep).unwrap();
    found
}

#[test]
fn a_seal_key_rotates_with_an_entry_before_each_step() {
    let kept = Kept::new();
    let (vault, who) = kept.vault(&kept.world).unwrap();
    let known = entries(&vault, &who).len();
    let done = rotate(&vault, &who, Job::Seal).map_err(|p| p.detail).unwrap();
    assert_eq!((done.from, done.to, done.done, done.records), (1, 2, true, ALL));
    assert_eq!(versions(&vault, &who, Job::Seal), [2]);
    assert_eq!(sealed_under(&vault, &who), [2; ALL as usize]);
    let all = entries(&vault, &who);
    let of = |act| {
        let of = all[known..].iter().filter(|e| e.act == act);
        of.inspect(|e| {
            assert_eq!((e.phase, e.object.as_deref()), (Phase::Commit, Some("seal:1:2")))
        })
        .map(|e| e.range.map(|r| (r.first, r.count)))
        .collect::<Vec<_>>()
    };
    assert_eq!((of(Act::KeyRotate), of(Act::KeyDestroy)), (vec![None], vec![None]));
    let mut carried = of(Act::KeyCarry);
    carried.sort_unstable();
    assert_eq!(carried.iter().map(|r| r.unwrap().1).sum::<u64>(), ALL);
    let mut begun = of(Act::RotateBegin);
    begun.sort_unstable();
    assert_eq!(begun, carried);
    // Each range is named before it is carried over.
    for (at, entry) in all.iter().enumerate().filter(|(_, e)| e.act == Act::KeyCarry) {
        let before = &all[known..at];
        assert!(before.iter().any(|e| e.act == Act::RotateBegin && e.range == entry.range));
    }
    kept.holds(&vault, &who, "after");
    // Sealed again by another rotation, and the versions of the records stay.
    let again = rotate(&vault, &who, Job::Seal).map_err(|p| p.detail).unwrap();
    assert_eq!((again.from, again.to, again.records), (2, 3, ALL));
    kept.holds(&vault, &who, "twice");
}

/// The tenant's rows of the index: tag and record of each field.
fn index(vault: &Vault, who: &Principal) -> Vec<Vec<u8>> {
    let tenant = vault.show_tenant(who, "acme").map_err(|p| p.detail).unwrap().id;
    let mut found = Vec::new();
    let mut keep = |key: &[u8], _: &[u8]| {
        found.push(key.to_vec());
        true
    };
    vault.store().scan(Table::Index, &tenant.0, &mut keep).unwrap();
    found
}

#[test]
fn no_tag_of_an_old_index_key_is_left() {
    let kept = Kept::new();
    let (vault, who) = kept.vault(&kept.world).unwrap();
    let before = index(&vault, &who);
    let done = rotate(&vault, &who, Job::Index).map_err(|p| p.detail).unwrap();
    assert_eq!((done.from, done.to, done.done, done.records), (1, 2, true, ALL));
    assert_eq!(versions(&vault, &who, Job::Index), [2]);
    let after = index(&vault, &who);
    assert_eq!((before.len(), after.len()), (TAGS, TAGS));
    assert!(before.iter().all(|row| !after.contains(row)));
    kept.holds(&vault, &who, "after");
}

#[test]
fn passwords_are_right_under_each_next_pepper_and_the_old_ones_stay() {
    let kept = Kept::new();
    let (vault, who) = kept.vault(&kept.world).unwrap();
    for to in 2..5 {
        let done = rotate(&vault, &who, Job::Pepper).map_err(|p| p.detail).unwrap();
        assert_eq!((done.from, done.to, done.done, done.records), (to - 1, to, true, LOGINS));
        kept.holds(&vault, &who, "after");
    }
    assert_eq!(versions(&vault, &who, Job::Pepper), [1, 2, 3, 4]);
    // Strengthened afterwards, over a tag that was wrapped, and wrapped again.
    let strong = vault.strengthen(&who, Some("acme"), Strength::LEAST, &mut || true);
    assert_eq!(strong.map_err(|p| p.detail).unwrap().strengthened, LOGINS);
    kept.holds(&vault, &who, "strong");
    rotate(&vault, &who, Job::Pepper).map_err(|p| p.detail).unwrap();
    kept.holds(&vault, &who, "strong and wrapped");
    // A later seal key finds them as they are.
    rotate(&vault, &who, Job::Seal).map_err(|p| p.detail).unwrap();
    kept.holds(&vault, &who, "sealed again");
}

#[test]
fn old_tokens_stay_good_and_new_ones_are_under_the_next_key() {
    let kept = Kept::new();
    let (vault, who) = kept.vault(&kept.world).unwrap();
    for to in 2..5 {
        let done = rotate(&vault, &who, Job::Token).map_err(|p| p.detail).unwrap();
        assert_eq!((done.from, done.to, done.done, done.records), (to - 1, to, true, 0));
    }
    assert_eq!(versions(&vault, &who, Job::Token), [1, 2, 3, 4]);
    kept.holds(&vault, &who, "after");
    let sealed = seal(&vault, &who, ("acme", 2, 1), &Temp::new()).map_err(|p| p.detail).unwrap();
    // Behind the prefix stands the version, in base32: 4 as `aq` to `at`, 1 as `ae` to `ah`.
    let second = |token: &String| token.as_bytes()[5];
    assert!(sealed.iter().all(|(_, token, _)| (b'q'..=b't').contains(&second(token))));
    assert!(kept.tokens.iter().all(|token| (b'e'..=b'h').contains(&second(token))));
    let (new, values) = sealed.into_iter().map(|(_, t, v)| (t, v)).unzip::<_, _, Vec<_>, Vec<_>>();
    assert_eq!(reveal(&vault, &who, "acme", new).map_err(|p| p.detail), Ok(values));
}

/// A damaged row is told, is in the ledger, and keeps the old key; the others are carried over.
#[test]
fn a_row_that_was_changed_keeps_the_old_key() {
    let kept = Kept::new();
    for job in [Job::Seal, Job::Index, Job::Pepper] {
        let world = kept.world.restart(0);
        // Records are numbered in the order they were sealed in: the last is one with a password.
        let record = |key: &[u8]| u64::from_be_bytes(key[20..].try_into().unwrap());
        let rows = world.rows(Table::Record);
        let (key, mut row) = rows.into_iter().max_by_key(|(key, _)| record(key)).unwrap();
        let at = row.len() - 40;
        row[at] ^= 1;
        world.set_row(Table::Record, &key, Some(&row));
        let (vault, who) = kept.vault(&world).unwrap();
        let known = entries(&vault, &who).len();
        let stopped = rotate(&vault, &who, job).map_err(|p| p.kind);
        assert_eq!(stopped.map(|_| ()), Err(strongroom::problem::Kind::Tampered), "{job:?}");
        assert_eq!(versions(&vault, &who, job), [1, 2], "{job:?}");
        let told = entries(&vault, &who);
        let told = told[known..].iter().filter(|e| e.phase == Phase::Failed);
        let told: Vec<_> = told.map(|e| e.reason.clone().unwrap()).collect();
        assert_eq!(told, ["row.not_authentic"], "{job:?}");
        let opened = reveal(&vault, &who, "acme", kept.tokens.clone());
        assert_eq!(opened.map_err(|p| p.detail), Ok(kept.values.clone()), "{job:?}");
        if job == Job::Seal {
            let under = sealed_under(&vault, &who);
            assert_eq!(under.iter().filter(|v| **v == 1).count(), 1);
        }
    }
}

#[test]
fn killed_at_every_step_everything_opens_and_the_next_run_goes_on() {
    let kept = Kept::new();
    for job in [Job::Seal, Job::Index, Job::Pepper, Job::Log] {
        let whole = kept.world.restart(0);
        let (vault, who) = kept.vault(&whole).unwrap();
        let before = whole.steps().len() as u64;
        rotate(&vault, &who, job).map_err(|p| p.detail).unwrap();
        let steps = whole.steps().len() as u64;
        drop((vault, who));
        assert!(steps > before + 6, "{job:?}: {before} {steps}");
        for n in before..=steps {
            let world = kept.world.restart(0);
            world.kill_at(n);
            if let Ok((vault, who)) = kept.vault(&world) {
                let _ = rotate(&vault, &who, job);
            }
            for seed in 0..if long() { 40 } else { 3 } {
                let case = format!("{job:?}, step {n}, seed {seed}");
                let after = world.crash(seed);
                let (vault, who) = kept.vault(&after).unwrap_or_else(|e| panic!("{case}: {e}"));
                kept.holds(&vault, &who, &case);
                let begun = versions(&vault, &who, job);
                let done = rotate(&vault, &who, job).map_err(|p| format!("{case}: {}", p.detail));
                let done = done.unwrap();
                // What was begun is finished; a rotation that had ended is followed by another.
                let (first, last) = (begun[0], *begun.last().unwrap());
                let left = versions(&vault, &who, job);
                if job == Job::Pepper {
                    assert_eq!(left, (1..=done.to).collect::<Vec<_>>(), "{case}");
                    assert!(done.to == 2 || last == 2, "{case}: {done:?}");
                } else {
                    let next = if first == last { (last, last + 1) } else { (first, last) };
                    assert_eq!((done.from, done.to), next, "{case}");
                    assert_eq!(left, [done.to], "{case}");
                }
                assert!(done.done, "{case}");
                if job == Job::Seal {
                    assert_eq!(sealed_under(&vault, &who), [done.to; ALL as usize], "{case}");
                }
                assert_eq!(index(&vault, &who).len(), TAGS, "{case}");
                kept.holds(&vault, &who, &case);
            }
        }
    }
}

/// Cut off where some people are carried over and some are not. Steps that the writer takes up
/// together are one batch, and a power cut keeps what it likes: no one kill is sure to do it.
fn halfway(kept: &Kept) -> (Vault, Principal) {
    let whole = kept.world.restart(0);
    let (vault, who) = kept.vault(&whole).unwrap();
    let (before, old) = (whole.steps().len() as u64, index(&vault, &who));
    rotate(&vault, &who, Job::Index).map_err(|p| p.detail).unwrap();
    drop((vault, who));
    let steps = whole.steps().len() as u64;
    for (seed, n) in (0..20).flat_map(|seed| (before..steps).map(move |n| (seed, n))) {
        let world = kept.world.restart(0);
        world.kill_at(n);
        if let Ok((vault, who)) = kept.vault(&world) {
            let _ = rotate(&vault, &who, Job::Index);
        }
        let (vault, who) = kept.vault(&world.crash(seed)).unwrap();
        let left = index(&vault, &who).iter().filter(|row| old.contains(row)).count();
        if versions(&vault, &who, Job::Index).len() == 2 && (6..=12).contains(&left) {
            return (vault, who);
        }
    }
    panic!("no kill left some under either key");
}

#[test]
fn halfway_values_are_changed_and_erased_under_either_key() {
    let kept = Kept::new();
    let (vault, who) = halfway(&kept);
    let found = |email: &str| {
        let value = Zeroizing::new(email.to_owned());
        let found = vault.find(&who, "acme", "people", "email", value, NOW_US);
        found.map_err(|p| p.detail).unwrap().0
    };
    let emails: Vec<&String> = kept.values.iter().filter(|v| v.contains('@')).collect();
    let mut left = Vec::new();
    for (n, email) in emails.iter().enumerate() {
        let record = found(email)[0].record.clone();
        let moved = format!("moved{n}@example.net");
        match n % 3 {
            0 => {
                let (tenant, collection, records) = ("acme", "people", vec![record]);
                let (reason, now) = (Reason::Request, true);
                let request = EraseRequest { tenant, collection, records, reason, now };
                vault.erase(&who, None, request, NOW_US).map_err(|p| p.detail).unwrap();
                assert!(found(email).is_empty());
            }
            1 => {
                let fields = vec![("email".to_owned(), Zeroizing::new(moved.clone()))];
                let collection = "people".to_owned();
                let update = Update { tenant: None, collection, record, fields };
                let done = vault.update(&who, "acme", update, Strength::FULL);
                done.map_err(|p| p.detail).unwrap();
                assert!(found(email).is_empty());
                left.push(moved);
            }
            _ => left.push((*email).clone()),
        }
    }
    let sound = |case: &str| {
        let amiss = vault.examine(&who, &mut |_, _, _| {}).map_err(|p| p.detail).unwrap();
        let amiss: Vec<_> = amiss.iter().map(|finding| &finding.what).collect();
        assert!(amiss.is_empty(), "{case}: {amiss:?}");
        assert!(left.iter().all(|email| found(email).len() == 1), "{case}");
        // No row of the erased, nor of a value that gave way, is left under either key.
        let tags = 2 * left.len() + LOGINS as usize;
        assert_eq!(index(&vault, &who).len(), tags, "{case}");
    };
    sound("halfway");
    let done = rotate(&vault, &who, Job::Index).map_err(|p| p.detail).unwrap();
    let records = left.len() as u64 + LOGINS;
    assert_eq!((done.from, done.to, done.done, done.records), (1, 2, true, records));
    sound("afterwards");
}
