//! What can be wrong with a backup, and where.

use std::io;

use strongroom_core::store::ReadError;

use crate::problem::{Kind, Problem};
use crate::store::disk::is_full;
use crate::store::recovery::OpenError;

/// Why a backup could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is no manifest: nothing here counts as a backup.
    #[error("there is no whole backup here: backup.json is missing")]
    NoManifest,
    /// It is of another install, or its key was wrapped by another root.
    #[error("the backup belongs to another install, or to another root key")]
    OtherInstall,
    /// It was made by a later version.
    #[error("the backup has format {0}, which this version does not read")]
    OtherFormat(u32),
    /// A file of it is missing.
    #[error("{0} of the backup is missing")]
    Missing(&'static str),
    /// A file of it is not what was written.
    #[error("{file} of the backup is damaged at byte {byte} (chunk {chunk}): {why}")]
    Damaged {
        /// Which.
        file: &'static str,
        /// Where.
        byte: u64,
        /// In which chunk.
        chunk: u64,
        /// How it shows.
        why: &'static str,
    },
    /// The manifest is not what was written.
    #[error("backup.json is damaged: {0}")]
    Manifest(&'static str),
    /// A file could not be used.
    #[error("{what} of the backup cannot be used: {source}")]
    Io {
        /// Which.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// What was to be backed up could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What it was to become could not be made.
    #[error(transparent)]
    Rebuild(#[from] OpenError),
    /// There was no randomness, or a key is of an odd length.
    #[error("a chunk could not be sealed")]
    Seal,
}

/// Adds the file to a medium's error.
pub(super) fn at<T>(what: &'static str, result: io::Result<T>) -> Result<T, BackupError> {
    result.map_err(|source| BackupError::Io { what, source })
}

impl From<BackupError> for Problem {
    fn from(error: BackupError) -> Self {
        let detail = error.to_string();
        match error {
            BackupError::NoManifest => {
                let remedy = "name the folder of a finished backup; one that was interrupted has \
                              no backup.json, and can be removed";
                Self::usage(detail, remedy)
            }
            BackupError::OtherInstall => {
                let remedy = "name the backup and the key folder of one install; a backup made \
                              before `rotate root` needs a copy of the key folder of that time, \
                              with `restore --new`";
                Self::usage(detail, remedy)
            }
            BackupError::OtherFormat(_) => {
                Self::usage(detail, "use the version of strongroom that made it, or a later one")
            }
            BackupError::Missing(_) | BackupError::Damaged { .. } | BackupError::Manifest(_) => {
                let remedy = "nothing was taken from it; use another backup or another copy of \
                              this one, and find out who could write there";
                Self::new(Kind::Tampered, detail, remedy)
            }
            BackupError::Io { source, .. } if is_full(&source) => Self::new(
                Kind::Unavailable,
                "the disk is full: the backup does not count, and what was written of it was \
                 removed",
                "name a folder on a volume with more space",
            ),
            BackupError::Io { .. } => Self::usage(detail, "name a folder that this user can use"),
            BackupError::Read(error) => error.into(),
            BackupError::Rebuild(error) => error.into(),
            BackupError::Seal => Self::internal(detail),
        }
    }
}
