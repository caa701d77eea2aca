//! A fresh credential for a principal, in place of the one it has, or for a while beside it.
//!
//! Without an overlap the old one is dead with the commit, so whoever renews the last local
//! operator must already hold the new one then. The order, in a development install, whose
//! operator's credential lies in the key folder:
//!
//! 1. the new credential, durable, as `operator.credential.next`;
//! 2. entry and row, durable: from here on the new one is known and the old one is not;
//! 3. the new credential over `operator.credential`, in one rename;
//! 4. `operator.credential.next` removed.
//!
//! Killed before 2, the old file is right and the next session removes the other; killed after 2,
//! it goes on at 3. Which of the two it is, the row says: [`Vault::settle_operator`] looks there
//! and nowhere else. Elsewhere the caller keeps the credential at 1, by `keep`.

use std::fs;
use std::sync::PoisonError;

use strongroom_core::access::admin::RenewPrincipal;
use strongroom_core::control::principal_key;
use strongroom_core::id::{Name, PrincipalId};
use strongroom_core::principal::{Credential, Former, Principal, is_newest};
use strongroom_core::store::Changes;

use super::admin::{NewPrincipal, json};
use super::{Folders, Vault};
use crate::custody::{KeyFolder, OPERATOR_FILE};
use crate::problem::Problem;

/// The operator's next credential, while a renewal is under way.
pub(super) const NEXT_FILE: &str = "operator.credential.next";

/// An old credential stays good beside the fresh one for no longer, in microseconds: 7 days.
pub const OVERLAP_US_MAX: u64 = 7 * 24 * 3_600_000_000;

/// Whose credential is replaced.
pub struct Renewal<'a> {
    /// The principal.
    pub name: &'a str,
    /// How long the old one stays good, in microseconds.
    pub overlap_us: u64,
    /// The time.
    pub now_us: u64,
}

impl Vault {
    /// Gives a principal a fresh credential: the old one is dead from the next request on, or once
    /// the overlap is over; one that was older is dead at once. `keep` is given the new one before
    /// that; when it fails, nothing changes.
    ///
    /// # Errors
    /// A [`Problem`]: refused, no such principal, a revoked or expired one, too long an overlap,
    /// what `keep` says.
    pub fn renew_principal(
        &self,
        who: &Principal,
        renewal: &Renewal<'_>,
        keep: &dyn Fn(&str) -> Result<(), Problem>,
    ) -> Result<NewPrincipal, Problem> {
        let _one = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        let now_us = self.seen.time(renewal.now_us);
        let until_us = (renewal.overlap_us > 0).then(|| now_us.saturating_add(renewal.overlap_us));
        let found = Name::parse(renewal.name).ok();
        let found = found.and_then(|n| self.read().registry.principal(&n).cloned());
        let named = found.as_ref().map(|p| p.id);
        let authorized = self.authorize(who, RenewPrincipal { principal: named, until_us })?;
        let Some(mut row) = found else { return Err(self.missed(authorized)) };
        let id = row.id;
        if renewal.overlap_us > OVERLAP_US_MAX {
            let detail = "two credentials overlap for 7 days at most";
            return Err(Problem::usage(detail, "say less with --overlap, and renew again later"));
        }
        if row.revoked || row.limits.are_over(now_us) {
            let what = if row.revoked { "is revoked" } else { "has expired" };
            let detail = format!("principal {} {what}", row.name);
            return Err(Problem::usage(detail, "add another with `strongroom principal add`"));
        }
        let credential = Credential::generate(id, &*self.random)?;
        let old = std::mem::replace(&mut row.credential, credential.hash(&self.control));
        row.former = until_us.map(|until_us| Former { credential: old, until_us });
        row.epoch = row.epoch.checked_add(1).ok_or_else(|| Problem::internal("epochs used up"))?;
        let mut changes = Changes::default();
        let key = principal_key(id);
        self.put_control(&mut changes, &key, &json(&row)?);
        let text = credential.disclose();
        keep(&text)?;
        if let Some(folders) = self.keeps_credential_of(id)? {
            let next = format!("{}\n", *text);
            KeyFolder::open(&folders.keys)?.write(NEXT_FILE, next.as_bytes())?;
        }
        self.commit_control(authorized.record(changes), &[key])?;
        // Done, whatever becomes of the file: the next session settles what is left of it.
        let _ = self.settle_operator();
        Ok(NewPrincipal { row, credential: text })
    }

    /// Finishes a renewal of the operator's own credential that was interrupted, or takes it back:
    /// for the beginning of a session.
    ///
    /// # Errors
    /// A [`Problem`] of the key folder.
    pub fn settle_operator(&self) -> Result<(), Problem> {
        let Some(folders) = &self.folders else { return Ok(()) };
        let next = folders.keys.join(NEXT_FILE);
        if !self.development || fs::symlink_metadata(&next).is_err() {
            return Ok(());
        }
        let keys = KeyFolder::open(&folders.keys)?;
        let bytes = keys.read(NEXT_FILE)?;
        let known = std::str::from_utf8(&bytes).ok().and_then(|t| Credential::parse(t).ok());
        let known = known.is_some_and(|credential| {
            let state = self.read();
            is_newest(&credential, &state.registry, &self.control)
        });
        if known {
            keys.write(OPERATOR_FILE, &bytes)?;
        }
        fs::remove_file(&next).map_err(|e| {
            let detail = format!("{} cannot be removed: {e}", next.display());
            Problem::usage(detail, "run as the user who owns the key folder")
        })
    }

    /// Where the credential of this principal lies in the key folder: of a development install,
    /// and unless somebody took it away.
    fn keeps_credential_of(&self, id: PrincipalId) -> Result<Option<&Folders>, Problem> {
        let Some(folders) = self.folders.as_ref().filter(|_| self.development) else {
            return Ok(None);
        };
        if !folders.keys.join(OPERATOR_FILE).exists() {
            return Ok(None);
        }
        let bytes = KeyFolder::open(&folders.keys)?.read(OPERATOR_FILE)?;
        let lies_there = std::str::from_utf8(&bytes).ok().and_then(|t| Credential::parse(t).ok());
        Ok(lies_there.filter(|c| c.principal() == id).map(|_| folders))
    }
}
