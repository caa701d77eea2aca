//! The later steps: one person revealed and asked after, a refusal across tenants, the ledger
//! checked from outside and tampered with.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::Serialize;
use strongroom_core::control::TenantRow;
use strongroom_core::ledger::entry::{Act, Form, Phase};
use strongroom_core::ledger::merkle::leaf_hash;
use strongroom_core::ledger::note::VerifierKey;
use strongroom_core::ledger::tile::{Bundle, TILE_WIDTH, TileKind, TilePath};
use strongroom_core::ledger::verify::{Failure, LogReport, Report, verify};
use strongroom_core::ledger::{Entry as LedgerEntry, LogId};
use strongroom_core::limits::Limits;
use strongroom_core::policy::Purpose;
use strongroom_core::principal::{Arrival, Kind, Principal};
use strongroom_core::source::Clock as _;
use strongroom_core::store::Position;

use super::people::{Column, Person, Shape};
use super::place::trouble;
use super::seal::length;
use super::{Demo, Folder, Open, TENANTS, hold, seed};
use crate::ambient::SystemClock;
use crate::problem::Problem;

/// The columns that are shown masked.
const MASKED: [Column; 7] = [
    Column::LastName,
    Column::Ssn,
    Column::Email,
    Column::Phone,
    Column::DateOfBirth,
    Column::CardNumber,
    Column::BankAccount,
];

/// One person's values, given out.
#[derive(Debug, Serialize)]
pub struct Revealed {
    /// The person's record, as the answer names it.
    pub record: String,
    /// Values under their masks.
    pub masked: Vec<Cell>,
    /// One value in full.
    pub full: Cell,
    /// The ledger entry of the second reveal.
    pub entry: Entry,
    /// What the ledger says of the person: `ledger who`.
    pub who: Vec<Line>,
}

/// A cell that was given out.
#[derive(Debug, Serialize)]
pub struct Cell {
    /// Its column.
    pub column: String,
    /// The value, in the form asked for.
    pub value: String,
}

/// An entry of the ledger as it lies on disk.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// Its log.
    pub log: String,
    /// The log's tenant; none of the system's log.
    pub tenant: Option<&'static str>,
    /// Its index there.
    pub index: u64,
    /// Its leaf hash, as the answer gave it: it is that of the bytes.
    pub leaf_hash: String,
    /// Its bytes: canonical JSON.
    pub json: String,
}

/// A line of `ledger who`.
#[derive(Debug, Serialize)]
pub struct Line {
    /// Microseconds since 1970.
    pub time_us: u64,
    /// What was done.
    pub act: &'static str,
    /// How far it came.
    pub phase: &'static str,
    /// By whom.
    pub actor: String,
    /// What for.
    pub purpose: Option<String>,
    /// On which types of fields.
    pub fields: Vec<String>,
    /// Its index in the tenant's log.
    pub index: u64,
}

/// Attempts of one client company's service at another's data.
#[derive(Debug, Serialize)]
pub struct Refusal {
    /// The service.
    pub service: &'static str,
    /// Its tenant.
    pub tenant: &'static str,
    /// Whose token it tried.
    pub other: &'static str,
    /// Attempts: each was refused.
    pub attempts: usize,
    /// The exit code of each.
    pub exit: u8,
    /// Whether a token that never existed is answered with the same words.
    pub same_as_unknown: bool,
    /// Entries of the ledger that record the attempts.
    pub recorded: usize,
    /// The first of them.
    pub entry: Entry,
}

/// The ledger, checked by its export alone.
#[derive(Debug, Serialize)]
pub struct LedgerCheck {
    /// Where the export lies.
    pub out: PathBuf,
    /// Logs, with how many entries each holds.
    pub logs: Vec<Log>,
    /// Bytes of the file in which one was flipped.
    pub file_bytes: u64,
    /// The file, below the export.
    pub file: String,
    /// The file, below its log.
    pub file_name: String,
    /// Records that the entries account for.
    pub collected: u64,
    /// Which byte.
    pub byte: usize,
    /// In which log the verifier found it.
    pub refuted_log: String,
    /// At which entry.
    pub refuted_index: u64,
    /// What it says is wrong.
    pub refuted_reason: String,
    /// Whether it verifies again once the byte is put back.
    pub restored: bool,
}

