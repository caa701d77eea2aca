//! Custody: the key folder. The root key lies here and wraps the rest; so does the epoch key,
//! which can be destroyed here and nowhere else.
//!
//! There is no default key. The folder's files are 0400 and are refused when others can read them.
//! They are replaced by name and never written in place, so that nobody who leads this user's
//! writes astray, by a link in another folder, can overwrite one; the key of an epoch that ended
//! and a root key that was replaced are the exceptions: they are overwritten where they lie.

mod passphrase_file;
mod root;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use data_encoding::BASE64;
use strongroom_core::id::InstallId;
use strongroom_core::source::Random;
use strongroom_core::vault::keys::{Job, KeyPlace, SecretKey, StoreKey, WrappingKey};
use strongroom_core::vault::passphrase;
use strongroom_core::vault::slot::EpochKey;
use zeroize::Zeroizing;

pub use root::RootRing;

use crate::problem::{Kind, Problem};
use crate::store::disk::{Disk, Folder, is_full};

pub use passphrase_file::{Ask, Passphrase, missing};

const ROOT_FILE: &str = "root.key";
const STORE_FILE: &str = "store.key";
/// How the file of the root key begins where it lies in clear.
pub const ROOT_PREFIX: &str = "strongroom-root-key-1 ";
/// How it begins where it is under a passphrase.
pub const WRAPPED_PREFIX: &str = "strongroom-root-key-2 ";
/// The operator's credential of a development install.
pub const OPERATOR_FILE: &str = "operator.credential";

/// The certificate that a server made itself.
pub const CERTIFICATE_FILE: &str = "server.crt";
/// Its key.
pub const CERTIFICATE_KEY_FILE: &str = "server.key";

/// What this custody can show of a key that was destroyed: a folder overwrites and unlinks the
/// file, and knows nothing of what the volume below keeps.
pub const DESTROY: &str = "best effort";

/// The keys that custody gives at start.
pub struct RootKeys {
    /// Wraps the tenants' and the install's keys.
    pub root: RootRing,
    /// Wraps index keys: dies with its epoch.
    pub epoch_wrap: WrappingKey,
    /// Seals slots.
    pub epoch: EpochKey,
    /// Authenticates what the store writes.
    pub store: Arc<StoreKey>,
}

/// The key folder.
pub struct KeyFolder {
    path: PathBuf,
    disk: Folder,
    ask: Option<Ask>,
    /// Read once: under a passphrase that is work.
    root: OnceLock<SecretKey>,
    next: OnceLock<SecretKey>,
    passphrase: OnceLock<Passphrase>,
}

