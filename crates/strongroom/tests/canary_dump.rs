//! A copy of the data folder without the keys: guessing every number of every person finds none of
//! them, and two installs of the same people have nothing in common.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/old_hashes.rs"]
mod old_hashes;

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use desk::{Desk, tokens};
use old_hashes::{md5, sha1};
use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512, Sha512_256};
use strongroom::ambient::{SystemClock, SystemRandom};
use strongroom::quickstart::people::{Column, Person, Shape, write_csv};
use strongroom::quickstart::search::{Findings, Search};
use strongroom::vault::{Folders, Vault};
use strongroom_core::ledger::Entry;
use strongroom_core::store::Table;

const PEOPLE: u64 = 300;
const SEED: u64 = 23;

/// An install with the same people, under both tenants.
fn installed(name: &str) -> Desk {
    let desk = Desk::new(name);
    let mut csv = Vec::new();
    write_csv(&mut csv, Shape::Narrow, SEED, PEOPLE).unwrap();
    desk.write("people.csv", csv);
    for tenant in ["acme", "borealis"] {
        let seal = ["seal", "people.csv", "--tenant", tenant, "--collection", "people"];
        desk.done(&[&seal[..], &["--out", &format!("{tenant}.csv")]].concat());
    }
    desk
}

/// The ways a number is written before somebody hashes it.
fn written(value: &str) -> Vec<String> {
    let bare: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
    let mut ways = vec![value.to_owned(), bare.clone(), value.to_lowercase(), value.to_uppercase()];
    if bare.len() == 9 {
        for mark in ["-", " "] {
            ways.push([&bare[..3], &bare[3..5], &bare[5..]].join(mark));
        }
    }
    if bare.len() >= 12 {
        let groups: Vec<_> = bare.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
        ways.extend([groups.join(" "), groups.join("-")]);
    }
    ways.push(format!("{bare}\n"));
    ways
}

/// Hashes that need no key, of the text alone and behind whatever the data folder itself says.
fn hashes(text: &[u8], salts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for salt in salts {
        let input = [salt.as_slice(), text].concat();
        all.push(md5(&input));
        all.push(sha1(&input));
        all.push(Sha224::digest(&input).to_vec());
        all.push(Sha256::digest(&input).to_vec());
        all.push(Sha384::digest(&input).to_vec());
        all.push(Sha512::digest(&input).to_vec());
        all.push(Sha512_256::digest(&input).to_vec());
        all.push(Sha256::digest(Sha256::digest(&input)).to_vec());
    }
    all
}

fn unhex(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16));
    pairs.map(Result::unwrap).collect()
}

/// What is looked for of a hash: an index keeps a beginning of it, or an end.
fn parts(hash: &[u8]) -> [Vec<u8>; 2] {
    [hash[..8].to_vec(), hash[hash.len() - 8..].to_vec()]
}

