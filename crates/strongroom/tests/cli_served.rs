//! While a server holds the store, commands answer as they do without one: over its socket.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;
#[path = "support/server.rs"]
mod server;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};

use install::{Answer, Install};
use server::Server;

const PEOPLE: &str = "member,name,ssn,password\n\
                      1001,Ada Archer,536-22-1847,River-71!\n\
                      1002,Bruno Boone,401-55-9024,Hill-12?\n";

fn path(install: &Install, name: &str) -> String {
    install.scratch.path(name).to_str().unwrap().to_owned()
}

/// Seals a file; gives the tokens of its first row.
fn sealed(install: &Install, name: &str) -> Vec<String> {
    let file = install.scratch.write(&format!("{name}.csv"), PEOPLE);
    let (file, out) = (file.to_str().unwrap(), path(install, &format!("{name}.out.csv")));
    let of = ["--tenant", "acme", "--collection", name, "--key", "member", "--out", &out];
    let done = install.operate(&[&["seal", file][..], &of].concat());
    assert_eq!(done.number("/added"), 2);
    let text = fs::read_to_string(out).unwrap();
    text.lines().nth(1).unwrap().split(',').skip(1).map(str::to_owned).collect()
}

fn revealed(install: &Install, token: &str) -> String {
    let asked = ["reveal", "--tenant", "acme", "--purpose", "tax", "--full", token];
    install.operate(&asked).text("/values/0/value").to_owned()
}

#[test]
fn every_command_goes_on_while_a_server_holds_the_store() {
    let install = Install::new("cli-served");
    install.operate(&["tenant", "add", "acme"]);
    let server = Server::plain(&install);
    let socket = install.scratch.path("data").join("socket");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let tokens = sealed(&install, "people");
    assert_eq!(revealed(&install, &tokens[1]), "536-22-1847");
    let (out, back) = (path(&install, "people.out.csv"), path(&install, "back.csv"));
    let of = ["--tenant", "acme", "--collection", "people", "--purpose", "support"];
    let export = [&["export", "--like", &out, "--out", &back][..], &of].concat();
    assert_eq!(install.operate(&export).number("/people"), 2);
    assert!(fs::read_to_string(&back).unwrap().contains("1001,Ada Archer,536-22-1847,"));
    for key in ["seal", "index", "pepper", "token", "ledger", "root"] {
        let rotated = install.operate(&["rotate", key]);
        assert_eq!(rotated.json["done"], true, "{key}");
    }
    assert!(install.operate(&["strengthen"]).number("/strengthened") > 0);
    let backup = path(&install, "backup");
    assert_eq!(install.operate(&["backup", "--out", &backup]).number("/records"), 2);
    assert_eq!(install.operate(&["restore", &backup]).number("/left_alone"), 2);
    let ledger = path(&install, "ledger");
    install.operate(&["ledger", "export", "--out", &ledger]);
    assert!(fs::metadata(format!("{ledger}/system/checkpoint")).unwrap().is_file());
    let found = install.operate(&["doctor", "--deep"]);
    let high = found.json["findings"].as_array().unwrap().iter();
    assert_eq!(high.filter(|f| f["severity"] == "high").count(), 0, "{}", found.json);
    install.operate(&["quarantine", "list", "--tenant", "acme"]);
    let renewed = path(&install, "renewed");
    install.operate(&["principal", "renew", "operator", "--out", &renewed]);
    let dead = install.run(Some(&install.operator), &["status"]);
    assert_eq!(dead.code, 10, "{}", dead.json);
    let status = install.run(Some(&install.scratch.path("renewed")), &["status"]);
    assert_eq!(status.code, 0, "{}", status.json);
    assert!(server.stop());
    assert!(!socket.exists());
}

