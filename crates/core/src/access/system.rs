//! Entries of the install itself: not asked for by a principal, so not authorized, and able to
//! write nothing but what is listed here.

use super::blank;
use super::reason::Plain;
use super::rotate::Versions;
use crate::erasure::Erasing;
use crate::id::BackupId;
use crate::ledger::entry::{Act, Actor, Auth, Head, NextKey, Phase, RecordRange};
use crate::ledger::{Entry, Hash, Id, LogId};
use crate::store::{Batch, Changes};
use crate::vault::keys::Job;

const SYSTEM: Actor = Actor { auth: Auth::System, principal: None };

/// The first entry of an install, with its first control rows.
#[must_use]
pub fn init(install: &str, changes: Changes) -> Batch {
    let mut entry = blank(LogId::System, Act::InstallInit, Phase::Commit, SYSTEM);
    entry.object = Some(install.to_owned());
    Batch::of(vec![(LogId::System, entry)], changes).0
}

/// An install was made anew from a backup, with the control rows that end every credential. States
/// the backup, and what custody knew of each log before: its size and its root.
#[must_use]
pub fn restored(backup: BackupId, known: &[(String, u64, String)], changes: Changes) -> Batch {
    let objects = known.iter().map(|(log, size, root)| format!("{log}:{size}:{root}"));
    let entries = std::iter::once(backup.to_string()).chain(objects).map(|object| {
        let mut entry = blank(LogId::System, Act::RestoreInstall, Phase::Commit, SYSTEM);
        entry.object = Some(object);
        (LogId::System, entry)
    });
    Batch::of(entries.collect(), changes).0
}

/// For an opening that ends the replacement of a root key, which was interrupted: states that the
/// keys are wrapped anew, with their rows, or, with `destroyed`, that the old one is destroyed.
#[must_use]
pub fn replaced_root(destroyed: bool, versions: Versions, changes: Changes) -> Batch {
    let act = if destroyed { Act::KeyDestroy } else { Act::KeyRotate };
    let mut entry = blank(LogId::System, act, Phase::Commit, SYSTEM);
    entry.object = Some(versions.of(Job::Root));
    Batch::of(vec![(LogId::System, entry)], changes).0
}

/// An install was made anew from a backup, whose log states a next key that the backup does not
/// have: states another one, in the word of the key that it has, and that this one is destroyed.
#[must_use]
pub fn next_log_key(log: LogId, versions: Versions, next: &NextKey, changes: Changes) -> Batch {
    let mut entry = blank(log, Act::KeyRotate, Phase::Commit, SYSTEM);
    entry.object = Some(next.object(versions.from, versions.to));
    let mut gone = blank(log, Act::KeyDestroy, Phase::Commit, SYSTEM);
    gone.object = Some(versions.of(Job::Log));
    Batch::of(vec![(log, entry), (log, gone)], changes).0
}

/// Notes the heads of tenant logs in the system log: a fork or a cut tail then contradicts it.
#[must_use]
pub fn heads(heads: &[(LogId, u64, Hash)]) -> Batch {
    let entries = heads.iter().map(|(log, size, root)| {
        let mut entry = blank(LogId::System, Act::TenantHead, Phase::Commit, SYSTEM);
        entry.head = Some(Head { log: *log, root: *root, size: *size });
        (LogId::System, entry)
    });
    Batch::of(entries.collect(), Changes::default()).0
}

/// For a store's recovery: says that an act whose entry is durable did not take place.
#[must_use]
pub fn failed(log: LogId, completes: Id, act: Act) -> Entry {
    let mut entry = blank(log, act, Phase::Failed, SYSTEM);
    entry.completes = Some(completes);
    entry.reason = Some(Plain::Interrupted.code().to_owned());
    entry
}

/// The entry by which a slot is overwritten: of an erasure that was stated, and is due.
pub(super) fn shred(log: LogId, erasing: &Erasing) -> Entry {
    let mut entry = blank(log, Act::PiiShred, Phase::Commit, SYSTEM);
    entry.range = Some(RecordRange { first: erasing.record.0, count: 1 });
    entry.object = Some(erasing.index.to_string());
    entry
}

/// For a store: says that the wall clock stepped, forward or, where negative, back, and how far.
#[must_use]
pub fn clock_step(step_us: i64) -> Entry {
    let mut entry = blank(LogId::System, Act::ClockStep, Phase::Commit, SYSTEM);
    let way = if step_us < 0 { "back" } else { "forward" };
    entry.object = Some(format!("{way}:{}", step_us.unsigned_abs()));
    entry
}
