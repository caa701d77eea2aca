//! `restore --new`: an install made anew from a backup, on a host that has the key folder and an
//! empty data folder. Deliberate: the ordinary opening refuses data that is older than the key
//! folder's notes, and this is what puts other notes in their place.
//!
//! The order: a marker in the key folder, with the notes as they were; engine, slots and ledger;
//! the entries that are at hand and newer than the backup; new notes, of a new start, with a higher
//! mark of record numbers; then, in one batch, the entry that says so and the rows that end every
//! credential; last the data folder is told which install it is. Killed anywhere, there is no
//! install in the data folder yet, and the next run starts over with the notes of the marker.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use strongroom_core::access::system;
use strongroom_core::control::{TenantRow, principal_key, tenant_key};
use strongroom_core::id::{BackupId, InstallId, Name, PrincipalId};
use strongroom_core::limits::Limits;
use strongroom_core::principal::{Credential, Kind as PrincipalKind, PrincipalRow, Scope};
use strongroom_core::source::{Clock, Random, draw};
use strongroom_core::store::{Changes, Table};
use zeroize::Zeroizing;

use super::build::{Rows, Sources, build, heads};
use super::later::{Later, Meaning};
use super::refuse_slots_alone;
use crate::backup::{self, Kind, Opened};
use crate::boundary::resolved;
use crate::custody::{Ask, KeyFolder, OPERATOR_FILE};
use crate::problem::{Kind as ProblemKind, Problem};
use crate::store::disk::{Disk, Folder};
use crate::store::local::LocalStore;
use crate::store::notes::{NOTES_FILE, Notes};
use crate::vault::admin::{TENANT_JOBS, json};
use crate::vault::backup::Progress;
use crate::vault::open::{self, INSTALL_FILE, InstallFile, LOCK_FILE};
use crate::vault::{Folders, Vault};

/// Stands in the key folder while an install is made anew: the data folder it is for, and the notes
/// as they were before.
pub(in crate::vault) const MARKER_FILE: &str = "restore.incomplete";
const MARKER: &[u8] = b"an interrupted `restore --new` left this; run it again\n";

/// Record numbers passed over. The key folder may be a copy that is older than the last record: a
/// number that was given out by then must not be given out again, since tokens name it.
const NUMBERS_PASSED_OVER: u64 = 1 << 20;

/// What a new install is made of.
pub struct NewRequest {
    /// The backup.
    pub from: PathBuf,
    /// A backup whose slots are taken instead of its own.
    pub slots: Option<PathBuf>,
    /// An export of the ledger that is newer, if one is at hand.
    pub ledger: Option<PathBuf>,
    /// Somebody to ask for the key folder's passphrase.
    pub ask: Option<Ask>,
}

/// A new install.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewReport {
    /// The install.
    pub install: InstallId,
    /// The backup.
    pub backup: BackupId,
    /// When the backup began, in microseconds since the Unix epoch.
    #[serde(skip)]
    pub time_us: u64,
    /// Records in it.
    pub records: u64,
    /// Whether a later ledger was at hand.
    pub later: bool,
    /// Entries of it that the backup did not have.
    pub later_entries: u64,
    /// Records that it says were erased since: their slots are tombstones.
    pub erased: u64,
    /// Principals that it says were revoked since.
    pub revoked: u64,
    /// Records that it says were sealed since: they are not here. Without it nobody can say.
    pub newer: Option<u64>,
    /// Record numbers given out since the copy, as far as the key folder noted: a bound, in blocks.
    pub newer_at_most: u64,
    /// Acts of it whose effect is not here, by act.
    pub lost: BTreeMap<String, u64>,
    /// Entries that the key folder knew of and that are not at hand, by log.
    pub entries_lost: BTreeMap<String, u64>,
    /// The next record number.
    pub next_record: u64,
    /// Principals whose credentials ended.
    pub ended: u64,
}

/// Where the fresh credential goes before the install counts.
pub type Keep<'k> = dyn Fn(&str) -> Result<(), Problem> + 'k;

