//! An exported ledger in a folder, for the verifier in the library.
//!
//! It reads an export that this process wrote a moment ago. For one that comes from elsewhere,
//! `strongroom-verify` has a reader that also refuses links and whatever is not a file.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::PathBuf;

use strongroom_core::ledger::verify::{Export, ReadError};

/// An export in a folder.
pub struct Folder(
    /// Where it lies.
    pub PathBuf,
);

impl Export for Folder {
    fn read(&self, path: &str, size_max: usize) -> Result<Option<Vec<u8>>, ReadError> {
        let mut bytes = Vec::new();
        let file = match File::open(self.0.join(path)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(path, &error)),
        };
        let limit = (size_max as u64).saturating_add(1);
        file.take(limit).read_to_end(&mut bytes).map_err(|error| failed(path, &error))?;
        Ok(Some(bytes))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        let entries = match fs::read_dir(self.0.join(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(folder, &error)),
        };
        let name = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            Ok(if entry.file_type()?.is_dir() { name + "/" } else { name })
        };
        entries.map(name).collect::<io::Result<_>>().map_err(|error| failed(folder, &error))
    }
}

fn failed(path: &str, error: &io::Error) -> ReadError {
    ReadError { path: path.to_owned(), why: error.to_string() }
}
