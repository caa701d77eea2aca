//! Records sealed over the API: all or none, under a key of the collection's or of the caller's.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;
#[path = "support/server.rs"]
mod server;

use std::collections::BTreeSet;
use std::path::PathBuf;

use install::Install;
use serde_json::{Value, json};
use server::{Reply, Server};
use strongroom::quickstart::search::Search;
use strongroom::vault::{RecordsRequest, Values};
use strongroom_core::store::Table;
use strongroom_core::vault::verifier::Strength;
use zeroize::Zeroizing;

const PEOPLE: &str = "/v1/tenants/alder/collections/people/records";
const MEMBERS: &str = "/v1/tenants/alder/collections/members/records";

const PEOPLE_SCHEMA: [(&str, &str); 8] = [
    ("Name", "type = \"name\""),
    ("email", "type = \"email\"\nindex = true"),
    ("ssn", "type = \"ssn\"\nindex = true"),
    ("phone", "type = \"phone\"\nindex = true"),
    ("cvc", "type = \"card_security_code\""),
    ("password", "type = \"password\""),
    ("pin", "type = \"password\""),
    ("plan", "clear = \"rank, status or type\""),
];
const MEMBERS_SCHEMA: [(&str, &str); 4] = [
    ("member", "key = \"number or code of the application\""),
    ("name", "type = \"name\""),
    ("phone", "type = \"phone\"\nindex = true"),
    ("password", "type = \"password\""),
];

/// An install with a tenant, its two collections, and who may seal there.
struct Setting {
    install: Install,
    service: PathBuf,
}

fn setting(name: &str) -> Setting {
    let install = Install::new(name);
    for tenant in ["alder", "birch"] {
        install.operate(&["tenant", "add", tenant]);
        for (collection, columns) in
            [("people", &PEOPLE_SCHEMA[..]), ("members", &MEMBERS_SCHEMA[..])]
        {
            let column =
                |(name, what): &(&str, &str)| format!("[[column]]\nname = \"{name}\"\n{what}\n");
            let text: String = columns.iter().map(column).collect();
            let file = install.scratch.write("schema.toml", &text);
            let of = ["--tenant", tenant, "--collection", collection];
            install.operate(&[&["schema", "set", file.to_str().unwrap()][..], &of].concat());
        }
    }
    let service = install.principal("alder-service", "service", "alder").0;
    Setting { install, service }
}

impl Setting {
    fn seal(&self, server: &Server, path: &str, records: &Value) -> Reply {
        let body = json!({ "records": records }).to_string();
        server.call(Some(&self.service), "POST", path, &body)
    }

    /// Seals under a key of the caller's.
    fn seal_once(&self, server: &Server, path: &str, key: &str, records: &Value) -> Reply {
        let body = json!({ "records": records }).to_string();
        let header = format!("Idempotency-Key: {key}\r\n");
        server.call_with(Some(&self.service), &format!("POST {path}"), &header, &body)
    }

    fn reveal(&self, server: &Server, tokens: &[&str]) -> Vec<String> {
        let body = json!({"tokens": tokens, "purpose": "support", "form": "full"}).to_string();
        let reply = server.call(Some(&self.service), "POST", "/v1/tenants/alder/reveal", &body);
        assert_eq!(reply.status, 200, "{}", reply.text);
        let values = reply.json["values"].as_array().unwrap().iter();
        values.map(|value| value["value"].as_str().unwrap().to_owned()).collect()
    }

    fn found(&self, server: &Server, collection: &str, field: &str, value: &str) -> usize {
        let path = format!("/v1/tenants/alder/collections/{collection}/find");
        let body = json!({"field": field, "value": value}).to_string();
        let reply = server.call(Some(&self.service), "POST", &path, &body);
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json["records"].as_array().unwrap().len()
    }

    fn is_password(&self, server: &Server, record: &str, field: &str, password: &str) -> bool {
        let path = format!("{PEOPLE}/{record}/verify-password");
        let body = json!({"password": password, "field": field}).to_string();
        let reply = server.call(Some(&self.service), "POST", &path, &body);
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json["right"].as_bool().unwrap()
    }

