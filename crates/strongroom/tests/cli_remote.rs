//! `--server`: a server asked over the network, by commands that see no folder. Nothing is sent
//! before it has shown who it is.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;
#[path = "support/server.rs"]
mod server;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use install::{Answer, Install, answer};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};
use server::Server;

const PEOPLE: &str = "name,ssn,password\nAda Archer,536-22-1847,River-71!\n";

/// What a server may do, and so a command may ask it over the network.
const SERVED: [&str; 19] = [
    "epoch status",
    "erase",
    "find",
    "ledger erasure",
    "ledger key",
    "ledger who",
    "principal add",
    "principal list",
    "principal renew",
    "principal revoke",
    "reveal",
    "schema set",
    "schema show",
    "status",
    "tenant add",
    "tenant list",
    "tenant show",
    "update",
    "verify-password",
];

/// An install with one tenant and one person, and a token of hers.
fn install(name: &str) -> (Install, String) {
    let install = Install::new(name);
    install.operate(&["tenant", "add", "acme"]);
    install.operate(&["tenant", "add", "birch"]);
    let file = install.scratch.write("people.csv", PEOPLE);
    let out = install.scratch.path("out");
    let of = ["--tenant", "acme", "--collection", "people", "--out", out.to_str().unwrap()];
    install.operate(&[&["seal", file.to_str().unwrap()][..], &of].concat());
    let sealed = std::fs::read_to_string(out).unwrap();
    let token = sealed.lines().nth(1).unwrap().split(',').nth(1).unwrap().to_owned();
    (install, token)
}

/// A command of somebody who knows a server, and has no folder.
fn away(of: &Install, credential: Option<&Path>, args: &[&str], input: &str) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
    for (name, _) in std::env::vars_os().filter(|(n, _)| n.to_string_lossy().contains("STRONG")) {
        command.env_remove(name);
    }
    let nowhere = of.scratch.path("nowhere");
    command.env("STRONGROOM_DATA", &nowhere).arg("--json").args(args);
    if let Some(file) = credential {
        command.arg("--credential").arg(file);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may end before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let answer = answer(child);
    assert!(!nowhere.exists(), "{args:?} made a folder");
    answer
}

/// An address where nobody listens.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn a_server_is_asked_and_answers_as_the_folders_do() {
    let (install, token) = install("remote-asked");
    let (service, _) = install.principal("shop", "service", "acme");
    let (stranger, _) = install.principal("rival", "service", "birch");
    let server = Server::tls(&install);
    let url = server.said["listening"].as_str().unwrap();
    let print = server.said["certificate"].as_str().unwrap();
    let ask = |credential: Option<&Path>, args: &[&str], input: &str| {
        let to = ["--server", url, "--fingerprint", print];
        away(&install, credential, &[args, &to].concat(), input)
    };
    let service = Some(service.as_path());
    let reveal = ["reveal", "--tenant", "acme", "--purpose", "payout", "--full", &token[..]];
    let revealed = ask(service, &reveal, "");
    assert_eq!((revealed.code, revealed.text("/values/0/value")), (0, "536-22-1847"));
    assert!(revealed.notices.is_empty(), "{}", revealed.notices);
    let people = ["--tenant", "acme", "--collection", "people"];
    let found = ask(service, &[&["find"][..], &people, &["ssn=-"]].concat(), "536-22-1847\n");
    assert_eq!(found.code, 0, "{}", found.json);
    let record = found.text("/records/0/record").to_owned();
    let verify = [&["verify-password", "--record", &record][..], &people].concat();
    assert_eq!(ask(service, &verify, "River-71!\n").code, 0);
    assert_eq!(ask(service, &verify, "River-72!\n").code, 1);
    let colons: Vec<&str> = (0..32).map(|n| &print[2 * n..2 * n + 2]).collect();
    let colons = ["tenant", "list", "--server", url, "--fingerprint", &colons.join(":")];
    assert_eq!(away(&install, Some(&install.operator), &colons, "").code, 0);
    // A wrong credential and none; what is forbidden; another tenant's.
    let none = install.scratch.write("none", "srk_none");
    for (who, args, code) in [
        (Some(none.as_path()), &reveal[..], 10),
        (None, &reveal, 10),
        (service, &["status"], 11),
        (Some(&stranger), &reveal, 12),
    ] {
        let refused = ask(who, args, "");
        assert_eq!(refused.code, code, "{args:?}: {}", refused.json);
        assert!(!refused.text("/error/remedy").is_empty());
    }
    assert!(server.stop());
}

