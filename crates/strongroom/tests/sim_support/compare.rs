//! The vault against the account: who opens with which values, who is erased, what the index
//! answers, what the ledger counts, what lies in the folders.

use std::collections::{BTreeMap, BTreeSet};

use strongroom::doctor::Severity;
use strongroom::problem::{Kind, Problem};
use strongroom_core::access::find::Found;
use strongroom_core::id::TenantId;
use strongroom_core::ledger::LogId;
use strongroom_core::ledger::entry::{Act, Phase};
use strongroom_core::store::Store;
use zeroize::Zeroizing;

use super::desk::Desk;
use super::oracle::{Counts, Fate, Person, collection};
use crate::store_support::check::{Account, account_in, of_acts};
use crate::store_support::{leaves, root_keys_on};

/// The value that somebody has in a column.
type Held = fn(&Person) -> &String;

impl Desk<'_> {
    /// Holds everything against the account. The machine is sound meanwhile.
    pub fn compare(&self) {
        let (vault, _) = self.vault();
        let keys = root_keys_on(&self.world, &self.sources);
        let store: &dyn Store = &**vault.store();
        let positions = self.positions.lock().unwrap().clone();
        let found = account_in(&keys.epoch, store, &positions);
        self.compare_records(&found);
        self.compare_counts(store, &found);
        let epoch = self.oracle.turns + 1;
        assert_eq!(keys.epoch.number(), epoch, "the epoch");
        let key = format!("keys/epoch-{epoch:08}.key");
        let (keys, slots) = (self.world.names("keys/epoch-"), self.world.names("data/slots/"));
        assert!(keys.iter().all(|name| *name == key), "keys of other epochs: {keys:?}");
        assert_eq!(slots, [format!("data/slots/epoch-{epoch:08}.slots")]);
        for tenant in 0..self.oracle.tenants.len() {
            self.compare_values(tenant);
            self.compare_index(tenant);
        }
    }

    fn compare_records(&self, found: &Account) {
        let of = |is: fn(&Person) -> bool| self.oracle.numbers_of(is);
        let tried = of(|p| matches!(p.fate, Fate::Leaving { tried: true, .. }));
        let live: BTreeSet<u64> = found.live.iter().map(|(_, number)| *number).collect();
        let apart = |set: &BTreeSet<u64>| -> BTreeSet<u64> { set - &tried };
        assert_eq!(apart(&live), apart(&of(|p| p.fate != Fate::Gone)), "who has a record");
        assert_eq!(apart(&found.gone), of(|p| p.fate == Fate::Gone), "who is overwritten");
        let leaving = of(|p| matches!(p.fate, Fate::Leaving { .. }));
        assert_eq!(apart(&found.leaving), apart(&leaving), "who is leaving");
        assert!(tried.iter().all(|n| found.gone.contains(n) || found.leaving.contains(n)));
        let (waiting, _) = self.vault().0.leaving();
        assert_eq!(waiting, found.leaving.len() as u64);
    }

    fn compare_counts(&self, store: &dyn Store, found: &Account) {
        let mut counts: BTreeMap<TenantId, Counts> =
            self.oracle.tenants.iter().map(|t| (t.id, Counts::default())).collect();
        let acts = [Act::PiiCollect, Act::PiiErase, Act::EraseCancel];
        for (log, leaves) in &found.logs {
            let LogId::Tenant(id) = log else { continue };
            let counts = counts.get_mut(&TenantId(*id)).expect("a log of no tenant");
            for (index, entry) in of_acts(leaves, &acts) {
                if entry.phase != Phase::Commit || found.failed.contains(&(*log, index)) {
                    continue;
                }
                match entry.act {
                    Act::PiiCollect => counts.sealed += entry.range.map_or(0, |r| r.count),
                    Act::PiiErase => counts.erased += 1,
                    Act::EraseCancel => counts.cancelled += 1,
                    _ => {}
                }
            }
        }
        assert_eq!(counts, self.oracle.counts(), "what the ledger counts");
        let system = leaves(store, LogId::System).unwrap();
        let system = of_acts(&system, &[Act::TenantAdd, Act::EpochTurn]);
        let count = |act: Act| {
            let done = system.iter().filter(|(n, e)| {
                let failed = found.failed.contains(&(LogId::System, *n));
                (e.act, e.phase) == (act, Phase::Commit) && !failed
            });
            done.count()
        };
        assert_eq!(count(Act::TenantAdd), self.oracle.tenants.len());
        assert_eq!(count(Act::EpochTurn), self.oracle.turns as usize);
    }

    /// Everybody who is here opens, under every token ever given out; nobody else does.
    fn compare_values(&self, tenant: usize) {
        let name = self.oracle.tenants[tenant].name;
        let (mut tokens, mut values) = (Vec::new(), Vec::new());
        for person in self.oracle.people.iter().filter(|p| p.tenant == tenant) {
            for pair in &person.tokens {
                if person.is_here() {
                    tokens.extend(pair.clone());
                    values.extend([person.ssn.clone(), person.email.clone()]);
                    continue;
                }
                let opened = self.reveal(name, pair.to_vec()).map_err(|p| p.kind);
                assert_eq!(opened, Err(Kind::NotFound), "{person:?} is erased");
            }
        }
        let opened = self.reveal(name, tokens).map_err(|p| p.detail);
        assert_eq!(opened, Ok(values), "of {name}");
    }

    /// Every value finds those who hold it now.
    fn compare_index(&self, tenant: usize) {
        for keyed in [true, false] {
            let of = |p: &&Person| p.tenant == tenant && p.key.is_some() == keyed;
            let people: Vec<&Person> = self.oracle.people.iter().filter(of).collect();
            let values =
                |column: Held| -> BTreeSet<&String> { people.iter().map(|p| column(p)).collect() };
            let columns: [(&str, Held); 2] = [("ssn", |p| &p.ssn), ("email", |p| &p.email)];
            for (column, held) in columns {
                for value in values(held) {
                    let found = self.find(tenant, collection(keyed), column, value);
                    let found = found.unwrap_or_else(|p| panic!("{value}: {}", p.detail));
                    let holds = people.iter().filter(|p| p.is_here() && held(p) == value);
                    let holds: Vec<&&Person> = holds.collect();
                    let case = format!("{column} {value}: {found:?}, not {holds:?}");
                    assert_eq!(found.len(), holds.len(), "{case}");
                    let token = |found: &Found| {
                        let tokens = found.tokens.iter();
                        tokens
                            .filter(|(c, _)| c == column)
                            .map(|(_, t)| t.clone())
                            .collect::<Vec<_>>()
                    };
                    let tokens: Vec<String> = found.iter().flat_map(token).collect::<Vec<_>>();
                    let opened = self.reveal(self.oracle.tenants[tenant].name, tokens);
                    let opened = opened.unwrap_or_else(|p| panic!("{case}: {}", p.detail));
                    assert!(opened.iter().all(|v| v == value), "{case}");
                }
            }
        }
    }

    pub fn find(
        &self,
        tenant: usize,
        collection: &str,
        column: &str,
        value: &str,
    ) -> Result<Vec<Found>, Problem> {
        let (vault, who) = self.vault();
        let (name, value) = (self.oracle.tenants[tenant].name, Zeroizing::new(value.to_owned()));
        let found = vault.find(who, name, collection, column, value, self.now_us())?;
        Ok(found.0)
    }

    /// The deep check finds nothing that is amiss.
    pub fn examine(&self) {
        let (vault, who) = self.vault();
        let findings = vault.examine(who, &mut |_, _, _| {}).unwrap();
        let bad: Vec<_> = findings.iter().filter(|f| f.severity == Severity::High).collect();
        assert!(bad.is_empty(), "{bad:?}");
    }
}
