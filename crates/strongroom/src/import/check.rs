//! What must hold for any bytes whatsoever, for tests and the fuzz target.

use std::io::{self, Read};

use std::path::Path;

use super::{
    Asked, Batch, Format, Limits, Packing, ReadError, Reader, Survey, Told, Writer, json_columns,
};

/// Bytes that are read a few at a time.
pub struct Chunked<'a> {
    bytes: &'a [u8],
    size: usize,
}

impl<'a> Chunked<'a> {
    /// Reads `bytes`, at most `size` at a time.
    pub fn new(bytes: &'a [u8], size: usize) -> Self {
        Self { bytes, size: size.max(1) }
    }
}

impl Read for Chunked<'_> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        let size = self.size.min(output.len());
        self.bytes.read(output.get_mut(..size).unwrap_or_default())
    }
}

/// Reads any bytes and writes them back without replacements, and checks that header, rows, bad
/// rows and blank lines cover the input without gap or overlap, in order, and that what is written
/// is the input without the bad rows. How many rows are good and bad; none if the file is refused.
///
/// # Errors
/// What does not hold.
pub fn check_total(
    bytes: &[u8],
    chunk: usize,
    format: Format,
    limits: Limits,
) -> Result<Option<(usize, usize)>, &'static str> {
    match copy(bytes, chunk, format, limits) {
        Ok(copy) => copy.check(bytes).map(Some),
        Err(ReadError::Io(_)) => Err("an input in memory failed"),
        Err(_) => Ok(None),
    }
}

/// A file written back, and the ranges of it that were entered.
struct Copy {
    output: Vec<u8>,
    header: Vec<u8>,
    /// Start, end, and whether the row is good.
    ranges: Vec<(u64, u64, bool)>,
    position: u64,
}

fn copy(bytes: &[u8], chunk: usize, format: Format, limits: Limits) -> Result<Copy, ReadError> {
    let members = match format {
        Format::JsonLines => json_columns(Chunked::new(bytes, chunk), &limits)?,
        _ => Vec::new(),
    };
    let mut reader = Reader::open_with(Chunked::new(bytes, chunk), format, &members, limits)?;
    let mut writer = Writer::new(Vec::new(), format);
    writer.header(reader.header_raw())?;
    let mut batch = Batch::new();
    let mut ranges = Vec::new();
    loop {
        let more = reader.read_batch(3, &mut batch)?;
        for row in batch.iter() {
            ranges.push((row.start(), row.end(), true));
            writer.write_row(&row, |_| None)?;
        }
        ranges.extend(batch.bad().iter().map(|bad| (bad.start, bad.end, false)));
        if !more {
            break;
        }
    }
    ranges.sort_unstable();
    let position = reader.position();
    let header = reader.header_raw().to_vec();
    Ok(Copy { output: writer.finish(batch.tail())?, header, ranges, position })
}

impl Copy {
    fn check(&self, bytes: &[u8]) -> Result<(usize, usize), &'static str> {
        if !bytes.starts_with(&self.header) {
            return Err("the header is not what the file begins with");
        }
        let slice = |start, end| bytes.get(start as usize..end as usize).ok_or("a range is none");
        let mut end = self.header.len() as u64;
        let mut expected = self.header.clone();
        for (from, to, good) in self.ranges.iter().copied() {
            let between = slice(end, from)?;
            if !between.trim_ascii().is_empty() {
                return Err("bytes were skipped");
            }
            if from >= to {
                return Err("a range is empty");
            }
            expected.extend_from_slice(between);
            if good {
                expected.extend_from_slice(slice(from, to)?);
            }
            end = to;
        }
        let tail = slice(end, bytes.len() as u64)?;
        if !tail.trim_ascii().is_empty() || self.position != bytes.len() as u64 {
            return Err("bytes at the end were skipped");
        }
        expected.extend_from_slice(tail);
        if expected != self.output {
            return Err("what was written differs");
        }
        let good = self.ranges.iter().filter(|(_, _, good)| *good).count();
        Ok((good, self.ranges.len() - good))
    }
}

/// Tells how any bytes are to be read, reads them so, and writes them back; checks that places are
/// in order, and of a file that is not packed that they lie within it. How many rows are good and
/// bad; none if the file is refused.
///
/// # Errors
/// What does not hold.
pub fn check_told(
    bytes: &[u8],
    chunk: usize,
    name: &str,
    asked: &Asked,
) -> Result<Option<(usize, usize)>, &'static str> {
    let packing = Packing::tell(bytes);
    let survey = Survey::of(packing.unpack(Chunked::new(bytes, chunk)));
    let Ok(survey) = survey else { return Ok(None) };
    let open = || Ok(Chunked::new(bytes, chunk));
    let Ok(told) = Told::tell(Path::new(name), asked, (packing, &survey), open) else {
        return Ok(None);
    };
    let Ok(mut reader) = told.reader(Chunked::new(bytes, chunk)) else { return Ok(None) };
    let mut writer = Writer::new(Vec::new(), told.layout.format);
    let mut batch = Batch::new();
    let mut ranges = Vec::new();
    let good = |_| "the output in memory failed";
    writer.header(reader.header_raw()).map_err(good)?;
    loop {
        let Ok(more) = reader.read_batch(100, &mut batch) else { return Ok(None) };
        for row in batch.iter() {
            ranges.push((row.start(), row.end(), true));
            writer.write_row(&row, |column| (column % 2 == 0).then_some("x")).map_err(good)?;
        }
        ranges.extend(batch.bad().iter().map(|bad| (bad.start, bad.end, false)));
        if !more {
            break;
        }
    }
    let output = writer.finish(batch.tail()).map_err(good)?;
    if std::str::from_utf8(&output).is_err() {
        return Err("what was written is not UTF-8");
    }
    ranges.sort_unstable();
    let apart = ranges.windows(2).all(|two| match two {
        [one, two] => one.1 <= two.0,
        _ => true,
    });
    let known = packing == Packing::None && told.encoding.keeps_places();
    let within = !known || ranges.iter().all(|range| range.1 <= bytes.len() as u64);
    if !apart || !within {
        return Err("a place is none of the file");
    }
    let good = ranges.iter().filter(|(_, _, good)| *good).count();
    Ok(Some((good, ranges.len() - good)))
}
