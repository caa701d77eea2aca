//! The clear copies that remain after a seal: the answer names them, and `--shred-input` removes
//! the input, and only an input whose every row is in the copy and in the store.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use desk::{Desk, tokens};
use serde_json::{Value, json};

const PEOPLE: &str = "\
MemberID,Name,SSN,Email,Rank
1,Ada Archer,536-22-1847,ada@mail.example,Director
2,Bruno Boone,401-55-9024,bruno@mail.example,Executive
3,\"Ada \"\"A\"\" Archer\",536-22-1847,,Director
";
const INTO: [&str; 4] = ["--tenant", "acme", "--collection", "people"];

fn shred(desk: &Desk, file: &str) -> desk::Said {
    let args = [&["seal", file, "--shred-input", "--json"], &INTO[..]].concat();
    desk.run(&args)
}

/// What lies in the folder apart from the install.
fn names(desk: &Desk) -> Vec<String> {
    let all = fs::read_dir(desk.path("")).unwrap();
    let all = all.map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
    let own = ["data", "data.keys", "tmp"];
    let mut names: Vec<String> = all.filter(|n| !own.contains(&n.as_str())).collect();
    names.sort();
    names
}

#[test]
fn the_answer_names_the_input_and_what_looks_like_its_copies() {
    let desk = Desk::new("clear-named");
    desk.write("people.csv", PEOPLE);
    let copies = [
        "people.csv.gz",
        "people.csv.zst",
        "people.csv~",
        "people.csv.bak",
        "people.csv.old",
        "people.csv.orig",
        "people (copy).csv",
        "Copy of people.csv",
        ".people.csv.swp",
        ".people.csv.swo",
        "#people.csv#",
        ".~lock.people.csv#",
    ];
    for name in copies.iter().chain(&["people.csv.md", "people2.csv", "other.csv~"]) {
        desk.write(name, "x");
    }
    symlink("nobody@nowhere", desk.path(".#people.csv")).unwrap();
    fs::create_dir(desk.path("people copy.csv")).unwrap();
    let report = desk.path("report.json");
    let args = ["seal", "people.csv", "--report", report.to_str().unwrap()];
    let json = desk.done(&[&args, &INTO[..]].concat());
    assert_eq!(json["shredded"], false);
    let mut found: Vec<&str> =
        json["clear"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
    assert_eq!(found[0], "people.csv");
    found.sort_unstable();
    let mut expected = copies.to_vec();
    expected.extend(["people.csv", ".#people.csv"]);
    expected.sort_unstable();
    assert_eq!(found, expected);
    let report: Value = serde_json::from_str(&desk.read("report.json")).unwrap();
    let told = report["clear_copies"].as_array().unwrap();
    assert_eq!((told.len(), &report["clear"]), (expected.len(), &json["clear"]));
    assert!(told.iter().all(|t| t["what"].is_string() && t["remedy"].is_string()));
    let said = desk.run(&[&["seal", "people.csv"], &INTO[..]].concat());
    assert!(expected.iter().all(|name| said.out.contains(&format!("in clear: {name}: "))));
}

#[test]
fn the_jobs_own_files_are_no_copies_and_a_packed_input_has_a_twin() {
    let desk = Desk::new("clear-own");
    desk.write("people.csv", PEOPLE);
    let args = ["seal", "people.csv", "--out", "people.csv.old", "--report", "people.csv.bak"];
    assert_eq!(desk.done(&[&args, &INTO[..]].concat())["clear"], json!(["people.csv"]));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, PEOPLE.as_bytes()).unwrap();
    desk.write("more.csv.gz", packed.finish().unwrap());
    desk.write("more.csv", PEOPLE);
    desk.write("more.csv~", PEOPLE);
    let clear = desk.seal("more.csv.gz")["clear"].clone();
    assert_eq!(clear, json!(["more.csv.gz", "more.csv", "more.csv~"]));
    symlink("people.csv", desk.path("link.csv")).unwrap();
    let clear = desk.seal("link.csv")["clear"].clone();
    let there =
        |name: &str| clear.as_array().unwrap().iter().any(|p| p.as_str().unwrap().ends_with(name));
    assert!(there("link.csv") && there("/people.csv"), "{clear}");
}

