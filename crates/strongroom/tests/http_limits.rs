//! Too many, too slow, too late: what the server bears of clients that take their time or all come
//! at once, and of signals. No test here says how long anything takes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;
#[path = "support/sealed.rs"]
mod sealed;
#[path = "support/server.rs"]
mod server;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use install::Install;
use rustix::process::Signal;
use sealed::{REVEAL, Sealed};
use server::{Reply, Server, bearer, next, request, rest};
use strongroom::http::Limits;
use strongroom_core::ledger::Entry;
use strongroom_core::ledger::entry::{Act, Phase};

const CLOSE: &str = "Connection: close\r\n";
const HEALTH: &str = "GET /v1/health HTTP/1.1\r\nHost: strongroom\r\n\r\n";

/// Soon for a test, and long enough for a request that is there.
const SOON: Duration = Duration::from_secs(2);

/// Later than any test waits.
const NEVER: Duration = Duration::from_secs(600);

/// Limits that no test reaches by itself.
fn patient() -> Limits {
    Limits { head: NEVER, body: NEVER, taken: NEVER, ..Limits::default() }
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let of = Sealed::new("limits-body");
    let server = Server::within(&of.install, Limits { body: SOON, ..patient() });
    let whole = request("POST", REVEAL, &bearer(&of.service), &of.reveal());
    let head = &whole[..whole.len() - of.reveal().len()];
    let chunked = head.replace("Content-Length", "Transfer-Encoding: chunked\r\nX");
    let begun = format!("{chunked}1\r\n{{\r\n");
    std::thread::scope(|scope| {
        for sent in [head, &whole[..whole.len() - 1], &chunked, &begun] {
            let server = &server;
            scope.spawn(move || {
                let answers = server.answers(sent.as_bytes());
                assert_eq!(answers.len(), 1, "{sent}");
                assert_eq!(answers[0].status, 408, "{}", answers[0].text);
            });
        }
    });
    assert!(server.stop());
}

#[test]
fn a_head_that_does_not_come_ends_the_connection() {
    let of = Sealed::new("limits-head");
    let server = Server::within(&of.install, Limits { head: SOON, ..patient() });
    std::thread::scope(|scope| {
        for sent in ["", "G", "GET /v1/health HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX"] {
            let server = &server;
            scope.spawn(move || {
                let answers = server.answers(sent.as_bytes());
                assert!(answers.iter().all(|reply| reply.status == 408), "{sent}");
            });
        }
        // Nor is a second one waited for.
        let answers = server.answers(HEALTH.as_bytes());
        assert_eq!(answers.iter().map(|reply| reply.status).collect::<Vec<_>>(), [200]);
    });
    assert!(server.stop());
    // Nor a handshake.
    let server = Server::here(&of.install, Limits { head: SOON, ..patient() }, true);
    assert_eq!(server.raw(b"\x16\x03\x01\x00\xff"), "");
    assert!(server.stop());
}

#[test]
fn who_does_not_take_an_answer_holds_no_connection() {
    let of = Sealed::new("limits-taken");
    let limits = Limits { connections: 1, taken: SOON, ..patient() };
    let server = Server::within(&of.install, limits);
    // More than the buffers on the way hold.
    let mut greedy = server.connect();
    let asked = "GET /openapi.json HTTP/1.1\r\nHost: strongroom\r\n\r\n".repeat(2_000);
    greedy.write_all(asked.as_bytes()).unwrap();
    // There is room for one: this is answered once the other is gone.
    let reply = server.call(None, "GET", "/v1/health", "");
    assert_eq!(reply.status, 200);
    let one = server.call(None, "GET", "/openapi.json", "").text.len();
    assert!(rest(&mut greedy).len() < 2_000 * one);
    assert!(server.stop());
}

#[test]
fn one_connection_too_many_waits_and_is_served() {
    let of = Sealed::new("limits-connections");
    let server = Server::within(&of.install, Limits { connections: 64, ..patient() });
    let mut held: Vec<TcpStream> = (0..64).map(|_| server.connect()).collect();
    for stream in &mut held {
        stream.write_all(HEALTH.as_bytes()).unwrap();
        assert_eq!(next(stream).unwrap().status, 200);
    }
    let mut more = server.connect();
    more.write_all(HEALTH.as_bytes()).unwrap();
    // The owner of the folder is served meanwhile.
    let asked = ["reveal", "--tenant", "alder", "--purpose", "support", &of.name];
    assert_eq!(of.install.run(Some(&of.service), &asked).code, 0);
    more.set_nonblocking(true).unwrap();
    assert!(more.read(&mut [0]).is_err(), "there was no room for it");
    more.set_nonblocking(false).unwrap();
    drop(held.pop());
    assert_eq!(next(&mut more).unwrap().status, 200);
    drop((held, more));
    assert!(server.stop());
}

#[test]
fn strangers_leave_the_store_its_files() {
    let of = Sealed::new("limits-files");
    // So few files that the connections alone would take all of them.
    let serve = of.install.command(None, &["serve", "--listen", "127.0.0.1:0", "--plain-loopback"]);
    let mut few = Command::new("sh");
    few.arg("-c").arg("ulimit -n 150 && exec \"$0\" \"$@\"").arg(serve.get_program());
    few.args(serve.get_args()).stdin(std::process::Stdio::null());
    few.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let server = Server::of(few);
    let strangers: Vec<TcpStream> = (0..140).map(|_| server.connect()).collect();
    let asked = ["reveal", "--tenant", "alder", "--purpose", "support", &of.name];
    for _ in 0..3 {
        assert_eq!(of.install.run(Some(&of.service), &asked).code, 0);
    }
    drop(strangers);
    assert_eq!(server.call(Some(&of.service), "POST", REVEAL, &of.reveal()).status, 200);
    let (well, told) = server.end();
    assert!(well);
    assert!(told.contains("16 connections"), "{told}");
    assert!(!told.contains("not accepted"), "{told}");
}

