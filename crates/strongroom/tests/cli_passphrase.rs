//! A root key under a passphrase: nothing opens without it, a wrong one is told from damage, it can
//! be changed, and it stands nowhere.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use install::{Answer, Install, Scratch};
use strongroom_core::ledger::LogId;
use strongroom_core::ledger::entry::{Act, Entry};

const FIRST: &str = "staple-horse-battery-correct-91";
const SECOND: &str = "another line of seven random words 17";

/// An install whose root key is under `FIRST`, and the file of that.
fn guarded(name: &str) -> (Install, PathBuf) {
    let scratch = Scratch::new(name);
    let file = scratch.write("first", &format!("{FIRST}\n"));
    let mut install = Install { operator: scratch.path("operator"), scratch };
    let made = with(&install, &file, &["init", "--passphrase"]);
    assert_eq!(made.code, 0, "{}", made.json);
    install.operator = install.scratch.write("operator", made.text("/credential"));
    (install, file)
}

fn with(install: &Install, file: &Path, args: &[&str]) -> Answer {
    let credential = install.operator.exists().then_some(install.operator.as_path());
    let file = ["--passphrase-file", file.to_str().unwrap()];
    install.run(credential, &[args, &file].concat())
}

fn root_key(install: &Install) -> PathBuf {
    install.scratch.path("data.keys/root.key")
}

#[test]
fn nothing_opens_without_the_passphrase() {
    let (install, file) = guarded("passphrase-none");
    let text = fs::read_to_string(root_key(&install)).unwrap();
    assert!(text.starts_with("strongroom-root-key-2 "), "not in clear");
    assert_eq!(with(&install, &file, &["tenant", "add", "acme"]).code, 0);
    let mut command = install.command(Some(&install.operator), &["tenant", "list"]);
    command.env("STRONGROOM_PASSPHRASE_FILE", &file);
    assert_eq!(install::answer(command.spawn().unwrap()).code, 0, "by the environment");
    let wrong = install.scratch.write("wrong", "staple-horse-battery-correct-92\n");
    let open = install.scratch.write("open", FIRST);
    fs::set_permissions(&open, fs::Permissions::from_mode(0o640)).unwrap();
    let empty = install.scratch.write("empty", "\n");
    for command in [&["status"][..], &["tenant", "list"], &["doctor"]] {
        let missing = install.run(Some(&install.operator), command);
        assert_eq!((missing.code, missing.text("/error/type")), (10, "unauthenticated"));
        assert!(missing.text("/error/remedy").contains("--passphrase-file"));
        for (file, code) in [(&wrong, 10), (&open, 10), (&empty, 10)] {
            let answer = with(&install, file, command);
            assert_eq!(answer.code, code, "{}: {}", file.display(), answer.json);
        }
    }
    // Whoever passes the passphrase where its file belongs does not find it repeated.
    let answer = with(&install, Path::new(FIRST), &["status"]);
    assert_eq!(answer.code, 10);
    assert!(!answer.json.to_string().contains(FIRST), "{}", answer.json);
    let inside = install.scratch.path("data.keys/passphrase");
    fs::write(&inside, FIRST).unwrap();
    fs::set_permissions(&inside, fs::Permissions::from_mode(0o400)).unwrap();
    let answer = with(&install, &inside, &["status"]);
    assert_eq!(answer.code, 2, "a passphrase beside the keys is none: {}", answer.json);
}

#[test]
fn a_damaged_root_key_is_no_wrong_passphrase() {
    let (install, file) = guarded("passphrase-damage");
    let path = root_key(&install);
    let whole = fs::read(&path).unwrap();
    for (at, to) in [(22, b'B'), (60, b'!'), (whole.len() - 3, b'=')] {
        let mut bad = whole.clone();
        bad[at] = if bad[at] == to { b'C' } else { to };
        fs::remove_file(&path).unwrap();
        fs::write(&path, bad).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert_eq!(with(&install, &file, &["status"]).code, 15, "byte {at}");
    }
}

#[test]
fn init_takes_a_good_passphrase_and_no_other() {
    let scratch = Scratch::new("passphrase-init");
    let short = scratch.write("short", "elevenbytes\n");
    let good = scratch.write("good", FIRST);
    let install = Install { operator: scratch.path("operator"), scratch };
    assert_eq!(with(&install, &short, &["init", "--passphrase"]).code, 2);
    assert_eq!(install.run(None, &["init", "--passphrase"]).code, 2, "there is none to take");
    let unasked = with(&install, &good, &["init"]);
    assert_eq!(unasked.code, 2, "it would lie in clear all the same: {}", unasked.json);
    assert!(!install.scratch.path("data.keys/root.key").exists());
    assert_eq!(with(&install, &good, &["init", "--passphrase"]).code, 0);
}

