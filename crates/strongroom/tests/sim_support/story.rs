//! What happens in a history, drawn by its seed: acts, and blows that fall on the machine. Whom an
//! act is about is drawn too, as a number; who that is shows when its turn comes.

use std::io;

use strongroom::store::model::{ENGINE, Effect};

/// Chance by seed: SplitMix64.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, count: u64) -> u64 {
        self.draw() % count.max(1)
    }

    pub fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

/// One thing that is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    Tenant,
    /// A second operator for a tenant.
    Second(u64),
    Seal {
        tenant: u64,
        /// Whether rows are known by a key.
        keyed: bool,
        rows: u64,
        /// What the rows hold.
        draw: u64,
    },
    /// Seals an input once more.
    Again(u64),
    Update {
        who: u64,
        email: bool,
    },
    Erase {
        who: u64,
        many: u64,
        now: bool,
        /// Whether a second operator agrees, needed or not.
        agreed: bool,
    },
    Cancel(u64),
    Hours(u64),
    /// Sets the wall clock back by seconds.
    Back(u64),
    Due,
    Turn,
    Rotate {
        tenant: u64,
        seal: bool,
    },
    Reveal(u64),
    Find(u64),
    /// Asks for what is not there, with a credential that nobody has.
    Intrude,
    Examine,
    Backup,
    Restore,
    /// Loses somebody's row, slot or both while nothing runs, and restores them.
    Lose {
        who: u64,
        row: bool,
        slot: bool,
    },
    Reopen,
}

/// Something that befalls the machine.
#[derive(Debug, Clone)]
pub struct Blow {
    /// The act before which it is arranged.
    pub before: usize,
    /// The step that it falls on, from then.
    pub step: u64,
    pub effect: Effect,
    /// The places that count.
    pub place: &'static str,
    /// Whether the power goes too, and what is left then.
    pub power_cut: Option<u64>,
    /// Kills during the recovery: at which step, and what is left then.
    pub recovery: Vec<(u64, u64)>,
}

/// A history.
pub struct Story {
    pub acts: Vec<Act>,
    pub blows: Vec<Blow>,
}

impl Story {
    pub fn new(seed: u64) -> Self {
        let dice = &mut Dice::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let mut acts = vec![Act::Tenant, Act::Second(0), seal(dice)];
        let count = 7 + dice.below(31);
        acts.extend((0..count).map(|_| act(dice)));
        let count = 1 + dice.below(3);
        let mut blows: Vec<Blow> = (0..count).map(|_| blow(dice, acts.len())).collect();
        blows.sort_by_key(|blow| blow.before);
        blows.dedup_by_key(|blow| blow.before);
        Self { acts, blows }
    }
}

fn seal(dice: &mut Dice) -> Act {
    let (tenant, keyed) = (dice.draw(), dice.one_in(2));
    Act::Seal { tenant, keyed, rows: 1 + dice.below(4), draw: dice.draw() }
}

fn act(dice: &mut Dice) -> Act {
    match dice.below(64) {
        0..=1 => Act::Tenant,
        2..=3 => Act::Second(dice.draw()),
        4..=13 => seal(dice),
        14..=15 => Act::Again(dice.draw()),
        16..=21 => Act::Update { who: dice.draw(), email: dice.one_in(2) },
        22..=31 => Act::Erase {
            who: dice.draw(),
            many: 1 + dice.below(3),
            now: dice.one_in(2),
            agreed: dice.one_in(2),
        },
        32..=34 => Act::Cancel(dice.draw()),
        35..=38 => Act::Hours(dice.pick(&[1, 30, 73, 200])),
        39 => Act::Back(dice.pick(&[1, 5, 100, 7200])),
        40..=42 => Act::Due,
        43..=46 => Act::Turn,
        47..=49 => Act::Rotate { tenant: dice.draw(), seal: dice.one_in(2) },
        50..=51 => Act::Reveal(dice.draw()),
        52 => Act::Find(dice.draw()),
        53 => Act::Intrude,
        54 => Act::Examine,
        55..=57 => Act::Backup,
        58..=59 => Act::Restore,
        60..=61 => {
            let (row, slot) = dice.pick(&[(true, false), (false, true), (true, true)]);
            Act::Lose { who: dice.draw(), row, slot }
        }
        _ => Act::Reopen,
    }
}

const PLACES: [&str; 6] = ["", "data/ledger/", "data/slots/", ENGINE, "keys/", "keys/notes.json"];
const FAILURES: [io::ErrorKind; 2] = [io::ErrorKind::Other, io::ErrorKind::StorageFull];

fn blow(dice: &mut Dice, acts: usize) -> Blow {
    let before = 1 + dice.below(acts as u64 - 1) as usize;
    let kind = dice.pick(&FAILURES);
    let effect = match dice.below(8) {
        0 => Effect::Fail(kind),
        1 => Effect::FailFromNow(kind),
        2 => Effect::FailLate(kind),
        _ => Effect::Kill,
    };
    // Everywhere; or in one place, whose few steps are then met more often.
    let place = if dice.one_in(2) { "" } else { dice.pick(&PLACES) };
    let step = 1 + dice.below(if place.is_empty() { 60 } else { 12 });
    let seed = |dice: &mut Dice| dice.below(1 << 20);
    let power_cut = (!dice.one_in(4)).then(|| if dice.one_in(3) { 0 } else { seed(dice) });
    let again = if dice.one_in(3) { 1 + dice.below(3) } else { 0 };
    let recovery = (0..again).map(|_| (1 + dice.below(24), seed(dice))).collect();
    Blow { before, step, effect, place, power_cut, recovery }
}
