//! Find: which records have a value.

use std::sync::PoisonError;

use strongroom_core::access::find::{Find, Found};
use strongroom_core::access::guess::Guessing;
use strongroom_core::principal::Principal;
use strongroom_core::store::{Position, Table};
use zeroize::Zeroizing;

use super::Vault;
use crate::problem::Problem;

impl Vault {
    /// The records of a collection whose indexed field `column` has this value, and where the
    /// question stands in the ledger.
    ///
    /// # Errors
    /// A [`Problem`]: refused, no such indexed field, a value that is none of its type, too many
    /// guesses that named nobody.
    pub fn find(
        &self,
        who: &Principal,
        tenant: &str,
        collection: &str,
        column: &str,
        value: Zeroizing<String>,
        now_us: u64,
    ) -> Result<(Vec<Found>, Vec<Position>), Problem> {
        let tenant = self.tenant(tenant);
        let (collection, column) = (collection.to_owned(), column.to_owned());
        let authorized = self.authorize(who, Find { tenant, collection, column, value })?;
        self.load_keys(tenant)?;
        let receipt = {
            // The count that was read is the one that is raised.
            let _one = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
            let planned = {
                let state = self.read();
                let mut read = |key: &[u8]| self.store.get(Table::Job, key);
                authorized.plan(
                    &self.context(&state),
                    &mut |prefix, visit| self.store.scan(Table::Index, prefix, visit),
                    &mut |record| self.store.slot(record),
                    &mut Guessing { control: &self.control, now_us, read: &mut read },
                )
            };
            self.receipt(planned)?
        };
        let opened = {
            let state = self.read();
            receipt.open(&self.context(&state), &mut |at| self.store.get(Table::Record, &at.key()))
        };
        opened.map_err(|stop| self.stopped(stop))
    }
}
