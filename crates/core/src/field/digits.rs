//! Digits read out of a value without allocating.
//!
//! The buffer lives on the stack, has no `Debug`, and must never be kept beyond one check.

/// Up to `N` ASCII characters taken from a value.
pub(super) struct Digits<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Digits<N> {
    /// An empty buffer.
    pub(super) fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    /// Reads a number written in groups: digits, with single spaces or dashes between them.
    pub(super) fn grouped(value: &str) -> Option<Self> {
        let mut digits = Self::new();
        let mut after_digit = false;
        for byte in value.trim().bytes() {
            if byte.is_ascii_digit() {
                digits.push(byte)?;
                after_digit = true;
            } else if after_digit && matches!(byte, b' ' | b'-') {
                after_digit = false;
            } else {
                return None;
            }
        }
        after_digit.then_some(digits)
    }

    /// Adds one ASCII character, or says that there is no room.
    pub(super) fn push(&mut self, byte: u8) -> Option<()> {
        *self.bytes.get_mut(self.len)? = byte;
        self.len += 1;
        Some(())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The characters as bytes.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The characters as text.
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The first `count` digits as a number; missing ones count as zero.
    pub(super) fn leading(&self, count: usize) -> u32 {
        number(self.bytes.get(..count).unwrap_or_default())
    }

    /// Removes the first character.
    pub(super) fn drop_first(&mut self) {
        self.bytes.rotate_left(1);
        self.len = self.len.saturating_sub(1);
    }
}

/// The value of a short run of ASCII digits; anything that is no digit counts as zero.
pub(super) fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |sum: u32, digit| {
        let digit = if digit.is_ascii_digit() { digit - b'0' } else { 0 };
        sum.wrapping_mul(10).wrapping_add(u32::from(digit))
    })
}

/// Whether every byte is an ASCII digit and there is at least one.
pub(super) fn all_digits(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}
