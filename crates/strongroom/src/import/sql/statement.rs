//! The statements of a dump that say what its rows are: `CREATE TABLE`, `COPY`, `INSERT`.
//!
//! Every other one is passed over. What stands in a table's name or columns is kept, no value is.

use std::io::{self, Read};

use super::lex::{Cursor, Start, Token, name};
use super::within::Within;

/// A statement, read up to where its rows begin.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// A table and its columns.
    Create { table: String, columns: Vec<String> },
    /// Rows of `COPY`, a line each, come next.
    Copy { table: String, columns: Vec<String> },
    /// Rows of `INSERT` come next. Without columns they are those of the table.
    Insert { table: String, columns: Vec<String> },
    /// Another one: it is over.
    Other,
    /// Something begins here that does not end: what is behind it cannot be told.
    Cut(Start),
    /// There is none.
    End,
}

/// Reads the next statement. The window begins behind it, or at its first row. Names of tables are
/// told apart by the database they are `within`.
pub(super) fn next<R: Read>(
    cursor: &mut Cursor<'_, R>,
    within: &mut Within,
) -> io::Result<Statement> {
    cursor.settle();
    cursor.lost = false;
    let statement = any(cursor, within)?;
    if let Some(start) = cursor.unclosed.take() {
        cursor.settle();
        return Ok(Statement::Cut(start));
    }
    Ok(statement)
}

fn any<R: Read>(cursor: &mut Cursor<'_, R>, within: &mut Within) -> io::Result<Statement> {
    let first = cursor.next()?;
    let found = match &first {
        Token::End | Token::Unclosed => return Ok(Statement::End),
        Token::Sign(b';', _) => Some(Statement::Other),
        Token::Sign(b'\\', _) => {
            within.command(cursor)?;
            return Ok(Statement::Other);
        }
        word if cursor.is_word(word, "COPY") => copy(cursor, within)?,
        word if cursor.is_word(word, "INSERT") || cursor.is_word(word, "REPLACE") => {
            insert(cursor, within)?
        }
        word if cursor.is_word(word, "CREATE") => create(cursor, within)?,
        word if cursor.is_word(word, "USE") || cursor.is_word(word, "SET") => {
            let set = cursor.is_word(word, "SET");
            within.schema(cursor, set)?;
            None
        }
        word if cursor.is_word(word, "DELIMITER") => {
            skip_program(cursor)?;
            return Ok(Statement::Other);
        }
        _ => None,
    };
    match found {
        Some(statement) if !cursor.lost => {
            cursor.settle();
            Ok(statement)
        }
        _ => {
            cursor.skip_statement()?;
            Ok(Statement::Other)
        }
    }
}

/// `COPY name [(columns)] FROM stdin;`
fn copy<R: Read>(cursor: &mut Cursor<'_, R>, within: &Within) -> io::Result<Option<Statement>> {
    let Some((table, next)) = table(cursor, within)? else { return Ok(None) };
    let mut columns = Vec::new();
    let mut next = next;
    if matches!(next, Token::Sign(b'(', _)) {
        let Some(found) = list(cursor)? else { return Ok(None) };
        columns = found;
        next = cursor.next()?;
    }
    for word in ["FROM", "STDIN"] {
        if !cursor.is_word(&next, word) {
            return Ok(None);
        }
        next = cursor.next()?;
    }
    if !matches!(next, Token::Sign(b';', _)) {
        return Ok(None);
    }
    cursor.skip_line()?;
    Ok(Some(Statement::Copy { table, columns }))
}

/// `INSERT [...] INTO name [(columns)] [...] VALUES`, and `REPLACE`.
fn insert<R: Read>(cursor: &mut Cursor<'_, R>, within: &Within) -> io::Result<Option<Statement>> {
    // Words such as IGNORE.
    loop {
        let token = cursor.next()?;
        if cursor.is_word(&token, "INTO") {
            break;
        }
        if !matches!(token, Token::Word(_)) {
            return Ok(None);
        }
    }
    let Some((table, mut next)) = table(cursor, within)? else { return Ok(None) };
    let mut columns = Vec::new();
    if matches!(next, Token::Sign(b'(', _)) {
        let Some(found) = list(cursor)? else { return Ok(None) };
        columns = found;
        next = cursor.next()?;
    }
    // Words such as OVERRIDING SYSTEM VALUE; a row begins with a bracket.
    loop {
        let values = cursor.is_word(&next, "VALUES") || cursor.is_word(&next, "VALUE");
        let place = cursor.read();
        let selects = cursor.is_word(&next, "SELECT") || cursor.is_word(&next, "SET");
        if selects || !matches!(next, Token::Word(_)) {
            return Ok(None);
        }
        next = cursor.next()?;
        if values && matches!(next, Token::Sign(b'(', _)) {
            cursor.back(place);
            return Ok(Some(Statement::Insert { table, columns }));
        }
    }
}

