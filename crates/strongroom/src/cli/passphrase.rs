//! Where a passphrase comes from: its file, or a person at the terminal, whose typing is not shown.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::Global;
use super::output::is_kept;
use super::session::given;
use crate::boundary;
use crate::custody::{Ask, Passphrase, missing};
use crate::problem::{Kind, Problem};

const VARIABLE: &str = "STRONGROOM_PASSPHRASE_FILE";

impl Global {
    /// Whoever gives the passphrase when an install asks for one.
    pub fn ask(&self) -> Ask {
        let (file, folders) = (given(self.passphrase_file.as_ref(), VARIABLE), self.folders());
        let terminal = !self.json;
        Arc::new(move || match &file {
            Some(file) => {
                apart(&folders, file)?;
                Passphrase::read(file)
            }
            None if terminal => typed("passphrase of the root key: ")?.ok_or_else(missing),
            None => Err(missing()),
        })
    }

    /// A new passphrase: out of a file, or typed twice.
    ///
    /// # Errors
    /// A [`Problem`]: none was given, it is too short, or was typed in two ways.
    pub fn new_passphrase(&self, file: Option<&Path>) -> Result<Passphrase, Problem> {
        if let Some(file) = file {
            apart(&self.folders(), file)?;
            let read = Passphrase::read(file).map_err(|p| Problem { kind: Kind::Usage, ..p });
            return read?.long_enough();
        }
        let none = || {
            let detail = "no passphrase was given";
            Problem::usage(detail, "pass the path of a file that holds it, or run at a terminal")
        };
        if self.json {
            return Err(none());
        }
        let one = typed("new passphrase: ")?.ok_or_else(none)?.long_enough()?;
        let two = typed("again: ")?.ok_or_else(none)?;
        if !one.is(&two) {
            return Err(Problem::usage("the two are not the same", "run the command again"));
        }
        Ok(one)
    }

    /// The file that was named for the passphrase, on the command line or by the environment.
    pub fn passphrase_file(&self) -> Option<std::path::PathBuf> {
        given(self.passphrase_file.as_ref(), VARIABLE)
    }
}

/// A passphrase that lies with the keys protects from nobody who copies them. The path is not
/// repeated: it may be the passphrase.
fn apart(folders: &crate::vault::Folders, file: &Path) -> Result<(), Problem> {
    boundary::outside(folders, file).map_err(|_| {
        let detail = "the passphrase file leads into the data folder or the key folder";
        Problem::usage(detail, "keep it elsewhere: whoever copies the keys must not have it")
    })
}

/// Asks at the terminal; nothing when there is none.
fn typed(prompt: &str) -> Result<Option<Passphrase>, Problem> {
    if is_kept() || !io::stderr().is_terminal() {
        return Ok(None);
    }
    let Ok(terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
        return Ok(None);
    };
    let failed = |e: io::Error| {
        let detail = format!("the terminal cannot be asked: {}", e.kind());
        Problem::usage(detail, "pass the passphrase in a file, with --passphrase-file")
    };
    let line = silently(&terminal, prompt).map_err(failed)?;
    Passphrase::new(line).map(Some)
}

/// Puts the terminal back as it was, whatever happens.
struct Silent<'t> {
    terminal: &'t File,
    before: Termios,
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

fn silently(mut terminal: &File, prompt: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let before = tcgetattr(terminal)?;
    let mut silent = before.clone();
    // Without signals too: Ctrl-C would leave a terminal that shows nothing.
    silent.local_modes -= LocalModes::ECHO | LocalModes::ISIG;
    let held = Silent { terminal, before };
    tcsetattr(terminal, OptionalActions::Flush, &silent)?;
    terminal.write_all(prompt.as_bytes())?;
    let mut line = Zeroizing::new(Vec::with_capacity(1024));
    BufReader::new(terminal).read_until(b'\n', &mut line)?;
    terminal.write_all(b"\n")?;
    drop(held);
    Ok(line)
}
