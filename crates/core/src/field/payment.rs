//! Cards and bank accounts.
//!
//! Checks tell a mistyped number from a possible one. They never say that an account exists.

use std::fmt;

use super::digits::{Digits, all_digits, number};

/// The issuer a card number belongs to, by its leading digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Brand {
    /// Visa: 13, 16 or 19 digits.
    Visa,
    /// Mastercard, with the ranges from 2221 on.
    Mastercard,
    /// American Express: 15 digits.
    Amex,
    /// Discover.
    Discover,
    /// Diners Club: 14 digits and more.
    DinersClub,
    /// JCB.
    Jcb,
    /// UnionPay.
    UnionPay,
    /// Maestro: 12 digits and more.
    Maestro,
    /// Mir.
    Mir,
}

impl Brand {
    /// The brand's name in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Visa => "visa",
            Self::Mastercard => "mastercard",
            Self::Amex => "amex",
            Self::Discover => "discover",
            Self::DinersClub => "diners_club",
            Self::Jcb => "jcb",
            Self::UnionPay => "union_pay",
            Self::Maestro => "maestro",
            Self::Mir => "mir",
        }
    }
}

impl fmt::Display for Brand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The issuer of a card number, or `None` when the value is not one.
#[must_use]
pub fn brand(value: &str) -> Option<Brand> {
    issuer(&card_number(value)?)
}

type Card = Digits<19>;

/// A card number: 12 to 19 digits, bare or in groups, of a known issuer, with its Luhn digit.
pub(super) fn card_number(value: &str) -> Option<Card> {
    let digits = Card::grouped(value)?;
    (digits.len() >= 12 && issuer(&digits).is_some() && luhn(digits.as_bytes())).then_some(digits)
}

fn issuer(digits: &Card) -> Option<Brand> {
    let (six, four) = (digits.leading(6), digits.leading(4));
    let brand = match (digits.len(), six / 10_000) {
        (13 | 16 | 19, 40..=49) => Brand::Visa,
        (15, 34 | 37) => Brand::Amex,
        (16, 51..=55) => Brand::Mastercard,
        (16, 22..=27) if matches!(four, 2221..=2720) => Brand::Mastercard,
        (16..=19, 22) if matches!(four, 2200..=2204) => Brand::Mir,
        (16..=19, 35) if matches!(four, 3528..=3589) => Brand::Jcb,
        (14..=19, 36 | 38 | 39) => Brand::DinersClub,
        (14..=19, 30) if matches!(four, 3000..=3059 | 3095) => Brand::DinersClub,
        (16..=19, 60) if four == 6011 => Brand::Discover,
        (16..=19, 64) if matches!(four, 6440..) => Brand::Discover,
        (16..=19, 65) => Brand::Discover,
        (16..=19, 62 | 81) => Brand::UnionPay,
        (12..=19, 50 | 56..=58) => Brand::Maestro,
        (12..=19, 63 | 67) if maestro(four) => Brand::Maestro,
        _ => return None,
    };
    Some(brand)
}

fn maestro(four: u32) -> bool {
    matches!(four, 6304 | 6390 | 6759 | 6761..=6763 | 6771)
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit.wrapping_sub(b'0'));
            // Every second digit counts double, with the digits of the product added up.
            let doubled = digit * 2 - if digit > 4 { 9 } else { 0 };
            if place % 2 == 0 { digit } else { doubled }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// A month and a year.
pub(super) struct Expiry {
    year: u32,
    month: u32,
}

impl Expiry {
    /// Writes `YYYY-MM`.
    pub(super) fn write(&self, out: &mut String) {
        let _ = fmt::Write::write_fmt(out, format_args!("{:04}-{:02}", self.year, self.month));
    }
}

/// A card's expiry: MM/YY, MM/YYYY, MMYY, MMYYYY, YYYY-MM or YYYYMM, with `/` or `-` and spaces
/// around it. A year of two digits is of this century, since no card outlives it.
pub(super) fn card_expiry(value: &str) -> Option<Expiry> {
    let bytes = value.trim().as_bytes();
    if bytes.len() > 12 {
        return None;
    }
    let (first, second) = match bytes.iter().position(|b| matches!(b, b'/' | b'-')) {
        Some(at) => (bytes.get(..at)?.trim_ascii(), bytes.get(at + 1..)?.trim_ascii()),
        // Six bare digits are a month first only when they cannot be a year first.
        None if bytes.len() == 6 && !matches!(bytes, [b'2', b'0', ..]) => {
            bytes.split_at_checked(2)?
        }
        None if bytes.len() == 6 => bytes.split_at_checked(4)?,
        None if bytes.len() == 4 => bytes.split_at_checked(2)?,
        None => return None,
    };
    if !all_digits(first) || !all_digits(second) {
        return None;
    }
    let (year, month) = match (first.len(), second.len()) {
        (1 | 2, 2) => (2000 + number(second), number(first)),
        (1 | 2, 4) => (number(second), number(first)),
        (4, 1 | 2) => (number(first), number(second)),
        _ => return None,
    };
    let plausible = (1..=12).contains(&month) && (2000..=2099).contains(&year);
    plausible.then_some(Expiry { year, month })
}

/// A card verification code: three or four digits.
pub(super) fn card_security_code(value: &str) -> Option<&str> {
    let value = value.trim();
    (matches!(value.len(), 3 | 4) && all_digits(value.as_bytes())).then_some(value)
}

type Account = Digits<34>;

/// A bank account: 4 to 17 digits, bare or in groups, or an IBAN. Leading zeros are kept.
pub(super) fn bank_account(value: &str) -> Option<Account> {
    if value.trim_start().as_bytes().first()?.is_ascii_digit() {
        let digits = Account::grouped(value)?;
        return (4..=17).contains(&digits.len()).then_some(digits);
    }
    iban(value)
}

