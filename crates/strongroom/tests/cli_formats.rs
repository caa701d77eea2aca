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

#[test]
fn the_encoding_is_told_from_the_bytes_and_the_copy_is_utf_8() {
    let desk = Desk::new("encodings");
    let text = "MemberID;Name;SSN\r\n1;Zo\u{eb} Nu\u{f1}ez;536-22-1847\r\n\
                2;Jos\u{e9} D\u{ed}az;401-55-9024\r\n";
    let expected = "MemberID;Name;SSN\r\n1;@;@\r\n2;@;@\r\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    for (name, bytes, encoding, mark) in [
        ("mark.csv", [b"\xff\xfe", &little[..]].concat(), "UTF-16LE", "\u{feff}"),
        ("bigmark.csv", [b"\xfe\xff", &big[..]].concat(), "UTF-16BE", "\u{feff}"),
        ("little.csv", little, "UTF-16LE", ""),
        ("big.csv", big, "UTF-16BE", ""),
        ("latin.csv", latin, "windows-1252", ""),
        ("utf8.csv", format!("\u{feff}{text}").into_bytes(), "UTF-8", "\u{feff}"),
    ] {
        desk.write(name, bytes);
        let report = seal(&desk, name, &[]);
        assert_eq!(report["read"]["encoding"], encoding, "{name}");
        let sealed = desk.read(report["out"].as_str().unwrap());
        assert_eq!(masked(&sealed), format!("{mark}{expected}"), "{name}");
        let values = desk.values(&tokens(&sealed));
        let whole = ["Zo\u{eb} Nu\u{f1}ez", "536-22-1847", "Jos\u{e9} D\u{ed}az", "401-55-9024"];
        assert_eq!(values, whole, "{name}");
        assert_eq!(seal(&desk, name, &[])["changed"], 0, "{name}");
    }
    // Said, it is not told.
    desk.write("east.csv", b"MemberID,Name\n1,Ji\xf8\xed Dvo\xf8\xe1k\n");
    seal(&desk, "east.csv", &["--encoding", "windows-1250"]);
    let sealed = desk.read("east.sealed.csv");
    assert_eq!(desk.values(&tokens(&sealed)), ["Ji\u{159}\u{ed} Dvo\u{159}\u{e1}k"]);
}

#[test]
fn a_row_that_is_no_text_is_left_out_by_its_place_in_the_file() {
    let desk = Desk::new("undecodable");
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let head = utf16("\u{feff}MemberID,Name\n1,Zo\u{eb} \u{1f600}\n");
    let broken = [utf16("2,MARKER"), vec![0x00, 0xd8], utf16("\n")].concat();
    let bytes = [head.clone(), broken.clone(), utf16("3,Ada Archer\n")].concat();
    desk.write("wide.csv", &bytes);
    let args = ["seal", "wide.csv", "--tenant", "acme", "--collection", "wide", "--json"];
    let said = desk.run(&[&args[..], &["--report", "report.json"]].concat());
    assert_eq!((said.code, &said.json()["rows"]), (Some(4), &json!(2)), "{}", said.err);
    let report: Value = serde_json::from_str(&desk.read("report.json")).unwrap();
    let bad = &report["quarantine"][0];
    assert_eq!((&bad["line"], &bad["reason"]), (&json!(3), &json!("not_utf8")));
    let place = [bad["start"].as_u64().unwrap(), bad["end"].as_u64().unwrap()];
    let expected = [head.len() as u64, (head.len() + broken.len()) as u64];
    assert_eq!(place, expected, "bytes of the file itself");
    assert!(!desk.read("wide.sealed.csv").contains("MARKER"));
}

