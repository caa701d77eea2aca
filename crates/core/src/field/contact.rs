//! How a person is reached: e-mail, telephone, post.

use super::REDACTED;
use super::digits::Digits;
use super::fold;
use super::shown_after_dots;

/// Lengths are counted in characters, not octets, so that folding cannot push a value over them.
const EMAIL_CHARS_MAX: usize = 254;
const LOCAL_CHARS_MAX: usize = 64;
const LABEL_CHARS_MAX: usize = 63;
const ADDRESS_CHARS_MAX: usize = 500;
const EXTENSION_DIGITS_MAX: usize = 6;

/// An e-mail address as its local part and its domain: the part of RFC 5321 that people use, with
/// UTF-8 local parts and domains (RFC 6531), without quoted local parts, comments and address
/// literals.
///
/// The normal form is the whole address in lower case. RFC 5321 leaves the case of the local part
/// to its host, yet no provider of note tells two mailboxes apart by it, and people type their own
/// address in either case.
pub(super) fn email(value: &str) -> Option<(&str, &str)> {
    let value = value.trim();
    if value.len() > EMAIL_CHARS_MAX * 4 || value.chars().count() > EMAIL_CHARS_MAX {
        return None;
    }
    let (local, domain) = value.split_once('@')?;
    (is_local(local) && is_domain(domain)).then_some((local, domain))
}

fn is_local(local: &str) -> bool {
    let mut after_dot = true;
    let mut count = 0;
    for c in local.chars() {
        let fits = match c {
            '.' => !after_dot,
            'a'..='z' | 'A'..='Z' | '0'..='9' => true,
            '!' | '#'..='\'' | '*' | '+' | '-' | '/' | '=' | '?' | '^'..='`' | '{'..='~' => true,
            _ => is_foreign(c),
        };
        if !fits {
            return false;
        }
        after_dot = c == '.';
        count += 1;
    }
    !after_dot && count <= LOCAL_CHARS_MAX
}

fn is_domain(domain: &str) -> bool {
    let mut labels = 0;
    for label in domain.split('.') {
        let wide = label.len() > LABEL_CHARS_MAX && label.chars().count() > LABEL_CHARS_MAX;
        let known = label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || is_foreign(c));
        if label.is_empty() || wide || !known || label.starts_with('-') || label.ends_with('-') {
            return false;
        }
        labels += 1;
    }
    let last = domain.rsplit('.').next().unwrap_or_default();
    // Characters, not bytes: folding may shorten a character, and what fits must fit folded.
    labels >= 2 && last.chars().count() >= 2 && !last.bytes().all(|b| b.is_ascii_digit())
}

/// A printable character beyond ASCII.
fn is_foreign(c: char) -> bool {
    !c.is_ascii() && !c.is_control() && !c.is_whitespace()
}

/// The first letter and the domain: `j•••@example.com`.
pub(super) fn mask_email(value: &str) -> Option<String> {
    let (local, domain) = email(value)?;
    let mut mask = String::with_capacity(4 + REDACTED.len() + 1 + domain.len());
    mask.push(fold::lower(local.chars().next()?));
    mask.push_str(REDACTED);
    mask.push('@');
    fold::case(domain, &mut mask);
    Some(mask)
}

type Number = Digits<15>;

/// A telephone number: 7 to 15 digits with the usual punctuation, a `+` in front or not, and an
/// extension or not.
///
/// The normal form is the digits alone, so `+44 20 7946 0958` and `442079460958` are equal, and
/// `020 7946 0958` is another number: no country is guessed. Of eleven digits that start with 1
/// and then 2 to 9 the 1 is dropped, so a number of the United States is equal with and without
/// its country code. An extension is left out: people behind one switchboard share a normal form.
pub(super) fn phone(value: &str) -> Option<Number> {
    let value = value.trim();
    let (number, rest) = split_extension(value)?;
    if !rest.is_empty() && !is_extension(rest) {
        return None;
    }
    let mut digits = Number::new();
    let mut open = false;
    let mut last = b'\0';
    for (at, byte) in number.bytes().enumerate() {
        let fits = match byte {
            b'0'..=b'9' => {
                digits.push(byte)?;
                true
            }
            b'+' => at == 0,
            b'(' => !std::mem::replace(&mut open, true),
            b')' => std::mem::replace(&mut open, false) && last.is_ascii_digit(),
            b' ' => true,
            b'-' | b'.' | b'/' => digits.len() > 0 && matches!(last, b'0'..=b'9' | b')' | b' '),
            _ => false,
        };
        if !fits {
            return None;
        }
        last = byte;
    }
    if open || digits.len() < 7 || !matches!(last, b'0'..=b'9' | b')') {
        return None;
    }
    if digits.len() == 11 && matches!(digits.as_bytes(), [b'1', b'2'..=b'9', ..]) {
        digits.drop_first();
    }
    Some(digits)
}

/// Splits before the letter or sign that starts an extension.
fn split_extension(value: &str) -> Option<(&str, &str)> {
    let at =
        value.bytes().position(|b| matches!(b, b'x' | b'X' | b'e' | b'E' | b'#' | b',' | b';'));
    let (number, rest) = value.split_at_checked(at.unwrap_or(value.len()))?;
    Some((number.trim_end(), rest))
}

