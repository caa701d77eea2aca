//! Rows of JSON Lines, through `serde_json`. Values are borrowed from the line as `RawValue`s, so
//! where each stands is known, and what is not replaced is written back as it was.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::batch::{Batch, Kind, Span};
use super::error::Reason;
use super::json_names::{DEPTH_MAX, join};
use super::json_visit::{Depth, WithText};
use super::limits::Limits;

/// What is known of the rows of one file.
pub(super) struct JsonRows {
    members: Vec<String>,
    columns: HashMap<String, usize>,
    /// Members whose objects are taken apart.
    apart: HashSet<String>,
    cell_bytes_max: usize,
}

impl JsonRows {
    pub(super) fn new(members: &[String], limits: &Limits) -> Self {
        let mut columns = HashMap::new();
        for (column, member) in members.iter().enumerate() {
            columns.entry(member.clone()).or_insert(column);
        }
        let dots = |path: &String| path.match_indices('.').map(|(at, _)| at).collect::<Vec<_>>();
        let starts = |path: &String| {
            let starts = dots(path).into_iter().filter_map(|at| path.get(..at).map(str::to_owned));
            starts.collect::<Vec<_>>()
        };
        let apart = members.iter().flat_map(starts).collect();
        let cell_bytes_max = limits.cell_bytes_max;
        Self { members: members.to_vec(), columns, apart, cell_bytes_max }
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
        let (fault, path, depth) = (None, String::new(), 0);
        let mut row =
            RowVisitor { rows: self, line, line_number, first, batch, fault, path, depth };
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
    /// The members that lead to the object under way.
    path: String,
    depth: usize,
}

impl<'de> Visitor<'de> for &mut RowVisitor<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut next = 0;
        let parent = self.path.len();
        let rows = self.rows;
        loop {
            let (path, depth) = (&mut self.path, self.depth);
            let member = map.next_key_seed(WithText(|name: &str, _: bool| {
                path.truncate(parent);
                // At the top a name that is a column needs no path.
                let column = if depth == 0 { rows.column(name, next) } else { None };
                if column.is_none() {
                    join(path, name, depth);
                }
                column
            }))?;
            let Some(member) = member else { break };
            let value = map.next_value::<&RawValue>()?;
            let column = member.or_else(|| rows.columns.get(&self.path).copied());
            let kept = match column {
                Some(column) => {
                    next = column + 1;
                    self.keep(column, value.get())
                }
                None => self.take_apart(value.get()),
            };
            if let Err(reason) = kept {
                self.fault = Some(reason);
                return Err(A::Error::custom("the row is bad"));
            }
        }
        self.path.truncate(parent);
        Ok(())
    }
}

impl RowVisitor<'_> {
    /// Keeps the leaves of an object whose member is no column itself.
    fn take_apart(&mut self, raw: &str) -> Result<(), Reason> {
        // An object in a place that no column lies in is no more known for holding no leaves.
        match raw.as_bytes().first() {
            _ if !self.rows.apart.contains(&self.path) => return Err(Reason::UnknownMember),
            Some(b'n') => return Ok(()),
            Some(b'{') if self.depth < DEPTH_MAX => {}
            _ => return Err(Reason::UnknownMember),
        }
        self.depth += 1;
        let read = serde_json::Deserializer::from_str(raw).deserialize_map(&mut *self);
        self.depth -= 1;
        read.map_err(|_| self.fault.unwrap_or(Reason::NotJson))
    }

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
