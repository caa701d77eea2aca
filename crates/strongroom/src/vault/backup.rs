//! Backup: one moment of the store as two sealed streams, while others go on writing.
//!
//! The order: an entry that it begins; rows and ledger of the moment, unless it is of the slots
//! alone; the slots, as they are by then; each synced and read back behind the writing, from the
//! first chunk to the last; an entry that it is whole; the manifest, without which it counts as
//! nothing. The epoch key, the root key and the store key are never in one.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use strongroom_core::access::Receipt;
use strongroom_core::access::backup::Backup;
use strongroom_core::id::{BackupId, RecordNumber};
use strongroom_core::principal::Principal;
use strongroom_core::source::draw;
use strongroom_core::store::{Snapshot, Table};
use strongroom_core::vault::keys::{BackupKey, SecretKey};

use super::Vault;
use crate::backup::{
    self, BackupError, Head, Identity, Item, Kind, Manifest, Means, Opened, Sink, Source,
    StreamKind, entry_key,
};
use crate::problem::Problem;
use crate::store::disk::{Disk, Folder, is_full};

/// Slots of one item: 1 MiB.
const SLOTS_A_RUN: u64 = 16_384;

/// What a backup is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// Rows, ledger and slots.
    Install,
    /// Slots: small, wanted in several places, and dead once the epoch turns.
    Slots,
}

/// A backup that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupReport {
    /// Its id.
    pub backup: BackupId,
    /// Records in it.
    pub records: u64,
    /// Ledger entries in it.
    pub entries: u64,
    /// Bytes of its streams.
    pub bytes: u64,
    /// The epoch that its copy of the slots dies with.
    pub slots_epoch: u32,
}

/// How far a backup has come: bytes written; or a restore, bytes read.
pub type Progress<'p> = dyn Fn(u64) + Sync + 'p;

impl Vault {
    /// Writes a backup into a folder that is new or empty. What is left of one that fails is
    /// removed.
    ///
    /// # Errors
    /// A [`Problem`]: refused, the folder in use, a full disk; nothing then counts as a backup.
    pub fn backup(
        &self,
        who: &Principal,
        (of, out): (Whole, &Path),
        now_us: u64,
        progress: &Progress<'_>,
    ) -> Result<BackupReport, Problem> {
        let receipt = self.begin_backup(who, of, || {
            refuse_used(out)?;
            // Slots are small beside what is kept free for them.
            if of == Whole::Install { self.room_for_copy(out) } else { Ok(()) }
        })?;
        let made = !out.exists();
        let folder = Folder::open(out).map_err(|e| unusable(out, &e));
        let done = match folder {
            Ok(folder) => self.backup_to(receipt, (of, &folder), now_us, progress),
            Err(problem) => self.give_up(receipt, problem),
        };
        if done.is_err() {
            remove(out, made);
        }
        done
    }

    /// The same through the port to files, for the model and its tests.
    ///
    /// # Errors
    /// A [`Problem`].
    pub fn backup_into(
        &self,
        who: &Principal,
        disk: &dyn Disk,
        now_us: u64,
    ) -> Result<BackupReport, Problem> {
        let receipt = self.begin_backup(who, Whole::Install, || Ok(()))?;
        self.backup_to(receipt, (Whole::Install, disk), now_us, &|_| {})
    }

    fn begin_backup(
        &self,
        who: &Principal,
        of: Whole,
        usable: impl FnOnce() -> Result<(), Problem>,
    ) -> Result<Receipt<Backup>, Problem> {
        let id = BackupId(draw(&*self.random)?);
        let authorized = self.authorize(who, Backup { id, slots_alone: of == Whole::Slots })?;
        usable()?;
        self.receipt(Ok(authorized.plan()))
    }

    fn give_up<T>(&self, receipt: Receipt<Backup>, problem: Problem) -> Result<T, Problem> {
        // A ledger that cannot say so leaves an entry that began and never ended.
        let _ = self.commit(receipt.given_up());
        Err(problem)
    }

    fn backup_to(
        &self,
        receipt: Receipt<Backup>,
        (of, disk): (Whole, &dyn Disk),
        now_us: u64,
        progress: &Progress<'_>,
    ) -> Result<BackupReport, Problem> {
        let opened = match self.write_backup(receipt.id(), (of, disk), now_us, progress) {
            Ok(opened) => opened,
            Err(problem) => return self.give_up(receipt, problem),
        };
        self.commit(receipt.verified())?;
        // INVARIANT: nothing counts as a backup without both of its entries.
        let Opened { manifest, key, .. } = opened;
        manifest.write(disk, &key)?;
        Ok(BackupReport {
            backup: manifest.backup,
            records: manifest.records.of(Kind::Row(Table::Record)),
            entries: manifest.records.of(Kind::Entry),
            bytes: manifest.records.bytes + manifest.slots.bytes,
            slots_epoch: manifest.epoch,
        })
    }

