//! One file of the model: what is durable, what is not yet, and what a power cut makes of it.

/// What a power cut may undo or tear: smaller pieces of a write than this stay whole or go.
const SECTOR_BYTES: usize = 512;

/// A change that is not durable before the next sync.
#[derive(Debug, Clone)]
pub enum Change {
    /// Bytes at an offset.
    Write(u64, Vec<u8>),
    /// A longer file.
    Grow(u64),
}

/// A file. `bytes` is what was written; up to `length` zeros follow.
#[derive(Debug, Clone, Default)]
pub struct Node {
    pub bytes: Vec<u8>,
    pub length: u64,
    durable_bytes: Vec<u8>,
    durable_length: u64,
    unsynced: Vec<Change>,
}

impl Node {
    /// A durable file.
    pub fn new(bytes: &[u8], length: u64) -> Self {
        let bytes = bytes.to_vec();
        Self {
            durable_bytes: bytes.clone(),
            bytes,
            length,
            durable_length: length,
            unsynced: vec![],
        }
    }

    /// Fills `out` from `offset`; gives how much was there.
    pub fn read(&self, offset: u64, out: &mut [u8]) -> usize {
        let there = self.length.saturating_sub(offset).min(out.len() as u64);
        let there = usize::try_from(there).unwrap_or(0);
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let written = self.bytes.get(from..).unwrap_or_default();
        let (out, _) = out.split_at_mut(there);
        let (bytes, zeros) = out.split_at_mut(written.len().min(there));
        bytes.copy_from_slice(written.get(..bytes.len()).unwrap_or_default());
        zeros.fill(0);
        there
    }

    /// Makes a change, durable with the next sync.
    pub fn apply(&mut self, change: Change) {
        apply(&mut self.bytes, &mut self.length, &change);
        self.unsynced.push(change);
    }

    /// Takes in the change that a kill came into the middle of.
    pub fn pending(&mut self, change: Change, dice: &mut Dice) {
        match change {
            Change::Write(offset, mut bytes) => {
                match dice.draw(3) {
                    0 => return,
                    1 => {}
                    _ => bytes.truncate(dice.below(bytes.len())),
                }
                self.apply(Change::Write(offset, bytes));
            }
            Change::Grow(_) if dice.happens() => self.apply(change),
            Change::Grow(_) => {}
        }
    }

    /// Makes everything durable.
    pub fn make_durable(&mut self) {
        // Only what changed: a file is long, and synced often.
        for change in self.unsynced.drain(..) {
            apply(&mut self.durable_bytes, &mut self.durable_length, &change);
        }
    }

    /// The file with all that was written, durable or not.
    pub fn settled(&self) -> Self {
        Self::new(&self.bytes, self.length)
    }

    /// The file after a power cut.
    pub fn after_power_cut(&self, dice: &mut Dice) -> Self {
        let (mut bytes, mut length) = (self.durable_bytes.clone(), self.durable_length);
        let mut left: Vec<&Change> = self.unsynced.iter().collect();
        while !left.is_empty() {
            let change = left.remove(dice.next_of(left.len()));
            match (dice.draw(4), change) {
                (0, _) => {}
                (1, _) | (_, Change::Grow(_)) => apply(&mut bytes, &mut length, change),
                (2, Change::Write(offset, whole)) => {
                    let part = whole.get(..dice.below(whole.len())).unwrap_or_default();
                    apply(&mut bytes, &mut length, &Change::Write(*offset, part.to_vec()));
                }
                (_, Change::Write(offset, whole)) => {
                    for (at, sector) in sectors(*offset, whole) {
                        if dice.happens() {
                            let sector = Change::Write(at, sector.to_vec());
                            apply(&mut bytes, &mut length, &sector);
                        }
                    }
                }
            }
        }
        Self::new(&bytes, length)
    }
}

fn apply(bytes: &mut Vec<u8>, length: &mut u64, change: &Change) {
    match change {
        Change::Grow(to) => *length = (*length).max(*to),
        Change::Write(offset, new) => {
            let start = usize::try_from(*offset).unwrap_or(usize::MAX);
            let end = start.saturating_add(new.len());
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes.get_mut(start..end).into_iter().for_each(|place| place.copy_from_slice(new));
            *length = (*length).max(end as u64);
        }
    }
}

/// A write in pieces that end where sectors end.
fn sectors(offset: u64, bytes: &[u8]) -> Vec<(u64, &[u8])> {
    let into = usize::try_from(offset % SECTOR_BYTES as u64).unwrap_or(0);
    let (first, rest) = bytes.split_at(bytes.len().min(SECTOR_BYTES - into));
    let mut found = vec![(offset, first)];
    let mut at = offset + first.len() as u64;
    for sector in rest.chunks(SECTOR_BYTES) {
        found.push((at, sector));
        at += sector.len() as u64;
    }
    found
}

/// What chance decides, by seed: 0 always says no, 1 always yes.
pub struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    fn random(&mut self) -> u64 {
        // SplitMix64.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of `ways` ways: 0 is that nothing happened, 1 that all did.
    pub fn draw(&mut self, ways: u64) -> u64 {
        if self.seed < 2 { self.seed } else { self.random() % ways }
    }

    /// Whether something happened.
    pub fn happens(&mut self) -> bool {
        self.draw(2) == 1
    }

    /// A length below `length`.
    pub fn below(&mut self, length: usize) -> usize {
        usize::try_from(self.random() % (length as u64).max(1)).unwrap_or(0)
    }

    /// Which of `count` comes next: the first, unless order is left to chance.
    pub fn next_of(&mut self, count: usize) -> usize {
        if self.seed < 2 { 0 } else { self.below(count) }
    }
}
