//! From the window into a batch, row by row: every byte goes into a row, a bad row, or the blank
//! lines carried along, and from there is consumed.

use std::io::{self, Read};

use super::batch::{Batch, Mark, Place};
use super::delimited::{Delimited, Found, Row};
use super::error::{BadRow, Reason};
use super::fixed::FixedRows;
use super::json::JsonRows;
use super::json_items::{Item, Items, skip_rest};
use super::limits::Limits;
use super::sql::SqlRows;
use super::window::{Line, LineEnds, Window, count_line_ends};

/// The input, and what was read of it that belongs to no row yet.
pub(super) struct Feed<R> {
    window: Window<R>,
    /// Blank lines since the last good row.
    blank: String,
    limits: Limits,
    /// Of values of JSON: whether one was entered, and whether one was left out.
    written: bool,
    left_out: bool,
}

impl<R: Read> Feed<R> {
    pub(super) fn new(window: Window<R>, limits: Limits) -> Self {
        Self { window, blank: String::new(), limits, written: false, left_out: false }
    }

    /// How many bytes were consumed.
    pub(super) fn position(&self) -> u64 {
        self.window.offset()
    }

    /// Whether a batch takes no further row.
    pub(super) fn is_full(&self, batch: &Batch, rows_max: usize) -> bool {
        self.limits.is_full(batch, rows_max)
    }

    /// Hands over the blank lines after the last row.
    pub(super) fn end(&mut self, batch: &mut Batch) {
        std::mem::swap(&mut batch.tail, &mut self.blank);
    }

