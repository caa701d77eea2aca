//! An install made anew from a backup and a copy of the key folder: no old credential works, the
//! later ledger counts before the first request, and no record number is given out twice.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/copies.rs"]
mod copies;
#[path = "support/exported.rs"]
mod exported;
#[path = "support/install.rs"]
mod install;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use copies::{Hands, Person, backup, codes, come_back, entries, filled, seal};
use exported::Folder;
use install::{Answer, Install};
use strongroom_core::ledger::LogId;
use strongroom_core::ledger::entry::Act;
use strongroom_core::store::Table;

/// The data folder is lost; the key folder is what was kept of it.
fn lose(install: &Install, kept: Option<&Path>) {
    fs::remove_dir_all(install.scratch.path("data")).unwrap();
    if let Some(kept) = kept {
        let keys = install.scratch.path("data.keys");
        fs::remove_dir_all(&keys).unwrap();
        copy(kept, &keys);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

fn keep(install: &Install, name: &str) -> PathBuf {
    let kept = install.scratch.path(name);
    copy(&install.scratch.path("data.keys"), &kept);
    kept
}

fn anew(install: &mut Install, from: &Path, more: &[&str]) -> Answer {
    let out = install.scratch.path(&format!("fresh-{}", more.len()));
    let args = ["restore", from.to_str().unwrap(), "--new", "--out", out.to_str().unwrap()];
    let answer = install.run(None, &[&args, more].concat());
    assert_eq!(answer.code, 0, "{} {}", answer.json, answer.notices);
    install.operator = out;
    answer
}

fn export(install: &Install, name: &str) -> PathBuf {
    let out = install.scratch.path(name);
    install.operate(&["ledger", "export", "--out", out.to_str().unwrap()]);
    out
}

fn reveal_as(install: &Install, credential: &Path, person: &Person) -> i32 {
    let args = ["reveal", "--tenant", "acme", "--purpose", "tax", &person.token];
    install.run(Some(credential), &args).code
}

#[test]
fn no_old_credential_works_and_the_records_do() {
    let (mut install, people) = filled("new-credentials", 40);
    let (app, _) = install.principal("app", "service", "acme");
    let (old, _) = install.principal("old", "service", "acme");
    let (first, _) = install.principal("twice", "service", "acme");
    let renewed = install.operate(&["principal", "renew", "twice", "--overlap", "7d"]);
    let second = install.scratch.write("second", renewed.text("/credential"));
    for credential in [&first, &second] {
        assert_eq!(reveal_as(&install, credential, &people[0]), 0, "both, until the overlap ends");
    }
    let copy = backup(&install, "copy");
    install.operate(&["principal", "revoke", "old"]);
    let (later, _) = install.principal("later", "service", "acme");
    let operator = install.operator.clone();
    lose(&install, None);
    let answer = anew(&mut install, &copy, &[]);
    assert_eq!(answer.number("/records"), 40);
    assert_eq!(answer.number("/ended"), 4, "{}", answer.json);
    assert!(answer.notices.contains("no later ledger was given"), "{}", answer.notices);
    assert!(answer.json["newer"].is_null(), "nobody can say: {}", answer.json);
    assert!(answer.json.pointer("/credential").is_none());
    for credential in [&app, &old, &later, &operator, &first, &second] {
        assert_eq!(reveal_as(&install, credential, &people[0]), 10, "{}", credential.display());
        assert_eq!(install.run(Some(credential), &["status"]).code, 10);
    }
    come_back(&install, &people);
    let renewed = install.scratch.path("renewed");
    install.operate(&["principal", "renew", "app", "--out", renewed.to_str().unwrap()]);
    assert_eq!(reveal_as(&install, &renewed, &people[0]), 0);
    assert_eq!(reveal_as(&install, &app, &people[0]), 10, "the old one stays dead");
}

#[test]
fn what_the_old_notes_knew_is_stated_and_no_number_is_given_out_twice() {
    let (mut install, people) = filled("new-numbers", 10);
    let copy = backup(&install, "copy");
    let kept = keep(&install, "kept");
    // Sealed after the copy of the key folder was made: nothing that is left knows of them.
    let lost = seal(&install, 500, 10);
    lose(&install, Some(&kept));
    let answer = anew(&mut install, &copy, &[]);
    assert!(answer.number("/next_record") > 1 << 20, "{}", answer.json);
    let sealed = seal(&install, 900, 10);
    come_back(&install, &people);
    come_back(&install, &sealed);
    assert_eq!(codes(&install, &lost), [15; 10], "a lost token names nobody else's record");
    let stated: Vec<_> = entries(&install, LogId::System).into_iter().collect();
    let of = stated.iter().filter(|e| e.act == Act::RestoreInstall);
    let objects: Vec<String> = of.map(|e| e.object.clone().unwrap()).collect();
    assert_eq!(objects[0], answer.text("/backup"));
    assert!(objects.len() >= 3 && objects.iter().any(|o| o.starts_with("sys:")), "{objects:?}");
    assert!(stated.windows(2).all(|w| w[0].boot <= w[1].boot));
    // And its ledger goes on from the backup's: an outsider finds nothing amiss.
    let out = export(&install, "after");
    assert!(out.join("system/checkpoint").exists());
}

#[test]
fn the_later_ledger_counts_before_the_first_request() {
    let (mut install, people) = filled("new-later", 20);
    let (app, _) = install.principal("app", "service", "acme");
    let copy = backup(&install, "copy");
    install.operate(&["principal", "revoke", "app"]);
    let lost = seal(&install, 500, 7);
    copies::erase(&install, &people[19]);
    install.operate(&["tenant", "add", "birch"]);
    let ledger = export(&install, "ledger");
    // Not in the export: nothing knows of it but the key folder's notes.
    install.operate(&["tenant", "add", "cedar"]);
    lose(&install, None);
    let answer = anew(&mut install, &copy, &["--ledger", ledger.to_str().unwrap()]);
    assert_eq!(answer.number("/newer"), 7, "{}", answer.json);
    assert_eq!((answer.number("/revoked"), answer.number("/erased")), (1, 1));
    assert!(answer.number("/later_entries") > 5);
    assert!(answer.number("/entries_lost/sys") > 0, "{}", answer.json);
    assert!(!answer.notices.contains("no later ledger"));
    come_back(&install, &people[..19]);
    assert_eq!(codes(&install, &people[19..]), [12]);
    assert_eq!(reveal_as(&install, &app, &people[0]), 10);
    let renew = install.run(Some(&install.operator), &["principal", "renew", "app"]);
    assert_eq!(renew.code, 2, "revoked, by the later ledger: {}", renew.json);
    assert_eq!(codes(&install, &lost), [15; 7]);
    let deep = install.run(Some(&install.operator), &["doctor", "--deep"]);
    let said = deep.json["findings"].to_string();
    assert_eq!(deep.code, 0, "what is known to be lost is nothing urgent: {said}");
    assert!(
        said.contains("7 records are not here since the install was made anew: srr_"),
        "{said}"
    );
    let listed = install.operate(&["tenant", "list"]);
    let names = listed.json.to_string();
    assert!(names.contains("lost-"), "its log is kept, under another name: {names}");
    // The ledger is whole: heads that the system log noted are met.
    let out = export(&install, "after");
    let keys = install.operate(&["ledger", "key"]);
    verified(&install, &out, &keys);
}

/// An erasure that was taken back after the backup must not be carried out by its copy.
#[test]
fn what_the_later_ledger_took_back_stays() {
    let (mut install, people) = filled("new-kept", 6);
    let revealed = copies::reveal(&install, &people[..2]);
    let erase = |record: &str, more: &str| {
        let args = ["erase", "--tenant", "acme", "--collection", "people", "--record", record];
        let more: Vec<&str> = more.split(' ').collect();
        install.operate(&[&args[..], &more].concat());
    };
    let records = ["/values/0/record", "/values/1/record"].map(|at| revealed.text(at));
    records.iter().for_each(|record| erase(record, "--reason request"));
    let copy = backup(&install, "copy");
    erase(records[0], "--cancel");
    let ledger = export(&install, "ledger");
    lose(&install, None);
    let answer = anew(&mut install, &copy, &["--ledger", ledger.to_str().unwrap()]);
    assert!(answer.json["lost"].get("erase.cancel").is_none(), "{}", answer.json);
    assert_eq!(codes(&install, &people[..3]), [0, 12, 0]);
    assert_eq!(install.operate(&["epoch", "status"]).number("/pending"), 1);
}

/// Rows of a backup with slots that were copied later: who was erased in between stays erased.
#[test]
fn a_backup_with_later_slots_makes_the_install() {
    let (mut install, people) = filled("new-apart", 8);
    let copy = backup(&install, "copy");
    seal(&install, 100, 3);
    copies::erase(&install, &people[2]);
    fs::remove_file(copy.join("slots.srb")).unwrap();
    let slots = install.scratch.path("slots");
    install.operate(&["backup", "--slots-only", "--out", slots.to_str().unwrap()]);
    let ledger = export(&install, "ledger");
    lose(&install, None);
    let (copy, slots) = (copy.as_path(), slots.to_str().unwrap());
    let made = |from: &Path| install.run(None, &["restore", from.to_str().unwrap(), "--new"]).code;
    assert_eq!(made(copy), 15, "its own slots are gone");
    assert_eq!(made(Path::new(slots)), 2, "there are no rows");
    let ledger = ledger.to_str().unwrap();
    let answer = anew(&mut install, copy, &["--slots", slots, "--ledger", ledger]);
    assert_eq!((answer.number("/records"), answer.number("/newer")), (8, 3), "{}", answer.json);
    come_back(&install, &[&people[..2], &people[3..]].concat());
    assert_eq!(codes(&install, &people[2..3]), [12]);
    let deep = install.run(Some(&install.operator), &["doctor", "--deep"]);
    assert_eq!(deep.code, 0, "{}", deep.json);
}

/// By the verifier's own library, as `strongroom-verify` does it.
fn verified(install: &Install, out: &Path, keys: &Answer) {
    let (export, keys) = (Folder(out.to_path_buf()), exported::keys(&keys.json));
    let report = strongroom_core::ledger::verify::verify(&export, &keys);
    let report = report.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(report.logs.len() >= 3, "{}", install.scratch.path("").display());
}

#[test]
fn a_later_ledger_of_another_history_or_unsigned_is_refused() {
    let (install, _) = filled("new-forged", 5);
    let copy = backup(&install, "copy");
    seal(&install, 50, 5);
    let ledger = export(&install, "ledger");
    lose(&install, None);
    let args = |ledger: &Path| {
        let paths = [copy.to_str().unwrap().to_owned(), ledger.to_str().unwrap().to_owned()];
        let [copy, ledger] = paths;
        install.run(None, &["restore", &copy, "--new", "--ledger", &ledger])
    };
    let inside = |path: PathBuf| fs::read_dir(path).unwrap().next().unwrap().unwrap().path();
    let tenant = inside(ledger.join("tenants"));
    let bundle = inside(inside(tenant.join("tile/entries")));
    let files = [ledger.join("system/checkpoint"), tenant.join("checkpoint"), bundle];
    for file in files {
        let whole = fs::read(&file).unwrap();
        let mut bad = whole.clone();
        let at = bad.len() / 2;
        bad[at] ^= 1;
        fs::write(&file, &bad).unwrap();
        let answer = args(&ledger);
        assert_eq!(answer.code, 15, "{}: {}", file.display(), answer.json);
        fs::write(&file, &whole).unwrap();
    }
    fs::remove_file(ledger.join("system/checkpoint")).unwrap();
    assert_eq!(args(&ledger).code, 2, "no export at all");
    assert!(!install.scratch.path("data/install.json").exists(), "nothing was made");
    assert_eq!(install.run(Some(&install.operator), &["status"]).code, 2);
}

/// A tenant left out of the later ledger, or put into it from an earlier export, would bring back
/// whoever was erased in between.
#[test]
fn a_later_ledger_that_is_not_whole_is_refused() {
    let (mut install, people) = filled("new-partial", 5);
    let earlier = export(&install, "earlier");
    let copy = backup(&install, "copy");
    copies::erase(&install, &people[1]);
    let ledger = export(&install, "ledger");
    lose(&install, None);
    let args = ["restore", copy.to_str().unwrap(), "--new", "--ledger"];
    let made = |ledger: &Path| {
        let answer = install.run(None, &[&args[..], &[ledger.to_str().unwrap()]].concat());
        (answer.code, answer.json.to_string())
    };
    let tenants = ledger.join("tenants");
    let aside = install.scratch.path("aside");
    fs::rename(&tenants, &aside).unwrap();
    let (code, said) = made(&ledger);
    assert!(code == 15 && said.contains("does not hold it"), "{said}");
    fs::rename(earlier.join("tenants"), &tenants).unwrap();
    let (code, said) = made(&ledger);
    assert!(code == 15 && said.contains("has more entries of it"), "{said}");
    fs::rename(&tenants, earlier.join("tenants")).unwrap();
    let (code, said) = made(&earlier);
    assert!(code == 2 && said.contains("is older than the backup"), "{said}");
    fs::rename(&aside, &tenants).unwrap();
    anew(&mut install, &copy, &["--ledger", ledger.to_str().unwrap()]);
    assert_eq!(codes(&install, &people[..2]), [0, 12]);
}

#[test]
fn an_install_that_is_there_is_never_made_anew() {
    let (install, people) = filled("new-there", 3);
    let copy = backup(&install, "copy");
    let answer = install.run(None, &["restore", copy.to_str().unwrap(), "--new"]);
    assert_eq!(answer.code, 2, "{}", answer.json);
    come_back(&install, &people);
    // Nor in a folder that holds something else, nor by a key folder of nobody.
    fs::rename(install.scratch.path("data"), install.scratch.path("aside")).unwrap();
    fs::create_dir(install.scratch.path("data")).unwrap();
    fs::write(install.scratch.path("data/letter"), "x").unwrap();
    let answer = install.run(None, &["restore", copy.to_str().unwrap(), "--new"]);
    assert_eq!(answer.code, 2, "{}", answer.json);
    assert!(install.scratch.path("data/letter").exists());
}

#[test]
fn slots_of_another_epoch_make_no_install() {
    let (install, _) = filled("new-epoch", 3);
    let copy = backup(&install, "copy");
    let notes = install.scratch.path("data.keys/notes.json");
    let hands = Hands::on(&install);
    assert!(!hands.rows(Table::Control).is_empty());
    lose(&install, None);
    // As after a turn of the epoch: the notes name another, and its key lies there.
    let text = fs::read_to_string(&notes).unwrap();
    let body = text.replace("\"epoch\": 1", "\"epoch\": 2");
    let (open, _) = body.rsplit_once(",\n  \"check\"").unwrap();
    let check = crc32c::crc32c(format!("{open}\n}}").as_bytes());
    fs::remove_file(&notes).unwrap();
    fs::write(&notes, format!("{open},\n  \"check\": \"{check:08x}\"\n}}")).unwrap();
    hands.next_epoch(&install.scratch.path("data.keys"));
    fs::set_permissions(&notes, fs::Permissions::from_mode(0o400)).unwrap();
    let answer = install.run(None, &["restore", copy.to_str().unwrap(), "--new"]);
    assert_eq!(answer.code, 2, "{}", answer.json);
    assert!(answer.text("/error/detail").contains("epoch 1"), "{}", answer.json);
    assert!(!install.scratch.path("data/install.json").exists());
}
