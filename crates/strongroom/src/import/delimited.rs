//! Rows of CSV and TSV, through `csv-core`, which says for each cell how many bytes it consumed:
//! that is where the cell stands in the file, quotes and all.
//!
//! How a quote that is never closed is contained. Such a quote makes one cell of all lines up to
//! the next quote, or to the end. It is noticed at the latest after [`Limits::cell_bytes_max`], at
//! the end of the file, or when the quote that closes the cell stands in the middle of a later
//! line's cell, which a well-formed cell cannot have. Then the row is bad up to the end of the line
//! on which that *cell* began (a row may have earlier cells with line breaks of their own), and
//! reading resumes on the next line. So a stray quote costs one row and the lines it swallowed are
//! read again, and what is left out lies within the bad row's range. The price: a well-formed cell
//! above the limit loses its first line as a bad row, and its later lines are read as rows, nearly
//! all of them bad by their number of cells. A cell on one line with text after its closing quote
//! (`"a"b`) is kept as it is.
//!
//! Reading again costs at most the same once more: a cell that was not closed holds doubled quotes
//! only, and on a line of those no cell stays open.

use std::io::{self, Read};

use csv_core::ReadFieldResult;

use super::batch::{Batch, Kind, Span};
use super::error::Reason;
use super::limits::Limits;
use super::window::{Window, count_line_ends};

/// What stands at the window's first byte, which is no line end.
pub(super) enum Found {
    /// A row: its cells are in the batch, its bytes are not.
    Row(Row),
    /// No row: the reason, and where in the window the cell begins at which it was noticed.
    Fault { reason: Reason, cell: usize },
}

/// A row found.
#[derive(Default)]
pub(super) struct Row {
    /// Bytes, line end included.
    pub(super) length: usize,
    /// Cells, those not kept included.
    pub(super) count: usize,
    /// Whether any cell is quoted, so that line breaks are possible.
    pub(super) quoted: bool,
    /// Whether a quoted cell is not UTF-8.
    pub(super) undecodable: bool,
}

/// The state of the parser between rows.
pub(super) struct Delimited {
    core: Box<csv_core::Reader>,
    /// One unescaped cell: a byte longer than a cell may be.
    scratch: Vec<u8>,
    row_bytes_max: usize,
}

impl Delimited {
    pub(super) fn new(delimiter: u8, limits: &Limits) -> Self {
        let core = Box::new(csv_core::ReaderBuilder::new().delimiter(delimiter).build());
        let mut delimited = Self {
            core,
            scratch: vec![0; limits.cell_bytes_max.saturating_add(1)],
            row_bytes_max: limits.row_bytes_max,
        };
        delimited.restart();
        delimited
    }

    /// Forgets what was read of a row.
    pub(super) fn restart(&mut self) {
        self.core.reset();
        // A fresh csv-core drops a byte order mark at its first call. Ours is gone already, and one
        // in the middle of a file is text: an empty line uses that first call up.
        let _ = self.core.read_field(b"\n", &mut [0]);
    }

    /// Reads the row at the window's first byte, and puts its first `keep` cells into the batch, as
    /// if the row's bytes came next in its arena.
    pub(super) fn read_row<R: Read>(
        &mut self,
        window: &mut Window<R>,
        batch: &mut Batch,
        keep: usize,
    ) -> io::Result<Found> {
        let base = batch.raw.len();
        let mut row = Row::default();
        let mut start = 0;
        loop {
            let cell = match self.read_cell(window, start)? {
                Ok(cell) => cell,
                Err(fault) => return Ok(fault_at(&fault, window, start)),
            };
            let raw = window.bytes().get(start..cell.end).unwrap_or_default();
            let value = self.scratch.get(..cell.written).unwrap_or_default();
            let quoted = raw.first() == Some(&b'"');
            if quoted && has_line_end(raw) && !is_well_formed(raw, value) {
                return Ok(fault_at(&Fault::Unclosed, window, start));
            }
            row.quoted |= quoted;
            if row.count < keep {
                let value = quoted.then_some(value);
                row.undecodable |= push(batch, base + start, raw.len(), value).is_err();
            }
            row.count += 1;
            start = cell.next;
            if cell.last {
                let pair = window.bytes().get(cell.end) == Some(&b'\r')
                    && window.peek(cell.next)? == Some(b'\n');
                row.length = cell.next + usize::from(pair);
                return Ok(Found::Row(row));
            }
        }
    }

