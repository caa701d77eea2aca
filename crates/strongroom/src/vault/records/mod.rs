//! Records sealed one request at a time: one, or a batch, all or nothing.
//!
//! The same plan of columns, the same batch, the same entries as a file's; what a file is asked
//! before it is sealed, the records of a request are asked here. A request may come with a key of
//! the caller's, under which it is performed once.

mod once;
mod rows;

use std::collections::HashMap;
use std::sync::Arc;

use strongroom_core::access::Authorized;
use strongroom_core::access::seal::{JobRows, Means, Seal, SealBatch};
use strongroom_core::access::upsert::{Match, key_of};
use strongroom_core::control::CollectionRow;
use strongroom_core::id::{JobId, RecordNumber};
use strongroom_core::principal::Principal;
use strongroom_core::source::draw;
use strongroom_core::store::Position;
use strongroom_core::vault::keys::TenantKeys;
use strongroom_core::vault::sealed::OpenError;
use strongroom_core::vault::token::{Named, record_id, write_token};
use strongroom_core::vault::verifier::Strength;
use zeroize::Zeroizing;

use super::Vault;
use super::admin::stored_schema;
use super::room::Bulk;
use super::seal::matches;
use super::seal::plan::Plan;
use crate::problem::Problem;
use once::{Answered, Once, Outcome};
use rows::Row;

pub(super) use once::Performing;

/// The values of a record by column, in the order of the request. Nothing, or an empty value, is no
/// value.
pub type Values = Vec<(String, Option<Zeroizing<String>>)>;

/// Records to be sealed into a collection that there is.
pub struct RecordsRequest {
    /// The tenant, by name or id.
    pub tenant: String,
    /// The collection.
    pub collection: String,
    /// The records.
    pub records: Vec<Values>,
    /// The caller's own name for the request, under which it is performed once.
    pub once: Option<String>,
    /// How strong passwords are kept.
    pub strength: Strength,
    /// Now.
    pub now_us: u64,
}

/// A record as it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRecord {
    /// Its key where its collection has one, otherwise its id.
    pub record: String,
    /// The tokens of its values, by column.
    pub tokens: Vec<(String, String)>,
}

/// What a request gave.
#[derive(Debug)]
pub struct SealedRecords {
    /// In the order of the request.
    pub records: Vec<SealedRecord>,
    /// Columns with a value that does not fit its type.
    pub unusual: Vec<String>,
    /// Where the entries stand.
    pub positions: Vec<Position>,
}

impl Vault {
    /// Seals the records of a request, all or none.
    ///
    /// # Errors
    /// A [`Problem`]: refused, no such collection, a record that cannot be sealed as it is, another
    /// request under the same key.
    pub fn seal_records(
        &self,
        who: &Principal,
        request: &RecordsRequest,
    ) -> Result<SealedRecords, Problem> {
        let tenant = self.tenant(&request.tenant);
        let job = JobId(draw(&*self.random)?);
        let authorized = self.authorize(who, Seal { tenant, job })?;
        let Some(collection) = self.collection(tenant, &request.collection) else {
            return Err(self.missed(authorized));
        };
        self.load_keys(tenant)?;
        self.room_for(Bulk::Batch)?;
        let _sealing = self.sealing();
        let Some(key) = &request.once else {
            return self.seal_new(&authorized, &collection, request, None);
        };
        let once = Once::new(&self.control, who, &collection, key);
        let authorized = self.authorize(who, Seal { tenant, job: once.job() })?;
        // Whoever asks for the same meanwhile waits, and is told what came of it.
        let _one = self.performing.begin(once.digest);
        match once.known(self, request.now_us)? {
            Some(known) => self.seal_again(&authorized, &collection, request, &known),
            None => self.seal_new(&authorized, &collection, request, Some(&once)),
        }
    }

