//! What has to be known of a file before its rows can be read.
//!
//! Decided once, from the bytes and from what was said; the same decision reads the same rows
//! again.

use std::io::Read;

use super::decode::Decoding;
use super::encoding::{Encoding, Units};
use super::fixed::Columns;
use super::format::Format;
use super::sql::{Dialect, Table};

/// What is known of the text of a file.
#[derive(Debug, Clone)]
pub struct Layout {
    /// How its rows are written.
    pub format: Format,
    /// For JSON: the columns.
    pub members: Vec<String>,
    /// For a dump: whose spelling it has, and the table.
    pub(super) dump: Option<(Dialect, Table)>,
    /// For fixed width: where columns stand.
    pub(super) fixed: Columns,
    /// How long its characters were in the file.
    pub(super) units: Units,
}

impl Layout {
    /// A file of UTF-8 of which nothing needs to be known but its format.
    #[must_use]
    pub fn of(format: Format) -> Self {
        Self {
            format,
            members: Vec::new(),
            dump: None,
            fixed: Columns::default(),
            units: Units::Same,
        }
    }

    /// The widths of columns of fixed width, but for the last where it was told.
    #[must_use]
    pub fn widths(&self) -> Vec<usize> {
        self.fixed.widths()
    }

    /// The table of a dump.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.dump.as_ref().map(|(_, table)| &*table.name)
    }

    /// The same for text that was decoded: places are those of the file where that can be told,
    /// which it can for UTF-16 and for encodings of one byte a character.
    #[must_use]
    pub fn decoded(self, encoding: Encoding) -> Self {
        Self { units: encoding.units(), ..self }
    }
}

/// The text of a file as UTF-8.
pub(super) fn decode<'a>(input: impl Read + 'a, encoding: Encoding) -> Box<dyn Read + 'a> {
    match encoding == Encoding::UTF_8 {
        true => Box::new(input),
        false => Box::new(Decoding::new(input, encoding)),
    }
}
