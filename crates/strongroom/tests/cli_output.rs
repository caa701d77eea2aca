//! What `seal` writes: the file that was read with tokens in it and nothing else changed, at a
//! place where nothing stood; and what it says and leaves when the input is not fit.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use std::collections::HashSet;
use std::fs;

use desk::{Desk, tokens};
use serde_json::json;

const PEOPLE: &str = "\
MemberID,Name,SSN,Email,Rank
1,Ada Archer,536-22-1847,ada@mail.example,Director
2,Bruno Boone,401-55-9024,bruno@mail.example,Executive
3,Ada Archer,536-22-1847,ada@mail.example,Director
";

const SEAL: [&str; 5] = ["--tenant", "acme", "--collection", "people", "--json"];

/// The text with every token replaced by `@`.
fn masked(text: &str) -> String {
    tokens(text).iter().fold(text.to_owned(), |text, token| text.replacen(token, "@", 1))
}

#[test]
fn columns_order_header_and_open_cells_stay() {
    let desk = Desk::new("stay");
    desk.write("people.csv", PEOPLE);
    let report = desk.seal("people.csv");
    assert_eq!((&report["rows"], &report["changed"]), (&json!(3), &json!(3)));
    assert_eq!((&report["quarantined"], &report["unusual"]), (&json!(0), &json!(0)));
    assert_eq!(report["values"], json!({"email": 3, "name": 3, "ssn": 3}));
    assert_eq!(report["out"], "people.sealed.csv");
    assert!(report["seconds"].is_number() && report["job"].is_string());
    let expected = "MemberID,Name,SSN,Email,Rank\n1,@,@,@,Director\n2,@,@,@,Executive\n\
                    3,@,@,@,Director\n";
    assert_eq!(masked(&desk.read("people.sealed.csv")), expected);
    assert_eq!(desk.read("people.csv"), PEOPLE, "the input stays as it is");
}

#[test]
fn every_way_of_writing_a_file_is_kept() {
    let desk = Desk::new("forms");
    for (name, text, sealed) in [
        ("bom.csv", "\u{feff}MemberID,SSN\n1,536-22-1847\n", "\u{feff}MemberID,SSN\n1,@\n"),
        ("crlf.csv", "MemberID,SSN\r\n1,536-22-1847\r\n", "MemberID,SSN\r\n1,@\r\n"),
        ("end.csv", "MemberID,SSN\n1,536-22-1847", "MemberID,SSN\n1,@"),
        ("tabs.tsv", "MemberID\tSSN\n1\t536-22-1847\n", "MemberID\tSSN\n1\t@\n"),
        (
            "quotes.csv",
            "\"MemberID\",\"SSN\",Rank\n\"1\",\"536-22-1847\",\"a \"\"b\"\", c\"\n",
            "\"MemberID\",\"SSN\",Rank\n\"1\",\"@\",\"a \"\"b\"\", c\"\n",
        ),
        ("blank.csv", "MemberID,SSN\n\n1,536-22-1847\n\n", "MemberID,SSN\n\n1,@\n\n"),
        (
            "lines.jsonl",
            "{\"MemberID\": 1, \"SSN\": \"536-22-1847\", \"more\": null}\n\
             {\"SSN\":\"401-55-9024\"}\n",
            "{\"MemberID\": 1, \"SSN\": \"@\", \"more\": null}\n{\"SSN\":\"@\"}\n",
        ),
    ] {
        desk.write(name, text);
        let (stem, end) = name.split_once('.').unwrap();
        let args = ["seal", name, "--tenant", "acme", "--collection", stem];
        let report = desk.done(&args);
        let out = format!("{stem}.sealed.{end}");
        assert_eq!(report["out"], out.as_str());
        assert_eq!(masked(&desk.read(&out)), sealed, "{name}");
    }
}

#[test]
fn values_come_back_exactly_as_they_stood() {
    let desk = Desk::new("exact");
    let odd =
        [" 536-22-1847 ", "on file", "a,b;\tc", "say \"x\"", "two\nlines", "Zo\u{eb} \u{1f600}"];
    let mut text = "MemberID,SSN\n".to_owned();
    for (at, value) in odd.iter().enumerate() {
        text.push_str(&format!("{at},\"{}\"\n", value.replace('"', "\"\"")));
    }
    desk.write("odd.csv", text);
    let schema = "[[column]]\nname = \"MemberID\"\nclear = \"id\"\n[[column]]\nname = \"SSN\"\n\
                  type = \"ssn\"\n";
    desk.write("odd.toml", schema);
    let args = ["seal", "odd.csv", "--tenant", "acme", "--collection", "odd", "--schema"];
    let report = desk.done(&[&args[..], &["odd.toml"]].concat());
    assert_eq!(report["unusual"], 5, "all but the first are no numbers of the SSA");
    let sealed = desk.read("odd.sealed.csv");
    assert_eq!(desk.values(&tokens(&sealed)), odd);
}

