//! Column names: none empty, no two the same.

use std::collections::{HashMap, HashSet};

/// Makes names unique without regard to case, in order: an empty one becomes `column_N`, counted
/// from 1, and one that is taken gets `#2`, `#3`.
pub(super) fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    // Where to go on counting, so that many equal names stay linear.
    let mut next: HashMap<String, usize> = HashMap::new();
    names
        .enumerate()
        .map(|(index, name)| {
            let base = match name.trim().is_empty() {
                true => format!("column_{}", index + 1),
                false => name.to_owned(),
            };
            if taken.insert(base.to_lowercase()) {
                return base;
            }
            let count = next.entry(base.to_lowercase()).or_insert(2);
            loop {
                let name = format!("{base}#{count}");
                *count += 1;
                if taken.insert(name.to_lowercase()) {
                    return name;
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::unique;

    #[test]
    fn empty_and_repeated_names_get_their_own() {
        for (names, expected) in [
            (vec!["a", "b"], vec!["a", "b"]),
            (vec!["", " ", "a"], vec!["column_1", "column_2", "a"]),
            (vec!["Name", "name", "NAME"], vec!["Name", "name#2", "NAME#3"]),
            (vec!["a", "a", "a#2", "a"], vec!["a", "a#2", "a#2#2", "a#3"]),
            (vec!["", "column_1"], vec!["column_1", "column_1#2"]),
            (vec!["É", "é"], vec!["É", "é#2"]),
        ] {
            assert_eq!(unique(names.into_iter()), expected);
        }
    }

    #[test]
    fn many_equal_names_stay_linear() {
        let names = unique(std::iter::repeat_n("a", 16_384));
        assert_eq!(names.last().map(String::as_str), Some("a#16384"));
    }
}
