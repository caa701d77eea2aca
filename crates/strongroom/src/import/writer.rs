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
    scratch: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Writes to `output`, in the format that was read. Brings its own buffer.
    pub fn new(output: W, format: Format) -> Self {
        let quoting = match format {
            Format::Delimited { delimiter, .. } => {
                Some(csv_core::WriterBuilder::new().delimiter(delimiter).build())
            }
            Format::Sql => Some(csv_core::Writer::new()),
            Format::JsonLines => None,
        };
        let output = BufWriter::with_capacity(BUFFER_BYTES, output);
        Self { output, quoting, scratch: Vec::new() }
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
        let raw = row.raw();
        let mut written = 0;
        if self.quoting.is_some() {
            for column in 0..row.cells() {
                if let Some(value) = replace(column) {
                    self.replace_cell(row, column, value, &mut written)?;
                }
            }
        } else {
            for column in row.order() {
                let column = *column as usize;
                if let Some(value) = replace(column) {
                    self.replace_cell(row, column, value, &mut written)?;
                }
            }
        }
        self.output.write_all(raw.get(written..).unwrap_or_default())
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
        let Some((start, end)) = row.span(column) else { return Ok(()) };
        self.output.write_all(row.raw().get(*written..start).unwrap_or_default())?;
        *written = end;
        let Some(quoting) = &self.quoting else {
            return Ok(serde_json::to_writer(&mut self.output, value)?);
        };
        let value = value.as_bytes();
        // A line of one empty cell would be a blank line, which is no row.
        let vanishes = value.is_empty() && row.cells() == 1;
        if !(vanishes || row.cell(column).quoted || quoting.should_quote(value)) {
            return self.output.write_all(value);
        }
        self.scratch.clear();
        // Every byte may be a quote to be doubled.
        self.scratch.resize(value.len() * 2, 0);
        let (_, _, length) = csv_core::quote(value, &mut self.scratch, b'"', b'"', true);
        self.output.write_all(b"\"")?;
        self.output.write_all(self.scratch.get(..length).unwrap_or_default())?;
        self.output.write_all(b"\"")
    }
}
