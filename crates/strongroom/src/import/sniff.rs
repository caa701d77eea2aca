//! Tells the delimiter of a file from its bytes: the one whose rows have the same number of cells.
//!
//! It looks at the file's beginning, [`HEAD_BYTES`] of text and [`ROWS_MAX`] rows at most, through
//! the reader itself, so that a delimiter within quotes is text here as it is there. It must never
//! decide what a cell means, and whoever knows better says so.

use super::batch::Batch;
use super::error::Reason;
use super::format::Format;
use super::limits::Limits;
use super::reader::Reader;

/// How much text of a file's beginning is looked at.
pub(super) const HEAD_BYTES: usize = 256 * 1024;
/// How many rows of it.
const ROWS_MAX: usize = 1000;
/// What may separate cells, the more usual first.
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A file's beginning, as UTF-8.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    /// Its text.
    pub bytes: &'a [u8],
    /// Whether that is all of the file.
    pub whole: bool,
}

/// The delimiter that the file's first line says, as spreadsheets write it: `sep=;`.
pub(super) fn said(text: &[u8]) -> Option<u8> {
    let (line, delimiter) = text.get(..4).zip(text.get(4))?;
    let ends = matches!(text.get(5), None | Some(b'\r' | b'\n'));
    (line.eq_ignore_ascii_case(b"sep=") && ends).then_some(*delimiter)
}

/// The delimiter under which the rows of the sample agree best, which is `usual` when there is no
/// better one. A delimiter that makes no second column is none.
pub(super) fn delimiter(head: Head<'_>, usual: u8) -> Option<u8> {
    let mut best: Option<(usize, usize, u8)> = None;
    let others = CANDIDATES.into_iter().filter(|candidate| *candidate != usual);
    for candidate in std::iter::once(usual).chain(others) {
        let Some(agreement) = agreement(head, candidate) else { continue };
        // A tie is the usual one's, then that with more columns.
        let better = best.is_none_or(|(share, columns, other)| match other == usual {
            true => agreement.0 > share,
            false => agreement > (share, columns),
        });
        if better {
            best = Some((agreement.0, agreement.1, candidate));
        }
    }
    best.map(|(_, _, delimiter)| delimiter)
}

/// How many of a hundred rows have as many cells as the first one, and how many that has; none if
/// it has a single one.
fn agreement(head: Head<'_>, delimiter: u8) -> Option<(usize, usize)> {
    let format = Format::Delimited { delimiter, header: true };
    let mut reader = Reader::open_with(head.bytes, format, &[], Limits::default()).ok()?;
    let columns = reader.columns().len();
    if columns < 2 {
        return None;
    }
    let mut batch = Batch::new();
    let more = reader.read_batch(ROWS_MAX, &mut batch).ok()?;
    let end = head.bytes.len() as u64;
    // The sample may end in the middle of a row.
    let cut = |row_end: u64| !more && !head.whole && row_end >= end;
    let good = batch.iter().filter(|row| !cut(row.end())).count();
    // What is wrong for another reason is wrong under every delimiter, or is the sample's end.
    let disagrees = |reason| match reason {
        Reason::CellCount { .. } => true,
        Reason::UnclosedQuote { .. } => head.whole,
        _ => false,
    };
    let bad = batch.bad().iter().filter(|bad| disagrees(bad.reason) && !cut(bad.end)).count();
    let share = (good * 100).checked_div(good + bad).unwrap_or_default();
    Some((share, columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, usual: u8) -> char {
        let head = Head { bytes: text.as_bytes(), whole: true };
        char::from(delimiter(head, usual).unwrap_or(b'-'))
    }

    #[test]
    fn the_delimiter_under_which_rows_agree_is_taken() {
        for (text, expected) in [
            ("a,b\n1,2\n", ','),
            ("a;b\n1;2\n", ';'),
            ("a|b\n1|2\n", '|'),
            ("a\tb\n1\t2\n", '\t'),
            // Decimal commas and lists stand within cells.
            ("name;amount\nx;1,5\ny;2,25\n", ';'),
            ("last, first;x\nA, B;1\nC, D, E;2\n", ';'),
            ("a,b;c\n1,2;3\n4,5\n", ','),
            // A quote hides what stands in it.
            ("a;b\n\"1,2,3\";x\n\"4,5,6\";y\n", ';'),
            ("\"a;b;c\",d\n\"1;2;3\",x\n", ','),
            ("a;b\n\"two\nlines, and; more\";x\n", ';'),
            ("\u{feff}a;b\r\n1;2\r\n", ';'),
            ("\n\na|b\n1|2\n", '|'),
            ("a;b\n", ';'),
            // One column has no delimiter.
            ("a\n1\n2\n", '-'),
            ("a\n1,5\n2,5\n", '-'),
            ("", '-'),
            // Ragged rows speak against a delimiter only where another does better.
            ("a,b,c\n1,2\n1,2,3\n1\n", ','),
        ] {
            assert_eq!(told(text, b','), expected, "{text:?}");
        }
        assert_eq!(told("a\tb\n1\t2\n", b'\t'), '\t');
        assert_eq!(told("a;b\n1;2\n", b'\t'), ';');
        assert_eq!(told("a,b\tc\n1,2\t3\n", b'\t'), '\t');
    }

    #[test]
    fn a_sample_cut_in_a_row_counts_without_it() {
        let text = "a;b;c,d\n1;2;3,4\n1;2;3,4\n1;2";
        let cut = Head { bytes: text.as_bytes(), whole: false };
        assert_eq!(delimiter(cut, b'|'), Some(b';'));
        let quoted = Head { bytes: b"a,b\n1,2\n1,\"x\ny", whole: false };
        assert_eq!(agreement(quoted, b','), Some((100, 2)));
    }
}
