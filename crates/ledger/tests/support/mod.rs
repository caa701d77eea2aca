//! Builds exports in memory, sound or as a forger who holds the keys would make them.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use strongroom_ledger::entry::{Act, Actor, Auth, Entry, Form, Head, Phase};
use strongroom_ledger::merkle::{Frontier, leaf_hash};
use strongroom_ledger::note::{Signer, VerifierKey, origin};
use strongroom_ledger::tile::{TilePath, TileWriter};
use strongroom_ledger::verify::{Export, Failure, ReadError, Reason, Refuted, Report, verify};
use strongroom_ledger::{Id, LogId, Pseudonym};

pub const INSTALL: &str = "0192abcd-ef00-7001-8002-0304050607ff";
pub const TENANT: LogId = LogId::Tenant([0xa1; 16]);

/// The key of a log in these tests.
pub fn signer(log: LogId) -> Signer {
    let seed = leaf_hash(log.to_string().as_bytes()).0;
    Signer::from_seed(&origin(INSTALL, &log), &seed).unwrap()
}

pub fn keys(logs: &[LogId]) -> Vec<VerifierKey> {
    logs.iter().map(|log| signer(*log).verifier().clone()).collect()
}

/// The n-th entry of a log.
pub fn entry(log: LogId, n: u64) -> Entry {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.to_be_bytes());
    id[8] = u8::from(log == LogId::System);
    let actor = Actor { principal: Some([7; 16]), auth: Auth::Credential };
    let act = if log == LogId::System { Act::StatusRead } else { Act::PiiReveal };
    let mut entry = Entry::new(Id(id), log, act, Phase::Commit, actor);
    (entry.time_us, entry.boot) = (1_700_000_000_000_000 + n / 2, 1 + n / 100);
    if log != LogId::System {
        entry.subjects = vec![Pseudonym([n as u8; 16])];
        entry.fields = vec!["bank_account".into(), "ssn".into()];
        entry.purpose = Some("payout".into());
        entry.form = Some(Form::Masked);
    }
    entry
}

/// The entries of one log before they become files.
#[derive(Clone)]
pub struct Log {
    pub log: LogId,
    pub leaves: Vec<Vec<u8>>,
}

impl Log {
    pub fn new(log: LogId, size: u64) -> Self {
        let leaves = (0..size).map(|n| entry(log, n).to_bytes().unwrap()).collect();
        Self { log, leaves }
    }

    /// Notes the head of `other` at `size` in place of entry `at`.
    pub fn note(&mut self, at: u64, other: &Log, size: u64) {
        let mut frontier = Frontier::new();
        other.leaves[..size as usize].iter().for_each(|leaf| frontier.append(leaf_hash(leaf)));
        let mut entry = entry(self.log, at);
        entry.act = Act::TenantHead;
        entry.head = Some(Head { log: other.log, root: frontier.root(), size });
        self.leaves[at as usize] = entry.to_bytes().unwrap();
    }

    /// Changes entry `at` as its writer could.
    pub fn change(&mut self, at: u64, change: impl FnOnce(&mut Entry)) {
        let leaf = &mut self.leaves[at as usize];
        let mut entry = Entry::from_bytes(leaf).unwrap();
        change(&mut entry);
        *leaf = entry.to_bytes().unwrap();
    }

    pub fn folder(&self) -> String {
        match self.log {
            LogId::System => "system/".to_owned(),
            log => format!("tenants/{log}/"),
        }
    }
}

/// An export in memory.
#[derive(Clone, Default)]
pub struct Files(pub BTreeMap<String, Vec<u8>>);

impl Files {
    /// The export of these logs, signed.
    pub fn of(logs: &[&Log]) -> Self {
        let mut files = Self::default();
        logs.iter().for_each(|log| files.add(log));
        files
    }

    pub fn add(&mut self, log: &Log) {
        let folder = log.folder();
        let mut sink = |path: TilePath, bytes: &[u8]| -> Result<(), Infallible> {
            self.0.insert(format!("{folder}{path}"), bytes.to_vec());
            Ok(())
        };
        let mut writer = TileWriter::new();
        log.leaves.iter().for_each(|leaf| writer.push(leaf, &mut sink).unwrap());
        writer.partial(&mut sink).unwrap();
        let note = signer(log.log).sign(writer.size(), &writer.root());
        self.0.insert(format!("{folder}checkpoint"), note.into_bytes());
    }

    pub fn verify(&self, logs: &[LogId]) -> Result<Report, Failure> {
        verify(self, &keys(logs))
    }

    /// Asserts that the export is refuted for exactly this.
    pub fn refuted(&self, logs: &[LogId], log: LogId, index: Option<u64>, reason: Reason) {
        let expected = Failure::Refuted(Refuted { log, index, reason });
        assert_eq!(self.verify(logs), Err(expected));
    }
}

impl Export for Files {
    fn read(&self, path: &str, _size_max: usize) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self.0.get(path).cloned())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        let below = self.0.range(folder.to_owned()..).map_while(|(path, _)| {
            let rest = path.strip_prefix(folder)?;
            Some(rest.split_inclusive('/').next().unwrap().to_owned())
        });
        Ok(below.collect::<BTreeSet<_>>().into_iter().collect())
    }
}

/// A system log of 300 entries that notes two heads of a tenant's log of 5.
pub fn small() -> (Log, Log) {
    let (mut system, tenant) = (Log::new(LogId::System, 300), Log::new(TENANT, 5));
    system.note(100, &tenant, 2);
    system.note(299, &tenant, 5);
    (system, tenant)
}
