//! Reading a stream: one thread reads and opens, another looks at the items. Nothing of a chunk is
//! looked at before it has opened in its place.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, SyncSender};

use sha2::{Digest as _, Sha256};
use strongroom_core::ledger::LogId;
use strongroom_core::ledger::merkle::{Frontier, leaf_hash};
use strongroom_core::vault::stream::{CHUNK_NONCE_BYTES, ChunkPlace, StreamKey};

use super::error::{BackupError, at};
use super::format::{
    CHUNK_HEAD_BYTES, Counts, Item, Kind, SLOTS_FILE, StreamKind, TAG_BYTES, take_item,
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
    let name = kind.file();
    let file = at(name, disk.open(name))?.ok_or(BackupError::Missing(name))?;
    let part = backup.manifest.part(kind);
    let header = backup.identity.header(kind);
    let mut found = vec![0; header.len()];
    let length = at(name, file.length())?;
    at(name, file.read_at(0, &mut found))?;
    if found != header {
        let why = "its header is another: of another backup, or changed";
        return Err(BackupError::Damaged { file: name, byte: 0, chunk: 0, why });
    }
    let key = StreamKey::new(&backup.key, &header).ok_or(BackupError::Seal)?;
    let (to, chunks) = mpsc::sync_channel(CHUNKS_WAITING);
    let (give_back, spare) = mpsc::sync_channel(2 * CHUNKS_WAITING);
    let offset = header.len() as u64;
    let digest = Sha256::new();
    let opener = Opener { file: &*file, name, key, offset, length, number: 0, digest, spare };
    std::thread::scope(|scope| {
        let opening = scope.spawn(move || opener.run(&to));
        let looked = look(&chunks, &give_back, name, visit);
        drop(chunks);
        let opened = opening.join().unwrap_or(Err(BackupError::Seal));
        let Some(counts) = looked? else { return Ok(()) };
        let mut whole = opened?;
        whole.count(&counts);
        if whole == *part {
            return Ok(());
        }
        let (byte, chunk) = (whole.bytes, whole.chunks);
        let why = "it is not what the manifest says";
        Err(BackupError::Damaged { file: name, byte, chunk, why })
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
    let (mut logs, mut seen) = (BTreeMap::<LogId, Frontier>::new(), 0);
    read(disk, StreamKind::Records, backup, &mut |item| {
        if item.kind == Kind::Entry {
            append(&mut logs, item)?;
        }
        visit(item);
        seen += item.value.len() as u64;
        progress(seen);
        Ok(true)
    })?;
    let found = logs.into_iter().map(|(log, tree)| {
        (log.to_string(), Head { size: tree.size(), root: tree.root().to_hex() })
    });
    if found.collect::<BTreeMap<_, _>>() != backup.manifest.logs {
        return Err(BackupError::Manifest("its logs are not those of records.srb"));
    }
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

fn append(logs: &mut BTreeMap<LogId, Frontier>, item: &Item<'_>) -> Result<(), BackupError> {
    let unplaced = || BackupError::Manifest("an entry of records.srb is not at its index");
    let (log, index) = item.place().ok_or_else(unplaced)?;
    let tree = logs.entry(log).or_default();
    if tree.size() != index {
        return Err(unplaced());
    }
    tree.append(leaf_hash(item.value));
    Ok(())
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
    length: u64,
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
        if last && self.offset != self.length {
            return Err(self.damaged("something follows its end"));
        }
        let digest: [u8; 32] = self.digest.finalize().into();
        Ok(Part::new(self.offset, self.number, &digest))
    }

    fn chunk(&mut self) -> Result<(Vec<u8>, bool), BackupError> {
        let mut head = [0; CHUNK_HEAD_BYTES];
        let read = at(self.name, self.file.read_at(self.offset, &mut head))?;
        let [l0, l1, l2, l3, last, nonce @ ..] = head;
        let nonce: [u8; CHUNK_NONCE_BYTES] = nonce;
        let size = u64::from(u32::from_be_bytes([l0, l1, l2, l3]));
        let end = self.offset + CHUNK_HEAD_BYTES as u64 + size;
        if read < head.len() || end > self.length {
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

    fn damaged(&self, why: &'static str) -> BackupError {
        let (byte, chunk) = (self.offset, self.number);
        BackupError::Damaged { file: self.name, byte, chunk, why }
    }
}
