//! What custody keeps of the store: how far each log and the engine had come, and which record
//! numbers were given out. An old data folder put back under live keys contradicts it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use strongroom_core::id::InstallId;

use super::disk::Disk;

/// The notes' file in the key folder.
pub const NOTES_FILE: &str = "notes.json";

/// How far one log had come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogNote {
    /// Entries.
    pub size: u64,
    /// Root over them, in hexadecimal.
    pub root: String,
    /// Every effect stated below this index is in the engine, or is marked failed.
    pub settled: u64,
    /// Index of the last entry whose effect was in the engine.
    pub applied: Option<u64>,
}

/// The notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// The install that data folder and key folder belong to.
    pub install: InstallId,
    /// The current epoch.
    pub epoch: u32,
    /// Starts so far.
    pub boot: u64,
    /// No record number at or above this was ever given out.
    pub high_water: u64,
    /// Each log, by its name in entries.
    pub logs: BTreeMap<String, LogNote>,
    /// Digest of the control table.
    pub control: String,
}

/// Keeps the notes, on disk and in memory alike.
pub struct NoteKeeper {
    disk: Arc<dyn Disk>,
    notes: Mutex<Notes>,
}

impl NoteKeeper {
    /// Reads the notes, if there are any.
    ///
    /// # Errors
    /// As the medium's; `InvalidData` when the file is not what was written.
    pub fn open(disk: Arc<dyn Disk>) -> io::Result<Option<Self>> {
        let Some(bytes) = disk.read(NOTES_FILE)? else { return Ok(None) };
        let notes = serde_json::from_slice(&bytes)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "notes.json is damaged"))?;
        Ok(Some(Self { disk, notes: Mutex::new(notes) }))
    }

    /// Writes the first notes of an install.
    ///
    /// # Errors
    /// As the medium's.
    pub fn create(disk: Arc<dyn Disk>, notes: Notes) -> io::Result<Self> {
        let keeper = Self { disk, notes: Mutex::new(notes) };
        keeper.update(|_| {})?;
        Ok(keeper)
    }

    /// A copy of the notes.
    #[must_use]
    pub fn get(&self) -> Notes {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the notes; durable when this returns. On an error the old notes stand, in memory
    /// too.
    ///
    /// # Errors
    /// As the medium's.
    pub fn update(&self, change: impl FnOnce(&mut Notes)) -> io::Result<()> {
        let mut held = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = held.clone();
        change(&mut next);
        let bytes = serde_json::to_vec_pretty(&next).map_err(io::Error::other)?;
        self.disk.replace(NOTES_FILE, &bytes)?;
        *held = next;
        Ok(())
    }
}
