//! Strengthen: cheap password verifiers, step by step, from the rows that jobs left.
//!
//! A batch's row says how many of its verifiers are cheap and from which record on; it changes in
//! the same batch as the records. So a run that is killed goes on where it was, and nothing has to
//! be counted over the records.

use serde::{Deserialize, Serialize};
use strongroom_core::access::Authorized;
use strongroom_core::access::strengthen::{JobRow, Means, Step, Strengthen};
use strongroom_core::id::{CollectionId, JobId, RecordNumber, TenantId};
use strongroom_core::principal::{Principal, Scope};
use strongroom_core::store::Table;
use strongroom_core::vault::verifier::Strength;

use super::Vault;
use super::room::Bulk;
use super::seal::BatchRow;
use crate::problem::Problem;

/// How long a verifier may be cheap.
pub(super) const CHEAP_US_MAX: u64 = 30 * 24 * 3600 * 1_000_000;
/// Records of a step: a few seconds of work, which a kill loses at most.
const STEP_RECORDS: u64 = 128;
/// Tenant, job and batch.
pub(super) const BATCH_KEY_BYTES: usize = 36;

/// What a batch's row says of its cheap verifiers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Cheap {
    /// The collection of its records.
    pub collection: u32,
    /// The records that were not looked at: first and end of each run.
    pub runs: Vec<(u64, u64)>,
    /// How many are cheap.
    pub left: u64,
    /// When none should be any more.
    pub until_us: u64,
}

impl Cheap {
    /// What waits of two.
    pub fn joined(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(mut one), Some(other)) => {
                one.runs.extend(other.runs);
                one.left += other.left;
                one.until_us = one.until_us.min(other.until_us);
                Some(one)
            }
            (one, other) => one.or(other),
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Strengthened {
    /// Verifiers wrapped by this run.
    pub strengthened: u64,
    /// Verifiers that are still cheap.
    pub left: u64,
}

/// A batch with cheap verifiers: the key of its row, and the row.
type Waiting = (Vec<u8>, BatchRow);

impl Vault {
    /// Strengthens the cheap verifiers of a tenant, or of all that the caller may name, for as
    /// long as `go_on` says.
    ///
    /// # Errors
    /// A [`Problem`]; what was strengthened stays so.
    pub fn strengthen(
        &self,
        who: &Principal,
        tenant: Option<&str>,
        strength: Strength,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Strengthened, Problem> {
        let tenants: Vec<Option<TenantId>> = match (tenant, who.scope()) {
            (Some(name), _) => vec![self.tenant(name)],
            (None, Scope::Tenants(list)) => list.iter().copied().map(Some).collect(),
            (None, Scope::Install) => self.read().registry.tenants().map(|t| Some(t.id)).collect(),
        };
        let _one = self.rewriting();
        let mut done = Strengthened::default();
        for tenant in tenants {
            let authorized = self.authorize(who, Strengthen { tenant })?;
            self.load_keys(tenant)?;
            let prefix = tenant.map_or([0; 16], |t| t.0);
            for (key, mut row) in self.waiting(&prefix)? {
                while row.cheap.is_some() && go_on() {
                    done.strengthened += self.step(&authorized, (&key, &mut row), strength)?;
                }
                done.left += row.cheap.map_or(0, |cheap| cheap.left);
            }
        }
        Ok(done)
    }

    /// How many verifiers are cheap, and when the first of them should not be any more.
    pub(super) fn cheap_passwords(&self) -> Result<(u64, Option<u64>), Problem> {
        let waiting = self.waiting(&[])?;
        let cheap = || waiting.iter().filter_map(|(_, row)| row.cheap.as_ref());
        Ok((cheap().map(|c| c.left).sum(), cheap().map(|c| c.until_us).min()))
    }

    fn waiting(&self, prefix: &[u8]) -> Result<Vec<Waiting>, Problem> {
        let mut found = Vec::new();
        self.each_batch(prefix, &mut |key, row| {
            if row.cheap.is_some() {
                found.push((key.to_vec(), row));
            }
        })?;
        Ok(found)
    }

    /// The next records of a batch; gives how many verifiers were strengthened.
    fn step(
        &self,
        authorized: &Authorized<Strengthen>,
        (key, row): (&[u8], &mut BatchRow),
        strength: Strength,
    ) -> Result<u64, Problem> {
        let Some(cheap) = row.cheap.clone() else { return Ok(0) };
        let (first, end) = cheap.runs.first().copied().unwrap_or_default();
        let count = end.saturating_sub(first).min(STEP_RECORDS);
        let job = key.get(16..32).and_then(|id| id.try_into().ok()).map(JobId);
        let step = Step {
            job: job.ok_or_else(|| Problem::internal("a job's row has an odd key"))?,
            collection: CollectionId(cheap.collection),
            first: RecordNumber(first),
            count,
        };
        let after = |done: u64| {
            let rest = (first + count < end).then_some((first + count, end));
            let runs: Vec<_> = rest.into_iter().chain(cheap.runs.iter().skip(1).copied()).collect();
            let left = if runs.is_empty() { 0 } else { cheap.left.saturating_sub(done) };
            let cheap = Cheap { runs, left, ..cheap.clone() };
            BatchRow { cheap: Some(cheap).filter(|c| c.left > 0), ..row.clone() }
        };
        let body = |done: u64| serde_json::to_vec(&after(done)).unwrap_or_default();
        self.room_for(Bulk::Batch)?;
        let (opening, batch) = authorized.name(step);
        let committed = self.commit(batch)?;
        let strengthened = {
            let state = self.read();
            let means = Means {
                slots: &mut |record| self.store.slot(record),
                rows: &mut |at| self.store.get(Table::Record, &at.key()),
                random: &*self.random,
            };
            let job = JobRow { control: &self.control, key, body: &body };
            let context = self.context(&state);
            authorized.strengthen(opening, &committed, &context, means, strength, &job)
        };
        let (batch, done) = strengthened.map_err(|stop| self.stopped(stop))?;
        self.commit(batch)?;
        *row = after(done);
        Ok(done)
    }
}
