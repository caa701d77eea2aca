//! What holds for any bytes: nothing is skipped, nothing changes, nothing depends on how they come.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Text made of what matters to a CSV, so that odd structure is frequent.
fn odd_csv() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(&b","[..]),
        4 => Just(&b"\n"[..]),
        3 => Just(&b"\""[..]),
        1 => Just(&b"\"\""[..]),
        1 => Just(&b"\r\n"[..]),
        1 => Just(&b"\r"[..]),
        3 => Just(&b"x"[..]),
        1 => Just(&b" "[..]),
        1 => Just("é".as_bytes()),
        1 => Just(&b"\xef\xbb\xbf"[..]),
        1 => Just(&b"0123456789"[..]),
        1 => Just(&b"\0"[..]),
        1 => Just(&b"\xc3"[..]),
    ];
    vec(piece, 0..80).prop_map(|pieces| pieces.concat())
}

fn odd_json() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        2 => Just("{\"a\":1}"),
        2 => Just("{\"a\":\"x\\n\",\"b\":null}"),
        1 => Just("{\"b\": [1, {\"a\":2}] , \"a\":\"é\"}"),
        6 => Just("\n"),
        1 => Just("\r\n"),
        1 => Just(" "),
        1 => Just("{"),
        1 => Just("}"),
        1 => Just("\""),
        1 => Just("{\"c\":\"0123456789012345678901234567890123456789\"}"),
        1 => Just("{\"a\":1,\"a\":2}"),
        1 => Just("12"),
        1 => Just("\u{feff}"),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

/// Checks bytes under small and default limits, read whole and in pieces.
fn check(bytes: &[u8], format: Format) {
    for limits in [SMALL, Limits::default()] {
        let _ = try_read(bytes, format, limits);
        for chunk in [usize::MAX, 1, 3] {
            check_total(bytes, chunk, format, limits).unwrap();
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_accounted_for(bytes in vec(any::<u8>(), 0..300)) {
        for format in [Format::COMMA, Format::TAB, Format::JsonLines] {
            check(&bytes, format);
            check(&[b"a,b\tc\n{\"a\":1}\n", &bytes[..]].concat(), format);
        }
    }

    #[test]
    fn odd_csv_is_accounted_for(bytes in odd_csv()) {
        check(&bytes, Format::COMMA);
        check(&[b"a,b\n", &bytes[..]].concat(), Format::COMMA);
        check(&[b"a\n", &bytes[..]].concat(), Format::COMMA);
    }

    #[test]
    fn odd_json_is_accounted_for(bytes in odd_json()) {
        check(&bytes, Format::JsonLines);
    }

    #[test]
    fn what_is_written_is_read_back(
        rows in vec(vec("[a-z ,;\"\t\r\né😀]{0,8}", 3), 0..12),
        quotes in any::<u64>(),
        ending in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
        mark in any::<bool>(),
        last in any::<bool>(),
    ) {
        let text = independent(&rows, quotes, ending, mark, last);
        let outcome = try_read(text.as_bytes(), Format::COMMA, Limits::default()).unwrap();
        prop_assert_eq!(&outcome.bad, &[]);
        let read: Vec<Vec<_>> =
            outcome.rows.into_iter().map(|row| row.3.into_iter().flatten().collect()).collect();
        prop_assert_eq!(&read, &rows);
        prop_assert_eq!(rewrite(&text, Format::COMMA, |_, _| None), text.clone());
        // Replaced by what it was, a cell is read as what it was.
        let replaced = rewrite(&text, Format::COMMA, |_, value| Some(value.to_owned()));
        let again = read_once(replaced.as_bytes(), 9, 5, Format::COMMA, Limits::default());
        let again: Vec<Vec<_>> = again
            .unwrap().rows.into_iter().map(|row| row.3.into_iter().flatten().collect()).collect();
        prop_assert_eq!(again, rows);
    }

    #[test]
    fn json_is_read_back(
        rows in vec(vec(any::<Option<String>>(), 3), 1..8),
    ) {
        let names = ["a", "b", "c"];
        let line = |row: &Vec<Option<String>>| {
            let object: serde_json::Map<_, _> =
                names.iter().zip(row).map(|(n, v)| (n.to_string(), v.clone().into())).collect();
            serde_json::Value::Object(object).to_string() + "\n"
        };
        let text: String = rows.iter().map(line).collect();
        let outcome = try_read(text.as_bytes(), Format::JsonLines, Limits::default()).unwrap();
        prop_assert_eq!(&outcome.bad, &[]);
        let read: Vec<Vec<_>> = outcome.rows.into_iter().map(|row| row.3).collect();
        prop_assert_eq!(&read, &rows);
        let replaced = rewrite(&text, Format::JsonLines, |_, value| Some(value.to_owned()));
        prop_assert_eq!(replaced, text.replace("null", "\"\""));
    }
}

/// A CSV written by other means than the module's own.
fn independent(rows: &[Vec<String>], quotes: u64, ending: &str, mark: bool, last: bool) -> String {
    let mut lines = vec!["a,b,c".to_owned()];
    let mut count = 0;
    for row in rows {
        let cells = row.iter().map(|cell| {
            count += 1;
            match cell.contains([',', '"', '\r', '\n']) || quotes >> (count % 64) & 1 == 1 {
                true => format!("\"{}\"", cell.replace('"', "\"\"")),
                false => cell.clone(),
            }
        });
        lines.push(cells.collect::<Vec<_>>().join(","));
    }
    let mark = if mark { "\u{feff}" } else { "" };
    format!("{mark}{}{}", lines.join(ending), if last { ending } else { "" })
}
