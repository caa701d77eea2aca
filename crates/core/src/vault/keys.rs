//! Keys: one random key a job, never shared, each wrapped by the root or the epoch key.
//!
//! A wrapped key is bound to its place (install, tenant, job, version): put under another it does
//! not open. Keys have no `Debug` and no `Clone`, and are wiped when dropped.

use std::marker::PhantomData;

use aes::Aes256;
use aes::cipher::KeyInit as _;
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Fixed, feed};
use crate::id::{InstallId, TenantId};
use crate::source::{Random, RandomError, draw};

/// HMAC-SHA-256 with its key schedule ready; cloned per value.
pub(crate) type Hmac256 = Hmac<Sha256>;

/// Bytes of a wrapped key: nonce 12, key 32, tag 16.
pub const WRAPPED_BYTES: usize = 60;
const NONCE_BYTES: usize = 12;

/// Why a key could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The wrapped key does not open in this place: damaged, moved, or another root.
    #[error("a wrapped key does not open under this key folder")]
    DoesNotOpen,
    /// A key version that this install does not have.
    #[error("no such key version")]
    NoSuchVersion,
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// What a key is for. The code is part of the wrapping's address and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Job {
    /// Derives record keys (a tenant's, versioned).
    Seal = 1,
    /// Makes tokens (a tenant's, versioned, old ones kept).
    Token = 2,
    /// Makes subject pseudonyms (a tenant's, stable for life).
    Pseudonym = 3,
    /// Makes equality tags (a tenant's, wrapped under the epoch key).
    Index = 4,
    /// Signs a log's checkpoints (one a log).
    Log = 5,
    /// Authenticates control rows (the install's).
    Control = 6,
    /// Seals slots (the install's, one an epoch, in custody only).
    Epoch = 7,
    /// Authenticates what the store itself writes (the install's, in custody only).
    Store = 8,
    /// Enters every password verifier (a tenant's, for life).
    Pepper = 9,
    /// Seals one backup (the install's, random for each).
    Backup = 10,
    /// Wraps the others (the install's, in custody only).
    Root = 11,
}

impl Job {
    const ALL: [Self; 11] = [
        Self::Seal,
        Self::Token,
        Self::Pseudonym,
        Self::Index,
        Self::Log,
        Self::Control,
        Self::Epoch,
        Self::Store,
        Self::Pepper,
        Self::Backup,
        Self::Root,
    ];

    /// The job of a code.
    #[must_use]
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|job| *job as u8 == code)
    }

    /// Its name in commands and entries.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Token => "token",
            Self::Pseudonym => "pseudonym",
            Self::Index => "index",
            Self::Log => "ledger",
            Self::Control => "control",
            Self::Epoch => "epoch",
            Self::Store => "store",
            Self::Pepper => "pepper",
            Self::Backup => "backup",
            Self::Root => "root",
        }
    }
}

/// Where a wrapped key belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPlace {
    /// The install.
    pub install: InstallId,
    /// The tenant, or none for the install's own keys.
    pub tenant: Option<TenantId>,
    /// What it is for.
    pub job: Job,
    /// Its version, from 1.
    pub version: u16,
}

/// 32 secret bytes: boxed so that they do not move, wiped when dropped.
pub struct SecretKey(Box<Zeroizing<[u8; 32]>>);

impl SecretKey {
    /// A fresh random key.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn generate(random: &dyn Random) -> Result<Self, RandomError> {
        let mut key = Self(Box::new(Zeroizing::new([0; 32])));
        random.fill(key.0.as_mut_slice())?;
        Ok(key)
    }

    /// Takes over key bytes that custody read.
    #[must_use]
    pub fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(Box::new(bytes))
    }

    /// The raw bytes, for custody to store and for key schedules to be made.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn mac(&self) -> Hmac256 {
        // A 32-byte key always suits HMAC; `new` takes a whole block, so pad it as RFC 2104 does.
        let mut block = hmac::digest::Key::<Hmac256>::default();
        for (to, from) in block.iter_mut().zip(self.0.iter()) {
            *to = *from;
        }
        let mac = Hmac256::new(&block);
        zeroize::Zeroize::zeroize(block.as_mut_slice());
        mac
    }

    pub(crate) fn aes(&self) -> Aes256 {
        Aes256::new((&**self.0).into())
    }
}

/// A key that wraps others: the root key, or an epoch key for index keys.
pub struct WrappingKey {
    key: LessSafeKey,
}

impl WrappingKey {
    /// Makes the wrapping key. `label` says which key wraps, so that what one wrapped the other
    /// never opens.
    ///
    /// # Errors
    /// [`KeyError::DoesNotOpen`] never in practice: the derived key always has the right length.
    pub fn new(secret: &SecretKey, label: &str) -> Result<Self, KeyError> {
        Ok(Self { key: siv_key(derived(secret, label).expose()).ok_or(KeyError::DoesNotOpen)? })
    }

