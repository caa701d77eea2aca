//! How single values are written: shapes that tell one kind of column from another.
//!
//! Nothing is kept of a value here.

use crate::field::FieldType;

/// What files write for "nothing".
const NOTHING: [&str; 16] = [
    "null", "\\n", "n/a", "na", "none", "nil", "-", "--", "?", "nan", "tbd", "unknown", "n.a.",
    "k.a.", "s/n", ".",
];

/// What spreadsheets write into a cell that failed.
const FAILED: [&str; 7] = ["#n/a", "#ref!", "#name?", "#value!", "#div/0!", "#num!", "#null!"];

/// Words that streets and only streets end in, or stand before a house number.
const STREETS: [&str; 26] = [
    "st", "street", "ave", "avenue", "rd", "road", "dr", "drive", "ln", "lane", "blvd", "way",
    "ct", "court", "pl", "place", "apt", "suite", "box", "hwy", "rue", "calle", "rua", "avenida",
    "via", "platz",
];

/// A letter in lower case without the accents of Western Europe.
pub(super) fn plain(c: char, out: &mut String) {
    for c in c.to_lowercase() {
        match c {
            'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' => out.push('a'),
            'é' | 'è' | 'ê' | 'ë' => out.push('e'),
            'í' | 'ì' | 'î' | 'ï' => out.push('i'),
            'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'º' => out.push('o'),
            'ú' | 'ù' | 'û' | 'ü' => out.push('u'),
            'ñ' => out.push('n'),
            'ç' => out.push('c'),
            'ß' => out.push_str("ss"),
            '\u{300}'..='\u{36f}' => {}
            _ => out.push(c),
        }
    }
}

/// Whether a cell says that there is no value.
pub(super) fn is_nothing(value: &str) -> bool {
    value.is_empty() || NOTHING.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// A cell in which a spreadsheet failed, or that was too narrow for it.
pub(super) fn is_failed(value: &str) -> bool {
    value.starts_with('#')
        && (FAILED.iter().any(|word| value.eq_ignore_ascii_case(word))
            || (value.len() >= 3 && value.bytes().all(|b| b == b'#')))
}

/// A long number as a spreadsheet shortens it, `5.54563E+15`: its last digits are gone.
pub(super) fn is_scientific(value: &str) -> bool {
    let Some((head, power)) = value.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = head.split_once(['.', ',']).unwrap_or((head, "0"));
    whole.len() == 1
        && digits(whole)
        && digits(fraction)
        && power.strip_prefix('+').is_some_and(|p| p.len() <= 2 && digits(p))
}

/// A month and a year that a spreadsheet took for a date, as it shows them: `Jan-20`.
pub(super) fn is_month_name(value: &str) -> bool {
    const MONTHS: &str = "jan feb mar apr may jun jul aug sep oct nov dec";
    let Some((month, year)) = value.split_once('-') else { return false };
    let known = MONTHS.split(' ').any(|known| month.eq_ignore_ascii_case(known));
    known && year.len() == 2 && year.bytes().all(|b| b.is_ascii_digit())
}

/// Ten digits, or eleven with the 1 of North America, whose groups start with 2 to 9.
pub(super) fn is_bare_phone(digits: &[u8]) -> bool {
    let digits = match digits {
        [b'1', rest @ ..] if rest.len() == 10 => rest,
        _ => digits,
    };
    digits.len() == 10 && matches!(digits, [b'2'..=b'9', _, _, b'2'..=b'9', ..])
}

/// A house number and a word of streets.
pub(super) fn is_street(value: &str, digits: usize) -> bool {
    digits > 0
        && value.len() <= 200
        && value
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| STREETS.iter().any(|street| word.eq_ignore_ascii_case(street)))
}

/// A date with or without a time of day.
pub(super) fn is_moment(value: &str) -> bool {
    let (date, time) = moment(value);
    let clock = |c: char| c.is_ascii_digit() || ":.+-ZAPM ".contains(c.to_ascii_uppercase());
    FieldType::DateOfBirth.fits(date) && time.len() <= 24 && time.chars().all(clock)
}

fn moment(value: &str) -> (&str, &str) {
    value.split_once([' ', 'T']).unwrap_or((value, ""))
}

/// Whether a moment has a time of day that is not midnight.
pub(super) fn is_timed(value: &str) -> bool {
    let time = moment(value).1;
    time.contains(':')
        && time.split('.').next().is_some_and(|t| t.contains(|c| "123456789".contains(c)))
}

/// A time of day.
pub(super) fn is_clock(value: &str) -> bool {
    let time = value.trim_end_matches(['a', 'A', 'p', 'P', 'm', 'M', ' ', '.', 'h']);
    let (hour, rest) = time.split_once(':').unwrap_or_default();
    let number = |part: &str, most: u32| {
        (1..=2).contains(&part.len()) && part.parse::<u32>().is_ok_and(|n| n <= most)
    };
    number(hour, 24) && rest.len() <= 5 && rest.split(':').all(|part| number(part, 59))
}

/// The year of a date whose year has four digits.
pub(super) fn year(value: &str) -> Option<u32> {
    let date = moment(value).0;
    let apart = |c: char| !c.is_ascii_digit();
    let of_parts = date.split(apart).find(|part| part.len() == 4);
    let year = of_parts.or_else(|| date.get(..4).filter(|_| date.len() == 8))?;
    year.parse().ok().filter(|year| (1900..=2100).contains(year))
}

/// One word, as codes are: letters, digits, and what stands between them.
pub(super) fn is_one_word(value: &str) -> bool {
    value.len() <= 40
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./#:{}+*".contains(&b))
}

