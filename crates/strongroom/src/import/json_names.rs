//! Which columns the objects of a JSON file have: their members, and the leaves of the objects
//! within, as `a.b.c`, found in a pass of its own.
//!
//! An object is taken apart where every value of that member is an object (or null), its keys are
//! names and few. Where it is not, or never holds anything, the member is one column whose values
//! are sealed whole: a value that stands in a key must never become a column's name.

use std::collections::HashMap;
use std::fmt;
use std::io::Read;
use std::slice;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use strongroom_core::schema::looks_like_data;

use super::error::ReadError;
use super::header::read_mark;
use super::json_items::{Item, Items};
use super::json_visit::WithText;
use super::limits::Limits;
use super::window::{Line, LineEnds, Window};

/// How deep objects are taken apart.
pub(super) const DEPTH_MAX: usize = 16;
/// How many keys an object has whose keys are names.
const KEYS_MAX: usize = 64;

/// Names the columns of a file of JSON Lines, in order of first appearance, in constant memory.
/// Lines that cannot be read are passed over: [`super::Reader`] reports them.
///
/// # Errors
/// The input fails, holds no object, or holds more names than [`Limits::members_max`].
pub fn json_columns(input: impl Read, limits: &Limits) -> Result<Vec<String>, ReadError> {
    let mut window = Window::new(input);
    read_mark(&mut window)?;
    let mut names = Names::new(limits);
    let (mut lines, mut objects) = (0_u64, 0_u64);
    loop {
        match window.line(limits.line_bytes_max)? {
            Line::End => break,
            Line::TooLong => window.skip_line(0, LineEnds::Lf)?,
            Line::Whole(length) => {
                let bytes = window.bytes().get(..length).unwrap_or_default();
                lines += u64::from(!bytes.trim_ascii().is_empty());
                objects += u64::from(names.read_object(bytes));
                window.consume(length, 1);
            }
        }
        names.check(limits)?;
    }
    match (lines, objects) {
        (0, _) => Err(ReadError::Empty),
        (_, 0) => Err(ReadError::NoObjects),
        _ => names.columns(limits),
    }
}

/// The same for an array of objects, or objects one after the other.
///
/// # Errors
/// As [`json_columns`].
pub(super) fn item_columns(input: impl Read, limits: &Limits) -> Result<Vec<String>, ReadError> {
    let mut window = Window::new(input);
    read_mark(&mut window)?;
    let mut names = Names::new(limits);
    let mut items = Items::new();
    let (mut values, mut objects, mut broken) = (0_u64, 0_u64, false);
    loop {
        match items.next(&mut window, limits)? {
            Item::Value(length) => {
                let bytes = window.bytes().get(..length).unwrap_or_default();
                let found = names.read_object(bytes);
                values += 1;
                objects += u64::from(found);
                window.consume(length, 0);
            }
            Item::Broken(_) => {
                broken = true;
                break;
            }
            Item::End => break,
        }
        names.check(limits)?;
    }
    match (values, objects) {
        (0, _) if !broken && window.offset() == 0 => Err(ReadError::Empty),
        (_, 0) => Err(ReadError::NoObjects),
        _ => names.columns(limits),
    }
}

/// The members found so far.
pub(super) struct Names {
    list: Vec<Member>,
    known: HashMap<String, usize>,
    /// What is new in the current object: it counts once the object turns out well.
    fresh: Vec<(String, Option<String>, Seen)>,
    bytes_max: usize,
}

/// A member, or a leaf of an object in one.
struct Member {
    path: String,
    parent: Option<usize>,
    /// Whether it stood at the top.
    top: bool,
    seen: Seen,
    children: usize,
}

/// What the values of a member were.
#[derive(Clone, Copy, Default)]
struct Seen {
    leaf: bool,
    object: bool,
    null: bool,
}

impl Member {
    fn is_column(&self) -> bool {
        self.seen.leaf || !self.seen.object || self.children == 0
    }
}

impl Names {
    pub(super) fn new(limits: &Limits) -> Self {
        let bytes_max = limits.member_bytes_max;
        Self { list: Vec::new(), known: HashMap::new(), fresh: Vec::new(), bytes_max }
    }

    /// Takes the names of an object. False if it is none; then nothing is taken.
    pub(super) fn read_object(&mut self, text: &[u8]) -> bool {
        self.fresh.clear();
        let Ok(text) = std::str::from_utf8(text) else { return false };
        let mut path = String::new();
        if self.visit(text, &mut path, 0).is_err() {
            return false;
        }
        for (path, parent, seen) in std::mem::take(&mut self.fresh) {
            self.take(path, parent.as_deref(), seen);
        }
        true
    }

