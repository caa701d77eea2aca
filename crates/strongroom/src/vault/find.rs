//! Find: which records have a value.

use strongroom_core::access::find::{Find, Found};
use strongroom_core::principal::Principal;
use strongroom_core::store::{Position, Table, Visit};
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
        let receipt = self.guessing(now_us, |guesses| {
            let planned = {
                let state = self.read();
                let index = &mut |prefix: &_, visit: &mut Visit<'_>| self.scan_index(prefix, visit);
                let slots = &mut |record| self.store.slot(record);
                authorized.plan(&self.context(&state), index, slots, guesses)
            };
            self.receipt(planned)
        })?;
        let opened = {
            let state = self.read();
            receipt.open(&self.context(&state), &mut |at| self.store.get(Table::Record, &at.key()))
        };
        opened.map_err(|stop| self.stopped(stop))
    }
}
