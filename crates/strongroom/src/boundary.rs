//! What a command may be pointed at: never a file of the install itself. A key file taken for an
//! export would be tokenised and lie about in a copy; one taken for an output would be gone, and
//! with it every value.
//!
//! This judges names and first bytes. It holds against mistakes, not against somebody who moves
//! links while a command runs.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use strongroom_core::principal::CREDENTIAL_PREFIX;

use crate::custody::{ROOT_PREFIX, WRAPPED_PREFIX};
use crate::problem::Problem;
use crate::vault::Folders;

/// Links that are followed before a path counts as its own end, as the kernel has it.
const LINKS_MAX: usize = 40;
/// Characters behind the prefix that make it a credential, or most of one.
const CREDENTIAL_CHARACTERS_MIN: usize = 32;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Refuses a path that leads into the data folder or the key folder, by whatever way, and one that
/// is another name of a file in the key folder.
///
/// # Errors
/// A [`Problem`] that names the path and the folder.
pub fn outside(folders: &Folders, path: &Path) -> Result<(), Problem> {
    let real = resolved(path);
    for (what, folder) in [("data", &folders.data), ("key", &folders.keys)] {
        let inside = real.starts_with(resolved(folder))
            || real.ancestors().any(|a| is_same(a, folder))
            || what == "key" && is_file_of(folder, &real);
        if inside {
            let (path, folder) = (path.display(), folder.display());
            let detail = format!("{path} leads into the {what} folder {folder}");
            let remedy = "name a file outside of the data folder and the key folder";
            return Err(Problem::usage(detail, remedy));
        }
    }
    Ok(())
}

/// Refuses an input that begins as a root key or a credential does, wherever it lies.
///
/// # Errors
/// A [`Problem`] that names the path, and nothing of what is in it.
pub fn no_secret(path: &Path, head: &[u8]) -> Result<(), Problem> {
    let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head).trim_ascii_start();
    let long = |body: &[u8]| {
        let is_base32 = |b: &&u8| matches!(b, b'a'..=b'z' | b'2'..=b'7');
        body.iter().take_while(is_base32).count() >= CREDENTIAL_CHARACTERS_MIN
    };
    let is_root = |prefix: &&str| head.starts_with(prefix.as_bytes());
    let what = if [ROOT_PREFIX, WRAPPED_PREFIX].iter().any(is_root) {
        "a root key"
    } else if head.strip_prefix(CREDENTIAL_PREFIX.as_bytes()).is_some_and(long) {
        "a credential"
    } else {
        return Ok(());
    };
    let detail = format!("{} holds {what}", path.display());
    let remedy =
        "name the file that was meant; keep keys and credentials out of folders of exports";
    Err(Problem::usage(detail, remedy))
}

/// Where a path leads: links followed, also dangling ones, and `..` taken as far as there is
/// nothing yet, since what is missing may be made on the way.
#[must_use]
pub fn resolved(path: &Path) -> PathBuf {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut rest = backwards(&full);
    let (mut real, mut links) = (PathBuf::from("/"), 0);
    while let Some(part) = rest.pop() {
        if part == ".." {
            real.pop();
            continue;
        }
        real.push(part);
        match fs::read_link(&real) {
            Ok(target) if links < LINKS_MAX => {
                links += 1;
                real.pop();
                if target.is_absolute() {
                    real = PathBuf::from("/");
                }
                rest.extend(backwards(&target));
            }
            _ => {}
        }
    }
    real
}

/// The parts of a path, the last one first.
fn backwards(path: &Path) -> Vec<OsString> {
    let parts = path.components().rev();
    let kept = parts.filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    kept.map(|part| part.as_os_str().to_owned()).collect()
}

/// Whether two paths lead to one place, or are one file.
#[must_use]
pub fn is_one(one: &Path, other: &Path) -> bool {
    resolved(one) == resolved(other) || is_same(one, other)
}

/// Whether two paths are one file or folder, also by a hard link or a second mount.
fn is_same(one: &Path, other: &Path) -> bool {
    let of = |path| fs::metadata(path).map(|m| (m.dev(), m.ino())).ok();
    of(one).is_some_and(|one| of(other) == Some(one))
}

fn is_file_of(folder: &Path, file: &Path) -> bool {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.into_iter().any(|entry| is_same(&entry.path(), file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_how_it_begins() {
        let credential = format!("srk_{}\n", "a2".repeat(40));
        let (key, wrapped) = ("strongroom-root-key-1 AAAA", "strongroom-root-key-2 AAAA");
        for text in
            [credential.as_str(), key, wrapped, &format!("\u{feff} \n{key}"), &credential[..36]]
        {
            let problem = no_secret(Path::new("x"), text.as_bytes()).unwrap_err();
            assert!(!problem.detail.contains("AAAA") && !problem.detail.contains("a2a2"));
        }
        for text in ["srk_id,name\n", "", "srk_", "name\nsrk_x\n", "strongroom-root-key-1"] {
            assert!(no_secret(Path::new("x"), text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_does_not_exist_yet_leads_somewhere_all_the_same() {
        assert_eq!(resolved(Path::new("/no-such/../also-none/./x")), Path::new("/also-none/x"));
        assert_eq!(resolved(Path::new("/../..")), Path::new("/"));
    }
}