/// Entries of refusals, oldest first.
fn denied(install: &Install) -> Vec<Entry> {
    let entries = install.entries().into_iter();
    entries.filter(|entry| entry.phase == Phase::Denied).collect()
}

#[test]
fn a_flood_of_strangers_does_not_fill_the_ledger() {
    let of = Sealed::new("limits-flood");
    let server = Server::plain(&of.install);
    let none = of.install.scratch.write("none", "srk_none");
    let mut stream = server.connect();
    let mut ask = |credential: &Path| {
        let sent = request("POST", REVEAL, &bearer(credential), "");
        stream.write_all(sent.as_bytes()).unwrap();
        next(&mut stream).unwrap()
    };
    let refused = |reply: &Reply| (reply.status, reply.json["detail"].to_string());
    let first = refused(&ask(&none));
    for _ in 1..1_000 {
        assert_eq!(refused(&ask(&none)), first, "answered alike, recorded or not");
    }
    // Who is known is not kept out by those who are not.
    assert_eq!(server.call(Some(&of.service), "POST", REVEAL, &of.reveal()).status, 200);
    drop(stream);
    assert!(server.stop());
    let recorded = denied(&of.install);
    // Sixty in a row, and one a second of the time that it took.
    let took_us = recorded.last().unwrap().time_us - recorded[0].time_us;
    let most = 60 + took_us / 1_000_000 + 1;
    let count = recorded.len() as u64;
    assert!((60..=most).contains(&count), "{count} in {took_us} us");
}

#[test]
fn no_reveal_that_begins_after_a_revocation_is_answered() {
    let of = Sealed::new("limits-race");
    let server = Server::plain(&of.install);
    let reveal = request("POST", REVEAL, &bearer(&of.service), &of.reveal());
    let (revoked, (say, heard)) = (AtomicBool::new(false), mpsc::channel());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let (mut stream, say) = (server.connect(), say.clone());
            let (reveal, revoked) = (&reveal, &revoked);
            scope.spawn(move || {
                loop {
                    let after = revoked.load(Ordering::SeqCst);
                    stream.write_all(reveal.as_bytes()).unwrap();
                    let reply = next(&mut stream).unwrap();
                    let known = matches!(reply.status, 200 | 401);
                    assert!(known && !(after && reply.status == 200), "{}", reply.text);
                    let _ = say.send(reply.status);
                    if after {
                        break;
                    }
                }
            });
        }
        assert!(heard.iter().take(40).all(|status| status == 200));
        let revoke = "/v1/principals/shop/revoke";
        let answered = server.call(Some(&of.install.operator), "POST", revoke, "");
        revoked.store(true, Ordering::SeqCst);
        assert_eq!(answered.status, 200);
    });
    drop(say);
    assert!(heard.iter().any(|status| status == 401));
    assert!(server.stop());
}

#[test]
fn a_server_told_to_stop_answers_what_is_under_way() {
    let of = Sealed::new("limits-stop");
    let server = Server::plain(&of.install);
    let address = server.address.clone();
    let reveal = request("POST", REVEAL, &(bearer(&of.service) + CLOSE), &of.reveal());
    // Another one, whose body comes once the server was told: it is under way, as it says itself.
    let expecting = reveal.replace(CLOSE, "Expect: 100-continue\r\n");
    let (head, body) = expecting.split_at(expecting.len() - of.reveal().len());
    let mut half = server.connect();
    half.write_all(head.as_bytes()).unwrap();
    assert_eq!(next(&mut half).unwrap().status, 100);
    let (stopping, (say, heard)) = (AtomicBool::new(false), mpsc::channel());
    let told = std::thread::scope(|scope| {
        for _ in 0..4 {
            let (say, address, reveal, stopping) = (say.clone(), &address, &reveal, &stopping);
            scope.spawn(move || {
                while let Ok(mut stream) = TcpStream::connect(address) {
                    let _ = stream.write_all(reveal.as_bytes());
                    // Whole, or nothing at all.
                    let Some(reply) = next(&mut stream) else {
                        assert!(stopping.load(Ordering::SeqCst), "not answered");
                        break;
                    };
                    assert_eq!(reply.status, 200, "{}", reply.text);
                    say.send(()).unwrap();
                }
            });
        }
        assert_eq!(heard.iter().take(40).count(), 40);
        stopping.store(true, Ordering::SeqCst);
        server.signal(Signal::TERM);
        half.write_all(body.as_bytes()).unwrap();
        assert_eq!(next(&mut half).unwrap().status, 200);
        server.end()
    });
    assert_eq!(told, (true, String::new()));
    drop(say);
    let answered = 41 + heard.iter().count();
    // Everybody who was answered stands in the ledger.
    let entries = of.install.entries();
    let is_reveal = |e: &&Entry| e.act == Act::PiiReveal && e.phase != Phase::Denied;
    assert!(entries.iter().filter(is_reveal).count() >= answered);
}
