//! The clear copies that a seal leaves behind: the input itself, and what lies beside it under a
//! name that editors, desktops and packers give to copies.
//!
//! Names are judged, never contents: a copy under another name is not found.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::shred::shredding_name;
use crate::boundary;
use crate::import::unpacked_name;

/// A file that is likely to hold the input in clear.
pub struct ClearCopy {
    /// Where it lies.
    pub path: PathBuf,
    /// What it is.
    pub kind: ClearKind,
}

/// What a clear copy is, as its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClearKind {
    /// The input.
    Input,
    /// What a link that was given as input leads to.
    Target,
    /// A copy somebody made, or an editor's backup.
    Copy,
    /// What an editor keeps while a file is open, and after it crashed.
    Recovery,
    /// The mark of an editor that has the file open.
    Open,
    /// The same file packed, or unpacked.
    Twin,
    /// What a `--shred-input` that was killed left.
    Shredding,
}

impl ClearKind {
    /// What it is, in words.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Input => "the input",
            Self::Target => "what the input's name leads to",
            Self::Copy => "a copy or an editor's backup, by its name",
            Self::Recovery => "an editor's recovery file, by its name",
            Self::Open => "an editor has the input open, by this mark's name",
            Self::Twin => "the input packed or unpacked, by its name",
            Self::Shredding => "what an interrupted shredding left",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Input => "remove it once the tokenised copy has taken its place",
            Self::Recovery => "close the editor, then remove it",
            Self::Open => "close the editor without saving",
            Self::Target | Self::Copy | Self::Twin | Self::Shredding => {
                "look into it, and remove it if it holds these people"
            }
        }
    }
}

impl ClearCopy {
    /// As `--report` has it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let path = self.path.to_string_lossy();
        json!({"path": path, "what": self.kind.what(), "remedy": self.kind.remedy()})
    }
}

/// The input, if it is a file and still there, and its likely copies beside it. The files of the
/// job itself are `ours`.
#[must_use]
pub fn clear_copies(input: &Path, ours: &[&Path]) -> Vec<ClearCopy> {
    if input.as_os_str() == "-" {
        return Vec::new();
    }
    let mut places = vec![(input.to_path_buf(), ClearKind::Input)];
    beside(input, &mut places);
    if fs::symlink_metadata(input).is_ok_and(|m| m.is_symlink()) {
        let target = boundary::resolved(input);
        places.push((target.clone(), ClearKind::Target));
        beside(&target, &mut places);
    }
    let mut found: Vec<ClearCopy> = Vec::new();
    for (path, kind) in places {
        let there = fs::symlink_metadata(&path).is_ok_and(|m| m.is_file() || m.is_symlink());
        let new = found.iter().all(|copy| copy.path != path);
        if there && new && !ours.iter().any(|own| boundary::is_one(own, &path)) {
            found.push(ClearCopy { path, kind });
        }
    }
    found
}

/// Every path beside a file that is worth a look.
fn beside(input: &Path, places: &mut Vec<(PathBuf, ClearKind)>) {
    let unpacked = unpacked_name(input);
    places.push((unpacked.clone(), ClearKind::Twin));
    for ending in ["gz", "zst", "zip"] {
        let mut packed = unpacked.clone().into_os_string();
        packed.push(format!(".{ending}"));
        places.push((packed.into(), ClearKind::Twin));
    }
    places.push((shredding_name(input), ClearKind::Shredding));
    copies(input, places);
    if unpacked != input {
        copies(&unpacked, places);
    }
}

/// The names that editors and desktops give to copies of a file.
fn copies(of: &Path, places: &mut Vec<(PathBuf, ClearKind)>) {
    use ClearKind::{Copy, Open, Recovery};
    // A name that is no text has no copies by these patterns that could be told.
    let Some(name) = of.file_name().and_then(|name| name.to_str()) else { return };
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
        _ => (name, String::new()),
    };
    let names = [
        (format!("{name}~"), Copy),
        (format!("{name}.bak"), Copy),
        (format!("{name}.old"), Copy),
        (format!("{name}.orig"), Copy),
        (format!("{stem} (copy){ending}"), Copy),
        (format!("{stem} copy{ending}"), Copy),
        (format!("Copy of {name}"), Copy),
        (format!("{stem} - Copy{ending}"), Copy),
        (format!(".{name}.swp"), Recovery),
        (format!(".{name}.swo"), Recovery),
        (format!("#{name}#"), Recovery),
        (format!(".#{name}"), Open),
        (format!(".~lock.{name}#"), Open),
    ];
    places.extend(names.into_iter().map(|(name, kind)| (of.with_file_name(name), kind)));
}
