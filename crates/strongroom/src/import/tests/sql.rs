//! SQL dumps: those that pg_dump and mariadb-dump wrote of one small shop, and odd ones.

use std::path::Path;

use super::*;

/// What was read of one table of a dump: columns, rows, reasons, and the file written back.
fn table(bytes: &[u8], name: Option<&str>) -> Result<(Outcome, String), ReadError> {
    let asked = Asked { table: name.map(str::to_owned), ..Asked::default() };
    told_as("a.sql", bytes, &asked, |_| None)
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
fn tables_of_one_name_are_told_apart_by_their_databases() {
    let two = "USE `a`;\nCREATE TABLE t (ssn text, code int);\nINSERT INTO t VALUES ('s', 1);\n\
               USE `b`;\nCREATE TABLE t (code int, ssn text);\nINSERT INTO `t` VALUES (2, 'r');\n";
    let error = table(two.as_bytes(), None).unwrap_err().to_string();
    assert!(error.contains("there are a.t, b.t"), "{error}");
    let error = table(two.as_bytes(), Some("t")).unwrap_err().to_string();
    assert!(error.contains("name one of them in full; there are a.t, b.t"), "{error}");
    for (name, columns, values) in
        [("a.t", ["ssn", "code"], "s/1"), ("B.t", ["code", "ssn"], "2/r")]
    {
        let outcome = table(two.as_bytes(), Some(name)).unwrap().0;
        assert_eq!((outcome.values(), outcome.bad.len()), (vec![values.to_owned()], 0), "{name}");
        assert_eq!(outcome.columns, columns, "{name}");
    }
    let rows = |row| format!("COPY public.t (a) FROM stdin;\n{row}\n\\.\n");
    let connected = format!(
        "\\connect one\n{}\\c -reuse-previous=on \"dbname='the two'\"\n{}\\restrict x\n",
        rows(1),
        rows(2)
    );
    assert_eq!(table(connected.as_bytes(), Some("one.public.t")).unwrap().0.values(), ["1"]);
    let outcome = table(connected.as_bytes(), Some("the two.public.t")).unwrap().0;
    assert_eq!(outcome.values(), ["2"]);
    let paths = "SET search_path = s, pg_catalog;\nSET x;\nINSERT INTO t VALUES (1);\n\
                 SET search_path TO r;\nINSERT INTO t VALUES (2);";
    assert_eq!(table(paths.as_bytes(), Some("r.t")).unwrap().0.values(), ["2"]);
}

#[test]
fn a_table_created_twice_is_read_only_with_the_same_columns() {
    let rows = "INSERT INTO t VALUES (1, 2);\n";
    let twice = |other: &str| {
        let created = "CREATE TABLE t (a int, b int);\n";
        format!("{created}{rows}DROP TABLE t;\nCREATE TABLE t ({other});\n{rows}")
    };
    assert_eq!(read_table(&twice("a text, b text")).values(), ["1/2", "1/2"]);
    for other in ["b int, a int", "a int, b int, c int"] {
        for name in [None, Some("t")] {
            let error = table(twice(other).as_bytes(), name).unwrap_err().to_string();
            assert!(error.contains("table t twice") && error.contains("--table"), "{error}");
        }
    }
}

#[test]
fn what_does_not_end_is_a_bad_row_that_names_where_it_began() {
    let good = "INSERT INTO t (a, b) VALUES (1, 2);\n";
    let long = "z".repeat(100_000);
    for open in ["/* note", "SELECT 'x", "/*!40000 ALTER", "INSERT INTO u VALUES ('x", "$$", "\"x"]
    {
        for between in ["", "\n\n", &long] {
            let text = format!("{good}--\n  {open}\n{between}{good}");
            let outcome = table(text.as_bytes(), Some("t")).unwrap().0;
            assert_eq!(outcome.values(), ["1/2"], "{open}");
            assert_eq!((outcome.bad.len(), outcome.bad[0].line), (1, 3), "{open}");
            let opens = open.find(['/', '\'', '$', '"']).unwrap();
            let start = (good.len() + 5 + opens) as u64;
            let (end, reason) = (text.len() as u64, Reason::DumpCut);
            assert_eq!(outcome.bad, [BadRow { line: 3, start, end, reason }], "{open}");
        }
    }
    // After rows, and a program that does not end; quotes in one that does are its own.
    for (open, line) in [(" ON CONFLICT 'x\n", 1), (";\nDELIMITER ;;\n", 2)] {
        let outcome = read_table(&format!("{}{open}{good}", good.trim_end_matches(";\n")));
        assert_eq!((outcome.values().len(), outcome.bad.len()), (1, 1), "{open}");
        assert_eq!((outcome.bad[0].line, outcome.bad[0].reason), (line, Reason::DumpCut));
    }
    let program = format!("{good}DELIMITER ;;\nSELECT 'a\n' ;;\n-- don't\nDELIMITER ;\n{good}");
    assert_eq!((read_table(&program).values().len(), read_table(&program).bad), (2, vec![]));
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
