//! Which encoding a file's text has: by its byte order mark, by its bytes, or by what was said.
//!
//! UTF-8 and UTF-16 prove themselves. Of the many encodings of one byte a character only
//! Windows-1252 is ever told, from a file that is not UTF-8 and whose other bytes stand as letters
//! stand; every other one has to be said, since short cells of names give no language away and a
//! wrong guess would be sealed. What was told is in the answer of a seal.

use std::fmt;
use std::io::{self, Read};

use super::error::ReadError;
use super::format::BOM;

/// An encoding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

/// How long a character is in a file, next to its length in UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Units {
    /// As in UTF-8, or not known.
    #[default]
    Same,
    /// One byte.
    Single,
    /// Two bytes, or four for what is four in UTF-8.
    Utf16,
}

/// What stands for bytes that are no text: no UTF-8 has it, so the row they stand in is bad.
pub(super) const UNDECODABLE: u8 = 0xff;
/// The same for one byte at the end of UTF-16.
pub(super) const UNDECODABLE_HALF: u8 = 0xfe;

impl Units {
    /// How long this text was in the file.
    pub(super) fn length(self, text: &[u8]) -> u64 {
        let starts = |byte: &&u8| **byte & 0xc0 != 0x80;
        match self {
            Self::Same => text.len() as u64,
            Self::Single => text.iter().filter(starts).count() as u64,
            Self::Utf16 => {
                let length = |byte: &u8| match *byte {
                    0xf0..=0xf4 => 4,
                    UNDECODABLE_HALF => 1,
                    _ => 2,
                };
                text.iter().filter(starts).map(length).sum()
            }
        }
    }
}

impl Encoding {
    /// UTF-8.
    pub const UTF_8: Self = Self(encoding_rs::UTF_8);

