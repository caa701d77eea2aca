//! A search of raw bytes for many known values at once, in the spellings a value takes when it is
//! written down: as it stands, in UTF-16, in hexadecimal and in base64 at each of its alignments.
//!
//! It must be able to fail: whoever says "nothing was found" runs the same search over the clear
//! input as well, and shows that it finds everything there. It sees no value that was compressed
//! or cut in pieces; nothing that Strongroom writes is compressed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXUPPER};

/// Shorter values would be found by chance.
pub const VALUE_BYTES_MIN: usize = 8;

/// Every pattern is found by its first bytes.
const KEY_BYTES: usize = 8;
const CHUNK_BYTES: usize = 1 << 20;

/// A way to write a value down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spelling {
    /// As it stands, in UTF-8.
    Raw,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Hexadecimal with small letters.
    HexLower,
    /// Hexadecimal with capital letters.
    HexUpper,
    /// Base64, at one of three alignments.
    Base64(u8),
    /// Base64 of the alphabet for addresses, at one of three alignments.
    Base64Url(u8),
}

impl Spelling {
    /// Every spelling.
    pub const ALL: [Self; 11] = [
        Self::Raw,
        Self::Utf16Le,
        Self::Utf16Be,
        Self::HexLower,
        Self::HexUpper,
        Self::Base64(0),
        Self::Base64(1),
        Self::Base64(2),
        Self::Base64Url(0),
        Self::Base64Url(1),
        Self::Base64Url(2),
    ];

    /// The value so written; nothing when it is no text and the spelling is one of text.
    #[must_use]
    pub fn of(self, value: &[u8]) -> Vec<u8> {
        let wide = |to_bytes: fn(u16) -> [u8; 2]| {
            let text = std::str::from_utf8(value).unwrap_or_default();
            text.encode_utf16().flat_map(to_bytes).collect()
        };
        match self {
            Self::Raw => value.to_vec(),
            Self::Utf16Le => wide(u16::to_le_bytes),
            Self::Utf16Be => wide(u16::to_be_bytes),
            Self::HexLower => HEXLOWER.encode(value).into_bytes(),
            Self::HexUpper => HEXUPPER.encode(value).into_bytes(),
            Self::Base64(before) => base64(&BASE64_NOPAD, value, before),
            Self::Base64Url(before) => base64(&BASE64URL_NOPAD, value, before),
        }
    }
}

/// The characters that the value alone decides when `before` bytes stand before it in its group.
fn base64(encoding: &Encoding, value: &[u8], before: u8) -> Vec<u8> {
    let before = usize::from(before);
    let whole = [vec![0; before].as_slice(), value].concat();
    let text = encoding.encode(&whole).into_bytes();
    let (start, end) = ((before * 8).div_ceil(6), whole.len() * 8 / 6);
    text.get(start..end).unwrap_or_default().to_vec()
}

/// Known values, ready to be looked for.
pub struct Search {
    values: Vec<Vec<u8>>,
    patterns: Vec<Pattern>,
    arena: Vec<u8>,
    /// The first bytes of each pattern, sorted, with the pattern.
    keys: Vec<(u64, u32)>,
    /// A bit for each hash of a key: most windows of bytes are done with at one look.
    filter: Vec<u64>,
    shift: u32,
    longest: usize,
}

struct Pattern {
    value: u32,
    spelling: Spelling,
    bytes: Range<usize>,
}

/// A value that was found, and where first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// In which file.
    pub path: PathBuf,
    /// At which byte of it.
    pub at: u64,
    /// How it was written.
    pub spelling: Spelling,
}

/// What a search saw.
#[derive(Debug, Default)]
pub struct Findings {
    /// Files read.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// What was found, by the value's place in [`Search::values`].
    pub hits: BTreeMap<usize, Hit>,
}

