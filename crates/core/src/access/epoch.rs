//! The epoch: when it is turned, by whom, and the batch by which the next one is the current one.

use super::bounds::{Agreed, Bounds, SHREDDED_MAX};
use super::{Action, Authorized, Stop, Target};
use crate::ledger::entry::{Act, Phase};
use crate::ledger::{Entry, LogId};
use crate::principal::Principal;
use crate::store::{Batch, Changes};
use crate::vault::epoch::Carried;

/// A request to turn the epoch.
pub struct TurnEpoch {
    /// The epoch that begins.
    pub next: u32,
    /// Whether it is time for it.
    pub due: bool,
}

impl Action for TurnEpoch {
    const ACT: Act = Act::EpochTurn;
    type Plan = ();
    fn target(&self) -> Target {
        Target::Install
    }
    fn describe(&self, entry: &mut Entry) {
        entry.object = Some(self.next.to_string());
    }
}

/// A turn that may take place.
pub struct Turning {
    authorized: Authorized<TurnEpoch>,
    agreed: Agreed,
}

impl Authorized<TurnEpoch> {
    /// Whether it may take place: before its time, and soon after many slots were overwritten, a
    /// second person has to agree, since it ends what copies of the slots could still undo.
    ///
    /// # Errors
    /// [`Stop`]: as forbidden without that person.
    pub fn agree(
        self,
        bounds: &mut Bounds<'_>,
        second: Option<&Principal>,
    ) -> Result<Turning, Stop> {
        let many = bounds.epoch()?.shredded > SHREDDED_MAX;
        let needed = many && !self.action.due && !bounds.development;
        match self.agreed(needed, second) {
            Ok(agreed) => Ok(Turning { authorized: self, agreed }),
            Err(refusal) => Err(Stop::Denied(self.deny(refusal))),
        }
    }
}

impl Turning {
    /// The batch by which the next epoch is the current one, with the keys that are wrapped under
    /// it.
    #[must_use]
    pub fn record(self, bounds: &Bounds<'_>, mut changes: Changes, carried: Carried) -> Batch {
        let mut entries = vec![(LogId::System, self.authorized.entry(Phase::Commit))];
        if let Agreed::By(second) = self.agreed {
            entries.push((LogId::System, self.authorized.approval(second)));
        }
        bounds.turn(&mut changes, carried);
        changes.epoch = Some(self.authorized.action.next);
        Batch::of(entries, changes).0
    }
}

/// A request for the state of the epoch.
pub struct ReadEpoch;

impl Action for ReadEpoch {
    const ACT: Act = Act::EpochRead;
    type Plan = ();
    fn target(&self) -> Target {
        Target::Install
    }
    fn describe(&self, _: &mut Entry) {}
}
