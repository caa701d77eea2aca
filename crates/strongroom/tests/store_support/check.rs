//! What must hold of any store, however it was left: read from the outside, by the rules of the
//! ledger's page and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use strongroom_core::control::{principal_key, tenant_key};
use strongroom_core::erasure::Erasing;
use strongroom_core::id::{PrincipalId, RecordNumber, TenantId};
use strongroom_core::ledger::entry::{Act, Entry, Phase};
use strongroom_core::ledger::merkle::leaf_hash;
use strongroom_core::ledger::{Id, LogId};
use strongroom_core::store::{Position, Store, Table};
use strongroom_core::vault::slot::{EpochKey, Slot};

use super::office::slot_in;
use super::{epoch_key, leaves, root_of};

/// What a store holds, apart from what every opening adds.
#[derive(Debug, PartialEq, Eq)]
pub struct Account {
    /// Failed acts: log and index.
    pub failed: BTreeSet<(LogId, u64)>,
    /// Live records by tenant.
    pub live: BTreeSet<(TenantId, u64)>,
    /// Tombstones of acts that failed: record and index of the entry they name.
    pub erased: BTreeSet<(u64, u64)>,
    /// Records that were erased: tombstones, and those that are leaving.
    pub gone: BTreeSet<u64>,
    pub leaving: BTreeSet<u64>,
    /// Every row of the engine.
    pub rows: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
    /// The tenants' logs.
    pub logs: BTreeMap<LogId, Vec<Vec<u8>>>,
}

/// Checks a store against itself and against what was acknowledged of it.
pub fn account(store: &dyn Store, acknowledged: &[Position]) -> Account {
    account_in(&epoch_key(), store, acknowledged)
}

/// The same in another epoch than the first.
pub fn account_in(epoch: &EpochKey, store: &dyn Store, acknowledged: &[Position]) -> Account {
    let mut account = Account {
        failed: BTreeSet::new(),
        live: BTreeSet::new(),
        erased: BTreeSet::new(),
        gone: BTreeSet::new(),
        leaving: BTreeSet::new(),
        rows: BTreeMap::new(),
        logs: BTreeMap::new(),
    };
    for table in [Table::Record, Table::Index, Table::Control, Table::Job] {
        let visit = &mut |key: &[u8], value: &[u8]| {
            account.rows.insert((table, key.to_vec()), value.to_vec());
            true
        };
        store.scan(table, &[], visit).unwrap();
    }
    for (log, size, root) in store.heads() {
        let stored = leaves(store, log).unwrap();
        assert_eq!((stored.len() as u64, root_of(&stored)), (size, root), "log {log}");
        account.logs.insert(log, stored);
    }
    for position in acknowledged {
        let leaf = account.logs.get(&position.log).and_then(|l| l.get(position.index as usize));
        let there = leaf.is_some_and(|leaf| leaf_hash(leaf) == position.leaf_hash);
        assert!(there, "acknowledged entry {position:?} is not there");
    }
    let mut ranges = Vec::new();
    for (log, stored) in &account.logs {
        let entries: Vec<_> = stored.iter().map(|l| Entry::from_bytes(l).unwrap()).collect();
        account.failed.extend(check_log(*log, &entries));
        let seals = entries.iter().enumerate().filter(|(_, e)| e.act == Act::PiiCollect);
        ranges.extend(seals.filter_map(|(n, e)| Some((*log, n, e.range?))));
    }
    let failed = &account.failed;
    let acknowledged = acknowledged.iter().find(|p| failed.contains(&(p.log, p.index)));
    assert_eq!(acknowledged, None, "what was acknowledged is not failed");
    check_records(epoch, store, &ranges, &mut account);
    check_erasures(&account);
    check_control(&account);
    account.logs.remove(&LogId::System);
    account
}

/// Order, time, boots, ids; gives the indexes of the failed acts.
fn check_log(log: LogId, entries: &[Entry]) -> BTreeSet<(LogId, u64)> {
    let mut ids: BTreeMap<Id, u64> = BTreeMap::new();
    let mut failed = BTreeSet::new();
    for (index, entry) in (0..).zip(entries) {
        assert_eq!(entry.log, log);
        assert!(ids.insert(entry.id, index).is_none(), "an id comes twice in log {log}");
        if let Some(completes) = entry.completes {
            let earlier = ids.get(&completes).copied();
            let earlier = earlier.filter(|e| *e < index).expect("`re` names an earlier entry");
            assert_eq!(entry.phase, Phase::Failed);
            assert_eq!(entries[earlier as usize].act, entry.act);
            assert!(failed.insert((log, earlier)), "an act fails once");
        }
    }
    let pairs = entries.iter().zip(entries.iter().skip(1));
    for (before, after) in pairs {
        assert!(before.time_us <= after.time_us, "time runs back in log {log}");
        assert!(before.boot <= after.boot, "boots run back in log {log}");
    }
    failed
}

type Range = (LogId, usize, strongroom_core::ledger::entry::RecordRange);

