//! Backup: what is about to leave is stated before the first byte of it does, and what was read
//! back whole is stated before it counts. Both in the system log: a backup holds every tenant.

use super::reason::Plain;
use super::{Action, Authorized, Pending, Receipt, Target, blank};
use crate::id::BackupId;
use crate::ledger::Entry;
use crate::ledger::entry::{Act, Phase};
use crate::store::{Batch, Changes};

/// A request to write a backup of the install.
pub struct Backup {
    /// Its id.
    pub id: BackupId,
    /// Whether it holds the slots alone.
    pub slots_alone: bool,
}

impl Action for Backup {
    const ACT: Act = Act::BackupBegin;
    type Plan = ();
    fn target(&self) -> Target {
        Target::Install
    }
    fn describe(&self, entry: &mut Entry) {
        let alone = if self.slots_alone { ":slots" } else { "" };
        entry.object = Some(format!("{}{alone}", self.id));
    }
}

impl Authorized<Backup> {
    /// Records that a backup begins; the receipt is what allows it.
    #[must_use]
    pub fn plan(self) -> (Pending<Backup>, Batch) {
        let entry = self.entry(Phase::Commit);
        self.pending((), vec![entry], Changes::default())
    }
}

impl Receipt<Backup> {
    /// The backup's id.
    #[must_use]
    pub fn id(&self) -> BackupId {
        self.action.id
    }

    /// Records that the backup was read back and is whole.
    #[must_use]
    pub fn verified(self) -> Batch {
        self.end(Phase::Commit)
    }

    /// Records that it came to nothing.
    #[must_use]
    pub fn given_up(self) -> Batch {
        self.end(Phase::Failed)
    }

    fn end(self, phase: Phase) -> Batch {
        let mut entry = blank(self.log, Act::BackupEnd, phase, self.actor);
        self.action.describe(&mut entry);
        if phase == Phase::Failed {
            entry.reason = Some(Plain::Interrupted.code().to_owned());
        }
        Batch::of(vec![(self.log, entry)], Changes::default()).0
    }
}
