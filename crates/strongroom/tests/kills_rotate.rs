//! Keys that rotate, killed at any instant: everybody opens, is found and signs in before,
//! meanwhile and after it, whoever comes again is known, and no key is left that was to go.
//!
//! `STRONGROOM_KILLS=200` makes it the bench.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;
#[path = "support/looks.rs"]
mod looks;

use std::fs;
use std::process::Child;

use install::Install;
use looks::{Looks, kills, watch};
use strongroom_core::store::Table;
use strongroom_core::vault::keys::Job;

/// Two steps of the usual size.
const PEOPLE: usize = 2_500;

/// An install with everybody sealed, and some of them by number, with the token of their address.
struct Sealed(Install, Vec<(usize, String)>);

impl Sealed {
    fn new() -> Self {
        let install = Install::new("kills-rotate");
        install.operate(&["tenant", "add", "acme"]);
        let row = |n: usize| format!("m{n},Ada Archer,person{n}@example.com,River-{n}!\n");
        let rows: String = (0..PEOPLE).map(row).collect();
        let file =
            install.scratch.write("people.csv", &format!("member,name,email,password\n{rows}"));
        let of = ["--tenant", "acme", "--collection", "people", "--key", "member"];
        install.operate(&[&["seal", file.to_str().unwrap()], &of[..]].concat());
        let copy = fs::read_to_string(install.scratch.path("people.sealed.csv")).unwrap();
        let lines = copy.lines().skip(1).enumerate().step_by(PEOPLE / 7);
        let token = |line: &str| line.split(',').nth(2).unwrap().to_owned();
        let some = lines.map(|(n, line)| (n, token(line))).collect();
        Self(install, some)
    }

    fn rotate(&self, key: &str) -> Child {
        let args = ["rotate", key, "--tenant", "acme"];
        self.0.command(Some(&self.0.operator), &args).spawn().unwrap()
    }

    /// Some people open, are found by their address, and are known by their number.
    fn hold(&self, turn: usize, case: &str) {
        let args = ["reveal", "--tenant", "acme", "--purpose", "support", "--full"];
        let tokens = self.1.iter().map(|(_, token)| token.as_str());
        let args: Vec<&str> = args.into_iter().chain(tokens).collect();
        let values = self.0.operate(&args).json["values"].clone();
        for (at, (n, _)) in self.1.iter().enumerate() {
            let (value, record) = (&values[at]["value"], &values[at]["record"]);
            assert_eq!(*value, format!("person{n}@example.com"), "{case}");
            assert_eq!(*record, format!("m{n}"), "{case}");
        }
        let (n, _) = &self.1[turn % self.1.len()];
        let of = ["--tenant", "acme", "--collection", "people"];
        let (record, email) = (format!("m{n}"), format!("person{n}@example.com"));
        match turn % 3 {
            0 => {
                let found = self.0.run_on(&[&["find", "email=-"], &of[..]].concat(), &email);
                assert_eq!(found.json["records"][0]["record"], record, "{case}");
            }
            1 => {
                let right = [&["verify-password", "--record", &record], &of[..]].concat();
                assert_eq!(self.0.run_on(&right, &format!("River-{n}!")).code, 0, "{case}");
            }
            // Whoever comes again is no new one.
            _ => {
                let name = case.replace(',', "");
                let row = format!("{record},{name},{email},River-{n}!\n");
                let again = format!("member,name,email,password\n{row}");
                let input = self.0.scratch.write("again.csv", &again);
                let _ = fs::remove_file(self.0.scratch.path("again.sealed.csv"));
                let done = self.0.operate(&[&["seal", input.to_str().unwrap()], &of[..]].concat());
                assert_eq!((done.number("/added"), done.number("/updated")), (0, 1), "{case}");
            }
        }
    }

    /// The versions of a key that there are, and how many rows the index has.
    fn left(&self, job: Job) -> (Vec<u16>, usize) {
        let vault = self.0.open();
        let (mut versions, mut rows) = (Vec::new(), 0);
        let mut see = |key: &[u8], _: &[u8]| {
            if key.len() == 20 && key[17] == job as u8 {
                versions.push(u16::from_be_bytes(key[18..].try_into().unwrap()));
            }
            true
        };
        vault.store().scan(Table::Control, b"k", &mut see).unwrap();
        let mut count = |_: &[u8], _: &[u8]| {
            rows += 1;
            true
        };
        vault.store().scan(Table::Index, &[], &mut count).unwrap();
        (versions, rows)
    }
}

#[test]
fn killed_at_any_instant_everybody_opens_and_the_next_run_goes_on() {
    let sealed = Sealed::new();
    let keys = [("seal", Job::Seal), ("index", Job::Index), ("pepper", Job::Pepper)];
    let kills = kills() / keys.len();
    let rows = sealed.left(Job::Index).1;
    for (key, job) in keys {
        let (mut looks, mut killed) = (Looks::of(sealed.rotate(key), kills), 0);
        for n in 0..kills {
            let done = looks.kill(sealed.rotate(key), n);
            sealed.hold(n, &format!("{key}, kill {n}"));
            killed += usize::from(!done);
        }
        assert!(killed * 10 >= kills * 4, "only {killed} of {kills} runs were killed");
        assert!(watch(sealed.rotate(key), usize::MAX).1);
        let (versions, left) = sealed.left(job);
        // Of a pepper all versions stay.
        assert!(versions.len() == 1 || job == Job::Pepper, "{key}: {versions:?}");
        assert_eq!(left, rows, "{key}");
        sealed.hold(kills, key);
    }
    let found = sealed.0.operate(&["doctor", "--deep"]).json["findings"].clone();
    let high = found.as_array().unwrap().iter().find(|f| f["severity"] == "high");
    assert!(high.is_none(), "{high:?}");
}
