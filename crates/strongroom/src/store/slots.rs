//! The slot file: 64 bytes a record, at the record's number times 64.

use std::io;

use strongroom_core::id::RecordNumber;
use strongroom_core::vault::slot::{SLOT_BYTES, SlotBytes};

use super::disk::{ASIDE, Disk, DiskFile};

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
    /// Makes the file of an epoch that is laid down, beside its place: as long as this one.
    ///
    /// # Errors
    /// As the medium's, above all a full disk.
    pub fn aside(&self, disk: &dyn Disk, epoch: u32) -> io::Result<Box<dyn DiskFile>> {
        let file = disk.create(&format!("{}{ASIDE}", slot_file_name(epoch)), &[], 0)?;
        file.grow(self.file.length()?)?;
        Ok(file)
    }

    /// The raw file.
    #[must_use]
    pub fn file(&self) -> &dyn DiskFile {
        &*self.file
    }

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
        Ok(Self { file: disk.create(&slot_file_name(epoch), &[], 0)? })
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

    /// The raw slots of records that follow one another; zeros past the end of the file.
    ///
    /// # Errors
    /// As the medium's.
    pub fn read_run(&self, first: RecordNumber, count: usize) -> io::Result<Vec<SlotBytes>> {
        let mut out = vec![[0; SLOT_BYTES]; count];
        let offset = first.0.checked_mul(SLOT_BYTES as u64).unwrap_or(u64::MAX >> 1);
        let n = self.file.read_at(offset, out.as_flattened_mut())?;
        out.as_flattened_mut().iter_mut().skip(n).for_each(|b| *b = 0);
        Ok(out)
    }

    /// Writes slots that follow one another. Durable after [`SlotFile::sync`].
    ///
    /// # Errors
    /// As the medium's.
    pub fn write(&self, first: RecordNumber, slots: &[SlotBytes]) -> io::Result<()> {
        let bytes = slots.as_flattened();
        self.allocate(RecordNumber(first.0.saturating_add(slots.len() as u64)))?;
        self.file.write_at(first.0 * SLOT_BYTES as u64, bytes)
    }

    /// Writes slots of a file that is made anew, wherever they belong: what lies between stays a
    /// hole, and reads as never used.
    ///
    /// # Errors
    /// As the medium's.
    pub fn put(&self, first: RecordNumber, slots: &[SlotBytes]) -> io::Result<()> {
        let offset = first.0.checked_mul(SLOT_BYTES as u64).ok_or(io::ErrorKind::InvalidInput)?;
        self.file.write_at(offset, slots.as_flattened())
    }

    /// Allocates the slots below `end`, so that a full disk is met before anything is stated.
    ///
    /// # Errors
    /// As the medium's, above all a full disk; `InvalidInput` past what a file can hold.
    pub fn allocate(&self, end: RecordNumber) -> io::Result<()> {
        let end = end.0.checked_mul(SLOT_BYTES as u64);
        let end = end.and_then(|end| end.checked_next_multiple_of(GROW_BYTES));
        let end = end.filter(|end| i64::try_from(*end).is_ok());
        let end = end.ok_or(io::ErrorKind::InvalidInput)?;
        if end > self.file.length()? { self.file.grow(end) } else { Ok(()) }
    }

    /// Whether the file's name still leads to it.
    ///
    /// # Errors
    /// As the medium's.
    pub fn is_in_place(&self) -> io::Result<bool> {
        self.file.is_in_place()
    }

    /// Makes written slots durable.
    ///
    /// # Errors
    /// As the medium's.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
}
