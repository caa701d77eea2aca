//! Reading a stream: one thread reads and opens, another looks at the items. Nothing of a chunk is
//! looked at before it has opened in its place. Who writes a stream has it read back behind the
//! writing: whatever is durable by then.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, SyncSender};

use sha2::{Digest as _, Sha256};
use strongroom_core::ledger::LogId;
use strongroom_core::ledger::merkle::{Frontier, leaf_hash};
use strongroom_core::vault::keys::BackupKey;
use strongroom_core::vault::stream::{CHUNK_NONCE_BYTES, ChunkPlace, StreamKey};

use super::error::{BackupError, at};
use super::format::{
    CHUNK_HEAD_BYTES, Counts, Identity, Item, Kind, SLOTS_FILE, StreamKind, TAG_BYTES, take_item,
};
use super::manifest::{Head, Opened, Part};
use crate::store::disk::{Disk, DiskFile};

/// Opened chunks on their way to whoever looks.
const CHUNKS_WAITING: usize = 4;

/// Looks at an item: true for more.
pub type Visit<'v> = dyn FnMut(&Item<'_>) -> Result<bool, BackupError> + 'v;

/// Reads a stream from its beginning, until `visit` says stop. Whoever reads to the end learns that
/// it is whole: every chunk in its place, as many items of each kind as were written, and the
/// digest that the manifest has.
///
/// # Errors
/// [`BackupError`], with the place; and those of `visit`.
pub fn read(
    disk: &dyn Disk,
    kind: StreamKind,
    backup: &Opened,
    visit: &mut Visit<'_>,
) -> Result<(), BackupError> {
    let Some(whole) = part(disk, kind, (&backup.identity, &backup.key), None, visit)? else {
        return Ok(());
    };
    same(kind, &whole, backup.manifest.part(kind))
}

/// Whether a stream is the one that was meant.
pub(super) fn same(kind: StreamKind, found: &Part, meant: &Part) -> Result<(), BackupError> {
    if found == meant {
        return Ok(());
    }
    let (byte, chunk) = (found.bytes, found.chunks);
    let why = "it is not what the manifest says";
    Err(BackupError::Damaged { file: kind.file(), byte, chunk, why })
}

/// Reads a stream, or follows one that is being written: `durable` says how far it is each time.
/// Gives what there is, or nothing when `visit` said stop.
pub(super) fn part(
    disk: &dyn Disk,
    kind: StreamKind,
    (identity, key): (&Identity, &BackupKey),
    durable: Option<Receiver<u64>>,
    visit: &mut Visit<'_>,
) -> Result<Option<Part>, BackupError> {
    let name = kind.file();
    let file = at(name, disk.open(name))?.ok_or(BackupError::Missing(name))?;
    let header = identity.header(kind);
    let mut found = vec![0; header.len()];
    at(name, file.read_at(0, &mut found))?;
    if found != header {
        let why = "its header is another: of another backup, or changed";
        return Err(BackupError::Damaged { file: name, byte: 0, chunk: 0, why });
    }
    let key = StreamKey::new(key, &header).ok_or(BackupError::Seal)?;
    let (to, chunks) = mpsc::sync_channel(CHUNKS_WAITING);
    let (give_back, spare) = mpsc::sync_channel(2 * CHUNKS_WAITING);
    let offset = header.len() as u64;
    let until = if durable.is_some() { offset } else { at(name, file.length())? };
    let (file, digest) = (&*file, Sha256::new());
    let opener = Opener { file, name, key, offset, until, durable, number: 0, digest, spare };
    std::thread::scope(|scope| {
        let opening = scope.spawn(move || opener.run(&to));
        let looked = look(&chunks, &give_back, name, visit);
        drop(chunks);
        let opened = opening.join().unwrap_or(Err(BackupError::Seal));
        let Some(counts) = looked? else { return Ok(None) };
        let mut whole = opened?;
        whole.count(&counts);
        Ok(Some(whole))
    })
}

