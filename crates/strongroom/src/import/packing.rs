//! Files that are compressed: gzip and zstd, told from their first bytes, unpacked as they are
//! read.
//!
//! Memory stays constant however far a few bytes unpack. A file that is damaged or cut off is an
//! error with the file at fault, never a shorter file.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Result};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    None,
    /// As gzip, of one member or several.
    Gzip,
    /// As zstd, of one frame or several, with windows up to 128 MiB.
    Zstd,
}

impl Packing {
    /// The packing of a file that begins like this.
    #[must_use]
    pub fn tell(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            // The magic numbers of a frame, and of one to be skipped.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    /// Its name; none for a file that is not packed.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// What a packed file holds.
    pub fn unpack<'a>(self, input: impl Read + 'a) -> Box<dyn Read + 'a> {
        match self {
            Self::None => Box::new(input),
            Self::Gzip => Box::new(Checked { input: MultiGzDecoder::new(input), name: "gzip" }),
            Self::Zstd => Box::new(Checked { input: Frames::new(input), name: "zstd" }),
        }
    }
}

/// Says of a damaged file that it is one.
struct Checked<R> {
    input: R,
    name: &'static str,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, output: &mut [u8]) -> Result<usize> {
        let name = self.name;
        self.input.read(output).map_err(|error| match error.kind() {
            ErrorKind::Interrupted => error,
            _ => {
                let what = format!("its {name} is damaged or cut off ({error})");
                io::Error::new(ErrorKind::InvalidData, what)
            }
        })
    }
}

/// The frames of a zstd file, one after the other, each held to its checksum.
struct Frames<R> {
    input: BufReader<R>,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: Read> Frames<R> {
    fn new(input: R) -> Self {
        let input = BufReader::with_capacity(64 * 1024, input);
        Self { input, decoder: FrameDecoder::new(), within: false }
    }

    /// Begins the next frame. False at the end.
    fn begin(&mut self) -> Result<bool> {
        while !self.input.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.input) {
                Ok(()) => {
                    self.within = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = (&mut self.input).take(u64::from(length));
                    if io::copy(&mut skipped, &mut io::sink())? < u64::from(length) {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }

    fn end(&mut self) -> Result<()> {
        self.within = false;
        let stored = self.decoder.get_checksum_from_data();
        match stored.is_none() || stored == self.decoder.get_calculated_checksum() {
            true => Ok(()),
            false => Err(io::Error::new(ErrorKind::InvalidData, "a checksum differs")),
        }
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, output: &mut [u8]) -> Result<usize> {
        while !output.is_empty() {
            if !self.within && !self.begin()? {
                return Ok(0);
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.input, one).map_err(io::Error::other)?;
            }
            match self.decoder.read(output)? {
                0 => self.end()?,
                count => return Ok(count),
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::super::Chunked;
    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        compress_to_vec(bytes, CompressionLevel::Fastest)
    }

    fn unpacked(bytes: &[u8]) -> Result<Vec<u8>> {
        let read = |chunk| {
            let mut text = Vec::new();
            let input = Chunked::new(bytes, chunk);
            Packing::tell(bytes).unpack(input).read_to_end(&mut text).map(|_| text)
        };
        let outcome = read(1);
        assert_eq!(read(1000).ok(), outcome.as_ref().ok().cloned());
        outcome
    }

    #[test]
    fn members_and_frames_are_read_as_one() {
        let text = b"a,b\n1,2\n".repeat(1000);
        assert_eq!(Packing::tell(&text), Packing::None);
        assert_eq!(unpacked(&text).unwrap(), text);
        let twice = text.repeat(2);
        for pack in [gzip, zstd] {
            let packed = pack(&text);
            assert_ne!(Packing::tell(&packed), Packing::None);
            assert_eq!(unpacked(&packed).unwrap(), text);
            let both = [pack(&text), pack(b""), pack(&text)].concat();
            assert_eq!(unpacked(&both).unwrap(), twice);
        }
        let skipped = [b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zstd(&text)].concat();
        assert_eq!(unpacked(&skipped).unwrap(), text);
    }

    #[test]
    fn a_file_cut_off_or_changed_is_an_error() {
        let text: Vec<u8> = (0..20_000_u32).flat_map(u32::to_le_bytes).collect();
        for pack in [gzip, zstd] {
            let whole = pack(&text);
            for cut in [5, whole.len() / 2, whole.len() - 1] {
                let error = unpacked(&whole[..cut]).unwrap_err().to_string();
                assert!(error.contains("damaged or cut off"), "{error}");
            }
            let mut changed = whole.clone();
            let last = changed.len() - if changed.starts_with(b"\x1f") { 6 } else { 2 };
            changed[last] ^= 1;
            assert!(unpacked(&changed).is_err(), "a checksum differs");
            assert!(unpacked(&[whole, b"garbage".to_vec()].concat()).is_err());
        }
    }

    #[test]
    fn what_unpacks_to_very_much_is_read_in_constant_memory() {
        for pack in [gzip, zstd] {
            let packed = pack(&vec![b'x'; 64 << 20]);
            assert!(packed.len() < 1 << 20);
            let mut input = Packing::tell(&packed).unpack(packed.as_slice());
            let mut buffer = vec![0; 1 << 16];
            let mut total = 0;
            while let count @ 1.. = input.read(&mut buffer).unwrap() {
                total += count;
            }
            assert_eq!(total, 64 << 20);
        }
    }
}
