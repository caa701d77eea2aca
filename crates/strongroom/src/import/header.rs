//! What stands before the first row: the byte order mark, and the header of a CSV.

use std::io::Read;

use super::batch::{Batch, Place};
use super::delimited::{Delimited, Found, is_well_formed};
use super::error::{ReadError, Reason};
use super::format::{BOM, refuse};
use super::limits::Limits;
use super::names;
use super::sniff;
use super::window::{Window, count_line_ends};

/// Reads a byte order mark, if there is one. Refuses what is no text by its first bytes.
pub(super) fn read_mark<R: Read>(window: &mut Window<R>) -> Result<Vec<u8>, ReadError> {
    // As many bytes as the longest magic number needs.
    window.peek(7)?;
    refuse(window.bytes())?;
    if !window.bytes().starts_with(BOM) {
        return Ok(Vec::new());
    }
    window.consume(BOM.len(), 0);
    Ok(BOM.to_vec())
}

/// Reads the header of a CSV, adds its bytes to `raw`, and names the columns. One that is not
/// `named` has no header: its first row is looked at for its number of cells, and stays.
pub(super) fn read<R: Read>(
    window: &mut Window<R>,
    raw: &mut Vec<u8>,
    (delimiter, named): (u8, bool),
    limits: &Limits,
) -> Result<(Delimited, Vec<String>), ReadError> {
    if !delimiter.is_ascii() || b"\"\r\n\0".contains(&delimiter) {
        return Err(ReadError::DelimiterUnfit);
    }
    let mut rows = Delimited::new(delimiter, limits);
    // Blank lines before the header belong to it.
    while let Some(length) = window.line_end()? {
        if raw.len() + length > limits.blank_bytes_max {
            return Err(ReadError::Header { reason: Reason::BlankLines });
        }
        take(window, raw, length);
    }
    // So does a line that says the delimiter.
    window.peek(6)?;
    if sniff::said(window.bytes()) == Some(delimiter) {
        let end =
            if window.peek(5)? == Some(b'\r') && window.peek(6)? == Some(b'\n') { 7 } else { 6 };
        take(window, raw, end);
    }
    if window.peek(0)?.is_none() {
        return Err(ReadError::Empty);
    }
    let mut batch = Batch::new();
    let row = match rows.read_row(window, &mut batch, limits.columns_max)? {
        Found::Row(row) => row,
        Found::Fault { reason, .. } => return Err(ReadError::Header { reason }),
    };
    if row.count > limits.columns_max {
        return Err(ReadError::ColumnsTooMany { max: limits.columns_max });
    }
    if !named {
        // The first row is read again, as a row: whatever is wrong with it is told there.
        rows.restart();
        return Ok((rows, names::unique(std::iter::repeat_n("", row.count))));
    }
    let text = window.bytes().get(..row.length).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let text = text.filter(|_| !row.undecodable);
    batch.raw.push_str(text.ok_or(ReadError::Header { reason: Reason::NotUtf8 })?);
    if batch.raw.contains('\0') {
        return Err(ReadError::Header { reason: Reason::ControlCharacter });
    }
    batch.columns = row.count;
    batch.rows.push(Place { end: batch.raw.len() as u32, ..Place::default() });
    let cells =
        || batch.iter().flat_map(|row| (0..row.cells()).map(move |column| row.cell(column)));
    if row.count == 1 {
        let value = cells().map(|cell| cell.value).next().unwrap_or_default();
        let raw = batch.raw.trim_end_matches(['\r', '\n']);
        if !is_well_formed(raw.as_bytes(), value.as_bytes()) {
            refuse_delimiter(delimiter, value)?;
        }
    }
    let columns = names::unique(cells().map(|cell| cell.value));
    take(window, raw, row.length);
    Ok((rows, columns))
}

/// Moves bytes from the window.
fn take<R: Read>(window: &mut Window<R>, raw: &mut Vec<u8>, length: usize) {
    let bytes = window.bytes().get(..length).unwrap_or_default();
    raw.extend_from_slice(bytes);
    let lines = count_line_ends(bytes);
    window.consume(length, lines);
}

/// Refuses a header of one cell in which another usual delimiter stands.
fn refuse_delimiter(delimiter: u8, header: &str) -> Result<(), ReadError> {
    const USUAL: [(u8, &str); 4] =
        [(b';', "a semicolon"), (b'\t', "a tab"), (b'|', "a vertical bar"), (b',', "a comma")];
    let mut others = USUAL.iter().filter(|(other, _)| *other != delimiter);
    match others.find(|(other, _)| header.as_bytes().contains(other)) {
        Some((_, found)) => Err(ReadError::DelimiterWrong { found }),
        None => Ok(()),
    }
}
