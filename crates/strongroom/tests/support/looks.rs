//! Kills that are spread over a run's work, on a fast machine and on a slow one: each comes after a
//! part of the looks that a run takes which nobody kills.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "tests may")]

use std::os::unix::process::ExitStatusExt as _;
use std::process::Child;

const SIGKILL: i32 = 9;

/// How many kills: `STRONGROOM_KILLS=200` makes it a bench.
pub fn kills() -> usize {
    std::env::var("STRONGROOM_KILLS").map_or(20, |text| text.parse().unwrap())
}

/// How many looks a run takes, and over how many runs the kills are spread.
pub struct Looks {
    whole: usize,
    kills: usize,
}

impl Looks {
    /// By a run that nobody kills.
    pub fn of(child: Child, kills: usize) -> Self {
        let (whole, done) = watch(child, usize::MAX);
        assert!(done);
        Self { whole, kills }
    }

    /// Kills the `n`th run of all when it has got as far as its part of them; whether it ended by
    /// itself before, and well.
    pub fn kill(&mut self, child: Child, n: usize) -> bool {
        let until = self.whole * (n * 7 % self.kills + 1) / (self.kills + 1);
        let (took, done) = watch(child, until);
        // One that ends earlier than expected, since less else is going on, says how long one takes
        // by now.
        self.whole = if took < until { took } else { self.whole };
        done
    }
}

/// Looks at a run until it ends, and kills it after so many looks; gives how many it took, and
/// whether it ended by itself, and well.
pub fn watch(mut child: Child, looks_max: usize) -> (usize, bool) {
    let mut looks = 0;
    while looks < looks_max && child.try_wait().unwrap().is_none() {
        looks += 1;
        std::thread::yield_now();
    }
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    let killed = output.status.signal() == Some(SIGKILL);
    let notices = String::from_utf8_lossy(&output.stderr);
    assert!(killed || output.status.success(), "{}: {notices}", output.status);
    (looks, !killed)
}
