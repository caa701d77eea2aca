//! Proposing a schema from a file's header line and a sample of its rows.
//!
//! The sample is read once and in bounded memory: counts a column, never a value. What is kept of
//! a value are a few hashes, which die with the proposer.

use super::decide;
use super::header::Hints;
use super::proposal::Proposal;
use super::sample::Sample;

/// Gathers what a proposal needs. Feed it row by row.
pub struct Proposer {
    columns: Vec<(String, Sample)>,
    rows: u64,
}

impl Proposer {
    /// Starts with the header line.
    #[must_use]
    pub fn new(headers: &[String]) -> Self {
        let columns = headers.iter().map(|name| (name.clone(), Sample::default())).collect();
        Self { columns, rows: 0 }
    }

    /// Takes note of one cell. Columns beyond the header line are ignored.
    pub fn observe(&mut self, column: usize, value: &str) {
        if let Some((_, sample)) = self.columns.get_mut(column) {
            sample.observe(value);
        }
    }

    /// Ends a row.
    pub fn end_row(&mut self) {
        self.rows += 1;
    }

    /// Decides on every column.
    #[must_use]
    pub fn finish(self) -> Proposal {
        let hints: Vec<Hints> = self.columns.iter().map(|(name, _)| Hints::of(name)).collect();
        // A short code beside a card is likely its security code.
        let beside_card = self
            .columns
            .iter()
            .zip(&hints)
            .any(|((_, sample), hints)| hints.names_card() || sample.holds_cards());
        let columns = self
            .columns
            .into_iter()
            .zip(hints)
            .map(|((name, sample), hints)| decide::column(name, &hints, &sample, beside_card))
            .collect();
        Proposal { rows_sampled: self.rows, columns }
    }
}
