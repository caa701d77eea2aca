//! What must hold from one entry of a log to the next.

use std::collections::HashSet;

use super::Reason;
use crate::entry::Entry;
use crate::id::{Id, LogId};

/// The entries of one log so far, as far as the next one has to fit them.
pub(super) struct History {
    log: LogId,
    time_us: u64,
    boot: u64,
    ids: RecentIds,
}

impl History {
    pub(super) fn of(log: LogId) -> Self {
        Self { log, time_us: 0, boot: 0, ids: RecentIds::default() }
    }

    pub(super) fn append(&mut self, entry: &Entry) -> Result<(), Reason> {
        if entry.log != self.log {
            return Err(Reason::OtherLog);
        }
        if entry.time_us < self.time_us {
            return Err(Reason::TimeBackwards);
        }
        if entry.boot < self.boot {
            return Err(Reason::BootBackwards);
        }
        if entry.completes.is_some_and(|id| !self.ids.may_hold(&id)) {
            return Err(Reason::CompletesNothing);
        }
        if !self.ids.insert(entry.id) {
            return Err(Reason::IdTwice);
        }
        (self.time_us, self.boot) = (entry.time_us, entry.boot);
        Ok(())
    }
}

/// How many ids a generation holds: between one and two of these are remembered.
const GENERATION: usize = 1 << 18;

/// The ids seen last, in bounded memory: a log may be longer than memory is large. A repetition
/// farther back than this is not found.
#[derive(Default)]
struct RecentIds {
    current: HashSet<Id>,
    previous: HashSet<Id>,
    forgot: bool,
}

impl RecentIds {
    /// False where the id is known to have been seen.
    fn insert(&mut self, id: Id) -> bool {
        if self.current.len() == GENERATION {
            self.forgot |= !self.previous.is_empty();
            self.previous = std::mem::take(&mut self.current);
        }
        !self.previous.contains(&id) && self.current.insert(id)
    }

    /// False only where the id is certain not to have been seen.
    fn may_hold(&self, id: &Id) -> bool {
        self.forgot || self.current.contains(id) || self.previous.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_at_least_a_generation_and_knows_when_it_forgot() {
        let id = |n: usize| Id((n as u128).to_be_bytes());
        let mut ids = RecentIds::default();
        for n in 0..2 * GENERATION {
            assert!(ids.insert(id(n)));
        }
        assert!(ids.may_hold(&id(0)) && !ids.may_hold(&id(2 * GENERATION)));
        assert!(!ids.insert(id(GENERATION)), "the last generation is remembered");
        assert!(
            ids.may_hold(&id(2 * GENERATION)),
            "once ids are forgotten, any may have been seen"
        );
    }
}
