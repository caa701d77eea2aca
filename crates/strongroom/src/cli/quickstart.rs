//! `strongroom quickstart`: shows the whole thing at work on invented people. Every figure it
//! prints was computed by the run it ends; a claim that does not hold is a failure.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use serde_json::json;
use strongroom_core::schema::{Proposal, Treatment};

use super::Global;
use super::interrupt::on_interrupt;
use super::output::{Answer, count, table};
use crate::calls::time;
use crate::problem::Problem;
use crate::quickstart::{
    Clear, Demo, Entry, Exposure, LedgerCheck, Place, Refusal, Revealed, Sealed, TENANTS,
};

/// Columns of a line before it is broken.
const WIDTH: usize = 92;

const AFTER_HELP: &str = "\
Examples:
  strongroom quickstart
  strongroom quickstart --people 200000
  strongroom quickstart --keep ./quickstart      keep the exports, the install and the ledger

It needs no install, no service and no network, and looks at none of STRONGROOM_DATA,
STRONGROOM_KEYS and STRONGROOM_CREDENTIAL.";

/// Options of `quickstart`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// How many people to invent, half of each of two client companies
    #[arg(long, value_name = "N", default_value = "10000")]
    #[arg(value_parser = clap::value_parser!(u64).range(100..=2_000_000))]
    people: u64,
    /// Keep everything in this folder, which must not exist yet, instead of throwing it away
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Shows it.
#[expect(clippy::disallowed_methods, reason = "measures how long it took, for people")]
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let start = std::time::Instant::now();
    let screen = Screen::new(global.json);
    let place = match &args.keep {
        Some(root) => Place::kept(root)?,
        None => Place::throw_away()?,
    };
    let (root, kept) = (place.root().to_path_buf(), place.is_kept());
    let next = match kept {
        true => format!("{} holds what was made so far: remove it", root.display()),
        false => "its folder is removed; run it again at any time".to_owned(),
    };
    on_interrupt(global.json, "interrupted: all of it was invented", next, move || {
        if !kept {
            remove_all(&root);
        }
    });
    let mut demo = Demo::new(place, args.people);
    let mode = demo.place.mode()?;
    screen.place(&demo.place, mode, args.people);
    let clear = demo.export()?;
    screen.clear(&clear);
    let sealed = demo.seal()?;
    screen.sealed(&sealed);
    let search = demo.search()?;
    screen.search(&search);
    let revealed = demo.reveal()?;
    screen.revealed(&revealed);
    let refusal = demo.refuse()?;
    screen.refusal(&refusal);
    let ledger = demo.check_ledger(&revealed)?;
    screen.ledger(&ledger);
    let again = demo.search()?;
    let seconds = (start.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    screen.say(&closing(&screen, &demo.place, &again, seconds));
    let json = json!({
        "held": true,
        "people": clear.people_each * TENANTS.len() as u64,
        "place": {"path": demo.place.root(), "mode": format!("{mode:04o}"),
                  "kept": demo.place.is_kept()},
        "clear": clear,
        "sealed": sealed,
        "search": search,
        "reveal": revealed,
        "refusal": refusal,
        "ledger": ledger,
        "search_at_end": again,
        "seconds": seconds,
    });
    // All of the text was shown as it came to be.
    Ok(Answer::new(&json, ""))
}

/// Removes a folder that threads of this process may still be writing to.
fn remove_all(root: &Path) {
    const TRIES_MAX: usize = 1000;
    for _ in 0..TRIES_MAX {
        match std::fs::remove_dir_all(root) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => std::thread::yield_now(),
            _ => return,
        }
    }
}

/// Where the steps are shown as they happen: nowhere when one JSON object is the answer.
struct Screen {
    shown: bool,
    colour: bool,
}

impl Screen {
    fn new(json: bool) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
            || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        Self { shown: !json, colour: std::io::stdout().is_terminal() && !plain }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn good(&self, text: &str) -> String {
        self.paint("1;32", text)
    }

    fn say(&self, text: &str) {
        if self.shown {
            // Whoever stops reading does not stop the demonstration from cleaning up.
            let mut out = std::io::stdout().lock();
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        }
    }

    fn step(&self, number: u8, title: &str, lines: &[String]) {
        let mut text = format!("\n{}\n", self.paint("1", &format!("{number}  {title}")));
        for line in lines {
            text.push_str(&format!("   {line}\n"));
        }
        self.say(&text);
    }

    fn place(&self, place: &Place, mode: u32, people: u64) {
        let name = self.paint("1", "STRONGROOM quickstart");
        let people = count(people / 2 * 2);
        self.say(&format!("{name}   {people} invented people; nothing leaves this machine\n"));
        let after = if place.is_kept() { "kept" } else { "gone when this ends" };
        let line = format!("{}  (mode {mode:04o}, {after})", place.root().display());
        self.step(1, "A folder of its own", &[line]);
    }

