//! The deep check finds whatever was changed behind the store's back, names it, and records what it
//! found; it finds nothing in what nobody touched, and says first whom it looks at.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap, what their tests share too"
)]

mod store_support;

use std::sync::Arc;

use store_support::history::{Act, Base, Oracle};
use store_support::office::slot;
use store_support::{INSTALL, entries, epoch_key, leaves};
use strongroom::doctor::{Finding, Severity};
use strongroom::store::model::{ENGINE, Effect, Fault, ModelWorld, Operation};
use strongroom::vault::RecordsRequest;
use strongroom_core::access::update::Update;
use strongroom_core::id::{RecordNumber, TenantId};
use strongroom_core::ledger::entry::{Act as Word, Entry, Form, Phase};
use strongroom_core::ledger::merkle::leaf_hash;
use strongroom_core::ledger::{Hash, LogId};
use strongroom_core::policy::Purpose;
use strongroom_core::store::Table;
use strongroom_core::vault::slot::{Slot, SlotAddress, Tombstone};
use strongroom_core::vault::verifier::Strength;
use zeroize::Zeroizing;

const SLOTS: &str = "data/slots/epoch-00000001.slots";
const ACTS: &[Act] = &[
    Act::Tenant("acme"),
    Act::Tenant("birch"),
    Act::Seal { tenant: "acme", input: 1, rows: 3 },
    Act::Seal { tenant: "birch", input: 1, rows: 2 },
    Act::Reserve(5),
    Act::Seal { tenant: "acme", input: 2, rows: 2 },
];

/// A store that was worked with and stopped.
struct Sealed {
    base: Base,
    world: ModelWorld,
    oracle: Oracle,
}

impl Sealed {
    fn after(acts: &[Act]) -> Self {
        let base = Base::new();
        let world = base.world.restart(0);
        let oracle = base.run(&world, acts);
        assert!(oracle.open.is_none());
        Self { base, world, oracle }
    }

    fn new() -> Self {
        Self::after(ACTS)
    }

    /// The same, after a request that was to be performed once.
    fn with_a_request(mut self) -> Self {
        let world = self.world.restart(0);
        let (vault, who) = self.base.vault(&world, &Arc::default()).unwrap();
        let email = Some(Zeroizing::new("ada@example.org".to_owned()));
        let request = RecordsRequest {
            tenant: "acme".to_owned(),
            collection: "people".to_owned(),
            records: vec![vec![("email".to_owned(), email)]],
            once: Some("one".to_owned()),
            strength: Strength::FULL,
            now_us: self.base.now_us(),
        };
        vault.seal_records(&who, &request).unwrap_or_else(|problem| panic!("{problem}"));
        drop(vault);
        assert_eq!(self.examined(&world), []);
        self.world = world.restart(0);
        self
    }

    /// What the deep check finds in a copy that was changed so.
    fn found(&self, change: impl FnOnce(&ModelWorld)) -> Vec<Finding> {
        let world = self.world.restart(0);
        change(&world);
        self.examined(&world)
    }

    fn examined(&self, world: &ModelWorld) -> Vec<Finding> {
        let (vault, who) = self.base.vault(world, &Arc::default()).unwrap();
        vault.examine(&who, &mut |_, done, _| assert!(done > 0)).unwrap()
    }

    /// The one thing that is found, which must be urgent.
    fn finds(&self, words: &str, change: impl FnOnce(&ModelWorld)) -> String {
        let found = self.found(change);
        let [finding] = &found[..] else { panic!("{words}: {found:#?}") };
        assert_eq!(finding.severity, Severity::High, "{finding:?}");
        assert!(finding.what.contains(words), "{words}: {}", finding.what);
        finding.what.clone()
    }

    /// The records that have a row, with their tenants.
    fn records(&self) -> Vec<(TenantId, u64)> {
        let rows = self.world.rows(Table::Record);
        let number = |key: &[u8]| u64::from_be_bytes(*key.last_chunk().unwrap());
        let tenant = |key: &[u8]| TenantId(*key.first_chunk().unwrap());
        rows.iter().map(|(key, _)| (tenant(key), number(key))).collect()
    }

    /// Every entry of every log.
    fn entries(&self, world: &ModelWorld) -> Vec<(LogId, Entry)> {
        let store = store_support::open(world, &self.base.sources).unwrap();
        let logs = strongroom_core::store::Store::heads(&store);
        let of = |log| entries(&store, log).into_iter().map(move |entry| (log, entry));
        logs.into_iter().flat_map(|(log, ..)| of(log)).collect()
    }
}

