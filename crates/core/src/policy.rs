//! The default policy: small and closed. Who may do which act, and which forms a purpose gives.
//!
//! It is asked at one door, `access::authorize`, and nowhere else.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::ledger::entry::{Act, Form};
use crate::principal::{Kind, Principal, Scope};

/// What a reveal is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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

/// Whether `who` may do `act` at all, its tenant apart: its kind may, and its limits leave it.
#[must_use]
pub fn permits(who: &Principal, act: Act) -> bool {
    allows(*who.scope() == Scope::Install, who.kind(), act) && who.limits().allow(act)
}

/// What a principal of one tenant may do: what its acts may be limited to.
pub fn acts_of(kind: Kind) -> impl Iterator<Item = Act> {
    Act::ALL.iter().copied().filter(move |act| allows(false, kind, *act))
}

/// Closed: an act not named here is refused to everybody but the local operator, whose scope is the
/// install.
fn allows(local: bool, kind: Kind, act: Act) -> bool {
    match (local, kind) {
        (true, Kind::Operator) => true,
        (true, Kind::Service) => false,
        (false, Kind::Operator) => matches!(
            act,
            Act::TenantRead
                | Act::SchemaRead
                | Act::SchemaSet
                | Act::JobRead
                | Act::JobDismiss
                | Act::PiiCollect
                | Act::PiiUpdate
                | Act::PiiReveal
                | Act::PiiFind
                | Act::PiiVerify
                | Act::PiiStrengthen
                | Act::PiiExport
                | Act::PiiErase
                | Act::EraseCancel
                | Act::LedgerErasure
                | Act::LedgerWho
        ),
        (false, Kind::Service) => matches!(
            act,
            Act::TenantRead
                | Act::SchemaRead
                | Act::JobRead
                | Act::PiiCollect
                | Act::PiiUpdate
                | Act::PiiReveal
                | Act::PiiFind
                | Act::PiiVerify
        ),
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

/// SHA-256 of the policy in force, for entries: of every answer it gives, a line each, so that a
/// policy that answers otherwise has another fingerprint.
#[must_use]
pub fn fingerprint() -> [u8; 32] {
    static FINGERPRINT: LazyLock<[u8; 32]> =
        LazyLock::new(|| Sha256::digest(answers().as_bytes()).into());
    *FINGERPRINT
}

/// Every answer: `SCOPE KIND ACT` that is allowed, then `PURPOSE FORM` that is.
fn answers() -> String {
    let mut out = String::from("strongroom/policy/1\n");
    for (local, scope) in [(true, "install"), (false, "tenant")] {
        for kind in [Kind::Operator, Kind::Service] {
            for act in Act::ALL.iter().filter(|act| allows(local, kind, **act)) {
                out.push_str(&format!("{scope} {} {act}\n", kind.name()));
            }
        }
    }
    for purpose in Purpose::ALL {
        for form in Form::ALL.iter().filter(|form| reveals(purpose, **form)) {
            out.push_str(&format!("{} {form}\n", purpose.name()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tenants' part of the policy, word for word: whoever changes it changes it here too.
    #[test]
    fn the_policy_is_the_one_that_is_written_down() {
        let answers = answers();
        let of = |start: &str| {
            let lines = answers.lines().filter_map(|line| line.strip_prefix(start));
            lines.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("install service "), "");
        assert_eq!(of("install operator ").split(' ').count(), Act::ALL.len());
        assert_eq!(
            of("tenant operator "),
            "schema.set schema.read job.dismiss job.read pii.collect pii.update pii.reveal \
             pii.find pii.verify pii.strengthen pii.erase erase.cancel pii.export ledger.who \
             ledger.erasure tenant.read"
        );
        assert_eq!(
            of("tenant service "),
            "schema.read job.read pii.collect pii.update pii.reveal pii.find pii.verify tenant.read"
        );
        for purpose in ["support ", "payout ", "tax "] {
            assert_eq!(of(purpose), "redacted masked full");
        }
        assert_eq!(of("sign-in "), "");
        for (kind, start) in
            [(Kind::Operator, "tenant operator "), (Kind::Service, "tenant service ")]
        {
            let acts: Vec<String> = acts_of(kind).map(|act| act.to_string()).collect();
            assert_eq!(acts.join(" "), of(start));
        }
        assert_eq!(fingerprint(), <[u8; 32]>::from(Sha256::digest(answers)));
    }
}
