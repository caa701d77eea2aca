//! Values as a dump spells them: strings of SQL, cells of `COPY`.
//!
//! An escape gives the character it stands for; nothing is dropped.

use data_encoding::HEXUPPER;

use super::super::error::Reason;

/// Adds the value of a string, prefix and quotes included, to `value`.
pub(super) fn unquote(raw: &[u8], escaped: bool, value: &mut String) -> Result<(), Reason> {
    let text = std::str::from_utf8(raw).map_err(|_| Reason::NotUtf8)?;
    let from = text.find(['\'', '"']).ok_or(Reason::NotSql)?;
    let inner = text.get(from + 1..text.len().saturating_sub(1)).ok_or(Reason::NotSql)?;
    let quote = if text.ends_with('"') { '"' } else { '\'' };
    // `E'...'` is PostgreSQL's; without a prefix, escapes are MySQL's.
    let escapes = if from > 0 { Escapes::Postgres } else { Escapes::Mysql };
    let mut rest = inner;
    while let Some(at) = rest.find(|c| c == quote || (escaped && c == '\\')) {
        let (before, from) = rest.split_at_checked(at).ok_or(Reason::NotSql)?;
        value.push_str(before);
        rest = match from.strip_prefix('\\') {
            Some(after) if escaped => escapes.unescape(after, value)?,
            _ => {
                value.push(quote);
                from.get(2..).ok_or(Reason::NotSql)?
            }
        };
    }
    value.push_str(rest);
    Ok(())
}

/// Adds the value of a MySQL string of bytes: as it is where it is text, otherwise in hexadecimal,
/// as `mysqldump --hex-blob` spells it. True if it is text.
pub(super) fn unquote_binary(raw: &[u8], value: &mut String) -> bool {
    let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next().unwrap_or(byte) {
                b'0' => 0,
                b'b' => 8,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'Z' => 0x1a,
                other => other,
            },
            // A doubled quote is one.
            b'\'' => rest.next().unwrap_or(byte),
            other => other,
        });
    }
    match std::str::from_utf8(&bytes).ok().filter(|text| !text.contains('\0')) {
        Some(text) => {
            value.push_str(text);
            true
        }
        None => {
            value.push_str("0x");
            HEXUPPER.encode_append(&bytes, value);
            false
        }
    }
}

/// Adds the value of a cell of `COPY` to `value`. False if it is null.
pub(super) fn uncopy(raw: &str, value: &mut String) -> Result<bool, Reason> {
    if raw == "\\N" {
        return Ok(false);
    }
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('\\') {
        value.push_str(before);
        rest = Escapes::Postgres.unescape(after, value)?;
    }
    value.push_str(rest);
    Ok(true)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Postgres,
    Mysql,
}

impl Escapes {
    /// Adds what the escape stands for that goes on with `after`, and gives what follows it.
    fn unescape<'a>(self, after: &'a str, value: &mut String) -> Result<&'a str, Reason> {
        let first = after.chars().next().ok_or(Reason::NotSql)?;
        let rest = after.get(first.len_utf8()..).unwrap_or_default();
        let known = match (self, first) {
            (_, 'b') => '\u{8}',
            (_, 'n') => '\n',
            (_, 'r') => '\r',
            (_, 't') => '\t',
            (Self::Postgres, 'f') => '\u{c}',
            (Self::Postgres, 'v') => '\u{b}',
            (Self::Postgres, '0'..='7') => return number(after, 8, 3, value),
            (Self::Postgres, 'x') if starts_hex(rest) => return number(rest, 16, 2, value),
            (Self::Postgres, 'u') if starts_hex(rest) => return number(rest, 16, 4, value),
            (Self::Postgres, 'U') if starts_hex(rest) => return number(rest, 16, 8, value),
            (Self::Mysql, '0') => '\0',
            (Self::Mysql, 'Z') => '\u{1a}',
            // For patterns: the backslash stays.
            (Self::Mysql, '%' | '_') => {
                value.push('\\');
                first
            }
            _ => first,
        };
        value.push(known);
        Ok(rest)
    }
}

fn starts_hex(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_hexdigit())
}

/// A character by its number. One above ASCII in a single byte is a part of a longer one, which
/// only the bytes around it could tell: such a row is left out.
fn number<'a>(
    text: &'a str,
    radix: u32,
    digits_max: usize,
    value: &mut String,
) -> Result<&'a str, Reason> {
    let digits = text.chars().take(digits_max).take_while(|c| c.is_digit(radix)).count();
    let (digits, rest) = text.split_at_checked(digits).ok_or(Reason::NotSql)?;
    let number = u32::from_str_radix(digits, radix).map_err(|_| Reason::NotSql)?;
    if digits_max < 4 && number > 0x7f {
        return Err(Reason::NotUtf8);
    }
    value.push(char::from_u32(number).ok_or(Reason::NotUtf8)?);
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_as_their_database_means_them() {
        for (raw, escaped, expected) in [
            ("'O''Brien'", false, Ok("O'Brien")),
            ("''", false, Ok("")),
            ("'a\\n'", false, Ok("a\\n")),
            ("E'a\\n\\'\\\\\\x41\\101\\u00e9'", true, Ok("a\n'\\AA\u{e9}")),
            ("'a\\n\\'''\\\\\\0\\Z\\%\\q\"'", true, Ok("a\n''\\\0\u{1a}\\%q\"")),
            ("\"a\"\"b\"", true, Ok("a\"b")),
            ("N'x'", false, Ok("x")),
            ("E'\\xe9'", true, Err(Reason::NotUtf8)),
            ("E'\\ud800'", true, Err(Reason::NotUtf8)),
        ] {
            let mut value = String::new();
            let outcome = unquote(raw.as_bytes(), escaped, &mut value).map(|()| value.as_str());
            assert_eq!(outcome, expected, "{raw}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_spelled_in_hexadecimal() {
        for (raw, expected, text) in [
            (&b"'plain'"[..], "plain", true),
            (b"'it\\'s ''it'''", "it's 'it'", true),
            (b"'\xff\\0\\n\\\\'", "0xFF000A5C", false),
            (b"''", "", true),
        ] {
            let mut value = String::new();
            assert_eq!(unquote_binary(raw, &mut value), text);
            assert_eq!(value, expected);
        }
    }

    #[test]
    fn cells_of_copy_are_read_as_postgres_writes_them() {
        for (raw, expected) in [
            ("", Some("")),
            ("\\N", None),
            ("\\\\N", Some("\\N")),
            ("\\\\.", Some("\\.")),
            ("a\\tb\\n\\r\\\\\\b\\f\\v", Some("a\tb\n\r\\\u{8}\u{c}\u{b}")),
            ("\\q\\x41\\60", Some("qA0")),
        ] {
            let mut value = String::new();
            let some = uncopy(raw, &mut value).unwrap();
            assert_eq!(some.then_some(value.as_str()), expected, "{raw}");
        }
        assert_eq!(uncopy("x\\", &mut String::new()), Err(Reason::NotSql));
    }
}
