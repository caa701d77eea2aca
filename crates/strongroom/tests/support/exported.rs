//! An export in a folder, as `strongroom-verify` reads it, and the keys that `ledger key` prints.

#![allow(clippy::unwrap_used, reason = "tests may")]

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use strongroom_core::ledger::note::VerifierKey;
use strongroom_core::ledger::verify::{Export, ReadError};

/// The folder.
pub struct Folder(pub PathBuf);

impl Export for Folder {
    fn read(&self, path: &str, _size_max: usize) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(fs::read(self.0.join(path)).ok())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        let Ok(entries) = fs::read_dir(self.0.join(folder)) else { return Ok(Vec::new()) };
        let name = |entry: fs::DirEntry| {
            let end = if entry.path().is_dir() { "/" } else { "" };
            entry.file_name().into_string().unwrap() + end
        };
        Ok(entries.map(|entry| name(entry.unwrap())).collect())
    }
}

/// The keys of an answer of `ledger key`.
#[allow(dead_code, reason = "each test file uses its part")]
pub fn keys(answer: &Value) -> Vec<VerifierKey> {
    let lines = answer["keys"].as_array().unwrap().iter().map(|line| line.as_str().unwrap());
    VerifierKey::parse_lines(&lines.collect::<Vec<_>>().join("\n")).unwrap()
}
