//! People who do not exist, as the export of a direct-selling back office would have them.
//!
//! Their numbers pass the same checks as real ones and were drawn without regard to anybody: social
//! security numbers inside the SSA's ranges, telephone numbers from the block kept for fiction,
//! mail hosts that cannot exist, card numbers that the brands publish for tests. The generator is
//! for test data: repeatable from its seed, fast, and in no way secret.

use std::io::{self, Write};

use super::words::{FIRST, LAST, MAIL_HOSTS, RANKS, SECRETS, STREETS, TEST_CARDS, TOWNS, Town};

/// Bytes gathered before they are written.
const CHUNK_BYTES: usize = 1 << 16;

/// A column of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// The back office's own number of the person: stays open.
    DistributorId,
    /// First name.
    FirstName,
    /// Last name.
    LastName,
    /// Social security number; a few are missing, a few say `on file`.
    Ssn,
    /// E-mail address.
    Email,
    /// Telephone number.
    Phone,
    /// Date of birth, as `MM/DD/YYYY`.
    DateOfBirth,
    /// House number, street and flat.
    Address,
    /// Town.
    City,
    /// State.
    State,
    /// ZIP code.
    Zip,
    /// Card number, of three people in four.
    CardNumber,
    /// Card expiry.
    CardExpiry,
    /// Card security code, which nobody may keep.
    CardSecurityCode,
    /// Bank routing number.
    BankRouting,
    /// Bank account number.
    BankAccount,
    /// User id.
    UserName,
    /// Password, in clear text.
    Password,
    /// Rank in the business: stays open.
    Rank,
    /// When the person joined: stays open.
    JoinDate,
    /// What employees wrote about the person, of one in four.
    Notes,
}

/// Which columns an export has, and whether cells may be empty or odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// What a back office exports: 21 columns, some cells empty, a few odd.
    BackOffice,
    /// An id and ten sensitive columns, every cell filled; four of them are indexed by default.
    Narrow,
}

impl Shape {
    /// The columns, in order.
    #[must_use]
    pub fn columns(self) -> &'static [Column] {
        use Column::*;
        match self {
            Self::BackOffice => &[
                DistributorId,
                FirstName,
                LastName,
                Ssn,
                Email,
                Phone,
                DateOfBirth,
                Address,
                City,
                State,
                Zip,
                CardNumber,
                CardExpiry,
                CardSecurityCode,
                BankRouting,
                BankAccount,
                UserName,
                Password,
                Rank,
                JoinDate,
                Notes,
            ],
            Self::Narrow => &[
                DistributorId,
                FirstName,
                LastName,
                Address,
                DateOfBirth,
                CardNumber,
                BankAccount,
                Ssn,
                Email,
                Phone,
                UserName,
            ],
        }
    }
}

impl Column {
    /// Its header.
    #[must_use]
    pub fn header(self) -> &'static str {
        match self {
            Self::DistributorId => "DistributorID",
            Self::FirstName => "FirstName",
            Self::LastName => "LastName",
            Self::Ssn => "SSN",
            Self::Email => "Email",
            Self::Phone => "Phone",
            Self::DateOfBirth => "DOB",
            Self::Address => "Address",
            Self::City => "City",
            Self::State => "State",
            Self::Zip => "Zip",
            Self::CardNumber => "CardNumber",
            Self::CardExpiry => "CardExp",
            Self::CardSecurityCode => "CVV",
            Self::BankRouting => "BankRouting",
            Self::BankAccount => "BankAccount",
            Self::UserName => "UserName",
            Self::Password => "Password",
            Self::Rank => "Rank",
            Self::JoinDate => "JoinDate",
            Self::Notes => "Notes",
        }
    }

    /// Whether it says something of the person that must not be found again in clear.
    #[must_use]
    pub fn is_sensitive(self) -> bool {
        !matches!(self, Self::DistributorId | Self::Rank | Self::JoinDate)
    }
}

