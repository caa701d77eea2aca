//! Answers: text for people, one JSON object for programs.

use std::cell::RefCell;
use std::io::Write as _;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use strongroom_core::text::{visible, visible_lines};
use zeroize::Zeroizing;

use crate::problem::Problem;

/// The answer of a subcommand.
pub struct Answer {
    json: Zeroizing<String>,
    text: Zeroizing<String>,
    exit: u8,
}

impl Answer {
    /// An answer with exit code 0. As JSON it is exact; as text it hides nothing.
    pub fn new(json: &impl Serialize, text: impl Into<String>) -> Self {
        let json = serde_json::to_string(json).unwrap_or_default();
        let text = Zeroizing::new(text.into());
        Self { json: Zeroizing::new(json), text: visible_lines(&text), exit: 0 }
    }

    /// An answer whose text is for a program: exact, and made of nothing that others wrote.
    pub fn verbatim(json: &impl Serialize, text: String) -> Self {
        Self { text: Zeroizing::new(text), ..Self::new(json, "") }
    }

    /// One that somebody else made.
    pub fn of_parts(json: Zeroizing<String>, text: Zeroizing<String>, exit: u8) -> Self {
        Self { json, text, exit }
    }

    /// Its JSON, its text, its exit code.
    pub fn taken_apart(self) -> (Zeroizing<String>, Zeroizing<String>, u8) {
        (self.json, self.text, self.exit)
    }

    /// Nothing more to say.
    pub fn nothing() -> Self {
        Self { json: Zeroizing::default(), text: Zeroizing::default(), exit: 0 }
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
        notice(&problem.detail);
        let _ = writeln!(std::io::stderr(), "  what to do: {}", *visible(&problem.remedy));
    }
    ExitCode::from(problem.kind.exit())
}

thread_local! {
    /// What a command says on standard error while it is performed for somebody elsewhere.
    static KEPT: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Works with what is said on standard error kept, and gives it back. This thread's bars are not
/// shown meanwhile, and it takes no interrupt.
pub fn keeping<R>(work: impl FnOnce() -> R) -> (R, Vec<String>) {
    /// The thread is used again, whatever became of the work.
    struct Let;
    impl Drop for Let {
        fn drop(&mut self) {
            KEPT.set(None);
        }
    }
    KEPT.set(Some(Vec::new()));
    let _let = Let;
    let done = work();
    (done, KEPT.take().unwrap_or_default())
}

/// Whether this thread works for somebody elsewhere.
pub fn is_kept() -> bool {
    KEPT.with_borrow(Option::is_some)
}

/// Says one line on standard error; a reader that went away does not stop the work.
pub fn notice(text: &str) {
    let kept = KEPT.with_borrow_mut(|kept| {
        let keep = |kept: &mut Vec<String>| kept.push(text.to_owned());
        kept.as_mut().map(keep).is_some()
    });
    if kept {
        return;
    }
    let _ = writeln!(std::io::stderr(), "strongroom: {}", *visible(text));
}

/// A table with padded columns; each cell on its line, whatever is in it.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let cells = |row: &Vec<String>| row.iter().map(|cell| visible(cell)).collect();
    let rows: Vec<Vec<Zeroizing<String>>> = rows.iter().map(cells).collect();
    let mut widths: Vec<usize> = head.iter().map(|h| h.chars().count()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(c, w)| format!("{c:w$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let mut out = line(head.to_vec());
    for row in &rows {
        out.push_str(&line(row.iter().map(|cell| cell.as_str()).collect()));
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

/// A bar, unless nobody is here to see it.
fn shown(bar: ProgressBar) -> ProgressBar {
    if is_kept() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}

/// How far a pass of unknown length has come.
pub fn spinner() -> ProgressBar {
    let style = "{spinner} {bytes} {bytes_per_sec}";
    let bar = shown(ProgressBar::no_length());
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// How far a pass over many things of one kind has come.
pub fn steps() -> ProgressBar {
    let style = "{percent:>3} % {bar:30} {human_pos}/{human_len} {msg}";
    let bar = shown(ProgressBar::new(0));
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// How far a pass over a file has come, with rate and time left.
pub fn bar(length: u64) -> ProgressBar {
    let style = "{percent:>3} % {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} left";
    let bar = shown(ProgressBar::new(length));
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
