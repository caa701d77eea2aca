//! From a request to its answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{RawPathParams, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use axum::response::IntoResponse as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use strongroom_api::{Call, IDEMPOTENCY_HEADER, Reveal};
use strongroom_core::principal::Principal;
use zeroize::Zeroizing;

use super::problem::{REQUEST_HEADER, Refusal, Refused, RequestId};
use super::{App, BODY_BYTES_MAX, Peer, TOKENS_MAX};
use crate::calls::{self, Asked, Perform};
use crate::problem::{Kind, Problem};

/// The header that says where the answer's entry stands.
const LEDGER_HEADER: &str = "strongroom-ledger";

/// No idempotency key is longer.
const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;

/// How long a body may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What a request brings, once its principal is known.
pub struct Came {
    app: Arc<App>,
    who: Arc<Principal>,
    id: RequestId,
    peer: Peer,
}

/// The extractors of every call.
pub type Parts = (
    State<Arc<App>>,
    Extension<Arc<Principal>>,
    Extension<RequestId>,
    Uri,
    RawPathParams,
    HeaderMap,
);

/// What a request says beside its body.
struct Asking {
    uri: Uri,
    params: RawPathParams,
    headers: HeaderMap,
}

impl Came {
    /// Reads the call.
    async fn call<C: Call>(&self, asked: &Asking, body: Body) -> Result<C, Refusal> {
        let Asking { uri, params, headers } = asked;
        if uri.query().is_some_and(|query| !query.is_empty()) {
            let detail = "no call takes a query";
            return Err(Problem::usage(detail, "put it into the body, as JSON").into());
        }
        let bytes = read(body).await?;
        let bytes = if bytes.is_empty() { b"{}" } else { bytes.as_ref() };
        let mut call: C = serde_json::from_slice(bytes).map_err(|e| unreadable::<C>(&e))?;
        if let Some(key) = C::IDEMPOTENCY_KEY {
            *key(&mut call) = idempotency_key(headers)?;
        }
        for (field, (_, value)) in call.path().into_iter().zip(params) {
            value.clone_into(field);
        }
        Ok(call)
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
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(REQUEST_HEADER, self.id.header());
        if let Some(value) = ledger.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(LEDGER_HEADER, value);
        }
        response
    }
}

/// Reads a body, as far as its bounds go.
async fn read(body: Body) -> Result<Bytes, Refusal> {
    let read = Limited::new(body, BODY_BYTES_MAX).collect();
    let (status, detail, remedy) = match tokio::time::timeout(BODY_TIMEOUT, read).await {
        Ok(Ok(collected)) => return Ok(collected.to_bytes()),
        Ok(Err(e)) if e.is::<LengthLimitError>() => {
            let detail = format!("the body is longer than {BODY_BYTES_MAX} bytes");
            (StatusCode::PAYLOAD_TOO_LARGE, detail, "ask for less at a time")
        }
        Ok(Err(_)) => {
            let detail = "the body cannot be read".to_owned();
            (StatusCode::BAD_REQUEST, detail, "send it whole, as its length says")
        }
        Err(_) => {
            let detail = format!("the body did not come within {} s", BODY_TIMEOUT.as_secs());
            (StatusCode::REQUEST_TIMEOUT, detail, "send it at once")
        }
    };
    Err(Refusal { status, problem: Problem::usage(detail, remedy) })
}

/// Answers a call on a thread that may wait.
pub async fn perform<C: Perform>(
    parts: Parts,
    peer: Option<Extension<Peer>>,
    body: Body,
) -> Response<Body> {
    let (came, asked) = came(parts, peer);
    let call: C = match came.call(&asked, body).await {
        Ok(call) => call,
        Err(refusal) => return came.refuse(refusal),
    };
    let (app, who) = (Arc::clone(&came.app), Arc::clone(&came.who));
    let performed = tokio::task::spawn_blocking(move || {
        call.perform(&Asked { vault: &app.vault, who: &who, now_us: app.clock.now_us() })
    });
    // A panic said its place, and no more is known.
    let answered = performed.await.unwrap_or_else(|_| Err(Problem::internal("a request failed")));
    came.answer::<C>(answered)
}

/// Answers a reveal, which waits for the ledger without holding a thread.
pub async fn reveal(parts: Parts, peer: Option<Extension<Peer>>, body: Body) -> Response<Body> {
    let (came, asked) = came(parts, peer);
    let call: Reveal = match came.call(&asked, body).await {
        Ok(call) => call,
        Err(refusal) => return came.refuse(refusal),
    };
    if call.tokens.len() > TOKENS_MAX && came.peer == Peer::Network {
        let detail = format!("more than {TOKENS_MAX} tokens in one request");
        return came.refuse(Problem::usage(detail, "ask for fewer at a time").into());
    }
    let answered = calls::reveal(&came.app.vault, &came.who, call).await;
    came.answer::<Reveal>(answered)
}

fn came(parts: Parts, peer: Option<Extension<Peer>>) -> (Came, Asking) {
    let (State(app), Extension(who), Extension(id), uri, params, headers) = parts;
    let peer = peer.map_or(Peer::Network, |Extension(peer)| peer);
    (Came { app, who, id, peer }, Asking { uri, params, headers })
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
    let what = match (text.strip_prefix("missing field `"), text.rsplit_once(", expected ")) {
        (Some(rest), _) => format!(": `{}` is missing", rest.split('`').next().unwrap_or_default()),
        // Behind the last of them stand words of the API alone.
        (None, Some((_, expected))) => {
            format!(": expected {}", expected.split(" at line ").next().unwrap_or_default())
        }
        (None, None) => String::new(),
    };
    let (line, column) = (error.line(), error.column());
    let detail = format!("the body is no such call, at line {line}, column {column}{what}");
    let remedy = format!("see `{} {}` of /openapi.json", C::METHOD.name(), C::PATH);
    Problem::new(Kind::Usage, detail, remedy)
}
