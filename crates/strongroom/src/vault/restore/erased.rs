//! Who was erased, by the ledger: a record that an entry erased does not come back, whatever its
//! slot says, in the time of grace before the slot is overwritten too.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use strongroom_core::id::TenantId;
use strongroom_core::ledger::LogId;
use strongroom_core::store::{ReadError, Snapshot};

/// The act, as it stands in an entry.
const ACT: &[u8] = b"\"act\":\"pii.erase\"";

/// The records that entries erased, by tenant.
#[derive(Default)]
pub struct Erased(BTreeMap<TenantId, Vec<(u64, u64)>>);

/// What is looked at of an entry that erases.
#[derive(Deserialize)]
struct Entry {
    id: String,
    ph: String,
    re: Option<String>,
    rg: Option<Range>,
}

#[derive(Deserialize)]
struct Range {
    count: u64,
    first: String,
}

impl Erased {
    /// Reads all logs of a moment.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn of(moment: &dyn Snapshot) -> Result<Self, ReadError> {
        let (mut stated, mut failed) = (Vec::new(), BTreeSet::new());
        moment.entries(&mut |log, _, leaf| {
            note(log, leaf, &mut stated, &mut failed);
            true
        })?;
        Ok(Self::from(stated, &failed))
    }

    fn from(stated: Vec<(TenantId, String, u64, u64)>, failed: &BTreeSet<String>) -> Self {
        let mut all = Self::default();
        for (tenant, _, first, end) in stated.into_iter().filter(|s| !failed.contains(&s.1)) {
            all.0.entry(tenant).or_default().push((first, end));
        }
        all.0.values_mut().for_each(|ranges| ranges.sort_unstable());
        all
    }

    /// Whether an entry erased this record.
    #[must_use]
    pub fn names(&self, tenant: TenantId, record: u64) -> bool {
        let ranges = self.0.get(&tenant).map(Vec::as_slice).unwrap_or_default();
        let before = ranges.get(..ranges.partition_point(|(first, _)| *first <= record));
        // Ranges of two acts may overlap: each that begins before may reach as far.
        before.unwrap_or_default().iter().rev().any(|(_, end)| record < *end)
    }
}

fn note(
    log: LogId,
    leaf: &[u8],
    stated: &mut Vec<(TenantId, String, u64, u64)>,
    failed: &mut BTreeSet<String>,
) {
    let LogId::Tenant(tenant) = log else { return };
    if !leaf.windows(ACT.len()).any(|window| window == ACT) {
        return;
    }
    let Ok(entry) = serde_json::from_slice::<Entry>(leaf) else { return };
    match entry.ph.as_str() {
        "failed" => failed.extend(entry.re),
        "commit" => {
            let range = entry.rg.and_then(|r| Some((r.first.parse::<u64>().ok()?, r.count)));
            let range = range.map(|(first, count)| (first, first.saturating_add(count)));
            stated.extend(range.map(|(first, end)| (TenantId(tenant), entry.id, first, end)));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_entry_erased_is_known_by_its_range_unless_it_failed() {
        let entry = |act: &str, id: &str, more: &str| {
            format!("{{\"ac\":{{}},\"act\":\"{act}\",\"bn\":1,\"id\":\"{id}\",{more}}}")
        };
        let rg = |first, count| format!("\"rg\":{{\"count\":{count},\"first\":\"{first}\"}}");
        let commit = "\"ph\":\"commit\",";
        let entries = [
            entry("pii.erase", "a", &format!("{commit}{}", rg(5, 1))),
            entry("pii.erase", "b", &format!("{commit}{}", rg(1, 30))),
            entry("pii.erase", "c", &format!("{commit}{}", rg(50, 2))),
            entry("pii.erase", "x", "\"ph\":\"failed\",\"re\":\"c\""),
            entry("pii.erase", "d", &format!("\"ph\":\"denied\",{}", rg(60, 2))),
            entry("pii.collect", "e", &format!("{commit}{}", rg(70, 2))),
        ];
        let (mut stated, mut failed) = (Vec::new(), BTreeSet::new());
        for entry in &entries {
            note(LogId::Tenant([1; 16]), entry.as_bytes(), &mut stated, &mut failed);
            note(LogId::System, entry.as_bytes(), &mut stated, &mut failed);
        }
        let erased = Erased::from(stated, &failed);
        let named: Vec<u64> = (0..100).filter(|n| erased.names(TenantId([1; 16]), *n)).collect();
        assert_eq!(named, (1..31).collect::<Vec<u64>>());
        assert!(!erased.names(TenantId([2; 16]), 5), "another tenant's");
    }
}