#[test]
fn no_token_stands_twice() {
    let desk = Desk::new("tokens");
    desk.write("people.csv", PEOPLE);
    desk.write(
        "again.csv",
        format!("{PEOPLE}4,Ada Archer,536-22-1847,ada@mail.example,Director\n"),
    );
    for tenant in ["acme", "borealis"] {
        for file in ["people", "again"] {
            let (input, out) = (format!("{file}.csv"), format!("{tenant}.{file}.csv"));
            let seal = ["seal", &input, "--out", &out, "--tenant", tenant, "--collection", file];
            desk.done(&seal);
        }
    }
    let mut seen = HashSet::new();
    let mut cells = 0;
    for name in ["acme.people", "acme.again", "borealis.people", "borealis.again"] {
        let text = desk.read(&format!("{name}.csv"));
        for token in tokens(&text) {
            cells += 1;
            assert!(seen.insert(token.to_owned()), "{token} stands twice");
            // Nor the part of it that names a cell, under another prefix or checksum.
            assert!(seen.insert(token[6..30].to_owned()), "{token} shares its middle");
        }
    }
    assert_eq!(cells, 2 * (9 + 12));
}

#[test]
fn security_codes_are_left_out_passwords_have_no_token_and_empty_cells_stay_empty() {
    let desk = Desk::new("dropped");
    let text = "MemberID,CardNumber,CVV,Password,Phone\n\
                1,4111111111111111,123,Sesame!99,(214) 555-0142\n\
                2,,,,\n\
                3,5555555555554444,4567,\"long, password\",\n\
                4,378282246310005,1234,hunter2hunter2,(214) 555-0143\n";
    desk.write("cards.csv", text);
    let report = desk.seal("cards.csv");
    assert_eq!(report["dropped"], json!({"card_security_code": 3}));
    assert_eq!(report["values"]["password"], 3);
    let sealed = desk.read("cards.sealed.csv");
    let expected = "MemberID,CardNumber,CVV,Password,Phone\n1,@,,,@\n2,,,,\n3,@,,,\n4,@,,,@\n";
    let bare = masked(&sealed).replace("\"\"", "");
    assert_eq!(bare, expected);
}

#[test]
fn what_stands_there_already_is_never_overwritten() {
    let desk = Desk::new("overwrite");
    desk.write("people.csv", PEOPLE);
    desk.write("taken.csv", "somebody's own file\n");
    let args = [&["seal", "people.csv", "--out", "taken.csv"], &SEAL[..]].concat();
    let said = desk.run(&args);
    assert_eq!((said.code, said.error().as_str()), (Some(2), "usage"));
    assert_eq!(desk.read("taken.csv"), "somebody's own file\n");
    std::os::unix::fs::symlink("nowhere", desk.path("link.csv")).unwrap();
    let through = [&["seal", "people.csv", "--out", "link.csv"], &SEAL[..]].concat();
    assert_eq!(desk.run(&through).code, Some(2));
    let onto = [&["seal", "people.csv", "--out", "./people.csv"], &SEAL[..]].concat();
    assert_eq!(desk.run(&onto).code, Some(2));
    assert_eq!(desk.read("people.csv"), PEOPLE);
    assert!(!desk.path("nowhere").exists());
    assert_eq!(left_aside(&desk), Vec::<String>::new());
    // Nothing had been sealed: every row is new to the run that may write.
    assert_eq!(desk.seal("people.csv")["changed"], 3);
    // Another job may not have the place of this one.
    desk.write("other.csv", PEOPLE.replace("536", "537"));
    let theirs = [&["seal", "other.csv", "--out", "people.sealed.csv"], &SEAL[..]].concat();
    let before = desk.read("people.sealed.csv");
    assert_eq!(desk.run(&theirs).code, Some(2));
    assert_eq!(desk.read("people.sealed.csv"), before);
    assert_eq!(desk.seal("other.csv")["changed"], 3);
}

