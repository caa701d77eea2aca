//! The machine's own clock and random source: the only place that asks for either.

use std::time::{SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use strongroom_core::source::{Clock, Random, RandomError};

/// The clocks of the machine.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now_us(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    fn steady_us(&self) -> u64 {
        let since = clock_gettime(ClockId::Boottime);
        let (s, ns) = (u64::try_from(since.tv_sec), u64::try_from(since.tv_nsec));
        s.unwrap_or(0).saturating_mul(1_000_000).saturating_add(ns.unwrap_or(0) / 1000)
    }
}

/// The kernel's random source.
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the kernel")]
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(out).map_err(|_| RandomError)
    }
}
