//! Rows of JSON Lines, through `serde_json`. Values are borrowed from the line as `RawValue`s, so
//! where each stands is known, and what is not replaced is written back as it was.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::Read;

use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::batch::{Batch, Kind, Span};
use super::error::{ReadError, Reason};
use super::header::read_mark;
use super::json_visit::{Depth, WithText};
use super::limits::Limits;
use super::window::{Line, LineEnds, Window};

/// Names the members of all objects of a file of JSON Lines, in order of first appearance, in
/// constant memory. Lines that cannot be read are passed over: [`super::Reader`] reports them.
///
/// # Errors
/// The input fails, holds no object, or holds more names than [`Limits::members_max`].
pub fn json_columns(input: impl Read, limits: &Limits) -> Result<Vec<String>, ReadError> {
    let mut window = Window::new(input);
    read_mark(&mut window)?;
    let mut names = Names {
        list: Vec::new(),
        known: HashSet::new(),
        fresh: Vec::new(),
        bytes_max: limits.member_bytes_max,
    };
    let (mut lines, mut objects) = (0_u64, 0_u64);
    loop {
        match window.line(limits.line_bytes_max)? {
            Line::End => break,
            Line::TooLong => window.skip_line(0, LineEnds::Lf)?,
            Line::Whole(length) => {
                let bytes = window.bytes().get(..length).unwrap_or_default();
                lines += u64::from(!bytes.trim_ascii().is_empty());
                objects += u64::from(names.read_line(bytes));
                window.consume(length, 1);
            }
        }
        if names.list.len() > limits.members_max {
            return Err(ReadError::ColumnsTooMany { max: limits.members_max });
        }
    }
    match (lines, objects) {
        (0, _) => Err(ReadError::Empty),
        (_, 0) => Err(ReadError::NoObjects),
        _ => Ok(names.list),
    }
}

/// The names found so far.
struct Names {
    list: Vec<String>,
    known: HashSet<String>,
    /// Those of the current line: they count once the line turns out well.
    fresh: Vec<String>,
    bytes_max: usize,
}

impl Names {
    /// Whether the line is an object; only then are its names taken.
    fn read_line(&mut self, line: &[u8]) -> bool {
        self.fresh.clear();
        let Ok(line) = std::str::from_utf8(line) else { return false };
        let mut json = serde_json::Deserializer::from_str(line);
        let read = json.deserialize_map(&mut *self).and_then(|()| json.end());
        if read.is_ok() {
            for name in self.fresh.drain(..) {
                if self.known.insert(name.clone()) {
                    self.list.push(name);
                }
            }
        }
        read.is_ok()
    }
}

