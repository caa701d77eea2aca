//! Files of fixed width, from what tells their columns to what is written.

use super::*;

fn fixed(bytes: &[u8], asked: &Asked) -> Result<(Outcome, String), ReadError> {
    told_as("a.txt", bytes, asked, |_| None)
}

#[test]
fn lines_become_rows_of_csv() {
    let text = "\u{feff}\r\nID  NAME          AMOUNT\r\n1   Archer, Ada     1.50\r\n\r\n\
                22  Zo\u{eb} \"Z\" N.      10\r\n3                 200.25\r\n4   short\r\n";
    let (outcome, written) = fixed(text.as_bytes(), &Asked::default()).unwrap();
    assert_eq!(outcome.columns, ["ID", "NAME", "AMOUNT"]);
    let rows = ["1/Archer, Ada/1.50", "22/Zo\u{eb} \"Z\" N./10", "3//200.25", "4/short/"];
    assert_eq!(outcome.values(), rows);
    assert_eq!(outcome.bad, []);
    let lines: Vec<_> = outcome.rows.iter().map(|row| (row.0, row.1)).collect();
    assert_eq!(lines[..2], [(3, 31), (5, 59)]);
    let expected = "\u{feff}ID,NAME,AMOUNT\n1,\"Archer, Ada\",1.50\n\
                    22,\"Zo\u{eb} \"\"Z\"\" N.\",10\n3,,200.25\n4,short,\n";
    assert_eq!(written, expected);
}

#[test]
fn columns_and_header_can_be_said() {
    let text = "001Ada  19800101\n002Bo   19810202x\n003Cleo 1982\n";
    let asked = Asked { widths: Some(vec![3, 5, 8]), header: Some(false), ..Asked::default() };
    let (outcome, written) = fixed(text.as_bytes(), &asked).unwrap();
    assert_eq!(outcome.columns, ["column_1", "column_2", "column_3"]);
    assert_eq!(outcome.values(), ["001/Ada/19800101", "003/Cleo/1982"]);
    assert_eq!(outcome.reasons(), [Reason::NotInColumns]);
    assert_eq!(written, "001,Ada,19800101\n003,Cleo,1982\n");
    let asked = Asked { family: Some(Family::Fixed), ..Asked::default() };
    let error = fixed(b"one\ntwo\n", &asked).unwrap_err().to_string();
    assert!(error.contains("--widths"), "{error}");
    let (outcome, _) = fixed(b"a  b\n1  2\n", &asked).unwrap();
    assert_eq!(outcome.columns, ["a", "b"]);
}

#[test]
fn what_cannot_be_read_is_left_out_and_lists_stay_lists() {
    let bytes = b"ID  NAME\n1   Ada \n2   \xff\xfe  \n3   Bo\0 \n4   Cle \n";
    let asked = Asked { encoding: Some(Encoding::UTF_8), ..Asked::default() };
    let (outcome, _) = fixed(bytes, &asked).unwrap();
    assert_eq!(outcome.values(), ["1/Ada", "4/Cle"]);
    assert_eq!(outcome.reasons(), [Reason::NotUtf8, Reason::ControlCharacter]);
    let list = "Name\nAda Archer\nBo Boone\nCleo Cruz\n";
    let (outcome, written) = fixed(list.as_bytes(), &Asked::default()).unwrap();
    assert_eq!((outcome.columns.len(), written.as_str()), (1, list));
}