/// `CREATE [...] TABLE [IF NOT EXISTS] name (columns and constraints) ...;`
fn create<R: Read>(cursor: &mut Cursor<'_, R>, within: &Within) -> io::Result<Option<Statement>> {
    for _ in 0..4 {
        let token = cursor.next()?;
        if cursor.is_word(&token, "TABLE") {
            let Some((table, next)) = table(cursor, within)? else { return Ok(None) };
            if !matches!(next, Token::Sign(b'(', _)) {
                return Ok(None);
            }
            let Some(columns) = definitions(cursor)? else { return Ok(None) };
            cursor.skip_statement()?;
            return Ok(Some(Statement::Create { table, columns }));
        }
        if !matches!(token, Token::Word(_)) {
            return Ok(None);
        }
    }
    Ok(None)
}

/// A table's name, its parts joined by dots, and the token after it.
fn table<R: Read>(
    cursor: &mut Cursor<'_, R>,
    within: &Within,
) -> io::Result<Option<(String, Token)>> {
    let mut parts = Vec::new();
    loop {
        let token = cursor.next()?;
        let skipped = ["IF", "NOT", "EXISTS", "ONLY"];
        if parts.is_empty() && skipped.iter().any(|word| cursor.is_word(&token, word)) {
            continue;
        }
        let (Token::Word(place) | Token::Name(place)) = &token else { return Ok(None) };
        let Some(part) = name(cursor.bytes(place)) else { return Ok(None) };
        parts.push(part);
        let next = cursor.next()?;
        if !matches!(next, Token::Sign(b'.', _)) {
            return Ok(Some((within.name(&parts), next)));
        }
    }
}

/// Names between brackets, the first of which is behind.
fn list<R: Read>(cursor: &mut Cursor<'_, R>) -> io::Result<Option<Vec<String>>> {
    let mut names = Vec::new();
    loop {
        let token = cursor.next()?;
        let (Token::Word(place) | Token::Name(place)) = &token else { return Ok(None) };
        let Some(found) = name(cursor.bytes(place)) else { return Ok(None) };
        names.push(found);
        match cursor.next()? {
            Token::Sign(b',', _) => {}
            Token::Sign(b')', _) => return Ok(Some(names)),
            _ => return Ok(None),
        }
    }
}

/// What the body of a `CREATE TABLE` begins a line with that is no column.
const NO_COLUMNS: [&str; 14] = [
    "PRIMARY",
    "UNIQUE",
    "KEY",
    "INDEX",
    "CONSTRAINT",
    "FOREIGN",
    "CHECK",
    "FULLTEXT",
    "SPATIAL",
    "EXCLUDE",
    "LIKE",
    "PERIOD",
    "PARTITION",
    "INHERITS",
];

/// The columns that a `CREATE TABLE` defines, whose first bracket is behind.
fn definitions<R: Read>(cursor: &mut Cursor<'_, R>) -> io::Result<Option<Vec<String>>> {
    let mut columns = Vec::new();
    let mut begins = true;
    let mut depth = 1_u32;
    loop {
        let token = cursor.next()?;
        if begins && let Token::Word(place) | Token::Name(place) = &token {
            let bare = matches!(token, Token::Word(_));
            if !(bare && NO_COLUMNS.iter().any(|word| cursor.is_word(&token, word))) {
                let Some(column) = name(cursor.bytes(place)) else { return Ok(None) };
                columns.push(column);
            }
        }
        begins = false;
        match token {
            Token::Sign(b'(', _) => depth += 1,
            Token::Sign(b')', _) => {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some(columns));
                }
            }
            Token::Sign(b',', _) => begins = depth == 1,
            Token::End | Token::Unclosed | Token::Sign(b';', _) => return Ok(None),
            _ => {}
        }
    }
}

/// Skips what stands between `DELIMITER ;;` and `DELIMITER ;`: programs, which hold no rows. Their
/// lines are no statements, so none is read as one.
fn skip_program<R: Read>(cursor: &mut Cursor<'_, R>) -> io::Result<()> {
    const WORD: &[u8] = b"DELIMITER";
    cursor.settle();
    let start = cursor.here();
    loop {
        let ends = matches!(cursor.next()?, Token::Sign(b';', _))
            && !matches!(cursor.peek(0)?, Some(b';'));
        cursor.unclosed = None;
        cursor.skip_line()?;
        if ends {
            return Ok(());
        }
        // On to the next line that begins so.
        while !cursor.starts_with(WORD)? {
            if cursor.peek(0)?.is_none() {
                cursor.cut(start);
                return Ok(());
            }
            cursor.skip_line()?;
        }
        cursor.next()?;
    }
}
