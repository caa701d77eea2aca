//! `--shred-input`: the input is overwritten and removed once its tokenised copy is in place and
//! was verified.
//!
//! One pass. On magnetic disks that is enough: "a single overwrite pass with a fixed pattern such
//! as binary zeros typically hinders recovery of data even if state of the art laboratory
//! techniques are applied" (NIST SP 800-88 Rev. 1, Trends in Sanitization). The bytes are random,
//! so that nothing below compresses them or leaves them out. It reaches the blocks that the file
//! system gives the file now, and no others: [`NOT_REACHED`].
//!
//! The input is renamed first, and that rename made durable: killed at any instant, what stands
//! under the input's own name is whole.

use std::fs::{self, File, Metadata};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use rustix::fs::{Access, Mode, OFlags, access};
use strongroom_core::field::FieldType;
use strongroom_core::source::{Random, draw};

use super::input::Input;
use super::output::{folder_of, move_to_free};
use super::{SealReport, verify};
use crate::import::Format;
use crate::problem::Problem;

/// What overwriting a file does not reach.
pub const NOT_REACHED: &str = "not reached: journals and snapshots of the file system, earlier \
                               blocks on flash or copy-on-write volumes, copies and backups";

/// Behind a point and the input's name: what is being overwritten.
const SHREDDING: &str = ".shredding";
const BLOCK_BYTES: usize = 1 << 20;

/// What became of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shred {
    /// It was not asked for.
    NotAsked,
    /// It is overwritten and removed.
    Done,
    /// It stays, and why.
    Kept(String),
}

/// An input that is to be shredded, held open so that it is the very same at the end.
pub struct Claim {
    path: PathBuf,
    file: File,
    at_first: Metadata,
}

/// Where an input lies while it is overwritten: `.NAME.shredding` beside it.
#[must_use]
pub fn shredding_name(input: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(input.file_name().unwrap_or_default());
    name.push(SHREDDING);
    input.with_file_name(name)
}

/// Refuses what a shredding that was killed has left, under its name or in the place of the input.
///
/// # Errors
/// A [`Problem`] that says that the tokenised copy is complete.
pub fn refuse_left(input: &Path) -> Result<(), Problem> {
    let name = input.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with('.') && name.ends_with(SHREDDING) {
        let detail = format!("{} is what an interrupted --shred-input left", input.display());
        return Err(Problem::usage(detail, LEFT_REMEDY));
    }
    let left = shredding_name(input);
    let is_there = |path: &Path| fs::symlink_metadata(path).is_ok();
    if !is_there(input) && is_there(&left) {
        let detail = format!(
            "{} was being shredded by a run that ended early; {} is what is left of it",
            input.display(),
            left.display()
        );
        return Err(Problem::usage(detail, LEFT_REMEDY));
    }
    Ok(())
}

const LEFT_REMEDY: &str = "the tokenised copy was complete and verified before that began: remove \
                           the `.shredding` file, for instance with `shred -u`";

/// Why the input must stay: what is in it and in no other place.
pub fn only_there(report: &SealReport) -> Option<String> {
    if report.quarantined > 0 {
        let n = report.quarantined;
        return Some(format!("{n} rows could not be read and are only there"));
    }
    let unusable = report.counts.sealed.unusable;
    if unusable > 0 {
        return Some(format!("{unusable} passwords are hashes that verify nothing yet"));
    }
    // Security codes are meant to be gone once a payment is authorised.
    let code = FieldType::CardSecurityCode.name();
    let mut dropped = report.counts.dropped_by_type().filter(|(kind, _)| *kind != code);
    dropped.next().map(|(kind, n)| format!("{n} cells of type {kind} are kept nowhere else"))
}

/// Refuses an input that holds more than its rows.
///
/// # Errors
/// A [`Problem`] for an SQL dump.
pub fn refuse_more_than_rows(input: &Input) -> Result<(), Problem> {
    // The other formats have no room for more: what is no cell of theirs is kept as it stands, or
    // its row is quarantined.
    if input.told.layout.format != Format::Sql {
        return Ok(());
    }
    let detail = format!(
        "--shred-input: {} is an SQL dump, and only one table of it goes into the copy",
        input.path.display()
    );
    Err(Problem::usage(detail, "seal it without --shred-input, then remove it by hand"))
}

