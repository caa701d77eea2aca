//! The use cases: core decides, this performs.
//!
//! Every method takes an authenticated [`Principal`] and goes through `access::authorize`. A
//! refusal is committed to the ledger before the caller hears of it.

mod admin;
mod backup;
mod custody;
mod doctor;
mod epoch;
mod erase;
mod examine;
mod export;
mod find;
mod ledger;
mod open;
mod quarantine;
mod records;
mod renew;
mod restore;
mod reveal;
mod room;
mod rotate;
pub mod seal;
mod seen;
mod statement;
mod strengthen;
mod update;
mod verify;

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

use strongroom_core::access::{
    Action, Authorized, Context, Denied, KeyRing, Pending, Receipt, Stop, authorize,
};
use strongroom_core::control::{Registry, protect};
use strongroom_core::id::{InstallId, PrincipalId, TenantId};
use strongroom_core::principal::{Arrival, Credential, Principal, authenticate};
use strongroom_core::source::Random;
use strongroom_core::store::{Batch, Changes, Committed, ReadError, Store, Table, Visit};
use strongroom_core::vault::keys::{ControlKey, Job, KeyPlace, SecretKey, TenantKeys};

pub use admin::{NewPrincipal, digest};
pub use backup::{BackupReport, Whole};
pub use epoch::{EpochState, Turned};
pub use erase::{EraseRequest, ErasedRecord};
pub use export::{ExportReport, ExportRequest};
pub use ledger::WhoEntry;
pub use open::{Folders, Initialised, is_development, is_key_file};
pub use quarantine::QuarantinedJob;
pub use records::{RecordsRequest, SealedRecord, SealedRecords, Values};
pub use renew::{OVERLAP_US_MAX, Renewal};
pub use restore::{NewReport, NewRequest, RestoreReport};
pub use rotate::{Rotated, Rotation};
pub use seal::LeftOut;
pub use seen::Seen;
pub use statement::{Remains, Statement};
pub use strengthen::Strengthened;
pub use verify::PasswordOf;

use crate::custody::RootKeys;
use crate::memory::Locked;
use crate::problem::{Problem, of_stop};

/// A running vault.
pub struct Vault {
    install: InstallId,
    development: bool,
    folders: Option<Folders>,
    store: Arc<dyn Store>,
    /// The folders' locks; declared after the store, so that they are let go after it.
    held: Option<[File; 2]>,
    keys: RootKeys,
    control: ControlKey,
    state: RwLock<State>,
    /// One administrative act at a time: what it checked still holds when it is committed.
    admin: Mutex<()>,
    /// One guess is counted at a time.
    guesses: Mutex<()>,
    /// Read by whoever seals, written by whoever rotates a key: nothing may come to stand under a
    /// version that is about to be destroyed.
    seals: RwLock<()>,
    /// Records are rewritten by one at a time: what was read is what the next version is made of.
    rewrites: Mutex<()>,
    seen: Arc<Seen>,
    /// The requests that are to be performed once, while they are.
    performing: records::Performing,
    random: Arc<dyn Random>,
}

/// Somebody without a valid credential.
#[must_use = "who is refused is recorded"]
pub struct Stranger {
    /// Whether the credential names a principal that there is.
    pub claimed: bool,
    /// The entry of the refusal.
    pub batch: Box<Batch>,
}

#[derive(Default)]
struct State {
    registry: Registry,
    ring: KeyRing,
    locked: Vec<(Arc<TenantKeys>, Locked)>,
}

impl Vault {
    /// Finds out whose credential this is; a refusal is recorded.
    ///
    /// # Errors
    /// [`Problem`] of kind unauthenticated, or that the refusal could not be recorded.
    pub fn authenticate(&self, text: &str, arrival: Arrival) -> Result<Principal, Problem> {
        self.recognise(text, arrival).or_else(|stranger| {
            self.commit(*stranger.batch)?;
            Err(Problem::unauthenticated())
        })
    }

