//! The OpenAPI text (OpenAPI 3.1), made out of the types of the calls.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use strongroom_api::{CONTENT_TYPE, Call, Health, Method, Problem};

use super::routes;

/// What is said of a call.
pub struct Operation {
    /// How it is called.
    pub method: Method,
    /// Where.
    pub path: &'static str,
    summary: &'static str,
    name: String,
    /// Whether it is performed once under a key of the caller's.
    once: bool,
    body: Option<Schema>,
    /// Whether there is no call without a body: an empty one stands for `{}`.
    body_required: bool,
    answer: Schema,
}

impl Operation {
    /// What is said of `C`.
    pub fn of<C: Call<Answer: JsonSchema> + JsonSchema>(types: &mut SchemaGenerator) -> Self {
        let body = (C::METHOD != Method::Get).then(|| types.subschema_for::<C>());
        let members = C::json_schema(types);
        let body_required = members.get("required").is_some();
        Self {
            method: C::METHOD,
            path: C::PATH,
            summary: C::SUMMARY,
            name: C::schema_name().into_owned(),
            once: C::IDEMPOTENCY_KEY.is_some(),
            body,
            body_required,
            answer: types.subschema_for::<C::Answer>(),
        }
    }

    fn json(&self) -> Value {
        let names =
            self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let mut parameters: Vec<Value> = names
            .map(|name| {
                json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
            })
            .collect();
        if self.once {
            let schema = json!({"type": "string", "pattern": "^[!-~]{1,255}$"});
            parameters.push(json!({
                "name": "Idempotency-Key", "in": "header", "required": false, "schema": schema,
                "description": "A key of the caller's own: within 24 hours the same request under \
                                it is answered alike and performed once, another is 409",
            }));
        }
        let mut out = json!({
            "operationId": self.name,
            "summary": self.summary,
            "parameters": parameters,
            "responses": responses(&self.answer),
        });
        if let (Some(body), Some(object)) = (&self.body, out.as_object_mut()) {
            let content = json!({"application/json": {"schema": body}});
            object.insert(
                "requestBody".to_owned(),
                json!({"required": self.body_required, "content": content}),
            );
        }
        out
    }
}

/// The statuses of problems, and when they come.
const PROBLEMS: [(&str, &str); 12] = [
    ("400", "The request cannot be read"),
    ("401", "No valid credential; answered before the body is looked at"),
    ("403", "This principal may not do this"),
    ("404", "No such thing for this credential: also another tenant's, also erased"),
    ("405", "The path has no such method"),
    ("408", "The body took too long"),
    ("409", "The idempotency key came with another request before"),
    ("413", "The body is too long"),
    ("422", "The request asks for what cannot be"),
    ("429", "Too many wrong guesses; `Retry-After` says until when"),
    ("500", "A fault behind the request; nothing was given out"),
    ("503", "The ledger or store is unavailable; nothing was done"),
];

fn responses(answer: &Schema) -> Value {
    let mut out = Map::new();
    out.insert(
        "200".to_owned(),
        json!({"description": "Done", "content": {"application/json": {"schema": answer}}}),
    );
    let problem = json!({CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}});
    for (status, when) in PROBLEMS {
        out.insert(status.to_owned(), json!({"description": when, "content": problem}));
    }
    Value::Object(out)
}

/// Types are named under the components.
pub fn generator() -> SchemaGenerator {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    settings.into_generator()
}

/// The whole text.
pub fn document(operations: Vec<Operation>, mut types: SchemaGenerator) -> Value {
    types.subschema_for::<Problem>();
    let health = types.subschema_for::<Health>();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for operation in &operations {
        let method = operation.method.name().to_lowercase();
        paths.entry(operation.path).or_default().insert(method, operation.json());
    }
    let content = json!({"application/json": {"schema": health}});
    let open = json!({
        "operationId": "Health",
        "summary": "Whether the server answers",
        "security": [],
        "responses": {"200": {"description": "It does", "content": content}},
    });
    paths.entry("/v1/health").or_default().insert("get".to_owned(), open);
    let schemas = types.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Strongroom",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "Seals personal information and records every access before it \
                            happens. Every answer with an entry names its place in the header \
                            `Strongroom-Ledger: INDEX; LEAF_HASH`; every answer names its request \
                            in `Strongroom-Request`.",
        },
        "security": [{"credential": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"credential": {"type": "http", "scheme": "bearer",
                "description": "A credential, as `principal add` shows it once: `srk_...`"}},
        },
    })
}

/// Every call that there is a route for.
#[must_use]
pub fn operations() -> Vec<Operation> {
    routes::all().operations
}

/// The text as JSON, for the reference page and for tests.
#[must_use]
pub fn text() -> String {
    let table = routes::all();
    let document = document(table.operations, table.types);
    serde_json::to_string_pretty(&document).unwrap_or_default()
}
