//! The writer: the file as it was, but for the cells replaced.

use std::io::{BufWriter, IntoInnerError, Result, Write};

use super::batch::RowView;
use super::format::Format;

const BUFFER_BYTES: usize = 256 * 1024;

/// Writes a file back: [`Self::header`], every row, [`Self::finish`].
///
/// A row without replacements is written byte for byte, blank lines before it and its own line end
/// included. A replaced cell is quoted if it was, or if it must be; a replaced member of JSON Lines
/// becomes a JSON string.
pub struct Writer<W: Write> {
    output: BufWriter<W>,
    quoting: Option<csv_core::Writer>,
    delimiter: u8,
    scratch: Vec<u8>,
}

/// A value that stood in the place of a cell before it was replaced.
#[derive(Clone, Copy)]
pub struct Restored<'v> {
    /// The value.
    pub value: &'v str,
    /// Whether it was the text of a JSON number, boolean, array or object.
    pub literal: bool,
    /// How it stood, where that is not how it would be written.
    pub spelling: Option<&'v str>,
}

impl<W: Write> Writer<W> {
    /// Writes to `output`, in the format that was read. Brings its own buffer.
    pub fn new(output: W, format: Format) -> Self {
        let delimiter = match format {
            Format::Delimited { delimiter, .. } => delimiter,
            _ => b',',
        };
        let quoting = csv_core::WriterBuilder::new().delimiter(delimiter).build();
        let quoting = (!matches!(format, Format::JsonLines | Format::JsonItems)).then_some(quoting);
        let output = BufWriter::with_capacity(BUFFER_BYTES, output);
        Self { output, quoting, delimiter, scratch: Vec::new() }
    }

    /// Writes what stands before the first row: [`super::Reader::header_raw`].
    ///
    /// # Errors
    /// The output fails.
    pub fn header(&mut self, raw: &[u8]) -> Result<()> {
        self.output.write_all(raw)
    }

    /// Writes a row. `replace` is asked once for each of its cells, in the order they stand in the
    /// file, and gives the new value or none to keep the cell. A member that is missing from an
    /// object is not asked for, as it has no place; one that is `null` is.
    ///
    /// # Errors
    /// The output fails.
    pub fn write_row<'v>(
        &mut self,
        row: &RowView<'_>,
        mut replace: impl FnMut(usize) -> Option<&'v str>,
    ) -> Result<()> {
        self.each_cell(row, |writer, column, written| {
            let Some(value) = replace(column) else { return Ok(()) };
            writer.replace_cell(row, column, value, written)
        })
    }

    /// Writes a row back as it was before cells of it were replaced by [`Self::write_row`].
    /// `restore` is asked as there.
    ///
    /// # Errors
    /// The output fails.
    pub fn restore_row<'v>(
        &mut self,
        row: &RowView<'_>,
        mut restore: impl FnMut(usize) -> Option<Restored<'v>>,
    ) -> Result<()> {
        self.each_cell(row, |writer, column, written| {
            let Some(restored) = restore(column) else { return Ok(()) };
            writer.restore_cell(row, column, restored, written)
        })
    }

    /// Goes through the cells in the order they stand in the file, and writes the rest of the row.
    fn each_cell(
        &mut self,
        row: &RowView<'_>,
        mut put: impl FnMut(&mut Self, usize, &mut usize) -> Result<()>,
    ) -> Result<()> {
        let mut written = 0;
        if self.quoting.is_some() {
            for column in 0..row.cells() {
                put(self, column, &mut written)?;
            }
        } else {
            for column in row.order() {
                put(self, *column as usize, &mut written)?;
            }
        }
        self.output.write_all(row.raw().get(written..).unwrap_or_default())
    }

    /// Writes the blank lines at the end of the file, [`super::Batch::tail`] of the last batch, and
    /// gives the output back, flushed.
    ///
    /// # Errors
    /// The output fails.
    pub fn finish(mut self, tail: &[u8]) -> Result<W> {
        self.output.write_all(tail)?;
        let mut output = self.output.into_inner().map_err(IntoInnerError::into_error)?;
        output.flush()?;
        Ok(output)
    }

    /// Writes what stands before a cell and was not written yet, then the new value.
    fn replace_cell(
        &mut self,
        row: &RowView<'_>,
        column: usize,
        value: &str,
        written: &mut usize,
    ) -> Result<()> {
        if !self.up_to(row, column, written)? {
            return Ok(());
        }
        let Some(quoting) = &self.quoting else {
            return Ok(serde_json::to_writer(&mut self.output, value)?);
        };
        let value = value.as_bytes();
        // A line of one empty cell would be a blank line, which is no row.
        let vanishes = value.is_empty() && row.cells() == 1;
        if !(vanishes || row.cell(column).quoted || quoting.should_quote(value)) {
            return self.output.write_all(value);
        }
        self.quote(value)
    }

    /// The same with the value that stood there.
    fn restore_cell(
        &mut self,
        row: &RowView<'_>,
        column: usize,
        restored: Restored<'_>,
        written: &mut usize,
    ) -> Result<()> {
        if !self.up_to(row, column, written)? {
            return Ok(());
        }
        if let Some(spelling) = restored.spelling {
            return self.output.write_all(spelling.as_bytes());
        }
        let value = restored.value.as_bytes();
        let ends_cell = |b: &u8| *b == self.delimiter || *b == b'\n' || *b == b'\r';
        match self.quoting {
            None if restored.literal => self.output.write_all(value),
            None => Ok(serde_json::to_writer(&mut self.output, restored.value)?),
            // It stood without quotes, and was read as it is; unless the file was written anew
            // since and lost them.
            Some(_) if row.cell(column).quoted => self.quote(value),
            Some(_) if value.first() == Some(&b'"') || value.iter().any(ends_cell) => {
                self.quote(value)
            }
            Some(_) => self.output.write_all(value),
        }
    }

    /// Writes what stands before a cell and was not written yet; false if it has no place.
    fn up_to(&mut self, row: &RowView<'_>, column: usize, written: &mut usize) -> Result<bool> {
        let Some((start, end)) = row.span(column) else { return Ok(false) };
        self.output.write_all(row.raw().get(*written..start).unwrap_or_default())?;
        *written = end;
        Ok(true)
    }

    fn quote(&mut self, value: &[u8]) -> Result<()> {
        self.scratch.clear();
        // Every byte may be a quote to be doubled.
        self.scratch.resize(value.len() * 2, 0);
        let (_, _, length) = csv_core::quote(value, &mut self.scratch, b'"', b'"', true);
        self.output.write_all(b"\"")?;
        self.output.write_all(self.scratch.get(..length).unwrap_or_default())?;
        self.output.write_all(b"\"")
    }
}
