//! Text of any encoding as UTF-8, as it is read: constant memory, and nothing replaced.
//!
//! Bytes that are no text become a byte that no UTF-8 has, so that the reader leaves the row out
//! and says so. This module must never put a character in the place of one it does not know.

use std::io::{ErrorKind, Read, Result};

use encoding_rs::{Decoder, DecoderResult};

use super::encoding::{Encoding, UNDECODABLE, UNDECODABLE_HALF};

const INPUT_BYTES: usize = 64 * 1024;
/// UTF-8 of the same text is three times as long at most.
const OUTPUT_BYTES: usize = 4 * INPUT_BYTES;

/// An input, decoded.
pub struct Decoding<R> {
    input: R,
    decoder: Decoder,
    raw: Vec<u8>,
    /// What of `raw` is not decoded yet.
    pending: (usize, usize),
    text: Vec<u8>,
    /// What of `text` is not handed over yet.
    ready: (usize, usize),
    ended: bool,
    finished: bool,
}

impl<R: Read> Decoding<R> {
    /// Decodes what comes out of `input`. A byte order mark stays, as that of UTF-8.
    pub fn new(input: R, encoding: Encoding) -> Self {
        Self {
            input,
            decoder: encoding.decoder(),
            raw: vec![0; INPUT_BYTES],
            pending: (0, 0),
            text: vec![0; OUTPUT_BYTES],
            ready: (0, 0),
            ended: false,
            finished: false,
        }
    }

    /// Reads on where everything is decoded.
    fn fill(&mut self) -> Result<()> {
        if self.ended || self.pending.0 < self.pending.1 {
            return Ok(());
        }
        let count = loop {
            match self.input.read(&mut self.raw) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.ended = count == 0;
        self.pending = (0, count.min(self.raw.len()));
        Ok(())
    }

    /// Decodes up to the next undecodable bytes, or all that is there.
    fn decode(&mut self) {
        let (from, to) = self.pending;
        let raw = self.raw.get(from..to).unwrap_or_default();
        // Room for the mark of what is undecodable.
        let room = self.text.len().saturating_sub(2);
        let text = self.text.get_mut(..room).unwrap_or_default();
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(raw, text, self.ended);
        self.pending.0 = (from + read).min(to);
        self.ready = (0, written);
        match result {
            DecoderResult::InputEmpty => self.finished = self.ended,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(length, _) => {
                if length > 1 {
                    self.push(UNDECODABLE);
                }
                if length % 2 == 1 {
                    self.push(UNDECODABLE_HALF);
                }
            }
        }
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.text.get_mut(self.ready.1) {
            *place = byte;
            self.ready.1 += 1;
        }
    }
}

impl<R: Read> Read for Decoding<R> {
    fn read(&mut self, output: &mut [u8]) -> Result<usize> {
        while self.ready.0 >= self.ready.1 {
            if self.finished {
                return Ok(0);
            }
            self.fill()?;
            self.decode();
        }
        let (from, to) = self.ready;
        let count = output.len().min(to - from);
        let text = self.text.get(from..from + count).unwrap_or_default();
        output.get_mut(..count).unwrap_or_default().copy_from_slice(text);
        self.ready.0 += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Chunked;
    use super::*;

    fn decoded(bytes: &[u8], label: &str) -> Vec<u8> {
        let encoding = Encoding::of_label(label).unwrap();
        let mut outcome = None;
        for chunk in [1, 2, 3, 1000] {
            let mut text = Vec::new();
            Decoding::new(Chunked::new(bytes, chunk), encoding).read_to_end(&mut text).unwrap();
            assert_eq!(*outcome.get_or_insert(text.clone()), text, "{label}, {chunk}");
            if encoding.units() != super::super::encoding::Units::Same {
                assert_eq!(encoding.units().length(&text), bytes.len() as u64, "{label}");
            }
        }
        outcome.unwrap()
    }

    #[test]
    fn text_is_decoded_and_its_length_in_the_file_known() {
        assert_eq!(decoded(b"Jos\xe9 \x80 \x81", "latin1"), "Jos\u{e9} \u{20ac} \u{81}".as_bytes());
        for text in ["", "\u{feff}a,\u{1f600}\r\n", "\u{65e5}\u{672c}"] {
            let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!(decoded(&little, "utf-16le"), text.as_bytes());
            assert_eq!(decoded(&big, "utf-16be"), text.as_bytes());
        }
    }

    #[test]
    fn what_is_no_text_is_marked_and_never_replaced() {
        // A half of a pair, and a byte too few.
        assert_eq!(decoded(b"a\0\x00\xd8b\0", "utf-16le"), b"a\xffb");
        assert_eq!(decoded(b"a\0\x00\xdcb\0", "utf-16le"), b"a\xffb");
        assert_eq!(decoded(b"a\0b", "utf-16le"), b"a\xfe");
        assert_eq!(decoded(b"a\0\x00\xd8b", "utf-16le"), b"a\xff\xfe");
        assert_eq!(decoded(b"x\xaa\xff", "windows-1253"), b"x\xfe\xfe");
        assert!(!decoded(b"\x81", "shift_jis").is_empty());
    }
}
