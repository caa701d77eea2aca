//! Columns that stay in clear: what in them is plainly a person's is counted and warned of, and
//! what nobody decided on, an array, is refused.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use desk::{Desk, tokens};
use serde_json::json;

/// A schema that leaves `id` and this column open and seals `ssn`.
fn open(desk: &Desk, column: &str) {
    let schema = format!(
        "[[column]]\nname = \"id\"\nclear = \"numbers of ours\"\n\
         [[column]]\nname = \"{column}\"\nclear = \"words of ours\"\n\
         [[column]]\nname = \"ssn\"\ntype = \"ssn\"\n"
    );
    desk.write("open.toml", schema);
}

fn seal<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let args = ["seal", file, "--tenant", "acme", "--collection", "people"];
    [&args[..], &["--schema", "open.toml"], more].concat()
}

#[test]
fn cells_that_are_plainly_a_persons_are_counted_and_warned_of() {
    let desk = Desk::new("exposed");
    let rows = [
        "1,ada@mail.example,536-22-1847",
        "2,K-17,401-55-9024",
        "3,,219-09-9998",
        "4,4111 1111 1111 1111,",
        "5,452-11-8830,ada@mail.example",
    ];
    desk.write("people.csv", format!("id,code,ssn\n{}\n", rows.join("\n")));
    open(&desk, "code");
    for more in [&["--dry-run"][..], &[], &[]] {
        let report = desk.done(&seal("people.csv", more));
        assert_eq!(report["exposed"], json!({"code": 3}), "{more:?}");
        assert_eq!(report["open"], json!(["id", "code"]));
        let said = desk.run(&seal("people.csv", more));
        let warning = "WARNING: 3 cells of `code` look like a person's data and are in clear";
        assert!(said.out.contains(warning), "{more:?}: {}", said.out);
    }
    let sealed = desk.read("people.sealed.csv");
    let cells = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
    };
    assert_eq!(cells(&sealed), cells(&desk.read("people.csv")), "they are left as they are");
    let printed = String::from_utf8(desk.printed()).unwrap();
    assert!(!printed.contains("ada@") && !printed.contains("452-11"), "{printed}");
    // Nothing of a person, nothing to be warned of.
    desk.write("codes.csv", "id,code,ssn\n1,K-17,536-22-1847\n");
    assert_eq!(desk.done(&seal("codes.csv", &[]))["exposed"], json!({}));
    assert!(!desk.run(&seal("codes.csv", &[])).out.contains("WARNING"));
}

#[test]
fn an_array_in_an_open_column_is_refused() {
    let desk = Desk::new("open-array");
    open(&desk, "tags");
    for (at, cell) in ["[\"ada@mail.example\"]", "[[1]]", "[]", "[{\"a\":1}]"].iter().enumerate() {
        let file = format!("tags{at}.jsonl");
        let text = format!(
            "{{\"id\":1,\"tags\":\"x\",\"ssn\":\"536-22-1847\"}}\n{{\"id\":2,\"tags\":{cell}}}\n"
        );
        desk.write(&file, text);
        for more in [&["--dry-run"][..], &[]] {
            let said = desk.ends(2, &seal(&file, more));
            assert_eq!(said.error(), "usage");
            let place = format!("{file}:2: `tags` is an open column");
            assert!(said.out.contains(&place) && !said.out.contains("ada@"), "{}", said.out);
        }
        assert!(!desk.path(&format!("tags{at}.sealed.jsonl")).exists(), "{cell}");
    }
    // A text that looks like one is a text.
    let text = "{\"id\":1,\"tags\":\"[1]\",\"ssn\":\"536-22-1847\"}\n";
    desk.write("text.jsonl", text);
    desk.done(&seal("text.jsonl", &[]));
    let sealed = desk.read("text.sealed.jsonl");
    assert_eq!(sealed.replace(tokens(&sealed)[0], "536-22-1847"), text);
}

#[test]
fn a_column_that_holds_arrays_is_proposed_sealed_as_text() {
    let desk = Desk::new("array-proposed");
    let row = |n: usize| {
        let status = ["\"active\"", "\"closed\"", "[\"x\"]"][if n == 30 { 2 } else { n % 2 }];
        format!("{{\"MemberID\":{n},\"Status\":{status},\"Level\":\"gold\"}}\n")
    };
    desk.write("people.jsonl", (1..40).map(row).collect::<String>());
    let proposed = desk.done(&["schema", "propose", "people.jsonl"]);
    let column = |name: &str| {
        let columns = proposed["columns"].as_array().unwrap().iter();
        columns.filter(|c| c["name"] == name).map(Clone::clone).next().unwrap()
    };
    assert!(column("Level")["clear"].is_string(), "{}", column("Level"));
    let status = column("Status");
    assert_eq!((&status["type"], &status["unsure"]), (&json!("text"), &json!(true)), "{status}");
    assert!(status.to_string().contains("holds objects or arrays"), "{status}");
    desk.seal("people.jsonl");
    let sealed = desk.read("people.sealed.jsonl");
    assert!(!sealed.contains("active") && !sealed.contains("[\"x\"]"), "{sealed}");
    let token = tokens(sealed.lines().nth(29).unwrap()).pop().unwrap().to_owned();
    assert_eq!(desk.values(&[&token]), ["[\"x\"]"]);
}
