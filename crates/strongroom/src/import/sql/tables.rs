//! Which tables a dump holds rows of, found in a pass of its own.

use std::collections::BTreeMap;
use std::io::Read;

use super::super::error::ReadError;
use super::super::limits::Limits;
use super::super::window::{Line, LineEnds, Window};
use super::lex::{Cursor, Dialect, Token};
use super::statement::{self, Statement};
use super::within::Within;

/// A table of a dump.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Table {
    /// Its name, its parts joined by dots.
    pub(in super::super) name: String,
    /// The columns that rows without a list of their own have.
    pub(in super::super) created: Vec<String>,
    /// All columns that its rows name.
    pub(in super::super) columns: Vec<String>,
    /// Whether the dump holds rows of it.
    filled: bool,
    /// Whether it is created twice, with other columns: which of them rows have cannot be told.
    twice: bool,
}

/// The table whose rows are asked for, which is the only one with rows when none is named.
pub(in super::super) fn find(
    input: impl Read,
    dialect: Dialect,
    asked: Option<&str>,
    limits: &Limits,
) -> Result<Table, ReadError> {
    let tables = all(input, dialect, limits)?.into_values();
    let mut tables: Vec<Table> = tables.filter(|table| table.filled).collect();
    if tables.is_empty() {
        return Err(ReadError::NoTable);
    }
    let names = |tables: &[Table]| {
        let names: Vec<&str> = tables.iter().take(20).map(|table| &*table.name).collect();
        let more = if tables.len() > names.len() { ", ..." } else { "" };
        names.join(", ") + more
    };
    let once = |table: Table| match table.twice {
        true => Err(ReadError::TableTwice { name: table.name }),
        false => Ok(table),
    };
    let Some(asked) = asked else {
        return match tables.len() {
            1 => tables.pop().ok_or(ReadError::NoTable).and_then(once),
            _ => Err(ReadError::TablesSeveral { names: names(&tables) }),
        };
    };
    let asked = asked.to_lowercase();
    let ending = format!(".{asked}");
    let known = names(&tables);
    let whole = tables.iter().position(|table| table.name.to_lowercase() == asked);
    let ends = |table: &Table| table.name.to_lowercase().ends_with(&ending);
    let mut named = tables.iter().enumerate().filter(|(_, table)| ends(table));
    let found = match (whole, named.next(), named.next()) {
        (Some(at), _, _) | (None, Some((at, _)), None) => Some(at),
        _ => None,
    };
    match found {
        Some(at) => once(tables.swap_remove(at)),
        None => Err(ReadError::TableUnknown { names: known }),
    }
}

fn all(input: impl Read, dialect: Dialect, limits: &Limits) -> Result<Tables, ReadError> {
    let mut window = Window::new(input);
    super::super::header::read_mark(&mut window)?;
    let (mut tables, mut within) = (Tables::new(), Within::default());
    loop {
        let mut cursor = Cursor::new(&mut window, dialect, limits.row_bytes_max);
        match statement::next(&mut cursor, &mut within)? {
            Statement::End => return Ok(tables),
            // What does not end is reported when rows are read.
            Statement::Other | Statement::Cut(_) => {}
            Statement::Create { table, columns } => {
                let table = of(&mut tables, table);
                table.twice |= !table.created.is_empty() && table.created != columns;
                table.created = columns;
            }
            Statement::Copy { table, columns } => {
                let table = of(&mut tables, table);
                note(table, columns, limits)?;
                table.filled |= skip_copy(&mut window, limits)?;
            }
            Statement::Insert { table, columns } => {
                let table = of(&mut tables, table);
                if columns.is_empty() && table.created.is_empty() {
                    let count = count_cells(&mut cursor)?;
                    table.created = (1..=count).map(|n| format!("column_{n}")).collect();
                }
                note(table, columns, limits)?;
                table.filled = true;
                cursor.skip_statement()?;
            }
        }
        if tables.len() > limits.columns_max {
            return Err(ReadError::TablesTooMany { max: limits.columns_max });
        }
    }
}

/// The tables found, by name.
type Tables = BTreeMap<String, Table>;

/// The entry of a table.
fn of(tables: &mut Tables, name: String) -> &mut Table {
    let fresh = Table { name: name.clone(), ..Table::default() };
    tables.entry(name).or_insert(fresh)
}

/// Adds the columns of a statement.
fn note(table: &mut Table, columns: Vec<String>, limits: &Limits) -> Result<(), ReadError> {
    let columns = if columns.is_empty() { table.created.clone() } else { columns };
    if columns == table.columns {
        return Ok(());
    }
    for column in columns {
        if !table.columns.contains(&column) {
            table.columns.push(column);
        }
    }
    match table.columns.len() > limits.columns_max {
        true => Err(ReadError::ColumnsTooMany { max: limits.columns_max }),
        false => Ok(()),
    }
}

/// Goes behind the rows of a `COPY`; whether there are any.
fn skip_copy<R: Read>(window: &mut Window<R>, limits: &Limits) -> std::io::Result<bool> {
    let mut filled = false;
    loop {
        match window.line(limits.line_bytes_max)? {
            Line::End => return Ok(filled),
            Line::TooLong => window.skip_line(0, LineEnds::Lf)?,
            Line::Whole(length) => {
                let line = window.bytes().get(..length).unwrap_or_default();
                let end = line.trim_ascii_end() == b"\\.";
                window.consume(length, 1);
                if end {
                    return Ok(filled);
                }
            }
        }
        filled = true;
    }
}

/// How many cells the first row of an `INSERT` has.
fn count_cells<R: Read>(cursor: &mut Cursor<'_, R>) -> std::io::Result<usize> {
    let (mut depth, mut count) = (0_u32, 1);
    loop {
        match cursor.next()? {
            Token::Sign(b'(', _) => depth += 1,
            Token::Sign(b')', _) if depth <= 1 => return Ok(count),
            Token::Sign(b')', _) => depth -= 1,
            Token::Sign(b',', _) if depth == 1 => count += 1,
            Token::End | Token::Unclosed | Token::Sign(b';', _) => return Ok(count),
            _ => {}
        }
    }
}