    /// Wraps `key` for `place`.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn wrap(
        &self,
        random: &dyn Random,
        place: &KeyPlace,
        key: &SecretKey,
    ) -> Result<[u8; WRAPPED_BYTES], KeyError> {
        self.wrap_with(random, &place_bytes(place), key)
    }

    /// Wraps `key` with `associated` data.
    pub(super) fn wrap_with(
        &self,
        random: &dyn Random,
        associated: &[u8],
        key: &SecretKey,
    ) -> Result<[u8; WRAPPED_BYTES], KeyError> {
        let nonce: [u8; NONCE_BYTES] = draw(random)?;
        let mut body = Zeroizing::new(*key.expose());
        let tag = self
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated),
                body.as_mut_slice(),
            )
            .map_err(|_| KeyError::DoesNotOpen)?;
        let wrapped = Fixed::new().push(&nonce).push(body.as_slice()).push(tag.as_ref()).finish();
        Ok(wrapped)
    }

    /// Opens a wrapped key in its place.
    ///
    /// # Errors
    /// [`KeyError::DoesNotOpen`] when it is not whole, belongs elsewhere, or the root is another.
    pub fn unwrap(&self, place: &KeyPlace, wrapped: &[u8]) -> Result<SecretKey, KeyError> {
        self.unwrap_with(&place_bytes(place), wrapped)
    }

    /// Opens what was wrapped with `associated` data.
    pub(super) fn unwrap_with(
        &self,
        associated: &[u8],
        wrapped: &[u8],
    ) -> Result<SecretKey, KeyError> {
        let (nonce, body) =
            wrapped.split_first_chunk::<NONCE_BYTES>().ok_or(KeyError::DoesNotOpen)?;
        let mut body = Zeroizing::new(body.to_vec());
        let opened = self
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(associated),
                body.as_mut_slice(),
            )
            .map_err(|_| KeyError::DoesNotOpen)?;
        let bytes = <[u8; 32]>::try_from(&*opened).map_err(|_| KeyError::DoesNotOpen)?;
        Ok(SecretKey::from_bytes(Zeroizing::new(bytes)))
    }
}

/// A key derived from another for one use.
fn derived(from: &SecretKey, label: &str) -> SecretKey {
    let mut mac = from.mac();
    feed(&mut mac, label, 1, &[]);
    SecretKey::from_bytes(Zeroizing::new(mac.finalize().into_bytes().into()))
}

pub(crate) fn siv_key(bytes: &[u8; 32]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM_SIV, bytes).ok().map(LessSafeKey::new)
}

fn place_bytes(place: &KeyPlace) -> Vec<u8> {
    let tenant = place.tenant.map(|t| t.0);
    let mut out = Sink(Vec::with_capacity(96));
    feed(
        &mut out,
        "strongroom/key",
        1,
        &[
            &place.install.0,
            tenant.as_ref().map_or(&[][..], |t| t),
            &[place.job as u8],
            &place.version.to_be_bytes(),
        ],
    );
    out.0
}

struct Sink(Vec<u8>);

impl sha2::digest::Update for Sink {
    fn update(&mut self, data: &[u8]) {
        self.0.extend_from_slice(data);
    }
}

/// A version of a tenant's index key: what makes tags, and what proves that it made a row.
pub(crate) struct IndexKey {
    pub(crate) tag: Hmac256,
    pub(crate) check: Aes256,
}

impl IndexKey {
    fn new(key: &SecretKey) -> Self {
        Self { tag: key.mac(), check: derived(key, "strongroom/index/check").aes() }
    }
}

/// The unwrapped keys of one tenant. Held behind a capability: see `access::Authorized::keys`.
pub struct TenantKeys {
    pub(crate) tenant: TenantId,
    pub(crate) seal: Vec<(u16, Hmac256)>,
    pub(crate) token: Vec<(u8, Aes256)>,
    pub(crate) pseudonym: Hmac256,
    /// In rising order of version, the last one current; more than one while it rotates.
    pub(crate) index: Vec<IndexKey>,
    /// In rising order of version, the last one current; all of them are kept.
    pub(crate) pepper: Vec<(u16, Hmac256)>,
}

impl TenantKeys {
    /// Builds the key schedules. `seal` and `token` are in rising order of version; the last one
    /// is current.
    #[must_use]
    pub fn new(
        tenant: TenantId,
        seal: &[(u16, SecretKey)],
        token: &[(u8, SecretKey)],
        pseudonym: &SecretKey,
        index: &SecretKey,
        pepper: &SecretKey,
    ) -> Self {
        Self {
            tenant,
            seal: seal.iter().map(|(v, k)| (*v, k.mac())).collect(),
            token: token.iter().map(|(v, k)| (*v, k.aes())).collect(),
            pseudonym: pseudonym.mac(),
            index: vec![IndexKey::new(index)],
            pepper: vec![(1, pepper.mac())],
        }
    }