    /// Refuses more than can be held.
    pub(super) fn check(&self, limits: &Limits) -> Result<(), ReadError> {
        match self.list.len() > limits.members_max.saturating_mul(KEYS_MAX) {
            true => Err(ReadError::ColumnsTooMany { max: limits.members_max }),
            false => Ok(()),
        }
    }

    /// The columns.
    pub(super) fn columns(&self, limits: &Limits) -> Result<Vec<String>, ReadError> {
        let whole = |mut parent: Option<usize>| {
            while let Some(member) = parent.and_then(|at| self.list.get(at)) {
                if member.is_column() {
                    return true;
                }
                parent = member.parent;
            }
            false
        };
        let apart = |member: &&Member| member.is_column() && (member.top || !whole(member.parent));
        let names: Vec<_> = self.list.iter().filter(apart).map(|m| m.path.clone()).collect();
        match names.len() > limits.members_max {
            true => Err(ReadError::ColumnsTooMany { max: limits.members_max }),
            false => Ok(names),
        }
    }

    fn visit(&mut self, text: &str, path: &mut String, depth: usize) -> serde_json::Result<()> {
        let mut json = serde_json::Deserializer::from_str(text);
        json.deserialize_map(NamesVisitor { names: self, path, depth })?;
        json.end()
    }

    fn member(&self, path: &str) -> Option<&Member> {
        self.known.get(path).and_then(|at| self.list.get(*at))
    }

    /// Takes note of a value, and of what is in it.
    fn note(&mut self, raw: &str, parent: usize, path: &mut String, depth: usize) {
        let known = self.member(path);
        // At the top the header's check refuses a key that is no name. It must see the key alone,
        // not with names within behind it.
        let name =
            || depth > 1 || known.is_some() || looks_like_data(slice::from_ref(path)).is_none();
        let whole = known.is_some_and(|member| member.seen.leaf) || !name();
        let first = raw.as_bytes().first();
        let mut seen = Seen { null: first == Some(&b'n'), ..Seen::default() };
        seen.object = first == Some(&b'{') && depth < DEPTH_MAX && !whole;
        seen.leaf = !seen.null && !seen.object;
        let news = known.is_none_or(|member| {
            (seen.leaf && !member.seen.leaf)
                || (seen.object && !member.seen.object)
                || (depth == 1 && !member.top)
        });
        let of = || (depth > 1).then(|| path.get(..parent).unwrap_or_default().to_owned());
        let (at, length) = (self.fresh.len(), path.len());
        if news {
            self.fresh.push((path.clone(), of(), seen));
        }
        if seen.object && self.visit(raw, path, depth).is_err() {
            // What is in it cannot be names: it is one value.
            path.truncate(length);
            self.fresh.truncate(at);
            let of = (depth > 1).then(|| path.get(..parent).unwrap_or_default().to_owned());
            self.fresh.push((path.clone(), of, Seen { leaf: true, ..Seen::default() }));
        }
    }

    fn take(&mut self, path: String, parent: Option<&str>, seen: Seen) {
        let parent_at = parent.and_then(|path| self.known.get(path).copied());
        let at = match self.known.get(&path) {
            Some(at) => *at,
            None => {
                let at = self.list.len();
                self.known.insert(path.clone(), at);
                let (top, seen) = (parent.is_none(), Seen::default());
                self.list.push(Member { path, parent: parent_at, top, seen, children: 0 });
                if let Some(parent) = parent_at.and_then(|at| self.list.get_mut(at)) {
                    parent.children += 1;
                    parent.seen.leaf |= parent.children > KEYS_MAX;
                }
                at
            }
        };
        if let Some(member) = self.list.get_mut(at) {
            member.top |= parent.is_none();
            member.seen.leaf |= seen.leaf;
            member.seen.object |= seen.object;
            member.seen.null |= seen.null;
        }
    }
}

struct NamesVisitor<'a> {
    names: &'a mut Names,
    path: &'a mut String,
    depth: usize,
}

impl<'de> Visitor<'de> for NamesVisitor<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { names, path, depth } = self;
        let parent = path.len();
        let mut fit = true;
        while map
            .next_key_seed(WithText(|name: &str, _: bool| {
                path.truncate(parent);
                join(path, name, depth);
                fit &= path.len() <= names.bytes_max;
                // Known names were looked at before. At the top the header's check does it.
                fit &= depth == 0
                    || names.known.contains_key(path)
                    || looks_like_data(&[name.to_owned()]).is_none();
            }))?
            .is_some()
        {
            let value = map.next_value::<&RawValue>()?;
            if fit {
                names.note(value.get(), parent, path, depth + 1);
            }
        }
        path.truncate(parent);
        match fit {
            true => Ok(()),
            false => Err(A::Error::custom("a key is no name")),
        }
    }
}

/// Goes on from an object to a member of it.
pub(super) fn join(path: &mut String, name: &str, depth: usize) {
    if depth > 0 {
        path.push('.');
    }
    path.push_str(name);
}