#[test]
fn hashes_are_those_of_the_standards() {
    let hex = |bytes: Vec<u8>| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    assert_eq!(hex(md5(b"")), "d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(hex(md5(b"abc")), "900150983cd24fb0d6963f7d28e17f72");
    assert_eq!(hex(sha1(b"abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    let long = [b'a'; 120];
    assert_eq!(hex(sha1(&long)), "f34c1488385346a55709ba056ddd08280dd4c6d6");
    assert_eq!(hex(md5(&long)), "5f61c0ccad4cac44c75ff505e1f1e537");
}

#[test]
fn guessing_every_number_finds_none() {
    use Column::{BankAccount, CardNumber, Email, Phone, Ssn, UserName};
    let desk = installed("dump-guess");
    let columns = [Ssn, CardNumber, BankAccount, Email, Phone, UserName];
    let people = (0..100).map(|n| Person::new(Shape::Narrow, SEED, n));
    let values: BTreeSet<String> = people.flat_map(|p| columns.map(|c| p.value(c))).collect();
    assert!(values.len() > 400);
    let tenant =
        desk.done(&["tenant", "show", "acme"])["tenant"]["id"].as_str().unwrap().to_owned();
    let salts = [vec![], unhex(&tenant), tenant.into_bytes()];
    let mut guesses: Vec<Vec<u8>> = Vec::new();
    for value in &values {
        for text in written(value) {
            // Plain text as it stands is the other canary's; here also in its other ways.
            guesses.push(text.clone().into_bytes());
            guesses.extend(hashes(text.as_bytes(), &salts).iter().flat_map(|h| parts(h)));
        }
    }
    let search = Search::new(guesses);
    assert!(search.values().len() > 50_000, "{}", search.values().len());
    let found = search.places(&[&desk.path("data")]).unwrap();
    assert!(found.bytes > 1_000_000);
    assert_eq!(found.hits, Default::default());
    // It would find a tag that is such a hash, cut to eight bytes, wherever it stood.
    let ssn = Person::new(Shape::Narrow, SEED, 7).value(Ssn).replace('-', "");
    let tag = Sha256::digest(&ssn);
    let planted = [b"x".repeat(4096), tag[..8].to_vec(), b"y".repeat(100)].concat();
    let mut findings = Findings::default();
    search.stream(Path::new("planted"), planted.as_slice(), &mut findings).unwrap();
    assert_eq!(findings.hits.len(), 1);
}

/// What an install without a control key might take digests of: the part at `must` with any of the
/// others about it, joined bare, behind their lengths, and as docs/data-model.md frames them.
fn inputs(label: &str, parts: &[&[u8]], must: usize) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for chosen in (0u32..1 << parts.len()).filter(|chosen| chosen >> must & 1 == 1) {
        let chosen = parts.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
        let chosen: Vec<&[u8]> = chosen.map(|(_, part)| *part).collect();
        let length = |part: &[u8]| (part.len() as u64).to_be_bytes();
        let framed = chosen.iter().flat_map(|part| [&length(part)[..], part].concat());
        let framed: Vec<u8> = framed.collect();
        let label = [&[u8::try_from(label.len()).unwrap()], label.as_bytes(), &[1]].concat();
        all.extend([chosen.concat(), [label, framed.clone()].concat(), framed]);
    }
    all
}

/// Collection and job of the one tenant's rows, as whoever copies the folder reads them.
fn clear_ids(desk: &Desk, tenant: &[u8]) -> ([u8; 4], [u8; 16]) {
    let folders = Folders { data: desk.path("data"), keys: desk.path("data.keys") };
    let vault = Vault::open(folders, Arc::new(SystemClock), Arc::new(SystemRandom)).unwrap();
    let mut found = (Vec::new(), Vec::new());
    let store = vault.store();
    let keys = |table: Table, into: &mut Vec<u8>| {
        let mut take = |key: &[u8], _: &[u8]| {
            *into = key[16..].to_vec();
            true
        };
        store.scan(table, tenant, &mut take).unwrap();
    };
    keys(Table::Record, &mut found.0);
    keys(Table::Job, &mut found.1);
    (found.0[..4].try_into().unwrap(), found.1[..16].try_into().unwrap())
}

#[test]
fn no_digest_of_an_input_can_be_guessed() {
    let desk = installed("dump-input");
    let file = fs::read(desk.path("people.csv")).unwrap();
    let tenant = unhex(desk.done(&["tenant", "show", "acme"])["tenant"]["id"].as_str().unwrap());
    let (collection, job) = clear_ids(&desk, &tenant);
    // Sealed again: the same job says how it reads its input.
    let again = ["seal", "people.csv", "--tenant", "acme", "--collection", "people"];
    let report = desk.done(&[&again[..], &["--out", "acme.csv"]].concat());
    assert_eq!(
        (&report["changed"], unhex(report["job"].as_str().unwrap())),
        (&0.into(), job.into())
    );
    let read = report["read"].to_string();
    let (version, rows) = (1u32.to_be_bytes(), 1000u64.to_be_bytes());
    let mut of = Vec::new();
    let digest = Sha256::digest(&file);
    let hex: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    for whole in [&digest[..], hex.as_bytes(), &file] {
        let parts = [&tenant[..], &collection, &version, &rows, whole, read.as_bytes()];
        of.extend(inputs("strongroom/job", &parts, 4));
    }
    // The one batch: all rows, which begin behind the header.
    let header = file.iter().position(|b| *b == b'\n').unwrap() + 1;
    let starts = [0, header as u64].map(u64::to_be_bytes);
    for start in &starts {
        for batch in [&file[header..], &file[header..file.len() - 1], &file] {
            let digest = Sha256::digest(batch);
            for bytes in [batch, &digest[..]] {
                of.extend(inputs("strongroom/batch", &[&tenant, &job, start, bytes], 3));
            }
        }
    }
    let salts = [vec![], tenant];
    let guesses = of.iter().flat_map(|input| hashes(input, &salts));
    let guesses = guesses.chain([digest.to_vec(), hex.into_bytes()]);
    let search = Search::new(guesses.flat_map(|hash| parts(&hash)));
    assert!(search.values().len() > 5_000, "{}", search.values().len());
    let found = search.places(&[&desk.path("data")]).unwrap();
    assert!(found.bytes > 1_000_000);
    assert_eq!(found.hits, Default::default());
}

/// What an install keeps of people, in pieces that could show two of them to be the same.
#[derive(Default)]
struct Kept {
    tags: HashSet<Vec<u8>>,
    row_windows: HashSet<Vec<u8>>,
    slots: HashSet<Vec<u8>>,
    pseudonyms: HashSet<String>,
    tokens: HashSet<String>,
    jobs: HashSet<Vec<u8>>,
}

/// Bytes of a row that say something of its value: shorter runs are lengths and field numbers.
const WINDOW: usize = 16;

fn kept(desk: &Desk, tenant: &str, token: &str) -> Kept {
    let mut kept = Kept::default();
    let record = desk.done(&["reveal", "--tenant", tenant, "--purpose", "tax", token]);
    let record = record["values"][0]["record"].as_str().unwrap().to_owned();
    desk.done(&["ledger", "who", "--tenant", tenant, "--record", &record]);
    let text = desk.read(&format!("{tenant}.csv"));
    kept.tokens = tokens(&text).iter().map(|t| t[4..].to_owned()).collect();
    kept.tokens.insert(record[4..].to_owned());
    let shown = desk.done(&["tenant", "show", tenant]);
    let id = shown["tenant"]["id"].as_str().unwrap();
    let folders = Folders { data: desk.path("data"), keys: desk.path("data.keys") };
    let vault = Vault::open(folders, Arc::new(SystemClock), Arc::new(SystemRandom)).unwrap();
    let store = vault.store();
    let prefix = unhex(id);
    // Key of an index row: tenant 16, collection 4, field 2, tag, record 8.
    let tag = |key: &[u8]| key[22..key.len() - 8].to_vec();
    store
        .scan(Table::Index, &prefix, &mut |key, _| {
            kept.tags.insert(tag(key));
            true
        })
        .unwrap();
    let mut rows = 0;
    store
        .scan(Table::Record, &prefix, &mut |_, value| {
            rows += 1;
            kept.row_windows.extend(value.windows(WINDOW).map(<[u8]>::to_vec));
            true
        })
        .unwrap();
    assert_eq!(rows, PEOPLE);
    store
        .scan(Table::Job, &prefix, &mut |key, _| {
            kept.jobs.insert(key[16..32].to_vec());
            true
        })
        .unwrap();
    for (log, ..) in store.heads() {
        store
            .entries(log, &mut |_, leaf| {
                let entry = Entry::from_bytes(leaf).unwrap();
                if log.to_string() == id {
                    kept.pseudonyms.extend(entry.subjects.iter().map(ToString::to_string));
                }
                true
            })
            .unwrap();
    }
    drop(vault);
    for file in fs::read_dir(desk.path("data/slots")).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let pieces = bytes.chunks(WINDOW).filter(|c| c.iter().any(|b| *b != 0));
        // The last piece of a slot ends in the epoch, the rest of it is random.
        kept.slots.extend(pieces.map(|c| c[..12].to_vec()));
    }
    kept
}

fn common<T: Eq + std::hash::Hash + Clone>(one: &HashSet<T>, other: &HashSet<T>) -> usize {
    one.intersection(other).count()
}

#[test]
fn installs_and_tenants_with_the_same_people_share_nothing() {
    let (one, two) = (installed("dump-one"), installed("dump-two"));
    let kept = |desk: &Desk, tenant: &str| {
        let text = desk.read(&format!("{tenant}.csv"));
        kept(desk, tenant, tokens(&text)[0])
    };
    let all = [kept(&one, "acme"), kept(&one, "borealis"), kept(&two, "acme")];
    for install in &all {
        // Four indexed columns, of which telephones repeat among so many people.
        assert!(install.tags.len() as u64 > 3 * PEOPLE, "{}", install.tags.len());
        assert!(install.row_windows.len() as u64 > PEOPLE * 200);
        assert_eq!(install.tokens.len() as u64, PEOPLE * 10 + 1);
        assert!(install.slots.len() as u64 >= 2 * PEOPLE * 4);
        assert_eq!((install.pseudonyms.len(), install.jobs.len()), (1, 1));
    }
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        let (a, b) = (&all[a], &all[b]);
        assert_eq!(common(&a.tags, &b.tags), 0, "index tags");
        assert_eq!(common(&a.tokens, &b.tokens), 0, "tokens");
        assert_eq!(common(&a.pseudonyms, &b.pseudonyms), 0, "pseudonyms");
        assert_eq!(common(&a.jobs, &b.jobs), 0, "jobs");
        assert_eq!(common(&a.row_windows, &b.row_windows), 0, "rows");
    }
    assert_eq!(common(&all[0].slots, &all[2].slots), 0, "slots");
}
