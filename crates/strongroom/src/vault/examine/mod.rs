//! The deep check: whether rows, slots, index and ledger are what was written, and fit each other.
//!
//! The ledger leads: it says which records each tenant sealed, so a slot or a row that is not there
//! is missed, and one that no entry states is found. Each tenant's log names the records looked at
//! before the first of them is; what is found changed is an entry too, one a kind.
//!
//! The store is at rest meanwhile: one process owns it.

mod history;
mod tally;

use std::collections::BTreeMap;

use strongroom_core::access::admin::ReadDoctor;
use strongroom_core::access::examine::{Examine, RowFound, SlotFound, SoundRow};
use strongroom_core::access::{Context, Receipt, Stop, Tampering};
use strongroom_core::control::{Registry, open as open_row};
use strongroom_core::erasure::ERASING_KIND;
use strongroom_core::id::{RecordNumber, TenantId};
use strongroom_core::ledger::LogId;
use strongroom_core::principal::Principal;
use strongroom_core::store::{ReadError, Table};
use strongroom_core::vault::index::field_prefix;

use super::{State, Vault};
use crate::doctor::{Finding, NAMES_MAX, Severity, listed};
use crate::problem::Problem;
use history::{History, Noted, unfounded};
use tally::Tally;

/// Is told how far the check has come: what is looked at, how many of it, of how many.
pub type Progress<'p> = dyn FnMut(&'static str, u64, u64) + 'p;

/// A tenant under examination.
struct Tenant {
    id: TenantId,
    /// As findings name it.
    name: String,
    receipt: Receipt<Examine>,
    history: History,
    tally: Tally,
}

/// A set of record numbers.
struct Numbers(Vec<u64>);

impl Numbers {
    fn below(end: RecordNumber) -> Self {
        Self(vec![0; usize::try_from(end.0 / 64).unwrap_or(0) + 1])
    }

    fn place(record: RecordNumber) -> (usize, u64) {
        (usize::try_from(record.0 / 64).unwrap_or(usize::MAX), 1 << (record.0 % 64))
    }

    fn insert(&mut self, record: RecordNumber) {
        let (word, bit) = Self::place(record);
        self.0.get_mut(word).into_iter().for_each(|word| *word |= bit);
    }

    fn holds(&self, record: RecordNumber) -> bool {
        let (word, bit) = Self::place(record);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }
}

impl Vault {
    /// Checks everything that is kept of every tenant.
    ///
    /// # Errors
    /// A [`Problem`]: refused, or the store could not be read or the check not be recorded.
    pub fn examine(
        &self,
        who: &Principal,
        progress: &mut Progress<'_>,
    ) -> Result<Vec<Finding>, Problem> {
        self.authorize(who, ReadDoctor)?;
        let end = self.store.extent().records_end;
        let mut out = Vec::new();
        let system = self.history(LogId::System, (&Noted::new(), None), progress)?;
        out.extend(ledger_faults(LogId::System, &system));
        let mut tenants = Vec::new();
        let all: Vec<(TenantId, String)> = {
            let state = self.read();
            let tenants = state.registry.tenants();
            tenants.map(|t| (t.id, format!("tenant {} ({})", t.name, t.id))).collect()
        };
        for (id, name) in all {
            let authorized = self.authorize(who, Examine { tenant: Some(id) })?;
            self.load_keys(Some(id))?;
            let planned = authorized.plan(&self.context(&self.read()), end);
            let receipt = self.receipt(planned)?;
            let history =
                self.history(LogId::Tenant(id.0), (&system.noted, system.anew_boot), progress)?;
            out.extend(ledger_faults(LogId::Tenant(id.0), &history));
            tenants.push(Tenant { id, name, receipt, history, tally: Tally::default() });
        }
        let records = self.counted(Table::Record, &tenants, &mut out)?;
        let index = self.counted(Table::Index, &tenants, &mut out)?;
        let mut owned = Numbers::below(end);
        for tenant in &mut tenants {
            tenant.history.records().for_each(|record| owned.insert(record));
            let rows = records.get(&tenant.id).copied().unwrap_or(0);
            let (seen, wanted) = self.rows(tenant, end, rows, progress)?;
            self.slots(tenant, &seen, progress)?;
            // Every row that is wanted is there and right, or noted: what is more, nobody wants.
            if index.get(&tenant.id).copied().unwrap_or(0) > wanted {
                self.surplus(tenant, progress)?;
            }
            self.twice(tenant)?;
        }
        self.unowned(&mut tenants, &owned, end, &mut out)?;
        out.extend(self.control_rows()?);
        for tenant in &tenants {
            let state = self.read();
            let id = |record| tenant.receipt.id(&self.context(&state), record);
            out.extend(tenant.tally.told(&tenant.name, &id));
            let found = tenant.tally.kinds();
            let context = self.context(&state);
            let batches: Vec<_> =
                found.map(|(what, at)| tenant.receipt.found(&context, what, at)).collect();
            drop(state);
            for batch in batches {
                self.commit(batch)?;
            }
        }
        Ok(out)
    }

