//! Who a person is: names and the date of birth.

use std::fmt;

use super::digits::{all_digits, number};
use super::fold;

const NAME_CHARS_MAX: usize = 200;

/// No more initials than these, so that a mask does not tell how many names a person has.
const INITIALS_MAX: usize = 3;

/// A name: letters of any script, spaces, apostrophes, dots, hyphens and commas, up to 200
/// characters.
pub(super) fn is_name(value: &str) -> bool {
    let value = value.trim();
    if value.len() > NAME_CHARS_MAX * 4 {
        return false;
    }
    let mut letters = 0;
    let mut count = 0;
    for c in value.chars() {
        if c.is_ascii_alphabetic() || (!c.is_ascii() && c.is_alphabetic()) {
            letters += 1;
        } else if !matches!(c, ' ' | '\'' | '.' | '-' | ',') && !is_name_mark(c) {
            return false;
        }
        count += 1;
    }
    letters > 0 && count <= NAME_CHARS_MAX
}

/// What names of other scripts are written with beside letters: typographic apostrophes and
/// hyphens, middle dots, spaces, joiners, and combining marks that the standard library does not
/// count as letters.
fn is_name_mark(c: char) -> bool {
    matches!(c,
        '´' | '·' | '\u{2010}'..='\u{2015}' | '‘' | '’' | '・' | '\u{a0}' | '\u{2009}'
        | '\u{202f}' | '\u{3000}' | '\u{200c}' | '\u{200d}'
        | '\u{2b0}'..='\u{36f}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5c7}'
        | '\u{5f3}' | '\u{5f4}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}'
        | '\u{6d6}'..='\u{6ed}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}')
        // The scripts of South and South-East Asia, whose vowel signs and viramas are marks.
        || (matches!(c, '\u{900}'..='\u{109f}' | '\u{1780}'..='\u{17ff}') && !c.is_numeric())
}

/// Writes the name's normal form: lower case, white space folded, one kind of apostrophe and
/// hyphen.
pub(super) fn write_name(value: &str, out: &mut String) {
    fold::words_by(value, out, |c| match c {
        '´' | '‘' | '’' => '\'',
        '\u{2010}'..='\u{2015}' => '-',
        _ => fold::lower(c),
    });
}

/// The initials: `J. D.`. In scripts without case a single character is often a whole name, so
/// such words have no initial and a name of them alone shows nothing.
pub(super) fn mask_name(value: &str) -> Option<String> {
    if !is_name(value) {
        return None;
    }
    let mut mask = String::with_capacity(INITIALS_MAX * 4);
    let words = value.split([' ', ',', '\u{a0}', '\u{2009}', '\u{202f}', '\u{3000}']);
    let initials = words.filter_map(|word| word.chars().find(|c| c.is_alphabetic()));
    for initial in initials.filter(|c| c.is_uppercase() || c.is_lowercase()).take(INITIALS_MAX) {
        if !mask.is_empty() {
            mask.push(' ');
        }
        mask.push(initial.to_uppercase().next().unwrap_or(initial));
        mask.push('.');
    }
    (!mask.is_empty()).then_some(mask)
}

/// A calendar date. Its year has two digits when it was written so.
#[derive(Clone, Copy)]
pub(super) struct Date {
    year: u32,
    month: u32,
    day: u32,
    short_year: bool,
}

impl Date {
    /// Writes `YYYY-MM-DD`; a date whose century is not known stays `MM/DD/YY`.
    pub(super) fn write(&self, out: &mut String) {
        let Self { year, month, day, short_year } = *self;
        let _ = if short_year {
            fmt::Write::write_fmt(out, format_args!("{month:02}/{day:02}/{year:02}"))
        } else {
            fmt::Write::write_fmt(out, format_args!("{year:04}-{month:02}-{day:02}"))
        };
    }

    /// The year as it was written.
    pub(super) fn year_shown(self) -> String {
        if self.short_year { format!("{:02}", self.year) } else { format!("{:04}", self.year) }
    }

    /// Whether there is such a day, in a year in which someone may have been born.
    fn is_real(&self) -> bool {
        // Without its century a year counts as a leap year when one of the two would be.
        let leap = self.year.is_multiple_of(4)
            && (self.short_year || !self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let days = match self.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return false,
        };
        let plausible = self.short_year || (1900..=2100).contains(&self.year);
        plausible && (1..=days).contains(&self.day)
    }
}

