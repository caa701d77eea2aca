//! What somebody kept of an earlier look at the ledger: signed checkpoints, and the receipts that
//! answers carry. A ledger put back to an earlier state is whole and signed; only what was kept
//! elsewhere contradicts it.

use std::collections::BTreeMap;

use super::log::Noted;
use super::{Reason, Refuted};
use crate::id::LogId;
use crate::merkle::{Hash, leaf_hash};
use crate::note::{Checkpoint, NoteError, VerifierKey, parse_origin};

/// What was kept.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    heads: BTreeMap<LogId, Vec<(u64, Hash)>>,
    leaves: BTreeMap<LogId, BTreeMap<u64, Hash>>,
}

impl Kept {
    /// Takes in a checkpoint, which one of the keys must have signed.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn checkpoint(&mut self, note: &[u8], keys: &[VerifierKey]) -> Result<(), NoteError> {
        let checkpoint = Checkpoint::open(note, keys)?;
        let (_, log) = parse_origin(&checkpoint.origin).ok_or(NoteError::WrongOrigin)?;
        self.heads.entry(log).or_default().push((checkpoint.size, checkpoint.root));
        Ok(())
    }

    /// Takes in a receipt: the log, index and leaf hash of an entry, as an answer gave them.
    pub fn receipt(&mut self, log: LogId, index: u64, leaf: Hash) {
        self.leaves.entry(log).or_default().insert(index, leaf);
    }

    /// How many checkpoints and receipts there are.
    #[must_use]
    pub fn count(&self) -> usize {
        let heads = self.heads.values().map(Vec::len);
        heads.sum::<usize>() + self.leaves.values().map(BTreeMap::len).sum::<usize>()
    }

    /// The logs that something was kept of.
    pub(super) fn logs(&self) -> impl Iterator<Item = LogId> {
        self.heads.keys().chain(self.leaves.keys()).copied()
    }

    /// What was kept of one log.
    pub(super) fn of(&self, log: LogId) -> KeptOfLog<'_> {
        let heads = self.heads.get(&log).cloned().unwrap_or_default();
        KeptOfLog { noted: Noted::new(heads), leaves: self.leaves.get(&log), wrong: None }
    }
}

/// What was kept of one log, compared entry by entry.
pub(super) struct KeptOfLog<'k> {
    pub(super) noted: Noted,
    leaves: Option<&'k BTreeMap<u64, Hash>>,
    wrong: Option<u64>,
}

impl KeptOfLog<'_> {
    /// Compares an entry with its receipt, if there is one.
    pub(super) fn compare(&mut self, index: u64, leaf: &[u8]) {
        let Some(kept) = self.leaves.and_then(|leaves| leaves.get(&index)) else { return };
        if self.wrong.is_none() && *kept != leaf_hash(leaf) {
            self.wrong = Some(index);
        }
    }

    /// The first thing that the log, which has `size` entries, contradicts.
    pub(super) fn contradiction(&self, log: LogId, size: u64) -> Option<Refuted> {
        if let Some(index) = self.wrong {
            return Some(Refuted::at(log, index, Reason::NotTheReceipt));
        }
        let beyond = self.leaves.and_then(|leaves| leaves.range(size..).next());
        if let Some((index, _)) = beyond {
            return Some(Refuted::at(log, *index, Reason::BeyondTheEnd));
        }
        let reason = match self.noted.contradiction(size)? {
            Reason::Forked(at) => Reason::KeptForked(at),
            _ => Reason::KeptLonger(self.noted.size_max),
        };
        Some(Refuted::log(log, reason))
    }
}
