//! Wrong guesses, counted per record and per principal, so that a password or a value cannot be
//! found by trying.
//!
//! A guess is counted as wrong in the very batch that states it, before anything is opened: a
//! process that is killed before it answers has counted all the same. A right one takes its count
//! back afterwards.

use serde::{Deserialize, Serialize};

use super::reason::Plain;
use super::{Action, Authorized, Refusal, Stop};
use crate::control::{open as open_row, protect};
use crate::id::{PrincipalId, RecordNumber, TenantId};
use crate::store::{Changes, ReadError, Table};
use crate::vault::keys::ControlKey;

/// Wrong passwords of a record that cost nothing but themselves.
pub const RECORD_FREE: u32 = 5;
/// The wait after the last of those; each further one doubles it.
pub const RECORD_WAIT_US_MIN: u64 = 30 * SECOND_US;
/// No wait is longer.
pub const RECORD_WAIT_US_MAX: u64 = 15 * 60 * SECOND_US;
/// Wrong guesses of a principal, of a tenant's passwords and values, in one window.
pub const PRINCIPAL_WRONG_MAX: u32 = 100;
/// The window.
pub const PRINCIPAL_WINDOW_US: u64 = 3600 * SECOND_US;

const SECOND_US: u64 = 1_000_000;

/// Whose limit is reached, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// Seconds until it may be tried again, rounded up.
    pub wait_s: u64,
    /// Whether it is the principal's limit, or that of the record.
    pub principal: bool,
}

impl Spent {
    pub(super) fn code(self) -> &'static str {
        let why = if self.principal { Plain::SpentPrincipal } else { Plain::SpentRecord };
        why.code()
    }
}

/// Reads a row of the job table.
pub type ReadCount<'r> = dyn FnMut(&[u8]) -> Result<Option<Vec<u8>>, ReadError> + 'r;

/// The counts as the store has them, and the time.
pub struct Guessing<'r> {
    /// Authenticates the counts.
    pub control: &'r ControlKey,
    /// Now.
    pub now_us: u64,
    /// Reads a row of the job table.
    pub read: &'r mut ReadCount<'r>,
}

/// A count's row: of a record with the time of the last wrong one, of a principal with the time at
/// which its window began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    wrong: u32,
    at_us: u64,
}

/// Whose guesses are counted.
#[derive(Clone, Copy)]
pub(super) enum Of {
    Record(RecordNumber),
    Principal(PrincipalId),
}

impl<A: Action> Authorized<A> {
    /// Whose guess it is that this action makes.
    pub(super) fn asks(&self) -> Option<Of> {
        self.actor.principal.map(|id| Of::Principal(PrincipalId(id)))
    }
}

impl Of {
    /// Neither is as long as the key of a job's row.
    fn key(self, tenant: TenantId) -> Vec<u8> {
        match self {
            Self::Record(record) => [tenant.0.as_slice(), b"r", &record.0.to_be_bytes()].concat(),
            Self::Principal(id) => [tenant.0.as_slice(), b"p", &id.0].concat(),
        }
    }
}

impl Count {
    fn wait_us(self, of: Of, now_us: u64) -> u64 {
        let wait_us = match of {
            Of::Record(_) => match self.wrong.checked_sub(RECORD_FREE) {
                None => return 0,
                Some(more) => (RECORD_WAIT_US_MIN << more.min(10)).min(RECORD_WAIT_US_MAX),
            },
            Of::Principal(_) if self.wrong < PRINCIPAL_WRONG_MAX => return 0,
            Of::Principal(_) => PRINCIPAL_WINDOW_US,
        };
        // A clock that went back makes nobody wait longer than the rule says.
        self.at_us.saturating_add(wait_us).saturating_sub(now_us).min(wait_us)
    }
}

impl Guessing<'_> {
    fn count(&mut self, tenant: TenantId, of: Of) -> Result<Count, Stop> {
        let key = of.key(tenant);
        let Some(value) = (self.read)(&key)? else { return Ok(Count::default()) };
        let body = open_row(self.control, "job", &key, &value);
        let count: Option<Count> = body.and_then(|body| serde_json::from_slice(body).ok());
        let mut count = count.ok_or(Stop::Read(ReadError::Damaged("count of wrong guesses")))?;
        let over = self.now_us >= count.at_us.saturating_add(PRINCIPAL_WINDOW_US);
        if matches!(of, Of::Principal(_)) && over {
            count = Count::default();
        }
        Ok(count)
    }

    fn put(&self, tenant: TenantId, of: Of, count: Count, changes: &mut Changes) {
        let key = of.key(tenant);
        let body = serde_json::to_vec(&count).unwrap_or_default();
        changes.rows.put(Table::Job, &key, &protect(self.control, "job", &key, &body));
    }

    /// Whether a limit is reached.
    pub(super) fn spent(&mut self, tenant: TenantId, of: Of) -> Result<Option<Refusal>, Stop> {
        let wait_us = self.count(tenant, of)?.wait_us(of, self.now_us);
        let wait_s = wait_us.div_ceil(SECOND_US);
        let principal = matches!(of, Of::Principal(_));
        Ok((wait_us > 0).then_some(Refusal::Spent(Spent { wait_s, principal })))
    }

    /// Counts a guess as wrong.
    pub(super) fn add(
        &mut self,
        tenant: TenantId,
        of: Of,
        changes: &mut Changes,
    ) -> Result<(), Stop> {
        let mut count = self.count(tenant, of)?;
        let begins = matches!(of, Of::Record(_)) || count.wrong == 0;
        count.at_us = if begins { self.now_us } else { count.at_us };
        count.wrong = count.wrong.saturating_add(1);
        self.put(tenant, of, count, changes);
        Ok(())
    }

    /// Takes back what a right guess was counted as: all of the record's, one of the principal's.
    pub(super) fn forgive(
        &mut self,
        tenant: TenantId,
        of: Of,
        changes: &mut Changes,
    ) -> Result<(), Stop> {
        let mut count = self.count(tenant, of)?;
        count.wrong = match of {
            Of::Record(_) => 0,
            Of::Principal(_) => count.wrong.saturating_sub(1),
        };
        self.put(tenant, of, count, changes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_half_a_minute_to_a_quarter_of_an_hour() {
        let of = Of::Record(RecordNumber(1));
        let waits = (0..14).map(|wrong| Count { wrong, at_us: 7 }.wait_us(of, 7) / SECOND_US);
        let expected = [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900, 900];
        assert_eq!(waits.collect::<Vec<_>>(), expected);
        let count = Count { wrong: 5, at_us: 100 * SECOND_US };
        assert_eq!(count.wait_us(of, 129 * SECOND_US), SECOND_US);
        assert_eq!(count.wait_us(of, 130 * SECOND_US), 0);
        assert_eq!(count.wait_us(of, 0), 30 * SECOND_US, "the clock went back");
        let wrong = u32::MAX;
        assert_eq!(Count { wrong, at_us: u64::MAX }.wait_us(of, 0), RECORD_WAIT_US_MAX);
    }
}
