//! The folder that the demonstration happens in: its own, readable by this user alone, and gone
//! afterwards unless it is to be kept.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use strongroom_core::source::draw;

use crate::ambient::SystemRandom;
use crate::problem::Problem;
use crate::store::disk::is_full;

/// A folder of one's own; removed when dropped, unless it is kept.
pub struct Place {
    root: PathBuf,
    kept: bool,
}

impl Place {
    /// A throw-away folder among the temporary files.
    ///
    /// # Errors
    /// A [`Problem`] when it cannot be made.
    pub fn throw_away() -> Result<Self, Problem> {
        let name = HEXLOWER.encode(&draw::<6>(&SystemRandom)?);
        let root = std::env::temp_dir().join(format!("strongroom-quickstart-{name}"));
        // Made, never taken over: whatever bears this name already is somebody else's.
        DirBuilder::new().mode(0o700).create(&root).map_err(|e| trouble(&root, &e))?;
        Ok(Self { root, kept: false })
    }

    /// A folder that stays. It must not exist yet, or be empty.
    ///
    /// # Errors
    /// A [`Problem`] when it is in use or cannot be made.
    pub fn kept(root: &Path) -> Result<Self, Problem> {
        if fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some()) {
            let detail = format!("{} is not empty", root.display());
            return Err(Problem::usage(detail, "name a folder that does not exist yet"));
        }
        let made = DirBuilder::new().recursive(true).mode(0o700).create(root);
        made.map_err(|e| trouble(root, &e))?;
        let place = Self { root: root.to_path_buf(), kept: true };
        let private = fs::set_permissions(root, fs::Permissions::from_mode(0o700));
        private.map_err(|e| trouble(root, &e))?;
        Ok(place)
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it stays.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Who may enter, as the file system says: 0700 is this user alone.
    ///
    /// # Errors
    /// A [`Problem`] when it cannot be told.
    pub fn mode(&self) -> Result<u32, Problem> {
        let mode = fs::metadata(&self.root).map_err(|e| trouble(&self.root, &e))?;
        Ok(mode.permissions().mode() & 0o7777)
    }

    /// What lies in it under this name.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A folder in it.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf, Problem> {
        let path = self.path(name);
        DirBuilder::new().mode(0o700).create(&path).map_err(|e| trouble(&path, &e))?;
        Ok(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing of it is anybody's: what cannot be removed harms nobody.
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

/// A folder or file of the demonstration that does not do.
pub(super) fn trouble(path: &Path, error: &io::Error) -> Problem {
    if is_full(error) {
        return strongroom_core::store::CommitError::DiskFull.into();
    }
    Problem::usage(
        format!("{} cannot be used: {error}", path.display()),
        "set TMPDIR to a folder that this user can write, or name one with --keep",
    )
}
