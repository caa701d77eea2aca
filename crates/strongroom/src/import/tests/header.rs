//! Headers and what is refused before any row.

use super::*;

#[test]
fn columns_are_named_and_unique() {
    for (text, expected) in [
        ("a,b\n", vec!["a", "b"]),
        ("a,b", vec!["a", "b"]),
        ("\u{feff}a,b\r\n", vec!["a", "b"]),
        ("\n\r\na,b\n", vec!["a", "b"]),
        ("a,,A,\"\"\n", vec!["a", "column_2", "A#2", "column_4"]),
        ("\"a,1\",\"b \"\"x\"\"\",\"c\nd\"\n", vec!["a,1", "b \"x\"", "c\nd"]),
        ("\"a;b\"\n", vec!["a;b"]),
        ("\u{feff}\"a\"\n", vec!["a"]),
        ("sep=,\r\na,b\r\n", vec!["a", "b"]),
        ("\u{feff}SEP=,\na,b", vec!["a", "b"]),
        ("sep=;,b\n", vec!["sep=;", "b"]),
        ("Größe,naïve\n", vec!["Größe", "naïve"]),
    ] {
        assert_eq!(read(text, Format::COMMA).columns, expected, "{text:?}");
    }
}

#[test]
fn the_header_is_kept_as_it_stands() {
    for text in ["\u{feff}a,b\r\n", "\n\r\n \"a\",b\n", "a,b", "a\r", "\u{feff}\r\n\"a\nb\"\r\n"] {
        let reader = Reader::open(text.as_bytes(), Format::COMMA, &[]).unwrap();
        assert_eq!(reader.header_raw(), text.as_bytes());
    }
    let excel = Reader::open("sep=,\r\na,b\n1,2\n".as_bytes(), Format::COMMA, &[]).unwrap();
    assert_eq!(excel.header_raw(), b"sep=,\r\na,b\n");
    let json = Reader::open("\u{feff}{}\n".as_bytes(), Format::JsonLines, &[]).unwrap();
    assert_eq!(json.header_raw(), "\u{feff}".as_bytes());
}

#[test]
fn a_file_that_cannot_be_read_is_refused_with_a_remedy() {
    for (bytes, expected) in [
        (&b""[..], "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"\xef\xbb\xbf\r\n\n", "the file is empty"),
        (b"a,b\xff\n1,2\n", "the header cannot be read: the row holds bytes that are no text"),
        (b"a,\"b\xff\"\n1,2\n", "the header cannot be read: the row holds bytes that are no text"),
        (b"a\0,b\n", "convert the file from UTF-16"),
        (b"\x1f\x8b\x08\0", "compressed with gzip"),
        (b"\x28\xb5\x2f\xfd\0", "compressed with zstd"),
        (b"PK\x03\x04\0", "a spreadsheet"),
        (b"a,\"b\n1,2\n", "the quote opened on line 1 is never closed"),
        (b"a;b\n1;2\n", "a semicolon stands in it: name the delimiter"),
        (b"a\tb\n", "a tab stands in it: name the delimiter"),
        (b"a|b\n", "a vertical bar stands in it: name the delimiter"),
        (b"\"a\";\"b\"\n", "a semicolon stands in it: name the delimiter"),
        (b"1,2,3,4,5,6,7,8,9\n", "more than 8 columns"),
        (b"\n\n\n\n\n\n\n\n\n\na\n", "too many blank lines"),
        (
            b"0123456789012345678901234567890123456789012\n",
            "a cell that begins on line 1 is too long",
        ),
    ] {
        let error = try_read(bytes, Format::COMMA, SMALL).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let error = try_read(b"a,b\n", Format::TAB, SMALL).unwrap_err();
    assert!(error.contains("a comma"), "{error}");
}

#[test]
fn a_file_without_a_header_gets_numbered_columns_and_keeps_its_first_row() {
    let bare = Format::Delimited { delimiter: b';', header: false };
    let outcome = read("\u{feff}\n1;\"a;\nb\"\r\n2;\n3\n", bare);
    assert_eq!(outcome.columns, ["column_1", "column_2"]);
    assert_eq!(outcome.values(), ["1/a;\nb", "2/"]);
    assert_eq!(outcome.rows[0].0, 2);
    assert_eq!(outcome.reasons(), [Reason::CellCount { found: 1, expected: 2 }]);
    let outcome = try_read(b"1;\xff\n2;b\n", bare, SMALL).unwrap();
    assert_eq!(
        (outcome.values(), outcome.reasons()),
        (vec!["2/b".to_owned()], vec![Reason::NotUtf8])
    );
    assert_eq!(rewrite("1;2\n3;4", bare, |_, v| Some(format!("<{v}>"))), "<1>;<2>\n<3>;<4>");
    for text in [&b""[..], b"\n\n"] {
        assert!(try_read(text, bare, SMALL).unwrap_err().contains("the file is empty"));
    }
}

#[test]
fn a_delimiter_that_cannot_delimit_is_refused() {
    for delimiter in [b'"', b'\n', b'\r', 0, 0xe9] {
        let error =
            try_read(b"a\n", Format::Delimited { delimiter, header: true }, SMALL).unwrap_err();
        assert!(error.contains("this delimiter cannot be used"), "{error}");
    }
}

#[test]
fn an_input_that_fails_is_an_error() {
    /// Fails once, and then looks as if it were at its end.
    struct Failing(bool);
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            match std::mem::replace(&mut self.0, true) {
                false => Err(std::io::Error::other("unplugged")),
                true => Ok(0),
            }
        }
    }
    use std::io::Read as _;
    let mut reader =
        Reader::open((&b"a,b\n1,2\n3,"[..]).chain(Failing(false)), Format::COMMA, &[]).unwrap();
    for _ in 0..2 {
        // Asked again, it must not look like the end of the file.
        let mut batch = Batch::new();
        let error = reader.read_batch(10, &mut batch).unwrap_err();
        assert!(matches!(error, ReadError::Io(_)));
        assert_eq!(batch.rows(), 0);
    }
}