    fn clear(&self, clear: &Clear) {
        let figures = format!(
            "{} files of {} people, {} columns, {} in clear text",
            clear.files.len(),
            count(clear.people_each),
            clear.columns,
            bytes(clear.bytes)
        );
        let invented = "all invented: numbers that pass the checks and mean nobody, the brands' \
                        test cards";
        let title = "What a back office holds today: an export for each of two client companies";
        self.step(2, title, &[figures, invented.to_owned()]);
    }

    fn sealed(&self, sealed: &Sealed) {
        let rate = |n: u64| count((n as f64 / sealed.seconds.max(0.001)) as u64);
        let mut lines = vec![format!(
            "{} rows, {} values in {:.2} s, durable: {} rows/s, {} values/s",
            count(sealed.rows),
            count(sealed.values),
            sealed.seconds,
            rate(sealed.rows),
            rate(sealed.values)
        )];
        let columns = sealed.proposal.columns.len();
        lines.push(format!(
            "{}'s {columns} columns, as proposed from header and values:",
            TENANTS[0]
        ));
        lines.extend(columns_by_treatment(&sealed.proposal));
        lines.push(format!(
            "{} cells dropped for good, {} odd values sealed as text",
            count(sealed.dropped),
            count(sealed.unusual)
        ));
        let sample = &sealed.sample;
        lines.push(format!(
            "{}  {}  ->  {}",
            sample.column,
            sample.clear,
            self.good(&sample.token)
        ));
        self.step(3, "Sealed, each company under keys of its own", &lines);
    }

    fn search(&self, search: &Exposure) {
        let lines = [
            format!(
                "{} known values of 8 bytes or more, {} spellings each: raw, UTF-16, hex, base64",
                count(search.values as u64),
                search.spellings
            ),
            format!(
                "{}  in data folder, key folder and tokenised files ({} files, {})",
                self.good(&format!("{:>8} found", count(search.sealed_found as u64))),
                search.sealed_files,
                bytes(search.sealed_bytes)
            ),
            format!(
                "{:>8} found  in the clear exports ({} files, {}): the search can fail",
                count(search.clear_found as u64),
                search.clear_files,
                bytes(search.clear_bytes)
            ),
        ];
        self.step(4, "What lies on disk now, searched byte by byte", &lines);
    }

    fn revealed(&self, revealed: &Revealed) {
        let masked: Vec<String> =
            revealed.masked.iter().map(|c| format!("{} {}", c.column, c.value)).collect();
        let mut lines = labelled("masked", &wrap(&masked.join("   "), WIDTH - 12));
        let full = &revealed.full;
        let full = format!("{} {}, for the purpose `tax`", full.column, self.good(&full.value));
        lines.extend(labelled("in full", &[full]));
        lines.extend(self.entry(&revealed.entry));
        let rows: Vec<Vec<String>> = revealed
            .who
            .iter()
            .map(|l| {
                let fields = if l.fields.len() > 3 {
                    format!("{} types", l.fields.len())
                } else {
                    l.fields.join(",")
                };
                let purpose = l.purpose.clone().unwrap_or_default();
                vec![
                    l.index.to_string(),
                    time(l.time_us),
                    l.act.to_owned(),
                    l.actor.clone(),
                    purpose,
                    fields,
                ]
            })
            .collect();
        let who = table(&["ENTRY", "TIME", "ACT", "BY", "FOR", "FIELDS"], &rows);
        let record = format!("record {}:", revealed.record);
        lines.extend(labelled("who saw", &[record]));
        lines.extend(labelled("", &who.lines().map(str::to_owned).collect::<Vec<_>>()));
        let title = "One person, through the one audited path: recorded first, opened after";
        self.step(5, title, &lines);
    }

    fn entry(&self, entry: &Entry) -> Vec<String> {
        let whose = entry.tenant.map_or("the system's".to_owned(), |t| format!("{t}'s"));
        let mut lines = vec![format!("entry {} of {whose} log:", entry.index)];
        lines.extend(wrap(&entry.json, WIDTH - 12).iter().map(|l| self.paint("2", l)));
        labelled("ledger", &lines)
    }

    fn refusal(&self, refusal: &Refusal) {
        let mut lines = vec![
            format!(
                "{}, a service of {} with a good credential, tried {} ways to a value of {}:",
                refusal.service, refusal.tenant, refusal.attempts, refusal.other
            ),
            format!(
                "{} each time (exit {}: not found), word for word like a token that never was",
                self.good("refused"),
                refusal.exit
            ),
        ];
        lines.extend(self.entry(&refusal.entry));
        self.step(6, "Another company's data", &lines);
    }

