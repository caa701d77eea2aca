//! Every subcommand, asked by every kind of caller: `access_matrix.txt`, run against the real
//! binary.
//!
//! What is refused runs first and all together: afterwards the ledger holds exactly one entry for
//! each refusal, and nothing else has changed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use install::{Answer, Install};
use strongroom_core::ledger::entry::{Act, Phase};
use strongroom_core::ledger::{Entry, LogId};
use strongroom_core::store::Table;

const CALLERS: usize = 8;
/// Columns whose callers belong to birch, and so are strangers to alder.
const STRANGERS: [usize; 2] = [2, 4];
const USAGE: i32 = 2;
const UNAUTHENTICATED: i32 = 10;
const FORBIDDEN: i32 = 11;
const NOT_FOUND: i32 = 12;

const PEOPLE: &str = "\
member,name,ssn,e-mail,password
1001,Ada Archer,536-22-1847,ada@example.com,River-71!
1002,Bruno Boone,401-55-9024,bruno@example.com,River-71!
";
const VENDORS: &str = "vendor,tax id\n1,12-3456789\n";

/// A line of the matrix.
struct Row {
    command: String,
    /// The expected exit code of each caller; nothing where it is not asked.
    codes: Vec<Option<i32>>,
}

fn matrix() -> Vec<Row> {
    let text = include_str!("access_matrix.txt");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (command, codes) = words.split_at(words.len() - CALLERS);
        let code = |word: &&str| (*word != "-").then(|| word.parse().unwrap());
        Row { command: command.join(" "), codes: codes.iter().map(code).collect() }
    };
    lines.map(row).collect()
}

/// The subcommand that a row is about.
fn subcommand<'s>(row: &Row, all: &'s [String]) -> &'s str {
    let found = all
        .iter()
        .find(|name| row.command == **name || row.command.starts_with(&format!("{name} ")));
    found.unwrap_or_else(|| panic!("there is no such subcommand: {}", row.command))
}

#[test]
fn every_subcommand_is_in_the_matrix() {
    let (matrix, all) = (matrix(), strongroom::cli::subcommands());
    let named: BTreeSet<&str> = matrix.iter().map(|row| subcommand(row, &all)).collect();
    let missing: Vec<_> = all.iter().filter(|name| !named.contains(&name[..])).collect();
    assert!(missing.is_empty(), "not in access_matrix.txt: {missing:?}");
    let install = Install::new("matrix-help");
    for name in &all {
        let words: Vec<&str> = name.split(' ').chain(["--help"]).collect();
        let help = install.command(None, &words).output().unwrap();
        if !String::from_utf8(help.stdout).unwrap().contains("--tenant <") {
            continue;
        }
        for tenant in ["alder", "{alder-id}", "nowhere"] {
            let of = format!(" --tenant {tenant}");
            let asked = |row: &&Row| {
                let mut ends = row.command.match_indices(&of).map(|(at, _)| at + of.len());
                subcommand(row, &all) == name
                    && ends.any(|at| matches!(row.command.as_bytes().get(at), None | Some(b' ')))
            };
            assert!(matrix.iter().any(|row| asked(&row)), "no line of {name} with{of}");
        }
    }
}

#[test]
fn the_matrix_itself_lets_no_stranger_in() {
    for row in matrix() {
        let words: Vec<&str> = row.command.split(' ').collect();
        let alders = words.iter().any(|word| *word == "alder" || word.contains("{alder-"));
        for caller in STRANGERS.into_iter().filter(|_| alders) {
            let code = row.codes[caller];
            assert!(matches!(code, Some(NOT_FOUND | FORBIDDEN)), "{}: {code:?}", row.command);
        }
    }
}

/// All there is but the ledger: rows of the store, and the files beside it.
#[derive(PartialEq)]
struct State {
    rows: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
    files: BTreeSet<PathBuf>,
}

/// The install of the matrix, and what its placeholders stand for.
struct Setting {
    install: Install,
    /// The credential of each caller, in the order of the columns.
    callers: Vec<Option<PathBuf>>,
    /// The principal of each caller, as entries name it; of the revoked, who it was.
    ids: Vec<Option<String>>,
    values: BTreeMap<&'static str, String>,
    /// Records to be erased, each once.
    leavers: RefCell<Vec<String>>,
}