    fn history(
        &self,
        log: LogId,
        known: (&Noted, Option<u64>),
        progress: &mut Progress<'_>,
    ) -> Result<History, Problem> {
        let of = self.store.heads().into_iter().find(|(of, ..)| *of == log);
        let (size, mut read) = (of.map_or(0, |(_, size, _)| size), 0);
        let mut step = || {
            read += 1;
            progress("entries", read, size);
        };
        Ok(History::read(&*self.store, log, known, &mut step)?)
    }

    /// How many rows of a table lie under each tenant. Those of no tenant are found.
    fn counted(
        &self,
        table: Table,
        tenants: &[Tenant],
        out: &mut Vec<Finding>,
    ) -> Result<BTreeMap<TenantId, u64>, Problem> {
        let mut counts: BTreeMap<TenantId, u64> = tenants.iter().map(|t| (t.id, 0)).collect();
        let mut foreign = 0_u64;
        self.store.scan(table, &[], &mut |key, _| {
            let id = key.first_chunk().copied().map(TenantId);
            match id.and_then(|id| counts.get_mut(&id)) {
                Some(count) => *count += 1,
                None => foreign += 1,
            }
            true
        })?;
        if foreign > 0 {
            let name = if table == Table::Record { "records" } else { "the index" };
            let what = format!("{foreign} rows of {name} belong to no tenant");
            let remedy = "find out who could write to the data folder: no command leaves such rows";
            out.push(Finding::new(Severity::High, what, remedy));
        }
        Ok(counts)
    }

    /// Every row against its address, its slot and the index. Gives the records that have a row,
    /// and how many rows of the index are there as they are wanted.
    fn rows(
        &self,
        tenant: &mut Tenant,
        end: RecordNumber,
        count: u64,
        progress: &mut Progress<'_>,
    ) -> Result<(Numbers, u64), Problem> {
        let (state, mut seen) = (self.read(), Numbers::below(end));
        let context = self.context(&state);
        let Tenant { id, receipt, history, tally, .. } = tenant;
        let (mut read, mut present, mut failed) = (0, 0, None);
        let whole = history.faults.is_empty();
        let mut judge = |key: &[u8], value: &[u8]| -> Result<(), Stop> {
            let found = receipt.row(&context, key, value, &mut |r| self.store.slot(r))?;
            let (record, sound) = match found {
                RowFound::Amiss(record, what) => {
                    tally.note(what, record);
                    (record, None)
                }
                RowFound::Erased(record) => {
                    tally.erased();
                    (Some(record), None)
                }
                RowFound::Sound(row) => (Some(row.record), Some(row)),
            };
            record.into_iter().for_each(|record| seen.insert(record));
            if whole && record.is_some_and(|record| !history.has_sealed(record)) {
                tally.note(Tampering::RowUnstated, record);
            }
            if let Some(row) = sound {
                let newest = history.newest_version(&row.pseudonym, row.record);
                if newest.is_some_and(|version| version > row.version) {
                    tally.note(Tampering::RowOlder, record);
                }
                present += self.indexed(&row, tally)?;
            }
            Ok(())
        };
        self.store.scan(Table::Record, &id.0, &mut |key, value| {
            read += 1;
            progress("rows", read, count);
            failed = judge(key, value).err();
            failed.is_none()
        })?;
        drop(state);
        match failed {
            Some(stop) => Err(self.stopped(stop)),
            None => Ok((seen, present)),
        }
    }

