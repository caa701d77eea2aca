//! The epoch at the command line, and what is left of erased people in the raw bytes of all files.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use install::Install;
use strongroom::ambient::SystemClock;
use strongroom::custody::KeyFolder;
use strongroom::vault::Turned;
use strongroom_core::id::{InstallId, RecordNumber, TenantId};
use strongroom_core::principal::Arrival;
use strongroom_core::source::Clock as _;
use strongroom_core::vault::slot::SlotAddress;

const PEOPLE: usize = 500;
const ERASED: usize = 300;
const SLOT: usize = 64;

/// An install with 500 people of acme's: tokens and ids of their records.
struct Office {
    install: Install,
    tokens: Vec<String>,
    records: Vec<String>,
}

impl Office {
    fn new(name: &str) -> Self {
        let install = Install::new(name);
        install.operate(&["tenant", "add", "acme"]);
        install.operate(&["tenant", "add", "borealis"]);
        let lines = (0..PEOPLE).map(|n| format!("{n},person{n}@example.com\n"));
        let text = format!("member,e-mail\n{}", lines.collect::<String>());
        let path = install.scratch.write("people.csv", &text);
        let path = path.to_str().unwrap();
        let seal = |tenant| ["seal", path, "--tenant", tenant, "--collection", "people", "--out"];
        let other = install.scratch.path("other.csv");
        let out = install.scratch.path("out.csv");
        for (tenant, out) in [("borealis", &other), ("acme", &out)] {
            install.operate(&[&seal(tenant)[..], &[out.to_str().unwrap()]].concat());
        }
        let sealed = fs::read_to_string(out).unwrap();
        let tokens = sealed.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned());
        let tokens: Vec<String> = tokens.collect();
        let args = ["reveal", "--tenant", "acme", "--purpose", "support", "-"];
        let revealed = install.run_on(&args, &tokens.join("\n"));
        let record = |n| revealed.text(&format!("/values/{n}/record")).to_owned();
        Self { records: (0..PEOPLE).map(record).collect(), tokens, install }
    }

    /// Erases the first 300 at once, with a second person's consent.
    fn erase(&self) {
        let (second, _) = self.install.principal("second", "operator", "acme");
        let second = ["--second", second.to_str().unwrap(), "--now", "--reason", "retention"];
        let args = ["erase", "--tenant", "acme", "--collection", "people", "--record", "-"];
        let ids = self.records[..ERASED].join("\n");
        let answer = self.install.run_on(&[&args[..], &second].concat(), &ids);
        assert_eq!(answer.code, 0, "{}", answer.json);
        assert!(answer.json["erased"][ERASED - 1]["slot"] == "gone", "{}", answer.json);
    }

    /// The secrets in the slots of acme's people, opened with today's keys.
    fn secrets(&self) -> Vec<Vec<u8>> {
        let scratch = &self.install.scratch;
        let file = fs::read(scratch.path("data.keys/install.json")).unwrap();
        let file: serde_json::Value = serde_json::from_slice(&file).unwrap();
        let install = InstallId::parse(file["install"].as_str().unwrap()).unwrap();
        let keys = KeyFolder::open(&scratch.path("data.keys")).unwrap();
        let keys = keys.load(install, 1).unwrap_or_else(|p| panic!("{p}"));
        let list = self.install.operate(&["tenant", "list"]);
        let tenants = list.json["tenants"].as_array().unwrap();
        let acme = tenants.iter().find(|t| t["name"] == "acme").unwrap();
        let tenant = TenantId::parse(acme["id"].as_str().unwrap()).unwrap();
        let bytes = fs::read(self.slots(1)).unwrap();
        let slots = (0..).map(RecordNumber).zip(bytes.chunks(SLOT));
        let open = |(record, slot): (RecordNumber, &[u8])| {
            let at = SlotAddress { install, tenant, record };
            let opened = keys.epoch.open(at, slot.try_into().unwrap()).ok()?;
            strongroom_core::testing::secret_of(&opened)
        };
        slots.filter_map(open).map(|secret| secret.to_vec()).collect()
    }

    fn slots(&self, epoch: u32) -> PathBuf {
        self.install.scratch.path(&format!("data/slots/epoch-{epoch:08}.slots"))
    }

    /// Everybody who is left opens, and nobody else.
    fn opens(&self) {
        let args = ["reveal", "--tenant", "acme", "--purpose", "support", "--full", "-"];
        let left = self.install.run_on(&args, &self.tokens[ERASED..].join("\n"));
        assert_eq!(left.code, 0, "{}", left.json);
        for n in [0, 7, ERASED - 1] {
            assert_eq!(self.install.run_on(&args, &self.tokens[n]).code, 12);
        }
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(files(&entry));
        } else {
            let bytes = fs::read(&entry).unwrap();
            found.push((entry, bytes));
        }
    }
    found
}

