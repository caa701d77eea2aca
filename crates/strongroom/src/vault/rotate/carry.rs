//! The rows of a tenant, carried over to its newest seal key, index key or pepper: one thread reads
//! and has each step named, two open and seal, and the caller's waits for the store.

use std::collections::BTreeSet;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};

use strongroom_core::access::rotate::{Carried, Opening, Rotate, Step, Versions};
use strongroom_core::access::{Authorized, Stop};
use strongroom_core::control::CollectionRow;
use strongroom_core::field::FieldType;
use strongroom_core::id::{CollectionId, TenantId};
use strongroom_core::store::{Commit, Table};
use strongroom_core::vault::keys::Job;
use strongroom_core::vault::sealed::{RowAddress, claimed_seal_key};

use super::{Rotated, Rotation, Vault};
use crate::problem::Problem;
use crate::vault::room::Bulk;
use crate::vault::seal::start;

/// Steps between two threads, each a megabyte or so.
const DEPTH: usize = 4;
/// Steps on their way to disk.
const IN_FLIGHT: usize = 8;
const SEALERS: usize = 2;
/// Where damage is this wide, what is left is for a person to look at.
const DAMAGED_MAX: u64 = 1_000;

/// What a pass over all rows of a tenant did.
#[derive(Default)]
struct Pass {
    rows: u64,
    damaged: u64,
}

/// A step whose entry is on its way.
type Named = (Opening, Commit);

/// A step whose rows are on their way.
struct Waiting {
    commit: Option<Commit>,
    rows: u64,
    damaged: Vec<Stop>,
}

struct Run<'v> {
    vault: &'v Vault,
    authorized: &'v Authorized<Rotate>,
    tenant: TenantId,
    versions: Versions,
    rotation: &'v Rotation<'v>,
}

impl Vault {
    /// Rotates a tenant's seal key: every row is written again.
    pub(super) fn rotate_seal(
        &self,
        authorized: &Authorized<Rotate>,
        tenant: TenantId,
        rotation: &Rotation<'_>,
    ) -> Result<Rotated, Problem> {
        self.room_for(Bulk::Rows)?;
        let versions = self.rotation(authorized, Some(tenant))?;
        let run = Run { vault: self, authorized, tenant, versions, rotation };
        let mut records = 0;
        // INVARIANT: the old key is destroyed only behind a pass that found nothing under it.
        loop {
            let rows = run.pass(records)?;
            records += rows;
            if rows == 0 {
                break;
            }
        }
        self.destroy_versions(authorized, Some(tenant), versions)?;
        Ok(Rotated::of(versions, records))
    }

    /// Rotates a tenant's index key: every row's tags are made anew. No row of the index says which
    /// key it is under, so that a run that was killed goes over all records again.
    pub(super) fn rotate_index(
        &self,
        authorized: &Authorized<Rotate>,
        tenant: TenantId,
        rotation: &Rotation<'_>,
    ) -> Result<Rotated, Problem> {
        let versions = self.rotation(authorized, Some(tenant))?;
        let run = Run { vault: self, authorized, tenant, versions, rotation };
        let records = run.pass(0)?;
        self.destroy_versions(authorized, Some(tenant), versions)?;
        Ok(Rotated::of(versions, records))
    }

    /// Rotates a tenant's pepper: every verifier is wrapped once more. The old peppers stay, since
    /// whoever tries a password goes through all of them.
    pub(super) fn rotate_pepper(
        &self,
        authorized: &Authorized<Rotate>,
        tenant: TenantId,
        rotation: &Rotation<'_>,
    ) -> Result<Rotated, Problem> {
        let newest = self.newest(Some(tenant), Job::Pepper)?;
        let run = |versions| Run { vault: self, authorized, tenant, versions, rotation };
        // A verifier that is not under the newest pepper is left of a run that did not end.
        if newest > 1 {
            let versions = Versions { from: newest - 1, to: newest };
            let records = run(versions).pass(0)?;
            if records > 0 {
                return Ok(Rotated::of(versions, records));
            }
        }
        let versions = self.rotation(authorized, Some(tenant))?;
        Ok(Rotated::of(versions, run(versions).pass(0)?))
    }

    /// The collections of a tenant that have passwords.
    fn with_passwords(&self, tenant: TenantId) -> BTreeSet<CollectionId> {
        let state = self.read();
        let all = state.registry.collections().filter(|c| c.tenant == tenant);
        let have = |c: &&CollectionRow| {
            c.fields.iter().any(|field| field.kinds.contains(&FieldType::Password))
        };
        all.filter(have).map(|c| c.id).collect()
    }
}

fn left(damaged: u64) -> Problem {
    let mut problem = Problem::tampered(format!(
        "{damaged} records are not what was written: they were not carried over, and the old key \
         is kept for them; the ledger names each"
    ));
    problem.remedy = format!("{}; then run the same command again", problem.remedy);
    problem
}

