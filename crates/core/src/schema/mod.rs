//! Schemas: what becomes of each column of a collection, and proposals of them.
//!
//! A schema names columns and types and holds no value. It must never be built by guessing alone:
//! a proposal says what it saw and how sure it is, and a person decides.

mod decide;
mod dictionary;
mod error;
#[cfg(test)]
mod grounds_tests;
mod guard;
mod header;
mod parse;
mod people;
#[cfg(test)]
mod private_tests;
mod proposal;
mod propose;
mod sample;
mod shape;
#[cfg(test)]
mod tests;
mod weigh;
mod window;
mod words;

use serde_json::{Value, json};

use crate::field::{
    FieldType, Storage, brand, fold, is_grouped_ssn, is_written_date, is_written_phone, personal_in,
};
use crate::text::toml_string;

pub use error::SchemaError;
pub use guard::{Breach, Guard, is_held};
pub use proposal::{Proposal, ProposedColumn};
pub use propose::Proposer;
pub use window::Likely;

/// The most columns of a schema.
pub const COLUMNS_MAX: usize = 1024;

/// The longest column name, in bytes.
pub const NAME_BYTES_MAX: usize = 128;

/// What becomes of each column, in the order of the columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// The columns. [`Schema::new`] and [`Schema::from_toml`] check them.
    pub columns: Vec<Column>,
}

/// One column of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The header as written.
    pub name: String,
    /// What becomes of the column's values.
    pub treatment: Treatment,
}

/// What becomes of a column's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Treatment {
    /// Sealed as a type, and found again by equality when indexed.
    Seal {
        /// The type.
        kind: FieldType,
        /// Whether the equality index holds the values' normal forms. Any sealed type may be
        /// indexed; equal values of an indexed column are then seen to be equal by whoever reads
        /// the store.
        index: bool,
    },
    /// Kept as verifiers, which say whether a password is right and nothing else.
    Verify,
    /// Left out of what is stored and given back: security codes.
    Drop {
        /// The type, `card_security_code`.
        kind: FieldType,
    },
    /// Left as it stands.
    Clear {
        /// Why that is right.
        reason: String,
    },
    /// Left as it stands, and what rows are known by: one with the key of a record is that
    /// record's. A collection has one such column or none.
    Key {
        /// Why it may be seen.
        reason: String,
    },
}

impl Schema {
    /// A schema of these columns.
    ///
    /// # Errors
    /// When there are too many columns, or a name is unfit or there twice.
    pub fn new(columns: Vec<Column>) -> Result<Self, SchemaError> {
        check_headers(columns.iter().map(|column| column.name.as_str()))?;
        let mut keys = columns.iter().enumerate().filter(|(_, column)| column.is_key());
        if let Some((at, _)) = keys.nth(1) {
            return Err(SchemaError::SecondKey { column: at + 1 });
        }
        Ok(Self { columns })
    }

    /// The column that rows are known by.
    #[must_use]
    pub fn key(&self) -> Option<&Column> {
        self.columns.iter().find(|column| column.is_key())
    }

    /// Reads the TOML form.
    ///
    /// # Errors
    /// Names the line and, where it is known, the column, and says what to do.
    pub fn from_toml(text: &str) -> Result<Self, SchemaError> {
        parse::schema(text)
    }

    /// The TOML form, which [`Schema::from_toml`] reads back.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        for (at, column) in self.columns.iter().enumerate() {
            if at > 0 {
                out.push('\n');
            }
            column.write_toml(&mut out);
        }
        out
    }

    /// `{"columns":[{"name","type","index"}|{"name","clear"}|{"name","key"}]}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "columns": self.columns.iter().map(Column::to_json).collect::<Vec<_>>() })
    }

    /// The column of this name and its place, without regard to case and surrounding white space.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<(usize, &Column)> {
        self.columns.iter().enumerate().find(|(_, column)| is_same_header(&column.name, name))
    }
}

impl Column {
    fn is_key(&self) -> bool {
        matches!(self.treatment, Treatment::Key { .. })
    }

