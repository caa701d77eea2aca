//! The later ledger: an export that is newer than a backup, and what its entries mean for an
//! install that is made from the backup. Nothing of it is believed that the log's own key did not
//! sign, or, of a log whose key came after the backup, that the system log did not note.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use strongroom_core::erasure::Erasing;
use strongroom_core::id::{PrincipalId, RecordNumber, TenantId};
use strongroom_core::ledger::merkle::{Frontier, leaf_hash};
use strongroom_core::ledger::note::{Checkpoint, NOTE_SIZE_MAX, VerifierKey};
use strongroom_core::ledger::tile::{BUNDLE_SIZE_MAX, Bundle, TILE_WIDTH, TileKind, TilePath};
use strongroom_core::ledger::{Entry, Hash, LogId};

use super::stated::{Erasures, Standing, Stated};
use crate::backup::Head;
use crate::problem::{Kind, Problem};

/// An export in a folder.
pub struct Later {
    root: PathBuf,
    /// Of each log: what the backup has of it, and the size up to which the export is believed.
    logs: BTreeMap<LogId, (Head, u64)>,
}

/// Records of a tenant, first and end, and index and leaf hash of the entry that erased them.
pub type Gone = (TenantId, (u64, u64), (u64, Hash));

/// Looks at an entry: its log and its bytes.
type Visit<'v> = dyn FnMut(LogId, &[u8]) -> Result<(), Problem> + 'v;

/// Looks at an entry of one log: its index and its bytes.
type VisitOne<'v> = dyn FnMut(u64, &[u8]) -> Result<(), Problem> + 'v;

/// What the entries behind the backup say.
#[derive(Default)]
pub struct Meaning {
    /// Records that were erased, with the entry that says so.
    pub erased: Vec<Gone>,
    /// Control rows of erasures that were taken back.
    pub kept: BTreeSet<[u8; 25]>,
    /// Principals that were revoked.
    pub revoked: BTreeSet<PrincipalId>,
    /// Tenants that were added.
    pub tenants: BTreeSet<TenantId>,
    /// Records that were sealed.
    pub newer: u64,
    /// No record at or above this is named.
    pub end: u64,
    /// Acts that changed something which only the lost data folder held, by act.
    pub lost: BTreeMap<String, u64>,
    /// Entries.
    pub entries: u64,
}

impl Later {
    /// Reads an export from beginning to end. `known` is what the backup has of each log, `key`
    /// gives the verification key of a log that the backup knows.
    ///
    /// # Errors
    /// A [`Problem`] when it is none, is not signed, or is another history than the backup's.
    pub fn open(
        root: &Path,
        known: &BTreeMap<LogId, Head>,
        key: &dyn Fn(LogId) -> Result<VerifierKey, Problem>,
    ) -> Result<(Self, Meaning), Problem> {
        let mut later = Self { root: root.to_path_buf(), logs: BTreeMap::new() };
        let (mut meaning, mut heads) = (Meaning::default(), BTreeMap::new());
        // The system log first: it notes the heads of the others.
        for (log, have) in known {
            let note = later.read(&folder(*log, "checkpoint"), NOTE_SIZE_MAX)?;
            // INVARIANT: every log that the backup knows, and none of an earlier state than the
            // system log notes: whoever leaves one out takes its erasures out with it.
            let Some(note) = note else {
                return Err(match log {
                    LogId::System => later.not_one(),
                    LogId::Tenant(_) => later.refused(*log, "the export does not hold it"),
                });
            };
            let signed = Checkpoint::open(&note, &[key(*log)?]);
            let signed = signed.map_err(|e| later.refused(*log, &e.to_string()))?;
            let (size, root) = (signed.size, signed.root);
            later.take(*log, have.clone(), (size, size, root), &mut meaning, &mut heads)?;
        }
        // Logs that began after the backup: as far as the system log vouches for them.
        for (log, (size, root)) in heads.clone() {
            if known.contains_key(&log) {
                continue;
            }
            let note = later.read(&folder(log, "checkpoint"), NOTE_SIZE_MAX)?.unwrap_or_default();
            let text = String::from_utf8_lossy(&note);
            let whole = text.lines().nth(1).and_then(|line| line.parse().ok()).unwrap_or(0);
            let nothing = Head { size: 0, root: Frontier::new().root().to_hex() };
            later.take(log, nothing, (whole, size, root), &mut meaning, &mut heads)?;
        }
        Ok((later, meaning))
    }

