//! Who gets in, and to what: credentials, paths and protocols that are not as they should be,
//! against the real server. Nobody gets to another tenant, or in without a credential of their own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;
#[path = "support/sealed.rs"]
mod sealed;
#[path = "support/server.rs"]
mod server;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;

use install::Install;
use sealed::{REVEAL, Sealed};
use server::{Server, bearer, next, request, rest};
use strongroom_core::ledger::entry::Phase;

const CLOSE: &str = "Connection: close\r\n";

fn statuses(server: &Server, bytes: &[u8]) -> Vec<u16> {
    server.answers(bytes).iter().map(|reply| reply.status).collect()
}

fn serves(of: &Sealed, server: &Server) {
    assert_eq!(server.call(Some(&of.service), "POST", REVEAL, &of.reveal()).status, 200);
}

#[test]
fn a_credential_stands_in_one_header_and_nowhere_else() {
    let of = Sealed::new("doors-credentials");
    let server = Server::plain(&of.install);
    let secret = std::fs::read_to_string(&of.service).unwrap().trim().to_owned();
    let good = bearer(&of.service);
    let ask = |headers: &str, path: &str| {
        let sent = request("POST", path, &format!("{headers}{CLOSE}"), &of.reveal());
        statuses(&server, sent.as_bytes())
    };
    assert_eq!(ask(&good, REVEAL), [200]);
    assert_eq!(ask(&good.replace("Bearer", "bEARER"), REVEAL), [200], "RFC 7235");
    for headers in [
        String::new(),
        format!("{good}{good}"),
        format!("{good}Authorization: Bearer srk_none\r\n"),
        format!("Authorization: Basic {secret}\r\n"),
        format!("Authorization: {secret}\r\n"),
        format!("Authorization: Bearer{secret}\r\n"),
        format!("Authorization: Bearer\t{secret}\r\n"),
        format!("Authorization: Bearer {secret}, Bearer {secret}\r\n"),
        format!("Authorization: Bearer {secret} {secret}\r\n"),
        format!("Authorization: Bearer {secret}x\r\n"),
        format!("Authorization: Bearer {}\r\n", secret.to_uppercase()),
        format!("Authorization: Bearer {}\r\n", &secret[..secret.len() - 1]),
        "Authorization: Bearer\r\n".to_owned(),
        "Authorization: Bearer \r\n".to_owned(),
        "Authorization:\r\n".to_owned(),
        "Authorization: Bearer \u{e9}\r\n".to_owned(),
        format!("Proxy-Authorization: Bearer {secret}\r\n"),
        format!("X-Authorization: Bearer {secret}\r\n"),
        format!("Cookie: Authorization=Bearer {secret}\r\n"),
    ] {
        assert_eq!(ask(&headers, REVEAL), [401], "{headers}");
    }
    for path in [
        format!("{REVEAL}?authorization={secret}"),
        format!("{REVEAL}?access_token={secret}"),
        format!("http://{secret}@strongroom{REVEAL}"),
    ] {
        assert_eq!(ask("", &path), [401], "{path}");
    }
    assert!(server.stop());
}

fn named(tenant: &str) -> Vec<u8> {
    format!("/v1/tenants/{tenant}/reveal").into_bytes()
}

/// Paths that look as if they led to alder.
fn spellings() -> Vec<Vec<u8>> {
    vec![
        named("alder%20"),
        named("%20alder"),
        named("alder."),
        named("alder%00"),
        named("%00alder"),
        named("alder%0a"),
        named("alder%2freveal%3f"),
        named("alder%2F..%2Fbirch"),
        named("birch%2F..%2Falder"),
        named("birch%2f%2e%2e%2falder"),
        named("birch/../alder"),
        named("birch/%2e%2e/alder"),
        named("./alder"),
        named("alder/."),
        named("alder//"),
        named("/alder"),
        named("alder;birch"),
        named("alder,birch"),
        named("alder%26birch"),
        named("%61lder%"),
        named("%6"),
        named("%zzalder"),
        named("%u0061lder"),
        named("%2561lder"),
        named(""),
        named("%"),
        named("*"),
        named("{tenant}"),
        named(".."),
        named("%2e%2e"),
        // The letters of other alphabets and widths.
        named("%EF%BD%81lder"),
        named("%D0%B0lder"),
        named("alder%E2%80%8B"),
        named("%E2%80%AEredla"),
        named("alder%CC%81"),
        // No UTF-8: an overlong letter, slash and zero; a surrogate; a byte alone.
        named("%C1%A1lder"),
        named("alder%C0%AFreveal"),
        named("alder%C0%80"),
        named("%ED%A0%80alder"),
        named("alder%FF"),
        [&b"/v1/tenants/"[..], b"\xc1\xa1lder", b"/reveal"].concat(),
        [&b"/v1/tenants/"[..], b"alder\xff", b"/reveal"].concat(),
        [&b"/v1/tenants/"[..], "\u{ff41}lder".as_bytes(), b"/reveal"].concat(),
        b"/v1/tenants/alder\\reveal".to_vec(),
        b"/v1/tenants/alder/reveal/".to_vec(),
        b"/v1//tenants/alder/reveal".to_vec(),
        b"/V1/tenants/alder/reveal".to_vec(),
        b"/v1/tenants/alder/reveal%2f".to_vec(),
        b"//v1/tenants/alder/reveal".to_vec(),
        b"v1/tenants/alder/reveal".to_vec(),
        b"/v1/tenants/alder/reveal;a=b".to_vec(),
        b"*".to_vec(),
    ]
}