/// Files in the folder that a job left beside its output.
fn left_aside(desk: &Desk) -> Vec<String> {
    let names = fs::read_dir(desk.path("")).unwrap();
    let names = names.map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|n| n.contains("partial")).collect()
}

#[test]
fn a_finished_job_changes_nothing_and_gives_the_same_file() {
    let desk = Desk::new("again");
    desk.write("people.csv", PEOPLE);
    let first = desk.seal("people.csv");
    let before = desk.read("people.sealed.csv");
    for gone in [false, true] {
        if gone {
            fs::remove_file(desk.path("people.sealed.csv")).unwrap();
        }
        let again = desk.seal("people.csv");
        assert_eq!((&again["job"], &again["rows"]), (&first["job"], &json!(3)));
        assert_eq!(again["changed"], 0);
        assert_eq!(again["values"], first["values"]);
        assert_eq!(desk.read("people.sealed.csv"), before);
    }
    let said = desk.run(&[&["seal", "people.csv", "--out", "copy.csv"], &SEAL[..]].concat());
    assert_eq!((said.code, &said.json()["changed"]), (Some(0), &json!(0)));
    assert_eq!(desk.read("copy.csv"), before);
    // The same bytes under another name are the same job.
    desk.write("renamed.csv", PEOPLE);
    assert_eq!(desk.seal("renamed.csv")["changed"], 0);
    // A changed file is another, and its place is taken.
    desk.write("people.csv", PEOPLE.replace("Director", "Founder"));
    let said = desk.run(&[&["seal", "people.csv"], &SEAL[..]].concat());
    assert_eq!(said.code, Some(2), "{}", said.out);
    assert_eq!(desk.read("people.sealed.csv"), before);
}

#[test]
fn a_strict_run_seals_all_of_a_file_or_nothing() {
    let desk = Desk::new("strict");
    let good = "id,ssn\n1,536-22-1847\n2,401-55-9024\n";
    desk.write("bad.csv", format!("{good}3,x,y\n4,219-09-9998\n5\n"));
    desk.write("good.csv", good);
    let of = ["--tenant", "acme", "--collection", "people", "--strict"];
    let seal = |file: &str| desk.run(&[&["seal", file], &of[..]].concat());
    let said = seal("bad.csv");
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.err.contains("2 rows cannot be read (line 4: "), "{}", said.err);
    assert!(said.err.contains("line 6: ") && said.err.contains("nothing was sealed"));
    assert!(!desk.path("bad.sealed.csv").exists());
    assert_eq!(seal("good.csv").code, Some(0));
    assert_eq!(desk.read("good.sealed.csv").matches("srt_").count(), 2);
    let streamed = desk.run_on(&[&["seal", "-", "--out", "s.csv"], &of[..]].concat(), good);
    assert_eq!(streamed.code, Some(0), "a short stream is held: {}", streamed.err);
}

#[test]
fn a_dry_run_writes_nothing_at_all() {
    let desk = Desk::new("dry");
    desk.write("people.csv", format!("{PEOPLE}4,too,few\n"));
    let said = desk.run(&[&["seal", "people.csv", "--dry-run"], &SEAL[..]].concat());
    let json = said.json();
    assert_eq!((said.code, &json["rows"], &json["changed"]), (Some(4), &json!(3), &json!(0)));
    assert_eq!((&json["quarantined"], &json["dry_run"]), (&json!(1), &json!(true)));
    assert_eq!(json["values"], json!({"email": 3, "name": 3, "ssn": 3}));
    assert!(!desk.path("people.sealed.csv").exists());
    let show = ["schema", "show", "--tenant", "acme", "--collection", "people"];
    assert_eq!(desk.ends(12, &show).error(), "not_found");
    assert_eq!(desk.done(&["status"])["collections"], json!([]));
}