/// Steps on their way to the sealers.
type Queue = Arc<Mutex<Receiver<Named>>>;

impl Run<'_> {
    /// Carries over every row that may not be under the newest key; gives how many.
    fn pass(&self, before: u64) -> Result<u64, Problem> {
        let (to_open, named) = mpsc::sync_channel(DEPTH);
        let (to_wait, carried) = mpsc::sync_channel(IN_FLIGHT);
        // INVARIANT: the threads own their ends, so that the end of one ends those before it.
        let named: Queue = Arc::new(Mutex::new(named));
        std::thread::scope(|scope| {
            let reader = start(scope, "reader", move || self.read(&to_open))?;
            for _ in 0..SEALERS {
                let (named, to_wait) = (Arc::clone(&named), to_wait.clone());
                start(scope, "sealer", move || self.seal_all(&named, &to_wait))?;
            }
            drop((named, to_wait));
            let waited = self.wait(carried, before);
            let read = reader.join().unwrap_or_else(|_| Err(Problem::internal("reading panicked")));
            let Pass { rows, damaged } = waited?;
            read?;
            if damaged == 0 { Ok(rows) } else { Err(left(damaged)) }
        })
    }

    /// Cuts the rows that are to be carried over into steps, and has each named.
    fn read(&self, to_open: &SyncSender<Named>) -> Result<(), Problem> {
        let mut step = Step { collection: CollectionId(0), rows: Vec::new() };
        let (mut open, mut odd) = (true, false);
        let passwords = self.vault.with_passwords(self.tenant);
        self.vault.store.scan(Table::Record, &self.tenant.0, &mut |key, row| {
            if self.rotation.job == Job::Seal && claimed_seal_key(row) == Some(self.versions.to) {
                return true;
            }
            let Some(RowAddress { collection, record, .. }) = RowAddress::read(key) else {
                odd = true;
                return false;
            };
            if self.rotation.job == Job::Pepper && !passwords.contains(&collection) {
                return true;
            }
            if collection != step.collection || step.rows.len() >= self.rotation.step_records {
                let next =
                    Step { collection, rows: Vec::with_capacity(self.rotation.step_records) };
                open = self.name(std::mem::replace(&mut step, next), to_open);
            }
            step.rows.push((record, row.to_vec()));
            open
        })?;
        if odd {
            return Err(Problem::tampered("a row of the store has a key of no record"));
        }
        if open {
            self.name(step, to_open);
        }
        Ok(())
    }

    /// Whether anybody takes it.
    fn name(&self, step: Step, to_open: &SyncSender<Named>) -> bool {
        if step.rows.is_empty() {
            return true;
        }
        let (opening, batch) = self.authorized.name(self.versions, step);
        to_open.send((opening, self.vault.store.commit(batch))).is_ok()
    }

    fn seal_all(&self, named: &Queue, to_wait: &SyncSender<Result<Waiting, Problem>>) {
        loop {
            let next = named.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(next) = next else { return };
            let sealed = self.seal(next);
            let failed = sealed.is_err();
            if to_wait.send(sealed).is_err() || failed {
                return;
            }
        }
    }

    fn seal(&self, (opening, commit): Named) -> Result<Waiting, Problem> {
        let vault = self.vault;
        vault.room_for(Bulk::Batch)?;
        let committed = pollster::block_on(commit)?;
        let carried = {
            let state = vault.read();
            let slots = &mut |record| vault.store.slot(record);
            let context = vault.context(&state);
            let of = (opening, self.versions);
            match self.rotation.job {
                Job::Index => self.authorized.reindex(of, &committed, &context, slots),
                Job::Pepper => {
                    self.authorized.repepper(of, &committed, &context, slots, &*vault.random)
                }
                _ => self.authorized.reseal(of, &committed, &context, slots, &*vault.random),
            }
        };
        let Carried { batch, rows, damaged } = carried.map_err(|stop| vault.stopped(stop))?;
        Ok(Waiting { commit: batch.map(|batch| vault.store.commit(batch)), rows, damaged })
    }

    /// Waits for each step to be durable, and records what is damaged.
    fn wait(
        &self,
        carried: Receiver<Result<Waiting, Problem>>,
        before: u64,
    ) -> Result<Pass, Problem> {
        let mut pass = Pass::default();
        while let Ok(waiting) = carried.recv() {
            let Waiting { commit, rows, damaged } = waiting?;
            if let Some(commit) = commit {
                pollster::block_on(commit)?;
            }
            pass.rows += rows;
            for stop in damaged {
                pass.damaged += 1;
                self.vault.stopped(stop);
            }
            if pass.damaged > DAMAGED_MAX {
                return Err(left(pass.damaged));
            }
            (self.rotation.progress)(before + pass.rows);
        }
        Ok(pass)
    }
}
