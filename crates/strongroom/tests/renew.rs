//! A fresh credential ends the old one, and no kill leaves an install without an administrator.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use desk::Desk;

const OWN: &str = "data.keys/operator.credential";
const NEXT: &str = "data.keys/operator.credential.next";

/// An install that is not for development; its operator's credential is in the file `operator`.
fn plain(name: &str) -> Desk {
    let desk = Desk::bare(name);
    let made = desk.done(&["init"]);
    desk.write("operator", made["credential"].as_str().unwrap());
    desk
}

#[test]
fn the_old_credential_is_dead_at_once_and_the_new_one_works() {
    let desk = plain("renew");
    let by = ["--credential", "operator"];
    let done = |args: &[&str]| desk.done(&[args, &by].concat());
    done(&["tenant", "add", "acme"]);
    let added = done(&["principal", "add", "shop", "--kind", "service", "--tenant", "acme"]);
    desk.write("old", added["credential"].as_str().unwrap());
    let renewed = done(&["principal", "renew", "shop"]);
    assert_eq!(renewed["principal"], added["principal"]);
    desk.write("new", renewed["credential"].as_str().unwrap());
    let show = |file| ["tenant", "show", "acme", "--credential", file];
    assert_eq!(desk.ends(10, &show("old")).error(), "unauthenticated");
    desk.done(&show("new"));
    assert!(!fs::exists(desk.path(OWN)).unwrap(), "of development installs only");

    done(&["principal", "revoke", "shop"]);
    assert_eq!(desk.ends(2, &[&["principal", "renew", "shop"], &by[..]].concat()).error(), "usage");
    assert_eq!(desk.ends(10, &show("new")).error(), "unauthenticated");
}

#[test]
fn the_local_operator_renews_itself_into_a_file() {
    let desk = plain("renew-out");
    let renew = ["principal", "renew", "operator", "--credential", "operator", "--out"];
    desk.write("taken", "somebody's own file");
    for out in ["taken", "no-such/file", "data.keys/operator", "operator"] {
        let said = desk.ends(2, &[&renew[..], &[out]].concat());
        assert_eq!(said.error(), "usage", "{out}");
    }
    assert_eq!(desk.read("taken"), "somebody's own file");
    let json = desk.done(&[&renew[..], &["fresh"]].concat());
    assert!(json.get("credential").is_none() && json["out"] == "fresh", "{json}");
    let mode = fs::metadata(desk.path("fresh")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(desk.ends(10, &["status", "--credential", "operator"]).error(), "unauthenticated");
    desk.done(&["status", "--credential", "fresh"]);
}

#[test]
fn a_development_install_keeps_its_operators_new_credential() {
    let desk = Desk::new("renew-development");
    fs::copy(desk.path(OWN), desk.path("old")).unwrap();
    let shown = desk.done(&["principal", "renew", "operator"]);
    assert_eq!(desk.read(OWN).trim(), shown["credential"].as_str().unwrap());
    assert!(!fs::exists(desk.path(NEXT)).unwrap());
    desk.done(&["status"]);
    assert_eq!(desk.ends(10, &["status", "--credential", "old"]).error(), "unauthenticated");

    // Nobody else's credential takes the operator's place, nor is one put where none lies.
    desk.done(&["principal", "add", "shop", "--kind", "service", "--tenant", "acme"]);
    let own = desk.read(OWN);
    desk.done(&["principal", "renew", "shop"]);
    assert_eq!(desk.read(OWN), own);
    fs::rename(desk.path(OWN), desk.path("elsewhere")).unwrap();
    desk.done(&["principal", "renew", "operator", "--credential", "elsewhere"]);
    assert!(!fs::exists(desk.path(OWN)).unwrap() && !fs::exists(desk.path(NEXT)).unwrap());
}

#[test]
fn a_renewal_that_was_interrupted_is_finished_or_taken_back() {
    let desk = Desk::new("renew-interrupted");
    let old = desk.read(OWN);
    desk.done(&["principal", "renew", "operator"]);
    let new = desk.read(OWN);
    // Killed between the commit and the file.
    fs::rename(desk.path(OWN), desk.path(NEXT)).unwrap();
    fs::write(desk.path(OWN), &old).unwrap();
    desk.done(&["status"]);
    assert_eq!(desk.read(OWN), new);
    // Killed before the commit: the next one is known to nobody.
    for unknown in [old.as_str(), "", "srk_garbage"] {
        fs::copy(desk.path(OWN), desk.path(NEXT)).unwrap();
        fs::write(desk.path(NEXT), unknown).unwrap();
        desk.done(&["status"]);
        assert_eq!(desk.read(OWN), new);
        assert!(!fs::exists(desk.path(NEXT)).unwrap());
    }
}

#[test]
fn killed_anywhere_the_operator_gets_in() {
    let desk = Desk::new("renew-killed");
    let mut replaced = 0;
    // The first kill comes when the next credential is there; each other some looks later, the
    // last ones when the command has ended by itself.
    for n in 0..20_u64 {
        let before = desk.read(OWN);
        let mut child = desk.command(&["principal", "renew", "operator"]).spawn().unwrap();
        let (mut begun, mut looks_left) = (false, n.pow(3));
        while child.try_wait().unwrap().is_none() {
            begun |= fs::exists(desk.path(NEXT)).unwrap();
            match looks_left {
                0 if begun => child.kill().unwrap(),
                _ => looks_left -= u64::from(begun && n < 19),
            }
        }
        child.wait().unwrap();
        desk.done(&["status"]);
        assert!(!fs::exists(desk.path(NEXT)).unwrap());
        replaced += usize::from(desk.read(OWN) != before);
    }
    assert!(replaced > 0, "no kill came after the commit");
}

#[test]
fn the_last_local_operator_cannot_be_revoked() {
    let desk = plain("last-operator");
    let by = ["--credential", "operator"];
    let said = desk.ends(2, &[&["principal", "revoke", "operator"], &by[..]].concat());
    assert_eq!(said.error(), "usage");
    assert!(said.out.contains("last local operator"), "{}", said.out);
    desk.done(&[&["tenant", "add", "acme"], &by[..]].concat());
}
