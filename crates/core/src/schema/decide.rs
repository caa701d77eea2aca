//! Deciding on one column: from the weights of its classes to what should become of it, with what
//! speaks for that, what against it, and what it is unsure of.
//!
//! A column stays clear only when its header speaks of business, or nothing in the file speaks of a
//! person, and nothing in the column itself does. What is unsure is sealed as text. The grounds
//! name words of the dictionary and count values; they must never hold a value.

use super::header::Hints;
use super::sample::Sample;
use super::weigh::{Beside, Ranking, VALUES_MIN, YEARS_OF_LIVES};
use super::words::Class;
use super::{ProposedColumn, Treatment};
use crate::field::{FieldType, Storage};

/// Below this confidence, and below this share of values that fit, a person should look.
const SURE: f64 = 0.8;

/// A header hint that decides without values, and that no business look of values overrules.
const HINT_STRONG: f64 = 5.0;

/// The least a header must say before a column stays clear in a file about people.
const HINT_CLEAR_MIN: f64 = 3.5;

/// So many cells of a code may look like telephone numbers by chance.
pub(super) const PHONES_BY_CHANCE: f64 = 0.02;

/// So many things may be called as people are, under a header of business, and under another.
const NAMES_BY_CHANCE: f64 = 0.3;
const NAMES_BY_CHANCE_WEAK: f64 = 0.05;

/// Decides on a column.
pub(super) fn column(
    name: String,
    hints: &Hints,
    sample: &Sample,
    beside: Beside,
) -> ProposedColumn {
    let ranking = Ranking::of(hints, sample, beside);
    let mut verdict = Verdict { sample, hints, beside, out: ProposedColumn::empty(name) };
    let (class, unsure) = match ranking.best {
        Some(class) if sample.filled < VALUES_MIN => verdict.by_header(class, &ranking),
        Some(class) => verdict.by_values(class, &ranking),
        None => (None, true),
    };
    // Nothing says what the cells of an empty column will be.
    let class = class.filter(|class| !class.is_clear() || sample.filled > 0);
    verdict.note_damage(class);
    verdict.note_inside();
    let mut out = verdict.out;
    out.unsure = unsure || class.is_none() || !out.damage.is_empty();
    out.confidence = (ranking.confidence * 100.0).round().clamp(1.0, 99.0) as u8;
    out.treatment = match class {
        Some(Class::Type(kind)) => Treatment::of(kind),
        Some(class) if class.is_clear() => Treatment::Clear { reason: class.describe().to_owned() },
        _ => Treatment::of(FieldType::Text),
    };
    if class.is_none() {
        out.doubts.push("not sure what it holds: sealed as text".to_owned());
    }
    if sample.filled == 0 {
        out.doubts.push("no values in the sample".to_owned());
    }
    if let Some((rival, share)) = ranking.rival.filter(|(_, share)| out.unsure && *share > 0.05) {
        let percent = share * 100.0;
        out.doubts.push(format!("may also be {} ({percent:.0} %)", rival.describe()));
    }
    out
}

/// Judges the likeliest class, and gathers the grounds.
struct Verdict<'v> {
    sample: &'v Sample,
    hints: &'v Hints,
    beside: Beside,
    out: ProposedColumn,
}