/// A number as amounts are written: sign, currency, thousands, decimals, percent.
pub(super) fn is_number(value: &str) -> bool {
    let value = without_currency(value.trim_start_matches(['-', '+', '(', ' ']));
    let body = value.trim_start_matches(['-', '+', '(', '$', '€', '£', ' ']);
    let body = body.trim_end_matches([')', '%', '€', '$', '£', ' ']);
    !body.is_empty()
        && body.len() <= 24
        && body.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','))
        && body.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b' '))
        && body.bytes().filter(|b| *b == b' ').count() <= 3
}

/// A value without the currency before or after it, as `R$` and `EUR`.
fn without_currency(value: &str) -> &str {
    const CURRENCIES: [&str; 17] = [
        "R$", "US$", "A$", "C$", "S/", "Bs", "EUR", "USD", "GBP", "CHF", "BRL", "MXN", "COP",
        "ARS", "CLP", "Fr.", "kr",
    ];
    let known = CURRENCIES.iter();
    let cut = known.filter_map(|c| value.strip_prefix(c).or_else(|| value.strip_suffix(c))).next();
    cut.map_or(value, str::trim)
}

/// A number of few digits that can be no place on a map and no number of a person: an amount, a
/// count, a measure.
pub(super) fn is_plain_number(value: &str) -> bool {
    if is_place(value) || !is_number(value) {
        return false;
    }
    let whole = value.split('.').next().unwrap_or_default();
    let digits = whole.bytes().filter(u8::is_ascii_digit).count();
    digits <= 8 && (digits != 8 || value.contains('.') || !FieldType::DateOfBirth.fits(value))
}

/// A latitude or longitude: four decimals and more, of a number up to 180.
pub(super) fn is_place(value: &str) -> bool {
    let Some((whole, fraction)) = value.trim_start_matches(['-', '+']).split_once('.') else {
        return false;
    };
    (1..=3).contains(&whole.len())
        && fraction.len() >= 4
        && fraction.bytes().all(|b| b.is_ascii_digit())
        && whole.parse::<u32>().is_ok_and(|degrees| degrees <= 180)
}

/// An address of the internet, of version 4.
pub(super) fn is_ip(value: &str) -> bool {
    let mut parts = 0;
    let fits = value.split('.').all(|part| {
        parts += 1;
        (1..=3).contains(&part.len()) && part.parse::<u8>().is_ok()
    });
    fits && parts == 4
}

/// A code that no rule of a personal number fits by its shape: one word with a digit in it, no
/// long run of bare digits, no address of the internet.
pub(super) fn is_plain_code(value: &str, digits: usize) -> bool {
    let bare = digits == value.len();
    digits > 0 && is_one_word(value) && !is_ip(value) && (!bare || digits <= 6)
}

/// Words of yes and no.
pub(super) fn is_yes_no(value: &str) -> bool {
    const WORDS: [&str; 24] = [
        "y", "n", "yes", "no", "true", "false", "t", "f", "0", "1", "on", "off", "si", "sí", "oui",
        "non", "ja", "nein", "sim", "não", "s", "nao", "wahr", "falsch",
    ];
    WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Two to six words, each with a capital but for short ones between them, as people's names are
/// written in full.
pub(super) fn is_full_name(value: &str) -> bool {
    let words = value.split_whitespace().count();
    (2..=6).contains(&words)
        && FieldType::Name.fits(value)
        && value.split_whitespace().all(|w| w.starts_with(char::is_uppercase) || w.len() <= 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_apart() {
        assert!(is_moment("2024-01-15 13:45:00") && is_moment("1/5/2024 1:45 PM"));
        assert!(!is_moment("2024-01-15 invoice"));
        assert!(is_timed("2024-01-15 13:45") && !is_timed("2024-01-15 00:00:00.000"));
        assert!(is_clock("13:45") && is_clock("1:05:00 pm") && !is_clock("13:75"));
        assert_eq!(year("5/6/1980"), Some(1980));
        assert_eq!(year("19800506"), Some(1980));
        assert_eq!(year("5/6/80"), None);
        assert!(is_number("$1,234.50") && is_number("-12") && is_number("12 %"));
        assert!(is_number("R$ 5.500,48") && is_number("-12,50 EUR") && !is_number("R$"));
        assert!(!is_number("12-34") && !is_number("AB12"));
        assert!(is_street("12 Main St.", 2) && !is_street("12 oz bottle", 2));
        assert!(is_bare_phone(b"2125550142") && !is_bare_phone(b"1125550142"));
        assert!(is_place("-74.0059728") && !is_place("74.00") && !is_place("512.12345"));
        assert!(is_ip("10.0.0.255") && !is_ip("10.0.0.256") && !is_ip("1.2.3"));
        assert!(is_plain_number("12.5") && !is_plain_number("19800506"));
        assert!(is_plain_code("AB-12", 2) && !is_plain_code("123456789", 9));
        assert!(
            is_full_name("Ana de Souza") && !is_full_name("Ana") && !is_full_name("a long note")
        );
    }

    #[test]
    fn the_damage_of_spreadsheets_is_recognised() {
        assert!(is_month_name("Jan-20") && !is_month_name("Jan-2020") && !is_month_name("x-20"));
        assert!(
            is_scientific("5.54563E+15") && is_scientific("4,11E+15") && is_scientific("4E+12")
        );
        for other in ["5.5", "E+15", "12.5E+15", "A1E+15", "5E15", "5.5E+", "5.E+15"] {
            assert!(!is_scientific(other), "{other}");
        }
        assert!(
            is_failed("#REF!") && is_failed("########") && !is_failed("#12") && !is_failed("#")
        );
    }
}
