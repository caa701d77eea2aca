//! Quarantine: the rows that jobs left out, by place and reason. There are no values here.

use strongroom_core::access::admin::{DismissJob, ReadJobs};
use strongroom_core::control::open as open_row;
use strongroom_core::id::{JobId, Name, TenantId};
use strongroom_core::principal::Principal;
use strongroom_core::store::Table;

use super::Vault;
use super::seal::{BatchRow, JobRow, LeftOut, job_key};
use super::strengthen::BATCH_KEY_BYTES;
use crate::problem::Problem;

/// Most places of one job that are listed; all are counted.
pub const PLACES_LISTED_MAX: usize = 10_000;

/// A job with rows that were left out and not dealt with since.
pub struct QuarantinedJob {
    /// The job.
    pub job: JobId,
    /// Its collection.
    pub collection: String,
    /// When it began, in microseconds since the Unix epoch.
    pub began_us: u64,
    /// How many rows.
    pub rows: u64,
    /// The places, the first of them.
    pub places: Vec<LeftOut>,
}

/// Looks at the key and the body of a job's row; gives nothing when it cannot be read.
type See<'s> = dyn FnMut(&[u8], &[u8]) -> Option<()> + 's;

impl Vault {
    /// The jobs of a tenant that have rows in quarantine, the oldest first; of one collection if
    /// that is named.
    ///
    /// # Errors
    /// A [`Problem`]: refused, no such collection, a job's row that is not authentic.
    pub fn quarantine(
        &self,
        who: &Principal,
        tenant: &str,
        collection: Option<&str>,
    ) -> Result<Vec<QuarantinedJob>, Problem> {
        let (tenant, jobs) = self.left_out(who, tenant, collection)?;
        jobs.into_iter().map(|(job, row)| self.quarantined(tenant, job, &row)).collect()
    }

    /// The same jobs, without their places.
    fn left_out(
        &self,
        who: &Principal,
        tenant: &str,
        collection: Option<&str>,
    ) -> Result<(TenantId, Vec<(JobId, JobRow)>), Problem> {
        let tenant = self.tenant(tenant);
        let authorized = self.authorize(who, ReadJobs { tenant })?;
        let found = self.collection(tenant, collection.unwrap_or_default());
        let (Some(tenant), true) = (tenant, collection.is_none() || found.is_some()) else {
            return Err(self.missed(authorized));
        };
        let mut jobs = Vec::new();
        self.each_job(&tenant.0, &mut |key, body| {
            let row: JobRow = serde_json::from_slice(body).ok()?;
            let wanted = found.as_ref().is_none_or(|c| c.id.0 == row.collection);
            let job = key.get(16..32).and_then(|id| id.try_into().ok()).map(JobId)?;
            if row.left_out > 0 && wanted {
                jobs.push((job, row));
            }
            Some(())
        })?;
        jobs.sort_by_key(|(_, row)| row.began_us);
        Ok((tenant, jobs))
    }

    fn quarantined(
        &self,
        tenant: TenantId,
        job: JobId,
        row: &JobRow,
    ) -> Result<QuarantinedJob, Problem> {
        let mut places = Vec::new();
        let prefix = [tenant.0.as_slice(), &job.0].concat();
        self.each_batch(&prefix, &mut |_, row: BatchRow| {
            let room = PLACES_LISTED_MAX.saturating_sub(places.len());
            places.extend(row.left_out.into_iter().take(room));
        })?;
        let state = self.read();
        let of = |c: &&strongroom_core::control::CollectionRow| {
            c.tenant == tenant && c.id.0 == row.collection
        };
        let name = state.registry.collections().find(of).map(|c| &c.name);
        let collection = name.map_or(String::new(), Name::to_string);
        Ok(QuarantinedJob { job, collection, began_us: row.began_us, rows: row.left_out, places })
    }

    /// Gives up the rows that a job left out; says how many.
    ///
    /// # Errors
    /// A [`Problem`]: refused, no such job.
    pub fn dismiss(&self, who: &Principal, tenant: &str, job: JobId) -> Result<u64, Problem> {
        let tenant = self.tenant(tenant);
        let authorized = self.authorize(who, DismissJob { tenant, job })?;
        let _one = self.rewriting();
        let key = job_key(tenant.ok_or_else(Problem::not_found)?, job, None);
        let Some(row) = self.read_job::<JobRow>(&key)? else {
            return Err(self.missed(authorized));
        };
        let given_up = row.left_out;
        if given_up > 0 {
            let changes = self.job_changes(&key, &JobRow { left_out: 0, ..row })?;
            self.commit(authorized.record(changes))?;
        }
        Ok(given_up)
    }

    /// The job to try again where none is named: the only one of a collection with rows in
    /// quarantine.
    ///
    /// # Errors
    /// A [`Problem`]: there is none, or there are several.
    pub fn only_quarantined(
        &self,
        who: &Principal,
        tenant: &str,
        collection: &str,
    ) -> Result<JobId, Problem> {
        let (_, jobs) = self.left_out(who, tenant, Some(collection))?;
        match jobs.as_slice() {
            [(only, _)] => Ok(*only),
            [] => Err(Problem::usage(
                "no row of the collection is left out any more",
                "there is nothing to try again; `strongroom quarantine list` shows all jobs",
            )),
            [..] => Err(Problem::usage(
                format!("{} jobs of the collection have rows in quarantine", jobs.len()),
                "name one with --job; `strongroom quarantine list` shows them",
            )),
        }
    }

    /// Goes over the own rows of jobs. `see` gives nothing for one that cannot be read.
    fn each_job(&self, prefix: &[u8], see: &mut See<'_>) -> Result<(), Problem> {
        self.each_job_row(prefix, true, see)
    }

    /// Goes over the rows of jobs' batches.
    pub(super) fn each_batch(
        &self,
        prefix: &[u8],
        see: &mut dyn FnMut(&[u8], BatchRow),
    ) -> Result<(), Problem> {
        self.each_job_row(prefix, false, &mut |key, body| {
            see(key, serde_json::from_slice(body).ok()?);
            Some(())
        })
    }

    fn each_job_row(&self, prefix: &[u8], own: bool, see: &mut See<'_>) -> Result<(), Problem> {
        let mut forged = false;
        self.store.scan(Table::Job, prefix, &mut |key, value| {
            // Counts of wrong guesses lie among them.
            let is_own = key.ends_with(&u32::MAX.to_be_bytes());
            if key.len() != BATCH_KEY_BYTES || is_own != own {
                return true;
            }
            let body = open_row(&self.control, "job", key, value);
            forged = body.and_then(|body| see(key, body)).is_none();
            !forged
        })?;
        if forged { Err(Problem::tampered("a job's row is not authentic")) } else { Ok(()) }
    }
}