#[test]
fn rows_that_cannot_be_read_are_left_out_and_listed_by_place() {
    let desk = Desk::new("quarantine");
    let mut bytes = PEOPLE.as_bytes().to_vec();
    bytes.extend_from_slice(b"4,MARKER-one,401-55-9025\n");
    bytes.extend_from_slice(b"5,MARKER-\xff\xfe-two,401-55-9026,x@mail.example,Director\n");
    bytes.extend_from_slice(b"6,Cleo Cruz,401-55-9027,cleo@mail.example,Director\n");
    desk.write("people.csv", &bytes);
    let args = [&["seal", "people.csv", "--report", "report.json"], &SEAL[..]].concat();
    let said = desk.run(&args);
    let json = said.json();
    assert_eq!((said.code, &json["quarantined"]), (Some(4), &json!(2)));
    assert_eq!((&json["rows"], &json["changed"]), (&json!(4), &json!(4)));
    let report: serde_json::Value = serde_json::from_str(&desk.read("report.json")).unwrap();
    let bad = report["quarantine"].as_array().unwrap();
    assert_eq!((&bad[0]["line"], &bad[0]["reason"]), (&json!(5), &json!("cell_count")));
    assert_eq!((&bad[1]["line"], &bad[1]["reason"]), (&json!(6), &json!("not_utf8")));
    for row in bad {
        let range = |name: &str| usize::try_from(row[name].as_u64().unwrap()).unwrap();
        let place = &bytes[range("start")..range("end")];
        assert!(place.windows(6).any(|w| w == b"MARKER") && place.ends_with(b"\n"));
    }
    let sealed = masked(&desk.read("people.sealed.csv"));
    let expected = "1,@,@,@,Director\n2,@,@,@,Executive\n3,@,@,@,Director\n6,@,@,@,Director\n";
    assert_eq!(sealed, format!("MemberID,Name,SSN,Email,Rank\n{expected}"));
    for text in [&said.out, &said.err, &desk.read("report.json")] {
        assert!(!text.contains("MARKER") && !text.contains("401-55"), "{text}");
    }
    let again = desk.run(&[&["seal", "people.csv"], &SEAL[..]].concat());
    assert_eq!((again.code, &again.json()["changed"]), (Some(4), &json!(0)));
}

/// Inputs that cannot be sealed at all; each holds MARKER where a value may stand.
fn unfit() -> Vec<(&'static str, Vec<u8>)> {
    let wide: Vec<u8> =
        "MemberID,SSN\n1,MARKER\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        ("empty.csv", vec![]),
        ("blank.csv", b"\n\n\n".to_vec()),
        ("wider.csv", [b"\xff\xfe\0\0".to_vec(), wide].concat()),
        ("packed.csv", b"\x1f\x8b\x08MARKER".to_vec()),
        ("sheet.csv", b"PK\x03\x04MARKER".to_vec()),
        ("noheader.csv", b"1,Ada,536-22-1847,MARKER\n2,Bo,401-55-9024,MARKER\n".to_vec()),
        ("mail.csv", b"MARKER@mail.example,Name\nx@mail.example,MARKER\n".to_vec()),
        ("long.csv", format!("MemberID,{}\n1,MARKER\n", "MARKER".repeat(40)).into_bytes()),
        ("broken.csv", b"MemberID,N-\xff-MARKER\n1,MARKER\n".to_vec()),
        ("open.csv", b"MemberID,\"SSN-MARKER\n1,MARKER\n".to_vec()),
        ("array.json", b"[[{\"SSN\":\"MARKER\"}], \"MARKER\"]".to_vec()),
        ("none.jsonl", b"MARKER\n\"MARKER\"\n[\"MARKER\"]\n".to_vec()),
    ]
}

#[test]
fn an_unfit_file_is_2_with_place_and_remedy_and_without_its_content() {
    let desk = Desk::new("unfit");
    for (name, bytes) in unfit() {
        desk.write(name, bytes);
        for command in
            [[&["seal", name], &SEAL[..]].concat(), vec!["schema", "propose", name, "--json"]]
        {
            let said = desk.run(&command);
            assert_eq!(said.code, Some(2), "{command:?}: {}{}", said.out, said.err);
            assert_eq!(said.error(), "usage");
            assert!(said.out.contains(name), "{command:?}: {}", said.out);
        }
        let plain = desk.run(&["seal", name, "--tenant", "acme", "--collection", "people"]);
        assert!(plain.err.contains(name), "{}", plain.err);
    }
    let printed = String::from_utf8(desk.printed()).unwrap();
    assert!(!printed.contains("MARKER"), "{printed}");
    assert!(!printed.contains("536-22"), "{printed}");
    assert_eq!(desk.done(&["status"])["collections"], json!([]), "nothing is stored half");
    assert_eq!(left_aside(&desk), Vec::<String>::new());
}

