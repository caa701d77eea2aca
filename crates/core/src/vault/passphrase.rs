//! The root key under a passphrase: wrapped by what argon2id makes of it.
//!
//! The work and the salt lie beside the wrapped key and are authenticated with it. They are held to
//! bounds before anything is computed: whoever can write the file must not have a start use a
//! terabyte, nor may less work be asked for than was promised. A checksum tells damage from a wrong
//! passphrase; it proves nothing. docs/data-model.md, "Root key".

use std::ops::RangeInclusive;

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use super::Fixed;
use super::keys::{KeyError, SecretKey, WrappingKey};
use crate::source::{Random, draw};

/// Bytes of a root key under a passphrase: how 1, work 12, salt 16, wrapped key 60, CRC-32C 4.
pub const BYTES: usize = 93;
const HEAD_BYTES: usize = 29;
/// argon2id, version 1.3.
const ARGON2ID: u8 = 1;
/// The least work, and what new wrappings take: 64 MiB, three passes, one lane.
const WORK: Work = Work { memory_kib: 64 << 10, passes: 3, lanes: 1 };
const MEMORY_KIB: RangeInclusive<u32> = (64 << 10)..=(1 << 20);
const PASSES: RangeInclusive<u32> = 3..=16;
const LANES: RangeInclusive<u32> = 1..=4;

/// Why a root key did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// Not what was written: another length, another form, or the checksum does not fit.
    #[error("the root key is damaged")]
    Damaged,
    /// Work that this program neither asks for nor does.
    #[error("the root key asks for work outside of what is allowed")]
    Work,
    /// The passphrase is another.
    #[error("the passphrase does not open the root key")]
    Wrong,
    /// No randomness, or not the memory that the work takes.
    #[error("the work of the passphrase could not be done")]
    Failed,
}

/// What argon2id is made to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Work {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Work {
    fn is_allowed(self) -> bool {
        MEMORY_KIB.contains(&self.memory_kib)
            && PASSES.contains(&self.passes)
            && LANES.contains(&self.lanes)
    }

    fn key(self, passphrase: &[u8], salt: &[u8]) -> Result<WrappingKey, PassphraseError> {
        let failed = |_| PassphraseError::Failed;
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32));
        let params = params.map_err(|_| PassphraseError::Work)?;
        let mut out = Zeroizing::new([0; 32]);
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let done = hasher.hash_password_into(passphrase, salt, out.as_mut_slice());
        done.map_err(|_| PassphraseError::Failed)?;
        WrappingKey::new(&SecretKey::from_bytes(out), "strongroom/passphrase").map_err(failed)
    }
}

/// Wraps the root key.
///
/// # Errors
/// [`PassphraseError::Failed`].
pub fn wrap(
    passphrase: &[u8],
    root: &SecretKey,
    random: &dyn Random,
) -> Result<[u8; BYTES], PassphraseError> {
    let failed = |_| PassphraseError::Failed;
    let salt: [u8; 16] = draw(random).map_err(failed)?;
    let head: [u8; HEAD_BYTES] = Fixed::new()
        .push(&[ARGON2ID])
        .push(&WORK.memory_kib.to_be_bytes())
        .push(&WORK.passes.to_be_bytes())
        .push(&WORK.lanes.to_be_bytes())
        .push(&salt)
        .finish();
    let key = WORK.key(passphrase, &salt)?;
    let wrapped =
        key.wrap_with(random, &head, root).map_err(|_: KeyError| PassphraseError::Failed)?;
    let sum = checksum(&head, &wrapped);
    Ok(Fixed::new().push(&head).push(&wrapped).push(&sum).finish())
}

/// Opens the root key. Whether the file is whole is told before the passphrase is asked for.
///
/// # Errors
/// [`PassphraseError`], or what `ask` says.
pub fn unwrap<P: AsRef<[u8]>, E: From<PassphraseError>>(
    bytes: &[u8],
    ask: impl FnOnce() -> Result<P, E>,
) -> Result<SecretKey, E> {
    let (head, wrapped, salt, work) = read(bytes).ok_or(PassphraseError::Damaged)?;
    if !work.is_allowed() {
        return Err(PassphraseError::Work.into());
    }
    let key = work.key(ask()?.as_ref(), salt)?;
    key.unwrap_with(head, wrapped).map_err(|_| PassphraseError::Wrong.into())
}

