//! Corrupted exports, each of which must be refused for the right reason.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]

mod support;

use std::thread;

use strongroom_ledger::entry::{Act, DecodeError, Entry, NextKey, Phase};
use strongroom_ledger::merkle::leaf_hash;
use strongroom_ledger::note::{Checkpoint, NoteError, Signer};
use strongroom_ledger::tile::{BundleError, TilePath, encode_hashes};
use strongroom_ledger::verify::{Failure, Reason, Refuted, Unreadable, verify};
use strongroom_ledger::{Id, LogId};
use support::{Files, Log, TENANT, keys, signer, small};

const SYSTEM: LogId = LogId::System;
const BOTH: &[LogId] = &[SYSTEM, TENANT];

fn tile(path: &str) -> TilePath {
    path.parse().unwrap()
}

fn of_tenant(path: &str) -> String {
    format!("tenants/{TENANT}/{path}")
}

#[test]
fn the_sound_export_is_verified() {
    let (system, tenant) = small();
    let report = Files::of(&[&system, &tenant]).verify(BOTH).unwrap();
    let [first, second] = &report.logs[..] else { panic!("two logs") };
    assert_eq!((first.log, first.size, first.noted), (SYSTEM, 300, 0));
    assert_eq!((second.log, second.size, second.noted), (TENANT, 5, 5));
    assert_eq!((first.acts[&Act::TenantHead], first.acts[&Act::StatusRead]), (2, 298));
    assert_eq!(report.install.to_string(), support::INSTALL);
}

#[test]
fn what_lies_beside_the_logs_is_not_looked_at() {
    let (system, tenant) = small();
    let mut files = Files::of(&[&system, &tenant]);
    files.0.insert("README".to_owned(), b"a letter".to_vec());
    assert!(files.verify(BOTH).is_ok());
}

// Files altered, without the keys.

#[test]
fn an_entry_altered() {
    let (system, tenant) = small();
    let mut files = Files::of(&[&system, &tenant]);
    let bundle = files.0.get_mut("system/tile/entries/001.p/44").unwrap();
    *bundle.last_mut().unwrap() = b' ';
    files.refuted(BOTH, SYSTEM, Some(299), Reason::TileHash(tile("tile/0/001.p/44")));
}

#[test]
fn an_entry_altered_and_its_tile_with_it() {
    let (system, mut tenant) = small();
    let mut files = Files::of(&[&system, &tenant]);
    let note = files.0[&of_tenant("checkpoint")].clone();
    tenant.change(3, |entry| entry.purpose = Some("support".into()));
    files.add(&tenant);
    files.0.insert(of_tenant("checkpoint"), note);
    files.refuted(BOTH, TENANT, None, Reason::Root);
}

#[test]
fn two_entries_swapped() {
    let (system, tenant) = small();
    let mut swapped = tenant.clone();
    swapped.leaves.swap(1, 2);
    let mut files = Files::of(&[&system, &tenant]);
    let bundle = of_tenant("tile/entries/000.p/5");
    let altered = Files::of(&[&swapped]).0[&bundle].clone();
    files.0.insert(bundle, altered);
    files.refuted(BOTH, TENANT, Some(1), Reason::TileHash(tile("tile/0/000.p/5")));
}

#[test]
fn a_bundle_cut_off_or_left_empty() {
    let (system, tenant) = small();
    let mut files = Files::of(&[&system, &tenant]);
    let path = tile("tile/entries/000.p/5");
    let bundle = of_tenant("tile/entries/000.p/5");
    files.0.get_mut(&bundle).unwrap().pop();
    files.refuted(BOTH, TENANT, Some(0), Reason::Bundle(path, BundleError::CutOff));
    files.0.insert(bundle, Vec::new());
    files.refuted(BOTH, TENANT, Some(0), Reason::Bundle(path, BundleError::Empty));
}

#[test]
fn an_entry_less_in_its_bundle() {
    let (system, tenant) = small();
    let shorter = Log { log: TENANT, leaves: tenant.leaves[..4].to_vec() };
    let mut files = Files::of(&[&system, &tenant]);
    let bundle = Files::of(&[&shorter]).0[&of_tenant("tile/entries/000.p/4")].clone();
    files.0.insert(of_tenant("tile/entries/000.p/5"), bundle);
    files.refuted(BOTH, TENANT, Some(0), Reason::Width(tile("tile/entries/000.p/5")));
}

