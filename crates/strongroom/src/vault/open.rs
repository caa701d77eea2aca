//! Making an install and opening one.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, RwLock};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use strongroom_core::access::system;
use strongroom_core::control::{Registry, principal_key, wrapped_key};
use strongroom_core::erasure::ERASING_KIND;
use strongroom_core::id::{InstallId, Name, PrincipalId};
use strongroom_core::limits::Limits;
use strongroom_core::principal::{Credential, Kind, PrincipalRow, Scope};
use strongroom_core::source::{Clock, Random, draw};
use strongroom_core::store::{Changes, Store, Table};
use strongroom_core::vault::keys::{ControlKey, Job, KeyPlace, SecretKey, WRAPPED_BYTES};
use zeroize::Zeroizing;

use super::records::Performing;
use super::renew::NEXT_FILE;
use super::restore::MARKER_FILE;
use super::{State, Vault};
use crate::boundary::resolved;
use crate::custody::{self, Ask, KeyFolder, OPERATOR_FILE, Passphrase, RootKeys};
use crate::problem::Problem;
use crate::store::disk::{ASIDE, Disk, Folder, is_full};
use crate::store::engine::Engine;
use crate::store::epoch::current;
use crate::store::fjall::Fjall;
use crate::store::local::{LocalStore, Media};
use crate::store::notes::{NOTES_FILE, NoteKeeper, SPARE_NOTES_FILE};
use crate::store::recovery::OpenError;
use crate::store::segment::SPARE_SEGMENT;
use crate::store::swap::Swap;

/// Says which install a folder belongs to; in the data folder and in the key folder alike.
pub(super) const INSTALL_FILE: &str = "install.json";
/// Stands in the key folder while an install is being made.
const INCOMPLETE_FILE: &str = "init.incomplete";
pub(super) const LOCK_FILE: &str = "lock";
const FORMAT: u32 = 1;

/// Where an install lies.
#[derive(Debug, Clone)]
pub struct Folders {
    /// The data folder.
    pub data: PathBuf,
    /// The key folder.
    pub keys: PathBuf,
}

