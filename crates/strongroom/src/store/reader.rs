//! Reads the entries of one log back from the segments.

use strongroom_core::ledger::LogId;
use strongroom_core::ledger::merkle::{Frontier, leaf_hash};
use strongroom_core::store::ReadError;
use strongroom_core::vault::keys::StoreKey;

use super::disk::Disk;
use super::segment::{RawFrame, SEGMENT_BYTES_MAX, SegmentHead, segment_name};
use super::writer::Next;

/// Reads a log up to the tree `whole`, from segment 0 on. Whoever reads to the end learns whether
/// all of it is what was written: the entries must give that tree.
///
/// # Errors
/// [`ReadError::Damaged`] when they do not.
pub fn read_entries(
    disk: &dyn Disk,
    key: &StoreKey,
    log: LogId,
    whole: &Frontier,
    visit: &mut dyn FnMut(u64, &[u8]) -> bool,
) -> Result<(), ReadError> {
    let failed = |_| ReadError::Failed("ledger");
    let damaged = || ReadError::Damaged("ledger");
    let (mut read, mut number, mut next) = (Frontier::new(), 0, Next::default());
    while read.size() < whole.size() {
        let file = disk.open(&segment_name(number)).map_err(failed)?.ok_or_else(damaged)?;
        let length = file.length().map_err(failed)?;
        if length > SEGMENT_BYTES_MAX {
            return Err(damaged());
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        let length = file.read_at(0, &mut bytes).map_err(failed)?;
        bytes.truncate(length);
        let (head, mut offset) = SegmentHead::decode(&bytes, key).ok_or_else(damaged)?;
        let before = head.logs.get(&log).map(|state| &state.frontier);
        let follows = *before.unwrap_or(&Frontier::new()) == read;
        let place = (head.number, head.sequence, head.chain);
        if place != (number, next.sequence, next.chain) || !follows {
            return Err(damaged());
        }
        while let Some(frame) = bytes.get(offset..).and_then(RawFrame::find) {
            let entries = frame.open(key, &next.chain).ok_or_else(damaged)?;
            if frame.sequence != next.sequence {
                return Err(damaged());
            }
            let ours = entries.iter().filter(|e| e.log == log && e.index < whole.size());
            for entry in ours {
                if entry.index != read.size() {
                    return Err(damaged());
                }
                read.append(leaf_hash(entry.leaf));
                if !visit(entry.index, entry.leaf) {
                    return Ok(());
                }
            }
            offset += frame.length;
            next = Next { sequence: frame.sequence + 1, chain: frame.mac };
        }
        number += 1;
    }
    if read == *whole { Ok(()) } else { Err(damaged()) }
}
