//! The Python client, `clients/python`, against a real server: the lines of its page as they are
//! pasted, every method, and whom it believes to be the server.
//!
//! Asked with `STRONGROOM_PYTHON`, which `./test` sets, or else `python3`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;
#[path = "support/server.rs"]
mod server;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use install::Install;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs::{default_provider, sign::any_supported_type};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection};
use serde_json::Value;
use server::Server;

const PEOPLE: &str = "name,ssn,password\nAda Archer,536-22-1847,River-71!\n";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../clients/python")
}

/// The Python to ask: the one named, or one at hand that the client is made for.
fn python() -> Option<OsString> {
    if let Some(python) = std::env::var_os("STRONGROOM_PYTHON") {
        return Some(python);
    }
    let asked = "import sys; sys.exit(sys.version_info < (3, 9))";
    let there = Command::new("python3").args(["-c", asked]).stderr(Stdio::null()).status();
    if there.is_ok_and(|status| status.success()) {
        return Some("python3".into());
    }
    // Written past the test harness, which would keep it back: a skip must be seen.
    let said = b"skipped: no STRONGROOM_PYTHON, and no python3 of 3.9 or later: clients/python\n";
    std::io::stderr().write_all(said).unwrap();
    None
}

/// Runs Python with the client, and nothing else of the environment's own; gives what it printed.
fn run(python: &OsString, args: &[&str], named: &[(&str, &str)]) -> String {
    let mut command = Command::new(python);
    for (name, _) in std::env::vars_os().filter(|(n, _)| n.to_string_lossy().contains("STRONG")) {
        command.env_remove(name);
    }
    command.env("PYTHONPATH", folder()).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = command.args(args).envs(named.iter().copied()).output().unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{args:?}: {out}{err}");
    out.into_owned()
}

/// Runs a part of `python_client.py`.
fn part(python: &OsString, name: &str, named: &[(&str, &str)]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python_client.py");
    run(python, &["-W", "error", script.to_str().unwrap(), name], named)
}

