//! What became of an erased record: a question that is itself an entry.

use super::{Action, Authorized, Context, Pending, ReadSlot, Receipt, Refusal, Stop, Target};
use crate::id::{RecordNumber, TenantId};
use crate::ledger::Entry;
use crate::ledger::entry::{Act, Phase, RecordRange};
use crate::store::{Batch, Changes};
use crate::vault::slot::{Slot, SlotAddress};
use crate::vault::token::read_record_id;

/// The question.
pub struct ReadErasure {
    /// The tenant.
    pub tenant: Option<TenantId>,
    /// The record's id.
    pub record: String,
}

impl Action for ReadErasure {
    const ACT: Act = Act::LedgerErasure;
    type Plan = Ended;
    fn target(&self) -> Target {
        Target::tenant(self.tenant)
    }
    fn describe(&self, _: &mut Entry) {}
}

/// How far an erasure has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The record.
    pub record: RecordNumber,
    /// Index of the entry that states the erasure, in the tenant's log.
    pub index: u64,
    /// When the slot is to be overwritten; nothing once it was.
    pub due_us: Option<u64>,
}

impl Authorized<ReadErasure> {
    /// Finds the record that is leaving or gone.
    ///
    /// # Errors
    /// [`Stop`]: not found for a record that lives, or never did.
    pub fn plan(
        self,
        context: &Context<'_>,
        slots: &mut ReadSlot<'_>,
    ) -> Result<(Pending<ReadErasure>, Batch), Stop> {
        let keys = self.keys(context.ring)?;
        let tenant = keys.tenant();
        let Ok(record) = read_record_id(keys, &self.action.record) else {
            return Err(Stop::Denied(self.deny(Refusal::NotFound)));
        };
        let place = SlotAddress { install: context.install, tenant, record };
        let ended = match context.registry.leaving().get(tenant, record) {
            Some(leaving) => (leaving.index, Some(leaving.due_us)),
            None => match context.epoch.open(place, &slots(record)?) {
                Ok(Slot::Erased(stone)) => (stone.index, None),
                _ => return Err(Stop::Denied(self.deny(Refusal::NotFound))),
            },
        };
        let mut entry = self.entry(Phase::Commit);
        entry.range = Some(RecordRange { first: record.0, count: 1 });
        let ended = Ended { record, index: ended.0, due_us: ended.1 };
        Ok(self.pending(ended, vec![entry], Changes::default()))
    }
}

impl Receipt<ReadErasure> {
    /// How far it has come.
    #[must_use]
    pub fn ended(&self) -> Ended {
        self.plan
    }
}