#[test]
fn the_environment_names_a_server_too() {
    let (install, _) = install("remote-environment");
    let server = Server::tls(&install);
    let url = server.said["listening"].as_str().unwrap();
    let print = server.said["certificate"].as_str().unwrap();
    let run = |args: &[&str], print: &str| {
        let mut command = install.command(Some(&install.operator), args);
        command.env("STRONGROOM_SERVER", url).env("STRONGROOM_FINGERPRINT", print);
        answer(command.spawn().unwrap())
    };
    assert_eq!(run(&["tenant", "list"], print).code, 0);
    assert_eq!(run(&["tenant", "list"], "").code, 2, "an empty one is none");
    let mut odd = install.command(Some(&install.operator), &["tenant", "list"]);
    odd.env("STRONGROOM_SERVER", OsStr::from_bytes(b"\xff"));
    assert_eq!(answer(odd.spawn().unwrap()).code, 2, "one that is no text is not unset");
    let out = install.scratch.path("backup");
    let refused = run(&["backup", "--out", out.to_str().unwrap()], print);
    assert_eq!(refused.code, 2);
    assert!(refused.text("/error/detail").starts_with("a server is named"), "{}", refused.json);
    assert_eq!(run(&["completions", "bash"], print).code, 0, "it opens nothing");
}

#[test]
fn what_no_server_does_is_refused_where_one_is_named() {
    let install = Install::new("remote-refused");
    let url = format!("http://{}", nobody());
    let mut served = BTreeSet::new();
    let all = strongroom::cli::subcommands();
    for name in &all {
        let rows = include_str!("access_matrix.txt").lines();
        let mut of = rows.filter(|row| row.starts_with(&format!("{name} ")));
        let row = of.next().unwrap_or_else(|| panic!("{name} is not in the matrix"));
        let words = row.split_whitespace().collect::<Vec<_>>();
        let args = [&words[..words.len() - 8], &["--server", &url]].concat();
        let refused = away(&install, Some(&install.operator), &args, "x\n");
        assert!(matches!(refused.code, 2 | 14), "{row}: {}", refused.json);
        if !refused.text("/error/detail").starts_with("a server is named") {
            served.insert(&name[..]);
        }
    }
    assert_eq!(served, BTreeSet::from(SERVED));
    let out = install.scratch.path("fresh");
    let renew = ["principal", "renew", "shop", "--out", out.to_str().unwrap(), "--server", &url];
    let refused = away(&install, Some(&install.operator), &renew, "");
    assert_eq!(refused.code, 2);
    assert!(refused.text("/error/detail").starts_with("a server is named"), "{}", refused.json);
    assert!(!out.exists());
}

#[test]
fn whoever_is_not_trusted_is_sent_nothing() {
    let (install, token) = install("remote-untrusted");
    // A credential that is none: if it arrived, its refusal would be an entry.
    let none = install.scratch.write("none", "srk_none");
    let before = install.entries().len();
    let server = Server::tls(&install);
    let url = server.said["listening"].as_str().unwrap().to_owned();
    let print = server.said["certificate"].as_str().unwrap().to_owned();
    let reveal = ["reveal", "--tenant", "acme", "--purpose", "payout", &token[..], "--server"];
    let ask = |more: &[&str]| away(&install, Some(&none), &[&reveal[..], more].concat(), "");
    let wrong = ask(&[&url, "--fingerprint", &"0".repeat(64)]);
    assert_eq!(wrong.code, 14, "{}", wrong.json);
    assert!(wrong.text("/error/detail").contains("not one that is trusted"), "{}", wrong.json);
    assert!(wrong.text("/error/remedy").contains("fingerprint"));
    let short = &print[..62];
    let plain = format!("http://{}", server.address);
    let foreign = server.address.replace("127.0.0.1", "192.0.2.1");
    let foreign = format!("http://{foreign}");
    let file = install.scratch.write("no.pem", "no certificate");
    for more in [
        &[&url[..]][..],
        &[&url, "--fingerprint", short],
        &[&url, "--authority", file.to_str().unwrap()],
        &[&url, "--authority", "missing.pem"],
        &[&url, "--authority", "missing.pem", "--fingerprint", &print],
        &[&plain, "--fingerprint", &print],
        &[&foreign],
        &["https://srk_none@vault.example.com"],
        &["127.0.0.1:8443"],
    ] {
        let refused = ask(more);
        assert_eq!(refused.code, 2, "{more:?}: {}", refused.json);
        assert!(!refused.json.to_string().contains("srk_none"), "{}", refused.json);
    }
    // Plain text, at a port that serves TLS.
    assert_eq!(ask(&[&plain]).code, 14);
    assert!(server.stop());
    assert_eq!(install.entries().len(), before, "something was sent");
    let gone = ask(&[&url, "--fingerprint", &print]);
    assert_eq!(gone.code, 14);
    assert!(gone.text("/error/detail").contains("nothing was asked"), "{}", gone.json);
}

/// Shows a certificate whose key it does not have.
#[derive(Debug)]
struct Impostor(Arc<CertifiedKey>);

