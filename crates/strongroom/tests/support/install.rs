//! A real install in a folder of its own, asked through the real binary.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::Value;
use strongroom::ambient::{SystemClock, SystemRandom};
use strongroom::vault::{Folders, Vault};
use strongroom_core::ledger::{Entry, LogId};

/// A folder of one test, below `target/`; removed unless the test fails.
pub struct Scratch(PathBuf);

impl Scratch {
    /// An empty folder. No two tests may name the same.
    pub fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file in it that only its owner can read.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        let mut options = fs::OpenOptions::new();
        let file = options.create(true).truncate(true).write(true).mode(0o600);
        file.open(&path).unwrap().write_all(text.as_bytes()).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// What a command answered.
pub struct Answer {
    /// The exit code.
    pub code: i32,
    /// Its standard output, one JSON object.
    pub json: Value,
    /// Its standard error.
    pub notices: String,
}

impl Answer {
    /// Text in the answer, by a path like `/principal/id`.
    pub fn text(&self, path: &str) -> &str {
        let found = self.json.pointer(path).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no {path} in {}", self.json))
    }

    /// A number in the answer.
    pub fn number(&self, path: &str) -> u64 {
        let found = self.json.pointer(path).and_then(Value::as_u64);
        found.unwrap_or_else(|| panic!("no {path} in {}", self.json))
    }
}

/// An install that is not for development, and its local operator.
pub struct Install {
    /// Where everything of the test lies.
    pub scratch: Scratch,
    /// The file of the local operator's credential.
    pub operator: PathBuf,
}

impl Install {
    /// Made by `init`.
    pub fn new(name: &str) -> Self {
        let scratch = Scratch::new(name);
        let mut install = Self { operator: scratch.path("operator"), scratch };
        let made = install.run(None, &["init"]);
        assert_eq!(made.code, 0, "{}", made.json);
        install.operator = install.scratch.write("operator", made.text("/credential"));
        install
    }

    /// One for development.
    pub fn development(name: &str) -> Self {
        let scratch = Scratch::new(name);
        let operator = scratch.path("data.keys").join("operator.credential");
        let install = Self { scratch, operator };
        assert_eq!(install.run(None, &["init", "--development"]).code, 0);
        install
    }

    /// A command of a caller, with nothing of the environment's own.
    pub fn command(&self, credential: Option<&Path>, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        for name in ["DATA", "KEYS", "CREDENTIAL", "PASSPHRASE_FILE", "SERVER", "FINGERPRINT"] {
            command.env_remove(format!("STRONGROOM_{name}"));
        }
        command.arg("--json").arg("--data").arg(self.scratch.path("data")).args(args);
        if let Some(file) = credential {
            command.arg("--credential").arg(file);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command of a caller to its end.
    pub fn run(&self, credential: Option<&Path>, args: &[&str]) -> Answer {
        answer(self.command(credential, args).spawn().unwrap())
    }

    /// Runs a command of the local operator, with text on its standard input.
    pub fn run_on(&self, args: &[&str], input: &str) -> Answer {
        self.run_as(Some(&self.operator), args, input)
    }

    /// Runs a command of a caller, with text on its standard input.
    pub fn run_as(&self, credential: Option<&Path>, args: &[&str], input: &str) -> Answer {
        let mut command = self.command(credential, args);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        // It may end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        answer(child)
    }

    /// Runs a command of the local operator that must succeed.
    pub fn operate(&self, args: &[&str]) -> Answer {
        let answer = self.run(Some(&self.operator), args);
        assert_eq!(answer.code, 0, "{args:?}: {} {}", answer.json, answer.notices);
        answer
    }

    /// Adds a principal; gives the file of its credential, and its id.
    pub fn principal(&self, name: &str, kind: &str, tenant: &str) -> (PathBuf, String) {
        let added = self.operate(&["principal", "add", name, "--kind", kind, "--tenant", tenant]);
        let file = self.scratch.write(name, added.text("/credential"));
        (file, added.text("/principal/id").to_owned())
    }

    /// Every entry of every log: no command may run meanwhile.
    pub fn entries(&self) -> Vec<Entry> {
        let vault = self.open();
        let logs: Vec<LogId> = vault.store().heads().into_iter().map(|(log, ..)| log).collect();
        let mut found = Vec::new();
        for log in logs {
            let mut take = |_, leaf: &[u8]| {
                found.push(Entry::from_bytes(leaf).unwrap());
                true
            };
            vault.store().entries(log, &mut take).unwrap();
        }
        found
    }

    /// Opens the install in this process: no command may run meanwhile.
    pub fn open(&self) -> Vault {
        let folders =
            Folders { data: self.scratch.path("data"), keys: self.scratch.path("data.keys") };
        let opened = Vault::open(folders, Arc::new(SystemClock), Arc::new(SystemRandom));
        opened.unwrap_or_else(|problem| panic!("{problem}"))
    }
}

/// Waits for a command.
pub fn answer(child: Child) -> Answer {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let notices = String::from_utf8(output.stderr).unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("killed: {notices}"));
    let json = serde_json::from_str(&text);
    Answer { code, json: json.unwrap_or_else(|_| panic!("not JSON: {text}{notices}")), notices }
}