#[test]
fn a_tile_altered_at_each_level() {
    let (system, tenant) = small();
    let sound = Files::of(&[&system, &tenant]);
    let mut files = sound.clone();
    files.0.get_mut("system/tile/0/000").unwrap()[32 * 9] ^= 1;
    files.refuted(BOTH, SYSTEM, Some(9), Reason::TileHash(tile("tile/0/000")));
    let mut files = sound.clone();
    files.0.get_mut("system/tile/1/000.p/1").unwrap()[31] ^= 1;
    files.refuted(BOTH, SYSTEM, Some(0), Reason::TileHash(tile("tile/1/000.p/1")));
    let mut files = sound;
    let longer = encode_hashes(&[leaf_hash(b"one"), leaf_hash(b"two")]);
    files.0.insert("system/tile/1/000.p/1".to_owned(), longer);
    files.refuted(BOTH, SYSTEM, Some(0), Reason::Width(tile("tile/1/000.p/1")));
}

#[test]
fn each_file_missing() {
    let (system, tenant) = small();
    let sound = Files::of(&[&system, &tenant]);
    for name in ["tile/entries/000", "tile/0/000", "tile/1/000.p/1", "tile/0/001.p/44"] {
        let mut files = sound.clone();
        files.0.remove(&format!("system/{name}")).unwrap();
        let first = if name.ends_with("44") { 256 } else { 0 };
        files.refuted(BOTH, SYSTEM, Some(first), Reason::Missing(tile(name)));
    }
    let mut files = sound;
    files.0.remove(&of_tenant("checkpoint")).unwrap();
    files.refuted(BOTH, TENANT, None, Reason::NoCheckpoint);
}

