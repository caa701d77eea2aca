//! What a sample tells of a column as a whole, told of every stretch of it: a file may change its
//! ways after the rows that a proposal looked at.
//!
//! Counts over windows of rows that overlap by half, so that whatever fills a window and a half
//! fills one of them. Shares are those that a proposal takes; a header that speaks of business
//! makes up for one only as long as the column is what it was in its first window.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::header::Hints;
use super::people::is_known_name;
use super::sample::{Areas, Run, spread};
use super::shape::{is_bare_phone, is_full_name, is_timed, year};
use super::weigh::YEARS_OF_LIVES;
use super::words::Class;
use crate::field::FieldType;

/// How many filled cells a window has.
const CELLS: u32 = 1000;

/// How many it has at least where the file ends.
const CELLS_MIN: u32 = 300;

/// So many cells may begin or end with a common name of people.
const KNOWN_SHARE: f64 = 0.3;

/// A header that makes up for what values look like.
const HINT_MIN: f64 = 6.0;

/// Values of a type that the cells of a window may be, by the look of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Likely {
    /// The type.
    pub kind: FieldType,
    /// How many look so.
    pub count: u32,
    /// Of how many cells.
    pub of: u32,
    /// The line of the first of those cells.
    pub line: u64,
}

/// The windows of one column.
pub(super) struct Windows {
    class: Class,
    /// Whether the header says too little.
    weak: bool,
    two: [Window; 2],
    filled: u64,
    /// What the first one was.
    first: Option<Shares>,
    likely: Option<Likely>,
}

/// One window.
#[derive(Default)]
struct Window {
    line: u64,
    filled: u32,
    ssn: u32,
    routing: u32,
    phone: u32,
    birth: u32,
    name: u32,
    known: u32,
    timed: u32,
    years: Vec<u32>,
    areas: Areas,
    run: Run,
    /// A bit for each hash of a name, of as many as are in a window.
    names: [u64; 16],
}

/// What one cell looks like.
#[derive(Default)]
struct Look {
    nine: bool,
    ssn: bool,
    routing: bool,
    phone: bool,
    birth: bool,
    timed: bool,
    known: bool,
    name: Option<u64>,
    year: Option<u32>,
    number: Option<u64>,
}

/// Shares of a window, and over how many years its dates lie.
struct Shares {
    ssn: f64,
    phone: f64,
    birth: f64,
    name: f64,
    known: f64,
    years: usize,
}

impl Windows {
    pub(super) fn new(class: Class, header: &str) -> Self {
        let weak = Hints::of(header).weight(class) < HINT_MIN;
        Self { class, weak, two: Default::default(), filled: 0, first: None, likely: None }
    }

    /// Takes note of a cell that is not empty.
    pub(super) fn observe(&mut self, line: u64, value: &str) {
        if self.likely.is_some() || self.class == Class::Flag {
            return;
        }
        let look = Look::of(self.class, value);
        self.filled += 1;
        let late = self.filled > u64::from(CELLS / 2);
        for at in 0..if late { 2 } else { 1 } {
            let Some(window) = self.two.get_mut(at) else { continue };
            window.add(line, &look, value);
            if window.filled == CELLS {
                let full = std::mem::take(window);
                self.likely = self.likely.or(self.judge(&full));
                self.first.get_or_insert_with(|| full.shares());
            }
        }
    }

    /// What the column may hold, where a window says so.
    pub(super) fn likely(&self) -> Option<Likely> {
        let ends = || self.two.iter().filter(|window| window.filled >= CELLS_MIN);
        self.likely.or_else(|| ends().find_map(|window| self.judge(window)))
    }

    fn judge(&self, window: &Window) -> Option<Likely> {
        let (kind, count) = match self.class {
            Class::Code | Class::Amount => self.number(window),
            Class::Event => self.births(window),
            _ => self.names(window),
        }?;
        Some(Likely { kind, count, of: window.filled, line: window.line })
    }

