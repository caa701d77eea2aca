//! The one access path. Whoever wants a value, or wants to change anything, comes through here:
//!
//! authenticate -> [`authorize`] -> [`Authorized`] -> [`Pending`] (its batch on the way to the
//! ledger) -> [`Receipt`] -> effect.
//!
//! INVARIANT: each stage is built in this module only and consumes the one before; a batch comes
//! out of a stage or a refusal and nowhere else. So nothing is opened, and nothing written, without
//! a durable entry. This module never performs I/O and never decides policy: `policy` does.

pub mod admin;
pub mod backup;
pub mod bounds;
pub mod epoch;
pub mod erase;
pub mod examine;
pub mod export;
pub mod find;
pub mod guess;
mod limited;
mod person;
pub mod reason;
pub mod restore;
pub mod reveal;
mod rewrite;
pub mod rotate;
pub mod seal;
pub mod statement;
pub mod strengthen;
pub mod system;
pub mod update;
pub mod upsert;
pub mod verify;
pub mod who;

pub use reason::{Rule, Tampering, Unfit};

#[cfg(test)]
pub(crate) use person::pseudonym as pseudonym_for_tests;

use std::collections::HashMap;
use std::sync::Arc;

use crate::control::{CollectionRow, Registry};
use crate::id::{InstallId, Name, PrincipalId, RecordNumber, TenantId};
use crate::ledger::entry::{Act, Actor, Auth, Phase};
use crate::ledger::{Entry, Hash, Id, LogId};
use crate::policy::{self, Purpose};
use crate::principal::{Principal, Scope, Unauthenticated};
use crate::source::RandomError;
use crate::store::{Batch, Changes, Committed, Position, ReadError, Stub};
use crate::vault::keys::{KeyError, TenantKeys};
use crate::vault::sealed::RowAddress;
use crate::vault::slot::{EpochKey, SlotBytes};
use reason::Plain;

/// Reads the slot of a record.
pub type ReadSlot<'r> = dyn FnMut(RecordNumber) -> Result<SlotBytes, ReadError> + 'r;

/// Reads the row of an address, if there is one.
pub type ReadRow<'r> = dyn FnMut(&RowAddress) -> Result<Option<Vec<u8>>, ReadError> + 'r;

/// What an action is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The install.
    Install,
    /// One tenant.
    Tenant(TenantId),
    /// A tenant that does not exist: refused exactly like one that is not the caller's.
    Unknown,
}

impl Target {
    /// The target a request's tenant stands for.
    #[must_use]
    pub fn tenant(tenant: Option<TenantId>) -> Self {
        tenant.map_or(Self::Unknown, Self::Tenant)
    }
}

/// Something a principal asks for. One type a request, so that a server can carry it too.
pub trait Action {
    /// The act, as the policy and the ledger know it.
    const ACT: Act;
    /// What has to be kept between the entry and the effect.
    type Plan;
    /// What it is aimed at.
    fn target(&self) -> Target;
    /// What it gives values out for. Whatever gives out says so: credentials are limited by it.
    fn purpose(&self) -> Option<Purpose> {
        None
    }
    /// Puts what is particular to this request into its entry; never a personal value.
    fn describe(&self, entry: &mut Entry);
    /// The rule of the policy on this request, beyond "may this principal do this act", that
    /// forbids it.
    fn refused(&self) -> Option<Rule> {
        None
    }
}

/// Why a request was refused. Whoever answers one says something to each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such tenant, record or token for this caller: whether there is one is not said.
    #[error("not found")]
    NotFound,
    /// The caller may see the thing and may not do this with it.
    #[error("forbidden")]
    Forbidden(Rule),
    /// The caller may do it, and what was asked for cannot be answered.
    #[error("{0}")]
    Unfit(Unfit),
    /// Too many wrong guesses before this one.
    #[error("too many wrong guesses")]
    Spent(guess::Spent),
}

impl Refusal {
    fn code(self) -> &'static str {
        match self {
            Self::NotFound => Plain::NotFound.code(),
            Self::Forbidden(rule) => rule.code(),
            Self::Unfit(unfit) => unfit.code(),
            Self::Spent(spent) => spent.code(),
        }
    }
}

/// A refusal and the batch that records it. The caller hears of it after the entry is durable.
#[must_use = "a refusal is committed before it is told"]
pub struct Denied {
    /// The refusal.
    pub refusal: Refusal,
    /// The entry.
    pub batch: Box<Batch>,
}

