//! A server of a test's own, and raw requests to it: what a client library would not send too.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use strongroom::ambient::{SystemClock, SystemRandom};
use strongroom::http::{App, Identity, Limits, Listen, serve};
use strongroom::vault::{Folders, Vault};
use tokio::sync::oneshot;

use crate::install::Install;

/// How long a test waits for an answer that does not come.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A running server, ended when dropped.
pub struct Server {
    how: How,
    /// Host and port.
    pub address: String,
    /// What it said first.
    pub said: Value,
}

enum How {
    /// `strongroom serve`, and what it says on standard error.
    Process { child: Child, told: Option<JoinHandle<String>> },
    /// In this process, with limits of the test's own.
    Here { thread: Option<JoinHandle<bool>>, stop: Option<oneshot::Sender<()>> },
}

impl Server {
    /// In plain text, at a free port of this machine.
    pub fn plain(install: &Install) -> Self {
        Self::start(install, &["--plain-loopback"])
    }

    /// Over TLS, with the certificate that it makes itself.
    pub fn tls(install: &Install) -> Self {
        Self::start(install, &[])
    }

    /// With more arguments.
    pub fn start(install: &Install, args: &[&str]) -> Self {
        let args: Vec<&str> =
            ["serve", "--listen", "127.0.0.1:0"].into_iter().chain(args.iter().copied()).collect();
        Self::of(install.command(None, &args))
    }

    /// By a command that becomes `serve`.
    pub fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut errors = child.stderr.take().unwrap();
        let told = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = errors.read_to_string(&mut text);
            text
        });
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line:?}: {e}"));
        let url = said["listening"].as_str().unwrap_or_else(|| panic!("{said}"));
        let address = url.split("://").nth(1).unwrap().to_owned();
        Self { how: How::Process { child, told: Some(told) }, address, said }
    }

    /// In this process, in plain text, within limits.
    pub fn within(install: &Install, limits: Limits) -> Self {
        Self::here(install, limits, false)
    }

    /// In this process, within limits, over TLS if it is asked for.
    pub fn here(install: &Install, limits: Limits, tls: bool) -> Self {
        let (data, keys) = (install.scratch.path("data"), install.scratch.path("data.keys"));
        let identity = tls.then(|| Identity::own(&keys).unwrap_or_else(|e| panic!("{e}")));
        let folders = Folders { data: data.clone(), keys };
        let of = folders.clone();
        let open = move || Vault::open(of.clone(), Arc::new(SystemClock), Arc::new(SystemRandom));
        let app = App::new(folders, Arc::new(SystemClock), open);
        let app = app.unwrap_or_else(|e| panic!("{e}")).within(limits);
        let (stop, stopped) = oneshot::channel();
        let (say, said) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let listen = Listen { address: "127.0.0.1:0".parse().unwrap(), identity };
            let ready = |ready: &strongroom::http::Ready| say.send(ready.address).unwrap();
            let stopped = || async { drop(stopped.await) };
            serve(app, &data, listen, ready, stopped).is_ok()
        });
        let address = said.recv().unwrap().to_string();
        let how = How::Here { thread: Some(thread), stop: Some(stop) };
        Self { how, address, said: Value::Null }
    }

    /// A connection.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream.set_write_timeout(Some(TIMEOUT)).unwrap();
        stream
    }

    /// Sends bytes as they are, and gives everything that comes back until the server ends the
    /// connection.
    pub fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The server may have answered and gone before everything was sent.
        let _ = stream.write_all(bytes);
        rest(&mut stream)
    }

    /// The same, as the answers that came back, each whole.
    pub fn answers(&self, bytes: &[u8]) -> Vec<Reply> {
        Reply::all(&self.raw(bytes))
    }

    /// Calls, with the credential of a file.
    pub fn call(&self, credential: Option<&Path>, method: &str, path: &str, body: &str) -> Reply {
        self.call_with(credential, &format!("{method} {path}"), "", body)
    }

    /// The same, with further headers, each with its line's end.
    pub fn call_with(
        &self,
        credential: Option<&Path>,
        call: &str,
        headers: &str,
        body: &str,
    ) -> Reply {
        let more = credential.map(bearer).unwrap_or_default();
        let (method, path) = call.split_once(' ').unwrap();
        let request = request(method, path, &format!("{more}{headers}Connection: close\r\n"), body);
        Reply::of(&self.raw(request.as_bytes()))
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: Signal) {
        let How::Process { child, .. } = &self.how else { panic!("it is this process") };
        let pid = i32::try_from(child.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Tells it to stop, and waits until it has; whether it ended well.
    pub fn stop(self) -> bool {
        self.end().0
    }

    /// Tells it to stop, and waits; whether it ended well, and what it said on standard error. A
    /// panic is a failure, wherever it was.
    pub fn end(mut self) -> (bool, String) {
        if matches!(self.how, How::Process { .. }) {
            self.signal(Signal::TERM);
        }
        self.ended()
    }

    /// Waits until it has ended.
    pub fn ended(&mut self) -> (bool, String) {
        let (well, text) = match &mut self.how {
            How::Process { child, told } => {
                let well = child.wait().unwrap().success();
                (well, told.take().unwrap().join().unwrap())
            }
            How::Here { thread, stop } => {
                drop(stop.take());
                (thread.take().unwrap().join().unwrap(), String::new())
            }
        };
        assert!(!text.contains("panic"), "{text}");
        (well, text)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        match &mut self.how {
            How::Process { child, .. } => {
                let _ = child.kill();
                let _ = child.wait();
            }
            How::Here { thread, stop } => {
                drop(stop.take());
                let _ = thread.take().map(JoinHandle::join);
            }
        }
    }
}

/// Everything that comes until a connection ends.
pub fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The header of a credential.
pub fn bearer(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    format!("Authorization: Bearer {}\r\n", text.trim())
}

/// A request as bytes, with lines of further headers.
pub fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: strongroom\r\n{headers}Content-Length: {length}\r\n\r\n\
         {body}"
    )
}

