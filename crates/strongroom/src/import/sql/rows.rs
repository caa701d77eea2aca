//! The rows of one table of a dump, as rows of CSV.

use std::io::{self, Read};
use std::ops::Range;

use super::super::batch::{Batch, Place};
use super::super::error::{BadRow, Reason};
use super::super::limits::Limits;
use super::super::row_text::{RowText, Value};
use super::super::window::{Line, LineEnds, Window};
use super::Table;
use super::lex::{Cursor, Dialect, Start, Token};
use super::statement::{self, Statement};
use super::text::{uncopy, unquote, unquote_binary};
use super::within::Within;

/// What is known of the rows of one table.
pub(in super::super) struct SqlRows {
    dialect: Dialect,
    table: Table,
    limits: Limits,
    state: State,
    within: Within,
    /// The column of each cell of the statement under way.
    order: Vec<usize>,
    /// Values of the row under way, and where each column's is.
    row: RowText,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Copy,
    Insert,
    /// In rows of another table.
    CopyOther,
}

impl SqlRows {
    pub(in super::super) fn new(dialect: Dialect, table: &Table, limits: &Limits) -> Self {
        Self {
            dialect,
            table: table.clone(),
            limits: *limits,
            state: State::Between,
            within: Within::default(),
            order: Vec::new(),
            row: RowText::default(),
        }
    }

    /// Reads on to the next row, good or bad. False at the end.
    pub(in super::super) fn read_row<R: Read>(
        &mut self,
        window: &mut Window<R>,
        batch: &mut Batch,
    ) -> io::Result<bool> {
        loop {
            let read = match self.state {
                State::Copy | State::CopyOther => self.copy_line(window, batch)?,
                State::Insert => self.tuple(window, batch)?,
                State::Between => match self.statement(window, batch)? {
                    Found::End => return Ok(false),
                    Found::Statement => false,
                    Found::Cut => true,
                },
            };
            if read {
                return Ok(true);
            }
        }
    }

    /// Reads a statement up to its rows.
    fn statement<R: Read>(
        &mut self,
        window: &mut Window<R>,
        batch: &mut Batch,
    ) -> io::Result<Found> {
        let mut cursor = Cursor::new(window, self.dialect, self.limits.row_bytes_max);
        match statement::next(&mut cursor, &mut self.within)? {
            Statement::End => return Ok(Found::End),
            Statement::Cut(start) => cursor.cut(start),
            Statement::Copy { table, columns } if table == self.table.name => {
                self.begin(columns);
                self.state = State::Copy;
            }
            Statement::Copy { .. } => self.state = State::CopyOther,
            Statement::Insert { table, columns } if table == self.table.name => {
                self.begin(columns);
                self.state = State::Insert;
            }
            Statement::Insert { .. } => cursor.skip_statement()?,
            Statement::Create { .. } | Statement::Other => {}
        }
        Ok(match cut(&mut cursor, batch) {
            true => Found::Cut,
            false => Found::Statement,
        })
    }

    fn begin(&mut self, columns: Vec<String>) {
        let columns = if columns.is_empty() { self.table.created.clone() } else { columns };
        if columns == self.table.columns {
            self.order = (0..columns.len()).collect();
            return;
        }
        let place = |column: &String| self.table.columns.iter().position(|known| known == column);
        // One that is none of the columns has no place; its rows are bad.
        self.order = columns.iter().map(|c| place(c).unwrap_or(usize::MAX)).collect();
    }

    /// Reads a line of `COPY`. False if it is no row of the table.
    fn copy_line<R: Read>(
        &mut self,
        window: &mut Window<R>,
        batch: &mut Batch,
    ) -> io::Result<bool> {
        let wanted = self.state == State::Copy;
        let (line, start) = (window.line_number(), window.offset());
        let length = match window.line(self.limits.line_bytes_max)? {
            Line::Whole(length) => length,
            Line::End => {
                self.state = State::Between;
                if wanted {
                    let reason = Reason::DumpCut;
                    batch.bad.push(BadRow { line, start, end: start, reason });
                }
                return Ok(wanted);
            }
            Line::TooLong => {
                window.skip_line(0, LineEnds::Lf)?;
                let (end, reason) = (window.offset(), Reason::LineTooLong);
                if wanted {
                    batch.bad.push(BadRow { line, start, end, reason });
                }
                return Ok(wanted);
            }
        };
        let bytes = window.bytes().get(..length).unwrap_or_default();
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let ends = bytes == b"\\.";
        let outcome = match ends || !wanted {
            true => Ok(()),
            false => self.cells_of_copy(bytes, batch.columns, line),
        };
        let end = window.offset_after(length);
        window.consume(length, 1);
        if ends {
            self.state = State::Between;
        }
        if ends || !wanted {
            return Ok(false);
        }
        self.enter(
            outcome,
            Place { file_line: line, file_start: start, file_end: end, ..Place::default() },
            batch,
        );
        Ok(true)
    }

