//! Reveal. The one call that waits without holding a thread: it is asked most.

use strongroom_api::{Form, Reveal, Revealed, RevealedValue, Secret};
use strongroom_core::access::reveal::Disclosed;
use strongroom_core::ledger::entry;
use strongroom_core::policy::Purpose;
use strongroom_core::principal::Principal;

use super::{Asked, Perform, ledger};
use crate::problem::Problem;
use crate::vault::Vault;

impl Perform for Reveal {
    fn perform(self, asked: &Asked<'_>) -> Result<Revealed, Problem> {
        pollster::block_on(reveal(asked.vault, asked.who, self))
    }
}

/// Reveals.
///
/// # Errors
/// A [`Problem`].
pub async fn reveal(vault: &Vault, who: &Principal, call: Reveal) -> Result<Revealed, Problem> {
    let purpose = purpose(&call.purpose)?;
    let form = match call.form {
        Form::Redacted => entry::Form::Redacted,
        Form::Masked => entry::Form::Masked,
        Form::Full => entry::Form::Full,
    };
    let revealed = vault.reveal_async(who, &call.tenant, call.tokens, purpose, form).await?;
    let ledger = ledger(revealed.positions())?;
    let values = revealed.disclose().into_iter().map(value).collect();
    Ok(Revealed { values, ledger })
}

fn value(disclosed: Disclosed) -> RevealedValue {
    let form = match disclosed.form {
        entry::Form::Redacted => Form::Redacted,
        entry::Form::Masked => Form::Masked,
        entry::Form::Full => Form::Full,
    };
    let Disclosed { token, record, field, value, .. } = disclosed;
    RevealedValue { token, record, field, form, value: Secret::new(value) }
}

/// Reads a purpose.
///
/// # Errors
/// A [`Problem`] that lists them.
pub fn purpose(name: &str) -> Result<Purpose, Problem> {
    Purpose::parse(name).ok_or_else(|| {
        let known: Vec<_> = Purpose::ALL.iter().map(|p| p.name()).collect();
        let detail = "there is no such purpose";
        Problem::usage(detail, format!("use one of: {}", known.join(", ")))
    })
}
