//! What a hostile client sends: raw bytes against the real server. Whatever it is, one request gets
//! one answer at most, nobody else's record is given, nothing that was sent is repeated, and the
//! server goes on.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;
#[path = "support/sealed.rs"]
mod sealed;
#[path = "support/server.rs"]
mod server;

use sealed::{REVEAL, SSN, Sealed};
use server::{Server, bearer, request};

const CLOSE: &str = "Connection: close\r\n";

/// A request behind another, which must never be answered as one of its own.
const SMUGGLED: &str = "GET /v1/health HTTP/1.1\r\nHost: strongroom\r\n\r\n";

/// A request that is answered, behind which the connection ends.
const LAST: &str = "GET /v1/health HTTP/1.1\r\nHost: strongroom\r\nConnection: close\r\n\r\n";

/// The service's head for a reveal, without the lines that say how long the body is.
fn head(of: &Sealed) -> String {
    format!("POST {REVEAL} HTTP/1.1\r\nHost: strongroom\r\n{}", bearer(&of.service))
}

fn statuses(server: &Server, bytes: &str) -> Vec<u16> {
    server.answers(bytes.as_bytes()).iter().map(|reply| reply.status).collect()
}

/// The server still serves, and ends well, without a panic.
fn goes_on(of: &Sealed, server: Server) -> String {
    assert_eq!(server.call(Some(&of.service), "POST", REVEAL, &of.reveal()).status, 200);
    let (well, told) = server.end();
    assert!(well);
    assert!(!told.contains(SSN), "{told}");
    told
}

#[test]
fn strangers_are_answered_before_their_body_is_looked_at() {
    let of = Sealed::new("attack-strangers");
    let server = Server::plain(&of.install);
    for more in ["Content-Length: 1000000000\r\n", "Transfer-Encoding: chunked\r\n"] {
        for expect in ["", "Expect: 100-continue\r\n"] {
            // The body never comes.
            let head = format!("POST {REVEAL} HTTP/1.1\r\nHost: strongroom\r\n{more}{expect}\r\n");
            assert_eq!(statuses(&server, &head), [401], "{head}");
            assert_eq!(statuses(&server, &format!("{head}{SMUGGLED}")), [401], "{head}");
        }
    }
    let nowhere = request("POST", "/v1/nowhere", CLOSE, "");
    assert_eq!(statuses(&server, &nowhere), [401], "the path is not looked up");
    goes_on(&of, server);
}

#[test]
fn one_request_gets_one_answer() {
    let of = Sealed::new("attack-smuggling");
    let server = Server::plain(&of.install);
    let head = head(&of);
    let chunked = format!("0\r\n\r\n{SMUGGLED}");
    let length = chunked.len();
    // Length and chunks at once: the chunks count, and the connection ends behind them.
    for lines in [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
        "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n".to_owned(),
        "Transfer-Encoding: chunked\r\nContent-Length: nonsense\r\n".to_owned(),
    ] {
        let sent = format!("{head}{lines}\r\n{chunked}");
        assert_eq!(statuses(&server, &sent), [422], "{lines}");
    }
    // How long it is cannot be said: refused, and the connection ends.
    for lines in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: 5,5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length: \r\n",
        "Content-Length: 18446744073709551617\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: \u{b}chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length : 5\r\n",
        " Content-Length: 5\r\n",
        "X: y\r\n Content-Length: 5\r\n",
        "X: y\r\n\tContent-Length: 5\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "X: y\rContent-Length: 5\r\n",
        "X: y\0\r\n",
        "X\0: y\r\n",
        "X(: y\r\n",
        ": y\r\n",
        "no colon\r\n",
    ] {
        assert_eq!(statuses(&server, &format!("{head}{lines}\r\n{chunked}")), [400], "{lines:?}");
    }
    let most = "Content-Length: 18446744073709551615\r\n";
    assert_eq!(statuses(&server, &format!("{head}{most}\r\n{chunked}")), [431]);
    let old = head.replace("HTTP/1.1", "HTTP/1.0");
    let old = format!("{old}Transfer-Encoding: chunked\r\n\r\n{chunked}");
    assert_eq!(statuses(&server, &old), [400]);
    goes_on(&of, server);
}