impl ResolvesServerCert for Impostor {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

#[test]
fn a_certificate_without_its_key_is_not_the_server() {
    let (install, token) = install("remote-impostor");
    let server = Server::tls(&install);
    let print = server.said["certificate"].as_str().unwrap().to_owned();
    assert!(server.stop());
    let shown = std::fs::read(install.scratch.path("data.keys/server.crt")).unwrap();
    let chain = vec![CertificateDer::from_pem_slice(&shown).unwrap()];
    let own = KeyPair::generate().unwrap().serialize_pem();
    let key = any_supported_type(&PrivateKeyDer::from_pem_slice(own.as_bytes()).unwrap()).unwrap();
    let key = Arc::new(CertifiedKey::new(chain, key));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Impostor(key)));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let impostor = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut tls = ServerConnection::new(Arc::new(config)).unwrap();
        let mut told = Vec::new();
        let _ = rustls::Stream::new(&mut tls, &mut stream).read_to_end(&mut told);
        told
    });
    let args = ["reveal", "--tenant", "acme", "--purpose", "payout", &token, "--server", &url];
    let args = [&args[..], &["--fingerprint", &print]].concat();
    let refused = away(&install, Some(&install.operator), &args, "");
    assert_eq!(refused.code, 14, "{}", refused.json);
    assert!(refused.text("/error/detail").contains("not one that is trusted"), "{}", refused.json);
    assert!(impostor.join().unwrap().is_empty(), "something was sent");
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

#[test]
fn an_authority_vouches_for_a_host() {
    let (install, _) = install("remote-authority");
    let (ours, theirs) = (authority(), authority());
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &ours).unwrap();
    let write = |name: &str, text: &str| install.scratch.write(name, text).display().to_string();
    let chain = write("chain.pem", &certificate.pem());
    let key = write("key.pem", &key.serialize_pem());
    let (ours, theirs) = (write("ours.pem", &ours.pem()), write("theirs.pem", &theirs.pem()));
    let server = Server::start(&install, &["--certificate", &chain, "--certificate-key", &key]);
    let port = server.address.rsplit(':').next().unwrap();
    let ask = |host: &str, file: &str| {
        let url = format!("https://{host}:{port}");
        let args = ["tenant", "list", "--server", &url, "--authority", file];
        away(&install, Some(&install.operator), &args, "").code
    };
    assert_eq!(ask("localhost", &ours), 0);
    assert_eq!(ask("localhost", &theirs), 14, "by another authority");
    assert_eq!(ask("127.0.0.1", &ours), 14, "for another host");
    let url = format!("https://127.0.0.1:{port}");
    let print = server.said["certificate"].as_str().unwrap();
    let args = ["tenant", "list", "--server", &url, "--fingerprint", print];
    assert_eq!(away(&install, Some(&install.operator), &args, "").code, 0);
    assert!(server.stop());
}

/// A greeting of TLS 1.2 (RFC 5246), which knows nothing of later versions.
fn old_greeting() -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.push(0);
    // ECDHE with AES-128-GCM under ECDSA and RSA.
    body.extend([0, 4, 0xc0, 0x2b, 0xc0, 0x2f]);
    body.extend([1, 0]);
    // Groups: X25519 and P-256; signatures: ECDSA and RSA with SHA-256.
    let extensions = [0, 10, 0, 6, 0, 4, 0, 29, 0, 23, 0, 13, 0, 6, 0, 4, 4, 3, 4, 1];
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    let length = |n: usize| u16::try_from(n).unwrap().to_be_bytes();
    let mut out = vec![22, 3, 1];
    out.extend(length(body.len() + 4));
    out.extend([1, 0]);
    out.extend(length(body.len()));
    out.extend(body);
    out
}

#[test]
fn tls_1_2_is_refused_by_the_server() {
    let install = Install::new("remote-old");
    let server = Server::tls(&install);
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.write_all(&old_greeting()).unwrap();
    let mut told = Vec::new();
    let _ = stream.read_to_end(&mut told);
    // One alert, fatal: protocol_version.
    assert_eq!(told, [21, 3, 3, 0, 2, 2, 70]);
    let args = ["tenant", "list", "--server", server.said["listening"].as_str().unwrap()];
    let args = [&args[..], &["--fingerprint", server.said["certificate"].as_str().unwrap()]];
    assert_eq!(away(&install, Some(&install.operator), &args.concat(), "").code, 0);
    assert!(server.stop());
}

#[test]
fn a_client_that_means_another_protocol_is_not_answered() {
    let install = Install::new("remote-protocol");
    let server = Server::tls(&install);
    let shown = std::fs::read(install.scratch.path("data.keys/server.crt")).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&shown).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let shaken = |protocols: &[&str]| {
        let mut config = config.clone();
        config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        let mut stream = TcpStream::connect(&server.address).unwrap();
        let name = "localhost".try_into().unwrap();
        let mut tls = ClientConnection::new(Arc::new(config), name).unwrap();
        tls.complete_io(&mut stream).is_ok() && !tls.is_handshaking()
    };
    assert!(shaken(&[]) && shaken(&["http/1.1"]) && shaken(&["h2", "http/1.1"]));
    assert!(!shaken(&["h2"]) && !shaken(&["smtp"]));
    assert!(server.stop());
}
