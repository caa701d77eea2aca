//! The records of a request, held against the schema before anything is sealed. A fault is told by
//! its place: which record, which column; never by what stands there.

use std::collections::{BTreeSet, HashMap};

use strongroom_core::access::seal::{FieldPlan, SealCell};
use strongroom_core::access::upsert::key_of;
use strongroom_core::schema::{Guard, Schema};
use strongroom_core::vault::token::is_spelt_as_token;

use super::Values;
use crate::problem::Problem;
use crate::vault::seal::plan::{ColumnPlan, Plan};

/// Passwords of one request.
const PASSWORDS_MAX: usize = 100;

/// A record as it is sealed.
pub struct Row<'r> {
    /// Its cells by column, in the order of the schema; nothing where there is no value.
    cells: Vec<(usize, Option<&'r str>)>,
    /// Its key, where the collection has one.
    pub key: Option<&'r str>,
}

impl<'r> Row<'r> {
    /// The fields that it speaks of, each with its cell if there is something in it.
    pub fn spoken_of(
        &self,
        plan: &Plan,
    ) -> impl Iterator<Item = (FieldPlan, Option<SealCell<'r>>)> {
        self.cells.iter().filter_map(|(column, value)| {
            let column = plan.columns.get(*column)?;
            let plan = column.field()?;
            let value = match column {
                ColumnPlan::Key { .. } => self.key,
                _ => *value,
            };
            let cell = |value| SealCell { plan, value, literal: false, spelling: None };
            Some((plan, value.map(cell)))
        })
    }
}

/// Reads the records of a request.
///
/// # Errors
/// A [`Problem`] with the place of the first fault.
pub fn read<'r>(
    records: &'r [Values],
    schema: &Schema,
    plan: &Plan,
) -> Result<Vec<Row<'r>>, Problem> {
    let names = Names { schema, places: HashMap::new() };
    let (mut names, mut keys) = (names, HashMap::new());
    let mut rows = Vec::with_capacity(records.len());
    for (at, values) in records.iter().enumerate() {
        let row = names.row(at, values, plan)?;
        if let Some(before) = row.key.and_then(|key| keys.insert(key, at)) {
            let what = format!("is that of records[{before}] too");
            return Err(names.fault(at, plan.key, &what, "send each record once"));
        }
        rows.push(row);
    }
    few_passwords(&rows, plan)?;
    guard(&rows, &names, plan)?;
    Ok(rows)
}

/// The columns of a schema, by the names that a request gives them.
struct Names<'s, 'r> {
    schema: &'s Schema,
    places: HashMap<&'r str, Option<usize>>,
}

