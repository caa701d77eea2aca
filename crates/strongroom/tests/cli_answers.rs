//! How the command line answers: one JSON object, the exit codes of the contract, options before
//! and after the command, nothing of the environment but what it says.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use desk::{Desk, Said, tokens};
use strongroom_core::ledger::entry::{Act, Phase};

const PEOPLE: &str = "\
MemberID,Name,SSN,Email
1,Ada Archer,536-22-1847,ada@mail.example
2,Bruno Boone,401-55-9024,bruno@mail.example
";

fn peopled(name: &str) -> Desk {
    let desk = Desk::new(name);
    desk.write("people.csv", PEOPLE);
    desk.seal("people.csv");
    desk
}

/// A failure both ways: as JSON on standard output, as text with a remedy on standard error.
fn fails(desk: &Desk, code: i32, kind: &str, args: &[&str]) -> Said {
    let said = desk.ends(code, args);
    assert_eq!(said.error(), kind, "{args:?}: {}", said.out);
    let plain = desk.run(args);
    assert_eq!((plain.code, plain.out.as_str()), (Some(code), ""), "{args:?}");
    assert!(!plain.err.is_empty(), "{args:?}");
    said
}

#[test]
fn every_success_is_one_json_object() {
    let desk = peopled("successes");
    desk.write("schema.toml", desk.run(&["schema", "propose", "people.csv"]).out);
    let token = tokens(&desk.read("people.sealed.csv"))[0].to_owned();
    let people = ["--tenant", "acme", "--collection", "people"];
    for args in [
        &["tenant", "list"][..],
        &["tenant", "show", "acme"],
        &["principal", "add", "shop", "--kind", "service", "--tenant", "acme"],
        &["principal", "list"],
        &["principal", "renew", "shop"],
        &["principal", "revoke", "shop"],
        &["schema", "propose", "people.csv"],
        &[&["schema", "show"], &people[..]].concat(),
        &[&["schema", "set", "schema.toml"], &people[..]].concat(),
        &[&["seal", "people.csv", "--dry-run"], &people[..]].concat(),
        &[&["seal", "people.csv"], &people[..]].concat(),
        &["reveal", "--tenant", "acme", "--purpose", "support", &token],
        &["ledger", "export", "--out", "ledger"],
        &["ledger", "key"],
        &["status"],
    ] {
        let json = desk.done(args);
        assert!(json.get("error").is_none(), "{args:?}");
    }
    let shown = desk.done(&["tenant", "show", "acme"]);
    assert_eq!(shown["tenant"]["name"], "acme");
    assert_eq!(desk.done(&["tenant", "show", shown["tenant"]["id"].as_str().unwrap()]), shown);
}

#[test]
fn bad_usage_is_2() {
    let desk = peopled("usage");
    for (at, args) in [
        &["tenant", "add"][..],
        &["no-such-command"],
        &["tenant", "list", "--no-such-option"],
        &["seal", "people.csv"],
        &["reveal", "--tenant", "acme", "--purpose", "support"],
        &["reveal", "--tenant", "acme", "--purpose", "marketing", "srt_x"],
        &["reveal", "--tenant", "acme", "--purpose", "support", "--form", "whole", "srt_x"],
        &["reveal", "--tenant", "acme", "--purpose", "tax", "--full", "--form", "masked", "srt_x"],
        &["reveal", "--tenant", "acme", "--purpose", "tax", "-", "srt_x"],
        &["principal", "add", "shop", "--kind", "robot", "--tenant", "acme"],
        &["tenant", "add", "acme"],
        &["tenant", "add", "Not A Name"],
        &["tenant", "add", ""],
        &["quickstart", "--people", "3"],
        &["init", "--development"],
        &["ledger", "export", "--out", "tmp/../data"],
        &["seal", "missing.csv", "--tenant", "acme", "--collection", "people"],
        &["seal", "tmp", "--tenant", "acme", "--collection", "people"],
        &["seal", "people.csv", "--tenant", "acme", "--collection", "../up"],
    ]
    .into_iter()
    .enumerate()
    {
        // As text, every third: it is the same answer.
        if at % 3 == 0 {
            fails(&desk, 2, "usage", args);
        } else {
            assert_eq!(desk.ends(2, args).error(), "usage", "{args:?}");
        }
    }
    let none = desk.run(&[]);
    assert_eq!((none.code, none.out.as_str()), (Some(2), ""));
    for args in [&["--help"][..], &["seal", "--help"], &["--version"]] {
        let said = desk.run(args);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    }
}