/// Whether the value is an IBAN, whose two check digits make chance unlikely.
pub(crate) fn is_iban(value: &str) -> bool {
    iban(value).is_some()
}

/// Two letters, two check digits and up to 30 letters and digits, with single spaces allowed. Its
/// normal form is in capitals without spaces. The length a country prescribes is not checked.
fn iban(value: &str) -> Option<Account> {
    let mut account = Account::new();
    let mut after_space = true;
    for byte in value.trim().bytes() {
        match (account.len(), byte) {
            (_, b' ') if !after_space => {
                after_space = true;
                continue;
            }
            (0 | 1, b) if b.is_ascii_alphabetic() => account.push(b.to_ascii_uppercase())?,
            (2 | 3, b) if b.is_ascii_digit() => account.push(b)?,
            (4.., b) if b.is_ascii_alphanumeric() => account.push(b.to_ascii_uppercase())?,
            _ => return None,
        }
        after_space = false;
    }
    (account.len() >= 15 && mod_97(account.as_bytes()) == Some(1)).then_some(account)
}

fn mod_97(account: &[u8]) -> Option<u64> {
    /// Above this the next two digits would not fit any more.
    const FULL: u64 = u64::MAX / 1000;
    let (head, tail) = account.split_at_checked(4)?;
    let remainder = tail.iter().chain(head).fold(0, |sum: u64, byte| {
        // Dividing is slow: it is put off until the number is long.
        let rest = if sum > FULL { sum % 97 } else { sum };
        if byte.is_ascii_digit() {
            rest * 10 + u64::from(byte - b'0')
        } else {
            rest * 100 + u64::from(byte.wrapping_sub(b'A')) + 10
        }
    });
    Some(remainder % 97)
}

/// An ABA routing number: nine digits whose weighted sum is a multiple of ten, in a range that the
/// Federal Reserve uses.
pub(super) fn bank_routing(value: &str) -> Option<Digits<9>> {
    let digits = Digits::<9>::grouped(value)?;
    let in_range = matches!(digits.leading(2), 0..=12 | 21..=32 | 61..=72 | 80);
    let weighted: u32 = digits
        .as_bytes()
        .iter()
        .zip([3, 7, 1, 3, 7, 1, 3, 7, 1])
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let fits = digits.len() == 9 && in_range && weighted > 0 && weighted.is_multiple_of(10);
    fits.then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Numbers that the brands publish for tests.
    #[test]
    fn test_cards_have_their_brand() {
        for (card, wanted) in [
            ("4111111111111111", Brand::Visa),
            ("4111 1111 1111 1111", Brand::Visa),
            ("4222222222222", Brand::Visa),
            ("5555-5555-5555-4444", Brand::Mastercard),
            ("2223003122003222", Brand::Mastercard),
            ("378282246310005", Brand::Amex),
            ("3714 496353 98431", Brand::Amex),
            ("6011111111111117", Brand::Discover),
            ("30569309025904", Brand::DinersClub),
            ("3530111333300000", Brand::Jcb),
            ("6200000000000005", Brand::UnionPay),
            ("6759649826438453", Brand::Maestro),
            ("2200000000000004", Brand::Mir),
        ] {
            assert_eq!(brand(card), Some(wanted), "{card}");
        }
        for bad in [
            "",
            "4111111111111112",
            "411111111111",
            "1111111111111117",
            "4111  1111 1111 1111",
            "4111111111111111-",
            "4111.1111.1111.1111",
            "0000000000000000",
            "41111111111111111111",
            "4111 1111 1111 111x",
        ] {
            assert_eq!(brand(bad), None, "{bad}");
        }
    }

    #[test]
    fn expiries_come_in_several_forms() {
        for (value, wanted) in [
            ("04/27", "2027-04"),
            ("4/27", "2027-04"),
            ("04 / 27", "2027-04"),
            ("12/2030", "2030-12"),
            ("0427", "2027-04"),
            ("2027-04", "2027-04"),
            ("202704", "2027-04"),
            ("042027", "2027-04"),
            ("12-30", "2030-12"),
        ] {
            let mut out = String::new();
            card_expiry(value).unwrap().write(&mut out);
            assert_eq!(out, wanted, "{value}");
        }
        for bad in ["", "13/27", "00/27", "427", "04/270", "1999-04", "04/27/2030", "/27", "ab/cd"]
        {
            assert!(card_expiry(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn bank_numbers_are_checked() {
        for good in [
            "1234",
            "000123456789",
            "12-3456-7890",
            "GB82 WEST 1234 5698 7654 32",
            "DE89370400440532013000",
            "fr1420041010050500013m02606",
        ] {
            assert!(bank_account(good).is_some(), "{good}");
        }
        for bad in ["", "123", "123456789012345678", "GB82WEST12345698765433", "DE89", "12.34", "x"]
        {
            assert!(bank_account(bad).is_none(), "{bad}");
        }
        for good in ["021000021", "011401533", "091000019", "121000358", "1210-0035-8"] {
            assert!(bank_routing(good).is_some(), "{good}");
        }
        for bad in ["", "000000000", "021000022", "134567892", "02100002", "0210000210"] {
            assert!(bank_routing(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn security_codes_are_three_or_four_digits() {
        assert_eq!(card_security_code(" 123 "), Some("123"));
        assert_eq!(card_security_code("0123"), Some("0123"));
        for bad in ["", "12", "12345", "12a"] {
            assert!(card_security_code(bad).is_none(), "{bad}");
        }
    }
}
