//! What the words of a header say.
//!
//! A header is cut into words, the words are brought to one spelling and language, and rules over
//! them give hints with weights. Evidence names words of the dictionary only, so that a header
//! that is in truth a value is never repeated.

use super::dictionary::look_up;
use super::shape::plain;
use super::words::{Class, RULES};
use crate::field::FieldType;

/// Words that make a header speak of something about a thing, not of the thing: a card's type is
/// no card. What is about a private matter stays private, but for the date of an event.
const ABOUT: [&[&str]; 7] =
    [&["type"], &["flag"], &["amount"], &["id"], &["key"], DATED, &["last", "4"]];

/// What words mean that only link others: of, the, and.
const LINK: &str = "link";

/// The date of an event.
const DATED: &[&str] = &["event", "date"];

/// What a word about a thing takes from the hints of the thing.
const ABOUT_DAMPING: f64 = 6.0;

/// The longest compound word that is taken apart: a bound on the ways to do so.
const COMPOUND_BYTES_MAX: usize = 40;

/// What the end of a compound may say where its beginning is unknown.
const ENDINGS: [&str; 9] =
    ["date", "number", "code", "name", "amount", "type", "address", "street", "phone"];

/// The shortest word at the end of a compound that says what it is.
const ENDING_BYTES_MIN: usize = 5;

/// The hints of one header.
pub(super) struct Hints {
    hints: Vec<Hint>,
    meanings: Vec<&'static str>,
    whole: bool,
}

struct Hint {
    class: Class,
    weight: f64,
    /// The dictionary words that gave it.
    words: Vec<&'static str>,
}

/// A word of the dictionary: what it means, and how it was written.
#[derive(Clone, Copy)]
struct Word {
    meaning: &'static str,
    written: &'static str,
}

impl Hints {
    /// Reads a header.
    pub(super) fn of(header: &str) -> Self {
        let (words, whole) = words(header);
        let has = |meaning: &str| words.iter().any(|word| word.meaning == meaning);
        let matched: Vec<(Vec<&'static str>, Class, f64)> = RULES
            .iter()
            .map(|(rule, class, weight)| (rule.split(' ').collect(), *class, *weight))
            .filter(|(rule, _, _): &(Vec<&str>, _, _)| rule.iter().all(|word| has(word)))
            .collect();
        let about: Vec<&[&str]> =
            ABOUT.into_iter().filter(|about| about.iter().all(|word| has(word))).collect();
        let mut hints = Vec::new();
        for (rule, class, weight) in &matched {
            // A longer rule that holds these words knows better what they mean together.
            let outdone = matched.iter().any(|(other, _, _)| {
                other.len() > rule.len() && rule.iter().all(|word| other.contains(word))
            });
            if outdone {
                continue;
            }
            let damped = about.iter().any(|about| {
                let kept = *class == Class::Private && *about != DATED;
                !kept && !about.iter().any(|word| rule.contains(word))
            });
            let weight = if damped { (weight - ABOUT_DAMPING).max(0.0) } else { *weight };
            let written = words.iter().filter(|word| rule.contains(&word.meaning));
            let words = written.map(|word| word.written).collect();
            hints.push(Hint { class: *class, weight, words });
        }
        Self { hints, meanings: words.iter().map(|word| word.meaning).collect(), whole }
    }

    /// The weight for a class, 0 when the header does not speak of it.
    pub(super) fn weight(&self, class: Class) -> f64 {
        self.best(class).map_or(0.0, |hint| hint.weight)
    }

    /// The dictionary words that speak for a class.
    pub(super) fn words(&self, class: Class) -> Vec<&'static str> {
        let mut words = self.best(class).map(|hint| hint.words.clone()).unwrap_or_default();
        words.dedup();
        words
    }

    /// The strongest hint at something personal.
    pub(super) fn personal(&self) -> Option<(Class, f64)> {
        let personal = self.hints.iter().filter(|hint| !hint.class.is_clear());
        personal.max_by(|a, b| a.weight.total_cmp(&b.weight)).map(|hint| (hint.class, hint.weight))
    }

