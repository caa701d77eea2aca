//! Reading a stream: threads read and open, another looks at the items. Nothing of a chunk is
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

/// Threads that open chunks, each every so many.
const OPENERS: usize = 2;
/// Opened chunks of one of them on their way to whoever looks.
const CHUNKS_WAITING: usize = 2;

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
    let offset = header.len() as u64;
    let until = if durable.is_some() { offset } else { at(name, file.length())? };
    // Behind somebody who writes, one is enough.
    let openers = if durable.is_some() { 1 } else { OPENERS };
    let (file, key, mut durable) = (&*file, &key, durable);
    std::thread::scope(|scope| {
        let opening = |mine| {
            let (to, chunks) = mpsc::sync_channel(CHUNKS_WAITING);
            let (give_back, spare) = mpsc::sync_channel(2 * CHUNKS_WAITING);
            let durable = durable.take();
            let opener =
                Opener { file, name, key, offset, until, durable, number: 0, openers, spare };
            (scope.spawn(move || opener.run(mine, &to)), (chunks, give_back))
        };
        let (opening, from): (Vec<_>, Vec<_>) = (0..openers).map(opening).unzip();
        let mut looked = Looked::default();
        let all = looked.at_all(name, &from, visit);
        drop(from);
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or(Err(BackupError::Seal))
        };
        let opened: Vec<Result<u64, BackupError>> = opening.into_iter().map(join).collect();
        if !all? {
            return Ok(None);
        }
        looked.part(opened).map(Some)
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

/// Where opened chunks come from, and where they are given back.
type From = (Receiver<Vec<u8>>, SyncSender<Vec<u8>>);

/// What was looked at.
#[derive(Default)]
struct Looked {
    counts: Counts,
    chunks: usize,
    digest: Sha256,
}

impl Looked {
    /// Looks at all items; false when it was stopped.
    fn at_all(
        &mut self,
        name: &'static str,
        from: &[From],
        visit: &mut Visit<'_>,
    ) -> Result<bool, BackupError> {
        while let Some((chunks, give_back)) = from.get(self.chunks % from.len()) {
            let Ok(chunk) = chunks.recv() else { break };
            let (mut rest, tag) = chunk.split_last_chunk::<TAG_BYTES>().ok_or(BackupError::Seal)?;
            self.digest.update(tag);
            while !rest.is_empty() {
                let item = take_item(&mut rest);
                let item = item.ok_or(BackupError::Damaged {
                    file: name,
                    byte: 0,
                    chunk: self.chunks as u64,
                    why: "an item cannot be read",
                })?;
                self.counts.note(item.kind);
                if !visit(&item)? {
                    return Ok(false);
                }
            }
            self.chunks += 1;
            let _ = give_back.try_send(chunk);
        }
        Ok(true)
    }

    /// What there is, once every opener came to the end.
    fn part(self, mut opened: Vec<Result<u64, BackupError>>) -> Result<Part, BackupError> {
        // First whoever was to give the next chunk: others may have stopped later.
        let next = self.chunks % opened.len();
        let bytes = opened.remove(next)?;
        opened.into_iter().try_for_each(|opener| opener.map(|_| ()))?;
        let digest: [u8; 32] = self.digest.finalize().into();
        let mut part = Part::new(bytes, self.chunks as u64, &digest);
        part.count(&self.counts);
        Ok(part)
    }
}

/// What stands before a chunk: where it ends, and what it is opened with.
struct ChunkHead {
    end: u64,
    last: bool,
    nonce: [u8; CHUNK_NONCE_BYTES],
}

struct Opener<'a> {
    file: &'a dyn DiskFile,
    name: &'static str,
    key: &'a StreamKey,
    offset: u64,
    /// What may be read is before this.
    until: u64,
    /// While it is written, says until where from now on.
    durable: Option<Receiver<u64>>,
    number: u64,
    openers: usize,
    spare: Receiver<Vec<u8>>,
}

impl Opener<'_> {
    /// Opens every so many chunks up to the last; then nothing may follow. Gives where it ends.
    fn run(mut self, mine: usize, to: &SyncSender<Vec<u8>>) -> Result<u64, BackupError> {
        let mut last = false;
        while !last {
            let head = self.head()?;
            let number = usize::try_from(self.number).unwrap_or(0);
            // Whoever opens the others says whether they are what their heads say.
            if number % self.openers == mine && to.send(self.open(&head)?).is_err() {
                // Nobody looks any more, so nobody asks whether it is whole.
                break;
            }
            last = head.last;
            self.offset = head.end;
            self.number += 1;
        }
        if last && self.offset != at(self.name, self.file.length())? {
            return Err(self.damaged("something follows its end"));
        }
        Ok(self.offset)
    }

    /// The head of the next chunk, all of which is there.
    fn head(&mut self) -> Result<ChunkHead, BackupError> {
        let mut head = [0; CHUNK_HEAD_BYTES];
        self.wait(self.offset + CHUNK_HEAD_BYTES as u64);
        let read = at(self.name, self.file.read_at(self.offset, &mut head))?;
        let [l0, l1, l2, l3, last, nonce @ ..] = head;
        let size = u64::from(u32::from_be_bytes([l0, l1, l2, l3]));
        let end = self.offset + CHUNK_HEAD_BYTES as u64 + size;
        self.wait(end);
        if read < head.len() || end > self.until {
            return Err(self.damaged("it is cut off"));
        }
        if last > 1 || size < TAG_BYTES as u64 {
            return Err(self.damaged("no chunk begins there"));
        }
        Ok(ChunkHead { end, last: last == 1, nonce })
    }

    fn open(&self, head: &ChunkHead) -> Result<Vec<u8>, BackupError> {
        let from = self.offset + CHUNK_HEAD_BYTES as u64;
        let mut chunk = self.spare.try_recv().unwrap_or_default();
        chunk.resize(usize::try_from(head.end - from).unwrap_or(0), 0);
        let read = at(self.name, self.file.read_at(from, &mut chunk))?;
        if read < chunk.len() {
            return Err(self.damaged("it is cut off"));
        }
        let place = ChunkPlace { number: self.number, last: head.last };
        if self.key.open(place, &head.nonce, &mut chunk).is_none() {
            return Err(self.damaged("a chunk was changed, moved, or left out before it"));
        }
        Ok(chunk)
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
