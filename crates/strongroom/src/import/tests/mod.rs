//! Tests of import, a file a behaviour.

mod contained;
mod delimited;
mod fixed;
mod header;
mod items;
mod json;
mod sql;
mod told;
mod total;
mod written;

use std::path::Path;

use super::*;

/// All that was read of a file.
#[derive(Debug, PartialEq, Eq, Default)]
struct Outcome {
    columns: Vec<String>,
    rows: Vec<Row>,
    bad: Vec<BadRow>,
    tail: String,
}

/// Line, start, end, and the cells: a missing or null value is `None`.
type Row = (u64, u64, u64, Vec<Option<String>>);

impl Outcome {
    /// The values of all rows, absent ones as `~`, cells joined by `/`.
    fn values(&self) -> Vec<String> {
        let value = |cell: &Option<String>| cell.clone().unwrap_or("~".to_owned());
        let row = |cells: &[Option<String>]| cells.iter().map(value).collect::<Vec<_>>().join("/");
        self.rows.iter().map(|(_, _, _, cells)| row(cells)).collect()
    }

    fn reasons(&self) -> Vec<Reason> {
        self.bad.iter().map(|bad| bad.reason).collect()
    }
}

/// Small limits, so that small files reach them.
const SMALL: Limits = Limits {
    cell_bytes_max: 40,
    row_bytes_max: 100,
    line_bytes_max: 120,
    blank_bytes_max: 8,
    batch_bytes_max: 64,
    batch_cells_max: 16,
    columns_max: 8,
    members_max: 8,
    member_bytes_max: 16,
};

fn read_once(
    bytes: &[u8],
    chunk: usize,
    rows_max: usize,
    format: Format,
    limits: Limits,
) -> Result<Outcome, ReadError> {
    let members = match format {
        Format::JsonLines => json_columns(Chunked::new(bytes, chunk), &limits)?,
        _ => Vec::new(),
    };
    let mut reader = Reader::open_with(Chunked::new(bytes, chunk), format, &members, limits)?;
    let mut outcome = Outcome { columns: reader.columns().to_vec(), ..Outcome::default() };
    let mut batch = Batch::new();
    loop {
        let more = reader.read_batch(rows_max, &mut batch)?;
        for row in batch.iter() {
            let cells = (0..row.cells()).map(|column| row.cell(column));
            let cells = cells.map(|cell| (!cell.absent).then(|| cell.value.to_owned())).collect();
            outcome.rows.push((row.line(), row.start(), row.end(), cells));
        }
        outcome.bad.extend_from_slice(batch.bad());
        outcome.tail.push_str(std::str::from_utf8(batch.tail()).unwrap());
        if !more {
            return Ok(outcome);
        }
    }
}

/// Reads a file in several ways, which must not matter, and checks what always holds.
fn try_read(bytes: &[u8], format: Format, limits: Limits) -> Result<Outcome, String> {
    let read = |chunk, rows_max| {
        read_once(bytes, chunk, rows_max, format, limits).map_err(|error| error.to_string())
    };
    let outcome = read(usize::MAX, 1_000);
    for (chunk, rows_max) in [(1, 1), (2, 3), (7, 1_000), (1_000, 0)] {
        assert_eq!(read(chunk, rows_max), outcome, "chunk {chunk}, rows_max {rows_max}");
    }
    check_total(bytes, 5, format, limits).unwrap();
    outcome
}

/// Reads a file as its bytes tell, cut in several ways that must not matter: what was read, and the
/// file written back with the cells that `replace` gives for a column.
fn told_as(
    name: &str,
    bytes: &[u8],
    asked: &Asked,
    replace: impl Fn(usize) -> Option<&'static str>,
) -> Result<(Outcome, String), ReadError> {
    let mut outcomes = Vec::new();
    for (chunk, rows_max) in [(usize::MAX, 1000), (1, 1), (7, 2), (1000, 0)] {
        let survey = Survey::of(bytes).unwrap();
        let open = || Ok(Chunked::new(bytes, chunk));
        let told = Told::tell(Path::new(name), asked, (Packing::None, &survey), open)?;
        let mut reader = told.reader(Chunked::new(bytes, chunk))?;
        let mut outcome = Outcome { columns: reader.columns().to_vec(), ..Outcome::default() };
        let mut writer = Writer::new(Vec::new(), told.layout.format);
        writer.header(reader.header_raw()).unwrap();
        let mut batch = Batch::new();
        loop {
            let more = reader.read_batch(rows_max, &mut batch).unwrap();
            for row in batch.iter() {
                let cells = (0..row.cells()).map(|column| row.cell(column));
                let cells =
                    cells.map(|cell| (!cell.absent).then(|| cell.value.to_owned())).collect();
                outcome.rows.push((row.line(), row.start(), row.end(), cells));
                writer.write_row(&row, &replace).unwrap();
            }
            outcome.bad.extend_from_slice(batch.bad());
            if !more {
                break;
            }
        }
        let written = String::from_utf8(writer.finish(batch.tail()).unwrap()).unwrap();
        outcomes.push((outcome, written));
    }
    let first = outcomes.swap_remove(0);
    outcomes.iter().for_each(|other| assert_eq!(*other, first, "however it is cut"));
    Ok(first)
}

fn read(text: &str, format: Format) -> Outcome {
    try_read(text.as_bytes(), format, Limits::default()).unwrap()
}

/// A file written back, each cell replaced by what the function makes of its column and value.
fn rewrite(text: &str, format: Format, replace: impl Fn(usize, &str) -> Option<String>) -> String {
    let members = match format {
        Format::JsonLines => json_columns(text.as_bytes(), &Limits::default()).unwrap(),
        _ => Vec::new(),
    };
    let mut reader = Reader::open(text.as_bytes(), format, &members).unwrap();
    let mut writer = Writer::new(Vec::new(), format);
    writer.header(reader.header_raw()).unwrap();
    let mut batch = Batch::new();
    assert!(!reader.read_batch(1_000, &mut batch).unwrap());
    assert_eq!(batch.bad(), []);
    for row in batch.iter() {
        let values: Vec<_> =
            (0..row.cells()).map(|column| replace(column, row.cell(column).value)).collect();
        writer.write_row(&row, |column| values[column].as_deref()).unwrap();
    }
    String::from_utf8(writer.finish(batch.tail()).unwrap()).unwrap()
}

#[test]
fn a_batch_can_be_sent_and_shows_no_content() {
    fn send<T: Send + Sync>() {}
    send::<Batch>();
    send::<Reader<std::fs::File>>();
    let mut batch = Batch::new();
    let mut reader = Reader::open(&b"a\nsecret\n"[..], Format::COMMA, &[]).unwrap();
    reader.read_batch(10, &mut batch).unwrap();
    assert_eq!(format!("{batch:?}"), "Batch { rows: 1, bad: 0 }");
    assert!(batch.row(1).is_none());
    assert!(batch.row(0).unwrap().cell(1).absent);
}

#[test]
fn progress_is_the_bytes_consumed() {
    let mut reader = Reader::open(&b"a\n1\n2\n"[..], Format::COMMA, &[]).unwrap();
    let mut batch = Batch::new();
    assert_eq!(reader.position(), 2);
    assert!(reader.read_batch(1, &mut batch).unwrap());
    assert_eq!(reader.position(), 4);
    while reader.read_batch(1, &mut batch).unwrap() {}
    assert_eq!(reader.position(), 6);
    assert!(!reader.read_batch(1, &mut batch).unwrap());
    assert_eq!(batch.rows(), 0);
}
