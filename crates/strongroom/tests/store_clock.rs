//! The wall clock is not believed: each step of it, forward or back, is an entry that says how far,
//! while the time in a log never runs back; time that merely passes is none.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap, what their tests share too"
)]

mod store_support;

use store_support::office::{Office, log};
use store_support::{OnModel, Stand as _, commit, entries};
use strongroom::ambient::SystemClock;
use strongroom::store::local::LocalStore;
use strongroom_core::ledger::LogId;
use strongroom_core::ledger::entry::Act;
use strongroom_core::source::Clock as _;

const SECOND_US: u64 = 1_000_000;
const HOUR_US: u64 = 3600 * SECOND_US;

struct Room {
    stand: OnModel,
    office: Office,
}

impl Room {
    fn new() -> Self {
        let stand = OnModel::new();
        let office = Office::new(stand.sources.random());
        Self { stand, office }
    }

    /// An entry in a tenant's log.
    fn say(&self, store: &LocalStore) {
        commit(store, self.office.refusal(0)).unwrap();
    }

    /// Steps the wall clock alone.
    fn step(&self, us: i64) {
        let clock = &self.stand.sources.clock;
        clock.put(clock.now_us().saturating_add_signed(us));
    }

    fn pass(&self, us: u64) {
        self.stand.sources.clock.pass(us);
    }
}

/// The steps that the system log states, to the second.
fn steps(store: &LocalStore) -> Vec<(String, u64)> {
    let steps = entries(store, LogId::System).into_iter().filter(|e| e.act == Act::ClockStep);
    let read = |object: String| {
        let (way, us) = object.split_once(':').unwrap();
        (way.to_owned(), (us.parse::<u64>().unwrap() + SECOND_US / 2) / SECOND_US)
    };
    steps.map(|entry| read(entry.object.unwrap())).collect()
}

fn told(way: &str, seconds: u64) -> (String, u64) {
    (way.to_owned(), seconds)
}

#[test]
fn a_step_forward_is_an_entry_and_time_that_passes_is_none() {
    let room = Room::new();
    let store = room.stand.open();
    room.say(&store);
    for _ in 0..5 {
        room.pass(10 * HOUR_US);
        room.say(&store);
    }
    assert_eq!(steps(&store), []);
    room.step(59_000_000);
    room.say(&store);
    assert_eq!(steps(&store), [], "within the tolerance");
    room.step(3_600_000_000);
    room.say(&store);
    room.say(&store);
    let expected = [told("forward", 3659)];
    assert_eq!(steps(&store), expected, "all that the clock has left the steady one by, once");
    room.pass(HOUR_US);
    room.say(&store);
    assert_eq!(steps(&store), expected);
}

#[test]
fn small_steps_add_up() {
    let room = Room::new();
    let store = room.stand.open();
    for _ in 0..7 {
        room.pass(HOUR_US);
        room.step(10_000_000);
        room.say(&store);
    }
    assert_eq!(steps(&store), [told("forward", 70)]);
}

#[test]
fn a_step_back_is_found_also_where_no_entry_was_newer() {
    let room = Room::new();
    let store = room.stand.open();
    room.say(&store);
    // Nothing was said for an hour: the clock is still ahead of the newest entry.
    room.pass(HOUR_US);
    room.step(-1_800_000_000);
    room.say(&store);
    assert_eq!(steps(&store), [told("back", 1800)]);
    room.step(-10_000_000);
    room.say(&store);
    assert_eq!(steps(&store)[1..], [told("back", 10)], "behind the newest entry");
    let times: Vec<u64> = entries(&store, log(0)).iter().map(|e| e.time_us).collect();
    assert!(times.windows(2).all(|t| t[0] <= t[1]), "{times:?}");
}

#[test]
fn a_clock_behind_the_newest_entry_is_said_at_the_start() {
    let room = Room::new();
    let store = room.stand.open();
    room.say(&store);
    let newest = store_support::entries(&store, log(0))[0].time_us;
    drop(store);
    room.step(-7_200_000_000);
    let store = room.stand.open();
    assert_eq!(steps(&store), [told("back", 7200)], "before anything else is");
    room.say(&store);
    room.say(&store);
    assert_eq!(steps(&store).len(), 1);
    let last = entries(&store, log(0)).last().unwrap().time_us;
    assert_eq!(last, newest, "time stands still");
    let extent = strongroom_core::store::Store::extent(&store);
    assert!(extent.newest_us >= newest, "the doctor is told of the newest entry all the same");
    drop(store);
    // The next start, with the clock set right, has nothing to say.
    room.step(7_300_000_000);
    let store = room.stand.open();
    assert_eq!(steps(&store).len(), 1);
}

#[test]
fn the_machine_has_a_clock_that_goes_forward_alone() {
    let mut before = SystemClock.steady_us();
    assert!(before > 0);
    for _ in 0..1000 {
        let now = SystemClock.steady_us();
        assert!(now >= before);
        before = now;
    }
}