    /// Whether the dictionary knows any word of the header.
    pub(super) fn knows_a_word(&self) -> bool {
        self.meanings.iter().any(|meaning| *meaning != LINK)
    }

    /// Whether every word of the header is known. One that is not may say whose a type or a level
    /// is: of the blood, of the hair.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether a word of this meaning is in the header.
    pub(super) fn means(&self, meaning: &str) -> bool {
        self.meanings.contains(&meaning)
    }

    /// Whether the header speaks of what only files about people have. A share of telephones per
    /// thousand is none: numbers that were not given to people are not of the type.
    pub(super) fn names_person(&self, fits: impl Fn(FieldType) -> bool) -> bool {
        self.means("trait")
            || self.means("care")
            || self.hints.iter().any(|hint| match hint.class {
                Class::Type(FieldType::Address) => false,
                Class::Type(FieldType::Name) => hint.weight >= 6.0,
                Class::Type(kind @ FieldType::Phone) => hint.weight >= 8.0 && fits(kind),
                Class::Type(_) => hint.weight >= 8.0,
                _ => false,
            })
    }

    /// Whether the header is that of someone who is judged: a pupil, an employee.
    pub(super) fn names_judged(&self) -> bool {
        self.means("person") || self.means("staff")
    }

    /// Whether the header is that of an id or name of a kind of things.
    pub(super) fn names_goods(&self) -> bool {
        let key = ["id", "number", "code"].iter().any(|meaning| self.means(meaning));
        let things = ["good", "named", "ware", "type", "group"].iter().any(|m| self.means(m));
        things && key && self.personal().is_none()
    }

    /// In a list of things a bare name or description is that of the thing.
    pub(super) fn of_goods(self) -> Self {
        let words = || self.hints.iter().flat_map(|hint| hint.words.clone()).collect();
        let hint = |class, weight| Hint { class, weight, words: words() };
        let hints = match () {
            () if self.is_bare_name() => vec![hint(Class::Label, 7.0)],
            () if self.means("body") => vec![hint(Class::Kind, 6.0), hint(Class::Amount, 6.0)],
            () => return self,
        };
        Self { hints, ..self }
    }

    /// Whether the header says no more than that it names or describes what the rows are.
    pub(super) fn is_bare_name(&self) -> bool {
        let bare =
            |meaning: &&str| matches!(*meaning, "name" | "description" | "title" | "vague" | LINK);
        self.whole && self.knows_a_word() && self.meanings.iter().all(bare)
    }

    /// Whether the header speaks of business and of nothing personal.
    pub(super) fn names_business(&self) -> bool {
        self.personal().is_none()
            && self.hints.iter().any(|hint| hint.class.is_clear() && hint.weight >= 4.0)
    }

    /// Whether the header speaks of a card number.
    pub(super) fn names_card(&self) -> bool {
        self.weight(Class::Type(FieldType::CardNumber)) >= 6.0
    }

    fn best(&self, class: Class) -> Option<&Hint> {
        let of_class = self.hints.iter().filter(|hint| hint.class == class);
        of_class.max_by(|a, b| a.weight.total_cmp(&b.weight))
    }
}

/// The header's words as far as the dictionary knows them, and whether it knows all.
fn words(header: &str) -> (Vec<Word>, bool) {
    let mut words = Vec::new();
    let mut whole = true;
    let mut letters = String::new();
    for token in tokens(header) {
        // Letters that stand alone belong together: M.I., D.O.B., S.S.N.
        if token.len() == 1 && token.bytes().all(|b| b.is_ascii_alphabetic()) {
            letters.push_str(&token);
            continue;
        }
        let _ = known(&std::mem::take(&mut letters), &mut words);
        if known(&token, &mut words).is_none() {
            whole &= token.bytes().all(|b| b.is_ascii_digit());
            ending(&token, &mut words);
        }
    }
    let _ = known(&letters, &mut words);
    (words, whole)
}

