//! Restore into a live install: records only. Principals, epochs, revocations, locks, policies, key
//! versions, erasures and the ledger are never taken from a backup.
//!
//! Nothing is touched before both streams were read to the end and found whole. Then window by
//! window: the records of the copy are held against those that are there; of those that can come
//! back, the rows of the index are gathered, and slots where theirs are lost; and batches state
//! them and put them back. Killed anywhere, what a batch did stands, and the next run goes on.

mod build;
mod erased;
mod fresh;
mod later;
mod stated;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::PoisonError;

use serde::Serialize;
use strongroom_core::access::restore::{
    Copied, Found, Judged, Restore, RestoreRecords, Returns, Unreturnable,
};
use strongroom_core::access::{Authorized, Stop};
use strongroom_core::id::{BackupId, CollectionId, TenantId};
use strongroom_core::principal::Principal;
use strongroom_core::store::Table;
use strongroom_core::vault::index::{CHECK_BYTES, INDEX_KEY_BYTES};
use strongroom_core::vault::sealed::RowAddress;
use strongroom_core::vault::slot::{SLOT_BYTES, SlotBytes};

pub(super) use self::fresh::MARKER_FILE;
pub use self::fresh::{NewReport, NewRequest};

use self::erased::Erased;
use super::Vault;
use super::backup::Progress;
use crate::backup::{self, Kind, Opened, StreamKind};
use crate::problem::Problem;
use crate::store::disk::{Disk, Folder};

/// Records that can come back, of one window: their keys and index rows are held in memory.
const WINDOW_RECORDS: usize = 250_000;

/// What a restore did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestoreReport {
    /// The backup.
    pub backup: BackupId,
    /// When it began, in microseconds since the Unix epoch.
    #[serde(skip)]
    pub time_us: u64,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Records in the copy.
    pub records: u64,
    /// Records put back.
    pub put_back: u64,
    /// Of them, those whose slot was put back too.
    pub slots_put_back: u64,
    /// Records that are there and prove themselves: left alone.
    pub left_alone: u64,
    /// Records that were erased since: they stay erased.
    pub erased: u64,
    /// Records sealed since the copy was made.
    pub newer: u64,
    /// Records that could not be put back, by reason.
    pub not_restored: BTreeMap<&'static str, u64>,
}

impl Vault {
    /// Puts back what is missing or damaged, from the backup in a folder.
    ///
    /// # Errors
    /// A [`Problem`]: refused, no backup, a damaged one (nothing was touched), the store.
    pub fn restore(
        &self,
        who: &Principal,
        (from, slots): (&Path, Option<&Path>),
        dry_run: bool,
        progress: &Progress<'_>,
    ) -> Result<RestoreReport, Problem> {
        let slots = slots.map(Folder::to_read);
        let slots = slots.as_ref().map(|folder| folder as &dyn Disk);
        self.restore_from(who, (&Folder::to_read(from), slots), dry_run, progress)
    }

    /// The same through the port to files, for the model and its tests.
    ///
    /// # Errors
    /// A [`Problem`].
    pub fn restore_from(
        &self,
        who: &Principal,
        (disk, apart): (&dyn Disk, Option<&dyn Disk>),
        dry_run: bool,
        progress: &Progress<'_>,
    ) -> Result<RestoreReport, Problem> {
        let open = |disk| backup::open(disk, self.install, &self.keys.root);
        let opened = open(disk);
        let id = opened.as_ref().ok().map(|opened| opened.manifest.backup);
        let authorized = self.authorize(who, Restore { backup: id })?;
        let opened = opened?;
        refuse_slots_alone(&opened)?;
        let apart = apart.map(|disk| Ok::<_, Problem>((disk, open(disk)?))).transpose()?;
        let beside = backup::check(disk, &opened, false, progress, &mut |_| {})?;
        if let Some((disk, opened)) = &apart {
            backup::check(*disk, opened, true, progress, &mut |_| {})?;
        }
        let slots = match &apart {
            Some((disk, opened)) => Some((*disk, opened)),
            None => beside.then_some((disk, &opened)),
        };
        // Whatever was checked of a record still holds when its batch is committed.
        let _one = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        self.commit(authorized.begin())?;
        let (end, erased) = {
            let moment = self.store.snapshot()?;
            (moment.end().0, Erased::of(&*moment)?)
        };
        let tenants = self.tenants_to_restore(who, opened.manifest.backup)?;
        let collections = self.read().registry.collections().map(|c| (c.tenant, c.id)).collect();
        let (vault, opened) = (self, &opened);
        let run = Run { vault, disk, opened, slots, dry_run, end, erased, tenants, collections };
        run.all()
    }

