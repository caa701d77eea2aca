//! The check of one log: its files are rebuilt from its entries and compared.

use std::collections::BTreeMap;

use super::history::History;
use super::kept::KeptOfLog;
use super::{Export, Failure, Heads, LogReport, Reason, Refuted};
use crate::entry::{Act, DecodeError, Entry, NextKey};
use crate::id::LogId;
use crate::merkle::Hash;
use crate::note::{Checkpoint, NOTE_SIZE_MAX, NextKeys, NoteError, VerifierKey, follow};
use crate::tile::{
    BUNDLE_SIZE_MAX, Bundle, HASH_TILE_SIZE_MAX, TILE_WIDTH, TileKind, TilePath, TileWriter,
    WriteError,
};

/// What a log says that matters beyond it.
#[derive(Default)]
pub(super) struct Found {
    /// The heads it notes; only the system log may.
    pub(super) heads: Heads,
    /// The first entry of a later format.
    pub(super) unknown_version: Option<u64>,
}

/// Checks one log. `noted` are the heads of it that the system log holds, `kept` is what somebody
/// kept of it.
///
/// Whatever is wrong with the log itself is reported before a noted head that it contradicts: the
/// first says where, the second only that.
pub(super) fn check(
    export: &impl Export,
    log: LogId,
    keys: &[VerifierKey],
    noted: Vec<(u64, Hash)>,
    mut kept: KeptOfLog<'_>,
) -> Result<(LogReport, Found), Failure> {
    let check = Check { export, folder: folder(log), log };
    let note = check.note()?;
    let checkpoint = check.checkpoint(&note, keys)?;
    check.no_surplus("", 0, checkpoint.size)?;

    let mut noted = Noted::new(noted);
    let mut writer = TileWriter::new();
    let mut entries = Entries::of(log);
    noted.compare(&writer);
    kept.noted.compare(&writer);
    while writer.size() < checkpoint.size {
        let first = writer.size();
        let (path, bytes) = check.bundle(first, checkpoint.size)?;
        let at = |reason| Refuted::at(log, first, reason);
        let bundle = Bundle::decode(&bytes).map_err(|error| at(Reason::Bundle(path, error)))?;
        if bundle.entries().len() != usize::from(path.width()) {
            return Err(at(Reason::Width(path)).into());
        }
        for leaf in bundle.entries() {
            writer.push(leaf, &mut check.tiles()).map_err(|error| check.failure(path, error))?;
            noted.compare(&writer);
            kept.noted.compare(&writer);
        }
        if writer.size() == checkpoint.size {
            writer.partial(&mut check.tiles()).map_err(|error| check.failure(path, error))?;
        }
        // Only now: where an entry was altered, its hash says so more plainly than its content.
        for (index, leaf) in (first..).zip(bundle.entries()) {
            kept.compare(index, leaf);
            entries.append(index, leaf)?;
        }
    }
    if writer.root() != checkpoint.root {
        return Err(Refuted::log(log, Reason::Root).into());
    }
    if let Some(contradiction) = noted.contradiction(writer.size()) {
        return Err(Refuted::log(log, contradiction).into());
    }
    if let Some(contradiction) = kept.contradiction(log, writer.size()) {
        return Err(contradiction.into());
    }
    let stated = entries.stated.keys();
    let next_keys = follow(keys, &stated);
    if let Some(last) = stated.last() {
        let mut known = keys.iter().chain(&next_keys);
        let last = known.find(|key| *key.public() == last.public);
        if last.is_none_or(|key| Checkpoint::open(&note, std::slice::from_ref(key)).is_err()) {
            return Err(Refuted::log(log, Reason::OtherKey).into());
        }
    }
    let Checkpoint { size, root, .. } = checkpoint;
    let (acts, noted) = (entries.acts, noted.size_max);
    let report = LogReport { log, size, root, acts, next_keys, noted };
    Ok((report, entries.found))
}

