//! Who gets in: before the path is looked up, and before the body is read.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use strongroom_core::principal::{Arrival, Principal};
use zeroize::Zeroizing;

use super::problem::{REQUEST_HEADER, Refused, RequestId};
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

/// What a request shows for itself.
#[derive(Clone)]
pub struct Shown {
    text: Arc<Zeroizing<String>>,
    address: Option<IpAddr>,
    development: bool,
}

/// Lets a request through, or answers 401. Whatever comes back says which request it answers, and
/// that nobody may keep it.
pub async fn admit(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let id = RequestId::new();
    let peer = request.extensions().get::<Peer>().copied().unwrap_or(Peer::Network);
    request.extensions_mut().insert(id);
    let mut response = if OPEN.contains(&request.uri().path()) {
        next.run(request).await
    } else {
        let address = request.extensions().get::<Address>().map(|Address(address)| *address);
        let shown = Shown { address, ..shown(&app, bearer(&request), peer) };
        match who(&app, &shown).await {
            Ok(_) => {
                request.extensions_mut().insert(shown);
                next.run(request).await
            }
            Err(problem) => Refused { refusal: problem.into(), id, peer }.into_response(),
        }
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REQUEST_HEADER, id.header());
    response
}

/// What is shown: a development install's own credential where the folder's owner shows none.
fn shown(app: &App, given: Option<Zeroizing<String>>, peer: Peer) -> Shown {
    let kept = match (&given, peer, &app.kept) {
        (None, Peer::Socket, Some(file)) => std::fs::read_to_string(file).ok().map(Zeroizing::new),
        _ => None,
    };
    let development = kept.is_some();
    Shown { text: Arc::new(given.or(kept).unwrap_or_default()), address: None, development }
}

/// Finds out who asks. Asked again once a body has come, which takes as long as its sender likes:
/// who was revoked meanwhile is not answered.
pub async fn who(app: &App, shown: &Shown) -> Result<Principal, Problem> {
    let vault = app.vault().await?;
    let Shown { address, development, .. } = *shown;
    let arrival = Arrival { now_us: app.clock.now_us(), address, development };
    let stranger = match vault.recognise(&shown.text, arrival) {
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
