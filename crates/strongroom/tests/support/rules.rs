//! The rules that hold over the text of the tree. `tidy.rs` brings for each a text that breaks it.

/// One rule.
pub struct Rule {
    /// What must hold.
    pub name: &'static str,
    /// Which files it is about.
    pub about: fn(&str) -> bool,
    /// The lines that break it, counted from 1.
    pub broken: fn(&str) -> Vec<usize>,
}

/// This file and the next quote what they forbid.
const QUOTES: &[&str] =
    &["crates/strongroom/tests/support/rules.rs", "crates/strongroom/tests/tidy.rs"];

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 500;
const COLUMNS_MAX: usize = 100;

/// Source that needs letters beyond ASCII: names of people, masks, other scripts, currency.
const NON_ASCII: &[&str] = &[
    "crates/core/src/field/",
    "crates/core/src/schema/",
    "crates/strongroom/src/import/names.rs",
    "crates/strongroom/src/import/tests/",
    "crates/strongroom/src/quickstart/",
];

/// Who may ask the machine for the time, a duration or randomness.
const AMBIENT: &[&str] = &[
    "crates/strongroom/src/ambient.rs",
    "crates/strongroom/src/cli/seal.rs",
    "crates/strongroom/src/cli/quickstart.rs",
    "crates/strongroom/src/quickstart/",
    "benches/",
];

/// Who may let time pass: to wait, within limits, for what cannot be waited for otherwise; and to
/// measure.
const WAITING: &[&str] =
    &["crates/strongroom/src/http/", "crates/strongroom/src/store/fjall.rs", "benches/"];

/// Who may take a batch apart and say that it is durable. A store must, so the compiler cannot
/// hold it; anybody else could make a receipt of nothing.
const STORES: &[&str] = &["crates/core/src/store.rs", "crates/strongroom/src/store/"];

/// Who may write the first rows of an install, or of one made anew: changes that no principal asks
/// for.
const FIRST_ROWS: &[&str] = &[
    "crates/core/src/access/system.rs",
    "crates/strongroom/src/vault/open.rs",
    "crates/strongroom/src/vault/restore/fresh.rs",
];

/// Hosts that a tracked file may name: never a mirror that this or that machine uses.
const HOSTS: &[&str] =
    &["127.0.0.1", "HOST", "c2sp.org", "github.com", "localhost", "www.apache.org"];

/// Folders of this or that machine, put together so that not even this page names one; the folder
/// of this checkout is looked for besides.
const MACHINE: &[&str] =
    &[concat!("/", "root/"), concat!("/", "home/"), concat!("/.cargo", "/registry")];

/// Every rule.
pub const RULES: &[Rule] = &[
    Rule { name: "a function has at most 70 lines", about: rust, broken: long_functions },
    Rule { name: "a file has at most 500 lines", about: rust, broken: long_file },
    Rule { name: "a module opens with what it is for", about: rust, broken: no_purpose },
    Rule { name: "a line has at most 100 columns", about: code, broken: long_lines },
    Rule { name: "no line ends in white space", about: prose_or_code, broken: trailing },
    Rule { name: "no tabs", about: prose_or_code, broken: tabs },
    Rule { name: "source is ASCII where it can be", about: plain, broken: non_ascii },
    Rule { name: "nothing is left to be done", about: rust, broken: unfinished },
    Rule { name: "no test is switched off", about: rust, broken: ignored },
    Rule { name: "nothing waits for time to pass", about: no_waiting, broken: sleeping },
    Rule { name: "a lint is waived with a reason", about: rust, broken: unreasoned },
    Rule { name: "errors are types of their own", about: rust_or_manifest, broken: untyped_errors },
    Rule { name: "time and randomness are parameters", about: not_ambient, broken: ambient },
    Rule { name: "core and ledger perform nothing", about: pure, broken: performing },
    Rule { name: "only a store takes a batch apart", about: no_store, broken: taking_apart },
    Rule { name: "only init writes without a stage", about: no_first_rows, broken: first_rows },
    Rule { name: "an error is lower case, without a full stop", about: rust, broken: loud_errors },
    Rule { name: "no host but the known ones", about: anything, broken: foreign_hosts },
    Rule { name: "no path of a machine", about: anything, broken: machine_paths },
];