    /// The stage of every tenant that there is, its keys loaded.
    fn tenants_to_restore(
        &self,
        who: &Principal,
        backup: BackupId,
    ) -> Result<BTreeMap<TenantId, Authorized<RestoreRecords>>, Problem> {
        let ids: Vec<TenantId> = self.read().registry.tenants().map(|t| t.id).collect();
        let mut stages = BTreeMap::new();
        for id in ids {
            let stage = self.authorize(who, RestoreRecords { tenant: Some(id), backup })?;
            self.load_keys(Some(id))?;
            stages.insert(id, stage);
        }
        Ok(stages)
    }
}

/// One restore under way.
struct Run<'a> {
    vault: &'a Vault,
    disk: &'a dyn Disk,
    opened: &'a Opened,
    /// The copy of the slots, where there is one.
    slots: Option<(&'a dyn Disk, &'a Opened)>,
    dry_run: bool,
    /// No record at or above this was given out here.
    end: u64,
    erased: Erased,
    tenants: BTreeMap<TenantId, Authorized<RestoreRecords>>,
    collections: HashSet<(TenantId, CollectionId)>,
}

/// Records that may come back.
#[derive(Default)]
struct Window {
    /// Their keys, rising.
    keys: Vec<[u8; 28]>,
    records: HashSet<u64>,
    /// Those whose slots are lost.
    slotless: HashSet<u64>,
    /// Whether there are no more behind them.
    ended: bool,
}

type IndexRow = ([u8; INDEX_KEY_BYTES], [u8; CHECK_BYTES]);