#[test]
fn every_help_has_examples() {
    let desk = Desk::bare("help");
    let all = strongroom::cli::subcommands();
    let groups = all.iter().filter_map(|name| name.split(' ').next());
    for name in all.iter().map(String::as_str).chain(groups).chain([""]) {
        let words: Vec<&str> = name.split_whitespace().chain(["--help"]).collect();
        let said = desk.run(&words);
        assert!(said.code == Some(0) && said.out.contains("Example"), "{name}: {}", said.out);
    }
}

#[test]
fn no_and_wrong_credentials_are_10() {
    let desk = Desk::bare("credentials");
    fails(&desk, 2, "usage", &["status"]);
    let made = desk.done(&["init"]);
    let good = made["credential"].as_str().unwrap().to_owned();
    desk.write("good", format!("{good}\n"));
    let mut wrong = good.clone().into_bytes();
    let last = wrong.last_mut().unwrap();
    *last = if *last == b'a' { b'b' } else { b'a' };
    desk.write("wrong", &wrong);
    desk.write("empty", "");
    desk.write("binary", [0xff, 0xfe, 0x00]);
    fails(&desk, 10, "unauthenticated", &["tenant", "list"]);
    for file in ["wrong", "empty", "binary", "missing", "tmp"] {
        let said = fails(&desk, 10, "unauthenticated", &["tenant", "list", "--credential", file]);
        assert!(!said.out.contains(&good[..20]) && !said.err.contains(&good[..20]));
    }
    desk.done(&["tenant", "list", "--credential", "good"]);
    let by_name = desk.command(&["tenant", "list"]).env("STRONGROOM_CREDENTIAL", "good").output();
    assert_eq!(by_name.unwrap().status.code(), Some(0));
}

#[test]
fn the_credential_in_the_key_folder_is_refused_when_others_can_read_it() {
    let desk = Desk::new("readable");
    let kept = desk.path("data.keys/operator.credential");
    let set = |mode| fs::set_permissions(&kept, fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o440, 0o404, 0o420] {
        set(mode);
        let said = fails(&desk, 2, "usage", &["tenant", "list"]);
        assert!(
            said.out.contains("operator.credential can be read by other users"),
            "{}",
            said.out
        );
    }
    set(0o400);
    desk.done(&["tenant", "list"]);
    fs::remove_file(&kept).unwrap();
    fails(&desk, 10, "unauthenticated", &["tenant", "list"]);
}

#[test]
fn a_revoked_credential_is_10_at_once() {
    let desk = peopled("revoked");
    let added = desk.done(&["principal", "add", "shop", "--kind", "service", "--tenant", "acme"]);
    desk.write("shop", added["credential"].as_str().unwrap());
    let token = tokens(&desk.read("people.sealed.csv"))[0].to_owned();
    let ask = ["reveal", "--tenant", "acme", "--purpose", "tax", "--credential", "shop", &token];
    desk.done(&ask);
    desk.done(&["principal", "revoke", "shop"]);
    fails(&desk, 10, "unauthenticated", &ask);
}

