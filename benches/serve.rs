//! Reveals over HTTP, every step on (authenticate, policy, durable entry, open), in plain text on
//! loopback with connections kept alive; beside a bare JSON echo of the same HTTP library, and
//! beside the transit decryption of OpenBao, which stores no value and writes no entry, without and
//! with its file audit device, which it does not sync.
//!
//! `BAO=PATH cargo bench --bench serve` (RECORDS, SECONDS, ROUNDS). Each server is a process of its
//! own; all are asked by the same client, one thread, in turn. Ratios are of medians.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a bench measures time and stops at the first fault"
)]

#[path = "support.rs"]
mod support;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use serde_json::{Value, json};
use strongroom::vault::seal::SealRequest;
use support::{Install, machine, median, quantile, scratch, setting};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

/// Items of a batch.
const BATCH: usize = 100;

fn main() {
    if std::env::args().any(|arg| arg == "echo") {
        return echo();
    }
    let (records, rounds) = (setting("RECORDS", 20_000), setting("ROUNDS", 3));
    let dir = scratch("serve");
    println!("{}\n{records} records, {rounds} rounds", machine());
    let (tokens, credential) = people(&dir, records);
    let mut servers = vec![strongroom(&dir), echo_server()];
    let own = Asked::own(&servers[0].at, &credential, &tokens);
    let mut loads = vec![
        ("reveal", own.clone(), 64, 1),
        ("reveal", own, 1, 1),
        ("reveal", Asked::batch(&servers[0].at, &credential, &tokens), 16, BATCH),
        ("echo", Asked::echo(&servers[1].at), 64, 1),
        ("echo", Asked::echo(&servers[1].at), 1, 1),
    ];
    if let Some(bao) = std::env::var_os("BAO").map(PathBuf::from) {
        for (name, audit) in [("bao", false), ("bao+audit", true)] {
            let server = openbao(&bao, &dir, audit);
            let (one, many) = Asked::transit(&server.at);
            loads.push((name, one.clone(), 64, 1));
            loads.push((name, one, 1, 1));
            loads.push((name, many, 16, BATCH));
            servers.push(server);
        }
    }
    let mut rates = vec![Vec::new(); loads.len()];
    for _ in 0..rounds {
        for (load, rates) in loads.iter().zip(&mut rates) {
            rates.push(run(load));
        }
    }
    let middle: Vec<f64> = rates.iter_mut().map(|rates| median(rates)).collect();
    println!();
    for ((name, _, callers, items), rate) in loads.iter().zip(&middle) {
        let own = loads.iter().position(|l| (l.0, l.2, l.3) == ("reveal", *callers, *items));
        let of = middle[own.unwrap()] / rate;
        println!("{name:10} {callers:3} callers x {items:3}: {rate:9.0} items/s, ours {of:.2}");
    }
    drop(servers);
    std::fs::remove_dir_all(&dir).unwrap();
}

/// An install with people sealed: the tokens of the SSN column, and a credential.
fn people(dir: &Path, records: u64) -> (Vec<String>, String) {
    let csv = dir.join("people.csv");
    support::write_people(&csv, records);
    let install = Install::new(dir);
    let out = dir.join("out.csv");
    let request = SealRequest {
        input: csv,
        tenant: "acme".to_owned(),
        collection: "people".to_owned(),
        out: Some(out.clone()),
        ..SealRequest::default()
    };
    install.vault.seal(&install.who, &request, &|_| {}).unwrap();
    let text = std::fs::read_to_string(&out).unwrap();
    let tokens = text.lines().skip(1).filter_map(|l| l.split(',').nth(7)).map(str::to_owned);
    let credential = std::fs::read_to_string(dir.join("keys/operator.credential")).unwrap();
    (tokens.collect(), credential.trim().to_owned())
}