/// A word that says nothing of what a module is for.
#[must_use]
pub fn empty_name(path: &str) -> bool {
    let words = ["utils", "util", "common", "manager", "helpers", "helper", "misc"];
    path.split(['/', '.']).any(|part| words.contains(&part))
}

fn among(path: &str, list: &[&str]) -> bool {
    list.iter().any(|item| if item.ends_with('/') { path.starts_with(item) } else { path == *item })
}

fn anything(path: &str) -> bool {
    !QUOTES.contains(&path)
}

fn rust(path: &str) -> bool {
    anything(path) && path.ends_with(".rs")
}

fn rust_or_manifest(path: &str) -> bool {
    rust(path) || path.ends_with("Cargo.toml")
}

fn code(path: &str) -> bool {
    let ends = [".rs", ".toml", ".py", ".sh", ".sql"];
    // What is under testdata/ other programs wrote.
    !path.starts_with("testdata/")
        && (path == "test" || path == ".ci/run" || ends.iter().any(|end| path.ends_with(end)))
}

fn prose_or_code(path: &str) -> bool {
    code(path) || path.ends_with(".md") || path.ends_with(".txt")
}

fn plain(path: &str) -> bool {
    code(path) && !among(path, NON_ASCII)
}

fn no_waiting(path: &str) -> bool {
    rust(path) && !among(path, WAITING)
}

fn not_ambient(path: &str) -> bool {
    rust(path) && !among(path, AMBIENT) && !path.contains("/benches/")
}

fn pure(path: &str) -> bool {
    path.starts_with("crates/core/src/") || path.starts_with("crates/ledger/src/")
}

fn no_store(path: &str) -> bool {
    rust(path) && path.contains("/src/") && !among(path, STORES)
}

fn no_first_rows(path: &str) -> bool {
    rust(path) && path.contains("/src/") && !among(path, FIRST_ROWS)
}

/// The lines of which `broken` holds.
fn lines(text: &str, broken: impl Fn(&str) -> bool) -> Vec<usize> {
    let found = text.lines().enumerate().filter(|(_, line)| broken(line));
    found.map(|(at, _)| at + 1).collect()
}

/// Lines with one of these words in them, comments apart.
fn having(text: &str, words: &[&str]) -> Vec<usize> {
    lines(text, |line| {
        let code = line.split("//").next().unwrap_or_default();
        words.iter().any(|word| code.contains(word))
    })
}

/// As rustfmt sets it: a function ends at the brace that stands under its beginning.
fn long_functions(text: &str) -> Vec<usize> {
    let all: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in all.iter().enumerate() {
        let begins = line.trim_start();
        let words = begins.split(['(', '<']).next().unwrap_or_default();
        if !words.split_whitespace().any(|word| word == "fn") || begins.starts_with("//") {
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - begins.len()]);
        let declared = |line: &&str| line.ends_with(';') || line.ends_with('}');
        let rest = all.iter().skip(at);
        let length = match declared(line) {
            true => 1,
            false => rest.take_while(|line| **line != end).count() + 1,
        };
        if length > FUNCTION_LINES_MAX {
            found.push(at + 1);
        }
    }
    found
}

fn long_file(text: &str) -> Vec<usize> {
    let count = text.lines().count();
    if count > FILE_LINES_MAX { vec![count] } else { Vec::new() }
}

fn no_purpose(text: &str) -> Vec<usize> {
    if text.starts_with("//! ") { Vec::new() } else { vec![1] }
}

fn long_lines(text: &str) -> Vec<usize> {
    lines(text, |line| line.chars().count() > COLUMNS_MAX)
}