    /// How many rows of the index are there as a row wants them.
    fn indexed(&self, row: &SoundRow, tally: &mut Tally) -> Result<u64, ReadError> {
        let mut present = 0;
        for wanted in &row.index {
            let before = present;
            for (key, check) in &wanted.rows {
                let Some(found) = self.store.get(Table::Index, key)? else { continue };
                present += 1;
                if found != check {
                    tally.note(Tampering::IndexNotAuthentic, Some(row.record));
                }
            }
            if present == before && wanted.certain {
                tally.note(Tampering::IndexMissing, Some(row.record));
            }
        }
        Ok(present)
    }

    /// Every slot of a record that was sealed: live with a row, or erased by an entry.
    fn slots(
        &self,
        tenant: &mut Tenant,
        seen: &Numbers,
        progress: &mut Progress<'_>,
    ) -> Result<(), Problem> {
        let Tenant { id, receipt, history, tally, .. } = tenant;
        let count = history.sealed.iter().map(|range| range.count).sum();
        let mut stones = Vec::new();
        for (done, record) in (1..).zip(history.records()) {
            progress("slots", done, count);
            let bytes = self.store.slot(record)?;
            let found = receipt.slot(&self.context(&self.read()), record, &bytes);
            match found {
                SlotFound::Live if seen.holds(record) => {}
                SlotFound::Live => tally.note(Tampering::RowMissing, Some(record)),
                SlotFound::Unused if !seen.holds(record) && history.may_be_lost(record) => {
                    tally.lost(record);
                }
                SlotFound::Unused => tally.note(Tampering::SlotMissing, Some(record)),
                SlotFound::Damaged => tally.note(Tampering::SlotDamaged, Some(record)),
                SlotFound::Erased(stone) => stones.push((record, stone)),
            }
        }
        for record in unfounded(&*self.store, LogId::Tenant(id.0), stones)? {
            tally.note(Tampering::SlotErasedByNone, Some(record));
        }
        Ok(())
    }

    /// Names the rows of the index that no row of a record wants.
    fn surplus(&self, tenant: &mut Tenant, progress: &mut Progress<'_>) -> Result<(), Problem> {
        let state = self.read();
        let context = self.context(&state);
        let Tenant { id, receipt, tally, .. } = tenant;
        let (mut read, mut failed) = (0, None);
        self.store.scan(Table::Index, &id.0, &mut |key, value| {
            read += 1;
            progress("index", read, 0);
            let rows = &mut |at: &strongroom_core::vault::sealed::RowAddress| {
                self.store.get(Table::Record, &at.key())
            };
            let slots = &mut |record| self.store.slot(record);
            match receipt.is_wanted(&context, (key, value), slots, rows) {
                Ok((_, true)) => {}
                Ok((record, false)) => match self.is_erased(receipt, &context, record) {
                    Ok(true) => tally.erased(),
                    Ok(false) => tally.note(Tampering::IndexNotAuthentic, record),
                    Err(error) => failed = Some(error.into()),
                },
                Err(stop) => failed = Some(stop),
            }
            failed.is_none()
        })?;
        drop(state);
        failed.map_or(Ok(()), |stop| Err(self.stopped(stop)))
    }

    /// Records that one key names: rows of the index that differ in the record alone.
    fn twice(&self, tenant: &mut Tenant) -> Result<(), Problem> {
        let Tenant { id, receipt, tally, .. } = tenant;
        let state = self.read();
        let context = self.context(&state);
        let collections = state.registry.collections().filter(|c| c.tenant == *id);
        for (collection, field) in collections.filter_map(|c| Some((c.id, c.key?))) {
            let (mut before, mut failed) = (Vec::new(), None);
            let is_there = |record: RecordNumber| {
                let bytes = self.store.slot(record)?;
                let live = receipt.slot(&context, record, &bytes) == SlotFound::Live;
                Ok::<_, ReadError>(live && !state.registry.leaving().holds(*id, record))
            };
            let mut see = |key: &[u8]| {
                let Some((tag, record)) = key.split_last_chunk() else { return Ok(()) };
                let last: Option<(&[u8], &[u8; 8])> = before.split_last_chunk();
                if let Some((_, last)) = last.filter(|(last, _)| *last == tag) {
                    let [last, record] =
                        [last, record].map(|n| RecordNumber(u64::from_be_bytes(*n)));
                    if is_there(last)? && is_there(record)? {
                        tally.note(Tampering::KeyTwice, Some(record));
                    }
                }
                before = key.to_vec();
                Ok::<_, ReadError>(())
            };
            let prefix = field_prefix(*id, collection, field);
            self.scan_index(&prefix, &mut |key, _| {
                failed = see(key).err();
                failed.is_none()
            })?;
            if let Some(failed) = failed {
                return Err(failed.into());
            }
        }
        Ok(())
    }

