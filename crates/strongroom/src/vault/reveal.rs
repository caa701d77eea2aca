//! Reveal: the life of one request, in the order of ARCHITECTURE.md.

use strongroom_core::access::reveal::{Reveal, Revealed};
use strongroom_core::ledger::entry::Form;
use strongroom_core::policy::Purpose;
use strongroom_core::principal::Principal;
use strongroom_core::store::Table;

use super::Vault;
use crate::problem::Problem;

impl Vault {
    /// Turns tokens into values: all of them or none, each person named in the ledger first.
    ///
    /// # Errors
    /// A [`Problem`]; nothing was opened, unless it says tampered, and then nothing was given.
    pub fn reveal(
        &self,
        who: &Principal,
        tenant: &str,
        tokens: Vec<String>,
        purpose: Purpose,
        form: Form,
    ) -> Result<Revealed, Problem> {
        let tenant = self.tenant(tenant);
        let request = Reveal::new(tenant, tokens, purpose, form)
            .map_err(|e| Problem::usage(e.to_string(), "pass tokens, at most 10,000 at a time"))?;
        let authorized = self.authorize(who, request)?;
        self.load_keys(tenant)?;
        let planned = {
            let state = self.read();
            authorized.plan(&self.context(&state), &mut |record| self.store.slot(record))
        };
        let receipt = self.receipt(planned)?;
        let opened = {
            let state = self.read();
            receipt.open(&self.context(&state), &mut |at| self.store.get(Table::Record, &at.key()))
        };
        opened.map_err(|stop| self.stopped(stop))
    }
}
