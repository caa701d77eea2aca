//! Which format a file has, by its name and its first bytes.

use std::path::Path;

use super::error::ReadError;

/// The UTF-8 byte order mark, kept where it stood.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// How the rows of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// CSV with this delimiter: a header, then a row a line, cells quoted where needed.
    Delimited {
        /// An ASCII byte, neither a quote nor a line end.
        delimiter: u8,
    },
    /// One JSON object a line.
    JsonLines,
}

impl Format {
    /// Comma-separated.
    pub const COMMA: Self = Self::Delimited { delimiter: b',' };
    /// Tab-separated.
    pub const TAB: Self = Self::Delimited { delimiter: b'\t' };
}

/// Names the format of a file from its name and its first bytes (a few are enough, and
/// only `.json` needs any).
///
/// `.jsonl` and `.ndjson` are JSON Lines, `.json` too if it begins with an object; `.tsv` and
/// `.tab` are tab-separated; everything else is comma-separated. The contents are not judged
/// further: [`super::Reader::open`] refuses a header whose delimiter is obviously another one.
///
/// # Errors
/// A file that is packed, UTF-16, or a JSON array.
pub fn detect(path: &Path, head: &[u8]) -> Result<Format, ReadError> {
    refuse(head)?;
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "jsonl" | "ndjson" => Ok(Format::JsonLines),
        "json" => match head.strip_prefix(BOM).unwrap_or(head).trim_ascii_start().first() {
            Some(b'[') => Err(ReadError::JsonArray),
            Some(b'{') => Ok(Format::JsonLines),
            Some(_) => Err(ReadError::NoObjects),
            None => Err(ReadError::Empty),
        },
        "tsv" | "tab" => Ok(Format::TAB),
        _ => Ok(Format::COMMA),
    }
}

/// Refuses what is not UTF-8 text, by its first bytes.
pub(super) fn refuse(head: &[u8]) -> Result<(), ReadError> {
    const PACKED: [(&[u8], &str); 5] = [
        (b"\x1f\x8b", "compressed with gzip"),
        (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
        (b"BZh", "compressed with bzip2"),
        (b"\xfd7zX", "compressed with xz"),
        (b"PK\x03\x04", "a zip archive or a spreadsheet"),
    ];
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(ReadError::Utf16);
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

    fn name(path: &str, head: &[u8]) -> String {
        match detect(Path::new(path), head) {
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
            ("-", b"", &comma),
            ("a.txt", b"{", &comma),
            ("a.tsv", b"a\tb", &tab),
            ("a.TAB", b"", &tab),
            ("a.jsonl", b"", "JsonLines"),
            ("a.NDJSON", b"[", "JsonLines"),
            ("a.json", b"{\"a\":1}", "JsonLines"),
            ("a.json", b"\xef\xbb\xbf {", "JsonLines"),
        ] {
            assert_eq!(name(path, head), expected, "{path}");
        }
    }

    #[test]
    fn what_is_not_text_is_refused_with_a_remedy() {
        for (path, head, expected) in [
            ("a.csv", &b"\xff\xfea\0"[..], "UTF-16"),
            ("a.csv", b"\xfe\xff\0a", "UTF-16"),
            ("a.csv", b"\x1f\x8b\x08", "gzip"),
            ("a.jsonl", b"\x28\xb5\x2f\xfd", "zstd"),
            ("a.csv", b"BZh91AY", "bzip2"),
            ("a.csv", b"PK\x03\x04", "spreadsheet"),
            ("a.json", b"[1]", "array"),
            ("a.json", b"1", "no line is a JSON object"),
            ("a.json", b"\xef\xbb\xbf", "empty"),
        ] {
            assert!(name(path, head).contains(expected), "{path}: {}", name(path, head));
        }
        assert!(detect(Path::new("a.csv"), b"BZh,b").is_ok());
    }
}