#[test]
fn what_is_a_body_is_no_request() {
    let of = Sealed::new("attack-bodies");
    let server = Server::plain(&of.install);
    let (head, length) = (head(&of), SMUGGLED.len());
    let body = of.reveal();
    let whole = format!("Content-Length: {}\r\n", body.len());
    for (sent, expected) in [
        // A request as the body of another, on a route that reads bodies and one that does not.
        (format!("{head}Content-Length: {length}\r\n\r\n{SMUGGLED}{LAST}"), [422, 200]),
        (request("GET", "/v1/health", "", SMUGGLED) + LAST, [200, 200]),
        (request("GET", "/v1/nothing", &bearer(&of.service), SMUGGLED) + LAST, [404, 200]),
        (request("GET", "/v1/tenants", &bearer(&of.service), SMUGGLED) + LAST, [422, 200]),
        // Lines that end without a carriage return are lines.
        (format!("{head}{whole}\r\n{body}{LAST}").replace('\r', ""), [200, 200]),
        // The same length twice is one.
        (format!("{head}{whole}{whole}\r\n{body}{LAST}"), [200, 200]),
        // Chunks with extensions, and lines behind them that count for nothing.
        (
            format!(
                "{head}Transfer-Encoding: chunked\r\n\r\n{:x};a=b\r\n{body}\r\n0\r\n\
                 Content-Length: 5\r\n\r\n{LAST}",
                body.len()
            ),
            [200, 200],
        ),
        // Empty lines before a request are passed over.
        (format!("\r\n\r\n{head}{whole}\r\n{body}{LAST}"), [200, 200]),
        // Another protocol is not changed to.
        (format!("{head}Upgrade: h2c\r\n{whole}\r\n{body}{LAST}"), [200, 200]),
    ] {
        assert_eq!(statuses(&server, &sent), expected, "{sent}");
    }
    // Chunks that are none.
    for chunk in ["0x5\r\n", "-5\r\n", "FFFFFFFFFFFFFFFFF\r\n", "z\r\n", "5;a\nb\r\n", "\r\n"] {
        let sent = format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}abcde\r\n{SMUGGLED}");
        assert_eq!(statuses(&server, &sent), [400], "{chunk:?}");
    }
    // A credential behind the body comes too late.
    let late = bearer(&of.service);
    let sent = format!(
        "POST {REVEAL} HTTP/1.1\r\nHost: strongroom\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{body}\r\n0\r\n{late}\r\n{LAST}",
        body.len()
    );
    assert_eq!(statuses(&server, &sent)[0], 401);
    goes_on(&of, server);
}

#[test]
fn too_much_is_refused() {
    let of = Sealed::new("attack-much");
    let server = Server::plain(&of.install);
    let head = head(&of);
    // Said to be too long: refused without a byte of it.
    assert_eq!(statuses(&server, &format!("{head}Content-Length: 1048577\r\n\r\n")), [413]);
    assert_eq!(statuses(&server, &format!("{head}Content-Length: 9999999999\r\n\r\n")), [413]);
    let spaces = " ".repeat(1 << 20);
    let longest = format!("{head}{CLOSE}Content-Length: 1048576\r\n\r\n{spaces}");
    assert_eq!(statuses(&server, &longest), [422]);
    let mut endless = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    endless.extend(std::iter::repeat_n(format!("1000\r\n{}\r\n", &spaces[..0x1000]), 300));
    assert_eq!(statuses(&server, &endless), [413]);
    // Heads.
    let line = |n: usize| format!("X-{n}: y\r\n");
    let many: String = (0..65).map(line).collect();
    assert_eq!(statuses(&server, &format!("GET /v1/health HTTP/1.1\r\n{many}\r\n")), [431]);
    let few: String = (0..63).map(line).collect();
    assert_eq!(statuses(&server, &format!("GET /v1/health HTTP/1.1\r\n{few}{CLOSE}\r\n")), [200]);
    let long = format!("GET /v1/health HTTP/1.1\r\nX: {spaces}\r\n\r\n");
    assert_eq!(statuses(&server, &long), [431]);
    let path = |length: usize| format!("GET /{} HTTP/1.1\r\n{CLOSE}\r\n", "a".repeat(length));
    assert_eq!(statuses(&server, &path(60_000)), [401]);
    assert_eq!(statuses(&server, &path(65_600)), [414]);
    goes_on(&of, server);
}