/// Cuts at everything that is no letter or digit, between letters and digits, and where case x
fn tokens(header: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut token = String::new();
    // The degree sign stands for the small o of "numero".
    let written = header.chars().map(|c| if c == '\u{b0}' { 'o' } else { c });
    let chars: Vec<char> = written.take(super::NAME_BYTES_MAX).collect();
    for (at, c) in chars.iter().copied().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at)).copied().unwrap_or(' ');
        let after = chars.get(at + 1).copied().unwrap_or(' ');
        let starts = (c.is_uppercase() && before.is_lowercase())
            || (c.is_uppercase() && before.is_uppercase() && after.is_lowercase())
            || (c.is_numeric() != before.is_numeric() && before.is_alphanumeric());
        if !c.is_alphanumeric() || starts {
            tokens.push(std::mem::take(&mut token));
        }
        if matches!(c, '#' | '%') {
            tokens.push(c.to_string());
        } else if c.is_alphanumeric() {
            plain(c, &mut token);
        }
    }
    tokens.push(token);
    tokens.retain(|token| !token.is_empty());
    tokens
}

/// Adds the dictionary words a token is made of, the longest first; nothing when a part of it is
/// unknown.
fn known(token: &str, out: &mut Vec<Word>) -> Option<()> {
    if let Some((written, meanings)) = look_up(token) {
        out.extend(meanings.split(' ').map(|meaning| Word { meaning, written }));
        return Some(());
    }
    if token.len() > COMPOUND_BYTES_MAX {
        return None;
    }
    // Of two-letter words only these stand at the end of others: custid, orderno, telnr.
    for at in (3..=token.len().saturating_sub(2)).rev() {
        let Some((head, tail)) = token.split_at_checked(at) else { continue };
        let short = tail.len() == 2 && !matches!(tail, "id" | "no" | "nr");
        let Some(head) = Some(head).filter(|_| !short).and_then(unlinked) else { continue };
        let mark = out.len();
        known(head, out)?;
        if known(tail, out).is_some() {
            return Some(());
        }
        out.truncate(mark);
    }
    None
}

/// A word of the dictionary without the letters that link it to the next: Patienten-nummer.
fn unlinked(head: &str) -> Option<&str> {
    let bare = ["", "s", "n", "en", "es"].into_iter().filter_map(|link| head.strip_suffix(link));
    bare.filter(|bare| bare.len() >= 3).find(|bare| look_up(bare).is_some())
}

/// What the end of a compound says, as in German: of an unknown Anfragedatum, that it is a date.
fn ending(token: &str, out: &mut Vec<Word>) {
    let places = 3..=token.len().saturating_sub(ENDING_BYTES_MIN);
    let mut endings = places.filter_map(|at| look_up(token.get(at..)?));
    if let Some((written, meaning)) = endings.find(|(_, meaning)| ENDINGS.contains(meaning)) {
        out.push(Word { meaning, written });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meanings(header: &str) -> String {
        words(header).0.iter().map(|word| word.meaning).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn headers_are_cut_into_words() {
        for (header, wanted) in [
            ("SOC_SEC_NO", "social security number"),
            ("SSNNumber", "ssn number"),
            ("firstName", "first name"),
            ("custid", "party id"),
            ("E-Mail", "e mail"),
            ("Acct #", "account number"),
            ("ADDR1", "address"),
            ("Kreditkartennummer", "credit card number"),
            ("Geburtsdatum", "birth date"),
            ("Contraseña", "password"),
            ("M.I.", "middle"),
            ("D.O.B.", "birth date"),
            ("utterly_unheard_gnu", ""),
            ("Anfragenummer", "event number"),
            ("Taufdatum", "date"),
            ("Patientennummer", "trait care number"),
            ("N\u{b0} facture", "number thing"),
        ] {
            assert_eq!(meanings(header), wanted, "{header}");
        }
    }

    #[test]
    fn longer_rules_outdo_shorter_ones() {
        let hints = Hints::of("Email Address");
        assert!(hints.weight(Class::Type(FieldType::Email)) > 5.0);
        assert_eq!(hints.weight(Class::Type(FieldType::Address)), 0.0);
        let hints = Hints::of("Card Type");
        assert!(hints.weight(Class::Type(FieldType::CardNumber)) < 3.0);
        assert!(hints.weight(Class::Kind) >= 6.0);
    }
}