#[test]
fn no_spelling_of_a_path_leads_to_another_tenant() {
    let of = Sealed::new("doors-paths");
    let server = Server::plain(&of.install);
    let body = of.reveal();
    let (rival, _) = of.install.principal("rival", "service", "birch");
    let ask = |who: &Path, path: &[u8]| {
        let rest = request("", "", &(bearer(who) + CLOSE), &body);
        let sent = [b"POST ", path, b" ", rest.trim_start().as_bytes()].concat();
        let answers = server.answers(&sent);
        assert!(answers.len() < 2);
        answers.first().map(|reply| reply.status)
    };
    assert_eq!(server.call(Some(&of.service), "POST", REVEAL, &body).status, 200);
    for path in spellings() {
        let shown = String::from_utf8_lossy(&path).into_owned();
        for who in [&of.service, &rival] {
            let status = ask(who, &path);
            assert!(matches!(status, Some(400 | 404 | 405)), "{shown}: {status:?}");
        }
    }
    // A name in other letters of its one alphabet is the same name, for the same callers alone.
    for tenant in ["alder", "ALDER", "Alder", "%61lder", "%41LDER"] {
        assert_eq!(ask(&of.service, &named(tenant)), Some(200), "{tenant}");
        assert_eq!(ask(&rival, &named(tenant)), Some(404), "{tenant}");
    }
    assert_eq!(ask(&of.service, &named("birch")), Some(404));
    assert!(server.stop());
}

#[test]
fn another_protocol_is_not_answered_and_the_server_goes_on() {
    let of = Sealed::new("doors-protocols");
    let server = Server::plain(&of.install);
    let close = bearer(&of.service) + CLOSE;
    let reveal = request("POST", REVEAL, &close, &of.reveal());
    let hello: &[u8] = b"\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03";
    let noise: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    for sent in [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".as_slice(),
        hello,
        &noise,
        b"\0\0\0\0\0\0\r\n\r\n",
        b"GET /v1/health\r\n\r\n",
        b"GET /v1/health HTTP/0.9\r\n\r\n",
        b"GET /v1/health HTTP/1.2\r\n\r\n",
        b"GET /v1/health HTTP/3\r\n\r\n",
        b"GET  /v1/health HTTP/1.1\r\n\r\n",
        b"GET /v1/health  HTTP/1.1\r\n\r\n",
        b"GET\t/v1/health HTTP/1.1\r\n\r\n",
        b"G\x00T /v1/health HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\nGET /v1/health HTTP/1.1\r\n\r\n",
        b"<?xml version=\"1.0\"?>\r\n\r\n",
    ] {
        let status = statuses(&server, sent);
        assert!(matches!(status[..], [] | [400 | 431]), "{sent:?}: {status:?}");
    }
    // What is HTTP, and asks for what there is not.
    for (method, path, status) in [
        ("CONNECT", "strongroom:443", 404),
        ("CONNECT", REVEAL, 405),
        ("TRACE", REVEAL, 405),
        ("OPTIONS", REVEAL, 405),
        ("OPTIONS", "*", 404),
        ("HEAD", REVEAL, 405),
        ("post", REVEAL, 405),
        ("BREW", REVEAL, 405),
        ("GET", REVEAL, 405),
    ] {
        let sent = request(method, path, &close, "");
        let back = server.raw(sent.as_bytes());
        assert!(back.starts_with(&format!("HTTP/1.1 {status} ")), "{method} {path}: {back}");
        assert!(!back.contains("strongroom:443"), "{back}");
    }
    // HTTP/1.0 is spoken, one request a connection.
    let old = reveal.replace("HTTP/1.1", "HTTP/1.0").replace(CLOSE, "");
    let back = server.raw((old.clone() + &old).as_bytes());
    assert!(back.starts_with("HTTP/1.0 200 OK\r\n"), "{back}");
    assert_eq!(back.matches("HTTP/1.").count(), 1, "{back}");
    serves(&of, &server);
    assert!(server.stop());
    let server = Server::tls(&of.install);
    for sent in [reveal.as_bytes(), &noise, hello, b"\x16\x03\x01\xff\xff"] {
        let mut stream = server.connect();
        let _ = stream.write_all(sent);
        // More does not come.
        let _ = stream.shutdown(Shutdown::Write);
        let back = rest(&mut stream);
        assert!(!back.contains("HTTP"), "{back}");
    }
    let print = server.said["certificate"].as_str().unwrap();
    let asked = ["reveal", "--tenant", "alder", "--purpose", "support", &of.name, "--server"];
    let url = server.said["listening"].as_str().unwrap();
    let asked = [&asked[..], &[url, "--fingerprint", print]].concat();
    assert_eq!(of.install.run(Some(&of.service), &asked).code, 0);
    assert!(server.stop());
}

