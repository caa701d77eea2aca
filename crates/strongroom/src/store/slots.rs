//! The slot file: 64 bytes a record, at the record's number times 64.

use std::io;

use strongroom_core::id::RecordNumber;
use strongroom_core::vault::slot::{SLOT_BYTES, SlotBytes};

use super::disk::{Disk, DiskFile};

/// The file grows by this much at a time: 65,536 slots.
const GROW_BYTES: u64 = 4 << 20;

/// The slot file of one epoch.
pub struct SlotFile {
    file: Box<dyn DiskFile>,
}

/// The slot file's name in an epoch.
#[must_use]
pub fn slot_file_name(epoch: u32) -> String {
    format!("slots/epoch-{epoch:08}.slots")
}

impl SlotFile {
    /// Opens the file of `epoch`, if there is one.
    ///
    /// # Errors
    /// As the medium's.
    pub fn open(disk: &dyn Disk, epoch: u32) -> io::Result<Option<Self>> {
        Ok(disk.open(&slot_file_name(epoch))?.map(|file| Self { file }))
    }

    /// Makes the file of `epoch`, at a new install.
    ///
    /// # Errors
    /// As the medium's.
    pub fn create(disk: &dyn Disk, epoch: u32) -> io::Result<Self> {
        Ok(Self { file: disk.create(&slot_file_name(epoch), 0)? })
    }

    /// The slot of a record; zeros past the end.
    ///
    /// # Errors
    /// As the medium's.
    pub fn read(&self, record: RecordNumber) -> io::Result<SlotBytes> {
        let mut out = [0; SLOT_BYTES];
        let offset = record.0.checked_mul(SLOT_BYTES as u64);
        let n = self.file.read_at(offset.unwrap_or(u64::MAX >> 1), &mut out)?;
        out.iter_mut().skip(n).for_each(|b| *b = 0);
        Ok(out)
    }

    /// Writes slots that follow one another. Durable after [`SlotFile::sync`].
    ///
    /// # Errors
    /// As the medium's.
    pub fn write(&self, first: RecordNumber, slots: &[SlotBytes]) -> io::Result<()> {
        let offset = first.0 * SLOT_BYTES as u64;
        let bytes = slots.as_flattened();
        let end = offset + bytes.len() as u64;
        if end > self.file.len()? {
            self.file.grow(end.next_multiple_of(GROW_BYTES))?;
        }
        self.file.write_at(offset, bytes)
    }

    /// Makes written slots durable.
    ///
    /// # Errors
    /// As the medium's.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
}
