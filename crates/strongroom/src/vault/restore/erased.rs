//! Who was erased, by the ledger: a record that an entry erased does not come back, whatever its
//! slot says, in the time of grace before the slot is overwritten too.

use std::collections::BTreeMap;

use strongroom_core::id::TenantId;
use strongroom_core::ledger::LogId;
use strongroom_core::store::{ReadError, Snapshot};

use super::stated::{Erasures, Stated};
use crate::vault::ledger::has;

/// How the acts begin that this is about, in an entry's bytes.
const ACTS: [&str; 2] = ["\"act\":\"pii.erase\"", "\"act\":\"erase."];

/// The records that entries erased, by tenant.
pub struct Erased(BTreeMap<TenantId, Vec<(u64, u64)>>);

impl Erased {
    /// Reads all logs of a moment.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn of(moment: &dyn Snapshot) -> Result<Self, ReadError> {
        let mut erasures: BTreeMap<TenantId, Erasures<()>> = BTreeMap::new();
        moment.entries(&mut |log, _, leaf| {
            let concerns = ACTS.iter().any(|act| has(leaf, act));
            if let (LogId::Tenant(tenant), true) = (log, concerns)
                && let Some(entry) = Stated::read(leaf)
            {
                erasures.entry(TenantId(tenant)).or_default().note(&entry, ());
            }
            true
        })?;
        let ranges = erasures.into_iter().map(|(tenant, erasures)| {
            let mut ranges: Vec<_> =
                erasures.standing().erased.into_iter().map(|(range, ())| range).collect();
            ranges.sort_unstable();
            // Merged, so that one look finds the only range that may hold a record.
            ranges.dedup_by(|later, kept| {
                let meets = later.0 <= kept.1;
                kept.1 = if meets { kept.1.max(later.1) } else { kept.1 };
                meets
            });
            (tenant, ranges)
        });
        Ok(Self(ranges.collect()))
    }

    /// Whether an entry erased this record.
    #[must_use]
    pub fn names(&self, tenant: TenantId, record: u64) -> bool {
        let ranges = self.0.get(&tenant).map(Vec::as_slice).unwrap_or_default();
        let before = ranges.get(..ranges.partition_point(|(first, _)| *first <= record));
        before.and_then(<[_]>::last).is_some_and(|(_, end)| record < *end)
    }
}