impl Verdict<'_> {
    /// Too few values to look at: the header decides, and a value against it makes it unsure.
    fn by_header(&mut self, class: Class, ranking: &Ranking) -> (Option<Class>, bool) {
        self.note_words(class);
        if self.sample.filled > 0 {
            self.out.doubts.push("fewer than 3 values: the header decides".to_owned());
        }
        let wanted = if class.is_clear() { HINT_STRONG + 1.0 } else { HINT_STRONG };
        let doubt = ranking.hint < wanted || ranking.confidence < SURE;
        if doubt || (class.is_clear() && self.speaks_of_a_person()) {
            return (None, true);
        }
        let Class::Type(kind) = class else { return (Some(class), false) };
        self.note_fits(kind);
        let against = self.sample.fits(kind) < self.sample.filled;
        // What is dropped cannot be brought back: not against a value.
        let dropped = kind.storage() != Storage::Sealed;
        if against && dropped { (None, true) } else { (Some(class), against) }
    }

    fn by_values(&mut self, class: Class, ranking: &Ranking) -> (Option<Class>, bool) {
        self.note_words(class);
        let sure = ranking.confidence >= SURE;
        match class {
            Class::Type(kind) => self.as_type(kind, ranking, sure),
            Class::Prose | Class::Private => {
                self.out.speaks_for.push(class.describe().to_owned());
                // Free text under a header that promises something else is a surprise.
                let against = ranking.hint == 0.0 && self.hints.personal().is_some();
                if sure && !against { (Some(class), false) } else { (None, true) }
            }
            _ => {
                self.note_values(class);
                let counted = class == Class::Code && self.sample.numbers_rows();
                // In a file about people an unknown word may say whose type, level or color it is,
                // unless it is that of goods.
                let whose = self.beside.person
                    && matches!(class, Class::Kind | Class::Amount | Class::Flag)
                    && !self.hints.is_whole()
                    && !self.hints.means("good");
                let whose = whose || self.may_be_an_identity(class);
                if whose && ranking.hint > 0.0 {
                    self.out.against.push("a word of the header is not known".to_owned());
                }
                let told = (ranking.hint >= HINT_CLEAR_MIN && !whose) || counted;
                let alone = self.beside.is_business()
                    && self.hints.personal().is_none()
                    && !self.beside.may_judge(self.hints);
                if alone && !told {
                    let why = "nothing in the file speaks of a person";
                    self.out.speaks_for.push(why.to_owned());
                }
                let weak = ranking.hint < HINT_STRONG + 1.0;
                let kept = sure
                    && (told || alone)
                    && !self.speaks_of_a_person()
                    && !self.values_are_of_people(class, weak);
                if kept && !self.may_be_hidden(class, weak) {
                    (Some(class), false)
                } else {
                    (None, true)
                }
            }
        }
    }

    fn as_type(&mut self, kind: FieldType, ranking: &Ranking, sure: bool) -> (Option<Class>, bool) {
        self.note_fits(kind);
        let class = Class::Type(kind);
        let share = self.sample.share(self.sample.fits(kind));
        if !sure {
            return (None, true);
        }
        if kind.storage() != Storage::Sealed {
            let told = ranking.hint >= HINT_STRONG && share >= SURE;
            return if told { (Some(class), false) } else { (None, true) };
        }
        let mended = self.sample.share(self.sample.fits(kind) + self.damaged(kind));
        match share {
            SURE.. => (Some(class), false),
            0.5.. if ranking.hint >= HINT_STRONG => (Some(class), true),
            _ if mended >= SURE && ranking.hint >= HINT_STRONG => (Some(class), true),
            _ => (None, true),
        }
    }

    /// Values that a spreadsheet changed and that would have been of the type.
    fn damaged(&self, kind: FieldType) -> u32 {
        let damage = &self.sample.damage;
        match kind {
            FieldType::Ssn | FieldType::TaxId => damage.ssn_zeros,
            FieldType::BankRouting => damage.routing_zeros,
            FieldType::CardExpiry => damage.month_names,
            FieldType::CardNumber | FieldType::BankAccount | FieldType::Phone => damage.scientific,
            _ => 0,
        }
    }

    /// Whether anything says that the column, though it looks like business, is about a person.
    fn speaks_of_a_person(&mut self) -> bool {
        let mut personal = false;
        // A whole date is no expiry of a card.
        let expiry = self.sample.share(self.sample.fits(FieldType::CardExpiry));
        let whole_date = |class| {
            class == Class::Type(FieldType::CardExpiry) && expiry < 0.1 && !self.beside.card
        };
        if let Some((class, weight)) = self.hints.personal()
            && weight >= HINT_STRONG
            && !whole_date(class)
        {
            self.against_words(class);
            personal = true;
        }
        let mut seen: Vec<(FieldType, u32)> = self.sample.inside().collect();
        // By chance one long number in ten is a card.
        let cards = self.sample.fits(FieldType::CardNumber);
        if self.sample.share(cards) > 0.3 {
            seen.push((FieldType::CardNumber, cards));
        }
        for (kind, count) in seen {
            let chance = if kind == FieldType::Phone { PHONES_BY_CHANCE } else { 0.0 };
            if self.sample.share(count) > chance {
                let verb = if count == 1 { "value fits" } else { "values fit" };
                self.out.against.push(format!("{count} {verb} {kind}: not left clear"));
                personal = true;
            }
        }
        if self.sample.shapes.ip > 0 {
            let count = self.sample.shapes.ip;
            self.out.against.push(format!("{count} addresses of devices: not left clear"));
            personal = true;
        }
        personal
    }

    /// Whether a number of an unknown name may be one that a state or a doctor gave a person.
    fn may_be_an_identity(&self, class: Class) -> bool {
        let known = ["thing", "party", "type", "account"].iter().any(|m| self.hints.means(m));
        let plain = self.sample.share(self.sample.shapes.plain_code) > 0.9;
        let is_id = self.hints.means("id");
        class == Class::Code
            && self.beside.person
            && !self.hints.is_whole()
            && !known
            && !(is_id && plain)
    }

    /// Whether words in the values say that the column is about people, whatever its header.
    fn values_are_of_people(&mut self, class: Class, weak: bool) -> bool {
        if matches!(class, Class::Amount | Class::Event) {
            return false;
        }
        if self.sample.holds_private() && !self.hints.means("good") {
            self.out.against.push("the values speak of a private matter".to_owned());
            return true;
        }
        let names = self.sample.share(self.sample.shapes.known_name);
        if names > if weak { NAMES_BY_CHANCE_WEAK } else { NAMES_BY_CHANCE } {
            self.out.against.push("some values are names that people have".to_owned());
            return true;
        }
        false
    }

    /// Whether a column of numbers may hold personal numbers under a name of business.
    fn may_be_hidden(&mut self, class: Class, weak: bool) -> bool {
        if self.sample.is_counted_up() {
            return false;
        }
        let lives = self.sample.years_spread().is_some_and(|years| years >= YEARS_OF_LIVES);
        if weak && class == Class::Event && lives && self.sample.shapes.timed == 0 {
            self.out.against.push("dates over so many years may be births".to_owned());
            return true;
        }
        if weak && self.sample.holds_names() && self.sample.distinct().is_none_or(|n| n >= 10) {
            self.out.against.push("the values are written as names of people are".to_owned());
            return true;
        }
        if !matches!(class, Class::Code | Class::Amount) {
            return false;
        }
        let shapes = &self.sample.shapes;
        let nine = self.sample.share(shapes.ssn_bare) > 0.8;
        let ten = self.sample.share(shapes.phone_bare) > 0.9;
        let date = self.sample.share(self.sample.fits(FieldType::DateOfBirth)) > 0.9;
        let routing = self.sample.share(self.sample.fits(FieldType::BankRouting)) > 0.5;
        if routing || self.sample.numbers_like_ssn() || (weak && (nine || ten || date)) {
            let kind = match () {
                () if routing => FieldType::BankRouting,
                () if nine => FieldType::Ssn,
                () if ten => FieldType::Phone,
                () => FieldType::DateOfBirth,
            };
            self.out.against.push(format!("the numbers may be {kind} under another name"));
            return true;
        }
        false
    }

    fn note_words(&mut self, class: Class) {
        note_words(&mut self.out.speaks_for, self.hints.words(class));
    }

    fn against_words(&mut self, class: Class) {
        note_words(&mut self.out.against, self.hints.words(class));
    }

    fn note_fits(&mut self, kind: FieldType) {
        let (fits, filled) = (self.sample.fits(kind), self.sample.filled);
        if filled == 0 {
            return;
        }
        let percent = self.sample.share(fits) * 100.0;
        self.out
            .speaks_for
            .push(format!("{fits} of {filled} non-empty values fit {kind} ({percent:.1} %)"));
        if self.sample.is_counted_up() {
            self.out.against.push("the numbers were counted up one after another".to_owned());
        }
        match kind.storage() {
            Storage::NeverStored => self.out.speaks_for.push("never stored".to_owned()),
            Storage::VerifyOnly => {
                let what = "dropped for good: keep the source while you need it";
                self.out.doubts.push(what.to_owned());
            }
            Storage::Sealed if fits < filled => {
                let (count, verb) =
                    (filled - fits, if filled - fits == 1 { "value does" } else { "values do" });
                self.out.against.push(format!("{count} {verb} not fit and will be sealed as text"));
            }
            Storage::Sealed => {}
        }
    }

    fn note_values(&mut self, class: Class) {
        let shapes = &self.sample.shapes;
        let (count, what) = match class {
            Class::Code => (shapes.code, "are codes"),
            Class::Event => (shapes.moment, "are dates"),
            Class::Amount => (shapes.numeric, "are numbers"),
            Class::Flag => (shapes.yes_no, "are yes or no"),
            _ => {
                let filled = self.sample.filled;
                if let Some(distinct) = self.sample.distinct() {
                    self.out.speaks_for.push(format!("{distinct} distinct values in {filled}"));
                }
                return;
            }
        };
        let (filled, percent) = (self.sample.filled, self.sample.share(count) * 100.0);
        self.out
            .speaks_for
            .push(format!("{count} of {filled} non-empty values {what} ({percent:.1} %)"));
        match self.sample.years_spread() {
            Some(years) if class == Class::Event => {
                self.out.speaks_for.push(format!("nine dates in ten lie within {years} years"));
            }
            _ => {}
        }
    }

    /// Names what a spreadsheet did to the values, and what brings them back.
    fn note_damage(&mut self, class: Option<Class>) {
        let (damage, filled) = (&self.sample.damage, self.sample.filled);
        let mut note = |count: u32, what: &str| {
            if count > 0 {
                self.out.damage.push(format!("{count} {what}"));
            }
        };
        let remedy = "export the column as text";
        note(
            damage.scientific,
            &format!("long numbers shortened by a spreadsheet, as in 1.23E+15: {remedy}"),
        );
        note(damage.failed, "cells hold a spreadsheet's error or number signs");
        let lost = format!("values lost their leading zeros in a spreadsheet: {remedy}");
        match class {
            Some(Class::Type(FieldType::Ssn | FieldType::TaxId)) => note(damage.ssn_zeros, &lost),
            Some(Class::Type(FieldType::BankRouting)) => note(damage.routing_zeros, &lost),
            Some(Class::Type(FieldType::CardExpiry)) => {
                note(damage.month_names, "expiries rewritten by a spreadsheet, as in Jan-20");
            }
            // Other countries have codes of four digits; one in ten Americans has a leading zero.
            _ if self.hints.means("zip")
                && damage.zip_zeros + damage.zip_whole == filled
                && damage.zip_zeros * 6 < filled =>
            {
                note(damage.zip_zeros, &lost);
            }
            _ => {}
        }
    }

    /// What is inside free text, by type and count.
    fn note_inside(&mut self) {
        let inside = self.sample.inside().filter(|(kind, count)| {
            // A column of e-mail addresses holds nothing else by holding them.
            *count > 0 && self.sample.share(self.sample.fits(*kind)) < 0.5
        });
        self.out.holds = inside.collect();
    }
}

fn note_words(out: &mut Vec<String>, words: Vec<&'static str>) {
    for word in words {
        let note = format!("header word `{word}`");
        if !out.contains(&note) {
            out.push(note);
        }
    }
}
