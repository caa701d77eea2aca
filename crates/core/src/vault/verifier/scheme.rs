//! How a password becomes what its cell held: by nothing, or by one of the usual hashes.
//!
//! A hash keeps its scheme and loses its result, which goes into the verifier's MAC alone.

use argon2::{Algorithm, Argon2, Params, Version};
use blowfish::Blowfish;
use data_encoding::HEXLOWER;
use md5::Md5;
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use zeroize::Zeroizing;

use super::spelling::{hashed, looks_hashed};
use crate::field::FieldType;

/// Work that a cell may ask for at most, so that nobody's file makes a sign-in take minutes.
const BCRYPT_COST_MAX: u8 = 16;
const PHPASS_LOG2_MAX: u8 = 20;
const PBKDF2_ROUNDS_MAX: u32 = 4_000_000;
const ARGON2_KIB_MAX: u32 = 256 << 10;
/// Memory times passes.
const ARGON2_WORK_MAX: u64 = 4 << 20;
/// A foreign salt, and a foreign result.
pub(super) const PART_BYTES_MAX: usize = 255;

/// A plain digest.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Hash {
    Md5 = 1,
    Sha1 = 2,
    Sha256 = 3,
    Sha512 = 4,
}

impl Hash {
    pub(super) const ALL: [Self; 4] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512];

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| *hash as u8 == code)
    }

    pub(super) fn hex_digits(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha1 => 40,
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }

    fn of(self, parts: [&[u8]; 2]) -> Vec<u8> {
        let [a, b] = parts;
        match self {
            Self::Md5 => Md5::new().chain_update(a).chain_update(b).finalize().to_vec(),
            Self::Sha1 => Sha1::new().chain_update(a).chain_update(b).finalize().to_vec(),
            Self::Sha256 => Sha256::new().chain_update(a).chain_update(b).finalize().to_vec(),
            Self::Sha512 => Sha512::new().chain_update(a).chain_update(b).finalize().to_vec(),
        }
    }

    fn stretched(self, password: &[u8], salt: &[u8], rounds: u32, out: &mut [u8]) -> Option<()> {
        match self {
            Self::Md5 => return None,
            Self::Sha1 => pbkdf2_hmac::<Sha1>(password, salt, rounds, out),
            Self::Sha256 => pbkdf2_hmac::<Sha256>(password, salt, rounds, out),
            Self::Sha512 => pbkdf2_hmac::<Sha512>(password, salt, rounds, out),
        }
        Some(())
    }
}

/// How a password becomes what its cell held.
#[derive(PartialEq, Eq)]
pub(super) enum Scheme {
    /// It is the password.
    Clear,
    /// A hash of a scheme that is not known here: no password is right.
    Unknown,
    /// A bare digest.
    Digest(Hash),
    /// A digest over password and salt, in an order that the cell does not tell.
    Salted { hash: Hash, salt: Vec<u8> },
    /// bcrypt; `digested` over the hexadecimal SHA-256 of the password, as Django has it.
    Bcrypt { digested: bool, cost: u8, salt: [u8; 16] },
    /// Any argon2.
    Argon2 { of: Variant, salt: Vec<u8>, length: u8 },
    /// phpass, portable.
    Phpass { log2: u8, salt: [u8; 8] },
    /// PBKDF2 with HMAC.
    Pbkdf2 { hash: Hash, rounds: u32, salt: Vec<u8>, length: u8 },
}

/// Variant, version and parameters of an argon2.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Variant {
    pub(super) algorithm: Algorithm,
    pub(super) version: Version,
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

/// What a scheme gives for a password; as secret as one.
pub(super) type Outcome = Zeroizing<Vec<u8>>;

impl Scheme {
    /// Reads a cell: its scheme, and what the scheme gives for the right password.
    pub(super) fn tell(cell: &str) -> (Self, Outcome) {
        let text = cell.trim();
        let told = hashed(text).filter(|(scheme, _)| scheme.is_bounded());
        let is_password = || FieldType::Password.fits(cell) && !looks_hashed(text);
        let (scheme, outcome) = told.unwrap_or_else(|| match is_password() {
            true => (Self::Clear, cell.as_bytes().to_vec()),
            false => (Self::Unknown, Vec::new()),
        });
        (scheme, Zeroizing::new(outcome))
    }

