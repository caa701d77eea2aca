//! The words of headers and what they mean, a table by language.
//!
//! Words stand without accents and in lower case. A word may mean several things at once
//! (`taxid`). It is the only place that knows how a thing is called; what words mean together is
//! said by the rules in `words`. A word that is not here says nothing. Where two languages share
//! a word, the meaning is that of the first, or the more personal one.

use std::collections::HashMap;
use std::sync::LazyLock;

mod english;
mod french;
mod german;
mod portuguese;
mod spanish;

/// Tables by language; of two that have a word the first decides.
const LANGUAGES: [&[(&str, &str)]; 5] =
    [english::WORDS, spanish::WORDS, french::WORDS, german::WORDS, portuguese::WORDS];

/// Every word: as the table spells it, and what it means.
static WORDS: LazyLock<HashMap<&str, (&str, &str)>> = LazyLock::new(|| {
    let mut all = HashMap::new();
    for (meanings, words) in LANGUAGES.into_iter().flatten() {
        for word in words.split_ascii_whitespace() {
            all.entry(word).or_insert((word, *meanings));
        }
    }
    all
});

/// Beginnings of words that speak of a private matter in several languages: health, belief, money
/// earned, a woman's condition, a crime, membership of a union.
pub(super) const STEMS: &[(&str, &str)] = &[
    ("trait care", "diagn medic psych psico psiq krank malad enferm doenc vaccin vacun vacin impf"),
    ("trait care", "allerg alerg disab discap defici handicap behinder schwerb invalid sangui"),
    ("trait", "pregn embaraz schwanger relig ethni felon salar income remuner sindic syndic"),
    ("trait", "gewerksch convict arrest criminal addict"),
    ("secret", "secret recover"),
    ("license", "licen"),
    ("taxid", "fiscal"),
    ("passport", "passport pasaport"),
];

/// The spelling of the table and the meanings of a word, also of a plural of one.
pub(super) fn look_up(word: &str) -> Option<(&'static str, &'static str)> {
    let exact = |word: &str| WORDS.get(word).copied();
    let stem = || {
        STEMS.iter().find_map(|(meanings, stems)| {
            Some((stems.split(' ').find(|stem| word.starts_with(stem))?, *meanings))
        })
    };
    let plural = || {
        let endings = ["s", "es"].into_iter();
        let mut stems = endings.filter_map(|ending| word.strip_suffix(ending));
        stems.find_map(|stem| exact(stem).filter(|_| stem.len() >= 4))
    };
    exact(word).or_else(stem).or_else(plural)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_spelt_as_headers_are_folded_and_stand_once() {
        let mut seen = std::collections::HashSet::new();
        for (meaning, words) in LANGUAGES.into_iter().flatten() {
            for word in words.split_ascii_whitespace() {
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
                let fits = word.chars().all(plain) || matches!(word, "#" | "%");
                assert!(fits, "{meaning}: {word}");
                assert!(seen.insert(word), "{meaning}: {word} stands twice");
            }
        }
    }

    #[test]
    fn a_private_matter_is_none_of_business_in_any_language() {
        for word in [
            "diagnosis",
            "diagnostico",
            "diagnostic",
            "diagnose",
            "religion",
            "religiao",
            "kirche",
            "sindicato",
            "sindicalizado",
            "syndicat",
            "gewerkschaft",
            "union",
            "partido",
            "partei",
            "discapacidad",
            "handicap",
            "behinderung",
            "schwerbehinderung",
            "deficiencia",
            "pcd",
            "disabled",
            "salario",
            "salaire",
            "gehalt",
            "remuneracao",
            "lohn",
            "sangre",
            "sang",
            "blut",
            "sangue",
            "sanguineo",
            "raza",
            "rasse",
            "raca",
            "etnia",
            "vaccinated",
        ] {
            let meanings = look_up(word).map_or("", |(_, meanings)| meanings);
            assert!(meanings.split(' ').any(|m| m == "trait"), "{word}: {meanings}");
        }
    }
}