#[test]
fn what_is_not_allowed_is_11_and_what_is_not_there_is_12() {
    let desk = peopled("refusals");
    let added = desk.done(&["principal", "add", "shop", "--kind", "service", "--tenant", "acme"]);
    desk.write("shop", added["credential"].as_str().unwrap());
    let text = desk.read("people.sealed.csv");
    let token = tokens(&text)[0];
    let shop = ["--credential", "shop"];
    fails(&desk, 11, "forbidden", &[&["tenant", "add", "more"], &shop[..]].concat());
    fails(&desk, 11, "forbidden", &[&["ledger", "export", "--out", "l"], &shop[..]].concat());
    let sign_in = ["reveal", "--tenant", "acme", "--purpose", "sign-in", token];
    fails(&desk, 11, "forbidden", &sign_in);
    let sign_in = ["reveal", "--tenant", "acme", "--purpose", "sign-in", "--form", "redacted"];
    fails(&desk, 11, "forbidden", &[&sign_in[..], &[token]].concat());
    let mut forged = token.to_owned();
    forged.replace_range(20..21, if &token[20..21] == "a" { "b" } else { "a" });
    let mut answers = Vec::new();
    for (tenant, token) in [
        ("acme", forged.as_str()),
        ("acme", "srt_"),
        ("acme", "no token at all"),
        ("borealis", token),
        ("no-such-tenant", token),
    ] {
        let args = ["reveal", "--tenant", tenant, "--purpose", "support", token];
        answers.push(fails(&desk, 12, "not_found", &args).out);
    }
    let foreign = ["reveal", "--tenant", "borealis", "--purpose", "support", token];
    answers.push(fails(&desk, 12, "not_found", &[&foreign[..], &shop[..]].concat()).out);
    answers.dedup();
    assert_eq!(answers.len(), 1, "the answers tell what is there: {answers:?}");
    assert!(!answers[0].contains("srt_"));
    fails(&desk, 12, "not_found", &["tenant", "show", "no-such-tenant"]);
    let who = ["ledger", "who", "--tenant", "acme", "--record", "srr_aaaa"];
    fails(&desk, 12, "not_found", &who);
}

#[test]
fn a_store_in_use_is_13() {
    let desk = peopled("held");
    let lock = fs::File::options().write(true).open(desk.path("data/lock")).unwrap();
    lock.try_lock().unwrap();
    fails(&desk, 13, "held", &["status"]);
    fails(&desk, 13, "held", &["seal", "people.csv", "--tenant", "acme", "--collection", "other"]);
    lock.unlock().unwrap();
    desk.done(&["status"]);
}

#[test]
fn a_store_that_cannot_grow_is_14_and_nothing_is_given() {
    let desk = peopled("full");
    let token = tokens(&desk.read("people.sealed.csv"))[1].to_owned();
    // No file may be longer than this: what a full disk is to a writer.
    for blocks in ["0", "1"] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let args = ["--json", "reveal", "--tenant", "acme", "--purpose", "support", "--full"];
        let mut limited = Command::new("bash");
        limited.args(["-c", &script]).arg(env!("CARGO_BIN_EXE_strongroom")).args(args);
        limited.arg(&token).env("STRONGROOM_DATA", desk.path("data"));
        // Pipes have no length: what is printed arrives.
        let output = limited.output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(!said.contains("536-22-1847"), "{said}");
        assert_eq!(output.status.code(), Some(14), "{blocks}: {said}");
    }
    assert_eq!(desk.values(&[&token]), ["536-22-1847"]);
}

#[test]
fn changed_bytes_are_15() {
    let desk = peopled("tampered");
    let token = tokens(&desk.read("people.sealed.csv"))[1].to_owned();
    // Whatever stands in the slots of the few records there are, their headers apart.
    let mut changed = 0;
    for file in fs::read_dir(desk.path("data/slots")).unwrap() {
        let path = file.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        for byte in bytes.iter_mut().skip(64).filter(|b| **b != 0) {
            *byte ^= 1;
            changed += 1;
        }
        fs::write(&path, bytes).unwrap();
    }
    assert!(changed >= 2 * 60, "the slots were not found");
    let ask = ["reveal", "--tenant", "acme", "--purpose", "support", "--full", &token];
    let before = desk.log("acme").len();
    let said = fails(&desk, 15, "tampered", &ask);
    assert!(!said.out.contains("536-22"));
    // Asked twice, as JSON and as text: each finding is an entry before it is told.
    let found = desk.log("acme").split_off(before);
    let found = found.iter().map(|e| (e.act, e.phase, e.reason.as_deref(), e.subjects.len()));
    let entry = (Act::PiiReveal, Phase::Failed, Some("slot.damaged"), 0);
    assert_eq!(found.collect::<Vec<_>>(), [entry, entry]);
}

