//! JSON Lines.

use super::*;

const JSON: Format = Format::JsonLines;

#[test]
fn members_are_columns_in_order_of_appearance() {
    for (text, expected) in [
        ("{\"a\":1,\"b\":2}\n", vec!["a", "b"]),
        ("{\"b\":1}\r\n\r\n{\"a\":2,\"b\":3}", vec!["b", "a"]),
        ("\u{feff}{\"a\":1}\n", vec!["a"]),
        ("{\"\":1,\"A\":2,\"a\":3,\"\\u0061b\":4}\n", vec!["column_1", "A", "a#2", "ab"]),
        ("no\n{\"x\":\n[1]\n{\"a\":{\"b\":1}}\n", vec!["a.b"]),
        ("{}\n", vec![]),
    ] {
        assert_eq!(read(text, JSON).columns, expected, "{text:?}");
    }
}

#[test]
fn a_file_without_objects_is_refused() {
    for (text, expected) in [
        ("", "the file is empty"),
        ("\u{feff}\n  \n", "the file is empty"),
        ("[\n1\n]\n", "nothing in it is a JSON object"),
        ("{\n\"a\": 1\n}\n", "nothing in it is a JSON object"),
        (
            "{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1}\n{\"6\":1,\"7\":1,\"8\":1,\"9\":1}",
            "more than 8 columns",
        ),
    ] {
        let error = try_read(text.as_bytes(), JSON, SMALL).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn values_are_unescaped_or_literal_or_absent() {
    let text = concat!(
        " { \"s\" : \"x\\n\\\"\\u00e9\\ud83d\\ude00\" , \"n\":1.50e3,",
        "\"b\":true,\"o\":{ \"k\": [1, 2] } } \r\n",
        "{\"n\":null,\"s\":\"plain\"}\n",
        "{}\n",
    );
    let outcome = read(text, JSON);
    assert_eq!(outcome.values(), ["x\n\"é😀/1.50e3/true/[1, 2]", "plain/~/~/~", "~/~/~/~"]);
    assert_eq!(outcome.bad, []);
    let members = outcome.columns;
    let mut reader = Reader::open(text.as_bytes(), JSON, &members).unwrap();
    let mut batch = Batch::new();
    reader.read_batch(10, &mut batch).unwrap();
    let row = batch.row(0).unwrap();
    let literal: Vec<_> = (0..4).map(|column| row.cell(column).literal).collect();
    assert_eq!(literal, [false, true, true, true]);
    assert!(row.cell(0).quoted);
}

#[test]
fn a_bad_line_is_left_out_and_reported() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(50_000), "]".repeat(50_000));
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat((1 << 20) + 1));
    let longer = format!("{{\"a\":{}1}}", " ".repeat(8 << 20));
    for (line, expected) in [
        ("no", Reason::NotJson),
        ("{\"a\":1", Reason::NotJson),
        ("{\"a\":1} {", Reason::NotJson),
        ("{'a':1}", Reason::NotJson),
        ("{\"a\":1,}", Reason::NotJson),
        ("{\"a\":\"x\0\"}", Reason::NotJson),
        ("{\"a\":\"\\ud800\"}", Reason::NotJson),
        ("{a:1}", Reason::NotJson),
        ("{1:1}", Reason::NotJson),
        ("[1]", Reason::NotAnObject),
        ("\"x\"", Reason::NotAnObject),
        ("null", Reason::NotAnObject),
        ("12", Reason::NotAnObject),
        ("{\"a\":1,\"\\u0061\":2}", Reason::DuplicateMember),
        ("{\"a\":null,\"a\":2}", Reason::DuplicateMember),
        (deep.as_str(), Reason::NestingTooDeep),
        (long.as_str(), Reason::CellTooLong { line: 2 }),
        (longer.as_str(), Reason::LineTooLong),
    ] {
        let text = format!("{{\"a\":1}}\n{line}\n{{\"a\":2}}\n");
        let limits = Limits::default();
        let outcome = read_once(text.as_bytes(), usize::MAX, 10, JSON, limits).unwrap();
        check_total(text.as_bytes(), 100_000, JSON, limits).unwrap();
        assert_eq!(outcome.values(), ["1", "2"], "{expected:?}");
        let end = 8 + line.len() as u64 + 1;
        assert_eq!(outcome.bad, [BadRow { line: 2, start: 8, end, reason: expected }]);
        assert_eq!(outcome.rows[1].0, 3);
    }
    let outcome = try_read(b"{\"a\":1}\n{\"a\":\"\xff\"}\n", JSON, SMALL).unwrap();
    assert_eq!(outcome.reasons(), [Reason::NotUtf8]);
}

