//! Reads the entries of one log, or of all, back from the segments.

use std::collections::BTreeMap;

use strongroom_core::ledger::LogId;
use strongroom_core::ledger::merkle::{Frontier, leaf_hash};
use strongroom_core::store::ReadError;
use strongroom_core::vault::keys::StoreKey;

use super::disk::Disk;
use super::segment::{LogState, Logs, RawFrame, SEGMENT_BYTES_MAX, SegmentHead, segment_name};
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
    let state = LogState { frontier: whole.clone(), time_us: 0 };
    let whole = Logs::from([(log, state)]);
    read_all(disk, key, &whole, &mut |_, index, leaf| visit(index, leaf))
}

/// Reads all logs that `whole` has, up to the trees it has of them, as they were written.
///
/// # Errors
/// [`ReadError::Damaged`] when the entries do not give those trees.
pub fn read_all(
    disk: &dyn Disk,
    key: &StoreKey,
    whole: &Logs,
    visit: &mut dyn FnMut(LogId, u64, &[u8]) -> bool,
) -> Result<(), ReadError> {
    let failed = |_| ReadError::Failed("ledger");
    let damaged = || ReadError::Damaged("ledger");
    let mut read: BTreeMap<LogId, Frontier> =
        whole.keys().map(|log| (*log, Frontier::new())).collect();
    let mut left: u64 = whole.values().map(|state| state.frontier.size()).sum();
    let (mut number, mut next) = (0, Next::default());
    while left > 0 {
        let file = disk.open(&segment_name(number)).map_err(failed)?.ok_or_else(damaged)?;
        let length = file.length().map_err(failed)?;
        if length > SEGMENT_BYTES_MAX {
            return Err(damaged());
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        let length = file.read_at(0, &mut bytes).map_err(failed)?;
        bytes.truncate(length);
        let (head, mut offset) = SegmentHead::decode(&bytes, key).ok_or_else(damaged)?;
        let follows = read.iter().all(|(log, read)| {
            let before = head.logs.get(log).map(|state| &state.frontier);
            // Of a log that is read to its end, later entries may stand there.
            let ended = whole.get(log).is_some_and(|state| state.frontier == *read);
            ended || before.unwrap_or(&Frontier::new()) == read
        });
        let place = (head.number, head.sequence, head.chain);
        if place != (number, next.sequence, next.chain) || !follows {
            return Err(damaged());
        }
        while let Some(frame) = bytes.get(offset..).and_then(RawFrame::find) {
            let entries = frame.open(key, &next.chain).ok_or_else(damaged)?;
            if frame.sequence != next.sequence {
                return Err(damaged());
            }
            for entry in entries {
                let size = whole.get(&entry.log).map_or(0, |state| state.frontier.size());
                let Some(read) = read.get_mut(&entry.log).filter(|_| entry.index < size) else {
                    continue;
                };
                if entry.index != read.size() {
                    return Err(damaged());
                }
                read.append(leaf_hash(entry.leaf));
                left -= 1;
                if !visit(entry.log, entry.index, entry.leaf) {
                    return Ok(());
                }
            }
            offset += frame.length;
            next = Next { sequence: frame.sequence + 1, chain: frame.mac };
        }
        number += 1;
    }
    let equal = |(log, state): (&LogId, &LogState)| read.get(log) == Some(&state.frontier);
    if whole.iter().all(equal) { Ok(()) } else { Err(damaged()) }
}
