//! The offline verifier: whether an exported ledger is whole, unaltered and signed.
//!
//! [`verify`] believes nothing but the keys it is given. It rebuilds every file of every log from
//! the entries alone and compares, so a check cannot be forgotten for one kind of file. It holds
//! one bundle of entries, one incomplete tile a level, the ids seen last and the noted heads,
//! however long the logs are. It must never write, and it cannot say who read the export.
//!
//! `docs/ledger-format.md` lists what is checked and what no check of an export can see.

mod history;
mod kept;
mod log;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};

pub use kept::Kept;
pub use verdict::{Failure, LogReport, Reason, Refuted, Report, Unreadable};

use crate::id::{Id, LogId};
use crate::merkle::Hash;
use crate::note::{VerifierKey, parse_origin};

/// Where an export is read from. Paths are relative to the export, with `/` between their parts.
pub trait Export {
    /// The bytes of a file, or `None` where there is none. Of a file longer than `size_max`, any
    /// beginning that is longer than `size_max` will do: it is refused by its length.
    fn read(&self, path: &str, size_max: usize) -> Result<Option<Vec<u8>>, ReadError>;

    /// The names in a folder, those of folders ending in `/`; none where there is no such folder.
    /// The path of the export itself is empty, all others end in `/`.
    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError>;
}

/// The export could not be read, which says nothing about the ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {path}: {why}")]
pub struct ReadError {
    /// What was read.
    pub path: String,
    /// What went wrong.
    pub why: String,
}

/// Checks an export against the keys of its logs: all logs, and nothing but them.
pub fn verify(export: &impl Export, keys: &[VerifierKey]) -> Result<Report, Failure> {
    verify_with(export, keys, &Kept::default())
}

/// The same, and that what was kept of an earlier look at the ledger still holds.
pub fn verify_with(
    export: &impl Export,
    keys: &[VerifierKey],
    kept: &Kept,
) -> Result<Report, Failure> {
    let (install, keys) = keys_by_log(keys)?;
    let logs = logs_in(export)?;
    if let Some(log) = logs.iter().find(|log| !keys.contains_key(log)) {
        return Err(Refuted::log(*log, Reason::NoKey).into());
    }
    if let Some(log) = keys.keys().find(|log| !logs.contains(log)) {
        return Err(Refuted::log(*log, Reason::NoLog).into());
    }
    if let Some(log) = kept.logs().find(|log| !logs.contains(log)) {
        return Err(Refuted::log(log, Reason::KeptWithoutLog).into());
    }
    let (mut reports, mut unknown_version) = (Vec::new(), None);
    // INVARIANT: the system log is the least of all, so its heads are known before any tenant's
    // log is read.
    let mut heads = Heads::default();
    for (log, keys) in &keys {
        let noted = heads.remove(log).unwrap_or_default();
        let (report, found) = log::check(export, *log, keys, noted, kept.of(*log))?;
        unknown_version = unknown_version.or(found.unknown_version.map(|index| (*log, index)));
        reports.push(report);
        heads.extend(found.heads);
    }
    if let Some(log) = heads.keys().next() {
        return Err(Refuted::log(*log, Reason::HeadWithoutLog).into());
    }
    match unknown_version {
        Some((log, index)) => Err(Unreadable::UnknownVersion { log, index }.into()),
        None => Ok(Report { install, logs: reports }),
    }
}

/// The heads that the system log notes: of each log, sizes and roots.
type Heads = BTreeMap<LogId, Vec<(u64, Hash)>>;

fn keys_by_log(
    keys: &[VerifierKey],
) -> Result<(Id, BTreeMap<LogId, Vec<VerifierKey>>), Unreadable> {
    let mut of_install = None;
    let mut by_log: BTreeMap<LogId, Vec<VerifierKey>> = BTreeMap::new();
    for key in keys {
        let (install, log) = parse_origin(key.name()).ok_or(Unreadable::ForeignKey)?;
        if *of_install.get_or_insert(install) != install {
            return Err(Unreadable::TwoInstalls);
        }
        by_log.entry(log).or_default().push(key.clone());
    }
    Ok((of_install.ok_or(Unreadable::NoKeys)?, by_log))
}

/// The logs of an export. Beside them an export may hold other things, a letter or the keys, which
/// are not looked at; among the tenants' logs it may not.
fn logs_in(export: &impl Export) -> Result<BTreeSet<LogId>, Failure> {
    let top = export.list("")?;
    let mut logs = BTreeSet::new();
    if top.iter().any(|name| name == "system/") {
        logs.insert(LogId::System);
    }
    if top.iter().any(|name| name == "tenants/") {
        for name in export.list("tenants/")? {
            let log = name.strip_suffix('/').and_then(|name| name.parse().ok());
            match log {
                Some(log @ LogId::Tenant(_)) => logs.insert(log),
                _ => {
                    let surplus = Reason::Surplus(format!("tenants/{name}"));
                    return Err(Refuted::log(LogId::System, surplus).into());
                }
            };
        }
    }
    if logs.is_empty() { Err(Unreadable::NotAnExport.into()) } else { Ok(logs) }
}