    fn ledger(&self, ledger: &LedgerCheck) {
        let sizes: Vec<String> = ledger
            .logs
            .iter()
            .map(|l| format!("{} {}", l.tenant.unwrap_or("system"), count(l.size)))
            .collect();
        let lines = [
            format!(
                "{}  with the public keys alone; entries: {}",
                self.good("verified"),
                sizes.join(", ")
            ),
            format!("          they account for all {} records sealed", count(ledger.collected)),
            format!(
                "one byte changed: {} of {} in {}",
                count(ledger.byte as u64 + 1),
                count(ledger.file_bytes),
                ledger.file_name
            ),
            format!(
                "{}   log {}, entry {}:",
                self.paint("1;31", "REFUSED"),
                ledger.refuted_log,
                ledger.refuted_index
            ),
            format!("          {}", ledger.refuted_reason),
            format!("put back: {}", self.good("verified")),
        ];
        self.step(7, "The ledger, exported for an outsider", &lines);
    }
}

/// The columns under what becomes of them.
fn columns_by_treatment(proposal: &Proposal) -> Vec<String> {
    let group = |wanted: fn(&Treatment) -> bool| {
        let named = proposal.columns.iter().filter(|c| wanted(&c.treatment));
        let names: Vec<String> = named
            .map(|c| if c.unsure { format!("{} (?)", c.name) } else { c.name.clone() })
            .collect();
        wrap(&names.join(", "), WIDTH - 24)
    };
    let groups = [
        ("sealed, searchable", group(|t| matches!(t, Treatment::Seal { index: true, .. }))),
        ("sealed", group(|t| matches!(t, Treatment::Seal { index: false, .. }))),
        ("verify-only", group(|t| matches!(t, Treatment::Verify))),
        ("never stored", group(|t| matches!(t, Treatment::Drop { .. }))),
        ("left open", group(|t| matches!(t, Treatment::Clear { .. }))),
    ];
    let lines = groups.into_iter().flat_map(|(label, lines)| {
        lines.into_iter().enumerate().map(move |(at, line)| {
            let label = if at == 0 { label } else { "" };
            format!("  {label:18}  {line}")
        })
    });
    lines.collect()
}

/// Lines with a word in front of the first.
fn labelled(label: &str, lines: &[String]) -> Vec<String> {
    let label = |at: usize| if at == 0 { label } else { "" };
    lines.iter().enumerate().map(|(at, line)| format!("{:8} {line}", label(at))).collect()
}

/// Breaks a text into lines, between words where there are any, within a long word otherwise.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_inclusive([' ', ',']) {
        let chars = word.chars().count();
        if length > 0 && length + word.trim_end().chars().count() > width {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            length = 0;
        }
        line.push_str(word);
        length += chars;
    }
    lines.push(line.trim_end().to_owned());
    lines
}

fn bytes(n: u64) -> String {
    format!("{:.1} MB", n as f64 / 1_000_000.0)
}

fn closing(screen: &Screen, place: &Place, again: &Exposure, seconds: f64) -> String {
    let held = screen.good("Everything held.");
    let mut text = format!(
        "\n{held} Searched again after all of it: {} of {} values found. {seconds:.1} s in all.\n",
        count(again.sealed_found as u64),
        count(again.values as u64)
    );
    let file = if place.is_kept() {
        text.push_str(&format!("Kept in {}\n", place.root().display()));
        quoted(&place.path("clear").join(format!("{}.csv", TENANTS[0])))
    } else {
        "people.csv".to_owned()
    };
    let program = program();
    text.push_str("\nNext, on a file of your own (CSV, JSON, fixed width or an SQL dump):\n\n");
    text.push_str(&format!("  FILE={file}\n"));
    for command in [
        "init --development",
        "tenant add acme",
        "schema propose \"$FILE\"",
        "seal \"$FILE\" --tenant acme --collection people --dry-run",
        "seal \"$FILE\" --tenant acme --collection people --out sealed.csv",
        "reveal --tenant acme --purpose support \\\n    \
         \"$(grep -o 'srt_[a-z2-7]*' sealed.csv | head -1)\"",
    ] {
        text.push_str(&format!("  {program} {command}\n"));
    }
    text.push_str(
        "\nA development install is for trying: real people's data belong in one made \
                   without it.\n",
    );
    text
}

/// How whoever runs this can call it again.
fn program() -> String {
    let Ok(exe) = std::env::current_exe() else { return "strongroom".to_owned() };
    let same = |p: PathBuf| p.canonicalize().is_ok_and(|p| p == exe);
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| same(folder.join("strongroom"))) {
        return "strongroom".to_owned();
    }
    let here = std::env::current_dir().ok();
    let below = here.as_deref().and_then(|here| exe.strip_prefix(here).ok());
    quoted(below.filter(|p| p.components().count() > 1).unwrap_or(&exe))
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
