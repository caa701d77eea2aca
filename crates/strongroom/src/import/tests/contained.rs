//! A stray quote, or a cell without end, costs one row and not the rest of the file.

use super::*;

fn unclosed(line: u64) -> Reason {
    Reason::UnclosedQuote { line }
}

/// Line, start, end, reason.
type Bad = (u64, u64, u64, Reason);

/// Reads with small limits: values and bad rows.
fn contained(text: &str) -> (Vec<String>, Vec<Bad>) {
    let outcome = try_read(text.as_bytes(), Format::COMMA, SMALL).unwrap();
    let bad = outcome.bad.iter().map(|bad| (bad.line, bad.start, bad.end, bad.reason));
    (outcome.values(), bad.collect())
}

#[test]
fn a_quote_open_at_the_end_costs_its_row() {
    for (text, values, bad) in [
        ("a,b\n1,\"x\n2,y\n3,z\n", vec!["2/y", "3/z"], vec![(2, 4, 9, unclosed(2))]),
        ("a,b\r\n1,\"x\r\n2,y\r\n", vec!["2/y"], vec![(2, 5, 11, unclosed(2))]),
        ("a,b\n1,\"x", vec![], vec![(2, 4, 8, unclosed(2))]),
        ("a,b\n1,2\n\"", vec!["1/2"], vec![(3, 8, 9, unclosed(3))]),
        ("a,b\n1,\"x\"\"", vec![], vec![(2, 4, 10, unclosed(2))]),
        // A byte order mark that is none, as it stands in the middle: the quote after it is text.
        ("a,b\n1,\"x\n\u{feff}\"2,y\"\n", vec!["\u{feff}\"2/y\""], vec![(2, 4, 9, unclosed(2))]),
        // A sound cell with a line break stands before it in its row.
        ("a,b\n\"k\nl\",\"x\n2,y\n", vec!["2/y"], vec![(2, 4, 13, unclosed(3))]),
        ("a,b\n1,\"x\n2,\"y\n", vec![], vec![(2, 4, 9, unclosed(2)), (3, 9, 14, unclosed(3))]),
    ] {
        assert_eq!(
            contained(text),
            (values.iter().map(|v| v.to_string()).collect(), bad),
            "{text:?}"
        );
    }
}

#[test]
fn a_quote_closed_by_a_later_cell_costs_its_row() {
    for (text, values, bad) in [
        ("a,b\n1,\"x\n2,\"y\"\n3,z\n", vec!["2/y", "3/z"], vec![(2, 4, 9, unclosed(2))]),
        ("a,b\n1,\"x\n2,y\n\"3\",z\n", vec!["2/y", "3/z"], vec![(2, 4, 9, unclosed(2))]),
        ("a,b\n1,\"x\n\"2\"\"\",y\n", vec!["2\"/y"], vec![(2, 4, 9, unclosed(2))]),
        ("a,b\n\"1,x\n\"2\",\"y\"\n", vec!["2/y"], vec![(2, 4, 9, unclosed(2))]),
    ] {
        assert_eq!(
            contained(text),
            (values.iter().map(|v| v.to_string()).collect(), bad),
            "{text:?}"
        );
    }
}

#[test]
fn a_quote_that_swallows_more_than_a_cell_may_hold_costs_its_row() {
    let rows: String = (0..20).map(|row| format!("{row},value\n")).collect();
    let text = format!("a,b\n1,\"x\n{rows}");
    let (values, bad) = contained(&text);
    assert_eq!(values.len(), 20);
    assert_eq!(bad, [(2, 4, 9, unclosed(2))]);
}

#[test]
fn a_cell_too_long_costs_its_line() {
    let long = "x".repeat(500);
    let too_long = Reason::CellTooLong { line: 2 };
    for (row, reason) in [
        (format!("1,{long}\n"), too_long),
        (format!("1,{long}\r\n"), too_long),
        (format!("1,\"{long}\"\r"), too_long),
        (format!("{long},\"x\"\n"), too_long),
        (format!("\"x\",{},y\n", "x".repeat(41)), too_long),
        (format!("1,\"x\ny{long}\"\n"), unclosed(2)),
    ] {
        let text = format!("a,b\n{row}3,4\n");
        let (values, bad) = contained(&text);
        assert_eq!(values, ["3/4"], "{text:?}");
        assert_eq!(bad[0].3, reason, "{text:?}");
        assert_eq!(bad.last().unwrap().2, 4 + row.len() as u64, "{text:?}");
    }
    let just = "x".repeat(40);
    let (values, bad) =
        contained(&format!("a,b\n{just},\"{just}\"\n\"x{}\",1\n", "\"\"".repeat(39)));
    assert_eq!((values.len(), bad), (2, vec![]));
}

#[test]
fn a_row_too_long_costs_its_line() {
    let (values, bad) = contained(&format!("a,b\n{}\n1,2\n", "12345,".repeat(50)));
    assert_eq!(values, ["1/2"]);
    assert_eq!(bad, [(2, 4, 305, Reason::RowTooLong)]);
    // It ends within the cell that crosses the limit.
    let cell = "x".repeat(38);
    let (values, bad) = contained(&format!("a,b,c\n{cell},{cell},{cell}\n1,2,3\n"));
    assert_eq!(values, ["1/2/3"]);
    assert_eq!(bad, [(2, 6, 123, Reason::RowTooLong)]);
}

#[test]
fn blank_lines_without_end_are_left_out_and_reported() {
    let (values, bad) = contained(&format!("a,b\n1,2\n{}3,4\n", "\r\n".repeat(100)));
    assert_eq!(values, ["1/2", "3/4"]);
    assert_eq!(bad, [(7, 16, 208, Reason::BlankLines)]);
    let blank = "\n".repeat(10);
    let (values, bad) = contained(&format!("a\n{blank}1\n{blank}2\n"));
    assert_eq!(values, ["1", "2"]);
    assert_eq!(bad, [(10, 10, 12, Reason::BlankLines), (21, 22, 24, Reason::BlankLines)]);
}

#[test]
fn memory_is_bounded_by_the_limits() {
    // Lines, blank lines and open quotes of 8 MiB.
    let bad = format!("\"{}\"\n", "x".repeat(1_000));
    for (start, rest) in
        [("1,", "x"), ("", "\n"), ("1,\"", "x"), ("1,\"", "x\n"), ("", "\r"), ("", bad.as_str())]
    {
        let chunk = rest.repeat((1 << 20) / rest.len());
        let text = format!("a,b\n{start}");
        let mut input: Box<dyn std::io::Read> = Box::new(std::io::Cursor::new(text));
        for _ in 0..8 {
            input = Box::new(std::io::Read::chain(input, std::io::Cursor::new(chunk.clone())));
        }
        let limits = Limits {
            batch_bytes_max: 1 << 16,
            cell_bytes_max: 1 << 10,
            row_bytes_max: 1 << 16,
            blank_bytes_max: 1 << 10,
            ..Limits::default()
        };
        let mut reader = Reader::open_with(input, Format::COMMA, &[], limits).unwrap();
        let mut batch = Batch::new();
        while reader.read_batch(4_000, &mut batch).unwrap() {
            assert!(batch.raw.capacity() < 1 << 20);
            assert!(batch.text.capacity() < 1 << 20);
        }
        assert!(reader.held_bytes() <= 1 << 20);
    }
}
