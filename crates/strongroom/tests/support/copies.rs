//! An install with people in it, for tests of backup and restore: what they were sealed as, what
//! comes back for their tokens, and hands on rows and slots, as whoever can write the data folder
//! has them.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use strongroom::ambient::SystemRandom;
use strongroom::custody::{KeyFolder, RootKeys};
use strongroom::store::engine::Engine as _;
use strongroom::store::fjall::Fjall;
use strongroom_core::id::{InstallId, RecordNumber, TenantId};
use strongroom_core::ledger::{Entry, LogId};
use strongroom_core::store::{Row, Table};
use strongroom_core::vault::keys::{Job, KeyPlace, SecretKey};
use strongroom_core::vault::slot::{SlotAddress, SlotBytes, Tombstone};

use crate::install::{Answer, Install};

/// An export of invented people, numbered from `from`.
pub fn people(from: usize, count: usize) -> String {
    let mut text = "member,name,ssn,e-mail\n".to_owned();
    for n in from..from + count {
        let ssn = format!("{:03}-{:02}-{:04}", n % 660 + 1, n % 98 + 1, n % 9_998 + 1);
        text.push_str(&format!("{n},Ada Archer,{ssn},ada.{n}@example.com\n"));
    }
    text
}

/// A sealed person: the number in the file, the token and the value of the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub token: String,
    pub mail: String,
}

/// Seals people of tenant `acme`, numbered from `from`.
pub fn seal(install: &Install, from: usize, count: usize) -> Vec<Person> {
    let csv = install.scratch.write(&format!("people-{from}.csv"), &people(from, count));
    let args = ["seal", csv.to_str().unwrap(), "--tenant", "acme", "--collection", "people"];
    let out = install.operate(&args);
    let sealed = fs::read_to_string(out.text("/out")).unwrap();
    let person = |(n, line): (usize, &str)| Person {
        token: line.rsplit(',').next().unwrap().to_owned(),
        mail: format!("ada.{n}@example.com"),
    };
    (from..).zip(sealed.lines().skip(1)).map(person).collect()
}

/// An install with `count` people of tenant `acme`.
pub fn filled(name: &str, count: usize) -> (Install, Vec<Person>) {
    let install = Install::new(name);
    install.operate(&["tenant", "add", "acme"]);
    let people = seal(&install, 0, count);
    (install, people)
}

/// Writes a backup beside the install.
pub fn backup(install: &Install, name: &str) -> PathBuf {
    let out = install.scratch.path(name);
    install.operate(&["backup", "--out", out.to_str().unwrap()]);
    out
}

/// Asks for people's addresses in one reveal.
pub fn reveal(install: &Install, people: &[Person]) -> Answer {
    let tokens: String = people.iter().map(|p| format!("{}\n", p.token)).collect();
    install.run_on(&["reveal", "--tenant", "acme", "--purpose", "tax", "--full", "-"], &tokens)
}

/// All of these come back.
pub fn come_back(install: &Install, people: &[Person]) {
    let answer = reveal(install, people);
    assert_eq!(answer.code, 0, "{}", answer.json);
    for (n, person) in people.iter().enumerate() {
        assert_eq!(answer.text(&format!("/values/{n}/value")), person.mail);
    }
}

/// The code that each of these is answered with, alone.
pub fn codes(install: &Install, people: &[Person]) -> Vec<i32> {
    people.iter().map(|person| reveal(install, std::slice::from_ref(person)).code).collect()
}

/// Erases a person at once.
pub fn erase(install: &Install, person: &Person) {
    let answer = reveal(install, std::slice::from_ref(person));
    let record = answer.text("/values/0/record");
    let of = ["erase", "--tenant", "acme", "--collection", "people", "--record", record];
    install.operate(&[&of[..], &["--reason", "request", "--now"]].concat());
}