/// A date of birth: YYYY-MM-DD (or with `/`), M/D/YYYY, M/D/YY, D.M.YYYY or YYYYMMDD, followed by
/// a midnight or not, as databases write it.
///
/// A slash means month first, as in the United States; day first is understood only when the
/// other reading is no date. A column of days first therefore has normal forms that are wrong as
/// dates and still right for equality.
pub(super) fn date_of_birth(value: &str) -> Option<Date> {
    let value = value.trim().as_bytes();
    let end = value.iter().position(|b| matches!(b, b' ' | b'T')).unwrap_or(value.len());
    let (date, time) = value.split_at_checked(end)?;
    if !is_midnight(time) {
        return None;
    }
    if date.len() == 8 && all_digits(date) {
        let (year, rest) = date.split_at_checked(4)?;
        let (month, day) = rest.split_at_checked(2)?;
        return real(number(year), number(month), number(day), false);
    }
    let at = date.iter().position(|b| !b.is_ascii_digit())?;
    let separator = *date.get(at)?;
    let mut parts = date.split(|b| *b == separator);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || ![a, b, c].into_iter().all(all_digits) {
        return None;
    }
    let (x, y, z) = (number(a), number(b), number(c));
    match (separator, a.len(), b.len(), c.len()) {
        (b'-' | b'/' | b'.', 4, 1 | 2, 1 | 2) => real(x, y, z, false),
        (b'/' | b'-', 1 | 2, 1 | 2, 4) => real(z, x, y, false).or_else(|| real(z, y, x, false)),
        (b'/' | b'-', 1 | 2, 1 | 2, 2) => real(z, x, y, true).or_else(|| real(z, y, x, true)),
        (b'.', 1 | 2, 1 | 2, 4) => real(z, y, x, false),
        _ => None,
    }
}

fn real(year: u32, month: u32, day: u32, short_year: bool) -> Option<Date> {
    let date = Date { year, month, day, short_year };
    date.is_real().then_some(date)
}

/// Nothing, or a time of day that databases add to a bare date.
fn is_midnight(time: &[u8]) -> bool {
    match time.split_first() {
        None => true,
        Some((_, b"12:00:00 AM" | b"12:00 AM")) => true,
        Some((_, rest)) => {
            (4..=17).contains(&rest.len())
                && rest.starts_with(b"0")
                && rest.iter().all(|b| matches!(b, b'0' | b':' | b'.' | b'Z' | b'+'))
        }
    }
}

/// Whether the value is written the way only dates are. Eight bare digits may be many things.
pub(crate) fn is_written_date(value: &str) -> bool {
    !value.trim().bytes().all(|b| b.is_ascii_digit()) && date_of_birth(value).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters_of_any_script() {
        for good in [
            "Jane",
            "Jane Q. Doe, Jr.",
            "O'Brien",
            "O’Brien-Smith",
            "Núñez",
            "Łukasz",
            "Иван Петров",
            "महात्मा",
            "山田太郎",
            "محمد",
            "e\u{301}lan",
        ] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", " ", ".", "Jane2", "Jane_Doe", "jane@x", "a\tb", "<b>", &"a".repeat(201)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn initials_say_no_more_than_initials() {
        for (value, wanted) in [
            ("John Doe", Some("J. D.")),
            ("john", Some("J.")),
            ("Doe, John", Some("D. J.")),
            ("a b c d e f", Some("A. B. C.")),
            ("Ñandú", Some("Ñ.")),
            ("山田 太郎", None),
            ("محمد علي", None),
            ("x9", None),
        ] {
            assert_eq!(mask_name(value).as_deref(), wanted, "{value}");
        }
    }

    #[test]
    fn dates_are_real_days() {
        for (value, wanted) in [
            ("1980-05-06", "1980-05-06"),
            ("1980/5/6", "1980-05-06"),
            ("5/6/1980", "1980-05-06"),
            ("25/12/1980", "1980-12-25"),
            ("6.5.1980", "1980-05-06"),
            ("19800506", "1980-05-06"),
            ("2000-02-29", "2000-02-29"),
            ("5/6/80", "05/06/80"),
            ("1980-05-06 00:00:00.000", "1980-05-06"),
            ("1980-05-06T00:00:00Z", "1980-05-06"),
            ("5/6/1980 12:00:00 AM", "1980-05-06"),
        ] {
            let mut out = String::new();
            date_of_birth(value).unwrap().write(&mut out);
            assert_eq!(out, wanted, "{value}");
        }
        for bad in [
            "",
            "1980-02-30",
            "1900-02-29",
            "1899-12-31",
            "2101-01-01",
            "13/13/1980",
            "1980-05",
            "1980-05-06-07",
            "1980-05/06",
            "5-6",
            "198005",
            "1980-05-06 13:45:00",
            "00/10/1980",
            "1980-1-",
        ] {
            assert!(date_of_birth(bad).is_none(), "{bad}");
        }
    }
}
