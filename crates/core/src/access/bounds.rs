//! What keeps erasure from being a wiper: how many people a principal has erased within a day, and
//! how much was erased since the epoch was turned. Beyond these a second person has to agree.
//!
//! The counts are rows of the job table, raised in the very batch that they count. Not promised:
//! whoever can write the data folder can put an older count back; each erasure is an entry all the
//! same, and takes its grace time.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::guess::ReadCount;
use super::{Authorized, Refusal, Rule, Stop, blank};
use crate::access::Action;
use crate::control::{open as open_row, protect};
use crate::id::PrincipalId;
use crate::ledger::Entry;
use crate::ledger::entry::{Act, Actor, Phase};
use crate::policy;
use crate::principal::{Kind, Principal};
use crate::store::{Changes, ReadError, Table};
use crate::vault::epoch::Carried;
use crate::vault::keys::ControlKey;

/// People that a principal erases within a day on its own.
pub const ERASED_A_DAY_MAX: u64 = 100;
/// Slots overwritten since the last turn of the epoch, up to which an unscheduled one needs nobody
/// else.
pub const SHREDDED_MAX: u64 = 100;
/// The epoch is turned this often.
pub const EPOCH_US: u64 = 7 * DAY_US;

const DAY_US: u64 = 24 * 3600 * 1_000_000;
const EPOCH_KEY: &[u8] = b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0epoch";

/// The counts as the store has them, and the time.
pub struct Bounds<'r> {
    /// Authenticates the counts.
    pub control: &'r ControlKey,
    /// Whether the install is for development: there nobody needs a second person.
    pub development: bool,
    /// Now.
    pub now_us: u64,
    /// Reads a row of the job table.
    pub read: &'r mut ReadCount<'r>,
}

/// People erased by a principal in the day that began then.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Erased {
    people: u64,
    since_us: u64,
}

/// The epoch's age and what was overwritten in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochCount {
    /// When the epoch was turned; nothing while it is the first.
    pub turned_us: Option<u64>,
    /// Slots overwritten since.
    pub shredded: u64,
    /// Live records when it was turned.
    pub live: u64,
    /// Tombstones when it was turned.
    pub erased: u64,
}

impl Bounds<'_> {
    fn row<T: DeserializeOwned + Default>(&mut self, key: &[u8]) -> Result<T, Stop> {
        let Some(value) = (self.read)(key)? else { return Ok(T::default()) };
        let body = open_row(self.control, "job", key, &value);
        let row = body.and_then(|body| serde_json::from_slice(body).ok());
        row.ok_or(Stop::Read(ReadError::Damaged("count of erasures")))
    }

    fn put(&self, key: &[u8], row: &impl Serialize, changes: &mut Changes) {
        let body = serde_json::to_vec(row).unwrap_or_default();
        changes.rows.put(Table::Job, key, &protect(self.control, "job", key, &body));
    }

    /// Counts people that a principal erases; whether they are still as many as it may on its own.
    pub(super) fn erase(
        &mut self,
        actor: Actor,
        people: u64,
        changes: &mut Changes,
    ) -> Result<bool, Stop> {
        let id = actor.principal.unwrap_or_default();
        // As short as no key of a job's row is; zeros are no tenant.
        let key = [[0; 16].as_slice(), b"e", &id].concat();
        let mut count: Erased = self.row(&key)?;
        if self.now_us.abs_diff(count.since_us) >= DAY_US {
            count = Erased { people: 0, since_us: self.now_us };
        }
        count.people = count.people.saturating_add(people);
        self.put(&key, &count, changes);
        Ok(count.people <= ERASED_A_DAY_MAX)
    }

    /// The epoch's count.
    ///
    /// # Errors
    /// [`Stop`] when it cannot be read.
    pub fn epoch(&mut self) -> Result<EpochCount, Stop> {
        self.row(EPOCH_KEY)
    }

    /// Counts slots that are overwritten.
    pub(super) fn shred(&mut self, slots: u64, changes: &mut Changes) -> Result<(), Stop> {
        let mut count = self.epoch()?;
        count.shredded = count.shredded.saturating_add(slots);
        self.put(EPOCH_KEY, &count, changes);
        Ok(())
    }

    /// Begins the count of a new epoch.
    pub(super) fn turn(&self, changes: &mut Changes, carried: Carried) {
        let Carried { live, erased } = carried;
        let count = EpochCount { turned_us: Some(self.now_us), shredded: 0, live, erased };
        self.put(EPOCH_KEY, &count, changes);
    }
}

/// Who agrees to what a principal asks for beyond what it may on its own.
pub(super) enum Agreed {
    /// Nobody is needed.
    Alone,
    /// This one does.
    By(Actor),
}

impl<A: Action> Authorized<A> {
    /// Whether what is asked for may be done: on one's own, or with somebody else who may do it
    /// too.
    pub(super) fn agreed(
        &self,
        needed: bool,
        second: Option<&Principal>,
    ) -> Result<Agreed, Refusal> {
        let refused = Refusal::Forbidden(Rule::Second);
        let Some(second) = second else {
            return if needed { Err(refused) } else { Ok(Agreed::Alone) };
        };
        let other = self.actor.principal.map(PrincipalId) != Some(second.id());
        let reaches = match self.action.target() {
            super::Target::Tenant(tenant) => second.scope().holds(tenant),
            super::Target::Install => *second.scope() == crate::principal::Scope::Install,
            super::Target::Unknown => false,
        };
        let may = second.kind() == Kind::Operator && policy::permits(second, A::ACT);
        if other && reaches && may { Ok(Agreed::By(super::actor(second))) } else { Err(refused) }
    }

    /// The entry of somebody who agrees to what this action's principal asks for.
    pub(super) fn approval(&self, by: Actor) -> Entry {
        let mut entry = blank(self.log, Act::SecondApprove, Phase::Commit, by);
        entry.object = self.actor.principal.map(|id| PrincipalId(id).to_string());
        entry
    }
}
