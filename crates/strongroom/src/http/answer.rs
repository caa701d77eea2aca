//! From a request to its answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use axum::response::IntoResponse as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use strongroom_api::{Call, IDEMPOTENCY_HEADER, Reveal};
use strongroom_core::principal::Principal;
use zeroize::Zeroizing;

use super::admit::{self, Shown};
use super::problem::{Refusal, Refused, RequestId};
use super::{App, BODY_BYTES_MAX, Peer, TOKENS_MAX};
use crate::calls::{self, Asked, Perform};
use crate::cli::Forward;
use crate::problem::{Kind, Problem};

/// The header that says where the answer's entry stands.
const LEDGER_HEADER: &str = "strongroom-ledger";

/// No idempotency key is longer.
const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;

/// What a request brings.
pub struct Came {
    app: Arc<App>,
    shown: Shown,
    id: RequestId,
    peer: Peer,
}

/// The extractors of every call.
pub type Parts = (
    State<Arc<App>>,
    Extension<Shown>,
    Extension<RequestId>,
    Uri,
    Result<RawPathParams, RawPathParamsRejection>,
    HeaderMap,
);

/// What a request says beside its body.
struct Asking {
    uri: Uri,
    params: Result<RawPathParams, RawPathParamsRejection>,
    headers: HeaderMap,
}

impl Came {
    /// Reads the call, and says who calls.
    async fn call<C: Call>(&self, asked: &Asking, body: Body) -> Result<(C, Principal), Refusal> {
        let Asking { uri, params, headers } = asked;
        // A part that is no text names nothing.
        let params = params.as_ref().map_err(|_| Problem::not_found())?;
        if uri.query().is_some_and(|query| !query.is_empty()) {
            let detail = "no call takes a query";
            return Err(Problem::usage(detail, "put it into the body, as JSON").into());
        }
        let bytes = read(body, self.app.limits.body).await?;
        let who = admit::who(&self.app, &self.shown).await?;
        let bytes = if bytes.is_empty() { b"{}" } else { bytes.as_ref() };
        // A list of a call's members, without their names, would be read as the call.
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(no_call::<C>(1, 1, ": expected an object").into());
        }
        let mut call: C = serde_json::from_slice(bytes).map_err(|e| unreadable::<C>(&e))?;
        if let Some(key) = C::IDEMPOTENCY_KEY {
            *key(&mut call) = idempotency_key(headers)?;
        }
        for (field, (_, value)) in call.path().into_iter().zip(params) {
            value.clone_into(field);
        }
        Ok((call, who))
    }

    fn refuse(&self, refusal: Refusal) -> Response<Body> {
        Refused { refusal, id: self.id, peer: self.peer }.into_response()
    }

    fn answer<C: Call>(&self, answered: Result<C::Answer, Problem>) -> Response<Body> {
        let answer = match answered {
            Ok(answer) => answer,
            Err(problem) => return self.refuse(problem.into()),
        };
        let Ok(bytes) = serde_json::to_vec(&answer) else {
            return self.refuse(Problem::internal("an answer could not be written").into());
        };
        let ledger = C::ledger(&answer).map(|l| format!("{}; {}", l.index, l.leaf_hash));
        // Wiped once it was sent.
        let body = Body::from(Bytes::from_owner(Zeroizing::new(bytes)));
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(value) = ledger.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(LEDGER_HEADER, value);
        }
        response
    }
}

/// Reads a body, as far as its bounds go.
async fn read(body: Body, within: Duration) -> Result<Bytes, Refusal> {
    if body.size_hint().lower() > BODY_BYTES_MAX as u64 {
        return Err(too_long());
    }
    let read = Limited::new(body, BODY_BYTES_MAX).collect();
    let (status, detail, remedy) = match tokio::time::timeout(within, read).await {
        Ok(Ok(collected)) => return Ok(collected.to_bytes()),
        Ok(Err(e)) if e.is::<LengthLimitError>() => return Err(too_long()),
        Ok(Err(_)) => {
            let detail = "the body cannot be read".to_owned();
            (StatusCode::BAD_REQUEST, detail, "send it whole, as its length says")
        }
        Err(_) => {
            let detail = format!("the body did not come within {} s", within.as_secs());
            (StatusCode::REQUEST_TIMEOUT, detail, "send it at once")
        }
    };
    Err(Refusal { status, problem: Problem::usage(detail, remedy) })
}