    fn seal_new(
        &self,
        authorized: &Authorized<Seal>,
        collection: &CollectionRow,
        request: &RecordsRequest,
        once: Option<&Once>,
    ) -> Result<SealedRecords, Problem> {
        let schema = stored_schema(collection)?;
        let names: Vec<String> = schema.columns.iter().map(|c| c.name.clone()).collect();
        let plan = Plan::new(&names, &schema, collection)?;
        let rows = rows::read(&request.records, &schema, &plan)?;
        let _rewriting = plan.key.is_some().then(|| self.rewriting());
        let matches = match plan.key {
            Some(_) => {
                let keys = rows.iter().map(|row| row.key.unwrap_or_default());
                matches(self, authorized, collection, keys)?
            }
            None => rows.iter().map(|_| None).collect(),
        };
        // What can fail comes before numbers are given out.
        let means = self.seal_means(authorized, Some(request.strength))?;
        let keys = Arc::clone(&means.keys);
        let over = once.map(|once| once.over(self, request.now_us)).transpose()?;
        let new = matches.iter().filter(|found| found.is_none()).count();
        let first = self.store.reserve(new as u64)?;
        let begun = authorized.batch(means, collection, first, new);
        let mut batch = begun.map_err(|stop| self.stopped(stop))?;
        let mut numbers = Vec::with_capacity(rows.len());
        for (at, (row, found)) in rows.iter().zip(matches).enumerate() {
            let record = put(&mut batch, &plan, row, found).map_err(|_| rows::unsealable(at))?;
            numbers.push(record.0);
        }
        let outcome = Outcome {
            records: once::runs(&numbers),
            fields: rows::fields(&plan, &rows),
            unusual: batch.unusual().collect(),
        };
        let of = (request, collection);
        let row = once.map(|once| once.row(&self.control, of, outcome.clone())).transpose()?;
        let (batch, _) = batch.finish(&JobRows {
            control: &self.control,
            put: row.as_ref().map(|(key, body)| (key.as_slice(), body.as_slice())),
            over: over.as_deref().unwrap_or_default(),
        });
        let positions = self.commit(batch)?.positions().to_vec();
        told((&keys, collection), request, (&outcome, positions))
    }

    /// The answer to a request that was performed before. That it is the same is an answer about
    /// what is sealed: counted as a wrong guess until it is right.
    fn seal_again(
        &self,
        authorized: &Authorized<Seal>,
        collection: &CollectionRow,
        request: &RecordsRequest,
        known: &Answered,
    ) -> Result<SealedRecords, Problem> {
        self.guessing(request.now_us, |guesses| {
            let guess = authorized.guess(guesses).map_err(|stop| self.stopped(stop))?;
            self.commit(guess).map(drop)
        })?;
        if !known.is_of(&self.control, request, collection) {
            return Err(once::conflict());
        }
        let committed = self.guessing(request.now_us, |guesses| {
            let right = authorized.was_right(guesses).map_err(|stop| self.stopped(stop))?;
            self.commit(right)
        })?;
        let positions = committed.positions().to_vec();
        let keys = Arc::clone(authorized.keys(&self.read().ring)?);
        told((&keys, collection), request, (&known.outcome, positions))
    }

    /// What a batch of an action's own tenant is sealed with.
    pub(super) fn seal_means(
        &self,
        authorized: &Authorized<Seal>,
        strength: Option<Strength>,
    ) -> Result<Means<'_>, Problem> {
        let keys = Arc::clone(authorized.keys(&self.read().ring)?);
        let (install, epoch) = (self.install, &self.keys.epoch);
        Ok(Means { install, epoch, keys, random: &*self.random, strength })
    }
}

/// Seals a row: over the record that it belongs to, or as a new one.
fn put(
    batch: &mut SealBatch<'_>,
    plan: &Plan,
    row: &Row<'_>,
    found: Option<Match>,
) -> Result<RecordNumber, OpenError> {
    let Some(found) = found else {
        return batch.row(row.spoken_of(plan).filter_map(|(_, cell)| cell));
    };
    let record = found.record();
    batch.update(found, row.spoken_of(plan))?;
    Ok(record)
}

/// What came of a request, in the words of its answer. Of records their numbers are enough: the
/// tokens follow from them.
fn told(
    (keys, collection): (&TenantKeys, &CollectionRow),
    request: &RecordsRequest,
    (outcome, positions): (&Outcome, Vec<Position>),
) -> Result<SealedRecords, Problem> {
    let no_key = || Problem::internal("the tenant has no token key");
    let mut fields = HashMap::new();
    let mut of = |name| {
        let find = || collection.field(name).filter(|f| outcome.fields.contains(&f.number.0));
        *fields.entry(name).or_insert_with(find)
    };
    let mut records = Vec::with_capacity(request.records.len());
    for (values, number) in request.records.iter().zip(outcome.numbers()) {
        let (record, mut tokens, mut key) = (RecordNumber(number), Vec::new(), None);
        for (name, value) in values {
            let value = value.as_ref().filter(|value| !value.is_empty());
            let (Some(field), Some(value)) = (of(name.as_str()), value) else { continue };
            if collection.is_key(field.number) {
                key = key_of(value).map(str::to_owned);
                continue;
            }
            let mut token = String::new();
            let named = Named { record, field: field.number };
            write_token(keys, named, &mut token).map_err(|_| no_key())?;
            tokens.push((field.column.clone(), token));
        }
        let record = match key {
            Some(key) => key,
            None => record_id(keys, record).map_err(|_| no_key())?,
        };
        records.push(SealedRecord { record, tokens });
    }
    let unusual = collection.fields.iter().filter(|f| outcome.unusual.contains(&f.number.0));
    let unusual = unusual.map(|field| field.column.clone()).collect();
    Ok(SealedRecords { records, unusual, positions })
}
