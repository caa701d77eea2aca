//! Sectors that cannot be read. Each is told by the name of its place, to whoever asks for what
//! lies there; everybody else is served, and nothing is taken for erased that is only unreadable.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap, what their tests share too"
)]

mod store_support;

use std::sync::Arc;

use store_support::history::{Act, Base, Oracle, reveal};
use store_support::{NOW_US, leaves};
use strongroom::problem::{Kind, Problem};
use strongroom::store::model::{ENGINE, Effect, Fault, ModelWorld, Operation};
use strongroom::vault::{EraseRequest, Vault};
use strongroom_core::erasure::Reason;
use strongroom_core::ledger::LogId;
use strongroom_core::principal::Principal;
use zeroize::Zeroizing;

const SLOTS: &str = "data/slots/epoch-00000001.slots";
/// The second sector of the slots: those of these rows, the first row having number 1.
const SECTOR: std::ops::Range<u64> = 512..1024;
const LOST: std::ops::Range<usize> = 7..15;
const ROWS: u64 = 20;

/// An install with twenty people.
struct Peopled {
    base: Base,
    world: ModelWorld,
    oracle: Oracle,
}

impl Peopled {
    fn new() -> Self {
        let base = Base::new();
        let world = base.world.restart(0);
        let seal = Act::Seal { tenant: "acme", input: 1, rows: ROWS };
        let oracle = base.run(&world, &[Act::Tenant("acme"), seal]);
        assert!(oracle.open.is_none());
        Self { base, world, oracle }
    }

    fn vault(&self) -> (Vault, Principal) {
        self.base.vault(&self.world, &Arc::default()).unwrap()
    }

    /// Asks for everybody, one at a time: the row, and what was said where nothing was given.
    fn answers(&self, vault: &Vault, who: &Principal) -> Vec<(usize, Option<Problem>)> {
        let cell = |row: usize| {
            let (_, token, value) = &self.oracle.sealed[2 * row];
            let told = reveal(vault, who, "acme", vec![token.clone()]);
            told.as_ref().into_iter().for_each(|values| assert_eq!(values[..], [value.as_str()]));
            (row, told.err())
        };
        (0..ROWS as usize).map(cell).collect()
    }

    fn email(&self, row: usize) -> Zeroizing<String> {
        Zeroizing::new(self.oracle.sealed[2 * row + 1].2.clone())
    }

    fn record(&self, vault: &Vault, who: &Principal, row: usize) -> String {
        let found = vault.find(who, "acme", "people", "email", self.email(row), NOW_US);
        found.map_err(|p| p.detail).unwrap().0.remove(0).record
    }
}

fn is_told(problem: &Problem, place: &str) -> bool {
    problem.kind != Kind::NotFound && problem.detail.contains(place)
}

#[test]
fn a_bad_sector_of_the_slots_keeps_its_own_people_back_and_nobody_else() {
    let peopled = Peopled::new();
    let (vault, who) = peopled.vault();
    let (lost, here) = (peopled.record(&vault, &who, 9), peopled.record(&vault, &who, 0));
    peopled.world.spoil(SLOTS, SECTOR);
    for (row, told) in peopled.answers(&vault, &who) {
        assert_eq!(told.is_some(), LOST.contains(&row), "row {row}");
        assert!(told.is_none_or(|problem| is_told(&problem, "slot file")), "row {row}");
    }
    let together = [0, 9].map(|row: usize| peopled.oracle.sealed[2 * row].1.clone());
    let told = reveal(&vault, &who, "acme", together.to_vec()).err().unwrap();
    assert!(is_told(&told, "slot file"), "{}", told.detail);
    let found = |row| vault.find(&who, "acme", "people", "email", peopled.email(row), NOW_US);
    assert_eq!(found(16).map_err(|p| p.detail).unwrap().0.len(), 1);
    assert!(is_told(&found(9).err().unwrap(), "slot file"), "not that nobody has the value");
    // Whoever is there can be erased; of the others it is not said that they are gone.
    let erase = |record: &String| {
        let (tenant, collection, records) = ("acme", "people", vec![record.clone()]);
        let request = EraseRequest { tenant, collection, records, reason: Reason::Test, now: true };
        vault.erase(&who, None, request, NOW_US)
    };
    assert!(erase(&here).is_ok());
    assert!(is_told(&erase(&lost).err().unwrap(), "slot file"));
    drop((vault, who));
    peopled.world.mend();
    let (vault, who) = peopled.vault();
    for (row, told) in peopled.answers(&vault, &who) {
        assert_eq!(told.map(|p| p.kind), (row == 0).then_some(Kind::NotFound), "row {row}");
    }
}

