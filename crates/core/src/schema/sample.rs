//! What is noted of a column's values: counts, lengths and a few hashes, never a value.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::people::{is_known_name, is_private_matter, is_sex};
use super::shape::{
    is_bare_phone, is_clock, is_failed, is_full_name, is_ip, is_moment, is_month_name, is_nothing,
    is_number, is_one_word, is_place, is_plain_code, is_plain_number, is_scientific, is_street,
    is_timed, is_yes_no, year,
};
use crate::field::{
    FieldType, is_grouped_ein, is_grouped_ssn, is_iban, is_written_date, is_written_phone,
    personal_in,
};

/// Distinct values are counted up to here and are "many" beyond.
pub(super) const DISTINCT_MAX: usize = 256;

/// Notes on one column.
#[derive(Default)]
pub(super) struct Sample {
    /// Values that are not empty.
    pub(super) filled: u32,
    fits: [u32; FieldType::CODES],
    /// Values of known types inside the cells, by type; a bare card number is none, since one
    /// long number in ten has its check digit.
    inside: [u32; FieldType::CODES],
    pub(super) shapes: Shapes,
    pub(super) damage: Damage,
    run: Run,
    /// How many dates are of each year from 1900 on.
    years: Vec<u32>,
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
    /// A date with a time of day.
    pub(super) timed: u32,
    /// A number that can be no person's.
    pub(super) plain_number: u32,
    /// A code that can be no person's number.
    pub(super) plain_code: u32,
    /// A latitude or longitude.
    pub(super) place: u32,
    pub(super) ip: u32,
    pub(super) full_name: u32,
    /// At most three characters.
    pub(super) brief: u32,
    /// One word of capitals.
    pub(super) capitals: u32,
    /// A time of day.
    pub(super) clock: u32,
    /// A common name of people stands first or last.
    pub(super) known_name: u32,
    /// A word of a person's private life.
    pub(super) private: u32,
    /// A letter that may stand for a sex.
    pub(super) sex: u32,
}

/// What spreadsheets did to values.
#[derive(Default)]
pub(super) struct Damage {
    /// Long numbers shortened to `5.54563E+15`.
    pub(super) scientific: u32,
    /// Months and years rewritten as dates, `Jan-20`.
    pub(super) month_names: u32,
    /// Cells that hold an error, or number signs.
    pub(super) failed: u32,
    /// Seven or eight digits that a zero or two would make a social security number.
    pub(super) ssn_zeros: u32,
    /// Eight digits that a zero would make a routing number.
    pub(super) routing_zeros: u32,
    /// Three or four bare digits, as ZIP codes of New England are left with.
    pub(super) zip_zeros: u32,
    /// Five bare digits.
    pub(super) zip_whole: u32,
}

/// Numbers that go up from row to row.
#[derive(Default)]
pub(super) struct Run {
    last: Option<u64>,
    least: u64,
    steps_up: u32,
}

impl Run {
    pub(super) fn add(&mut self, value: u64) {
        match self.last {
            None => self.least = value,
            Some(last) => self.steps_up += u32::from(value > last),
        }
        self.last = Some(value);
        self.least = self.least.min(value);
    }

    /// Whether every number is one more than the one before.
    fn is_count(&self, filled: u32) -> bool {
        let span = self.last.map(|last| last.saturating_sub(self.least));
        filled >= 20 && self.steps_up == filled - 1 && span == Some(u64::from(filled - 1))
    }

    /// Whether so many numbers are given out one after another: nearly all go up, and they lie
    /// close together. Sorted numbers of people lie far apart.
    pub(super) fn is_dense(&self, filled: u32) -> bool {
        let Some(last) = self.last else { return false };
        filled >= 20
            && f64::from(self.steps_up) >= 0.95 * f64::from(filled - 1)
            && last.saturating_sub(self.least) <= 100 * u64::from(filled)
    }
}

/// Which of the thousand first three digits occur.
#[derive(Default)]
pub(super) struct Areas([u64; 16]);

impl Areas {
    pub(super) fn insert(&mut self, digits: &[u8]) {
        let area = digits.iter().take(3).fold(0_usize, |sum, d| sum * 10 + usize::from(d & 15));
        if let Some(word) = self.0.get_mut(area / 64) {
            *word |= 1 << (area % 64);
        }
    }

    pub(super) fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}

