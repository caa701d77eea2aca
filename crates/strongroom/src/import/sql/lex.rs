//! The words of an SQL dump, one by one, from the window.
//!
//! Our own because a dump is no text that a parser of SQL can be handed: `COPY` puts rows between
//! statements that are none, one statement may be as long as the file, and `sqlparser` takes a
//! whole `&str`. It knows what must be known to find where words, strings and comments end, in the
//! spelling of `pg_dump` and `mysqldump`, and nothing of what statements mean.

use std::io::{self, Read};
use std::ops::Range;

use super::super::window::{LineEnds, Window};

/// Whose spelling a dump has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Dialect {
    /// Strings as the standard has them, `E'...'` with escapes, `$tag$...$tag$`.
    Postgres,
    /// A backslash escapes in every string; names in backticks.
    Mysql,
}

impl Dialect {
    /// By the beginning of the dump.
    pub(in super::super) fn tell(head: &[u8]) -> Self {
        let has = |words: &[u8]| head.windows(words.len()).any(|at| at == words);
        match has(b"MySQL dump") || has(b"MariaDB dump") || has(b"`") {
            true => Self::Mysql,
            false => Self::Postgres,
        }
    }
}

/// A piece of a statement, with its place in the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// The end of the input.
    End,
    /// A word or a number without its sign.
    Word(Range<usize>),
    /// A name in backticks or brackets, or anything in double quotes.
    Name(Range<usize>),
    /// A string, prefix included.
    Text {
        place: Range<usize>,
        /// Whether a backslash escapes in it.
        escaped: bool,
    },
    /// Text between dollar signs.
    Dollars(Range<usize>),
    /// Anything else.
    Sign(u8, usize),
    /// A string or comment that does not end.
    Unclosed,
}

/// A place in the window from where words are read.
pub(super) struct Cursor<'w, R> {
    pub(super) window: &'w mut Window<R>,
    dialect: Dialect,
    at: usize,
    /// How much is held before it is given up.
    held_max: usize,
    /// Whether something was given up: places before it are void.
    pub(super) lost: bool,
    /// Where the token or comment under way begins in the window.
    began: usize,
    /// The same as a place in the file, once that much was given up.
    began_at: Option<Start>,
    /// Where something begins that does not end: all behind it is no statement.
    pub(super) unclosed: Option<Start>,
}

/// A place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) line: u64,
    pub(super) offset: u64,
}

/// What may be held of what is only skipped.
const SKIPPED_MAX: usize = 64 * 1024;

impl<'w, R: Read> Cursor<'w, R> {
    /// Reads from the window's first byte, and gives up what was read beyond a limit.
    pub(super) fn new(window: &'w mut Window<R>, dialect: Dialect, held_max: usize) -> Self {
        let (began, began_at, unclosed) = (0, None, None);
        Self { window, dialect, at: 0, held_max, lost: false, began, began_at, unclosed }
    }

    /// Where the token or comment under way begins in the file.
    fn start(&self) -> Start {
        self.began_at.unwrap_or_else(|| {
            let before = self.window.bytes().get(..self.began).unwrap_or_default();
            let line = self.window.line_number() + LineEnds::Lf.count(before);
            Start { line, offset: self.window.offset_after(self.began) }
        })
    }

    fn begin(&mut self) {
        (self.began, self.began_at) = (self.at, None);
    }

    /// Takes note of what does not end, with all that was read given up.
    pub(super) fn cut(&mut self, start: Start) {
        self.unclosed.get_or_insert(start);
        self.settle();
    }

    /// The place of the next byte in the file.
    pub(super) fn here(&mut self) -> Start {
        self.begin();
        self.start()
    }

    /// How much was read and is held.
    pub(super) fn read(&self) -> usize {
        self.at
    }

    /// The bytes at a place.
    pub(super) fn bytes(&self, place: &Range<usize>) -> &[u8] {
        self.window.bytes().get(place.clone()).unwrap_or_default()
    }