    /// What it gives for this password: in each order, where the order is not known.
    pub(super) fn outcomes(&self, password: &[u8]) -> Vec<Outcome> {
        let found = match self {
            Self::Clear => vec![Some(password.to_vec())],
            Self::Unknown => vec![],
            Self::Digest(hash) => vec![Some(hash.of([password, b""]))],
            Self::Salted { hash, salt } => {
                vec![Some(hash.of([password, salt])), Some(hash.of([salt, password]))]
            }
            Self::Bcrypt { digested, cost, salt } => {
                let digest = Zeroizing::new(HEXLOWER.encode(&Sha256::digest(password)));
                let key = if *digested { digest.as_bytes() } else { password };
                vec![Some(bcrypt(*cost, salt, key))]
            }
            Self::Argon2 { of, salt, length } => {
                vec![argon2(*of, password, salt, usize::from(*length))]
            }
            Self::Phpass { log2, salt } => vec![Some(phpass(*log2, salt, password))],
            Self::Pbkdf2 { hash, rounds, salt, length } => {
                let mut out = vec![0; usize::from(*length)];
                vec![hash.stretched(password, salt, *rounds, &mut out).map(|()| out)]
            }
        };
        found.into_iter().flatten().map(Zeroizing::new).collect()
    }

    fn is_bounded(&self) -> bool {
        match self {
            Self::Clear | Self::Unknown | Self::Digest(_) | Self::Salted { .. } => true,
            Self::Bcrypt { cost, .. } => (4..=BCRYPT_COST_MAX).contains(cost),
            Self::Argon2 { of, salt, length } => {
                let work = u64::from(of.memory_kib) * u64::from(of.passes);
                let known = Params::new(of.memory_kib, of.passes, of.lanes, None).is_ok();
                let whole = (4..=64).contains(length) && (8..=64).contains(&salt.len());
                known && whole && of.memory_kib <= ARGON2_KIB_MAX && work <= ARGON2_WORK_MAX
            }
            Self::Phpass { log2, .. } => (7..=PHPASS_LOG2_MAX).contains(log2),
            Self::Pbkdf2 { hash, rounds, length, .. } => {
                let rounds = (1..=PBKDF2_ROUNDS_MAX).contains(rounds);
                rounds && (16..=64).contains(length) && *hash != Hash::Md5
            }
        }
    }