/// Writes an export of `people` people: a header line, then a row each. The same seed gives the
/// same people, and the first of many are the same as of few; another tenant takes another seed.
///
/// # Errors
/// Those of `out`.
pub fn write_csv(out: &mut impl Write, shape: Shape, seed: u64, people: u64) -> io::Result<()> {
    let columns = shape.columns();
    let headers: Vec<_> = columns.iter().map(|c| c.header()).collect();
    let mut chunk = Vec::with_capacity(CHUNK_BYTES + 4096);
    chunk.extend_from_slice(headers.join(",").as_bytes());
    chunk.push(b'\n');
    for number in 0..people {
        let person = Person::new(shape, seed, number);
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                chunk.push(b',');
            }
            person.write_quoted(*column, &mut chunk);
        }
        chunk.push(b'\n');
        if chunk.len() >= CHUNK_BYTES {
            out.write_all(&chunk)?;
            chunk.clear();
        }
    }
    out.write_all(&chunk)
}

/// One invented person.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    shape: Shape,
    seed: u64,
    number: u64,
}

/// Social security numbers inside the SSA's ranges: 898 areas, 99 groups, 9999 serials.
const SSNS: u64 = 898 * 99 * 9999;
const ACCOUNTS: u64 = 900_000_000_000;

impl Person {
    /// The person of this number among those of a seed.
    #[must_use]
    pub fn new(shape: Shape, seed: u64, number: u64) -> Self {
        Self { shape, seed: mix(seed), number }
    }

    /// A cell as it reads, without quotes.
    #[must_use]
    pub fn value(&self, column: Column) -> String {
        let mut cell = Vec::new();
        self.write(column, &mut cell);
        String::from_utf8(cell).unwrap_or_default()
    }

    /// A cell as it stands in CSV.
    fn write_quoted(&self, column: Column, out: &mut Vec<u8>) {
        if !matches!(column, Column::Address | Column::Notes) {
            return self.write(column, out);
        }
        let mut cell = Vec::with_capacity(80);
        self.write(column, &mut cell);
        if !cell.iter().any(|b| matches!(b, b',' | b'"' | b'\n')) {
            out.extend_from_slice(&cell);
            return;
        }
        out.push(b'"');
        for byte in cell {
            out.extend_from_slice(if byte == b'"' { b"\"\"" } else { std::slice::from_ref(&byte) });
        }
        out.push(b'"');
    }

    fn write(&self, column: Column, out: &mut Vec<u8>) {
        match column {
            Column::DistributorId => {
                out.push(b'D');
                digits(out, 1_000_000 + self.number, 7);
            }
            Column::FirstName => text(out, self.first().0),
            Column::LastName => text(out, self.last().0),
            Column::Ssn => self.ssn(out),
            Column::Email => self.email(out),
            Column::Phone => self.phone(out),
            Column::DateOfBirth => self.date_of_birth(out),
            Column::Address => self.address(out),
            Column::City => text(out, self.town().city),
            Column::State => text(out, self.town().state),
            Column::Zip => digits(out, self.town().zip * 100 + self.draw(1) % 100, 5),
            Column::CardNumber | Column::CardExpiry | Column::CardSecurityCode => {
                self.card(column, out);
            }
            Column::BankRouting => self.routing(out),
            Column::BankAccount => {
                let account = scatter(self.number, 556_231_887_619, self.seed, ACCOUNTS);
                digits(out, 100_000_000_000 + account, 12);
            }
            Column::UserName => {
                text(out, self.first().1);
                digits(out, self.number, 5);
            }
            Column::Password => self.password(out),
            Column::Rank => text(out, pick(RANKS, self.draw(2)).unwrap_or_default()),
            Column::JoinDate => self.join_date(out),
            Column::Notes => self.notes(out),
        }
    }

    /// A number that hangs on nothing but the person and what it is for.
    fn draw(&self, what: u64) -> u64 {
        mix(self.seed ^ mix(self.number.wrapping_mul(64).wrapping_add(what)))
    }

    /// Whether a cell is one of the `one_in` that are left out; never in the narrow shape.
    fn lacks(&self, what: u64, one_in: u64) -> bool {
        self.shape == Shape::BackOffice && self.draw(what).is_multiple_of(one_in)
    }

