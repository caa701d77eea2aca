//! A development install in a folder of its own, used as a person at a terminal uses it; whatever
//! the binary prints is kept, so that it can be searched.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use std::cell::RefCell;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use strongroom_core::ledger::Entry;
use strongroom_core::ledger::tile::Bundle;

/// A folder with an install in it.
pub struct Desk {
    root: PathBuf,
    printed: RefCell<Vec<u8>>,
}

/// What a command answered.
pub struct Said {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// Standard output as the one JSON object that it must be.
    pub fn json(&self) -> Value {
        let value: Value = serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("{e}: not one JSON value: {:?} {:?}", self.out, self.err));
        assert!(value.is_object(), "{value}");
        assert!(self.out.ends_with('\n') && self.out.trim_end().lines().count() == 1);
        value
    }

    /// The type of the error that the answer holds.
    pub fn error(&self) -> String {
        let json = self.json();
        let error = json["error"].as_object().unwrap_or_else(|| panic!("no error: {json}"));
        let mut names: Vec<_> = error.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["detail", "remedy", "type"]);
        assert_eq!(json.as_object().unwrap().len(), 1);
        assert!(error.values().all(|v| v.as_str().is_some_and(|v| !v.is_empty())), "{json}");
        json["error"]["type"].as_str().unwrap().to_owned()
    }
}

impl Desk {
    /// An empty folder; no two tests may name the same.
    pub fn bare(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("desk-{name}"));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join("tmp")).unwrap();
        Self { root, printed: RefCell::default() }
    }

    /// With a development install and the tenants acme and borealis.
    pub fn new(name: &str) -> Self {
        Self::bare(name).opened()
    }

    /// The same, in a folder that is prepared already.
    pub fn opened(self) -> Self {
        self.done(&["init", "--development"]);
        self.done(&["tenant", "add", "acme"]);
        self.done(&["tenant", "add", "borealis"]);
        self
    }

    /// A path below the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        String::from_utf8(bytes).unwrap()
    }

    /// The binary in this folder, with this install and nothing of the environment's own.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        for name in ["KEYS", "CREDENTIAL", "PASSPHRASE_FILE", "SERVER", "FINGERPRINT"] {
            command.env_remove(format!("STRONGROOM_{name}"));
        }
        command.env_remove("NO_COLOR");
        command.env("STRONGROOM_DATA", self.path("data")).env("TMPDIR", self.path("tmp"));
        command.current_dir(&self.root).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command.
    pub fn run(&self, args: &[&str]) -> Said {
        let output = self.command(args).output().unwrap();
        self.said(&output)
    }

    /// Runs a command with text on its standard input.
    pub fn run_on(&self, args: &[&str], input: &str) -> Said {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        // It may end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        self.wait(child)
    }

    /// Waits for a command that was started.
    pub fn wait(&self, child: Child) -> Said {
        self.said(&child.wait_with_output().unwrap())
    }

    /// Runs a command with `--json`; it must end with this code.
    pub fn ends(&self, code: i32, args: &[&str]) -> Said {
        let said = self.run(&[args, &["--json"]].concat());
        assert_eq!(said.code, Some(code), "{args:?}: {} {}", said.out, said.err);
        said
    }

    /// Runs a command that must succeed; gives its JSON.
    pub fn done(&self, args: &[&str]) -> Value {
        self.ends(0, args).json()
    }

    /// Seals a file of acme into the collection of people, which must succeed.
    pub fn seal(&self, file: &str) -> Value {
        self.done(&["seal", file, "--tenant", "acme", "--collection", "people"])
    }

    /// Reveals tokens of acme in full.
    pub fn values(&self, tokens: &[&str]) -> Vec<String> {
        let args = ["reveal", "--tenant", "acme", "--purpose", "support", "--full"];
        let json = self.done(&[&args, tokens].concat());
        let values = json["values"].as_array().unwrap();
        values.iter().map(|v| v["value"].as_str().unwrap().to_owned()).collect()
    }

    /// The entries of a tenant's log, as an export of the ledger holds them: fewer than 256.
    pub fn log(&self, tenant: &str) -> Vec<Entry> {
        let _ = fs::remove_dir_all(self.path("log"));
        self.done(&["ledger", "export", "--out", "log"]);
        let id = self.done(&["tenant", "show", tenant])["tenant"]["id"].clone();
        let place = self.path("log/tenants").join(id.as_str().unwrap()).join("tile/entries");
        let only = |folder: PathBuf| {
            let mut names = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
            let found = names.next().unwrap();
            assert_eq!(names.next(), None, "a log of more than one file");
            found
        };
        let bytes = fs::read(only(only(place))).unwrap();
        let bundle = Bundle::decode(&bytes).unwrap();
        let entries = bundle.entries().iter().map(|leaf| Entry::from_bytes(leaf).unwrap());
        let entries: Vec<Entry> = entries.collect();
        fs::remove_dir_all(self.path("log")).unwrap();
        entries
    }

    /// Everything that was printed so far, apart from what [`Desk::unheard`] ran.
    pub fn printed(&self) -> Vec<u8> {
        self.printed.borrow().clone()
    }

    /// Runs what is meant to print values: it is not kept.
    pub fn unheard<T>(&self, run: impl FnOnce(&Self) -> T) -> T {
        let before = self.printed.borrow().len();
        let done = run(self);
        self.printed.borrow_mut().truncate(before);
        done
    }

    fn said(&self, output: &Output) -> Said {
        let mut printed = self.printed.borrow_mut();
        printed.extend_from_slice(&output.stdout);
        printed.extend_from_slice(&output.stderr);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

/// The tokens in a tokenised file, in the order they stand in.
pub fn tokens(text: &str) -> Vec<&str> {
    let found = text.match_indices("srt_");
    found.filter_map(|(at, _)| text.get(at..at + 36)).collect()
}