    /// The same with index keys before the current one, in rising order of version: what they made
    /// is found until it is carried over.
    #[must_use]
    pub fn with_older_index(mut self, older: &[SecretKey]) -> Self {
        self.index.splice(0..0, older.iter().map(IndexKey::new));
        self
    }

    /// The same with every pepper there is, in rising order of version.
    #[must_use]
    pub fn with_peppers(mut self, all: &[(u16, SecretKey)]) -> Self {
        self.pepper = all.iter().map(|(v, k)| (*v, k.mac())).collect();
        self
    }

    /// Where the key schedules lie, for locking their memory: address and length of each piece.
    /// They do not move while `self` lives behind an `Arc`.
    #[must_use]
    pub fn memory(&self) -> [(*const u8, usize); 5] {
        fn piece<T: ?Sized>(of: &T) -> (*const u8, usize) {
            (std::ptr::from_ref(of).cast::<u8>(), std::mem::size_of_val(of))
        }
        let (index, pepper) = (piece(self.index.as_slice()), piece(self.pepper.as_slice()));
        [piece(self), piece(self.seal.as_slice()), piece(self.token.as_slice()), index, pepper]
    }

    /// The tenant whose keys these are.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    pub(crate) fn seal_current(&self) -> Result<(u16, &Hmac256), KeyError> {
        self.seal.last().map(|(v, k)| (*v, k)).ok_or(KeyError::NoSuchVersion)
    }

    pub(crate) fn seal_version(&self, version: u16) -> Result<&Hmac256, KeyError> {
        let found = self.seal.iter().find(|(v, _)| *v == version);
        found.map(|(_, k)| k).ok_or(KeyError::NoSuchVersion)
    }
}

/// A key that authenticates, for one role: a key of another role is another type.
pub struct MacKey<Role>(Hmac256, PhantomData<fn() -> Role>);

/// Authenticates control rows and credential hashes of the install.
pub type ControlKey = MacKey<ControlRole>;

/// Authenticates the ledger's segments and the engine's marks: without it, whoever can write the
/// data folder could add entries that were never stated.
pub type StoreKey = MacKey<StoreRole>;

/// Seals and authenticates one backup; see [`super::stream`].
pub type BackupKey = MacKey<BackupRole>;

/// The role of a [`BackupKey`].
pub enum BackupRole {}

/// The role of a [`ControlKey`].
pub enum ControlRole {}

/// The role of a [`StoreKey`].
pub enum StoreRole {}

impl<Role> MacKey<Role> {
    /// Builds the key schedule.
    #[must_use]
    pub fn new(key: &SecretKey) -> Self {
        Self(key.mac(), PhantomData)
    }

    /// A MAC over labelled, length-prefixed parts.
    #[must_use]
    pub fn mac(&self, label: &str, parts: &[&[u8]]) -> [u8; 32] {
        over(&self.0, label, parts).finalize().into_bytes().into()
    }

    /// Whether `tag` is the MAC of these parts, in constant time.
    #[must_use]
    pub fn verify(&self, label: &str, parts: &[&[u8]], tag: &[u8]) -> bool {
        over(&self.0, label, parts).verify_slice(tag).is_ok()
    }
}

fn over(key: &Hmac256, label: &str, parts: &[&[u8]]) -> Hmac256 {
    let mut mac = key.clone();
    feed(&mut mac, label, 1, parts);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CountingRandom;

    fn place(tenant: u8, job: Job, version: u16) -> KeyPlace {
        KeyPlace { install: InstallId([1; 16]), tenant: Some(TenantId([tenant; 16])), job, version }
    }

    #[test]
    fn a_wrapped_key_opens_in_its_place_only() {
        let random = CountingRandom::default();
        let root = WrappingKey::new(&SecretKey::generate(&random).unwrap(), "root").unwrap();
        let key = SecretKey::generate(&random).unwrap();
        let home = place(1, Job::Seal, 1);
        let wrapped = root.wrap(&random, &home, &key).unwrap();
        assert_eq!(root.unwrap(&home, &wrapped).unwrap().expose(), key.expose());
        for other in [place(2, Job::Seal, 1), place(1, Job::Token, 1), place(1, Job::Seal, 2)] {
            assert!(root.unwrap(&other, &wrapped).is_err());
        }
        for at in 0..WRAPPED_BYTES {
            let mut bad = wrapped;
            bad[at] ^= 1;
            assert!(root.unwrap(&home, &bad).is_err(), "byte {at}");
        }
        assert!(root.unwrap(&home, &wrapped[..59]).is_err());
    }

    #[test]
    fn wrapping_keys_of_other_labels_are_other_keys() {
        let random = CountingRandom::default();
        let secret = SecretKey::generate(&random).unwrap();
        let root = WrappingKey::new(&secret, "root").unwrap();
        let epoch = WrappingKey::new(&secret, "epoch").unwrap();
        let wrapped = root.wrap(&random, &place(1, Job::Index, 1), &secret).unwrap();
        assert!(epoch.unwrap(&place(1, Job::Index, 1), &wrapped).is_err());
    }
}
