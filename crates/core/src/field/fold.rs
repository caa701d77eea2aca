//! Case and white space folding for normal forms.
//!
//! Folding works on single characters and keeps their number, so that a value at its type's limit
//! still fits after folding. It does not compose accents (NFC): two spellings of one accented
//! letter stay two values. That costs a missed match in an equality search, never a wrong one.

/// Writes the trimmed value in lower case.
pub(super) fn case(value: &str, out: &mut String) {
    let value = value.trim();
    if value.is_ascii() {
        let start = out.len();
        out.push_str(value);
        out.get_mut(start..).unwrap_or_default().make_ascii_lowercase();
    } else {
        out.extend(value.chars().map(lower));
    }
}

/// Writes the value in lower case, with each run of white space as one space and none at the ends.
pub(super) fn words(value: &str, out: &mut String) {
    words_by(value, out, lower);
}

/// As [`words`], with another folding of characters, which must keep white space apart.
pub(super) fn words_by(value: &str, out: &mut String, fold: impl Fn(char) -> char) {
    let mut gap = false;
    for c in value.trim().chars() {
        if c.is_whitespace() {
            gap = true;
            continue;
        }
        if gap {
            out.push(' ');
            gap = false;
        }
        out.push(fold(c));
    }
}

/// One character in lower case. A capital I with a dot becomes a plain i, and a final sigma a
/// sigma, since lower case of one character must be one character and must not depend on its
/// neighbours.
pub(super) fn lower(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    match c {
        'ς' => 'σ',
        _ => c.to_lowercase().next().unwrap_or(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_any_character_twice_changes_nothing_more() {
        for c in '\0'..=char::MAX {
            let once = lower(c);
            assert_eq!(lower(once), once, "{:x}", u32::from(c));
            assert_eq!(once.is_alphabetic(), c.is_alphabetic(), "{:x}", u32::from(c));
            assert_eq!(once.is_whitespace(), c.is_whitespace(), "{:x}", u32::from(c));
            assert_eq!(once.is_control(), c.is_control(), "{:x}", u32::from(c));
        }
    }

    #[test]
    fn greek_and_turkish_fold_without_regard_to_position() {
        let mut out = String::new();
        words("  ΟΔΟΣ \t İSTANBUL\n", &mut out);
        assert_eq!(out, "οδοσ istanbul");
    }
}
