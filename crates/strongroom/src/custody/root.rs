//! Another root key in the place of the one there is. Two places hold what the root wraps: the
//! control table, and this folder. They do not change in one step, so there are two root keys
//! meanwhile, and whatever is wrapped opens under one of them:
//!
//! 1. the next root key, durable, as `root.key.next`;
//! 2. the control table's wrapped keys, in one batch of the store, under the next;
//! 3. the wrapped keys of this folder, one after another, under the next;
//! 4. `root.key` keeps its name and gets another, `root.key.old`, and `root.key.next` takes its
//!    place in one rename;
//! 5. `root.key.old` is overwritten, synced and removed.
//!
//! Under a passphrase the next root key is under the same one. Killed anywhere, the next opening
//! goes on where it was, or takes 1 back where nothing is under the next key yet (`vault/rotate`).
//! Destruction is best effort: overwriting reaches no snapshot, no copy and no block that a disk
//! put aside.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{PoisonError, RwLock};

use data_encoding::BASE64;
use strongroom_core::id::InstallId;
use strongroom_core::source::Random;
use strongroom_core::vault::keys::{KeyError, KeyPlace, SecretKey, WRAPPED_BYTES, WrappingKey};

use super::{
    KeyFolder, Passphrase, ROOT_FILE, STORE_FILE, epoch_of, epoch_place, store_place, trouble,
};
use crate::problem::Problem;
use crate::store::disk::Disk as _;

const NEXT_FILE: &str = "root.key.next";
const OLD_FILE: &str = "root.key.old";

/// Whether a file of this name stands here while the root key is replaced.
pub(super) fn is_ours(name: &str) -> bool {
    [NEXT_FILE, OLD_FILE].contains(&name)
}

/// What wraps the other keys: the root key and, while it is being replaced, the next one.
pub struct RootRing(RwLock<Wraps>);

struct Wraps {
    current: WrappingKey,
    next: Option<WrappingKey>,
}

impl RootRing {
    /// Of one root key.
    #[must_use]
    pub fn new(current: WrappingKey) -> Self {
        Self(RwLock::new(Wraps { current, next: None }))
    }

    /// Wraps `key` for `place`, under the next root key if there is one.
    ///
    /// # Errors
    /// As [`WrappingKey::wrap`].
    pub fn wrap(
        &self,
        random: &dyn Random,
        place: &KeyPlace,
        key: &SecretKey,
    ) -> Result<[u8; WRAPPED_BYTES], KeyError> {
        let wraps = self.0.read().unwrap_or_else(PoisonError::into_inner);
        wraps.next.as_ref().unwrap_or(&wraps.current).wrap(random, place, key)
    }

    /// Opens a wrapped key, whichever of the two wrapped it.
    ///
    /// # Errors
    /// As [`WrappingKey::unwrap`].
    pub fn unwrap(&self, place: &KeyPlace, wrapped: &[u8]) -> Result<SecretKey, KeyError> {
        let wraps = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = wraps.current.unwrap(place, wrapped);
        match (found, &wraps.next) {
            (Err(_), Some(next)) => next.unwrap(place, wrapped),
            (found, _) => found,
        }
    }

    /// Opens a wrapped key that must be under the newest root key.
    ///
    /// # Errors
    /// As [`WrappingKey::unwrap`].
    pub fn unwrap_newest(&self, place: &KeyPlace, wrapped: &[u8]) -> Result<SecretKey, KeyError> {
        let wraps = self.0.read().unwrap_or_else(PoisonError::into_inner);
        wraps.next.as_ref().unwrap_or(&wraps.current).unwrap(place, wrapped)
    }

    /// Opens a wrapped key that must be under the root key that is current as yet.
    ///
    /// # Errors
    /// As [`WrappingKey::unwrap`].
    pub fn unwrap_current(&self, place: &KeyPlace, wrapped: &[u8]) -> Result<SecretKey, KeyError> {
        let wraps = self.0.read().unwrap_or_else(PoisonError::into_inner);
        wraps.current.unwrap(place, wrapped)
    }

    /// From here on there are two.
    ///
    /// # Errors
    /// As [`WrappingKey::new`].
    fn expect(&self, next: &SecretKey) -> Result<(), KeyError> {
        let next = WrappingKey::new(next, "strongroom/root")?;
        self.0.write().unwrap_or_else(PoisonError::into_inner).next = Some(next);
        Ok(())
    }

    /// From here on there is one: the next, where there is one and it is to be, or the current.
    fn settle(&self, adopt: bool) {
        let mut wraps = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = wraps.next.take().filter(|_| adopt) {
            wraps.current = next;
        }
    }
}

impl KeyFolder {
    /// The root key, and the next one if there is one.
    pub(super) fn root_ring(&self) -> Result<RootRing, Problem> {
        let ring = RootRing::new(WrappingKey::new(self.root()?, "strongroom/root")?);
        if let Some(next) = self.next_root()? {
            ring.expect(next)?;
        }
        Ok(ring)
    }

    /// The next root key of a replacement that did not end.
    ///
    /// # Errors
    /// As [`KeyFolder::root`].
    pub fn next_root(&self) -> Result<Option<&SecretKey>, Problem> {
        if self.next.get().is_none() && self.holds(NEXT_FILE) {
            let next = self.read_root(NEXT_FILE)?;
            return Ok(Some(self.next.get_or_init(|| next)));
        }
        Ok(self.next.get())
    }

