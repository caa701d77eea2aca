//! What can be wrong with a file and with a row of it, and what to do next.

/// Why a file cannot be read at all. The file is at fault, except for `Io`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The input failed; nothing is known about its contents.
    #[error("the input cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// No header, or no line at all.
    #[error("the file is empty: it needs a header line that names its columns")]
    Empty,
    /// A byte order mark of UTF-32.
    #[error("the file is UTF-32: save it as UTF-8 (in a spreadsheet, \"CSV UTF-8\")")]
    Utf32,
    /// The first bytes are those of a compressed or packed file.
    #[error("the file is {kind}, not text: unpack it or export it as CSV, then import that")]
    Packed {
        /// Which kind, for people.
        kind: &'static str,
    },
    /// Nothing in it is a JSON object.
    #[error("nothing in it is a JSON object: write one whole object a line (jq -c .)")]
    NoObjects,
    /// The delimiter asked for cannot delimit.
    #[error("this delimiter cannot be used: choose an ASCII byte that is no quote and no line end")]
    DelimiterUnfit,
    /// The header is one cell that holds another delimiter.
    #[error(
        "the header is one cell, and {found} stands in it: name the delimiter with --delimiter, or \
         put the header in quotes if it is one name"
    )]
    DelimiterWrong {
        /// The delimiter found, for people.
        found: &'static str,
    },
    /// The header is not a readable row.
    #[error("the header cannot be read: {reason}")]
    Header {
        /// What is wrong with it, and what to do.
        reason: Reason,
    },
    /// A dump without rows that can be read.
    #[error(
        "the dump holds no rows: COPY ... FROM stdin and INSERT ... VALUES are read, as pg_dump \
         and mysqldump write them in plain text"
    )]
    NoTable,
    /// A dump with rows of several tables.
    #[error("the dump holds rows of several tables: name one with --table; there are {names}")]
    TablesSeveral {
        /// Their names, some of them if there are many.
        names: String,
    },
    /// A table that the dump has no rows of, or a name that several have.
    #[error("the dump has no rows of that one table: name one of them in full; there are {names}")]
    TableUnknown {
        /// The names that there are.
        names: String,
    },
    /// A table that is created twice.
    #[error(
        "the dump creates the table {name} twice, with other columns: dump it alone, or name \
         another one with --table"
    )]
    TableTwice {
        /// Its name.
        name: String,
    },
    /// More tables than are supported.
    #[error("the dump has more than {max} tables: dump the one that is needed alone")]
    TablesTooMany {
        /// How many are supported.
        max: usize,
    },
    /// No columns of fixed width.
    #[error("no columns of fixed width can be told from the lines: say them with --widths")]
    NoColumns,
    /// More columns or members than are supported.
    #[error("the file has more than {max} columns: split it, or leave out what is not needed")]
    ColumnsTooMany {
        /// How many are supported.
        max: usize,
    },
}

/// A stretch of the input that was not read as a row. Places and a reason, never content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadRow {
    /// The line it begins on, counted from 1.
    pub line: u64,
    /// The offset of its first byte in the file.
    pub start: u64,
    /// The offset after its last byte, line end included.
    pub end: u64,
    /// What is wrong with it.
    pub reason: Reason,
}

/// Why a row was left out. The text says what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// Another number of cells than the header.
    #[error(
        "the row has {found} cells, the header {expected}: \
         quote cells that hold the delimiter, or add the missing cells"
    )]
    CellCount {
        /// Cells in the row.
        found: usize,
        /// Cells in the header.
        expected: usize,
    },
    /// Bytes that are no text in the file's encoding.
    #[error(
        "the row holds bytes that are no text in the file's encoding: name the \
         encoding with --encoding, or convert the file (iconv -t UTF-8)"
    )]
    NotUtf8,
    /// A cell above the limit.
    #[error("a cell that begins on line {line} is too long: shorten it, or keep it as a file")]
    CellTooLong {
        /// The line the cell begins on.
        line: u64,
    },
    /// A row above the limit, though none of its cells is.
    #[error("the row is too long: split it")]
    RowTooLong,
    /// A quote that swallows the lines after it.
    #[error(
        "the quote opened on line {line} is never closed, or closed in the middle of a later cell: \
         close it, or double the quotes that belong to the text"
    )]
    UnclosedQuote {
        /// The line the quote was opened on.
        line: u64,
    },
    /// A NUL byte.
    #[error("the row holds a NUL character: remove it, or convert the file from UTF-16 to UTF-8")]
    ControlCharacter,
    /// Blank lines beyond what is carried along.
    #[error("too many blank lines in a row: remove them")]
    BlankLines,
    /// A line, or an object of JSON, above the limit.
    #[error("the line or object is too long: split it")]
    LineTooLong,
    /// A line that is not JSON.
    #[error("it is not JSON, or cut off: write one whole object a line (jq -c .)")]
    NotJson,
    /// A line of JSON that is not an object.
    #[error("it is JSON, but no object: leave it out, or write it as one")]
    NotAnObject,
    /// A member that occurs twice.
    #[error("a member occurs twice in the object: keep one")]
    DuplicateMember,
    /// A member that is none of the columns.
    #[error(
        "a member of the object is none of the columns: the file changed while it was read, or the \
         name is too long"
    )]
    UnknownMember,
    /// A row of a dump that is not spelled as one.
    #[error("the row is not spelled as dumps spell rows: dump the table again")]
    NotSql,
    /// A dump that ends within a statement.
    #[error(
        "the dump ends within its rows, or in a comment or quote that is never closed: it is cut \
         off, dump the table again"
    )]
    DumpCut,
    /// A line of fixed width that does not fit the columns.
    #[error(
        "something stands between the columns of the line, or behind them: say the columns with \
         --widths"
    )]
    NotInColumns,
    /// A row without a key where rows are known by one.
    #[error(
        "the row has no key, or one of more than 256 bytes or with characters that nobody sees: \
         correct the column of the key"
    )]
    NoKey,
    /// A key that stood in a row before.
    #[error("a row before has the same key: leave one of them, or tell them apart")]
    KeyTwice,
    /// Arrays and objects in one another, too deep.
    #[error("arrays or objects are nested too deep: flatten the value, or write it as a string")]
    NestingTooDeep,
}

impl Reason {
    /// A stable word for reports that programs read.
    pub fn name(&self) -> &'static str {
        match self {
            Self::CellCount { .. } => "cell_count",
            Self::NotUtf8 => "not_utf8",
            Self::CellTooLong { .. } => "cell_too_long",
            Self::RowTooLong => "row_too_long",
            Self::UnclosedQuote { .. } => "unclosed_quote",
            Self::ControlCharacter => "control_character",
            Self::BlankLines => "blank_lines",
            Self::LineTooLong => "line_too_long",
            Self::NotJson => "not_json",
            Self::NotAnObject => "not_an_object",
            Self::DuplicateMember => "duplicate_member",
            Self::UnknownMember => "unknown_member",
            Self::NotInColumns => "not_in_columns",
            Self::NotSql => "not_sql",
            Self::DumpCut => "dump_cut",
            Self::NoKey => "no_key",
            Self::KeyTwice => "key_twice",
            Self::NestingTooDeep => "nesting_too_deep",
        }
    }
}
