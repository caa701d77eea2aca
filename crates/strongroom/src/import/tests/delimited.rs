//! Rows of CSV and TSV, well-formed or just odd.

use super::*;

#[test]
fn cells_are_unescaped() {
    for (text, expected) in [
        ("a,b\n1,2\n", vec!["1/2"]),
        ("a,b\n1,2", vec!["1/2"]),
        ("a,b\r\n1,2\r\n3,4\r\n", vec!["1/2", "3/4"]),
        ("a,b\r1,2\r3,4", vec!["1/2", "3/4"]),
        ("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n", vec!["x,y/say \"hi\""]),
        ("a,b\n\"x\ny\r\nz\",\"\"\n", vec!["x\ny\r\nz/"]),
        ("a,b\n , x \n", vec![" / x "]),
        ("a,b\n \"x\",5'10\"\n", vec![" \"x\"/5'10\""]),
        ("a,b\n\"x\"y,\"x\" \n", vec!["xy/x "]),
        ("a,b\n\"x\"y\"z\",\"\"\"\"\n", vec!["xy\"z\"/\""]),
        ("a,b\n\"x\ny\"  ,1\n", vec!["x\ny  /1"]),
        ("a,b\n,\n\"\",\"\"", vec!["/", "/"]),
        ("a\n\"\"\n", vec![""]),
        ("a,b\n\u{feff}1,é\n", vec!["\u{feff}1/é"]),
        ("a,b\n", vec![]),
        ("a,b", vec![]),
    ] {
        let outcome = read(text, Format::COMMA);
        assert_eq!(outcome.values(), expected, "{text:?}");
        assert_eq!(outcome.bad, [], "{text:?}");
        let tabs = text.replace(',', "\t");
        let expected: Vec<_> = expected.iter().map(|row| row.replace(',', "\t")).collect();
        assert_eq!(read(&tabs, Format::TAB).values(), expected, "{tabs:?}");
    }
}

#[test]
fn rows_have_their_place() {
    let text = "a,b\r\n\r\n1,\"x\ny\"\r\n\n\n3,4\n5,6";
    let outcome = read(text, Format::COMMA);
    let places: Vec<_> = outcome.rows.iter().map(|row| (row.0, row.1, row.2)).collect();
    assert_eq!(places, [(3, 7, 16), (7, 18, 22), (8, 22, 25)]);
    assert_eq!(&text[7..16], "1,\"x\ny\"\r\n");
    let outcome = read("a\r1\r\r2\r", Format::COMMA);
    let places: Vec<_> = outcome.rows.iter().map(|row| (row.0, row.1, row.2)).collect();
    assert_eq!(places, [(2, 2, 4), (4, 5, 7)]);
}

#[test]
fn cells_say_whether_they_are_quoted() {
    let mut reader = Reader::open(&b"a,b,c\n1,\"2\", \"3\"\n"[..], Format::COMMA, &[]).unwrap();
    let mut batch = Batch::new();
    reader.read_batch(10, &mut batch).unwrap();
    let row = batch.row(0).unwrap();
    let quoted: Vec<_> = (0..3).map(|column| row.cell(column).quoted).collect();
    assert_eq!(quoted, [false, true, false]);
    assert!((0..3).all(|column| !row.cell(column).literal && !row.cell(column).absent));
}

#[test]
fn a_bad_row_is_left_out_and_reported() {
    for (row, expected) in [
        (&b"1\n"[..], Reason::CellCount { found: 1, expected: 2 }),
        (b"1,2,3\n", Reason::CellCount { found: 3, expected: 2 }),
        (b"  \n", Reason::CellCount { found: 1, expected: 2 }),
        (b"1,\"x\ny\",3\n", Reason::CellCount { found: 3, expected: 2 }),
        (b"1,\xff\n", Reason::NotUtf8),
        (b"1,\"\xff\"\n", Reason::NotUtf8),
        // Each half of a character in a cell of its own, which would fit together.
        (b"\xc3,\xa9\n", Reason::NotUtf8),
        (b"\"\xc3\",\"\xa9\"\n", Reason::NotUtf8),
        (b"1,\xc3\"\"\xa9\n", Reason::NotUtf8),
        (b"1,x\0y\n", Reason::ControlCharacter),
        (b"1,\"\0\"\r\n", Reason::ControlCharacter),
    ] {
        let bytes = [b"a,b\n3,4\n", row, b"5,6\n"].concat();
        let outcome = try_read(&bytes, Format::COMMA, Limits::default()).unwrap();
        assert_eq!(outcome.values(), ["3/4", "5/6"], "{row:?}");
        let end = 8 + row.len() as u64;
        assert_eq!(outcome.bad, [BadRow { line: 3, start: 8, end, reason: expected }]);
    }
}

#[test]
fn bad_rows_do_not_cost_what_stands_around_them() {
    let outcome = read("a,b\n\n1\n\n\n2,3\n\n4", Format::COMMA);
    assert_eq!(outcome.values(), ["2/3"]);
    assert_eq!(outcome.tail, "\n");
    let lines: Vec<_> = outcome.bad.iter().map(|bad| (bad.line, bad.start, bad.end)).collect();
    assert_eq!(lines, [(3, 5, 7), (8, 14, 15)]);
}

#[test]
fn a_row_of_very_many_cells_is_counted_not_kept() {
    let text = format!("a,b\n{}\n1,2\n", ",".repeat(1_000_000));
    let outcome = read_once(text.as_bytes(), 4_096, 10, Format::COMMA, Limits::default()).unwrap();
    assert_eq!(outcome.values(), ["1/2"]);
    assert_eq!(outcome.reasons(), [Reason::CellCount { found: 1_000_001, expected: 2 }]);
}
