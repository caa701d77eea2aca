//! The way back: what `seal` tokenised comes back byte for byte, and only after everybody in it is
//! in the ledger.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use std::os::unix::fs::PermissionsExt as _;

use desk::{Desk, Said, tokens};

/// Odd files: name, and what stands in it.
const ODD: &[(&str, &str)] = &[
    ("plain.csv", "id,name,ssn\n1,Ada Archer,536-22-1847\n2,Bruno Boone,401-55-9024\n"),
    ("crlf.csv", "id,name,ssn\r\n1,Ada Archer,536-22-1847\r\n2,Bo,401-55-9024\r\n"),
    ("mixed-ends.csv", "id,name\n1,Ada Archer\r\n2,Bruno Boone\n"),
    ("no-end.csv", "id,name\n1,Ada Archer\n2,Bruno Boone"),
    ("bom.csv", "\u{feff}id,name\n1,Ada Archer\n"),
    ("quoted.csv", "\"id\",\"name\"\n\"1\",\"Ada Archer\"\n"),
    ("needless.csv", "id,name\n1,\"Ada\"\n2,Bruno\n3,\"Cleo, M.\"\n"),
    ("doubled.csv", "id,name\n1,\"Ada \"\"Ace\"\" Archer\"\n2,\"\"\"\"\n"),
    ("inner.csv", "id,name\n1,Ada \"Ace\" Archer\n2,O\"Neill\n"),
    ("after.csv", "id,name\n1,\"Ada\"x\n2,\"Bruno\" \n3,\"Cleo\"\"\"y\n"),
    ("breaks.csv", "id,address\n1,\"12 Quarry Hill Road\nSpringfield\"\n2,\"a\r\nb\"\n"),
    ("blank-lines.csv", "\nid,name\n\n1,Ada Archer\n\n\n2,Bruno Boone\n\n"),
    ("spaces.csv", "id,name\n1,  Ada Archer \n2,\t\n3, \n"),
    ("empty-cells.csv", "id,name,ssn\n1,,\"\"\n2,\"\",536-22-1847\n,,\n"),
    ("one-column.csv", "name\nAda Archer\n\"\"\nBruno Boone\n"),
    ("semicolon.csv", "id;name;ssn\n1;Archer, Ada;536-22-1847\n2;Boone, Bruno;401-55-9024\n"),
    ("pipe.txt", "id|name|ssn\n1|Ada Archer|536-22-1847\n2|Bruno Boone|401-55-9024\n"),
    ("tab.tsv", "id\tname\tssn\n1\tAda \"A\" Archer\t536-22-1847\n2\t\"Bo\tB\"\t401-55-9024\n"),
    ("unusual.csv", "id,ssn\n1,on file\n2,536-22-1847\n3,???\n4,401-55-9024\n"),
    (
        "accents.csv",
        "id,name\n1,Zo\u{eb} \u{c5}str\u{f6}m\n2,\u{141}ukasz \u{17b}ak\n\
         3,\u{674e}\u{5c0f}\u{9f8d}\n4,\u{1f980} Crab\n",
    ),
    ("controls.csv", "id,name\n1,a\u{1}b\n2,\u{7f}\n3,\u{202e}x\n"),
    ("token-like.csv", "id,name\n1,srt_\n2,srt_aaaa\n"),
    ("plain.jsonl", "{\"id\":1,\"name\":\"Ada Archer\",\"ssn\":\"536-22-1847\"}\n"),
    ("spaced.jsonl", "{ \"id\" : 1 , \"name\" :  \"Ada\" }\r\n\n{\"name\":\"Bo\",\"id\":2}\n"),
    (
        "escapes.jsonl",
        "{\"id\":1,\"name\":\"A\\u0064a \\/ \\\"x\\\" \\n\"}\n\
         {\"id\":2,\"name\":\"\\ud83e\\udd80\"}\n",
    ),
    (
        "literals.jsonl",
        "{\"id\":1,\"ssn\":536221847,\"ok\":true}\n\
         {\"id\":2,\"ssn\":\"401559024\"}\n{\"id\":3,\"ssn\":null}\n{\"id\":4}\n",
    ),
    ("numbers.jsonl", "{\"id\":1,\"phone\":2.145550142e9}\n{\"id\":2,\"phone\":-0.0}\n"),
    ("nested.jsonl", "{\"id\":1,\"home\":{\"street\":\"12 Quarry Hill Road\",\"n\":[1, 2]}}\n"),
    ("lone-cr-in-quotes.csv", "id,name\n1,\"Ada\rArcher\"\n2,Bo\n"),
    ("quoted-header.csv", "\"id\",\"name\",\"ssn\"\n1,Ada Archer,536-22-1847\n"),
    ("spaced-header.csv", " id , name \n1,Ada Archer\n2,Bo\n"),
    ("upper-header.csv", "ID,NAME,SSN\n1,Ada Archer,536-22-1847\n"),
    ("same-values.csv", "id,name\n1,Ada Archer\n2,Ada Archer\n3,Ada Archer\n"),
    ("leading-zeros.csv", "id,phone,name\n1,0012145550142,Ada\n2,00,Bo\n"),
    ("formula.csv", "id,name\n1,=1+1\n2,\"=\"\"Ada\"\"\"\n3,+1\n4,-1\n5,@x\n"),
    ("apostrophes.csv", "id,name\n1,'Ada'\n2,O'Neill\n3,''\n"),
    ("backslashes.csv", "id,name\n1,Ada\\\n2,\\\"Bo\n3,\\N\n"),
    ("delimiters-inside.csv", "id,name\n1,\"a;b|c\td\"\n2,a;b|c\n"),
    ("long.csv", concat!("id,name\n1,Ada ", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "\n2,B\n")),
    ("nothing-but-one.csv", "id,name\n,Ada Archer\n"),
    ("trailing-blanks.csv", "id,name\n1,Ada Archer  \n2,  \"Bo\"\n"),
    ("combining.csv", "id,name\n1,Zoe\u{308}\n2,Zo\u{eb}\n3,\u{fb01}n\n"),
    ("no-break.csv", "id,name\n1,Ada\u{a0}Archer\n2,\u{feff}Bo\n3,\u{200b}\n"),
    ("semicolon-crlf.csv", "id;name\r\n1;\"Archer; Ada\"\r\n2;Bo\r\n"),
    ("pipe-quoted.txt", "id|name\n1|\"Ada|Ace\"\n2|\"Bo\"\n"),
    ("unusual-many.csv", "id,ssn,name\n1,536221847,Ada\n2,n/a,Bo\n3, 401-55-9024 ,Cleo\n"),
    ("order.jsonl", "{\"name\":\"Ada\",\"id\":1}\n{\"id\":2,\"name\":\"Bo\"}\n"),
    ("no-end.jsonl", "{\"id\":1,\"name\":\"Ada Archer\"}\n{\"id\":2,\"name\":\"\"}"),
    ("unicode.jsonl", "{\"id\":1,\"name\":\"Zo\u{eb}\"}\n{\"id\":2,\"name\":\"\\u00eb\\t\"}\n"),
    (
        "bools.jsonl",
        "{\"id\":1,\"name\":true}\n{\"id\":2,\"name\":null}\n{\"id\":3,\"name\":\"no\"}\n",
    ),
];