fn trailing(text: &str) -> Vec<usize> {
    lines(text, |line| line.ends_with(char::is_whitespace))
}

fn tabs(text: &str) -> Vec<usize> {
    lines(text, |line| line.contains('\t'))
}

fn non_ascii(text: &str) -> Vec<usize> {
    lines(text, |line| !line.is_ascii())
}

fn unfinished(text: &str) -> Vec<usize> {
    let words = ["todo!", "unimplemented!", "dbg!"];
    let mut found = having(text, &words);
    found.extend(lines(text, |line| ["TODO", "FIXME", "XXX"].iter().any(|w| line.contains(w))));
    found
}

fn ignored(text: &str) -> Vec<usize> {
    having(text, &["#[ignore"])
}

fn sleeping(text: &str) -> Vec<usize> {
    having(text, &["sleep("])
}

/// An attribute that waives a lint, up to its closing bracket.
fn unreasoned(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let all: Vec<&str> = text.lines().collect();
    for (at, line) in all.iter().enumerate() {
        let begins = line.trim_start();
        let starts = ["#[allow(", "#![allow(", "#[expect(", "#![expect("];
        if !starts.iter().any(|start| begins.starts_with(start)) {
            continue;
        }
        let mut whole = String::new();
        for line in all.iter().skip(at) {
            whole.push_str(line);
            if line.trim_end().ends_with(")]") {
                break;
            }
        }
        if !whole.contains("reason = \"") {
            found.push(at + 1);
        }
    }
    found
}

fn untyped_errors(text: &str) -> Vec<usize> {
    having(text, &["anyhow", "Box<dyn Error", "Box<dyn std::error::Error"])
}

fn ambient(text: &str) -> Vec<usize> {
    having(text, &["SystemTime::now", "Instant::now", "getrandom::", "thread_rng", "rand::rng"])
}

fn performing(text: &str) -> Vec<usize> {
    let modules = ["fs", "net", "env", "process", "thread", "os", "path"];
    let named: Vec<String> = modules.iter().map(|module| format!("std::{module}")).collect();
    let mut words: Vec<&str> = named.iter().map(String::as_str).collect();
    words.extend(["std::io::stdin", "std::io::stdout", "println!", "eprintln!", "print!("]);
    having(before_tests(text), &words)
}

fn taking_apart(text: &str) -> Vec<usize> {
    having(before_tests(text), &["into_parts()", "Committed::new("])
}

fn first_rows(text: &str) -> Vec<usize> {
    having(text, &["system::init(", "system::restored("])
}

/// Tests stand last in a file; what they do is their own.
fn before_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\n").next().unwrap_or_default()
}

/// The text in `#[error("...")]`, on this line or the next.
fn loud_errors(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("#[error(") {
        let rest = text.get(at + 8..).unwrap_or_default().trim_start();
        let Some(message) = rest.strip_prefix('"').and_then(|rest| rest.split("\"\n").next())
        else {
            continue;
        };
        let message = message.split("\")]").next().unwrap_or_default();
        let message = message.split("\",").next().unwrap_or_default();
        if message.starts_with(char::is_uppercase) || message.ends_with(['.', '!']) {
            found.push(text.get(..at).unwrap_or_default().lines().count() + 1);
        }
    }
    found
}

fn foreign_hosts(text: &str) -> Vec<usize> {
    lines(text, |line| {
        line.split("://").skip(1).any(|rest| {
            let host = rest.split(['/', ' ', '"', '\'', ')', '>', '`', ':']).next();
            let host = host.unwrap_or_default();
            let is_put_in = host.starts_with('{');
            !HOSTS.contains(&host) && !host.is_empty() && !is_put_in && !host.contains("example.")
        })
    })
}

fn machine_paths(text: &str) -> Vec<usize> {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let here = here.replace("crates/strongroom/", "");
    lines(text, |line| line.contains(&here) || MACHINE.iter().any(|path| line.contains(path)))
}
