//! Where time and randomness come from: parameters, never ambient.

/// Randomness could not be had; nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system's random source does not answer")]
pub struct RandomError;

/// Time, in microseconds.
pub trait Clock: Send + Sync {
    /// The wall clock: since the Unix epoch. Whoever may set it may step it.
    fn now_us(&self) -> u64;

    /// Since some moment before this process began, on a clock that nobody sets: it goes forward
    /// alone, at the pace of time, also while the machine sleeps.
    fn steady_us(&self) -> u64;
}

/// A cryptographically secure random source.
pub trait Random: Send + Sync {
    /// Fills `out` wholly.
    ///
    /// # Errors
    /// [`RandomError`] when the source does not answer; `out` is then not to be used.
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError>;
}

/// Draws an array.
///
/// # Errors
/// As [`Random::fill`].
pub fn draw<const N: usize>(random: &dyn Random) -> Result<[u8; N], RandomError> {
    let mut out = [0; N];
    random.fill(&mut out)?;
    Ok(out)
}