fn at(record: u64) -> usize {
    usize::try_from(record).unwrap() * 64
}

#[test]
fn what_nobody_touched_is_sound_and_the_looking_is_recorded_first() {
    let sealed = Sealed::new();
    let world = sealed.world.restart(0);
    assert_eq!(sealed.examined(&world), []);
    let all = sealed.entries(&world);
    let deep: Vec<_> = all.iter().filter(|(_, entry)| entry.act == Word::DoctorDeep).collect();
    assert_eq!(deep.len(), 2, "one a tenant");
    for (log, entry) in deep {
        assert_ne!(*log, LogId::System);
        assert_eq!(entry.phase, Phase::Commit);
        let range = entry.range.unwrap();
        assert_eq!(range.first, 1);
        assert!(range.count >= 12, "all that were given out: {range:?}");
        assert_eq!(entry.fields, ["email", "ssn"], "what is opened for the index");
    }
    // Looked at again, now that the ledger names the check itself.
    assert_eq!(sealed.examined(&world), []);
}

#[test]
fn without_the_ledger_nothing_is_looked_at() {
    let sealed = Sealed::new();
    let world = sealed.world.restart(0);
    let (vault, who) = sealed.base.vault(&world, &Arc::default()).unwrap();
    let operation = Some(Operation::Write);
    let effect = Effect::FailFromNow(std::io::ErrorKind::Other);
    world.fault(Fault { at: 1, operation, place: "data/ledger".to_owned(), effect });
    let mut looked = Vec::new();
    let refused = vault.examine(&who, &mut |what, _, _| looked.push(what));
    assert_eq!(refused.unwrap_err().kind, strongroom::problem::Kind::Unavailable);
    assert!(looked.iter().all(|what| *what == "entries"), "{looked:?}");
}

#[test]
fn any_row_changed_moved_or_gone() {
    let sealed = Sealed::new();
    let rows = sealed.world.rows(Table::Record);
    assert_eq!(rows.len(), 7);
    for (key, value) in &rows {
        for at in (0..value.len()).step_by(7) {
            let mut bad = value.clone();
            bad[at] ^= 1 << (at % 8);
            // Its index rows are then wanted by nobody who can be believed.
            let found = sealed.found(|w| w.set_row(Table::Record, key, Some(&bad)));
            let told = |f: &Finding| f.what.contains("a row is not authentic, 1 in all: srr_");
            assert!(found.iter().any(told), "byte {at}: {found:#?}");
        }
        let found = sealed.found(|w| w.set_row(Table::Record, key, None));
        let told = |f: &Finding| f.what.contains("a row is missing, 1 in all: srr_");
        assert!(found.iter().any(told), "{found:#?}");
    }
    let found = sealed.found(|w| {
        w.set_row(Table::Record, &rows[0].0, Some(&rows[1].1));
        w.set_row(Table::Record, &rows[1].0, Some(&rows[0].1));
    });
    assert!(found.iter().any(|f| f.what.contains("a row is not authentic, 2 in all: srr_")));
}

#[test]
fn rows_of_nobody() {
    let sealed = Sealed::new();
    let (key, value) = sealed.world.rows(Table::Record)[0].clone();
    let (number, collection) = (key.len() - 1, 19);
    // A number that no entry gave to the tenant; a collection that there is not; another tenant's.
    for (place, byte, words) in [
        (number, 200, "a row is there that no entry states, 1 in all: srr_"),
        (collection, key[collection] ^ 1, "a row is there that no entry states, 1 in all: srr_"),
        (3, key[3] ^ 1, "1 rows of records belong to no tenant"),
    ] {
        let mut other = key.clone();
        other[place] = byte;
        let found = sealed.found(|w| w.set_row(Table::Record, &other, Some(&value)));
        assert!(found.iter().any(|f| f.what.contains(words)), "{words}: {found:#?}");
    }
}

