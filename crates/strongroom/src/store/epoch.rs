//! The epoch on disk: the next one laid down beside the current one, and whatever is left of
//! another one destroyed.
//!
//! The order of a turn, each step durable before the next:
//!
//! 1. the next epoch's key in custody; its slots in a file aside, synced, opened slot by slot,
//!    renamed;
//! 2. the entry, and the engine's batch with the keys that are wrapped under the new epoch, which
//!    custody was told of before (`control_next`);
//! 3. custody's note of the new epoch;
//! 4. the old key overwritten and unlinked, the old slots unlinked.
//!
//! Killed before 2 is in the engine, the old epoch is the current one, and what was laid down is
//! swept away; killed after, the engine's mark says that the turn took place, and the next opening
//! goes on at 3. No other place decides it.

use std::io;

use strongroom_core::id::RecordNumber;
use strongroom_core::source::Random;
use strongroom_core::store::{CommitError, LayError, NextEpoch};
use strongroom_core::vault::epoch::{CARRY_BYTES, Carried, Carrier};
use strongroom_core::vault::keys::StoreKey;
use strongroom_core::vault::slot::{SLOT_BYTES, SlotBytes};

use super::disk::{ASIDE, Disk, DiskFile, is_full};
use super::engine::Engine;
use super::local::{Shared, lock};
use super::marks::{is_covered, stored};
use super::notes::NoteKeeper;
use super::recovery::{OpenError, at};
use super::slots::slot_file_name;
use crate::custody::epoch_file;

/// Slots read, sealed and written in one piece: 4 MiB.
const BLOCK: u64 = 65_536;

/// The current epoch: the one noted, or the next, where the engine says that a turn took place and
/// custody had not noted it yet. Notes it then.
///
/// # Errors
/// [`OpenError`] of the media.
pub fn current(notes: &NoteKeeper, engine: &dyn Engine, key: &StoreKey) -> Result<u32, OpenError> {
    let noted = notes.get();
    let next = noted.control_next.as_ref();
    let Some((next, epoch)) = next.and_then(|next| Some((next, next.epoch?))) else {
        return Ok(noted.epoch);
    };
    if !is_covered(next, &at("the engine", stored(engine, key))?) {
        return Ok(noted.epoch);
    }
    at("the key folder", notes.update(|n| n.epoch = epoch))?;
    Ok(epoch)
}

/// Destroys the keys and slots of every epoch but `epoch`.
///
/// # Errors
/// As the media's.
pub fn sweep(data: &dyn Disk, custody: &dyn Disk, epoch: u32) -> io::Result<()> {
    let others = |name: &String, ending: &str| {
        let name = name.trim_end_matches(ASIDE);
        let number = name.strip_prefix("epoch-").and_then(|n| n.strip_suffix(ending));
        number.is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
    };
    for name in custody.list("")?.iter().filter(|name| others(name, ".key")) {
        if *name != epoch_file(epoch) {
            custody.destroy(name)?;
        }
    }
    for name in data.list("slots")?.iter().filter(|name| others(name, ".slots")) {
        let name = format!("slots/{name}");
        if name != slot_file_name(epoch) {
            data.remove(&name)?;
        }
    }
    Ok(())
}

impl Shared {
    /// Lays down the next epoch; no slot is written meanwhile, nor afterwards, unless it fails.
    pub(super) fn lay_epoch(&self, next: &NextEpoch<'_>) -> Result<Carried, LayError> {
        {
            let mut epoch = lock(&self.epoch);
            if !epoch.open || epoch.number.checked_add(1) != Some(next.number) {
                return Err(LayError::Busy);
            }
            epoch.open = false;
        }
        // What was let in before the epoch was closed is in `stated`, and may not be written yet.
        let idle = *lock(&self.stated) == *lock(&self.marks);
        let laid = if idle { self.lay(next) } else { Err(LayError::Busy) };
        let mut epoch = lock(&self.epoch);
        match laid {
            Ok(_) => epoch.laid = Some(next.number),
            Err(_) => epoch.open = true,
        }
        laid
    }

