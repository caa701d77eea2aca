//! How values come back: masked by their type, exact in full, in the order asked for, all or none,
//! and never without an entry of the ledger that says so.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use desk::{Desk, Said, tokens};
use serde_json::Value;

/// A column, its type, a value of it, and what the mask shows.
const TYPES: [(&str, &str, &str, &str); 16] = [
    ("Ssn", "ssn", "536-22-1847", "@1847"),
    ("Tax", "tax_id", "12-3456789", "@6789"),
    ("Card", "card_number", "4111 1111 1111 1111", "@1111"),
    ("Expiry", "card_expiry", "04/29", "@"),
    ("Account", "bank_account", "000123456789", "@6789"),
    ("Iban", "bank_account", "GB82 WEST 1234 5698 7654 32", "@5432"),
    ("Routing", "bank_routing", "021000021", "021000021"),
    ("User", "username", "ada1847", "@"),
    ("Email", "email", "Ada.Archer@Mail.Example", "a@@mail.example"),
    ("Phone", "phone", "(214) 555-0142", "@42"),
    ("Name", "name", "Ada Lovelace Archer", "A. L. A."),
    ("Birth", "date_of_birth", "12/10/1985", "1985"),
    ("Street", "address", "12 Quarry Hill Road", "@"),
    ("Notes", "text", "call after five", "@"),
    ("Odd", "ssn", "on file", "@"),
    ("Short", "bank_account", "1234", "@"),
];

fn typed(name: &str) -> (Desk, Vec<String>) {
    let desk = Desk::new(name);
    let (mut header, mut row, mut schema) = (vec![], vec![], String::new());
    for (column, kind, value, _) in TYPES {
        header.push(column);
        row.push(format!("\"{value}\""));
        schema.push_str(&format!("[[column]]\nname = \"{column}\"\ntype = \"{kind}\"\n"));
    }
    desk.write("typed.csv", format!("{}\n{}\n", header.join(","), row.join(",")));
    desk.write("typed.toml", schema);
    let seal = ["seal", "typed.csv", "--tenant", "acme", "--collection", "typed", "--schema"];
    desk.done(&[&seal[..], &["typed.toml"]].concat());
    let sealed = desk.read("typed.sealed.csv");
    let tokens: Vec<String> = tokens(&sealed).iter().map(|t| (*t).to_owned()).collect();
    assert_eq!(tokens.len(), TYPES.len());
    (desk, tokens)
}

fn reveal(desk: &Desk, more: &[&str], tokens: &[&str]) -> Said {
    let args = ["reveal", "--tenant", "acme", "--purpose", "support", "--json"];
    desk.run(&[&args[..], more, tokens].concat())
}

fn column<'v>(json: &'v Value, name: &str) -> Vec<&'v str> {
    json["values"].as_array().unwrap().iter().map(|v| v[name].as_str().unwrap()).collect()
}