/// One log of the export.
#[derive(Debug, Serialize)]
pub struct Log {
    /// Which.
    pub log: LogId,
    /// Its tenant; none of the system log.
    pub tenant: Option<&'static str>,
    /// How many entries.
    pub size: u64,
    /// The root over them, in hexadecimal.
    pub root: String,
}

impl Demo {
    /// Reveals one person's values, some masked, one in full, and asks who saw them.
    ///
    /// # Errors
    /// A [`Problem`], also when a value, a mask or an entry is not what it must be.
    pub fn reveal(&self) -> Result<Revealed, Problem> {
        let open = self.open()?;
        let row = self.row_with_everything(0);
        let person = Person::new(Shape::BackOffice, seed(0), row);
        let tokens: Result<Vec<String>, Problem> =
            MASKED.iter().map(|c| self.cell(TENANTS[0], row, *c)).collect();
        let (masked, _, _) = open.reveal(tokens?, Purpose::Support, Form::Masked)?;
        for (cell, column) in masked.iter().zip(MASKED) {
            hold(cell.value != person.value(column) && !cell.value.is_empty(), || {
                format!("the mask of {} shows all of it", cell.column)
            })?;
        }
        let token = self.cell(TENANTS[0], row, Column::Ssn)?;
        let (full, record, position) = open.reveal(vec![token], Purpose::Tax, Form::Full)?;
        let full = full.into_iter().next();
        let full = full.ok_or_else(|| Problem::internal("a reveal without a value"))?;
        hold(full.value == person.value(Column::Ssn), || {
            "a value did not come back as it stood".to_owned()
        })?;
        let entry = open.entry(position)?;
        let who = open.vault.who(&open.operator, TENANTS[0], &record, None)?;
        let reveals = who.iter().filter(|e| e.act == "pii.reveal").count();
        let named = who.iter().any(|e| e.index == position.index && e.log == position.log);
        hold(reveals == 2 && named, || "`ledger who` does not name both reveals".to_owned())?;
        let who = who.into_iter().map(|e| Line {
            time_us: e.time_us,
            act: e.act,
            phase: e.phase,
            actor: e.actor,
            purpose: e.purpose,
            fields: e.fields,
            index: e.index,
        });
        Ok(Revealed { record, masked, full, entry, who: who.collect() })
    }

