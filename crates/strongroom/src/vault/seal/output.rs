//! The output of a job: written aside, made durable, then renamed into place. What another job
//! wrote is never overwritten.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use strongroom_core::id::JobId;

use super::absolute;
use crate::problem::Problem;

/// Where the tokenised file goes: as asked, or `NAME.sealed.EXT` beside the input.
pub fn place(input: &Path, asked: Option<&Path>) -> Result<PathBuf, Problem> {
    let out = match asked {
        Some(out) => out.to_path_buf(),
        None => {
            let stem = input.file_stem().unwrap_or_default().to_string_lossy();
            let end = input.extension().map_or("csv".into(), |e| e.to_string_lossy());
            input.with_file_name(format!("{stem}.sealed.{end}"))
        }
    };
    let same = fs::canonicalize(&out).ok();
    let same = same.is_some_and(|o| fs::canonicalize(input).is_ok_and(|i| i == o));
    if same || absolute(&out) == absolute(input) {
        let detail = "the output would overwrite the input";
        return Err(Problem::usage(detail, "name another file with --out"));
    }
    Ok(out)
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
    file: Mutex<(File, Sha256)>,
}

impl Aside {
    /// Begins the file, beside its place, from the start.
    pub fn create(out: &Path, job: JobId) -> Result<Self, Problem> {
        let name = out.file_name().unwrap_or_default().to_string_lossy();
        let short: String = job.to_string().chars().take(8).collect();
        let path = out.with_file_name(format!(".{name}.{short}.partial"));
        // Removed first, never followed: the name could have been made a link to elsewhere.
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(unwritable(&path, &e)),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let file = options.create_new(true).write(true).mode(0o600).open(&path);
        let file = file.map_err(|e| unwritable(out, &e))?;
        Ok(Self { path, file: Mutex::new((file, Sha256::new())) })
    }

    /// Makes the file durable and moves it to its place, which must be free or hold this very
    /// output already. Gives the digest.
    pub fn finish(&self, out: &Path) -> Result<String, Problem> {
        let digest = {
            let mut held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            held.0.sync_all().map_err(|e| unwritable(out, &e))?;
            std::mem::take(&mut held.1).finalize()
        };
        let digest = HEXLOWER.encode(&digest);
        if fs::symlink_metadata(out).is_ok() {
            if file_digest(out).is_ok_and(|d| d == digest) {
                fs::remove_file(&self.path).map_err(|e| unwritable(out, &e))?;
                return Ok(digest);
            }
            let _ = fs::remove_file(&self.path);
            let detail = format!("{} is there already and is not this output", out.display());
            let remedy = "every row is sealed; run the same command with another --out to get \
                          the tokenised file";
            return Err(Problem::usage(detail, remedy));
        }
        fs::rename(&self.path, out).map_err(|e| unwritable(out, &e))?;
        let folder = out.parent().filter(|p| !p.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new("."))).and_then(|f| f.sync_all());
        folder.map_err(|e| unwritable(out, &e))?;
        Ok(digest)
    }
}

impl Write for &Aside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let n = held.0.write(bytes)?;
        held.1.update(bytes.get(..n).unwrap_or_default());
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).0.flush()
    }
}

fn file_digest(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 18]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(HEXLOWER.encode(&hash.finalize())),
            n => hash.update(buffer.get(..n).unwrap_or_default()),
        }
    }
}

/// What is wrong with the output's place.
pub fn unwritable(path: &Path, error: &io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::StorageFull => strongroom_core::store::CommitError::DiskFull.into(),
        _ => Problem::usage(
            format!("{} cannot be written: {error}", path.display()),
            "name a file in a folder that this user can write with --out",
        ),
    }
}
