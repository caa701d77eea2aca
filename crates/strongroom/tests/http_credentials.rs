//! What a credential is limited to, it is limited to on the command line and over HTTP; beside
//! each refusal stands what is granted.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;
#[path = "support/server.rs"]
mod server;

use std::fs;
use std::path::{Path, PathBuf};

use install::{Answer, Install};
use serde_json::{Value, json};
use server::Server;
use strongroom::vault::{OVERLAP_US_MAX, Renewal, Vault};
use strongroom_core::ledger::entry::{Act, Phase};
use strongroom_core::limits::Limits;
use strongroom_core::principal::{Arrival, Kind, Principal};

const PEOPLE: &str = "name,ssn\nAda Archer,536-22-1847\n";
const DAY_US: u64 = 86_400_000_000;
const NOW_US: u64 = 1_800_000_000_000_000;

/// An install with one tenant, a person of it, and the token of that person's name.
fn setting(name: &str) -> (Install, String) {
    let install = Install::new(name);
    install.operate(&["tenant", "add", "acme"]);
    let (file, out) = (install.scratch.write("people.csv", PEOPLE), install.scratch.path("out"));
    let (file, out) = (file.to_str().unwrap(), out.to_str().unwrap());
    let seal = ["seal", file, "--tenant", "acme", "--collection", "people", "--out", out];
    install.operate(&seal);
    let sealed = fs::read_to_string(out).unwrap();
    let token = sealed.lines().nth(1).unwrap().split(',').next().unwrap().to_owned();
    (install, token)
}

/// Adds a principal of the tenant, with limits.
fn add(install: &Install, name: &str, kind: &str, limits: &[&str]) -> (PathBuf, Answer) {
    let args = ["principal", "add", name, "--kind", kind, "--tenant", "acme"];
    let added = install.operate(&[&args[..], limits].concat());
    (install.scratch.write(name, added.text("/credential")), added)
}

fn reveal(server: &Server, file: &Path, token: &str, purpose: &str) -> u16 {
    let body = json!({"tokens": [token], "purpose": purpose, "form": "masked"}).to_string();
    server.call(Some(file), "POST", "/v1/tenants/acme/reveal", &body).status
}

fn show(server: &Server, file: &Path) -> u16 {
    server.call(Some(file), "GET", "/v1/tenants/acme", "").status
}

/// The reasons of the refusals in all logs, with how often each stands there.
fn reasons(install: &Install, act: Act) -> Vec<String> {
    let of = |e: &strongroom_core::ledger::Entry| e.act == act && e.phase == Phase::Denied;
    let refused = install.entries().into_iter().filter(of);
    refused.map(|entry| entry.reason.unwrap()).collect()
}

#[test]
fn a_credential_is_good_from_its_networks_alone() {
    let (install, _) = setting("credentials-network");
    let (here, added) = add(&install, "here", "service", &["--network", "127.0.0.0/8"]);
    assert_eq!(added.json["principal"]["networks"], json!(["127.0.0.0/8"]));
    let away = ["--network", "192.0.2.0/24", "--network", "2001:db8::/32"];
    let (away, _) = add(&install, "away", "service", &away);
    let (free, added) = add(&install, "free", "service", &[]);
    assert_eq!(added.json["principal"]["networks"], json!([]));
    let server = Server::plain(&install);
    assert_eq!((show(&server, &here), show(&server, &free)), (200, 200));
    assert_eq!(show(&server, &away), 401);
    // Over the socket, and at the folders: nowhere is of no network.
    let local = |file: &Path| install.run(Some(file), &["tenant", "show", "acme"]).code;
    assert_eq!((local(&free), local(&here), local(&away)), (0, 10, 10));
    server.stop();
    assert_eq!((local(&free), local(&here), local(&away)), (0, 10, 10));
    assert_eq!(reasons(&install, Act::AuthRefuse), ["network"; 5]);
}