    /// Checks a log and takes in what its later entries mean.
    fn take(
        &mut self,
        log: LogId,
        have: Head,
        (whole, size, root): (u64, u64, Hash),
        meaning: &mut Meaning,
        heads: &mut BTreeMap<LogId, (u64, Hash)>,
    ) -> Result<(), Problem> {
        let noted = heads.get(&log).copied();
        if size < have.size && log == LogId::System {
            return Err(self.older());
        }
        if size < have.size || noted.is_some_and(|(noted, _)| size < noted) {
            return Err(self.refused(log, "the system log, or the backup, has more entries of it"));
        }
        let (mut tree, mut erasures, mut collected) = (Frontier::new(), Erasures::new(), vec![]);
        let mut failed = BTreeSet::new();
        self.walk(log, whole, size, &mut |index, leaf| {
            if index == have.size && tree.root().to_hex() != have.root {
                return Err(self.refused(log, "it is another history than the backup's"));
            }
            let hash = leaf_hash(leaf);
            tree.append(hash);
            if noted.is_some_and(|(size, root)| size == index + 1 && root != tree.root()) {
                return Err(self.refused(log, "it is not the one that the system log notes"));
            }
            let entry = Entry::from_bytes(leaf);
            let entry = entry.map_err(|_| self.refused(log, "an entry cannot be read"))?;
            let stated = Stated::read(leaf);
            if let Some(head) = entry.head {
                heads.insert(head.log, (head.size, head.root));
            }
            let Some(stated) = stated.filter(|_| index >= have.size) else { return Ok(()) };
            meaning.entries += 1;
            failed.extend(stated.failed().map(ToOwned::to_owned));
            erasures.note(&stated, (index, hash));
            if entry.act.has_effect() && stated.is_done() {
                meaning.note(&stated, &mut collected);
            }
            Ok(())
        })?;
        if tree.root() != root || (size == have.size && root.to_hex() != have.root) {
            return Err(self.refused(log, "its entries are not those that were signed"));
        }
        meaning.newer += collected
            .iter()
            .filter(|(id, _)| !failed.contains(id))
            .map(|(_, (first, end))| end - first)
            .sum::<u64>();
        if let LogId::Tenant(tenant) = log {
            let (tenant, Standing { erased, kept }) = (TenantId(tenant), erasures.standing());
            meaning.erased.extend(erased.into_iter().map(|(range, at)| (tenant, range, at)));
            let records = kept.into_iter().flat_map(|(first, end)| first..end);
            meaning.kept.extend(records.map(|record| Erasing::key(tenant, RecordNumber(record))));
        }
        self.logs.insert(log, (have, size));
        Ok(())
    }

    /// The entries of all logs that the backup does not have, in the order of each log.
    ///
    /// # Errors
    /// A [`Problem`], and those of `visit`.
    pub fn entries(&self, visit: &mut Visit<'_>) -> Result<(), Problem> {
        for (log, (have, size)) in &self.logs {
            self.walk(*log, *size, *size, &mut |index, leaf| {
                if index < have.size { Ok(()) } else { visit(*log, leaf) }
            })?;
        }
        Ok(())
    }

    /// Walks the first `size` entries of a log whose files are those of `whole`.
    fn walk(
        &self,
        log: LogId,
        whole: u64,
        size: u64,
        visit: &mut VisitOne<'_>,
    ) -> Result<(), Problem> {
        let (mut index, mut bundle) = (0, 0);
        while index < size {
            let missing = || self.refused(log, "a bundle of entries is missing or cut off");
            let path = TilePath::in_tree(TileKind::Entries, bundle, whole);
            let path = folder(log, &path.ok_or_else(missing)?.to_string());
            let bytes = self.read(&path, BUNDLE_SIZE_MAX)?.ok_or_else(missing)?;
            let entries = Bundle::decode(&bytes).map_err(|_| missing())?;
            for leaf in entries.entries() {
                if index < size {
                    visit(index, leaf)?;
                }
                index += 1;
            }
            bundle += 1;
            if index < size && index != bundle * u64::from(TILE_WIDTH) {
                return Err(missing());
            }
        }
        Ok(())
    }

    /// A regular file of the export, no longer than it can be.
    fn read(&self, path: &str, size_max: usize) -> Result<Option<Vec<u8>>, Problem> {
        let file = self.root.join(path);
        let failed = |error: std::io::Error| {
            let detail = format!("{} cannot be read: {error}", file.display());
            Problem::usage(detail, "name an export that this user can read")
        };
        match fs::symlink_metadata(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
            Ok(found) if !found.is_file() => return Err(self.not_one()),
            Ok(_) => {}
        }
        let mut bytes = Vec::new();
        let limit = u64::try_from(size_max).unwrap_or(u64::MAX);
        let read = File::open(&file).and_then(|f| f.take(limit + 1).read_to_end(&mut bytes));
        read.map_err(failed)?;
        if bytes.len() > size_max { Err(self.not_one()) } else { Ok(Some(bytes)) }
    }

    fn not_one(&self) -> Problem {
        let detail = format!("{} is no export of a ledger", self.root.display());
        Problem::usage(detail, "name a folder that `strongroom ledger export` wrote")
    }

    fn older(&self) -> Problem {
        let detail = format!("{} is older than the backup", self.root.display());
        Problem::usage(detail, "name an export that is newer, or leave --ledger out")
    }

    fn refused(&self, log: LogId, why: &str) -> Problem {
        let detail = format!("log {log} of {}: {why}", self.root.display());
        let remedy = "nothing was done; use another copy of the export, or none";
        Problem::new(Kind::Tampered, detail, remedy)
    }
}

impl Meaning {
    fn note(&mut self, stated: &Stated, collected: &mut Vec<(String, (u64, u64))>) {
        let object = stated.ob.as_deref().unwrap_or_default();
        let end = stated.records().map_or(0, |(_, end)| end);
        self.end = self.end.max(end);
        match stated.act.as_str() {
            "pii.collect" => {
                collected.extend(stated.records().map(|range| (stated.id.clone(), range)));
            }
            "pii.erase" | "pii.shred" | "erase.cancel" => {}
            "principal.revoke" => self.revoked.extend(PrincipalId::parse(object).ok()),
            "tenant.add" => self.tenants.extend(TenantId::parse(object).ok()),
            other => *self.lost.entry(other.to_owned()).or_default() += 1,
        }
    }
}

fn folder(log: LogId, file: &str) -> String {
    match log {
        LogId::System => format!("system/{file}"),
        LogId::Tenant(_) => format!("tenants/{log}/{file}"),
    }
}
