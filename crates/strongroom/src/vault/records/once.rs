//! A request that is performed once: under a key of the caller's, for a day.
//!
//! What is kept is no answer and no value: which records came of it, and a keyed digest that tells
//! whether the same request comes again. The digest covers what was sealed. It does not cover a
//! password or what is dropped: nothing may be kept of these that could be tried faster than a
//! verifier, or at all.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, PoisonError};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use strongroom_core::control::CollectionRow;
use strongroom_core::id::{JobId, TenantId};
use strongroom_core::principal::Principal;
use strongroom_core::store::Table;
use strongroom_core::vault::keys::ControlKey;

use super::RecordsRequest;
use crate::problem::{Kind, Problem};
use crate::vault::Vault;

const LABEL: &str = "strongroom/once-body";
/// How long it holds.
const KEPT_US: u64 = 24 * 3600 * 1_000_000;
/// Rows that are over, taken away with one that is written: more than come.
const OVER_MAX: usize = 8;

/// A key of a caller's, for one tenant's collection.
pub struct Once {
    tenant: TenantId,
    /// Of principal, tenant, collection and key.
    pub digest: [u8; 32],
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The records, as runs: the first and how many.
    pub records: Vec<(u64, u64)>,
    /// The fields named that have tokens, or are the key.
    pub fields: BTreeSet<u16>,
    /// Those with a value that does not fit its type.
    pub unusual: BTreeSet<u16>,
}

/// What is kept of a request that was performed.
#[derive(Serialize, Deserialize)]
pub struct Answered {
    /// The keyed digest of the request.
    mac: String,
    /// When it was performed.
    at_us: u64,
    /// What came of it.
    pub outcome: Outcome,
}

impl Once {
    /// The caller's key, for records of a collection.
    pub fn new(
        control: &ControlKey,
        who: &Principal,
        collection: &CollectionRow,
        key: &str,
    ) -> Self {
        let (tenant, id) = (collection.tenant, collection.id.0.to_be_bytes());
        let parts: [&[u8]; 5] = [&who.id().0, &tenant.0, b"records", &id, key.as_bytes()];
        Self { tenant, digest: control.mac("strongroom/once", &parts) }
    }

    /// What entries call it.
    pub fn job(&self) -> JobId {
        JobId(self.digest.first_chunk().copied().unwrap_or_default())
    }

    /// The row of a day. By day, so that those that are over stand first. Neither as long as the
    /// key of a job's row, nor as those of counts.
    fn key(&self, day: u32) -> Vec<u8> {
        [prefix(self.tenant).as_slice(), &day.to_be_bytes(), &self.digest].concat()
    }

    /// What came of it, if it was performed within a day.
    ///
    /// # Errors
    /// A [`Problem`] of the store, or for a row that is not authentic.
    pub fn known(&self, vault: &Vault, now_us: u64) -> Result<Option<Answered>, Problem> {
        let today = day(now_us);
        // A clock that went back over midnight forgets nothing.
        for day in [today, today.saturating_sub(1), today.saturating_add(1)] {
            let known: Option<Answered> = vault.read_job(&self.key(day))?;
            let known = known.filter(|known| now_us.saturating_sub(known.at_us) < KEPT_US);
            if known.is_some() {
                return Ok(known);
            }
        }
        Ok(None)
    }

    /// The key and the body of the row that says what came of it.
    ///
    /// # Errors
    /// A [`Problem`] when it cannot be written down.
    pub fn row(
        &self,
        control: &ControlKey,
        (request, collection): (&RecordsRequest, &CollectionRow),
        outcome: Outcome,
    ) -> Result<(Vec<u8>, Vec<u8>), Problem> {
        let mac = over(request, collection, &outcome.fields, |parts| control.mac(LABEL, parts));
        let at_us = request.now_us;
        let answered = Answered { mac: HEXLOWER.encode(&mac), at_us, outcome };
        let body = serde_json::to_vec(&answered).map_err(|_| Problem::internal("a job's row"))?;
        Ok((self.key(day(at_us)), body))
    }