#[test]
fn any_slot_changed_moved_emptied_or_filled() {
    let sealed = Sealed::new();
    for (_, record) in sealed.records() {
        for byte in [0, 13, 40, 59, 63] {
            let flip = |w: &ModelWorld| w.edit(SLOTS, |bytes| bytes[at(record) + byte] ^= 4);
            let found = sealed.found(flip);
            let told = |f: &Finding| f.what.contains("a slot is damaged, 1 in all: srr_");
            assert!(found.iter().any(told), "{record} {byte}: {found:#?}");
        }
        let empty = |w: &ModelWorld| w.edit(SLOTS, |bytes| bytes[at(record)..][..64].fill(0));
        let found = sealed.found(empty);
        let told = |f: &Finding| f.what.contains("a slot is missing, 1 in all: srr_");
        assert!(found.iter().any(told), "{found:#?}");
    }
    let free = sealed.records().iter().map(|(_, r)| *r).max().unwrap() + 1;
    assert!(free < 100);
    let reserved = 6;
    assert!(!sealed.records().iter().any(|(_, record)| *record == reserved));
    sealed.finds("1 slots of no record hold something: number 6", |w| {
        w.edit(SLOTS, |bytes| bytes[at(reserved)..][..64].fill(9));
    });
    let (tenant, _) = sealed.records()[0];
    let place = SlotAddress { install: INSTALL, tenant, record: RecordNumber(reserved) };
    let (_, live) = epoch_key().seal(place, &[7; 44]).unwrap();
    sealed.finds("a slot is used that no entry states, 1 in all: srr_", |w| {
        w.edit(SLOTS, |bytes| bytes[at(reserved)..][..64].copy_from_slice(&live));
    });
}

#[test]
fn any_row_of_the_index_changed_gone_or_added() {
    let sealed = Sealed::new();
    let rows = sealed.world.rows(Table::Index);
    assert_eq!(rows.len(), 14, "two of each record");
    for (key, value) in &rows {
        sealed.finds("a row of the index is missing, 1 in all: srr_", |w| {
            w.set_row(Table::Index, key, None);
        });
        let mut bad = value.clone();
        bad[3] ^= 1;
        sealed.finds("a row of the index is not authentic, 1 in all: srr_", |w| {
            w.set_row(Table::Index, key, Some(&bad));
        });
        for place in [20, 25, 37] {
            let mut other = key.clone();
            other[place] ^= 1;
            sealed.finds("a row of the index is not authentic, 1 in all: srr_", |w| {
                w.set_row(Table::Index, &other, Some(value));
            });
        }
        let short = &key[..key.len() - 1];
        sealed.finds("a row of the index is not authentic, 1 in all", |w| {
            w.set_row(Table::Index, short, Some(value));
        });
        let mut stranger = key.clone();
        stranger[0] ^= 1;
        sealed.finds("1 rows of the index belong to no tenant", |w| {
            w.set_row(Table::Index, &stranger, Some(value));
        });
    }
}

#[test]
fn any_row_of_a_job() {
    let sealed = Sealed::new().with_a_request();
    let rows = sealed.world.rows(Table::Job);
    assert!(rows.len() >= 7, "{}", rows.len());
    assert!(rows.iter().any(|(key, _)| key.len() == 53), "of a request performed once");
    for (key, value) in &rows {
        let mut bad = value.clone();
        bad[1] ^= 1;
        let mut other = key.clone();
        other[0] ^= 1;
        for (key, value) in [(key, &bad), (&other, value)] {
            sealed.finds("1 rows of jobs and counts of guesses are not authentic", |w| {
                w.set_row(Table::Job, key, Some(value));
            });
        }
    }
}

#[test]
fn tombstones_have_to_name_the_entry_that_erased() {
    let sealed = Sealed::new();
    let (tenant, record) = sealed.records()[0];
    let log = LogId::Tenant(tenant.0);
    let place = SlotAddress { install: INSTALL, tenant, record: RecordNumber(record) };
    let leaf: Hash = {
        let store = store_support::open(&sealed.world.restart(0), &sealed.base.sources).unwrap();
        leaf_hash(&leaves(&store, log).unwrap()[0])
    };
    let bury = |index, leaf: Hash| {
        let leaf_head = *leaf.0.first_chunk().unwrap();
        let stone = epoch_key().tombstone(place, &[5; 12], &Tombstone { index, leaf_head });
        let stone = stone.unwrap();
        sealed.found(|w| w.edit(SLOTS, |b| b[at(record)..][..64].copy_from_slice(&stone)))
    };
    let what = |found: &[Finding]| found.iter().map(|f| f.what.clone()).collect::<Vec<_>>();
    let authentic = bury(0, leaf);
    assert!(authentic.iter().any(|f| f.severity == Severity::Low), "{authentic:#?}");
    assert!(what(&authentic).iter().any(|w| w.contains(" rows of erased records are left")));
    assert!(!what(&authentic).iter().any(|w| w.contains("erased by no entry")));
    for (index, leaf) in [(1, leaf), (0, Hash([1; 32])), (1 << 40, leaf)] {
        let forged = bury(index, leaf);
        let told = |w: &String| w.contains("a slot was erased by no entry, 1 in all: srr_");
        assert!(what(&forged).iter().any(told), "{forged:#?}");
    }
}