/// `x12`, `ext. 12`, `extension 12`, `#12`, with a comma or semicolon before it or not.
fn is_extension(rest: &str) -> bool {
    let rest = rest.trim_start_matches([',', ';']).trim_start();
    let word_end = rest.bytes().position(|b| !b.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (word, digits) = rest.split_at_checked(word_end).unwrap_or_default();
    let known = ["x", "ext", "extn", "extension"].iter().any(|k| word.eq_ignore_ascii_case(k));
    let digits = match (word, digits.strip_prefix('#')) {
        ("", Some(digits)) => digits,
        (_, None) if known => digits.trim_start_matches(['.', ':']),
        _ => return false,
    };
    let digits = digits.trim_start();
    (1..=EXTENSION_DIGITS_MAX).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// The last two digits: `•••42`.
pub(super) fn mask_phone(value: &str) -> Option<String> {
    let digits = phone(value)?;
    let normal = digits.as_str();
    normal.get(normal.len().checked_sub(2)?..).map(shown_after_dots)
}

/// Whether the value is written the way only telephone numbers are: a country code after `+`, or
/// the ten digits of North America in groups. Bare digits may be many things.
pub(crate) fn is_written_phone(value: &str) -> bool {
    let Some(digits) = phone(value) else { return false };
    let value = value.trim();
    if value.starts_with('+') {
        return true;
    }
    let american = matches!(
        digits.as_bytes(),
        [b'2'..=b'9', _, _, b'2'..=b'9', ..] if digits.len() == 10
    );
    american && is_grouped_american(value)
}

/// Three, three and four digits, with the country's 1 before them or not.
fn is_grouped_american(value: &str) -> bool {
    let number = split_extension(value).map_or(value, |(number, _)| number);
    let mut groups = number.split(|c: char| !c.is_ascii_digit()).filter(|g| !g.is_empty());
    let mut next = || groups.next().map_or(0, str::len);
    let first = next();
    let area = if first == 1 { next() } else { first };
    (area, next(), next(), next()) == (3, 3, 4, 0)
}

/// A postal address: up to 500 printable characters, on one line or several.
pub(super) fn is_address(value: &str) -> bool {
    let value = value.trim();
    if value.is_empty() || value.len() > ADDRESS_CHARS_MAX * 4 {
        return false;
    }
    let printable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    value.chars().all(printable)
        && (value.len() <= ADDRESS_CHARS_MAX || value.chars().count() <= ADDRESS_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_addresses_are_pragmatic() {
        for good in [
            "jane@example.com",
            " Jane.Doe+tag@mail.example.co.uk ",
            "o'brien@example.org",
            "josé@example.es",
            "用户@例え.jp",
            "a@b.co",
            "x_y-z=1@sub-domain.example",
        ] {
            assert!(email(good).is_some(), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for bad in [
            "",
            "jane",
            "@example.com",
            "jane@",
            "jane@localhost",
            "jane@example..com",
            ".jane@example.com",
            "jane.@example.com",
            "ja..ne@example.com",
            "ja ne@example.com",
            "jane@exa mple.com",
            "jane@-example.com",
            "jane@10.0.0.1",
            "a@b@c.com",
            "\"jane\"@example.com",
            "jane@example.c",
            "jane@example.\u{130}",
            &long,
        ] {
            assert!(email(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn telephone_numbers_lose_their_punctuation() {
        for (value, wanted) in [
            ("(212) 555-0142", "2125550142"),
            ("+1 212 555 0142", "2125550142"),
            ("1-212-555-0142", "2125550142"),
            ("212.555.0142 ext. 12", "2125550142"),
            ("212-555-0142x9", "2125550142"),
            ("212-555-0142 #9", "2125550142"),
            ("+44 (0)20 7946 0958", "4402079460958"),
            ("030/1234567", "0301234567"),
            ("5550142", "5550142"),
        ] {
            assert_eq!(phone(value).unwrap().as_str(), wanted, "{value}");
        }
        for bad in [
            "",
            "555014",
            "1234567890123456",
            "12+34567890",
            "(212 555-0142",
            "212) 555-0142",
            "-212-555-0142",
            "-74.0059728",
            "212--555-0142",
            "212-555-CALL",
            "2.125550142E9",
            "212-555-0142 ext",
            "212-555-0142 ext 1234567",
            "２１２5550142",
        ] {
            assert!(phone(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_some_numbers_are_written_as_telephones() {
        for yes in ["(212) 555-0142", "212 555 0142", "+49 30 1234567"] {
            assert!(is_written_phone(yes), "{yes}");
        }
        for no in [
            "2125550142",
            "123-45-6789",
            "2024-01-15",
            "4111-1111-1111",
            "192.168.10.20",
            "2024-01-15 13",
        ] {
            assert!(!is_written_phone(no), "{no}");
        }
    }

    #[test]
    fn addresses_are_printable() {
        assert!(is_address("12 Main St\nSpringfield") && is_address("Straße 5, 東京"));
        assert!(!is_address(" ") && !is_address("a\u{1b}[0m") && !is_address(&"a".repeat(501)));
    }
}