/// Every column sealed, so that every cell goes there and back; ids stay open.
fn schema(desk: &Desk, columns: &[&str]) -> String {
    let column = |name: &&str| match *name {
        "id" => "[[column]]\nname = \"id\"\nclear = \"a number of ours\"\n".to_owned(),
        "ok" => "[[column]]\nname = \"ok\"\nclear = \"a flag\"\n".to_owned(),
        "ssn" => "[[column]]\nname = \"ssn\"\ntype = \"ssn\"\n".to_owned(),
        name => format!("[[column]]\nname = \"{name}\"\ntype = \"text\"\n"),
    };
    desk.write("odd.toml", columns.iter().map(column).collect::<String>());
    "odd.toml".to_owned()
}

fn columns(text: &str) -> Vec<&'static str> {
    ["id", "name", "ssn", "address", "phone", "home.street", "home.n", "home", "ok"]
        .into_iter()
        .filter(|name| {
            let word = name.rsplit('.').next().unwrap();
            text.to_lowercase().contains(word) && !(*name == "home" && text.contains("street"))
        })
        .collect()
}

fn export(desk: &Desk, collection: &str, like: &str, out: &str) -> Said {
    desk.run(&[
        "export",
        "--json",
        "--tenant",
        "acme",
        "--collection",
        collection,
        "--purpose",
        "support",
        "--like",
        like,
        "--out",
        out,
    ])
}

#[test]
fn odd_files_come_back_byte_for_byte() {
    assert_eq!(ODD.len(), 50);
    let desk = Desk::new("export-odd");
    for (n, (name, text)) in ODD.iter().enumerate() {
        let collection = format!("c{n}");
        desk.write(name, text);
        let nested = text.contains("street");
        let mut seal = vec!["seal", name, "--tenant", "acme", "--collection", &collection];
        seal.extend(["--out", "sealed"]);
        let schema = schema(&desk, &columns(text));
        // What a nested object's columns are called is the reader's to say: proposed.
        if !nested {
            seal.extend(["--schema", &schema]);
        }
        desk.done(&seal);
        let sealed = desk.read("sealed");
        assert!(!tokens(&sealed).is_empty(), "{name}: {sealed}");
        assert!(!sealed.contains("Archer") && !sealed.contains("536-22"), "{name}: {sealed}");
        let said = export(&desk, &collection, "sealed", "back");
        assert_eq!(said.code, Some(0), "{name}: {} {}", said.out, said.err);
        assert_eq!(said.json()["values"], tokens(&sealed).len() as u64, "{name}");
        assert_eq!(desk.read("back"), *text, "{name}");
        let mode = desk.path("back").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        for file in ["sealed", "back"] {
            std::fs::remove_file(desk.path(file)).unwrap();
        }
    }
}

const PEOPLE: &str = "\
id,name,ssn,cvv
1,Ada Archer,536-22-1847,123
2,Bruno Boone,401-55-9024,456
3,Cleo Cho,219-09-9998,789
";

