//! `doctor`: it finds each fault of folders and files, has nothing urgent to say of a sound
//! install, and changes nothing, whatever state it meets.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/install.rs"]
mod install;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use desk::Desk;
use install::{Answer, Install};
use strongroom::doctor::{Finding, Severity};
use strongroom_core::principal::{Arrival, Principal};

const PEOPLE: &str = "\
member,name,ssn,e-mail,password
1001,Ada Archer,536-22-1847,ada@example.com,River-71!
1002,Bruno Boone,401-55-9024,bruno@example.com,River-72!
";

fn peopled(name: &str) -> Install {
    let install = Install::new(name);
    install.operate(&["tenant", "add", "acme"]);
    let csv = install.scratch.write("people.csv", PEOPLE);
    let csv = csv.to_str().unwrap();
    install.operate(&["seal", csv, "--tenant", "acme", "--collection", "people"]);
    install
}

fn doctor(install: &Install) -> Answer {
    install.run(Some(&install.operator), &["doctor"])
}

/// Severity and text of every finding.
fn findings(answer: &Answer) -> Vec<(String, String)> {
    let all = answer.json["findings"].as_array().unwrap_or_else(|| panic!("{}", answer.json));
    let of = |finding: &serde_json::Value, name: &str| finding[name].as_str().unwrap().to_owned();
    for finding in all {
        assert_eq!(finding.as_object().unwrap().len(), 3, "{finding}");
        assert!(of(finding, "remedy").split(' ').count() > 2, "{finding}");
    }
    all.iter().map(|finding| (of(finding, "severity"), of(finding, "what"))).collect()
}

/// Something is done to an install, and the doctor says so. Gives all of what it says of it.
fn finds(install: &Install, severity: &str, words: &str) -> String {
    let answer = doctor(install);
    let found = findings(&answer);
    let it = found.iter().find(|(_, what)| what.contains(words));
    let (told, what) = it.unwrap_or_else(|| panic!("nothing says `{words}`: {found:#?}"));
    assert_eq!(told, severity, "{what}");
    let high = found.iter().any(|(severity, _)| severity == "high");
    assert_eq!(answer.code, i32::from(high), "{found:#?}");
    what.clone()
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_sound_install_has_no_finding_that_is_high() {
    let install = peopled("doctor-sound");
    let folders = [install.scratch.path("data"), install.scratch.path("data.keys")];
    let of_ours = |found: &[(String, String)]| {
        let says = |what: &str| folders.iter().any(|f| what.contains(f.to_str().unwrap()));
        let mut ours: Vec<String> = found.iter().map(|(_, what)| what.clone()).collect();
        ours.retain(|what| says(what) && what.contains(" in the "));
        ours
    };
    for _ in 0..2 {
        let answer = doctor(&install);
        let found = findings(&answer);
        assert_eq!(answer.code, 0, "{found:#?}");
        assert!(found.iter().all(|(severity, _)| severity != "high"), "{found:#?}");
        assert_eq!(of_ours(&found), [] as [String; 0], "files as they should be");
        assert!(!found.iter().any(|(_, what)| what.contains("development")));
    }
    finds(&install, "medium", "keys and data lie on one volume");
    finds(&install, "low", "2 passwords are kept in the cheap form until 20");
}

#[test]
fn a_development_install_is_told() {
    let desk = Desk::new("doctor-development");
    let said = desk.done(&["doctor"]);
    let found = said["findings"].as_array().unwrap();
    let severity = |words: &str| {
        let it = found.iter().find(|f| f["what"].as_str().unwrap().contains(words));
        it.unwrap_or_else(|| panic!("{said}"))["severity"].as_str().unwrap()
    };
    assert_eq!(severity("this is a development install"), "medium");
    assert_eq!(severity("on one volume"), "low", "only to be known there");
    let text = desk.run(&["doctor"]);
    assert_eq!(text.code, Some(0));
    assert!(text.out.starts_with("medium  this is a development install"), "{}", text.out);
}

#[test]
fn each_fault_of_a_file_is_found_by_name() {
    let install = peopled("doctor-files");
    let (data, keys) = (install.scratch.path("data"), install.scratch.path("data.keys"));
    let engine = fs::read_dir(data.join("engine")).unwrap().next().unwrap().unwrap().path();
    let segment = data.join("ledger/00000000.seg");
    for (path, bits, back, severity, words) in [
        (&keys, 0o750, 0o700, "high", "read or written by other users in the key folder"),
        (&keys.join("notes.json"), 0o440, 0o400, "high", "by other users in the key folder"),
        (&keys.join("store.key"), 0o600, 0o400, "low", "can be written in place"),
        (&data, 0o711, 0o700, "medium", "can be read by other users in the data folder"),
        (&segment, 0o640, 0o600, "medium", "can be read by other users in the data folder"),
        (&segment, 0o622, 0o600, "high", "can be written by other users in the data folder"),
        (&engine, 0o722, 0o700, "high", "can be written by other users in the data folder"),
    ] {
        mode(path, bits);
        // Opening replaces the notes, so that this is said once.
        let what = finds(&install, severity, words);
        let name = path.file_name().unwrap().to_str().unwrap();
        let name = if path == &keys || path == &data { "." } else { name };
        assert!(what.ends_with(name), "{what}");
        mode(path, back);
    }
    let (out, note) = (install.scratch.write("out", "x"), data.join("note"));
    for (make, path, severity, words) in [
        (symlink(&out, data.join("slots/s")), data.join("slots/s"), "high", "is a link"),
        (fs::hard_link(&segment, &note), note.clone(), "high", "another name elsewhere"),
        (fs::write(keys.join("old.key"), "x"), keys.join("old.key"), "medium", "none of Strongr"),
        (fs::create_dir(data.join("old")), data.join("old"), "medium", "none of Strongroom's"),
        (fs::write(keys.join("root.key.new"), ""), keys.join("root.key.new"), "low", "interrupted"),
    ] {
        make.unwrap();
        finds(&install, severity, words);
        if path.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) }.unwrap();
    }
    if chown(&segment, Some(12_345), None).is_ok() {
        finds(&install, "high", "is another user's than the folder");
        chown(&segment, Some(fs::metadata(&data).unwrap().uid()), None).unwrap();
        chown(&data, Some(12_345), None).unwrap();
        finds(&install, "medium", "is user 12345's, and this is user");
    } else {
        eprintln!("skipped in part: this user may give no file away");
    }
}