/// A server of its own, ended when dropped.
struct Running {
    child: Child,
    at: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server, and waits for the line that says where it listens.
fn started(command: &mut Command, says: impl Fn(&str) -> Option<String>) -> Running {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let at = lines.find_map(|line| says(&line)).unwrap();
    // Whatever else it says is read, or it would wait for that.
    std::thread::spawn(move || lines.for_each(drop));
    Running { child, at }
}

fn strongroom(dir: &Path) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
    command.args(["--json", "serve", "--listen", "127.0.0.1:0", "--plain-loopback"]);
    command.env("STRONGROOM_DATA", dir.join("data")).env("STRONGROOM_KEYS", dir.join("keys"));
    started(&mut command, |line| {
        let said: Value = serde_json::from_str(line).ok()?;
        Some(said["listening"].as_str()?.strip_prefix("http://")?.to_owned())
    })
}

fn echo_server() -> Running {
    let mut command = Command::new(std::env::current_exe().unwrap());
    started(command.arg("echo"), |line| Some(line.to_owned()))
}

/// A JSON echo, and nothing else.
fn echo() {
    use axum::routing::post;
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        let same = |axum::Json(body): axum::Json<Value>| async { axum::Json(body) };
        axum::serve(listener, axum::Router::new().route("/echo", post(same))).await.unwrap();
    });
}

fn openbao(bao: &Path, dir: &Path, audit: bool) -> Running {
    let (config, log) = (dir.join("bao.hcl"), dir.join("bao.audit"));
    let device = "audit \"file\" \"file\" {\n  options {\n    file_path = ";
    let text =
        if audit { format!("{device}\"{}\"\n  }}\n}}\n", log.display()) } else { String::new() };
    std::fs::write(&config, text).unwrap();
    // The port behind each is taken too.
    let port = if audit { 18_203 } else { 18_201 };
    let at = format!("127.0.0.1:{port}");
    let mut command = Command::new(bao);
    command.args(["server", "-dev", "-dev-root-token-id=root", "-dev-no-store-token"]);
    command.arg(format!("-dev-listen-address={at}")).arg(format!("-config={}", config.display()));
    let running = started(&mut command, |line| line.starts_with("Root Token").then(|| at.clone()));
    ask(&running.at, "/v1/sys/mounts/transit", &json!({"type": "transit"}));
    ask(&running.at, "/v1/transit/keys/key", &json!({}));
    running
}

/// Asks OpenBao once.
fn ask(at: &str, path: &str, body: &Value) -> Value {
    let request = Asked::post(at, path, "X-Vault-Token: root", &body.to_string());
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut stream = TcpStream::connect(at).await.unwrap();
        let mut buffer = Vec::new();
        stream.write_all(&request).await.unwrap();
        let body = answer(&mut stream, &mut buffer).await;
        // Without the lengths of chunks, which are lines of their own.
        let text = String::from_utf8_lossy(&buffer[body]).into_owned();
        let lines = text.split("\r\n").filter(|l| u32::from_str_radix(l, 16).is_err());
        serde_json::from_str(&lines.collect::<String>()).unwrap_or_default()
    })
}

/// What is asked, in turn.
#[derive(Clone)]
struct Asked {
    at: String,
    requests: Vec<Vec<u8>>,
}

