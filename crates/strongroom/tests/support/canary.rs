//! Known values in a folder of clear inputs, and the search for them everywhere else.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

use std::fs;
use std::path::Path;

use strongroom::quickstart::people::{Column, Person, Shape, write_csv};
use strongroom::quickstart::search::{Findings, Search, VALUE_BYTES_MIN};

use super::desk::Desk;

/// Where all of a canary's people are sealed.
pub const SEAL: [&str; 4] = ["--tenant", "acme", "--collection", "people"];

/// A desk whose clear inputs lie in a folder of their own, with what is known of them.
pub struct Canary {
    /// The desk.
    pub desk: Desk,
    /// Values that may stand in clear inputs alone.
    pub known: Vec<String>,
    /// Numbers among them without separators.
    bare: Vec<String>,
}

/// A number of nine digits or more without its separators: shorter ones stand anywhere by chance.
pub fn bare(value: &str) -> Option<String> {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let number = !value.chars().any(char::is_alphabetic) && digits.len() >= 9;
    (number && digits != value).then_some(digits)
}

impl Canary {
    pub fn new(name: &str) -> Self {
        let desk = Desk::new(name);
        for folder in ["clear", "out"] {
            fs::create_dir(desk.path(folder)).unwrap();
        }
        Self { desk, known: Vec::new(), bare: Vec::new() }
    }

    /// The values of a person that are long enough to be searched for.
    fn know(&mut self, person: Person) {
        let columns = Shape::BackOffice.columns().iter().filter(|c| c.is_sensitive());
        let values = columns.map(|c| person.value(*c)).filter(|v| !v.contains('"'));
        self.learn(values.filter(|v| v.len() >= VALUE_BYTES_MIN).collect());
    }

    fn learn(&mut self, values: Vec<String>) {
        self.bare.extend(values.iter().filter_map(|value| bare(value)));
        self.known.extend(values);
    }

    /// An export of invented people, the first of whom are known.
    pub fn people(&mut self, name: &str, seed: u64, people: u64) -> Vec<u8> {
        let mut csv = Vec::new();
        write_csv(&mut csv, Shape::BackOffice, seed, people).unwrap();
        (0..people.min(40)).for_each(|n| self.know(Person::new(Shape::BackOffice, seed, n)));
        self.desk.write(&format!("clear/{name}"), &csv);
        csv
    }

    /// Values of further people, to be put where they do not belong.
    pub fn values<const N: usize>(&mut self, number: u64, columns: [Column; N]) -> [String; N] {
        let person = Person::new(Shape::Narrow, 77, number);
        let values = columns.map(|c| person.value(c));
        self.learn(values.to_vec());
        values
    }

    /// What is found where nothing may be.
    pub fn leaks(&self) -> Vec<String> {
        let search = Search::new(self.known.iter().chain(&self.bare).cloned());
        let mut findings = Findings::default();
        for entry in fs::read_dir(self.desk.path("")).unwrap() {
            let path = entry.unwrap().path();
            if !path.ends_with("clear") {
                let found = search.places(&[&path]).unwrap();
                findings.files += found.files;
                findings.hits.extend(found.hits);
            }
        }
        assert!(findings.files > 20, "only {} files were searched", findings.files);
        let printed = self.desk.printed();
        assert!(printed.len() > 100);
        search.stream(Path::new("what was printed"), printed.as_slice(), &mut findings).unwrap();
        let value = |at: &usize| String::from_utf8_lossy(&search.values()[*at]).into_owned();
        findings.hits.iter().map(|(at, hit)| format!("{}: {hit:?}", value(at))).collect()
    }

    /// The search must find everything where everything is.
    pub fn check_that_it_can_fail(&self) {
        let search = Search::new(self.known.iter().cloned());
        assert!(search.values().len() >= 200, "{} values are too few", search.values().len());
        let found = search.places(&[&self.desk.path("clear")]).unwrap().hits.len();
        assert_eq!(found, search.values().len(), "the search does not find what is there");
        let search = Search::new(self.bare.iter().cloned());
        assert!(search.values().len() >= 40, "{} numbers are too few", search.values().len());
        let mut found = Findings::default();
        let index = self.bare.join("\0").into_bytes();
        search.stream(Path::new("an index in clear"), index.as_slice(), &mut found).unwrap();
        assert_eq!(found.hits.len(), search.values().len());
    }
}
