//! Files of fixed width: every column begins at the same character of every line.
//!
//! Where columns begin is told from all lines, or said by their widths. A row becomes one of CSV,
//! without the blanks that fill a column up. A line in which something stands where all lines told
//! of were blank is left out: it must never be cut in the middle of a value.

use std::io::{self, Read};

use super::batch::{Batch, Place};
use super::error::{BadRow, ReadError, Reason};
use super::limits::Limits;
use super::names;
use super::row_text::{self, RowText, Value};
use super::window::{Line, LineEnds, Window};

/// Where columns stand, in characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Columns {
    /// Where each begins.
    starts: Vec<usize>,
    /// Where the last one ends, if that was said; then nothing has to be blank between columns.
    end: Option<usize>,
}

impl Columns {
    /// The columns of these widths.
    pub(super) fn of_widths(widths: &[usize]) -> Self {
        let mut end = 0;
        let starts = widths.iter().map(|width| {
            end += width;
            end - width
        });
        Self { starts: starts.collect(), end: Some(end) }
    }

    pub(super) fn widths(&self) -> Vec<usize> {
        let ends = self.starts.iter().skip(1).copied().chain(self.end);
        self.starts.iter().zip(ends).map(|(start, end)| end - start).collect()
    }

    /// The cells of a line, without blanks around them.
    fn cells<'a>(&self, line: &'a str) -> Result<Vec<&'a str>, Reason> {
        let mut places: Vec<usize> = Vec::with_capacity(self.starts.len() + 1);
        let wanted = self.starts.iter().copied().chain(self.end);
        match line.is_ascii() {
            true => places.extend(wanted.map(|at| at.min(line.len()))),
            false => {
                let mut chars = line.char_indices().map(|(at, _)| at).enumerate().peekable();
                for wanted in wanted {
                    while chars.next_if(|(count, _)| *count < wanted).is_some() {}
                    places.push(chars.peek().map_or(line.len(), |(_, at)| *at));
                }
            }
        }
        let mut cells = Vec::with_capacity(self.starts.len());
        for (at, start) in places.iter().take(self.starts.len()).enumerate() {
            let end = places.get(at + 1).copied().unwrap_or(line.len());
            let cell = line.get(*start..end).unwrap_or_default();
            let apart = self.end.is_some() || at == 0 || {
                let before = line.get(..*start).unwrap_or_default();
                before.is_empty() || before.ends_with(' ') || cell.is_empty()
            };
            if !apart {
                return Err(Reason::NotInColumns);
            }
            cells.push(cell.trim_matches(' '));
        }
        let rest = places.get(self.starts.len()).and_then(|end| line.get(*end..));
        match rest.is_none_or(|rest| rest.trim().is_empty()) {
            true => Ok(cells),
            false => Err(Reason::NotInColumns),
        }
    }
}

/// Where the columns of a file begin: at each character that is not blank in some line and behind
/// one that is blank in all. None if that makes no two columns, or if lines that have no common
/// length have no wider gap either, as lists of words are.
pub(super) fn tell(
    input: impl Read,
    asked: bool,
    limits: &Limits,
) -> Result<Option<Columns>, ReadError> {
    let mut window = Window::new(input);
    super::header::read_mark(&mut window)?;
    let mut seen = Seen { shortest: usize::MAX, ..Seen::default() };
    loop {
        match window.line(limits.line_bytes_max)? {
            Line::End => break,
            Line::TooLong => window.skip_line(0, LineEnds::Lf)?,
            Line::Whole(length) => {
                let bytes = window.bytes().get(..length).unwrap_or_default();
                if let Ok(line) = std::str::from_utf8(trim_end(bytes)) {
                    seen.note(line);
                }
                window.consume(length, 1);
            }
        }
    }
    let starts = seen.starts();
    let wide = starts.iter().skip(1).any(|at| seen.is_wide(*at));
    let sure = seen.lines >= 3 && (seen.shortest == seen.longest || wide);
    Ok((starts.len() > 1 && (sure || asked)).then_some(Columns { starts, end: None }))
}

