//! What the compiler must refuse: the rules that no test of behaviour could hold, since the code
//! that breaks them is not to exist.
//!
//! Each case stands in `compile_fail/`, and beside it, in `.expected`, every error the compiler
//! gives: line, code and message. A case that fails for another reason holds nothing, so all of it
//! is compared; under another compiler than the workspace's `rust-version`, which may word things
//! differently, line and code. After a change, run with `STRONGROOM_BLESS=1`, then read each
//! difference.
//!
//! The cases are handed to the compiler with the library that was built for this very test: a
//! second build of the whole tree would cost a minute and more.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// The library as it was built last. Whatever stood before a change of its source is older.
fn library(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let built = fs::read_dir(test.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let ours = built.filter(|path| {
        let file = path.file_name().unwrap().to_string_lossy();
        file.starts_with(&format!("lib{name}-")) && file.ends_with(".rlib")
    });
    let newest = ours.max_by_key(|path| path.metadata().unwrap().modified().unwrap());
    newest.unwrap_or_else(|| panic!("{name} is not beside {}", test.display()))
}

/// Every error of a case, one a line: `LINE CODE: MESSAGE`.
fn errors(case: &Path, libraries: &[(&str, PathBuf)]) -> String {
    let mut command = rustc();
    command.args(["--edition", "2024", "--crate-type", "bin", "--emit", "metadata"]);
    command.args(["--error-format", "json", "--out-dir", env!("CARGO_TARGET_TMPDIR")]);
    for (name, path) in libraries {
        command.arg("--extern").arg(format!("{name}={}", path.display()));
        command.arg("-L").arg(format!("dependency={}", path.parent().unwrap().display()));
    }
    let output = command.arg(case).output().unwrap();
    let answer = String::from_utf8(output.stderr).unwrap();
    let mut lines = String::new();
    for message in answer.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let spans = message["spans"].as_array().unwrap();
        let primary = spans.iter().find(|span| span["is_primary"] == true);
        if let (true, Some(primary)) = (message["level"] == "error", primary) {
            let code = message["code"]["code"].as_str().unwrap_or("-");
            let text = message["message"].as_str().unwrap();
            lines.push_str(&format!("{} {code}: {text}\n", primary["line_start"]));
        }
    }
    assert_eq!(lines.is_empty(), output.status.success(), "{}: {answer}", case.display());
    lines
}

/// Without the messages.
fn codes(errors: &str) -> Vec<&str> {
    errors.lines().map(|line| line.split(':').next().unwrap()).collect()
}

#[test]
fn what_breaks_a_rule_does_not_compile() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile_fail");
    let version = String::from_utf8(rustc().arg("--version").output().unwrap().stdout).unwrap();
    let same_words = version.starts_with(concat!("rustc ", env!("CARGO_PKG_RUST_VERSION"), "."));
    let libraries = ["strongroom_core", "serde_json"].map(|name| (name, library(name)));
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let cases: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == "rs")).collect();
    assert!(cases.len() > 10, "the cases were not found");
    for case in cases {
        let (found, expected) = (errors(&case, &libraries), case.with_extension("expected"));
        if std::env::var_os("STRONGROOM_BLESS").is_some() {
            fs::write(&expected, &found).unwrap();
        }
        let expected = fs::read_to_string(expected).unwrap_or_default();
        assert!(!expected.is_empty(), "{} compiles, or has no .expected", case.display());
        if same_words {
            assert_eq!(found, expected, "{}", case.display());
        }
        assert_eq!(codes(&found), codes(&expected), "{}", case.display());
    }
}