impl<'r> Names<'_, 'r> {
    fn place(&mut self, name: &'r str) -> Option<usize> {
        let find = || self.schema.column(name).map(|(place, _)| place);
        *self.places.entry(name).or_insert_with(find)
    }

    fn row(&mut self, at: usize, values: &'r Values, plan: &Plan) -> Result<Row<'r>, Problem> {
        let shown = "`GET .../schema` shows the columns, and which are sealed";
        if values.is_empty() {
            let detail = format!("records[{at}] names no column");
            return Err(Problem::usage(detail, shown));
        }
        let mut row = Row { cells: Vec::with_capacity(values.len()), key: None };
        for (member, (name, value)) in values.iter().enumerate() {
            let Some(column) = self.place(name) else {
                // Its name is not repeated: it may be anything.
                let detail = format!("records[{at}]: member {} is no column", member + 1);
                return Err(Problem::usage(detail, shown));
            };
            let value = value.as_ref().map(|value| value.as_str()).filter(|v| !v.is_empty());
            let treated = plan.columns.get(column);
            if matches!(treated, Some(ColumnPlan::Clear { .. })) {
                let what = "is an open column, whose values are not kept here";
                return Err(self.fault(at, Some(column), what, "leave it out"));
            }
            let sealed = treated.is_some_and(|plan| plan.field().is_some());
            if sealed && value.is_some_and(|value| is_spelt_as_token(value.trim())) {
                let remedy = "send the value itself; what was sealed already needs no sealing";
                return Err(self.fault(at, Some(column), "holds a token, not a value", remedy));
            }
            row.cells.push((column, value));
        }
        row.cells.sort_by_key(|(column, _)| *column);
        if let Some(twice) = row.cells.windows(2).find_map(|two| match two {
            [(one, _), (other, _)] if one == other => Some(*one),
            _ => None,
        }) {
            return Err(self.fault(at, Some(twice), "is named twice", "name each column once"));
        }
        if let Some(column) = plan.key {
            let cell = row.cells.iter().find(|(named, _)| *named == column);
            row.key = cell.and_then(|(_, value)| key_of((*value)?));
            if row.key.is_none() {
                let what = "is the key of the collection, and holds none";
                let remedy = "give each record its key: at most 256 bytes, nothing hidden in it";
                return Err(self.fault(at, Some(column), what, remedy));
            }
        }
        Ok(row)
    }

    fn fault(&self, at: usize, column: Option<usize>, what: &str, remedy: &str) -> Problem {
        let column = column.and_then(|column| self.schema.columns.get(column));
        let name = column.map_or("", |column| column.name.as_str());
        Problem::usage(format!("records[{at}]: `{name}` {what}"), remedy)
    }
}

/// Each password takes as long as trying one, on a thread that others wait for.
fn few_passwords(rows: &[Row<'_>], plan: &Plan) -> Result<(), Problem> {
    let verified = |column| matches!(plan.columns.get(column), Some(ColumnPlan::Verify(_)));
    let cells = rows.iter().flat_map(|row| &row.cells);
    let count = cells.filter(|(column, value)| value.is_some() && verified(*column)).count();
    if count <= PASSWORDS_MAX {
        return Ok(());
    }
    let detail = format!("more than {PASSWORDS_MAX} passwords in one request");
    Err(Problem::usage(detail, "send fewer records at a time; `strongroom seal` takes a file"))
}

/// Holds the keys, which stay in clear elsewhere, to what their column was left open as.
fn guard(rows: &[Row<'_>], names: &Names<'_, '_>, plan: &Plan) -> Result<(), Problem> {
    let Some(column) = plan.key else { return Ok(()) };
    let columns: Vec<String> = names.schema.columns.iter().map(|c| c.name.clone()).collect();
    let mut guard = Guard::new(&columns, names.schema);
    for (at, row) in (0..).zip(rows) {
        guard.observe(column, at, row.key.unwrap_or_default());
    }
    let Some(breach) = guard.breaches().into_iter().next() else { return Ok(()) };
    let what = format!("was left open as {}, and holds something else", breach.left_open_as);
    let at = usize::try_from(breach.line).unwrap_or_default();
    let remedy = "a key stays in clear: use the application's own number; or give the column's \
                  `key` a reason in your own words";
    Err(names.fault(at, Some(breach.column), &what, remedy))
}

/// The fields of which something was sealed that is known by a token or by its key; passwords are
/// not, nor what is dropped.
pub fn fields(plan: &Plan, rows: &[Row<'_>]) -> BTreeSet<u16> {
    let columns = rows.iter().flat_map(|row| row.cells.iter().map(|(column, _)| *column));
    let columns: BTreeSet<usize> = columns.collect();
    let field = |column: usize| match plan.columns.get(column)? {
        ColumnPlan::Seal(field) | ColumnPlan::Key { field, .. } => Some(field.number.0),
        ColumnPlan::Verify(_) | ColumnPlan::Drop(_) | ColumnPlan::Clear { .. } => None,
    };
    columns.into_iter().filter_map(field).collect()
}

/// A record that the batch did not take.
pub fn unsealable(at: usize) -> Problem {
    Problem::internal(format!("records[{at}] could not be sealed; nothing was"))
}
