//! Who saw a record: a question that is itself an entry.

use super::find::ScanIndex;
use super::person::Person;
use super::{
    Action, Authorized, Context, Pending, ReadSlot, Receipt, Refusal, Stop, Target, Unfit,
};
use crate::control::CollectionRow;
use crate::id::{RecordNumber, TenantId};
use crate::ledger::entry::{Act, Phase};
use crate::ledger::{Entry, Pseudonym};
use crate::store::{Batch, Changes};

/// The question.
pub struct Who {
    /// The tenant.
    pub tenant: Option<TenantId>,
    /// The record's id, or its key.
    pub record: String,
    /// The collection, where several have the key.
    pub collection: Option<String>,
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
        index: &mut ScanIndex<'_>,
        slots: &mut ReadSlot<'_>,
    ) -> Result<(Pending<Who>, Batch), Stop> {
        let keys = self.keys(context.ring)?;
        let tenant = keys.tenant();
        let name = self.action.collection.as_deref();
        let of = |c: &&CollectionRow| {
            c.tenant == tenant && name.is_none_or(|name| c.name.as_str() == name)
        };
        let mut found: Option<Person> = None;
        for collection in context.registry.collections().filter(of) {
            let named =
                self.named_or_leaving(context, collection, &self.action.record, index, slots)?;
            let other = |(a, b): (&Person, &Person)| a.record != b.record;
            if found.as_ref().zip(named.as_ref()).is_some_and(other) {
                return Err(Stop::Denied(self.deny(Refusal::Unfit(Unfit::SeveralRecords))));
            }
            found = found.or(named);
        }
        let Some(person) = found else {
            return Err(Stop::Denied(self.deny(Refusal::NotFound)));
        };
        let record = person.record;
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