#[test]
fn it_is_changed_with_the_old_one_alone_and_every_change_is_an_entry() {
    let (install, first) = guarded("passphrase-change");
    let second = install.scratch.write("second", SECOND);
    let third = install.scratch.write("third", "short");
    let change =
        |by: &Path, more: &[&str]| with(&install, by, &[&["custody", "passphrase"], more].concat());
    let to_second = ["--new-file", second.to_str().unwrap()];
    assert_eq!(change(&second, &to_second).code, 10, "the old one is asked for");
    assert_eq!(change(&first, &["--new-file", third.to_str().unwrap()]).code, 2);
    assert_eq!(change(&first, &[]).code, 2, "no new one, and nobody to ask");
    assert_eq!(with(&install, &first, &["tenant", "add", "acme"]).code, 0, "nothing changed yet");
    assert_eq!(change(&first, &to_second).code, 0);
    assert_eq!(with(&install, &first, &["tenant", "list"]).code, 10, "the old one is dead");
    let list = with(&install, &second, &["tenant", "list"]);
    assert_eq!(list.text("/tenants/0/name"), "acme", "the keys are the same");
    let clear = "the root key lies in clear";
    let found = with(&install, &second, &["doctor"]).json.to_string();
    assert!(!found.contains(clear), "{found}");
    assert_eq!(change(&second, &["--none"]).code, 0);
    assert!(fs::read(root_key(&install)).unwrap().starts_with(b"strongroom-root-key-1 "));
    install.operate(&["tenant", "add", "birch"]);
    assert!(install.operate(&["doctor"]).json.to_string().contains(clear));
    assert_eq!(change(&first, &["--new-file", first.to_str().unwrap()]).code, 0, "from clear");
    assert_eq!(with(&install, &first, &["tenant", "list"]).code, 0);
    assert_eq!(change(&first, &["--none"]).code, 0);
    let vault = install.open();
    let mut stated = Vec::new();
    let mut keep = |_, leaf: &[u8]| {
        let entry = Entry::from_bytes(leaf).unwrap();
        stated.extend((entry.act == Act::CustodyPassphrase).then_some(entry.object).flatten());
        true
    };
    vault.store().entries(LogId::System, &mut keep).unwrap();
    assert_eq!(stated, ["argon2id", "none", "argon2id", "none"]);
}

#[test]
fn it_stands_nowhere() {
    let (install, first) = guarded("passphrase-canary");
    let second = install.scratch.write("second", SECOND);
    let mut printed = String::new();
    for (file, args) in [
        (&first, &["tenant", "add", "acme"][..]),
        (&first, &["status"]),
        (&second, &["status"]),
        (&first, &["custody", "passphrase", "--new-file", second.to_str().unwrap()]),
        (&second, &["doctor", "--deep"]),
    ] {
        let answer = with(&install, file, args);
        printed.push_str(&format!("{}{}", answer.json, answer.notices));
    }
    let mut left = vec![install.scratch.path("data"), install.scratch.path("data.keys")];
    let mut files = 0;
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        for secret in [FIRST, SECOND] {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{}", path.display());
            assert!(!printed.contains(secret));
        }
        files += 1;
    }
    assert!(files > 8);
}

/// At a terminal it is asked for, and what is typed does not show.
#[test]
fn it_is_asked_for_at_a_terminal() {
    let (install, _) = guarded("passphrase-terminal");
    let data = install.scratch.path("data");
    let typed = |text: &str| {
        let python = r"
import os, pty, select, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown, sent = b'', False
while True:
    try:
        part = os.read(fd, 4096)
    except OSError:
        break
    if not part:
        break
    shown += part
    if b'passphrase' in shown and not sent:
        sent = True
        os.write(fd, sys.argv[1].encode() + b'\n')
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";
        let mut command = Command::new("python3");
        command.args(["-c", python, text, env!("CARGO_BIN_EXE_strongroom")]);
        command.arg("--data").arg(&data).arg("--credential").arg(&install.operator);
        command.args(["tenant", "list"]).env_remove("STRONGROOM_PASSPHRASE_FILE");
        command.output()
    };
    let Ok(right) = typed(FIRST) else {
        eprintln!("skipped: there is no Python to make a terminal");
        return;
    };
    let shown = String::from_utf8_lossy(&right.stdout).into_owned();
    assert_eq!(right.status.code(), Some(0), "{shown}");
    assert!(shown.contains("passphrase of the root key") && !shown.contains(FIRST), "{shown}");
    let wrong = typed(SECOND).unwrap();
    let shown = String::from_utf8_lossy(&wrong.stdout).into_owned();
    assert_eq!(wrong.status.code(), Some(10), "{shown}");
    assert!(!shown.contains(SECOND), "{shown}");
}