#[test]
fn a_packed_body_is_not_unpacked() {
    let of = Sealed::new("doors-packed");
    let server = Server::plain(&of.install);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(of.reveal().as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    for lines in ["Content-Encoding: gzip\r\n", "Content-Encoding: identity, gzip\r\n", ""] {
        let head = request("POST", REVEAL, &(bearer(&of.service) + CLOSE + lines), "");
        let head = head.replace("Content-Length: 0", &format!("Content-Length: {}", packed.len()));
        let sent = [head.as_bytes(), &packed].concat();
        assert_eq!(statuses(&server, &sent), [422], "{lines}");
    }
    serves(&of, &server);
    assert!(server.stop());
}

#[test]
fn a_development_installs_own_credential_counts_over_the_socket_alone() {
    let scratch = install::Scratch::new("doors-development");
    let operator = scratch.path("data.keys/operator.credential");
    let install = Install { scratch, operator };
    assert_eq!(install.run(None, &["init", "--development"]).code, 0);
    let server = Server::plain(&install);
    assert_eq!(install.run(None, &["tenant", "list"]).code, 0, "over the socket");
    let socket = install.scratch.path("data/socket");
    let mut stream = UnixStream::connect(&socket).unwrap();
    stream.write_all(request("GET", "/v1/tenants", CLOSE, "").as_bytes()).unwrap();
    let mut back = String::new();
    stream.read_to_string(&mut back).unwrap();
    assert!(back.starts_with("HTTP/1.1 200 OK\r\n"), "{back}");
    let over_tcp = request("GET", "/v1/tenants", CLOSE, "");
    assert_eq!(statuses(&server, over_tcp.as_bytes()), [401]);
    let url = server.said["listening"].as_str().unwrap();
    let away = ["tenant", "list", "--server", url];
    assert_eq!(install.run(None, &away).code, 10, "over the network");
    assert_eq!(install.run(Some(&install.operator), &away).code, 0, "it is named");
    assert!(server.stop());
}

#[test]
fn the_socket_is_its_owners_and_a_dead_servers_is_in_nobodys_way() {
    let of = Sealed::new("doors-owner");
    let socket = of.install.scratch.path("data/socket");
    let reveal = ["reveal", "--tenant", "alder", "--purpose", "support", &of.name];
    let about_socket = || {
        let found = of.install.run(Some(&of.install.operator), &["doctor"]);
        let findings = found.json["findings"].as_array().unwrap().clone();
        findings.iter().filter(|f| f["what"].to_string().contains("socket")).count()
    };
    let mut server = Server::plain(&of.install);
    let mode = |path: &Path| std::fs::symlink_metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&socket) & 0o7777, 0o600);
    assert_eq!(mode(socket.parent().unwrap()) & 0o077, 0, "nobody else gets to it at all");
    assert_eq!(about_socket(), 0, "while it serves");
    assert_eq!(of.install.run(Some(&of.service), &reveal).code, 0);
    server.signal(rustix::process::Signal::KILL);
    assert!(!server.ended().0);
    assert!(socket.exists(), "it was killed before it could take it away");
    assert_eq!(of.install.run(Some(&of.service), &reveal).code, 0, "by the folders themselves");
    assert_eq!(about_socket(), 0, "of a dead server's");
    let server = Server::plain(&of.install);
    assert_eq!(of.install.run(Some(&of.service), &reveal).code, 0);
    serves(&of, &server);
    assert!(server.stop());
    assert!(!socket.exists());
}