fn folder(log: LogId) -> String {
    match log {
        LogId::System => "system/".to_owned(),
        LogId::Tenant(_) => format!("tenants/{log}/"),
    }
}

struct Check<'a, E> {
    export: &'a E,
    folder: String,
    log: LogId,
}

/// The deepest folder a tile can lie in is ten; a bound, so that no tree of folders exhausts us.
const DEPTH_MAX: usize = 12;

impl<E: Export> Check<'_, E> {
    fn note(&self) -> Result<Vec<u8>, Failure> {
        let path = format!("{}checkpoint", self.folder);
        let note = self.export.read(&path, NOTE_SIZE_MAX)?;
        note.ok_or_else(|| Refuted::log(self.log, Reason::NoCheckpoint).into())
    }

    /// Opens the checkpoint with a key that is known, or with one to which the known lead.
    fn checkpoint(&self, note: &[u8], keys: &[VerifierKey]) -> Result<Checkpoint, Failure> {
        let refuted = |error| Refuted::log(self.log, Reason::Checkpoint(error)).into();
        match Checkpoint::open(note, keys) {
            Err(NoteError::NotSigned) => {
                let next = follow(keys, &self.stated(note)?);
                Checkpoint::open(note, &next).map_err(refuted)
            }
            opened => opened.map_err(refuted),
        }
    }

    /// The next keys that the log states, read ahead of any check: each counts for no more than
    /// the signature that it bears. What is not as it should be ends the reading; the check of a
    /// log that is signed says what it is.
    fn stated(&self, note: &[u8]) -> Result<Vec<NextKey>, Failure> {
        let size = Checkpoint::claimed(note).map_or(0, |claimed| claimed.size);
        let (mut stated, mut first) = (NextKeys::default(), 0);
        while first < size {
            let bytes = match self.bundle(first, size) {
                Ok((_, bytes)) => bytes,
                Err(Failure::Refuted(_)) => break,
                Err(failure) => return Err(failure),
            };
            let Ok(bundle) = Bundle::decode(&bytes) else { break };
            let entries = bundle.entries().iter().filter_map(|leaf| Entry::from_bytes(leaf).ok());
            entries.for_each(|entry| stated.note(&entry));
            first = first.saturating_add(u64::from(TILE_WIDTH));
        }
        Ok(stated.keys())
    }

    /// Refuses every file that a log of this size does not have.
    fn no_surplus(&self, folder: &str, depth: usize, size: u64) -> Result<(), Failure> {
        for name in self.export.list(&format!("{}{folder}", self.folder))? {
            let path = format!("{folder}{name}");
            if path.ends_with('/') && depth < DEPTH_MAX {
                self.no_surplus(&path, depth + 1, size)?;
                continue;
            }
            let tile_belongs = || path.parse().is_ok_and(|tile: TilePath| tile.belongs_to(size));
            if path != "checkpoint" && !tile_belongs() {
                return Err(Refuted::log(self.log, Reason::Surplus(path)).into());
            }
        }
        Ok(())
    }

    /// The bundle that begins with entry `first`, and its path.
    fn bundle(&self, first: u64, size: u64) -> Result<(TilePath, Vec<u8>), Failure> {
        let path = TilePath::in_tree(TileKind::Entries, first / u64::from(TILE_WIDTH), size)
            .ok_or_else(|| Refuted::at(self.log, first, Reason::Root))?;
        Ok((path, self.file(path, first, BUNDLE_SIZE_MAX)?))
    }

    /// A file that must be there.
    fn file(&self, path: TilePath, first: u64, size_max: usize) -> Result<Vec<u8>, Failure> {
        let refuted = |reason| Failure::from(Refuted::at(self.log, first, reason));
        let bytes = self.export.read(&format!("{}{path}", self.folder), size_max)?;
        let bytes = bytes.ok_or_else(|| refuted(Reason::Missing(path)))?;
        if bytes.len() > size_max { Err(refuted(Reason::Width(path))) } else { Ok(bytes) }
    }

    /// Where the writer hands its files to: the export must hold the same hash tiles. Bundles are
    /// what the writer was fed with.
    fn tiles(&self) -> impl FnMut(TilePath, &[u8]) -> Result<(), Failure> {
        |path, expected| match path.kind() {
            TileKind::Entries => Ok(()),
            TileKind::Hashes(level) => self.tile(path, level, expected),
        }
    }

    fn tile(&self, path: TilePath, level: u8, expected: &[u8]) -> Result<(), Failure> {
        let entry = |node: u64| node.checked_shl(8 * u32::from(level)).unwrap_or(u64::MAX);
        let first = path.index() * u64::from(TILE_WIDTH);
        let found = self.file(path, entry(first), HASH_TILE_SIZE_MAX)?;
        if found.len() != expected.len() {
            return Err(Refuted::at(self.log, entry(first), Reason::Width(path)).into());
        }
        let mut pairs = (first..).zip(expected.chunks(32).zip(found.chunks(32)));
        match pairs.find(|(_, (expected, found))| expected != found) {
            Some((node, _)) => {
                Err(Refuted::at(self.log, entry(node), Reason::TileHash(path)).into())
            }
            None => Ok(()),
        }
    }

    fn failure(&self, path: TilePath, error: WriteError<Failure>) -> Failure {
        match error {
            WriteError::Sink(failure) => failure,
            WriteError::Leaf(error) => Refuted::log(self.log, Reason::Bundle(path, error)).into(),
        }
    }
}

