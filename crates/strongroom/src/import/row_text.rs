//! A row of CSV that is made from one of another format: fixed width, an SQL dump.
//!
//! Null is an empty cell, an empty text one in quotes, as PostgreSQL writes CSV: what was apart
//! stays apart.

use super::batch::{Batch, Kind, Span};
use super::error::Reason;

/// The values of a row under way, in any order.
#[derive(Default)]
pub(super) struct RowText {
    /// Their text, one after the other.
    pub(super) text: String,
    /// By column: where it begins in `text`, where it ends, and what it is.
    cells: Vec<Option<(usize, usize, Value)>>,
    /// Which columns have been put.
    known: Vec<bool>,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// Text: empty, it stands in quotes.
    Text,
    /// Anything else: empty, it is an empty cell.
    Bare,
}

impl RowText {
    /// Begins a row.
    pub(super) fn begin(&mut self, columns: usize) {
        self.text.clear();
        self.cells.clear();
        self.cells.resize(columns, None);
        self.known.clear();
        self.known.resize(columns, false);
    }

    /// Puts the value that begins at a place of `text` and goes to its end; none is null.
    pub(super) fn put(
        &mut self,
        column: usize,
        value: Option<(usize, Value)>,
    ) -> Result<(), Reason> {
        let end = self.text.len();
        let cell = self.cells.get_mut(column).zip(self.known.get_mut(column));
        let (cell, known) = cell.ok_or(Reason::UnknownMember)?;
        if std::mem::replace(known, true) {
            return Err(Reason::DuplicateMember);
        }
        *cell = value.map(|(start, value)| (start, end, value));
        Ok(())
    }

    /// Writes the row into a batch, as a line of CSV.
    pub(super) fn write(&self, batch: &mut Batch) -> Result<(), Reason> {
        if self.text.contains('\0') {
            return Err(Reason::ControlCharacter);
        }
        for (column, cell) in self.cells.iter().enumerate() {
            if column > 0 {
                batch.raw.push(',');
            }
            let start = batch.raw.len() as u32;
            let Some((from, to, value)) = *cell else {
                let span = Span {
                    start,
                    end: start,
                    value_start: start,
                    value_end: start,
                    ..Span::default()
                };
                batch.cells.push(Span { kind: Kind::Null, ..span });
                continue;
            };
            let text = self.text.get(from..to).unwrap_or_default();
            let quoted = push_cell(&mut batch.raw, text, value == Value::Text);
            let end = batch.raw.len() as u32;
            let mut span =
                Span { start, end, value_start: start, value_end: end, ..Span::default() };
            span.kind = Kind::Plain;
            if quoted {
                (span.kind, span.moved) = (Kind::Quoted, true);
                span.value_start = batch.text.len() as u32;
                batch.text.push_str(text);
                span.value_end = batch.text.len() as u32;
            }
            batch.cells.push(span);
        }
        batch.raw.push('\n');
        Ok(())
    }
}

/// Adds a cell to a line, in quotes where it needs them; whether it has them.
fn push_cell(line: &mut String, text: &str, is_text: bool) -> bool {
    let needed = text.contains(['"', ',', '\n', '\r']) || (text.is_empty() && is_text);
    if !needed {
        line.push_str(text);
        return false;
    }
    line.push('"');
    for (at, part) in text.split('"').enumerate() {
        if at > 0 {
            line.push_str("\"\"");
        }
        line.push_str(part);
    }
    line.push('"');
    true
}

/// A header of CSV with these names.
pub(super) fn header<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let mut line = String::new();
    for (at, name) in names.enumerate() {
        if at > 0 {
            line.push(',');
        }
        push_cell(&mut line, name, true);
    }
    line.push('\n');
    line
}