#[test]
fn folders_one_inside_the_other_are_found() {
    let install = Install::new("doctor-nested");
    let (data, keys) = (install.scratch.path("data"), install.scratch.path("data.keys"));
    fs::rename(keys, data.join("keys")).unwrap();
    let inside = data.join("keys");
    let args = ["doctor", "--keys", inside.to_str().unwrap()];
    let answer = install.run(Some(&install.operator), &args);
    let found = findings(&answer);
    assert_eq!(answer.code, 1);
    let told = |(severity, what): &(String, String)| {
        severity == "high" && what.contains("the key folder lies inside the data folder")
    };
    assert!(found.iter().any(told), "{found:#?}");
}

/// Everything there is to see of a folder.
fn tree(path: &Path) -> BTreeMap<PathBuf, (u32, i64, i64, Vec<u8>)> {
    let mut all = BTreeMap::new();
    let mut left = vec![path.to_path_buf()];
    while let Some(path) = left.pop() {
        let about = fs::symlink_metadata(&path).unwrap();
        let bytes = if about.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        if about.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        let state = (about.mode(), about.mtime(), about.mtime_nsec(), bytes);
        all.insert(path, state);
    }
    all
}

#[test]
fn an_install_that_cannot_be_opened_is_a_finding_and_stays_as_it_is() {
    let install = peopled("doctor-closed");
    let (data, keys) = (install.scratch.path("data"), install.scratch.path("data.keys"));
    let root = fs::read(keys.join("root.key")).unwrap();
    let example = "strongroom-root-key-1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    let replace = |path: &Path, bytes: &[u8]| {
        fs::remove_file(path).unwrap();
        fs::write(path, bytes).unwrap();
        mode(path, 0o400);
    };
    let notes = fs::read(keys.join("notes.json")).unwrap();
    let aside = |name: &str| install.scratch.path(&format!("aside-{name}"));
    type Change<'c> = &'c dyn Fn();
    let cases: [(Change<'_>, &str, Change<'_>); 5] = [
        (
            &|| replace(&keys.join("root.key"), example.as_bytes()),
            "the root key is an example",
            &|| replace(&keys.join("root.key"), &root),
        ),
        (&|| replace(&keys.join("notes.json"), b"{}"), "notes.json is damaged", &|| {
            replace(&keys.join("notes.json"), &notes)
        }),
        (
            &|| fs::rename(data.join("engine"), aside("engine")).unwrap(),
            "engine is missing",
            &|| fs::rename(aside("engine"), data.join("engine")).unwrap(),
        ),
        (
            &|| fs::rename(data.join("install.json"), aside("install")).unwrap(),
            "is not the data folder of an install",
            &|| fs::rename(aside("install"), data.join("install.json")).unwrap(),
        ),
        (&|| mode(&keys.join("root.key"), 0o444), "root.key can be read by other users", &|| {
            mode(&keys.join("root.key"), 0o400)
        }),
    ];
    for (spoil, words, mend) in cases {
        spoil();
        let before = (tree(&data), tree(&keys));
        finds(&install, "high", words);
        assert!((tree(&data), tree(&keys)) == before, "{words}: the doctor changed something");
        mend();
    }
    assert_eq!(doctor(&install).code, 0);
    let nowhere = install.scratch.path("nowhere");
    let args = ["doctor", "--data", nowhere.to_str().unwrap()];
    let answer = install.run(Some(&install.operator), &args);
    assert_eq!((answer.code, nowhere.exists()), (1, false), "{}", answer.json);
}

