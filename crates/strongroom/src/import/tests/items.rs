//! JSON that is not one object a line: an array, or objects one after the other.

use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// Reads a file in several ways: columns, rows, bad rows, and the file written back, with the first
/// cell replaced when asked.
fn items(bytes: &[u8], replace: bool) -> Result<(Outcome, String), ReadError> {
    let mut outcomes = Vec::new();
    for (chunk, rows_max) in [(usize::MAX, 1000), (1, 1), (7, 2)] {
        let survey = Survey::of(bytes).unwrap();
        let open = || Ok(Chunked::new(bytes, chunk));
        let asked = Asked { encoding: Some(Encoding::UTF_8), ..Asked::default() };
        let told = Told::tell(Path::new("a.json"), &asked, (Packing::None, &survey), open)?;
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
                writer.write_row(&row, |at| (replace && at == 0).then_some("@")).unwrap();
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

#[test]
fn an_array_and_objects_over_lines_are_read_and_kept() {
    for (text, rows) in [
        ("[{\"a\":1,\"b\":{\"c\":\"x\"}},{\"a\":2}]", 2),
        ("\u{feff} [\n  {\n    \"a\": 1\n  } ,\r\n  {\"a\": \"]},{\"}\n]\n\n", 2),
        ("{\n  \"a\": 1\n}\n{ \"a\":\n2 }{\"a\":3}\n", 3),
        ("{\n\"a\": 1}", 1),
        ("[\n{\"a\":[1,{\"b\":2}]}\n]", 1),
    ] {
        let (outcome, written) = items(text.as_bytes(), false).unwrap();
        assert_eq!((outcome.rows.len(), outcome.bad.len()), (rows, 0), "{text}");
        assert_eq!(written, text);
    }
    let text =
        "[\n {\"a\": 1,\n  \"b\": {\"c\": \"x\"}},\n {\"b\": {\"c\": null}, \"a\": \"y\"}\n]\n";
    let (outcome, written) = items(text.as_bytes(), true).unwrap();
    assert_eq!(outcome.columns, ["a", "b.c"]);
    assert_eq!(outcome.values(), ["1/x", "y/~"]);
    assert_eq!(outcome.rows.iter().map(|row| row.0).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(written, text.replace("\"a\": 1", "\"a\": \"@\"").replace("\"y\"", "\"@\""));
}

#[test]
fn what_is_left_out_leaves_an_array() {
    for (text, expected, reasons) in [
        ("[1,{\"a\":1},\"x\" , {\"a\":2}]", "[{\"a\":1} , {\"a\":2}]", 2),
        ("[{\"a\":1,\"a\":2}, {\"a\":3}]", "[{\"a\":3}]", 1),
        ("[{\"a\":1}, {\"a\":1,\"a\":2}\n]\n", "[{\"a\":1}\n]\n", 1),
        ("[{\"a\":1,\"a\":2}]", "[]\n", 1),
        ("[{\"a\":1} {\"a\":2}]", "[{\"a\":1}\n]\n", 1),
        ("[{\"a\":1}, {\"a\":", "[{\"a\":1}\n]\n", 1),
        ("[{\"a\":1}", "[{\"a\":1}\n]\n", 1),
        ("[{\"a\":1},", "[{\"a\":1}\n]\n", 1),
        ("[{\"a\":1}] x {\"a\":2}", "[{\"a\":1}\n]\n", 1),
        ("[{\"a\":1},]", "[{\"a\":1}\n]\n", 1),
    ] {
        let (outcome, written) = items(text.as_bytes(), false).unwrap();
        assert_eq!((written.as_str(), outcome.bad.len()), (expected, reasons), "{text}");
    }
    let (outcome, written) = items(b"[{\"a\":\"\xff\"},{\"a\":1}]", false).unwrap();
    assert_eq!((written.as_str(), outcome.reasons()), ("[{\"a\":1}]", vec![Reason::NotUtf8]));
    for (text, expected) in [
        ("[]", "nothing in it is a JSON object"),
        ("[1, [2]]", "nothing in it is a JSON object"),
        ("{\n", "nothing in it is a JSON object"),
    ] {
        let error = items(text.as_bytes(), false).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn whatever_is_written_is_an_array(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "{\"a\":1}",
                "{\"a\":{\"b\":\"x\"}}",
                "[", "]", ",", " ", "\n", "1", "{", "}", "\"", "null",
                "{\"a\":1,\"a\":2}",
            ]),
            0..16,
        ),
    ) {
        let text = format!("[{}", pieces.concat());
        if let Ok((_, written)) = items(text.as_bytes(), true) {
            let value: Result<Vec<Value>, _> = serde_json::from_str(&written);
            prop_assert!(value.is_ok(), "{} became {}", text, written);
        }
    }
}
