//! SQL dumps: those that pg_dump and mariadb-dump wrote of one small shop, and odd ones.

use std::path::Path;

use super::*;

/// What was read of one table of a dump: columns, rows, reasons, and the file written back.
fn table(bytes: &[u8], name: Option<&str>) -> Result<(Outcome, String), ReadError> {
    let mut outcomes = Vec::new();
    for (chunk, rows_max) in [(usize::MAX, 1000), (1, 1), (7, 2), (1000, 0)] {
        let asked = Asked { table: name.map(str::to_owned), ..Asked::default() };
        let survey = Survey::of(bytes).unwrap();
        let open = || Ok(Chunked::new(bytes, chunk));
        let told = Told::tell(Path::new("a.sql"), &asked, (Packing::None, &survey), open)?;
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
                writer.write_row(&row, |_| None).unwrap();
            }
            outcome.bad.extend_from_slice(batch.bad());
            if !more {
                break;
            }
        }
        let written = String::from_utf8(writer.finish(b"").unwrap()).unwrap();
        outcomes.push((outcome, written));
    }
    let first = outcomes.swap_remove(0);
    outcomes.iter().for_each(|other| assert_eq!(*other, first, "however it is cut"));
    Ok(first)
}

fn read_table(text: &str) -> Outcome {
    table(text.as_bytes(), None).unwrap().0
}

fn dump(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/dumps");
    std::fs::read(folder.join(name)).unwrap()
}

#[test]
fn dumps_of_postgres_give_the_rows_that_went_in() {
    for (name, yes, no) in [
        ("postgres-copy.sql", "t", "f"),
        ("postgres-inserts.sql", "true", "false"),
        ("postgres-columns.sql", "true", "false"),
    ] {
        let (outcome, written) = table(&dump(name), Some("people list")).unwrap();
        let columns = ["MemberID", "Name", "SSN", "Email", "notes", "balance", "active", "blob"];
        assert_eq!(outcome.columns, columns, "{name}");
        assert_eq!(outcome.bad, [], "{name}");
        let ada = "two\nlines\tand a \\ back; slash, \"quoted\"";
        assert_eq!(
            outcome.values(),
            [
                format!("1/Ada Archer/536-22-1847/ada@mail.example/{ada}/12.50/{yes}/\\xdeadbeef"),
                format!("2/Bruno O'Boone/401-55-9024/bruno@mail.example//~/{no}/~"),
                format!("3/Zo\u{eb} Nu\u{f1}ez/~/zoe@mail.example/\\./1.00/{yes}/~"),
                "4/Cleo Cruz/401-55-9025/cleo@mail.example/\\N/3.00/~/\\x".to_owned(),
            ],
            "{name}"
        );
        // As PostgreSQL writes CSV itself: null is empty, an empty text is quoted.
        let ada = ada.replace('"', "\"\"");
        let expected = format!(
            "MemberID,Name,SSN,Email,notes,balance,active,blob\n\
             1,Ada Archer,536-22-1847,ada@mail.example,\"{ada}\",12.50,{yes},\\xdeadbeef\n\
             2,Bruno O'Boone,401-55-9024,bruno@mail.example,\"\",,{no},\n\
             3,Zo\u{eb} Nu\u{f1}ez,,zoe@mail.example,\\.,1.00,{yes},\n\
             4,Cleo Cruz,401-55-9025,cleo@mail.example,\\N,3.00,,\\x\n"
        );
        assert_eq!(written, expected, "{name}");
        let ranks = table(&dump(name), Some("PUBLIC.ranks")).unwrap().0;
        assert_eq!(ranks.values(), ["1/Director", "2/Executive"]);
    }
}

#[test]
fn dumps_of_mariadb_give_the_rows_that_went_in() {
    for (name, asked) in [("mariadb.sql", Some("people")), ("mariadb-single.sql", None)] {
        let (outcome, written) = table(&dump(name), asked).unwrap();
        let columns =
            ["MemberID", "Full Name", "SSN", "Email", "notes", "balance", "active", "blob"];
        assert_eq!(outcome.columns, columns, "{name}");
        assert_eq!(outcome.bad, [], "{name}");
        assert_eq!(
            outcome.values(),
            [
                "1/Ada Archer/536-22-1847/ada@mail.example/\
                 two\nlines\tand a \\ back; slash, \"quoted\"/12.50/0x01/0xDEADBEEF",
                "2/Bruno O'Boone/401-55-9024/bruno@mail.example//~/0x00/~",
                "3/Zo\u{eb} Nu\u{f1}ez/~/zoe@mail.example/NULL/1.00/~/~",
                "4/Cleo Cruz/401-55-9025/cleo@mail.example/100%_x\u{1a}/3.00/0x01/",
            ],
            "{name}"
        );
        assert!(written.contains("bruno@mail.example,\"\",,0x00,\n"), "{written}");
    }
}

