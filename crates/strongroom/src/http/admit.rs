//! Who gets in: before the path is looked up, and before the body is read.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use strongroom_core::principal::{Arrival, Principal};
use zeroize::Zeroizing;

use super::problem::{Refused, RequestId};
use super::{Address, App, OPEN, Peer};
use crate::problem::Problem;

/// Refusals of strangers that may be recorded in a row, and the time in which one more may.
///
/// Each is an entry, and an entry takes a sync and some hundred bytes for ever: without a limit,
/// whoever reaches the port could fill the disk. A refusal beyond it is answered alike, counted,
/// and told by the next one that is recorded.
const UNNAMED: (u64, u64) = (60, 1_000_000);

/// The same for credentials that name a principal: one that was revoked, or is guessed at.
const NAMED: (u64, u64) = (600, 100_000);

/// How many refusals may still be recorded.
#[derive(Default)]
pub struct Strangers {
    unnamed: Bucket,
    named: Bucket,
}

/// Spent room, in microseconds until it is free again.
#[derive(Default)]
struct Bucket {
    free_us: u64,
}

impl Bucket {
    /// Takes room for one, if there is any.
    fn take(&mut self, (burst, each_us): (u64, u64), now_us: u64) -> bool {
        let spent_us = self.free_us.saturating_sub(now_us);
        if spent_us >= burst.saturating_mul(each_us) {
            return false;
        }
        self.free_us = now_us.saturating_add(spent_us).saturating_add(each_us);
        true
    }
}

impl Strangers {
    fn take(&mut self, claimed: bool, now_us: u64) -> bool {
        match claimed {
            true => self.named.take(NAMED, now_us),
            false => self.unnamed.take(UNNAMED, now_us),
        }
    }
}

/// Lets a request through with its principal, or answers 401.
pub async fn admit(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let id = RequestId::new();
    let peer = request.extensions().get::<Peer>().copied().unwrap_or(Peer::Network);
    request.extensions_mut().insert(id);
    if OPEN.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let given = bearer(&request);
    let address = request.extensions().get::<Address>().map(|Address(address)| *address);
    match who(&app, given, peer, address).await {
        Ok(who) => {
            request.extensions_mut().insert(Arc::new(who));
            next.run(request).await
        }
        Err(problem) => Refused { refusal: problem.into(), id, peer }.into_response(),
    }
}

/// Finds out who asks.
async fn who(
    app: &App,
    given: Option<Zeroizing<String>>,
    peer: Peer,
    address: Option<IpAddr>,
) -> Result<Principal, Problem> {
    let kept = match (&given, peer, &app.kept) {
        (None, Peer::Socket, Some(file)) => std::fs::read_to_string(file).ok().map(Zeroizing::new),
        _ => None,
    };
    let development = kept.is_some();
    let text = given.or(kept).unwrap_or_default();
    let vault = app.vault().await?;
    let arrival = Arrival { now_us: app.clock.now_us(), address, development };
    let stranger = match vault.recognise(&text, arrival) {
        Ok(who) => return Ok(who),
        Err(stranger) => stranger,
    };
    let recorded = {
        let mut strangers = app.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        strangers.take(stranger.claimed, arrival.now_us)
    };
    if recorded {
        vault.store().commit(*stranger.batch).await?;
    }
    Err(Problem::unauthenticated())
}

/// The credential of the header (RFC 6750), if there is exactly one such header.
fn bearer(request: &Request) -> Option<Zeroizing<String>> {
    let mut headers = request.headers().get_all(AUTHORIZATION).iter();
    let (header, None) = (headers.next()?, headers.next()) else { return None };
    let (scheme, text) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| Zeroizing::new(text.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_get_a_burst_and_then_one_at_a_time() {
        let mut strangers = Strangers::default();
        let now_us = 1_000_000_000;
        let taken = |strangers: &mut Strangers, now_us| {
            (0..1_000).filter(|_| strangers.take(false, now_us)).count()
        };
        assert_eq!(taken(&mut strangers, now_us), 60);
        assert!(strangers.take(true, now_us), "those who name somebody are counted apart");
        assert_eq!(taken(&mut strangers, now_us + 999_999), 1);
        assert_eq!(taken(&mut strangers, now_us + 5_000_000), 4);
        assert_eq!(taken(&mut strangers, now_us + 3_600_000_000), 60);
    }
}
