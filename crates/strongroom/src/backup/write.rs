//! Writing a stream: one thread gathers, another seals and writes.

use std::sync::mpsc::{self, Receiver, SyncSender};

use sha2::{Digest as _, Sha256};
use strongroom_core::source::{Random, draw};
use strongroom_core::vault::keys::BackupKey;
use strongroom_core::vault::stream::{ChunkPlace, StreamKey};

use super::error::{BackupError, at};
use super::format::{CHUNK_BYTES, CHUNK_HEAD_BYTES, Counts, Identity, Item, StreamKind, put_item};
use super::manifest::Part;
use crate::store::disk::{Disk, DiskFile};

/// Chunks on their way to the disk.
const CHUNKS_WAITING: usize = 4;

/// Where a stream's items go.
pub struct Sink {
    chunk: Vec<u8>,
    counts: Counts,
    too_long: bool,
    to: SyncSender<Vec<u8>>,
    spare: Receiver<Vec<u8>>,
}

impl Sink {
    /// Adds an item. False when nothing more is taken: the writer says why.
    pub fn put(&mut self, item: &Item<'_>) -> bool {
        if !put_item(&mut self.chunk, item) {
            self.too_long = true;
            return false;
        }
        self.counts.note(item.kind);
        self.chunk.len() < CHUNK_HEAD_BYTES + CHUNK_BYTES || self.pass()
    }

    /// Passes the chunk on.
    fn pass(&mut self) -> bool {
        let mut next = self.spare.try_recv().unwrap_or_default();
        next.clear();
        next.resize(CHUNK_HEAD_BYTES, 0);
        self.to.send(std::mem::replace(&mut self.chunk, next)).is_ok()
    }
}

/// Writes a stream, synced when this returns. `fill` puts its items; `progress` is told how many
/// bytes were written.
///
/// # Errors
/// [`BackupError`]; the file is then of no use.
pub fn write(
    disk: &dyn Disk,
    kind: StreamKind,
    identity: &Identity,
    key: &BackupKey,
    random: &dyn Random,
    progress: &(dyn Fn(u64) + Sync),
    fill: impl FnOnce(&mut Sink) -> Result<(), BackupError>,
) -> Result<Part, BackupError> {
    let header = identity.header(kind);
    let file = at(kind.file(), disk.create(kind.file(), &header, header.len() as u64))?;
    let key = StreamKey::new(key, &header).ok_or(BackupError::Seal)?;
    let (to, chunks) = mpsc::sync_channel(CHUNKS_WAITING);
    let (give_back, spare) = mpsc::sync_channel(2 * CHUNKS_WAITING);
    let sealer = Sealer {
        file: &*file,
        name: kind.file(),
        key,
        random,
        offset: header.len() as u64,
        number: 0,
        digest: Sha256::new(),
        give_back,
        progress,
    };
    std::thread::scope(|scope| {
        let sealing = scope.spawn(move || sealer.run(&chunks));
        let counts = Counts::default();
        let mut sink =
            Sink { chunk: vec![0; CHUNK_HEAD_BYTES], counts, too_long: false, to, spare };
        let filled = fill(&mut sink).and_then(|()| {
            let fits = !sink.too_long;
            fits.then_some(()).ok_or(BackupError::Seal)
        });
        let counts = sink.counts;
        if filled.is_ok() {
            sink.pass();
        }
        drop(sink);
        let written = sealing.join().unwrap_or(Err(BackupError::Seal));
        filled?;
        let mut part = written?;
        part.count(&counts);
        Ok(part)
    })
}

struct Sealer<'a> {
    file: &'a dyn DiskFile,
    name: &'static str,
    key: StreamKey,
    random: &'a dyn Random,
    offset: u64,
    number: u64,
    digest: Sha256,
    give_back: SyncSender<Vec<u8>>,
    progress: &'a (dyn Fn(u64) + Sync),
}

impl Sealer<'_> {
    fn run(mut self, chunks: &Receiver<Vec<u8>>) -> Result<Part, BackupError> {
        // One is held back: only once nothing follows is it known to be the last.
        let mut held = chunks.recv().unwrap_or_else(|_| vec![0; CHUNK_HEAD_BYTES]);
        while let Ok(next) = chunks.recv() {
            let done = std::mem::replace(&mut held, next);
            let done = self.seal(done, false)?;
            let _ = self.give_back.try_send(done);
        }
        self.seal(held, true)?;
        at(self.name, self.file.sync())?;
        let in_place = at(self.name, self.file.is_in_place())?;
        if !in_place {
            return Err(BackupError::Missing(self.name));
        }
        let digest: [u8; 32] = self.digest.finalize().into();
        Ok(Part::new(self.offset, self.number, &digest))
    }

    fn seal(&mut self, mut chunk: Vec<u8>, last: bool) -> Result<Vec<u8>, BackupError> {
        let place = ChunkPlace { number: self.number, last };
        let nonce = draw(self.random).map_err(|_| BackupError::Seal)?;
        let body = chunk.get_mut(CHUNK_HEAD_BYTES..).ok_or(BackupError::Seal)?;
        let tag = self.key.seal(place, &nonce, body).ok_or(BackupError::Seal)?;
        let length = u32::try_from(body.len() + tag.len()).map_err(|_| BackupError::Seal)?;
        chunk.extend_from_slice(&tag);
        let head = [length.to_be_bytes().as_slice(), &[u8::from(last)], &nonce].concat();
        let place = chunk.get_mut(..CHUNK_HEAD_BYTES).ok_or(BackupError::Seal)?;
        place.copy_from_slice(&head);
        at(self.name, self.file.write_at(self.offset, &chunk))?;
        self.digest.update(tag);
        self.offset += chunk.len() as u64;
        self.number += 1;
        (self.progress)(self.offset);
        Ok(chunk)
    }
}
