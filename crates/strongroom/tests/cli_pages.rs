//! Help, completions and manual pages: all of them name every subcommand, and show how it is used.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use std::fs;
use std::process::{Command, Output};

use desk::Desk;

/// Runs a program of this machine; none where it is not installed.
fn ran(program: &str, args: &[&str]) -> Option<Output> {
    Command::new(program).args(args).env("MANPAGER", "cat").env("LC_ALL", "C").output().ok()
}

/// The groups and the subcommands, `ledger who` for a nested one.
fn commands() -> Vec<String> {
    let mut all = strongroom::cli::subcommands();
    let groups: Vec<_> = all.iter().filter_map(|n| Some(n.split_once(' ')?.0.to_owned())).collect();
    all.extend(groups);
    all.sort();
    all.dedup();
    all
}

#[test]
fn every_help_has_examples_that_name_it() {
    let desk = Desk::bare("pages-help");
    for name in commands() {
        let words: Vec<&str> = name.split(' ').chain(["--help"]).collect();
        let said = desk.run(&words);
        let (_, examples) = said.out.split_once("\nExample").unwrap_or_else(|| panic!("{name}"));
        let plain = examples.replace("strongroom --json ", "strongroom ");
        assert!(plain.contains(&format!("strongroom {name}")), "{name}: {examples}");
    }
    assert_eq!(fs::read_dir(desk.path("")).unwrap().count(), 1, "nothing but the folder of temps");
}

#[test]
fn completions_name_every_subcommand_and_option() {
    let desk = Desk::bare("pages-complete");
    for shell in ["bash", "zsh", "fish"] {
        let script = desk.run(&["completions", shell]).out;
        for name in commands() {
            assert!(script.contains(name.rsplit(' ').next().unwrap()), "{shell}: {name}");
        }
        assert!(script.contains("shred-input"), "{shell}");
        let json = desk.done(&["completions", shell]);
        assert_eq!(
            (json["shell"].as_str(), json["script"].as_str()),
            (Some(shell), Some(&*script))
        );
    }
    assert_eq!(desk.run(&["completions", "tcsh"]).code, Some(2));
}

#[test]
fn bash_completes_what_was_begun() {
    let desk = Desk::bare("pages-bash");
    let script = desk.write("script", desk.run(&["completions", "bash"]).out);
    let script = script.to_str().unwrap();
    for (begun, whole) in [
        ("strongroom led", "ledger"),
        ("strongroom ledger w", "who"),
        ("strongroom seal --shr", "--shred-input"),
    ] {
        let words: Vec<&str> = begun.split(' ').collect();
        let (last, before) = (words[words.len() - 1], words[words.len() - 2]);
        let asked = format!(
            "source '{script}'; COMP_WORDS=({begun}); COMP_CWORD={}; COMP_LINE='{begun}'; \
             _strongroom strongroom '{last}' '{before}'; echo \"${{COMPREPLY[*]}}\"",
            words.len() - 1
        );
        let Some(output) = ran("bash", &["--norc", "--noprofile", "-c", &asked]) else { return };
        let output = (String::from_utf8(output.stdout), String::from_utf8(output.stderr));
        assert_eq!(output, (Ok(format!("{whole}\n")), Ok(String::new())), "{begun}");
    }
}

#[test]
fn there_is_a_page_for_every_subcommand_and_each_can_be_set() {
    let desk = Desk::bare("pages-man");
    for _ in 0..2 {
        let json = desk.done(&["man", "--out", "man1"]);
        assert_eq!(json["pages"].as_array().unwrap().len(), commands().len() + 1);
    }
    let name = |command: &String| format!("strongroom-{}.1", command.replace(' ', "-"));
    let commands = commands();
    for page in commands.iter().map(name).chain(["strongroom.1".to_owned()]) {
        let text = desk.read(&format!("man1/{page}"));
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES"] {
            assert!(text.contains(&format!("\n.SH {section}\n")), "{page}: {section}");
        }
        let path = desk.path("man1").join(&page);
        let set = ["-man", "-Tascii", "-ww", "-P-c", path.to_str().unwrap()];
        let Some(output) = ran("groff", &set) else { continue };
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{page}");
        let shown = String::from_utf8_lossy(&output.stdout).replace('\x08', "");
        assert!(shown.contains("strongroom") && shown.len() > 500, "{page}: {shown}");
    }
    let page = desk.run(&["man"]).out;
    assert_eq!(page, desk.read("man1/strongroom.1"));
    assert_eq!(desk.done(&["man"])["page"], page);
    let seal = desk.read("man1/strongroom-seal.1");
    assert!(seal.contains("\\(aq\\ecopy people"), "quotes and backslashes stay");
}

#[test]
fn pages_go_into_no_folder_of_the_install() {
    let desk = Desk::new("pages-apart");
    for folder in ["data", "data.keys", "data/more"] {
        assert_eq!(desk.ends(2, &["man", "--out", folder]).error(), "usage");
    }
    desk.write("own.txt", "somebody's own file\n");
    fs::create_dir(desk.path("man1")).unwrap();
    std::os::unix::fs::symlink("../own.txt", desk.path("man1/strongroom.1")).unwrap();
    desk.done(&["man", "--out", "man1"]);
    assert_eq!(desk.read("own.txt"), "somebody's own file\n");
}