/// Reads both streams to their ends, and holds the entries against the logs' roots. `progress` is
/// told how many bytes of values were looked at. Where its life was shorter than that of the
/// records, the copy of the slots may be gone, unless they are needed. Gives whether it is there.
/// What `visit` sees is believed only when this has returned.
///
/// # Errors
/// [`BackupError`], with the place.
pub fn check(
    disk: &dyn Disk,
    backup: &Opened,
    slots_needed: bool,
    progress: &(dyn Fn(u64) + Sync),
    visit: &mut dyn FnMut(&Item<'_>),
) -> Result<bool, BackupError> {
    let (mut logs, mut seen) = (Logs::default(), 0);
    read(disk, StreamKind::Records, backup, &mut |item| {
        logs.note(item)?;
        visit(item);
        seen += item.value.len() as u64;
        progress(seen);
        Ok(true)
    })?;
    logs.hold_against(&backup.manifest.logs)?;
    if !slots_needed && at(SLOTS_FILE, disk.open(SLOTS_FILE))?.is_none() {
        return Ok(false);
    }
    read(disk, StreamKind::Slots, backup, &mut |item| {
        seen += item.value.len() as u64;
        progress(seen);
        Ok(true)
    })?;
    Ok(true)
}

/// The logs that a stream's entries make.
#[derive(Default)]
pub(super) struct Logs(BTreeMap<LogId, Frontier>);

impl Logs {
    /// Takes in an item, if it is an entry.
    pub(super) fn note(&mut self, item: &Item<'_>) -> Result<(), BackupError> {
        if item.kind != Kind::Entry {
            return Ok(());
        }
        let unplaced = || BackupError::Manifest("an entry of records.srb is not at its index");
        let (log, index) = item.place().ok_or_else(unplaced)?;
        let tree = self.0.entry(log).or_default();
        if tree.size() != index {
            return Err(unplaced());
        }
        tree.append(leaf_hash(item.value));
        Ok(())
    }

    /// Whether they are these, and no others.
    pub(super) fn hold_against(self, logs: &BTreeMap<String, Head>) -> Result<(), BackupError> {
        let found = self.0.into_iter().map(|(log, tree)| {
            (log.to_string(), Head { size: tree.size(), root: tree.root().to_hex() })
        });
        if found.collect::<BTreeMap<_, _>>() == *logs {
            return Ok(());
        }
        Err(BackupError::Manifest("its logs are not those of records.srb"))
    }
}

/// Looks at all items; what there was, or nothing when it was stopped.
fn look(
    chunks: &Receiver<Vec<u8>>,
    give_back: &SyncSender<Vec<u8>>,
    name: &'static str,
    visit: &mut Visit<'_>,
) -> Result<Option<Counts>, BackupError> {
    let (mut counts, mut number) = (Counts::default(), 0);
    while let Ok(chunk) = chunks.recv() {
        let mut rest = chunk.get(..chunk.len().saturating_sub(TAG_BYTES)).unwrap_or_default();
        while !rest.is_empty() {
            let item = take_item(&mut rest);
            let item = item.ok_or(BackupError::Damaged {
                file: name,
                byte: 0,
                chunk: number,
                why: "an item cannot be read",
            })?;
            counts.note(item.kind);
            if !visit(&item)? {
                return Ok(None);
            }
        }
        number += 1;
        let _ = give_back.try_send(chunk);
    }
    Ok(Some(counts))
}

struct Opener<'a> {
    file: &'a dyn DiskFile,
    name: &'static str,
    key: StreamKey,
    offset: u64,
    /// What may be read is before this.
    until: u64,
    /// While it is written, says until where from now on.
    durable: Option<Receiver<u64>>,
    number: u64,
    digest: Sha256,
    spare: Receiver<Vec<u8>>,
}

impl Opener<'_> {
    /// Opens chunk after chunk up to the last; then nothing may follow.
    fn run(mut self, to: &SyncSender<Vec<u8>>) -> Result<Part, BackupError> {
        let mut last = false;
        while !last {
            let chunk;
            (chunk, last) = self.chunk()?;
            if to.send(chunk).is_err() {
                // Nobody looks any more, so nobody asks whether it is whole.
                break;
            }
        }
        if last && self.offset != at(self.name, self.file.length())? {
            return Err(self.damaged("something follows its end"));
        }
        let digest: [u8; 32] = self.digest.finalize().into();
        Ok(Part::new(self.offset, self.number, &digest))
    }

    fn chunk(&mut self) -> Result<(Vec<u8>, bool), BackupError> {
        let mut head = [0; CHUNK_HEAD_BYTES];
        self.wait(self.offset + CHUNK_HEAD_BYTES as u64);
        let read = at(self.name, self.file.read_at(self.offset, &mut head))?;
        let [l0, l1, l2, l3, last, nonce @ ..] = head;
        let nonce: [u8; CHUNK_NONCE_BYTES] = nonce;
        let size = u64::from(u32::from_be_bytes([l0, l1, l2, l3]));
        let end = self.offset + CHUNK_HEAD_BYTES as u64 + size;
        self.wait(end);
        if read < head.len() || end > self.until {
            return Err(self.damaged("it is cut off"));
        }
        if last > 1 || size < TAG_BYTES as u64 {
            return Err(self.damaged("no chunk begins there"));
        }
        let mut chunk = self.spare.try_recv().unwrap_or_default();
        chunk.resize(usize::try_from(size).unwrap_or(0), 0);
        let from = self.offset + CHUNK_HEAD_BYTES as u64;
        let read = at(self.name, self.file.read_at(from, &mut chunk))?;
        if read < chunk.len() {
            return Err(self.damaged("it is cut off"));
        }
        self.digest.update(chunk.last_chunk::<TAG_BYTES>().copied().unwrap_or_default());
        let place = ChunkPlace { number: self.number, last: last == 1 };
        if self.key.open(place, &nonce, &mut chunk).is_none() {
            return Err(self.damaged("a chunk was changed, moved, or left out before it"));
        }
        self.offset = end;
        self.number += 1;
        Ok((chunk, place.last))
    }

    /// Waits for the bytes before `end`, as long as somebody writes.
    fn wait(&mut self, end: u64) {
        while self.until < end {
            let Some(until) = self.durable.as_ref().and_then(|durable| durable.recv().ok()) else {
                return;
            };
            self.until = until;
        }
    }

    fn damaged(&self, why: &'static str) -> BackupError {
        let (byte, chunk) = (self.offset, self.number);
        BackupError::Damaged { file: self.name, byte, chunk, why }
    }
}