/// In which files any of these is found: bytes of one length, looked for at every place.
fn holders(office: &Office, sought: &HashSet<Vec<u8>>) -> Vec<(PathBuf, usize)> {
    let length = sought.iter().next().unwrap().len();
    let starts: HashSet<[u8; 4]> = sought.iter().map(|s| s[..4].try_into().unwrap()).collect();
    let mut all = files(&office.install.scratch.path("data"));
    all.extend(files(&office.install.scratch.path("data.keys")));
    assert!(all.len() > 10 && all.iter().any(|(path, _)| path.ends_with("notes.json")));
    let count = |bytes: &[u8]| {
        let mut found = 0;
        // Most of a preallocated file is zeros.
        let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
        let bytes = &bytes[..end];
        for (at, start) in bytes.windows(4).enumerate() {
            if start != [0; 4] && starts.contains(start) {
                found +=
                    usize::from(bytes.get(at..at + length).is_some_and(|b| sought.contains(b)));
            }
        }
        found
    };
    let held = all.into_iter().map(|(path, bytes)| (path, count(&bytes)));
    held.filter(|(_, found)| *found > 0).collect()
}

/// The raw slots of a file that are in use.
fn used(path: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(path).unwrap();
    bytes.chunks(SLOT).filter(|s| s.iter().any(|b| *b != 0)).map(<[u8]>::to_vec).collect()
}

#[test]
fn no_file_holds_what_could_open_an_erased_record() {
    let office = Office::new("epoch-raw");
    let before = used(&office.slots(1));
    assert_eq!(before.len(), 2 * PEOPLE);
    let old = fs::read(office.slots(1)).unwrap();
    let key = office.install.scratch.path("data.keys/epoch-00000001.key");
    let epoch_key = fs::read(&key).unwrap();
    let secrets = office.secrets();
    office.erase();
    office.opens();
    assert_eq!(secrets.len(), PEOPLE);
    let gone: HashSet<Vec<u8>> = secrets[..ERASED].iter().cloned().collect();
    assert_eq!(holders(&office, &gone), [], "nor are the secrets anywhere in clear");
    let after: HashSet<Vec<u8>> = used(&office.slots(1)).into_iter().collect();
    let erased: HashSet<Vec<u8>> = before.iter().filter(|s| !after.contains(*s)).cloned().collect();
    assert_eq!(erased.len(), ERASED, "the slots of the erased, and no other");
    // Whole, and what is sealed in them: a secret is nowhere else.
    let sealed: HashSet<Vec<u8>> = erased.iter().map(|slot| slot[12..44].to_vec()).collect();
    assert_eq!(holders(&office, &erased), []);
    assert_eq!(holders(&office, &sealed), []);
    let live: HashSet<Vec<u8>> = before.iter().filter(|s| after.contains(*s)).cloned().collect();
    assert_eq!(holders(&office, &live).len(), 1, "the search finds what is there");

    let (second, _) = office.install.principal("third", "operator", "acme");
    let turn = ["epoch", "turn"];
    let refused = office.install.run(Some(&office.install.operator), &turn);
    assert_eq!(refused.code, 11, "soon after many: {}", refused.json);
    let stranger = [&turn[..], &["--second", second.to_str().unwrap()]].concat();
    let refused = office.install.run(Some(&office.install.operator), &stranger);
    assert_eq!(refused.code, 11, "whoever agrees must be able to do it: {}", refused.json);
    let turned = turn_when_due(&office);
    assert_eq!((turned.epoch, turned.destroyed, turned.destroy), (2, 1, "best effort"));
    assert_eq!((turned.live, turned.erased), (700, 300));
    assert!(!key.exists() && !office.slots(1).exists());
    let all: HashSet<Vec<u8>> = before.into_iter().collect();
    assert_eq!(holders(&office, &all), [], "no slot of the old epoch is left");
    assert_eq!(holders(&office, &HashSet::from([epoch_key])), [], "nor its key");
    office.opens();

    // An older copy of the slots, under the name that today's would have.
    let today = fs::read(office.slots(2)).unwrap();
    fs::write(office.slots(2), &old).unwrap();
    let args = ["reveal", "--tenant", "acme", "--purpose", "support", "-"];
    for token in [&office.tokens[0], &office.tokens[ERASED], &office.tokens[PEOPLE - 1]] {
        assert_eq!(office.install.run_on(&args, token).code, 15);
    }
    fs::write(office.slots(2), today).unwrap();
    office.opens();
    let find = ["find", "--tenant", "acme", "--collection", "people", "e-mail=-"];
    let found = office.install.run_on(&find, &format!("person{ERASED}@example.com"));
    assert_eq!(found.text("/records/0/record"), office.records[ERASED], "the index goes on");
}