    /// The last entry of the tenant's log so far.
    fn last_entry(&self, server: &Server) -> u64 {
        let reply = self.seal(server, PEOPLE, &json!([{"name": "Marker"}]));
        reply.json["ledger"]["index"].as_u64().unwrap()
    }

    /// Nothing urgent to say after a look at everything.
    fn is_sound(&self) {
        let deep = self.install.operate(&["doctor", "--deep"]);
        let high = deep.json["findings"].as_array().unwrap().iter();
        let high: Vec<_> = high.filter(|finding| finding["severity"] == "high").collect();
        assert!(high.is_empty(), "{high:#?}");
    }
}

fn records(reply: &Reply) -> &Vec<Value> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json["records"].as_array().unwrap()
}

fn token<'r>(record: &'r Value, field: &str) -> &'r str {
    record["tokens"][field].as_str().unwrap_or_else(|| panic!("no {field} in {record}"))
}

fn ada() -> Value {
    json!({
        "NAME": "Ada Archerson", "email": "ada.archerson@example.com", "ssn": "536-22-1847",
        "phone": "", "cvc": "917", "password": "River-71!-of-Ada", "pin": null
    })
}

#[test]
fn a_record_is_sealed_and_nothing_of_it_lies_in_the_folders() {
    let setting = setting("records-one");
    let server = Server::plain(&setting.install);
    let reply = setting.seal(&server, PEOPLE, &json!([ada()]));
    let sealed = &records(&reply)[0];
    let fields: BTreeSet<&String> = sealed["tokens"].as_object().unwrap().keys().collect();
    assert_eq!(fields.into_iter().collect::<Vec<_>>(), ["Name", "email", "ssn"]);
    assert_eq!(reply.json["unusual"], json!([]));
    let header = reply.header("strongroom-ledger").unwrap();
    assert!(header.starts_with(&format!("{}; ", reply.json["ledger"]["index"])), "{header}");
    let tokens = ["Name", "email", "ssn"].map(|field| token(sealed, field));
    let values = setting.reveal(&server, &tokens);
    assert_eq!(values, ["Ada Archerson", "ada.archerson@example.com", "536-22-1847"]);
    assert_eq!(setting.found(&server, "people", "SSN", "536221847"), 1);
    let record = sealed["record"].as_str().unwrap();
    assert!(setting.is_password(&server, record, "password", "River-71!-of-Ada"));
    assert!(!setting.is_password(&server, record, "password", "river-71!-of-Ada"));
    let who = json!({ "record": record }).to_string();
    let operator = Some(setting.install.operator.as_path());
    let who = server.call(operator, "POST", "/v1/tenants/alder/ledger/who", &who);
    let acts: Vec<_> = who.json["entries"].as_array().unwrap().iter().collect();
    let collected = acts.iter().find(|entry| entry["act"] == "pii.collect");
    let collected = collected.unwrap_or_else(|| panic!("{}", who.text));
    assert_eq!(collected["index"], reply.json["ledger"]["index"]);
    let fields = ["card_security_code", "email", "name", "password", "ssn"];
    assert_eq!(collected["fields"], json!([fields[1], fields[2], fields[3], fields[4]]));
    let status = server.call(operator, "GET", "/v1/status", "");
    assert_eq!(status.json["passwords_cheap"], 0, "kept at full strength at once");
    assert!(server.stop());
    setting.is_sound();
    let looked = ["Ada Archerson", "ada.archerson@example.com", "536-22-1847", "River-71!-of-Ada"];
    let search = Search::new(looked);
    let (data, keys) =
        (setting.install.scratch.path("data"), setting.install.scratch.path("data.keys"));
    let found = search.places(&[&data, &keys]).unwrap();
    assert!(found.files > 10 && found.hits.is_empty(), "{:?}", found.hits);
    setting.install.scratch.write("data/seen", "so it is found: 536-22-1847");
    assert_eq!(search.places(&[&data]).unwrap().hits.len(), 1);
}