impl Setting {
    fn new() -> Self {
        let install = Install::new("matrix");
        let mut values = BTreeMap::new();
        for (tenant, id, token, record) in [
            ("alder", "{alder-id}", "{alder-token}", "{alder-record}"),
            ("birch", "{birch-id}", "{birch-token}", "{birch-record}"),
        ] {
            let added = install.operate(&["tenant", "add", tenant]);
            values.insert(id, added.text("/tenant/id").to_owned());
            let found = seal(&install, tenant, "people", PEOPLE);
            let revealed = ["reveal", "--tenant", tenant, "--purpose", "support", &found];
            let revealed = install.operate(&revealed);
            values.insert(record, revealed.text("/values/0/record").to_owned());
            values.insert(token, found);
        }
        seal(&install, "alder", "vendors", VENDORS);
        let tokenised = install.scratch.path("alder-people.sealed.csv");
        values.insert("{alder-file}", tokenised.to_str().unwrap().to_owned());
        let csv = install.scratch.write("again.csv", PEOPLE);
        values.insert("{csv}", csv.to_str().unwrap().to_owned());
        let odd = install.scratch.write("odd.csv", &PEOPLE.replace("bruno@example.com,", ""));
        values.insert("{odd}", odd.to_str().unwrap().to_owned());
        let odd = ["seal", odd.to_str().unwrap(), "--tenant", "alder", "--collection", "odd"];
        let left_out = install.run(Some(&install.operator), &odd);
        assert_eq!(left_out.code, 4, "{}", left_out.json);
        values.insert("{job}", left_out.text("/job").to_owned());
        let odd = install.scratch.write("gone.csv", &PEOPLE.replace("ada@example.com,", ""));
        let odd = ["seal", odd.to_str().unwrap(), "--tenant", "alder", "--collection", "gone"];
        let left_out = install.run(Some(&install.operator), &odd);
        values.insert("{gone}", left_out.text("/job").to_owned());
        values.insert("{nobody}", "00".repeat(16));
        let schema = install.scratch.write("people.toml", &schema(&csv));
        values.insert("{schema}", schema.to_str().unwrap().to_owned());
        let backup = install.scratch.path("backup");
        install.operate(&["backup", "--out", backup.to_str().unwrap()]);
        values.insert("{backup}", backup.to_str().unwrap().to_owned());
        let leavers = RefCell::new(leavers(&install));
        let callers = vec![Some(install.operator.clone())];
        let mut setting = Self { callers, ids: vec![], install, values, leavers };
        setting.add_callers();
        setting
    }

    fn add_callers(&mut self) {
        let install = &self.install;
        let list = install.operate(&["principal", "list"]);
        self.ids.push(Some(list.text("/principals/0/id").to_owned()));
        for (name, kind, tenant) in [
            ("alder-operator", "operator", "alder"),
            ("birch-operator", "operator", "birch"),
            ("alder-service", "service", "alder"),
            ("birch-service", "service", "birch"),
            ("revoked", "service", "alder"),
        ] {
            let (file, id) = install.principal(name, kind, tenant);
            self.callers.push(Some(file));
            self.ids.push(Some(id));
        }
        install.principal("spare", "service", "alder");
        install.operate(&["principal", "revoke", "revoked"]);
        self.callers.push(None);
        self.callers.push(Some(install.scratch.write("garbage", "srk_not-a-credential\n")));
        self.ids.extend([None, None]);
    }

    fn ask(&self, row: &Row, caller: usize, number: usize) -> Answer {
        let new = self.install.scratch.path(&format!("new-{number}"));
        let words = row.command.split(' ').map(|word| match self.values.get(word) {
            Some(value) => value.clone(),
            None if word == "{leaver}" => self.leavers.borrow_mut().pop().unwrap(),
            None if word != "{new}" => word.to_owned(),
            // A name where a name is asked for, otherwise a path.
            None if row.command.contains("--out") => new.to_str().unwrap().to_owned(),
            None => format!("new-{number}"),
        });
        let words: Vec<String> = words.collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let input = if words[0] == "verify-password" { "River-71!\n" } else { "" };
        self.install.run_as(self.callers[caller].as_deref(), &words, input)
    }

    fn state(&self) -> State {
        let vault = self.install.open();
        let mut rows = BTreeMap::new();
        for table in [Table::Record, Table::Index, Table::Control, Table::Job] {
            let mut keep = |key: &[u8], value: &[u8]| {
                rows.insert((table, key.to_vec()), value.to_vec());
                true
            };
            vault.store().scan(table, &[], &mut keep).unwrap();
        }
        assert!(rows.len() > 20, "the store was not read");
        let files = fs::read_dir(self.install.scratch.path("")).unwrap();
        State { rows, files: files.map(|file| file.unwrap().path()).collect() }
    }

    /// Every entry of every log, in the order in which they were written.
    fn entries(&self) -> Vec<(LogId, Entry)> {
        let vault = self.install.open();
        let mut all = Vec::new();
        for (log, ..) in vault.store().heads() {
            let mut keep = |_, leaf: &[u8]| {
                all.push((log, Entry::from_bytes(leaf).unwrap()));
                true
            };
            vault.store().entries(log, &mut keep).unwrap();
        }
        // The heads that the store notes of its own accord are nobody's request.
        all.retain(|(_, entry)| entry.act != Act::TenantHead);
        all.sort_by_key(|(_, entry)| (entry.boot, entry.time_us));
        all
    }
}