/// Turns the epoch as the schedule does, eight days on.
fn turn_when_due(office: &Office) -> Turned {
    let vault = office.install.open();
    let text = fs::read_to_string(&office.install.operator).unwrap();
    let who = vault.authenticate(&text, Arrival::local(0, false)).unwrap_or_else(|p| panic!("{p}"));
    let later_us = SystemClock.now_us() + 8 * 24 * 3600 * 1_000_000;
    vault.turn_epoch(&who, None, later_us).unwrap_or_else(|p| panic!("{p}"))
}

#[test]
fn a_turn_says_what_it_did_and_when_the_next_is_due() {
    let office = Office::new("epoch-status");
    let status = || office.install.operate(&["epoch", "status"]);
    let before = status();
    assert_eq!((before.number("/epoch"), before.number("/shredded")), (1, 0));
    assert!(before.json["destroyed"].is_null() && before.json["overdue"] == false);
    assert!(before.json["turned"].is_null(), "{}", before.json);
    let none = office.install.operate(&["epoch", "turn", "--if-due"]);
    assert_eq!(none.number("/epoch"), 1, "not yet: {}", none.json);
    let args = ["erase", "--tenant", "acme", "--collection", "people", "--record"];
    let erase = [&args[..], &[&office.records[0], "--reason", "test", "--now"]].concat();
    office.install.operate(&erase);
    let later = [&args[..], &[&office.records[1], "--reason", "test"]].concat();
    office.install.operate(&later);
    let between = status();
    assert_eq!((between.number("/shredded"), between.number("/pending")), (1, 1));
    let turned = office.install.operate(&["epoch", "turn"]);
    assert_eq!((turned.number("/epoch"), turned.number("/live")), (2, 999));
    let after = status();
    let numbers = ["/epoch", "/destroyed", "/shredded", "/pending", "/live", "/erased"];
    assert_eq!(numbers.map(|n| after.number(n)), [2, 1, 0, 1, 999, 1]);
    assert!(after.text("/due") > before.text("/due"), "{}", after.json);
    // A pending one stays what it is over a turn.
    let cancel = [&args[..], &[&office.records[1], "--cancel"]].concat();
    office.install.operate(&cancel);
    let reveal = ["reveal", "--tenant", "acme", "--purpose", "support", &office.tokens[1]];
    office.install.operate(&reveal);
}

#[test]
fn a_damaged_slot_stops_a_turn_and_nothing_is_lost() {
    let office = Office::new("epoch-damaged");
    let mut bytes = fs::read(office.slots(1)).unwrap();
    bytes[20 * SLOT + 30] ^= 1;
    fs::write(office.slots(1), &bytes).unwrap();
    let turn = office.install.run(Some(&office.install.operator), &["epoch", "turn"]);
    assert_eq!(turn.code, 15, "{}", turn.json);
    assert!(turn.text("/error/detail").contains("number 20"), "{}", turn.json);
    bytes[20 * SLOT + 30] ^= 1;
    fs::write(office.slots(1), &bytes).unwrap();
    let status = office.install.operate(&["epoch", "status"]);
    assert_eq!(status.number("/epoch"), 1);
    let names = files(&office.install.scratch.path("data/slots"));
    assert_eq!(names.len(), 1, "what was laid down is swept away");
    assert_eq!(office.install.operate(&["epoch", "turn"]).number("/epoch"), 2);
}

/// Whoever writes the data folder could otherwise have the turn itself make an erased person live
/// again, for good.
#[test]
fn an_older_slot_of_an_erased_record_is_not_carried_into_the_next_epoch() {
    let office = Office::new("epoch-revived");
    let before = fs::read(office.slots(1)).unwrap();
    let args = ["erase", "--tenant", "acme", "--collection", "people", "--record"];
    let now = ["--reason", "request", "--now"];
    office.install.operate(&[&args[..], &[&office.records[0]], &now].concat());
    let after = fs::read(office.slots(1)).unwrap();
    fs::write(office.slots(1), &before).unwrap();
    let turn = office.install.run(Some(&office.install.operator), &["epoch", "turn"]);
    assert_eq!(turn.code, 15, "{}", turn.json);
    assert!(turn.text("/error/detail").contains("which was erased"), "{}", turn.json);
    assert_eq!(office.install.operate(&["epoch", "status"]).number("/epoch"), 1);
    fs::write(office.slots(1), &after).unwrap();
    let turned = office.install.operate(&["epoch", "turn"]);
    assert_eq!((turned.number("/epoch"), turned.number("/erased")), (2, 1));
}