#[test]
fn a_thousand_records_come_back_in_their_order() {
    let setting = setting("records-thousand");
    let server = Server::plain(&setting.install);
    let phone = |n: usize| format!("214-555-{n:04}");
    let person = |n| json!({"name": format!("Person {n}"), "Phone": phone(n)});
    let all: Vec<Value> = (0..1_000).map(person).collect();
    let before = setting.last_entry(&server);
    let reply = setting.seal(&server, PEOPLE, &json!(all));
    let sealed = records(&reply);
    assert_eq!(sealed.len(), 1_000);
    assert_eq!(reply.json["ledger"]["index"], before + 1, "one entry");
    let tokens: Vec<&str> = sealed.iter().map(|record| token(record, "phone")).collect();
    assert_eq!(tokens.iter().collect::<BTreeSet<_>>().len(), 1_000);
    let values = setting.reveal(&server, &tokens);
    assert_eq!(values, (0..1_000).map(phone).collect::<Vec<_>>());
    for few in [json!([]), json!(vec![person(1); 1_001])] {
        let reply = setting.seal(&server, PEOPLE, &few);
        assert_eq!(reply.status, 422, "{}", reply.text);
    }
    assert_eq!(setting.found(&server, "people", "phone", &phone(1)), 1);
    assert!(server.stop());
    setting.is_sound();
}

#[test]
fn one_bad_record_and_none_is_sealed() {
    let setting = setting("records-none");
    let server = Server::plain(&setting.install);
    let good = json!({"name": "Bo Boone", "ssn": "401-55-9021"});
    let sealed = setting.seal(&server, PEOPLE, &json!([{"email": "cy@example.com"}]));
    let known = token(&records(&sealed)[0], "email").to_owned();
    let before = setting.last_entry(&server);
    let long = "x".repeat((64 << 10) + 1);
    for (bad, place) in [
        (json!({}), "records[1] names no column"),
        (json!({"name": "Cy", "Zaphod": "Beeblebrox"}), "records[1]: member 1 is no column"),
        (json!({"name": "Cy", "plan": "gold"}), "records[1]: `plan` is an open column"),
        (json!({"name": known}), "records[1]: `Name` holds a token"),
        (json!({"name": "Cy", " NAME ": "Cyd"}), "records[1]: `Name` is named twice"),
        (json!({"name": long}), "records[1]: member 1 is longer than 65536 bytes"),
    ] {
        let reply = setting.seal(&server, PEOPLE, &json!([good, bad]));
        assert_eq!(reply.status, 422, "{place}: {}", reply.text);
        assert!(reply.at("/detail").starts_with(place), "{place}: {}", reply.text);
        for value in ["Zaphod", "Beeblebrox", "gold", "Cy", &known, "401-55"] {
            assert!(!reply.text.contains(value), "{}", reply.text);
        }
    }
    for body in [
        r#"{"records":[{"name":"Cy","name":"Cyd"}]}"#,
        r#"{"records":[{"name":7}]}"#,
        r#"{"records":[["Cy"]]}"#,
        r#"{"records":[{"name":"Cy"}],"mode":"fast"}"#,
    ] {
        let reply = server.call(Some(&setting.service), "POST", PEOPLE, body);
        assert_eq!(reply.status, 422, "{body}: {}", reply.text);
        assert!(!reply.text.contains("Cy"), "{}", reply.text);
    }
    assert_eq!(setting.last_entry(&server), before + 1, "nothing was stated in between");
    assert_eq!(setting.found(&server, "people", "ssn", "401-55-9021"), 0);
}

#[test]
fn a_value_that_does_not_fit_is_sealed_as_text_and_told() {
    let setting = setting("records-unusual");
    let server = Server::plain(&setting.install);
    let reply = setting.seal(
        &server,
        PEOPLE,
        &json!([
            {"name": "Dee Dunn", "ssn": "ask her", "phone": "214-555-0101"},
            {"ssn": "401-55-9022", "pin": "$9$none$of$a$known$scheme"},
        ]),
    );
    let sealed = records(&reply);
    assert_eq!(reply.json["unusual"], json!(["ssn", "pin"]));
    let values = setting.reveal(&server, &[token(&sealed[0], "ssn"), token(&sealed[1], "ssn")]);
    assert_eq!(values, ["ask her", "401-55-9022"]);
    assert_eq!(setting.found(&server, "people", "ssn", "401559022"), 1);
    assert!(server.stop());
    setting.is_sound();
}