#[test]
fn packed_files_are_read_as_what_they_hold() {
    let desk = Desk::new("packed");
    let mut text = "MemberID,Name,SSN\n".to_owned();
    for row in 0..2500 {
        text.push_str(&format!("{row},Ada Archer,536-22-{:04}\n", row % 9000 + 1));
    }
    let gzip = {
        use std::io::Write as _;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let zstd = ruzstd::encoding::compress_to_vec(text.as_bytes(), level);
    for (name, bytes, packing) in [("a.csv.gz", &gzip, "gzip"), ("b.csv.zst", &zstd, "zstd")] {
        desk.write(name, bytes);
        let report = seal(&desk, name, &[]);
        let out = format!("{}.sealed.csv", &name[..1]);
        assert_eq!((&report["out"], &report["read"]["packing"]), (&json!(out), &json!(packing)));
        assert_eq!((&report["rows"], &report["changed"]), (&json!(2500), &json!(2500)));
        let sealed = desk.read(&out);
        let all = tokens(&sealed);
        assert_eq!((sealed.lines().count(), all.len()), (2501, 5000));
        assert_eq!(desk.values(&all[4998..]), ["Ada Archer", "536-22-2500"]);
        assert_eq!(seal(&desk, name, &[])["changed"], 0, "cut into the same batches");
        // Cut off, it is refused before anything is sealed.
        desk.write(name, &bytes[..bytes.len() - 9]);
        let args = ["seal", name, "--tenant", "acme", "--collection", "cut", "--json"];
        let said = desk.run(&args);
        assert_eq!((said.code, said.error().as_str()), (Some(2), "usage"));
        assert!(said.out.contains("cut off"), "{}", said.out);
    }
    let shown = ["schema", "show", "--tenant", "acme", "--collection", "cut"];
    assert_eq!(desk.ends(12, &shown).error(), "not_found");
}

#[test]
fn a_table_of_a_dump_becomes_csv_with_null_apart_from_empty() {
    let desk = Desk::new("dumps");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/dumps");
    for (name, table, ssn) in [
        ("postgres-copy.sql", "people list", "536-22-1847"),
        ("postgres-inserts.sql", "public.people list", "536-22-1847"),
        ("mariadb.sql", "people", "536-22-1847"),
    ] {
        desk.write(name, std::fs::read(format!("{folder}/{name}")).unwrap());
        let stem = name.split('.').next().unwrap();
        let args = ["seal", name, "--tenant", "acme", "--collection", stem, "--json"];
        let said = desk.run(&args);
        assert_eq!((said.code, said.error().as_str()), (Some(2), "usage"));
        assert!(said.out.contains("--table") && said.out.contains("ranks"), "{}", said.out);
        let report = seal(&desk, name, &["--table", table]);
        let out = format!("{stem}.sealed.csv");
        assert_eq!((&report["out"], &report["rows"]), (&json!(out), &json!(4)), "{name}");
        assert_eq!(report["read"]["format"], "sql");
        let sealed = desk.read(&out);
        assert!(sealed.starts_with("MemberID,") && sealed.lines().count() == 5, "{sealed}");
        // The third has no number, and the second no notes.
        let bruno = masked(sealed.lines().nth(2).unwrap());
        assert!(bruno.starts_with("2,@,@,@,\"\",,"), "{bruno}");
        let zoe = masked(sealed.lines().nth(3).unwrap());
        assert!(zoe.starts_with("3,@,,@,@,"), "{zoe}");
        assert!(desk.values(&tokens(&sealed)).contains(&ssn.to_owned()));
        assert_eq!(seal(&desk, name, &["--table", table])["changed"], 0, "{name}");
    }
}

#[test]
fn leaves_of_objects_are_columns_and_arrays_are_sealed_whole() {
    let desk = Desk::new("nested");
    let text = concat!(
        "{\"MemberID\": 1, \"person\": {\"name\": \"Ada Archer\", \"ssn\": \"536-22-1847\"}, ",
        "\"phones\": [{\"home\": \"(214) 555-0142\"}], \"password\": {\"password\": \"x\"}}\n",
        "{\"MemberID\": 2, \"person\": null}\n",
    );
    desk.write("lines.jsonl", text);
    seal(&desk, "lines.jsonl", &[]);
    let sealed = desk.read("lines.sealed.jsonl");
    let expected = concat!(
        "{\"MemberID\": 1, \"person\": {\"name\": \"@\", \"ssn\": \"@\"}, ",
        "\"phones\": \"@\", \"password\": {\"password\": \"\"}}\n",
        "{\"MemberID\": 2, \"person\": null}\n",
    );
    assert_eq!(masked(&sealed), expected);
    let values = desk.values(&tokens(&sealed));
    assert_eq!(values, ["Ada Archer", "536-22-1847", "[{\"home\": \"(214) 555-0142\"}]"]);
    let args = ["schema", "show", "--tenant", "acme", "--collection", "lines"];
    let shown = desk.done(&args).to_string();
    assert!(shown.contains("person.ssn"), "{shown}");
    // The same in one array, over several lines.
    let array = "[\n  {\"MemberID\": 1,\n   \"ssn\": \"536-22-1847\"},\n  {\"MemberID\": 2}\n]\n";
    desk.write("array.json", array);
    assert_eq!(seal(&desk, "array.json", &[])["rows"], 2);
    let sealed = desk.read("array.sealed.json");
    assert_eq!(masked(&sealed), array.replace("536-22-1847", "@"));
    assert_eq!(desk.values(&tokens(&sealed)), ["536-22-1847"]);
}

#[test]
fn lines_of_fixed_width_become_csv() {
    let desk = Desk::new("fixed");
    let text = "MEMBERID  NAME          SSN\n\
                1         Archer, Ada   536-22-1847\n\
                22        Zo\u{eb} Nu\u{f1}ez     401-55-9024\n\
                333       Bo Boone\n";
    // As a mainframe's bytes: one a character.
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    desk.write("people.txt", latin);
    let report = seal(&desk, "people.txt", &[]);
    assert_eq!((&report["out"], &report["rows"]), (&json!("people.sealed.csv"), &json!(3)));
    assert_eq!(report["read"]["widths"], json!([10, 14]));
    let sealed = desk.read("people.sealed.csv");
    assert_eq!(masked(&sealed), "MEMBERID,NAME,SSN\n1,\"@\",@\n22,@,@\n333,@,\n");
    let values = desk.values(&tokens(&sealed));
    let whole = ["Archer, Ada", "536-22-1847", "Zo\u{eb} Nu\u{f1}ez", "401-55-9024", "Bo Boone"];
    assert_eq!(values, whole);
    desk.write("bare.dat", "001536-22-1847Ada \n002401-55-9024Bo  \n");
    let report = seal(&desk, "bare.dat", &["--widths", "3,11,4", "--header", "no"]);
    assert_eq!((&report["rows"], &report["out"]), (&json!(2), &json!("bare.sealed.csv")));
    let sealed = desk.read("bare.sealed.csv");
    assert!(desk.values(&tokens(&sealed)).contains(&"401-55-9024".to_owned()), "{sealed}");
}

const PIPE: [&str; 6] = ["seal", "-", "--tenant", "acme", "--collection", "people"];

#[test]
fn standard_input_is_held_and_read_like_a_file() {
    let desk = Desk::new("stdin");
    let text = "MemberID;Name;SSN\n1;Ada Archer;536-22-1847\n";
    let args = [&PIPE[..], &["--out", "out.csv", "--json"]].concat();
    let said = desk.run_on(&args, text);
    assert_eq!((said.code, &said.json()["changed"]), (Some(0), &json!(1)), "{}", said.err);
    let sealed = desk.read("out.csv");
    assert_eq!(masked(&sealed), "MemberID;Name;SSN\n1;@;@\n");
    assert_eq!(desk.values(&tokens(&sealed)), ["Ada Archer", "536-22-1847"]);
    // The same bytes are the same job, from a file too.
    assert_eq!(desk.run_on(&args, text).json()["changed"], 0);
    desk.write("people.csv", text);
    let file = ["seal", "people.csv", "--tenant", "acme", "--collection", "people", "--json"];
    assert_eq!(desk.run(&file).json()["changed"], 0);
    for missing in [&["--json"][..], &["--out", "-", "--json"]] {
        let said = desk.run_on(&[&PIPE[..], missing].concat(), text);
        assert_eq!((said.code, said.error().as_str()), (Some(2), "usage"));
        assert!(said.out.contains("--out"), "{}", said.out);
    }
    let said = desk.run_on(&["schema", "propose", "-", "--json"], text);
    assert!(said.out.contains("ssn"), "{}", said.out);
}

#[test]
fn more_of_standard_input_than_is_held_streams_by_once() {
    let desk = Desk::new("stream");
    let schema = "[[column]]\nname = \"MemberID\"\nclear = \"number\"\n[[column]]\n\
                  name = \"SSN\"\ntype = \"ssn\"\n[[column]]\nname = \"Filler\"\n\
                  clear = \"none\"\n";
    desk.write("people.toml", schema);
    let filler = "x".repeat(60_000);
    let mut text = "MemberID,SSN,Filler\n".to_owned();
    for row in 0..300 {
        text.push_str(&format!("{row},536-22-{:04},{filler}\n", row + 1));
    }
    assert!(text.len() > 17 << 20);
    let seal = |out: &str| {
        let said = desk.run_on(
            &[&PIPE[..], &["--schema", "people.toml", "--out", out, "--json"]].concat(),
            &text,
        );
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
        said.json()
    };
    let report = seal("one.csv");
    assert_eq!((&report["rows"], &report["changed"]), (&json!(300), &json!(300)));
    assert_eq!(report["read"]["stream"], true);
    let sealed = desk.read("one.csv");
    assert_eq!(desk.values(&[tokens(&sealed)[299]]), ["536-22-0300"]);
    // It cannot be known again: it is sealed a second time.
    assert_eq!(seal("two.csv")["changed"], 300);
}

#[test]
fn a_stream_whose_open_column_turns_personal_stops_without_a_copy() {
    let desk = Desk::new("stream-breach");
    let schema = "[[column]]\nname = \"Notes\"\ntype = \"text\"\n[[column]]\n\
                  name = \"Rank\"\nclear = \"rank, status or type\"\n";
    desk.write("people.toml", schema);
    let notes = "x".repeat(60_000);
    let rows: String = (0..300).map(|row| format!("{row}{notes},Gold\n")).collect();
    let text = format!("Notes,Rank\n{rows}");
    assert!(text.len() > 17 << 20);
    let run = |out: &str, text: &str| {
        let args = ["--schema", "people.toml", "--out", out, "--json"];
        desk.run_on(&[&PIPE[..], &args].concat(), text)
    };
    let said = run("good.csv", &text);
    assert_eq!((said.code, &said.json()["rows"]), (Some(0), &json!(300)), "{}", said.err);
    let said = run("bad.csv", &format!("{text}last,ada@mail.example\n"));
    assert_eq!((said.code, said.error().as_str()), (Some(2), "usage"), "{}", said.out);
    assert!(said.out.contains("there is no copy") && said.out.contains("line 302"), "{}", said.out);
    assert!(!desk.path("bad.csv").exists());
    let left = std::fs::read_dir(desk.path("")).unwrap();
    assert!(left.flatten().all(|e| !e.file_name().to_string_lossy().contains("partial")));
}

#[test]
fn every_kind_that_is_kept_comes_back_as_it_was() {
    let desk = Desk::new("formats-back");
    let latin = |text: &str| -> Vec<u8> {
        text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
    };
    let accents = "MemberID;Name\r\n1;Zo\u{eb}\r\n2;\"Nu\u{f1}ez; \"\"N\"\"\"\r\n";
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let array = "[\n {\"a\": {\"ssn\": \"536-22-1847\", \"n\": 1.50}},\n \
                 {\"a\": null, \"b\": [1]}\n]";
    for (name, bytes, text, options) in [
        ("a.csv", latin(accents), accents, &[][..]),
        ("b.txt", utf16(accents), accents, &[]),
        ("c.csv", latin("1|Ada \"A\"|x\n2|Bo|\n"), "1|Ada \"A\"|x\n2|Bo|\n", &["--header", "no"]),
        ("d.csv", latin("sep=|\nMemberID|Name\n1|Ada\n"), "sep=|\nMemberID|Name\n1|Ada\n", &[]),
        ("e.json", latin(array), array, &[]),
        (
            "f.jsonl",
            latin("{\"x\":{\"y\":\"\\u0041da\"}}\n"),
            "{\"x\":{\"y\":\"\\u0041da\"}}\n",
            &[],
        ),
    ] {
        desk.write(name, bytes);
        let out = seal(&desk, name, options)["out"].as_str().unwrap().to_owned();
        assert!(!tokens(&desk.read(&out)).is_empty(), "{name}");
        let stem = name.split('.').next().unwrap();
        let back = format!("{stem}.back");
        let args = ["export", "--tenant", "acme", "--collection", stem, "--purpose", "support"];
        desk.done(&[&args[..], &["--like", &out, "--out", &back]].concat());
        assert_eq!(desk.read(&back), text, "{name}");
    }
}

#[test]
fn a_key_that_is_a_persons_value_is_never_a_name() {
    let desk = Desk::new("keys");
    for (name, text) in [
        ("empty.json", "{\"id\":1,\"email\":\"a@x.example\",\"536-22-1900\":{}}"),
        ("deep.json", "[{\"536-22-1900\":{\"plan\":1,\"amount\":2}}]"),
        ("joined.jsonl", "{\"id\":1,\"who:536-22-1900\":{\"plan\":{\"a\":1}}}\n"),
    ] {
        desk.write(name, text);
        let said = desk.ends(2, &["seal", name, "--tenant", "acme", "--collection", "keys"]);
        assert!(said.out.contains("looks like a person's data"), "{name}: {}", said.out);
        assert!(!said.out.contains("536-22"), "{name}: {}", said.out);
    }
    // Below the top the object above is sealed whole.
    let text = "[{\"id\":1,\"plans\":{\"p_536-22-1900\":{\"plan\":1}}},{\"id\":2,\"none\":{}}]";
    desk.write("below.json", text);
    seal(&desk, "below.json", &[]);
    let sealed = desk.read("below.sealed.json");
    assert!(!sealed.contains("536-22") && !sealed.contains("{}"), "{sealed}");
}