    /// Whether a share is too much, and was not so from the first.
    fn above(&self, share: f64, most: f64, first: impl Fn(&Shares) -> f64) -> bool {
        let changed = || self.first.as_ref().is_some_and(|shares| first(shares) < most / 2.0);
        share > most && (self.weak || changed())
    }

    fn number(&self, window: &Window) -> Option<(FieldType, u32)> {
        if window.run.is_dense(window.filled) {
            return None;
        }
        let shares = window.shares();
        let all_ssn = shares.ssn >= 0.999 && window.areas.len() >= 100;
        match () {
            () if window.share(window.routing) > 0.5 => {
                Some((FieldType::BankRouting, window.routing))
            }
            () if all_ssn || self.above(shares.ssn, 0.8, |first| first.ssn) => {
                Some((FieldType::Ssn, window.ssn))
            }
            () if self.above(shares.phone, 0.9, |first| first.phone) => {
                Some((FieldType::Phone, window.phone))
            }
            () if self.above(shares.birth, 0.9, |first| first.birth) => {
                Some((FieldType::DateOfBirth, window.birth))
            }
            () => None,
        }
    }

    /// Dates over so many years, without a time of day, are lives.
    fn births(&self, window: &Window) -> Option<(FieldType, u32)> {
        let years = window.shares().years;
        let changed = || self.first.as_ref().is_some_and(|first| first.years < YEARS_OF_LIVES / 2);
        let lives = years >= YEARS_OF_LIVES && window.timed == 0 && (self.weak || changed());
        lives.then(|| (FieldType::DateOfBirth, window.years.iter().sum()))
    }

    /// Many names of people. Ranks and countries may be written so, but are few.
    fn names(&self, window: &Window) -> Option<(FieldType, u32)> {
        let distinct: u32 = window.names.iter().map(|bits| bits.count_ones()).sum();
        let share = window.share(window.name);
        let many = self.class != Class::Label && share > 0.8 && distinct >= window.filled / 4;
        if self.above(window.share(window.known), KNOWN_SHARE, |first| first.known) {
            return Some((FieldType::Name, window.known));
        }
        let names = many || (distinct >= 10 && self.above(share, 0.8, |first| first.name));
        names.then_some((FieldType::Name, window.name))
    }
}

impl Window {
    fn add(&mut self, line: u64, look: &Look, value: &str) {
        if self.filled == 0 {
            self.line = line;
        }
        self.filled += 1;
        self.ssn += u32::from(look.ssn);
        self.routing += u32::from(look.routing);
        self.phone += u32::from(look.phone);
        self.birth += u32::from(look.birth);
        self.timed += u32::from(look.timed);
        self.known += u32::from(look.known);
        if look.nine {
            self.areas.insert(value.as_bytes());
        }
        if let Some(number) = look.number {
            self.run.add(number);
        }
        if let Some(hash) = look.name {
            self.name += 1;
            if let Some(bits) = self.names.get_mut((hash / 64 % 16) as usize) {
                *bits |= 1 << (hash % 64);
            }
        }
        if let Some(year) = look.year {
            self.years.resize(201, 0);
            if let Some(count) = self.years.get_mut(year as usize - 1900) {
                *count += 1;
            }
        }
    }

    fn share(&self, count: u32) -> f64 {
        f64::from(count) / f64::from(self.filled.max(1))
    }

    fn shares(&self) -> Shares {
        Shares {
            ssn: self.share(self.ssn),
            phone: self.share(self.phone),
            birth: self.share(self.birth),
            name: self.share(self.name),
            known: self.share(self.known),
            years: spread(&self.years).unwrap_or(0),
        }
    }
}