    /// The keys of rows of the tenant that are over, the oldest first, some of them.
    ///
    /// # Errors
    /// A [`Problem`] of the store.
    pub fn over(&self, vault: &Vault, now_us: u64) -> Result<Vec<Vec<u8>>, Problem> {
        let (today, mut over) = (day(now_us), Vec::new());
        vault.store.scan(Table::Job, &prefix(self.tenant), &mut |key, _| {
            let day = key.get(17..21).and_then(|day| day.try_into().ok()).map(u32::from_be_bytes);
            let is_over = day.is_some_and(|day| day.saturating_add(1) < today);
            if is_over {
                over.push(key.to_vec());
            }
            is_over && over.len() < OVER_MAX
        })?;
        Ok(over)
    }
}

impl Answered {
    /// Whether it is what came of this request.
    pub fn is_of(
        &self,
        control: &ControlKey,
        request: &RecordsRequest,
        collection: &CollectionRow,
    ) -> bool {
        let Ok(mac) = HEXLOWER.decode(self.mac.as_bytes()) else { return false };
        over(request, collection, &self.outcome.fields, |parts| control.verify(LABEL, parts, &mac))
    }
}

impl Outcome {
    /// The records, in the order of the request.
    pub fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        self.records.iter().flat_map(|(first, count)| *first..first.saturating_add(*count))
    }
}

/// Numbers as runs, in their order.
pub fn runs(numbers: &[u64]) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((first, count)) if first.saturating_add(*count) == *number => *count += 1,
            _ => runs.push((*number, 1)),
        }
    }
    runs
}

/// The refusal of another request under the same key.
pub fn conflict() -> Problem {
    let remedy =
        "use a fresh idempotency key for another request; to repeat one, send it as it was";
    Problem::new(Kind::Conflict, "the idempotency key came with another request before", remedy)
}

/// What the keyed digest of a request covers: every record, every column it names, and the values
/// of `fields`. The order of columns within a record is none of it.
fn over<R>(
    request: &RecordsRequest,
    collection: &CollectionRow,
    fields: &BTreeSet<u16>,
    digest: impl FnOnce(&[&[u8]]) -> R,
) -> R {
    let covers = |name: &str| collection.field(name).is_some_and(|f| fields.contains(&f.number.0));
    let mut records = Vec::with_capacity(request.records.len());
    for values in &request.records {
        let fold = |name: &String| name.trim().to_lowercase();
        let mut members: Vec<_> = values.iter().map(|(name, v)| (fold(name), v)).collect();
        members.sort_by(|(one, _), (other, _)| one.cmp(other));
        records.push(members);
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    for members in &records {
        parts.push(b"record");
        for (name, value) in members {
            parts.extend([b"member".as_slice(), name.as_bytes()]);
            parts.extend(match value {
                None => [b"nothing".as_slice(), b""],
                Some(value) if covers(name) => [b"value".as_slice(), value.as_bytes()],
                Some(_) => [b"not kept".as_slice(), b""],
            });
        }
    }
    digest(&parts)
}

fn prefix(tenant: TenantId) -> [u8; 17] {
    let mut prefix = [b'i'; 17];
    prefix.iter_mut().zip(tenant.0).for_each(|(to, from)| *to = from);
    prefix
}

fn day(now_us: u64) -> u32 {
    u32::try_from(now_us / KEPT_US).unwrap_or(u32::MAX)
}

/// The requests that are being performed.
#[derive(Default)]
pub struct Performing {
    digests: Mutex<BTreeSet<[u8; 32]>>,
    ended: Condvar,
}

/// One of them, until it is dropped.
pub struct Begun<'p> {
    performing: &'p Performing,
    digest: [u8; 32],
}

impl Performing {
    /// Begins one; waits while the same is being performed.
    pub fn begin(&self, digest: [u8; 32]) -> Begun<'_> {
        let mut digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        while !digests.insert(digest) {
            digests = self.ended.wait(digests).unwrap_or_else(PoisonError::into_inner);
        }
        Begun { performing: self, digest }
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let mut digests = self.performing.digests.lock().unwrap_or_else(PoisonError::into_inner);
        digests.remove(&self.digest);
        self.performing.ended.notify_all();
    }
}
