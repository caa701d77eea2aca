//! `seal --key`: a file that comes again updates the records it names, and their tokens stay.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use std::sync::Arc;

use desk::{Desk, Said, tokens};
use serde_json::{Value, json};
use strongroom::ambient::{SystemClock, SystemRandom};
use strongroom::store::engine::Engine as _;
use strongroom::store::fjall::Fjall;
use strongroom::vault::{Folders, Vault};
use strongroom_core::ledger::Entry;
use strongroom_core::ledger::entry::{Act, Phase};
use strongroom_core::store::Table;

const FIRST: &str = "\
member_id,name,email,phone,password
1001,Ada Archer,ada@example.com,214-555-0142,river 7
1002,Bruno Boone,bruno@example.com,214-555-0143,$6$saltsalt$qFmFH.bQmmtXz
1003,Cleo Cho,cleo@example.com,,stone 9
a-4,Dora Dunn,dora@example.com,214-555-0145,lake 2
";

/// Bruno moved, Cleo has a telephone, Dora lost hers and has another password, Emil is new.
const SECOND: &str = "\
member_id,name,email,phone,password
1003,Cleo Cho,cleo@example.com,214-555-0144,stone 9
1001,Ada Archer,ada@example.com,214-555-0142,river 7
1002,Bruno Boone,bruno@example.org,214-555-0143,$6$saltsalt$qFmFH.bQmmtXz
1005,Emil Ede,emil@example.com,214-555-0146,
a-4,Dora Dunn,dora@example.com,,lake 3
";

fn seal(desk: &Desk, file: &str, more: &[&str]) -> Said {
    let args = ["seal", file, "--tenant", "acme", "--collection", "people", "--json"];
    desk.run(&[&args, more].concat())
}

fn sealed(desk: &Desk, file: &str, more: &[&str]) -> Value {
    let said = seal(desk, file, more);
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
    said.json()
}

fn with_two_files(name: &str) -> (Desk, Value, Value) {
    let desk = Desk::new(name);
    desk.write("one.csv", FIRST);
    desk.write("two.csv", SECOND);
    let first = sealed(&desk, "one.csv", &["--key", "Member_ID"]);
    let second = sealed(&desk, "two.csv", &[]);
    (desk, first, second)
}

fn find(desk: &Desk, what: &str) -> Value {
    desk.done(&["find", "--tenant", "acme", "--collection", "people", what])["records"].clone()
}

fn line<'t>(text: &'t str, key: &str) -> Vec<&'t str> {
    let of = |l: &&str| l.split(',').next() == Some(key);
    text.lines().find(of).unwrap().split(',').collect()
}

#[test]
fn a_second_file_changes_what_differs_and_keeps_tokens() {
    let (desk, first, second) = with_two_files("key");
    assert_eq!(
        (&first["added"], &first["updated"], &first["changed"]),
        (&json!(4), &json!(0), &json!(4))
    );
    assert_eq!(
        (&second["added"], &second["updated"], &second["changed"]),
        (&json!(1), &json!(3), &json!(4))
    );
    assert_eq!(second["open"], json!(["member_id"]));
    let (one, two) = (desk.read("one.sealed.csv"), desk.read("two.sealed.csv"));
    for key in ["1001", "1002", "1003", "a-4"] {
        let (before, after) = (line(&one, key), line(&two, key));
        for column in 1..4 {
            let both = !before[column].is_empty() && !after[column].is_empty();
            assert!(!both || before[column] == after[column], "{key}: {before:?} {after:?}");
        }
        assert_eq!(after[4], "", "a password has no token");
    }
    assert_eq!(tokens(&two).len(), 5 + 5 + 4);
    let bruno = line(&one, "1002");
    assert_eq!(desk.values(&[bruno[1], bruno[2]]), ["Bruno Boone", "bruno@example.org"]);
    assert_eq!(desk.values(&[line(&two, "1003")[3]]), ["214-555-0144"]);
    // What was taken away is gone, in full and from the index; what came is found.
    desk.ends(12, &["reveal", "--tenant", "acme", "--purpose", "support", line(&one, "a-4")[3]]);
}