fn too_long() -> Refusal {
    let detail = format!("the body is longer than {BODY_BYTES_MAX} bytes");
    let problem = Problem::usage(detail, "ask for less at a time");
    Refusal { status: StatusCode::PAYLOAD_TOO_LARGE, problem }
}

/// Answers a call on a thread that may wait.
pub async fn perform<C: Perform>(
    parts: Parts,
    peer: Option<Extension<Peer>>,
    body: Body,
) -> Response<Body> {
    let (came, asked) = came(parts, peer);
    let (call, who) = match came.call::<C>(&asked, body).await {
        Ok(called) => called,
        Err(refusal) => return came.refuse(refusal),
    };
    let vault = match came.app.vault().await {
        Ok(vault) => vault,
        Err(problem) => return came.refuse(problem.into()),
    };
    let app = Arc::clone(&came.app);
    let answered = blocking(move || {
        call.perform(&Asked { vault: &vault, who: &who, now_us: app.clock.now_us() })
    });
    came.answer::<C>(answered.await)
}

/// Works on a thread that may wait.
pub async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, Problem> + Send + 'static,
) -> Result<R, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    // A panic said its place, and no more is known.
    done.unwrap_or_else(|_| Err(Problem::internal("a request failed")))
}

/// Answers a reveal, which waits for the ledger without holding a thread.
pub async fn reveal(parts: Parts, peer: Option<Extension<Peer>>, body: Body) -> Response<Body> {
    let (came, asked) = came(parts, peer);
    let (call, who) = match came.call::<Reveal>(&asked, body).await {
        Ok(called) => called,
        Err(refusal) => return came.refuse(refusal),
    };
    if call.tokens.len() > TOKENS_MAX && came.peer == Peer::Network {
        let detail = format!("more than {TOKENS_MAX} tokens in one request");
        return came.refuse(Problem::usage(detail, "ask for fewer at a time").into());
    }
    let answered = match came.app.vault().await {
        Ok(vault) => calls::reveal(&vault, &who, call).await,
        Err(problem) => Err(problem),
    };
    came.answer::<Reveal>(answered)
}

/// Performs a command of a peer of the socket.
pub async fn command(parts: Parts, peer: Option<Extension<Peer>>, body: Body) -> Response<Body> {
    let (came, asked) = came(parts, peer);
    let (forward, who) = match came.call::<Forward>(&asked, body).await {
        Ok(called) => called,
        Err(refusal) => return came.refuse(refusal),
    };
    let answered = super::command::perform(Arc::clone(&came.app), who, forward).await;
    came.answer::<Forward>(answered)
}

fn came(parts: Parts, peer: Option<Extension<Peer>>) -> (Came, Asking) {
    let (State(app), Extension(shown), Extension(id), uri, params, headers) = parts;
    let peer = peer.map_or(Peer::Network, |Extension(peer)| peer);
    (Came { app, shown, id, peer }, Asking { uri, params, headers })
}

/// The key under which a request is to be performed once.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all(IDEMPOTENCY_HEADER).iter();
    let Some(key) = given.next() else { return Ok(None) };
    let key = key.to_str().unwrap_or_default();
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if given.next().is_some() || !visible || !(1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&key.len()) {
        let detail = "the idempotency key is not 1 to 255 visible ASCII characters";
        return Err(Problem::usage(detail, "send one such header, or none"));
    }
    Ok(Some(key.to_owned()))
}

/// What is wrong with a body: the place, and what was expected there. Not what stands there, which
/// may be anybody's.
fn unreadable<C: Call>(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let (line, column) = (error.line(), error.column());
    let text = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    let what = match (text.strip_prefix("missing field `"), text.rsplit_once(", expected ")) {
        (Some(rest), _) => format!(": `{}` is missing", rest.split('`').next().unwrap_or_default()),
        // Said of a member that was sent, whose name comes before it.
        _ if text.ends_with("`, there are no fields") => ": expected no members".to_owned(),
        // Behind the last of them stand words of the API alone.
        (None, Some((_, expected))) => format!(": expected {expected}"),
        (None, None) => String::new(),
    };
    no_call::<C>(line, column, &what)
}

fn no_call<C: Call>(line: usize, column: usize, what: &str) -> Problem {
    let detail = format!("the body is no such call, at line {line}, column {column}{what}");
    let remedy = format!("see `{} {}` of /openapi.json", C::METHOD.name(), C::PATH);
    Problem::new(Kind::Usage, detail, remedy)
}