impl Asked {
    fn post(at: &str, path: &str, header: &str, body: &str) -> Vec<u8> {
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nHost: {at}\r\n{header}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    fn reveals(at: &str, credential: &str, tokens: &[String], items: usize) -> Self {
        let bearer = format!("Authorization: Bearer {credential}");
        let request = |tokens: &[String]| {
            let body = json!({"tokens": tokens, "purpose": "support", "form": "full"});
            Self::post(at, "/v1/tenants/acme/reveal", &bearer, &body.to_string())
        };
        let requests = tokens.chunks_exact(items).map(request).collect();
        Self { at: at.to_owned(), requests }
    }

    fn own(at: &str, credential: &str, tokens: &[String]) -> Self {
        Self::reveals(at, credential, tokens, 1)
    }

    fn batch(at: &str, credential: &str, tokens: &[String]) -> Self {
        Self::reveals(at, credential, tokens, BATCH)
    }

    fn echo(at: &str) -> Self {
        let body =
            json!({"tokens": ["srt_afeydxns6t2zkfgt5ghxbnbmkf63hhju"], "purpose": "support"});
        let request = Self::post(at, "/echo", "Accept: */*", &body.to_string());
        Self { at: at.to_owned(), requests: vec![request] }
    }

    /// Values of their own, decrypted one by one and many at a time.
    fn transit(at: &str) -> (Self, Self) {
        let plain = |n| BASE64.encode(format!("536-22-{n:04}").as_bytes());
        let plain: Vec<Value> = (0..2_000).map(|n| json!({"plaintext": plain(n)})).collect();
        let mut sealed = Vec::new();
        for plain in plain.chunks(BATCH) {
            let answer = ask(at, "/v1/transit/encrypt/key", &json!({"batch_input": plain}));
            let results = answer["data"]["batch_results"].as_array().unwrap();
            sealed.extend(results.iter().map(|r| json!({"ciphertext": r["ciphertext"]})));
        }
        let (path, token) = ("/v1/transit/decrypt/key", "X-Vault-Token: root");
        let one = |sealed: &Value| Self::post(at, path, token, &sealed.to_string());
        let many = |chunk: &[Value]| {
            Self::post(at, path, token, &json!({"batch_input": chunk}).to_string())
        };
        let at = at.to_owned();
        let one = Self { at: at.clone(), requests: sealed.iter().map(one).collect() };
        (one, Self { at, requests: sealed.chunks_exact(BATCH).map(many).collect() })
    }
}

/// Reads one answer, and gives where its body stands; stops at anything but 200.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::ops::Range<usize> {
    buffer.clear();
    loop {
        if let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let text = std::str::from_utf8(&buffer[..head]).unwrap().to_lowercase();
            let (from, ok) = (head + 4, text.starts_with("http/1.1 20"));
            let length: Option<usize> =
                text.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok());
            let end = match length {
                Some(length) => from + length,
                None if !text.contains("\r\ntransfer-encoding: chunked") => from,
                // In chunks: one request at a time, so that the last of them ends what came.
                None if buffer.ends_with(b"\r\n0\r\n\r\n") => buffer.len(),
                None => usize::MAX,
            };
            if buffer.len() >= end {
                assert!(ok, "{}", String::from_utf8_lossy(&buffer[..end]));
                return from..end;
            }
        }
        assert!(stream.read_buf(buffer).await.unwrap() > 0, "the server ended the connection");
    }
}

/// Asks for some seconds; gives items a second.
fn run((name, asked, callers, items): &(&str, Asked, usize, usize)) -> f64 {
    let seconds = setting("SECONDS", 5);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut all: Vec<f64> = runtime.block_on(async {
        let mut running = Vec::new();
        for caller in 0..*callers {
            let asked = asked.clone();
            running.push(tokio::spawn(async move {
                let mut stream = TcpStream::connect(&asked.at).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let mut buffer = Vec::new();
                let (mut times, mut n) = (Vec::new(), caller * 7919);
                while Instant::now() < until {
                    let start = Instant::now();
                    let request = &asked.requests[n % asked.requests.len()];
                    stream.write_all(request).await.unwrap();
                    answer(&mut stream, &mut buffer).await;
                    times.push(start.elapsed().as_secs_f64() * 1e3);
                    n += 1;
                }
                times
            }));
        }
        let mut all = Vec::new();
        for one in running {
            all.extend(one.await.unwrap());
        }
        all
    });
    all.sort_by(f64::total_cmp);
    let rate = (all.len() * items) as f64 / seconds as f64;
    let (half, most) = (quantile(&all, 0.5), quantile(&all, 0.99));
    println!(
        "{name:10} {callers:3} callers x {items:3}: {rate:9.0} items/s  \
         p50 {half:.3} ms  p99 {most:.3} ms"
    );
    rate
}
