//! What a process remembers of those who came: in memory alone, gone with its end.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use strongroom_core::id::PrincipalId;

/// The latest time that was seen, and when each principal came last.
#[derive(Default)]
pub struct Seen {
    latest_us: AtomicU64,
    last_s: Mutex<HashMap<PrincipalId, u64>>,
}

impl Seen {
    /// The time that counts: a clock that steps back revives no credential.
    pub(super) fn time(&self, now_us: u64) -> u64 {
        self.latest_us.fetch_max(now_us, Ordering::Relaxed).max(now_us)
    }

    /// Notes that a principal came.
    pub(super) fn came(&self, id: PrincipalId, now_us: u64) {
        let mut last = self.last_s.lock().unwrap_or_else(PoisonError::into_inner);
        last.insert(id, now_us / 1_000_000);
    }

    /// When it came last, in seconds since the Unix epoch; nothing if not since the start.
    pub(super) fn last_s(&self, id: PrincipalId) -> Option<u64> {
        self.last_s.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }
}
