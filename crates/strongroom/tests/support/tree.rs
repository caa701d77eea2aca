//! The workspace as its tests see it: files, and what cargo says of the crates.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A text file of the workspace.
pub struct TextFile {
    /// Its path from the root.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Every text file that git tracks or would track, so that a new one is looked at before its first
/// commit.
pub fn files() -> Vec<TextFile> {
    let listed = run(Command::new("git").args(["ls-files", "-co", "--exclude-standard", "-z"]));
    let paths = listed.split('\0').filter(|path| !path.is_empty());
    // A path may be listed and gone, or no text: the rules are about text.
    let read = |path: &str| {
        let text = fs::read_to_string(root().join(path)).ok()?;
        Some(TextFile { path: path.to_owned(), text })
    };
    paths.filter_map(read).collect()
}

/// What `cargo metadata` answers; nothing is fetched.
pub fn metadata(args: &[&str]) -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let fixed = ["metadata", "--offline", "--locked", "--format-version", "1"];
    serde_json::from_str(&run(Command::new(cargo).args(fixed).args(args))).unwrap()
}

/// The text of a field, or nothing.
pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a field, or none.
pub fn items<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value.get(field).and_then(Value::as_array).into_iter().flatten()
}

fn run(command: &mut Command) -> String {
    let output = command.current_dir(root()).output().unwrap();
    if !output.status.success() {
        panic!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout).unwrap()
}
