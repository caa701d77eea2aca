//! Columns left open are held to what they were left open as, over every cell: what a sample did
//! not show is sealed or stops the run, and nothing passes in clear unnoticed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/desk.rs"]
mod desk;

use desk::Desk;
use serde_json::json;

const CARD: &str = "lost card 4111-1111-1111-1111 cvv 123";

/// Orders of so many rows, with another status on one of them.
fn orders(rows: u32, odd: u32, status: &str) -> String {
    let mut text = "Order ID,Order Status,Order Date,SSN\n".to_owned();
    for row in 1..=rows {
        let status = if row == odd { status } else { ["open", "paid", "sent"][row as usize % 3] };
        text.push_str(&format!("{row},{status},2024-01-15,536-22-{:04}\n", row % 9000 + 1));
    }
    text
}

fn schema(reason: &str) -> String {
    format!(
        "[[column]]\nname = \"Order ID\"\nclear = \"number or code of the application\"\n\
         [[column]]\nname = \"Order Status\"\nclear = \"{reason}\"\n\
         [[column]]\nname = \"Order Date\"\nclear = \"date of business\"\n\
         [[column]]\nname = \"SSN\"\ntype = \"ssn\"\n"
    )
}

#[test]
fn what_the_sample_did_not_show_is_sealed_from_the_start() {
    let desk = Desk::new("beyond");
    desk.write("orders.csv", orders(6000, 5777, CARD));
    let report = desk.seal("orders.csv");
    assert_eq!(report["open"], json!(["Order ID", "Order Date"]));
    assert_eq!(report["values"], json!({"ssn": 6000, "text": 6000}));
    assert_eq!(report["exposed"], json!({}));
    assert!(!desk.read("orders.sealed.csv").contains("4111-1111"));
    let proposal = desk.done(&["schema", "propose", "orders.csv"]);
    assert_eq!(proposal["rows_sampled"], 5000);
    assert_eq!(proposal["rows_checked"], 6000);
    let against = proposal["columns"][1]["against"].to_string();
    assert!(against.contains("1 hold card_number, first on line 5778"), "{against}");
}

#[test]
fn a_column_open_for_a_reason_of_the_proposal_stops_the_run_before_anything_is_sealed() {
    let desk = Desk::new("held");
    desk.write("orders.csv", orders(30, 20, CARD));
    desk.write("orders.toml", schema("rank, status or type"));
    let args = ["seal", "orders.csv", "--tenant", "acme", "--collection", "orders"];
    let said = desk.ends(2, &[&args[..], &["--schema", "orders.toml"]].concat());
    let error = &said.out;
    assert!(error.contains("Order Status") && error.contains("first on line 21"), "{error}");
    assert!(error.contains("1 hold card_number") && !error.contains("4111"), "{error}");
    assert!(!desk.path("orders.sealed.csv").exists());
}

#[test]
fn a_cell_of_another_kind_stops_the_run() {
    for (name, from, to) in [
        ("amount", "1,open,2024-01-15", "1,open,Ada Archer of Provo"),
        ("code", "\n7,", "\nAda Archer,"),
    ] {
        let desk = Desk::new(name);
        desk.write("orders.csv", orders(30, 0, "").replacen(from, to, 1));
        desk.write("orders.toml", schema("rank, status or type"));
        let args = ["seal", "orders.csv", "--tenant", "acme", "--collection", "orders"];
        let said = desk.ends(2, &[&args[..], &["--schema", "orders.toml"]].concat());
        assert!(said.out.contains("1 cells do not fit that"), "{name}: {}", said.out);
    }
}

#[test]
fn a_column_open_for_a_reason_of_a_persons_own_is_counted_and_reported() {
    let desk = Desk::new("own");
    desk.write("orders.csv", orders(30, 20, CARD));
    desk.write("orders.toml", schema("agreed with the client"));
    let args = ["seal", "orders.csv", "--tenant", "acme", "--collection", "orders"];
    let report = desk.done(&[&args[..], &["--schema", "orders.toml"]].concat());
    assert_eq!(report["exposed"], json!({"Order Status": 1}));
    assert_eq!(report["open"], json!(["Order ID", "Order Status", "Order Date"]));
}

#[test]
fn a_stretch_beyond_the_sample_is_held_to_what_the_sample_was() {
    let ssn = |row: u32| {
        let n = row.wrapping_mul(2_654_435_761);
        format!("{:03}{:02}{:04}", n % 665 + 1, row % 99 + 1, (n >> 12) % 9999 + 1)
    };
    let mut text = "OrderID,Order Status,JoinDate\n".to_owned();
    for row in 1..=7000 {
        let order = if row > 5000 { ssn(row) } else { row.to_string() };
        let join = if row > 5000 { 1930 + row * 7 % 75 } else { 2023 };
        text.push_str(&format!("{order},open,{join}-01-15\n"));
    }
    let desk = Desk::new("stretch");
    desk.write("orders.csv", &text);
    let report = desk.seal("orders.csv");
    assert_eq!(report["open"], json!(["Order Status"]), "{report}");
    let schema = schema("rank, status or type").replace("Order ID", "OrderID");
    let schema = schema.replace("Order Date", "JoinDate");
    desk.write("orders.toml", schema.split("[[column]]\nname = \"SSN\"").next().unwrap());
    let args = ["seal", "orders.csv", "--tenant", "acme", "--collection", "again"];
    let said = desk.ends(2, &[&args[..], &["--schema", "orders.toml"]].concat());
    assert!(said.out.contains("cells in a row look like ssn"), "{}", said.out);
    assert!(said.out.contains("cells in a row look like date_of_birth"), "{}", said.out);
}

#[test]
fn long_numbers_are_judged_together() {
    // One in ten of them has the check digit of a card by chance.
    let orders = |number: &dyn Fn(u64) -> u64| {
        let rows = (0..400).map(|row| format!("{},2024-01-15\n", number(row)));
        format!("Order ID,Order Date\n{}", rows.collect::<String>())
    };
    let desk = Desk::new("chance");
    desk.write("orders.csv", orders(&|row| 4_000_000_000_000_000 + row * 7_919));
    let report = desk.seal("orders.csv");
    assert_eq!((&report["values"], &report["exposed"]), (&json!({}), &json!({})));

    let desk = Desk::new("alone");
    let card = |row| if row == 9 { 4_111_111_111_111_111 } else { 100 + row };
    desk.write("orders.csv", orders(&card));
    let report = desk.seal("orders.csv");
    assert_eq!(report["open"], json!(["Order Date"]), "{report}");
}
