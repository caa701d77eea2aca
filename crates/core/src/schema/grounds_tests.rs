//! What a proposal says beside its verdict: damage, values inside text, doubts; and what a file as
//! a whole says of its columns.

use super::*;

/// A proposal for a table: the header, then rows.
fn propose(headers: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Vec<ProposedColumn> {
    let headers: Vec<String> = headers.iter().map(|name| (*name).to_owned()).collect();
    let mut proposer = Proposer::new(&headers);
    for row in rows {
        row.iter().enumerate().for_each(|(at, cell)| proposer.observe(at, cell));
        proposer.end_row();
    }
    proposer.finish().columns
}

fn kind(column: &ProposedColumn) -> &'static str {
    column.treatment.kind().map_or("clear", FieldType::name)
}

#[test]
fn damage_of_a_spreadsheet_is_named_and_the_type_kept_in_doubt() {
    let rows = (0..60_u32).map(|n| {
        let ssn = if n % 9 == 0 { 12_345_600 + n } else { 212_345_600 + n * 7_919 };
        let zip = if n % 9 == 0 { 2138 + n } else { 80_200 + n };
        vec![format!("5.5456{}E+15", n % 10), ssn.to_string(), zip.to_string(), "#REF!".into()]
    });
    let columns = propose(&["CC_NUM", "SSN", "Zip", "Total"], rows);
    for (column, wanted, damage) in [
        (&columns[0], "card_number", "60 long numbers shortened by a spreadsheet"),
        (&columns[1], "ssn", "7 values lost their leading zeros"),
        (&columns[2], "address", "7 values lost their leading zeros"),
        (&columns[3], "text", "60 cells hold a spreadsheet's error"),
    ] {
        assert_eq!(kind(column), wanted, "{column:?}");
        assert!(column.unsure && column.damage[0].starts_with(damage), "{column:?}");
    }
}

#[test]
fn free_text_is_searched_and_reported_by_type_and_count() {
    let rows = (0..40_u32).map(|n| {
        vec![match n {
            0..3 => "lost card 4111 1111 1111 1111, sent her a new one by mail".to_owned(),
            3..8 => format!("write to canary{n}@example.com about the spring catalogue"),
            _ => "asked when the blue boxes will be there, call back next week".to_owned(),
        }]
    });
    let columns = propose(&["Notes"], rows);
    assert_eq!(columns[0].holds, [(FieldType::CardNumber, 3), (FieldType::Email, 5)]);
    assert_eq!(kind(&columns[0]), "text");
    let said = columns[0].grounds().join("\n");
    assert!(said.contains("holds 3 of card_number") && !said.contains("canary"), "{said}");
}

#[test]
fn one_value_never_decides_and_doubts_name_the_rival() {
    let columns = propose(&["col", "Date"], [vec!["078-05-1120".into(), "2024-01-15".into()]]);
    assert!(columns.iter().all(|column| column.unsure && kind(column) == "text"), "{columns:?}");
    let rows = (0..50).map(|n| vec![format!("{}", 1940 + n) + "-03-04"]);
    let columns = propose(&["when"], rows);
    let doubts = columns[0].doubts.join("\n");
    assert!(doubts.contains("may also be") && columns[0].unsure, "{doubts}");
}

#[test]
fn numbers_counted_up_speak_against_a_persons() {
    let rows = (0..200_u32).map(|n| vec![(212_345_600 + n * 3).to_string()]);
    let columns = propose(&["SSN"], rows);
    assert!(columns[0].unsure, "{columns:?}");
    let against = columns[0].against.join("\n");
    assert!(against.contains("counted up"), "{against}");
}

/// Numbers without meaning of their own open only in a file of business.
#[test]
fn what_the_other_columns_say_decides_on_a_number_without_a_header() {
    let row = |name: &str, n: u32| {
        let (x, total) = (n * 37 % 90, n * 13 % 71);
        vec![name.to_owned(), (n * 7 % 901).to_string(), x.to_string(), total.to_string()]
    };
    let of = |headers: [&str; 4], name: &str| {
        kind(&propose(&headers, (0..60).map(|n| row(name, n)))[2]).to_owned()
    };
    assert_eq!(of(["Store", "Order ID", "x", "Total"], "B-12"), "clear");
    assert_eq!(of(["First Name", "Order ID", "x", "Total"], "Ada"), "text");
    // In a language that the dictionary does not know, that it finds no person says nothing.
    assert_eq!(of(["imie", "id", "wiek", "wynagrodzenie"], "Zofia"), "text");
}

#[test]
fn whose_a_type_or_a_level_is_must_be_known_among_people() {
    let rows = (0..60_u32).map(|n| {
        let pick = ["low", "middle", "high"][n as usize % 3].to_owned();
        vec!["Ada Archer".to_owned(), pick.clone(), pick.clone(), pick]
    });
    let columns = propose(&["Full Name", "Order Level", "cholesterol_level", "Blood Type"], rows);
    let kinds: Vec<_> = columns.iter().map(kind).collect();
    assert_eq!(kinds, ["name", "clear", "text", "text"], "{columns:?}");
}
