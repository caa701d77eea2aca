//! Which format a file has, by its name and its first bytes.

use std::collections::HashMap as Map;
use std::path::Path;

use serde::de::IgnoredAny;

use super::encoding::Encoding;
use super::error::ReadError;
use super::sniff::{self, Head};

/// The UTF-8 byte order mark, kept where it stood.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// How the rows of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// CSV with this delimiter: a row a line, cells quoted where needed.
    Delimited {
        /// An ASCII byte, neither a quote nor a line end.
        delimiter: u8,
        /// Whether the first row names the columns. Without it they are `column_1` and so on.
        header: bool,
    },
    /// One JSON object a line.
    JsonLines,
    /// Lines whose columns begin at the same characters. Written as CSV.
    Fixed {
        /// Whether the first line names the columns.
        header: bool,
    },
    /// Objects in one JSON array, or one after the other over several lines.
    JsonItems,
    /// An SQL dump, of which one table is read. Written as CSV.
    Sql,
}

impl Format {
    /// Comma-separated, with a header.
    pub const COMMA: Self = Self::Delimited { delimiter: b',', header: true };
    /// Whether what is written has the format that was read; otherwise it is CSV.
    #[must_use]
    pub fn is_kept(self) -> bool {
        matches!(self, Self::Delimited { .. } | Self::JsonLines | Self::JsonItems)
    }

    /// Tab-separated, with a header.
    pub const TAB: Self = Self::Delimited { delimiter: b'\t', header: true };
}

/// A family of formats, for whoever names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Cells with a delimiter between them.
    Csv,
    /// JSON objects: one a line, in an array, or one after the other.
    Json,
    /// An SQL dump.
    Sql,
    /// Columns of fixed width.
    Fixed,
}

/// What the caller says of a file; what is not said is told from its bytes.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The family of formats.
    pub family: Option<Family>,
    /// What separates cells.
    pub delimiter: Option<u8>,
    /// Whether the first row names the columns; it does by default.
    pub header: Option<bool>,
    /// The encoding of its text.
    pub encoding: Option<Encoding>,
    /// Which table of a dump.
    pub table: Option<String>,
    /// How wide columns are, in characters.
    pub widths: Option<Vec<usize>>,
}

/// Names the format of a file from its name and its beginning.
///
/// `.jsonl` and `.ndjson` are JSON Lines, `.json` and any file but a CSV too if it begins with an
/// object on a line; another `.json` is an array of objects, or objects one after the other.
/// Everything else is rows of cells, and the delimiter is told by [`sniff::delimiter`].
///
/// # Errors
/// A file that is packed, or a `.json` that is no JSON.
pub fn detect(path: &Path, head: Head<'_>, asked: &Asked) -> Result<Format, ReadError> {
    refuse(head.bytes)?;
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let extension = extension.to_ascii_lowercase();
    let text = head.bytes.strip_prefix(BOM).unwrap_or(head.bytes);
    let family = match (asked.family, extension.as_str()) {
        (Some(family), _) => family,
        // Whoever names a delimiter has rows of cells.
        (None, _) if asked.delimiter.is_some() => Family::Csv,
        (None, _) if asked.table.is_some() => Family::Sql,
        (None, _) if asked.widths.is_some() => Family::Fixed,
        (None, "jsonl" | "ndjson") => Family::Json,
        (None, "json") => match text.trim_ascii_start().first() {
            Some(b'[' | b'{') => Family::Json,
            Some(_) => return Err(ReadError::NoObjects),
            None => return Err(ReadError::Empty),
        },
        (None, "csv" | "tsv" | "tab") => Family::Csv,
        (None, "sql") => Family::Sql,
        (None, _) if begins_with_object(text) || begins_with_array(text) => Family::Json,
        (None, _) if begins_with_sql(text) => Family::Sql,
        (None, _) => Family::Csv,
    };
    match family {
        Family::Json => {
            // A file that says it is JSON Lines is.
            let lines = matches!(extension.as_str(), "jsonl" | "ndjson");
            return Ok(match lines || begins_with_object(text) {
                true => Format::JsonLines,
                false => Format::JsonItems,
            });
        }
        Family::Sql => return Ok(Format::Sql),
        Family::Fixed => return Ok(Format::Fixed { header: asked.header.unwrap_or(true) }),
        Family::Csv => {}
    }
    let usual = if matches!(extension.as_str(), "tsv" | "tab") { b'\t' } else { b',' };
    let told = || sniff::said(text).or_else(|| sniff::delimiter(head, usual));
    let delimiter = match asked.delimiter.or_else(told) {
        Some(delimiter) => delimiter,
        // One column, or several of fixed width, which all lines have to tell.
        None if !matches!(extension.as_str(), "csv" | "tsv" | "tab") && asked.family.is_none() => {
            return Ok(Format::Fixed { header: asked.header.unwrap_or(true) });
        }
        None => usual,
    };
    Ok(Format::Delimited { delimiter, header: asked.header.unwrap_or(true) })
}

