//! JSON that is not one object a line: an array, or objects one after the other.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// Reads a file in several ways: columns, rows, bad rows, and the file written back, with the first
/// cell replaced when asked.
fn items(bytes: &[u8], replace: bool) -> Result<(Outcome, String), ReadError> {
    let asked = Asked { encoding: Some(Encoding::UTF_8), ..Asked::default() };
    told_as("a.json", bytes, &asked, |at| (replace && at == 0).then_some("@"))
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
