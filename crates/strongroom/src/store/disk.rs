//! Files as the store needs them: a small port, so that the same store code runs on the machine's
//! file system and on a model that fails, tears and reorders writes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// A file that was made or opened.
pub type Opened = io::Result<Box<dyn DiskFile>>;

/// A folder of files. Names are relative, with `/`.
pub trait Disk: Send + Sync {
    /// Opens a file for reading and writing, if there is one.
    ///
    /// # Errors
    /// As the medium's.
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn DiskFile>>>;

    /// Makes a file of `len` bytes, `head` and then zeros; when this returns, the file and its
    /// name are durable. The name never leads to less than the whole file.
    ///
    /// # Errors
    /// As the medium's; whether there is then a file of that name is not said.
    fn create(&self, name: &str, head: &[u8], len: u64) -> io::Result<Box<dyn DiskFile>>;

    /// A whole small file, if there is one.
    ///
    /// # Errors
    /// As the medium's.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;

    /// Makes a file out of the blocks of another, so that it needs no room: `head`, and `fill` up
    /// to the length of `spare`. What had the name before is the spare one then. Durable when this
    /// returns; until then the name leads where it led.
    ///
    /// # Errors
    /// `StorageFull` when `spare` is missing or shorter than `head`; as the medium's, and then
    /// which file has the name is not said.
    fn put_into(&self, spare: &str, name: &str, head: &[u8], fill: u8) -> Opened;

    /// Bytes that are free on the folder's volume.
    ///
    /// # Errors
    /// As the medium's.
    fn room(&self) -> io::Result<u64>;

    /// Replaces a small file wholly or not at all; durable when this returns.
    ///
    /// # Errors
    /// As the medium's; the old content then stands.
    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Gives a file another name, in place of what stood there; durable when this returns.
    ///
    /// # Errors
    /// As the medium's; which of the two names it has is then not said.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Unlinks a file; durable when this returns.
    ///
    /// # Errors
    /// As the medium's.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Overwrites a small file where it lies, and unlinks it; both durable when this returns. What
    /// the medium keeps elsewhere, it keeps.
    ///
    /// # Errors
    /// As the medium's.
    fn destroy(&self, name: &str) -> io::Result<()>;

    /// The names in a folder, sorted; empty when there is none.
    ///
    /// # Errors
    /// As the medium's.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;
}

/// An open file, written and read at offsets.
pub trait DiskFile: Send + Sync {
    /// Its length.
    ///
    /// # Errors
    /// As the medium's.
    fn length(&self) -> io::Result<u64>;

    /// Fills `out` from `offset`; gives how much was there.
    ///
    /// # Errors
    /// As the medium's.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`. Durable only after [`DiskFile::sync`].
    ///
    /// # Errors
    /// As the medium's.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Allocates up to `len`, filled with zeros.
    ///
    /// # Errors
    /// As the medium's, above all a full disk.
    fn grow(&self, len: u64) -> io::Result<()>;

    /// Makes what was written durable. After an error the file must not be written again: the
    /// kernel may have dropped the pages it could not write.
    ///
    /// # Errors
    /// As the medium's.
    fn sync(&self) -> io::Result<()>;

    /// Whether the name still leads to this very file: a log that was unlinked or replaced under
    /// the running program must not go on in silence.
    ///
    /// # Errors
    /// As the medium's.
    fn is_in_place(&self) -> io::Result<bool>;
}

/// Small files are no larger than this.
const SMALL_BYTES_MAX: u64 = 64 << 20;

/// What the name of a file ends in while it is written beside its place.
pub const ASIDE: &str = ".new";

/// A folder of the machine's file system. Files are 0600, those of the key folder 0400; folders are
/// 0700.
pub struct Folder {
    root: PathBuf,
    mode: u32,
    read_only: bool,
}

impl Folder {
    /// The folder at `root`, to be read alone: nothing of it is made or opened for writing.
    #[must_use]
    pub fn to_read(root: &Path) -> Self {
        Self { root: root.to_path_buf(), mode: 0o600, read_only: true }
    }

    /// The folder at `root`, made if need be.
    ///
    /// # Errors
    /// As the file system's.
    pub fn open(root: &Path) -> io::Result<Self> {
        make_folder(root)?;
        Ok(Self { root: root.to_path_buf(), mode: 0o600, read_only: false })
    }