    /// Whether a token is this word, in any case.
    pub(super) fn is_word(&self, token: &Token, word: &str) -> bool {
        matches!(token, Token::Word(place)
            if self.bytes(place).eq_ignore_ascii_case(word.as_bytes()))
    }

    /// Goes back to a place that was read and is held.
    pub(super) fn back(&mut self, at: usize) {
        self.at = at.min(self.at);
    }

    /// Gives up all that was read.
    pub(super) fn settle(&mut self) {
        let read = self.window.bytes().get(..self.at).unwrap_or_default();
        let lines = LineEnds::Lf.count(read);
        self.window.consume(self.at, lines);
        self.at = 0;
    }

    /// Goes on to the end of the statement and gives it up.
    pub(super) fn skip_statement(&mut self) -> io::Result<()> {
        self.settle();
        let held_max = std::mem::replace(&mut self.held_max, SKIPPED_MAX);
        loop {
            let token = self.next()?;
            self.settle();
            if matches!(token, Token::End | Token::Unclosed | Token::Sign(b';', _)) {
                self.held_max = held_max;
                return Ok(());
            }
        }
    }

    /// Gives up the rest of the line.
    pub(super) fn skip_line(&mut self) -> io::Result<()> {
        self.settle();
        self.window.skip_line(0, LineEnds::Lf)
    }

    /// The next token.
    pub(super) fn next(&mut self) -> io::Result<Token> {
        let token = self.token()?;
        if token == Token::Unclosed {
            self.unclosed = Some(self.start());
        }
        Ok(token)
    }

    fn token(&mut self) -> io::Result<Token> {
        if !self.skip_blank()? {
            return Ok(Token::Unclosed);
        }
        self.begin();
        let Some(byte) = self.peek(0)? else { return Ok(Token::End) };
        match byte {
            b'\'' => self.text(self.at, self.dialect == Dialect::Mysql),
            b'"' if self.dialect == Dialect::Mysql => self.quoted(byte, true),
            b'"' | b'`' => self.quoted(byte, false),
            b'$' if self.dialect == Dialect::Postgres => self.dollars(),
            _ if is_word(byte) => self.word(),
            _ => {
                self.at += 1;
                Ok(Token::Sign(byte, self.at - 1))
            }
        }
    }

    pub(super) fn peek(&mut self, ahead: usize) -> io::Result<Option<u8>> {
        self.window.peek(self.at + ahead)
    }

    /// Whether what comes next is this word, in any case.
    pub(super) fn starts_with(&mut self, word: &[u8]) -> io::Result<bool> {
        self.peek(word.len())?;
        let next = self.window.bytes().get(self.at..self.at + word.len());
        Ok(next.is_some_and(|next| next.eq_ignore_ascii_case(word)))
    }

    /// Goes on to the first byte at or after `at` that is one of these; false at the end.
    fn find(&mut self, wanted: impl Fn(u8) -> bool) -> io::Result<bool> {
        loop {
            let rest = self.window.bytes().get(self.at..).unwrap_or_default();
            let found = rest.iter().position(|byte| wanted(*byte));
            self.at += found.unwrap_or(rest.len());
            // Whatever the window holds: it must not matter how the input was cut into reads.
            if self.at > self.held_max {
                self.lost = true;
                self.began_at = Some(self.start());
                self.settle();
            }
            if found.is_some() {
                return Ok(true);
            }
            if !self.window.more()? {
                return Ok(false);
            }
        }
    }

    /// Skips white space and comments; false if a comment does not end.
    fn skip_blank(&mut self) -> io::Result<bool> {
        loop {
            if !self.find(|byte| !byte.is_ascii_whitespace())? {
                return Ok(true);
            }
            let two = (self.peek(0)?, self.peek(1)?);
            match two {
                (Some(b'-'), Some(b'-')) => _ = self.find(|byte| byte == b'\n')?,
                (Some(b'#'), _) if self.dialect == Dialect::Mysql => {
                    self.find(|byte| byte == b'\n')?;
                }
                (Some(b'/'), Some(b'*')) => {
                    if !self.skip_comment()? {
                        return Ok(false);
                    }
                }
                _ => return Ok(true),
            }
        }
    }

