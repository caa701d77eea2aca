//! `strongroom man`: manual pages, one a subcommand, out of the one definition.
//!
//! What stands behind the options in the help is laid out here: its examples as they are to be
//! typed, the rest as notes.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap_mangen::Man;
use serde_json::json;
use strongroom_core::text::visible;

use super::output::Answer;
use super::{Global, definition};
use crate::boundary;
use crate::problem::Problem;

const AFTER_HELP: &str = "\
Examples:
  strongroom man > strongroom.1
  strongroom man --out /usr/local/share/man/man1

Without --out it prints the page of `strongroom` itself. It needs no install.";

/// Options of `man`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Write every page into this folder, which is made where it is missing; pages of an earlier
    /// version are replaced
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints or writes them.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let mut command = definition().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    set(&command, &mut pages).map_err(|_| Problem::internal("a manual page"))?;
    let Some(out) = &args.out else {
        let page = pages.into_iter().next().unwrap_or_default().1;
        return Ok(Answer::verbatim(&json!({ "page": page }), page));
    };
    boundary::outside(&global.folders(), out)?;
    for (name, page) in &pages {
        boundary::outside(&global.folders(), &out.join(name))?;
        write(&out.join(name), page).map_err(|e| {
            let detail = format!("{} cannot be written: {e}", out.join(name).display());
            Problem::usage(detail, "name a folder that this user can write with --out")
        })?;
    }
    let names: Vec<&String> = pages.iter().map(|(name, _)| name).collect();
    let text = format!("{} pages: {}", names.len(), *visible(&out.to_string_lossy()));
    Ok(Answer::new(&json!({"out": out.to_string_lossy(), "pages": names}), text))
}

/// The name that is replaced may be a link: it is removed, never written through.
fn write(path: &Path, page: &str) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    File::create_new(path)?.write_all(page.as_bytes())
}

/// The page of a command and of those below it: file name and text.
fn set(command: &clap::Command, pages: &mut Vec<(String, String)>) -> io::Result<()> {
    let man = Man::new(command.clone()).manual("Strongroom");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    page.extend_from_slice(behind_options(&help).as_bytes());
    let page = String::from_utf8(page).map_err(io::Error::other)?;
    pages.push((man.get_filename(), page));
    command.get_subcommands().try_for_each(|below| set(below, pages))
}

/// Examples and notes, as roff.
fn behind_options(help: &str) -> String {
    let mut out = String::new();
    let mut noted = false;
    for part in help.split("\n\n") {
        let examples = part.strip_prefix("Examples:\n").or(part.strip_prefix("Example:\n"));
        if examples.is_none() && !noted {
            out.push_str(".SH NOTES\n");
            noted = true;
        }
        match examples {
            Some(lines) => out.push_str(&format!(".SH EXAMPLES\n.nf\n{}\n.fi\n", escaped(lines))),
            None => out.push_str(&format!(".PP\n{}\n", escaped(part))),
        }
    }
    out
}

/// Text that says nothing to the typesetter.
fn escaped(text: &str) -> String {
    let line = |line: &str| {
        let plain = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
        if plain.starts_with('.') { format!("\\&{plain}") } else { plain }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