    /// Finds out whose credential this is, and leaves it to the caller to have a refusal recorded.
    ///
    /// # Errors
    /// A [`Stranger`].
    pub fn recognise(&self, text: &str, arrival: Arrival) -> Result<Principal, Stranger> {
        let arrival = Arrival { now_us: self.seen.time(arrival.now_us), ..arrival };
        let mut claimed = None;
        let found = Credential::parse(text).and_then(|credential| {
            let state = self.read();
            claimed = state.registry.principal_of(credential.principal()).map(|r| r.id);
            authenticate(&credential, &state.registry, &self.control, arrival)
        });
        if let Ok(who) = &found {
            self.seen.came(who.id(), arrival.now_us);
        }
        found.map_err(|why| Stranger {
            claimed: claimed.is_some(),
            batch: Box::new(strongroom_core::access::refuse_credential(why, claimed)),
        })
    }

    /// What was seen of those who came, for a vault that is opened after this one.
    #[must_use]
    pub fn seen(&self) -> Arc<Seen> {
        Arc::clone(&self.seen)
    }

    /// After another one of the same process.
    #[must_use]
    pub fn after(self, seen: Arc<Seen>) -> Self {
        Self { seen, ..self }
    }

    /// When a principal came last, in seconds since the Unix epoch; nothing if not since the start.
    #[must_use]
    pub fn last_used_s(&self, id: PrincipalId) -> Option<u64> {
        self.seen.last_s(id)
    }

    /// Whether this install is for development.
    #[must_use]
    pub fn development(&self) -> bool {
        self.development
    }

    /// The install.
    #[must_use]
    pub fn install(&self) -> InstallId {
        self.install
    }

