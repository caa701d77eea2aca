//! The first command: it keeps what it promises, looks at nothing that is there already, leaves
//! nothing behind, and the commands it names next work as they stand.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use std::fs;
use std::process::Command;

use desk::{Desk, tokens};

const FEW: [&str; 3] = ["quickstart", "--people", "300"];

fn names(desk: &Desk, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(desk.path(folder)).unwrap();
    entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn it_needs_nothing_and_leaves_nothing() {
    let desk = Desk::bare("quick");
    let mut command = desk.command(&FEW);
    let said = command
        .env("STRONGROOM_KEYS", "/nonexistent/keys")
        .env("STRONGROOM_CREDENTIAL", "/nonexistent/credential")
        .output()
        .unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert_eq!(said.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&said.stderr));
    for (step, word) in [("1", "0700"), ("4", " 0 found"), ("6", "refused"), ("7", "REFUSED")] {
        let from = text.find(&format!("\n{step}  ")).unwrap();
        assert!(text[from..].contains(word), "step {step} does not say {word}");
    }
    assert!(text.contains("Everything held.") && !text.contains('\u{1b}'), "{text}");
    let plain = text.replace('\u{2022}', "*");
    assert!(plain.is_ascii(), "only the mask's bullet may be more than ASCII");
    assert!(plain.lines().all(|l| l.len() <= 100 || l.contains("strongroom")), "{plain}");
    assert_eq!(names(&desk, "tmp"), Vec::<String>::new());
    assert_eq!(names(&desk, ""), ["tmp"]);
}

#[test]
fn its_figures_are_one_json_object() {
    let desk = Desk::bare("quick-json");
    let json = desk.done(&FEW);
    assert_eq!((&json["held"], &json["people"]), (&true.into(), &300.into()));
    assert_eq!((&json["place"]["mode"], &json["place"]["kept"]), (&"0700".into(), &false.into()));
    assert_eq!(json["sealed"]["rows"], 300);
    for search in ["search", "search_at_end"] {
        let count = |name: &str| json[search][name].as_u64().unwrap();
        assert!(count("values") >= 200 && count("sealed_bytes") > count("clear_bytes"));
        assert_eq!((count("sealed_found"), count("clear_found")), (0, count("values")));
    }
    assert_eq!((&json["refusal"]["exit"], &json["refusal"]["attempts"]), (&12.into(), &3.into()));
    let entry = json["reveal"]["entry"]["json"].as_str().unwrap();
    assert!(entry.contains("\"act\":\"pii.reveal\"") && entry.contains("\"pu\":\"tax\""));
    assert!(!entry.contains(json["reveal"]["full"]["value"].as_str().unwrap()));
    assert_eq!(json["ledger"]["refuted_index"], json["reveal"]["entry"]["index"]);
    assert_eq!(
        (&json["ledger"]["restored"], &json["ledger"]["collected"]),
        (&true.into(), &300.into())
    );
    assert_eq!(names(&desk, "tmp"), Vec::<String>::new());
}

#[test]
fn what_it_keeps_can_be_used() {
    let desk = Desk::bare("quick-kept");
    let said = desk.run(&[&FEW[..], &["--keep", "kept"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("Kept in kept"));
    let mut kept = names(&desk, "kept");
    kept.sort_unstable();
    assert_eq!(kept, ["clear", "data", "data.keys", "ledger", "sealed"]);
    let sealed = desk.read("kept/sealed/borealis.sealed.csv");
    let ask = ["reveal", "--tenant", "borealis", "--purpose", "tax", "--data", "kept/data"];
    desk.done(&[&ask[..], &tokens(&sealed)[..3]].concat());
    let again = desk.ends(2, &[&FEW[..], &["--keep", "kept"]].concat());
    assert_eq!(again.error(), "usage");
    assert!(desk.path("kept/ledger/system/checkpoint").exists(), "it was left alone");
}

#[test]
fn the_next_commands_work_as_they_stand() {
    let desk = Desk::bare("quick-next");
    let said = desk.run(&[&FEW[..], &["--keep", "it's kept"]].concat());
    let (_, next) = said.out.split_once("\nNext, ").unwrap();
    let lines: Vec<&str> = next.lines().filter_map(|l| l.strip_prefix("  ")).collect();
    let script = format!("set -e\n{}\n", lines.join("\n"));
    for command in ["init --dev", "tenant add", "schema propose", "--dry-run", "--out", "reveal"] {
        assert!(script.contains(command), "{script}");
    }
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(&script).current_dir(desk.path("")).env_clear();
    // Where its own tools are, and nothing else.
    let output = shell.env("PATH", std::env::var_os("PATH").unwrap()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{script}\n{text}\n{err}");
    assert!(
        text.contains("150 rows would be sealed") && text.contains("150 rows sealed"),
        "{text}"
    );
    assert!(text.lines().any(|l| l.starts_with("FirstName")), "{text}");
}
