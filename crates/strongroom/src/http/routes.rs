//! Every call, once: routes and the OpenAPI text come out of this list.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse as _;
use axum::routing::{MethodFilter, get, on};
use axum::{Extension, Json, Router};
use schemars::{JsonSchema, SchemaGenerator};
use strongroom_api as api;

use super::openapi::{self, Operation};
use super::problem::{Refusal, Refused, RequestId};
use super::{App, Peer, admit, answer};
use crate::calls::Perform;
use crate::cli::Forward;
use crate::problem::Problem;

/// Routes as they are gathered, with what the OpenAPI text says of them.
pub struct Table {
    router: Router<Arc<App>>,
    /// What is said of each.
    pub operations: Vec<Operation>,
    /// The types of bodies and answers.
    pub types: SchemaGenerator,
}

/// Every call.
pub fn all() -> Table {
    let (router, types) = (Router::new(), openapi::generator());
    let mut table = Table { router, operations: Vec::new(), types };
    table.of_reveal();
    table.of::<api::SealRecords>();
    table.of::<api::Find>();
    table.of::<api::Update>();
    table.of::<api::VerifyPassword>();
    table.of::<api::Erase>();
    table.of::<api::CancelErase>();
    table.of::<api::CarryOut>();
    table.of::<api::AddTenant>();
    table.of::<api::ListTenants>();
    table.of::<api::ShowTenant>();
    table.of::<api::AddPrincipal>();
    table.of::<api::ListPrincipals>();
    table.of::<api::RenewPrincipal>();
    table.of::<api::RevokePrincipal>();
    table.of::<api::ShowSchema>();
    table.of::<api::SetSchema>();
    table.of::<api::WhoSaw>();
    table.of::<api::WhatBecame>();
    table.of::<api::LedgerKeys>();
    table.of::<api::Status>();
    table.of::<api::EpochStatus>();
    table
}

impl Table {
    fn of<C: Perform<Answer: JsonSchema> + JsonSchema>(&mut self) {
        let route = on(filter(C::METHOD), answer::perform::<C>);
        self.router = std::mem::take(&mut self.router).route(C::PATH, route);
        self.operations.push(Operation::of::<C>(&mut self.types));
    }

    fn of_reveal(&mut self) {
        let route = on(filter(api::Method::Post), answer::reveal);
        let path = <api::Reveal as api::Call>::PATH;
        self.router = std::mem::take(&mut self.router).route(path, route);
        self.operations.push(Operation::of::<api::Reveal>(&mut self.types));
    }

    /// The routes, with those that anybody may ask and the answer to everything else.
    pub fn into_router(self, app: Arc<App>, peer: Peer) -> Router {
        let text = Arc::new(openapi::document(self.operations, self.types).to_string());
        let router = match peer {
            Peer::Network => self.router,
            Peer::Socket => {
                let path = <Forward as api::Call>::PATH;
                self.router.route(path, on(MethodFilter::POST, answer::command))
            }
        };
        router
            .route("/openapi.json", get(move || openapi_json(Arc::clone(&text))))
            .route("/v1/health", get(health))
            .fallback(nowhere)
            .method_not_allowed_fallback(not_so)
            .layer(from_fn_with_state(Arc::clone(&app), admit::admit))
            .layer(Extension(peer))
            .with_state(app)
    }
}

fn filter(method: api::Method) -> MethodFilter {
    match method {
        api::Method::Get => MethodFilter::GET,
        api::Method::Post => MethodFilter::POST,
        api::Method::Put => MethodFilter::PUT,
        api::Method::Patch => MethodFilter::PATCH,
    }
}

async fn openapi_json(text: Arc<String>) -> Response<Body> {
    let mut response = Response::new(Body::from(text.as_str().to_owned()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

async fn health(State(_): State<Arc<App>>) -> Json<api::Health> {
    Json(api::Health { status: "ok".to_owned() })
}

async fn nowhere(id: Extension<RequestId>, request: Request) -> Response<Body> {
    let problem = Problem { remedy: "see /openapi.json".to_owned(), ..Problem::not_found() };
    refused(problem.into(), id, &request)
}

async fn not_so(id: Extension<RequestId>, request: Request) -> Response<Body> {
    let problem = Problem::usage("this path has no such method", "see /openapi.json");
    refused(Refusal { status: StatusCode::METHOD_NOT_ALLOWED, problem }, id, &request)
}

fn refused(refusal: Refusal, Extension(id): Extension<RequestId>, of: &Request) -> Response<Body> {
    let peer = of.extensions().get::<Peer>().copied().unwrap_or(Peer::Network);
    Refused { refusal, id, peer }.into_response()
}
