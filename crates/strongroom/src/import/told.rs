//! How a file is to be read, decided as a whole: packing, encoding, layout, each from its bytes
//! where nobody said it.
//!
//! Decided once; the same decision reads the same rows again. It must never name a value.

use std::io::{self, Read};
use std::path::Path;

use super::encoding::{Encoding, Survey};
use super::error::ReadError;
use super::fixed::{self, Columns};
use super::format::{Asked, Family, Format, begins_with_sql, detect, refuse};
use super::json_names::{item_columns, json_columns};
use super::layout::{Layout, decode};
use super::limits::Limits;
use super::packing::Packing;
use super::reader::Reader;
use super::sniff::{HEAD_BYTES, Head};
use super::sql::{self, Dialect};

/// How a file is read.
#[derive(Debug, Clone)]
pub struct Told {
    /// How it is compressed.
    pub packing: Packing,
    /// The encoding of its text.
    pub encoding: Encoding,
    /// How its rows are written.
    pub layout: Layout,
}

impl Told {
    /// Decides. `open` gives the file from its beginning, as often as it is called; the survey is
    /// that of all it unpacks to.
    ///
    /// # Errors
    /// The file cannot be read as rows.
    pub fn tell<R: Read>(
        name: &Path,
        asked: &Asked,
        (packing, survey): (Packing, &Survey),
        open: impl Fn() -> io::Result<R>,
    ) -> Result<Self, ReadError> {
        let (head, whole) = head(packing.unpack(open()?))?;
        refuse(&head)?;
        let declared = if begins_with_sql(&head) { Encoding::declared(&head) } else { None };
        let encoding = match asked.encoding.or(declared) {
            Some(encoding) => encoding,
            None => Encoding::tell(&head, survey)?,
        };
        let mut text = Vec::new();
        decode(head.as_slice(), encoding).read_to_end(&mut text)?;
        let name = match packing {
            Packing::None => name.to_path_buf(),
            _ => unpacked_name(name),
        };
        let format = detect(&name, Head { bytes: &text, whole }, asked)?;
        let layout = Layout::of(format).decoded(encoding);
        let mut told = Self { packing, encoding, layout };
        if let Format::Fixed { header } = format {
            told.tell_columns(asked, header, &open)?;
        }
        if format == Format::JsonLines {
            told.layout.members = json_columns(told.text(open()?), &Limits::default())?;
        }
        if format == Format::JsonItems {
            told.layout.members = item_columns(told.text(open()?), &Limits::default())?;
        }
        if format == Format::Sql {
            let dialect = Dialect::tell(&text);
            let asked = asked.table.as_deref();
            let table = sql::find(told.text(open()?), dialect, asked, &Limits::default())?;
            told.layout.dump = Some((dialect, table));
        }
        Ok(told)
    }

    /// Where the columns of fixed width stand; a file that has none is one column of CSV.
    fn tell_columns<R: Read>(
        &mut self,
        asked: &Asked,
        header: bool,
        open: impl Fn() -> io::Result<R>,
    ) -> Result<(), ReadError> {
        let wanted = asked.family == Some(Family::Fixed);
        let told = match &asked.widths {
            Some(widths) => Some(Columns::of_widths(widths)),
            None => fixed::tell(self.text(open()?), wanted, &Limits::default())?,
        };
        match told {
            Some(columns) => self.layout.fixed = columns,
            None if wanted => return Err(ReadError::NoColumns),
            None => self.layout.format = Format::Delimited { delimiter: b',', header },
        }
        Ok(())
    }

    /// The text of the file, whose bytes these are.
    pub fn text<'a>(&self, raw: impl Read + 'a) -> Box<dyn Read + 'a> {
        match self.packing {
            // One call less a block.
            Packing::None => decode(raw, self.encoding),
            packing => decode(packing.unpack(raw), self.encoding),
        }
    }

    /// A reader of the file, whose bytes these are.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn reader<'a>(&self, raw: impl Read + 'a) -> Result<Reader<Box<dyn Read + 'a>>, ReadError> {
        Reader::open_layout(self.text(raw), &self.layout, Limits::default())
    }
}

/// The name of what a packed file holds.
#[must_use]
pub fn unpacked_name(name: &Path) -> std::path::PathBuf {
    let ending = name.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "gz" | "gzip" | "zst" | "zstd" => name.with_extension(""),
        _ => name.to_path_buf(),
    }
}

/// The beginning of an input, and whether that is all of it.
fn head(input: impl Read) -> io::Result<(Vec<u8>, bool)> {
    let mut head = Vec::new();
    input.take(HEAD_BYTES as u64 + 1).read_to_end(&mut head)?;
    let whole = head.len() <= HEAD_BYTES;
    head.truncate(HEAD_BYTES);
    Ok((head, whole))
}
