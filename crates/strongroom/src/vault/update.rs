//! Update: other values for fields of one record.

use strongroom_core::access::update::{Update, Updated};
use strongroom_core::principal::Principal;
use strongroom_core::store::{Position, Table, Visit};
use strongroom_core::vault::verifier::Strength;

use super::Vault;
use crate::problem::Problem;

impl Vault {
    /// Changes a record of a tenant, and says where that stands in the ledger: the change, or the
    /// question where nothing differed.
    ///
    /// # Errors
    /// A [`Problem`]: refused, no such record, no such sealed column.
    pub fn update(
        &self,
        who: &Principal,
        tenant: &str,
        update: Update,
        strength: Strength,
    ) -> Result<(Updated, Vec<Position>), Problem> {
        let tenant = self.tenant(tenant);
        let authorized = self.authorize(who, Update { tenant, ..update })?;
        self.load_keys(tenant)?;
        let _one = self.rewriting();
        let planned = {
            let state = self.read();
            let index = &mut |prefix: &_, visit: &mut Visit<'_>| self.scan_index(prefix, visit);
            authorized.plan(&self.context(&state), index, &mut |record| self.store.slot(record))
        };
        let receipt = self.receipt(planned)?;
        let asked = receipt.positions().to_vec();
        let rewritten = {
            let state = self.read();
            let rows = &mut |at: &strongroom_core::vault::sealed::RowAddress| {
                self.store.get(Table::Record, &at.key())
            };
            receipt.rewrite(&self.context(&state), rows, &*self.random, strength)
        };
        let (batch, updated) = rewritten.map_err(|stop| self.stopped(stop))?;
        match batch {
            Some(batch) => Ok((updated, self.commit(batch)?.positions().to_vec())),
            None => Ok((updated, asked)),
        }
    }
}