/// Why a stage did not give the next one.
#[must_use = "what stopped a stage is committed before it is told"]
pub enum Stop {
    /// Refused; the batch is to be committed first.
    Denied(Denied),
    /// Something is not what was written: the batch, with the tamper entry, is to be committed.
    Tampered {
        /// What.
        what: Tampering,
        /// The entry.
        batch: Box<Batch>,
    },
    /// The store could not be read.
    Read(ReadError),
    /// A key is not at hand.
    Key(KeyError),
    /// No randomness.
    Random(RandomError),
    /// A commit for another batch was handed in: a fault of the calling code.
    ForeignCommit,
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<KeyError> for Stop {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl From<RandomError> for Stop {
    fn from(error: RandomError) -> Self {
        Self::Random(error)
    }
}

/// The unwrapped keys of the tenants in use. Only a stage can look one up.
#[derive(Default)]
pub struct KeyRing(HashMap<TenantId, Arc<TenantKeys>>);

impl KeyRing {
    /// Adds or replaces a tenant's keys.
    pub fn insert(&mut self, keys: Arc<TenantKeys>) {
        self.0.insert(keys.tenant(), keys);
    }

    /// Whether a tenant's keys are loaded.
    #[must_use]
    pub fn holds(&self, tenant: TenantId) -> bool {
        self.0.contains_key(&tenant)
    }

    pub(super) fn get(&self, tenant: TenantId) -> Result<&Arc<TenantKeys>, KeyError> {
        self.0.get(&tenant).ok_or(KeyError::NoSuchVersion)
    }
}

/// What the stages need to know of the install.
pub struct Context<'a> {
    /// The install.
    pub install: InstallId,
    /// The current epoch.
    pub epoch: &'a EpochKey,
    /// Keys in use.
    pub ring: &'a KeyRing,
    /// Control state.
    pub registry: &'a Registry,
}

/// An action that its principal may do. Consumed by the stage after it. An act that is no entry in
/// itself, a list of tenants, ends here.
pub struct Authorized<A: Action> {
    action: A,
    actor: Actor,
    log: LogId,
}

/// Decides. The one door: every command and every later route comes through it.
///
/// # Errors
/// [`Denied`] with the entry that records the refusal: "not found" across tenants, "forbidden"
/// within.
pub fn authorize<A: Action>(who: &Principal, action: A) -> Result<Authorized<A>, Denied> {
    let actor = actor(who);
    let (log, refusal) = match action.target() {
        Target::Unknown => (LogId::System, Some(Refusal::NotFound)),
        Target::Tenant(t) if !who.scope().holds(t) => (LogId::System, Some(Refusal::NotFound)),
        Target::Tenant(t) => (LogId::Tenant(t.0), None),
        Target::Install => (LogId::System, None),
    };
    let refusal = refusal.or_else(|| {
        if let Some(rule) = limited::by(who.limits(), A::ACT, action.purpose()) {
            return Some(Refusal::Forbidden(rule));
        }
        let local = *who.scope() == Scope::Install;
        if !policy::permits(who, A::ACT) || (action.target() == Target::Install && !local) {
            return Some(Refusal::Forbidden(Rule::Act));
        }
        action.refused().map(Refusal::Forbidden)
    });
    let authorized = Authorized { action, actor, log };
    match refusal {
        None => Ok(authorized),
        Some(refusal) => Err(authorized.deny(refusal)),
    }
}

/// Records that a credential was refused. `claimed` is the principal it named, if that exists.
#[must_use]
pub fn refuse_credential(why: Unauthenticated, claimed: Option<PrincipalId>) -> Batch {
    let actor = Actor { auth: Auth::None, principal: None };
    let mut entry = blank(LogId::System, Act::AuthRefuse, Phase::Denied, actor);
    entry.object = claimed.map(|p| p.to_string());
    entry.reason = Some(Plain::from(why).code().to_owned());
    entry_alone(LogId::System, entry)
}

impl<A: Action> Authorized<A> {
    /// The action.
    #[must_use]
    pub fn action(&self) -> &A {
        &self.action
    }