#[test]
fn every_type_has_its_mask() {
    let (desk, tokens) = typed("masks");
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let shown = |more: &[&str]| {
        let said = reveal(&desk, more, &tokens);
        assert_eq!(said.code, Some(0), "{}", said.out);
        said.json()
    };
    let masked = shown(&[]);
    let hidden = "\u{2022}\u{2022}\u{2022}";
    let mut wrong = Vec::new();
    for ((column, kind, _, mask), value) in TYPES.iter().zip(column(&masked, "value")) {
        // Of an address the host is shown, after the letter and the mask.
        let mask = match *kind {
            "email" => mask.replacen('@', hidden, 1),
            _ => mask.replace('@', hidden),
        };
        if value != mask {
            wrong.push(format!("{column}: {value:?} is not {mask:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(shown(&["--form", "masked"])["values"], masked["values"]);
    let redacted = shown(&["--form", "redacted"]);
    assert!(column(&redacted, "value").iter().all(|v| *v == hidden));
    assert!(column(&redacted, "form").iter().all(|v| *v == "redacted"));
    let values: Vec<&str> = TYPES.iter().map(|t| t.2).collect();
    for more in [&["--full"][..], &["--form", "full"]] {
        let full = shown(more);
        assert_eq!(column(&full, "value"), values);
        assert_eq!(column(&full, "field"), TYPES.map(|t| t.0));
        assert!(column(&full, "record").iter().all(|r| r.starts_with("srr_")));
    }
}

#[test]
fn the_order_of_the_request_is_kept() {
    let (desk, tokens) = typed("order");
    let backwards: Vec<&str> = tokens.iter().rev().map(String::as_str).collect();
    let twice = [&backwards[..], &backwards[3..5]].concat();
    let json = reveal(&desk, &["--full"], &twice).json();
    assert_eq!(column(&json, "token"), twice);
    let values: Vec<&str> = TYPES.iter().rev().map(|t| t.2).collect();
    assert_eq!(column(&json, "value"), [&values[..], &values[3..5]].concat());
    // The same from standard input, one a line, blank lines and spaces aside.
    let args = ["reveal", "--tenant", "acme", "--purpose", "tax", "--full", "--json", "-"];
    let said = desk.run_on(&args, &format!("\n  {}  \r\n\n", twice.join("\n")));
    assert_eq!(said.json()["values"], json["values"]);
    for (input, code) in [("", 2), ("\n\n", 2), ("not a token\n", 12)] {
        let said = desk.run_on(&args, input);
        assert_eq!(said.code, Some(code), "{input:?}: {}", said.out);
        said.error();
    }
}

#[test]
fn one_bad_token_refuses_all() {
    let (desk, tokens) = typed("all-or-none");
    let good = tokens[0].as_str();
    let bad = format!("{}{}", &good[..35], if good.ends_with('a') { "b" } else { "a" });
    for list in [vec![bad.as_str(), good], vec![good, bad.as_str()], vec![good, "srt_", good]] {
        let said = reveal(&desk, &["--full"], &list);
        assert_eq!((said.code, said.error().as_str()), (Some(12), "not_found"));
        assert!(!said.out.contains(TYPES[0].2) && !said.err.contains(TYPES[0].2));
    }
    let upper = good.to_uppercase();
    let record = reveal(&desk, &[], &[good]).json()["values"][0]["record"].clone();
    for near in [upper.as_str(), &good[4..], record.as_str().unwrap()] {
        assert_eq!(reveal(&desk, &[], &[near]).code, Some(12), "{near}");
    }
}

#[test]
fn more_tokens_than_one_request_may_have_are_2() {
    let (desk, tokens) = typed("many");
    let args = ["reveal", "--tenant", "acme", "--purpose", "tax", "--json", "-"];
    let line = format!("{}\n", tokens[0]);
    let most = desk.run_on(&args, &line.repeat(10_000));
    assert_eq!(most.json()["values"].as_array().unwrap().len(), 10_000);
    for input in [line.repeat(10_001), line.repeat(100_000), "\n".repeat(1_000_000)] {
        let said = desk.run_on(&args, &input);
        assert_eq!((said.code, said.error().as_str()), (Some(2), "usage"));
    }
}

#[test]
fn each_answer_names_its_entry() {
    let (desk, tokens) = typed("entries");
    let token = tokens[0].as_str();
    let first = reveal(&desk, &[], &[token]).json();
    let second = reveal(&desk, &["--full"], &[token]).json();
    let index = |json: &Value| json["ledger"]["index"].as_u64().unwrap();
    assert!(index(&second) > index(&first));
    assert_eq!(first["ledger"]["log"], second["ledger"]["log"]);
    let hash = second["ledger"]["leaf_hash"].as_str().unwrap();
    assert!(hash.len() == 64 && hash.bytes().all(|b| b"0123456789abcdef".contains(&b)));
    let record = second["values"][0]["record"].as_str().unwrap();
    let who = desk.done(&["ledger", "who", "--tenant", "acme", "--record", record]);
    let entries = who["entries"].as_array().unwrap();
    let about = |json: &Value| {
        let found = entries.iter().find(|e| e["index"] == json["ledger"]["index"]).unwrap();
        (found["act"].clone(), found["purpose"].clone(), found["fields"].clone())
    };
    let expected = ("pii.reveal".into(), "support".into(), serde_json::json!(["ssn"]));
    assert_eq!((about(&first), about(&second)), (expected.clone(), expected));
}

#[test]
fn a_value_cannot_write_on_the_terminal() {
    let desk = Desk::new("terminal");
    let value = "\u{1b}[2J\u{1b}]0;title\u{7}two\nlines \u{202e}back";
    desk.write("names.csv", format!("MemberID,Notes\n1,\"{value}\"\n"));
    let args = ["seal", "names.csv", "--tenant", "acme", "--collection", "names"];
    desk.done(&args);
    let sealed = desk.read("names.sealed.csv");
    let token = tokens(&sealed)[0];
    let ask = ["reveal", "--tenant", "acme", "--purpose", "support", "--full", token];
    let text = desk.run(&ask).out;
    assert_eq!(text.lines().count(), 3, "{text:?}");
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']) && text.contains("two\\nlines"));
    assert_eq!(desk.values(&[token]), [value], "as JSON it is exact");
}