    /// Reads one cell into `scratch`.
    fn read_cell<R: Read>(
        &mut self,
        window: &mut Window<R>,
        start: usize,
    ) -> io::Result<Result<CellEnd, Fault>> {
        // Stops at the limit whatever the window holds: the outcome must not depend on how the
        // input was cut into reads.
        let row_end = self.row_bytes_max.saturating_add(1);
        let (mut cursor, mut written) = (start, 0);
        loop {
            if cursor >= row_end {
                return Ok(Err(Fault::RowTooLong));
            }
            let ended = cursor >= window.bytes().len();
            if ended && window.more()? {
                continue;
            }
            let held = window.bytes();
            let input = match ended {
                // At the end a line end is made up: within a quote it is text, everywhere else it
                // ends the row. csv-core itself would not say which.
                true => b"\n",
                false => held.get(cursor..held.len().min(row_end)).unwrap_or_default(),
            };
            let output = self.scratch.get_mut(written..).unwrap_or_default();
            let (result, read, wrote) = self.core.read_field(input, output);
            written += wrote;
            let end = cursor + read - usize::from(read > 0);
            cursor += if ended { 0 } else { read };
            match result {
                ReadFieldResult::Field { record_end: last } => {
                    return Ok(Ok(CellEnd { end, next: cursor, written, last }));
                }
                _ if ended => return Ok(Err(Fault::Unclosed)),
                _ if written >= self.scratch.len() => {
                    return Ok(Err(Fault::CellTooLong { cursor }));
                }
                _ => {}
            }
        }
    }
}

/// Where a cell ends.
struct CellEnd {
    /// After its last byte.
    end: usize,
    /// After the delimiter, or the first byte of the line end.
    next: usize,
    /// The length of its value in `scratch`.
    written: usize,
    /// Whether it is the row's last.
    last: bool,
}

/// Why a cell has no end.
enum Fault {
    Unclosed,
    CellTooLong {
        /// How far it was read.
        cursor: usize,
    },
    RowTooLong,
}

fn fault_at<R: Read>(fault: &Fault, window: &Window<R>, cell: usize) -> Found {
    let bytes = window.bytes();
    let line = window.line_number() + count_line_ends(bytes.get(..cell).unwrap_or_default());
    let reason = match fault {
        Fault::Unclosed => Reason::UnclosedQuote { line },
        Fault::RowTooLong => Reason::RowTooLong,
        Fault::CellTooLong { cursor } => {
            let read = bytes.get(cell..*cursor).unwrap_or_default();
            match read.first() == Some(&b'"') && has_line_end(read) {
                true => Reason::UnclosedQuote { line },
                false => Reason::CellTooLong { line },
            }
        }
    };
    Found::Fault { reason, cell }
}

fn has_line_end(bytes: &[u8]) -> bool {
    bytes.contains(&b'\n') || bytes.contains(&b'\r')
}

/// Whether a quoted cell ends with its closing quote (spaces may follow), and has no other single
/// one.
pub(super) fn is_well_formed(raw: &[u8], value: &[u8]) -> bool {
    let spaces = raw.iter().rev().take_while(|byte| **byte == b' ').count();
    let inner = || {
        let quoted = raw.get(..raw.len().checked_sub(spaces)?)?;
        let inner = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        Some((inner, value.get(..value.len().checked_sub(spaces)?)?))
    };
    let Some((inner, value)) = inner() else {
        return false;
    };
    // Written the way it should be, the value is what stands there.
    let written =
        value.iter().flat_map(|byte| std::iter::repeat_n(byte, 1 + usize::from(*byte == b'"')));
    written.eq(inner)
}

/// Keeps a cell. A quoted one is unescaped already; fails if that is not UTF-8.
fn push(
    batch: &mut Batch,
    start: usize,
    length: usize,
    value: Option<&[u8]>,
) -> Result<(), std::str::Utf8Error> {
    let place = |start: usize, length: usize| (start as u32, (start + length) as u32);
    let (start, end) = place(start, length);
    let (value_start, value_end) = match value {
        None => (start, end),
        Some(value) => {
            let at = batch.text.len();
            batch.text.push_str(std::str::from_utf8(value)?);
            place(at, value.len())
        }
    };
    let (kind, moved) = match value {
        None => (Kind::Plain, false),
        Some(_) => (Kind::Quoted, true),
    };
    batch.cells.push(Span { start, end, value_start, value_end, kind, moved });
    Ok(())
}