impl Search {
    /// Prepares a search for these values, each once; those shorter than [`VALUE_BYTES_MIN`] are
    /// left out.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item: Into<Vec<u8>>>) -> Self {
        let values = values.into_iter().map(Into::into);
        let values: BTreeSet<Vec<u8>> = values.filter(|v| v.len() >= VALUE_BYTES_MIN).collect();
        let values: Vec<Vec<u8>> = values.into_iter().collect();
        let (mut arena, mut patterns, mut longest) = (Vec::new(), Vec::new(), KEY_BYTES);
        for (place, value) in (0u32..).zip(&values) {
            let mut written: Vec<Vec<u8>> = Vec::with_capacity(Spelling::ALL.len());
            for spelling in Spelling::ALL {
                let pattern = spelling.of(value);
                if pattern.is_empty() || written.contains(&pattern) {
                    continue;
                }
                let start = arena.len();
                arena.extend_from_slice(&pattern);
                longest = longest.max(pattern.len());
                patterns.push(Pattern { value: place, spelling, bytes: start..arena.len() });
                written.push(pattern);
            }
        }
        let first = |p: &Pattern| arena.get(p.bytes.clone()).and_then(|b| b.first_chunk().copied());
        let mut keys: Vec<(u64, u32)> = (0u32..)
            .zip(&patterns)
            .filter_map(|(place, p)| Some((u64::from_le_bytes(first(p)?), place)))
            .collect();
        keys.sort_unstable();
        let bits = (patterns.len() * 32).next_power_of_two().clamp(1 << 12, 1 << 25);
        let mut search = Self {
            values,
            patterns,
            arena,
            keys,
            filter: vec![0; bits / 64],
            shift: 64 - bits.trailing_zeros(),
            longest,
        };
        for (key, _) in &search.keys {
            let hash = spread(*key, search.shift);
            if let Some(word) = search.filter.get_mut(hash >> 6) {
                *word |= 1 << (hash & 63);
            }
        }
        search
    }

    /// The values looked for.
    #[must_use]
    pub fn values(&self) -> &[Vec<u8>] {
        &self.values
    }

    /// Looks through every byte of every file in these places; links are not followed.
    ///
    /// # Errors
    /// When a file or folder cannot be read: then nothing can be said of it.
    pub fn places(&self, places: &[&Path]) -> io::Result<Findings> {
        let mut findings = Findings::default();
        for place in places {
            self.place(place, &mut findings)?;
        }
        Ok(findings)
    }

    fn place(&self, place: &Path, findings: &mut Findings) -> io::Result<()> {
        let kind = fs::symlink_metadata(place)?.file_type();
        if kind.is_dir() {
            for entry in fs::read_dir(place)? {
                self.place(&entry?.path(), findings)?;
            }
        } else if kind.is_file() {
            self.stream(place, File::open(place)?, findings)?;
        }
        Ok(())
    }

    /// Looks through whatever `from` gives, which findings call `path`.
    ///
    /// # Errors
    /// Those of `from`.
    pub fn stream(
        &self,
        path: &Path,
        mut from: impl Read,
        findings: &mut Findings,
    ) -> io::Result<()> {
        findings.files += 1;
        let (mut held, mut position) = (Vec::with_capacity(CHUNK_BYTES + self.longest), 0u64);
        loop {
            let read = from.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut held)?;
            findings.bytes += read as u64;
            self.window(path, position, &held, findings);
            if read == 0 {
                return Ok(());
            }
            // What could begin here and end in the next chunk is looked at again with it.
            let done = held.len().saturating_sub(self.longest - 1);
            held.drain(..done);
            position += done as u64;
        }
    }

    fn window(&self, path: &Path, position: u64, bytes: &[u8], findings: &mut Findings) {
        let mut key = 0u64;
        for (at, byte) in bytes.iter().enumerate() {
            key = key >> 8 | u64::from(*byte) << 56;
            let hash = spread(key, self.shift);
            let word = self.filter.get(hash >> 6).copied().unwrap_or(0);
            if word >> (hash & 63) & 1 == 0 || at + 1 < KEY_BYTES {
                continue;
            }
            let start = at + 1 - KEY_BYTES;
            let rest = bytes.get(start..).unwrap_or_default();
            self.confirm(key, rest, |pattern| {
                findings.hits.entry(pattern.value as usize).or_insert_with(|| Hit {
                    path: path.to_path_buf(),
                    at: position + start as u64,
                    spelling: pattern.spelling,
                });
            });
        }
    }

    fn confirm(&self, key: u64, bytes: &[u8], mut found: impl FnMut(&Pattern)) {
        let from = self.keys.partition_point(|(k, _)| *k < key);
        let keys = self.keys.iter().skip(from).take_while(|(k, _)| *k == key);
        for pattern in keys.filter_map(|(_, place)| self.patterns.get(*place as usize)) {
            let wanted = self.arena.get(pattern.bytes.clone()).unwrap_or_default();
            if bytes.starts_with(wanted) {
                found(pattern);
            }
        }
    }
}

fn spread(key: u64, shift: u32) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(values: &[&str], bytes: &[u8]) -> Findings {
        let search = Search::new(values.iter().copied());
        let mut findings = Findings::default();
        search.stream(Path::new("x"), bytes, &mut findings).unwrap();
        findings
    }

    #[test]
    fn finds_every_spelling_wherever_it_stands() {
        let value = "527-41-8830 Zoë?~>";
        for spelling in Spelling::ALL {
            for before in [0usize, 1, 7, CHUNK_BYTES - 40, CHUNK_BYTES - 1, CHUNK_BYTES] {
                let mut bytes = vec![b'.'; before];
                bytes.extend_from_slice(&spelling.of(value.as_bytes()));
                bytes.extend_from_slice(b"..");
                let hits = find(&[value, "something else"], &bytes).hits;
                assert_eq!(hits.len(), 1, "{spelling:?} after {before}");
                assert_eq!(hits.values().next().unwrap().at, before as u64);
            }
        }
    }

    #[test]
    fn finds_a_value_inside_what_was_encoded_as_a_whole() {
        for before in 0..6 {
            let whole = format!("{}patricia.k@mail.example{}", "x".repeat(before), "yz");
            for text in [BASE64_NOPAD.encode(whole.as_bytes()), HEXLOWER.encode(whole.as_bytes())] {
                assert_eq!(find(&["patricia.k@mail.example"], text.as_bytes()).hits.len(), 1);
            }
        }
    }

    #[test]
    fn finds_nothing_that_is_not_there_and_looks_for_nothing_short() {
        assert!(find(&["527-41-8830"], b"527-41-8831 527-41-883").hits.is_empty());
        assert!(Search::new(["short"]).values().is_empty());
        assert!(find(&[], b"anything at all").hits.is_empty());
    }

    #[test]
    fn tells_values_with_one_beginning_apart() {
        let hits = find(&["(214) 555-0142", "(214) 555-0143", "(214) 5"], b"(214) 555-0143").hits;
        assert_eq!(hits.into_keys().collect::<Vec<_>>(), [1]);
    }
}