impl Vault {
    /// Makes an install anew. Gives what was done, and the local operator's fresh credential, which
    /// `keep` was given before the install counts.
    ///
    /// # Errors
    /// A [`Problem`]; there is then no install in the data folder.
    pub fn restore_new(
        folders: &Folders,
        request: &NewRequest,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        keep: &Keep<'_>,
        progress: &Progress<'_>,
    ) -> Result<(NewReport, Zeroizing<String>), Problem> {
        let there = of_custody(folders)?;
        let _locks = open::locks(folders)?;
        let keys = KeyFolder::open(&folders.keys)?.asking(request.ask.clone());
        let (old, interrupted) = notes(folders, &keys)?;
        empty(folders, interrupted)?;
        let root = keys.load(there.install, old.epoch)?;
        let disk = Folder::to_read(&request.from);
        let opened = backup::open(&disk, there.install, &root.root)?;
        refuse_slots_alone(&opened)?;
        let apart = request.slots.as_deref().map(Folder::to_read);
        let apart = apart
            .map(|disk| Ok::<_, Problem>((backup::open(&disk, there.install, &root.root)?, disk)));
        let apart = apart.transpose()?;
        let slots: (&dyn Disk, &Opened) = match &apart {
            Some((opened, disk)) => (disk, opened),
            None => (&disk, &opened),
        };
        // Of both: the keys of the index are wrapped under the epoch.
        same_epoch(&opened, &old)?;
        same_epoch(slots.1, &old)?;
        let control = checked((&disk, &opened), apart.is_some().then_some(slots), progress)?;
        let registry = Rows::read(&control, &root, there.install)?;
        let key = |log| registry.key(&root, there.install, log);
        let later = request.ledger.as_ref();
        let later = later.map(|folder| Later::open(folder, &heads(&opened), &key)).transpose()?;
        let (later, meaning) = later.map_or((None, Meaning::default()), |(l, m)| (Some(l), m));
        let old_bytes = old.to_bytes().map_err(|_| Problem::internal("notes"))?;
        let marker = [MARKER, path_line(folders).as_bytes(), &old_bytes].concat();
        keys.write(MARKER_FILE, &marker)?;
        let media = open::media(folders, clock, Arc::clone(&random))?;
        let ends = [old.high_water, opened.manifest.end, slots.1.manifest.end, meaning.end];
        let next = ends.into_iter().max().unwrap_or(1) + NUMBERS_PASSED_OVER;
        let from = Sources {
            disk: &disk,
            opened: &opened,
            slots,
            later: later.as_ref(),
            meaning: &meaning,
            random: &*random,
        };
        let lost = build(&media, &root, &old, &from, next)?;
        let store = LocalStore::open(media, there.install, &root.epoch, Arc::clone(&root.store))?;
        let vault = Self::over(there.install, there.development, root, Arc::new(store), random)?;
        vault.mend_log_keys()?;
        let (credential, ended) = vault.end_credentials(&opened, &old, &meaning, keep)?;
        drop(vault);
        settle(folders, &keys, &there, &credential)?;
        let revoked = meaning.revoked.iter().filter(|id| registry.is_live(**id)).count() as u64;
        let report = NewReport {
            later: later.is_some(),
            newer: later.is_some().then_some(meaning.newer),
            newer_at_most: old.high_water.saturating_sub(opened.manifest.end),
            revoked,
            entries_lost: lost,
            next_record: next,
            ended,
            ..NewReport::of(&opened, meaning)
        };
        Ok((report, credential))
    }

