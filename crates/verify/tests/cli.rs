//! What `strongroom-verify` says and with which exit code.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]
#![allow(clippy::expect_used, clippy::panic, reason = "tests may")]

#[path = "../../ledger/tests/support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use strongroom_ledger::LogId;
use strongroom_ledger::merkle::leaf_hash;
use support::{Files, Log, TENANT, keys, small};

const BOTH: &[LogId] = &[LogId::System, TENANT];

/// A folder of its own for one test, with a sound export and its keys.
fn sound(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    let _ = fs::remove_dir_all(&folder);
    let (system, tenant) = small();
    for (path, bytes) in Files::of(&[&system, &tenant]).0 {
        let path = folder.join("export").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let lines: String = keys(BOTH).iter().map(|key| format!("{key}\n")).collect();
    fs::write(folder.join("keys"), lines).unwrap();
    folder
}

/// Exit code and standard output.
fn run(args: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_strongroom-verify")).args(args).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn check(folder: &Path, json: bool) -> (i32, String) {
    let (export, keys) = (folder.join("export"), folder.join("keys"));
    let args = [export.to_str().unwrap(), "--key", keys.to_str().unwrap(), "--json"];
    run(if json { &args } else { &args[..3] })
}

/// Exit code and the one JSON object.
fn check_json(folder: &Path) -> (i32, Value) {
    let (code, text) = check(folder, true);
    (code, serde_json::from_str(&text).unwrap())
}

#[test]
fn says_what_was_verified() {
    let folder = sound("verified");
    let (code, answer) = check_json(&folder);
    assert_eq!((code, &answer["verified"]), (0, &Value::Bool(true)));
    assert_eq!(
        (&answer["logs"][0]["log"], &answer["logs"][0]["size"]),
        (&"sys".into(), &300.into())
    );
    assert_eq!(answer["logs"][1]["acts"]["pii.reveal"], 5);
    let (code, text) = check(&folder, false);
    assert_eq!(code, 0);
    assert!(text.starts_with("verified: install ") && text.contains("log sys: 300 entries"));
}

#[test]
fn names_log_index_and_reason_of_a_refusal() {
    let folder = sound("refuted");
    let bundle = folder.join("export/system/tile/entries/001.p/44");
    let mut bytes = fs::read(&bundle).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&bundle, bytes).unwrap();
    let (code, answer) = check_json(&folder);
    assert_eq!((code, &answer["verified"]), (1, &Value::Bool(false)));
    assert_eq!(answer["refuted"]["log"], "sys");
    assert_eq!(answer["refuted"]["index"], 299);
    assert!(answer["refuted"]["reason"].as_str().unwrap().contains("tile/0/001.p/44"));
    let (code, text) = check(&folder, false);
    assert!(code == 1 && text.starts_with("REFUTED: log sys, entry 299: "), "{text}");
}

#[test]
fn an_unreadable_export_is_no_refusal() {
    let unreadable = |folder: &Path| {
        let (code, answer) = check_json(folder);
        assert_eq!((code, &answer["error"]["type"]), (2, &"unreadable".into()), "{answer}");
        assert!(answer["error"]["remedy"].is_string());
        answer["error"]["detail"].as_str().unwrap().to_owned()
    };
    let folder = sound("no-keys");
    fs::write(folder.join("keys"), "").unwrap();
    assert!(unreadable(&folder).contains("no verification key"));
    fs::write(folder.join("keys"), "rubbish\n").unwrap();
    assert!(unreadable(&folder).contains("not a verification key"));
    fs::remove_file(folder.join("keys")).unwrap();
    assert!(unreadable(&folder).contains("cannot read the keys"));

    let folder = sound("no-export");
    fs::remove_dir_all(folder.join("export")).unwrap();
    assert!(unreadable(&folder).contains("cannot read"));
    fs::create_dir(folder.join("export")).unwrap();
    assert!(unreadable(&folder).contains("not an exported ledger"));
    assert_eq!(check(&folder, false).0, 2);
}