#[test]
fn the_index_follows_the_values() {
    let (desk, ..) = with_two_files("key-index");
    assert_eq!(find(&desk, "email=bruno@example.com"), json!([]));
    assert_eq!(find(&desk, "email=bruno@example.org")[0]["record"], "1002");
    assert_eq!(find(&desk, "phone=214-555-0144")[0]["record"], "1003");
    assert_eq!(find(&desk, "phone=214-555-0145"), json!([]));
    // By the key itself, exactly; it has no token.
    let found = find(&desk, "member_id=a-4");
    assert_eq!(found[0]["record"], "a-4");
    let fields = found[0]["tokens"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        fields,
        ["name", "email"].map(str::to_owned).iter().rev().cloned().collect::<Vec<_>>()
    );
    assert_eq!(find(&desk, "member_id=A-4"), json!([]));
}

#[test]
fn a_record_is_named_by_its_key() {
    let (desk, ..) = with_two_files("key-record");
    let verify = |record: &str, password: &str| {
        let args = ["verify-password", "--tenant", "acme", "--collection", "people", "--json"];
        desk.run_on(&[&args[..], &["--record", record]].concat(), password).code
    };
    assert_eq!(verify("1001", "river 7"), Some(0));
    assert_eq!(verify("a-4", "lake 3"), Some(0));
    assert_eq!(verify("a-4", "lake 2"), Some(1));
    assert_eq!(
        verify("1002", "$6$saltsalt$qFmFH.bQmmtXz"),
        Some(1),
        "a hash that is not known has no right password"
    );
    assert_eq!(verify("A-4", "lake 3"), Some(12));
    assert_eq!(verify("1009", "x"), Some(12));
    let acts = |record: &str| {
        let json = desk.done(&["ledger", "who", "--tenant", "acme", "--record", record]);
        let entries = json["entries"].as_array().unwrap();
        entries.iter().map(|e| e["act"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(acts("1003"), ["pii.collect", "update.begin", "pii.update", "ledger.who"]);
    assert_eq!(acts("1005"), ["pii.collect", "ledger.who"]);
    let token = line(&desk.read("two.sealed.csv"), "1005")[1].to_owned();
    let json = desk.done(&["reveal", "--tenant", "acme", "--purpose", "support", &token]);
    assert_eq!(json["values"][0]["record"], "1005");
    // The same key in another collection: which is meant has to be said.
    desk.write("other.csv", "member_id,name\n1003,Nils Noor\n");
    let args =
        ["seal", "other.csv", "--tenant", "acme", "--collection", "more", "--key", "member_id"];
    desk.done(&args);
    let who = ["ledger", "who", "--tenant", "acme", "--record", "1003"];
    assert_eq!(desk.ends(2, &who).error(), "usage");
    desk.done(&[&who[..], &["--collection", "more"]].concat());
}

#[test]
fn everybody_compared_is_named_before_and_everybody_changed_with_their_version() {
    let (desk, ..) = with_two_files("key-ledger");
    let log = desk.log("acme");
    let of = |act| log.iter().filter(move |e| e.act == act && e.phase == Phase::Commit);
    let begun: Vec<_> = of(Act::UpdateBegin).collect();
    let [begun] = begun[..] else { panic!("{begun:?}") };
    assert_eq!(begun.subjects.len(), 4);
    let updated: Vec<_> = of(Act::PiiUpdate).collect();
    let [updated] = updated[..] else { panic!("{updated:?}") };
    assert_eq!((updated.subjects.len(), &updated.versions[..]), (3, &[2, 2, 2][..]));
    assert!(updated.subjects.iter().all(|person| begun.subjects.contains(person)));
    let place = |entry: &Entry| log.iter().position(|e| e.id == entry.id);
    assert!(place(begun) < place(updated));
    assert_eq!(updated.fields, ["email", "password", "phone"]);
    // Nothing differs: nobody is changed, and everybody was looked at.
    desk.write("three.csv", SECOND.replace("river 7", "river 7 "));
    let third = sealed(&desk, "three.csv", &[]);
    assert_eq!((&third["added"], &third["updated"]), (&json!(0), &json!(1)));
    desk.write("four.csv", format!("{}\n", SECOND.replace("river 7", "river 7 ")));
    let fourth = sealed(&desk, "four.csv", &[]);
    assert_eq!(fourth["changed"], 0);
    // A finished job run again.
    assert_eq!(sealed(&desk, "four.csv", &[])["changed"], 0);
    let looked = desk.log("acme").iter().filter(|e| e.act == Act::PiiCollect).count();
    assert_eq!(sealed(&desk, "four.csv", &[])["changed"], 0);
    let again = desk.log("acme").iter().filter(|e| e.act == Act::PiiCollect).count();
    assert_eq!(again, looked, "nothing is collected");
}

#[test]
fn a_file_that_was_sealed_before_changes_back_what_changed_since() {
    let (desk, ..) = with_two_files("key-back-again");
    let email = || desk.values(&[line(&desk.read("one.sealed.csv"), "1002")[2]]);
    assert_eq!(email(), ["bruno@example.org"]);
    let json = sealed(&desk, "one.csv", &[]);
    assert_eq!((&json["added"], &json["updated"]), (&json!(0), &json!(3)));
    assert_eq!(email(), ["bruno@example.com"]);
    assert_eq!(sealed(&desk, "one.csv", &[])["changed"], 0);
}

#[test]
fn what_is_shredded_is_sealed_also_where_a_record_changed_since() {
    let desk = Desk::new("key-shred");
    let monday = "member_id,name,email\n1,Ada Archer,ada@example.com\n2,Bo Boone,bo@example.com\n";
    desk.write("mon.csv", monday);
    sealed(&desk, "mon.csv", &["--key", "member_id"]);
    desk.write("tue.csv", monday.replace("bo@", "bobo@"));
    sealed(&desk, "tue.csv", &[]);
    desk.write("wed.csv", monday);
    let said = seal(&desk, "wed.csv", &["--shred-input", "--out", "wed.sealed.csv"]);
    assert_eq!(said.json()["updated"], 1, "{}", said.out);
    assert!(!desk.path("wed.csv").exists());
    assert_eq!(desk.values(&[line(&desk.read("wed.sealed.csv"), "2")[2]]), ["bo@example.com"]);
}

#[test]
fn a_member_that_an_object_lacks_stays() {
    let desk = Desk::new("key-members");
    let first = "{\"no\":\"B1\",\"name\":\"Ada Archer\",\"phone\":\"214-555-0142\"}\n\
                 {\"no\":\"B2\",\"name\":\"Bo Boone\",\"phone\":\"214-555-0143\"}\n";
    desk.write("one.jsonl", first);
    sealed(&desk, "one.jsonl", &["--key", "no"]);
    let tokens_of = desk.read("one.sealed.jsonl");
    let tokens = tokens(&tokens_of);
    let second = "{\"no\":\"B1\",\"phone\":\"214-555-0177\"}\n\
                  {\"no\":\"B2\",\"name\":\"Bea\",\"phone\":null}\n";
    desk.write("two.jsonl", second);
    assert_eq!(sealed(&desk, "two.jsonl", &[])["updated"], 2);
    assert_eq!(desk.values(&tokens[..3]), ["Ada Archer", "214-555-0177", "Bea"]);
    desk.ends(12, &["reveal", "--tenant", "acme", "--purpose", "support", tokens[3]]);
}

#[test]
fn passwords_of_a_later_file_wait_to_be_strengthened_once() {
    let (desk, ..) = with_two_files("key-strengthen");
    let cheap = || desk.done(&["status"])["passwords_cheap"].as_u64().unwrap();
    // Three of the first file, one of them changed by the second.
    assert_eq!(cheap(), 4);
    desk.write("three.csv", SECOND.replace("@example.com", "@example.net"));
    sealed(&desk, "three.csv", &[]);
    assert_eq!(cheap(), 4, "verifiers that stay are not counted again");
    assert_eq!(desk.done(&["strengthen"])["strengthened"], 3, "each verifier there is, once");
    assert_eq!(cheap(), 0);
    desk.write("four.csv", SECOND.replace("lake 3", "lake 4"));
    assert_eq!(sealed(&desk, "four.csv", &[])["updated"], 4);
    assert_eq!(cheap(), 1);
    assert_eq!(desk.done(&["strengthen"])["strengthened"], 1);
}

#[test]
fn a_value_that_does_not_fit_is_in_the_index_neither_before_nor_after() {
    let desk = Desk::new("key-unusual");
    desk.write(
        "one.csv",
        "member,name,phone\n1,Ada Archer,214-555-0142\n2,Bo Boone,none\n3,Cy,214-555-0143\n",
    );
    let schema = "[[column]]\nname = \"member\"\nkey = \"ours\"\n\
                  [[column]]\nname = \"name\"\ntype = \"name\"\n\
                  [[column]]\nname = \"phone\"\ntype = \"phone\"\n";
    desk.write("schema.toml", schema);
    sealed(&desk, "one.csv", &["--schema", "schema.toml"]);
    let rows = || index_rows(&desk);
    assert_eq!(rows(), 5, "three keys, two telephones");
    desk.write("two.csv", "member,name,phone\n1,Ada Archer,none\n2,Bo Boone,214-555-0144\n");
    sealed(&desk, "two.csv", &[]);
    assert_eq!(rows(), 5);
}

fn index_rows(desk: &Desk) -> usize {
    let folders = Folders { data: desk.path("data"), keys: desk.path("data.keys") };
    let vault = Vault::open(folders, Arc::new(SystemClock), Arc::new(SystemRandom)).unwrap();
    let mut count = 0;
    let mut see = |_: &[u8], _: &[u8]| {
        count += 1;
        true
    };
    vault.store().scan(Table::Index, &[], &mut see).unwrap();
    count
}

#[test]
fn columns_that_a_file_lacks_stay() {
    let (desk, ..) = with_two_files("key-columns");
    desk.write("part.csv", "phone,member_id\n214-555-0199,1001\n,1003\n");
    let part = sealed(&desk, "part.csv", &[]);
    assert_eq!((&part["added"], &part["updated"]), (&json!(0), &json!(2)));
    let two = desk.read("two.sealed.csv");
    let (ada, cleo) = (line(&two, "1001"), line(&two, "1003"));
    assert_eq!(
        desk.values(&[ada[1], ada[2], ada[3]]),
        ["Ada Archer", "ada@example.com", "214-555-0199"]
    );
    assert_eq!(desk.values(&[cleo[1]]), ["Cleo Cho"]);
    assert_eq!(find(&desk, "phone=214-555-0144"), json!([]));
}

#[test]
fn rows_without_a_key_of_their_own_are_left_out() {
    let desk = Desk::new("key-bad");
    let long = "9".repeat(257);
    let text = format!("member_id,name\n1,Ada\n,Bo\n2,Cleo\n 1 ,Dora\n{long},Emil\n3,Fay\n");
    desk.write("bad.csv", text);
    let schema = "[[column]]\nname = \"member_id\"\nkey = \"ours\"\n\
                  [[column]]\nname = \"name\"\ntype = \"name\"\n";
    desk.write("schema.toml", schema);
    let args = ["--schema", "schema.toml", "--report", "report.json"];
    let said = seal(&desk, "bad.csv", &args);
    assert_eq!(said.code, Some(4), "{} {}", said.out, said.err);
    let json = said.json();
    assert_eq!(
        (&json["rows"], &json["added"], &json["quarantined"]),
        (&json!(3), &json!(3), &json!(3))
    );
    let report: Value = serde_json::from_str(&desk.read("report.json")).unwrap();
    let places: Vec<_> = report["quarantine"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bad| (bad["line"].as_u64().unwrap(), bad["reason"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [(3, "no_key"), (5, "key_twice"), (6, "no_key")];
    assert_eq!(places, expected.map(|(line, reason)| (line, reason.to_owned())));
    assert_eq!(desk.read("bad.sealed.csv").lines().count(), 4);
    let judged = seal(&desk, "bad.csv", &["--dry-run"]);
    assert_eq!(judged.json()["quarantined"], 3);
    assert_eq!(seal(&desk, "bad.csv", &["--strict"]).code, Some(2));
}

#[test]
fn a_key_is_named_once_and_is_nobodys_number() {
    let desk = Desk::new("key-refused");
    desk.write("one.csv", FIRST);
    for column in ["email", "name", "no_such"] {
        let said = seal(&desk, "one.csv", &["--key", column]);
        assert_eq!((said.code, said.error().as_str()), (Some(2), "usage"), "{column}");
    }
    assert!(!desk.path("one.sealed.csv").exists());
    sealed(&desk, "one.csv", &["--key", "member_id"]);
    desk.write("two.csv", SECOND);
    assert_eq!(seal(&desk, "two.csv", &["--key", "name"]).code, Some(2));
    desk.write("lacks.csv", "name,email\nAda Archer,ada@example.com\n");
    assert_eq!(seal(&desk, "lacks.csv", &[]).code, Some(2));
    // A schema cannot take the key away, nor give one to records that have none.
    let schema = "[[column]]\nname = \"member_id\"\nclear = \"ours\"\n";
    desk.write("schema.toml", schema);
    let set = ["schema", "set", "schema.toml", "--tenant", "acme", "--collection", "people"];
    assert_eq!(desk.ends(2, &set).error(), "usage");
    desk.write("more.csv", "member_id,name\n1,Ada Archer\n");
    desk.done(&["seal", "more.csv", "--tenant", "acme", "--collection", "more"]);
    let again =
        ["seal", "more.csv", "--tenant", "acme", "--collection", "more", "--key", "member_id"];
    assert_eq!(desk.ends(2, &again).error(), "usage");
}

#[test]
fn the_way_back_leads_over_keys_too() {
    let (desk, ..) = with_two_files("key-back");
    let args = ["export", "--tenant", "acme", "--collection", "people", "--purpose", "support"];
    desk.done(&[&args[..], &["--like", "two.sealed.csv", "--out", "back.csv"]].concat());
    let expected: Vec<String> = SECOND
        .lines()
        .enumerate()
        .map(|(n, line)| {
            let (rest, _) = line.rsplit_once(',').unwrap();
            if n == 0 { line.to_owned() } else { format!("{rest},") }
        })
        .collect();
    assert_eq!(desk.read("back.csv").lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_tokenised_copy_is_no_file_to_seal() {
    let (desk, ..) = with_two_files("key-copy");
    let before = desk.read("two.sealed.csv");
    for more in [&[][..], &["--dry-run"]] {
        let args = [&["--out", "again.csv"], more].concat();
        let said = seal(&desk, "two.sealed.csv", &args);
        assert_eq!((said.code, said.error().as_str()), (Some(2), "usage"), "{}", said.out);
        assert!(said.out.contains("tokenised copy"), "{}", said.out);
    }
    assert!(!desk.path("again.csv").exists());
    assert_eq!(desk.values(&[line(&before, "1002")[2]]), ["bruno@example.org"]);
}

#[test]
fn a_key_is_held_over_the_whole_file_and_later_ones() {
    let desk = Desk::new("key-held");
    let row = |n: usize| match n {
        0..6_000 => format!("c{n},Ada Archer\n"),
        _ => format!("person{n}@example.com,Ada Archer\n"),
    };
    let rows = |all: usize| format!("member_id,name\n{}", (0..all).map(row).collect::<String>());
    desk.write("one.csv", rows(6_200));
    let said = seal(&desk, "one.csv", &["--key", "member_id"]);
    assert_eq!((said.code, said.error().as_str()), (Some(2), "usage"), "{}", said.out);
    assert!(!desk.path("one.sealed.csv").exists());
    desk.write("two.csv", rows(6_000));
    sealed(&desk, "two.csv", &["--key", "member_id"]);
    desk.write("three.csv", "member_id,name\nperson1@example.com,Ada Archer\n");
    assert_eq!(seal(&desk, "three.csv", &[]).code, Some(2));
}

#[test]
fn keys_that_look_like_another_or_like_an_id_name_nobody_else() {
    let desk = Desk::new("key-alike");
    desk.write("solo.csv", "name,email\nDora Dunn,dora@example.com\n");
    desk.done(&["seal", "solo.csv", "--tenant", "acme", "--collection", "solo"]);
    let find = ["find", "--tenant", "acme", "--collection", "solo", "email=dora@example.com"];
    let id = desk.done(&find)["records"][0]["record"].as_str().unwrap().to_owned();
    let schema = "[[column]]\nname = \"member\"\nkey = \"ours\"\n\
                  [[column]]\nname = \"name\"\ntype = \"name\"\n";
    desk.write("schema.toml", schema);
    desk.write("one.csv", format!("member,name\n{id},Ada\n1,Bo\n1\u{200b},Cy\n"));
    let said = seal(&desk, "one.csv", &["--schema", "schema.toml"]);
    assert_eq!((said.code, &said.json()["quarantined"]), (Some(4), &json!(1)), "{}", said.out);
    let token = line(&desk.read("one.sealed.csv"), &id)[1].to_owned();
    let update = ["update", "--tenant", "acme", "--collection", "people", "--json", "--record"];
    let said = desk.run_on(&[&update[..], &[&id, "name=-"]].concat(), "Ada Archer");
    assert_eq!(said.code, Some(0), "{}", said.out);
    assert_eq!(desk.values(&[&token]), ["Ada Archer"]);
}

/// Also of a key whose letters are upper case: it is indexed as it stands, unlike other texts.
#[test]
fn nothing_of_an_erased_record_stays_in_the_index() {
    let (desk, ..) = with_two_files("key-erased");
    desk.write("three.csv", "member_id,email\nB-7,Fay@Example.com\n");
    sealed(&desk, "three.csv", &[]);
    let before = index_rows(&desk);
    let erase = ["erase", "--tenant", "acme", "--collection", "people", "--record", "B-7"];
    desk.done(&[&erase[..], &["--reason", "request", "--now"]].concat());
    assert_eq!(index_rows(&desk), before - 2, "its key and its address");
}

/// Whoever takes rows of the index away until their keys are sealed again, and puts them back,
/// would have an erasure reach one of two records.
#[test]
fn a_key_of_two_records_is_refused_and_told() {
    let desk = Desk::new("key-twice");
    desk.write("one.csv", FIRST);
    sealed(&desk, "one.csv", &["--key", "member_id"]);
    let engine = || Fjall::open(&desk.path("data/engine")).unwrap();
    let mut rows = Vec::new();
    let opened = engine();
    let mut take = |key: &[u8], value: &[u8]| {
        rows.push((key.to_vec(), value.to_vec()));
        true
    };
    opened.scan(Table::Index, &[], &mut take).unwrap();
    opened.commit(&mut rows.iter().map(|(k, _)| (Table::Index, k.as_slice(), None))).unwrap();
    drop(opened);
    assert_eq!(sealed(&desk, "one.csv", &["--out", "again.csv"])["added"], 4);
    let back = rows.iter().map(|(k, v)| (Table::Index, k.as_slice(), Some(v.as_slice())));
    engine().commit(&mut back.into_iter()).unwrap();

    let erase = ["erase", "--tenant", "acme", "--collection", "people", "--reason", "duplicate"];
    let erased =
        |record: &str| desk.run(&[&erase[..], &["--now", "--json", "--record", record]].concat());
    let said = erased("1001");
    assert_eq!(said.code, Some(15), "{}", said.out);
    let detail = said.json()["error"]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("two records are known by one key"), "{detail}");
    desk.write("two.csv", SECOND);
    assert_eq!(seal(&desk, "two.csv", &[]).code, Some(15));
    let seek = ["find", "--tenant", "acme", "--collection", "people", "member_id=1001"];
    desk.ends(15, &seek);
    let found = desk.run(&["doctor", "--deep", "--json"]);
    let told = found.json()["findings"].to_string();
    assert!(told.contains("two records are known by one key, 4 in all"), "{told}");
    // Once one of the two is gone, by its id, the other is what it was.
    let id = told.split(|c: char| !c.is_alphanumeric() && c != '_').find(|w| w.starts_with("srr_"));
    assert_eq!(erased(id.unwrap()).code, Some(0));
    assert_eq!(desk.done(&seek)["records"][0]["record"], "1001");
    for (n, key) in ["1001", "1002", "1003", "a-4"].iter().enumerate() {
        assert_eq!(erased(key).code, Some(if n == 0 { 0 } else { 15 }));
    }
    assert_eq!(desk.done(&seek)["records"], json!([]));
}

/// A key that was sealed again while its record was on its way out is that of the new record.
#[test]
fn an_erasure_is_not_taken_back_once_the_key_is_of_another() {
    let desk = Desk::new("key-taken");
    desk.write("one.csv", FIRST);
    sealed(&desk, "one.csv", &["--key", "member_id"]);
    let erase = ["erase", "--tenant", "acme", "--collection", "people", "--record"];
    let erased = desk.done(&[&erase[..], &["1001", "--reason", "request"]].concat());
    let id = erased["record"].as_str().unwrap().to_owned();
    assert_eq!(sealed(&desk, "one.csv", &["--out", "again.csv"])["added"], 1);
    let back = desk.run(&[&erase[..], &[&id, "--cancel", "--json"]].concat());
    assert_eq!(back.code, Some(2), "{} {}", back.out, back.err);
    assert!(back.out.contains("another record has its key"), "{}", back.out);
    desk.done(&[&erase[..], &["1001", "--reason", "duplicate"]].concat());
    desk.done(&[&erase[..], &[&id, "--cancel"]].concat());
    assert_eq!(
        find(&desk, "member_id=1001")[0]["tokens"]["email"],
        json!(line(&desk.read("one.sealed.csv"), "1001")[2])
    );
}