#[test]
fn a_shredded_input_is_gone_and_comes_back_from_its_copy() {
    let desk = Desk::new("clear-shred");
    for (name, text) in [
        ("people.csv", PEOPLE.to_owned()),
        ("bom.csv", format!("\u{feff}{}", PEOPLE.replace('\n', "\r\n"))),
        ("tabs.tsv", "MemberID\tSSN\n\n1\t536-22-1847\n2\t\n\n".to_owned()),
        ("none.csv", "MemberID,SSN\n".to_owned()),
        (
            "lines.jsonl",
            "{\"MemberID\": 1, \"SSN\": \"536-22-1847\", \"x\": null}\n{\"SSN\":401559024}\n"
                .to_owned(),
        ),
    ] {
        desk.write(name, &text);
        let (stem, end) = name.split_once('.').unwrap();
        let into = ["--tenant", "acme", "--collection", stem];
        let sealed = desk.done(&[&["seal", name, "--shred-input"], &into[..]].concat());
        assert_eq!((&sealed["shredded"], &sealed["clear"]), (&json!(true), &json!([])), "{name}");
        assert!(!desk.path(name).exists());
        let like = format!("{stem}.sealed.{end}");
        assert_eq!(names(&desk), std::slice::from_ref(&like), "{name}");
        if text.contains("536") {
            let back = ["export", "--purpose", "support", "--like", &like, "--out", name];
            desk.done(&[&back, &into[..]].concat());
            assert_eq!(desk.read(name), text, "{name}");
            fs::remove_file(desk.path(name)).unwrap();
        }
        fs::remove_file(desk.path(&like)).unwrap();
    }
    desk.write("again.csv", PEOPLE);
    let said = desk.run(&[&["seal", "again.csv", "--shred-input"], &INTO[..]].concat());
    assert_eq!(said.code, Some(0));
    assert!(said.out.contains("shredded: again.csv") && said.out.contains("not reached: "));
}

#[test]
fn a_copy_in_another_format_is_compared_all_the_same() {
    let desk = Desk::new("clear-foreign");
    let wide = "MEMBERID  NAME          SSN\n1         Archer, Ada   536-22-1847\n\
                22        Zo\u{eb} Boone     401-55-9024\n333       Bo Boone\n";
    let latin: Vec<u8> = wide.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let bare = "001536-22-1847Ada \n002401-55-9024Bo  \n";
    let items = "[{\"id\": 1, \"who\": {\"ssn\": \"536-22-1847\", \"names\": [\"Ada\", \"A\"]}},\n \
                 {\"who\": null, \"id\": 2}, {\"id\": 3, \"who\": {\"ssn\": \"\"}}]\n";
    for (name, bytes, more) in [
        ("wide.txt", latin, &[][..]),
        ("bare.dat", bare.into(), &["--widths", "3,11,4", "--header", "no"]),
        ("items.json", items.into(), &[]),
    ] {
        desk.write(name, bytes);
        let into = ["--tenant", "acme", "--collection", &name.replace('.', "-")];
        let json = desk.done(&[&["seal", name, "--shred-input"], &into[..], more].concat());
        assert_eq!((&json["shredded"], &json["clear"]), (&json!(true), &json!([])), "{name}");
    }
}

#[test]
fn a_finished_job_shreds_later_only_beside_an_untouched_copy() {
    let desk = Desk::new("clear-later");
    desk.write("people.csv", PEOPLE);
    desk.seal("people.csv");
    let sealed = desk.read("people.sealed.csv");
    desk.write("people.sealed.csv", sealed.replace("Executive", "Director"));
    assert_eq!(shred(&desk, "people.csv").code, Some(2));
    assert_eq!(desk.read("people.csv"), PEOPLE);
    desk.write("people.sealed.csv", &sealed);
    let json = shred(&desk, "people.csv").json();
    assert_eq!((&json["shredded"], &json["changed"]), (&json!(true), &json!(0)));
    assert_eq!(desk.values(&tokens(&sealed)).len(), 8);
}

#[test]
fn what_is_nowhere_else_is_not_shredded() {
    let desk = Desk::new("clear-only");
    desk.write("people.csv", format!("{PEOPLE}4,too,few\n"));
    let said = shred(&desk, "people.csv");
    assert_eq!((said.code, &said.json()["shredded"]), (Some(4), &json!(false)));
    assert!(said.err.contains("was not shredded: 1 rows could not be read"), "{}", said.err);
    assert_eq!(said.json()["clear"], json!(["people.csv"]));
    let codes = "MemberID,CardNumber,CVV\n1,4111111111111111,123\n";
    desk.write("cards.csv", codes);
    let cards = ["--tenant", "acme", "--collection", "cards"];
    let json = desk.done(&[&["seal", "cards.csv", "--shred-input"], &cards[..]].concat());
    assert_eq!(
        (&json["shredded"], &json["dropped"]["card_security_code"]),
        (&json!(true), &json!(1))
    );
    let dump = "CREATE TABLE people (id int, ssn text);\nINSERT INTO people VALUES (1, \
                '536-22-1847');\nCREATE TABLE notes (x text);\n";
    desk.write("dump.sql", dump);
    assert_eq!(shred(&desk, "dump.sql").code, Some(2));
    assert_eq!(desk.read("dump.sql"), dump);
    assert!(!desk.path("dump.sealed.csv").exists(), "refused before anything was sealed");
}

