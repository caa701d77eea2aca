//! Finding values of known types inside a text: what people write into notes and remarks.
//!
//! Only values written so that chance hardly writes them are found: an e-mail address, a grouped
//! social security number, a card number with its Luhn digit, an IBAN, a telephone number as people
//! write it. A name in a text is not found. Nothing of the text is kept.

use std::borrow::Cow;

use super::contact::is_written_phone;
use super::government::is_grouped_ssn;
use super::payment::{brand, is_iban};
use super::{FieldType, contact};

/// The fewest digits of a value that is found by its digits: a social security number.
const DIGITS_MIN: usize = 9;

/// The most words that a number or an IBAN is written in.
const WORDS_MAX: usize = 9;

/// The types of the values found in a text, one for each value.
#[must_use]
pub fn personal_in(text: &str) -> Vec<FieldType> {
    let folded = fold(text);
    let text = &*folded;
    let mut found = Vec::new();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if text.contains('@') {
        let apart = |c: char| c.is_whitespace() || ",;:<>()[]\"'|".contains(c);
        let words = text.split(apart).map(|word| word.trim_matches(['.', '!', '?']));
        found.extend(words.filter(|w| contact::email(w).is_some()).map(|_| FieldType::Email));
    }
    if digits >= DIGITS_MIN {
        find_numbers(text, &mut found);
    }
    found
}

/// The text with dashes, digits and spaces as ASCII writes them, which look alike to people.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || text.chars().all(|c| folded(c) == c) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(folded).collect())
}

fn folded(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => '-',
        '\u{ff10}'..='\u{ff19}' => char::from(b'0' + (u32::from(c) - 0xff10) as u8),
        '\u{a0}' | '\u{2007}' | '\u{202f}' => ' ',
        '\u{ff20}' => '@',
        _ => c,
    }
}

/// Looks at runs of neighbouring words that may be one number, the longest first.
fn find_numbers(text: &str, found: &mut Vec<FieldType>) {
    let words = words(text);
    let mut first = 0;
    while let Some((start, _)) = words.get(first) {
        let last = words.len().min(first + WORDS_MAX);
        let hit = (first..last).rev().find_map(|end| {
            let run = text.get(*start..words.get(end)?.1)?;
            Some((end, number(run)?))
        });
        match hit {
            Some((end, kind)) => {
                found.push(kind);
                first = end + 1;
            }
            None => first += 1,
        }
    }
}

/// The words with a digit or a bracket in them, as places; what stands around a number is cut off.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut at = 0;
    let apart = |c: char| c.is_whitespace() || ",;:=<>[]\"'|".contains(c);
    for word in text.split_inclusive(apart) {
        let start = at;
        at += word.len();
        let body = word.trim_end_matches(apart);
        let body = body.trim_end_matches(['.', '!', '?']);
        if body.bytes().any(|b| b.is_ascii_digit()) {
            words.push((start, start + body.len()));
        }
    }
    words
}

fn number(run: &str) -> Option<FieldType> {
    let open = run.strip_prefix('(').filter(|rest| !rest.contains(')'));
    let run = open.unwrap_or(run);
    let run = if run.contains('(') { run } else { run.trim_end_matches(')') };
    let run = run.trim_start_matches('#');
    if is_grouped_ssn(run) {
        return Some(FieldType::Ssn);
    }
    if brand(run).is_some() {
        return Some(FieldType::CardNumber);
    }
    if is_written_phone(run) {
        return Some(FieldType::Phone);
    }
    (is_iban(run) && !is_hash(run)).then_some(FieldType::BankAccount)
}

/// As a program writes a hash or an id of 128 bits. Of the countries whose accounts have as many
/// characters none is called by two letters up to F.
fn is_hash(run: &str) -> bool {
    run.len() == 32 && run.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_what_people_write() {
        use FieldType::{BankAccount, CardNumber, Email, Phone, Ssn};
        for (text, wanted) in [
            ("lost card 4111-1111-1111-1111 cvv 123", vec![CardNumber]),
            ("card 4111 1111 1111 1111 123", vec![CardNumber]),
            ("CC:4111111111111111.", vec![CardNumber]),
            ("write to Ann <ann@example.com>, or call (212) 555-0142.", vec![Email, Phone]),
            ("ssn 078-05-1120", vec![Ssn]),
            ("ssn 078\u{2011}05\u{2013}1120, \u{ff12}19\u{2212}09\u{ff0d}9999", vec![Ssn, Ssn]),
            ("ann\u{ff20}example.com", vec![Email]),
            ("078\u{a0}05\u{202f}1120", vec![Ssn]),
            ("SSN=078 05 1120; old 219-09-9999", vec![Ssn, Ssn]),
            ("pay to DE89 3704 0044 0532 0130 00 today", vec![BankAccount]),
            ("+49 30 1234567", vec![Phone]),
            ("(call 212-555-0142)", vec![Phone]),
        ] {
            assert_eq!(personal_in(text), wanted, "{text}");
        }
    }

    #[test]
    fn ordinary_remarks_hold_nothing() {
        for text in [
            "",
            "called 3 times, wants 2 boxes by 2024-01-15 13:45",
            "order 123456789 of 100 pieces at 12.50",
            "ref 4111111111111112",
            "host 192.168.10.20 port 8080",
            "a @ b, 50 @ 3.20",
            "version 1.2.3-4567 build 20240115",
            // Its check digits are those of an account.
            "session ce78d1da254c0843eb23951ae077ff5f",
        ] {
            assert_eq!(personal_in(text), vec![], "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_searched_without_a_panic(text in proptest::prelude::any::<String>()) {
            let _ = personal_in(&text);
            let _ = personal_in(&format!("({text}) 4111 1111 é 1111@1111"));
        }
    }
}