/// The entries of a log, read in order.
struct Entries {
    log: LogId,
    history: History,
    acts: BTreeMap<Act, u64>,
    /// The next keys that it states.
    stated: NextKeys,
    found: Found,
}

impl Entries {
    fn of(log: LogId) -> Self {
        let (acts, found) = (BTreeMap::new(), Found::default());
        Self { log, history: History::of(log), acts, stated: NextKeys::default(), found }
    }

    fn append(&mut self, index: u64, leaf: &[u8]) -> Result<(), Refuted> {
        let refuted = |reason| Refuted::at(self.log, index, reason);
        let entry = match Entry::from_bytes(leaf) {
            Ok(entry) => entry,
            // It may be sound. Nothing is said before the root is known to be the signed one.
            Err(DecodeError::UnknownVersion) => {
                self.found.unknown_version.get_or_insert(index);
                return Ok(());
            }
            Err(error) => return Err(refuted(Reason::Entry(error))),
        };
        self.history.append(&entry).map_err(refuted)?;
        *self.acts.entry(entry.act).or_default() += 1;
        self.stated.note(&entry);
        if let Some(head) = entry.head {
            self.found.heads.entry(head.log).or_default().push((head.size, head.root));
        }
        Ok(())
    }
}

/// The noted heads of a log, the smallest last, and the first that it contradicts.
pub(super) struct Noted {
    heads: Vec<(u64, Hash)>,
    pub(super) size_max: u64,
    forked: Option<u64>,
}

impl Noted {
    pub(super) fn new(mut heads: Vec<(u64, Hash)>) -> Self {
        heads.sort_unstable_by(|a, b| b.cmp(a));
        Self { size_max: heads.first().map_or(0, |head| head.0), heads, forked: None }
    }

    /// Compares the heads of the size just reached.
    pub(super) fn compare(&mut self, writer: &TileWriter) {
        while let Some((size, root)) = self.heads.pop_if(|head| head.0 == writer.size()) {
            if self.forked.is_none() && root != writer.root() {
                self.forked = Some(size);
            }
        }
    }

    pub(super) fn contradiction(&self, size: u64) -> Option<Reason> {
        match self.forked {
            Some(at) => Some(Reason::Forked(at)),
            None => (self.size_max > size).then_some(Reason::CutShort(self.size_max)),
        }
    }
}