#[test]
fn a_body_that_is_no_call_is_said_so_and_not_repeated() {
    let of = Sealed::new("attack-calls");
    let server = Server::plain(&of.install);
    let ask = |method: &str, path: &str, body: &str| {
        let reply = server.call(Some(&of.install.operator), method, path, body);
        let sent = &body[..body.len().min(200)];
        assert!(!reply.text.contains(SSN), "{method} {path} {sent}: {}", reply.text);
        assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{sent}");
        assert_eq!(reply.status, 422, "{method} {path} {sent}: {}", reply.text);
    };
    let reveal = |body: &str| ask("POST", REVEAL, body);
    for depth in [100, 127, 128, 129, 100_000] {
        reveal(&"[".repeat(depth));
        reveal(&"{\"a\":".repeat(depth));
        reveal(&format!("{{\"tokens\":{}", "[".repeat(depth)));
    }
    let token = &of.name;
    for body in [
        "",
        "null",
        "[]",
        "{",
        "{}{}",
        "\u{feff}{}",
        r#"{"tokens":["x"],"tokens":["y"],"purpose":"support"}"#,
        r#"{"tokens":["x"],"purpose":"support","purpose":"support"}"#,
        r#"{"tokens":["x"],"purpose":"support","tenant":"birch"}"#,
        r#"{"tokens":"x","purpose":"support"}"#,
        r#"{"tokens":[1],"purpose":"support"}"#,
        r#"{"tokens":[null],"purpose":"support"}"#,
        r#"{"tokens":["x"],"purpose":["support"]}"#,
        r#"{"tokens":["x"],"purpose":"support","form":"FULL"}"#,
        r#"{"tokens":["x"],"purpose":"support","form":null}"#,
        r#"{"tokens":["x"],"purpose":"support"} x"#,
        r#"{"tokens":["\ud800"],"purpose":"support"}"#,
        r#"{"tokens":[],"purpose":"support"}"#,
        r#"{'tokens':[],'purpose':'support'}"#,
        r#"{"tokens":["x"],"purpose":1e999}"#,
    ] {
        reveal(body);
    }
    let list = |count: usize| vec![format!("{token:?}"); count].join(",");
    for count in [1_001, 10_000] {
        reveal(&format!(r#"{{"tokens":[{}],"purpose":"support"}}"#, list(count)));
    }
    let most = format!(r#"{{"tokens":[{}],"purpose":"support"}}"#, list(1_000));
    let reply = server.call(Some(&of.service), "POST", REVEAL, &most);
    assert_eq!((reply.status, reply.json["values"].as_array().unwrap().len()), (200, 1_000));
    let update = format!("/v1/tenants/alder/collections/people/records/{}", of.record);
    ask("PATCH", &update, r#"{"fields":{"name":"a","name":"b"}}"#);
    ask("PATCH", &update, r#"{"fields":{"name":"a","NAME":"b"}}"#);
    ask("PATCH", &update, r#"{"fields":{}}"#);
    ask("PATCH", &update, &format!(r#"{{"fields":{{"name":{{"{SSN}":1}}}}}}"#));
    goes_on(&of, server);
}

/// Sends it and looks at what comes back: nothing of what was sent, and no answer but a refusal.
fn refused(server: &Server, sent: &str) -> Vec<u16> {
    let answers = server.answers(sent.as_bytes());
    let shown = &sent[..sent.len().min(300)];
    assert!(answers.len() < 2, "{shown}");
    for reply in &answers {
        assert!(reply.status >= 400, "{shown}: {}", reply.text);
        assert!(!reply.text.contains(SSN), "{shown}: {}", reply.text);
    }
    answers.iter().map(|reply| reply.status).collect()
}

const PEOPLE: &str = "/v1/tenants/alder/collections/people";

#[test]
fn no_route_repeats_what_it_does_not_know() {
    let of = Sealed::new("attack-routes");
    let server = Server::plain(&of.install);
    let record = &of.record;
    let close = bearer(&of.install.operator) + CLOSE;
    let routes = strongroom::http::operations();
    // As a member, as a value of each wrong type, in the path, on every route.
    for route in &routes {
        let path = route.path.replace("{tenant}", "alder").replace("{collection}", "people");
        let path = path.replace("{record}", record).replace("{principal}", "shop");
        for body in [
            format!(r#"{{"{SSN}":1}}"#),
            format!(r#"{{"a, expected {SSN}":1}}"#),
            format!(r#"{{"a`, expected {SSN} at line 1 column 1":1}}"#),
            format!(r#"{{"missing field `{SSN}`":1}}"#),
            format!("\"{SSN}\""),
            format!("[\"{SSN}\"]"),
            format!("\"a, expected {SSN}\""),
            SSN.to_owned(),
        ] {
            let sent = request(route.method.name(), &path, &close, &body);
            assert_eq!(refused(&server, &sent), [422], "{sent}");
        }
        for part in route.path.split('/').filter(|part| part.starts_with('{')) {
            let path = route.path.replace(part, SSN).replace("{tenant}", "alder");
            let path = path.replace("{collection}", "people").replace("{record}", record);
            let status = refused(&server, &request(route.method.name(), &path, &close, "{}"));
            assert!(matches!(status[..], [404 | 422]), "{path}: {status:?}");
        }
        for path in [format!("{path}?{SSN}"), format!("{path}?a={SSN}"), format!("{path}/{SSN}")] {
            refused(&server, &request(route.method.name(), &path, &close, ""));
        }
    }
    let told = goes_on(&of, server);
    assert_eq!(told, "", "there was something to say");
}

/// Calls with the number as what each member is not.
fn misplaced(record: &str) -> Vec<(&'static str, String, String)> {
    let (people, one) = (PEOPLE, format!("{PEOPLE}/records/{record}"));
    let who = "/v1/tenants/alder/ledger/who";
    let calls = [
        ("POST", REVEAL.to_owned(), format!(r#"{{"tokens":["{SSN}"],"purpose":"support"}}"#)),
        ("POST", REVEAL.to_owned(), format!(r#"{{"tokens":["x"],"purpose":"{SSN}"}}"#)),
        (
            "POST",
            REVEAL.to_owned(),
            format!(r#"{{"tokens":["x"],"purpose":"support","form":"{SSN}"}}"#),
        ),
        ("POST", REVEAL.to_owned(), format!(r#"{{"tokens":"{SSN}","purpose":"support"}}"#)),
        ("POST", format!("{people}/find"), format!(r#"{{"field":"{SSN}","value":"ssn"}}"#)),
        ("POST", format!("{people}/find"), format!(r#"{{"field":"name","value":"{SSN}"}}"#)),
        ("POST", format!("{people}/find"), format!(r#"{{"field":"ssn","value":["{SSN}"]}}"#)),
        ("PATCH", one.clone(), format!(r#"{{"fields":{{"{SSN}":"x"}}}}"#)),
        ("PATCH", one.clone(), format!(r#"{{"fields":{{"{SSN}":"x","{SSN}":"y"}}}}"#)),
        ("PATCH", one.clone(), format!(r#"{{"fields":{{"{SSN}":"x","{SSN} ":"y"}}}}"#)),
        ("PATCH", one.clone(), format!(r#"{{"fields":["{SSN}"]}}"#)),
        ("PATCH", one.clone(), format!(r#"{{"fields":{{"ssn":{{"{SSN}":"{SSN}"}}}}}}"#)),
        ("POST", format!("{one}/verify-password"), format!(r#"{{"password":["{SSN}"]}}"#)),
        (
            "POST",
            format!("{one}/verify-password"),
            format!(r#"{{"password":"x","field":"{SSN}"}}"#),
        ),
        (
            "POST",
            format!("{people}/erase"),
            format!(r#"{{"records":["{record}"],"reason":"{SSN}"}}"#),
        ),
        (
            "POST",
            format!("{people}/erase"),
            format!(r#"{{"records":["{SSN}"],"reason":"request"}}"#),
        ),
        (
            "POST",
            format!("{people}/erase"),
            format!(r#"{{"records":["{record}"],"reason":"request","second":"{SSN}"}}"#),
        ),
        ("POST", "/v1/tenants".to_owned(), format!(r#"{{"name":"{SSN} Ada"}}"#)),
        (
            "POST",
            "/v1/principals".to_owned(),
            format!(r#"{{"name":"x","kind":"{SSN}","tenant":"alder"}}"#),
        ),
        (
            "POST",
            "/v1/principals".to_owned(),
            format!(r#"{{"name":"x","kind":"service","tenant":"{SSN}"}}"#),
        ),
        (
            "POST",
            "/v1/principals".to_owned(),
            format!(r#"{{"name":"{SSN} Ada","kind":"service","tenant":"alder"}}"#),
        ),
        ("POST", who.to_owned(), format!(r#"{{"record":"{SSN}"}}"#)),
        ("POST", who.to_owned(), format!(r#"{{"record":"{record}","collection":"{SSN}"}}"#)),
        ("POST", "/v1/tenants/alder/ledger/erasure".to_owned(), format!(r#"{{"record":"{SSN}"}}"#)),
    ];
    calls.into()
}

#[test]
fn what_was_sent_in_a_wrong_place_is_not_repeated() {
    let of = Sealed::new("attack-places");
    let server = Server::plain(&of.install);
    let close = bearer(&of.install.operator) + CLOSE;
    for (method, path, body) in misplaced(&of.record) {
        let status = refused(&server, &request(method, &path, &close, &body));
        assert!(matches!(status[..], [401..=499]), "{method} {path} {body}: {status:?}");
    }
    for toml in [
        SSN.to_owned(),
        format!("[[column]]\nname = \"{SSN}\"\n"),
        format!("\"{SSN}\" = 1\n"),
        format!("[{SSN}]\n"),
        format!("columns = \"{SSN}\"\n"),
        format!("[columns.name]\ntype = \"{SSN}\"\n"),
        format!("[columns.\"{SSN}\"]\ntype = \"x\"\n"),
    ] {
        let body = serde_json::json!({ "toml": toml }).to_string();
        let path = format!("{PEOPLE}/schema");
        assert_eq!(refused(&server, &request("PUT", &path, &close, &body)), [422], "{toml}");
    }
    // Where no such thing belongs.
    for header in [
        format!("Authorization: Bearer {SSN}\r\n"),
        format!("Authorization: {SSN}\r\n"),
        format!("Host: {SSN}\r\n"),
        format!("{SSN}: x\r\n"),
        format!("X: {SSN}\0\r\n"),
        format!("Content-Length: {SSN}\r\n"),
        format!("Transfer-Encoding: {SSN}\r\n"),
        format!("Expect: {SSN}\r\n"),
    ] {
        refused(&server, &format!("POST {REVEAL} HTTP/1.1\r\n{header}{CLOSE}\r\n"));
    }
    for line in [format!("{SSN} / HTTP/1.1"), format!("GET {SSN} HTTP/1.1"), SSN.to_owned()] {
        refused(&server, &format!("{line}\r\n{CLOSE}\r\n"));
    }
    let told = goes_on(&of, server);
    assert_eq!(told, "", "there was something to say");
}