    /// An encoding by its label, as the WHATWG lists them: `utf-16le`, `latin1`, `windows-1250`.
    #[must_use]
    pub fn of_label(label: &str) -> Option<Self> {
        let encoding = encoding_rs::Encoding::for_label(label.trim().as_bytes())?;
        (encoding != encoding_rs::REPLACEMENT).then_some(Self(encoding))
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The encoding of a file whose beginning and survey these are.
    ///
    /// # Errors
    /// The file is UTF-32.
    pub fn tell(head: &[u8], survey: &Survey) -> Result<Self, ReadError> {
        if head.starts_with(b"\xff\xfe\0\0") || head.starts_with(b"\0\0\xfe\xff") {
            return Err(ReadError::Utf32);
        }
        if head.starts_with(BOM) {
            return Ok(Self::UTF_8);
        }
        if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(head) {
            return Ok(Self(encoding));
        }
        Ok(wide(head).unwrap_or(match survey.reads_as_western() {
            true => Self(encoding_rs::WINDOWS_1252),
            false => Self::UTF_8,
        }))
    }

    /// Whether places in the text can be counted back into places in the file.
    pub(super) fn keeps_places(self) -> bool {
        self == Self::UTF_8 || self.units() != Units::Same
    }

    /// The encoding that a dump says it has in one of its first lines.
    pub(super) fn declared(head: &[u8]) -> Option<Self> {
        let head = head.get(..16 * 1024).unwrap_or(head);
        let after = |words: &str| {
            let at = head.windows(words.len()).position(|at| at == words.as_bytes())?;
            let rest = head.get(at + words.len()..)?;
            let end =
                rest.iter().position(|b| !(b.is_ascii_alphanumeric() || b"_-".contains(b)))?;
            std::str::from_utf8(rest.get(..end)?).ok()
        };
        let name = after("SET client_encoding = '").or_else(|| after("SET NAMES "))?;
        let name = name.to_ascii_lowercase();
        let label = match name.as_str() {
            "utf8mb4" | "utf8mb3" => "utf-8".to_owned(),
            name if name.starts_with("win") => name.replacen("win", "windows-", 1),
            _ => name,
        };
        Self::of_label(&label)
    }

    pub(super) fn decoder(self) -> encoding_rs::Decoder {
        self.0.new_decoder_without_bom_handling()
    }

    pub(super) fn units(self) -> Units {
        if self.0.is_single_byte() {
            Units::Single
        } else if self.0 == encoding_rs::UTF_16LE || self.0 == encoding_rs::UTF_16BE {
            Units::Utf16
        } else {
            Units::Same
        }
    }
}

impl fmt::Debug for Encoding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// UTF-16 without a byte order mark: text of delimiters, digits and Latin letters has a zero in
/// every other byte, and no other text has.
fn wide(head: &[u8]) -> Option<Encoding> {
    let head = head.get(..4096).unwrap_or(head);
    let pairs = head.len() / 2;
    let zeros = |first: usize| head.iter().skip(first).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let most = |zeros: usize, others: usize| zeros * 10 >= pairs * 4 && others * 50 <= pairs;
    match pairs >= 4 {
        true if most(odd, even) => Some(Encoding(encoding_rs::UTF_16LE)),
        true if most(even, odd) => Some(Encoding(encoding_rs::UTF_16BE)),
        _ => None,
    }
}

/// What all bytes of a file say of its encoding. Counts only.
#[derive(Debug, Default)]
pub struct Survey {
    /// Characters of more than one byte in UTF-8.
    long: u64,
    /// Stretches that are not UTF-8.
    broken: u64,
    /// Bytes above ASCII that stand where Windows-1252 would have them, and others.
    letters: u64,
    odd: u64,
    /// The end of what was seen, if it may go on as UTF-8.
    carry: Vec<u8>,
    /// The last byte, and the one before it.
    last: [u8; 2],
}

impl Survey {
    /// Reads all of an input and takes note of it.
    ///
    /// # Errors
    /// The input fails.
    pub fn of(mut input: impl Read) -> io::Result<Self> {
        let mut survey = Self::default();
        let mut buffer = vec![0; 1 << 18];
        loop {
            match input.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => survey.note(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // The last byte is judged once the one after it is known.
        survey.judge(b'\n');
        Ok(survey)
    }

    /// Takes note of the next bytes.
    fn note(&mut self, bytes: &[u8]) {
        if self.carry.is_empty() && self.last[1].is_ascii() && bytes.is_ascii() {
            if let Some(last) = bytes.last() {
                self.last = [b' ', *last];
            }
            return;
        }
        for byte in bytes {
            self.judge(*byte);
        }
        let mut held = std::mem::take(&mut self.carry);
        held.extend_from_slice(bytes);
        let mut rest = held.as_slice();
        loop {
            let error = match std::str::from_utf8(rest) {
                Ok(text) => return self.count(text.as_bytes()),
                Err(error) => error,
            };
            self.count(rest.get(..error.valid_up_to()).unwrap_or_default());
            rest = rest.get(error.valid_up_to()..).unwrap_or_default();
            let Some(length) = error.error_len() else {
                self.carry = rest.to_vec();
                return;
            };
            self.broken += 1;
            rest = rest.get(length..).unwrap_or_default();
        }
    }

    fn count(&mut self, text: &[u8]) {
        self.long += text.iter().filter(|byte| **byte >= 0xc0).count() as u64;
    }

    /// Judges the byte before this one, now that both its neighbours are known.
    fn judge(&mut self, next: u8) {
        let [before, byte] = self.last;
        self.last = [byte, next];
        if byte.is_ascii() {
            return;
        }
        let letter = |byte: u8| (0xc0..=0xfd).contains(&byte);
        let stands = match byte {
            0x81 | 0x8d | 0x8f | 0x90 | 0x9d | 0xff => false,
            // Marks that open or surround, within a word: letters of an encoding of DOS.
            0x82 | 0x84 if before.is_ascii_alphabetic() => false,
            0x80..=0x90 | 0x93..=0x95 | 0x98 | 0x99 | 0xa1..=0xa9 | 0xab | 0xac | 0xae..=0xb3
                if before.is_ascii_alphabetic() && next.is_ascii_alphabetic() =>
            {
                matches!(byte, 0x83 | 0x8a | 0x8c | 0x8e)
            }
            0x80..=0xbf => true,
            // A capital within a word is what UTF-8 looks like when it is taken for this.
            0xc0..=0xde if before.is_ascii_lowercase() => false,
            _ => {
                before.is_ascii_alphabetic()
                    || next.is_ascii_alphabetic()
                    || (letter(before) && letter(next))
            }
        };
        match stands {
            true => self.letters += 1,
            false => self.odd += 1,
        }
    }

    /// Whether the file is not UTF-8 and reads as Windows-1252.
    fn reads_as_western(&self) -> bool {
        self.broken > self.long && self.odd * 4 <= self.letters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8], chunk: usize) -> String {
        let survey = Survey::of(super::super::Chunked::new(bytes, chunk)).unwrap();
        Encoding::tell(bytes, &survey).map_or_else(|e| e.to_string(), |e| e.name().to_owned())
    }

    #[test]
    fn an_encoding_is_told_from_mark_and_bytes() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
        for (bytes, expected) in [
            (b"".to_vec(), "UTF-8"),
            (b"a,b\n1,2\n".to_vec(), "UTF-8"),
            ("Gr\u{f6}\u{df}e,na\u{ef}ve,\u{65e5}\u{672c},\u{1f600}\n".into(), "UTF-8"),
            ("\u{feff}Gr\u{f6}\u{df}e\n".into(), "UTF-8"),
            (wide("\u{feff}a,b\n"), "UTF-16LE"),
            (big("\u{feff}\u{65e5}\u{672c}\n"), "UTF-16BE"),
            (wide("name,born\nZo\u{eb},1\n"), "UTF-16LE"),
            (big("name,born\nZo\u{eb},1\n"), "UTF-16BE"),
            (b"name\nJos\xe9 Nu\xf1ez\nGr\xf6\xdfe\n\xc9mile\n".to_vec(), "windows-1252"),
            (b"name\nO\x92Brien \x96 5 \x80\n".to_vec(), "windows-1252"),
            (b"name\n\xdeorgr\xedmur Sigur\xf0sson\n".to_vec(), "windows-1252"),
            (b"name\nStra\xdfe 5, Wei\xdf\n".to_vec(), "windows-1252"),
            // CP850, which no table here has.
            (b"name\nJos\x82\nM\x81ller\nGr\x94ger\nS\x84nger\n".to_vec(), "UTF-8"),
            // Rows that are damaged, in a file that is UTF-8.
            (b"name\nMARKER-\xff\xfe-two\n".to_vec(), "UTF-8"),
            (b"name\n,\xff\xfe,\n".to_vec(), "UTF-8"),
            (b"name\nx\xc3(\n".to_vec(), "UTF-8"),
            ("name\nZo\u{eb}\nJos\u{e9}\n".bytes().chain(*b"Jos\xe9\n").collect(), "UTF-8"),
            (b"\xff\xfe\0\0a\0\0\0".to_vec(), "the file is UTF-32: save it as UTF-8"),
        ] {
            for chunk in [1, 2, 3, 1000] {
                let text = String::from_utf8_lossy(&bytes);
                assert!(told(&bytes, chunk).starts_with(expected), "{text:?} {chunk}");
            }
        }
    }

    #[test]
    fn a_dump_says_what_it_has() {
        for (head, expected) in [
            ("--\nSET client_encoding = 'UTF8';\n", Some("UTF-8")),
            ("SET client_encoding = 'LATIN1';\n", Some("windows-1252")),
            ("SET client_encoding = 'WIN1250';\n", Some("windows-1250")),
            ("SET client_encoding = 'SQL_ASCII';\n", None),
            ("/*!40101 SET NAMES utf8mb4 */;\n", Some("UTF-8")),
            ("/*!40101 SET NAMES latin1 */;\n", Some("windows-1252")),
            ("a,b\n", None),
        ] {
            let told = Encoding::declared(head.as_bytes()).map(Encoding::name);
            assert_eq!(told, expected, "{head}");
        }
    }

    #[test]
    fn labels_are_those_of_the_web() {
        for (label, expected) in [
            ("latin1", Some("windows-1252")),
            ("ISO-8859-2", Some("ISO-8859-2")),
            (" utf-16le ", Some("UTF-16LE")),
            ("cp1251", Some("windows-1251")),
            ("ebcdic", None),
            ("hz-gb-2312", None),
        ] {
            assert_eq!(Encoding::of_label(label).map(Encoding::name), expected, "{label}");
        }
    }
}