/// Whether one of the first lines is one that dumps have.
pub(super) fn begins_with_sql(text: &[u8]) -> bool {
    const LINES: [&[u8]; 6] = [
        b"-- PostgreSQL database dump",
        b"-- MySQL dump",
        b"-- MariaDB dump",
        b"CREATE TABLE ",
        b"INSERT INTO ",
        b"COPY ",
    ];
    let mut lines = text.split(|byte| *byte == b'\n').take(200);
    let is = |line: &[u8], words: &[u8]| {
        line.get(..words.len()).is_some_and(|start| start.eq_ignore_ascii_case(words))
    };
    lines.any(|line| LINES.iter().any(|words| is(line, words)))
}

/// Whether it begins with an array of objects.
fn begins_with_array(text: &[u8]) -> bool {
    let within = text.trim_ascii_start().strip_prefix(b"[");
    within.is_some_and(|within| within.trim_ascii_start().first() == Some(&b'{'))
}

/// Whether the first line that is not blank is a JSON object.
fn begins_with_object(text: &[u8]) -> bool {
    let line = text.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.first() == Some(&b'{') && serde_json::from_slice::<Map<String, IgnoredAny>>(line).is_ok()
}

/// Refuses what is no text, by its first bytes.
pub(super) fn refuse(head: &[u8]) -> Result<(), ReadError> {
    const PACKED: [(&[u8], &str); 9] = [
        (b"\x1f\x8b", "compressed with gzip twice"),
        (b"\x28\xb5\x2f\xfd", "compressed with zstd twice"),
        (b"BZh", "compressed with bzip2"),
        (b"\xfd7zX", "compressed with xz"),
        (b"PK\x03\x04", "a zip archive or a spreadsheet"),
        (b"\xd0\xcf\x11\xe0", "an old spreadsheet or document"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"%PDF-", "a PDF"),
        (b"PGDMP", "a dump in pg_dump's own format (pg_restore -f OUT.sql makes text of it)"),
    ];
    if head.get(257..262) == Some(b"ustar") {
        return Err(ReadError::Packed { kind: "a tar archive" });
    }
    match PACKED.iter().find(|(magic, _)| head.starts_with(magic)) {
        // `BZh` could begin a header's name; the digit and magic that follow in bzip2 could not
        Some((b"BZh", _)) if head.get(4) != Some(&b'1') => Ok(()),
        Some((_, kind)) => Err(ReadError::Packed { kind }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &str, bytes: &[u8]) -> String {
        let head = Head { bytes, whole: true };
        match detect(Path::new(path), head, &Asked::default()) {
            Ok(format) => format!("{format:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_name_and_a_head_give_a_format() {
        let comma = format!("{:?}", Format::COMMA);
        let tab = format!("{:?}", Format::TAB);
        for (path, head, expected) in [
            ("a.csv", &b"a,b"[..], comma.as_str()),
            ("a.CSV", b"", &comma),
            ("-", b"", "Fixed { header: true }"),
            ("a.txt", b"{", "Fixed { header: true }"),
            ("a.txt", b"{\"a\":1}\n{", "JsonLines"),
            ("-", b"\n {\"a\":1}\r\n", "JsonLines"),
            ("-", b"[ {\"a\":1}]", "JsonItems"),
            ("a.csv", b"{\"a\":1}\n", &comma),
            ("a.csv", b"a\tb\n1\t2\n", &tab),
            ("a.tsv", b"a\tb", &tab),
            ("a.TAB", b"", &tab),
            ("a.jsonl", b"", "JsonLines"),
            ("a.NDJSON", b"[", "JsonLines"),
            ("a.json", b"{\"a\":1}", "JsonLines"),
            ("a.json", b"\xef\xbb\xbf {", "JsonItems"),
            ("a.json", b"[{\"a\":1}]", "JsonItems"),
            ("a.json", b"{\n\"a\":1}", "JsonItems"),
        ] {
            assert_eq!(name(path, head), expected, "{path}");
        }
    }

    #[test]
    fn what_is_not_text_is_refused_with_a_remedy() {
        for (path, head, expected) in [
            ("a.csv", &b"\x1f\x8b\x08"[..], "gzip"),
            ("a.jsonl", b"\x28\xb5\x2f\xfd", "zstd"),
            ("a.csv", b"BZh91AY", "bzip2"),
            ("a.csv", b"PK\x03\x04", "spreadsheet"),
            ("a.json", b"1", "nothing in it is a JSON object"),
            ("a.json", b"\xef\xbb\xbf", "empty"),
        ] {
            assert!(name(path, head).contains(expected), "{path}: {}", name(path, head));
        }
        assert!(!name("a.csv", b"BZh,b").contains("bzip2"));
    }

    #[test]
    fn what_is_asked_for_leads() {
        let asked = |asked: Asked, path: &str| {
            let head = Head { bytes: b"a;b\n1;2\n", whole: true };
            detect(Path::new(path), head, &asked).unwrap()
        };
        let bar = Asked { delimiter: Some(b'|'), ..Asked::default() };
        let format = Format::Delimited { delimiter: b'|', header: true };
        assert_eq!(asked(bar.clone(), "a.csv"), format);
        assert_eq!(asked(bar, "a.jsonl"), format);
        let json = Asked { family: Some(Family::Json), ..Asked::default() };
        assert_eq!(asked(json, "a.jsonl"), Format::JsonLines);
        let bare = Asked { header: Some(false), ..Asked::default() };
        let format = Format::Delimited { delimiter: b';', header: false };
        assert_eq!(asked(bare, "a.csv"), format);
    }
}