    /// Whether the record was erased: what the index still has of it, nobody can judge.
    fn is_erased(
        &self,
        receipt: &Receipt<Examine>,
        context: &Context<'_>,
        record: Option<RecordNumber>,
    ) -> Result<bool, ReadError> {
        let Some(record) = record else { return Ok(false) };
        let found = receipt.slot(context, record, &self.store.slot(record)?);
        Ok(matches!(found, SlotFound::Erased(_)))
    }

    /// Slots that no entry gives to a record are as they were made: zeros. Only a whole ledger can
    /// say which those are.
    fn unowned(
        &self,
        tenants: &mut [Tenant],
        owned: &Numbers,
        end: RecordNumber,
        out: &mut Vec<Finding>,
    ) -> Result<(), Problem> {
        if tenants.iter().any(|tenant| !tenant.history.faults.is_empty()) {
            return Ok(());
        }
        let (state, mut strange) = (self.read(), Vec::new());
        let context = self.context(&state);
        for record in (1..end.0).map(RecordNumber).filter(|record| !owned.holds(*record)) {
            let bytes = self.store.slot(record)?;
            if bytes.iter().all(|byte| *byte == 0) {
                continue;
            }
            let whose = tenants.iter_mut().find(|tenant| {
                let found = tenant.receipt.slot(&context, record, &bytes);
                matches!(found, SlotFound::Live | SlotFound::Erased(_))
            });
            match whose {
                Some(tenant) => tenant.tally.note(Tampering::SlotUnstated, Some(record)),
                None => strange.push(record),
            }
        }
        if !strange.is_empty() {
            let names: Vec<String> =
                strange.iter().take(NAMES_MAX).map(|r| r.0.to_string()).collect();
            let names = listed(&names, strange.len());
            let count = strange.len();
            let what = format!("{count} slots of no record hold something: number {names}");
            let remedy =
                "keep the slot file as it is, as evidence, and find out who could write it";
            out.push(Finding::new(Severity::High, what, remedy));
        }
        Ok(())
    }

    /// Rows of tenants, principals, collections, keys and jobs are authentic.
    fn control_rows(&self) -> Result<Vec<Finding>, Problem> {
        let (mut registry, mut bad, mut jobs) = (Registry::default(), 0_u64, 0_u64);
        self.store.scan(Table::Control, &[], &mut |key, value| {
            let loaded = match key.first() {
                Some(&ERASING_KIND) => registry.load_erasing(&self.keys.store, key, value),
                _ => registry.load(&self.control, key, value),
            };
            bad += u64::from(loaded.is_err());
            true
        })?;
        let State { registry, .. } = &*self.read();
        self.store.scan(Table::Job, &[], &mut |key, value| {
            // Under zeros lies what is of the install.
            let of = |id: &[u8; 16]| *id == [0; 16] || registry.tenant_of(TenantId(*id)).is_some();
            let sound = key.first_chunk().is_some_and(of)
                && open_row(&self.control, "job", key, value).is_some();
            jobs += u64::from(!sound);
            true
        })?;
        let finding = |count: u64, name: &str| {
            let what = format!("{count} rows of {name} are not authentic");
            let remedy = "keep both folders as they are, as evidence, and find out who could write \
                          to the data folder";
            (count > 0).then(|| Finding::new(Severity::High, what, remedy))
        };
        let found = [finding(bad, "control"), finding(jobs, "jobs and counts of guesses")];
        Ok(found.into_iter().flatten().collect())
    }
}

fn ledger_faults(log: LogId, history: &History) -> Option<Finding> {
    let faults = &history.faults;
    let named = listed(faults, faults.len());
    let what = format!("log {log} is not what was written: {named}");
    let remedy = "keep both folders as they are, as evidence, and hold an export against earlier \
                  checkpoints and receipts with `strongroom-verify --since` and `--receipt`";
    (!faults.is_empty()).then(|| Finding::new(Severity::High, what, remedy))
}
