//! What the first command and the tests share: people who do not exist, a search for their values
//! in raw bytes, and the steps of the demonstration.
//!
//! Nothing here is part of the path of real data. The people are invented and their numbers mean
//! nobody; the search reads files only. The steps go through the same use cases as every other
//! command, never around them: what they show is what the product does.

mod export;
pub mod people;
mod place;
mod prove;
mod seal;
pub mod search;
mod words;

use std::sync::Arc;

use strongroom_core::principal::{Arrival, Principal};
use strongroom_core::source::Clock as _;
use zeroize::Zeroizing;

pub use export::Folder;
pub use place::Place;
pub use prove::{Entry, LedgerCheck, Line, Refusal, Revealed};
pub use seal::{Clear, Exposure, Sample, Sealed, SealedTenant};

use crate::ambient::{SystemClock, SystemRandom};
use crate::problem::{Kind, Problem};
use crate::vault::{Folders, Vault};

/// The two tenants: client companies of one back office.
pub const TENANTS: [&str; 2] = ["acme", "borealis"];
/// The collection that the exports are sealed into.
const COLLECTION: &str = "people";
/// People whose every value is searched for; of more, as many are taken at even distances.
const SEARCHED_PEOPLE_MAX: u64 = 10_000;

/// The demonstration: a folder, an install in it, and who operates it. Its steps are to be taken
/// in the order they stand in; each gives its figures, or the problem that an expectation was not
/// met.
pub struct Demo {
    /// Where everything lies.
    pub place: Place,
    people: u64,
    credential: Zeroizing<String>,
}

/// The install, open, and its operator.
struct Open {
    vault: Vault,
    operator: Principal,
}

impl Demo {
    /// Begins with `people` people, half of each tenant.
    #[must_use]
    pub fn new(place: Place, people: u64) -> Self {
        Self { place, people, credential: Zeroizing::default() }
    }

    /// People of each tenant.
    fn people_each(&self) -> u64 {
        self.people / TENANTS.len() as u64
    }

    fn folders(&self) -> Folders {
        Folders { data: self.place.path("data"), keys: self.place.path("data.keys") }
    }

    fn init(&mut self) -> Result<(), Problem> {
        let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
        self.credential = Vault::init(&self.folders(), true, clock, random)?.credential;
        Ok(())
    }

    fn open(&self) -> Result<Open, Problem> {
        let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
        let vault = Vault::open(self.folders(), clock, random)?;
        let operator =
            vault.authenticate(&self.credential, Arrival::local(SystemClock.now_us(), true))?;
        Ok(Open { vault, operator })
    }
}

/// Each tenant has people of its own.
fn seed(tenant: usize) -> u64 {
    2_026 + tenant as u64
}

/// An expectation: what it says when it is not met is for whoever looks into it.
fn hold(held: bool, otherwise: impl FnOnce() -> String) -> Result<(), Problem> {
    if held {
        return Ok(());
    }
    let remedy = "run `strongroom quickstart --keep DIR` and look into DIR; do not use this build \
                  for real people's data";
    Err(Problem::new(Kind::Internal, format!("quickstart: {}", otherwise()), remedy))
}

#[expect(clippy::disallowed_methods, reason = "measures how long a step took, for people")]
fn seconds<T>(step: impl FnOnce() -> Result<T, Problem>) -> Result<(T, f64), Problem> {
    let start = std::time::Instant::now();
    let done = step()?;
    let seconds = start.elapsed().as_secs_f64();
    Ok((done, (seconds * 1000.0).round() / 1000.0))
}
