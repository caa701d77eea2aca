//! How the calls of the API are performed: one way for the command line and for the server.
//!
//! A call is checked, handed to a use case, and its answer put into the words of the API. Nothing
//! is decided here, and nothing opened.

mod admin;
mod erase;
mod ledger;
mod limits;
mod record;
mod reveal;
mod seal;
mod state;

use strongroom_api::{Call, Ledger};
use strongroom_core::principal::Principal;
use strongroom_core::store::Position;

use crate::problem::Problem;
use crate::vault::Vault;

pub use admin::principal;
pub use limits::overlap;
pub use record::{PASSWORD_BYTES_MAX, VALUE_BYTES_MAX};
pub use reveal::{purpose, reveal};

/// Who asks, of which vault, and when.
pub struct Asked<'a> {
    /// The vault.
    pub vault: &'a Vault,
    /// Who asks.
    pub who: &'a Principal,
    /// The time.
    pub now_us: u64,
}

/// A call that can be performed.
pub trait Perform: Call {
    /// Performs it.
    ///
    /// # Errors
    /// A [`Problem`].
    fn perform(self, asked: &Asked<'_>) -> Result<Self::Answer, Problem>;
}

/// Where the first of an answer's entries stands.
fn ledger(positions: &[Position]) -> Result<Ledger, Problem> {
    let first = positions.first().ok_or_else(|| Problem::internal("an answer without an entry"))?;
    Ok(place(first))
}

/// Where an entry stands, in the words of the API.
#[must_use]
pub fn place(position: &Position) -> Ledger {
    Ledger {
        log: position.log.to_string(),
        index: position.index,
        leaf_hash: position.leaf_hash.to_hex(),
    }
}

/// A time of the ledger as RFC 3339, UTC.
#[must_use]
pub fn time(us: u64) -> String {
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_micros(us);
    humantime::format_rfc3339_micros(at).to_string()
}
