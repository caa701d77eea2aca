//! Problems on the wire: RFC 9457.

use std::fmt;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use data_encoding::HEXLOWER;
use strongroom_api as api;
use strongroom_core::source::Random as _;

use super::Peer;
use crate::ambient::SystemRandom;
use crate::problem::{Kind, Problem};

/// The header that names the request.
pub const REQUEST_HEADER: &str = "strongroom-request";

/// What a request is known by, in its answer and in the server's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId([u8; 8]);

impl RequestId {
    /// A fresh one.
    pub fn new() -> Self {
        let mut id = [0; 8];
        // Without randomness nothing else works either, and says so; an id is no secret.
        let _ = SystemRandom.fill(&mut id);
        Self(id)
    }

    /// As a header's value.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_str(&self.to_string()).unwrap_or(HeaderValue::from_static("-"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// Why there is no answer, and the status that says so.
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The problem.
    pub problem: Problem,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { status: status(problem.kind), problem }
    }
}

/// A refusal as the answer to a request.
pub struct Refused {
    /// The refusal.
    pub refusal: Refusal,
    /// The request.
    pub id: RequestId,
    /// Who is answered.
    pub peer: Peer,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response<Body> {
        let Self { refusal: Refusal { status, problem }, id, peer } = self;
        let problem = if status.is_server_error() { closed(problem, id, peer) } else { problem };
        let body = api::Problem {
            kind: format!("{}{}", api::TYPE_PREFIX, problem.kind.name()),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            detail: problem.detail,
            remedy: problem.remedy,
            request: id.to_string(),
        };
        let mut response = Response::new(Body::from(serde_json::to_vec(&body).unwrap_or_default()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(api::CONTENT_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait_s) = problem.wait_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait_s));
        }
        response
    }
}

/// The status of a kind.
fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Usage => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Budget => StatusCode::TOO_MANY_REQUESTS,
        Kind::Held | Kind::Unavailable | Kind::Interrupted => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Tampered | Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What is at fault behind the request is for whoever runs the server: it goes to the log, and over
/// the network the answer says no more than that.
fn closed(problem: Problem, id: RequestId, peer: Peer) -> Problem {
    crate::cli::notice(&format!("request {id}: {}", problem.detail));
    if peer == Peer::Socket {
        return problem;
    }
    let remedy = format!("ask whoever runs this server, and name request {id}");
    match problem.kind {
        Kind::Tampered | Kind::Internal => {
            Problem::new(Kind::Internal, "the request failed; nothing was given out", remedy)
        }
        kind => {
            let detail = "the ledger or store is unavailable; nothing was given out";
            let remedy = format!("try again later; if it stays so, {remedy}");
            Problem { wait_s: problem.wait_s, ..Problem::new(kind, detail, remedy) }
        }
    }
}
