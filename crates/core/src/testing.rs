//! A random source that repeats itself: for tests, never for data.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::source::{Random, RandomError};
use crate::vault::slot::Slot;

/// Counts, and stretches each count over the bytes asked for.
#[derive(Default)]
pub struct CountingRandom(AtomicU64);

impl Random for CountingRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        for chunk in out.chunks_mut(8) {
            let n = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            // SplitMix64, so that neighbouring draws share no pattern.
            let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let bytes = (z ^ (z >> 31)).to_le_bytes();
            chunk.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

/// The secret in a live slot, for tests that look for it where it must not be.
#[must_use]
pub fn secret_of(slot: &Slot) -> Option<[u8; 32]> {
    match slot {
        Slot::Live(secret) => Some(*secret.0),
        Slot::Erased(_) | Slot::Unused => None,
    }
}
