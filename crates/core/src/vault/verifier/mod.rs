//! Verifiers: what is kept of a password. It says of a password whether it is right, and nothing
//! else: no form of it, mask included, gives the password or a hash of it back.
//!
//! Cheap: `HMAC-SHA-256(pepper, (scheme, salt, what the scheme gives))`. Strong: argon2id over the
//! cheap tag, so that no sign-in is needed to strengthen one. Without the pepper neither can be
//! tried offline. docs/data-model.md, "Verifier"; docs/decisions/0006-passwords.md.

mod peppers;
mod scheme;
mod spelling;
#[cfg(test)]
mod tests;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use data_encoding::BASE64_NOPAD;
use hmac::Mac as _;
use zeroize::Zeroizing;

use self::peppers::Peppers;
use self::scheme::{Scheme, Variant, argon2};
use super::feed;
use super::keys::TenantKeys;
use crate::source::{Random, RandomError, draw};

/// The format's version, its first byte.
const FORMAT: u8 = 1;
/// The format of verifiers that name their peppers: those of format 1 are under the first alone.
const FORMAT_PEPPERS: u8 = 2;
const TAG_BYTES: usize = 32;

/// The work of the strong form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strength {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Strength {
    /// OWASP's least for argon2id: 19 MiB, two passes, one lane.
    pub const FULL: Self = Self { memory_kib: 19 << 10, passes: 2, lanes: 1 };

    /// The least that argon2 takes, for tests.
    #[cfg(any(test, feature = "testing"))]
    pub const LEAST: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };

    fn stretch(self, cheap: &[u8], salt: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let of = Variant::id(self.memory_kib, self.passes, self.lanes);
        argon2(of, cheap, salt, TAG_BYTES).map(Zeroizing::new)
    }
}

/// What is kept of a password.
pub struct Verifier {
    peppers: Peppers,
    scheme: Scheme,
    salt: [u8; 16],
    strength: Option<Strength>,
    tag: Zeroizing<Vec<u8>>,
}

impl Verifier {
    /// The cheap verifier of a cell: of a password, or of a password's hash.
    ///
    /// # Errors
    /// When there is no randomness.
    pub(crate) fn of(
        cell: &str,
        keys: &TenantKeys,
        random: &dyn Random,
    ) -> Result<Self, RandomError> {
        let salt = draw(random)?;
        let (scheme, outcome) = Scheme::tell(cell);
        let mut verifier = Self {
            peppers: Peppers::current(keys),
            scheme,
            salt,
            strength: None,
            tag: Zeroizing::new(vec![0; TAG_BYTES]),
        };
        // Nothing is kept of what nothing can be right against.
        if verifier.is_usable()
            && let Some(tag) = verifier.tag_of(keys, &outcome)
        {
            verifier.tag = tag;
        }
        Ok(verifier)
    }

    /// Whether some password can be right.
    pub(crate) fn is_usable(&self) -> bool {
        !matches!(self.scheme, Scheme::Unknown)
    }

    /// Whether it waits to be strengthened.
    pub(crate) fn is_cheap(&self) -> bool {
        self.strength.is_none() && self.is_usable()
    }

    /// Wraps the cheap form at this strength. A strong one stays as it is.
    pub(crate) fn strengthened(self, strength: Strength) -> Option<Self> {
        if !self.is_cheap() {
            return Some(self);
        }
        let tag = strength.stretch(&self.tag, &self.salt)?;
        Some(Self { strength: Some(strength), tag, ..self })
    }

    /// Wraps the tag once more, under the tenant's current pepper: whoever has the older ones alone
    /// can try nothing any more. Nothing where that is so already, or there is nothing to try.
    pub(crate) fn wrapped(mut self, keys: &TenantKeys) -> Option<Self> {
        let newest = Peppers::current(keys).newest();
        if !self.is_usable() || self.peppers.newest() == newest {
            return None;
        }
        self.tag = peppers::wrap(keys, newest, &self.salt, &self.tag)?;
        self.peppers.add(newest, self.strength.is_some());
        Some(self)
    }

