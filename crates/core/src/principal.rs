//! Principals and their credentials.
//!
//! A [`Principal`] exists only by authenticating; its tenants are a closed list that comes from
//! the registry and never from a request.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::control::Registry;
use crate::id::{Name, PrincipalId, TenantId};
use crate::source::{Random, RandomError};
use crate::vault::keys::ControlKey;

/// Prefix of every credential, so that secret scanners find a leaked one.
pub const CREDENTIAL_PREFIX: &str = "srk_";
const SECRET_BYTES: usize = 30;
const CREDENTIAL_BYTES: usize = 16 + SECRET_BYTES + 4;

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A program.
    Service,
    /// A person.
    Operator,
}

impl Kind {
    /// The word used in commands and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Operator => "operator",
        }
    }
}

/// Which tenants a principal may name at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The local operator: administers the install, all tenants.
    Install,
    /// Exactly these.
    Tenants(Vec<TenantId>),
}

impl Scope {
    /// Whether the scope holds `tenant`.
    #[must_use]
    pub fn holds(&self, tenant: TenantId) -> bool {
        match self {
            Self::Install => true,
            Self::Tenants(list) => list.contains(&tenant),
        }
    }
}

/// A principal as the registry keeps it: the credential only as a keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrincipalRow {
    /// Its id.
    pub id: PrincipalId,
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: Kind,
    /// Its tenants.
    pub scope: Scope,
    /// Counts renewals and revocations. Nothing reads it yet: a credential dies with its hash,
    /// which a renewal replaces, and with `revoked`.
    pub epoch: u32,
    /// Whether it was revoked.
    pub revoked: bool,
    /// Keyed hash of the credential's secret, in hexadecimal.
    pub credential: String,
}

/// An authenticated caller.
#[derive(Debug, Clone)]
pub struct Principal {
    id: PrincipalId,
    name: Name,
    kind: Kind,
    scope: Scope,
    development: bool,
}

impl Principal {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> PrincipalId {
        self.id
    }
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }
    /// Its tenants.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }
    /// Whether it came in by the credential that lies in a development install's key folder.
    #[must_use]
    pub fn development(&self) -> bool {
        self.development
    }
}

/// Why nobody was authenticated. Callers learn only that the credential is wrong; the ledger
/// learns which of these it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unauthenticated {
    /// Not a credential, or its checksum fails.
    #[error("the credential cannot be read")]
    Malformed,
    /// No such principal, or another secret.
    #[error("the credential is not known")]
    Unknown,
    /// The principal was revoked.
    #[error("the credential was revoked")]
    Revoked(PrincipalId),
}

/// A credential as its holder keeps it. Shown once; wiped when dropped.
pub struct Credential {
    principal: PrincipalId,
    secret: Zeroizing<[u8; SECRET_BYTES]>,
}

impl Credential {
    /// A fresh credential for `principal`.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn generate(principal: PrincipalId, random: &dyn Random) -> Result<Self, RandomError> {
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        random.fill(secret.as_mut_slice())?;
        Ok(Self { principal, secret })
    }

    /// Reads a credential's text; surrounding white space, as a file has it, is left aside.
    ///
    /// # Errors
    /// [`Unauthenticated::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Unauthenticated> {
        let body = text.trim().strip_prefix(CREDENTIAL_PREFIX).ok_or(Unauthenticated::Malformed)?;
        let upper = Zeroizing::new(body.to_ascii_uppercase());
        let bytes = Zeroizing::new(
            BASE32_NOPAD.decode(upper.as_bytes()).map_err(|_| Unauthenticated::Malformed)?,
        );
        if bytes.len() != CREDENTIAL_BYTES || body.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(Unauthenticated::Malformed);
        }
        let (body, sum) = bytes.split_last_chunk::<4>().ok_or(Unauthenticated::Malformed)?;
        if crc32c::crc32c(body).to_be_bytes() != *sum {
            return Err(Unauthenticated::Malformed);
        }
        let (principal, secret) =
            body.split_first_chunk::<16>().ok_or(Unauthenticated::Malformed)?;
        let secret = secret.try_into().map_err(|_| Unauthenticated::Malformed)?;
        Ok(Self { principal: PrincipalId(*principal), secret: Zeroizing::new(secret) })
    }

    /// The text for its holder.
    #[must_use]
    pub fn disclose(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(CREDENTIAL_BYTES));
        bytes.extend_from_slice(&self.principal.0);
        bytes.extend_from_slice(self.secret.as_slice());
        let sum = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&sum.to_be_bytes());
        let mut text = Zeroizing::new(String::with_capacity(4 + 80));
        text.push_str(CREDENTIAL_PREFIX);
        BASE32_NOPAD.encode_append(&bytes, &mut text);
        text.make_ascii_lowercase();
        text
    }

    /// The keyed hash the registry keeps.
    #[must_use]
    pub fn hash(&self, control: &ControlKey) -> String {
        let mac = control.mac("strongroom/credential", &[&self.principal.0, &*self.secret]);
        data_encoding::HEXLOWER.encode(&mac)
    }

    /// The principal it says it is of.
    #[must_use]
    pub fn principal(&self) -> PrincipalId {
        self.principal
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential(of {})", self.principal)
    }
}

