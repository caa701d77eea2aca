//! What a seal answers: counts, places and columns, never a value.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use strongroom_core::access::seal::SealCounts;
use strongroom_core::field::Tally;
use strongroom_core::id::JobId;
use strongroom_core::schema::{Proposal, is_plainly_personal};

use super::clear::ClearCopy;
use super::plan;
use super::shred::Shred;
use crate::import::{BadRow, RowView};

/// What was done.
pub struct SealReport {
    /// The job; of none that only judges, since its id would say whether this very file was sealed.
    pub job: Option<JobId>,
    /// Rows that could be read.
    pub rows: u64,
    /// Records added by this run.
    pub added: u64,
    /// Whether rows are known by a key.
    pub keyed: bool,
    /// Records that were there, and that this run changed.
    pub updated: u64,
    /// Rows that could not be read.
    pub quarantined: u64,
    /// Where and why, the first 100,000 of them.
    pub bad: Vec<BadRow>,
    /// Counts of what was sealed.
    pub counts: Totals,
    /// The tokenised file.
    pub out: PathBuf,
    /// How the file was read.
    pub read: Value,
    /// The proposal, when the schema was proposed by this run.
    pub proposal: Option<Proposal>,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Column of each field number, for naming unusual values.
    pub columns: BTreeMap<u16, String>,
    /// The columns left open.
    pub open: Vec<String>,
    /// Cells of open columns that are plainly a person's, by column's name.
    pub exposed: BTreeMap<String, u64>,
    /// What is left in clear: the input, unless it was shredded, and likely copies beside it.
    pub clear: Vec<ClearCopy>,
    /// What became of the input.
    pub shred: Shred,
}

/// Counts over a whole job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Sealed values.
    pub sealed: SealCounts,
    /// Cells dropped, by type.
    pub dropped: Tally,
    /// Cells of open columns that are plainly a person's, by column.
    pub exposed: BTreeMap<usize, u64>,
}

impl SealReport {
    /// The answer of the contract, without the time taken.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let values: BTreeMap<_, _> = self.counts.sealed.by_type().collect();
        let dropped: BTreeMap<_, _> = self.counts.dropped_by_type().collect();
        let clear: Vec<_> = self.clear.iter().map(|c| c.path.to_string_lossy()).collect();
        json!({
            "clear": clear,
            "shredded": self.shred == Shred::Done,
            "job": self.job.map(|job| job.to_string()),
            "rows": self.rows,
            "changed": self.added + self.updated,
            "added": self.added,
            "updated": self.updated,
            "quarantined": self.quarantined,
            "unusual": self.counts.sealed.unusual(),
            "dropped": dropped,
            "values": values,
            "open": self.open,
            "exposed": self.exposed,
            "out": self.out,
            "read": self.read,
        })
    }

    /// What `--report` writes beside the answer: places and reasons, columns and counts.
    #[must_use]
    pub fn details(&self) -> Value {
        let bad: Vec<Value> = self
            .bad
            .iter()
            .map(|b| {
                json!({"line": b.line, "start": b.start, "end": b.end,
                       "reason": b.reason.name(), "detail": b.reason.to_string()})
            })
            .collect();
        let unusual: BTreeMap<&str, u64> = self
            .counts
            .sealed
            .unusual
            .iter()
            .filter_map(|(n, count)| Some((self.columns.get(n)?.as_str(), *count)))
            .collect();
        let clear: Vec<Value> = self.clear.iter().map(ClearCopy::to_json).collect();
        json!({
            "clear_copies": clear,
            "quarantine": bad,
            "unusual_by_column": unusual,
            "proposal": self.proposal.as_ref().map(Proposal::to_json),
        })
    }
}

impl Totals {
    /// Counts what is not sealed of a row: dropped cells, and open ones that look personal.
    pub(super) fn note_row(&mut self, columns: &[plan::ColumnPlan], row: RowView<'_>) {
        for (i, plan) in columns.iter().enumerate() {
            let cell = row.cell(i);
            if cell.absent || cell.value.is_empty() {
                continue;
            }
            match plan {
                plan::ColumnPlan::Drop(kind) => self.dropped.note(*kind),
                plan::ColumnPlan::Clear { held } | plan::ColumnPlan::Key { held, .. }
                    if is_exposed(cell.value, *held) =>
                {
                    *self.exposed.entry(i).or_default() += 1;
                }
                plan::ColumnPlan::Clear { .. }
                | plan::ColumnPlan::Key { .. }
                | plan::ColumnPlan::Seal(_)
                | plan::ColumnPlan::Verify(_) => {}
            }
        }
    }

    /// Cells dropped, by type's name.
    pub fn dropped_by_type(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.dropped.by_type()
    }
}

/// Whether a cell of an open column is plainly a person's. Where the column is held to its reason,
/// bare numbers were judged together before: one long number in ten is a card by chance.
fn is_exposed(value: &str, held: bool) -> bool {
    let bare = || value.trim().bytes().all(|b| b.is_ascii_digit());
    is_plainly_personal(value) && !(held && bare())
}
