//! The signing key of a log: the next one is stated in the log itself, in the word of the old one,
//! which is then destroyed. Whoever knows the old key follows by that entry, without asking us.

use strongroom_core::access::rotate::{Rotate, Versions};
use strongroom_core::access::{Authorized, system};
use strongroom_core::control::wrapped_key;
use strongroom_core::id::TenantId;
use strongroom_core::ledger::entry::NextKey;
use strongroom_core::ledger::note::NextKeys;
use strongroom_core::ledger::{Entry, LogId};
use strongroom_core::store::{Batch, Changes, Table};
use strongroom_core::vault::keys::{Job, SecretKey};

use super::{Rotated, Vault, used_up};
use crate::problem::Problem;
use crate::vault::ledger::has;

impl Vault {
    /// Gives a log, the tenant's or the system's, its next signing key.
    pub(super) fn rotate_log(
        &self,
        authorized: &Authorized<Rotate>,
        tenant: Option<TenantId>,
    ) -> Result<Rotated, Problem> {
        let to = self.newest(tenant, Job::Log)?;
        let oldest = self.read().registry.wrapped(tenant, Job::Log).map(|(v, _)| v).next();
        let from = oldest.unwrap_or(to);
        // Two versions are of a run that was killed before the old one went.
        let versions = match from < to {
            true => Versions { from, to },
            false => self.next_log_key(authorized, tenant, to)?,
        };
        self.destroy_versions(authorized, tenant, versions)?;
        Ok(Rotated::of(versions, 0))
    }

    fn next_log_key(
        &self,
        authorized: &Authorized<Rotate>,
        tenant: Option<TenantId>,
        from: u16,
    ) -> Result<Versions, Problem> {
        let state = |versions, next: &_, changes| authorized.begin_log(versions, next, changes);
        self.state_log_key(tenant, (from, false), &state)
    }

    /// States the next key; with `gone`, the old one goes in the same batch.
    fn state_log_key(
        &self,
        tenant: Option<TenantId>,
        (from, gone): (u16, bool),
        state: State<'_>,
    ) -> Result<Versions, Problem> {
        let log = log_of(tenant);
        let versions = Versions { from, to: from.checked_add(1).ok_or_else(used_up)? };
        let seed = SecretKey::generate(&*self.random)?;
        let next = self.signer(log)?.vouch(self.signer_of(log, &seed)?.verifier());
        let mut changes = Changes::default();
        self.put_version(&mut changes, tenant, (Job::Log, versions.to), &seed)?;
        let row = |version| wrapped_key(tenant, Job::Log, version);
        let mut rows = vec![row(versions.to)];
        if gone {
            changes.rows.delete(Table::Control, &row(from));
            rows.push(row(from));
        }
        self.change_keys(None, state(versions, &next, changes), &rows)?;
        Ok(versions)
    }

    /// For an install made anew: a log that states a key which the backup does not have is given
    /// another one, in the word of the key that there is. Nobody signs with the lost one any more.
    pub(in crate::vault) fn mend_log_keys(&self) -> Result<(), Problem> {
        let tenants: Vec<_> = self.read().registry.tenants().map(|t| Some(t.id)).collect();
        for tenant in [vec![None], tenants].concat() {
            let (log, mut stated) = (log_of(tenant), NextKeys::default());
            self.store.entries(log, &mut |_, leaf| {
                concerning(leaf).iter().for_each(|entry| stated.note(entry));
                true
            })?;
            let ours = *self.signer(log)?.verifier().public();
            if stated.keys().last().is_none_or(|next| next.public == ours) {
                continue;
            }
            let from = self.newest(tenant, Job::Log)?;
            let state = |versions, next: &_, rows| system::next_log_key(log, versions, next, rows);
            self.state_log_key(tenant, (from, true), &state)?;
        }
        Ok(())
    }
}

/// Makes the batch that states a next key.
type State<'s> = &'s dyn Fn(Versions, &NextKey, Changes) -> Batch;

fn log_of(tenant: Option<TenantId>) -> LogId {
    tenant.map_or(LogId::System, |tenant| LogId::Tenant(tenant.0))
}

/// An entry that gives a key its next version, or says that something failed.
fn concerning(leaf: &[u8]) -> Option<Entry> {
    let read = has(leaf, "\"act\":\"key.rotate\"") || has(leaf, "\"failed\"");
    read.then(|| Entry::from_bytes(leaf).ok())?
}