/// A ledger put back to an earlier state verifies by itself, as it should; what was kept of the
/// later one refutes it.
#[test]
fn what_was_kept_of_a_later_state_refutes_an_earlier_one() {
    let (folder, earlier) = (sound("kept"), sound("put-back"));
    let (mut system, tenant) = (Log::new(LogId::System, 290), Log::new(TENANT, 4));
    system.note(100, &tenant, 2);
    fs::remove_dir_all(earlier.join("export")).unwrap();
    for (path, bytes) in Files::of(&[&system, &tenant]).0 {
        let path = earlier.join("export").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    assert_eq!(check(&earlier, false).0, 0, "whole and signed");
    let kept = |of: &Path, with: &[&str]| {
        let (export, keys) = (of.join("export"), of.join("keys"));
        let args = [export.to_str().unwrap(), "--key", keys.to_str().unwrap()];
        run(&[&args, with].concat())
    };
    let leaf = |index: usize| leaf_hash(&small().1.leaves[index]).to_hex();
    let of_tenant = TENANT.to_string();
    let receipt = |index: usize| format!("{of_tenant}:{index}:{}", leaf(index));
    let checkpoint = |of: &Path, log: &str| {
        of.join("export").join(log).join("checkpoint").to_str().unwrap().to_owned()
    };
    for log in ["system", &format!("tenants/{of_tenant}")] {
        let (old, new) = (checkpoint(&earlier, log), checkpoint(&folder, log));
        assert_eq!(kept(&folder, &["--since", &new]).0, 0);
        let (code, text) = kept(&earlier, &["--since", &new]);
        assert!(code == 1 && text.contains("which has fewer"), "{text}");
        let (code, text) = kept(&folder, &["--since", &old, "--since", &new]);
        assert_eq!(code, 0, "{text}");
    }
    let mut forked = Log::new(LogId::System, 290);
    forked.note(10, &tenant, 1);
    let forked = Files::of(&[&forked]).0.remove("system/checkpoint").unwrap();
    fs::write(folder.join("forked"), forked).unwrap();
    let (code, text) = kept(&folder, &["--since", folder.join("forked").to_str().unwrap()]);
    assert!(code == 1 && text.contains("are not those of a checkpoint"), "{text}");
    assert_eq!(kept(&folder, &["--receipt", &receipt(4), "--receipt", &receipt(0)]).0, 0);
    let (code, text) = kept(&earlier, &["--receipt", &receipt(4)]);
    assert!(code == 1 && text.contains("entry 4: a receipt was kept"), "{text}");
    let wrong = format!("{of_tenant}:1:{}", leaf(2));
    let (code, text) = kept(&folder, &["--receipt", &wrong]);
    assert!(code == 1 && text.contains("entry 1: the entry is not the one"), "{text}");
    let nobody = format!("{}:1:{}", "ab".repeat(16), leaf(2));
    assert_eq!(kept(&folder, &["--receipt", &nobody]).0, 1);
    for bad in ["sys:1", "sys:x:00", "sys:1:00", &format!("{wrong}:1")] {
        assert_eq!(kept(&folder, &["--receipt", bad]).0, 2, "{bad}");
    }
    let keys = folder.join("keys");
    let (code, text) = kept(&folder, &["--since", keys.to_str().unwrap()]);
    assert!(code == 2 && text.contains("cannot use the checkpoint"), "{text}");
}

#[test]
fn usage_is_answered_as_asked_for() {
    let (code, help) = run(&["--help"]);
    assert!(code == 0 && help.contains("Examples:") && help.contains("Exit codes:"));
    assert_eq!(run(&["dir"]).0, 2);
    let (code, answer) = run(&["dir", "--json"]);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((code, &answer["error"]["type"]), (2, &"usage".into()));
}

#[test]
fn a_folder_in_place_of_a_file_and_a_file_too_large_are_not_accepted() {
    let folder = sound("odd");
    let tile = folder.join("export/system/tile/0/000");
    fs::write(&tile, vec![0; 1 << 20]).unwrap();
    assert_eq!(check(&folder, false).0, 1);
    fs::remove_file(&tile).unwrap();
    fs::create_dir(&tile).unwrap();
    assert_eq!(check(&folder, false).0, 2);
    let folder = sound("odd-name");
    fs::write(folder.join("export/system/tile/0/\u{1b}[31m"), "x").unwrap();
    let (code, text) = check(&folder, false);
    assert!(code == 1 && !text.contains('\u{1b}'), "{text:?}");
}

#[cfg(unix)]
#[test]
fn no_link_is_followed() {
    use std::os::unix::fs::symlink;
    let folder = sound("link");
    let tile = folder.join("export/system/tile/0/000");
    fs::rename(&tile, folder.join("elsewhere")).unwrap();
    symlink(folder.join("elsewhere"), &tile).unwrap();
    let (code, text) = check(&folder, false);
    assert!(code == 2 && text.contains("symbolic link"), "{text}");
    let folder = sound("link-to-folder");
    fs::rename(folder.join("export/system"), folder.join("elsewhere")).unwrap();
    symlink(folder.join("elsewhere"), folder.join("export/system")).unwrap();
    assert_ne!(check(&folder, false).0, 0);
    let folder = sound("link-to-export");
    fs::rename(folder.join("export"), folder.join("elsewhere")).unwrap();
    symlink(folder.join("elsewhere"), folder.join("export")).unwrap();
    assert_eq!(check(&folder, false).0, 0, "the export itself was named by the caller");
}