impl Claim {
    /// Takes hold of an input before anything is sealed.
    ///
    /// # Errors
    /// A [`Problem`]: it is no file of its own that this user may overwrite and remove.
    pub fn take(path: &Path) -> Result<Self, Problem> {
        let refuse = |why: &str, remedy: &str| {
            let detail = format!("--shred-input: {} {why}; nothing was done", path.display());
            Err(Problem::usage(detail, remedy))
        };
        let by_hand = "name the file itself, or leave --shred-input away";
        if path.as_os_str() == "-" {
            return refuse("is standard input, which cannot be overwritten", by_hand);
        }
        let left = shredding_name(path);
        if fs::symlink_metadata(&left).is_ok() {
            let why = format!("has {} beside it, left by a run that ended early", left.display());
            return refuse(&why, "remove that file first, for instance with `shred -u`");
        }
        if fs::symlink_metadata(path).is_ok_and(|m| !m.is_file()) {
            return refuse("is a link or no file", by_hand);
        }
        // A file that became a pipe must not hang the open, nor a link lead it elsewhere.
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = rustix::fs::open(path, flags, Mode::empty()).map(File::from);
        let opened = opened.map_err(io::Error::from).and_then(|f| f.metadata().map(|m| (f, m)));
        let (file, at_first) = match opened {
            Ok(opened) => opened,
            Err(e) => return refuse(&format!("cannot be overwritten: {e}"), by_hand),
        };
        if !at_first.is_file() {
            return refuse("is a link or no file", by_hand);
        }
        if at_first.nlink() != 1 {
            let remedy = "remove its other names (hard links) first, or leave --shred-input away";
            return refuse("has other names, which would be overwritten too", remedy);
        }
        if let Err(e) = access(folder_of(path), Access::WRITE_OK | Access::EXEC_OK) {
            return refuse(&format!("lies in a folder it cannot be removed from: {e}"), by_hand);
        }
        Ok(Self { path: path.to_path_buf(), file, at_first })
    }

    /// Overwrites and removes the input, after comparing it with its copy.
    ///
    /// # Errors
    /// A [`Problem`] that says whether the input is as it was.
    pub(super) fn shred(self, run: &super::Run<'_>) -> Result<(), Problem> {
        verify::verify(run, &self.file)?;
        self.is_as_it_was(&self.path)?;
        let aside = shredding_name(&self.path);
        let fault = |e: io::Error| kept(&self.path, &format!("it cannot be renamed: {e}"));
        if !move_to_free(&self.path, &aside).map_err(fault)? {
            return Err(kept(&self.path, &format!("{} is in the way", aside.display())));
        }
        if let Err(problem) = self.is_as_it_was(&aside) {
            // Somebody put another file there in between: it gets its name back.
            let _ = move_to_free(&aside, &self.path);
            return Err(problem);
        }
        self.overwrite(&aside, &*run.vault.random).map_err(|e| {
            let detail = format!(
                "every row is sealed and the copy is complete, but shredding {} failed: {e}; what \
                 is left of it is {}",
                self.path.display(),
                aside.display()
            );
            Problem::usage(detail, "remove what is left, for instance with `shred -u`")
        })
    }

    /// Whether a path is still this file, with nothing written to it since.
    fn is_as_it_was(&self, path: &Path) -> Result<(), Problem> {
        let known = |m: &Metadata| (m.dev(), m.ino(), m.len(), m.mtime(), m.mtime_nsec());
        let is_same = |m: io::Result<Metadata>| {
            m.is_ok_and(|m| m.is_file() && m.nlink() == 1 && known(&m) == known(&self.at_first))
        };
        match is_same(fs::symlink_metadata(path)) && is_same(self.file.metadata()) {
            true => Ok(()),
            false => Err(kept(&self.path, "it was changed or replaced meanwhile")),
        }
    }

    fn overwrite(&self, aside: &Path, random: &dyn Random) -> io::Result<()> {
        let no_random = |_| io::Error::other("the source of randomness does not answer");
        let folder = File::open(folder_of(aside))?;
        // INVARIANT: no byte is overwritten before the input's own name is durably gone.
        folder.sync_all()?;
        let mut block = vec![0; BLOCK_BYTES];
        let mut file = &self.file;
        file.rewind()?;
        let mut left = self.at_first.len();
        while left > 0 {
            let length = usize::try_from(left).unwrap_or(BLOCK_BYTES).min(BLOCK_BYTES);
            let bytes = block.get_mut(..length).unwrap_or_default();
            random.fill(bytes).map_err(no_random)?;
            file.write_all(bytes)?;
            left -= length as u64;
        }
        file.sync_all()?;
        // The name goes the same way: a removed entry of a folder may keep it.
        let name: [u8; 16] = draw(random).map_err(no_random)?;
        let nameless = aside.with_file_name(format!(".{}", HEXLOWER.encode(&name)));
        let renamed = move_to_free(aside, &nameless)?;
        fs::remove_file(if renamed { &nameless } else { aside })?;
        folder.sync_all()
    }
}

/// The input was not touched, though everything is sealed.
pub fn kept(path: &Path, why: &str) -> Problem {
    let detail = format!(
        "every row is sealed and the copy is in place, but {} was not shredded and is as it was: \
         {why}",
        path.display()
    );
    let remedy = "see what has become of both files, then run the same command again, or remove \
                  the input by hand";
    Problem::usage(detail, remedy)
}