    /// The store, for benches and tests of the whole path.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn commit(&self, batch: Batch) -> Result<Committed, Problem> {
        Ok(pollster::block_on(self.store.commit(batch))?)
    }

    /// Makes the entries of a planned action durable and gives its receipt.
    fn receipt<A: Action>(
        &self,
        planned: Result<(Pending<A>, Batch), Stop>,
    ) -> Result<Receipt<A>, Problem> {
        let (pending, batch) = planned.map_err(|stop| self.stopped(stop))?;
        let committed = self.commit(batch)?;
        pending.receipt(&committed).map_err(|stop| self.stopped(stop))
    }

    /// Authorizes; a refusal is durable in the ledger before it is answered.
    fn authorize<A: Action>(&self, who: &Principal, action: A) -> Result<Authorized<A>, Problem> {
        authorize(who, action).map_err(|denied| self.denied(denied))
    }

    fn denied(&self, denied: Denied) -> Problem {
        pollster::block_on(self.denied_async(denied))
    }

    async fn denied_async(&self, denied: Denied) -> Problem {
        match self.store.commit(*denied.batch).await {
            Ok(_) => denied.refusal.into(),
            Err(unrecorded) => unrecorded.into(),
        }
    }

    /// What was asked for is not there, though the caller might have had it: recorded too.
    fn missed<A: Action>(&self, authorized: Authorized<A>) -> Problem {
        self.denied(authorized.miss())
    }

    /// Records why a stage stopped, then says it.
    fn stopped(&self, stop: Stop) -> Problem {
        pollster::block_on(self.stopped_async(stop))
    }

    async fn stopped_async(&self, stop: Stop) -> Problem {
        let problem = of_stop(&stop);
        let batch = match stop {
            Stop::Denied(denied) => denied.batch,
            Stop::Tampered { batch, .. } => batch,
            _ => return problem,
        };
        match self.store.commit(*batch).await {
            Ok(_) => problem,
            Err(unrecorded) => unrecorded.into(),
        }
    }

    fn context<'a>(&'a self, state: &'a State) -> Context<'a> {
        Context {
            install: self.install,
            epoch: &self.keys.epoch,
            ring: &state.ring,
            registry: &state.registry,
        }
    }

    /// Goes over rows of the index, for the stages that ask it.
    fn scan_index(&self, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), ReadError> {
        self.store.scan(Table::Index, prefix, visit)
    }

    /// Waits until no key rotates. Taken before every other lock.
    fn sealing(&self) -> RwLockReadGuard<'_, ()> {
        self.seals.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Waits until nobody else rewrites records.
    fn rewriting(&self) -> MutexGuard<'_, ()> {
        self.rewrites.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A tenant's id by the name or id in a request.
    fn tenant(&self, name_or_id: &str) -> Option<TenantId> {
        self.read().registry.tenant(name_or_id).map(|t| t.id)
    }

    /// Loads a tenant's keys into the ring, if they are not there. Only the stages can look them
    /// up.
    fn load_keys(&self, tenant: Option<TenantId>) -> Result<(), Problem> {
        let Some(tenant) = tenant else { return Ok(()) };
        if self.read().ring.holds(tenant) {
            return Ok(());
        }
        self.load_keys_anew(&mut self.write(), tenant)
    }

    /// The same, whatever the ring holds by now: in one step, so that nobody meets it without.
    fn load_keys_anew(&self, state: &mut State, tenant: TenantId) -> Result<(), Problem> {
        let unwrap = |job: Job, registry: &Registry| -> Result<Vec<(u16, SecretKey)>, Problem> {
            let mut found = Vec::new();
            for (version, wrapped) in registry.wrapped(Some(tenant), job) {
                let place = KeyPlace { install: self.install, tenant: Some(tenant), job, version };
                let key = match job {
                    Job::Index => self.keys.epoch_wrap.unwrap(&place, wrapped),
                    _ => self.keys.root.unwrap(&place, wrapped),
                };
                found.push((version, key?));
            }
            Ok(found)
        };
        let newest = |mut keys: Vec<(u16, SecretKey)>| {
            keys.pop().map(|(_, k)| k).ok_or_else(|| Problem::internal("a tenant's key is missing"))
        };
        let registry = &state.registry;
        let seal = unwrap(Job::Seal, registry)?;
        let token: Vec<_> = unwrap(Job::Token, registry)?
            .into_iter()
            .filter_map(|(v, k)| Some((u8::try_from(v).ok()?, k)))
            .collect();
        let pseudonym = newest(unwrap(Job::Pseudonym, registry)?)?;
        let mut older: Vec<_> = unwrap(Job::Index, registry)?.into_iter().map(|(_, k)| k).collect();
        let index = older.pop().ok_or_else(|| Problem::internal("a tenant's key is missing"))?;
        let peppers = unwrap(Job::Pepper, registry)?;
        let (_, pepper) =
            peppers.last().ok_or_else(|| Problem::internal("a tenant's key is missing"))?;
        let keys = TenantKeys::new(tenant, &seal, &token, &pseudonym, &index, pepper);
        let keys = Arc::new(keys.with_older_index(&older).with_peppers(&peppers));
        let locked = Locked::pieces(&keys.memory());
        state.locked.retain(|(keys, _)| keys.tenant() != tenant);
        state.ring.insert(Arc::clone(&keys));
        state.locked.push((keys, locked));
        Ok(())
    }

    /// Adds an authenticated control row to a batch.
    fn put_control(&self, changes: &mut Changes, key: &[u8], body: &[u8]) {
        let value = protect(&self.control, "control", key, body);
        changes.rows.put(Table::Control, key, &value);
    }

    /// Draws and wraps a fresh key, and adds its row to a batch.
    fn put_key(
        &self,
        changes: &mut Changes,
        tenant: Option<TenantId>,
        job: Job,
    ) -> Result<SecretKey, Problem> {
        let key = SecretKey::generate(&*self.random)?;
        self.put_version(changes, tenant, (job, 1), &key)?;
        Ok(key)
    }

    /// Wraps a version of a key, and adds its row to a batch.
    fn put_version(
        &self,
        changes: &mut Changes,
        tenant: Option<TenantId>,
        (job, version): (Job, u16),
        key: &SecretKey,
    ) -> Result<(), Problem> {
        let place = KeyPlace { install: self.install, tenant, job, version };
        let wrapped = match job {
            Job::Index => self.keys.epoch_wrap.wrap(&*self.random, &place, key),
            _ => self.keys.root.wrap(&*self.random, &place, key),
        }?;
        let row = strongroom_core::control::wrapped_key(tenant, job, version);
        self.put_control(changes, &row, &wrapped);
        Ok(())
    }

    /// Commits an administrative batch and takes its control rows into the state in memory.
    fn commit_control(&self, batch: Batch, keys: &[Vec<u8>]) -> Result<Committed, Problem> {
        let committed = self.commit(batch)?;
        let mut state = self.write();
        for key in keys {
            match self.store.get(Table::Control, key)? {
                Some(value) => {
                    let loaded = state.registry.load(&self.control, key, &value);
                    loaded.map_err(|e| Problem::tampered(e.to_string()))?;
                }
                None => state.registry.forget_wrapped(key),
            }
        }
        Ok(committed)
    }

    fn data_folder(&self) -> Option<&PathBuf> {
        self.folders.as_ref().map(|f| &f.data)
    }
}
