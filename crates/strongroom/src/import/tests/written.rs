//! Files written back with cells replaced, everything else byte for byte.

use super::*;

/// Replaces the second column.
fn second(value: &'static str) -> impl Fn(usize, &str) -> Option<String> {
    move |column, _| (column == 1).then(|| value.to_owned())
}

#[test]
fn a_replaced_cell_is_quoted_if_it_was_or_must_be() {
    for (row, value, expected) in [
        ("1,2,3\n", "t", "1,t,3\n"),
        ("1,\"2\",3\r\n", "t", "1,\"t\",3\r\n"),
        ("1,\"2\",3\r", "t", "1,\"t\",3\r"),
        ("1,2,3", "a,b", "1,\"a,b\",3"),
        ("1,2,3", "a\nb", "1,\"a\nb\",3"),
        ("1,2,3", "a\rb", "1,\"a\rb\",3"),
        ("1,2,3", "say \"x\"", "1,\"say \"\"x\"\"\",3"),
        ("1,\"2\"x,3", "t", "1,\"t\",3"),
        ("1, \"2\" ,3", "t", "1,t,3"),
        ("1,2,3", "", "1,,3"),
        ("1,\"2\",3", "", "1,\"\",3"),
        ("1,,\n", "t", "1,t,\n"),
        (" 1 ,2,\"a\"\"b\n\" \n", "t", " 1 ,t,\"a\"\"b\n\" \n"),
        ("\n\r\n1,2,3\n\n", "t", "\n\r\n1,t,3\n\n"),
    ] {
        let header = "\u{feff}a,\"b\",c\r\n";
        let written = rewrite(&format!("{header}{row}"), Format::COMMA, second(value));
        assert_eq!(written, format!("{header}{expected}"), "{row:?}");
    }
    assert_eq!(rewrite("a\tb\n1\t2\n", Format::TAB, second("x,y")), "a\tb\n1\tx,y\n");
    assert_eq!(rewrite("a\tb\n1\t2\n", Format::TAB, second("x\ty")), "a\tb\n1\t\"x\ty\"\n");
}

#[test]
fn the_only_cell_of_a_row_does_not_vanish() {
    let empty = |_: usize, _: &str| Some(String::new());
    assert_eq!(rewrite("a\nx\n\"y\"\n", Format::COMMA, empty), "a\n\"\"\n\"\"\n");
}

#[test]
fn all_cells_may_be_replaced() {
    let double = |_: usize, value: &str| Some(format!("{value}{value}"));
    assert_eq!(rewrite("a,b\n1,\"2\"\n,\n", Format::COMMA, double), "a,b\n11,\"22\"\n,\n");
}

#[test]
fn a_replaced_member_becomes_a_string() {
    for (line, expected) in [
        ("{\"a\":1,\"b\":2}\n", "{\"a\":1,\"b\":\"t\\\"\\n\"}\n"),
        (
            " { \"b\" : \"x\\u0041\" , \"a\" : [1, 2]}\r\n",
            " { \"b\" : \"t\\\"\\n\" , \"a\" : [1, 2]}\r\n",
        ),
        ("{\"b\":null}", "{\"b\":\"t\\\"\\n\"}"),
        ("\n{\"a\":1.00}\n \n", "\n{\"a\":1.00}\n \n"),
    ] {
        let header = "\u{feff}{\"a\":0,\"b\":0}\n";
        let replaced = "\u{feff}{\"a\":0,\"b\":\"t\\\"\\n\"}\n";
        let written = rewrite(&format!("{header}{line}"), Format::JsonLines, second("t\"\n"));
        assert_eq!(written, format!("{replaced}{expected}"), "{line:?}");
    }
}

#[test]
fn an_output_that_fails_is_an_error() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut writer = Writer::new(Full, Format::COMMA);
    writer.header(b"a\n").unwrap();
    let error = writer.finish(b"").err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}
