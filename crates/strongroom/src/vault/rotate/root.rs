//! The root key: every key that it wraps is wrapped anew. In what order, and what a kill leaves, is
//! told where the files are: `custody/root.rs`.

use strongroom_core::access::rotate::{Rotate, Versions};
use strongroom_core::access::{Authorized, system};
use strongroom_core::control::{read_wrapped_key, wrapped_key};
use strongroom_core::store::{Batch, Changes, Table};
use strongroom_core::vault::keys::{Job, KeyPlace, MacKey, SecretKey};

use super::{Rotated, Vault, used_up};
use crate::custody::{Ask, KeyFolder};
use crate::problem::Problem;

/// Tells one root key from another, by a value that says nothing of either.
enum RootRole {}

fn check_of(root: &SecretKey) -> [u8; 32] {
    MacKey::<RootRole>::new(root).mac("strongroom/root-check", &[])
}

/// Makes the batch of a step: that keys are wrapped anew, or, with `true`, that the old root key is
/// destroyed.
type State<'s> = &'s dyn Fn(bool, Versions, Changes) -> Batch;

impl Vault {
    /// Replaces the root key. `ask` gives the passphrase, where it is under one.
    pub(super) fn rotate_root(
        &self,
        authorized: &Authorized<Rotate>,
        ask: Option<Ask>,
    ) -> Result<Rotated, Problem> {
        let folders = self.folders.as_ref();
        let folders = folders.ok_or_else(|| Problem::internal("there is no key folder"))?;
        let custody = KeyFolder::open(&folders.keys)?.asking(ask);
        custody.destroy_replaced()?;
        let next = custody.draw_root(&self.keys.root, &*self.random)?;
        self.replace_root(&custody, next, &|destroyed, versions, changes| match destroyed {
            false => authorized.begin(versions, changes),
            true => authorized.destroy(versions, changes),
        })
    }

    /// Ends a replacement of the root key that was interrupted, or takes it back where nothing is
    /// under the next one: for the opening of an install.
    ///
    /// # Errors
    /// A [`Problem`]; both root keys are then in use, and the next opening tries again.
    pub(in crate::vault) fn settle_root(&self, custody: &KeyFolder) -> Result<(), Problem> {
        let Some(next) = custody.next_root()? else { return custody.destroy_replaced() };
        let unused = !self.is_begun(next)
            && self.read().registry.wrapped_rows().all(|row| self.is_under(row, false))
            && custody.is_under_current(self.install, &self.keys.root)?;
        if unused {
            return custody.drop_next_root(&self.keys.root);
        }
        self.replace_root(custody, next, &system::replaced_root).map(|_| ())
    }

    fn replace_root(
        &self,
        custody: &KeyFolder,
        next: &SecretKey,
        state: State<'_>,
    ) -> Result<Rotated, Problem> {
        let versions = self.root_versions(next)?;
        self.rewrap_control(state, versions, next)?;
        custody.rewrap(self.install, &self.keys.root, &*self.random)?;
        if let Some((key, _)) =
            self.read().registry.wrapped_rows().find(|row| !self.is_under(*row, true))
        {
            let detail = format!("a key of the control table does not open: {}", job_of(key));
            return Err(Problem::tampered(detail));
        }
        let Versions { from, to } = versions;
        let mut changes = Changes::default();
        let rows: Vec<_> =
            (from..to).map(|version| wrapped_key(None, Job::Root, version)).collect();
        rows.iter().for_each(|row| changes.rows.delete(Table::Control, row));
        self.change_keys(None, state(true, versions, changes), &rows)?;
        custody.adopt_root(&self.keys.root)?;
        Ok(Rotated::of(versions, 0))
    }

    /// Whether the control table says that the next root key is the newest.
    fn is_begun(&self, next: &SecretKey) -> bool {
        let state = self.read();
        let newest = state.registry.wrapped(None, Job::Root).last();
        newest.is_some_and(|(_, check)| check == check_of(next))
    }

    /// Between which versions: the newest row is the next key's already where a run was killed.
    fn root_versions(&self, next: &SecretKey) -> Result<Versions, Problem> {
        let newest = self.read().registry.wrapped(None, Job::Root).map(|(v, _)| v).last();
        let newest = newest.unwrap_or(1);
        let to =
            if self.is_begun(next) { newest } else { newest.checked_add(1).ok_or_else(used_up)? };
        Ok(Versions { from: to.saturating_sub(1), to })
    }

    /// Wraps the keys of the control table anew, in one batch with what says which root key it is.
    fn rewrap_control(
        &self,
        state: State<'_>,
        versions: Versions,
        next: &SecretKey,
    ) -> Result<(), Problem> {
        let mut changes = Changes::default();
        let mut rows = Vec::new();
        let now = self.read();
        let left = now.registry.wrapped_rows().filter(|row| !self.is_under(*row, true));
        for (row, wrapped) in left {
            let place = self.place_of(row);
            let place = place.ok_or_else(|| Problem::internal("a key's row has an odd key"))?;
            let key = self.keys.root.unwrap(&place, wrapped)?;
            let wrapped = self.keys.root.wrap(&*self.random, &place, &key)?;
            self.put_control(&mut changes, row, &wrapped);
            rows.push(row.to_vec());
        }
        let known = now.registry.wrapped(None, Job::Root).any(|(v, _)| v == versions.to);
        drop(now);
        if !known {
            let row = wrapped_key(None, Job::Root, versions.to);
            self.put_control(&mut changes, &row, &check_of(next));
            rows.push(row);
        }
        if rows.is_empty() {
            return Ok(());
        }
        self.change_keys(None, state(false, versions, changes), &rows)
    }

    /// Whether a row of the control table is under the newest root key, or else the current one, or
    /// under none: an index key is wrapped by the epoch's.
    fn is_under(&self, (row, wrapped): (&[u8], &[u8]), newest: bool) -> bool {
        let Some(place) = self.place_of(row) else { return false };
        let opened = match (place.job, newest) {
            (Job::Index | Job::Root, _) => return true,
            (_, true) => self.keys.root.unwrap_newest(&place, wrapped),
            (_, false) => self.keys.root.unwrap_current(&place, wrapped),
        };
        opened.is_ok()
    }

    fn place_of(&self, row: &[u8]) -> Option<KeyPlace> {
        let (tenant, job, version) = read_wrapped_key(row)?;
        Some(KeyPlace { install: self.install, tenant, job, version })
    }
}

fn job_of(row: &[u8]) -> &'static str {
    read_wrapped_key(row).map_or("of no job", |(_, job, _)| job.name())
}
