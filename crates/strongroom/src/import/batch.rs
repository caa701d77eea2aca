//! A batch: rows read, in a few arenas that are used again, so that a row costs no allocation.

use std::fmt;

use super::error::{BadRow, Reason};

/// Rows and bad rows, in the order of the file. Made by [`super::Reader::read_batch`]; can be sent
/// to another thread. It holds cleartext: `Debug` shows counts only.
#[derive(Default)]
pub struct Batch {
    /// Rows as they stand in the file, each after the blank lines before it.
    pub(super) raw: String,
    /// Values that do not stand in `raw` as they are.
    pub(super) text: String,
    /// The cells of all rows, `columns` a row.
    pub(super) cells: Vec<Span>,
    /// For JSON Lines: the columns of all rows in the order their members stand in.
    pub(super) order: Vec<u32>,
    pub(super) rows: Vec<Place>,
    pub(super) bad: Vec<BadRow>,
    pub(super) tail: String,
    pub(super) columns: usize,
}

/// Where a cell stands. Offsets into `raw`, and for the value into `raw` or `text`.
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) value_start: u32,
    pub(super) value_end: u32,
    pub(super) kind: Kind,
    /// Whether the value stands in `text`.
    pub(super) moved: bool,
}

/// What a cell is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Missing,
    Null,
    Literal,
    Plain,
    Quoted,
}

/// Where a row stands: offsets into the arenas, and its place in the file.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    /// Where the blank lines before it begin.
    pub(super) blank: u32,
    pub(super) end: u32,
    pub(super) order: (u32, u32),
    pub(super) file_line: u64,
    pub(super) file_start: u64,
    pub(super) file_end: u64,
}

impl Batch {
    /// An empty batch, to be filled again and again.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows it holds.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// One of its rows, counted from 0.
    pub fn row(&self, index: usize) -> Option<RowView<'_>> {
        let place = self.rows.get(index)?;
        let first = index * self.columns;
        let cells = self.cells.get(first..first + self.columns)?;
        Some(RowView { batch: self, place, cells })
    }

    /// Its rows, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = RowView<'_>> {
        (0..self.rows()).filter_map(|index| self.row(index))
    }

    /// The bytes of its rows as they stand in the file, with the blank lines before each.
    pub fn bytes(&self) -> &[u8] {
        self.raw.as_bytes()
    }

    /// The stretches between its rows that could not be read.
    pub fn bad(&self) -> &[BadRow] {
        &self.bad
    }

    /// Blank lines at the end of the file; empty in every batch but the last. For
    /// [`super::Writer::finish`].
    pub fn tail(&self) -> &[u8] {
        self.tail.as_bytes()
    }

    /// Takes out rows for the reason that `judge` gives.
    pub fn leave_out(&mut self, judge: impl FnMut(RowView<'_>) -> Option<Reason>) {
        let reasons: Vec<_> = self.iter().map(judge).collect();
        if reasons.iter().all(Option::is_none) {
            return;
        }
        let stays = |row: usize| reasons.get(row).is_some_and(Option::is_none);
        for (place, reason) in self.rows.iter().zip(&reasons) {
            let Place { file_line: line, file_start: start, file_end: end, .. } = *place;
            self.bad.extend(reason.map(|reason| BadRow { line, start, end, reason }));
        }
        self.bad.sort_by_key(|bad| bad.start);
        let columns = self.columns.max(1);
        let (mut row, mut cell) = (0, 0);
        self.rows.retain(|_| {
            row += 1;
            stays(row - 1)
        });
        self.cells.retain(|_| {
            cell += 1;
            stays((cell - 1) / columns)
        });
    }

    pub(super) fn clear(&mut self, columns: usize) {
        self.raw.clear();
        self.text.clear();
        self.cells.clear();
        self.order.clear();
        self.rows.clear();
        self.bad.clear();
        self.tail.clear();
        self.columns = columns;
    }

    /// Takes back what a row left that turned out bad.
    pub(super) fn rewind(&mut self, mark: &Mark) {
        self.raw.truncate(mark.raw);
        self.text.truncate(mark.text);
        self.cells.truncate(mark.cells);
        self.order.truncate(mark.order);
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            raw: self.raw.len(),
            text: self.text.len(),
            cells: self.cells.len(),
            order: self.order.len(),
        }
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Batch {{ rows: {}, bad: {} }}", self.rows.len(), self.bad.len())
    }
}