/// Every entry of a log.
pub fn entries(install: &Install, log: LogId) -> Vec<Entry> {
    let vault = install.open();
    let mut found = Vec::new();
    let mut keep = |_, leaf: &[u8]| {
        found.push(Entry::from_bytes(leaf).unwrap());
        true
    };
    vault.store().entries(log, &mut keep).unwrap();
    found
}

/// The id of tenant `acme`.
pub fn tenant(install: &Install) -> TenantId {
    TenantId::parse(install.operate(&["tenant", "show", "acme"]).text("/tenant/id")).unwrap()
}

/// Hands on the data folder while nothing runs.
pub struct Hands {
    pub data: PathBuf,
    keys: RootKeys,
    install: InstallId,
    tenant: TenantId,
}

impl Hands {
    pub fn on(install: &Install) -> Self {
        let id = install.operate(&["status"]).text("/install").to_owned();
        let keys = KeyFolder::open(&install.scratch.path("data.keys")).unwrap();
        let id = InstallId::parse(&id).unwrap();
        let keys = keys.load(id, 1).unwrap();
        Self { data: install.scratch.path("data"), keys, install: id, tenant: tenant(install) }
    }

    fn engine(&self) -> Fjall {
        Fjall::open(&self.data.join("engine")).unwrap()
    }

    /// All rows of a table.
    pub fn rows(&self, table: Table) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut found = Vec::new();
        let mut keep = |key: &[u8], value: &[u8]| {
            found.push((key.to_vec(), value.to_vec()));
            true
        };
        self.engine().scan(table, &[], &mut keep).unwrap();
        found
    }

    /// Writes rows, or takes them away.
    pub fn write(&self, rows: &[Row<'_>]) {
        self.engine().commit(&mut rows.iter().copied()).unwrap();
    }

    /// Takes away the rows of these records, in both tables.
    pub fn lose(&self, records: impl Fn(u64) -> bool) {
        let mut lost = Vec::new();
        for table in [Table::Record, Table::Index] {
            let of = |key: &[u8]| u64::from_be_bytes(*key.last_chunk().unwrap());
            let rows = self.rows(table).into_iter().filter(|(key, _)| records(of(key)));
            lost.extend(rows.map(|(key, _)| (table, key)));
        }
        let rows: Vec<Row<'_>> = lost.iter().map(|(t, key)| (*t, key.as_slice(), None)).collect();
        self.write(&rows);
    }

    /// Puts the key of an epoch 2 into a key folder.
    pub fn next_epoch(&self, keys: &Path) {
        let (install, job) = (self.install, Job::Epoch);
        let place = KeyPlace { install, tenant: None, job, version: 2 };
        let key = SecretKey::generate(&SystemRandom).unwrap();
        let wrapped = self.keys.root.wrap(&SystemRandom, &place, &key).unwrap();
        let text = data_encoding::BASE64.encode(&wrapped);
        KeyFolder::open(keys).unwrap().write("epoch-00000002.key", text.as_bytes()).unwrap();
    }

    fn slots(&self) -> fs::File {
        let path = self.data.join("slots/epoch-00000001.slots");
        fs::File::options().read(true).write(true).open(path).unwrap()
    }

    pub fn slot(&self, record: u64) -> SlotBytes {
        let mut slot = [0; 64];
        self.slots().read_exact_at(&mut slot, record * 64).unwrap();
        slot
    }

    pub fn put_slot(&self, record: u64, slot: &SlotBytes) {
        self.slots().write_all_at(slot, record * 64).unwrap();
    }

    /// Erases a record as the store does: a tombstone over its slot.
    pub fn bury(&self, record: u64) {
        let record = RecordNumber(record);
        let place = SlotAddress { install: self.install, tenant: self.tenant, record };
        let stone = Tombstone { index: 1, leaf_head: [7; 24] };
        let slot = self.keys.epoch.tombstone(place, &[record.0 as u8; 12], &stone);
        self.put_slot(record.0, &slot.unwrap());
    }
}
