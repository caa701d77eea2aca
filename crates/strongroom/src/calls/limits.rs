//! What a credential is limited to, out of the words of a call.

use std::time::{Duration, UNIX_EPOCH};

use strongroom_api::AddPrincipal;
use strongroom_core::ledger::entry::Act;
use strongroom_core::limits::{Limits, NETWORKS_MAX, Network, NotNetwork};
use strongroom_core::policy::{Purpose, acts_of};
use strongroom_core::principal::Kind;

use super::purpose;
use crate::problem::Problem;

/// 9999-12-31T23:59:59Z: later times have no spelling (RFC 3339).
const LAST_US: u64 = 253_402_300_799_000_000;

/// Reads the limits of a principal that is to be added.
pub(super) fn limits(call: &AddPrincipal, kind: Kind, now_us: u64) -> Result<Limits, Problem> {
    let mut networks = Vec::new();
    for text in &call.networks {
        let network = Network::parse(text).map_err(no_network)?;
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    if networks.len() > NETWORKS_MAX {
        let detail = format!("more than {NETWORKS_MAX} networks");
        return Err(Problem::usage(detail, "name larger ones that hold them"));
    }
    let purposes = call.purposes.iter().map(|name| purpose(name));
    let purposes = purposes.collect::<Result<Vec<_>, _>>()?;
    let acts = call.acts.iter().map(|name| act(name, kind)).collect::<Result<Vec<_>, _>>()?;
    Ok(Limits {
        expires_us: call.expires.as_deref().map(|text| end(text, now_us)).transpose()?,
        networks,
        purposes: Purpose::ALL.into_iter().filter(|p| purposes.contains(p)).collect(),
        acts: acts_of(kind).filter(|act| acts.contains(act)).collect(),
    })
}

fn no_network(why: NotNetwork) -> Problem {
    Problem::usage(why.to_string(), "write it as 203.0.113.0/24, 203.0.113.7/32 or 2001:db8::/32")
}

/// An act that the kind may do: a credential that is limited to another one would be good for
/// nothing, and whoever asked for it meant something else.
fn act(name: &str, kind: Kind) -> Result<Act, Problem> {
    let found = acts_of(kind).find(|act| act.as_str() == name);
    found.ok_or_else(|| {
        let detail = format!("that is no act of one tenant's {}", kind.name());
        let all: Vec<&str> = acts_of(kind).map(Act::as_str).collect();
        Problem::usage(detail, format!("use some of: {}", all.join(", ")))
    })
}

/// A time to come, given as such or as how long until then.
fn end(text: &str, now_us: u64) -> Result<u64, Problem> {
    let us = match humantime::parse_rfc3339(text) {
        Ok(at) => at.duration_since(UNIX_EPOCH).ok().and_then(micros),
        Err(_) => duration(text).and_then(|us| now_us.checked_add(us)),
    };
    let what = match us {
        Some(us) if us > now_us && us <= LAST_US => return Ok(us),
        Some(us) if us <= now_us => "the credential would have expired already",
        Some(_) => "the credential would expire after the year 9999",
        None => "that is no time at which a credential can expire",
    };
    Err(Problem::usage(what, "say it as 90d, 12h or 2027-01-31T00:00:00Z"))
}

/// How long an old credential stays good beside the fresh one, in microseconds.
///
/// # Errors
/// A [`Problem`] when the text is no duration.
pub fn overlap(text: Option<&str>) -> Result<u64, Problem> {
    text.map_or(Ok(0), |text| {
        duration(text).ok_or_else(|| {
            let detail = "that is no time for which two credentials can overlap";
            Problem::usage(detail, "say it as 30m, 12h or 7d")
        })
    })
}

fn duration(text: &str) -> Option<u64> {
    humantime::parse_duration(text).ok().and_then(micros)
}

fn micros(duration: Duration) -> Option<u64> {
    u64::try_from(duration.as_micros()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_US: u64 = 1_800_000_000_000_000;

    #[test]
    fn an_end_is_a_time_or_how_long_until_then() {
        let at = |text: &str| end(text, NOW_US).map_err(|p| p.detail);
        assert_eq!(at("90s"), Ok(NOW_US + 90_000_000));
        assert_eq!(at("1h 30m"), Ok(NOW_US + 5_400_000_000));
        assert_eq!(at("2027-01-15T08:00:01Z"), Ok(NOW_US + 1_000_000));
        assert_eq!(at("9999-12-31T23:59:59Z"), Ok(LAST_US));
        for bad in ["0s", "2027-01-15T08:00:00Z", "1969-12-31T23:59:59Z", "10000y", "600000y"] {
            assert!(at(bad).is_err(), "{bad}");
        }
        for bad in ["", "soon", "90", "-1d", "2027-01-15", "2027-01-15T08:00:01+02:00"] {
            assert!(at(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_overlap_is_none_or_a_duration() {
        assert_eq!(overlap(None).ok(), Some(0));
        assert_eq!(overlap(Some("1d")).ok(), Some(86_400_000_000));
        assert!(overlap(Some("2027-01-15T08:00:01Z")).is_err());
    }
}
