//! Rotate: a key gives way to its next version, in two phases. First the next version exists and
//! is used for whatever is written from then on; then what stands under the old one is carried
//! over, and the old one is destroyed.
//!
//! Where a rotation stands is read from the versions in the control table and nowhere else: two
//! versions of a key that keeps one are a rotation to go on with. So a run that was killed goes on
//! where it was, and never begins another.

mod carry;
mod log;
mod root;

use std::sync::PoisonError;

use serde::Serialize;
use strongroom_core::access::rotate::{Rotate, Versions};
use strongroom_core::access::{Authorized, Target};
use strongroom_core::control::wrapped_key;
use strongroom_core::id::TenantId;
use strongroom_core::principal::{Principal, Scope};
use strongroom_core::store::{Batch, Changes, Table};
use strongroom_core::vault::keys::{Job, SecretKey};

use super::Vault;
use crate::custody::Ask;
use crate::problem::Problem;

/// Records of a step, unless a test wants fewer: what a kill loses at most.
pub const STEP_RECORDS: usize = 2_000;

/// What is to be rotated.
pub struct Rotation<'r> {
    /// The key.
    pub job: Job,
    /// The tenant, by name or id; every one without.
    pub tenant: Option<&'r str>,
    /// Records of a step.
    pub step_records: usize,
    /// Told how many records were carried over.
    pub progress: &'r (dyn Fn(u64) + Sync),
    /// Somebody to ask for the key folder's passphrase.
    pub ask: Option<Ask>,
}

impl<'r> Rotation<'r> {
    /// Of one key, in steps of the usual size.
    #[must_use]
    pub fn of(job: Job, tenant: Option<&'r str>) -> Self {
        Self { job, tenant, step_records: STEP_RECORDS, progress: &|_| {}, ask: None }
    }
}

/// What became of one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rotated {
    /// Whose key, by name; nothing for the install's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The version that was current before.
    pub from: u16,
    /// The current version.
    pub to: u16,
    /// Whether nothing is left to be done.
    pub done: bool,
    /// Records carried over by this run.
    pub records: u64,
}

impl Rotated {
    /// A rotation that is through.
    fn of(Versions { from, to }: Versions, records: u64) -> Self {
        Self { tenant: None, from, to, done: true, records }
    }
}

impl Vault {
    /// Rotates a key of a tenant, or of every tenant.
    ///
    /// # Errors
    /// A [`Problem`]; what was done stands, and the next run goes on there.
    pub fn rotate(
        &self,
        who: &Principal,
        rotation: &Rotation<'_>,
    ) -> Result<Vec<Rotated>, Problem> {
        let (job, tenant) = (rotation.job, rotation.tenant);
        if job == Job::Root {
            let authorized = self.authorize(who, Rotate { job, target: Target::Install })?;
            let _one = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
            return Ok(vec![self.rotate_root(&authorized, rotation.ask.clone())?]);
        }
        let tenants: Vec<Option<TenantId>> = match (tenant, who.scope()) {
            (Some(name), _) => vec![self.tenant(name)],
            (None, Scope::Tenants(list)) => list.iter().copied().map(Some).collect(),
            (None, Scope::Install) => self.read().registry.tenants().map(|t| Some(t.id)).collect(),
        };
        // INVARIANT: nobody of this process seals or rewrites under a version that is to go.
        let _sealed = self.seals.write().unwrap_or_else(PoisonError::into_inner);
        let _one = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        let _alone = self.rewriting();
        let mut all = Vec::new();
        if job == Job::Log && tenant.is_none() {
            let authorized = self.authorize(who, Rotate { job, target: Target::Install })?;
            all.push(self.rotate_log(&authorized, None)?);
        }
        for tenant in tenants {
            let target = Target::tenant(tenant);
            let authorized = self.authorize(who, Rotate { job, target })?;
            let Some(tenant) = tenant else { return Err(self.missed(authorized)) };
            self.load_keys(Some(tenant))?;
            let mut done = match job {
                Job::Token => self.rotate_token(&authorized, tenant)?,
                Job::Log => self.rotate_log(&authorized, Some(tenant))?,
                Job::Pepper => self.rotate_pepper(&authorized, tenant, rotation)?,
                Job::Index => self.rotate_index(&authorized, tenant, rotation)?,
                Job::Seal => self.rotate_seal(&authorized, tenant, rotation)?,
                _ => return Err(Problem::internal("there is no rotation of this key")),
            };
            done.tenant = self.read().registry.tenant_of(tenant).map(|t| t.name.to_string());
            all.push(done);
        }
        Ok(all)
    }

