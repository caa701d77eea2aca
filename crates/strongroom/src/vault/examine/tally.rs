//! What an examination found of one tenant, kind by kind, told in few words whatever there is.

use std::collections::{BTreeMap, BTreeSet};

use strongroom_core::access::Tampering;
use strongroom_core::id::RecordNumber;

use crate::doctor::{Finding, NAMES_MAX, Severity, listed};

/// What was found of a tenant.
#[derive(Default)]
pub struct Tally {
    amiss: BTreeMap<&'static str, Amiss>,
    erased: u64,
    lost: BTreeSet<RecordNumber>,
}

struct Amiss {
    what: Tampering,
    records: BTreeSet<RecordNumber>,
    /// Those whose record nothing says.
    nameless: usize,
}

impl Tally {
    /// Takes note that something is amiss, and of which record; once of each.
    pub fn note(&mut self, what: Tampering, record: Option<RecordNumber>) {
        let fresh = || Amiss { what, records: BTreeSet::new(), nameless: 0 };
        let amiss = self.amiss.entry(what.code()).or_insert_with(fresh);
        match record {
            Some(record) => drop(amiss.records.insert(record)),
            None => amiss.nameless += 1,
        }
    }

    /// Takes note of a row whose record was erased.
    pub fn erased(&mut self) {
        self.erased += 1;
    }

    /// Takes note of a record that is not here since the install was made anew.
    pub fn lost(&mut self, record: RecordNumber) {
        self.lost.insert(record);
    }

    /// Each kind of fault that was found, with the first record of which it is.
    pub fn kinds(&self) -> impl Iterator<Item = (Tampering, Option<RecordNumber>)> {
        self.amiss.values().map(|amiss| (amiss.what, amiss.records.first().copied()))
    }

    /// The findings, a kind each. `id` spells a record.
    pub fn told(&self, tenant: &str, id: &dyn Fn(RecordNumber) -> String) -> Vec<Finding> {
        let mut out = Vec::new();
        for amiss in self.amiss.values() {
            let Amiss { what, records, nameless } = amiss;
            let ids: Vec<String> = records.iter().take(NAMES_MAX).map(|r| id(*r)).collect();
            let count = records.len() + nameless;
            let names = match (ids.is_empty(), *nameless) {
                (true, _) => String::new(),
                (false, _) => format!(": {}", listed(&ids, records.len())),
            };
            let what = format!("{tenant}: {what}, {count} in all{names}");
            let remedy = if amiss.what == Tampering::KeyTwice { REMEDY_TWICE } else { REMEDY };
            out.push(Finding::new(Severity::High, what, remedy));
        }
        if !self.lost.is_empty() {
            let ids: Vec<String> = self.lost.iter().take(NAMES_MAX).map(|r| id(*r)).collect();
            let names = listed(&ids, self.lost.len());
            let count = self.lost.len();
            let what = format!(
                "{tenant}: {count} records are not here since the install was made anew: {names}"
            );
            let remedy = "bring them back with `strongroom restore` from a newer backup, or seal \
                          them anew";
            out.push(Finding::new(Severity::Medium, what, remedy));
        }
        if self.erased > 0 {
            let what = format!("{tenant}: {} rows of erased records are left", self.erased);
            let remedy = "nothing is to be done: without their slots they open no more";
            out.push(Finding::new(Severity::Low, what, remedy));
        }
        out
    }
}

const REMEDY: &str = "keep both folders as they are, as evidence; bring the records back from a \
                      backup, or seal them anew, and find out who could write there";

const REMEDY_TWICE: &str = "a row of the index was missing when the key was sealed again: find out \
                            who could write to the data folder; reveal what both hold, and erase \
                            one by its id";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_once_a_kind_with_its_count_and_some_names() {
        let mut tally = Tally::default();
        for record in (1..=30).chain(1..=30) {
            tally.note(Tampering::RowMissing, Some(RecordNumber(record)));
        }
        tally.note(Tampering::IndexNotAuthentic, None);
        tally.erased();
        let told = tally.told("tenant acme", &|record| format!("r{}", record.0));
        let what: Vec<&str> = told.iter().map(|f| f.what.as_str()).collect();
        assert_eq!(what[0], "tenant acme: a row of the index is not authentic, 1 in all");
        assert!(what[1].starts_with("tenant acme: a row is missing, 30 in all: r1, r2, "));
        assert!(what[1].ends_with(", r20 and 10 more"), "{}", what[1]);
        assert_eq!(told[2].severity, Severity::Low);
        let kinds: Vec<_> = tally.kinds().collect();
        assert_eq!(kinds[1], (Tampering::RowMissing, Some(RecordNumber(1))));
    }
}
