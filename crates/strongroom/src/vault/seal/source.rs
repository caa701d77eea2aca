//! Where the bytes of a job come from: a file, or standard input, hashed as they pass.
//!
//! Two passes are made. What standard input gives is held in memory, up to [`HELD_BYTES_MAX`], and
//! read again like a file; of more, the beginning is looked at and the rest streams by once. It
//! must never write any of it anywhere.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::input::unreadable;
use crate::problem::Problem;

/// How much of standard input is held.
pub const HELD_BYTES_MAX: usize = 16 << 20;

/// The bytes of a job.
pub enum Source {
    /// A file, opened as often as it is read.
    File(Box<Path>),
    /// All of standard input.
    Held(Arc<[u8]>),
    /// The beginning of a standard input that holds more.
    Stream(Arc<[u8]>),
}

impl Source {
    /// A file, or standard input for `-`.
    ///
    /// # Errors
    /// A [`Problem`] that names the file.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        if path.as_os_str() == "-" {
            let mut held = Vec::new();
            let limit = HELD_BYTES_MAX as u64;
            let read = io::stdin().take(limit).read_to_end(&mut held);
            read.map_err(|e| unreadable(path, &e))?;
            let whole = held.len() < HELD_BYTES_MAX;
            return Ok(if whole { Self::Held(held.into()) } else { Self::Stream(held.into()) });
        }
        let file = File::open(path).map_err(|e| unreadable(path, &e))?;
        if !file.metadata().map_err(|e| unreadable(path, &e))?.is_file() {
            // What is sealed must be what was looked at.
            let detail = format!("{} is not a file: it is read more than once", path.display());
            return Err(Problem::usage(detail, "name a file, or `-` to read standard input"));
        }
        Ok(Self::File(path.into()))
    }

    /// What may be looked at again and again, from its beginning: of a stream, not all.
    ///
    /// # Errors
    /// The file fails.
    pub fn look(&self) -> io::Result<Box<dyn Read>> {
        Ok(match self {
            Self::File(path) => Box::new(BufReader::new(File::open(path)?)),
            Self::Held(bytes) | Self::Stream(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        })
    }

    /// All of it, from its beginning. Of a stream this works once.
    ///
    /// # Errors
    /// The file fails.
    pub fn all(&self) -> io::Result<Box<dyn Read>> {
        Ok(match self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::Held(_) => self.look()?,
            Self::Stream(_) => Box::new(self.look()?.chain(io::stdin())),
        })
    }

    /// Whether it can be read once only.
    pub fn is_stream(&self) -> bool {
        matches!(self, Self::Stream(_))
    }
}

/// An input that is hashed as it is read.
pub struct Hashing {
    from: Box<dyn Read>,
    hash: Sha256,
    passed: Passed,
}

/// How many bytes of an input have passed.
pub type Passed = Rc<Cell<u64>>;

impl Hashing {
    /// Hashes what comes out of this.
    pub fn new(from: Box<dyn Read>) -> Self {
        Self { from, hash: Sha256::new(), passed: Passed::default() }
    }

    /// A counter of the bytes that pass.
    pub fn passed(&self) -> Passed {
        Rc::clone(&self.passed)
    }

    /// The digest of all of the input, read to its end.
    ///
    /// # Errors
    /// The input fails.
    pub fn digest(mut self) -> io::Result<[u8; 32]> {
        // What unpacks a file may leave its last bytes.
        io::copy(&mut self, &mut io::sink())?;
        Ok(self.hash.finalize().into())
    }
}

impl Read for Hashing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(out)?;
        self.hash.update(out.get(..n).unwrap_or_default());
        self.passed.set(self.passed.get() + n as u64);
        Ok(n)
    }
}