    fn cells_of_copy(&mut self, bytes: &[u8], columns: usize, line: u64) -> Result<(), Reason> {
        let text = std::str::from_utf8(bytes).map_err(|_| Reason::NotUtf8)?;
        self.row.begin(columns);
        let found = text.split('\t').count();
        self.check_count(found)?;
        for (cell, column) in text.split('\t').zip(&self.order) {
            let from = self.row.text.len();
            let some = uncopy(cell, &mut self.row.text)?;
            self.row.put(*column, some.then_some((from, Value::Text)))?;
            check_length(self.row.text.len() - from, &self.limits, line)?;
        }
        Ok(())
    }

    fn check_count(&self, found: usize) -> Result<(), Reason> {
        let expected = self.order.len();
        if found == expected { Ok(()) } else { Err(Reason::CellCount { found, expected }) }
    }

    /// Reads a row of `INSERT`. False if the statement is over.
    fn tuple<R: Read>(&mut self, window: &mut Window<R>, batch: &mut Batch) -> io::Result<bool> {
        let mut cursor = Cursor::new(window, self.dialect, self.limits.row_bytes_max);
        // On to the bracket, so that the row's place is the bracket's.
        let place = loop {
            let token = cursor.next()?;
            match token {
                Token::Sign(b'(', at) => {
                    cursor.back(at);
                    cursor.settle();
                    break Place {
                        file_line: cursor.window.line_number(),
                        file_start: cursor.window.offset(),
                        ..Place::default()
                    };
                }
                Token::Sign(b',', _) => {}
                Token::Sign(b';', _) | Token::End => {
                    cursor.settle();
                    self.state = State::Between;
                    return Ok(false);
                }
                // What follows the rows, such as ON CONFLICT.
                _ => {
                    cursor.skip_statement()?;
                    self.state = State::Between;
                    return Ok(cut(&mut cursor, batch));
                }
            }
        };
        cursor.lost = false;
        self.row.begin(batch.columns);
        let outcome = self.cells_of_tuple(&mut cursor, place.file_line)?;
        let outcome = if cursor.lost { Err(Reason::RowTooLong) } else { outcome };
        cursor.settle();
        let place = Place { file_end: cursor.window.offset(), ..place };
        self.enter(outcome, place, batch);
        Ok(true)
    }

    /// Reads cells up to the bracket that closes the row, or to where the statement ends without
    /// one.
    fn cells_of_tuple<R: Read>(
        &mut self,
        cursor: &mut Cursor<'_, R>,
        line: u64,
    ) -> io::Result<Result<(), Reason>> {
        cursor.next()?;
        let mut outcome = Ok(());
        let mut found = 0;
        loop {
            let (cell, end) = cell(cursor)?;
            let column = self.order.get(found).copied();
            found += 1;
            if outcome.is_ok()
                && !cursor.lost
                && let Some(column) = column
            {
                outcome = self.keep(cursor, &cell, column, line);
            }
            match end {
                End::Cell => {}
                End::Row => return Ok(outcome.and(self.check_count(found))),
                End::Statement(reason) => {
                    self.state = State::Between;
                    return Ok(Err(reason));
                }
            }
        }
    }

