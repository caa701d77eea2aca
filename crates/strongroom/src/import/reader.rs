//! The reader: a file's columns, then its rows in batches.

use std::io::{Error, Read};

use super::batch::Batch;
use super::delimited::Delimited;
use super::error::ReadError;
use super::feed::Feed;
use super::fixed::FixedRows;
use super::format::Format;
use super::header;
use super::json::JsonRows;
use super::json_items::Items;
use super::layout::Layout;
use super::limits::Limits;
use super::names;
use super::row_text;
use super::sql::SqlRows;
use super::window::Window;

/// Reads a file row by row. It holds cleartext, so it has no `Debug`.
pub struct Reader<R> {
    feed: Feed<R>,
    rows: Rows,
    columns: Vec<String>,
    header: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Ended,
    Failed,
}

enum Rows {
    Delimited(Delimited),
    Json(JsonRows),
    Fixed(FixedRows),
    Items(JsonRows, Items),
    Sql(SqlRows),
}

impl<R: Read> Reader<R> {
    /// Opens an input and reads its header.
    ///
    /// `members` are the columns of JSON Lines, as [`super::json_columns`] found them in an earlier
    /// pass; a CSV brings its own, and they are ignored.
    ///
    /// # Errors
    /// The input fails, it is not UTF-8 text, its header cannot be read, or the delimiter is
    /// obviously another one.
    pub fn open(input: R, format: Format, members: &[String]) -> Result<Self, ReadError> {
        Self::open_with(input, format, members, Limits::default())
    }

    /// [`Self::open`] with other limits.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub fn open_with(
        input: R,
        format: Format,
        members: &[String],
        limits: Limits,
    ) -> Result<Self, ReadError> {
        let layout = Layout { members: members.to_vec(), ..Layout::of(format) };
        Self::open_layout(input, &layout, limits)
    }

    /// Opens the text of a file whose layout is known.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub fn open_layout(input: R, layout: &Layout, limits: Limits) -> Result<Self, ReadError> {
        let limits = limits.clamped();
        let members = &layout.members;
        let mut window = Window::of_units(input, layout.units);
        let mut header = header::read_mark(&mut window)?;
        let (rows, columns) = match layout.format {
            Format::Delimited { delimiter, header: named } => {
                let (rows, columns) =
                    header::read(&mut window, &mut header, (delimiter, named), &limits)?;
                (Rows::Delimited(rows), columns)
            }
            Format::JsonLines => {
                let columns = names::unique(members.iter().map(String::as_str));
                (Rows::Json(JsonRows::new(members, &limits)), columns)
            }
            Format::Fixed { header: named } => {
                let fixed = &layout.fixed;
                let (rows, columns) =
                    FixedRows::open(&mut window, &mut header, fixed, named, &limits)?;
                (Rows::Fixed(rows), columns)
            }
            Format::JsonItems => {
                let columns = names::unique(members.iter().map(String::as_str));
                (Rows::Items(JsonRows::new(members, &limits), Items::new()), columns)
            }
            Format::Sql => {
                let (dialect, table) = layout.dump.as_ref().ok_or(ReadError::NoTable)?;
                let columns = names::unique(table.columns.iter().map(String::as_str));
                header.extend_from_slice(row_text::header(columns.iter()).as_bytes());
                (Rows::Sql(SqlRows::new(*dialect, table, &limits)), columns)
            }
        };
        let feed = Feed::new(window, limits);
        Ok(Self { feed, rows, columns, header, state: State::Reading })
    }

    /// The names of the columns, no two the same, not even in another case.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The bytes before the first row: byte order mark, and the header of a CSV with its line end.
    /// To be written back as they are.
    pub fn header_raw(&self) -> &[u8] {
        &self.header
    }

    /// How many bytes have been read and handed over.
    pub fn position(&self) -> u64 {
        self.feed.position()
    }

    /// Reads up to `rows_max` rows, good and bad, into a batch, whose contents are dropped. False
    /// once the end is reached: this batch is the last one, and may hold rows.
    ///
    /// A batch is handed over early once it holds what [`Limits`] allow.
    ///
    /// # Errors
    /// The input fails. The batch is empty then, and the rows it would have held are lost: every
    /// later call fails too, so that the failure cannot be taken for the end of the file.
    pub fn read_batch(&mut self, rows_max: usize, batch: &mut Batch) -> Result<bool, ReadError> {
        batch.clear(self.columns.len());
        if self.state == State::Failed {
            return Err(Error::other("the input failed before").into());
        }
        while self.state == State::Reading && !self.feed.is_full(batch, rows_max) {
            let more = match &mut self.rows {
                Rows::Delimited(rows) => self.feed.read_row(rows, batch),
                Rows::Json(rows) => self.feed.read_line(rows, batch),
                Rows::Fixed(rows) => self.feed.read_fixed(rows, batch),
                Rows::Items(rows, items) => self.feed.read_item(rows, items, batch),
                Rows::Sql(rows) => self.feed.read_sql(rows, batch),
            };
            match more {
                Ok(true) => {}
                Ok(false) => {
                    self.state = State::Ended;
                    self.feed.end(batch);
                }
                Err(error) => {
                    self.state = State::Failed;
                    batch.clear(self.columns.len());
                    return Err(error.into());
                }
            }
        }
        Ok(self.state == State::Reading)
    }

    /// How much memory it holds between batches.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.feed.held_bytes()
    }
}