    /// The column as a JSON object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.treatment {
            Treatment::Seal { kind, index } => {
                json!({ "name": self.name, "type": kind.name(), "index": index })
            }
            Treatment::Verify => {
                json!({ "name": self.name, "type": FieldType::Password.name(), "index": false })
            }
            Treatment::Drop { kind } => {
                json!({ "name": self.name, "type": kind.name(), "index": false })
            }
            Treatment::Clear { reason } => json!({ "name": self.name, "clear": reason }),
            Treatment::Key { reason } => json!({ "name": self.name, "key": reason }),
        }
    }

    fn write_toml(&self, out: &mut String) {
        out.push_str("[[column]]\nname = ");
        out.push_str(&toml_string(&self.name));
        match &self.treatment {
            Treatment::Seal { kind, index } => {
                out.push_str("\ntype = \"");
                out.push_str(kind.name());
                out.push_str(if *index { "\"\nindex = true" } else { "\"\nindex = false" });
            }
            Treatment::Verify => out.push_str("\ntype = \"password\""),
            Treatment::Drop { kind } => {
                out.push_str("\ntype = \"");
                out.push_str(kind.name());
                out.push('"');
            }
            Treatment::Clear { reason } => {
                out.push_str("\nclear = ");
                out.push_str(&toml_string(reason));
            }
            Treatment::Key { reason } => {
                out.push_str("\nkey = ");
                out.push_str(&toml_string(reason));
            }
        }
        out.push('\n');
    }
}

impl Treatment {
    /// The treatment a type has when nothing else is said.
    #[must_use]
    pub fn of(kind: FieldType) -> Self {
        match kind.storage() {
            Storage::Sealed => Self::Seal { kind, index: kind.indexed_by_default() },
            Storage::VerifyOnly => Self::Verify,
            Storage::NeverStored => Self::Drop { kind },
        }
    }

    /// The type of a column that is not left clear.
    #[must_use]
    pub fn kind(&self) -> Option<FieldType> {
        match self {
            Self::Seal { kind, .. } | Self::Drop { kind } => Some(*kind),
            Self::Verify => Some(FieldType::Password),
            Self::Clear { .. } | Self::Key { .. } => None,
        }
    }
}

/// Whether these headers can be the columns of a schema.
///
/// # Errors
/// When there are too many, or one is unfit or there twice without regard to case.
pub fn check_headers<'a>(headers: impl Iterator<Item = &'a str>) -> Result<(), SchemaError> {
    let mut seen = std::collections::HashSet::new();
    for (at, name) in headers.enumerate() {
        let column = at + 1;
        if column > COLUMNS_MAX {
            return Err(SchemaError::TooManyColumns);
        }
        if !is_column_name(name) {
            return Err(SchemaError::Name { column });
        }
        if !seen.insert(name.trim().to_lowercase()) {
            return Err(SchemaError::Twice { column });
        }
    }
    Ok(())
}

/// The first header that is itself a personal value, as its place. A file with one has no header
/// line, and its first person would be taken for names of columns.
#[must_use]
pub fn looks_like_data(headers: &[String]) -> Option<usize> {
    headers.iter().position(|header| is_personal(header))
}

/// Whether a cell holds what is plainly a person's, whatever its column says: an e-mail address, a
/// grouped social security number, a card number, a telephone number as people write it, alone or
/// inside a text.
#[must_use]
pub fn is_plainly_personal(value: &str) -> bool {
    !personal_in(value).is_empty()
}

fn is_personal(cell: &str) -> bool {
    let folded = fold(cell.trim());
    let cell = &*folded;
    // A month or a year may well stand in a header beside other words, so of words only numbers
    // and addresses are looked at.
    let apart = |c: char| c.is_whitespace() || ",;:=()[]<>\"'".contains(c);
    is_number(cell, 7)
        || is_grouped_ssn(cell)
        || is_written_phone(cell)
        || is_written_date(cell)
        || is_grouped_ssn_or_card(cell)
        || is_plainly_personal(cell)
        || cell.split(apart).any(|word| {
            is_number(word, 9)
                || FieldType::Email.fits(word)
                // Names are put together with these, and may be with a value.
                || word.split(['.', '_', '/', '#', '|']).any(is_grouped_ssn_or_card)
        })
}

fn is_grouped_ssn_or_card(part: &str) -> bool {
    is_grouped_ssn(part) || brand(part).is_some()
}

fn is_number(text: &str, digits_min: usize) -> bool {
    text.len() >= digits_min && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_column_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && !name.trim().is_empty()
        && !name.chars().any(char::is_control)
}

/// Whether two headers name one column: without regard to case and surrounding white space.
#[must_use]
pub fn is_same_header(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    one.to_lowercase() == other.to_lowercase()
}