impl<'de> Visitor<'de> for &mut Names {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let take = |names: &mut Names, name: &str| {
            if name.len() <= names.bytes_max && !names.known.contains(name) {
                names.fresh.push(name.to_owned());
            }
            name.len() <= names.bytes_max
        };
        while let Some(fits) =
            map.next_key_seed(WithText(|name: &str, _: bool| take(&mut *self, name)))?
        {
            if !fits {
                return Err(A::Error::custom("a name is too long"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// What is known of the rows of one file.
pub(super) struct JsonRows {
    members: Vec<String>,
    columns: HashMap<String, usize>,
    cell_bytes_max: usize,
}

impl JsonRows {
    pub(super) fn new(members: &[String], limits: &Limits) -> Self {
        let mut columns = HashMap::new();
        for (column, member) in members.iter().enumerate() {
            columns.entry(member.clone()).or_insert(column);
        }
        Self { members: members.to_vec(), columns, cell_bytes_max: limits.cell_bytes_max }
    }

    /// Reads the object on a line, and puts its cells into the batch as if the line came next in
    /// its arena.
    pub(super) fn read_line(
        &self,
        line: &str,
        line_number: u64,
        batch: &mut Batch,
    ) -> Result<(), Reason> {
        let first = batch.cells.len();
        batch.cells.resize(first + self.members.len(), Span::default());
        let mut row = RowVisitor { rows: self, line, line_number, first, batch, fault: None };
        let mut json = serde_json::Deserializer::from_str(line);
        match json.deserialize_map(&mut row).and_then(|()| json.end()) {
            Ok(()) => Ok(()),
            Err(error) => Err(row.fault.unwrap_or(match error.classify() {
                Category::Data => Reason::NotAnObject,
                Category::Io | Category::Syntax | Category::Eof => Reason::NotJson,
            })),
        }
    }

    /// The column of a member. Most rows have their members in the same order, so the next column
    /// is tried first.
    fn column(&self, name: &str, next: usize) -> Option<usize> {
        match self.members.get(next) {
            Some(member) if member == name => Some(next),
            _ => self.columns.get(name).copied(),
        }
    }
}

struct RowVisitor<'a> {
    rows: &'a JsonRows,
    line: &'a str,
    line_number: u64,
    /// Where the row's cells begin in the batch.
    first: usize,
    batch: &'a mut Batch,
    fault: Option<Reason>,
}

impl<'de> Visitor<'de> for &mut RowVisitor<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut next = 0;
        while let Some(column) =
            map.next_key_seed(WithText(|name: &str, _: bool| self.rows.column(name, next)))?
        {
            let value = map.next_value::<&RawValue>()?;
            let kept = column.ok_or(Reason::UnknownMember).and_then(|column| {
                next = column + 1;
                self.keep(column, value.get())
            });
            if let Err(reason) = kept {
                self.fault = Some(reason);
                return Err(A::Error::custom("the row is bad"));
            }
        }
        Ok(())
    }
}

impl RowVisitor<'_> {
    /// Keeps a member's value. `raw` is a part of the line.
    fn keep(&mut self, column: usize, raw: &str) -> Result<(), Reason> {
        let from = raw.as_ptr().addr().wrapping_sub(self.line.as_ptr().addr());
        let start = (self.batch.raw.len() + from) as u32;
        let end = start + raw.len() as u32;
        let mut span = Span { start, end, value_start: start, value_end: end, ..Span::default() };
        match raw.as_bytes().first() {
            Some(b'n') => (span.kind, span.value_end) = (Kind::Null, start),
            Some(b'"') => self.unescape(raw, &mut span)?,
            first => {
                if matches!(first, Some(b'[' | b'{')) && is_too_deep(raw) {
                    return Err(Reason::NestingTooDeep);
                }
                span.kind = Kind::Literal;
            }
        }
        if (span.value_end - span.value_start) as usize > self.rows.cell_bytes_max {
            return Err(Reason::CellTooLong { line: self.line_number });
        }
        match self.batch.cells.get_mut(self.first + column) {
            Some(cell) if cell.kind == Kind::Missing => *cell = span,
            Some(_) => return Err(Reason::DuplicateMember),
            None => return Err(Reason::UnknownMember),
        }
        self.batch.order.push(column as u32);
        Ok(())
    }

    fn unescape(&mut self, raw: &str, span: &mut Span) -> Result<(), Reason> {
        let mut json = serde_json::Deserializer::from_str(raw);
        let text = &mut self.batch.text;
        let keep = WithText(|value: &str, borrowed: bool| {
            if borrowed {
                // Nothing was escaped: the value stands between the quotes.
                (span.value_start, span.value_end) = (span.start + 1, span.end - 1);
            } else {
                span.value_start = text.len() as u32;
                text.push_str(value);
                (span.value_end, span.moved) = (text.len() as u32, true);
            }
        });
        span.kind = Kind::Quoted;
        // A `RawValue` may still hold half a surrogate pair.
        json.deserialize_str(keep).map_err(|_| Reason::NotJson)
    }
}

/// Whether a nested value is deeper than `serde_json` itself follows: whoever reads it later could
/// not.
fn is_too_deep(raw: &str) -> bool {
    match serde_json::from_str::<Depth>(raw) {
        Ok(Depth) => false,
        // There is no other way to tell; a test (`nesting_is_allowed_as_far_...`) holds the
        // wording.
        Err(error) => error.to_string().starts_with("recursion limit exceeded"),
    }
}