impl Sample {
    /// Takes note of one value.
    pub(super) fn observe(&mut self, value: &str) {
        let value = value.trim();
        if is_nothing(value) {
            return;
        }
        if is_failed(value) {
            self.damage.failed += 1;
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
        note(&mut shapes.code, digits > 0 && is_one_word(value));
        note(&mut shapes.numeric, digits > 0 && is_number(value));
        note(&mut shapes.yes_no, is_yes_no(value));
        note(&mut shapes.short_word, digits == 0 && value.len() <= 40);
        note(&mut shapes.plain_number, digits > 0 && is_plain_number(value));
        note(&mut shapes.plain_code, is_plain_code(value, digits));
        note(&mut shapes.place, is_place(value));
        note(&mut shapes.ip, is_ip(value));
        let capital = |b: u8| b.is_ascii_uppercase();
        note(&mut shapes.capitals, value.len() <= 12 && value.bytes().all(capital));
        note(&mut shapes.brief, value.len() <= 3);
        note(&mut shapes.full_name, digits == 0 && is_full_name(value));
        note(&mut shapes.clock, is_clock(value));
        note(&mut shapes.known_name, is_known_name(value));
        note(&mut shapes.private, is_private_matter(value));
        note(&mut shapes.sex, is_sex(value));
        let grouped_itin = value.len() == 11 && !bare && FieldType::TaxId.fits(value);
        note(&mut shapes.itin_grouped, grouped_itin && !is_grouped_ssn(value));
        if is_moment(value) {
            shapes.moment += 1;
            note(&mut shapes.timed, is_timed(value));
            self.observe_year(value);
        }
        if bare && digits == 9 {
            self.areas.insert(value.as_bytes());
            note(&mut self.shapes.ssn_bare, FieldType::Ssn.fits(value));
        }
        if bare {
            self.observe_digits(value);
        }
        note(&mut self.damage.scientific, is_scientific(value));
        note(&mut self.damage.month_names, is_month_name(value));
        for kind in personal_in(value).into_iter().filter(|_| !bare) {
            if let Some(count) = self.inside.get_mut(usize::from(kind.code())) {
                *count += 1;
            }
        }
    }

    fn observe_year(&mut self, value: &str) {
        let Some(year) = year(value) else { return };
        self.years.resize(201, 0);
        if let Some(count) = self.years.get_mut(year as usize - 1900) {
            *count += 1;
        }
    }

    /// Bare digits: whether they go up, and whether zeros before them are lost.
    fn observe_digits(&mut self, digits: &str) {
        if let Ok(number) = digits.parse() {
            self.run.add(number);
        }
        let padded =
            |kind: FieldType| !digits.starts_with('0') && kind.fits(&format!("{digits:0>9}"));
        match digits.len() {
            3 | 4 => self.damage.zip_zeros += 1,
            5 => self.damage.zip_whole += 1,
            7 => self.damage.ssn_zeros += u32::from(padded(FieldType::Ssn)),
            8 => {
                self.damage.ssn_zeros += u32::from(padded(FieldType::Ssn));
                self.damage.routing_zeros += u32::from(padded(FieldType::BankRouting));
            }
            _ => {}
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

    /// Whether most values are written as people's full names are.
    pub(super) fn holds_names(&self) -> bool {
        self.filled >= 3 && self.share(self.shapes.full_name) > 0.8
    }

    /// Whether values speak of a person's private life, or are letters of a sex.
    pub(super) fn holds_private(&self) -> bool {
        let sexes = self.share(self.shapes.sex) > 0.9 && self.distinct().is_some_and(|n| n > 1);
        self.filled >= 3 && (sexes || self.share(self.shapes.private) > 0.2)
    }

    /// Whether every value is another.
    pub(super) fn tells_rows_apart(&self) -> bool {
        let filled = usize::try_from(self.filled).unwrap_or(usize::MAX);
        self.filled >= 3 && self.distinct().is_none_or(|distinct| distinct == filled)
    }

    /// Whether values say by themselves that the file is about people.
    pub(super) fn holds_people(&self) -> bool {
        let plain = [FieldType::Email, FieldType::Ssn, FieldType::Phone, FieldType::BankAccount];
        let mut inside = self.inside();
        self.filled >= 3
            && (self.holds_cards()
                || self.numbers_like_ssn()
                || inside.any(|(kind, count)| plain.contains(&kind) && self.share(count) > 0.1))
    }

    /// Values of known types inside the cells, by type: personal whatever the header says, since
    /// chance hardly writes them so.
    pub(super) fn inside(&self) -> impl Iterator<Item = (FieldType, u32)> {
        let count = |kind: FieldType| self.inside.get(usize::from(kind.code())).copied();
        FieldType::ALL.into_iter().map(move |kind| (kind, count(kind).unwrap_or(0)))
    }

    /// Whether the numbers were given out one after another.
    pub(super) fn is_counted_up(&self) -> bool {
        self.run.is_dense(self.filled)
    }

    /// Whether the values number the rows.
    pub(super) fn numbers_rows(&self) -> bool {
        self.run.is_count(self.filled)
    }

    /// Over how many years nine in ten of the dates are spread; `None` when few have a year.
    pub(super) fn years_spread(&self) -> Option<usize> {
        spread(&self.years)
    }

    /// Whether nine-digit numbers never leave the ranges of the SSA over so many values and so
    /// many areas that running numbers of an application, or random ones, would have left them.
    pub(super) fn numbers_like_ssn(&self) -> bool {
        self.filled >= 300 && self.share(self.shapes.ssn_bare) >= 0.999 && self.areas.len() >= 100
    }
}

/// Over how many years nine in ten of the dates are spread, counted by year.
pub(super) fn spread(years: &[u32]) -> Option<usize> {
    let total: u32 = years.iter().sum();
    if total < 8 {
        return None;
    }
    let up_to = |share: f64| {
        let mut seen = 0;
        years.iter().position(|count| {
            seen += count;
            f64::from(seen) >= share * f64::from(total)
        })
    };
    Some(up_to(0.95)?.saturating_sub(up_to(0.05)?))
}

#[cfg(test)]
mod tests {
    use super::*;

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