#[test]
fn global_options_stand_before_or_after_the_command() {
    let desk = Desk::bare("globals");
    let (data, keys) = ("here/data", "there/keys");
    fs::create_dir_all(desk.path("here")).unwrap();
    fs::create_dir_all(desk.path("there")).unwrap();
    desk.done(&["--data", data, "--keys", keys, "init", "--development"]);
    assert!(desk.path("here/data/install.json").exists());
    assert!(desk.path("there/keys/install.json").exists());
    for args in [
        &["--json", "--data", data, "--keys", keys, "tenant", "list"][..],
        &["tenant", "list", "--json", "--data", data, "--keys", keys],
        &["tenant", "--data", data, "--json", "list", "--keys", keys],
        &["--data", data, "tenant", "--keys", keys, "list", "--json"],
    ] {
        let said = desk.run(args);
        assert_eq!(said.code, Some(0), "{args:?}: {}", said.err);
        assert_eq!(said.json()["tenants"], serde_json::json!([]));
    }
    let beside = desk.run(&["status", "--data", data, "--json"]);
    assert_eq!((beside.code, beside.error().as_str()), (Some(2), "usage"), "keys are elsewhere");
    let inside = ["init", "--development", "--data", "new", "--keys", "new/keys"];
    fails(&desk, 2, "usage", &inside);
    assert!(!desk.path("new").exists(), "a refused init leaves nothing");
}

#[test]
fn nothing_waits_for_an_answer_on_the_terminal() {
    let desk = peopled("prompts");
    // Standard input stays open and silent: whoever asked for something would never end.
    let mut child = desk.command(&["status"]).stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(child.wait().unwrap().success() && !out.is_empty());
}

#[test]
fn a_reader_that_goes_away_changes_no_exit_code() {
    let desk = Desk::new("gone");
    let ask = ["tenant", "show", "no-such-tenant"];
    for args in [[&ask[..], &["--json"]].concat(), ask.to_vec()] {
        let mut child = desk.command(&args).spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(12), "{args:?}");
    }
}

#[test]
fn development_is_marked_everywhere() {
    let desk = peopled("marked");
    for args in [&["status"][..], &["tenant", "list"], &["ledger", "key"]] {
        assert!(desk.run(args).err.contains("DEVELOPMENT"), "{args:?}");
    }
    assert_eq!(desk.done(&["status"])["development"], true);
}

#[test]
fn an_export_takes_the_place_of_nothing() {
    let desk = peopled("export");
    for folder in ["ledger.partial", "taken", "empty"] {
        fs::create_dir(desk.path(folder)).unwrap();
    }
    desk.write("ledger.partial/own", "somebody's own file");
    desk.write("taken/own", "somebody's own file");
    desk.write("file", "somebody's own file");
    desk.done(&["ledger", "export", "--out", "ledger"]);
    desk.done(&["ledger", "export", "--out", "empty"]);
    desk.done(&["ledger", "export", "--out", "new/folder/ledger"]);
    for out in ["ledger", "taken", "file", ".", "..", "/"] {
        fails(&desk, 2, "usage", &["ledger", "export", "--out", out]);
    }
    assert_eq!(desk.read("ledger.partial/own"), "somebody's own file");
    assert_eq!(desk.read("taken/own") + &desk.read("file"), "somebody's own file".repeat(2));
    for out in ["ledger", "empty", "new/folder/ledger"] {
        assert!(desk.path(out).join("system/checkpoint").exists(), "{out}");
        let log = fs::read_dir(desk.path(out).join("tenants")).unwrap().next().unwrap().unwrap();
        assert!(log.path().join("checkpoint").exists());
    }
    let left = fs::read_dir(desk.path("")).unwrap().map(|e| e.unwrap().file_name());
    assert_eq!(left.filter(|n| n.to_string_lossy().starts_with('.')).count(), 0);
}
