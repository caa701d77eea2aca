//! Who saw a record: a question that is itself an entry.

use super::{Action, Authorized, Context, Pending, ReadSlot, Receipt, Refusal, Stop, Target};
use crate::id::{RecordNumber, TenantId};
use crate::ledger::entry::{Act, Phase};
use crate::ledger::{Entry, Pseudonym};
use crate::store::{Batch, Changes};
use crate::vault::token::read_record_id;

/// The question.
pub struct Who {
    /// The tenant.
    pub tenant: Option<TenantId>,
    /// The record's id.
    pub record: String,
}

impl Action for Who {
    const ACT: Act = Act::LedgerWho;
    type Plan = WhoPlan;
    fn target(&self) -> Target {
        Target::tenant(self.tenant)
    }
    fn describe(&self, _: &mut Entry) {}
}

/// Whom the question is about.
pub struct WhoPlan {
    record: RecordNumber,
    pseudonym: Pseudonym,
}

impl Authorized<Who> {
    /// Finds the person and makes the entry that names them.
    ///
    /// # Errors
    /// [`Stop`]: not found also for an erased record, whose entries nobody can link any more.
    pub fn plan(
        self,
        context: &Context<'_>,
        slots: &mut ReadSlot<'_>,
    ) -> Result<(Pending<Who>, Batch), Stop> {
        let keys = self.keys(context.ring)?;
        let Ok(record) = read_record_id(keys, &self.action.record) else {
            return Err(Stop::Denied(self.deny(Refusal::NotFound)));
        };
        let Some(person) = self.person_or_leaving(context, record, slots)? else {
            return Err(Stop::Denied(self.deny(Refusal::NotFound)));
        };
        let pseudonym = person.pseudonym;
        let mut entry = self.entry(Phase::Commit);
        entry.subjects = vec![pseudonym];
        Ok(self.pending(WhoPlan { record, pseudonym }, vec![entry], Changes::default()))
    }
}

impl Receipt<Who> {
    /// Whether an entry of the tenant's log concerns the person: by pseudonym, or by the range of
    /// a seal batch.
    #[must_use]
    pub fn concerns(&self, entry: &Entry) -> bool {
        let number = self.plan.record.0;
        let in_range = entry.range.is_some_and(|r| {
            number >= r.first && number.checked_sub(r.first).is_some_and(|n| n < r.count)
        });
        in_range || entry.subjects.contains(&self.plan.pseudonym)
    }
}