impl Look {
    fn of(class: Class, value: &str) -> Self {
        let mut look = Self::default();
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        match class {
            Class::Code | Class::Amount if digits == value.len() => {
                look.number = value.parse().ok();
                look.nine = digits == 9;
                look.ssn = look.nine && FieldType::Ssn.fits(value);
                look.routing = look.nine && FieldType::BankRouting.fits(value);
                look.phone = is_bare_phone(value.as_bytes());
                look.birth = digits == 8 && FieldType::DateOfBirth.fits(value);
            }
            Class::Code | Class::Amount => {
                let written = (6..=10).contains(&value.len()) && value.contains(['-', '/', '.']);
                look.birth = digits >= 4 && written && FieldType::DateOfBirth.fits(value);
            }
            Class::Event => (look.year, look.timed) = (year(value), is_timed(value)),
            _ if digits == 0 && is_full_name(value) => {
                look.known = is_known_name(value);
                let mut hasher = DefaultHasher::new();
                value.hash(&mut hasher);
                look.name = Some(hasher.finish());
            }
            _ => look.known = digits == 0 && is_known_name(value),
        }
        look
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is likely of a column whose later cells are others, and on which line.
    fn after(class: Class, header: &str, cell: &dyn Fn(u64) -> String) -> Option<(FieldType, u64)> {
        let mut windows = Windows::new(class, header);
        for row in 0..9000 {
            windows.observe(row + 2, &cell(row));
        }
        windows.likely().map(|likely| (likely.kind, likely.line))
    }

    /// A number without order, below 10^9.
    fn odd(row: u64) -> u64 {
        row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 34 & 0x1fff_ffff
    }

    fn ssn(row: u64) -> String {
        format!("{:03}{:02}{:04}", odd(row) % 665 + 1, row % 99 + 1, odd(row) % 9999 + 1)
    }

    fn name(row: u64) -> String {
        let letter = |n: u64| char::from(b'a' + (n % 26) as u8);
        format!("Ad{}a Ar{}her{}", letter(row), letter(row / 26), letter(row / 676))
    }

    #[test]
    fn what_comes_after_the_sample_is_told_of_its_own_stretch() {
        for header in ["OrderID", "Order ID", "thing"] {
            for from in [5000, 5300, 7700] {
                let late = |row| if row < from { format!("{}", row + 1) } else { ssn(row) };
                let (kind, line) = after(Class::Code, header, &late).unwrap();
                assert_eq!(kind, FieldType::Ssn, "{header}");
                assert!((from - 700..from + 700).contains(&line), "{header}: {line} for {from}");
            }
        }
        for (class, header) in
            [(Class::Kind, "Status"), (Class::Kind, "Country"), (Class::Label, "Product")]
        {
            let late = |row| if row < 5000 { "Tofu".to_owned() } else { name(row) };
            assert_eq!(after(class, header, &late).unwrap().0, FieldType::Name, "{header}");
        }
        let late = |row| {
            let year = if row < 5000 { 2020 + row % 4 } else { 1930 + odd(row) % 75 };
            format!("{year}-{:02}-15", row % 12 + 1)
        };
        assert_eq!(after(Class::Event, "JoinDate", &late).unwrap().0, FieldType::DateOfBirth);
    }

    #[test]
    fn a_column_that_stays_what_it_was_is_business() {
        let kinds = ["Diamond Director", "In Progress", "New Zealand", "Not Started"];
        for (class, header, cell) in [
            (
                Class::Code,
                "Order ID",
                &(|row: u64| format!("{}", 99_995_000 + row)) as &dyn Fn(u64) -> String,
            ),
            (Class::Code, "Order ID", &|row| format!("{}", 100_000_000 + odd(row))),
            (Class::Amount, "Amount", &|row| format!("{}.50", odd(row) % 1000)),
            (Class::Kind, "Status", &|row| kinds[row as usize % 4].to_owned()),
            (Class::Label, "Product Name", &name),
            (Class::Event, "Order Date", &|row| format!("{}-01-15", 2001 + row % 20)),
        ] {
            assert_eq!(after(class, header, cell), None, "{header}");
        }
        let few = |row: u64| if row < 8800 { row.to_string() } else { ssn(row) };
        assert_eq!(after(Class::Code, "Order ID", &few), None, "less than a window can tell");
    }
}