#[test]
fn a_revoked_principal_is_out_from_the_next_request_on() {
    let of = Sealed::new("doors-revoked");
    let server = Server::plain(&of.install);
    let mut kept = server.connect();
    let reveal = request("POST", REVEAL, &bearer(&of.service), &of.reveal());
    let mut ask = || {
        kept.write_all(reveal.as_bytes()).unwrap();
        next(&mut kept).unwrap().status
    };
    assert_eq!((ask(), ask()), (200, 200));
    // A second request, whose body is still on its way.
    let (head, body) = reveal.split_at(reveal.len() - 5);
    let mut half: TcpStream = server.connect();
    half.write_all(head.as_bytes()).unwrap();
    let revoke = "/v1/principals/shop/revoke";
    assert_eq!(server.call(Some(&of.install.operator), "POST", revoke, "").status, 200);
    assert_eq!(ask(), 401, "on a connection that was open");
    half.write_all(body.as_bytes()).unwrap();
    assert_eq!(next(&mut half).unwrap().status, 401, "under way when it was revoked");
    assert!(server.stop());
    let entries = of.install.entries();
    assert_eq!(entries.iter().filter(|entry| entry.phase == Phase::Denied).count(), 2);
}

#[test]
fn a_fault_behind_a_request_is_told_to_the_folders_owner_alone() {
    let of = Sealed::new("doors-faults");
    let server = Server::plain(&of.install);
    serves(&of, &server);
    for file in std::fs::read_dir(of.install.scratch.path("data/slots")).unwrap() {
        let path = file.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.iter_mut().skip(64).filter(|byte| **byte != 0).for_each(|byte| *byte ^= 1);
        // In place: the server has it open.
        let mut options = std::fs::OpenOptions::new();
        options.write(true).open(&path).unwrap().write_all(&bytes).unwrap();
    }
    let reply = server.call(Some(&of.service), "POST", REVEAL, &of.reveal());
    assert_eq!(reply.status, 500, "{}", reply.text);
    assert_eq!(reply.at("/type"), "urn:strongroom:problem:internal");
    assert_eq!(reply.at("/detail"), "the request failed; nothing was given out");
    let asked = ["reveal", "--tenant", "alder", "--purpose", "support", &of.name];
    let told = of.install.run(Some(&of.service), &asked);
    assert_eq!(told.code, 15, "{}", told.json);
    assert!(told.text("/error/detail").contains("slot"), "{}", told.json);
    // Whoever runs the server finds what it was, by the request's name.
    let (well, log) = server.end();
    assert!(well);
    let request = reply.header("strongroom-request").unwrap();
    assert_eq!(reply.at("/request"), request);
    let line = log.lines().find(|line| line.contains(request)).unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains("slot") && !line.contains(&of.name), "{line}");
}

#[test]
fn what_is_the_owners_alone_is_not_there_over_the_network() {
    let of = Sealed::new("doors-owners");
    let server = Server::plain(&of.install);
    let body = r#"{"args":["strongroom","doctor"],"folder":"/"}"#;
    let over_tcp = server.call(Some(&of.install.operator), "POST", "/v1/command", body);
    assert_eq!(over_tcp.status, 404, "{}", over_tcp.text);
    let mut stream = UnixStream::connect(of.install.scratch.path("data/socket")).unwrap();
    let close = bearer(&of.install.operator) + CLOSE;
    stream.write_all(request("POST", "/v1/command", &close, body).as_bytes()).unwrap();
    let mut back = String::new();
    stream.read_to_string(&mut back).unwrap();
    assert!(back.starts_with("HTTP/1.1 200 OK\r\n"), "{back}");
    // A page in a browser on this machine: it has no credential, and may not send or read one.
    let page = "Origin: http://vault.example.com\r\nAccess-Control-Request-Method: POST\r\n\
                Access-Control-Request-Headers: authorization\r\n";
    for (method, headers, status) in [
        ("OPTIONS", format!("{page}{CLOSE}"), 401),
        ("OPTIONS", format!("{page}{close}"), 405),
        ("POST", format!("{page}{close}"), 200),
    ] {
        let sent = request(method, REVEAL, &headers, &of.reveal());
        let answers = server.answers(sent.as_bytes());
        assert_eq!(answers.iter().map(|reply| reply.status).collect::<Vec<_>>(), [status]);
        let allows = answers[0].headers.iter().any(|(name, _)| name.starts_with("access-control"));
        assert!(!allows, "{}", answers[0].text);
    }
    assert!(server.stop());
    // Plain text is served on this machine's own addresses alone.
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let served = ["serve", "--listen", address, "--plain-loopback"];
        assert_eq!(of.install.run(None, &served).code, 2, "{address}");
    }
}
