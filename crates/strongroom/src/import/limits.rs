//! What import holds in memory at most.

use super::batch::Batch;

/// What a reader holds at most. Memory is bounded by these alone, whatever the length of the file.
/// Lengths above 512 MiB count as 512 MiB.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A cell's value.
    pub cell_bytes_max: usize,
    /// A row of CSV.
    pub row_bytes_max: usize,
    /// A line of JSON Lines.
    pub line_bytes_max: usize,
    /// Blank lines carried along to the next row.
    pub blank_bytes_max: usize,
    /// A batch is handed over early once its rows hold this much.
    pub batch_bytes_max: usize,
    /// A batch is handed over early once its rows have this many cells, or it has as many bad rows.
    pub batch_cells_max: usize,
    /// Columns of CSV.
    pub columns_max: usize,
    /// Different member names of JSON Lines.
    pub members_max: usize,
    /// The length of a member name of JSON Lines.
    pub member_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cell_bytes_max: 1 << 20,
            row_bytes_max: 16 << 20,
            line_bytes_max: 8 << 20,
            blank_bytes_max: 1 << 20,
            batch_bytes_max: 8 << 20,
            batch_cells_max: 1 << 20,
            columns_max: 16_384,
            members_max: 1_024,
            member_bytes_max: 1_024,
        }
    }
}

impl Limits {
    // INVARIANT: a batch's arenas hold at most a full batch, the blank lines before a row, and a
    // row, so offsets into them fit into 32 bits.
    pub(super) fn clamped(self) -> Self {
        const BYTES_MAX: usize = 512 << 20;
        Self {
            cell_bytes_max: self.cell_bytes_max.min(BYTES_MAX),
            row_bytes_max: self.row_bytes_max.min(BYTES_MAX),
            line_bytes_max: self.line_bytes_max.min(BYTES_MAX),
            blank_bytes_max: self.blank_bytes_max.min(BYTES_MAX),
            batch_bytes_max: self.batch_bytes_max.min(BYTES_MAX),
            ..self
        }
    }

    /// Whether a batch takes no further row.
    pub(super) fn is_full(&self, batch: &Batch, rows_max: usize) -> bool {
        let entries = batch.rows.len() + batch.bad.len();
        // One row at least, or reading would not get on.
        entries > 0
            && (entries >= rows_max
                || batch.raw.len() >= self.batch_bytes_max
                || batch.cells.len() >= self.batch_cells_max
                || batch.bad.len() >= self.batch_cells_max)
    }
}