#[test]
fn which_table_has_to_be_said_when_there_are_several() {
    for (name, expected) in [
        (None, "name one with --table; there are public.people list, public.ranks"),
        (Some("nobody"), "no rows of that one table"),
    ] {
        let error = table(&dump("postgres-copy.sql"), name).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let none = "CREATE TABLE a (b int);\nINSERT INTO a SELECT 1;\n";
    assert!(table(none.as_bytes(), None).unwrap_err().to_string().contains("holds no rows"));
}

#[test]
fn rows_of_many_spellings_are_read() {
    let text = "\u{feff}# 'not \"a string\n/* nor ' /* this */ INSERT IGNORE INTO `a b`.t\n\
                (`x y`, z) VALUE (1, -2.5e3) ,\r\n( 'it''s' , NULL )\n, (_utf8mb4'q', x'00ff'),\
                (concat('a', ',)'), ('b'));\n\
                replace into t values (1);\ninsert into `a b`.t (z, new) values ('zed', now())\n\
                ON DUPLICATE KEY UPDATE z = ('(');";
    let (outcome, written) = table(text.as_bytes(), Some("a b.t")).unwrap();
    assert_eq!(outcome.columns, ["x y", "z", "new"]);
    let expected =
        ["1/-2.5e3/~", "it's/~/~", "q/x'00ff'/~", "concat('a', ',)')/('b')/~", "~/zed/now()"];
    assert_eq!(outcome.values(), expected);
    assert_eq!(outcome.rows.iter().map(|row| row.0).collect::<Vec<_>>(), [3, 4, 5, 5, 7]);
    assert!(written.starts_with("\u{feff}x y,z,new\n1,-2.5e3,\n"), "{written}");
    let bare = read_table("INSERT INTO t VALUES (1, E'a\\tb', $$c'd$$);");
    assert_eq!((bare.columns.len(), bare.values()), (3, vec!["1/a\tb/$$c'd$$".to_owned()]));
    let copy = read_table("COPY t (a, b) FROM stdin;\n1\t\\N\r\n\t2\r\n\\.\r\nSELECT 1;");
    assert_eq!(copy.values(), ["1/~", "/2"]);
}

#[test]
fn a_row_that_cannot_be_read_is_left_out_by_its_place() {
    let good = "INSERT INTO t (a, b) VALUES (1, 2), ";
    for (row, reason) in [
        ("(1)", Reason::CellCount { found: 1, expected: 2 }),
        ("(1, 2, 'x')", Reason::CellCount { found: 3, expected: 2 }),
        ("(1, )", Reason::NotSql),
        ("(1, 'a\0b')", Reason::ControlCharacter),
        ("(1, E'\\xff')", Reason::NotUtf8),
    ] {
        let text = format!("{good}{row}, (3, 4);\n");
        let outcome = read_table(&text);
        assert_eq!(outcome.values(), ["1/2", "3/4"], "{row}");
        let (start, end) = (good.len() as u64, (good.len() + row.len()) as u64);
        assert_eq!(outcome.bad, [BadRow { line: 1, start, end, reason }], "{row}");
    }
    let bytes = [good.as_bytes(), b"('\xff', 1), (3, 4);"].concat();
    assert_eq!(table(&bytes, None).unwrap().0.reasons(), [Reason::NotUtf8]);
    let binary = [&b"INSERT INTO `t` VALUES (1, _binary 'a\xff\\0');"[..]].concat();
    assert_eq!(table(&binary, None).unwrap().0.values(), ["1/0x61FF00"]);
    for cut in ["(1, 2", "(1, 'two", "(1, /* 2"] {
        let outcome = read_table(&format!("{good}{cut}"));
        assert_eq!((outcome.values().len(), outcome.reasons()), (1, vec![Reason::DumpCut]));
    }
    let outcome = read_table(&format!("{good}(1, 2; INSERT INTO t (a, b) VALUES (5, 6);"));
    assert_eq!((outcome.values().len(), outcome.reasons()), (2, vec![Reason::NotSql]));
    let copy = "COPY t (a, b) FROM stdin;\n1\t2\n1\n3\t4\\\n5\t6\n";
    let outcome = read_table(copy);
    assert_eq!(outcome.values(), ["1/2", "5/6"]);
    let count = Reason::CellCount { found: 1, expected: 2 };
    assert_eq!(outcome.reasons(), [count, Reason::NotSql, Reason::DumpCut]);
    assert_eq!(outcome.bad[0].start, 30);
}

#[test]
fn what_is_too_long_costs_its_row() {
    let long = "x".repeat((1 << 20) + 1);
    let longer = "y".repeat(17 << 20);
    let text = format!(
        "INSERT INTO t VALUES (1, '{long}'), ('{longer}', 2), (3, 4);\n\
         -- {longer}\nCREATE VIEW v AS SELECT '{longer}';\nINSERT INTO t VALUES (5, 6);"
    );
    let asked = Asked::default();
    let survey = Survey::of(text.as_bytes()).unwrap();
    let open = || Ok(text.as_bytes());
    let told = Told::tell(Path::new("a.sql"), &asked, (Packing::None, &survey), open).unwrap();
    let mut reader = told.reader(text.as_bytes()).unwrap();
    let mut batch = Batch::new();
    while reader.read_batch(10, &mut batch).unwrap() {}
    let values: Vec<_> = batch.iter().map(|row| row.cell(0).value.to_owned()).collect();
    assert_eq!(values, ["3", "5"]);
    let reasons: Vec<_> = batch.bad().iter().map(|bad| bad.reason).collect();
    assert_eq!(reasons, [Reason::CellTooLong { line: 1 }, Reason::RowTooLong]);
    assert!(reader.held_bytes() < 64 << 20);
}