    /// Skips a comment between `/*` and `*/`, which nest in PostgreSQL.
    fn skip_comment(&mut self) -> io::Result<bool> {
        let mut depth = 0_u32;
        self.begin();
        loop {
            if !self.find(|byte| byte == b'*' || byte == b'/')? {
                return Ok(false);
            }
            match (self.peek(0)?, self.peek(1)?) {
                (Some(b'/'), Some(b'*')) => {
                    let nests = depth == 0 || self.dialect == Dialect::Postgres;
                    depth += u32::from(nests);
                    self.at += 2;
                }
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return Ok(true);
                    }
                }
                _ => self.at += 1,
            }
        }
    }

    fn word(&mut self) -> io::Result<Token> {
        let start = self.at;
        self.find(|byte| !is_word(byte))?;
        let place = start..self.at;
        // A letter before a string belongs to it.
        if place.len() == 1 && self.peek(0)? == Some(b'\'') {
            let escaped = match self.bytes(&place) {
                b"e" | b"E" => Some(true),
                b"n" | b"N" => Some(self.dialect == Dialect::Mysql),
                _ => None,
            };
            if let Some(escaped) = escaped {
                return self.text(start, escaped);
            }
        }
        Ok(Token::Word(place))
    }

    /// A string at `at`, whose token begins at `start`.
    fn text(&mut self, start: usize, escaped: bool) -> io::Result<Token> {
        Ok(match self.close(b'\'', escaped)? {
            true => Token::Text { place: start..self.at, escaped },
            false => Token::Unclosed,
        })
    }

    fn quoted(&mut self, quote: u8, escaped: bool) -> io::Result<Token> {
        let start = self.at;
        Ok(match self.close(quote, escaped)? {
            true => Token::Name(start..self.at),
            false => Token::Unclosed,
        })
    }

    /// Goes behind the quote that closes the one at `at`; a doubled one is text.
    fn close(&mut self, quote: u8, escaped: bool) -> io::Result<bool> {
        self.at += 1;
        loop {
            if !self.find(|byte| byte == quote || (escaped && byte == b'\\'))? {
                return Ok(false);
            }
            match (self.peek(0)?, self.peek(1)?) {
                (_, None) if self.peek(0)? == Some(b'\\') => return Ok(false),
                (Some(b'\\'), _) if escaped => self.at += 2,
                (Some(one), Some(two)) if one == two => self.at += 2,
                _ => {
                    self.at += 1;
                    return Ok(true);
                }
            }
        }
    }

    /// `$tag$...$tag$`, or a lone dollar sign.
    fn dollars(&mut self) -> io::Result<Token> {
        let start = self.at;
        let mut length = 1;
        while self.peek(length)?.is_some_and(|b| is_word(b) && b != b'$') && length < 64 {
            length += 1;
        }
        if self.peek(length)? != Some(b'$') {
            self.at += 1;
            return Ok(Token::Sign(b'$', start));
        }
        let tag = self.bytes(&(start..start + length + 1)).to_vec();
        self.at += tag.len();
        loop {
            if !self.find(|byte| byte == b'$')? {
                return Ok(Token::Unclosed);
            }
            // Enough to compare with, if there is that much.
            self.peek(tag.len())?;
            let rest = self.window.bytes().get(self.at..).unwrap_or_default();
            if rest.starts_with(&tag) {
                self.at += tag.len();
                return Ok(Token::Dollars(start..self.at));
            }
            self.at += 1;
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// A name, without its quotes.
pub(super) fn name(raw: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(raw).ok()?;
    let (Some(quote @ ('"' | '`')), true) = (text.chars().next(), text.len() >= 2) else {
        return Some(text.to_owned());
    };
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let doubled: String = [quote, quote].iter().collect();
    Some(inner.replace(&doubled, quote.encode_utf8(&mut [0; 4])))
}
