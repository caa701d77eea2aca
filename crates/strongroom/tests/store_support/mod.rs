//! What the tests of the store share: media to stand on, and an office that makes batches of
//! every kind through the stages of `core`, as nobody else can.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod check;
pub mod history;
pub mod office;
pub mod victim;
pub mod watched;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use strongroom::custody::{RootKeys, RootRing, epoch_file, open_epoch};
use strongroom::store::disk::Folder;
use strongroom::store::epoch::current;
use strongroom::store::fjall::Fjall;
use strongroom::store::local::{LocalStore, Media};
use strongroom::store::model::{ModelClock, ModelWorld};
use strongroom::store::notes::NoteKeeper;
use strongroom::store::recovery::OpenError;
use strongroom_core::id::InstallId;
use strongroom_core::ledger::entry::Entry;
use strongroom_core::ledger::merkle::{Frontier, leaf_hash};
use strongroom_core::ledger::{Hash, LogId};
use strongroom_core::source::Random;
use strongroom_core::store::{Batch, CommitError, Committed, ReadError, Store};
use strongroom_core::testing::CountingRandom;
use strongroom_core::vault::keys::{SecretKey, StoreKey, WrappingKey};
use strongroom_core::vault::slot::EpochKey;
use zeroize::Zeroizing;

/// The install of every test.
pub const INSTALL: InstallId = InstallId([0x17; 16]);
/// 2026-01-01.
pub const NOW_US: u64 = 1_767_225_600_000_000;
/// Small segments, so that short histories go over several.
pub const SEGMENT_BYTES: u64 = 8 << 10;

/// Fixed keys of custody.
pub fn root_keys() -> RootKeys {
    let root = WrappingKey::new(&secret(1), "strongroom/root").unwrap();
    let epoch_wrap = WrappingKey::new(&secret(2), "strongroom/epoch").unwrap();
    RootKeys { root: RootRing::new(root), epoch_wrap, epoch: epoch_key(), store: store_key() }
}

/// The fixed key of the store.
pub fn store_key() -> Arc<StoreKey> {
    Arc::new(StoreKey::new(&secret(3)))
}

/// The fixed key of epoch 1.
pub fn epoch_key() -> EpochKey {
    EpochKey::new(1, &secret(2)).unwrap()
}

pub fn secret(n: u8) -> SecretKey {
    SecretKey::from_bytes(Zeroizing::new(std::array::from_fn(|i| n.wrapping_mul(31) ^ i as u8)))
}

/// Clock and randomness of one history, over all its openings.
#[derive(Clone)]
pub struct Sources {
    pub clock: Arc<ModelClock>,
    pub random: Arc<CountingRandom>,
}

impl Sources {
    pub fn new() -> Self {
        Self { clock: Arc::new(ModelClock::at(NOW_US)), random: Arc::default() }
    }

    pub fn random(&self) -> Arc<dyn Random> {
        self.random.clone()
    }
}

/// A new machine with an empty store on it.
pub fn new_world(sources: &Sources) -> ModelWorld {
    let world = ModelWorld::new(SEGMENT_BYTES);
    LocalStore::create(&media(&world, sources), INSTALL, 1, &store_key()).unwrap();
    world
}

pub fn media(world: &ModelWorld, sources: &Sources) -> Media {
    world.media(sources.clock.clone(), sources.random())
}

pub fn open(world: &ModelWorld, sources: &Sources) -> Result<LocalStore, OpenError> {
    let media = media(world, sources);
    let epoch = EpochKey::new(epoch_on(&media).0, &epoch_on(&media).1).unwrap();
    LocalStore::open(media, INSTALL, &epoch, store_key())
}

/// The keys of custody as they stand on a machine.
pub fn root_keys_on(world: &ModelWorld, sources: &Sources) -> RootKeys {
    let (number, key) = epoch_on(&media(world, sources));
    let epoch_wrap = WrappingKey::new(&key, "strongroom/epoch").unwrap();
    RootKeys { epoch_wrap, epoch: EpochKey::new(number, &key).unwrap(), ..root_keys() }
}

/// The current epoch: its key lies in the key folder once it was turned. Whatever cannot be read
/// is for the store to say.
fn epoch_on(media: &Media) -> (u32, SecretKey) {
    let notes = NoteKeeper::open(Arc::clone(&media.custody)).ok().flatten();
    let number = notes.and_then(|n| current(&n, &*media.engine, &store_key()).ok());
    let number = number.unwrap_or(1);
    let file = media.custody.read(&epoch_file(number)).ok().flatten();
    let key = file.and_then(|file| open_epoch(&root_keys().root, INSTALL, number, &file));
    (number, key.unwrap_or_else(|| secret(2)))
}