    fn lay(&self, next: &NextEpoch<'_>) -> Result<Carried, LayError> {
        let named = slot_file_name(next.number);
        self.custody
            .replace(&epoch_file(next.number), next.key_file)
            .map_err(|e| failed(&e, "key folder"))?;
        let to = self.slots.aside(&*self.data, next.number).map_err(|e| failed(&e, "slot file"))?;
        // No slot at or above this was ever given out.
        let end = lock(&self.reserve).given_out();
        let lay = Laying { from: self.slots.file(), to: &*to, end, carrier: next.carrier };
        let carried = lay.each(&|range| lay.carry(range, &*self.random))?;
        to.sync().map_err(|e| failed(&e, "slot file"))?;
        if lay.each(&|range| lay.check(range))? != carried {
            return Err(LayError::Other);
        }
        let renamed = self.data.rename(&format!("{named}{ASIDE}"), &named);
        renamed.map_err(|e| failed(&e, "slot file"))?;
        Ok(carried)
    }
}

fn failed(error: &io::Error, what: &'static str) -> LayError {
    let full = is_full(error);
    LayError::Commit(if full { CommitError::DiskFull } else { CommitError::Failed(what) })
}

/// One file read, another one written.
struct Laying<'a> {
    from: &'a dyn DiskFile,
    to: &'a dyn DiskFile,
    end: u64,
    carrier: &'a Carrier<'a>,
}

/// First slot and end of a stretch.
type Stretch = (u64, u64);

/// What is done to a block: its first slot, and its slots.
type Work<'w> = dyn FnMut(u64, &mut [SlotBytes]) -> Result<Carried, LayError> + 'w;

impl Laying<'_> {
    /// Does the file's two halves at once, each by a thread of its own. A file of one block is
    /// done by this one.
    fn each(
        &self,
        work: &(dyn Fn(Stretch) -> Result<Carried, LayError> + Sync),
    ) -> Result<Carried, LayError> {
        let slots = self.end;
        let middle = (slots / 2).next_multiple_of(BLOCK).min(slots);
        if middle == slots {
            return work((0, slots));
        }
        std::thread::scope(|scope| {
            let second = scope.spawn(|| work((middle, slots)));
            let mut carried = work((0, middle))?;
            carried.add(second.join().unwrap_or(Err(LayError::Other))?);
            Ok(carried)
        })
    }

    fn carry(&self, stretch: Stretch, random: &dyn Random) -> Result<Carried, LayError> {
        let mut nonces = Vec::new();
        self.blocks(self.from, stretch, &mut |first, slots| {
            nonces.resize(slots.len() * CARRY_BYTES, 0);
            random.fill(&mut nonces)?;
            let carried = self.carrier.carry(RecordNumber(first), slots, &nonces)?;
            let written = self.to.write_at(first * SLOT_BYTES as u64, slots.as_flattened());
            written.map_err(|e| failed(&e, "slot file"))?;
            Ok(carried)
        })
    }

    fn check(&self, stretch: Stretch) -> Result<Carried, LayError> {
        self.blocks(self.to, stretch, &mut |first, slots| {
            Ok(self.carrier.check(RecordNumber(first), slots)?)
        })
    }

    /// Hands on the blocks of a stretch in which anything stands.
    fn blocks(
        &self,
        file: &dyn DiskFile,
        (from, end): Stretch,
        work: &mut Work<'_>,
    ) -> Result<Carried, LayError> {
        let (mut carried, mut first) = (Carried::default(), from);
        let mut block: Vec<SlotBytes> = Vec::new();
        while first < end {
            let count = BLOCK.min(end - first);
            block.resize(usize::try_from(count).unwrap_or(0), [0; SLOT_BYTES]);
            let bytes = block.as_flattened_mut();
            let read = file.read_at(first * SLOT_BYTES as u64, bytes);
            let read = read.map_err(|e| failed(&e, "slot file"))?;
            bytes.iter_mut().skip(read).for_each(|b| *b = 0);
            if bytes.iter().any(|b| *b != 0) {
                carried.add(work(first, &mut block)?);
            }
            first += count;
        }
        Ok(carried)
    }
}
