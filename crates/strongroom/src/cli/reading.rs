//! The options that say how a file is to be read, where its bytes do not tell.
//!
//! Few, and each with a default that is told from the file; what is given here is believed.

use clap::ValueEnum;

use crate::import::{Asked, Encoding, Family};

/// How to read the file.
#[derive(clap::Args)]
#[command(next_help_heading = "Reading (told from the file by default)")]
pub struct Reading {
    /// What kind of file it is
    #[arg(long, value_enum, value_name = "KIND")]
    format: Option<Format>,
    /// What separates cells: one character, or `tab`
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// The encoding of its text, such as utf-8, utf-16le, windows-1252, iso-8859-2
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    encoding: Option<Encoding>,
    /// Which table of an SQL dump, when it holds rows of several
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// How wide columns of fixed width are, in characters, such as 9,30,11
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', value_parser = width)]
    widths: Option<Vec<usize>>,
    /// Whether the first row names the columns; without one they are `column_1` and so on
    #[arg(long, value_enum, value_name = "yes|no", hide_possible_values = true)]
    header: Option<YesNo>,
}

/// The kinds of files.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Rows of cells with a delimiter between them
    Csv,
    /// JSON: objects, one a line, in an array, or one after the other
    Json,
    /// A dump of PostgreSQL or MySQL, in plain text
    Sql,
    /// Lines whose columns begin at the same characters
    Fixed,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum YesNo {
    Yes,
    No,
}

impl Reading {
    /// What was said, for the readers.
    pub fn asked(&self) -> Asked {
        Asked {
            family: self.format.map(|format| match format {
                Format::Csv => Family::Csv,
                Format::Json => Family::Json,
                Format::Sql => Family::Sql,
                Format::Fixed => Family::Fixed,
            }),
            delimiter: self.delimiter,
            encoding: self.encoding,
            table: self.table.clone(),
            widths: self.widths.clone(),
            header: self.header.map(|header| header == YesNo::Yes),
        }
    }
}

fn encoding(text: &str) -> Result<Encoding, String> {
    let unknown = "no such encoding; the names are those of the WHATWG's list";
    Encoding::of_label(text).ok_or_else(|| unknown.to_owned())
}

fn width(text: &str) -> Result<usize, String> {
    let fits = text.trim().parse().ok().filter(|width| (1..=1_000_000).contains(width));
    fits.ok_or_else(|| "give numbers of characters, 1 at least".to_owned())
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        _ if text.eq_ignore_ascii_case("tab") || text == "\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !b"\"\r\n\0".contains(byte) => Ok(*byte),
        _ => Err("give one ASCII character that is no quote and no line end, or `tab`".to_owned()),
    }
}