#[test]
fn an_unfit_schema_is_2_with_its_line() {
    let desk = Desk::new("schemas");
    desk.write("people.csv", PEOPLE);
    for (name, text) in [
        ("no.toml", "this is not a schema"),
        ("type.toml", "[[column]]\nname = \"SSN\"\ntype = \"number\"\n"),
        ("both.toml", "[[column]]\nname = \"SSN\"\ntype = \"ssn\"\nclear = \"no\"\n"),
        (
            "twice.toml",
            "[[column]]\nname = \"a\"\nclear = \"x\"\n[[column]]\nname = \"A\"\nclear = \"x\"\n",
        ),
        ("reason.toml", "[[column]]\nname = \"SSN\"\nclear = \"\"\n"),
        ("short.toml", "[[column]]\nname = \"SSN\"\ntype = \"ssn\"\n"),
        ("binary.toml", "\u{0}\u{1}"),
    ] {
        desk.write(name, text);
        let said = desk.run(&[&["seal", "people.csv", "--schema", name], &SEAL[..]].concat());
        assert_eq!((said.code, said.error().as_str()), (Some(2), "usage"), "{name}: {}", said.out);
    }
    let missing = [&["seal", "people.csv", "--schema", "missing.toml"], &SEAL[..]].concat();
    assert_eq!(desk.run(&missing).code, Some(2));
    assert_eq!(desk.done(&["status"])["collections"], json!([]), "nothing is stored half");
    assert!(!desk.path("people.sealed.csv").exists());
    assert_eq!(desk.seal("people.csv")["changed"], 3);
}

#[test]
fn a_column_that_the_schema_does_not_know_is_not_let_through() {
    let desk = Desk::new("unknown-column");
    desk.write("people.csv", PEOPLE);
    desk.seal("people.csv");
    desk.write("more.csv", "MemberID,Name,SSN,Email,Rank,Extra\n9,x,,,,MARKER\n");
    let said = desk.run(&[&["seal", "more.csv"], &SEAL[..]].concat());
    assert_eq!((said.code, said.error().as_str()), (Some(2), "usage"));
    assert!(said.out.contains("Extra") && !said.out.contains("MARKER"));
    // Fewer columns, in another order and case, with spaces, are the same fields.
    desk.write("fewer.csv", "ssn, memberid\n536-22-1848,9\n");
    desk.seal("fewer.csv");
    assert_eq!(masked(&desk.read("fewer.sealed.csv")), "ssn, memberid\n@,9\n");
    let header = |desk: &Desk, file: &str| {
        let text = desk.read(file);
        let args = ["reveal", "--tenant", "acme", "--purpose", "tax", tokens(&text)[0]];
        desk.done(&args)["values"][0]["field"].clone()
    };
    desk.write("spaced.csv", "MemberID, SSN \n9,536-22-1849\n");
    desk.seal("spaced.csv");
    assert_eq!(header(&desk, "spaced.sealed.csv"), header(&desk, "fewer.sealed.csv"));
}

#[test]
fn the_report_takes_no_file_of_the_job() {
    let desk = Desk::new("report");
    desk.write("people.csv", PEOPLE);
    desk.write("people.toml", desk.run(&["schema", "propose", "people.csv"]).out);
    let schema = desk.read("people.toml");
    for report in ["people.csv", "./people.csv", "people.sealed.csv", "people.toml"] {
        let seal = ["seal", "people.csv", "--schema", "people.toml", "--report", report];
        let said = desk.run(&[&seal[..], &SEAL[..]].concat());
        assert_eq!((said.code, said.error().as_str()), (Some(2), "usage"), "{report}");
    }
    assert_eq!((desk.read("people.csv"), desk.read("people.toml")), (PEOPLE.to_owned(), schema));
    assert!(!desk.path("people.sealed.csv").exists());
    for _ in 0..2 {
        let seal = [&["seal", "people.csv", "--report", "report.json"], &SEAL[..]].concat();
        assert_eq!(desk.run(&seal).code, Some(0), "an older report makes room");
    }
}

#[test]
fn a_pipe_is_refused_before_it_is_read() {
    let desk = Desk::new("pipe");
    let seal = [&["seal", "/dev/stdin"], &SEAL[..]].concat();
    let said = desk.run_on(&seal, PEOPLE);
    assert_eq!((said.code, said.error().as_str()), (Some(2), "usage"), "{}", said.out);
    assert!(said.out.contains("not a file"), "{}", said.out);
    assert_eq!(desk.done(&["status"])["collections"], json!([]));
}
