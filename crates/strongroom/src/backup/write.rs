//! Writing a stream: threads gather, another seals and writes.

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
/// What was written is made durable from time to time, beside the writing: the disk then works
/// while rows are gathered, and little is left to be synced at the end.
const SYNC_BYTES: u64 = 32 << 20;

/// Where a stream's items go.
pub struct Sink {
    chunk: Vec<u8>,
    counts: Counts,
    too_long: bool,
    to: SyncSender<Vec<u8>>,
}

impl Sink {
    fn new(to: SyncSender<Vec<u8>>) -> Self {
        Self { chunk: empty(), counts: Counts::default(), too_long: false, to }
    }

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
        self.to.send(std::mem::replace(&mut self.chunk, empty())).is_ok()
    }

    fn fill(mut self, fill: &Fill<'_>) -> Result<Counts, BackupError> {
        fill(&mut self)?;
        if self.too_long {
            return Err(BackupError::Seal);
        }
        if self.chunk.len() > CHUNK_HEAD_BYTES {
            self.pass();
        }
        Ok(self.counts)
    }
}

/// A chunk without items.
fn empty() -> Vec<u8> {
    let mut chunk = Vec::with_capacity(CHUNK_HEAD_BYTES + CHUNK_BYTES + CHUNK_BYTES / 16);
    chunk.resize(CHUNK_HEAD_BYTES, 0);
    chunk
}

/// Puts items of a stream.
pub type Fill<'f> = dyn Fn(&mut Sink) -> Result<(), BackupError> + Sync + 'f;

/// What a stream is written with.
pub struct Means<'m> {
    /// The backup.
    pub identity: &'m Identity,
    /// Its key.
    pub key: &'m BackupKey,
    /// Randomness.
    pub random: &'m dyn Random,
    /// Told how many bytes were written.
    pub progress: &'m (dyn Fn(u64) + Sync),
}

/// Writes a stream, synced when this returns. Each step's fills run side by side, their chunks by
/// turns; the steps follow one another.
///
/// # Errors
/// [`BackupError`]; the file is then of no use.
pub fn write(
    disk: &dyn Disk,
    kind: StreamKind,
    means: &Means<'_>,
    steps: &[&[&Fill<'_>]],
) -> Result<Part, BackupError> {
    let header = means.identity.header(kind);
    let file = at(kind.file(), disk.create(kind.file(), &header, header.len() as u64))?;
    let file: &dyn DiskFile = &*file;
    let key = StreamKey::new(means.key, &header).ok_or(BackupError::Seal)?;
    let (to, chunks) = mpsc::sync_channel(CHUNKS_WAITING);
    let (sync, syncs) = mpsc::sync_channel::<()>(1);
    let sealer = Sealer {
        file,
        name: kind.file(),
        key,
        random: means.random,
        offset: header.len() as u64,
        number: 0,
        digest: Sha256::new(),
        sync,
        synced: 0,
        progress: means.progress,
    };
    std::thread::scope(|scope| {
        let syncing = scope.spawn(move || syncs.iter().try_for_each(|()| file.sync()));
        let sealing = scope.spawn(move || sealer.run(&chunks));
        let filled = steps.iter().try_fold(Counts::default(), |counts, fills| {
            let running = fills.iter().map(|&fill| {
                let to = to.clone();
                scope.spawn(move || Sink::new(to).fill(fill))
            });
            let running: Vec<_> = running.collect();
            running.into_iter().try_fold(counts, |counts, thread| {
                let filled = thread.join().unwrap_or(Err(BackupError::Seal))?;
                Ok::<_, BackupError>(counts.and(&filled))
            })
        });
        drop(to);
        let written = sealing.join().unwrap_or(Err(BackupError::Seal));
        // A sync that failed once is not made good by a later one.
        let synced = syncing.join().unwrap_or(Err(std::io::ErrorKind::Other.into()));
        let counts = filled?;
        at(kind.file(), synced)?;
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
    sync: SyncSender<()>,
    synced: u64,
    progress: &'a (dyn Fn(u64) + Sync),
}

impl Sealer<'_> {
    fn run(mut self, chunks: &Receiver<Vec<u8>>) -> Result<Part, BackupError> {
        // One is held back: only once nothing follows is it known to be the last.
        let mut held = chunks.recv().unwrap_or_else(|_| empty());
        while let Ok(next) = chunks.recv() {
            let done = std::mem::replace(&mut held, next);
            self.seal(done, false)?;
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

    fn seal(&mut self, mut chunk: Vec<u8>, last: bool) -> Result<(), BackupError> {
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
        if self.offset - self.synced >= SYNC_BYTES && self.sync.try_send(()).is_ok() {
            self.synced = self.offset;
        }
        (self.progress)(self.offset);
        Ok(())
    }
}