    /// Ends every credential, makes one for a local operator, and says so in the ledger; in one
    /// batch. Gives the new one, and how many principals had one.
    fn end_credentials(
        &self,
        opened: &Opened,
        old: &Notes,
        meaning: &Meaning,
        keep: &Keep<'_>,
    ) -> Result<(Zeroizing<String>, u64), Problem> {
        let mut rows: Vec<PrincipalRow> = self.read().registry.principals().cloned().collect();
        let mut ended = 0;
        for row in &mut rows {
            ended += u64::from(!row.revoked);
            row.revoked |= meaning.revoked.contains(&row.id);
            // INVARIANT: no hash is empty, so nothing proves to be this principal any more.
            row.credential = String::new();
            row.former = None;
            row.epoch = row.epoch.saturating_add(1);
        }
        let local = |row: &&mut PrincipalRow| row.scope == Scope::Install && !row.revoked;
        let id = match rows.iter_mut().find(local) {
            Some(row) => row.id,
            None => {
                let row = another_operator(&rows, PrincipalId(draw(&*self.random)?))?;
                let id = row.id;
                rows.push(row);
                id
            }
        };
        let credential = Credential::generate(id, &*self.random)?;
        let text = credential.disclose();
        let (mut changes, mut keys) = (Changes::default(), Vec::new());
        for row in &mut rows {
            if row.id == id {
                row.credential = credential.hash(&self.control);
            }
            let key = principal_key(row.id);
            self.put_control(&mut changes, &key, &json(row)?);
            keys.push(key);
        }
        self.put_lost_tenants(meaning, &mut changes)?;
        keep(&text)?;
        let known = old.logs.iter();
        let known: Vec<_> =
            known.map(|(log, note)| (log.clone(), note.size, note.root.clone())).collect();
        let batch = system::restored(opened.manifest.backup, &known, changes);
        self.commit_control(batch, &keys)?;
        Ok((text, ended))
    }

    /// Tenants that were added after the backup: their keys are gone, and with them their values;
    /// their logs are not, and go on under keys of their own.
    fn put_lost_tenants(&self, meaning: &Meaning, changes: &mut Changes) -> Result<(), Problem> {
        for id in &meaning.tenants {
            if self.read().registry.tenant_of(*id).is_some() {
                continue;
            }
            let short: String = id.to_string().chars().take(12).collect();
            let name = Name::parse(&format!("lost-{short}"));
            let name = name.map_err(|e| Problem::internal(e.to_string()))?;
            for job in TENANT_JOBS {
                self.put_key(changes, Some(*id), job)?;
            }
            let row = TenantRow { id: *id, name };
            self.put_control(changes, &tenant_key(*id), &json(&row)?);
        }
        Ok(())
    }
}

impl NewReport {
    fn of(opened: &Opened, meaning: Meaning) -> Self {
        let manifest = &opened.manifest;
        Self {
            install: manifest.install,
            backup: manifest.backup,
            time_us: manifest.time_us,
            records: manifest.records.of(Kind::Row(Table::Record)),
            later: false,
            later_entries: meaning.entries,
            erased: meaning.erased.iter().map(|(_, (first, end), _)| end - first).sum(),
            revoked: 0,
            newer: None,
            newer_at_most: 0,
            lost: meaning.lost,
            entries_lost: BTreeMap::new(),
            next_record: 0,
            ended: 0,
        }
    }
}

/// Tells the data folder which install it is: from here on it is one.
fn settle(
    folders: &Folders,
    keys: &KeyFolder,
    install: &InstallFile,
    credential: &str,
) -> Result<(), Problem> {
    if install.development {
        keys.write(OPERATOR_FILE, format!("{credential}\n").as_bytes())?;
    }
    let bytes = serde_json::to_vec(install).map_err(|_| Problem::internal("install.json"))?;
    let data = open::folder(&folders.data)?;
    data.replace(INSTALL_FILE, &bytes).map_err(|e| open::data(folders, &e))?;
    keys.remove(MARKER_FILE)
}

/// A local operator, where every one that there was is revoked.
fn another_operator(rows: &[PrincipalRow], id: PrincipalId) -> Result<PrincipalRow, Problem> {
    let free = |name: &Name| rows.iter().all(|row| row.name != *name);
    let names = (2..).map(|n| Name::parse(&format!("operator-{n}")));
    let name = names.flatten().find(free).ok_or_else(|| Problem::internal("no name is free"))?;
    let (kind, scope) = (PrincipalKind::Operator, Scope::Install);
    Ok(PrincipalRow {
        id,
        name,
        kind,
        scope,
        epoch: 0,
        revoked: false,
        credential: String::new(),
        former: None,
        limits: Limits::default(),
    })
}