#[test]
fn what_is_no_file_of_its_own_is_refused_before_anything_is_done() {
    let desk = Desk::new("clear-links");
    desk.write("real.csv", PEOPLE);
    symlink("real.csv", desk.path("people.csv")).unwrap();
    fs::hard_link(desk.path("real.csv"), desk.path("other.csv")).unwrap();
    fs::create_dir(desk.path("folder.csv")).unwrap();
    for name in ["people.csv", "real.csv", "other.csv", "folder.csv", "-", "/dev/stdin"] {
        let said = shred(&desk, name);
        assert_eq!((said.code, said.error().as_str()), (Some(2), "usage"), "{name}");
    }
    let piped = ["seal", "-", "--shred-input", "--out", "out.csv", "--json"];
    assert_eq!(desk.run_on(&[&piped, &INTO[..]].concat(), PEOPLE).code, Some(2));
    let dry = [&["seal", "real.csv", "--shred-input", "--dry-run", "--json"], &INTO[..]].concat();
    assert_eq!(desk.run(&dry).code, Some(2));
    assert_eq!(names(&desk), ["folder.csv", "other.csv", "people.csv", "real.csv"]);
    assert_eq!(desk.read("real.csv"), PEOPLE);
}

#[test]
fn a_half_shredded_input_is_told_and_never_sealed() {
    let desk = Desk::new("clear-half");
    desk.write("people.csv", PEOPLE);
    desk.seal("people.csv");
    fs::rename(desk.path("people.csv"), desk.path(".people.csv.shredding")).unwrap();
    desk.write(".people.csv.shredding", [b"\x8f\x02".repeat(9), PEOPLE.into()].concat());
    let before = names(&desk);
    for (name, word) in [
        ("people.csv", "was being shredded by a run that ended early"),
        (".people.csv.shredding", "is what an interrupted --shred-input left"),
    ] {
        for more in [&[][..], &["--shred-input"]] {
            let said = desk.run(&[&["seal", name], &INTO[..], more].concat());
            assert_eq!(said.code, Some(2), "{name}");
            assert!(said.err.contains(word) && said.err.contains("complete"), "{}", said.err);
        }
    }
    assert_eq!(names(&desk), before);
    // The next export under the same name seals, and what is left over is named.
    desk.write("people.csv", PEOPLE.replace("Ada", "Eve"));
    let args = [&["seal", "people.csv", "--out", "next.csv"], &INTO[..]].concat();
    assert_eq!(desk.done(&args)["clear"], json!(["people.csv", ".people.csv.shredding"]));
    assert_eq!(shred(&desk, "people.csv").code, Some(2), "one left over at a time");
}

#[test]
fn killed_while_it_is_overwritten_the_name_is_free_and_the_copy_complete() {
    let desk = Desk::new("clear-kill");
    let rows = (0..40_000).map(|n| format!("{n},person{n}@mail.example\n"));
    let text = rows.fold("MemberID,Email\n".to_owned(), |text, row| text + &row);
    desk.write("people.csv", &text);
    desk.seal("people.csv");
    let sealed = desk.read("people.sealed.csv");
    let args = [&["seal", "people.csv", "--shred-input"], &INTO[..]].concat();
    let mut child = desk.command(&args).spawn().unwrap();
    let left = desk.path(".people.csv.shredding");
    while fs::symlink_metadata(&left).is_err() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let _ = child.kill();
    desk.wait(child);
    assert!(!desk.path("people.csv").exists());
    assert_eq!(desk.read("people.sealed.csv"), sealed);
    assert_eq!(desk.run(&args).code, Some(2));
}

#[test]
fn the_inputs_own_bytes_are_overwritten_in_place() {
    let desk = Desk::new("clear-bytes");
    let path = desk.write("people.csv", PEOPLE);
    // A handle of before: it still reads the file once its name is gone.
    let mut held = fs::File::open(&path).unwrap();
    assert_eq!(shred(&desk, "people.csv").code, Some(0));
    let mut left = Vec::new();
    std::io::Read::read_to_end(&mut held, &mut left).unwrap();
    assert_eq!(left.len(), PEOPLE.len());
    let known = ["Ada", "536-22", "mail", "Director", "SSN"];
    let holds = |word: &&str| left.windows(word.len()).any(|w| w == word.as_bytes());
    assert!(!known.iter().any(holds));
}

#[test]
fn a_folder_that_cannot_be_changed_is_told_before() {
    let desk = Desk::new("clear-folder");
    let folder: PathBuf = desk.path("shut");
    fs::create_dir(&folder).unwrap();
    desk.write("shut/people.csv", PEOPLE);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    let args = ["seal", "shut/people.csv", "--shred-input", "--out", "people.csv", "--json"];
    let said = desk.run(&[&args, &INTO[..]].concat());
    // Whoever may do everything may do this too.
    let root = fs::write(folder.join("probe"), "x").is_ok();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(said.code, Some(if root { 0 } else { 2 }));
    assert_eq!(desk.path("people.csv").exists(), root);
}