#[test]
fn an_act_that_did_not_take_place_leaves_nothing_amiss() {
    let sealed = Sealed::new();
    let world = sealed.world.restart(0);
    let (operation, place) = (Some(Operation::Commit), ENGINE.to_owned());
    world.fault(Fault { at: 2, operation, place, effect: Effect::Kill });
    let died = sealed.base.run(&world, &[Act::Seal { tenant: "birch", input: 9, rows: 4 }]);
    assert!(died.open.is_some());
    let world = world.restart(0);
    assert_eq!(sealed.examined(&world), []);
    let store = store_support::open(&world, &sealed.base.sources).unwrap();
    let (birch, _) = *sealed.records().iter().find(|(_, record)| *record == 4).unwrap();
    let buried = (1..200).filter(|n| matches!(slot(&store, birch, *n), Ok(Slot::Erased(_))));
    assert_eq!(buried.count(), 4, "its slots are tombstones");
}

#[test]
fn a_ledger_changed_where_no_opening_reads_it() {
    let mut acts = ACTS.to_vec();
    acts.extend([Act::Reveal("acme"); 30]);
    acts.push(Act::Reopen);
    let sealed = Sealed::after(&acts);
    let first = "data/ledger/00000000.seg";
    assert!(sealed.world.names("data/ledger/").len() > 2);
    assert_eq!(sealed.found(|_| ()), []);
    let length = sealed.world.bytes(first).len();
    for at in [length / 3, length / 2, length - 20] {
        let found = sealed.found(|w| w.edit(first, |bytes| bytes[at] ^= 1));
        let told = |f: &Finding| f.what.contains("it is not the log whose root is noted");
        assert!(found.iter().any(told), "{found:#?}");
        assert!(found.iter().all(|f| f.severity == Severity::High && !f.what.contains("slot")));
    }
}

#[test]
fn what_is_found_is_an_entry_of_its_tenant_one_a_kind() {
    let sealed = Sealed::new();
    let world = sealed.world.restart(0);
    let rows = world.rows(Table::Record);
    let acme = rows[0].0[..16].to_vec();
    let of_acme = rows.iter().filter(|(key, _)| key.starts_with(&acme));
    of_acme.clone().for_each(|(key, _)| world.set_row(Table::Record, key, None));
    let index = world.rows(Table::Index);
    index.iter().for_each(|(key, _)| world.set_row(Table::Index, key, None));
    sealed.examined(&world);
    let failed: Vec<_> = sealed
        .entries(&world)
        .into_iter()
        .filter(|(_, entry)| entry.phase == Phase::Failed)
        .map(|(log, entry)| {
            assert_eq!(entry.act, Word::DoctorDeep);
            assert!(entry.object.unwrap().starts_with("srr_"));
            (log == LogId::Tenant(acme.clone().try_into().unwrap()), entry.reason.unwrap())
        })
        .collect();
    let mut expected = vec![(true, "row.missing".to_owned()), (false, "index.missing".to_owned())];
    let mut failed = failed;
    failed.sort();
    expected.sort();
    assert_eq!(failed, expected);
}

#[test]
fn an_older_row_put_back_whole() {
    let sealed = Sealed::new();
    let world = sealed.world.restart(0);
    let (vault, who) = sealed.base.vault(&world, &Arc::default()).unwrap();
    let (_, token, _) = sealed.oracle.sealed.iter().find(|(of, ..)| *of == "acme").unwrap();
    let tokens = vec![token.clone()];
    let found = vault.reveal(&who, "acme", tokens, Purpose::Support, Form::Masked).unwrap();
    let update = Update {
        tenant: None,
        collection: "people".to_owned(),
        record: found.disclose()[0].record.clone(),
        fields: vec![("ssn".to_owned(), Zeroizing::new("536-22-1847".to_owned()))],
    };
    vault.update(&who, "acme", update, Strength::LEAST).unwrap();
    drop(vault);
    assert_eq!(sealed.examined(&world), []);
    let older = sealed.world.rows(Table::Record);
    let newer = world.rows(Table::Record);
    let changed: Vec<_> = older.iter().filter(|row| !newer.contains(row)).collect();
    assert_eq!(changed.len(), 1);
    world.set_row(Table::Record, &changed[0].0, Some(&changed[0].1));
    let found = sealed.examined(&world);
    let told = |f: &Finding| f.what.contains("a row is older than the ledger says, 1 in all: srr_");
    assert!(found.iter().any(told), "{found:#?}");
}
