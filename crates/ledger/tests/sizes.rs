//! Exports of every awkward size: what the tile writer writes, the verifier accepts whole.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]

mod support;

use strongroom_ledger::LogId;
use strongroom_ledger::merkle::{Tree, leaf_hash};
use strongroom_ledger::verify::Reason;
use support::{Files, Log, TENANT};

const BOTH: &[LogId] = &[LogId::System, TENANT];

#[test]
fn exports_of_every_size_are_verified() {
    for size in [0, 1, 2, 255, 256, 257, 511, 512, 65_536 + 3] {
        let mut system = Log::new(LogId::System, 4);
        let tenant = Log::new(TENANT, size);
        system.note(1, &tenant, size / 2);
        system.note(2, &tenant, size);
        let report = Files::of(&[&system, &tenant]).verify(BOTH).unwrap();
        let log = &report.logs[1];
        assert_eq!((log.size, log.noted, log.acts.values().sum()), (size, size, size));
        let mut tree = Tree::new();
        tenant.leaves.iter().for_each(|leaf| tree.append(leaf_hash(leaf)));
        assert_eq!(log.root, tree.root(size).unwrap(), "size {size}");
    }
}

#[test]
fn an_empty_install_is_verified() {
    let (system, tenant) = (Log::new(LogId::System, 0), Log::new(TENANT, 0));
    let files = Files::of(&[&system, &tenant]);
    assert_eq!(files.0.len(), 2, "an empty log is its checkpoint alone");
    assert!(files.verify(BOTH).is_ok());
}

#[test]
fn the_files_of_one_size_are_refused_for_another() {
    let system = Log::new(LogId::System, 1);
    let (smaller, larger) = (Log::new(TENANT, 256), Log::new(TENANT, 257));
    let mut files = Files::of(&[&system, &larger]);
    let checkpoint = format!("{}checkpoint", larger.folder());
    let note = Files::of(&[&smaller]).0[&checkpoint].clone();
    files.0.insert(checkpoint, note);
    files.refuted(BOTH, TENANT, None, Reason::Surplus("tile/0/001.p/1".to_owned()));
}