#[test]
fn a_path_is_that_of_whoever_asks() {
    let install = Install::new("cli-served-paths");
    install.operate(&["tenant", "add", "acme"]);
    let server = Server::plain(&install);
    install.scratch.write("here.csv", PEOPLE);
    let of = ["seal", "here.csv", "--tenant", "acme", "--collection", "people"];
    let mut command = install.command(Some(&install.operator), &of);
    let done = command.current_dir(install.scratch.path(".")).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    assert!(install.scratch.path("here.sealed.csv").is_file());
    let inside = path(&install, "data/backup");
    let refused = install.run(Some(&install.operator), &["backup", "--out", &inside]);
    assert_eq!(refused.code, 2, "{}", refused.json);
    let stream = ["seal", "-", "--tenant", "acme", "--collection", "people", "--out", "x.csv"];
    let refused = install.run_on(&stream, PEOPLE);
    assert_eq!(refused.code, 2, "{}", refused.json);
    assert!(refused.text("/error/detail").contains("standard input"), "{}", refused.json);
    assert!(server.stop());
}

#[test]
fn rights_and_refusals_are_the_same_over_the_socket() {
    let install = Install::new("cli-served-rights");
    install.operate(&["tenant", "add", "acme"]);
    let (service, _) = install.principal("shop", "service", "acme");
    let server = Server::plain(&install);
    let out = path(&install, "backup");
    let asked = ["backup", "--out", &out];
    let code = |answer: Answer| answer.code;
    assert_eq!(code(install.run(Some(&service), &asked)), 11);
    assert_eq!(code(install.run(None, &asked)), 10);
    assert_eq!(
        code(install.run(Some(&install.operator), &["rotate", "seal", "--tenant", "no"])),
        12
    );
    // Over the network there is no such call, and none of the names of files.
    let body =
        format!("{{\"args\":[\"strongroom\",\"backup\",\"--out\",\"{out}\"],\"folder\":\"/\"}}");
    let reply = server.call(Some(&install.operator), "POST", "/v1/command", &body);
    assert_eq!(reply.status, 404, "{}", reply.text);
    assert!(!install.scratch.path("backup").exists());
    assert!(server.stop());
}

#[test]
fn an_epoch_turns_under_a_server_and_no_request_is_lost() {
    let install = Install::new("cli-served-epoch");
    install.operate(&["tenant", "add", "acme"]);
    let tokens = sealed(&install, "people");
    let server = Server::plain(&install);
    let (stop, asked) =
        (AtomicBool::new(false), format!("{{\"tokens\":[\"{}\"],\"purpose\":\"tax\"}}", tokens[1]));
    let answered = std::thread::scope(|scope| {
        let (server, install, stop, asked) = (&server, &install, &stop, &asked);
        let caller = move || {
            let mut answered = 0;
            while !stop.load(Ordering::Relaxed) {
                let path = "/v1/tenants/acme/reveal";
                let reply = server.call(Some(&install.operator), "POST", path, asked);
                assert_eq!(reply.status, 200, "{}", reply.text);
                answered += 1;
            }
            answered
        };
        let callers: Vec<_> = (0..3).map(|_| scope.spawn(caller)).collect();
        let second = install.principal("second", "operator", "acme").0;
        let second = second.to_str().unwrap();
        for _ in 0..3 {
            // Not due: refused, by one who may not agree. The server goes on.
            let turn = ["epoch", "turn", "--second", second];
            assert_eq!(install.run(Some(&install.operator), &turn).code, 11);
            assert_eq!(install.operate(&["epoch", "turn", "--if-due"]).number("/epoch"), 1);
        }
        stop.store(true, Ordering::Relaxed);
        callers.into_iter().map(|caller| caller.join().unwrap()).sum::<u32>()
    });
    assert!(answered > 10, "{answered}");
    assert!(server.stop());
}

#[test]
fn a_turn_ends_the_older_slots_and_the_server_stands_on_the_new_ones() {
    let install = Install::development("cli-served-turn");
    install.operate(&["tenant", "add", "acme"]);
    let tokens = sealed(&install, "people");
    let server = Server::plain(&install);
    let turned = install.operate(&["epoch", "turn"]);
    assert_eq!((turned.number("/epoch"), turned.number("/destroyed")), (2, 1));
    assert_eq!(revealed(&install, &tokens[1]), "536-22-1847");
    assert_eq!(install.operate(&["epoch", "status"]).number("/epoch"), 2);
    sealed(&install, "more");
    assert!(server.stop());
    assert_eq!(revealed(&install, &tokens[1]), "536-22-1847");
}