    /// What the tag is for an outcome; nothing without one of its peppers.
    fn tag_of(&self, keys: &TenantKeys, outcome: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let wrap =
            |tag: Zeroizing<Vec<u8>>, pepper: &u16| peppers::wrap(keys, *pepper, &self.salt, &tag);
        let cheap = cheap(keys, self, outcome)?;
        let cheap = self.peppers.inner.iter().try_fold(cheap, wrap)?;
        let tag = match self.strength {
            None => cheap,
            Some(strength) => strength.stretch(&cheap, &self.salt)?,
        };
        self.peppers.outer.iter().try_fold(tag, wrap)
    }

    /// Whether this is the password. Every way in which it could be is tried, in constant time of
    /// each comparison.
    pub(crate) fn is_right(&self, keys: &TenantKeys, password: &str) -> bool {
        let mut right = false;
        for outcome in self.scheme.outcomes(password.as_bytes()) {
            let tag = self.tag_of(keys, &outcome);
            right |= tag.is_some_and(|tag| verify_slices_are_equal(&tag, &self.tag).is_ok());
        }
        right
    }

    /// Whether it is what would be kept of this cell: of the same password, or of the same hash.
    /// Of a strong one this takes as long as trying a password.
    pub(crate) fn is_of(&self, keys: &TenantKeys, cell: &str) -> bool {
        let (scheme, outcome) = Scheme::tell(cell);
        if scheme != self.scheme {
            return false;
        }
        if !self.is_usable() {
            return true;
        }
        let tag = self.tag_of(keys, &outcome);
        tag.is_some_and(|tag| verify_slices_are_equal(&tag, &self.tag).is_ok())
    }

    /// The value that is sealed.
    pub(crate) fn write(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::new());
        match self.peppers.is_first_alone() {
            true => bytes.push(FORMAT),
            false => {
                bytes.push(FORMAT_PEPPERS);
                self.peppers.write(&mut bytes);
            }
        }
        self.scheme.write(&mut bytes);
        bytes.extend(self.salt);
        match self.strength {
            None => bytes.push(0),
            Some(Strength { memory_kib, passes, lanes }) => {
                bytes.push(1);
                [memory_kib, passes, lanes].iter().for_each(|n| bytes.extend(n.to_be_bytes()));
            }
        }
        bytes.extend(self.tag.iter());
        Zeroizing::new(BASE64_NOPAD.encode(&bytes))
    }

    /// Reads what [`Self::write`] wrote.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64_NOPAD.decode(text.as_bytes()).ok()?);
        let (format, rest) = bytes.split_first()?;
        let (peppers, rest) = match *format {
            FORMAT => (Peppers::first(), rest),
            FORMAT_PEPPERS => Peppers::read(rest)?,
            _ => return None,
        };
        let (scheme, rest) = Scheme::read(rest)?;
        let (salt, rest) = rest.split_first_chunk()?;
        let (strong, rest) = rest.split_first()?;
        let (strength, tag) = match strong {
            0 => (None, rest),
            1 => {
                let (numbers, rest) = rest.split_first_chunk::<12>()?;
                let mut numbers = numbers.chunks_exact(4).map(|n| n.try_into().ok());
                let mut next = || numbers.next().flatten().map(u32::from_be_bytes);
                let (memory_kib, passes, lanes) = (next()?, next()?, next()?);
                (Some(Strength { memory_kib, passes, lanes }), rest)
            }
            _ => return None,
        };
        let tag = Zeroizing::new(tag.to_vec());
        (tag.len() == TAG_BYTES).then_some(Self { peppers, scheme, salt: *salt, strength, tag })
    }
}

/// Whether a cell is a password, or the hash of one that can be tried.
#[must_use]
pub fn is_usable(cell: &str) -> bool {
    !matches!(Scheme::tell(cell).0, Scheme::Unknown)
}

/// The cheap tag; bound to the scheme and its parameters. Nothing without its pepper.
fn cheap(keys: &TenantKeys, of: &Verifier, outcome: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut written = Vec::new();
    of.scheme.write(&mut written);
    let mut mac = peppers::pepper(keys, of.peppers.base)?.clone();
    feed(&mut mac, "strongroom/verifier", 1, &[&written, &of.salt, outcome]);
    Some(Zeroizing::new(mac.finalize().into_bytes().to_vec()))
}
