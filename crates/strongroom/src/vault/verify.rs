//! Verify: whether a password is the one of a record.

use std::sync::PoisonError;

use strongroom_core::access::guess::Guessing;
use strongroom_core::access::verify::VerifyPassword;
use strongroom_core::principal::Principal;
use strongroom_core::store::{Position, Table, Visit};
use zeroize::Zeroizing;

use super::Vault;
use crate::problem::Problem;

/// Whose password is tried.
pub struct PasswordOf<'r> {
    /// The tenant, by name or id.
    pub tenant: &'r str,
    /// The collection.
    pub collection: &'r str,
    /// The record's id, or its key.
    pub record: &'r str,
    /// The column, where there are several of passwords.
    pub column: Option<&'r str>,
}

impl Vault {
    /// Whether a password is right, and where the attempt stands in the ledger.
    ///
    /// # Errors
    /// A [`Problem`]: refused, no such record, no passwords there, too many wrong ones.
    pub fn verify_password(
        &self,
        who: &Principal,
        of: &PasswordOf<'_>,
        password: Zeroizing<String>,
        now_us: u64,
    ) -> Result<(bool, Vec<Position>), Problem> {
        let tenant = self.tenant(of.tenant);
        let action = VerifyPassword {
            tenant,
            collection: of.collection.to_owned(),
            record: of.record.to_owned(),
            column: of.column.map(str::to_owned),
            password,
        };
        let authorized = self.authorize(who, action)?;
        self.load_keys(tenant)?;
        let receipt = self.guessing(now_us, |guesses| {
            let planned = {
                let state = self.read();
                let slots = &mut |record| self.store.slot(record);
                let index = &mut |prefix: &_, visit: &mut Visit<'_>| self.scan_index(prefix, visit);
                authorized.plan(&self.context(&state), index, slots, guesses)
            };
            self.receipt(planned)
        })?;
        let opened = {
            let state = self.read();
            receipt.open(&self.context(&state), &mut |at| self.store.get(Table::Record, &at.key()))
        };
        let verdict = opened.map_err(|stop| self.stopped(stop))?;
        self.guessing(now_us, |guesses| {
            let right = verdict.record(guesses).map_err(|stop| self.stopped(stop))?;
            right.map_or(Ok(()), |batch| self.commit(batch).map(|_| ()))
        })?;
        Ok((verdict.right, verdict.positions))
    }

    /// Works with the counts of guesses, one at a time: the count that was read is the one that is
    /// raised.
    pub(super) fn guessing<R>(&self, now_us: u64, work: impl FnOnce(&mut Guessing<'_>) -> R) -> R {
        let _one = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        let mut read = |key: &[u8]| self.store.get(Table::Job, key);
        work(&mut Guessing { control: &self.control, now_us, read: &mut read })
    }
}