/// Every record belongs to one act: whole if the act took place, buried if it failed.
fn check_records(epoch: &EpochKey, store: &dyn Store, ranges: &[Range], account: &mut Account) {
    let mut rows: BTreeMap<u64, usize> = BTreeMap::new();
    for (table, key) in account.rows.keys().filter(|(table, _)| *table == Table::Record) {
        let number = u64::from_be_bytes(*key.last_chunk().unwrap());
        assert!(rows.insert(number, 1).is_none(), "{table:?} {number} twice");
    }
    let mut seen = BTreeSet::new();
    for (log, index, range) in ranges {
        let LogId::Tenant(tenant) = *log else { panic!("records are sealed in a tenant's log") };
        let tenant = TenantId(tenant);
        let failed = account.failed.contains(&(*log, *index as u64));
        for number in range.first..range.first + range.count {
            assert!(seen.insert(number), "record {number} is in two acts");
            match slot_in(epoch, store, tenant, number) {
                Ok(Slot::Live(_)) if !failed => {
                    account.live.insert((tenant, number));
                    let leaving = Erasing::key(tenant, RecordNumber(number)).to_vec();
                    if account.rows.contains_key(&(Table::Control, leaving)) {
                        account.leaving.insert(number);
                    }
                }
                Ok(Slot::Erased(stone)) if !failed => {
                    let by = &account.logs[log][stone.index as usize];
                    assert_eq!(leaf_hash(by).0[..24], stone.leaf_head, "the stone names an entry");
                    let by = Entry::from_bytes(by).unwrap();
                    assert_eq!((by.act, by.phase), (Act::PiiErase, Phase::Commit));
                    assert_eq!(by.range.map(|r| (r.first, r.count)), Some((number, 1)));
                    assert!(rows.remove(&number).is_none(), "row of erased record {number}");
                    account.gone.insert(number);
                    continue;
                }
                Ok(Slot::Erased(stone)) if failed => {
                    let by = &account.logs[log][stone.index as usize];
                    assert_eq!(leaf_hash(by).0[..24], stone.leaf_head, "the stone names an entry");
                    let by = Entry::from_bytes(by).unwrap();
                    let of = Entry::from_bytes(&account.logs[log][*index]).unwrap();
                    assert_eq!((by.phase, by.completes), (Phase::Failed, Some(of.id)));
                    account.erased.insert((number, stone.index));
                }
                Ok(Slot::Unused) => panic!("slot {number} is unused, failed: {failed}"),
                Ok(_) => panic!("slot {number} does not fit its act, failed: {failed}"),
                Err(error) => panic!("slot {number}: {error}"),
            }
            assert_eq!(rows.remove(&number).is_some(), !failed, "row of record {number}");
        }
    }
    assert!(rows.is_empty(), "rows of no act: {rows:?}");
}

/// Nothing that was stated to be erased is there, unless it was taken back; nothing else is gone.
fn check_erasures(account: &Account) {
    let mut stated = BTreeSet::new();
    for (log, leaves) in &account.logs {
        for (index, entry) in of_acts(leaves, &[Act::PiiErase, Act::EraseCancel, Act::PiiShred]) {
            let done = entry.phase == Phase::Commit && !account.failed.contains(&(*log, index));
            let record = entry.range.map(|range| range.first);
            match (entry.act, record.filter(|_| done)) {
                (Act::PiiErase, Some(record)) => assert!(stated.insert(record), "erased twice"),
                (Act::EraseCancel, Some(record)) => assert!(stated.remove(&record)),
                (Act::PiiShred, Some(record)) => assert!(account.gone.contains(&record)),
                _ => {}
            }
        }
    }
    let found: BTreeSet<u64> = account.gone.union(&account.leaving).copied().collect();
    assert_eq!(found, stated, "what is erased");
}

/// The entries of a log that are of these acts, each with its index. The others are not read.
pub fn of_acts(leaves: &[Vec<u8>], acts: &[Act]) -> Vec<(u64, Entry)> {
    let words: Vec<_> = acts.iter().map(|a| format!("\"act\":\"{}\"", a.as_str())).collect();
    let is_of = |leaf: &[u8]| {
        let text = std::str::from_utf8(leaf).unwrap();
        words.iter().any(|word| text.contains(word))
    };
    let numbered = (0..).zip(leaves).filter(|(_, leaf)| is_of(leaf));
    numbered.map(|(index, leaf)| (index, Entry::from_bytes(leaf).unwrap())).collect()
}

/// Every tenant and principal that an act added is there, if the act did not fail.
fn check_control(account: &Account) {
    let system = account.logs.get(&LogId::System).map_or(&[][..], |l| l);
    let mut added = BTreeSet::new();
    for (index, leaf) in (0..).zip(system) {
        let entry = Entry::from_bytes(leaf).unwrap();
        if entry.phase != Phase::Commit {
            continue;
        }
        let object = || entry.object.as_deref().unwrap();
        let key = match entry.act {
            Act::TenantAdd => tenant_key(TenantId::parse(object()).unwrap()),
            Act::PrincipalAdd => {
                let (id, _) = object().split_once(':').unwrap();
                principal_key(PrincipalId::parse(id).unwrap())
            }
            _ => continue,
        };
        let failed = account.failed.contains(&(LogId::System, index));
        let there = account.rows.contains_key(&(Table::Control, key.clone()));
        assert_eq!(there, !failed, "{} of {}", entry.act.as_str(), object());
        assert!(added.insert(key), "added twice");
    }
}
