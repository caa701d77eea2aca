//! Rows that are known by a key: which records they belong to, and rows that cannot be known.

use std::collections::HashSet;
use std::hash::BuildHasher as _;

use strongroom_core::access::Authorized;
use strongroom_core::access::seal::Seal;
use strongroom_core::access::upsert::{Match, key_of};
use strongroom_core::control::CollectionRow;
use strongroom_core::id::RecordNumber;
use strongroom_core::schema::{Proposal, ProposedColumn, Schema, is_same_header};
use strongroom_core::store::{Table, Visit};
use strongroom_core::vault::index::field_prefix;

use super::Run;
use super::plan::Plan;
use crate::import::{Batch, Reason, RowView};
use crate::problem::Problem;
use crate::vault::Vault;

/// The keys of an input, while its rows go by: a row without one, or with one that stood in a row
/// before, is nobody's, and is left out.
pub struct Keys {
    column: Option<usize>,
    /// Eight bytes a key, hashed: two of ten million keys share one by chance once in 400,000
    /// inputs, and the second row is then left out too.
    seen: HashSet<u64>,
}

impl Keys {
    /// Of a plan without a key column nothing is looked at.
    pub fn new(plan: &Plan) -> Self {
        Self { column: plan.key, seen: HashSet::new() }
    }

    /// Takes the rows out of a batch that have no key of their own.
    pub fn pass(&mut self, batch: &mut Batch) {
        let Some(column) = self.column else { return };
        let seen = &mut self.seen;
        batch.leave_out(|row| {
            let Some(key) = key(row, column) else { return Some(Reason::NoKey) };
            let hash = seen.hasher().hash_one(key);
            (!seen.insert(hash)).then_some(Reason::KeyTwice)
        });
    }
}

/// Makes the column that is named the key of a proposal.
///
/// # Errors
/// A [`Problem`] when there is no such column, or it holds what must not stay in clear.
pub fn make_key(proposal: &mut Proposal, key: Option<&str>) -> Result<(), Problem> {
    let Some(key) = key else { return Ok(()) };
    let named = |column: &&mut ProposedColumn| is_same_header(&column.name, key);
    let column = proposal.columns.iter_mut().find(named).ok_or_else(|| none(key))?;
    column.make_key().map_err(|kind| {
        let detail = format!("the column `{}` looks like {}", column.name, kind.name());
        Problem::usage(
            detail,
            "a key stays in clear: name a column of the application's own numbers; or write \
             `key = \"REASON\"` for the column in a schema, if it may be seen",
        )
    })
}

/// Holds what was named as the key, and the columns of the file, against the schema.
///
/// # Errors
/// A [`Problem`] when the schema knows rows by another column or by none, or the file lacks it.
pub fn check(schema: &Schema, named: Option<&str>, columns: &[String]) -> Result<(), Problem> {
    let key = schema.key().map(|column| column.name.as_str());
    match (named, key) {
        (Some(named), None) => Err(Problem::usage(
            format!("the schema does not make `{named}` the key"),
            "write `key = \"REASON\"` for the column in the schema; a collection that was sealed \
             without a key stays without: seal into another one",
        )),
        (Some(named), Some(key)) if !is_same_header(named, key) => Err(Problem::usage(
            format!("the key of the collection is `{key}`"),
            "name that column with --key, or leave --key out",
        )),
        (_, Some(key)) if !columns.iter().any(|column| is_same_header(column, key)) => {
            Err(none(key))
        }
        _ => Ok(()),
    }
}

fn none(key: &str) -> Problem {
    let detail = format!("the file has no column `{key}`, by which its rows would be known");
    Problem::usage(detail, "name a column as the header does, or add it to the file")
}

/// The key in a row's cell.
pub fn key(row: RowView<'_>, column: usize) -> Option<&str> {
    let cell = row.cell(column);
    if cell.absent { None } else { key_of(cell.value) }
}

/// Whether the collection has records with keys, so that a row may be one's.
///
/// # Errors
/// A [`Problem`] of the store.
pub fn are_there(run: &Run<'_>) -> Result<bool, Problem> {
    let Some(field) = run.collection.key else { return Ok(false) };
    let prefix = field_prefix(run.tenant, run.collection.id, field);
    let mut found = false;
    run.vault.scan_index(&prefix, &mut |_, _| {
        found = true;
        false
    })?;
    Ok(found)
}

/// What becomes of a row.
pub enum Fate {
    /// It is nobody's yet: a new record.
    New,
    /// It was sealed as this record, and stays so.
    Kept(RecordNumber),
    /// It belongs to this record, and changes it where it differs.
    Held(Box<Match>),
}

/// The record that each row of a batch belongs to, opened: everybody named before anybody is.
///
/// # Errors
/// A [`Problem`].
pub fn fates(run: &Run<'_>, column: usize, batch: &Batch) -> Result<Vec<Fate>, Problem> {
    let keys = batch.iter().map(|row| key(row, column).unwrap_or_default());
    let matches = matches(run.vault, run.authorized, run.collection, keys)?;
    let fate = |found: Option<Match>| found.map_or(Fate::New, |found| Fate::Held(Box::new(found)));
    Ok(matches.into_iter().map(fate).collect())
}

/// The record that each of these keys names, opened: everybody named before anybody is.
///
/// # Errors
/// A [`Problem`].
pub fn matches<'k>(
    vault: &Vault,
    authorized: &Authorized<Seal>,
    collection: &CollectionRow,
    keys: impl Iterator<Item = &'k str>,
) -> Result<Vec<Option<Match>>, Problem> {
    let looked_up = {
        let state = vault.read();
        let slots = &mut |record| vault.store.slot(record);
        let index = &mut |prefix: &_, visit: &mut Visit<'_>| vault.scan_index(prefix, visit);
        authorized.look_up(&vault.context(&state), collection, keys, index, slots)
    };
    let (look_up, entries) = looked_up.map_err(|stop| vault.stopped(stop))?;
    let committed = entries.map(|entries| vault.commit(entries)).transpose()?;
    let opened = {
        let state = vault.read();
        let rows = &mut |at: &strongroom_core::vault::sealed::RowAddress| {
            vault.store.get(Table::Record, &at.key())
        };
        authorized.open_matches(look_up, committed.as_ref(), &vault.context(&state), rows)
    };
    opened.map_err(|stop| vault.stopped(stop))
}

/// The records of a batch's rows: of those that were there before, and new ones from `first` on.
pub fn records(fates: &[Fate], first: RecordNumber) -> Vec<u64> {
    let mut new = first.0..;
    let record = |fate: &Fate| match fate {
        Fate::Held(found) => found.record().0,
        Fate::Kept(record) => record.0,
        Fate::New => new.next().unwrap_or(u64::MAX),
    };
    fates.iter().map(record).collect()
}
