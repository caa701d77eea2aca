//! Government identifiers of the United States.
//!
//! The rules are those of ranges: they tell a number that cannot exist, never one that was issued.

use super::digits::Digits;

type Nine = Digits<9>;

/// A Social Security number: nine digits, bare or as 3-2-4 with dashes or spaces, in the ranges of
/// the SSA. Numbers known from advertisements and leaflets fit too: someone may have typed them.
pub(super) fn ssn(value: &str) -> Option<Nine> {
    let digits = shaped(value, &[3, 5])?;
    is_ssn(&digits).then_some(digits)
}

/// A taxpayer's number: an EIN (bare or 2-7), an ITIN or a Social Security number (bare or 3-2-4).
/// Its normal form is the nine digits, so that an EIN and an SSN of the same digits are equal.
pub(super) fn tax_id(value: &str) -> Option<Nine> {
    if let Some(digits) = shaped(value, &[3, 5]) {
        let bare = value.trim().len() == 9;
        let known = is_ssn(&digits) || is_itin(&digits) || (bare && is_ein(&digits));
        return known.then_some(digits);
    }
    let digits = shaped(value, &[2])?;
    is_ein(&digits).then_some(digits)
}

/// Whether the value is a Social Security number written in its three groups. The grouping is
/// itself evidence: nine bare digits may be many things.
pub(crate) fn is_grouped_ssn(value: &str) -> bool {
    value.trim().len() == 11 && ssn(value).is_some()
}

/// Whether the value is an EIN written in its two groups.
pub(crate) fn is_grouped_ein(value: &str) -> bool {
    value.trim().len() == 10 && tax_id(value).is_some()
}

/// Nine digits, bare or with the same separator after each of the digits counted in `breaks`.
fn shaped(value: &str, breaks: &[usize]) -> Option<Nine> {
    let value = value.trim();
    if value.len() != 9 && value.len() != 9 + breaks.len() {
        return None;
    }
    let mut digits = Nine::new();
    let mut separator = None;
    let mut seen = 0;
    for byte in value.bytes() {
        if byte.is_ascii_digit() {
            digits.push(byte)?;
            continue;
        }
        let in_place = breaks.get(seen) == Some(&digits.len());
        if !in_place || !matches!(byte, b'-' | b' ') || *separator.get_or_insert(byte) != byte {
            return None;
        }
        seen += 1;
    }
    (digits.len() == 9).then_some(digits)
}

/// Area not 000, 666 or 900 and above; group not 00; serial not 0000.
fn is_ssn(digits: &Nine) -> bool {
    let number = digits.leading(9);
    let area = number / 1_000_000;
    let group = number / 10_000 % 100;
    !matches!(area, 0 | 666 | 900..) && group != 0 && !number.is_multiple_of(10_000)
}

/// A first digit of 9 and a fourth and fifth digit that the IRS uses (93 is for adoptions).
fn is_itin(digits: &Nine) -> bool {
    let number = digits.leading(9);
    let middle = number / 10_000 % 100;
    number / 100_000_000 == 9 && matches!(middle, 50..=65 | 70..=88 | 90..=99)
}

/// A prefix that the IRS has given out to a campus, to the internet or to the SBA.
fn is_ein(digits: &Nine) -> bool {
    matches!(
        digits.leading(2),
        1..=6
            | 10..=16
            | 20..=27
            | 30..=48
            | 50..=68
            | 71..=77
            | 80..=88
            | 90..=95
            | 98
            | 99
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    // Every number here is invented; none was taken from a person.
    #[test]
    fn social_security_numbers_follow_the_ranges() {
        for good in [
            "078-05-1120",
            "219 09 9999",
            "123456789",
            " 899-99-9999 ",
            "001-01-0001",
            "665-01-0001",
            "667010001",
        ] {
            assert!(ssn(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "000-12-3456",
            "666-12-3456",
            "900-12-3456",
            "999-99-9999",
            "123-00-4567",
            "123-45-0000",
            "12-345-6789",
            "123-45-678",
            "123-45-67890",
            "123-45 6789",
            "123.45.6789",
            "123-456789",
            "12345678",
            "1234567890",
            "123-45-678x",
            "--123456789",
            "１２３456789",
        ] {
            assert!(ssn(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn tax_numbers_are_eins_itins_or_ssns() {
        for good in [
            "12-3456789",
            "98-7654321",
            "987654321",
            "950-70-1234",
            "912-94-1234",
            "123-45-6789",
            "01 2345678",
        ] {
            assert!(tax_id(good).is_some(), "{good}");
        }
        for bad in [
            "07-1234567",
            "00-1234567",
            "49-1234567",
            "97-1234567",
            "900-00-1234",
            "950-66-1234",
            "666-12-3456",
            "1-23456789",
            "12-3456-789",
            "970001234",
        ] {
            assert!(tax_id(bad).is_none(), "{bad}");
        }
        assert!(is_grouped_ein("12-3456789") && !is_grouped_ein("123456789"));
        assert!(is_grouped_ssn("078-05-1120") && !is_grouped_ssn("078051120"));
    }
}