/// Seals a text; gives a token of it.
fn seal(install: &Install, tenant: &str, collection: &str, text: &str) -> String {
    let name = format!("{tenant}-{collection}.csv");
    let path = install.scratch.write(&name, text);
    let path = path.to_str().unwrap();
    let args = ["seal", path, "--tenant", tenant, "--collection", collection];
    let sealed = fs::read_to_string(install.operate(&args).text("/out")).unwrap();
    let mut cells = sealed.split([',', '\n']);
    cells.find(|cell| cell.starts_with("srt_")).unwrap().to_owned()
}

/// The records of people of alder's who are there to leave.
fn leavers(install: &Install) -> Vec<String> {
    let lines = (0..80).map(|n| format!("{n},Ada Archer,person{n}@example.com\n"));
    let text = format!("member,name,e-mail\n{}", lines.collect::<String>());
    seal(install, "alder", "leavers", &text);
    let sealed = fs::read_to_string(install.scratch.path("alder-leavers.sealed.csv")).unwrap();
    let tokens = sealed.lines().skip(1).map(|line| line.split(',').nth(1).unwrap());
    let tokens = tokens.collect::<Vec<_>>().join("\n");
    let args = ["reveal", "--tenant", "alder", "--purpose", "support", "-"];
    let revealed = install.run_on(&args, &tokens);
    (0..80).map(|n| revealed.text(&format!("/values/{n}/record")).to_owned()).collect()
}

/// The schema of a file, as a person gets it.
fn schema(csv: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
    let output = command.args(["schema", "propose"]).arg(csv).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// An attempt: its row, its caller, and the code it must get.
type Attempt<'m> = (&'m Row, usize, i32);

#[test]
fn every_cell_of_the_matrix_holds() {
    let (setting, matrix) = (Setting::new(), matrix());
    let attempts = matrix.iter().flat_map(|row| {
        let codes = row.codes.iter().enumerate();
        codes.filter_map(move |(caller, code)| Some((row, caller, (*code)?)))
    });
    let (allowed, refused): (Vec<Attempt>, Vec<Attempt>) = attempts.partition(|a| a.2 == 0);
    assert!(allowed.len() > 50 && refused.len() > 200, "the matrix was not read");

    let (before, known) = (setting.state(), setting.entries().len());
    let mut wrong = Vec::new();
    let mut words: BTreeMap<i32, BTreeSet<String>> = BTreeMap::new();
    for (number, (row, caller, code)) in refused.iter().enumerate() {
        let answer = setting.ask(row, *caller, number);
        if answer.code != *code {
            wrong.push(format!("{} by {caller}: {}, not {code}", row.command, answer.code));
        }
        words.entry(*code).or_default().insert(answer.json.to_string());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(setting.state() == before, "a refusal changed something");
    for code in [UNAUTHENTICATED, NOT_FOUND] {
        assert_eq!(words[&code].len(), 1, "a refusal says more than that it is one: {words:#?}");
    }
    one_entry_each(&setting, &refused, &setting.entries()[known..]);

    for (number, (row, caller, _)) in allowed.iter().enumerate() {
        let answer = setting.ask(row, *caller, refused.len() + number);
        if answer.code != 0 {
            wrong.push(format!("{} by {caller}: {}", row.command, answer.json));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each refusal left one entry, which says who was refused, in a log where it may stand.
fn one_entry_each(setting: &Setting, refused: &[Attempt<'_>], entries: &[(LogId, Entry)]) {
    // A subcommand that opens no install can leave no entry.
    let recorded: Vec<_> = refused.iter().filter(|(.., code)| *code != USAGE).collect();
    assert_eq!(entries.len(), recorded.len(), "one entry for each refusal");
    for ((row, caller, code), (log, entry)) in recorded.into_iter().zip(entries) {
        let what = format!("{} by {caller}: {entry:?}", row.command);
        assert_eq!(entry.phase, Phase::Denied, "{what}");
        assert!(entry.subjects.is_empty() && entry.fields.is_empty(), "nobody was seen: {what}");
        let named = entry.actor.principal.map(|id| data_encoding::HEXLOWER.encode(&id));
        if *code == UNAUTHENTICATED {
            assert_eq!((entry.act, named), (Act::AuthRefuse, None), "{what}");
            assert_eq!(entry.object, setting.ids[*caller], "whose credential it was: {what}");
            assert_eq!(*log, LogId::System, "{what}");
            continue;
        }
        assert_eq!(named, setting.ids[*caller], "{what}");
        // A stranger's attempt stands with the install, never in the log of the tenant it was
        // after, nor could it fill that up.
        if STRANGERS.contains(caller) && row.command.contains("alder ") {
            assert_ne!(log.to_string(), setting.values["{alder-id}"], "{what}");
        }
    }
}
