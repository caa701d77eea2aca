//! Open columns, held to what they were left open as over every cell, before anything is sealed.
//!
//! The check reads the whole input once more: a cell in clear cannot be taken back. It names
//! columns, lines and counts, never a value.

use strongroom_core::schema::{Breach, Guard, Proposal, Schema};

use super::input::{Input, bad_file};
use crate::import::Batch;
use crate::problem::Problem;

/// Seals as text what was proposed open and does not hold over the whole file.
///
/// # Errors
/// A [`Problem`] when the file cannot be read.
pub fn hold_proposal(input: &Input, proposal: &mut Proposal) -> Result<(), Problem> {
    let (rows, breaches) = check(input, &proposal.schema())?;
    proposal.rows_checked = rows;
    for breach in breaches {
        if let Some(column) = proposal.columns.get_mut(breach.column) {
            column.seal_as_text(format!("{}: not left clear", what(&breach)));
        }
    }
    Ok(())
}

/// Refuses an input whose open columns hold what the schema did not leave them open for.
///
/// # Errors
/// A [`Problem`] that names each such column, what is in it, how often, and the first line.
pub fn refuse_breaches(input: &Input, schema: &Schema) -> Result<(), Problem> {
    refuse(input, &check(input, schema)?.1, "nothing was sealed")
}

fn refuse(input: &Input, breaches: &[Breach], done: &str) -> Result<(), Problem> {
    if breaches.is_empty() {
        return Ok(());
    }
    let named = |breach: &Breach| {
        let name = input.columns.get(breach.column).map_or("", String::as_str);
        format!("`{name}` was left open as {}: {}", breach.left_open_as, what(breach))
    };
    let columns: Vec<String> = breaches.iter().map(named).collect();
    let detail = format!("{}: {}", input.path.display(), columns.join("; "));
    let remedy = format!(
        "seal the column in the schema (`type = \"text\"`), or give a reason in your own words to \
         `clear` if those cells may stand in clear; {done}"
    );
    Err(Problem::usage(detail, remedy))
}

/// Looks at every cell of the columns that are held to a reason; says over how many rows.
fn check(input: &Input, schema: &Schema) -> Result<(u64, Vec<Breach>), Problem> {
    let mut watch = Watch::new(input, schema);
    if watch.columns.is_empty() {
        return Ok((0, Vec::new()));
    }
    let mut reader = input.look()?;
    let mut batch = Batch::new();
    let mut more = true;
    while more {
        let next = reader.read_batch(super::BATCH_ROWS, &mut batch);
        more = next.map_err(|e| bad_file(&input.path, &e))?;
        watch.observe(&batch);
    }
    Ok((watch.rows, watch.guard.breaches()))
}

/// The columns that are held to a reason, while rows go by. Of a stream nobody can look at all
/// rows first: it is watched while it is sealed, and stopped before the batch that breaches is.
pub struct Watch {
    guard: Guard,
    columns: Vec<usize>,
    rows: u64,
}

impl Watch {
    /// Watches what this schema leaves open.
    pub fn new(input: &Input, schema: &Schema) -> Self {
        let guard = Guard::new(&input.columns, schema);
        let columns = guard.columns();
        Self { guard, columns, rows: 0 }
    }

    fn observe(&mut self, batch: &Batch) {
        for row in batch.iter() {
            self.rows += 1;
            for column in &self.columns {
                let cell = row.cell(*column);
                if !cell.absent {
                    self.guard.observe(*column, row.line(), cell.value);
                }
            }
        }
    }

    /// Looks at the next rows.
    ///
    /// # Errors
    /// A [`Problem`] when they, with those before, hold what the schema did not leave open.
    pub fn pass(&mut self, input: &Input, batch: &Batch) -> Result<(), Problem> {
        if self.columns.is_empty() {
            return Ok(());
        }
        self.observe(batch);
        refuse(input, &self.guard.breaches(), "the rows before are sealed, there is no copy")
    }
}

/// What is in a column that should not be, with the first line.
fn what(breach: &Breach) -> String {
    let mut parts = Vec::new();
    if breach.misfits > 0 {
        parts.push(format!("{} cells do not fit that", breach.misfits));
    }
    let found = breach.found.iter();
    parts.extend(found.map(|(kind, count)| format!("{count} hold {}", kind.name())));
    if let Some(likely) = breach.likely {
        let (count, of, kind) = (likely.count, likely.of, likely.kind.name());
        parts.push(format!("{count} of {of} cells in a row look like {kind}"));
    }
    format!("{}, first on line {}", parts.join(", "), breach.line)
}
