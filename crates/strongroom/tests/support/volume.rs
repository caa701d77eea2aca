//! Small volumes of a test's own: file systems in memory, mounted where nobody else sees them.
//!
//! Mounting needs root, or a user who may make a user namespace. A machine that allows neither
//! cannot run these tests, and they fail and say so; `STRONGROOM_NO_MOUNT=1` leaves them out.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Set in the run that may mount.
const INSIDE: &str = "STRONGROOM_TEST_MOUNTS";
const LEFT_OUT: &str = "STRONGROOM_NO_MOUNT";
const WAYS: [&[&str]; 2] = [&["--mount"], &["--map-root-user", "--mount"]];

/// Runs the test of this name once more, in a mount namespace of its own; true there.
pub fn inside(name: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    if std::env::var_os(LEFT_OUT).is_some_and(|v| v == "1") {
        eprintln!("left out: {LEFT_OUT} is set");
        return false;
    }
    let unshare = |way: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(way).stdin(Stdio::null());
        command
    };
    let probe = format!("mount -t tmpfs -o size=1m tmpfs '{}'", env!("CARGO_TARGET_TMPDIR"));
    let works = |way: &&&[&str]| {
        let output = unshare(way).args(["sh", "-c", &probe]).output();
        output.is_ok_and(|output| output.status.success())
    };
    let way = WAYS.iter().find(works).unwrap_or_else(|| {
        panic!(
            "nothing can be mounted here, as root or in a user namespace (unshare -rm): run the \
             tests where it can (a container needs CAP_SYS_ADMIN), or set {LEFT_OUT}=1 to leave \
             these out"
        )
    });
    let mut again = unshare(way);
    again.arg(std::env::current_exe().unwrap()).args(["--exact", name, "--nocapture"]);
    let output = again.env(INSIDE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}", String::from_utf8_lossy(&output.stdout));
    false
}

/// A mounted file system; it goes with the process.
pub struct Volume(PathBuf);

impl Volume {
    /// A new one at `path`.
    pub fn new(path: &Path, bytes: u64) -> Self {
        fs::create_dir_all(path).unwrap();
        let volume = Self(path.to_path_buf());
        volume.mount(&format!("size={bytes},mode=0700"));
        volume
    }

    fn mount(&self, options: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&self.0);
        assert!(mount.status().unwrap().success(), "{options}");
    }

    /// Gives it another size.
    pub fn resize(&self, bytes: u64) {
        self.mount(&format!("remount,size={bytes}"));
    }

    /// Bytes that are free.
    pub fn free(&self) -> u64 {
        let room = rustix::fs::statvfs(&self.0).unwrap();
        room.f_bavail * room.f_frsize
    }

    fn filler(&self) -> PathBuf {
        self.0.join("archive.7z")
    }

    /// Fills it to the last block, as the archive of an intruder does.
    pub fn fill(&self) {
        let options = || OpenOptions::new().create(true).append(true).open(self.filler()).unwrap();
        let mut file: File = options();
        for size in [1 << 20, 4096, 1] {
            while file.write_all(&vec![7; size]).is_ok() {}
        }
        assert_eq!(self.free(), 0);
    }

    /// Removes what filled it.
    pub fn empty(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
