//! A server of a test's own, and raw requests to it: what a client library would not send too.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::install::Install;

/// How long a test waits for an answer that does not come.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A running `strongroom serve`, ended when dropped.
pub struct Server {
    child: Child,
    /// Host and port.
    pub address: String,
    /// What it said first.
    pub said: Value,
}

impl Server {
    /// In plain text, at a free port of this machine.
    pub fn plain(install: &Install) -> Self {
        Self::start(install, &["--plain-loopback"])
    }

    /// With more arguments.
    pub fn start(install: &Install, args: &[&str]) -> Self {
        let args: Vec<&str> =
            ["serve", "--listen", "127.0.0.1:0"].into_iter().chain(args.iter().copied()).collect();
        Self::of(install.command(None, &args))
    }

    fn of(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::inherit()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{line:?}: {e}"));
        let url = said["listening"].as_str().unwrap_or_else(|| panic!("{said}"));
        let address = url.split("://").nth(1).unwrap().to_owned();
        Self { child, address, said }
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
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
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
        let bearer = credential.map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            format!("Authorization: Bearer {}\r\n", text.trim())
        });
        let request = format!(
            "{call} HTTP/1.1\r\nHost: strongroom\r\nConnection: close\r\n\
             {headers}{}Content-Length: {}\r\n\r\n{body}",
            bearer.unwrap_or_default(),
            body.len()
        );
        Reply::of(&self.raw(request.as_bytes()))
    }

    /// Tells it to stop, and waits until it has.
    pub fn stop(mut self) -> bool {
        let pid = i32::try_from(self.child.id()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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