    /// How much memory it holds between batches.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.window.capacity() + self.blank.capacity()
    }

    /// Reads the next row of CSV, good or bad. False at the end.
    pub(super) fn read_row(&mut self, rows: &mut Delimited, batch: &mut Batch) -> io::Result<bool> {
        while let Some(length) = self.window.line_end()? {
            self.keep_blank(length, batch);
        }
        if self.window.peek(0)?.is_none() {
            return Ok(false);
        }
        let mark = batch.mark();
        batch.raw.push_str(&self.blank);
        match rows.read_row(&mut self.window, batch, batch.columns)? {
            Found::Row(row) => {
                let bytes = self.window.bytes().get(..row.length).unwrap_or_default();
                // Only a quoted cell can hold a line end.
                let lines = if row.quoted { count_line_ends(bytes) } else { 1 };
                match check_row(bytes, &row, batch.columns) {
                    Ok(text) => {
                        batch.raw.push_str(text);
                        self.accept(row.length, lines, &mark, batch);
                    }
                    Err(reason) => self.quarantine(row.length, lines, reason, &mark, batch),
                }
            }
            Found::Fault { reason, cell } => {
                rows.restart();
                batch.rewind(&mark);
                self.quarantine_line(cell, LineEnds::Any, reason, batch)?;
            }
        }
        Ok(true)
    }

    /// Reads the next line of JSON Lines that is not blank, good or bad. False at the end.
    pub(super) fn read_line(&mut self, rows: &mut JsonRows, batch: &mut Batch) -> io::Result<bool> {
        let length = loop {
            match self.window.line(self.limits.line_bytes_max)? {
                Line::End => return Ok(false),
                Line::TooLong => {
                    self.quarantine_line(0, LineEnds::Lf, Reason::LineTooLong, batch)?;
                    return Ok(true);
                }
                Line::Whole(length) if self.is_blank(length) => self.keep_blank(length, batch),
                Line::Whole(length) => break length,
            }
        };
        let bytes = self.window.bytes().get(..length).unwrap_or_default();
        let mark = batch.mark();
        batch.raw.push_str(&self.blank);
        let parsed = match std::str::from_utf8(bytes) {
            Ok(line) => rows.read_line(line, self.window.line_number(), batch).map(|()| line),
            Err(_) => Err(Reason::NotUtf8),
        };
        match parsed {
            Ok(line) => {
                batch.raw.push_str(line);
                self.accept(length, 1, &mark, batch);
            }
            Err(reason) => self.quarantine(length, 1, reason, &mark, batch),
        }
        Ok(true)
    }

    /// Reads the next value of a JSON file that is none of lines, good or bad. False at the end.
    pub(super) fn read_item(
        &mut self,
        rows: &mut JsonRows,
        items: &mut Items,
        batch: &mut Batch,
    ) -> io::Result<bool> {
        let length = match items.next(&mut self.window, &self.limits)? {
            Item::Value(length) => length,
            Item::End => {
                self.blank = match self.written || !self.left_out {
                    true => items.between.clone(),
                    false => [items.opening(), items.closing(), "\n"].concat(),
                };
                return Ok(false);
            }
            Item::Broken(reason) => {
                let (line, start) = (self.window.line_number(), self.window.offset());
                skip_rest(&mut self.window)?;
                batch.bad.push(BadRow { line, start, end: self.window.offset(), reason });
                let opening = if self.written { "" } else { items.opening() };
                self.blank = [opening, "\n", items.closing(), "\n"].concat();
                return Ok(false);
            }
        };
        let bytes = self.window.bytes().get(..length).unwrap_or_default();
        let lines = LineEnds::Lf.count(bytes);
        let mark = batch.mark();
        // Before the first row that stays stands what opens the file, whatever was left out.
        match self.written || !self.left_out {
            true => batch.raw.push_str(&items.between),
            false => batch.raw.push_str(items.opening()),
        }
        let parsed = match std::str::from_utf8(bytes) {
            Ok(item) => rows.read_line(item, self.window.line_number(), batch).map(|()| item),
            Err(_) => Err(Reason::NotUtf8),
        };
        match parsed {
            Ok(item) => {
                batch.raw.push_str(item);
                self.accept(length, lines, &mark, batch);
                self.written = true;
            }
            Err(reason) => {
                self.quarantine(length, lines, reason, &mark, batch);
                self.left_out = true;
            }
        }
        Ok(true)
    }

    /// Reads the next line of fixed width, good or bad. False at the end.
    pub(super) fn read_fixed(
        &mut self,
        rows: &mut FixedRows,
        batch: &mut Batch,
    ) -> io::Result<bool> {
        rows.read_row(&mut self.window, batch)
    }

    /// Reads the next row of a dump, good or bad. False at the end.
    pub(super) fn read_sql(&mut self, rows: &mut SqlRows, batch: &mut Batch) -> io::Result<bool> {
        rows.read_row(&mut self.window, batch)
    }

    /// Enters a row whose cells and bytes are in the batch.
    fn accept(&mut self, length: usize, lines: u64, mark: &Mark, batch: &mut Batch) {
        let file_start = self.window.offset();
        batch.rows.push(Place {
            blank: mark.raw as u32,
            end: batch.raw.len() as u32,
            order: (mark.order as u32, batch.order.len() as u32),
            file_line: self.window.line_number(),
            file_start,
            file_end: self.window.offset_after(length),
        });
        self.blank.clear();
        self.window.consume(length, lines);
    }

    /// Leaves out these bytes, and takes back what they left in the batch.
    fn quarantine(
        &mut self,
        length: usize,
        lines: u64,
        reason: Reason,
        mark: &Mark,
        batch: &mut Batch,
    ) {
        batch.rewind(mark);
        self.report(length, lines, reason, batch);
    }

    /// Leaves out everything up to the end of the line that `from` stands on, however far that is.
    fn quarantine_line(
        &mut self,
        from: usize,
        ends: LineEnds,
        reason: Reason,
        batch: &mut Batch,
    ) -> io::Result<()> {
        let (line, start) = (self.window.line_number(), self.window.offset());
        self.window.skip_line(from, ends)?;
        batch.bad.push(BadRow { line, start, end: self.window.offset(), reason });
        Ok(())
    }

    fn is_blank(&self, length: usize) -> bool {
        let bytes = self.window.bytes().get(..length).unwrap_or_default();
        bytes.trim_ascii().is_empty()
    }

    /// Carries a blank line along to the next row, or leaves it out if there are too many.
    fn keep_blank(&mut self, length: usize, batch: &mut Batch) {
        let bytes = self.window.bytes().get(..length).unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) if self.blank.len() + length <= self.limits.blank_bytes_max => {
                self.blank.push_str(text);
                self.window.consume(length, 1);
            }
            _ => self.report(length, 1, Reason::BlankLines, batch),
        }
    }

    /// Leaves out these bytes.
    fn report(&mut self, length: usize, lines: u64, reason: Reason, batch: &mut Batch) {
        let (line, start) = (self.window.line_number(), self.window.offset());
        let end = self.window.offset_after(length);
        match batch.bad.last_mut() {
            // However many blank lines there are, they are one entry.
            Some(bad)
                if reason == Reason::BlankLines && bad.reason == reason && bad.end == start =>
            {
                bad.end = end;
            }
            _ => batch.bad.push(BadRow { line, start, end, reason }),
        }
        self.window.consume(length, lines);
    }
}

/// The text of a row, if it can be had.
fn check_row<'a>(bytes: &'a [u8], row: &Row, expected: usize) -> Result<&'a str, Reason> {
    let text = std::str::from_utf8(bytes).map_err(|_| Reason::NotUtf8)?;
    if row.undecodable {
        return Err(Reason::NotUtf8);
    }
    if bytes.contains(&0) {
        return Err(Reason::ControlCharacter);
    }
    match row.count == expected {
        true => Ok(text),
        false => Err(Reason::CellCount { found: row.count, expected }),
    }
}