    /// Keeps the value of a cell.
    fn keep<R: Read>(
        &mut self,
        cursor: &Cursor<'_, R>,
        cell: &Cell,
        column: usize,
        line: u64,
    ) -> Result<(), Reason> {
        let from = self.row.text.len();
        let value = match &cell.tokens[..] {
            [] => return Err(Reason::NotSql),
            [word] if cursor.is_word(word, "NULL") => None,
            [Token::Text { place, escaped }] => {
                unquote(cursor.bytes(place), *escaped, &mut self.row.text)?;
                Some(Value::Text)
            }
            [Token::Name(place)] if self.dialect == Dialect::Mysql => {
                unquote(cursor.bytes(place), true, &mut self.row.text)?;
                Some(Value::Text)
            }
            [Token::Word(set), Token::Text { place, .. }]
                if cursor.bytes(set).eq_ignore_ascii_case(b"_binary") =>
            {
                match unquote_binary(cursor.bytes(place), &mut self.row.text) {
                    true => Some(Value::Text),
                    false => Some(Value::Bare),
                }
            }
            // A character set, as mysqldump writes before a string.
            [Token::Word(set), Token::Text { place, escaped }]
                if cursor.bytes(set).starts_with(b"_") =>
            {
                unquote(cursor.bytes(place), *escaped, &mut self.row.text)?;
                Some(Value::Text)
            }
            _ => {
                let raw = std::str::from_utf8(cursor.bytes(&cell.place));
                self.row.text.push_str(raw.map_err(|_| Reason::NotUtf8)?);
                Some(Value::Bare)
            }
        };
        check_length(self.row.text.len() - from, &self.limits, line)?;
        self.row.put(column, value.map(|value| (from, value)))
    }

    /// Enters a row, good or bad.
    fn enter(&mut self, outcome: Result<(), Reason>, place: Place, batch: &mut Batch) {
        let mark = batch.mark();
        let outcome = outcome.and_then(|()| self.row.write(batch));
        if let Err(reason) = outcome {
            batch.rewind(&mark);
            let (line, start, end) = (place.file_line, place.file_start, place.file_end);
            batch.bad.push(BadRow { line, start, end, reason });
            return;
        }
        batch.rows.push(Place { blank: mark.raw as u32, end: batch.raw.len() as u32, ..place });
    }
}

/// What came of looking for a statement.
enum Found {
    Statement,
    /// One bad row: what does not end.
    Cut,
    End,
}

/// Enters what does not end as a bad row, if there is such. It reaches to the end of the dump.
fn cut<R: Read>(cursor: &mut Cursor<'_, R>, batch: &mut Batch) -> bool {
    let Some(Start { line, offset: start }) = cursor.unclosed else { return false };
    cursor.settle();
    let end = cursor.window.offset();
    batch.bad.push(BadRow { line, start, end, reason: Reason::DumpCut });
    true
}

fn check_length(length: usize, limits: &Limits, line: u64) -> Result<(), Reason> {
    match length > limits.cell_bytes_max {
        true => Err(Reason::CellTooLong { line }),
        false => Ok(()),
    }
}

/// A cell of a row of `INSERT`: its first tokens, as many as tell what it is, and where it stands.
#[derive(Default)]
struct Cell {
    tokens: Vec<Token>,
    place: Range<usize>,
}

/// What a cell ends with.
enum End {
    Cell,
    Row,
    Statement(Reason),
}

/// Reads up to the comma or bracket that ends a cell.
fn cell<R: Read>(cursor: &mut Cursor<'_, R>) -> io::Result<(Cell, End)> {
    let mut cell = Cell::default();
    let mut depth = 0_u32;
    loop {
        let token = cursor.next()?;
        let place = match &token {
            Token::End | Token::Unclosed => return Ok((cell, End::Statement(Reason::DumpCut))),
            Token::Sign(b';', _) => return Ok((cell, End::Statement(Reason::NotSql))),
            Token::Sign(b',', _) if depth == 0 => return Ok((cell, End::Cell)),
            Token::Sign(b')', _) if depth == 0 => return Ok((cell, End::Row)),
            Token::Sign(sign, at) => {
                depth += u32::from(matches!(sign, b'(' | b'['));
                depth = depth.saturating_sub(u32::from(matches!(sign, b')' | b']')));
                *at..*at + 1
            }
            Token::Word(place) | Token::Name(place) | Token::Dollars(place) => place.clone(),
            Token::Text { place, .. } => place.clone(),
        };
        if cell.tokens.is_empty() {
            cell.place.start = place.start;
        }
        cell.place.end = place.end;
        // Three tell that it is an expression.
        if cell.tokens.len() < 3 {
            cell.tokens.push(token);
        }
    }
}
