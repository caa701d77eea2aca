//! Headers, chunks and items of a stream.

use strongroom_core::id::{BackupId, InstallId};
use strongroom_core::ledger::LogId;
use strongroom_core::store::Table;
use strongroom_core::vault::keys::WRAPPED_BYTES;
use strongroom_core::vault::stream::{CHUNK_NONCE_BYTES, CHUNK_TAG_BYTES};

use crate::store::segment::{log_key, log_of_key};

/// The stream of rows and ledger entries.
pub const RECORDS_FILE: &str = "records.srb";
/// The copy of the slots: sealed under the epoch's key too, it dies with the epoch.
pub const SLOTS_FILE: &str = "slots.srb";

/// The format's number.
pub(super) const FORMAT: u32 = 1;
const MAGIC: &[u8; 8] = b"SRBAK\0\0\x01";
/// Body and tag length 4, whether it is the last 1, nonce 12.
pub(super) const CHUNK_HEAD_BYTES: usize = 4 + 1 + CHUNK_NONCE_BYTES;
pub(super) const TAG_BYTES: usize = CHUNK_TAG_BYTES;
/// A chunk ends with the item that reaches this.
pub(super) const CHUNK_BYTES: usize = 1 << 20;
/// Kind 1, length of the key 2, of the value 4.
const ITEM_HEAD_BYTES: usize = 7;

/// Which stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum StreamKind {
    /// Rows and ledger entries.
    Records = 1,
    /// Slots.
    Slots = 2,
}

impl StreamKind {
    /// Its file.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::Records => RECORDS_FILE,
            Self::Slots => SLOTS_FILE,
        }
    }
}

/// What a backup is, said at the head of each of its streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub backup: BackupId,
    /// The install it is of.
    pub install: InstallId,
    /// The start of the store that it is a moment of.
    pub boot: u64,
    /// When it began, in microseconds since the Unix epoch.
    pub time_us: u64,
    /// The epoch of its slots.
    pub epoch: u32,
    /// No record at or above this was given out.
    pub end: u64,
    /// Its key, wrapped by the root.
    pub key: [u8; WRAPPED_BYTES],
}

impl Identity {
    /// The header of a stream.
    #[must_use]
    pub fn header(&self, kind: StreamKind) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.push(kind as u8);
        out.extend_from_slice(&self.backup.0);
        out.extend_from_slice(&self.install.0);
        out.extend_from_slice(&self.boot.to_be_bytes());
        out.extend_from_slice(&self.time_us.to_be_bytes());
        out.extend_from_slice(&self.epoch.to_be_bytes());
        out.extend_from_slice(&self.end.to_be_bytes());
        out.extend_from_slice(&self.key);
        out
    }
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A row of a table, under its key.
    Row(Table),
    /// A ledger entry, under its log (17 bytes) and index (8).
    Entry,
    /// Slots that follow one another, under the first record's number (8).
    Slots,
}

impl Kind {
    /// Every kind, in the order of their codes, which is that of a stream.
    pub const ALL: [Self; 7] = [
        Self::Row(Table::Record),
        Self::Row(Table::Index),
        Self::Row(Table::Control),
        Self::Row(Table::Job),
        Self::Row(Table::Applied),
        Self::Entry,
        Self::Slots,
    ];

    fn code(self) -> u8 {
        match self {
            Self::Row(table) => table as u8,
            Self::Entry => 6,
            Self::Slots => 7,
        }
    }

    /// Its name in a manifest.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Row(Table::Record) => "record",
            Self::Row(Table::Index) => "index",
            Self::Row(Table::Control) => "control",
            Self::Row(Table::Job) => "job",
            Self::Row(Table::Applied) => "applied",
            Self::Entry => "ledger",
            Self::Slots => "slots",
        }
    }
}

/// How many items of each kind a stream has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts([u64; Kind::ALL.len()]);

impl Counts {
    /// Counts an item.
    pub fn note(&mut self, kind: Kind) {
        let at = usize::from(kind.code()).checked_sub(1);
        at.and_then(|at| self.0.get_mut(at)).into_iter().for_each(|n| *n += 1);
    }

    /// Both together.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(n, more)| *n += more);
        self
    }

    /// How many of a kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> u64 {
        let at = usize::from(kind.code()).checked_sub(1);
        at.and_then(|at| self.0.get(at)).copied().unwrap_or(0)
    }
}

/// One item of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its key.
    pub key: &'a [u8],
    /// Its value.
    pub value: &'a [u8],
}

impl Item<'_> {
    /// The log and the index of an entry.
    #[must_use]
    pub fn place(&self) -> Option<(LogId, u64)> {
        let (log, index) = self.key.split_last_chunk::<8>()?;
        Some((log_of_key(log)?, u64::from_be_bytes(*index)))
    }

    /// The first record of slots.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.key.try_into().ok().map(u64::from_be_bytes)
    }
}

/// The key of an entry's item.
#[must_use]
pub fn entry_key(log: LogId, index: u64) -> Vec<u8> {
    let mut key = log_key(log);
    key.extend_from_slice(&index.to_be_bytes());
    key
}

/// Adds an item; false when its key or value is longer than any.
pub(super) fn put_item(out: &mut Vec<u8>, item: &Item<'_>) -> bool {
    let lengths = (u16::try_from(item.key.len()), u32::try_from(item.value.len()));
    let (Ok(key), Ok(value)) = lengths else { return false };
    out.push(item.kind.code());
    out.extend_from_slice(&key.to_be_bytes());
    out.extend_from_slice(&value.to_be_bytes());
    out.extend_from_slice(item.key);
    out.extend_from_slice(item.value);
    true
}

/// Takes the next item off a chunk.
pub(super) fn take_item<'a>(chunk: &mut &'a [u8]) -> Option<Item<'a>> {
    let (head, rest) = chunk.split_first_chunk::<ITEM_HEAD_BYTES>()?;
    let [code, k0, k1, v0, v1, v2, v3] = *head;
    let kind = *Kind::ALL.get(usize::from(code).checked_sub(1)?)?;
    let (key, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([k0, k1])))?;
    let length = usize::try_from(u32::from_be_bytes([v0, v1, v2, v3])).ok()?;
    let (value, rest) = rest.split_at_checked(length)?;
    *chunk = rest;
    Some(Item { kind, key, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_read_back_and_nothing_else_does() {
        let mut bytes = Vec::new();
        for (n, kind) in Kind::ALL.into_iter().enumerate() {
            let (key, value) = (vec![7; n + 1], vec![9; 300 * n]);
            assert!(put_item(&mut bytes, &Item { kind, key: &key, value: &value }));
        }
        let mut rest = bytes.as_slice();
        for (n, kind) in Kind::ALL.into_iter().enumerate() {
            let item = take_item(&mut rest).unwrap();
            assert_eq!((item.kind, item.key.len(), item.value.len()), (kind, n + 1, 300 * n));
        }
        assert!(rest.is_empty());
        assert!(take_item(&mut &bytes[..7]).is_none(), "cut");
        assert!(take_item(&mut &[0; 20][..]).is_none(), "no kind");
        assert!(take_item(&mut &[8; 20][..]).is_none(), "no kind");
        let long = vec![0; 70_000];
        let item = Item { kind: Kind::Entry, key: &long, value: &[] };
        assert!(!put_item(&mut bytes, &item));
    }
}
