//! Writing a stream: threads gather, another seals and writes, one makes it durable from time to
//! time, and one reads back what is.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};

use sha2::{Digest as _, Sha256};
use strongroom_core::source::{Random, draw};
use strongroom_core::vault::keys::BackupKey;
use strongroom_core::vault::stream::{ChunkPlace, StreamKey};

use super::error::{BackupError, at};
use super::format::{CHUNK_BYTES, CHUNK_HEAD_BYTES, Counts, Identity, Item, StreamKind, put_item};
use super::manifest::{Head, Part};
use super::read::{self, Logs};
use crate::store::disk::{Disk, DiskFile};

/// Chunks of one source on their way to the disk.
const CHUNKS_WAITING: usize = 4;
/// What was written is made durable from time to time, beside the writing: the disk then works
/// while rows are gathered, and little is left to be synced at the end.
const SYNC_BYTES: u64 = 32 << 20;

/// Where a stream's items go.
pub struct Sink {
    chunk: Vec<u8>,
    items: u64,
    counts: Counts,
    too_long: bool,
    to: SyncSender<Chunk>,
}

/// A chunk, and how many items it has.
type Chunk = (Vec<u8>, u64);

impl Sink {
    fn new(to: SyncSender<Chunk>) -> Self {
        Self { chunk: empty(), items: 0, counts: Counts::default(), too_long: false, to }
    }

    /// Adds an item. False when nothing more is taken: the writer says why.
    pub fn put(&mut self, item: &Item<'_>) -> bool {
        if !put_item(&mut self.chunk, item) {
            self.too_long = true;
            return false;
        }
        self.counts.note(item.kind);
        self.items += 1;
        self.chunk.len() < CHUNK_HEAD_BYTES + CHUNK_BYTES || self.pass()
    }

    /// Passes the chunk on.
    fn pass(&mut self) -> bool {
        let chunk = std::mem::replace(&mut self.chunk, empty());
        self.to.send((chunk, std::mem::take(&mut self.items))).is_ok()
    }

    fn fill(mut self, fill: &Fill<'_>) -> Result<Counts, BackupError> {
        fill(&mut self)?;
        if self.too_long {
            return Err(BackupError::Seal);
        }
        if self.items > 0 {
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

/// Where items of a stream come from: those that do, and about how many they are.
pub type Source<'f> = (&'f Fill<'f>, u64);

/// Whose turn it is, of the sources of a step: that of which the least is there. So they end about
/// together, each on a core of its own, and whoever reads the stream is kept as busy with each.
struct Turns {
    steps: std::vec::IntoIter<Vec<Turn>>,
    step: Vec<Turn>,
}

struct Turn {
    chunks: Receiver<Chunk>,
    about: u64,
    there: u64,
}

impl Iterator for Turns {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let part = |n: u64, of: u64| u128::from(n) * u128::from(of.max(1));
            let turns = self.step.iter_mut().enumerate();
            let least =
                turns.min_by(|(_, a), (_, b)| part(a.there, b.about).cmp(&part(b.there, a.about)));
            let Some((at, turn)) = least else {
                self.step = self.steps.next()?;
                continue;
            };
            let Ok((chunk, items)) = turn.chunks.recv() else {
                self.step.remove(at);
                continue;
            };
            turn.there += items;
            return Some(chunk);
        }
    }
}

/// What a stream is written with.
pub struct Means<'m> {
    /// The backup.
    pub identity: &'m Identity,
    /// Its key.
    pub key: &'m BackupKey,
    /// Randomness.
    pub random: &'m dyn Random,
    /// Size and root of each log whose entries are among the items.
    pub logs: &'m BTreeMap<String, Head>,
    /// Told how many bytes were written.
    pub progress: &'m (dyn Fn(u64) + Sync),
}

