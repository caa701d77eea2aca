//! Holding open columns to what they were left open as, over every cell and not over a sample.
//!
//! A column whose reason is one that proposals give is held to it: a cell that does not fit, or
//! that holds a value of a person, is a breach. A reason in a person's own words promises nothing
//! that could be checked; its cells are counted elsewhere. Places and counts are kept, never a
//! value.

use super::decide::PHONES_BY_CHANCE;
use super::shape::{is_failed, is_moment, is_nothing, is_number, is_one_word, is_yes_no};
use super::window::{Likely, Windows};
use super::words::Class;
use super::{Schema, Treatment};
use crate::field::{FieldType, brand, fold, personal_in};

/// The longest name of a thing, in bytes.
const LABEL_BYTES_MAX: usize = 300;

/// How many bytes a rank, a status, a country may have.
const KIND_BYTES_MAX: usize = 64;

/// Watches over the open columns of one file.
pub struct Guard {
    /// By column; none when it is not held to anything.
    columns: Vec<Option<Held>>,
}

/// One open column.
struct Held {
    class: Class,
    filled: u64,
    misfits: u64,
    /// Values of a person, by type.
    found: [u64; FieldType::CODES],
    /// Bare numbers as long as cards, and those that are cards by their digits.
    long: u64,
    cards: u64,
    first: Option<u64>,
    first_card: Option<u64>,
    windows: Windows,
}

/// An open column that holds what it was not left open for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The column's place.
    pub column: usize,
    /// What it was left open as.
    pub left_open_as: &'static str,
    /// Cells that do not fit that.
    pub misfits: u64,
    /// Values of a person, by type.
    pub found: Vec<(FieldType, u64)>,
    /// What a stretch of the cells may be, by the look of all of them.
    pub likely: Option<Likely>,
    /// The first line with one of either.
    pub line: u64,
}

/// Whether a reason is one that proposals give, and that cells can be held to.
#[must_use]
pub fn is_held(reason: &str) -> bool {
    class_of(reason).is_some()
}

impl Guard {
    /// Watches over the columns of this schema, in the order of the file.
    #[must_use]
    pub fn new(columns: &[String], schema: &Schema) -> Self {
        let held = |name: &String| match &schema.column(name)?.1.treatment {
            Treatment::Clear { reason } | Treatment::Key { reason } => {
                class_of(reason).map(|class| Held::new(class, name))
            }
            Treatment::Seal { .. } | Treatment::Verify | Treatment::Drop { .. } => None,
        };
        Self { columns: columns.iter().map(held).collect() }
    }

    /// The places of the columns that are held to their reasons.
    #[must_use]
    pub fn columns(&self) -> Vec<usize> {
        let columns = self.columns.iter().enumerate();
        columns.filter_map(|(at, held)| held.as_ref().map(|_| at)).collect()
    }

    /// Looks at a cell, and takes note of the line when it is against the column's reason.
    pub fn observe(&mut self, column: usize, line: u64, value: &str) {
        if let Some(Some(held)) = self.columns.get_mut(column) {
            held.observe(line, value.trim());
        }
    }

    /// The columns that hold what they were not left open for.
    #[must_use]
    pub fn breaches(&self) -> Vec<Breach> {
        let columns = self.columns.iter().enumerate();
        columns.filter_map(|(at, held)| held.as_ref()?.breach(at)).collect()
    }
}

impl Held {
    fn new(class: Class, header: &str) -> Self {
        Self {
            class,
            filled: 0,
            misfits: 0,
            found: [0; FieldType::CODES],
            long: 0,
            cards: 0,
            first: None,
            first_card: None,
            windows: Windows::new(class, header),
        }
    }

    fn observe(&mut self, line: u64, value: &str) {
        if is_nothing(value) || is_failed(value) {
            return;
        }
        let folded = fold(value);
        let value = &*folded;
        self.filled += 1;
        self.windows.observe(line, value);
        if !fits(self.class, value) {
            self.misfits += 1;
            self.first.get_or_insert(line);
        }
        if value.bytes().all(|b| b.is_ascii_digit()) {
            self.observe_number(line, value);
            return;
        }
        for kind in personal_in(value) {
            if let Some(count) = self.found.get_mut(usize::from(kind.code())) {
                *count += 1;
                self.first.get_or_insert(line);
            }
        }
    }

    /// One bare number in ten has the check digit of a card: alone it says nothing.
    fn observe_number(&mut self, line: u64, digits: &str) {
        if (13..=19).contains(&digits.len()) {
            self.long += 1;
            if brand(digits).is_some() {
                self.cards += 1;
                self.first_card.get_or_insert(line);
            }
        }
    }

    fn breach(&self, column: usize) -> Option<Breach> {
        let cards = if self.holds_cards() { self.cards } else { 0 };
        let count = |kind: FieldType| {
            let found = self.found.get(usize::from(kind.code())).copied().unwrap_or(0);
            let chance = PHONES_BY_CHANCE * self.filled as f64;
            match kind {
                FieldType::CardNumber => found + cards,
                FieldType::Phone if found as f64 <= chance => 0,
                _ => found,
            }
        };
        let found = FieldType::ALL.into_iter().map(|kind| (kind, count(kind)));
        let found: Vec<(FieldType, u64)> = found.filter(|(_, count)| *count > 0).collect();
        let likely = self.windows.likely();
        if self.misfits == 0 && found.is_empty() && likely.is_none() {
            return None;
        }
        let card = self.first_card.filter(|_| cards > 0);
        let line = [self.first, card, likely.map(|likely| likely.line)]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(0);
        let left_open_as = self.class.describe();
        Some(Breach { column, left_open_as, misfits: self.misfits, found, likely, line })
    }

