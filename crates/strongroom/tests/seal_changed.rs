//! An input that changes while it is sealed: the run stops, and what was sealed of the changed
//! bytes never comes out as tokens of the true ones.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::sync::Once;

use install::Install;
use strongroom::vault::seal::SealRequest;
use strongroom_core::ledger::entry::Form;
use strongroom_core::policy::Purpose;
use strongroom_core::principal::Arrival;

/// More batches than are read ahead of the first that is written.
const ROWS: usize = 60_000;
const TRUE_EMAIL: &str = "person59999@example.com";
const FALSE_EMAIL: &str = "intruder999@example.com";

#[test]
fn tokens_are_of_the_bytes_that_the_job_is_named_after() {
    let install = Install::new("changed");
    install.operate(&["tenant", "add", "acme"]);
    let mut text = String::from("id,email\n");
    (0..ROWS).for_each(|n| text.push_str(&format!("{n},person{n:05}@example.com\n")));
    let file = install.scratch.write("people.csv", &text);
    let out = install.scratch.path("sealed.csv");
    let vault = install.open();
    let credential = fs::read_to_string(&install.operator).unwrap();
    let who = vault.authenticate(&credential, Arrival::local(0, false)).unwrap();
    let request = SealRequest {
        input: file.clone(),
        tenant: "acme".to_owned(),
        collection: "people".to_owned(),
        out: Some(out.clone()),
        ..SealRequest::default()
    };

    let change = Once::new();
    let stopped = vault.seal(&who, &request, &|_| {
        change.call_once(|| {
            let at = text.find(TRUE_EMAIL).unwrap() as u64;
            let opened = fs::OpenOptions::new().write(true).open(&file).unwrap();
            opened.write_all_at(FALSE_EMAIL.as_bytes(), at).unwrap();
        });
    });
    assert!(stopped.err().unwrap().detail.contains("changed while it was being sealed"));
    assert!(!out.exists());

    fs::write(&file, &text).unwrap();
    let report = vault.seal(&who, &request, &|_| {}).unwrap();
    assert!(report.added > 0, "the batch of the changed bytes is not the true one");
    assert!(report.added < ROWS as u64, "the others are not sealed again");
    let sealed = fs::read_to_string(&out).unwrap();
    let token = sealed.lines().last().unwrap().split(',').nth(1).unwrap().to_owned();
    let given = vault.reveal(&who, "acme", vec![token], Purpose::Support, Form::Full).unwrap();
    assert_eq!(given.disclose()[0].value.as_str(), TRUE_EMAIL);
}
