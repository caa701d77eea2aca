//! One entry of a log, and its only byte form: canonical JSON (a subset of RFC 8785).
//!
//! The bytes are the leaf. Whoever writes calls [`Entry::to_bytes`]; whoever reads calls
//! [`Entry::from_bytes`], which refuses any bytes that `to_bytes` would not have written. An entry
//! must never hold a personal value: every text in it is a random id, a keyed pseudonym or a word
//! of a small alphabet, and no error here repeats what it refused.

mod canonical;
mod vocabulary;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

pub use canonical::{DecodeError, EncodeError};
pub use vocabulary::{Act, Auth, Form, Phase};

use crate::id::{Id, LogId, Pseudonym};
use crate::merkle::Hash;

/// The largest entry, in bytes.
pub const ENTRY_SIZE_MAX: usize = 16 * 1024;

/// The most people one entry may name; a larger request is several entries.
pub const SUBJECTS_MAX: usize = 512;

/// The most people whose records' versions one entry may state, so that it fits its size.
pub const VERSIONS_MAX: usize = 256;

/// The most field types one entry may name.
pub const FIELDS_MAX: usize = 64;

/// Integers in an entry stay below this, where every JSON reader is exact; larger ones are text.
pub const INTEGER_LIMIT: u64 = 1 << 53;

/// One line of history.
///
/// INVARIANT: the fields stand in the order of their JSON names, since serde writes them in this
/// order and sorted order is what makes the bytes canonical (a test holds it).
///
/// The serde forms exist for [`Entry::to_bytes`] and [`Entry::from_bytes`]; read entries through
/// those only, they also hold the rules that a derive cannot see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Who acted.
    #[serde(rename = "ac")]
    pub actor: Actor,
    /// What was done.
    pub act: Act,
    /// The boot of the writer: grows with every start.
    #[serde(rename = "bn")]
    pub boot: u64,
    /// The field types touched, in strictly ascending order.
    #[serde(rename = "fd", default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The form in which values were given out.
    #[serde(rename = "fo", default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// The head of a tenant's log; there exactly when the act is `tenant.head`.
    #[serde(rename = "hd", default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Head>,
    /// Names this entry and no other.
    pub id: Id,
    /// The id of the object acted on: a principal, a tenant, a job.
    #[serde(rename = "ob", default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// How far the act has come.
    #[serde(rename = "ph")]
    pub phase: Phase,
    /// SHA-256 of the policy that allowed or refused the act.
    #[serde(rename = "pol", default, skip_serializing_if = "Option::is_none")]
    #[serde(with = "canonical::hex_hash")]
    pub policy: Option<Hash>,
    /// The purpose that was declared.
    #[serde(rename = "pu", default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The earlier entry of the same log which this one completes.
    #[serde(rename = "re", default, skip_serializing_if = "Option::is_none")]
    pub completes: Option<Id>,
    /// The record numbers of a seal batch.
    #[serde(rename = "rg", default, skip_serializing_if = "Option::is_none")]
    pub range: Option<RecordRange>,
    /// The people concerned.
    #[serde(rename = "su", default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<Pseudonym>,
    /// The log this entry belongs to.
    #[serde(rename = "tn")]
    pub log: LogId,
    /// When, in microseconds since 1970; never less than in the entry before.
    #[serde(rename = "ts", with = "canonical::decimal")]
    pub time_us: u64,
    /// The version of this format.
    #[serde(rename = "v")]
    pub version: Version,
    /// The versions that records now have, one for each of the people concerned.
    #[serde(rename = "vs", default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<u32>,
    /// Why an act was refused or failed: a code, never free text.
    #[serde(rename = "why", default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Entry {
    /// An entry with the fields that every entry has; the optional ones are set afterwards.
    pub fn new(id: Id, log: LogId, act: Act, phase: Phase, actor: Actor) -> Self {
        Self {
            actor,
            act,
            boot: 0,
            fields: Vec::new(),
            form: None,
            head: None,
            id,
            object: None,
            phase,
            policy: None,
            purpose: None,
            completes: None,
            range: None,
            subjects: Vec::new(),
            log,
            time_us: 0,
            version: Version,
            versions: Vec::new(),
            reason: None,
        }
    }

    /// The next signing key of its log that the entry states, if it does: the last two parts of
    /// `ledger:FROM:TO:KEY:SIGNATURE`.
    pub fn next_key(&self) -> Option<NextKey> {
        let stated = self.act == Act::KeyRotate && self.phase == Phase::Commit;
        let object = self.object.as_deref().filter(|_| stated)?;
        let (rest, signature) = object.strip_prefix("ledger:")?.rsplit_once(':')?;
        let (_, public) = rest.rsplit_once(':')?;
        Some(NextKey {
            public: HEXLOWER.decode(public.as_bytes()).ok()?.try_into().ok()?,
            signature: HEXLOWER.decode(signature.as_bytes()).ok()?.try_into().ok()?,
        })
    }
}

/// That another key signs a log from here on, in the word of the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextKey {
    /// The public key.
    pub public: [u8; 32],
    /// By the key before it, over what [`crate::note::Signer::vouch`] says.
    pub signature: [u8; 64],
}

impl NextKey {
    /// As an entry holds it.
    pub fn object(&self, from: u16, to: u16) -> String {
        let (public, signature) = (HEXLOWER.encode(&self.public), HEXLOWER.encode(&self.signature));
        format!("ledger:{from}:{to}:{public}:{signature}")
    }
}

/// Who acted, and how that was established.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// How the actor was established.
    #[serde(rename = "au")]
    pub auth: Auth,
    /// The principal's random id; `None` is written `none`.
    #[serde(rename = "id", with = "canonical::principal")]
    pub principal: Option<[u8; 16]>,
}

/// A run of record numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordRange {
    /// How many.
    pub count: u64,
    /// The first of them.
    #[serde(with = "canonical::decimal")]
    pub first: u64,
}

/// The head of a tenant's log, noted in the system log: from then on a forked or shortened tenant
/// log contradicts the system log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The tenant's log.
    pub log: LogId,
    /// The root over the first `size` entries.
    #[serde(with = "canonical::base64_hash")]
    pub root: Hash,
    /// How many entries the root covers.
    pub size: u64,
}

/// Version 1 of the entry format, the only one there is; written as the number 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version;

#[cfg(test)]
mod tests;
