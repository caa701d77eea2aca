//! The peppers of a verifier. A password is not at hand when the pepper changes, so that a tag
//! cannot be made anew: it is wrapped once more, under the next pepper, and whoever has the older
//! ones alone can try nothing. docs/data-model.md, "Verifier".

use hmac::Mac as _;
use zeroize::Zeroizing;

use crate::vault::feed;
use crate::vault::keys::{Hmac256, TenantKeys};

/// Which versions of the pepper a tag went through, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Peppers {
    /// What entered the cheap tag.
    pub(super) base: u16,
    /// What wrapped it before it was made strong, if it was.
    pub(super) inner: Vec<u16>,
    /// What wrapped the strong tag.
    pub(super) outer: Vec<u16>,
}

impl Peppers {
    /// The first one alone.
    pub(super) fn first() -> Self {
        Self { base: 1, inner: Vec::new(), outer: Vec::new() }
    }

    /// The tenant's current one alone.
    pub(super) fn current(keys: &TenantKeys) -> Self {
        let base = keys.pepper.last().map_or(1, |(version, _)| *version);
        Self { base, ..Self::first() }
    }

    pub(super) fn is_first_alone(&self) -> bool {
        *self == Self::first()
    }

    /// The last one that the tag went through.
    pub(super) fn newest(&self) -> u16 {
        *self.outer.last().or(self.inner.last()).unwrap_or(&self.base)
    }

    pub(super) fn add(&mut self, version: u16, strong: bool) {
        if strong { self.outer.push(version) } else { self.inner.push(version) }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.base.to_be_bytes());
        for wraps in [&self.inner, &self.outer] {
            out.extend(u16::try_from(wraps.len()).unwrap_or(u16::MAX).to_be_bytes());
            wraps.iter().for_each(|version| out.extend(version.to_be_bytes()));
        }
    }

    /// Reads what [`Self::write`] wrote; gives what stands behind it.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (base, mut rest) = number(bytes)?;
        let mut wraps = [Vec::new(), Vec::new()];
        for versions in &mut wraps {
            let (count, mut from) = number(rest)?;
            for _ in 0..count {
                let (version, more) = number(from)?;
                versions.push(version);
                from = more;
            }
            rest = from;
        }
        let [inner, outer] = wraps;
        Some((Self { base, inner, outer }, rest))
    }
}

fn number(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u16::from_be_bytes(*number), rest))
}

/// A version of the tenant's pepper, if it is there.
pub(super) fn pepper(keys: &TenantKeys, version: u16) -> Option<&Hmac256> {
    keys.pepper.iter().find(|(v, _)| *v == version).map(|(_, key)| key)
}

/// A tag, wrapped under a version of the pepper.
pub(super) fn wrap(
    keys: &TenantKeys,
    version: u16,
    salt: &[u8; 16],
    tag: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let mut mac = pepper(keys, version)?.clone();
    feed(&mut mac, "strongroom/verifier/wrap", 1, &[salt, tag]);
    Some(Zeroizing::new(mac.finalize().into_bytes().to_vec()))
}