/// A body names the second person's credential: it comes from where the request comes from.
#[test]
fn a_second_persons_credential_is_held_to_its_limits_too() {
    let (install, token) = setting("credentials-second");
    let (file, _) = add(&install, "boss", "operator", &[]);
    let revealed = ["reveal", "--tenant", "acme", "--purpose", "support", &token];
    let record = install.operate(&revealed).text("/values/0/record").to_owned();
    let server = Server::plain(&install);
    let erase = |second: &Path| {
        let second = fs::read_to_string(second).unwrap();
        let body = json!({"records": [record], "reason": "test", "second": second.trim()});
        let path = "/v1/tenants/acme/collections/people/erase";
        server.call(Some(&file), "POST", path, &body.to_string()).status
    };
    let limited = |name: &str, limits: &[&str]| add(&install, name, "operator", limits).0;
    assert_eq!(erase(&limited("away", &["--network", "192.0.2.0/24"])), 401);
    assert_eq!(erase(&limited("reader", &["--act", "pii.reveal"])), 403);
    let both = ["--network", "127.0.0.1/32", "--act", "pii.erase"];
    assert_eq!(erase(&limited("second", &both)), 200);
}

#[test]
fn a_credential_gives_its_purposes_and_does_its_acts_alone() {
    let (install, token) = setting("credentials-purpose");
    let (payroll, added) = add(&install, "payroll", "service", &["--purpose", "payout"]);
    assert_eq!(added.json["principal"]["purposes"], json!(["payout"]));
    let acts = ["--act", "pii.reveal", "--act", "schema.read", "--act", "pii.reveal"];
    let (reader, added) = add(&install, "reader", "operator", &acts);
    assert_eq!(added.json["principal"]["acts"], json!(["schema.read", "pii.reveal"]));
    let cli = |file: &Path, args: &[&str]| install.run(Some(file), args).code;
    let asked = |purpose| ["reveal", "--tenant", "acme", "--purpose", purpose, &token];
    assert_eq!(cli(&payroll, &asked("payout")), 0);
    assert_eq!(cli(&payroll, &asked("support")), 11);
    assert_eq!(cli(&reader, &asked("support")), 0);
    let schema = ["schema", "show", "--tenant", "acme", "--collection", "people"];
    assert_eq!((cli(&reader, &schema), cli(&payroll, &schema)), (0, 0));
    assert_eq!(cli(&reader, &["tenant", "show", "acme"]), 11);
    let (like, back) = (install.scratch.path("out"), install.scratch.path("back"));
    let export = |purpose| {
        let (like, back) = (like.to_str().unwrap(), back.to_str().unwrap());
        let of = ["export", "--tenant", "acme", "--collection", "people", "--purpose", purpose];
        [&of[..], &["--like", like, "--out", back]].concat().into_iter().map(str::to_owned)
    };
    let (desk, _) = add(&install, "desk", "operator", &["--purpose", "tax"]);
    let export = |file: &Path, purpose| {
        let args: Vec<String> = export(purpose).collect();
        cli(file, &args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_eq!(
        (export(&reader, "tax"), export(&desk, "support"), export(&desk, "tax")),
        (11, 11, 0)
    );

    let server = Server::plain(&install);
    assert_eq!(reveal(&server, &payroll, &token, "payout"), 200);
    assert_eq!(reveal(&server, &payroll, &token, "tax"), 403);
    assert_eq!((reveal(&server, &reader, &token, "tax"), show(&server, &reader)), (200, 403));
    assert_eq!(show(&server, &payroll), 200);
    server.stop();
    assert_eq!(reasons(&install, Act::PiiReveal), ["forbidden.limited_purpose"; 2]);
    assert_eq!(reasons(&install, Act::TenantRead), ["forbidden.limited_act"; 2]);
    let exports = reasons(&install, Act::PiiExport);
    assert_eq!(exports, ["forbidden.limited_act", "forbidden.limited_purpose"]);
}

#[test]
fn a_limit_that_cannot_be_is_refused_with_what_can() {
    let (install, _) = setting("credentials-bad");
    let refused = |limits: &[&str], names: &str| {
        let args = ["principal", "add", "shop", "--kind", "service", "--tenant", "acme"];
        let said = install.run(Some(&install.operator), &[&args[..], limits].concat());
        assert_eq!(said.code, 2, "{limits:?}: {}", said.json);
        assert!(said.text("/error/remedy").contains(names), "{limits:?}: {}", said.json);
    };
    refused(&["--act", "pii.export"], "pii.collect");
    refused(&["--act", "principal.add"], "pii.reveal");
    refused(&["--act", "nonsense"], "pii.reveal");
    refused(&["--purpose", "fun"], "payout");
    refused(&["--network", "10.0.0.1/8"], "203.0.113.0/24");
    refused(&["--network", "10.0.0.1"], "203.0.113.7/32");
    refused(&["--expires", "tomorrow"], "90d");
    refused(&["--expires", "2001-01-01T00:00:00Z"], "90d");
    let named = install.operate(&["principal", "list"]);
    assert_eq!(named.json["principals"].as_array().unwrap().len(), 1, "nobody was added");
    add(&install, "shop", "service", &["--act", "pii.collect"]);
    let server = Server::plain(&install);
    let body = json!({"name": "web", "kind": "service", "tenant": "acme", "acts": ["pii.export"]});
    let call = |body: &Value| {
        server.call(Some(&install.operator), "POST", "/v1/principals", &body.to_string())
    };
    let said = call(&body);
    assert_eq!(said.status, 422, "{}", said.text);
    assert!(said.at("/remedy").contains("pii.reveal"));
    let good = json!({"name": "web", "kind": "service", "tenant": "acme", "acts": ["pii.reveal"],
        "expires": "90d", "networks": ["127.0.0.0/8"], "purposes": ["tax"]});
    let said = call(&good);
    assert_eq!(said.status, 200, "{}", said.text);
    let web = &said.json["principal"];
    assert_eq!((&web["acts"], &web["purposes"]), (&json!(["pii.reveal"]), &json!(["tax"])));
    assert!(web["expires"].as_str().unwrap().ends_with('Z'), "{web}");
}

#[test]
fn an_expired_credential_is_refused_like_a_revoked_one() {
    let (install, _) = setting("credentials-expired");
    let (lasting, _) = add(&install, "lasting", "service", &["--expires", "2999-01-01T00:00:00Z"]);
    let (brief, added) = add(&install, "brief", "service", &["--expires", "1ms"]);
    assert!(added.text("/principal/expires").ends_with('Z'));
    let cli = |file: &Path| install.run(Some(file), &["tenant", "show", "acme"]);
    // A command begins long after a thousandth of a second.
    let said = cli(&brief);
    assert_eq!((said.code, said.text("/error/type")), (10, "unauthenticated"));
    assert_eq!(cli(&lasting).code, 0);
    let server = Server::plain(&install);
    assert_eq!((show(&server, &brief), show(&server, &lasting)), (401, 200));
    let list = install.operate(&["principal", "list"]);
    let of = |name: &str| {
        let all = list.json["principals"].as_array().unwrap();
        all.iter().find(|row| row["name"] == name).unwrap().clone()
    };
    assert_eq!(of("lasting")["expires"], "2999-01-01T00:00:00.000000Z");
    assert!(of("lasting")["last_used"].as_str().unwrap().ends_with('Z'));
    assert_eq!(of("brief")["last_used"], Value::Null, "who was refused did not come");
    // A fresh credential of it would be as dead.
    assert_eq!(install.run(Some(&install.operator), &["principal", "renew", "brief"]).code, 2);
    server.stop();
    assert_eq!(reasons(&install, Act::AuthRefuse), ["expired"; 2]);
}

#[test]
fn an_old_credential_overlaps_with_the_fresh_one() {
    let (install, _) = setting("credentials-overlap");
    let (old, _) = add(&install, "shop", "service", &[]);
    let renew = |args: &[&str]| install.operate(&[&["principal", "renew", "shop"], args].concat());
    let keep =
        |file: &str, answer: &Answer| install.scratch.write(file, answer.text("/credential"));
    let first = renew(&["--overlap", "7d"]);
    assert!(first.text("/principal/overlap_until").ends_with('Z'));
    let new = keep("new", &first);
    let server = Server::plain(&install);
    assert_eq!((show(&server, &old), show(&server, &new)), (200, 200));
    // Never more than two: the oldest ends at once.
    let body = json!({"overlap": "1h"}).to_string();
    let path = "/v1/principals/shop/renew";
    let said = server.call(Some(&install.operator), "POST", path, &body);
    let newer = install.scratch.write("newer", said.at("/credential"));
    let all = |server: &Server| [&old, &new, &newer].map(|file| show(server, file));
    assert_eq!(all(&server), [401, 200, 200]);
    // As ever without: the one before ends at once.
    let newest = keep("newest", &renew(&[]));
    assert_eq!((all(&server), show(&server, &newest)), ([401; 3], 200));
    let again = keep("again", &renew(&["--overlap", "1d"]));
    assert_eq!((show(&server, &newest), show(&server, &again)), (200, 200));
    let too_long = ["principal", "renew", "shop", "--overlap", "169h"];
    assert_eq!(install.run(Some(&install.operator), &too_long).code, 2);
    install.operate(&["principal", "revoke", "shop"]);
    assert_eq!((show(&server, &newest), show(&server, &again)), (401, 401));
    server.stop();
    let entries = install.entries().into_iter().filter(|e| e.act == Act::PrincipalRenew);
    let objects: Vec<String> = entries.map(|e| e.object.unwrap()).collect();
    let until: Vec<bool> = objects.iter().map(|object| object.contains(':')).collect();
    assert_eq!(until, [true, true, false, true], "{objects:?}");
}

#[test]
fn what_a_server_saw_outlives_a_turn_of_the_epoch() {
    let (install, _) = setting("credentials-seen");
    let (shop, _) = add(&install, "shop", "service", &[]);
    let server = Server::plain(&install);
    let last = || {
        let list = server.call(Some(&install.operator), "GET", "/v1/principals", "");
        let all = list.json["principals"].as_array().unwrap();
        all.iter().find(|row| row["name"] == "shop").unwrap()["last_used"].clone()
    };
    assert_eq!(last(), Value::Null);
    assert_eq!(show(&server, &shop), 200);
    let used = last();
    assert!(used.is_string(), "{used}");
    install.operate(&["epoch", "turn"]);
    assert_eq!(last(), used);
}

/// A vault with its local operator, and a service that is limited.
fn opened(install: &Install, limits: Limits) -> (Vault, Principal, String) {
    let vault = install.open();
    let operator = fs::read_to_string(&install.operator).unwrap();
    let who = vault.authenticate(&operator, Arrival::local(NOW_US, false)).unwrap();
    let added = vault.add_principal(&who, "shop", Kind::Service, "acme", limits);
    let credential = added.map_err(|problem| problem.detail).unwrap().credential.to_string();
    (vault, who, credential)
}

#[test]
fn a_clock_that_steps_back_revives_nobody() {
    let (install, _) = setting("credentials-clock");
    let limits = Limits { expires_us: Some(NOW_US + DAY_US), ..Limits::default() };
    let (vault, who, credential) = opened(&install, limits);
    let came = |text: &str, now_us| vault.authenticate(text, Arrival::local(now_us, false)).is_ok();
    assert!(came(&credential, NOW_US + DAY_US - 1));
    assert!(came(&credential, NOW_US), "a step back before the end is no matter");
    assert!(!came(&credential, NOW_US + DAY_US));
    assert!(!came(&credential, NOW_US));
    assert!(!came(&credential, 0));
    // One that overlapped is as dead.
    let added = vault.add_principal(&who, "web", Kind::Service, "acme", Limits::default());
    let old = added.ok().unwrap().credential;
    let renewal = Renewal { name: "web", overlap_us: OVERLAP_US_MAX, now_us: 0 };
    let new = vault.renew_principal(&who, &renewal, &|_| Ok(())).ok().unwrap().credential;
    let end_us = NOW_US + DAY_US + OVERLAP_US_MAX;
    assert!(came(&old, end_us - 1), "it began at the latest time that was seen");
    assert!(!came(&old, end_us) && !came(&old, NOW_US) && came(&new, NOW_US));
    // Nor does a vault that is opened after this one forget it.
    let seen = vault.seen();
    drop(vault);
    let vault = install.open().after(seen);
    assert!(vault.authenticate(&old, Arrival::local(NOW_US, false)).is_err());
    assert!(vault.authenticate(&new, Arrival::local(NOW_US, false)).is_ok());
}

#[test]
fn limits_stay_when_the_install_is_opened_again() {
    let (install, _) = setting("credentials-kept");
    let limits = Limits { expires_us: Some(NOW_US + DAY_US), ..Limits::default() };
    let (vault, _, credential) = opened(&install, limits.clone());
    drop(vault);
    let vault = install.open();
    let who = vault.authenticate(&credential, Arrival::local(NOW_US, false)).unwrap();
    assert_eq!(*who.limits(), limits);
    assert!(vault.authenticate(&credential, Arrival::local(NOW_US + DAY_US, false)).is_err());
}