/// Finds out who holds `credential`, by the registry's row of the principal it names: no other row
/// makes anybody a principal.
///
/// # Errors
/// [`Unauthenticated`]. An unknown principal costs the same work as a wrong secret.
pub fn authenticate(
    credential: &Credential,
    registry: &Registry,
    control: &ControlKey,
    development: bool,
) -> Result<Principal, Unauthenticated> {
    let row = registry.principal_of(credential.principal);
    let hash = credential.hash(control);
    let expected = row.map_or("", |r| r.credential.as_str());
    let equal =
        aws_lc_rs::constant_time::verify_slices_are_equal(hash.as_bytes(), expected.as_bytes())
            .is_ok();
    let row = row.filter(|_| equal).ok_or(Unauthenticated::Unknown)?;
    if row.revoked {
        return Err(Unauthenticated::Revoked(row.id));
    }
    Ok(Principal {
        id: row.id,
        name: row.name.clone(),
        kind: row.kind,
        scope: row.scope.clone(),
        development,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{principal_key, protect};
    use crate::testing::CountingRandom;
    use crate::vault::keys::SecretKey;

    fn registry(credential: &Credential, control: &ControlKey, revoked: bool) -> Registry {
        let row = PrincipalRow {
            id: credential.principal(),
            name: Name::parse("app").unwrap(),
            kind: Kind::Service,
            scope: Scope::Tenants(vec![TenantId([1; 16])]),
            epoch: 0,
            revoked,
            credential: credential.hash(control),
        };
        let (key, body) = (principal_key(row.id), serde_json::to_vec(&row).unwrap());
        let mut registry = Registry::default();
        registry.load(control, &key, &protect(control, "control", &key, &body)).unwrap();
        registry
    }

    #[test]
    fn only_the_whole_credential_of_a_live_principal_authenticates() {
        let random = CountingRandom::default();
        let control = ControlKey::new(&SecretKey::generate(&random).unwrap());
        let credential = Credential::generate(PrincipalId([4; 16]), &random).unwrap();
        let known = registry(&credential, &control, false);
        let text = credential.disclose();
        let again = Credential::parse(&format!(" {}\n", *text)).unwrap();
        assert!(authenticate(&again, &known, &control, false).is_ok());
        let other = Credential::generate(PrincipalId([4; 16]), &random).unwrap();
        let wrong = authenticate(&other, &known, &control, false);
        assert_eq!(wrong.unwrap_err(), Unauthenticated::Unknown);
        let nobody = authenticate(&again, &Registry::default(), &control, false);
        assert_eq!(nobody.unwrap_err(), Unauthenticated::Unknown);
        let revoked = registry(&credential, &control, true);
        let revoked = authenticate(&again, &revoked, &control, false);
        assert!(matches!(revoked, Err(Unauthenticated::Revoked(_))));
        for at in 0..text.len() {
            let mut bad = text.as_bytes().to_vec();
            bad[at] = if bad[at] == b'a' { b'b' } else { b'a' };
            let bad = String::from_utf8(bad).unwrap();
            assert!(Credential::parse(&bad).is_err(), "character {at}");
        }
    }

    #[test]
    fn a_hash_is_of_its_control_key_principal_and_secret() {
        let random = CountingRandom::default();
        let [one, two] = [0; 2].map(|_| ControlKey::new(&SecretKey::generate(&random).unwrap()));
        let credential = Credential::generate(PrincipalId([4; 16]), &random).unwrap();
        assert_eq!(credential.hash(&one), credential.hash(&one));
        assert_ne!(credential.hash(&one), credential.hash(&two), "it can be guessed without a key");
        let Credential { secret, .. } = &credential;
        let other = Credential { principal: PrincipalId([5; 16]), secret: secret.clone() };
        assert_ne!(credential.hash(&one), other.hash(&one), "it is good for another principal");
        let again = Credential::generate(PrincipalId([4; 16]), &random).unwrap();
        assert_ne!(credential.hash(&one), again.hash(&one));
    }
}