    fn first(&self) -> (&'static str, &'static str) {
        pick(FIRST, self.draw(3)).unwrap_or_default()
    }

    fn last(&self) -> (&'static str, &'static str) {
        pick(LAST, self.draw(4)).unwrap_or_default()
    }

    fn town(&self) -> &'static Town {
        const NOWHERE: Town = Town { city: "", state: "", zip: 0, area: 0 };
        TOWNS.get((self.draw(5) % TOWNS.len() as u64) as usize).unwrap_or(&NOWHERE)
    }

    fn ssn(&self, out: &mut Vec<u8>) {
        if self.lacks(6, 90) {
            return;
        }
        if self.lacks(7, 400) {
            return text(out, "on file");
        }
        let index = scatter(self.number, 618_033_989, self.seed, SSNS);
        let (area, group, serial) = (index / (99 * 9999), index / 9999 % 99, index % 9999);
        let area = if area < 665 { area + 1 } else { area + 2 };
        digits(out, area, 3);
        out.push(b'-');
        digits(out, group + 1, 2);
        out.push(b'-');
        digits(out, serial + 1, 4);
    }

    fn email(&self, out: &mut Vec<u8>) {
        text(out, self.first().1);
        out.push(b'.');
        text(out, self.last().1);
        digits(out, self.number, 1);
        out.push(b'@');
        text(out, pick(MAIL_HOSTS, self.draw(8)).unwrap_or_default());
    }

    /// 555-0100 to 555-0199 are kept for fiction.
    fn phone(&self, out: &mut Vec<u8>) {
        out.push(b'(');
        digits(out, self.town().area, 3);
        text(out, ") 555-01");
        digits(out, self.draw(9) % 100, 2);
    }

    fn date_of_birth(&self, out: &mut Vec<u8>) {
        digits(out, self.draw(10) % 12 + 1, 2);
        out.push(b'/');
        digits(out, self.draw(11) % 28 + 1, 2);
        out.push(b'/');
        digits(out, 1938 + self.draw(12) % 66, 4);
    }

    fn address(&self, out: &mut Vec<u8>) {
        digits(out, self.draw(13) % 9800 + 100, 1);
        out.push(b' ');
        text(out, pick(STREETS, self.draw(14)).unwrap_or_default());
        if self.draw(15).is_multiple_of(4) {
            text(out, ", Apt ");
            digits(out, self.draw(15) / 4 % 90 + 1, 1);
        }
    }

    fn card(&self, column: Column, out: &mut Vec<u8>) {
        if self.lacks(16, 4) {
            return;
        }
        let number = pick(TEST_CARDS, self.draw(17)).unwrap_or_default();
        match column {
            Column::CardNumber => text(out, number),
            Column::CardExpiry => {
                digits(out, self.draw(18) % 12 + 1, 2);
                out.push(b'/');
                digits(out, 26 + self.draw(18) / 12 % 5, 2);
            }
            _ => digits(out, self.draw(19) % 900 + 100, if number.len() == 15 { 4 } else { 3 }),
        }
    }

    fn routing(&self, out: &mut Vec<u8>) {
        let body = 1_100_000 + self.draw(20) % 11_000_000;
        let mut sum = 0;
        let mut rest = body;
        // From the right: the weights of the eight digits before the check digit.
        for weight in [7, 3, 1, 7, 3, 1, 7, 3] {
            sum += rest % 10 * weight;
            rest /= 10;
        }
        digits(out, body * 10 + (10 - sum % 10) % 10, 9);
    }

    fn password(&self, out: &mut Vec<u8>) {
        let dice = self.draw(21);
        text(out, pick(SECRETS, dice).unwrap_or_default());
        digits(out, dice >> 8 & 0xfff, 4);
        out.push(if dice.is_multiple_of(2) { b'!' } else { b'#' });
        text(out, pick(SECRETS, dice >> 32).unwrap_or_default());
    }

    fn join_date(&self, out: &mut Vec<u8>) {
        digits(out, 2009 + self.draw(22) % 16, 4);
        out.push(b'-');
        digits(out, self.draw(23) % 12 + 1, 2);
        out.push(b'-');
        digits(out, self.draw(24) % 28 + 1, 2);
    }

    fn notes(&self, out: &mut Vec<u8>) {
        match self.draw(25) % 16 {
            0 => {
                text(out, "Prefers calls after 5 pm at ");
                self.phone(out);
                text(out, ", spouse answers.");
            }
            1 => {
                text(out, "Checks go to ");
                self.address(out);
                text(out, " until the move is done.");
            }
            2 => {
                text(out, "Said \"call me ");
                text(out, self.first().0);
                text(out, "\" and asked twice about the bonus of June.");
            }
            3 => text(out, "Tax form came back.\nSent again to the new address by hand."),
            _ => {}
        }
    }
}