/// What `init` made.
pub struct Initialised {
    /// The install.
    pub install: InstallId,
    /// The local operator's credential; of a development install it lies in the key folder too.
    pub credential: Zeroizing<String>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct InstallFile {
    format: u32,
    /// The install.
    pub(super) install: InstallId,
    /// Whether it is for development.
    pub(super) development: bool,
}

impl Vault {
    /// Makes a new install in two folders.
    ///
    /// # Errors
    /// A [`Problem`]; when it was interrupted, the next `init` starts over, nothing being sealed
    /// yet.
    pub fn init(
        folders: &Folders,
        development: bool,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Initialised, Problem> {
        Self::init_under(folders, development, None, clock, random)
    }

    /// The same, with the root key under a passphrase, if one is given.
    ///
    /// # Errors
    /// As [`Vault::init`].
    pub fn init_under(
        folders: &Folders,
        development: bool,
        passphrase: Option<&Passphrase>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Initialised, Problem> {
        keep_apart(folders)?;
        refuse_finished(folders)?;
        let keys = KeyFolder::open(&folders.keys)?;
        let _locks = locks(folders)?;
        start_over(folders)?;
        keys.write(INCOMPLETE_FILE, incomplete(folders).as_bytes())?;
        let install = InstallId(draw(&*random)?);
        let root = keys.create(install, passphrase, &*random)?;
        let media = media(folders, clock, Arc::clone(&random))?;
        let epoch = root.epoch.number();
        LocalStore::create(&media, install, epoch, &root.store)?;
        let store = LocalStore::open(media, install, &root.epoch, Arc::clone(&root.store))?;
        let control = SecretKey::generate(&*random)?;
        let vault = Self::with(install, development, root, Arc::new(store), &control, random);
        let credential = vault.first_rows(&control)?;
        let text = credential.disclose();
        if development {
            keys.write(OPERATOR_FILE, format!("{}\n", *text).as_bytes())?;
        }
        drop(vault);
        let file = InstallFile { format: FORMAT, install, development };
        let bytes = serde_json::to_vec(&file).map_err(|_| Problem::internal("install.json"))?;
        keys.write(INSTALL_FILE, &bytes)?;
        folder(&folders.data)?.replace(INSTALL_FILE, &bytes).map_err(|e| data(folders, &e))?;
        keys.remove(INCOMPLETE_FILE)?;
        Ok(Initialised { install, credential: text })
    }

    /// Opens an install.
    ///
    /// # Errors
    /// A [`Problem`]: no install, held, damaged, rolled back.
    pub fn open(
        folders: Folders,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Problem> {
        Self::open_asking(folders, None, clock, random)
    }

    /// The same, with somebody to ask for the key folder's passphrase.
    ///
    /// # Errors
    /// As [`Vault::open`]; and when there is a passphrase and none, or another, is given.
    pub fn open_asking(
        folders: Folders,
        ask: Option<Ask>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Problem> {
        let here = read_install(&folders.data)?;
        let there = read_install(&folders.keys)?;
        let (here, there) = match (here, there) {
            (Some(here), Some(there)) => (here, there),
            (here, _) => {
                let (what, path) = match here {
                    Some(_) => ("key folder of this install", &folders.keys),
                    None => ("data folder of an install", &folders.data),
                };
                let detail = format!("{} is not the {what}", path.display());
                let remedy = "check --data and --keys, or make an install with `strongroom init`";
                return Err(Problem::usage(detail, remedy));
            }
        };
        if here.install != there.install {
            return Err(OpenError::OtherInstall.into());
        }
        if here.format != FORMAT {
            let detail = format!("the data folder has format {}, not {FORMAT}", here.format);
            return Err(Problem::usage(detail, "use the version of strongroom that made it"));
        }
        let held = locks(&folders)?;
        let keys = KeyFolder::open(&folders.keys)?.asking(ask);
        let notes = notes_of(&folders)?;
        let (now_us, key) = (clock.now_us(), keys.store(there.install)?);
        let mut media = media(&folders, clock, Arc::clone(&random))?;
        let again = folders.data.join("engine");
        let open = move || Ok::<Arc<dyn Engine>, _>(Arc::new(Fjall::open(&again)?));
        media.engine = Arc::new(Swap::over(media.engine, Box::new(open)));
        let root = keys.load(there.install, current(&notes, &*media.engine, &key)?)?;
        let store = LocalStore::open(media, there.install, &root.epoch, Arc::clone(&root.store))?;
        let mut vault =
            Self::over(there.install, there.development, root, Arc::new(store), random)?;
        if folders.keys.join(MARKER_FILE).exists() {
            // Of a `restore --new` that was killed at its very end: this is the install it made.
            keys.remove(MARKER_FILE)?;
        }
        vault.folders = Some(folders);
        vault.held = Some(held);
        // What cannot be done now is not seen either, and is tried again the next time: both root
        // keys are in use until then.
        let _ = vault.settle_root(&keys);
        let _ = vault.shred_due(now_us);
        Ok(vault)
    }

    /// A vault over a store that already has its first rows.
    ///
    /// # Errors
    /// A [`Problem`] when the control rows are not authentic.
    pub fn over(
        install: InstallId,
        development: bool,
        keys: RootKeys,
        store: Arc<dyn Store>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Problem> {
        let row = store.get(Table::Control, &wrapped_key(None, Job::Control, 1))?;
        let row = row.ok_or_else(|| Problem::tampered("the control key is missing"))?;
        let place = KeyPlace { install, tenant: None, job: Job::Control, version: 1 };
        let wrapped = row.get(..WRAPPED_BYTES).unwrap_or_default();
        let control = keys.root.unwrap(&place, wrapped)?;
        let vault = Self::with(install, development, keys, store, &control, random);
        let mut registry = Registry::default();
        let mut bad = None;
        vault.store.scan(Table::Control, &[], &mut |key, value| {
            let loaded = match key.first() {
                Some(&ERASING_KIND) => registry.load_erasing(&vault.keys.store, key, value),
                _ => registry.load(&vault.control, key, value),
            };
            bad = loaded.err();
            bad.is_none()
        })?;
        if let Some(bad) = bad {
            return Err(Problem::tampered(bad.to_string()));
        }
        vault.write().registry = registry;
        Ok(vault)
    }

    fn with(
        install: InstallId,
        development: bool,
        keys: RootKeys,
        store: Arc<dyn Store>,
        control: &SecretKey,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            install,
            development,
            folders: None,
            held: None,
            store,
            keys,
            control: ControlKey::new(control),
            state: RwLock::new(State::default()),
            admin: Mutex::new(()),
            guesses: Mutex::new(()),
            seals: RwLock::new(()),
            rewrites: Mutex::new(()),
            seen: Arc::default(),
            performing: Performing::default(),
            random,
        }
    }

    /// Writes the first rows of an install: its control key, the system log's key, the local
    /// operator, whose credential is given back.
    ///
    /// # Errors
    /// A [`Problem`] of the store.
    pub fn first_rows(&self, control: &SecretKey) -> Result<Credential, Problem> {
        let mut changes = Changes::default();
        let place = KeyPlace { install: self.install, tenant: None, job: Job::Control, version: 1 };
        let wrapped = self.keys.root.wrap(&*self.random, &place, control)?;
        self.put_control(&mut changes, &wrapped_key(None, Job::Control, 1), &wrapped);
        self.put_key(&mut changes, None, Job::Log)?;
        let id = PrincipalId(draw(&*self.random)?);
        let credential = Credential::generate(id, &*self.random)?;
        let row = PrincipalRow {
            id,
            name: Name::parse("operator").map_err(|e| Problem::internal(e.to_string()))?,
            kind: Kind::Operator,
            scope: Scope::Install,
            epoch: 0,
            revoked: false,
            credential: credential.hash(&self.control),
            former: None,
            limits: Limits::default(),
        };
        let body = serde_json::to_vec(&row).map_err(|_| Problem::internal("a control row"))?;
        self.put_control(&mut changes, &principal_key(id), &body);
        self.commit(system::init(&self.install.to_string(), changes))?;
        Ok(credential)
    }

    /// A new vault over an empty store, for the model and for tests.
    ///
    /// # Errors
    /// A [`Problem`] of the store.
    pub fn begin(
        install: InstallId,
        keys: RootKeys,
        store: Arc<dyn Store>,
        random: Arc<dyn Random>,
    ) -> Result<(Self, Credential), Problem> {
        let control = SecretKey::generate(&*random)?;
        let vault =
            Self::with(install, true, keys, Arc::clone(&store), &control, Arc::clone(&random));
        let credential = vault.first_rows(&control)?;
        let Self { keys, .. } = vault;
        Ok((Self::over(install, true, keys, store, random)?, credential))
    }
}

pub(super) fn media(
    folders: &Folders,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> Result<Media, Problem> {
    let place = folders.data.join("engine");
    let engine = Fjall::open(&place).map_err(|e| unreadable(&place, &e))?;
    let engine: Arc<dyn Engine> = Arc::new(engine);
    Ok(Media {
        data: Arc::new(folder(&folders.data)?),
        custody: Arc::new(Folder::of_keys(&folders.keys).map_err(|e| unusable(&folders.keys, &e))?),
        engine,
        clock,
        random,
    })
}

pub(super) fn folder(path: &Path) -> Result<Folder, Problem> {
    Folder::open(path).map_err(|e| unusable(path, &e))
}

fn unusable(path: &Path, error: &io::Error) -> Problem {
    let detail = format!("{} cannot be used: {error}", path.display());
    Problem::usage(detail, "check that the folder exists and that this user owns it")
}

pub(super) fn data(folders: &Folders, error: &io::Error) -> Problem {
    unreadable(&folders.data, error)
}

/// The same of a place in it.
fn unreadable(place: &Path, error: &io::Error) -> Problem {
    let detail = format!("{} cannot be used: {error}", place.display());
    match error.kind() {
        _ if is_full(error) => strongroom_core::store::CommitError::DiskFull.into(),
        io::ErrorKind::InvalidData => Problem::tampered(detail),
        io::ErrorKind::PermissionDenied => {
            Problem::usage(detail, "run as the user who owns the data folder")
        }
        _ => Problem::internal(detail),
    }
}

/// One process owns an install. The key folder's lock is the one that counts: whoever can write
/// the data folder can put another file in the place of the lock there. That one keeps apart two
/// copies of a key folder over one data folder.
pub(super) fn locks(folders: &Folders) -> Result<[File; 2], Problem> {
    Ok([lock(&folders.keys)?, lock(&folders.data)?])
}

fn lock(path: &Path) -> Result<File, Problem> {
    folder(path)?;
    let mut options = OpenOptions::new();
    // Never through a link: the data folder's writer must not make files elsewhere.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    options.create(true).truncate(false).write(true).mode(0o600);
    options.custom_flags(i32::try_from(flags).unwrap_or(0));
    let file = options.open(path.join(LOCK_FILE)).map_err(|e| {
        Problem::usage(
            format!("{} cannot be locked: {e}", path.display()),
            "run as the user who owns the folder",
        )
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => Err(OpenError::Held.into()),
    }
}

pub(super) fn keep_apart(folders: &Folders) -> Result<(), Problem> {
    let (data, keys) = (resolved(&folders.data), resolved(&folders.keys));
    if keys.starts_with(&data) || data.starts_with(&keys) {
        let detail = "the key folder and the data folder lie one inside the other";
        return Err(Problem::usage(detail, "put keys beside the data, better on another volume"));
    }
    Ok(())
}

/// What stands in the key folder while an install of these two folders is being made. It names the
/// data folder: what another `init` began is no leave to empty this one.
fn incomplete(folders: &Folders) -> String {
    let data = resolved(&folders.data);
    format!("an interrupted `init` left this; run it again\n{}\n", data.display())
}

fn is_interrupted(folders: &Folders) -> bool {
    let marker = std::fs::read(folders.keys.join(INCOMPLETE_FILE));
    marker.is_ok_and(|m| m == incomplete(folders).as_bytes())
}

/// Refuses folders of an install that was finished, whatever else stands in them. The data folder
/// is told last which install it is.
fn refuse_finished(folders: &Folders) -> Result<(), Problem> {
    let told = |folder: &Path| folder.join(INSTALL_FILE).exists();
    if told(&folders.data) || (told(&folders.keys) && !is_interrupted(folders)) {
        let (data, keys) = (folders.data.display(), folders.keys.display());
        let detail = format!("{data} or {keys} belongs to an install already");
        let remedy = "go on with it (`strongroom tenant add NAME`), or name other folders";
        return Err(Problem::usage(detail, remedy));
    }
    Ok(())
}

/// Whether a file of this name in the key folder is ours, at any time.
#[must_use]
pub fn is_key_file(name: &str) -> bool {
    let under_way = [INCOMPLETE_FILE, MARKER_FILE, NEXT_FILE];
    let others = [INSTALL_FILE, LOCK_FILE, NOTES_FILE, SPARE_NOTES_FILE];
    others.contains(&name) || under_way.contains(&name) || custody::is_ours(name)
}

/// Whether the folders say that they are of a development install; nothing when neither says what
/// it is of.
#[must_use]
pub fn is_development(folders: &Folders) -> Option<bool> {
    let told = |path: &Path| read_install(path).ok().flatten().map(|file| file.development);
    told(&folders.data).or_else(|| told(&folders.keys))
}

/// Whether `init` makes a file or folder of this name in the data folder, or in the key folder.
pub(super) fn is_made(name: &str, in_keys: bool) -> bool {
    let name = name.strip_suffix(ASIDE).unwrap_or(name);
    let of_keys =
        [NOTES_FILE, SPARE_NOTES_FILE, INCOMPLETE_FILE].contains(&name) || custody::is_ours(name);
    let of_data = ["ledger", "slots", "engine", SPARE_SEGMENT].contains(&name);
    name == INSTALL_FILE || if in_keys { of_keys } else { of_data }
}

/// Empties the folders of what an interrupted `init` left, and refuses them when they hold
/// anything else. Both locks are held: no other `init` is at work.
fn start_over(folders: &Folders) -> Result<(), Problem> {
    refuse_finished(folders)?;
    let interrupted = is_interrupted(folders);
    let mut left = Vec::new();
    for (path, in_keys) in [(&folders.data, false), (&folders.keys, true)] {
        for entry in std::fs::read_dir(path).map_err(|e| data(folders, &e))?.flatten() {
            let name = entry.file_name();
            if name == LOCK_FILE {
                continue;
            }
            if !(interrupted && name.to_str().is_some_and(|name| is_made(name, in_keys))) {
                let detail = format!("{} is not empty", path.display());
                let remedy = "name folders that do not exist yet with --data and --keys";
                return Err(Problem::usage(detail, remedy));
            }
            left.push((entry.path(), entry.file_type().is_ok_and(|t| t.is_dir())));
        }
    }
    for (path, is_folder) in left {
        let gone =
            if is_folder { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        gone.map_err(|e| data(folders, &e))?;
    }
    Ok(())
}

pub(super) fn read_install(path: &Path) -> Result<Option<InstallFile>, Problem> {
    let file = path.join(INSTALL_FILE);
    let read = match std::fs::symlink_metadata(&file) {
        Ok(_) => folder(path)?.read(INSTALL_FILE),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => Err(e),
    };
    match read {
        Err(e) if e.kind() != io::ErrorKind::InvalidData => {
            let detail = format!("{} cannot be read: {e}", file.display());
            Err(Problem::usage(detail, "run as the user who owns the folder"))
        }
        bytes => {
            let read = bytes.ok().flatten().and_then(|b| serde_json::from_slice(&b).ok());
            read.map(Some)
                .ok_or_else(|| Problem::tampered(format!("{} is damaged", file.display())))
        }
    }
}

/// Custody's notes.
fn notes_of(folders: &Folders) -> Result<NoteKeeper, Problem> {
    let disk = Folder::of_keys(&folders.keys).map_err(|e| unusable(&folders.keys, &e))?;
    let disk: Arc<dyn Disk> = Arc::new(disk);
    let notes = NoteKeeper::open(disk).map_err(|e| match e.kind() {
        io::ErrorKind::InvalidData => Problem::tampered(format!("the key folder's notes: {e}")),
        _ => {
            let file = folders.keys.join(NOTES_FILE);
            let detail = format!("{} cannot be read: {e}", file.display());
            Problem::usage(detail, "run as the user who owns both folders, and own all in them")
        }
    })?;
    notes.ok_or_else(|| OpenError::NotInitialised.into())
}

/// Whether keys and data lie on one volume: whoever copies the one then copies the other.
pub(super) fn same_volume(folders: &Folders) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let device = |p: &Path| std::fs::metadata(p).map(|m| m.dev()).ok();
    device(&folders.data) == device(&folders.keys)
}