/// Media that a store of the contract stands on.
pub trait Stand {
    /// Opens the store that is there.
    fn open(&self) -> LocalStore;
    /// What a crash right now leaves.
    fn crash(&self) -> Box<dyn Stand>;
    /// Holds the media still while `work` runs, where they can be held.
    fn hold(&self, work: &mut dyn FnMut());
    /// The history's randomness.
    fn sources(&self) -> &Sources;
    /// The model, if that is what it is.
    fn world(&self) -> Option<&ModelWorld>;
}

/// The model.
pub struct OnModel {
    pub world: ModelWorld,
    pub sources: Sources,
}

impl OnModel {
    pub fn new() -> Self {
        let sources = Sources::new();
        Self { world: new_world(&sources), sources }
    }
}

impl Stand for OnModel {
    fn open(&self) -> LocalStore {
        open(&self.world, &self.sources).unwrap()
    }

    fn crash(&self) -> Box<dyn Stand> {
        Box::new(Self { world: self.world.crash(0), sources: self.sources.clone() })
    }

    fn hold(&self, work: &mut dyn FnMut()) {
        let _held = self.world.hold("");
        work();
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn world(&self) -> Option<&ModelWorld> {
        Some(&self.world)
    }
}

/// A folder of the machine, with the engine of the product.
pub struct OnDisk {
    pub root: Temp,
    pub sources: Sources,
}

impl OnDisk {
    pub fn new() -> Self {
        let stand = Self { root: Temp::new(), sources: Sources::new() };
        LocalStore::create(&stand.media(), INSTALL, 1, &store_key()).unwrap();
        stand
    }

    fn media(&self) -> Media {
        Media {
            data: Arc::new(Folder::open(&self.root.path("data")).unwrap()),
            custody: Arc::new(Folder::open(&self.root.path("keys")).unwrap()),
            engine: Arc::new(Fjall::open(&self.root.path("data/engine")).unwrap()),
            clock: self.sources.clock.clone(),
            random: self.sources.random(),
        }
    }
}

impl Stand for OnDisk {
    fn open(&self) -> LocalStore {
        LocalStore::open(self.media(), INSTALL, &epoch_key(), store_key()).unwrap()
    }

    fn crash(&self) -> Box<dyn Stand> {
        let root = Temp::new();
        copy(&self.root.0, &root.0);
        Box::new(Self { root, sources: self.sources.clone() })
    }

    fn hold(&self, work: &mut dyn FnMut()) {
        work();
    }

    fn sources(&self) -> &Sources {
        &self.sources
    }

    fn world(&self) -> Option<&ModelWorld> {
        None
    }
}

/// A folder that is gone with its value.
pub struct Temp(PathBuf);

impl Temp {
    pub fn new() -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(Self::name());
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// One in memory, where the machine has a place for that: a sync costs nothing there.
    pub fn in_memory() -> Self {
        let path = Path::new("/dev/shm").join(Self::name());
        if std::fs::create_dir(&path).is_ok() { Self(path) } else { Self::new() }
    }

    fn name() -> String {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        format!("store-{}-{n}", std::process::id())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub fn commit(store: &dyn Store, batch: Batch) -> Result<Committed, CommitError> {
    pollster::block_on(store.commit(batch))
}

/// Every entry of a log, as stored.
pub fn leaves(store: &dyn Store, log: LogId) -> Result<Vec<Vec<u8>>, ReadError> {
    let mut found = Vec::new();
    store.entries(log, &mut |index, leaf| {
        assert_eq!(index, found.len() as u64, "entries come in order");
        found.push(leaf.to_vec());
        true
    })?;
    Ok(found)
}

/// Every entry of a log, read.
pub fn entries(store: &dyn Store, log: LogId) -> Vec<Entry> {
    let leaves = leaves(store, log).unwrap();
    leaves.iter().map(|leaf| Entry::from_bytes(leaf).unwrap()).collect()
}

/// The root over leaves, by a tree of its own.
pub fn root_of(leaves: &[Vec<u8>]) -> Hash {
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.append(leaf_hash(leaf)));
    frontier.root()
}

/// Whether longer samples were asked for.
pub fn long() -> bool {
    std::env::var_os("STRONGROOM_LONG").is_some_and(|v| v != "0")
}
