//! The stretch of the input that is in memory: it grows to hold one row, and no further.
//!
//! The caller keeps the limit: it asks for [`Window::more`] only while a row may still grow.

use std::io::{ErrorKind, Read, Result};

use super::encoding::Units;

const READ_BYTES: usize = 256 * 1024;

/// A sliding window over an input, which knows its offset and line.
pub(super) struct Window<R> {
    input: R,
    buffer: Vec<u8>,
    head: usize,
    tail: usize,
    offset: u64,
    line: u64,
    ended: bool,
    units: Units,
}

impl<R: Read> Window<R> {
    pub(super) fn new(input: R) -> Self {
        Self::of_units(input, Units::Same)
    }

    /// A window over text whose characters had these lengths in the file.
    pub(super) fn of_units(input: R, units: Units) -> Self {
        let buffer = Vec::new();
        Self { input, buffer, head: 0, tail: 0, offset: 0, line: 1, ended: false, units }
    }

    /// What is in memory and not consumed.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.head..self.tail).unwrap_or_default()
    }

    /// The offset of the first byte of [`Self::bytes`] in the file, before it was decoded.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The offset after this many bytes more.
    pub(super) fn offset_after(&self, length: usize) -> u64 {
        let units = self.units.length(self.bytes().get(..length).unwrap_or(self.bytes()));
        self.offset + units
    }

    /// The line that byte stands on, counted from 1.
    pub(super) fn line_number(&self) -> u64 {
        self.line
    }

    /// Reads on. False at the end of the input.
    pub(super) fn more(&mut self) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.tail == self.buffer.len() {
            self.make_room();
        }
        loop {
            let room = self.buffer.get_mut(self.tail..).unwrap_or_default();
            match self.input.read(room) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(false);
                }
                Ok(count) => {
                    self.tail = (self.tail + count).min(self.buffer.len());
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The byte at this place in [`Self::bytes`], read if need be; none after the end.
    pub(super) fn peek(&mut self, at: usize) -> Result<Option<u8>> {
        loop {
            if let Some(byte) = self.bytes().get(at) {
                return Ok(Some(*byte));
            }
            if !self.more()? {
                return Ok(None);
            }
        }
    }

    /// The length of the line end (LF, CRLF or lone CR) at the first byte; none if there is none.
    pub(super) fn line_end(&mut self) -> Result<Option<usize>> {
        match self.peek(0)? {
            Some(b'\r') if self.peek(1)? == Some(b'\n') => Ok(Some(2)),
            Some(b'\r' | b'\n') => Ok(Some(1)),
            _ => Ok(None),
        }
    }

    /// The line at the first byte, up to its LF.
    pub(super) fn line(&mut self, length_max: usize) -> Result<Line> {
        let mut searched = 0;
        loop {
            let bytes = self.bytes();
            let allowed = bytes.get(searched..bytes.len().min(length_max)).unwrap_or_default();
            if let Some(at) = allowed.iter().position(|byte| *byte == b'\n') {
                return Ok(Line::Whole(searched + at + 1));
            }
            searched += allowed.len();
            if bytes.len() > length_max {
                return Ok(Line::TooLong);
            }
            if !self.more()? {
                return Ok(if searched == 0 { Line::End } else { Line::Whole(searched) });
            }
        }
    }

    /// Gives up everything up to the end of the line on which the byte at `from` stands, however
    /// far that is.
    pub(super) fn skip_line(&mut self, from: usize, ends: LineEnds) -> Result<()> {
        let mut from = from;
        loop {
            let bytes = self.bytes();
            let after = bytes.get(from..).unwrap_or_default();
            let found = after.iter().position(|byte| ends.contains(*byte));
            let mut length = found.map_or(bytes.len(), |at| from + at + 1);
            let by_cr = found.is_some_and(|at| after.get(at) == Some(&b'\r'));
            if by_cr && self.peek(length)? == Some(b'\n') {
                length += 1;
            }
            let lines = ends.count(self.bytes().get(..length).unwrap_or_default());
            self.consume(length, lines);
            if found.is_some() || !self.more()? {
                return Ok(());
            }
            from = 0;
        }
    }

    /// Gives up the first bytes, which hold this many line ends.
    pub(super) fn consume(&mut self, length: usize, lines: u64) {
        let length = length.min(self.tail - self.head);
        self.offset = self.offset_after(length);
        self.head += length;
        self.line += lines;
    }

    /// How much memory it holds.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    fn make_room(&mut self) {
        // Moving costs what is moved: it must free at least as much, or long rows turn quadratic.
        if self.head > 0 && self.head >= self.buffer.len() / 2 {
            self.buffer.copy_within(self.head..self.tail, 0);
            self.tail -= self.head;
            self.head = 0;
        } else if self.buffer.is_empty() {
            self.buffer = vec![0; READ_BYTES];
        } else {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
    }
}

/// A line of the input.
pub(super) enum Line {
    /// Its length, line end included.
    Whole(usize),
    /// Longer than allowed.
    TooLong,
    /// There is none: the input is at its end.
    End,
}

/// What ends a line.
#[derive(Clone, Copy)]
pub(super) enum LineEnds {
    /// LF, CRLF or a lone CR: CSV.
    Any,
    /// LF alone, a CR before it is white space: JSON.
    Lf,
}

impl LineEnds {
    pub(super) fn contains(self, byte: u8) -> bool {
        byte == b'\n' || (byte == b'\r' && matches!(self, Self::Any))
    }

    pub(super) fn count(self, bytes: &[u8]) -> u64 {
        match self {
            Self::Any => count_line_ends(bytes),
            Self::Lf => bytes.iter().filter(|byte| **byte == b'\n').count() as u64,
        }
    }
}

/// Counts line ends: LF, CRLF and lone CR. A CRLF must not be split between two calls.
pub(super) fn count_line_ends(bytes: &[u8]) -> u64 {
    let count = |byte: u8| bytes.iter().filter(|found| **found == byte).count();
    let pairs = match count(b'\r') {
        0 => return count(b'\n') as u64,
        _ => bytes.windows(2).filter(|pair| *pair == b"\r\n").count(),
    };
    (count(b'\r') + count(b'\n') - pairs) as u64
}