#[test]
fn an_epoch_is_not_turned_and_no_backup_counts_over_a_bad_sector() {
    let peopled = Peopled::new();
    peopled.world.spoil(SLOTS, SECTOR);
    let (vault, who) = peopled.vault();
    let copy = peopled.world.folder("copy/");
    let told = vault.backup_into(&who, &*copy, NOW_US).err().unwrap();
    assert!(is_told(&told, "slot file"), "{}", told.detail);
    assert!(peopled.world.names("copy/backup.json").is_empty());
    let told = vault.turn_epoch(&who, None, NOW_US).err().unwrap();
    assert!(is_told(&told, "slot file"), "{}", told.detail);
    peopled.world.mend();
    let (vault, who) = peopled.vault();
    assert_eq!(vault.epoch(&who).map_err(|p| p.detail).unwrap().number, 1);
    assert!(peopled.answers(&vault, &who).iter().all(|(_, told)| told.is_none()));
}

#[test]
fn a_bad_sector_of_an_older_segment_is_told_by_whoever_reads_it() {
    let peopled = Peopled::new();
    let (vault, who) = peopled.vault();
    // On to newer segments, and a stop in good order: the first is not replayed any more.
    while peopled.world.names("data/ledger/").len() < 4 {
        assert!(peopled.answers(&vault, &who).iter().all(|(_, told)| told.is_none()));
    }
    drop((vault, who));
    let first = peopled.world.names("data/ledger/").remove(0);
    peopled.world.spoil(&first, 4096..4608);
    let (vault, who) = peopled.vault();
    assert!(peopled.answers(&vault, &who).iter().all(|(_, told)| told.is_none()), "served");
    let read = leaves(&**vault.store(), LogId::System).err().unwrap();
    assert!(read.to_string().contains("ledger"), "{read}");
    let told = vault.examine(&who, &mut |_, _, _| {}).err().unwrap();
    assert!(is_told(&told, "ledger"), "{}", told.detail);
    drop((vault, who));
    // What every opening reads has to be read.
    let newest = peopled.world.names("data/ledger/").pop().unwrap();
    peopled.world.spoil(&newest, 0..512);
    let told = peopled.base.vault(&peopled.world, &Arc::default()).err().unwrap();
    assert!(told.contains("ledger"), "{told}");
    peopled.world.mend();
    peopled.vault();
}

#[test]
fn an_engine_and_a_key_folder_that_cannot_be_read_are_told() {
    let peopled = Peopled::new();
    let (vault, who) = peopled.vault();
    let (operation, place) = (Some(Operation::Read), ENGINE.to_owned());
    let effect = Effect::FailFromNow(std::io::ErrorKind::Other);
    peopled.world.fault(Fault { at: 1, operation, place, effect });
    for (row, told) in peopled.answers(&vault, &who) {
        assert!(is_told(&told.unwrap(), "engine"), "row {row}");
    }
    drop((vault, who));
    let closed = |words: &str| {
        let told = peopled.base.vault(&peopled.world, &Arc::default()).err().unwrap();
        assert!(told.contains(words), "{told}");
        peopled.world.mend();
    };
    closed("engine");
    peopled.world.spoil("keys/notes.json", 0..1);
    closed("key folder");
    let (vault, who) = peopled.vault();
    assert!(peopled.answers(&vault, &who).iter().all(|(_, told)| told.is_none()));
}