    /// Lets a service of one tenant try for a value of the other.
    ///
    /// # Errors
    /// A [`Problem`], above all when the service was given anything.
    pub fn refuse(&self) -> Result<Refusal, Problem> {
        let (service, tenant, other) = ("acme-shop", TENANTS[0], TENANTS[1]);
        let open = self.open()?;
        let (vault, limits) = (&open.vault, Limits::default());
        let added = vault.add_principal(&open.operator, service, Kind::Service, tenant, limits)?;
        let arrival = Arrival::local(SystemClock.now_us(), false);
        let shop = vault.authenticate(&added.credential, arrival)?;
        let own = self.cell(tenant, self.row_with_everything(0), Column::Ssn)?;
        let foreign = self.cell(other, self.row_with_everything(1), Column::Ssn)?;
        let ask = |named: &str, token: &str| {
            let (tokens, form) = (vec![token.to_owned()], Form::Masked);
            open.vault.reveal(&shop, named, tokens, Purpose::Support, form).map(drop)
        };
        // The credential is a good one: it gets what is its own tenant's.
        ask(tenant, &own)?;
        let attempts = [ask(other, &foreign), ask(tenant, &foreign), ask(other, &own)];
        let never = ask("no-such-company", "srt_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        let refused: Vec<&Problem> = attempts.iter().filter_map(|a| a.as_ref().err()).collect();
        hold(refused.len() == attempts.len() && never.is_err(), || {
            format!("a service of {tenant} was given a value of {other}")
        })?;
        let exit = refused.first().map_or(0, |p| p.kind.exit());
        hold(refused.iter().all(|p| p.kind.exit() == exit) && exit == 12, || {
            "another tenant's data is not answered as not found".to_owned()
        })?;
        let same_as_unknown = refused.iter().all(|p| Some(*p) == never.as_ref().err());
        hold(same_as_unknown, || "a refusal tells whether a token exists".to_owned())?;
        let mut recorded = open.denials(&shop)?;
        // The last is the one at the company that does not exist.
        hold(recorded.len() == attempts.len() + 1, || {
            format!("{} of {} attempts are in the ledger", recorded.len(), attempts.len() + 1)
        })?;
        let entry = recorded.swap_remove(0);
        Ok(Refusal {
            service,
            tenant,
            other,
            attempts: attempts.len(),
            exit,
            same_as_unknown,
            recorded: recorded.len(),
            entry,
        })
    }

    /// Exports the ledger, verifies it, flips one byte of it and verifies again.
    ///
    /// # Errors
    /// A [`Problem`], above all when the flipped byte is not noticed.
    pub fn check_ledger(&self, revealed: &Revealed) -> Result<LedgerCheck, Problem> {
        let open = self.open()?;
        let out = self.place.path("ledger");
        open.vault.export_ledger(&open.operator, &out)?;
        let lines = open.vault.ledger_keys(&open.operator)?.join("\n");
        let keys = VerifierKey::parse_lines(&lines)
            .map_err(|e| Problem::internal(format!("quickstart: a ledger key: {e}")))?;
        let folder = Folder(out.clone());
        let report = verify(&folder, &keys).map_err(|e| unexpected(&e))?;
        let logs = open.logs(&report)?;
        let collected = open.collected()?;
        hold(collected == self.people_each() * TENANTS.len() as u64, || {
            format!("the ledger accounts for {collected} records of {}", self.people)
        })?;
        let (log, index) = (&revealed.entry.log, revealed.entry.index);
        let size = logs.iter().find(|l| l.log.to_string() == *log).map_or(0, |l| l.size);
        let file = TilePath::in_tree(TileKind::Entries, index / u64::from(TILE_WIDTH), size);
        let file = file.ok_or_else(|| Problem::internal("quickstart: the entry is not there"))?;
        let (file_name, file) = (file.to_string(), format!("tenants/{log}/{file}"));
        let path = out.join(&file);
        let good = fs::read(&path).map_err(|e| trouble(&path, &e))?;
        let byte = middle_of(&good, index % u64::from(TILE_WIDTH));
        let mut bad = good.clone();
        if let Some(place) = byte.and_then(|b| bad.get_mut(b)) {
            *place ^= 1;
        }
        fs::write(&path, &bad).map_err(|e| trouble(&path, &e))?;
        let refuted = match verify(&folder, &keys) {
            Err(Failure::Refuted(refuted)) => refuted,
            Err(Failure::Unreadable(_)) | Ok(_) => {
                hold(false, || "a flipped byte of the ledger was not refused".to_owned())?;
                return Err(Problem::internal("quickstart: the verifier"));
            }
        };
        hold(refuted.log.to_string() == *log && refuted.index == Some(index), || {
            format!("the verifier found the flipped byte elsewhere: {refuted}")
        })?;
        fs::write(&path, &good).map_err(|e| trouble(&path, &e))?;
        let again = verify(&folder, &keys).map_err(|e| unexpected(&e))?;
        hold(again == report, || "the ledger reads otherwise than before".to_owned())?;
        Ok(LedgerCheck {
            restored: again == report,
            file_bytes: length(&path)?,
            out,
            logs,
            file,
            file_name,
            collected,
            byte: byte.unwrap_or_default(),
            refuted_log: refuted.log.to_string(),
            refuted_index: index,
            refuted_reason: refuted.reason.to_string(),
        })
    }
}

impl Open {
    /// Reveals for the operator: cells, the record of the first, the entry's place.
    fn reveal(
        &self,
        tokens: Vec<String>,
        purpose: Purpose,
        form: Form,
    ) -> Result<(Vec<Cell>, String, Position), Problem> {
        let given = self.vault.reveal(&self.operator, TENANTS[0], tokens, purpose, form)?;
        let position = given.positions().first().copied();
        let position = position.ok_or_else(|| Problem::internal("a reveal without an entry"))?;
        let values = given.disclose();
        let record = values.first().map(|v| v.record.clone()).unwrap_or_default();
        let cells = values
            .into_iter()
            .map(|v| Cell { column: v.field, value: v.value.to_string() })
            .collect();
        Ok((cells, record, position))
    }

