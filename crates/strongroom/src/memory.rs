//! Keeping secrets out of core dumps, other processes, swap and the words of a panic.

use std::fs;
use std::io::Write as _;

use rustix::fs::Mode;
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit, umask,
};

/// Turns core dumps off, forbids other processes of the same user to attach, lets a panic say its
/// place only, and makes every new file this user's alone. Called first thing; says what could not
/// be had.
pub fn harden() -> Vec<&'static str> {
    quiet_panics();
    umask(Mode::RWXG | Mode::RWXO);
    let mut missing = Vec::new();
    if set_dumpable_behavior(DumpableBehavior::NotDumpable).is_err() {
        missing.push("attaching by other processes could not be forbidden");
    }
    let limit = Rlimit { current: Some(0), maximum: getrlimit(Resource::Core).maximum };
    if setrlimit(Resource::Core, limit).is_err() {
        missing.push("core dumps could not be turned off");
    }
    missing
}

/// A panic's payload may quote what the code was looking at: only its place is said.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|l| format!("{}:{}", l.file(), l.line()));
        let place = place.unwrap_or_default();
        // Never `eprintln`: where standard error is gone, it would panic again.
        let _ = writeln!(std::io::stderr(), "strongroom: internal error at {place}");
    }));
}

/// Memory that cannot be swapped out while this lives.
pub struct Locked(Vec<Option<region::LockGuard>>);

impl Locked {
    /// Locks pieces of memory, which must not move while the lock is kept.
    #[must_use]
    pub fn pieces(pieces: &[(*const u8, usize)]) -> Self {
        Self(pieces.iter().map(|(at, length)| region::lock(*at, *length).ok()).collect())
    }

    /// Whether the lock was granted.
    #[must_use]
    pub fn held(&self) -> bool {
        self.0.iter().all(Option::is_some)
    }
}

/// Whether core dumps are off, as the kernel says.
#[must_use]
pub fn core_dumps_off() -> bool {
    getrlimit(Resource::Core).current == Some(0)
}

/// Whether the machine has swap in use.
#[must_use]
pub fn swap_in_use() -> bool {
    fs::read_to_string("/proc/swaps").is_ok_and(|s| s.lines().count() > 1)
}
