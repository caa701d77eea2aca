//! Opening the install and finding out who asks.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use strongroom_core::principal::Principal;
use zeroize::Zeroizing;

use super::Global;
use super::output::notice;
use crate::ambient::{SystemClock, SystemRandom};
use crate::custody::OPERATOR_FILE;
use crate::problem::Problem;
use crate::vault::{Folders, Vault};

/// An open install and who asks.
pub struct Session {
    /// The vault.
    pub vault: Vault,
    /// The caller.
    pub who: Principal,
}

impl Global {
    /// Where the install lies.
    pub fn folders(&self) -> Folders {
        let keys = self.keys.clone().unwrap_or_else(|| {
            let mut name = self.data.as_os_str().to_owned();
            name.push(".keys");
            name.into()
        });
        Folders { data: self.data.clone(), keys }
    }

    /// Opens the install and authenticates.
    ///
    /// # Errors
    /// A [`Problem`]: no install, held, damaged, no or a wrong credential.
    pub fn session(&self) -> Result<Session, Problem> {
        // The file is read first: a wrong path is told without opening anything.
        let given = match &self.credential {
            Some(path) => Some(Zeroizing::new(fs::read_to_string(path).map_err(|e| {
                let detail = format!("the credential file {} cannot be read: {e}", path.display());
                Problem::new(
                    crate::problem::Kind::Unauthenticated,
                    detail,
                    "pass the path of the file that holds the credential",
                )
            })?)),
            None => None,
        };
        if let Some(path) = &self.credential {
            let mode = fs::metadata(path).map(|m| m.permissions().mode());
            if mode.is_ok_and(|m| m & 0o077 != 0) {
                notice(&format!("warning: {} can be read by other users", path.display()));
            }
        }
        let folders = self.folders();
        let vault = Vault::open(folders.clone(), Arc::new(SystemClock), Arc::new(SystemRandom))?;
        let development = given.is_none() && vault.development();
        let text = match given {
            Some(text) => text,
            None if development => {
                let path = folders.keys.join(OPERATOR_FILE);
                Zeroizing::new(fs::read_to_string(path).unwrap_or_default())
            }
            None => Zeroizing::new(String::new()),
        };
        let who = vault.authenticate(&text, development)?;
        if development && !self.json {
            notice("DEVELOPMENT install: not for real people's data");
        }
        Ok(Session { vault, who })
    }
}