    /// Writes both streams, which are read back as they become durable.
    fn write_backup(
        &self,
        backup: BackupId,
        (of, disk): (Whole, &dyn Disk),
        time_us: u64,
        progress: &Progress<'_>,
    ) -> Result<Opened, Problem> {
        let secret = SecretKey::generate(&*self.random)?;
        let place = backup::place(self.install);
        let wrapped = self.keys.root.wrap(&*self.random, &place, &secret)?;
        let key = BackupKey::new(&secret);
        let moment = self.store.snapshot()?;
        let identity = Identity {
            backup,
            install: self.install,
            boot: moment.boot(),
            time_us,
            epoch: self.keys.epoch.number(),
            end: moment.end().0,
            key: wrapped,
        };
        let before = AtomicU64::new(0);
        let said = |at: u64| progress(before.load(Ordering::Relaxed) + at);
        let random = &*self.random;
        let head = |size, root: strongroom_core::ledger::Hash| Head { size, root: root.to_hex() };
        let logs = moment.heads().into_iter().filter(|_| of == Whole::Install);
        let logs = logs.map(|(log, size, root)| (log.to_string(), head(size, root))).collect();
        let means = Means { identity: &identity, key: &key, random, logs: &logs, progress: &said };
        let moment = &*moment;
        let (record, index) = (rows_of(moment, Table::Record), rows_of(moment, Table::Index));
        let others = |sink: &mut Sink| others(moment, sink);
        let slots = |sink: &mut Sink| slots(moment, sink);
        // INVARIANT: records, then slots: whoever is erased in between is erased in the backup.
        let (records, tags) = (moment.about(Table::Record), moment.about(Table::Index));
        let steps: [&[Source<'_>]; 2] = [&[(&record, records), (&index, tags)], &[(&others, 1)]];
        let steps = if of == Whole::Slots { &[][..] } else { &steps };
        let records = backup::write(disk, StreamKind::Records, &means, steps)?;
        before.fetch_add(records.bytes, Ordering::Relaxed);
        let slots = backup::write(disk, StreamKind::Slots, &means, &[&[(&slots, 1)]])?;
        let manifest = Manifest::new(&identity, logs, records, slots);
        Ok(Opened { manifest, identity, key })
    }
}

/// Puts the rows of a table.
fn rows_of(
    moment: &dyn Snapshot,
    table: Table,
) -> impl Fn(&mut Sink) -> Result<(), BackupError> + Sync + '_ {
    move |sink| {
        let kind = Kind::Row(table);
        Ok(moment.scan(table, &[], &mut |key, value| sink.put(&Item { kind, key, value }))?)
    }
}

/// Puts the smaller tables, and the entries of all logs.
fn others(moment: &dyn Snapshot, sink: &mut Sink) -> Result<(), BackupError> {
    for table in [Table::Control, Table::Job, Table::Applied] {
        rows_of(moment, table)(sink)?;
    }
    Ok(moment.entries(&mut |log, index, value| {
        sink.put(&Item { kind: Kind::Entry, key: &entry_key(log, index), value })
    })?)
}

/// Puts the slots of all records given out, those never used apart.
fn slots(moment: &dyn Snapshot, sink: &mut Sink) -> Result<(), BackupError> {
    let end = moment.end().0;
    let mut first = 0;
    while first < end {
        let count = SLOTS_A_RUN.min(end - first);
        let run = moment.slots(RecordNumber(first), usize::try_from(count).unwrap_or(0))?;
        let value = run.as_flattened();
        let key = first.to_be_bytes();
        let used = value.iter().any(|byte| *byte != 0);
        if used && !sink.put(&Item { kind: Kind::Slots, key: &key, value }) {
            return Ok(());
        }
        first += count;
    }
    Ok(())
}

fn refuse_used(out: &Path) -> Result<(), Problem> {
    let empty = match std::fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_none(),
        Err(e) => e.kind() == std::io::ErrorKind::NotFound,
    };
    if empty {
        return Ok(());
    }
    let detail = format!("{} is there already", out.display());
    Err(Problem::usage(detail, "name a folder that does not exist yet: no backup is overwritten"))
}

fn unusable(out: &Path, error: &std::io::Error) -> Problem {
    if is_full(error) {
        return strongroom_core::store::CommitError::DiskFull.into();
    }
    let detail = format!("{} cannot be used: {error}", out.display());
    Problem::usage(detail, "name a folder that this user can write, with space left")
}

/// Removes what a backup that failed left: the files that it makes, and the folder if it made that.
fn remove(out: &Path, made: bool) {
    let names = [backup::RECORDS_FILE, backup::SLOTS_FILE, backup::MANIFEST_FILE];
    for name in names {
        let _ = std::fs::remove_file(out.join(name));
    }
    if made {
        let _ = std::fs::remove_dir(out);
    }
}