#[test]
fn a_file_too_many() {
    let (system, tenant) = small();
    let sound = Files::of(&[&system, &tenant]);
    for name in [
        "tile/0/002",
        "tile/0/001.p/43",
        "tile/0/001",
        "tile/2/000.p/1",
        "tile/entries/000.p/255",
        "tile/x",
        "checkpoint.old",
        "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p",
        "checkpoint/x",
    ] {
        let mut files = sound.clone();
        files.0.insert(format!("system/{name}"), b"surplus".to_vec());
        match files.verify(BOTH) {
            Err(Failure::Refuted(refuted)) => {
                assert!(matches!(refuted.reason, Reason::Surplus(_)), "{name}: {refuted}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    for name in ["tenants/sys/checkpoint", "tenants/.DS_Store", "tenants/..%2f/x"] {
        let mut files = sound.clone();
        files.0.insert(name.to_owned(), Vec::new());
        let refused = files.verify(BOTH).unwrap_err().to_string();
        assert!(refused.contains("does not belong"), "{refused}");
    }
}

#[test]
fn a_checkpoint_that_the_log_did_not_sign() {
    let (system, tenant) = small();
    let sound = Files::of(&[&system, &tenant]);
    let reason = Reason::Checkpoint;

    let mut files = sound.clone();
    let system_note = files.0["system/checkpoint"].clone();
    files.0.insert(of_tenant("checkpoint"), system_note);
    files.refuted(BOTH, TENANT, None, reason(NoteError::NotSigned));

    let mut files = sound.clone();
    let note = String::from_utf8(files.0["system/checkpoint"].clone()).unwrap();
    files.0.insert("system/checkpoint".to_owned(), note.replace("\n300\n", "\n301\n").into());
    files.refuted(BOTH, SYSTEM, None, reason(NoteError::BadSignature));

    let mut files = sound;
    let unsigned = note.split("\n\n").next().unwrap().to_owned() + "\n";
    files.0.insert("system/checkpoint".to_owned(), unsigned.into());
    files.refuted(BOTH, SYSTEM, None, reason(NoteError::Malformed));
}

#[test]
fn an_older_checkpoint_put_back() {
    let (system, tenant) = small();
    let mut files = Files::of(&[&system, &tenant]);
    let older = Log { log: TENANT, leaves: tenant.leaves[..2].to_vec() };
    let checkpoint = Files::of(&[&older]).0[&of_tenant("checkpoint")].clone();
    files.0.insert(of_tenant("checkpoint"), checkpoint);
    files.refuted(BOTH, TENANT, None, Reason::Surplus("tile/0/000.p/5".to_owned()));
}

// Whole logs taken away or put beside.

#[test]
fn a_log_without_its_key_and_a_key_without_its_log() {
    let (system, tenant) = small();
    let files = Files::of(&[&system, &tenant]);
    files.refuted(&[SYSTEM], TENANT, None, Reason::NoKey);
    files.refuted(&[TENANT], SYSTEM, None, Reason::NoKey);
    Files::of(&[&system]).refuted(BOTH, TENANT, None, Reason::NoLog);
    Files::of(&[&tenant]).refuted(BOTH, SYSTEM, None, Reason::NoLog);
}

#[test]
fn a_log_taken_away_together_with_its_key() {
    let (system, _) = small();
    Files::of(&[&system]).refuted(&[SYSTEM], TENANT, None, Reason::HeadWithoutLog);
}

// Histories that the holder of a log's key signed, and must not have.

#[test]
fn the_end_of_a_tenants_log_cut_off_and_signed() {
    let (system, mut tenant) = small();
    tenant.leaves.truncate(4);
    Files::of(&[&system, &tenant]).refuted(BOTH, TENANT, None, Reason::CutShort(5));
    tenant.leaves.clear();
    Files::of(&[&system, &tenant]).refuted(BOTH, TENANT, None, Reason::CutShort(5));
}

#[test]
fn a_tenants_history_rewritten_and_signed() {
    let (system, sound) = small();
    let mut tenant = sound.clone();
    tenant.change(0, |entry| entry.purpose = Some("support".into()));
    Files::of(&[&system, &tenant]).refuted(BOTH, TENANT, None, Reason::Forked(2));
    let mut tenant = sound;
    tenant.change(4, |entry| entry.purpose = Some("support".into()));
    Files::of(&[&system, &tenant]).refuted(BOTH, TENANT, None, Reason::Forked(5));
}

#[test]
fn entries_that_do_not_follow_one_another() {
    let refuted = |change: &dyn Fn(&mut Log), index, reason| {
        let (system, mut tenant) = small();
        change(&mut tenant);
        Files::of(&[&system, &tenant]).refuted(BOTH, TENANT, Some(index), reason);
    };
    refuted(&|log| log.change(2, |entry| entry.time_us = 0), 2, Reason::TimeBackwards);
    refuted(&|log| log.change(4, |entry| entry.boot = 0), 4, Reason::BootBackwards);
    refuted(&|log| log.leaves[3] = log.leaves[2].clone(), 3, Reason::IdTwice);
    refuted(&|log| log.leaves[1] = Log::new(SYSTEM, 2).leaves[1].clone(), 1, Reason::OtherLog);
    let completes = |id| move |log: &mut Log| log.change(1, |entry| entry.completes = Some(id));
    refuted(&completes(Id([9; 16])), 1, Reason::CompletesNothing);
    let later = support::entry(TENANT, 4).id;
    refuted(&completes(later), 1, Reason::CompletesNothing);
}

#[test]
fn entries_that_no_writer_writes() {
    let refuted = |leaf: &dyn Fn(String) -> String, error| {
        let (system, mut tenant) = small();
        let text = String::from_utf8(tenant.leaves[3].clone()).unwrap();
        tenant.leaves[3] = leaf(text).into_bytes();
        Files::of(&[&system, &tenant]).refuted(BOTH, TENANT, Some(3), Reason::Entry(error));
    };
    refuted(&|text| text.replacen(':', ": ", 1), DecodeError::NotCanonical);
    refuted(&|text| text.replacen("\"v\":1", "\"v\":1,\"v\":1", 1), DecodeError::Malformed);
    refuted(&|text| text.replacen("pii.reveal", "pii.conceal", 1), DecodeError::Malformed);
    refuted(&|text| text.replacen("\"v\":1", "\"v\":1,\"x\":1", 1), DecodeError::Malformed);
    refuted(&|_| "x".repeat(17_000), DecodeError::TooLarge);
    refuted(&|_| String::new(), DecodeError::Malformed);
}

#[test]
fn an_entry_of_a_later_format_is_not_verified_and_not_refuted() {
    let (mut system, _) = small();
    system.leaves.truncate(3);
    system.leaves[1] = br#"{"later":true,"v":2}"#.to_vec();
    let files = Files::of(&[&system]);
    let unreadable = Unreadable::UnknownVersion { log: SYSTEM, index: 1 };
    assert_eq!(files.verify(&[SYSTEM]), Err(Failure::Unreadable(unreadable)));
}

#[test]
fn keys_that_cannot_be_used() {
    let (system, tenant) = small();
    let files = Files::of(&[&system, &tenant]);
    let refused = |keys| match verify(&files, keys) {
        Err(Failure::Unreadable(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&[]), Unreadable::NoKeys);
    let mut mixed = keys(BOTH);
    let other = "strongroom/00000000-0000-0000-0000-000000000000/system";
    let public = |name| strongroom_ledger::note::Signer::from_seed(name, &[1; 32]).unwrap();
    mixed.push(public(other).verifier().clone());
    assert_eq!(refused(&mixed), Unreadable::TwoInstalls);
    assert_eq!(refused(&[public("example.com/log").verifier().clone()]), Unreadable::ForeignKey);
    assert_eq!(Files::default().verify(BOTH), Err(Unreadable::NotAnExport.into()));
}

#[test]
fn a_rotated_key_may_sign_beside_the_old_one() {
    let (system, tenant) = small();
    let mut files = Files::of(&[&system, &tenant]);
    let note = files.0.get_mut("system/checkpoint").unwrap();
    note.extend_from_slice("\u{2014} witness.example/w AAAAAAAA\n".as_bytes());
    assert!(files.verify(BOTH).is_ok(), "unknown signatures are passed over");
    let mut both = keys(BOTH);
    let name = signer(SYSTEM).verifier().name().to_owned();
    let new = strongroom_ledger::note::Signer::from_seed(&name, &[2; 32]).unwrap();
    both.push(new.verifier().clone());
    assert!(verify(&files, &both).is_ok(), "one of a log's keys is enough");
}

/// Puts the statement of a next key in place of an entry.
fn state(log: &mut Log, at: u64, next: &NextKey) {
    log.change(at, |entry| {
        entry.act = Act::KeyRotate;
        entry.object = Some(next.object(1, 2));
    });
}

/// The n-th key of the system log, the first being the one that tests give.
fn nth(n: u8) -> Signer {
    let first = signer(SYSTEM);
    if n == 1 { first } else { Signer::from_seed(first.verifier().name(), &[n; 32]).unwrap() }
}

/// An export whose system log another key has signed.
fn signed_by(logs: &[&Log], key: &Signer) -> Files {
    let mut files = Files::of(logs);
    let note = files.0.get_mut("system/checkpoint").unwrap();
    let head = Checkpoint::claimed(note).unwrap();
    *note = key.sign(head.size, &head.root).into_bytes();
    files
}

#[test]
fn a_log_leads_from_the_key_that_is_known_to_the_one_that_signed() {
    let (mut system, tenant) = small();
    let not_signed = Reason::Checkpoint(NoteError::NotSigned);
    // Signed by another key, which nothing leads to.
    signed_by(&[&system, &tenant], &nth(2)).refuted(BOTH, SYSTEM, None, not_signed.clone());
    state(&mut system, 7, &nth(1).vouch(nth(2).verifier()));
    let report = signed_by(&[&system, &tenant], &nth(2)).verify(BOTH).unwrap();
    assert_eq!(report.logs[0].next_keys, [nth(2).verifier().clone()]);
    // The old key signs no more, nor one that nobody stated.
    signed_by(&[&system, &tenant], &nth(1)).refuted(BOTH, SYSTEM, None, Reason::OtherKey);
    signed_by(&[&system, &tenant], &nth(3)).refuted(BOTH, SYSTEM, None, not_signed.clone());
    // Over two keys to a third, past one that is not known to whom the second was told.
    state(&mut system, 270, &nth(2).vouch(nth(3).verifier()));
    let files = signed_by(&[&system, &tenant], &nth(3));
    assert_eq!(files.verify(BOTH).unwrap().logs[0].next_keys.len(), 2);
    signed_by(&[&system, &tenant], &nth(2)).refuted(BOTH, SYSTEM, None, Reason::OtherKey);
    for known in [2, 3] {
        let keys = [nth(known).verifier().clone(), signer(TENANT).verifier().clone()];
        assert!(verify(&files, &keys).is_ok(), "{known}");
    }
}

#[test]
fn a_next_key_whose_act_failed_is_none() {
    let (mut system, tenant) = small();
    state(&mut system, 7, &nth(1).vouch(nth(2).verifier()));
    let stated = Entry::from_bytes(&system.leaves[7]).unwrap().id;
    system.change(9, |entry| {
        (entry.act, entry.phase) = (Act::KeyRotate, Phase::Failed);
        (entry.completes, entry.reason) = (Some(stated), Some("interrupted".to_owned()));
    });
    let files = signed_by(&[&system, &tenant], &nth(1));
    assert!(files.verify(BOTH).unwrap().logs[0].next_keys.is_empty());
    let not_signed = Reason::Checkpoint(NoteError::NotSigned);
    signed_by(&[&system, &tenant], &nth(2)).refuted(BOTH, SYSTEM, None, not_signed);
}

#[test]
fn a_next_key_counts_in_the_word_of_one_that_is_known_alone() {
    let (system, tenant) = small();
    let (good, other) = (nth(1).vouch(nth(2).verifier()), nth(1).vouch(nth(3).verifier()));
    let of_tenant = signer(TENANT).vouch(nth(2).verifier());
    let mut flipped = good;
    flipped.signature[5] ^= 1;
    let swapped = NextKey { public: good.public, ..other };
    let own = nth(2).vouch(nth(2).verifier());
    for (what, next) in
        [("flipped", flipped), ("swapped", swapped), ("its own", own), ("a tenant's", of_tenant)]
    {
        let mut system = system.clone();
        state(&mut system, 7, &next);
        let refused = signed_by(&[&system, &tenant], &nth(2)).verify(BOTH);
        let not_signed = Reason::Checkpoint(NoteError::NotSigned);
        let expected = Refuted { log: SYSTEM, index: None, reason: not_signed };
        assert_eq!(refused, Err(Failure::Refuted(expected)), "{what}");
        // Nor does a log go on under the old key that states a next one.
        signed_by(&[&system, &tenant], &nth(1)).refuted(BOTH, SYSTEM, None, Reason::OtherKey);
    }
}

/// One bit of every byte of every file. Without optimisation that takes minutes for the larger
/// export, so there a debug build takes every 17th; `cargo test --release` takes all.
#[test]
fn every_byte_counts() {
    let (mut system, tenant) = (Log::new(SYSTEM, 3), Log::new(TENANT, 2));
    system.note(2, &tenant, 2);
    flip_each(&Files::of(&[&system, &tenant]), 1);
    let (system, tenant) = small();
    flip_each(&Files::of(&[&system, &tenant]), if cfg!(debug_assertions) { 17 } else { 1 });
}

fn flip_each(sound: &Files, step: usize) {
    let count: usize = sound.0.values().map(Vec::len).sum();
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for worker in 0..workers {
            let mut files = sound.clone();
            scope.spawn(move || {
                for at in (worker * step..count).step_by(workers * step) {
                    flip(&mut files, at);
                    let verdict = files.verify(BOTH);
                    assert!(matches!(verdict, Err(Failure::Refuted(_))), "{at}: {verdict:?}");
                    flip(&mut files, at);
                }
            });
        }
    });
}

/// Flips one bit of the byte at this place in all files, one after another.
fn flip(files: &mut Files, mut at: usize) {
    for bytes in files.0.values_mut() {
        match bytes.get_mut(at) {
            Some(byte) => return *byte ^= 1 << (at % 8),
            None => at -= bytes.len(),
        }
    }
}
