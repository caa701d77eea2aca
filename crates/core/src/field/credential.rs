//! What a person signs in with.

/// The longest password in bytes: a bound on work, far above any real one.
const PASSWORD_BYTES_MAX: usize = 1024;

/// The longest user name in characters.
const USERNAME_CHARS_MAX: usize = 128;

/// A password is any text that is not empty; white space counts.
pub(super) fn is_password(value: &str) -> bool {
    (1..=PASSWORD_BYTES_MAX).contains(&value.len())
}

/// A user name: 1 to 128 characters, none of them a control character. Its normal form is in lower
/// case: two people whose names differ in case alone are one to the equality index, which a
/// `find` settles by opening both.
pub(super) fn is_username(value: &str) -> bool {
    let value = value.trim();
    if value.is_empty() || value.len() > USERNAME_CHARS_MAX * 4 {
        return false;
    }
    if value.is_ascii() {
        return value.len() <= USERNAME_CHARS_MAX && !value.bytes().any(|b| b.is_ascii_control());
    }
    value.chars().count() <= USERNAME_CHARS_MAX && !value.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_are_short_and_printable() {
        for good in ["a", "jdoe", "J Doe 7", "usuario_ñ", &"ñ".repeat(128)] {
            assert!(is_username(good), "{good}");
        }
        for bad in ["", "  ", "a\tb", "a\u{7f}", &"a".repeat(129), &"ñ".repeat(129)] {
            assert!(!is_username(bad), "{bad:?}");
        }
    }

    #[test]
    fn passwords_are_anything_but_empty() {
        assert!(is_password(" ") && is_password("пароль"));
        assert!(!is_password("") && !is_password(&"x".repeat(1025)));
    }
}
