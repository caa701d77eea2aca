//! Reveal: the life of one request, in the order of ARCHITECTURE.md.

use strongroom_core::access::authorize;
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
        pollster::block_on(self.reveal_async(who, tenant, tokens, purpose, form))
    }

    /// The same, waiting for the ledger without holding a thread. Dropped before its end, it leaves
    /// the entry and opens nothing.
    ///
    /// # Errors
    /// As [`Vault::reveal`].
    pub async fn reveal_async(
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
        let authorized = match authorize(who, request) {
            Ok(authorized) => authorized,
            Err(denied) => return Err(self.denied_async(denied).await),
        };
        self.load_keys(tenant)?;
        let planned = {
            let state = self.read();
            authorized.plan(&self.context(&state), &mut |record| self.store.slot(record))
        };
        let (pending, batch) = match planned {
            Ok(planned) => planned,
            Err(stop) => return Err(self.stopped_async(stop).await),
        };
        let committed = self.store.commit(batch).await?;
        let opened = pending.receipt(&committed).and_then(|receipt| {
            let state = self.read();
            receipt.open(&self.context(&state), &mut |at| self.store.get(Table::Record, &at.key()))
        });
        match opened {
            Ok(revealed) => Ok(revealed),
            Err(stop) => Err(self.stopped_async(stop).await),
        }
    }
}