#[test]
fn a_key_that_is_known_updates_its_record_and_tokens_stay() {
    let setting = setting("records-keyed");
    let server = Server::plain(&setting.install);
    let first = setting.seal(
        &server,
        MEMBERS,
        &json!([
            {"member": "1001", "name": "Eve Eden", "phone": "214-555-0111", "password": "one-1"},
            {"member": " 1002 ", "name": "Flo Ford", "phone": "214-555-0112"},
        ]),
    );
    let one = records(&first);
    assert_eq!((&one[0]["record"], &one[1]["record"]), (&json!("1001"), &json!("1002")));
    assert!(one[0]["tokens"].get("member").is_none(), "a key is no value of a person");
    let again = setting.seal(
        &server,
        MEMBERS,
        &json!([
            {"member": "1003", "name": "Gus Gray"},
            {"member": "1002", "Phone": null},
            {"member": "1001", "name": "Eve Evans", "password": "two-2"},
        ]),
    );
    let two = records(&again);
    let ids: Vec<_> = two.iter().map(|record| record["record"].as_str().unwrap()).collect();
    assert_eq!(ids, ["1003", "1002", "1001"]);
    assert_eq!(two[2]["tokens"], json!({"name": token(&one[0], "name")}));
    assert_eq!(two[1]["tokens"], json!({}));
    let kept = [token(&one[0], "name"), token(&one[0], "phone"), token(&one[1], "name")];
    assert_eq!(setting.reveal(&server, &kept), ["Eve Evans", "214-555-0111", "Flo Ford"]);
    assert_eq!(setting.found(&server, "members", "phone", "214-555-0112"), 0);
    let verify = format!("{MEMBERS}/1001/verify-password");
    let tried = server.call(Some(&setting.service), "POST", &verify, r#"{"password":"two-2"}"#);
    assert_eq!(tried.json["right"], true, "{}", tried.text);
    let same = setting.seal(&server, MEMBERS, &json!([{"member": "1003", "name": "Gus Gray"}]));
    assert_eq!(records(&same)[0], two[0]);
    for (bad, place) in [
        (json!([{"name": "Hal Hale"}]), "records[0]: `member` is the key"),
        (json!([{"member": " ", "name": "Hal Hale"}]), "records[0]: `member` is the key"),
        (json!([{"member": "7"}, {"member": " 7"}]), "records[1]: `member` is that of records[0]"),
        (
            json!([{"member": "8"}, {"member": "hal@example.com"}]),
            "records[1]: `member` was left open as",
        ),
    ] {
        let reply = setting.seal(&server, MEMBERS, &bad);
        assert_eq!(reply.status, 422, "{place}: {}", reply.text);
        assert!(reply.at("/detail").starts_with(place), "{}", reply.text);
        assert!(!reply.text.contains("hal@"), "{}", reply.text);
    }
    let who = r#"{"record":"1001","collection":"members"}"#;
    let operator = Some(setting.install.operator.as_path());
    let who = server.call(operator, "POST", "/v1/tenants/alder/ledger/who", who);
    let acts = who.json["entries"].as_array().unwrap().iter();
    let acts: Vec<_> = acts.map(|entry| entry["act"].as_str().unwrap()).collect();
    assert!(acts.starts_with(&["pii.collect", "update.begin", "pii.update"]), "{acts:?}");
    assert!(server.stop());
    setting.is_sound();
}

#[test]
fn a_request_under_a_key_is_performed_once() {
    let setting = setting("records-once");
    let server = Server::plain(&setting.install);
    let people = json!([ada(), {"name": "Bo Boone", "phone": "not known"}]);
    let first = setting.seal_once(&server, PEOPLE, "order-71", &people);
    let ledger = |reply: &Reply| reply.json["ledger"]["index"].as_u64().unwrap();
    assert_eq!(first.json["unusual"], json!(["phone"]));
    // Spaces, the order of columns and the case of their names make no other request; nor do a
    // password and a code, of which nothing is kept that could be compared.
    let mut other = people.clone();
    other[0]["password"] = json!("another");
    other[0]["cvc"] = json!("111");
    let text = format!("{{ \"records\": {} }}", other).replace("\"NAME\"", "\"name\"");
    let header = "Idempotency-Key: order-71\r\n";
    let again = server.call_with(Some(&setting.service), &format!("POST {PEOPLE}"), header, &text);
    assert_eq!(records(&again), records(&first));
    assert_eq!(again.json["unusual"], first.json["unusual"]);
    assert!(ledger(&again) > ledger(&first), "that it was asked again is an entry");
    assert_eq!(setting.found(&server, "people", "ssn", "536-22-1847"), 1);
    let record = first.at("/records/0/record");
    assert!(setting.is_password(&server, record, "password", "River-71!-of-Ada"));
    other[1]["name"] = json!("Bo Booner");
    let conflict = setting.seal_once(&server, PEOPLE, "order-71", &other);
    assert_eq!(conflict.status, 409, "{}", conflict.text);
    assert_eq!(conflict.at("/type"), "urn:strongroom:problem:conflict");
    assert_eq!(setting.seal_once(&server, PEOPLE, "order-72", &other).status, 200);
    assert_eq!(setting.found(&server, "people", "ssn", "536-22-1847"), 2);
    // Elsewhere the same key is another.
    let member = json!([{"member": "1001", "name": "Ada Archerson"}]);
    let keyed = setting.seal_once(&server, MEMBERS, "order-71", &member);
    assert_eq!(records(&keyed)[0]["record"], "1001");
    let again = setting.seal_once(&server, MEMBERS, "order-71", &member);
    assert_eq!(records(&again), records(&keyed));
    let body = json!({ "records": people }).to_string();
    let (operator, call) = (Some(setting.install.operator.as_path()), format!("POST {PEOPLE}"));
    let others = server.call_with(operator, &call, header, &body);
    assert_ne!(others.at("/records/0/record"), record, "another principal's key is another");
    let birch = format!("POST {}", PEOPLE.replace("alder", "birch"));
    let birch = server.call_with(operator, &birch, header, &body);
    assert_eq!(birch.status, 200, "another tenant's key is another: {}", birch.text);
    for key in ["", "two words", "caf\u{e9}", &"k".repeat(256), "one\r\nIdempotency-Key: two"] {
        let reply = setting.seal_once(&server, PEOPLE, key, &people);
        assert_eq!(reply.status, 422, "{key}: {}", reply.text);
    }
    assert_eq!(setting.seal_once(&server, PEOPLE, &"k".repeat(255), &people).status, 200);
    assert!(server.stop());
    setting.is_sound();
    setting.install.operate(&["strengthen", "--tenant", "alder"]);
    setting.install.operate(&["quarantine", "list", "--tenant", "alder"]);
    setting.install.operate(&["epoch", "turn"]);
    setting.is_sound();
}

#[test]
fn requests_at_one_time_under_one_key_are_one() {
    let setting = setting("records-race");
    let server = Server::plain(&setting.install);
    let people = json!([{"name": "Ivy Irving", "ssn": "401-55-9023"}]);
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let ask = || setting.seal_once(&server, PEOPLE, "at-once", &people);
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let answers: BTreeSet<String> =
        replies.iter().map(|reply| json!(records(reply)).to_string()).collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(setting.found(&server, "people", "ssn", "401-55-9023"), 1);
}

#[test]
fn wrong_bodies_under_a_known_key_are_counted_as_guesses() {
    let setting = setting("records-guesses");
    let server = Server::plain(&setting.install);
    let body = |n: u32| json!([{"ssn": format!("401-55-{n:04}")}]);
    assert_eq!(setting.seal_once(&server, PEOPLE, "known", &body(7_000)).status, 200);
    let statuses = |count: u32| {
        let asked = (0..count).map(|n| setting.seal_once(&server, PEOPLE, "known", &body(n)));
        asked.map(|reply| reply.status).collect::<BTreeSet<_>>()
    };
    assert_eq!(statuses(100), [409].into());
    assert_eq!(statuses(1), [429].into());
    assert_eq!(setting.seal_once(&server, PEOPLE, "known", &body(7_000)).status, 429);
    assert_eq!(setting.seal_once(&server, PEOPLE, "fresh", &body(7_001)).status, 200);
}

#[test]
fn a_key_is_forgotten_after_a_day_and_its_row_goes() {
    let setting = setting("records-day");
    let vault = setting.install.open();
    let credential = std::fs::read_to_string(&setting.service).unwrap();
    let who = vault
        .authenticate(credential.trim(), strongroom_core::principal::Arrival::local(0, false))
        .unwrap();
    let hour_us = 3_600_000_000;
    let began_us = 20_000 * 24 * hour_us + 23 * hour_us;
    let seal = |key: &str, hours: u64| {
        let values: Values = vec![("name".to_owned(), Some(Zeroizing::new("Jo Jones".to_owned())))];
        let request = RecordsRequest {
            tenant: "alder".to_owned(),
            collection: "people".to_owned(),
            records: vec![values],
            once: Some(key.to_owned()),
            strength: Strength::FULL,
            now_us: began_us + hours * hour_us,
        };
        vault.seal_records(&who, &request).unwrap().records
    };
    let rows = || {
        let mut count = 0;
        let mut see = |key: &[u8], _: &[u8]| {
            count += usize::from(key.len() == 53);
            true
        };
        vault.store().scan(Table::Job, &[], &mut see).unwrap();
        count
    };
    let first = seal("a", 0);
    assert_eq!(seal("a", 23), first);
    let second = seal("a", 24);
    assert_ne!(second, first);
    assert_eq!(seal("a", 25), second);
    assert_eq!(rows(), 2, "of two days");
    (0..20).for_each(|n| drop(seal(&format!("b{n}"), 26)));
    assert_eq!(rows(), 21, "the first of all is over");
    for (key, left) in [("c", 14), ("d", 7), ("e", 3)] {
        seal(key, 200);
        assert_eq!(rows(), left, "eight rows that are over go with one that comes");
    }
    drop(vault);
    setting.is_sound();
}

#[test]
fn who_may_not_seal_there_is_told_nothing() {
    let setting = setting("records-refused");
    let birch = setting.install.principal("birch-service", "service", "birch").0;
    let server = Server::plain(&setting.install);
    let body = json!({"records": [{"name": "Kit King"}, {"nothing": "x"}]}).to_string();
    let nowhere = PEOPLE.replace("alder", "nowhere");
    let told: BTreeSet<(u16, String)> = [PEOPLE, nowhere.as_str(), MEMBERS]
        .into_iter()
        .map(|path| {
            let reply = server.call(Some(&birch), "POST", path, &body);
            (reply.status, reply.at("/detail").to_owned())
        })
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told.first().unwrap().0, 404);
    let header = "Idempotency-Key: one\r\n";
    let call = format!("POST {PEOPLE}");
    let first = setting.seal_once(&server, PEOPLE, "one", &json!([{"name": "Kit King"}]));
    assert_eq!(first.status, 200);
    let body = json!({"records": [{"name": "Kit King"}]}).to_string();
    assert_eq!(server.call_with(Some(&birch), &call, header, &body).status, 404);
    assert_eq!(server.call(None, "POST", PEOPLE, &body).status, 401);
}

#[test]
fn the_openapi_text_names_the_header_where_it_counts() {
    let text: Value = serde_json::from_str(&strongroom::http::openapi_text()).unwrap();
    let mut named = Vec::new();
    for (path, calls) in text["paths"].as_object().unwrap() {
        for call in calls.as_object().unwrap().values() {
            let parameters = call["parameters"].as_array().into_iter().flatten();
            named.extend(parameters.filter(|p| p["in"] == "header").map(|p| (path, &p["name"])));
        }
    }
    let path = "/v1/tenants/{tenant}/collections/{collection}/records".to_owned();
    assert_eq!(named, [(&path, &json!("Idempotency-Key"))]);
}
