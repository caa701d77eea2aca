//! The default policy: small and closed. Who may do which act, and which forms a purpose gives.
//!
//! It is asked at one door, `access::authorize`, and nowhere else.

use sha2::{Digest as _, Sha256};

use crate::ledger::entry::{Act, Form};
use crate::principal::{Kind, Principal, Scope};

/// What a reveal is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Helping the person concerned.
    Support,
    /// Paying the person concerned.
    Payout,
    /// Tax forms and filings.
    Tax,
    /// Signing a person in; reveals nothing.
    SignIn,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [Self::Support, Self::Payout, Self::Tax, Self::SignIn];

    /// Its name in commands and entries.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Support => "support",
            Self::Payout => "payout",
            Self::Tax => "tax",
            Self::SignIn => "sign-in",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == text)
    }
}

/// Whether `who` may do `act` at all, its tenant apart. Closed: an act not named here is refused
/// to everybody but the local operator.
#[must_use]
pub fn permits(who: &Principal, act: Act) -> bool {
    match (who.scope(), who.kind()) {
        (Scope::Install, Kind::Operator) => true,
        (Scope::Install, Kind::Service) => false,
        (Scope::Tenants(_), Kind::Operator) => matches!(
            act,
            Act::TenantRead
                | Act::SchemaRead
                | Act::SchemaSet
                | Act::PiiCollect
                | Act::PiiReveal
                | Act::PiiFind
                | Act::PiiExport
                | Act::LedgerWho
        ),
        (Scope::Tenants(_), Kind::Service) => {
            matches!(
                act,
                Act::TenantRead | Act::SchemaRead | Act::PiiCollect | Act::PiiReveal | Act::PiiFind
            )
        }
    }
}

/// Whether a reveal of this form is allowed for this purpose.
#[must_use]
pub fn reveals(purpose: Purpose, form: Form) -> bool {
    match (purpose, form) {
        (Purpose::SignIn, _) => false,
        (Purpose::Support | Purpose::Payout | Purpose::Tax, _) => true,
    }
}

/// SHA-256 of the policy in force, for entries: version 1 of the default set.
#[must_use]
pub fn fingerprint() -> [u8; 32] {
    Sha256::digest(b"strongroom/policy/default/1").into()
}
