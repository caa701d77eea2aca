//! An export in a folder of the file system.
//!
//! The export comes from elsewhere. No symbolic link in it is followed, so it cannot make the
//! verifier read another place; nothing but regular files is opened, so it cannot make it wait;
//! and no file is read beyond the size it may have.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use strongroom_ledger::verify::{Export, ReadError};

/// An export in a folder.
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder must be there. It may itself be a link: whoever runs the verifier named it.
    pub fn open(root: &Path) -> Result<Self, ReadError> {
        let failed = |why: String| ReadError {
            path: root.to_string_lossy().escape_debug().to_string(),
            why,
        };
        match fs::metadata(root) {
            Ok(found) if found.is_dir() => Ok(Self { root: root.to_owned() }),
            Ok(_) => Err(failed("not a folder".to_owned())),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// What stands at a path, no part of which may be a link; `None` where nothing does.
    fn look(&self, path: &str) -> Result<Option<(PathBuf, fs::Metadata)>, ReadError> {
        let mut at = self.root.clone();
        let mut found = fs::metadata(&at).map_err(|error| failed(path, &error))?;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            if part == "." || part == ".." {
                return Err(refused(path, "the path leaves its folder"));
            }
            at.push(part);
            found = match fs::symlink_metadata(&at) {
                Ok(found) if found.is_symlink() => return Err(refused(path, "a symbolic link")),
                Ok(found) => found,
                Err(error) if is_absent(&error) => return Ok(None),
                Err(error) => return Err(failed(path, &error)),
            };
        }
        Ok(Some((at, found)))
    }
}

impl Export for Folder {
    fn read(&self, path: &str, size_max: usize) -> Result<Option<Vec<u8>>, ReadError> {
        let Some((at, found)) = self.look(path)? else { return Ok(None) };
        if !found.is_file() {
            return Err(refused(path, "not a regular file"));
        }
        let mut bytes = Vec::new();
        let limit = u64::try_from(size_max).unwrap_or(u64::MAX).saturating_add(1);
        File::open(at)
            .and_then(|file| file.take(limit).read_to_end(&mut bytes))
            .map_err(|error| failed(path, &error))?;
        Ok(Some(bytes))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        let Some((at, found)) = self.look(folder)? else { return Ok(Vec::new()) };
        if !found.is_dir() {
            return Ok(Vec::new());
        }
        let name = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            // A name that is not UTF-8 is no tile's; spelt lossily it is still none.
            let name = entry.file_name().to_string_lossy().into_owned();
            Ok(if entry.file_type()?.is_dir() { name + "/" } else { name })
        };
        let names = fs::read_dir(at).and_then(|entries| entries.map(name).collect());
        names.map_err(|error: io::Error| failed(folder, &error))
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn failed(path: &str, error: &io::Error) -> ReadError {
    refused(path, &error.to_string())
}

fn refused(path: &str, why: &str) -> ReadError {
    // Names in the export are a stranger's: control characters must not reach a terminal.
    ReadError { path: path.escape_debug().to_string(), why: why.to_owned() }
}