/// What was seen of all lines.
#[derive(Default)]
struct Seen {
    /// Which characters are not blank in some line.
    filled: Vec<bool>,
    /// Which are not blank in the first line.
    first: Vec<bool>,
    lines: u64,
    shortest: usize,
    longest: usize,
}

/// Lines in so many of which one blank does not stand in one place by chance.
const LINES_MANY: u64 = 20;

impl Seen {
    fn note(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        if self.lines == 0 {
            self.first = line.chars().map(|c| c != ' ').collect();
        }
        self.lines += 1;
        let mut length = 0;
        for (at, c) in line.chars().enumerate() {
            length = at + 1;
            match self.filled.get_mut(at) {
                Some(filled) => *filled |= c != ' ',
                None => self.filled.push(c != ' '),
            }
        }
        self.shortest = self.shortest.min(length);
        self.longest = self.longest.max(length);
    }

    fn is_blank(&self, at: usize) -> bool {
        self.filled.get(at) == Some(&false)
    }

    /// Whether more than one blank stands before a character.
    fn is_wide(&self, at: usize) -> bool {
        at > 1 && self.is_blank(at - 1) && self.is_blank(at - 2)
    }

    fn starts(&self) -> Vec<usize> {
        let begins = |at: &usize| !self.is_blank(*at) && self.is_blank(at - 1);
        // One blank may be one of a value's own, unless the first line has a word there too.
        let named =
            |at: usize| self.first.get(at) == Some(&true) && self.first.get(at - 1) == Some(&false);
        let sure = |at: &usize| self.lines >= LINES_MANY || self.is_wide(*at) || named(*at);
        let mut starts: Vec<usize> =
            (1..self.filled.len()).filter(|at| begins(at) && sure(at)).collect();
        // Blanks before the first column belong to it.
        match starts.first_mut().filter(|_| self.is_blank(0)) {
            Some(first) => *first = 0,
            None => starts.insert(0, 0),
        }
        starts
    }
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

/// The rows of a file of fixed width.
pub(super) struct FixedRows {
    columns: Columns,
    limits: Limits,
    row: RowText,
}

impl FixedRows {
    /// Rows and the names of their columns: those of the first line if it is a header, which is
    /// then added to `header`, as CSV.
    pub(super) fn open<R: Read>(
        window: &mut Window<R>,
        header: &mut Vec<u8>,
        columns: &Columns,
        named: bool,
        limits: &Limits,
    ) -> Result<(Self, Vec<String>), ReadError> {
        let count = columns.starts.len();
        if count > limits.columns_max {
            return Err(ReadError::ColumnsTooMany { max: limits.columns_max });
        }
        let rows = Self { columns: columns.clone(), limits: *limits, row: RowText::default() };
        if !named {
            return Ok((rows, names::unique(std::iter::repeat_n("", count))));
        }
        let length = loop {
            match window.line(limits.line_bytes_max)? {
                Line::End => return Err(ReadError::Empty),
                Line::TooLong => return Err(ReadError::Header { reason: Reason::LineTooLong }),
                Line::Whole(length) => {
                    let line = window.bytes().get(..length).unwrap_or_default();
                    if !line.trim_ascii().is_empty() {
                        break length;
                    }
                    window.consume(length, 1);
                }
            }
        };
        let line = window.bytes().get(..length).unwrap_or_default();
        let line = std::str::from_utf8(trim_end(line)).map_err(|_| Reason::NotUtf8);
        let cells = line.and_then(|line| columns.cells(line));
        let cells = cells.map_err(|reason| ReadError::Header { reason })?;
        let found = names::unique(cells.into_iter());
        window.consume(length, 1);
        header.extend_from_slice(row_text::header(found.iter()).as_bytes());
        Ok((rows, found))
    }

