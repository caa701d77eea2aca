//! What is noted of a column's values: counts, lengths and a few hashes, never a value.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::field::{
    FieldType, is_grouped_ein, is_grouped_ssn, is_iban, is_written_date, is_written_phone,
};

/// Distinct values are counted up to here and are "many" beyond.
pub(super) const DISTINCT_MAX: usize = 256;

/// What files write for "nothing".
const NOTHING: [&str; 9] = ["null", "\\n", "n/a", "na", "none", "nil", "-", "--", "#n/a"];

/// Words that streets and only streets end in, or stand before a house number.
const STREETS: [&str; 26] = [
    "st", "street", "ave", "avenue", "rd", "road", "dr", "drive", "ln", "lane", "blvd", "way",
    "ct", "court", "pl", "place", "apt", "suite", "box", "hwy", "rue", "calle", "rua", "avenida",
    "via", "platz",
];

/// Notes on one column.
#[derive(Default)]
pub(super) struct Sample {
    /// Values that are not empty.
    pub(super) filled: u32,
    fits: [u32; FieldType::CODES],
    pub(super) shapes: Shapes,
    words: u64,
    distinct: HashSet<u64>,
    /// Which of the thousand first three digits occur among nine-digit numbers.
    areas: Areas,
}

/// How many values are written in a telling way.
#[derive(Default)]
pub(super) struct Shapes {
    pub(super) ssn_grouped: u32,
    pub(super) ssn_bare: u32,
    pub(super) ein_grouped: u32,
    pub(super) itin_grouped: u32,
    pub(super) iban: u32,
    pub(super) phone_written: u32,
    pub(super) phone_bare: u32,
    pub(super) expiry_slash: u32,
    pub(super) street: u32,
    pub(super) date_written: u32,
    /// A date, or a date with a time of day.
    pub(super) moment: u32,
    /// One word with a digit in it.
    pub(super) code: u32,
    pub(super) numeric: u32,
    pub(super) yes_no: u32,
    /// Short and without digits, as countries, languages and currencies are.
    pub(super) short_word: u32,
}

#[derive(Default)]
struct Areas([u64; 16]);

impl Areas {
    fn insert(&mut self, digits: &[u8]) {
        let area = digits.iter().take(3).fold(0_usize, |sum, d| sum * 10 + usize::from(d & 15));
        if let Some(word) = self.0.get_mut(area / 64) {
            *word |= 1 << (area % 64);
        }
    }

    fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}

impl Sample {
    /// Takes note of one value.
    pub(super) fn observe(&mut self, value: &str) {
        let value = value.trim();
        if value.is_empty() || NOTHING.iter().any(|word| value.eq_ignore_ascii_case(word)) {
            return;
        }
        self.filled = self.filled.saturating_add(1);
        for kind in FieldType::ALL {
            if kind.fits(value)
                && let Some(count) = self.fits.get_mut(usize::from(kind.code()))
            {
                *count += 1;
            }
        }
        self.words += value.split_whitespace().count() as u64;
        if self.distinct.len() <= DISTINCT_MAX {
            let mut hasher = DefaultHasher::new();
            value.hash(&mut hasher);
            self.distinct.insert(hasher.finish());
        }
        self.observe_shape(value);
    }

    fn observe_shape(&mut self, value: &str) {
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        let bare = digits == value.len();
        let shapes = &mut self.shapes;
        let note = |count: &mut u32, seen: bool| *count += u32::from(seen);
        note(&mut shapes.ssn_grouped, is_grouped_ssn(value));
        note(&mut shapes.ein_grouped, is_grouped_ein(value));
        note(&mut shapes.iban, is_iban(value));
        note(&mut shapes.phone_written, is_written_phone(value));
        note(&mut shapes.phone_bare, bare && is_bare_phone(value.as_bytes()));
        note(&mut shapes.expiry_slash, value.contains('/') && FieldType::CardExpiry.fits(value));
        note(&mut shapes.street, is_street(value, digits));
        note(&mut shapes.date_written, is_written_date(value));
        note(&mut shapes.moment, is_moment(value));
        note(&mut shapes.code, digits > 0 && is_one_word(value));
        note(&mut shapes.numeric, digits > 0 && is_number(value));
        note(&mut shapes.yes_no, is_yes_no(value));
        note(&mut shapes.short_word, digits == 0 && value.len() <= 40);
        let grouped_itin = value.len() == 11 && !bare && FieldType::TaxId.fits(value);
        note(&mut shapes.itin_grouped, grouped_itin && !is_grouped_ssn(value));
        if bare && digits == 9 {
            self.areas.insert(value.as_bytes());
            note(&mut shapes.ssn_bare, FieldType::Ssn.fits(value));
        }
    }