/// What the key folder says of its install; the data folder must be of none.
fn of_custody(folders: &Folders) -> Result<InstallFile, Problem> {
    open::keep_apart(folders)?;
    let keys = folders.keys.display();
    let there = open::read_install(&folders.keys)?.ok_or_else(|| {
        let detail = format!("{keys} is not the key folder of an install");
        Problem::usage(detail, "bring the copy of the install's key folder and name it with --keys")
    })?;
    if folders.data.join(INSTALL_FILE).exists() {
        let detail = format!("{} belongs to an install already", folders.data.display());
        let remedy = "without --new, `restore` puts records back into it; for a new host, name a \
                      data folder that does not exist yet";
        return Err(Problem::usage(detail, remedy));
    }
    Ok(there)
}

/// The notes as they were before any `restore --new` into this data folder, and whether there was
/// one that was interrupted.
fn notes(folders: &Folders, keys: &KeyFolder) -> Result<(Notes, bool), Problem> {
    let damaged = |file: &str| Problem::tampered(format!("the key folder's {file} is damaged"));
    let now = Notes::from_bytes(&keys.read(NOTES_FILE)?).ok_or_else(|| damaged(NOTES_FILE))?;
    if !folders.keys.join(MARKER_FILE).exists() {
        return Ok((now, false));
    }
    let marker = keys.read(MARKER_FILE)?;
    let rest = marker.strip_prefix(MARKER).ok_or_else(|| damaged(MARKER_FILE))?;
    let Some(before) = rest.strip_prefix(path_line(folders).as_bytes()) else {
        let detail = "an interrupted `restore --new` into another data folder left its marker";
        let remedy = "run it again with the --data it had, or remove restore.incomplete from the \
                      key folder if that data folder is given up";
        return Err(Problem::usage(detail, remedy));
    };
    let mut before = Notes::from_bytes(before).ok_or_else(|| damaged(MARKER_FILE))?;
    before.high_water = before.high_water.max(now.high_water);
    before.boot = before.boot.max(now.boot);
    Ok((before, true))
}

fn path_line(folders: &Folders) -> String {
    format!("{}\n", resolved(&folders.data).display())
}

/// Refuses a data folder that holds anything, but for what an interrupted run left, which goes.
fn empty(folders: &Folders, interrupted: bool) -> Result<(), Problem> {
    let trouble = |e: std::io::Error| open::data(folders, &e);
    for entry in std::fs::read_dir(&folders.data).map_err(trouble)?.flatten() {
        let name = entry.file_name();
        if name == LOCK_FILE {
            continue;
        }
        if !(interrupted && name.to_str().is_some_and(|name| open::is_made(name, false))) {
            let detail = format!("{} is not empty", folders.data.display());
            let remedy = "name a data folder that does not exist yet with --data";
            return Err(Problem::usage(detail, remedy));
        }
        let gone = match entry.file_type().is_ok_and(|t| t.is_dir()) {
            true => std::fs::remove_dir_all(entry.path()),
            false => std::fs::remove_file(entry.path()),
        };
        gone.map_err(trouble)?;
    }
    Ok(())
}

/// Rows of the control table.
type ControlRows = Vec<(Vec<u8>, Vec<u8>)>;

/// Reads the backup, and the one its slots come from where that is another, from beginning to end.
/// Gives the control rows.
fn checked(
    (disk, opened): (&dyn Disk, &Opened),
    apart: Option<(&dyn Disk, &Opened)>,
    progress: &Progress<'_>,
) -> Result<ControlRows, Problem> {
    let mut control = Vec::new();
    backup::check(disk, opened, apart.is_none(), progress, &mut |item| {
        if item.kind == Kind::Row(Table::Control) {
            control.push((item.key.to_vec(), item.value.to_vec()));
        }
    })?;
    if let Some((disk, opened)) = apart {
        backup::check(disk, opened, true, progress, &mut |_| {})?;
    }
    Ok(control)
}

/// Slots that were copied in another epoch open nobody's record.
fn same_epoch(opened: &Opened, old: &Notes) -> Result<(), Problem> {
    let (theirs, ours) = (opened.manifest.epoch, old.epoch);
    if theirs == ours {
        return Ok(());
    }
    let detail = format!(
        "the backup's slots are of epoch {theirs} and the key folder's epoch is {ours}: nothing in \
         it would open"
    );
    let remedy = "use a backup that was made since the epoch turned; an older one opens nobody's \
                  record, and is meant not to";
    Err(Problem::new(ProblemKind::Usage, detail, remedy))
}