/// An install with two tenants, a service each, and one person.
fn install(name: &str) -> Install {
    let install = Install::new(name);
    for (tenant, service) in [("acme", "shop"), ("birch", "rival")] {
        install.operate(&["tenant", "add", tenant]);
        install.principal(service, "service", tenant);
    }
    let file = install.scratch.write("people.csv", PEOPLE);
    let out = install.scratch.path("out");
    let of = ["--tenant", "acme", "--collection", "people", "--out", out.to_str().unwrap()];
    install.operate(&[&["seal", file.to_str().unwrap()][..], &of].concat());
    install
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// What the script is told of a server.
fn told(install: &Install, server: &Server) -> Vec<(&'static str, String)> {
    let said = |name: &str| server.said[name].as_str().unwrap().to_owned();
    vec![
        ("TEST_URL", said("listening")),
        ("TEST_FINGERPRINT", said("certificate")),
        ("TEST_FILES", text(&install.scratch.path(""))),
        ("TEST_CERTIFICATE", text(&install.scratch.path("data.keys/server.crt"))),
        ("TEST_CERTIFICATE_KEY", text(&install.scratch.path("data.keys/server.key"))),
    ]
}

fn borrowed<'a>(named: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    named.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[test]
fn the_lines_of_the_page_work_as_pasted() {
    let Some(python) = python() else { return };
    let page = fs::read_to_string(folder().join("README.md")).unwrap();
    let (_, rest) = page.split_once("```python\n").unwrap();
    let (lines, _) = rest.split_once("```").unwrap();
    assert!(lines.lines().count() > 5, "{lines}");
    let install = install("python-page");
    let server = Server::tls(&install);
    let said = |name: &str| server.said[name].as_str().unwrap();
    let shop = text(&install.scratch.path("shop"));
    let named = [
        ("STRONGROOM_SERVER", said("listening")),
        ("STRONGROOM_FINGERPRINT", said("certificate")),
        ("STRONGROOM_CREDENTIAL", &shop),
    ];
    let printed = run(&python, &["-c", lines], &named);
    let printed: Vec<&str> = printed.lines().collect();
    assert_eq!(printed.len(), 2, "{printed:?}");
    assert!(printed[0].starts_with("Ada Archer is in entry "), "{printed:?}");
    assert!(printed[1].starts_with("and that is not the password of srr_"), "{printed:?}");
    assert!(server.stop());
}

#[test]
fn every_method_answers_and_every_refusal_is_a_problem() {
    let Some(python) = python() else { return };
    let install = install("python-calls");
    let server = Server::tls(&install);
    part(&python, "everything", &borrowed(&told(&install, &server)));
    assert!(server.stop());
}

#[test]
fn what_changes_nothing_is_asked_once_more_and_nothing_else() {
    let Some(python) = python() else { return };
    let install = install("python-connections");
    part(&python, "connections", &[("TEST_FILES", &text(&install.scratch.path("")))]);
}

#[test]
fn the_client_has_every_call() {
    let Some(python) = python() else { return };
    let said: Value = serde_json::from_str(&part(&python, "calls", &[])).unwrap();
    let calls: BTreeSet<(String, String)> = serde_json::from_value(said["calls"].clone()).unwrap();
    let routes = strongroom::http::operations().into_iter();
    let routes = routes.map(|route| (route.method.name().to_owned(), route.path.to_owned()));
    let health = ("GET".to_owned(), "/v1/health".to_owned());
    let routes: BTreeSet<_> = routes.chain([health]).collect();
    assert_eq!(calls, routes, "CALLS of clients/python/strongroom/__init__.py");
    assert_eq!(said["version"], env!("CARGO_PKG_VERSION"));
    let project = fs::read_to_string(folder().join("pyproject.toml")).unwrap();
    let project: toml::Table = project.parse().unwrap();
    assert_eq!(project["project"]["version"].as_str(), Some(env!("CARGO_PKG_VERSION")));
}

/// A certificate of an authority, for `localhost`.
struct Vouched {
    authority: String,
    certificate: String,
    key: String,
}

impl Vouched {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        // Whoever has the name of who vouched for it vouched for itself.
        params.distinguished_name.push(DnType::CommonName, "an authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let of = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &of).unwrap().pem();
        Self { authority: of.pem(), certificate, key: key.serialize_pem() }
    }
}

#[test]
fn whoever_is_not_trusted_is_sent_nothing() {
    let Some(python) = python() else { return };
    let install = install("python-untrusted");
    let before = install.entries().len();
    let server = Server::tls(&install);
    let mut named = told(&install, &server);
    named.push(("TEST_OTHERS", text(&install.scratch.write("ca.pem", &Vouched::new().authority))));
    // Its credential is none: if it arrived, its refusal would be an entry.
    part(&python, "untrusted", &borrowed(&named));
    assert!(server.stop());
    assert_eq!(install.entries().len(), before, "something was sent");
}

#[test]
fn an_authority_vouches_for_a_host() {
    let Some(python) = python() else { return };
    let install = install("python-authority");
    let (ours, theirs) = (Vouched::new(), Vouched::new());
    let write = |name: &str, pem: &str| text(&install.scratch.write(name, pem));
    let (chain, key) = (write("chain.pem", &ours.certificate), write("key.pem", &ours.key));
    let server = Server::start(&install, &["--certificate", &chain, "--certificate-key", &key]);
    let mut named = told(&install, &server);
    named.push(("TEST_OURS", write("ours.pem", &ours.authority)));
    named.push(("TEST_OTHERS", write("theirs.pem", &theirs.authority)));
    part(&python, "authority", &borrowed(&named));
    assert!(server.stop());
}

/// Shows a certificate, whosever it is.
#[derive(Debug)]
struct Impostor(Arc<CertifiedKey>);

impl ResolvesServerCert for Impostor {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// What comes to an impostor who shows this certificate and has this key, from a client that holds
/// on to a fingerprint.
fn comes(python: &OsString, files: &str, pin: &str, certificate: &str, key: &str) -> Vec<u8> {
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = any_supported_type(&PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Impostor(Arc::new(CertifiedKey::new(chain, key)))));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let impostor = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut tls = ServerConnection::new(Arc::new(config)).unwrap();
        let mut came = Vec::new();
        let _ = rustls::Stream::new(&mut tls, &mut stream).read_to_end(&mut came);
        came
    });
    let named = [("TEST_URL", &url[..]), ("TEST_FINGERPRINT", pin), ("TEST_FILES", files)];
    part(python, "impostor", &named);
    impostor.join().unwrap()
}

#[test]
fn an_impostor_hears_nothing() {
    let Some(python) = python() else { return };
    let install = install("python-impostor");
    let server = Server::tls(&install);
    let pin = server.said["certificate"].as_str().unwrap().to_owned();
    assert!(server.stop());
    let files = text(&install.scratch.path(""));
    let others = Vouched::new();
    // A certificate of its own, and its key; the server's, without its key.
    let shown = fs::read_to_string(install.scratch.path("data.keys/server.crt")).unwrap();
    for certificate in [&others.certificate, &shown] {
        let came = comes(&python, &files, &pin, certificate, &others.key);
        assert!(came.is_empty(), "{}", String::from_utf8_lossy(&came));
    }
}