    /// New tokens are made under the next version; the old ones are kept, since no list of the
    /// tokens that are out there exists.
    fn rotate_token(
        &self,
        authorized: &Authorized<Rotate>,
        tenant: TenantId,
    ) -> Result<Rotated, Problem> {
        let from = self.newest(Some(tenant), Job::Token)?;
        // A token has one byte for the version of its key.
        let to = from.checked_add(1).filter(|to| *to <= u16::from(u8::MAX)).ok_or_else(used_up)?;
        let versions = Versions { from, to };
        self.begin_version(authorized, Some(tenant), versions)?;
        Ok(Rotated::of(versions, 0))
    }

    /// The versions of a key between which it rotates: those of a rotation that did not end, or
    /// of a new one, whose next version is then made.
    fn rotation(
        &self,
        authorized: &Authorized<Rotate>,
        tenant: Option<TenantId>,
    ) -> Result<Versions, Problem> {
        let job = authorized.action().job;
        let to = self.newest(tenant, job)?;
        let from = self.read().registry.wrapped(tenant, job).map(|(v, _)| v).next().unwrap_or(to);
        // Of a pepper all versions stay.
        if from < to && job != Job::Pepper {
            return Ok(Versions { from, to });
        }
        let versions = Versions { from: to, to: to.checked_add(1).ok_or_else(used_up)? };
        self.begin_version(authorized, tenant, versions)?;
        Ok(versions)
    }

    fn begin_version(
        &self,
        authorized: &Authorized<Rotate>,
        tenant: Option<TenantId>,
        versions: Versions,
    ) -> Result<(), Problem> {
        let job = authorized.action().job;
        let mut changes = Changes::default();
        let key = SecretKey::generate(&*self.random)?;
        self.put_version(&mut changes, tenant, (job, versions.to), &key)?;
        let row = wrapped_key(tenant, job, versions.to);
        self.change_keys(tenant, authorized.begin(versions, changes), &[row])
    }

    /// Destroys the versions of a key before the newest. What stands under one of them opens for
    /// nobody any more.
    fn destroy_versions(
        &self,
        authorized: &Authorized<Rotate>,
        tenant: Option<TenantId>,
        versions: Versions,
    ) -> Result<(), Problem> {
        let job = authorized.action().job;
        let old = self.read().registry.wrapped(tenant, job).map(|(v, _)| v).collect::<Vec<_>>();
        let old = old.into_iter().filter(|v| *v < versions.to);
        let rows: Vec<_> = old.map(|version| wrapped_key(tenant, job, version)).collect();
        let mut changes = Changes::default();
        rows.iter().for_each(|row| changes.rows.delete(Table::Control, row));
        self.change_keys(tenant, authorized.destroy(versions, changes), &rows)
    }

    /// Commits a change of wrapped keys, and has the tenant's loaded anew.
    fn change_keys(
        &self,
        tenant: Option<TenantId>,
        batch: Batch,
        rows: &[Vec<u8>],
    ) -> Result<(), Problem> {
        self.commit_control(batch, rows)?;
        tenant.map_or(Ok(()), |tenant| self.load_keys_anew(&mut self.write(), tenant))
    }

    fn newest(&self, tenant: Option<TenantId>, job: Job) -> Result<u16, Problem> {
        let newest = self.read().registry.wrapped(tenant, job).map(|(version, _)| version).last();
        newest.ok_or_else(|| Problem::internal("a tenant's key is missing"))
    }
}

fn used_up() -> Problem {
    Problem::internal("the versions of this key are used up")
}
