//! Histories of a vault on the model, and the plain account of what they must leave.
//!
//! The oracle knows what was acknowledged and what was being asked for when the machine died; it
//! knows nothing of segments, marks or notes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use strongroom::problem::Problem;
use strongroom::store::model::ModelWorld;
use strongroom::vault::seal::SealRequest;
use strongroom::vault::{EraseRequest, Vault};
use strongroom_core::erasure::Reason;
use strongroom_core::ledger::entry::Form;
use strongroom_core::limits::Limits;
use strongroom_core::policy::Purpose;
use strongroom_core::principal::{Arrival, Kind, Principal};
use strongroom_core::store::{Position, Store};

use super::watched::Watched;
use super::{INSTALL, Sources, Temp, new_world, open, root_keys, root_keys_on};

/// One thing asked of a vault.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    Tenant(&'static str),
    Service(&'static str, &'static str),
    Revoke(&'static str),
    /// Seals `rows` people into a tenant; `input` tells one file from another.
    Seal {
        tenant: &'static str,
        input: u64,
        rows: u64,
    },
    /// Reveals everything of a tenant that was acknowledged.
    Reveal(&'static str),
    Reserve(u64),
    /// A credential that nobody has.
    Intrude,
    /// Moves the wall clock, in seconds.
    Clock(i64),
    /// Stops the store in good order and opens it again.
    Reopen,
    /// Erases the person of one row of an input, at once or with a grace time.
    Erase {
        tenant: &'static str,
        input: u64,
        row: usize,
        now: bool,
    },
    /// Takes that back.
    Cancel {
        tenant: &'static str,
        input: u64,
        row: usize,
    },
    /// Overwrites the slots that are due.
    Due,
    /// Turns the epoch and opens the store again.
    Turn,
}

/// What was acknowledged.
#[derive(Debug, Default)]
pub struct Oracle {
    pub tenants: BTreeSet<&'static str>,
    pub services: BTreeSet<&'static str>,
    pub revoked: BTreeSet<&'static str>,
    pub sealed: Vec<(&'static str, String, String)>,
    pub inputs: BTreeMap<(&'static str, u64), u64>,
    /// The tokens of each row of an input.
    pub rows: BTreeMap<(&'static str, u64, usize), Vec<String>>,
    /// The id of each row's record, as far as it was asked for.
    pub records: BTreeMap<(&'static str, u64, usize), String>,
    /// Tokens of people who were erased.
    pub erased: BTreeSet<String>,
    /// Turns of the epoch.
    pub turns: u32,
    pub reserved: BTreeSet<u64>,
    pub positions: Vec<Position>,
    /// The act that was not answered, or was answered with an error.
    pub open: Option<Act>,
}

/// A machine on which an install has just been made.
pub struct Base {
    pub world: ModelWorld,
    pub sources: Sources,
    pub credential: String,
}

impl Base {
    pub fn new() -> Self {
        let sources = Sources::new();
        let world = new_world(&sources);
        let store: Arc<dyn Store> = Arc::new(open(&world, &sources).unwrap());
        let begun = Vault::begin(INSTALL, root_keys(), store, sources.random());
        let (vault, credential) = begun.map_err(|p| p.detail).unwrap();
        drop(vault);
        Self { world, sources, credential: credential.disclose().to_string() }
    }

    /// A vault over what is on `world`, with its store watched by `positions`.
    pub fn vault(
        &self,
        world: &ModelWorld,
        positions: &Arc<Mutex<Vec<Position>>>,
    ) -> Result<(Vault, Principal), String> {
        let store = open(world, &self.sources).map_err(|e| format!("opening: {e}"))?;
        let store = Arc::new(Watched::new(store, positions));
        let keys = root_keys_on(world, &self.sources);
        let vault = Vault::over(INSTALL, true, keys, store, self.sources.random());
        let vault = vault.map_err(|p| format!("over: {}", p.detail))?;
        let who = vault.authenticate(&self.credential, Arrival::local(0, true));
        let who = who.map_err(|p| format!("authenticating: {}", p.detail))?;
        Ok((vault, who))
    }

    /// The wall clock.
    pub fn now_us(&self) -> u64 {
        use strongroom_core::source::Clock as _;
        self.sources.clock.now_us()
    }

    /// Runs a history on a world until it ends or the machine dies.
    pub fn run(&self, world: &ModelWorld, acts: &[Act]) -> Oracle {
        let mut oracle = Oracle::default();
        let positions = Arc::default();
        let temp = Temp::new();
        let mut vault = self.vault(world, &positions).ok();
        for act in acts {
            let Some((vault_now, who)) = &vault else {
                oracle.open.get_or_insert(Act::Reopen);
                break;
            };
            if matches!(act, Act::Reopen) {
                vault = None;
                vault = vault.or_else(|| self.vault(world, &positions).ok());
                continue;
            }
            if matches!(act, Act::Turn) {
                let who = who.clone();
                let now_us = self.now_us();
                let turned = vault.take().map(|(vault, _)| vault.turn_epoch(&who, None, now_us));
                if !matches!(turned, Some(Ok(_))) {
                    oracle.open = Some(*act);
                    break;
                }
                oracle.turns += 1;
                vault = self.vault(world, &positions).ok();
                continue;
            }
            let done = perform(vault_now, who, act, &mut oracle, self, &temp);
            if done.is_err() {
                oracle.open = Some(*act);
                break;
            }
        }
        drop(vault);
        oracle.positions = std::mem::take(&mut *positions.lock().unwrap());
        oracle
    }
}

/// Performs one act; on success the oracle takes note.
pub fn perform(
    vault: &Vault,
    who: &Principal,
    act: &Act,
    oracle: &mut Oracle,
    base: &Base,
    temp: &Temp,
) -> Result<(), Problem> {
    match *act {
        Act::Tenant(name) => {
            vault.add_tenant(who, name)?;
            oracle.tenants.insert(name);
        }
        Act::Service(name, tenant) => {
            vault.add_principal(who, name, Kind::Service, tenant, Limits::default())?;
            oracle.services.insert(name);
        }
        Act::Revoke(name) => {
            vault.revoke_principal(who, name)?;
            oracle.revoked.insert(name);
        }
        Act::Seal { tenant, input, rows } => {
            let sealed = seal(vault, who, (tenant, input, rows), temp)?;
            for (row, cells) in sealed.chunks(2).enumerate() {
                let tokens = cells.iter().map(|(_, token, _)| token.clone());
                oracle.rows.insert((tenant, input, row), tokens.collect());
            }
            oracle.sealed.extend(sealed);
            oracle.inputs.insert((tenant, input), rows);
        }
        Act::Reveal(tenant) => {
            let known = oracle.sealed.iter().filter(|(t, ..)| *t == tenant);
            let known = known.filter(|(_, token, _)| !oracle.erased.contains(token));
            let (tokens, values): (Vec<_>, Vec<_>) =
                known.map(|(_, token, value)| (token.clone(), value.clone())).unzip();
            assert_eq!(reveal(vault, who, tenant, tokens)?, values);
        }
        Act::Reserve(count) => {
            let first = vault.store().reserve(count)?.0;
            for n in first..first + count {
                assert!(oracle.reserved.insert(n), "record number {n} was given out twice");
            }
        }
        Act::Intrude => {
            let refused = vault.authenticate("srk_nobody", Arrival::local(0, true)).err();
            let recorded = refused.filter(|p| p.kind != strongroom::problem::Kind::Unauthenticated);
            recorded.map_or(Ok(()), Err)?;
        }
        Act::Clock(seconds) => {
            use strongroom_core::source::Clock as _;
            let now = base.sources.clock.now_us();
            base.sources.clock.put(now.saturating_add_signed(seconds * 1_000_000));
        }
        Act::Erase { .. } | Act::Cancel { .. } => leave(vault, who, act, oracle, base)?,
        Act::Due => drop(vault.shred_due(base.now_us())?),
        Act::Reopen | Act::Turn => {}
    }
    Ok(())
}

/// Erases somebody, or takes that back.
fn leave(
    vault: &Vault,
    who: &Principal,
    act: &Act,
    oracle: &mut Oracle,
    base: &Base,
) -> Result<(), Problem> {
    match *act {
        Act::Erase { tenant, input, row, now } => {
            let tokens = &oracle.rows[&(tenant, input, row)];
            let record = record(vault, who, tenant, &tokens[0])?;
            oracle.records.insert((tenant, input, row), record.clone());
            let records = vec![record];
            let (collection, reason) = ("people", Reason::Request);
            let request = EraseRequest { tenant, collection, records, reason, now };
            vault.erase(who, None, request, base.now_us())?;
            oracle.erased.extend(tokens.iter().cloned());
        }
        Act::Cancel { tenant, input, row } => {
            let tokens = &oracle.rows[&(tenant, input, row)];
            let record = oracle.records[&(tenant, input, row)].clone();
            vault.cancel_erase(who, (tenant, "people", &record), base.now_us())?;
            oracle.erased.retain(|token| !tokens.contains(token));
        }
        _ => {}
    }
    Ok(())
}

/// The id of a token's record.
fn record(vault: &Vault, who: &Principal, tenant: &str, token: &str) -> Result<String, Problem> {
    let tokens = vec![token.to_owned()];
    let revealed = vault.reveal(who, tenant, tokens, Purpose::Support, Form::Redacted)?;
    Ok(revealed.disclose().remove(0).record)
}

/// Reveals tokens of a tenant.
pub fn reveal(
    vault: &Vault,
    who: &Principal,
    tenant: &str,
    tokens: Vec<String>,
) -> Result<Vec<String>, Problem> {
    if tokens.is_empty() {
        return Ok(Vec::new());
    }
    let revealed = vault.reveal(who, tenant, tokens, Purpose::Payout, Form::Full)?;
    Ok(revealed.disclose().into_iter().map(|d| d.value.to_string()).collect())
}

type SealedCells = Vec<(&'static str, String, String)>;

/// Seals one input file: two sealed columns a row. Gives tenant, token and value of each cell.
pub fn seal(
    vault: &Vault,
    who: &Principal,
    (tenant, input, rows): (&'static str, u64, u64),
    temp: &Temp,
) -> Result<SealedCells, Problem> {
    let path = temp.path(&format!("{tenant}-{input}.csv"));
    let out = temp.path(&format!("{tenant}-{input}.out.csv"));
    let values: Vec<[String; 2]> = (0..rows)
        .map(|n| {
            let ssn = format!("{:03}-{:02}-{:04}", 101 + input % 500, 1 + n % 99, 1 + n % 9999);
            [ssn, format!("person{n}.{input}@example.org")]
        })
        .collect();
    let lines = values.iter().map(|[ssn, email]| format!("{ssn},{email}\n"));
    std::fs::write(&path, format!("ssn,email\n{}", lines.collect::<String>())).unwrap();
    let request = SealRequest {
        input: path,
        tenant: tenant.to_owned(),
        collection: "people".to_owned(),
        out: Some(out.clone()),
        ..SealRequest::default()
    };
    vault.seal(who, &request, &|_| {})?;
    let text = std::fs::read_to_string(&out).unwrap();
    std::fs::remove_file(out).unwrap();
    let tokens: Vec<String> =
        text.lines().skip(1).flat_map(|l| l.split(',')).map(ToOwned::to_owned).collect();
    assert_eq!(tokens.len(), values.len() * 2);
    let cells = tokens.into_iter().zip(values.into_iter().flatten());
    Ok(cells.map(|(token, value)| (tenant, token, value)).collect())
}