/// SplitMix64's last step: spreads a counter over all numbers of 64 bits.
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// A different number below `count` for each `n` below it; `step` must have no divisor in common
/// with `count`.
fn scatter(n: u64, step: u64, start: u64, count: u64) -> u64 {
    let sum = u128::from(n) * u128::from(step) + u128::from(start);
    (sum % u128::from(count)) as u64
}

fn pick<T: Copy>(list: &[T], dice: u64) -> Option<T> {
    list.get((dice % list.len().max(1) as u64) as usize).copied()
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// A number with leading zeros up to `width`, never cut.
fn digits(out: &mut Vec<u8>, number: u64, width: usize) {
    let mut places = [b'0'; 20];
    let (mut rest, mut used) = (number, 0);
    for place in places.iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
        used += 1;
        if rest == 0 {
            break;
        }
    }
    let start = places.len() - used.max(width).min(places.len());
    out.extend_from_slice(places.get(start..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use strongroom_core::field::FieldType;

    use super::*;

    #[test]
    fn values_pass_the_checks_of_their_types() {
        let types = [
            (Column::FirstName, FieldType::Name),
            (Column::LastName, FieldType::Name),
            (Column::Ssn, FieldType::Ssn),
            (Column::Email, FieldType::Email),
            (Column::Phone, FieldType::Phone),
            (Column::DateOfBirth, FieldType::DateOfBirth),
            (Column::Address, FieldType::Address),
            (Column::Zip, FieldType::Address),
            (Column::CardNumber, FieldType::CardNumber),
            (Column::CardExpiry, FieldType::CardExpiry),
            (Column::CardSecurityCode, FieldType::CardSecurityCode),
            (Column::BankRouting, FieldType::BankRouting),
            (Column::BankAccount, FieldType::BankAccount),
            (Column::UserName, FieldType::Username),
        ];
        for number in 0..3000 {
            let person = Person::new(Shape::Narrow, 7, number);
            for (column, kind) in types {
                let value = person.value(column);
                assert!(kind.fits(&value), "{column:?}: {value}");
            }
        }
    }

    #[test]
    fn people_are_told_apart() {
        for column in [Column::Ssn, Column::Email, Column::BankAccount, Column::UserName] {
            let values: HashSet<String> =
                (0..50_000).map(|n| Person::new(Shape::Narrow, 1, n).value(column)).collect();
            assert_eq!(values.len(), 50_000, "{column:?}");
        }
        let ssn = |seed| Person::new(Shape::Narrow, seed, 0).value(Column::Ssn);
        assert_ne!(ssn(1), ssn(2));
    }

    #[test]
    fn few_are_the_first_of_many() {
        let csv = |people| {
            let mut out = Vec::new();
            write_csv(&mut out, Shape::BackOffice, 5, people).unwrap();
            String::from_utf8(out).unwrap()
        };
        let (few, many) = (csv(3), csv(400));
        assert!(many.starts_with(&few));
        assert_eq!(few.lines().next().unwrap().split(',').count(), 21);
        assert!(many.contains("\"\"call me "), "a quoted cell with quotes in it");
    }
}
