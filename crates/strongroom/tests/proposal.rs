//! Proposals over the invented files of testdata/proposal: five languages, and files of business
//! that hold nobody. No column of a person stays open, none is taken for another type without
//! doubt, and no number of business for a person's.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/score.rs"]
mod score;

use std::path::Path;

use score::{Judged, by_type, judge};

fn judged() -> Vec<Judged> {
    judge(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/proposal"))
}

fn named(columns: impl Iterator<Item = Judged>) -> Vec<String> {
    let line = |c: Judged| format!("{}: {} -> {} ({})", c.place, c.holds, c.proposed, c.grounds);
    columns.map(line).collect()
}

#[test]
fn every_column_of_a_person_is_found_or_unsure() {
    let missed = named(judged().into_iter().filter(Judged::is_missed));
    assert!(missed.is_empty(), "{missed:#?}");
    let mistaken = |column: &Judged| {
        let kind = column.sure_type();
        kind.is_some_and(|kind| kind != "text" && kind != column.holds && column.holds != "any")
    };
    let wrong = named(judged().into_iter().filter(mistaken));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn business_is_hardly_sealed_and_never_taken_for_a_persons_number() {
    let columns = judged();
    let clear = columns.iter().filter(|column| column.holds == "clear").count();
    let needless = columns.iter().filter(|column| column.is_needless()).count();
    assert!(clear > 100 && needless * 20 < clear, "{needless} of {clear}");
    let is_number = |column: &Judged| {
        let number = ["ssn", "tax_id", "card_number", "bank_account", "bank_routing", "phone"];
        column.place.starts_with("neg-") && number.contains(&column.proposed)
    };
    let taken = named(columns.into_iter().filter(is_number));
    assert!(taken.is_empty(), "{taken:#?}");
}

#[test]
fn types_are_found_as_often_as_before() {
    // What is not found by its type is sealed as text: a foreign tax number, a damaged column.
    for (kind, count) in by_type(&judged()) {
        let found = count.right * 3 >= count.there;
        assert!(found, "{kind}: {} of {}", count.right, count.there);
        assert_eq!(count.right, count.proposed, "{kind}");
        assert_eq!(count.sealed, count.there, "{kind}");
    }
}