    /// The keys of the action's own tenant, and of no other.
    ///
    /// # Errors
    /// [`KeyError`] when the action names no tenant or its keys are not loaded.
    pub fn keys<'k>(&self, ring: &'k KeyRing) -> Result<&'k Arc<TenantKeys>, KeyError> {
        match self.action.target() {
            Target::Tenant(tenant) => ring.get(tenant),
            Target::Install | Target::Unknown => Err(KeyError::NoSuchVersion),
        }
    }

    /// The collection of the action's own tenant that a name stands for.
    ///
    /// # Errors
    /// [`Stop`]: refused when there is none.
    fn collection<'c>(
        &self,
        context: &'c Context<'_>,
        name: &str,
    ) -> Result<&'c CollectionRow, Stop> {
        let tenant = self.keys(context.ring)?.tenant();
        let name = Name::parse(name).ok();
        let found = name.and_then(|name| context.registry.collection(tenant, &name));
        found.ok_or_else(|| Stop::Denied(self.deny(Refusal::NotFound)))
    }

    /// The entry of this action, before what only its outcome can add.
    fn entry(&self, phase: Phase) -> Entry {
        let mut entry = blank(self.log, A::ACT, phase, self.actor);
        self.action.describe(&mut entry);
        entry
    }

    /// The stage that waits for these entries to be durable.
    fn pending(self, plan: A::Plan, entries: Vec<Entry>, changes: Changes) -> (Pending<A>, Batch) {
        let entries = entries.into_iter().map(|e| (self.log, e)).collect();
        let (batch, stub) = Batch::of(entries, changes);
        (Pending { action: self.action, actor: self.actor, log: self.log, plan, stub }, batch)
    }

    /// The refusal of a request whose object turned out not to be there; an entry like any other.
    pub fn miss(self) -> Denied {
        self.deny(Refusal::NotFound)
    }

    /// The refusal of a request that came through the door and failed behind it.
    fn deny(&self, refusal: Refusal) -> Denied {
        let mut entry = self.entry(Phase::Denied);
        entry.reason = Some(refusal.code().to_owned());
        Denied { refusal, batch: Box::new(entry_alone(self.log, entry)) }
    }
}

/// An action whose entries are on their way. Nothing of it has taken effect.
pub struct Pending<A: Action> {
    action: A,
    actor: Actor,
    log: LogId,
    plan: A::Plan,
    stub: Stub,
}

impl<A: Action> Pending<A> {
    /// Exchanges the durable commit of this action's own batch for its receipt.
    ///
    /// # Errors
    /// [`Stop::ForeignCommit`] when the commit is of another batch.
    pub fn receipt(self, committed: &Committed) -> Result<Receipt<A>, Stop> {
        if !self.stub.matches(committed) {
            return Err(Stop::ForeignCommit);
        }
        let positions = committed.positions().to_vec();
        Ok(Receipt {
            action: self.action,
            actor: self.actor,
            log: self.log,
            plan: self.plan,
            positions,
        })
    }
}

/// Proof that an action's entries are durable. Not `Clone`: one receipt, one effect.
pub struct Receipt<A: Action> {
    action: A,
    actor: Actor,
    log: LogId,
    plan: A::Plan,
    positions: Vec<Position>,
}

impl<A: Action> Receipt<A> {
    /// Where the entries stand.
    #[must_use]
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }

    /// The refusal of what turned out behind the entry to be nothing that may be given out.
    fn refuse(&self, refusal: Refusal) -> Stop {
        let mut entry = blank(self.log, A::ACT, Phase::Failed, self.actor);
        self.action.describe(&mut entry);
        entry.reason = Some(refusal.code().to_owned());
        Stop::Denied(Denied { refusal, batch: Box::new(entry_alone(self.log, entry)) })
    }

    fn tampered(&self, what: Tampering, record: &str) -> Stop {
        tampered::<A>(&self.action, self.actor, self.log, what, Some(record))
    }
}

fn tampered<A: Action>(
    action: &A,
    actor: Actor,
    log: LogId,
    what: Tampering,
    record: Option<&str>,
) -> Stop {
    let mut entry = blank(log, A::ACT, Phase::Failed, actor);
    action.describe(&mut entry);
    if let Some(record) = record {
        entry.object = Some(record.to_owned());
    }
    entry.reason = Some(what.code().to_owned());
    Stop::Tampered { what, batch: Box::new(entry_alone(log, entry)) }
}

/// A batch that changes nothing.
fn entry_alone(log: LogId, entry: Entry) -> Batch {
    Batch::of(vec![(log, entry)], Changes::default()).0
}

fn actor(who: &Principal) -> Actor {
    let auth = if who.development() { Auth::Development } else { Auth::Credential };
    Actor { auth, principal: Some(who.id().0) }
}

/// An entry that the store still has to stamp with its id, time and boot.
fn blank(log: LogId, act: Act, phase: Phase, actor: Actor) -> Entry {
    let mut entry = Entry::new(Id([0; 16]), log, act, phase, actor);
    entry.policy = Some(Hash(policy::fingerprint()));
    entry
}