fn people(name: &str) -> Desk {
    let desk = Desk::new(name);
    desk.write("people.csv", PEOPLE);
    desk.seal("people.csv");
    desk
}

#[test]
fn a_file_cut_and_sorted_since_comes_back_and_names_whom_it_holds() {
    let desk = people("export-cut");
    let sealed = desk.read("people.sealed.csv");
    let lines: Vec<&str> = sealed.lines().collect();
    desk.write("some.csv", format!("{}\n{}\n{}\n{}\n", lines[0], lines[3], lines[1], lines[3]));
    let said = export(&desk, "people", "some.csv", "some.clear.csv");
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
    let expected = "id,name,ssn,cvv\n3,Cleo Cho,219-09-9998,\n1,Ada Archer,536-22-1847,\n\
                    3,Cleo Cho,219-09-9998,\n";
    assert_eq!(desk.read("some.clear.csv"), expected, "security codes are nowhere");
    let json = said.json();
    assert_eq!((json["rows"].as_u64(), json["people"].as_u64()), (Some(3), Some(2)));
    let acts = |line: usize| {
        let token = tokens(lines[line])[0].to_owned();
        let ask = ["reveal", "--tenant", "acme", "--purpose", "tax", &token];
        let record = desk.done(&ask)["values"][0]["record"].as_str().unwrap().to_owned();
        let who = desk.done(&["ledger", "who", "--tenant", "acme", "--record", &record]);
        let acts = who["entries"].as_array().unwrap().iter().map(|e| e["act"].to_string());
        acts.filter(|act| act == "\"pii.export\"").count()
    };
    assert_eq!((acts(1), acts(2), acts(3)), (1, 0, 1));
}

/// A person's later fields, far down the file, are named as well as the first.
#[test]
fn every_type_of_a_person_is_named_wherever_it_stands() {
    let desk = people("export-types");
    let sealed = desk.read("people.sealed.csv");
    let ada = tokens(sealed.lines().nth(1).unwrap());
    let mut like = format!("a,b\nx,{}\n", ada[0]);
    (0..1200).for_each(|n| like.push_str(&format!("{n},filler\n")));
    like.push_str(&format!("y,{}\n", ada[1]));
    desk.write("like.csv", like);
    assert_eq!(export(&desk, "people", "like.csv", "out.csv").code, Some(0));
    assert!(desk.read("out.csv").contains("536-22-1847"));
    let ask = ["reveal", "--tenant", "acme", "--purpose", "tax", ada[0]];
    let record = desk.done(&ask)["values"][0]["record"].as_str().unwrap().to_owned();
    let who = desk.done(&["ledger", "who", "--tenant", "acme", "--record", &record]);
    let entries = who["entries"].as_array().unwrap().iter();
    let exports = entries.filter(|e| e["act"] == "pii.export");
    let fields: Vec<String> = exports.map(|e| e["fields"].to_string()).collect();
    assert_eq!(fields, ["[\"name\"]", "[\"ssn\"]"]);
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let desk = people("export-refused");
    let sealed = desk.read("people.sealed.csv");
    desk.write("other.csv", "id,name\n1,Dora Dunn\n");
    desk.done(&["seal", "other.csv", "--tenant", "acme", "--collection", "other"]);
    desk.write("foreign.csv", desk.read("other.sealed.csv"));
    desk.write("none.csv", "id,name\n1,x\n");
    let forged = tokens(&sealed)[0].replacen("srt_a", "srt_b", 1);
    desk.write("forged.csv", sealed.replacen(tokens(&sealed)[0], &forged, 1));
    desk.write("ragged.csv", format!("{sealed}4,x\n"));
    desk.write("taken.csv", "somebody's own");
    for (like, out, code) in [
        ("foreign.csv", "out.csv", 12),
        ("forged.csv", "out.csv", 12),
        ("none.csv", "out.csv", 2),
        ("ragged.csv", "out.csv", 2),
        ("people.sealed.csv", "taken.csv", 2),
        ("people.sealed.csv", "people.sealed.csv", 2),
        ("people.sealed.csv", "data/out.csv", 2),
        ("people.sealed.csv", "newdir/", 2),
        ("people.sealed.csv", "none/out.csv", 2),
        ("missing.csv", "out.csv", 2),
    ] {
        let said = export(&desk, "people", like, out);
        assert_eq!(said.code, Some(code), "{like} {out}: {} {}", said.out, said.err);
        let left = std::fs::read_dir(desk.path("")).unwrap().map(|e| e.unwrap().file_name());
        let left: Vec<_> = left.filter(|n| n.to_string_lossy().contains("partial")).collect();
        assert!(left.is_empty() && !desk.path("out.csv").exists(), "{like}: {left:?}");
    }
    assert_eq!(desk.read("taken.csv"), "somebody's own");
    let args = ["export", "--tenant", "acme", "--collection", "people", "--like"];
    let args = [&args[..], &["people.sealed.csv", "--out", "o.csv", "--purpose"]].concat();
    desk.ends(11, &[&args[..], &["sign-in"]].concat());
    desk.ends(2, &[&args[..], &["curiosity"]].concat());
}