#[test]
fn a_store_in_use_is_nothing_broken() {
    let install = peopled("doctor-held");
    let vault = install.open();
    finds(&install, "medium", "is held by another process");
    drop(vault);
}

#[test]
fn without_a_right_credential_nothing_is_told() {
    let install = peopled("doctor-refused");
    let (service, _) = install.principal("shop", "operator", "acme");
    for (credential, code) in [(None, 10), (Some(&*service), 11)] {
        let answer = install.run(credential, &["doctor"]);
        assert_eq!((answer.code, answer.json.get("findings")), (code, None), "{}", answer.json);
    }
}

#[test]
fn what_only_the_clock_tells() {
    let install = peopled("doctor-clock");
    let vault = install.open();
    let credential = fs::read_to_string(&install.operator).unwrap();
    let who: Principal = vault.authenticate(&credential, Arrival::local(0, false)).unwrap();
    let newest_us = vault.store().extent().newest_us;
    let said = |now_us: u64| vault.doctor(&who, now_us).unwrap();
    let severity = |found: &[Finding], words: &str| {
        found.iter().find(|f| f.what.contains(words)).map(|f| f.severity)
    };
    let day_us = 24 * 3600 * 1_000_000;
    let now = said(newest_us);
    assert_eq!(severity(&now, "the clock says"), None);
    assert_eq!(severity(&now, "cheap form until"), Some(Severity::Low));
    assert_eq!(severity(&said(newest_us - 1_000_000), "the clock says"), None, "it is slewed");
    let behind = said(newest_us - day_us);
    assert_eq!(severity(&behind, "the clock says"), Some(Severity::High));
    let late = said(newest_us + 31 * day_us);
    assert_eq!(severity(&late, "cheap form since"), Some(Severity::High));
}

#[test]
fn the_deep_check_names_those_it_looked_at_in_the_ledger() {
    let desk = Desk::new("doctor-deep");
    desk.write("people.csv", PEOPLE);
    desk.seal("people.csv");
    desk.done(&["strengthen"]);
    let deep = desk.done(&["doctor", "--deep"]);
    let plain = desk.done(&["doctor"]);
    assert_eq!(deep["findings"], plain["findings"], "a sound store has nothing more");
    let token = desk::tokens(&desk.read("people.sealed.csv"))[0].to_owned();
    let reveal = ["reveal", "--tenant", "acme", "--purpose", "support", &token];
    let record = desk.done(&reveal)["values"][0]["record"].as_str().unwrap().to_owned();
    let who = desk.done(&["ledger", "who", "--tenant", "acme", "--record", &record]);
    let acts = who["entries"].as_array().unwrap().iter().filter(|e| e["act"] == "doctor.deep");
    assert_eq!(acts.count(), 1, "{who}");
    desk.done(&["doctor", "--deep"]);
}

#[test]
fn keys_updates_and_values_that_fit_no_type_leave_nothing_amiss() {
    let desk = Desk::new("doctor-updates");
    let one = "member,name,ssn,e-mail\nM-1,Ada,536-22-1847,ada@example.com\nm-1,Bo,none,bo@x\n";
    desk.write("people.csv", one);
    let seal =
        ["seal", "people.csv", "--tenant", "acme", "--collection", "people", "--key", "member"];
    desk.done(&seal);
    desk.write("people.csv", one.replace("ada@", "eve@").replace("none", "nothing"));
    desk.done(&[&seal[..], &["--out", "second.csv"]].concat());
    let of = ["--tenant", "acme", "--collection", "people", "--record", "M-1"];
    let update = desk.run_on(&[&["update"], &of[..], &["ssn=-", "--json"]].concat(), "unknown");
    assert_eq!(update.code, Some(0), "{}{}", update.out, update.err);
    desk.done(&["doctor", "--deep"]);
    let said = desk.done(&["doctor", "--deep"])["findings"].to_string();
    assert!(!said.contains("in all"), "{said}");
}

#[test]
fn who_was_erased_and_an_epoch_that_turned_leave_nothing_amiss() {
    let desk = Desk::new("doctor-erased");
    desk.write("people.csv", PEOPLE);
    desk.seal("people.csv");
    let tokens: Vec<String> = {
        let text = desk.read("people.sealed.csv");
        let lines = text.lines().skip(1).map(|line| desk::tokens(line)[0].to_owned());
        lines.collect()
    };
    let sound = |when: &str| {
        let said = desk.done(&["doctor", "--deep"])["findings"].to_string();
        assert!(!said.contains("in all") && !said.contains("none of Strongroom"), "{when}: {said}");
    };
    for (token, now) in [(&tokens[0], &[][..]), (&tokens[1], &["--now"])] {
        let reveal = ["reveal", "--tenant", "acme", "--purpose", "support", token];
        let record = desk.done(&reveal)["values"][0]["record"].as_str().unwrap().to_owned();
        let erase = ["erase", "--tenant", "acme", "--collection", "people", "--record", &record];
        desk.done(&[&erase[..], &["--reason", "request"], now].concat());
        sound("erased");
    }
    desk.done(&["epoch", "turn"]);
    sound("turned");
}
