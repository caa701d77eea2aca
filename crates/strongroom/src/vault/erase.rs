//! Erase: records that are not there from their durable entry on; their slots are overwritten once
//! the grace time is over, by whoever opens the install next or is at work then.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use strongroom_core::access::Context;
use strongroom_core::access::admin::ReadStatus;
use strongroom_core::access::bounds::Bounds;
use strongroom_core::access::erase::{CancelErase, Erase, Means, RECORDS_MAX, shred};
use strongroom_core::erasure::{GRACE_US, Reason};
use strongroom_core::id::TenantId;
use strongroom_core::principal::Principal;
use strongroom_core::store::{Position, Table};

use super::Vault;
use crate::problem::Problem;

/// Whose records are erased, and how.
pub struct EraseRequest<'r> {
    /// The tenant, by name or id.
    pub tenant: &'r str,
    /// The collection.
    pub collection: &'r str,
    /// The records' ids.
    pub records: Vec<String>,
    /// Why.
    pub reason: Reason,
    /// Whether the slots are overwritten at once.
    pub now: bool,
}

/// A record that is erased.
pub struct ErasedRecord {
    /// Its id.
    pub record: String,
    /// Where the entry stands.
    pub position: Position,
    /// When the slot is overwritten; nothing when it was.
    pub due_us: Option<u64>,
}

impl Vault {
    /// Erases records, all of them or none: from the durable entry on, each is answered like one
    /// that is not there.
    ///
    /// # Errors
    /// A [`Problem`]: refused, no such record, a second person is needed. When it says that the
    /// store failed behind the entry, the next opening finishes what was stated.
    pub fn erase(
        &self,
        who: &Principal,
        second: Option<&Principal>,
        request: EraseRequest<'_>,
        now_us: u64,
    ) -> Result<Vec<ErasedRecord>, Problem> {
        if request.records.is_empty() || request.records.len() > RECORDS_MAX {
            let detail = format!("no record, or more than {RECORDS_MAX} in one request");
            return Err(Problem::usage(detail, "name records, at most 10,000 at a time"));
        }
        let tenant = self.tenant(request.tenant);
        let due_us = if request.now { now_us } else { now_us.saturating_add(GRACE_US) };
        let action = Erase {
            tenant,
            collection: request.collection.to_owned(),
            records: request.records,
            reason: request.reason,
            due_us,
            now: request.now,
        };
        let authorized = self.authorize(who, action)?;
        self.load_keys(tenant)?;
        let receipt = self.bounded(now_us, |bounds| {
            let planned =
                self.with_means(|context, means| authorized.plan(context, means, bounds, second));
            let receipt = self.receipt(planned)?;
            self.take_in(&receipt.rows())?;
            Ok::<_, Problem>(receipt)
        })?;
        let erased = receipt.erased(&self.context(&self.read()));
        let erased = erased.map_err(|stop| self.stopped(stop))?;
        if request.now {
            self.shred_due(now_us)?;
        }
        let due_us = (!request.now).then_some(due_us);
        let told = |(record, position)| ErasedRecord { record, position, due_us };
        Ok(erased.into_iter().map(told).collect())
    }

    /// Takes an erasure back within its grace time.
    ///
    /// # Errors
    /// A [`Problem`]: refused, no such record that is leaving.
    pub fn cancel_erase(
        &self,
        who: &Principal,
        (tenant, collection, record): (&str, &str, &str),
        now_us: u64,
    ) -> Result<Vec<Position>, Problem> {
        let tenant = self.tenant(tenant);
        let (collection, record) = (collection.to_owned(), record.to_owned());
        let authorized = self.authorize(who, CancelErase { tenant, collection, record })?;
        self.load_keys(tenant)?;
        let _one = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        let planned = self.with_means(|context, means| authorized.plan(context, means, now_us));
        let receipt = self.receipt(planned)?;
        let (tenant, record) = receipt.stays();
        self.write().registry.leaving_mut().remove(tenant, record);
        Ok(receipt.positions().to_vec())
    }

    /// Overwrites what is due, for whoever runs the install.
    ///
    /// # Errors
    /// A [`Problem`]: refused, the store.
    pub fn carry_out(&self, who: &Principal, now_us: u64) -> Result<u64, Problem> {
        self.authorize(who, ReadStatus)?;
        self.shred_due(now_us)
    }

    /// Overwrites the slots whose grace time is over; gives how many.
    ///
    /// # Errors
    /// A [`Problem`] of the store. What is left is done the next time, and nobody sees it until
    /// then.
    pub fn shred_due(&self, now_us: u64) -> Result<u64, Problem> {
        let tenants: BTreeSet<TenantId> =
            self.read().registry.leaving().due(now_us).map(|erasing| erasing.tenant).collect();
        let mut done = 0;
        for tenant in tenants {
            self.load_keys(Some(tenant))?;
            loop {
                let _alone = self.rewriting();
                match self.bounded(now_us, |bounds| self.shred(tenant, bounds))? {
                    Some(more) => done += more,
                    None => break,
                }
            }
        }
        Ok(done)
    }

    /// One batch of a tenant's slots. Nobody rewrites a record meanwhile: a version that was made
    /// before the erasure and written after it would stay, unread, with its rows of the index.
    fn shred(&self, tenant: TenantId, bounds: &mut Bounds<'_>) -> Result<Option<u64>, Problem> {
        let random = &*self.random;
        let planned =
            self.with_means(|context, means| shred(context, tenant, means, bounds, random));
        let Some((batch, records)) = planned.map_err(|stop| self.stopped(stop))? else {
            return Ok(None);
        };
        self.commit(batch)?;
        let mut state = self.write();
        for record in &records {
            state.registry.leaving_mut().remove(tenant, *record);
        }
        Ok(Some(records.len() as u64))
    }

    /// How many records are leaving, and when the first of them is due.
    #[must_use]
    pub fn leaving(&self) -> (u64, Option<u64>) {
        let state = self.read();
        let leaving = state.registry.leaving();
        (leaving.iter().len() as u64, leaving.iter().map(|erasing| erasing.due_us).min())
    }

    /// Takes rows that say that records are leaving into the state in memory.
    fn take_in(&self, keys: &[[u8; 25]]) -> Result<(), Problem> {
        let mut state = self.write();
        for key in keys {
            if let Some(value) = self.store.get(Table::Control, key)? {
                let loaded = state.registry.load_erasing(&self.keys.store, key, &value);
                loaded.map_err(|e| Problem::tampered(e.to_string()))?;
            }
        }
        Ok(())
    }

    /// Hands a stage what it reads from.
    fn with_means<R>(&self, work: impl FnOnce(&Context<'_>, &mut Means<'_>) -> R) -> R {
        let state = self.read();
        let mut means = Means {
            index: &mut |prefix, visit| self.scan_index(prefix, visit),
            slots: &mut |record| self.store.slot(record),
            rows: &mut |at| self.store.get(Table::Record, &at.key()),
        };
        work(&self.context(&state), &mut means)
    }

    /// Works with the counts of erasures, one at a time, as with those of guesses.
    pub(super) fn bounded<R>(&self, now_us: u64, work: impl FnOnce(&mut Bounds<'_>) -> R) -> R {
        let _one = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        let mut read = |key: &[u8]| self.store.get(Table::Job, key);
        let (control, development) = (&self.control, self.development);
        work(&mut Bounds { control, development, now_us, read: &mut read })
    }
}