    /// The same for a folder of keys: whoever leads this user's writes to one of its files meets
    /// a file that cannot be written.
    ///
    /// # Errors
    /// As the file system's.
    pub fn of_keys(root: &Path) -> io::Result<Self> {
        Ok(Self { mode: 0o400, ..Self::open(root)? })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn sync_folder_of(&self, name: &str) -> io::Result<()> {
        let path = self.path(name);
        File::open(path.parent().unwrap_or(&self.root))?.sync_all()
    }

    /// Writes a file beside its place and moves it there.
    fn put(&self, name: &str, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<File> {
        let path = self.path(name);
        let folder = path.parent().unwrap_or(&self.root);
        make_folder(folder)?;
        let aside = self.path(&format!("{name}{ASIDE}"));
        // Never followed, never taken over: whoever can write here could lead it to a key file.
        match fs::remove_file(&aside) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(self.mode);
        let mut file = options.open(&aside)?;
        let done = write(&mut file).and_then(|()| file.sync_all());
        let done = done.and_then(|()| fs::rename(&aside, &path));
        if let Err(error) = done {
            // Nothing of the name must be left; a second failure changes nothing for the caller.
            let _ = fs::remove_file(&aside);
            return Err(error);
        }
        File::open(folder)?.sync_all()?;
        Ok(file)
    }
}

impl Disk for Folder {
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn DiskFile>>> {
        let path = self.path(name);
        let mut options = OpenOptions::new();
        // A link is refused: it could lead our writes to any file of this user.
        options.read(true).write(!self.read_only);
        // Nor must a pipe in its place hold anybody up.
        options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
        match options.open(&path) {
            Ok(file) if !file.metadata()?.is_file() => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))
            }
            Ok(file) => Ok(Some(Box::new(FolderFile { file, path }))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn create(&self, name: &str, head: &[u8], len: u64) -> io::Result<Box<dyn DiskFile>> {
        let file = self.put(name, |file| {
            file.write_all(head)?;
            let zeros = vec![0; 1 << 20];
            let mut left = len.saturating_sub(head.len() as u64);
            while left > 0 {
                let now = left.min(zeros.len() as u64);
                let part = zeros.get(..usize::try_from(now).unwrap_or(0)).unwrap_or_default();
                file.write_all(part)?;
                left -= now;
            }
            Ok(())
        })?;
        Ok(Box::new(FolderFile { file, path: self.path(name) }))
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let mut options = OpenOptions::new();
        // A pipe or a device in its place must hold nobody up, nor be read without end.
        options.read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        let file = match options.open(self.path(name)) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e),
        };
        let mut bytes = Vec::new();
        file.take(SMALL_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > SMALL_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is larger than it can be"));
        }
        Ok(Some(bytes))
    }

    fn put_into(&self, spare: &str, name: &str, head: &[u8], fill: u8) -> Opened {
        let (from, to) = (self.path(spare), self.path(name));
        let mut file = open_spare(&from)?;
        let length = file.metadata()?.len();
        let left = length.checked_sub(head.len() as u64).ok_or_else(no_room)?;
        file.write_all(head)?;
        io::copy(&mut io::repeat(fill).take(left), &mut file)?;
        file.set_permissions(fs::Permissions::from_mode(self.mode))?;
        file.sync_all()?;
        exchange(&from, &to)?;
        self.sync_folder_of(name)?;
        self.sync_folder_of(spare)?;
        Ok(Box::new(FolderFile { file, path: to }))
    }

    fn room(&self) -> io::Result<u64> {
        free_bytes(&self.root)
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.put(name, |file| file.write_all(bytes)).map(|_| ())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))?;
        self.sync_folder_of(to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))?;
        self.sync_folder_of(name)
    }

    fn destroy(&self, name: &str) -> io::Result<()> {
        let path = self.path(name);
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
        let mode = fs::Permissions::from_mode(0o600);
        options.open(&path)?.set_permissions(mode)?;
        let mut file = options.write(true).open(&path)?;
        let length = file.metadata()?.len().min(SMALL_BYTES_MAX);
        file.write_all(&vec![0; usize::try_from(length).unwrap_or(0)])?;
        file.sync_all()?;
        self.remove(name)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.path(folder)) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(e),
        };
        let mut names = Vec::new();
        for entry in entries {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
}

/// Opens a spare file for writing. A link is refused, and so is a file with another name elsewhere:
/// it could lead our writes to any file of this user.
fn open_spare(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(flags);
    let about = match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(no_room()),
        about => about?,
    };
    if about.is_file() && about.mode() & 0o200 == 0 {
        // A file of the key folder. Only its owner can do this.
        let mode = fs::Permissions::from_mode(0o600);
        options.open(path)?.set_permissions(mode)?;
    }
    let file = options.write(true).open(path)?;
    let about = file.metadata()?;
    if about.is_file() && about.nlink() == 1 { Ok(file) } else { Err(no_room()) }
}

/// Lets two files change names; where there is one file only, or the file system cannot do that,
/// the first takes the name of the second.
fn exchange(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::EXCHANGE) {
        Err(Errno::NOENT | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => fs::rename(from, to),
        done => Ok(done?),
    }
}

/// Bytes that are free for this user on the volume of a folder.
///
/// # Errors
/// As the file system's.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let room = rustix::fs::statvfs(path)?;
    Ok(room.f_bavail.saturating_mul(room.f_frsize))
}

/// The error of a full disk.
#[must_use]
pub fn no_room() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(()),
    };
    // One by one from the top, each name durable before what lies under it.
    make_folder(parent)?;
    match fs::create_dir(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => return Ok(()),
        done => done?,
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    File::open(parent)?.sync_all()
}

/// Whether there is no room to write: on the volume, of the user's quota, of the process's limit.
#[must_use]
pub fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

struct FolderFile {
    file: File,
    path: PathBuf,
}

impl DiskFile for FolderFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = out.get_mut(done..).filter(|r| !r.is_empty()) {
            match self.file.read_at(rest, offset + done as u64) {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(done)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn grow(&self, len: u64) -> io::Result<()> {
        let old = self.file.metadata()?.len();
        if len > old {
            let flags = rustix::fs::FallocateFlags::empty();
            match rustix::fs::fallocate(&self.file, flags, old, len - old) {
                Ok(()) => {}
                // Some file systems cannot allocate ahead; a longer file reads the same.
                Err(rustix::io::Errno::OPNOTSUPP) => self.file.set_len(len)?,
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn is_in_place(&self) -> io::Result<bool> {
        let (mine, named) = (self.file.metadata()?, fs::symlink_metadata(&self.path));
        Ok(named.is_ok_and(|n| n.dev() == mine.dev() && n.ino() == mine.ino()))
    }
}
