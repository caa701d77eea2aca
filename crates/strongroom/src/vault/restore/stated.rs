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
    /// Id, first and end of the records, and the place; nothing where that was taken back.
    all: Vec<(String, (u64, u64), Option<P>)>,
    failed: BTreeSet<String>,
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
        let place = match entry.act.as_str() {
            "pii.erase" => Some(place),
            "erase.cancel" => None,
            _ => return,
        };
        self.all.push((entry.id.clone(), range, place));
    }

    /// Those that stand: first and end of the records, and the place.
    ///
    /// INVARIANT: asked behind the last entry: that an erasure did not take place, or was not
    /// taken back, is said behind it.
    pub fn standing(self) -> impl Iterator<Item = ((u64, u64), P)> {
        let Self { all, failed } = self;
        let mut standing: Vec<((u64, u64), P)> = Vec::new();
        for (_, range, place) in all.into_iter().filter(|(id, ..)| !failed.contains(id)) {
            match place {
                Some(place) => standing.push((range, place)),
                None => standing.retain(|(erased, _)| *erased != range),
            }
        }
        standing.into_iter()
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
            entry("pii.erase", "e", &rg("denied", 70, 2)),
            entry("pii.collect", "f", &rg("commit", 80, 2)),
            // Killed before it was taken back: the opening after that says so.
            entry("pii.erase", "g", &rg("commit", 90, 1)),
            entry("erase.cancel", "h", &rg("commit", 90, 1)),
            entry("erase.cancel", "i", "\"ph\":\"failed\",\"re\":\"h\""),
        ];
        let mut erasures = Erasures::new();
        (0..).zip(&entries).for_each(|(n, entry)| erasures.note(entry, n));
        let standing: Vec<_> = erasures.standing().collect();
        assert_eq!(standing, [((5, 6), 0), ((1, 31), 1), ((90, 91), 9)]);
    }
}
