//! Exports of this ledger, sound and altered, before two implementations that are not ours.
//!
//! `STRONGROOM_PYTHON` names a Python that has `requirements.txt` installed; `./test` sets it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]
#![allow(clippy::expect_used, clippy::panic, reason = "tests may")]

#[path = "../../ledger/tests/support/mod.rs"]
mod support;

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use strongroom_ledger::LogId;
use support::{Files, Log, TENANT, keys, small};

const BOTH: &[LogId] = &[LogId::System, TENANT];

/// An export in a folder of its own, with the keys of `logs` beside it.
struct OnDisk {
    folder: PathBuf,
}

impl OnDisk {
    fn write(name: &str, files: &Files, logs: &[LogId]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        for (path, bytes) in &files.0 {
            let path = folder.join("export").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let lines: String = keys(logs).iter().map(|key| format!("{key}\n")).collect();
        fs::write(folder.join("keys"), lines).unwrap();
        Self { folder }
    }

    /// The exit code of the foreign check, and of `strongroom-verify`.
    fn check(&self, python: &OsString) -> (Option<i32>, Option<i32>) {
        let (export, keys) = (self.folder.join("export"), self.folder.join("keys"));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign.py");
        let foreign = Command::new(python).arg(script).args([&export, &keys]).status().unwrap();
        let mut ours = Command::new(env!("CARGO_BIN_EXE_strongroom-verify"));
        let ours = ours.arg(&export).arg("--key").arg(&keys).output().unwrap();
        (foreign.code(), ours.status.code())
    }
}

fn python() -> Option<OsString> {
    let python = std::env::var_os("STRONGROOM_PYTHON");
    if python.is_none() {
        // Written past the test harness, which would keep it back: a skip must be seen.
        std::io::stderr().write_all(b"skipped: STRONGROOM_PYTHON is not set\n").unwrap();
    }
    python
}

#[test]
fn sound_exports_are_accepted() {
    let Some(python) = python() else { return };
    for size in [0, 1, 2, 255, 256, 257, 70_000] {
        let (mut system, tenant) = (Log::new(LogId::System, 3), Log::new(TENANT, size));
        system.note(1, &tenant, size / 2);
        system.note(2, &tenant, size);
        let files = Files::of(&[&system, &tenant]);
        let export = OnDisk::write(&format!("sound-{size}"), &files, BOTH);
        assert_eq!(export.check(&python), (Some(0), Some(0)), "size {size}");
    }
}

#[test]
fn altered_files_are_refused() {
    let Some(python) = python() else { return };
    let (system, tenant) = small();
    let sound = Files::of(&[&system, &tenant]);
    let refused = |name: &str, files: &Files| {
        let export = OnDisk::write(name, files, BOTH);
        assert_eq!(export.check(&python), (Some(1), Some(1)), "{name}");
    };
    for (number, path) in sound.0.keys().enumerate() {
        for place in ["first", "middle", "last"] {
            let mut files = sound.clone();
            let bytes = files.0.get_mut(path).unwrap();
            let last = bytes.len() - 1;
            bytes[if place == "first" { 0 } else { last / if place == "last" { 1 } else { 2 } }] ^=
                1;
            refused(&format!("flip-{number}-{place}"), &files);
        }
        let mut files = sound.clone();
        files.0.remove(path);
        refused(&format!("missing-{number}"), &files);
    }
    let mut files = sound.clone();
    files.0.insert("system/tile/0/002".to_owned(), vec![0; 8192]);
    refused("surplus", &files);
}

#[test]
fn signed_lies_are_refused() {
    let Some(python) = python() else { return };
    let (system, tenant) = small();
    let refused = |name: &str, files: &Files, logs: &[LogId]| {
        let export = OnDisk::write(name, files, logs);
        assert_eq!(export.check(&python), (Some(1), Some(1)), "{name}");
    };
    let mut rewritten = tenant.clone();
    rewritten.change(0, |entry| entry.purpose = Some("support".into()));
    refused("rewritten", &Files::of(&[&system, &rewritten]), BOTH);
    let cut = Log { log: TENANT, leaves: tenant.leaves[..4].to_vec() };
    refused("cut", &Files::of(&[&system, &cut]), BOTH);
    refused("log-left-out", &Files::of(&[&system]), BOTH);
    refused("log-and-key-left-out", &Files::of(&[&system]), &[LogId::System]);
    refused("key-left-out", &Files::of(&[&system, &tenant]), &[LogId::System]);
}