/// Reads one answer off a connection that stays; nothing where it ended before one began.
pub fn next(stream: &mut TcpStream) -> Option<Reply> {
    let mut bytes = Vec::new();
    let mut one = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read(&mut one) {
            Ok(1) => bytes.push(one[0]),
            _ if bytes.is_empty() => return None,
            ended => panic!("half an answer: {ended:?} {}", String::from_utf8_lossy(&bytes)),
        }
    }
    let head = String::from_utf8(bytes).unwrap();
    let mut body = vec![0; Reply::of(&head).length()];
    stream.read_exact(&mut body).unwrap_or_else(|e| panic!("half an answer: {e} {head}"));
    Some(Reply::of(&(head + &String::from_utf8(body).unwrap())))
}

/// An answer.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, where it is JSON.
    pub json: Value,
    /// All of it.
    pub text: String,
}

impl Reply {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text:?}"));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let header = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_lowercase(), value.to_owned()))
        };
        Self {
            status: status.unwrap_or_else(|| panic!("{text:?}")),
            headers: lines.filter_map(header).collect(),
            json: serde_json::from_str(body).unwrap_or_default(),
            text: text.to_owned(),
        }
    }

    /// Every answer in what came back, each as long as it says, and nothing between them.
    pub fn all(mut text: &str) -> Vec<Self> {
        let mut out = Vec::new();
        while !text.is_empty() {
            let head = text.find("\r\n\r\n").unwrap_or_else(|| panic!("{text:?}")) + 4;
            let whole = head + Self::of(&text[..head]).length();
            assert!(text.len() >= whole, "half an answer: {text:?}");
            out.push(Self::of(&text[..whole]));
            text = &text[whole..];
        }
        out
    }

    /// How long its body is.
    fn length(&self) -> usize {
        self.header("content-length").map_or(0, |text| text.parse().unwrap())
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Text in the answer, by a path like `/principal/id`.
    pub fn at(&self, path: &str) -> &str {
        let found = self.json.pointer(path).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no {path} in {}", self.text))
    }
}
