//! Files of every kind that a back office has lying about: each is sealed as it is, the copy holds
//! tokens in its place, and a value comes back as it stood.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use desk::{Desk, tokens};
use serde_json::{Value, json};

/// The text with every token replaced by `@`.
fn masked(text: &str) -> String {
    tokens(text).iter().fold(text.to_owned(), |text, token| text.replacen(token, "@", 1))
}

/// Seals a file into a collection of its own name, with these options.
fn seal(desk: &Desk, name: &str, options: &[&str]) -> Value {
    let stem: String = name.split('.').next().unwrap().to_owned();
    let args = ["seal", name, "--tenant", "acme", "--collection", &stem];
    desk.done(&[&args[..], options].concat())
}

#[test]
fn the_delimiter_is_told_from_the_bytes_and_kept() {
    let desk = Desk::new("delimiters");
    for (name, text, expected) in [
        (
            "semicolons.csv",
            "MemberID;Name;SSN\n1;\"Archer; Ada\";536-22-1847\n2;Bo, B;401-55-9024\n",
            "MemberID;Name;SSN\n1;\"@\";@\n2;@;@\n",
        ),
        ("bars.txt", "MemberID|SSN\r\n1|536-22-1847\r\n\r\n", "MemberID|SSN\r\n1|@\r\n\r\n"),
        ("tabs.csv", "MemberID\tSSN\n1\t536-22-1847", "MemberID\tSSN\n1\t@"),
    ] {
        desk.write(name, text);
        let report = seal(&desk, name, &[]);
        let sealed = desk.read(report["out"].as_str().unwrap());
        assert_eq!(masked(&sealed), expected, "{name}");
        let last = tokens(&sealed)[tokens(&sealed).len() - 1].to_owned();
        let values = desk.values(&[last.as_str()]);
        assert!(text.contains(&values[0]), "{name}: {values:?}");
    }
    // Said, it is not told.
    desk.write("colons.csv", "MemberID:SSN\n1:536-22-1847\n");
    let report = seal(&desk, "colons.csv", &["--delimiter", ":"]);
    assert_eq!(report["read"]["delimiter"], ":");
    assert_eq!(masked(&desk.read("colons.sealed.csv")), "MemberID:SSN\n1:@\n");
    let said = desk.run(&["schema", "propose", "colons.csv", "--delimiter", "ab", "--json"]);
    assert_eq!(said.code, Some(2));
}

#[test]
fn a_file_without_a_header_is_read_when_it_is_said() {
    let desk = Desk::new("headerless");
    desk.write("bare.csv", "1,Ada Archer,536-22-1847\n2,Bo Boone,401-55-9024\n");
    let args = ["seal", "bare.csv", "--tenant", "acme", "--collection", "bare", "--json"];
    let said = desk.run(&args);
    assert_eq!((said.code, said.error().as_str()), (Some(2), "usage"));
    assert!(said.out.contains("--header no"), "{}", said.out);
    let report = seal(&desk, "bare.csv", &["--header", "no"]);
    assert_eq!((&report["rows"], &report["read"]["header"]), (&json!(2), &json!(false)));
    let sealed = desk.read("bare.sealed.csv");
    assert!(!sealed.contains("Ada") && sealed.lines().count() == 2, "{sealed}");
    let first = tokens(&sealed);
    assert!(desk.values(&first).contains(&"536-22-1847".to_owned()));
    // Read another way it is another job, and the same way the same one.
    assert_eq!(seal(&desk, "bare.csv", &["--header", "no"])["changed"], 0);
}
