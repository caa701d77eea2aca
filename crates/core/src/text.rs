//! Text that somebody else wrote, as it may be shown: what a terminal would obey, and what nobody
//! sees or sees in another place than it stands, is spelt out. Headers, names of files and values
//! are such text. Answers to programs hold it as it is.

use zeroize::Zeroizing;

/// Whether a character moves the cursor, turns the direction of writing, or is not seen at all.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// One line of text for people.
#[must_use]
pub fn visible(text: &str) -> Zeroizing<String> {
    spelt(text, is_hidden)
}

/// Lines of text for people.
#[must_use]
pub fn visible_lines(text: &str) -> Zeroizing<String> {
    spelt(text, |c| c != '\n' && is_hidden(c))
}

fn spelt(text: &str, out_of_place: impl Fn(char) -> bool) -> Zeroizing<String> {
    // Room for what is longest, so that nothing of a value stays behind where it grew out of.
    let longer = text.chars().filter(|c| out_of_place(*c)).count() * 10;
    let mut out = Zeroizing::new(String::with_capacity(text.len() + longer));
    for c in text.chars() {
        if out_of_place(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// A string of TOML that reads back exactly and hides nothing.
#[must_use]
pub fn toml_string(text: &str) -> String {
    if !text.chars().any(is_hidden) {
        return toml::Value::String(text.to_owned()).to_string();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_hidden(c) => out.push_str(&format!("\\U{:08X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_spelt_out_and_all_else_stays() {
        let plain = "Zo\u{eb} \\ \"quoted\" \u{738b} \u{1f642} \u{2022}\u{a0}x";
        assert_eq!(*visible(plain), plain);
        assert_eq!(*visible("a\u{1b}[2J\u{7}\r\n"), "a\\u{1b}[2J\\u{7}\\r\\n");
        for (one, spelt) in [
            ('\u{202e}', "\\u{202e}"),
            ('\u{2066}', "\\u{2066}"),
            ('\u{200b}', "\\u{200b}"),
            ('\u{feff}', "\\u{feff}"),
            ('\u{9b}', "\\u{9b}"),
            ('\u{e0041}', "\\u{e0041}"),
        ] {
            assert_eq!(*visible(&format!("x{one}y")), format!("x{spelt}y"));
        }
        assert_eq!(*visible_lines("one\ntwo\u{202e}\n"), "one\ntwo\\u{202e}\n");
    }

    #[test]
    fn toml_reads_back_what_was_written() {
        for text in ["plain", "a\"b'c", "\u{202e}\"\\\u{fc}'\u{e0041}", "\u{200b}"] {
            let written = toml_string(text);
            assert!(!written.chars().any(is_hidden), "{written:?}");
            let table: toml::Table = format!("name = {written}").parse().unwrap();
            assert_eq!(table["name"].as_str(), Some(text));
        }
    }
}