/// Writes a stream, synced and read back to its end when this returns: what is read back was
/// durable by then. Each step's sources run side by side, their chunks by turns; the steps follow
/// one another.
///
/// # Errors
/// [`BackupError`]; the file is then of no use.
pub fn write(
    disk: &dyn Disk,
    kind: StreamKind,
    means: &Means<'_>,
    steps: &[&[Source<'_>]],
) -> Result<Part, BackupError> {
    let header = means.identity.header(kind);
    let file = at(kind.file(), disk.create(kind.file(), &header, header.len() as u64))?;
    let file: &dyn DiskFile = &*file;
    let key = StreamKey::new(means.key, &header).ok_or(BackupError::Seal)?;
    let (sinks, chunks) = turns(steps);
    let (sync, syncs) = mpsc::sync_channel(1);
    let (durable, until) = mpsc::channel();
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
        durable: durable.clone(),
        progress: means.progress,
    };
    std::thread::scope(|scope| {
        let syncing = scope.spawn(move || sync_behind(file, &syncs, &durable));
        let reading = scope.spawn(move || read_behind(disk, kind, means, until));
        let sealing = scope.spawn(move || sealer.run(chunks));
        let mut steps = steps.iter().zip(sinks);
        let filled = steps.try_fold(Counts::default(), |counts, (sources, sinks)| {
            let running = sources.iter().zip(sinks);
            let running = running.map(|((fill, _), sink)| scope.spawn(move || sink.fill(*fill)));
            let running: Vec<_> = running.collect();
            running.into_iter().try_fold(counts, |counts, thread| {
                let filled = thread.join().unwrap_or(Err(BackupError::Seal))?;
                Ok::<_, BackupError>(counts.and(&filled))
            })
        });
        drop(steps);
        let written = sealing.join().unwrap_or(Err(BackupError::Seal));
        // A sync that failed once is not made good by a later one.
        let synced = syncing.join().unwrap_or(Err(std::io::ErrorKind::Other.into()));
        let found = reading.join().unwrap_or(Err(BackupError::Seal));
        let counts = filled?;
        at(kind.file(), synced)?;
        let mut part = written?;
        part.count(&counts);
        read::same(kind, &found?, &part)?;
        Ok(part)
    })
}

/// A sink for each source of each step, and the turns of what they get.
fn turns(steps: &[&[Source<'_>]]) -> (Vec<Vec<Sink>>, Turns) {
    let of_step = |sources: &&[Source<'_>]| {
        let pair = |&(_, about): &Source<'_>| {
            let (to, chunks) = mpsc::sync_channel(CHUNKS_WAITING);
            (Sink::new(to), Turn { chunks, about, there: 0 })
        };
        sources.iter().map(pair).unzip()
    };
    let (sinks, steps): (Vec<_>, Vec<Vec<Turn>>) = steps.iter().map(of_step).unzip();
    (sinks, Turns { steps: steps.into_iter(), step: Vec::new() })
}

/// Makes durable what was written so far, whenever it is told how much that is.
fn sync_behind(
    file: &dyn DiskFile,
    written: &Receiver<u64>,
    durable: &Sender<u64>,
) -> std::io::Result<()> {
    for until in written {
        file.sync()?;
        // Whoever reads back and does no more says why.
        let _ = durable.send(until);
    }
    Ok(())
}

/// Reads back what is durable, up to the end of the stream.
fn read_behind(
    disk: &dyn Disk,
    kind: StreamKind,
    means: &Means<'_>,
    durable: Receiver<u64>,
) -> Result<Part, BackupError> {
    let (mut logs, of) = (Logs::default(), (means.identity, means.key));
    let found = read::part(disk, kind, of, Some(durable), &mut |item| {
        logs.note(item)?;
        Ok(true)
    })?;
    if kind == StreamKind::Records {
        logs.hold_against(means.logs)?;
    }
    found.ok_or(BackupError::Seal)
}

struct Sealer<'a> {
    file: &'a dyn DiskFile,
    name: &'static str,
    key: StreamKey,
    random: &'a dyn Random,
    offset: u64,
    number: u64,
    digest: Sha256,
    sync: SyncSender<u64>,
    synced: u64,
    durable: Sender<u64>,
    progress: &'a (dyn Fn(u64) + Sync),
}

impl Sealer<'_> {
    fn run(mut self, mut chunks: Turns) -> Result<Part, BackupError> {
        // One is held back: only once nothing follows is it known to be the last.
        let mut held = chunks.next().unwrap_or_else(empty);
        for next in chunks {
            let done = std::mem::replace(&mut held, next);
            self.seal(done, false)?;
        }
        self.seal(held, true)?;
        at(self.name, self.file.sync())?;
        let _ = self.durable.send(self.offset);
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
        if self.offset - self.synced >= SYNC_BYTES && self.sync.try_send(self.offset).is_ok() {
            self.synced = self.offset;
        }
        (self.progress)(self.offset);
        Ok(())
    }
}