/// The lengths of a batch's arenas before a row.
pub(super) struct Mark {
    pub(super) raw: usize,
    pub(super) text: usize,
    pub(super) cells: usize,
    pub(super) order: usize,
}

/// One row of a batch.
#[derive(Clone, Copy)]
pub struct RowView<'a> {
    batch: &'a Batch,
    place: &'a Place,
    cells: &'a [Span],
}

impl<'a> RowView<'a> {
    /// The line it begins on, counted from 1.
    pub fn line(&self) -> u64 {
        self.place.file_line
    }

    /// The offset of its first byte in the file, after blank lines.
    pub fn start(&self) -> u64 {
        self.place.file_start
    }

    /// The offset after its last byte, line end included.
    pub fn end(&self) -> u64 {
        self.place.file_end
    }

    /// How many cells it has: as many as there are columns.
    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    /// The cell of a column, by its place in [`super::Reader::columns`]. Absent if there is no such
    /// column.
    pub fn cell(&self, column: usize) -> Cell<'a> {
        let span = self.cells.get(column).copied().unwrap_or_default();
        let arena = if span.moved { &self.batch.text } else { &self.batch.raw };
        let range = span.value_start as usize..span.value_end as usize;
        Cell {
            value: arena.get(range).unwrap_or_default(),
            quoted: span.kind == Kind::Quoted,
            literal: span.kind == Kind::Literal,
            absent: matches!(span.kind, Kind::Missing | Kind::Null),
        }
    }

    /// Whether an object has no member for a column.
    pub fn lacks(&self, column: usize) -> bool {
        self.cells.get(column).is_none_or(|span| span.kind == Kind::Missing)
    }

    /// How a cell stands in the file, where that is not how its value would be written.
    pub fn spelling(&self, column: usize) -> Option<&'a str> {
        // A value that was not moved stands there as it is, in quotes or without.
        let span = self.cells.get(column).filter(|span| span.moved)?;
        let raw = self.batch.raw.get(span.start as usize..span.end as usize)?;
        let value = self.cell(column).value;
        let is_json = !self.order().is_empty();
        let written = if is_json { is_json_of(raw, value) } else { is_quoted_of(raw, value) };
        (!written).then_some(raw)
    }

    /// The row as it stands in the file, after the blank lines before it.
    pub fn raw(&self) -> &'a [u8] {
        let range = self.place.blank as usize..self.place.end as usize;
        self.batch.raw.as_bytes().get(range).unwrap_or_default()
    }

    /// Where a cell stands in [`Self::raw`].
    pub(super) fn span(&self, column: usize) -> Option<(usize, usize)> {
        let span = self.cells.get(column).filter(|span| span.kind != Kind::Missing)?;
        let from = self.place.blank;
        Some((span.start.checked_sub(from)? as usize, span.end.checked_sub(from)? as usize))
    }

    /// The columns of a row of JSON Lines in the order its members stand in.
    pub(super) fn order(&self) -> &'a [u32] {
        let (start, end) = self.place.order;
        self.batch.order.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// Whether `raw` is the value in quotes, its own quotes doubled.
fn is_quoted_of(raw: &str, value: &str) -> bool {
    let inner = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
    let Some(inner) = inner else { return false };
    if inner.len() == value.len() {
        return inner == value && !value.contains('"');
    }
    let doubled = value.bytes().flat_map(|b| std::iter::repeat_n(b, 1 + usize::from(b == b'"')));
    doubled.eq(inner.bytes())
}

/// Whether `raw` is the value as a JSON string, escaped as little as can be.
fn is_json_of(raw: &str, value: &str) -> bool {
    serde_json::to_string(value).is_ok_and(|written| written == raw)
}

/// One cell of a row. No `Debug`: it is cleartext.
#[derive(Clone, Copy)]
pub struct Cell<'a> {
    /// The value, without quotes and escapes.
    pub value: &'a str,
    /// Whether it stands in quotes: a quoted cell, a JSON string.
    pub quoted: bool,
    /// Whether `value` is the text of a JSON number, boolean, array or object.
    pub literal: bool,
    /// Whether there is no value: JSON `null`, or no such member.
    pub absent: bool,
}