    /// Reads the next line that is not blank, good or bad. False at the end.
    pub(super) fn read_row<R: Read>(
        &mut self,
        window: &mut Window<R>,
        batch: &mut Batch,
    ) -> io::Result<bool> {
        loop {
            let (line, start) = (window.line_number(), window.offset());
            let length = match window.line(self.limits.line_bytes_max)? {
                Line::End => return Ok(false),
                Line::TooLong => {
                    window.skip_line(0, LineEnds::Lf)?;
                    let (end, reason) = (window.offset(), Reason::LineTooLong);
                    batch.bad.push(BadRow { line, start, end, reason });
                    return Ok(true);
                }
                Line::Whole(length) => length,
            };
            let bytes = window.bytes().get(..length).unwrap_or_default();
            let blank = bytes.trim_ascii().is_empty();
            let mark = batch.mark();
            let read = if blank { Ok(()) } else { self.read_line(trim_end(bytes), line, batch) };
            let end = window.offset_after(length);
            window.consume(length, 1);
            match read {
                _ if blank => continue,
                Ok(()) => batch.rows.push(Place {
                    blank: mark.raw as u32,
                    end: batch.raw.len() as u32,
                    order: (0, 0),
                    file_line: line,
                    file_start: start,
                    file_end: end,
                }),
                Err(reason) => {
                    batch.rewind(&mark);
                    batch.bad.push(BadRow { line, start, end, reason });
                }
            }
            return Ok(true);
        }
    }

    fn read_line(&mut self, bytes: &[u8], line: u64, batch: &mut Batch) -> Result<(), Reason> {
        let text = std::str::from_utf8(bytes).map_err(|_| Reason::NotUtf8)?;
        self.row.begin(batch.columns);
        for (column, cell) in self.columns.cells(text)?.into_iter().enumerate() {
            if cell.len() > self.limits.cell_bytes_max {
                return Err(Reason::CellTooLong { line });
            }
            let from = self.row.text.len();
            self.row.text.push_str(cell);
            self.row.put(column, Some((from, Value::Bare)))?;
        }
        self.row.write(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<Vec<usize>> {
        tell(text.as_bytes(), false, &Limits::default()).unwrap().map(|columns| columns.starts)
    }

    #[test]
    fn columns_are_told_from_all_lines() {
        for (text, expected) in [
            (
                "ID  NAME        SSN\n1   Ada Archer  536\n22  Bo B.       401\n",
                Some(vec![0, 4, 16]),
            ),
            ("\u{feff}a  b\r\n\r\n\u{e9}  2\r\n3  4", Some(vec![0, 3])),
            ("  1  x\n 22  y\n333  z\n", Some(vec![0, 5])),
            // All of one length, as padded files are.
            ("a 1\nb 2\nc 3\n", Some(vec![0, 2])),
            // Words, and too little to tell from.
            ("Ada Archer\nBo Boone\nCleo C\n", None),
            ("ab xyz\ncd vw\nef uvwxy\n", None),
            ("a  b\nc  d\n", None),
            ("one\ntwo\nthree\n", None),
            ("", None),
        ] {
            assert_eq!(told(text), expected, "{text:?}");
        }
        let asked = tell(&b"a  b\nc  d\n"[..], true, &Limits::default()).unwrap();
        assert_eq!(asked.map(|columns| columns.starts), Some(vec![0, 3]));
    }

    #[test]
    fn a_line_is_cut_by_characters_and_never_within_a_value() {
        let columns = Columns { starts: vec![0, 4, 8], end: None };
        for (line, expected) in [
            ("1   ab  rest and more", Ok(vec!["1", "ab", "rest and more"])),
            ("\u{e9}\u{e9}  \u{1f600}   x", Ok(vec!["\u{e9}\u{e9}", "\u{1f600}", "x"])),
            ("1   ab", Ok(vec!["1", "ab", ""])),
            ("1", Ok(vec!["1", "", ""])),
            ("        x", Ok(vec!["", "", "x"])),
            ("1234567", Err(Reason::NotInColumns)),
            ("1   abcde", Err(Reason::NotInColumns)),
        ] {
            assert_eq!(columns.cells(line), expected, "{line:?}");
        }
        let said = Columns::of_widths(&[2, 3]);
        assert_eq!(said.widths(), [2, 3]);
        for (line, expected) in [
            ("abcde", Ok(vec!["ab", "cde"])),
            ("\u{e9}b c \u{20}", Ok(vec!["\u{e9}b", "c"])),
            ("a", Ok(vec!["a", ""])),
            ("abcdef", Err(Reason::NotInColumns)),
        ] {
            assert_eq!(said.cells(line), expected, "{line:?}");
        }
    }
}
