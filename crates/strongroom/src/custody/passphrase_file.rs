//! A passphrase over the root key: where it comes from, and what it must be. It never stands in an
//! argument, nor in a message.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use strongroom_core::vault::passphrase::PassphraseError;
use zeroize::Zeroizing;

use crate::problem::{Kind, Problem};

/// The least length of a new passphrase, in bytes: whoever copies the key folder may try it.
pub const BYTES_MIN: usize = 12;
const BYTES_MAX: usize = 1024;

/// A passphrase; wiped when dropped.
pub struct Passphrase(Zeroizing<Vec<u8>>);

/// Gives the passphrase when it is needed: of a key folder without one nobody is asked.
pub type Ask = Arc<dyn Fn() -> Result<Passphrase, Problem> + Send + Sync>;

impl Passphrase {
    /// Takes a line, without its end.
    ///
    /// # Errors
    /// A [`Problem`] when it is empty or longer than any.
    pub fn new(mut line: Zeroizing<Vec<u8>>) -> Result<Self, Problem> {
        for end in [b'\n', b'\r'] {
            line.pop_if(|last| *last == end);
        }
        if line.is_empty() || line.len() > BYTES_MAX || line.contains(&b'\n') {
            let detail = format!("a passphrase is one line of at most {BYTES_MAX} bytes");
            return Err(Problem::usage(detail, "write it, and nothing else, into its file"));
        }
        Ok(Self(line))
    }

    /// Reads the file of a passphrase. Its path is not repeated: it may be the passphrase.
    ///
    /// # Errors
    /// A [`Problem`] when it cannot be read, others can read it, or it holds none.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let remedy = "pass the path of a file that holds the passphrase and that only you can read";
        let unreadable = |why: &str| {
            let detail = format!("the passphrase file cannot be used: {why}");
            Problem::new(Kind::Unauthenticated, detail, remedy)
        };
        let about = fs::metadata(path).map_err(|e| unreadable(&e.kind().to_string()))?;
        if !about.is_file() || about.len() > 2 * BYTES_MAX as u64 {
            return Err(unreadable("it is no small file"));
        }
        if about.permissions().mode() & 0o077 != 0 {
            return Err(unreadable("other users can read it"));
        }
        let read = fs::read(path).map(Zeroizing::new);
        let read = read.map_err(|e| unreadable(&e.kind().to_string()))?;
        Self::new(read).map_err(|problem| unreadable(&problem.detail))
    }

    /// Refuses one that is too short to be set.
    ///
    /// # Errors
    /// A [`Problem`] that says how long it must be.
    pub fn long_enough(self) -> Result<Self, Problem> {
        if self.0.len() < BYTES_MIN {
            let detail = format!("a passphrase has at least {BYTES_MIN} bytes");
            let remedy = "take five or more random words: a copy of the key folder can be tried";
            return Err(Problem::usage(detail, remedy));
        }
        Ok(self)
    }

    /// Whether both are the same.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl AsRef<[u8]> for Passphrase {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// That the root key is under a passphrase and none was given.
#[must_use]
pub fn missing() -> Problem {
    Problem::new(
        Kind::Unauthenticated,
        "the root key of this install is under a passphrase, and none was given",
        "pass its file with --passphrase-file, or name it in STRONGROOM_PASSPHRASE_FILE",
    )
}

impl From<PassphraseError> for Problem {
    fn from(error: PassphraseError) -> Self {
        match error {
            PassphraseError::Wrong => Self::new(
                Kind::Unauthenticated,
                error.to_string(),
                "check the passphrase, and that --keys names the install's own key folder",
            ),
            PassphraseError::Failed => Self::internal(error.to_string()),
            _ => Self::tampered(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<Passphrase, Problem> {
        Passphrase::new(Zeroizing::new(text.as_bytes().to_vec()))
    }

    #[test]
    fn a_passphrase_is_a_line_without_its_end() {
        for text in ["five random words", "five random words\n", "five random words\r\n"] {
            assert_eq!(line(text).unwrap().as_ref(), b"five random words");
        }
        assert_eq!(line(" a b \n").unwrap().as_ref(), b" a b ", "blanks count");
        for text in ["", "\n", "a\nb\n", &"x".repeat(BYTES_MAX + 1)] {
            assert!(line(text).is_err(), "{text:?}");
        }
        assert!(line("eleven byte").unwrap().long_enough().is_err());
        assert!(line("twelve bytes").unwrap().long_enough().is_ok());
    }
}