    /// The entries that record what was refused to a principal, in any log.
    fn denials(&self, who: &Principal) -> Result<Vec<Entry>, Problem> {
        let names = self.names()?;
        let mut found = Vec::new();
        self.each_entry(&mut |log, index, leaf, entry| {
            if entry.phase == Phase::Denied && entry.actor.principal == Some(who.id().0) {
                found.push(shown(&names, log, index, leaf));
            }
        })?;
        Ok(found)
    }

    /// How many records the seal entries of all logs account for.
    fn collected(&self) -> Result<u64, Problem> {
        let mut sum = 0;
        self.each_entry(&mut |_, _, _, entry| {
            if entry.act == Act::PiiCollect && entry.phase == Phase::Commit {
                sum += entry.range.map_or(0, |r| r.count);
            }
        })?;
        Ok(sum)
    }

    fn each_entry(&self, visit: &mut Visit<'_>) -> Result<(), Problem> {
        for (log, ..) in self.vault.store().heads() {
            let mut bad = None;
            self.vault.store().entries(log, &mut |index, leaf| {
                match LedgerEntry::from_bytes(leaf) {
                    Ok(entry) => visit(log, index, leaf, &entry),
                    Err(error) => bad = Some(error),
                }
                bad.is_none()
            })?;
            if let Some(bad) = bad {
                return Err(Problem::tampered(format!("an entry of log {log}: {bad}")));
            }
        }
        Ok(())
    }

    /// The entry at a place, once its bytes are known to be those of the answer's leaf hash.
    fn entry(&self, at: Position) -> Result<Entry, Problem> {
        let names = self.names()?;
        let mut found = None;
        self.vault.store().entries(at.log, &mut |index, leaf| {
            if index == at.index && leaf_hash(leaf) == at.leaf_hash {
                found = Some(shown(&names, at.log, index, leaf));
            }
            index < at.index
        })?;
        hold(found.is_some(), || "the entry on disk is not the one of the answer".to_owned())?;
        found.ok_or_else(|| Problem::internal("quickstart: the entry"))
    }

    /// The tenants' logs by name.
    fn names(&self) -> Result<Names, Problem> {
        let tenants = self.vault.tenants(&self.operator)?;
        let name = |t: &TenantRow| {
            let name = TENANTS.into_iter().find(|n| *n == t.name.as_str())?;
            Some((LogId::Tenant(t.id.0), name))
        };
        Ok(tenants.iter().filter_map(name).collect())
    }

    fn logs(&self, report: &Report) -> Result<Vec<Log>, Problem> {
        let names = self.names()?;
        let log = |l: &LogReport| Log {
            log: l.log,
            tenant: names.get(&l.log).copied(),
            size: l.size,
            root: l.root.to_hex(),
        };
        let mut logs: Vec<Log> = report.logs.iter().map(log).collect();
        logs.sort_by_key(|l| l.tenant);
        Ok(logs)
    }
}

/// Takes an entry: its log, its index, its bytes, and what they say.
type Visit<'v> = dyn FnMut(LogId, u64, &[u8], &LedgerEntry) + 'v;

type Names = BTreeMap<LogId, &'static str>;

fn shown(names: &Names, log: LogId, index: u64, leaf: &[u8]) -> Entry {
    Entry {
        log: log.to_string(),
        tenant: names.get(&log).copied(),
        index,
        leaf_hash: leaf_hash(leaf).to_hex(),
        json: String::from_utf8_lossy(leaf).into_owned(),
    }
}

/// The byte in the middle of an entry of a bundle.
fn middle_of(bundle: &[u8], entry: u64) -> Option<usize> {
    let entries = Bundle::decode(bundle).ok()?;
    let entry = usize::try_from(entry).ok()?;
    let length = entries.entries().get(entry)?.len();
    // Each entry stands behind two bytes that say its length.
    let before: usize = entries.entries().iter().take(entry).map(|e| e.len() + 2).sum();
    Some(before + 2 + length / 2)
}

fn unexpected(failure: &Failure) -> Problem {
    let remedy = "run `strongroom quickstart --keep DIR` and look into DIR/ledger";
    Problem::new(
        crate::problem::Kind::Internal,
        format!("quickstart: the exported ledger does not verify: {failure}"),
        remedy,
    )
}
