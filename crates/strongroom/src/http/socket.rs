//! The socket in the data folder: how commands on this machine reach a server that holds the store.
//!
//! The folder is its owner's alone, and so is the socket; whoever can open it could read both
//! folders. They need a credential all the same, a development install aside.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;
use strongroom_api::{Client, ClientError, Secret};
use tokio::net::{UnixListener, UnixStream};

/// Its name in the data folder.
pub const SOCKET_FILE: &str = "socket";

/// A way to the socket that is short enough for an address, however long the folder's path is.
struct Way {
    path: PathBuf,
    _folder: File,
}

fn way(data: &Path) -> io::Result<Way> {
    let folder = File::open(data)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}/{SOCKET_FILE}", folder.as_raw_fd()));
    Ok(Way { path, _folder: folder })
}

/// Whether there is a socket: of a server at work, or of one that was killed.
#[must_use]
pub fn is_there(data: &Path) -> bool {
    let there = fs::symlink_metadata(data.join(SOCKET_FILE));
    there.is_ok_and(|there| there.file_type().is_socket())
}

/// Connects to the server of a data folder; nothing where none is at work.
///
/// # Errors
/// [`ClientError`] when one is there and cannot be talked to.
pub fn connect(data: &Path, credential: Option<&Secret>) -> Result<Option<Client>, ClientError> {
    let way = way(data).map_err(ClientError::Unreachable)?;
    match Client::over_socket(&way.path, credential) {
        Ok(client) => Ok(Some(client)),
        // Left by one that was killed.
        Err(ClientError::Unreachable(e)) if e.kind() == io::ErrorKind::ConnectionRefused => {
            Ok(None)
        }
        Err(ClientError::Unreachable(e)) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Listens there. The store's lock is held: what lies there is a dead server's.
pub fn listen(data: &Path) -> io::Result<UnixListener> {
    let at = data.join(SOCKET_FILE);
    if is_there(data) {
        fs::remove_file(&at)?;
    }
    let way = way(data)?;
    let listener = UnixListener::bind(&way.path)?;
    fs::set_permissions(&at, Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Takes the socket away.
pub fn remove(data: &Path) {
    let _ = fs::remove_file(data.join(SOCKET_FILE));
}

/// Whether a peer is the folder's owner, or root.
pub fn is_owner(stream: &UnixStream) -> bool {
    let owner = geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == owner || peer.uid() == 0)
}