    /// Writes it at the end of `out`; docs/data-model.md, "Verifier".
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Unknown => out.push(0),
            Self::Clear => out.push(1),
            Self::Digest(hash) => out.extend([2, *hash as u8]),
            Self::Salted { hash, salt } => {
                out.extend([3, *hash as u8]);
                put(out, salt);
            }
            Self::Bcrypt { digested, cost, salt } => {
                out.extend([if *digested { 5 } else { 4 }, *cost]);
                out.extend(salt);
            }
            Self::Argon2 { of, salt, length } => {
                let algorithm = match of.algorithm {
                    Algorithm::Argon2d => 0,
                    Algorithm::Argon2i => 1,
                    Algorithm::Argon2id => 2,
                };
                let version = if of.version == Version::V0x10 { 0x10 } else { 0x13 };
                out.extend([6, algorithm, version]);
                [of.memory_kib, of.passes, of.lanes]
                    .iter()
                    .for_each(|n| out.extend(n.to_be_bytes()));
                out.push(*length);
                put(out, salt);
            }
            Self::Phpass { log2, salt } => {
                out.extend([7, *log2]);
                out.extend(salt);
            }
            Self::Pbkdf2 { hash, rounds, salt, length } => {
                out.extend([8, *hash as u8]);
                out.extend(rounds.to_be_bytes());
                out.push(*length);
                put(out, salt);
            }
        }
    }

    /// Reads what [`Self::write`] wrote, and gives what stands behind it.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (code, rest) = bytes.split_first()?;
        Some(match code {
            0 => (Self::Unknown, rest),
            1 => (Self::Clear, rest),
            2 => {
                let (hash, rest) = rest.split_first()?;
                (Self::Digest(Hash::from_code(*hash)?), rest)
            }
            3 => {
                let (hash, rest) = rest.split_first()?;
                let (salt, rest) = take(rest)?;
                (Self::Salted { hash: Hash::from_code(*hash)?, salt }, rest)
            }
            4 | 5 => {
                let (cost, rest) = rest.split_first()?;
                let (salt, rest) = rest.split_first_chunk()?;
                (Self::Bcrypt { digested: *code == 5, cost: *cost, salt: *salt }, rest)
            }
            6 => {
                let ([algorithm, version], rest) = rest.split_first_chunk()?;
                let (memory_kib, rest) = number(rest)?;
                let (passes, rest) = number(rest)?;
                let (lanes, rest) = number(rest)?;
                let (length, rest) = rest.split_first()?;
                let (salt, rest) = take(rest)?;
                let algorithm = match algorithm {
                    0 => Algorithm::Argon2d,
                    1 => Algorithm::Argon2i,
                    2 => Algorithm::Argon2id,
                    _ => return None,
                };
                let version = Version::try_from(u32::from(*version)).ok()?;
                let of = Variant { algorithm, version, memory_kib, passes, lanes };
                (Self::Argon2 { of, salt, length: *length }, rest)
            }
            7 => {
                let (log2, rest) = rest.split_first()?;
                let (salt, rest) = rest.split_first_chunk()?;
                (Self::Phpass { log2: *log2, salt: *salt }, rest)
            }
            8 => {
                let (hash, rest) = rest.split_first()?;
                let (rounds, rest) = number(rest)?;
                let (length, rest) = rest.split_first()?;
                let (salt, rest) = take(rest)?;
                let hash = Hash::from_code(*hash)?;
                (Self::Pbkdf2 { hash, rounds, salt, length: *length }, rest)
            }
            _ => return None,
        })
    }
}

fn put(out: &mut Vec<u8>, part: &[u8]) {
    // Longer parts are not read as hashes at all.
    out.push(u8::try_from(part.len()).unwrap_or(u8::MAX));
    out.extend(part.iter().take(PART_BYTES_MAX));
}

fn take(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (part, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((part.to_vec(), rest))
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*number), rest))
}

pub(super) fn argon2(of: Variant, password: &[u8], salt: &[u8], length: usize) -> Option<Vec<u8>> {
    let params = Params::new(of.memory_kib, of.passes, of.lanes, Some(length)).ok()?;
    let mut out = vec![0; length];
    let hasher = Argon2::new(of.algorithm, of.version, params);
    hasher.hash_password_into(password, salt, &mut out).ok()?;
    Some(out)
}

impl Variant {
    /// argon2id, version 1.3.
    pub(super) fn id(memory_kib: u32, passes: u32, lanes: u32) -> Self {
        let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
        Self { algorithm, version, memory_kib, passes, lanes }
    }
}

/// bcrypt's loop over the cipher's own expensive key schedule: the crate of that name links a
/// random source, which core must not have. The 23 bytes that its text keeps.
fn bcrypt(cost: u8, salt: &[u8; 16], password: &[u8]) -> Vec<u8> {
    // The text ends in a zero and counts up to 72 bytes of it.
    let key: Zeroizing<Vec<u8>> =
        Zeroizing::new(password.iter().copied().chain([0]).take(72).collect());
    let mut state = Blowfish::bc_init_state();
    state.salted_expand_key(salt, &key);
    for _ in 0..1_u64 << cost {
        state.bc_expand_key(&key);
        state.bc_expand_key(salt);
    }
    let mut out = Vec::with_capacity(24);
    for pair in [[0x4f72_7068, 0x6561_6e42], [0x6568_6f6c, 0x6465_7253], [0x6372_7944, 0x6f75_6274]]
    {
        let [left, right] = (0..64).fold(pair, |pair, _| state.bc_encrypt(pair));
        out.extend(left.to_be_bytes());
        out.extend(right.to_be_bytes());
    }
    out.truncate(23);
    out
}

fn phpass(log2: u8, salt: &[u8; 8], password: &[u8]) -> Vec<u8> {
    let first = Hash::Md5.of([salt, password]);
    (0..1_u32 << log2).fold(first, |hash, _| Hash::Md5.of([&hash, password]))
}
