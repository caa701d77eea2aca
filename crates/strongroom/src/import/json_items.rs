//! The values of a JSON file that is one array, or values one after the other over several lines.
//!
//! Where a value ends `serde_json` says. What it cannot read is left out to the end of the file,
//! since nothing tells where the next value begins; the array is closed all the same.

use std::io::{self, Read};

use serde::de::IgnoredAny;
use serde_json::error::Category;

use super::error::Reason;
use super::limits::Limits;
use super::window::{LineEnds, Window};

/// What comes next.
pub(super) enum Item {
    /// A value of this length, at the window's first byte.
    Value(usize),
    /// The rest of the file is none.
    Broken(Reason),
    /// Nothing: the file is at its end.
    End,
}

/// The place in the file.
pub(super) struct Items {
    state: State,
    /// Whether values stand in an array.
    array: bool,
    /// What stands between the last value and the next.
    pub(super) between: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    First,
    Next,
    Ended,
}

impl Items {
    pub(super) fn new() -> Self {
        Self { state: State::Start, array: false, between: String::new() }
    }

    /// What opens the file, for a writer whose first row is another one.
    pub(super) fn opening(&self) -> &'static str {
        if self.array { "[" } else { "" }
    }

    /// What closes it.
    pub(super) fn closing(&self) -> &'static str {
        if self.array { "]" } else { "" }
    }

    /// Goes on to the next value.
    pub(super) fn next<R: Read>(
        &mut self,
        window: &mut Window<R>,
        limits: &Limits,
    ) -> io::Result<Item> {
        self.between.clear();
        self.skip_blank(window, limits)?;
        if self.state == State::Start {
            self.array = self.take(window, b'[')?;
            self.state = State::First;
            self.skip_blank(window, limits)?;
        }
        if self.state == State::Ended {
            return self.behind(window);
        }
        if self.array && self.take(window, b']')? {
            self.state = State::Ended;
            self.skip_blank(window, limits)?;
            return self.behind(window);
        }
        if self.array && self.state == State::Next && !self.take(window, b',')? {
            // A file cut off, or one that is none.
            return Ok(Item::Broken(Reason::NotJson));
        }
        self.skip_blank(window, limits)?;
        if window.peek(0)?.is_none() {
            return Ok(match self.array {
                true => Item::Broken(Reason::NotJson),
                false => Item::End,
            });
        }
        self.state = State::Next;
        value(window, limits)
    }

    /// What stands behind the array.
    fn behind<R: Read>(&self, window: &mut Window<R>) -> io::Result<Item> {
        Ok(match window.peek(0)? {
            Some(_) => Item::Broken(Reason::NotJson),
            None => Item::End,
        })
    }

    fn skip_blank<R: Read>(&mut self, window: &mut Window<R>, limits: &Limits) -> io::Result<()> {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = window.peek(0)? {
            if self.between.len() < limits.blank_bytes_max {
                self.between.push(char::from(byte));
            }
            window.consume(1, u64::from(byte == b'\n'));
        }
        Ok(())
    }

    fn take<R: Read>(&mut self, window: &mut Window<R>, wanted: u8) -> io::Result<bool> {
        let found = window.peek(0)? == Some(wanted);
        if found {
            self.between.push(char::from(wanted));
            window.consume(1, 0);
        }
        Ok(found)
    }
}

/// Gives up the rest of the file.
pub(super) fn skip_rest<R: Read>(window: &mut Window<R>) -> io::Result<()> {
    while window.peek(0)?.is_some() {
        window.skip_line(0, LineEnds::Lf)?;
    }
    Ok(())
}

/// The value at the window's first byte.
fn value<R: Read>(window: &mut Window<R>, limits: &Limits) -> io::Result<Item> {
    loop {
        let bytes = window.bytes();
        let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
        let found = values.next().transpose();
        let length = values.byte_offset();
        // A number at the window's end may go on.
        let cut = length >= bytes.len();
        match found {
            Ok(Some(_)) if length > limits.line_bytes_max => {
                return Ok(Item::Broken(Reason::LineTooLong));
            }
            Ok(Some(_)) if !cut => return Ok(Item::Value(length)),
            Err(error) if error.classify() != Category::Eof => {
                return Ok(Item::Broken(Reason::NotJson));
            }
            Ok(Some(_)) if !window.more()? => return Ok(Item::Value(length)),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) if window.bytes().len() > limits.line_bytes_max => {
                return Ok(Item::Broken(Reason::LineTooLong));
            }
            Ok(None) | Err(_) => {
                if !window.more()? {
                    return Ok(Item::Broken(Reason::NotJson));
                }
            }
        }
    }
}
