//! Which database and schema a dump speaks of: a name of a table alone names several tables where
//! a dump holds several databases.

use std::io::{self, Read};

use super::lex::{Cursor, Token, name};

/// How long a command of psql may be that is looked at.
const COMMAND_BYTES_MAX: usize = 1024;

/// What goes before the names of tables.
#[derive(Default)]
pub(super) struct Within {
    /// By `\connect`: before every name.
    database: Option<String>,
    /// By `USE` or `SET search_path`: before a name of one part.
    schema: Option<String>,
}

impl Within {
    /// The whole name of a table that is written in these parts.
    pub(super) fn name(&self, parts: &[String]) -> String {
        let schema = self.schema.as_ref().filter(|_| parts.len() == 1);
        let all = self.database.iter().chain(schema).chain(parts);
        all.map(String::as_str).collect::<Vec<_>>().join(".")
    }

    /// What follows `USE` or `SET`.
    pub(super) fn schema<R: Read>(
        &mut self,
        cursor: &mut Cursor<'_, R>,
        set: bool,
    ) -> io::Result<()> {
        let mut next = cursor.next()?;
        if set && cursor.is_word(&next, "search_path") {
            next = cursor.next()?;
            if matches!(next, Token::Sign(b'=', _)) || cursor.is_word(&next, "TO") {
                next = cursor.next()?;
            }
        } else if set {
            next = Token::End;
        }
        match &next {
            Token::Word(place) | Token::Name(place) => self.schema = name(cursor.bytes(place)),
            Token::Text { .. } => self.schema = None,
            Token::Sign(b';', at) => cursor.back(*at),
            _ => {}
        }
        Ok(())
    }

    /// A command of psql, whose backslash is behind, to the end of its line.
    pub(super) fn command<R: Read>(&mut self, cursor: &mut Cursor<'_, R>) -> io::Result<()> {
        cursor.settle();
        let mut length = 0;
        while length < COMMAND_BYTES_MAX && cursor.peek(length)?.is_some_and(|b| b != b'\n') {
            length += 1;
        }
        let line = String::from_utf8_lossy(cursor.bytes(&(0..length))).into_owned();
        let (command, rest) = line.split_once(char::is_whitespace).unwrap_or_default();
        if command == "connect" || command == "c" {
            let rest = rest.trim();
            let named = rest.split_once("dbname=").map_or(rest, |(_, named)| named);
            let named = named.trim_matches(['"', '\'', '\\', ' ']);
            if !named.is_empty() && named != "-" {
                (self.database, self.schema) = (Some(named.to_owned()), None);
            }
        }
        cursor.skip_line()
    }
}
