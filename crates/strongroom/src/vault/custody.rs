//! The passphrase over the root key: set, changed, taken away. The keys stay the same, and so does
//! all that they wrap.

use strongroom_core::access::admin::ChangePassphrase;
use strongroom_core::principal::Principal;

use super::Vault;
use crate::custody::{Ask, KeyFolder, Passphrase};
use crate::problem::Problem;

impl Vault {
    /// Puts the root key under a passphrase, or in clear when there is none. The entry is durable
    /// before the file is replaced, wholly or not at all.
    ///
    /// # Errors
    /// A [`Problem`]: refused, the old passphrase is another, the key folder cannot be written.
    pub fn change_passphrase(
        &self,
        who: &Principal,
        ask: Ask,
        new: Option<&Passphrase>,
    ) -> Result<(), Problem> {
        let _one = self.admin.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let authorized = self.authorize(who, ChangePassphrase { set: new.is_some() })?;
        let folders = self.folders.as_ref();
        let folders = folders.ok_or_else(|| Problem::internal("there is no key folder"))?;
        let keys = KeyFolder::open(&folders.keys)?.asking(Some(ask));
        keys.root()?;
        let _recorded = self.receipt(Ok(authorized.plan()))?;
        keys.change_passphrase(new, &*self.random)
    }
}