impl KeyFolder {
    /// The folder at `path`, made if need be.
    ///
    /// # Errors
    /// A [`Problem`] that names the folder.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let disk = Folder::of_keys(path).map_err(|e| trouble(path, &e))?;
        let path = path.to_path_buf();
        let (root, next, passphrase) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Ok(Self { path, disk, ask: None, root, next, passphrase })
    }

    /// The same, with somebody to ask for its passphrase.
    #[must_use]
    pub fn asking(self, ask: Option<Ask>) -> Self {
        Self { ask, ..self }
    }

    /// Draws the root key, the first epoch key and the store's, and stores them; the root key
    /// under a passphrase, if one is given.
    ///
    /// # Errors
    /// A [`Problem`] of the folder or the random source.
    pub fn create(
        &self,
        install: InstallId,
        passphrase: Option<&Passphrase>,
        random: &dyn Random,
    ) -> Result<RootKeys, Problem> {
        let root = SecretKey::generate(random)?;
        self.put_root(ROOT_FILE, &root, passphrase, random)?;
        let wrapping = WrappingKey::new(&root, "strongroom/root")?;
        let fresh = |file: &str, place: &KeyPlace| -> Result<SecretKey, Problem> {
            let key = SecretKey::generate(random)?;
            let wrapped = wrapping.wrap(random, place, &key)?;
            self.write(file, BASE64.encode(&wrapped).as_bytes())?;
            Ok(key)
        };
        let epoch = fresh(&epoch_file(1), &epoch_place(install, 1)?)?;
        let store = fresh(STORE_FILE, &store_place(install))?;
        keys(RootRing::new(wrapping), &epoch, 1, &store)
    }

    /// Reads the root key, the key of epoch `number` and the store's.
    ///
    /// # Errors
    /// A [`Problem`]: a missing, readable-by-others, weak or foreign key.
    pub fn load(&self, install: InstallId, number: u32) -> Result<RootKeys, Problem> {
        let root = self.root_ring()?;
        let unwrap = |file: &str, which: &str, place: &KeyPlace| -> Result<SecretKey, Problem> {
            let wrapped = self.read(file)?;
            let wrapped = BASE64.decode(wrapped.trim_ascii()).ok();
            let key = wrapped.and_then(|wrapped| root.unwrap(place, &wrapped).ok());
            key.ok_or_else(|| self.unreadable(which))
        };
        let epoch = unwrap(&epoch_file(number), "epoch", &epoch_place(install, number)?)?;
        let store = unwrap(STORE_FILE, "store", &store_place(install))?;
        keys(root, &epoch, number, &store)
    }

    /// Reads the store's key alone.
    ///
    /// # Errors
    /// As [`KeyFolder::load`].
    pub fn store(&self, install: InstallId) -> Result<StoreKey, Problem> {
        let root = self.root_ring()?;
        let wrapped = BASE64.decode(self.read(STORE_FILE)?.trim_ascii()).ok();
        let key = wrapped.and_then(|w| root.unwrap(&store_place(install), &w).ok());
        key.map(|key| StoreKey::new(&key)).ok_or_else(|| self.unreadable("store"))
    }

    /// Writes a file of the folder, durable and 0400.
    ///
    /// # Errors
    /// A [`Problem`] that names the folder.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Problem> {
        self.disk.replace(name, bytes).map_err(|e| trouble(&self.path, &e))
    }

    /// Removes a file of the folder, durably.
    ///
    /// # Errors
    /// A [`Problem`] that names the folder.
    pub fn remove(&self, name: &str) -> Result<(), Problem> {
        let gone = fs::remove_file(self.path.join(name));
        let gone = gone.and_then(|()| fs::File::open(&self.path)?.sync_all());
        gone.map_err(|e| trouble(&self.path, &e))
    }

    /// Reads a file of the folder.
    ///
    /// # Errors
    /// A [`Problem`]: missing, or readable by others.
    pub fn read(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let path = self.path.join(name);
        let mode = fs::metadata(&path).map(|m| m.permissions().mode());
        if mode.is_ok_and(|m| m & 0o077 != 0) {
            let path = path.display();
            let detail = format!("{path} can be read by other users");
            let remedy = format!("chmod 600 {path}; then replace the key if others had it");
            return Err(Problem::new(Kind::Usage, detail, remedy));
        }
        let read = self.disk.read(name).map_err(|e| trouble(&self.path, &e))?;
        let missing = || {
            let detail = format!("{} is missing", path.display());
            Problem::usage(detail, "name the install's key folder with --keys")
        };
        read.map(Zeroizing::new).ok_or_else(missing)
    }

    /// Puts a root key, in clear or under a passphrase, into the place of what is there. What it
    /// writes is read back before.
    ///
    /// # Errors
    /// A [`Problem`]; the old file then stands.
    fn put_root(
        &self,
        name: &str,
        root: &SecretKey,
        passphrase: Option<&Passphrase>,
        random: &dyn Random,
    ) -> Result<(), Problem> {
        let mut text = Zeroizing::new(String::with_capacity(160));
        match passphrase {
            None => {
                text.push_str(ROOT_PREFIX);
                BASE64.encode_append(root.expose(), &mut text);
            }
            Some(passphrase) => {
                text.push_str(WRAPPED_PREFIX);
                let wrapped = passphrase::wrap(passphrase.as_ref(), root, random)?;
                let ask = || Ok::<_, Problem>(passphrase);
                let opened = passphrase::unwrap(&wrapped, ask)?;
                if opened.expose() != root.expose() {
                    return Err(Problem::internal("the root key did not come back"));
                }
                BASE64.encode_append(&wrapped, &mut text);
            }
        }
        text.push('\n');
        self.write(name, text.as_bytes())
    }

    /// Whether the root key is under a passphrase.
    ///
    /// # Errors
    /// As [`KeyFolder::read`].
    pub fn is_under_passphrase(&self) -> Result<bool, Problem> {
        Ok(self.read(ROOT_FILE)?.starts_with(WRAPPED_PREFIX.as_bytes()))
    }

    /// The root key.
    ///
    /// # Errors
    /// A [`Problem`]: missing, damaged, an example, or the passphrase is missing or another.
    pub fn root(&self) -> Result<&SecretKey, Problem> {
        if let Some(root) = self.root.get() {
            return Ok(root);
        }
        let root = self.read_root(ROOT_FILE)?;
        Ok(self.root.get_or_init(|| root))
    }

    fn read_root(&self, name: &str) -> Result<SecretKey, Problem> {
        let text = self.read(name)?;
        let wrapped = text.strip_prefix(WRAPPED_PREFIX.as_bytes()).map(<[u8]>::trim_ascii);
        let root = match wrapped {
            Some(wrapped) => self.opened(wrapped)?,
            None => self.clear(&text)?,
        };
        if is_example(root.expose()) {
            let detail = "the root key is an example or a placeholder, not a random key";
            return Err(Problem::usage(detail, "make a new install with `strongroom init`"));
        }
        Ok(root)
    }

    fn opened(&self, wrapped: &[u8]) -> Result<SecretKey, Problem> {
        let bytes = BASE64.decode(wrapped).map_err(|_| self.unreadable("root"))?;
        passphrase::unwrap(&bytes, || self.passphrase())
    }

    /// The passphrase; whoever gives it is asked once.
    fn passphrase(&self) -> Result<&Passphrase, Problem> {
        if let Some(passphrase) = self.passphrase.get() {
            return Ok(passphrase);
        }
        let given = self.ask.as_ref().ok_or_else(missing)?()?;
        Ok(self.passphrase.get_or_init(|| given))
    }

    fn clear(&self, text: &[u8]) -> Result<SecretKey, Problem> {
        let body = text.strip_prefix(ROOT_PREFIX.as_bytes()).map(<[u8]>::trim_ascii);
        let mut key = Zeroizing::new([0; 33]);
        let decoded = body.filter(|b| b.len() == 44).map(|b| BASE64.decode_mut(b, &mut *key));
        if !matches!(decoded, Some(Ok(32))) {
            return Err(self.unreadable("root"));
        }
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.iter_mut().zip(key.iter()).for_each(|(to, from)| *to = *from);
        Ok(SecretKey::from_bytes(bytes))
    }

    fn unreadable(&self, which: &str) -> Problem {
        let detail = format!("the {which} key in {} does not open", self.path.display());
        Problem::tampered(detail)
    }
}