impl Run<'_> {
    fn all(&self) -> Result<RestoreReport, Problem> {
        let manifest = &self.opened.manifest;
        let mut report = RestoreReport {
            backup: manifest.backup,
            time_us: manifest.time_us,
            dry_run: self.dry_run,
            records: manifest.records.of(Kind::Row(Table::Record)),
            put_back: 0,
            slots_put_back: 0,
            left_alone: 0,
            erased: 0,
            newer: self.newer()?,
            not_restored: BTreeMap::new(),
        };
        let mut after = None;
        loop {
            let window = self.window(after, &mut report)?;
            if !window.keys.is_empty() {
                let slots = self.slots_of(&window)?;
                let index = self.index_of(&window)?;
                self.put_back(&window, &slots, &index, &mut report)?;
            }
            after = window.keys.last().copied();
            if window.ended {
                return Ok(report);
            }
        }
    }

    /// Records sealed since the copy was made.
    fn newer(&self) -> Result<u64, Problem> {
        let (end, mut newer) = (self.opened.manifest.end, 0);
        self.vault.store.scan(Table::Record, &[], &mut |key, _| {
            let record = key.last_chunk().map_or(0, |n| u64::from_be_bytes(*n));
            newer += u64::from(record >= end);
            true
        })?;
        Ok(newer)
    }

    /// Looks at the records of the copy behind `after`, and counts those that stay as they are.
    fn window(
        &self,
        after: Option<[u8; 28]>,
        report: &mut RestoreReport,
    ) -> Result<Window, Problem> {
        let (mut window, mut problem) = (Window { ended: true, ..Window::default() }, None);
        backup::read(self.disk, StreamKind::Records, self.opened, &mut |item| {
            if item.kind != Kind::Row(Table::Record) {
                // Chunks of the index come between those of the records, the rest behind them.
                return Ok(item.kind == Kind::Row(Table::Index));
            }
            let key: Option<[u8; 28]> = item.key.try_into().ok();
            let Some(key) = key.filter(|key| after.is_none_or(|after| *key > after)) else {
                return Ok(true);
            };
            let Some(at) = RowAddress::read(&key) else { return Ok(true) };
            match self.judge(Copied { at, row: item.value, slot: None }) {
                Ok(Judged::There) => drop(report.count(|r| &mut r.left_alone)),
                Ok(Judged::Erased) => drop(report.count(|r| &mut r.erased)),
                Ok(Judged::Not(why)) if why != Unreturnable::Slot || self.slots.is_none() => {
                    report.not_restored(why.name());
                }
                Ok(judged) => {
                    if matches!(judged, Judged::Not(_)) {
                        window.slotless.insert(at.record.0);
                    }
                    window.keys.push(key);
                    window.records.insert(at.record.0);
                    window.ended = window.keys.len() < WINDOW_RECORDS;
                }
                Err(Unfit::Reason(why)) => drop(report.not_restored(why)),
                Err(Unfit::Problem(stopped)) => problem = Some(stopped),
            }
            Ok(problem.is_none() && window.ended)
        })?;
        problem.map_or(Ok(window), Err)
    }

    /// Holds a record of the copy against the one that is there.
    fn judge<'c>(&self, copied: Copied<'c>) -> Result<Judged<'c>, Unfit> {
        let at = copied.at;
        let stage = self.tenants.get(&at.tenant).ok_or(Unfit::Reason("no_tenant"))?;
        if !self.collections.contains(&(at.tenant, at.collection)) {
            return Err(Unfit::Reason("no_collection"));
        }
        let state = self.vault.read();
        let store = &self.vault.store;
        let slot = store.slot(at.record).map_err(Problem::from)?;
        let row = store.get(Table::Record, &at.key()).map_err(Problem::from)?;
        let found = Found {
            slot: &slot,
            row: row.as_deref(),
            given_out: at.record.0 < self.end,
            erased: self.erased.names(at.tenant, at.record.0),
        };
        let judged = stage.judge(&self.vault.context(&state), copied, found);
        judged.map_err(|stop: Stop| Unfit::Problem(crate::problem::of_stop(&stop)))
    }

    /// The copies of the slots that are lost.
    fn slots_of(&self, window: &Window) -> Result<HashMap<u64, SlotBytes>, Problem> {
        let mut slots = HashMap::new();
        let Some((disk, opened)) = self.slots.filter(|_| !window.slotless.is_empty()) else {
            return Ok(slots);
        };
        backup::read(disk, StreamKind::Slots, opened, &mut |item| {
            let first = item.first().unwrap_or(u64::MAX);
            let (run, _) = item.value.as_chunks::<SLOT_BYTES>();
            let numbered = (first..).zip(run).filter(|(n, _)| window.slotless.contains(n));
            slots.extend(numbered.map(|(n, slot)| (n, *slot)));
            Ok(true)
        })?;
        Ok(slots)
    }

    /// The rows of the index that belong to records of the window, by record.
    fn index_of(&self, window: &Window) -> Result<Vec<(u64, IndexRow)>, Problem> {
        let mut rows = Vec::new();
        backup::read(self.disk, StreamKind::Records, self.opened, &mut |item| {
            let is_index = item.kind == Kind::Row(Table::Index);
            if is_index
                && window.records.contains(&record_of(item.key))
                && let (Ok(key), Ok(value)) = (item.key.try_into(), item.value.try_into())
            {
                let row: IndexRow = (key, value);
                rows.push((record_of(&key), row));
            }
            Ok(is_index || item.kind == Kind::Row(Table::Record))
        })?;
        rows.sort_unstable();
        Ok(rows)
    }

    /// Puts the records of a window back, each batch under its entries.
    fn put_back(
        &self,
        window: &Window,
        slots: &HashMap<u64, SlotBytes>,
        index: &[(u64, IndexRow)],
        report: &mut RestoreReport,
    ) -> Result<(), Problem> {
        let mut keys = window.keys.iter().peekable();
        let mut batch: Option<(TenantId, Returns<'_>)> = None;
        let mut problem = None;
        backup::read(self.disk, StreamKind::Records, self.opened, &mut |item| {
            if keys.next_if(|key| key.as_slice() == item.key).is_none() {
                return Ok(keys.peek().is_some());
            }
            let Some(at) = RowAddress::read(item.key) else { return Ok(true) };
            let copied = Copied { at, row: item.value, slot: slots.get(&at.record.0) };
            let back = match self.judge(copied) {
                Ok(Judged::Back(back)) => back,
                Ok(Judged::There) => return Ok(report.count(|r| &mut r.left_alone)),
                Ok(Judged::Erased) => return Ok(report.count(|r| &mut r.erased)),
                Ok(Judged::Not(why)) => return Ok(report.not_restored(why.name())),
                Err(Unfit::Reason(why)) => return Ok(report.not_restored(why)),
                Err(Unfit::Problem(stopped)) => {
                    problem = Some(stopped);
                    return Ok(false);
                }
            };
            let full = batch.take_if(|(tenant, b)| *tenant != at.tenant || !b.takes(&back));
            if let Some((_, full)) = full {
                problem = self.finish(full).err();
            }
            report.put_back += 1;
            report.slots_put_back += u64::from(back.with_slot());
            let stage = self.tenants.get(&at.tenant);
            if batch.is_none() {
                batch = stage.map(|stage| (at.tenant, stage.returns()));
            }
            let from = index.partition_point(|(record, _)| *record < at.record.0);
            let rows = index.get(from..).unwrap_or_default().iter();
            let rows = rows.take_while(|(record, _)| *record == at.record.0);
            if let Some((_, batch)) = &mut batch {
                batch.put(back, rows.map(|(_, (key, value))| (key.as_slice(), value.as_slice())));
            }
            Ok(problem.is_none())
        })?;
        match (problem, batch) {
            (Some(problem), _) => Err(problem),
            (None, Some((_, last))) => self.finish(last),
            (None, None) => Ok(()),
        }
    }

    fn finish(&self, batch: Returns<'_>) -> Result<(), Problem> {
        if self.dry_run || batch.is_empty() {
            return Ok(());
        }
        self.vault.commit(batch.finish()).map(|_| ())
    }
}

impl RestoreReport {
    /// Counts one; always true, for "go on".
    fn count(&mut self, what: impl FnOnce(&mut Self) -> &mut u64) -> bool {
        *what(self) += 1;
        true
    }

    fn not_restored(&mut self, why: &'static str) -> bool {
        *self.not_restored.entry(why).or_default() += 1;
        true
    }
}

/// Why a record was not judged.
enum Unfit {
    /// It belongs nowhere here.
    Reason(&'static str),
    /// Something failed.
    Problem(Problem),
}

impl From<Problem> for Unfit {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// Records come from a backup that has some.
fn refuse_slots_alone(opened: &Opened) -> Result<(), Problem> {
    if !opened.manifest.is_slots_alone() {
        return Ok(());
    }
    let detail = "the backup holds slots alone";
    Err(Problem::usage(detail, "name a backup of records, and this one with --slots"))
}

/// The record at the end of a key.
fn record_of(key: &[u8]) -> u64 {
    key.last_chunk().map_or(0, |record| u64::from_be_bytes(*record))
}
