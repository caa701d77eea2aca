//! The output of a job: written aside, made durable, then renamed into place. What another job
//! wrote is never overwritten.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Seek as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use strongroom_core::id::JobId;

use crate::boundary;
use crate::import::{Format, unpacked_name};
use crate::problem::{Kind, Problem};
use crate::store::disk::is_full;

/// How much of a job's id the name of a partial output holds.
const JOB_CHARACTERS: usize = 8;

/// Refuses to take standard input or output for a named file.
pub fn refuse_unnamed(input: &Path, asked: Option<&Path>) -> Result<(), Problem> {
    let detail = match asked {
        Some(out) if out.as_os_str() == "-" => {
            "the tokenised copy is a file, complete or not there: it cannot go to standard output"
        }
        None if input.as_os_str() == "-" => {
            "standard input has no name that the tokenised copy could have"
        }
        _ => return Ok(()),
    };
    Err(Problem::usage(detail, "name a file with --out"))
}

/// Where the tokenised file goes: as asked, or `NAME.sealed.EXT` beside the input, where
/// `EXT` is that of what a packed input holds, or `csv` where the output is another format.
pub fn place(input: &Path, asked: Option<&Path>, format: Format) -> Result<PathBuf, Problem> {
    let out = match asked {
        Some(out) => out.to_path_buf(),
        None => {
            let input = &unpacked_name(input);
            let mut name = input.file_stem().unwrap_or_default().to_os_string();
            name.push(".sealed.");
            let ending = match format.is_kept() {
                true => input.extension().unwrap_or("csv".as_ref()),
                false => "csv".as_ref(),
            };
            name.push(ending);
            input.with_file_name(name)
        }
    };
    place_apart(input, &out)?;
    Ok(out)
}

/// Refuses an output in the place of the input.
pub fn place_apart(input: &Path, out: &Path) -> Result<(), Problem> {
    if boundary::is_one(input, out) {
        let detail = "the output would overwrite the input";
        return Err(Problem::usage(detail, "name another file with --out"));
    }
    Ok(())
}

/// Refuses a report that would take the place of a file of the job.
pub fn keep_apart(report: &Path, others: &[&Path]) -> Result<(), Problem> {
    match others.iter().find(|other| boundary::is_one(report, other)) {
        Some(other) => {
            let detail = format!("the report would take the place of {}", other.display());
            Err(Problem::usage(detail, "name another file with --report"))
        }
        None => Ok(()),
    }
}

/// Refuses a place where there is something already.
pub fn refuse_existing(out: &Path) -> Result<(), Problem> {
    if fs::symlink_metadata(out).is_err() {
        return Ok(());
    }
    let detail = format!("{} is there already and is not this job's output", out.display());
    Err(Problem::usage(detail, "name another file with --out; nothing was written"))
}

/// The output while it is being written.
pub struct Aside {
    path: PathBuf,
    file: File,
    /// Removed unless it is finished: nobody goes on with it, and what is in it is in clear.
    in_clear: bool,
}

impl Aside {
    /// The same as [`Self::create`] for an output in clear, of which nothing is left behind.
    pub fn create_in_clear(out: &Path, job: JobId) -> Result<Self, Problem> {
        let mut aside = Self::create(out, job)?;
        aside.in_clear = true;
        Ok(aside)
    }

    /// Begins the file, beside its place, from the start.
    pub fn create(out: &Path, job: JobId) -> Result<Self, Problem> {
        if out.file_name().is_none() || out.as_os_str().as_encoded_bytes().ends_with(b"/") {
            let detail = format!("{} is no name of a file", out.display());
            return Err(Problem::usage(detail, "name a file with --out"));
        }
        let short: String = job.to_string().chars().take(JOB_CHARACTERS).collect();
        let mut name = OsString::from(".");
        name.push(out.file_name().unwrap_or_default());
        name.push(format!(".{short}.partial"));
        let path = out.with_file_name(name);
        // Removed first, never followed: the name could have been made a link to elsewhere.
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(unwritable(&path, &e)),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let file = options.create_new(true).read(true).write(true).mode(0o600).open(&path);
        Ok(Self { file: file.map_err(|e| unwritable(out, &e))?, path, in_clear: false })
    }

    /// Removes the file, for an output that nobody will go on with.
    pub fn remove(mut self) {
        self.in_clear = true;
    }

    /// Makes the file durable and moves it to its place, which must be free or hold this very
    /// output already.
    pub fn finish(self, out: &Path) -> Result<(), Problem> {
        let fault = |e: io::Error| unwritable(out, &e);
        self.file.sync_all().map_err(fault)?;
        if move_to_free(&self.path, out).map_err(fault)? {
            let folder = File::open(folder_of(out));
            return folder.and_then(|f| f.sync_all()).map_err(fault);
        }
        let same = File::open(out).and_then(|there| same_bytes(&self.file, &there));
        fs::remove_file(&self.path).map_err(fault)?;
        if same.is_ok_and(|same| same) {
            return Ok(());
        }
        let detail = format!("{} is there already and is not this output", out.display());
        let remedy = "every row is sealed; run the same command with another --out to get the \
                      tokenised file";
        Err(Problem::usage(detail, remedy))
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if self.in_clear {
            // Gone already when it is in its place. What cannot be removed is named `.partial` and
            // readable by this user alone.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Write for &Aside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&self.file).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&self.file).flush()
    }
}

/// The folder that a file lies in.
pub fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Removes what was being written aside for an output, in clear perhaps, by a run that is ending.
pub fn remove_partial(out: &Path) {
    let mut begin = OsString::from(".");
    begin.push(out.file_name().unwrap_or_default());
    begin.push(".");
    let (begin, end) = (begin.as_encoded_bytes(), b".partial");
    for entry in fs::read_dir(folder_of(out)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let middle = name.as_encoded_bytes().strip_prefix(begin);
        let middle = middle.and_then(|rest| rest.strip_suffix(end));
        let is_ours = middle.is_some_and(|job| {
            job.len() == JOB_CHARACTERS && job.iter().all(u8::is_ascii_hexdigit)
        });
        if is_ours {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Renames without ever replacing a file; false when there is one.
pub fn move_to_free(from: &Path, to: &Path) -> io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        // A file system without the flag: look, then rename.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => match fs::symlink_metadata(to) {
            Ok(_) => Ok(false),
            Err(_) => fs::rename(from, to).map(|()| true),
        },
        Err(e) => Err(e.into()),
    }
}

/// Whether two files hold the same bytes.
fn same_bytes(mut one: &File, two: &File) -> io::Result<bool> {
    if one.metadata()?.len() != two.metadata()?.len() {
        return Ok(false);
    }
    one.rewind()?;
    let (mut one, mut two) = (BufReader::new(one), BufReader::new(two));
    loop {
        let (a, b) = (one.fill_buf()?, two.fill_buf()?);
        let n = a.len().min(b.len());
        if n == 0 {
            return Ok(a.len() == b.len());
        }
        if a.get(..n) != b.get(..n) {
            return Ok(false);
        }
        one.consume(n);
        two.consume(n);
    }
}

/// What is wrong with the output's place.
pub fn unwritable(path: &Path, error: &io::Error) -> Problem {
    let detail = format!("{} cannot be written: {error}", path.display());
    if is_full(error) {
        let remedy = "free space on its volume, or name a file on another with --out, then run the \
                      command again: whatever is sealed stays sealed, and it goes on from there";
        return Problem::new(Kind::Unavailable, detail, remedy);
    }
    Problem::usage(detail, "name a file in a folder that this user can write with --out")
}
