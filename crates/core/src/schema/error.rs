//! What can be wrong with a schema. An error names places and columns, never a cell's value: a
//! name that is itself a personal value is left out (a file without a header line brings such).

use thiserror::Error;

use crate::field::FieldType;

/// Why a schema was refused. It is for whoever wrote the schema, or the file, to mend.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The text is no TOML.
    #[error(
        "line {line} is not valid TOML; write `[[column]]`, then `name = \"...\"` and `type = \
             \"...\"`"
    )]
    Syntax {
        /// The line, from 1 on.
        line: usize,
    },
    /// There is no `[[column]]`.
    #[error("the schema has no columns; write a `[[column]]` for each column of the file")]
    NoColumns,
    /// There are more columns than a schema may have.
    #[error("more than 1024 columns; split the file into several collections")]
    TooManyColumns,
    /// A key that has no meaning.
    #[error("line {line}{}: unknown key; a column has `name`, and `type` with `index`, \
             `clear` or `key`", of(.column))]
    UnknownKey {
        /// The line, from 1 on.
        line: usize,
        /// The column's name, where it may be shown.
        column: Option<String>,
    },
    /// A type that does not exist.
    #[error("line {line}{}: unknown type; known are {}", of(.column), known_types())]
    UnknownType {
        /// The line, from 1 on.
        line: usize,
        /// The column's name, where it may be shown.
        column: Option<String>,
    },
    /// A key whose value is of another sort.
    #[error("line {line}{}: `{key}` must be {wanted}", of(.column))]
    WrongSort {
        /// The line, from 1 on.
        line: usize,
        /// The column's name, where it may be shown.
        column: Option<String>,
        /// The key.
        key: &'static str,
        /// What stands there in a schema that is right.
        wanted: &'static str,
    },
    /// A column without a name.
    #[error("line {line}: the column has no `name`; write the header as it stands in the file")]
    NoName {
        /// The line, from 1 on.
        line: usize,
    },
    /// A column with several of `type`, `clear` and `key`, or none.
    #[error("line {line}{}: write `type`, `clear` or `key`, and one of them", of(.column))]
    TypeOrClear {
        /// The line, from 1 on.
        line: usize,
        /// The column's name, where it may be shown.
        column: Option<String>,
    },
    /// An index on a column that can have none.
    #[error("line {line}{}: only a sealed column has an index; leave `index` out", of(.column))]
    IndexUnfit {
        /// The line, from 1 on.
        line: usize,
        /// The column's name, where it may be shown.
        column: Option<String>,
    },
    /// A second column that rows would be known by.
    #[error("column {column}: another column is the key; keep `key` in one of them")]
    SecondKey {
        /// The column's place, from 1 on.
        column: usize,
    },
    /// A name that no column may have.
    #[error(
        "column {column}: a name has 1 to 128 bytes and no control characters; rename it in the \
             file"
    )]
    Name {
        /// The column's place, from 1 on.
        column: usize,
    },
    /// A name that another column has.
    #[error(
        "column {column}: another column has this name, without regard to case; rename one in \
             the file"
    )]
    Twice {
        /// The column's place, from 1 on.
        column: usize,
    },
}

fn of(column: &Option<String>) -> String {
    column.as_ref().map(|name| format!(", column `{name}`")).unwrap_or_default()
}

fn known_types() -> String {
    FieldType::ALL.map(FieldType::name).join(", ")
}