    /// More cards among long numbers than chance gives: a tenth, and three deviations.
    fn holds_cards(&self) -> bool {
        let (long, cards) = (self.long as f64, self.cards as f64);
        let few = self.long < 3 && self.cards == self.long && self.cards > 0;
        few || cards > 0.1 * long + 3.0 * (0.09 * long).sqrt()
    }
}

/// The class that a reason of a proposal stands for.
fn class_of(reason: &str) -> Option<Class> {
    let known = |class: &Class| class.is_clear() && class.describe() == reason;
    Class::ALL.into_iter().find(known)
}

/// Whether a cell is what its column was left open as.
fn fits(class: Class, value: &str) -> bool {
    let short = value.len() <= KIND_BYTES_MAX;
    let digits = || value.bytes().filter(u8::is_ascii_digit).count();
    match class {
        Class::Code => {
            short
                && (is_one_word(value)
                    || !value.contains(char::is_whitespace)
                    || (digits() > 0 && value.split_whitespace().count() <= 6))
        }
        Class::Event => is_moment(value) || (short && digits() >= 2 && is_clock(value)),
        Class::Amount => is_number(value) || (short && digits() > 0 && is_measure(value)),
        Class::Flag => {
            is_yes_no(value) || (value.len() <= 16 && value.chars().all(char::is_alphabetic))
        }
        Class::Kind | Class::Place => short && longest_number(value) <= 6,
        Class::Label => value.len() <= LABEL_BYTES_MAX,
        Class::Type(_) | Class::Prose | Class::Private => false,
    }
}

/// The digits of the longest number in a text.
fn longest_number(value: &str) -> usize {
    value.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0)
}

/// A part of a date, or a date in words: digits with at most one word of a month or a day.
fn is_clock(value: &str) -> bool {
    let letters = value.chars().filter(|c| c.is_alphabetic()).count();
    let kept = |c: char| c.is_alphanumeric() || " :./-,+".contains(c);
    letters <= 12 && value.chars().all(kept)
}

/// A number with its unit.
fn is_measure(value: &str) -> bool {
    let letters = value.chars().filter(|c| c.is_alphabetic()).count();
    letters <= 6 && value.split_whitespace().count() <= 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Column;

    /// The breach of a column left open as a class, over these cells.
    fn breach(class: Class, cells: &[&str]) -> Option<Breach> {
        let reason = class.describe().to_owned();
        let column = Column { name: "c".to_owned(), treatment: Treatment::Clear { reason } };
        let schema = Schema::new(vec![column]).unwrap();
        let mut guard = Guard::new(&["c".to_owned()], &schema);
        assert_eq!(guard.columns(), [0]);
        for (line, cell) in (2..).zip(cells) {
            guard.observe(0, line, cell);
        }
        guard.breaches().pop()
    }

    #[test]
    fn cells_of_business_fit_what_their_column_was_left_open_as() {
        for (class, cells) in [
            (Class::Code, &["AB-12", "7", "é9", "12 A 4", "", "n/a", "123456789"][..]),
            (Class::Event, &["2024-01-15", "15.1.2024 13:45", "Jan 2024", "2024", "13:45"]),
            (Class::Amount, &["1.234,50 €", "-3", "12 kg", "5 %", "1e5"]),
            (Class::Flag, &["yes", "0", "Active"]),
            (Class::Kind, &["Diamond Director", "Level 3", "en cours"]),
            (Class::Label, &["Tofu, 12 x 100 g, of the house in 3 sizes"]),
        ] {
            assert_eq!(breach(class, cells), None, "{class:?}");
        }
    }

    #[test]
    fn cells_that_do_not_fit_are_counted_with_the_first_line() {
        let long = "a".repeat(301);
        for (class, cells) in [
            (Class::Code, ["7", "Ada Archer", "Bo Boone"]),
            (Class::Event, ["2024-01-15", "ask Ada", "some day in the far future, 12 or 13"]),
            (Class::Amount, ["3", "Ada", "unpaid since 2023 by the client"]),
            (Class::Flag, ["yes", "no, since she moved", "with her son"]),
            (Class::Kind, ["Gold", "12345678", "no. 1234567"]),
            (Class::Label, ["Tofu", &long, &long]),
        ] {
            let breach = breach(class, &cells).unwrap();
            assert_eq!((breach.misfits, breach.line), (2, 3), "{class:?}");
            assert_eq!(breach.left_open_as, class.describe());
        }
    }

    #[test]
    fn a_value_of_a_person_is_found_in_every_open_column() {
        for (cell, kind) in [
            ("4111-1111-1111-1111", FieldType::CardNumber),
            ("078-05-1120", FieldType::Ssn),
            ("078\u{2011}05\u{2212}1120", FieldType::Ssn),
            ("\u{ff10}\u{ff17}8-05-1120", FieldType::Ssn),
            ("ada@example.com", FieldType::Email),
            ("DE89370400440532013000", FieldType::BankAccount),
        ] {
            let classes = Class::ALL.into_iter().filter(|class| class.is_clear());
            for class in classes {
                let breach = breach(class, &["", "", cell]).unwrap();
                assert_eq!((&breach.found[..], breach.line), (&[(kind, 1)][..], 4), "{class:?}");
            }
        }
    }

    #[test]
    fn a_reason_of_a_persons_own_is_not_held() {
        assert!(is_held("date of business") && !is_held("dates") && !is_held("free text"));
    }
}