    /// How many values fit a type.
    pub(super) fn fits(&self, kind: FieldType) -> u32 {
        self.fits.get(usize::from(kind.code())).copied().unwrap_or_default()
    }

    /// How many distinct values there are, or `None` when there are many.
    pub(super) fn distinct(&self) -> Option<usize> {
        (self.distinct.len() <= DISTINCT_MAX).then_some(self.distinct.len())
    }

    /// The mean number of words in a value.
    pub(super) fn mean_words(&self) -> f64 {
        if self.filled == 0 { 0.0 } else { self.words as f64 / f64::from(self.filled) }
    }

    /// A part of the values that are not empty.
    pub(super) fn share(&self, count: u32) -> f64 {
        if self.filled == 0 { 0.0 } else { f64::from(count) / f64::from(self.filled) }
    }

    /// Whether most values are card numbers.
    pub(super) fn holds_cards(&self) -> bool {
        self.filled >= 3 && self.share(self.fits(FieldType::CardNumber)) > 0.8
    }

    /// Values that are personal whatever the header says: chance hardly writes them so.
    pub(super) fn plainly_personal(&self) -> [(FieldType, u32); 4] {
        [
            (FieldType::Email, self.fits(FieldType::Email)),
            (FieldType::Ssn, self.shapes.ssn_grouped),
            (FieldType::BankAccount, self.shapes.iban),
            (FieldType::Phone, self.shapes.phone_written),
        ]
    }

    /// Whether nine-digit numbers never leave the ranges of the SSA over so many values and so
    /// many areas that running numbers of an application, or random ones, would have left them.
    pub(super) fn numbers_like_ssn(&self) -> bool {
        self.filled >= 300 && self.share(self.shapes.ssn_bare) >= 0.999 && self.areas.len() >= 100
    }
}

/// Ten digits, or eleven with the 1 of North America, whose groups start with 2 to 9.
fn is_bare_phone(digits: &[u8]) -> bool {
    let digits = match digits {
        [b'1', rest @ ..] if rest.len() == 10 => rest,
        _ => digits,
    };
    digits.len() == 10 && matches!(digits, [b'2'..=b'9', _, _, b'2'..=b'9', ..])
}

fn is_street(value: &str, digits: usize) -> bool {
    digits > 0
        && value.len() <= 200
        && value
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| STREETS.iter().any(|street| word.eq_ignore_ascii_case(street)))
}

/// A date with or without a time of day.
fn is_moment(value: &str) -> bool {
    let (date, time) = value.split_once([' ', 'T']).unwrap_or((value, ""));
    let clock = |c: char| c.is_ascii_digit() || ":.+-ZAPM ".contains(c.to_ascii_uppercase());
    FieldType::DateOfBirth.fits(date) && time.len() <= 24 && time.chars().all(clock)
}

fn is_one_word(value: &str) -> bool {
    value.len() <= 40 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./#:".contains(&b))
}

/// A number as amounts are written: sign, currency, thousands, decimals, percent.
fn is_number(value: &str) -> bool {
    let body = value.trim_start_matches(['-', '+', '(', '$', '€', '£', ' ']);
    let body = body.trim_end_matches([')', '%', '€', '$', '£', ' ']);
    !body.is_empty()
        && body.len() <= 24
        && body.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && body.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b' '))
        && body.bytes().filter(|b| *b == b' ').count() <= 3
}

fn is_yes_no(value: &str) -> bool {
    const WORDS: [&str; 20] = [
        "y", "n", "yes", "no", "true", "false", "t", "f", "0", "1", "on", "off", "si", "sí", "oui",
        "non", "ja", "nein", "sim", "não",
    ];
    WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_apart() {
        assert!(is_moment("2024-01-15 13:45:00") && is_moment("1/5/2024 1:45 PM"));
        assert!(!is_moment("2024-01-15 invoice"));
        assert!(is_number("$1,234.50") && is_number("-12") && is_number("12 %"));
        assert!(!is_number("12-34") && !is_number("AB12"));
        assert!(is_street("12 Main St.", 2) && !is_street("12 oz bottle", 2));
        assert!(is_bare_phone(b"2125550142") && !is_bare_phone(b"1125550142"));
    }

    #[test]
    fn memory_is_bounded_and_nothing_is_not_counted() {
        let mut sample = Sample::default();
        for n in 0..10_000 {
            sample.observe(&format!("value {n}"));
            sample.observe(" NULL ");
        }
        assert_eq!(sample.filled, 10_000);
        assert_eq!(sample.distinct(), None);
        assert!(sample.distinct.len() <= DISTINCT_MAX + 1);
    }
}
