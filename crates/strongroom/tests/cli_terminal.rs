//! What is printed for people can neither write on their terminal nor show itself as something
//! else: names of files and columns are a stranger's.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use desk::{Desk, Said, tokens};

/// Turned about, an SSN's column reads as another; the second name shows nothing of its end.
const COLUMNS: [&str; 3] = ["ssn \u{202e}kram", "e-mail\u{200b}\u{2066}", "rank\u{feff}x"];
const OF: [&str; 4] = ["--tenant", "acme", "--collection", "people"];

fn people(desk: &Desk, file: &str) {
    let columns = COLUMNS.join(",");
    desk.write(file, format!("{columns}\n536-22-1847,ada@example.com,gold\n"));
}

fn hides_nothing(said: &Said) {
    for text in [&said.out, &said.err] {
        let hidden = |c: char| c != '\n' && strongroom_core::text::is_hidden(c);
        assert!(!text.contains(hidden), "{text:?}");
    }
}

#[test]
fn names_of_files_and_columns_are_shown_for_what_they_are() {
    let desk = Desk::new("terminal-names");
    let file = "pe\u{1b}[2J\u{202e}ople\n.csv";
    people(&desk, file);
    desk.write("bad.csv", format!("{}\n1,2\n", COLUMNS.join(",")));
    desk.write("other.toml", "[[column]]\nname = \"other\"\ntype = \"text\"\n");
    let seal = [&["seal", file][..], &OF].concat();
    let spelt = "\\u{202e}kram";
    for (args, code, shows) in [
        (&["schema", "propose", file][..], 0, "\\U0000202Ekram"),
        (&["schema", "propose", "no\u{1b}c-such\n"], 2, "no\\u{1b}c-such\\n"),
        (&[&seal[..], &["--schema", "other.toml"]].concat(), 2, spelt),
        (&[&seal[..], &["--dry-run"]].concat(), 0, spelt),
        (&[&["seal", "bad.csv", "--dry-run"], &OF[..]].concat(), 4, spelt),
        (&seal, 0, "ople\\n.sealed.csv"),
        (&[&["schema", "show"], &OF[..]].concat(), 0, "\\U0000202Ekram"),
        (&["tenant", "\u{7}\u{202e}add"], 2, "\\u{202e}add"),
        (&["tenant", "show", "\u{202e}"], 12, ""),
    ] {
        let said = desk.run(args);
        assert_eq!(said.code, Some(code), "{args:?}: {} {}", said.out, said.err);
        hides_nothing(&said);
        let both = said.out + &said.err;
        assert!(both.contains(shows), "{args:?}: {both}");
    }
}

#[test]
fn a_field_is_named_as_it_is_and_as_json_exactly() {
    let desk = Desk::new("terminal-fields");
    people(&desk, "people.csv");
    desk.seal("people.csv");
    let sealed = desk.read("people.sealed.csv");
    let token = tokens(&sealed)[0];
    let ask = ["reveal", "--tenant", "acme", "--purpose", "support", token];
    let said = desk.run(&ask);
    hides_nothing(&said);
    assert!(said.out.contains("ssn \\u{202e}kram"), "{}", said.out);
    assert_eq!(desk.done(&ask)["values"][0]["field"], COLUMNS[0]);
}

#[test]
fn a_schema_that_hides_nothing_reads_back_exactly() {
    let desk = Desk::new("terminal-schema");
    people(&desk, "people.csv");
    let proposed = desk.run(&["schema", "propose", "people.csv"]);
    hides_nothing(&proposed);
    desk.write("people.toml", proposed.out);
    desk.done(&[&["schema", "set", "people.toml"], &OF[..]].concat());
    let shown = desk.done(&[&["schema", "show"], &OF[..]].concat());
    let names = shown["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), COLUMNS);
    desk.seal("people.csv");
    assert_eq!(desk.done(&[&["schema", "show"], &OF[..]].concat())["version"], 1);
}