#[test]
fn nesting_is_allowed_as_far_as_it_can_be_read() {
    for (depth, bad) in [(100, 0), (127, 0), (128, 1)] {
        let text = format!("{{\"a\":1}}\n{{\"a\":{}{}}}\n", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(read(&text, JSON).bad.len(), bad, "{depth}");
    }
}

#[test]
fn a_member_that_is_no_column_makes_a_bad_row() {
    let members = ["a".to_owned()];
    let mut reader = Reader::open(&b"{\"a\":1}\n{\"b\":1}\n"[..], JSON, &members).unwrap();
    let mut batch = Batch::new();
    assert!(!reader.read_batch(10, &mut batch).unwrap());
    assert_eq!(batch.rows(), 1);
    assert_eq!(batch.bad()[0].reason, Reason::UnknownMember);
    let text = format!("{{\"a\":1}}\n{{\"{}\":1}}\n", "x".repeat(17));
    let outcome = try_read(text.as_bytes(), JSON, SMALL).unwrap();
    assert_eq!((outcome.columns, outcome.bad.len()), (vec!["a".to_owned()], 1));
}

#[test]
fn blank_lines_are_kept_or_reported_as_one() {
    let text = format!("{{\"a\":1}}\n \r\n\n{{\"a\":2}}\n\n{}", " \n".repeat(20));
    let outcome = try_read(text.as_bytes(), JSON, SMALL).unwrap();
    assert_eq!(outcome.rows[1].0, 4);
    assert_eq!(outcome.tail, "\n \n \n \n");
    assert_eq!(outcome.reasons(), [Reason::BlankLines]);
}

#[test]
fn objects_within_are_taken_apart_into_their_leaves() {
    let text = concat!(
        "{\"id\":1,\"name\":{\"first\":\"Ada\",\"last\":\"Archer\"},\"tags\":[{\"x\":1}]}\n",
        "{\"id\":2,\"name\":null,\"a\":{\"b\":{\"c\":\"deep\"},\"e\":{}}}\n",
        "{\"name\":{ \"last\" : \"B\\u0042\" , \"first\":null},\"a\":{}}\n",
    );
    let outcome = read(text, JSON);
    assert_eq!(outcome.columns, ["id", "name.first", "name.last", "tags", "a.b.c", "a.e"]);
    let values = ["1/Ada/Archer/[{\"x\":1}]/~/~", "2/~/~/~/deep/{}", "~/~/BB/~/~/~"];
    assert_eq!(outcome.values(), values);
    assert_eq!(outcome.bad, []);
    let written = rewrite(text, JSON, |column, value| {
        matches!(column, 1 | 2 | 4).then(|| format!("<{value}>"))
    });
    let expected = concat!(
        "{\"id\":1,\"name\":{\"first\":\"<Ada>\",\"last\":\"<Archer>\"},\"tags\":[{\"x\":1}]}\n",
        "{\"id\":2,\"name\":null,\"a\":{\"b\":{\"c\":\"<deep>\"},\"e\":{}}}\n",
        "{\"name\":{ \"last\" : \"<BB>\" , \"first\":\"<>\"},\"a\":{}}\n",
    );
    assert_eq!(written, expected);
}

#[test]
fn an_object_whose_keys_are_no_names_is_one_value() {
    let many: Vec<String> = (0..65).map(|n| format!("\"k{n}\":{n}")).collect();
    let deep = format!("{}1{}", "{\"a\":".repeat(40), "}".repeat(40));
    let path = vec!["a"; 16].join(".");
    for (text, expected) in [
        // Sometimes no object.
        ("{\"a\":{\"b\":1}}\n{\"a\":2}\n".to_owned(), vec!["a"]),
        ("{\"a\":[1]}\n{\"a\":{\"b\":{\"c\":1}}}\n".to_owned(), vec!["a"]),
        ("{\"a\":null}\n{\"a\":{\"b\":1}}\n".to_owned(), vec!["a.b"]),
        // A person's data as a key.
        ("{\"a\":{\"x@mail.example\":{\"b\":1}},\"c\":1}\n".to_owned(), vec!["a", "c"]),
        ("{\"a\":{\"b\":{\"536-22-1847\":1},\"c\":1}}\n".to_owned(), vec!["a.b", "a.c"]),
        // Too many, too deep, too long.
        (format!("{{\"a\":{{{}}},\"b\":1}}\n", many.join(",")), vec!["a", "b"]),
        (format!("{deep}\n"), vec![path.as_str()]),
        (format!("{{\"a\":{{\"{}\":1}}}}\n", "x".repeat(1024)), vec!["a"]),
        // Nothing in it: it could hold anything in its key.
        ("{\"a\":1,\"k\":{}}\n{\"k\":null}\n".to_owned(), vec!["a", "k"]),
        ("{\"a\":{}}\n{\"a\":{\"b\":{}}}\n{\"a\":{}}\n".to_owned(), vec!["a.b"]),
        // At the top, where the header's check is to see the key alone.
        ("{\"536-22-1847\":{\"b\":1,\"c\":1}}\n".to_owned(), vec!["536-22-1847"]),
        // A dot in a name.
        ("{\"a.b\":1,\"a\":2}\n{\"a\":{\"b\":3}}\n".to_owned(), vec!["a.b", "a"]),
    ] {
        let outcome = read(&text, JSON);
        assert_eq!(
            (outcome.columns, outcome.bad),
            (expected.iter().map(|s| s.to_string()).collect(), vec![]),
            "{text}"
        );
    }
    // A leaf of a name that a member has is no leaf of its own.
    let twice = read("{\"a.b\":1,\"a\":{\"b\":2}}\n{\"a\":{\"b\":3}}\n", JSON);
    assert_eq!(twice.values(), ["1/{\"b\":2}", "~/{\"b\":3}"]);
    let twice = read("{\"a\":{\"b\":3}}\n{\"a.b\":1,\"a\":{\"b\":2}}\n", JSON);
    assert_eq!(
        (twice.values(), twice.reasons()),
        (vec!["3".to_owned()], vec![Reason::DuplicateMember])
    );
    let members = ["a.b".to_owned()];
    let text = &b"{\"a\":{\"c\":1}}\n{\"a\":{\"b\":1}}\n{\"a\":5}\n{\"c\":null}\n\
                  {\"c\":{}}\n{\"a\":{\"c\":{}}}\n"[..];
    let mut reader = Reader::open(text, JSON, &members).unwrap();
    let mut batch = Batch::new();
    reader.read_batch(10, &mut batch).unwrap();
    assert_eq!((batch.rows(), batch.bad().len()), (1, 5));
    assert!(batch.bad().iter().all(|bad| bad.reason == Reason::UnknownMember));
}
