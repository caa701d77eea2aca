//! From a request to its answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{RawPathParams, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Response, StatusCode, Uri};
use axum::response::IntoResponse as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use strongroom_api::{Call, Reveal};
use strongroom_core::principal::Principal;
use zeroize::Zeroizing;

use super::problem::{REQUEST_HEADER, Refusal, Refused, RequestId};
use super::{App, BODY_BYTES_MAX, Peer, TOKENS_MAX};
use crate::calls::{self, Asked, Perform};
use crate::cli::Forward;
use crate::problem::{Kind, Problem};

/// The header that says where the answer's entry stands.
const LEDGER_HEADER: &str = "strongroom-ledger";

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
pub type Parts =
    (State<Arc<App>>, Extension<Arc<Principal>>, Extension<RequestId>, Uri, RawPathParams);

impl Came {
    /// Reads the call.
    async fn call<C: Call>(
        &self,
        uri: &Uri,
        params: &RawPathParams,
        body: Body,
    ) -> Result<C, Refusal> {
        if uri.query().is_some_and(|query| !query.is_empty()) {
            let detail = "no call takes a query";
            return Err(Problem::usage(detail, "put it into the body, as JSON").into());
        }
        let bytes = read(body).await?;
        let bytes = if bytes.is_empty() { b"{}" } else { bytes.as_ref() };
        let mut call: C = serde_json::from_slice(bytes).map_err(|e| unreadable::<C>(&e))?;
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
    let (came, uri, params) = came(parts, peer);
    let call: C = match came.call(&uri, &params, body).await {
        Ok(call) => call,
        Err(refusal) => return came.refuse(refusal),
    };
    let vault = match came.app.vault().await {
        Ok(vault) => vault,
        Err(problem) => return came.refuse(problem.into()),
    };
    let (app, who) = (Arc::clone(&came.app), Arc::clone(&came.who));
    let performed = tokio::task::spawn_blocking(move || {
        call.perform(&Asked { vault: &vault, who: &who, now_us: app.clock.now_us() })
    });
    // A panic said its place, and no more is known.
    let answered = performed.await.unwrap_or_else(|_| Err(Problem::internal("a request failed")));
    came.answer::<C>(answered)
}

/// Answers a reveal, which waits for the ledger without holding a thread.
pub async fn reveal(parts: Parts, peer: Option<Extension<Peer>>, body: Body) -> Response<Body> {
    let (came, uri, params) = came(parts, peer);
    let call: Reveal = match came.call(&uri, &params, body).await {
        Ok(call) => call,
        Err(refusal) => return came.refuse(refusal),
    };
    if call.tokens.len() > TOKENS_MAX && came.peer == Peer::Network {
        let detail = format!("more than {TOKENS_MAX} tokens in one request");
        return came.refuse(Problem::usage(detail, "ask for fewer at a time").into());
    }
    let answered = match came.app.vault().await {
        Ok(vault) => calls::reveal(&vault, &came.who, call).await,
        Err(problem) => Err(problem),
    };
    came.answer::<Reveal>(answered)
}

/// Performs a command of a peer of the socket.
pub async fn command(parts: Parts, peer: Option<Extension<Peer>>, body: Body) -> Response<Body> {
    let (came, uri, params) = came(parts, peer);
    let forward: Forward = match came.call(&uri, &params, body).await {
        Ok(forward) => forward,
        Err(refusal) => return came.refuse(refusal),
    };
    let (app, who) = (Arc::clone(&came.app), Arc::clone(&came.who));
    let answered = super::command::perform(app, who, forward).await;
    came.answer::<Forward>(answered)
}

fn came(parts: Parts, peer: Option<Extension<Peer>>) -> (Came, Uri, RawPathParams) {
    let (State(app), Extension(who), Extension(id), uri, params) = parts;
    let peer = peer.map_or(Peer::Network, |Extension(peer)| peer);
    (Came { app, who, id, peer }, uri, params)
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