    /// Draws the next root key, unless there is one already: durable, under the passphrase that
    /// the root key is under.
    ///
    /// # Errors
    /// As [`KeyFolder::root`]; a [`Problem`] of the random source.
    pub fn draw_root(&self, ring: &RootRing, random: &dyn Random) -> Result<&SecretKey, Problem> {
        if !self.holds(NEXT_FILE) {
            self.root()?;
            let under = if self.is_under_passphrase()? { Some(self.passphrase()?) } else { None };
            self.put_root(NEXT_FILE, &SecretKey::generate(random)?, under, random)?;
        }
        let next = self.next_root()?.ok_or_else(|| self.unreadable("next root"))?;
        ring.expect(next)?;
        Ok(next)
    }

    /// Puts the root key under another passphrase, or in clear when there is none.
    ///
    /// # Errors
    /// A [`Problem`]; the old file then stands.
    pub fn change_passphrase(
        &self,
        new: Option<&Passphrase>,
        random: &dyn Random,
    ) -> Result<(), Problem> {
        // INVARIANT: both root keys are under one passphrase.
        if self.holds(NEXT_FILE) {
            let detail = "the root key is being replaced, and that did not end";
            return Err(Problem::usage(detail, "run `strongroom rotate root` first"));
        }
        self.put_root(ROOT_FILE, self.root()?, new, random)
    }

    /// Whether no key of this folder needs the next root key.
    ///
    /// # Errors
    /// A [`Problem`] of the folder.
    pub fn is_under_current(&self, install: InstallId, ring: &RootRing) -> Result<bool, Problem> {
        let under = |(name, place): &(String, KeyPlace)| {
            self.wrapped(name).is_some_and(|w| ring.unwrap_current(place, &w).is_ok())
        };
        Ok(self.wrapped_files(install)?.iter().all(under))
    }

    /// Wraps every key of this folder anew that is not under the newest root key, and reads all of
    /// them back.
    ///
    /// # Errors
    /// A [`Problem`]: a key that opens under neither.
    pub fn rewrap(
        &self,
        install: InstallId,
        ring: &RootRing,
        random: &dyn Random,
    ) -> Result<(), Problem> {
        let all = self.wrapped_files(install)?;
        let newest = |(name, place): &&(String, KeyPlace)| {
            self.wrapped(name).is_some_and(|w| ring.unwrap_newest(place, &w).is_ok())
        };
        for (name, place) in all.iter().filter(|file| !newest(file)) {
            let wrapped = self.wrapped(name).ok_or_else(|| self.unreadable(name))?;
            let key = ring.unwrap(place, &wrapped).map_err(|_| self.unreadable(name))?;
            let wrapped = ring.wrap(random, place, &key)?;
            self.write(name, BASE64.encode(&wrapped).as_bytes())?;
        }
        match all.iter().find(|file| !newest(file)) {
            Some((name, _)) => Err(self.unreadable(name)),
            None => Ok(()),
        }
    }

    /// The files of wrapped keys, and where each key belongs.
    fn wrapped_files(&self, install: InstallId) -> Result<Vec<(String, KeyPlace)>, Problem> {
        let mut all = vec![(STORE_FILE.to_owned(), store_place(install))];
        for name in self.disk.list("").map_err(|e| trouble(&self.path, &e))? {
            if let Some(number) = epoch_of(&name) {
                all.push((name, epoch_place(install, number)?));
            }
        }
        Ok(all)
    }

    fn wrapped(&self, name: &str) -> Option<Vec<u8>> {
        BASE64.decode(self.read(name).ok()?.trim_ascii()).ok()
    }

    /// Puts the next root key in the place of the old one, and destroys that.
    ///
    /// # Errors
    /// A [`Problem`] of the folder.
    pub fn adopt_root(&self, ring: &RootRing) -> Result<(), Problem> {
        let [root, old] = [ROOT_FILE, OLD_FILE].map(|name| self.path.join(name));
        let adopted = || -> io::Result<()> {
            match fs::hard_link(&root, &old) {
                // Of a run that was killed here.
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                linked => linked?,
            }
            File::open(&self.path)?.sync_all()?;
            self.disk.rename(NEXT_FILE, ROOT_FILE)
        };
        adopted().map_err(|e| trouble(&self.path, &e))?;
        ring.settle(true);
        self.destroy_replaced()
    }

    /// Takes the next root key back: nothing is under it.
    ///
    /// # Errors
    /// A [`Problem`] of the folder.
    pub fn drop_next_root(&self, ring: &RootRing) -> Result<(), Problem> {
        ring.settle(false);
        self.disk.destroy(NEXT_FILE).map_err(|e| trouble(&self.path, &e))
    }

    /// Destroys the old root key that a replacement left, if one did.
    ///
    /// # Errors
    /// A [`Problem`] of the folder.
    pub fn destroy_replaced(&self) -> Result<(), Problem> {
        // INVARIANT: while there is a next root key, the old one is still in use, under two names.
        if self.holds(NEXT_FILE) || !self.holds(OLD_FILE) {
            return Ok(());
        }
        let node = |name: &str| {
            let found = fs::symlink_metadata(self.path.join(name));
            found.map(|found| (found.is_file(), found.dev(), found.ino()))
        };
        let destroyed = || match node(OLD_FILE)? {
            // Never the root key itself by another of its names, nor what a link leads to.
            old @ (true, ..) if old != node(ROOT_FILE)? => self.disk.destroy(OLD_FILE),
            _ => self.disk.remove(OLD_FILE),
        };
        destroyed().map_err(|e| trouble(&self.path, &e))
    }

    fn holds(&self, name: &str) -> bool {
        fs::symlink_metadata(self.path.join(name)).is_ok()
    }
}
