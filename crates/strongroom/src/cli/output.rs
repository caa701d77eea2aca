//! Answers: text for people, one JSON object for programs.

use std::io::Write as _;
use std::process::ExitCode;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::problem::Problem;

/// The answer of a subcommand.
pub struct Answer {
    json: Zeroizing<String>,
    text: Zeroizing<String>,
    exit: u8,
}

impl Answer {
    /// An answer with exit code 0.
    pub fn new(json: &impl Serialize, text: impl Into<String>) -> Self {
        let json = serde_json::to_string(json).unwrap_or_default();
        Self { json: Zeroizing::new(json), text: Zeroizing::new(text.into()), exit: 0 }
    }

    /// The same with another exit code.
    #[must_use]
    pub fn with_exit(mut self, exit: u8) -> Self {
        self.exit = exit;
        self
    }

    /// Prints it.
    pub fn print(&self, json: bool) -> ExitCode {
        let text = if json { &self.json } else { &self.text };
        let mut out = std::io::stdout().lock();
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(end.as_bytes()));
        match written.and_then(|()| out.flush()) {
            Ok(()) => ExitCode::from(self.exit),
            // Whoever read the answer went away; what was done is done and recorded.
            Err(_) => ExitCode::from(20),
        }
    }
}

/// Prints a problem: as JSON on standard output, or as text on standard error.
pub fn print_problem(problem: &Problem, json: bool) -> ExitCode {
    if json {
        // The exit code says it too: nothing is left to tell whoever closed this output.
        let _ = writeln!(std::io::stdout(), "{}", problem.to_json());
    } else {
        notice(&format!("{}\n  what to do: {}", problem.detail, problem.remedy));
    }
    ExitCode::from(problem.kind.exit())
}

/// Says something on standard error; a reader that went away does not stop the work.
pub fn notice(text: &str) {
    let _ = writeln!(std::io::stderr(), "strongroom: {text}");
}

/// A value as a terminal may see it: what would move the cursor, change the title or turn the
/// direction of writing is spelt out.
pub fn visible(value: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(value.len() * 2));
    for c in value.chars() {
        match c {
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.extend(c.escape_unicode()),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// A table with padded columns.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|h| h.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(c, w)| format!("{c:w$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let mut out = line(head.to_vec());
    for row in rows {
        out.push_str(&line(row.iter().map(String::as_str).collect()));
    }
    out
}

/// 1234567 as `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A time of the ledger as RFC 3339, UTC.
pub fn time(us: u64) -> String {
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_micros(us);
    humantime::format_rfc3339_micros(at).to_string()
}