type Parts<'b> = (&'b [u8], &'b [u8], &'b [u8], Work);

fn read(bytes: &[u8]) -> Option<Parts<'_>> {
    let bytes: &[u8; BYTES] = bytes.try_into().ok()?;
    let (head, rest) = bytes.split_at_checked(HEAD_BYTES)?;
    let (wrapped, sum) = rest.split_last_chunk::<4>()?;
    let number = |at: usize| head.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
    let work = Work { memory_kib: number(1)?, passes: number(5)?, lanes: number(9)? };
    let whole = head.first() == Some(&ARGON2ID) && *sum == checksum(head, wrapped);
    whole.then_some((head, wrapped, head.get(13..)?, work))
}

fn checksum(head: &[u8], wrapped: &[u8]) -> [u8; 4] {
    crc32c::crc32c_append(crc32c::crc32c(head), wrapped).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::CountingRandom;

    fn open(bytes: &[u8], passphrase: &str) -> Result<[u8; 32], PassphraseError> {
        unwrap(bytes, || Ok::<_, PassphraseError>(passphrase)).map(|key| *key.expose())
    }

    /// Not asked for where the file itself says enough.
    fn unasked(bytes: &[u8]) -> Option<PassphraseError> {
        unwrap(bytes, || -> Result<&[u8], _> { panic!("it was asked for") }).err()
    }

    #[test]
    fn a_root_key_opens_under_its_passphrase_alone() {
        let random = CountingRandom::default();
        let root = SecretKey::generate(&random).unwrap();
        let one = wrap(b"correct horse battery", &root, &random).unwrap();
        assert_eq!(open(&one, "correct horse battery"), Ok(*root.expose()));
        assert_eq!(open(&one, "correct horse batterz"), Err(PassphraseError::Wrong));
        assert_eq!(open(&one, ""), Err(PassphraseError::Wrong));
        let two = wrap(b"correct horse battery", &root, &random).unwrap();
        assert_ne!(one[13..29], two[13..29], "a salt each");
        assert_ne!(one[41..73], two[41..73]);
    }

    #[test]
    fn damage_is_told_from_a_wrong_passphrase_without_asking() {
        let random = CountingRandom::default();
        let root = SecretKey::generate(&random).unwrap();
        let bytes = wrap(b"correct horse battery", &root, &random).unwrap();
        for at in 0..BYTES {
            let mut bad = bytes;
            bad[at] ^= 4;
            assert_eq!(unasked(&bad), Some(PassphraseError::Damaged), "byte {at}");
            assert_eq!(unasked(&bytes[..at]), Some(PassphraseError::Damaged), "cut at {at}");
        }
    }

    #[test]
    fn a_forged_file_asks_for_no_terabyte_and_for_no_less_than_was_promised() {
        let random = CountingRandom::default();
        let root = SecretKey::generate(&random).unwrap();
        let bytes = wrap(b"correct horse battery", &root, &random).unwrap();
        let forged = |at: usize, number: u32| {
            let mut bad = bytes;
            bad[at..at + 4].copy_from_slice(&number.to_be_bytes());
            let sum = checksum(&bad[..HEAD_BYTES], &bad[HEAD_BYTES..BYTES - 4]);
            bad[BYTES - 4..].copy_from_slice(&sum);
            bad
        };
        for (at, number) in [
            (1, 1 << 30),
            (1, u32::MAX),
            (1, (64 << 10) - 1),
            (1, 0),
            (5, 17),
            (5, 2),
            (5, u32::MAX),
            (9, 0),
            (9, 5),
        ] {
            assert_eq!(unasked(&forged(at, number)), Some(PassphraseError::Work), "{number}");
        }
        // Other work within the bounds is done, and gives another key.
        let other = forged(5, 4);
        assert_eq!(open(&other, "correct horse battery"), Err(PassphraseError::Wrong));
    }
}
