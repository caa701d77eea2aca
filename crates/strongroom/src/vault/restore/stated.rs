//! What entries say, as far as a restore acts on it: who was erased, who was revoked, which records
//! were given out. Read leniently, so that an entry with an act of a later version passes by.

use std::collections::BTreeSet;

use serde::Deserialize;

/// What is looked at of an entry.
#[derive(Debug, Clone, Deserialize)]
pub struct Stated {
    /// Its act.
    pub act: String,
    /// Its id.
    pub id: String,
    ph: String,
    re: Option<String>,
    rg: Option<Range>,
    /// Its object.
    pub ob: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Range {
    count: u64,
    first: String,
}

impl Stated {
    /// Reads an entry.
    #[must_use]
    pub fn read(leaf: &[u8]) -> Option<Self> {
        serde_json::from_slice(leaf).ok()
    }

    /// Whether it says that something was done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.ph == "commit"
    }

    /// The entry that did not take place, if this says so of one.
    #[must_use]
    pub fn failed(&self) -> Option<&str> {
        self.re.as_deref().filter(|_| self.ph == "failed")
    }

    /// First and end of the records that it names.
    #[must_use]
    pub fn records(&self) -> Option<(u64, u64)> {
        let range = self.rg.as_ref()?;
        let first: u64 = range.first.parse().ok()?;
        Some((first, first.saturating_add(range.count)))
    }
}

/// Erasures in the order in which they were stated, and taken back.
#[derive(Debug, Default)]
pub struct Erasures<P> {
    /// The id of each entry, first and end of its records, and where an erasure stands; nothing
    /// where one is taken back.
    all: Vec<(String, (u64, u64), Option<P>)>,
    failed: BTreeSet<String>,
}

/// What stands of them in the end.
pub struct Standing<P> {
    /// First and end of the records that are erased, and the place.
    pub erased: Vec<((u64, u64), P)>,
    /// First and end of those whose erasure was taken back.
    pub kept: Vec<(u64, u64)>,
}

impl<P> Erasures<P> {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self { all: Vec::new(), failed: BTreeSet::new() }
    }

    /// Takes in an entry; `place` says where it stands.
    pub fn note(&mut self, entry: &Stated, place: P) {
        if let Some(id) = entry.failed() {
            self.failed.insert(id.to_owned());
        }
        let Some(range) = entry.records().filter(|_| entry.is_done()) else { return };
        match entry.act.as_str() {
            "pii.erase" => self.all.push((entry.id.clone(), range, Some(place))),
            "erase.cancel" => self.all.push((entry.id.clone(), range, None)),
            _ => {}
        }
    }

    /// What stands once all were taken in: an entry that did not take place changes nothing.
    #[must_use]
    pub fn standing(self) -> Standing<P> {
        let Self { all, failed } = self;
        let mut standing = Standing { erased: Vec::new(), kept: Vec::new() };
        for (_, range, place) in all.into_iter().filter(|(id, ..)| !failed.contains(id)) {
            standing.kept.retain(|kept| *kept != range);
            match place {
                Some(place) => standing.erased.push((range, place)),
                None => {
                    standing.erased.retain(|(erased, _)| *erased != range);
                    standing.kept.push(range);
                }
            }
        }
        standing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_erasure_stands_unless_it_failed_or_was_taken_back() {
        let entry = |act: &str, id: &str, more: &str| {
            let text = format!("{{\"ac\":{{}},\"act\":\"{act}\",\"bn\":1,\"id\":\"{id}\",{more}}}");
            Stated::read(text.as_bytes()).unwrap()
        };
        let rg = |ph, first, count| {
            format!("\"ph\":\"{ph}\",\"rg\":{{\"count\":{count},\"first\":\"{first}\"}}")
        };
        let entries = [
            entry("pii.erase", "a", &rg("commit", 5, 1)),
            entry("pii.erase", "b", &rg("commit", 1, 30)),
            entry("pii.erase", "c", &rg("commit", 50, 2)),
            entry("pii.erase", "d", &rg("commit", 60, 2)),
            entry("pii.erase", "x", "\"ph\":\"failed\",\"re\":\"c\""),
            entry("erase.cancel", "y", &rg("commit", 60, 2)),
            entry("erase.cancel", "z", &rg("denied", 5, 1)),
            entry("erase.cancel", "u", &rg("commit", 1, 30)),
            entry("erase.cancel", "v", "\"ph\":\"failed\",\"re\":\"u\""),
            entry("erase.cancel", "w", &rg("commit", 90, 1)),
            entry("erase.cancel", "s", &rg("commit", 95, 1)),
            entry("pii.erase", "t", &rg("commit", 95, 1)),
            entry("pii.erase", "e", &rg("denied", 70, 2)),
            entry("pii.collect", "f", &rg("commit", 80, 2)),
        ];
        let mut erasures = Erasures::new();
        (0..).zip(&entries).for_each(|(n, entry)| erasures.note(entry, n));
        let standing = erasures.standing();
        assert_eq!(standing.erased, [((5, 6), 0), ((1, 31), 1), ((95, 96), 11)]);
        assert_eq!(standing.kept, [(60, 62), (90, 91)]);
    }
}
