//! What custody keeps of the store: how far each log and the engine had come, and which record
//! numbers were given out. An old data folder put back under live keys contradicts it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use strongroom_core::id::InstallId;

use super::disk::Disk;
use super::marks::Mark;

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
    /// The last entry whose effect was in the engine.
    pub applied: Option<Applied>,
}

/// An entry whose effect was in the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Its index.
    pub index: u64,
    /// Its leaf hash, in hexadecimal.
    pub leaf: String,
}

impl From<&Mark> for Applied {
    fn from(mark: &Mark) -> Self {
        Self { index: mark.index, leaf: mark.leaf.to_hex() }
    }
}

impl Applied {
    /// Whether this is the entry of a mark.
    #[must_use]
    pub fn is(&self, mark: &Mark) -> bool {
        (self.index, self.leaf.as_str()) == (mark.index, &mark.leaf.to_hex())
    }
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
    /// No record number below this is in an act that may still have to be marked failed.
    pub settled_records: u64,
    /// Each log, by its name in entries.
    pub logs: BTreeMap<String, LogNote>,
    /// Digest of the control table.
    pub control: String,
    /// While a change of the control table is on its way: what it will be, and by which act.
    pub control_next: Option<ControlNext>,
    /// Whether the store stopped in good order, so that it must be found exactly as noted.
    pub clean: bool,
}

impl Notes {
    /// Reads the bytes of a file of notes; nothing when they are not what was written.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        decode(bytes)
    }

    /// The bytes of a file of these notes.
    ///
    /// # Errors
    /// Never in practice.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        encode(self)
    }
}

/// A change of the control table on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlNext {
    /// Digest of the table behind it.
    pub digest: String,
    /// The log of an act of it.
    pub log: String,
    /// That act's index: once the engine's mark covers it, the change is done.
    pub index: u64,
    /// The epoch that is the current one then, if it is a turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u32>,
}

/// Stands behind the notes in their file: a CRC-32C of them, so that a flipped bit does not pass
/// for a note. Whoever can write here on purpose holds the keys.
const CHECK: &str = ",\n  \"check\": \"";
const CHECK_END: &str = "\"\n}";

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
        let notes = decode(&bytes)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "notes.json is damaged"))?;
        Ok(Some(Self { disk, notes: Mutex::new(notes) }))
    }

    /// Writes the first notes of an install.
    ///
    /// # Errors
    /// As the medium's.
    pub fn create(disk: Arc<dyn Disk>, notes: Notes) -> io::Result<Self> {
        disk.replace(NOTES_FILE, &encode(&notes)?)?;
        Ok(Self { disk, notes: Mutex::new(notes) })
    }

    /// A copy of the notes.
    #[must_use]
    pub fn get(&self) -> Notes {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the notes; durable when this returns. On an error the old notes stand in memory,
    /// and those in the file are the old or the new.
    ///
    /// # Errors
    /// As the medium's.
    pub fn update(&self, change: impl FnOnce(&mut Notes)) -> io::Result<()> {
        let mut held = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = held.clone();
        change(&mut next);
        if next != *held {
            self.disk.replace(NOTES_FILE, &encode(&next)?)?;
            *held = next;
        }
        Ok(())
    }
}

fn encode(notes: &Notes) -> io::Result<Vec<u8>> {
    let body = serde_json::to_string_pretty(notes).map_err(io::Error::other)?;
    let open = body.strip_suffix("\n}").ok_or_else(|| io::Error::other("notes"))?;
    let check = crc32c::crc32c(body.as_bytes());
    Ok(format!("{open}{CHECK}{check:08x}{CHECK_END}").into_bytes())
}

fn decode(bytes: &[u8]) -> Option<Notes> {
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix(CHECK_END)?;
    let (open, check) = text.rsplit_once(CHECK)?;
    let body = format!("{open}\n}}");
    let whole = format!("{:08x}", crc32c::crc32c(body.as_bytes())) == check;
    whole.then(|| serde_json::from_str(&body).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_read_back_and_refuse_any_flipped_byte() {
        let applied = Applied { index: 1, leaf: "cd".repeat(32) };
        let log = LogNote { size: 3, root: "ab".repeat(32), settled: 2, applied: Some(applied) };
        let notes = Notes {
            install: InstallId([1; 16]),
            epoch: 1,
            boot: 2,
            high_water: 3,
            settled_records: 1,
            logs: [("sys".to_owned(), log)].into(),
            control: "00".repeat(32),
            control_next: None,
            clean: true,
        };
        let bytes = encode(&notes).unwrap();
        assert_eq!(decode(&bytes), Some(notes));
        serde_json::from_slice::<serde_json::Value>(&bytes).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bad = bytes.clone();
                bad[at] ^= 1 << bit;
                assert_eq!(decode(&bad), None, "byte {at} bit {bit}");
            }
            assert_eq!(decode(&bytes[..at]), None, "cut at {at}");
        }
    }
}