fn keys(
    root: RootRing,
    epoch: &SecretKey,
    number: u32,
    store: &SecretKey,
) -> Result<RootKeys, Problem> {
    let epoch_wrap = WrappingKey::new(epoch, "strongroom/epoch")?;
    let (epoch, store) = (EpochKey::new(number, epoch)?, Arc::new(StoreKey::new(store)));
    Ok(RootKeys { root, epoch_wrap, epoch, store })
}

fn store_place(install: InstallId) -> KeyPlace {
    KeyPlace { install, tenant: None, job: Job::Store, version: 1 }
}

fn epoch_place(install: InstallId, number: u32) -> Result<KeyPlace, Problem> {
    let version = u16::try_from(number).map_err(|_| Problem::internal("epochs are used up"))?;
    Ok(KeyPlace { install, tenant: None, job: Job::Epoch, version })
}

/// The name of an epoch's key file.
#[must_use]
pub fn epoch_file(number: u32) -> String {
    format!("epoch-{number:08}.key")
}

/// Draws the key of an epoch; gives it with its file's content.
///
/// # Errors
/// A [`Problem`] of the random source; epochs used up.
pub fn draw_epoch(
    root: &RootRing,
    install: InstallId,
    number: u32,
    random: &dyn Random,
) -> Result<(SecretKey, Vec<u8>), Problem> {
    let key = SecretKey::generate(random)?;
    let wrapped = root.wrap(random, &epoch_place(install, number)?, &key)?;
    Ok((key, BASE64.encode(&wrapped).into_bytes()))
}

/// Opens the content of an epoch's key file.
#[must_use]
pub fn open_epoch(
    root: &RootRing,
    install: InstallId,
    number: u32,
    file: &[u8],
) -> Option<SecretKey> {
    let wrapped = BASE64.decode(file.trim_ascii()).ok()?;
    root.unwrap(&epoch_place(install, number).ok()?, &wrapped).ok()
}

/// The number of an epoch, by the name of its key's file.
fn epoch_of(name: &str) -> Option<u32> {
    let number = name.strip_prefix("epoch-").and_then(|rest| rest.strip_suffix(".key"))?;
    number.bytes().all(|b| b.is_ascii_digit()).then(|| number.parse().ok()).flatten()
}

/// Whether a file of this name is custody's.
#[must_use]
pub fn is_ours(name: &str) -> bool {
    epoch_of(name).is_some()
        || [ROOT_FILE, STORE_FILE, OPERATOR_FILE].contains(&name)
        || [CERTIFICATE_FILE, CERTIFICATE_KEY_FILE].contains(&name)
        || root::is_ours(name)
}

/// Keys that documents and examples are full of: constant bytes, and bytes that count.
fn is_example(key: &[u8; 32]) -> bool {
    let mut steps = key.iter().zip(key.iter().skip(1)).map(|(a, b)| b.wrapping_sub(*a));
    let first = steps.next();
    steps.all(|s| Some(s) == first)
}

fn trouble(path: &Path, error: &io::Error) -> Problem {
    let detail = format!("{} cannot be used: {error}", path.display());
    if is_full(error) {
        return strongroom_core::store::CommitError::DiskFull.into();
    }
    Problem::usage(detail, "check that the folder exists and that this user owns it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_keys_are_known() {
        assert!(is_example(&[0; 32]));
        assert!(is_example(&[0x41; 32]));
        assert!(is_example(&std::array::from_fn(|i| i as u8)));
        assert!(!is_example(&std::array::from_fn(|i| (i * i) as u8)));
    }
}
