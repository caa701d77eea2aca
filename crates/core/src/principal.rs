//! Principals and their credentials.
//!
//! A [`Principal`] exists only by authenticating; its tenants are a closed list that comes from
//! the registry and never from a request.

use core::net::IpAddr;
use std::fmt;

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::control::Registry;
use crate::id::{Name, PrincipalId, TenantId};
use crate::limits::Limits;
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

/// A principal as the registry keeps it: credentials only as keyed hashes. A member that is not
/// known is no row: it might be a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// The credential before that one, for as long as both are good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Former>,
    /// What its credentials are limited to.
    #[serde(default, skip_serializing_if = "Limits::is_none")]
    pub limits: Limits,
}

/// A credential that was replaced and is still good for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Former {
    /// Keyed hash of its secret, in hexadecimal.
    pub credential: String,
    /// From then on it is nobody's.
    pub until_us: u64,
}

/// How a credential comes in.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// When.
    pub now_us: u64,
    /// From which address of a network; none over the socket, and on the command line.
    pub address: Option<IpAddr>,
    /// Whether it was taken out of a development install's key folder.
    pub development: bool,
}

impl Arrival {
    /// On this machine, and over no network.
    #[must_use]
    pub fn local(now_us: u64, development: bool) -> Self {
        Self { now_us, address: None, development }
    }
}

/// An authenticated caller.
#[derive(Debug, Clone)]
pub struct Principal {
    id: PrincipalId,
    name: Name,
    kind: Kind,
    scope: Scope,
    limits: Limits,
    address: Option<IpAddr>,
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
    /// What its credential is limited to.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
    /// The address it came from, over a network.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
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
    /// The principal's time is over.
    #[error("the credential has expired")]
    Expired(PrincipalId),
    /// The credential is not good from where it came.
    #[error("the credential is not good from this network")]
    Network(PrincipalId),
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
    arrival: Arrival,
) -> Result<Principal, Unauthenticated> {
    let row = registry.principal_of(credential.principal);
    let former = row.and_then(|row| row.former.as_ref());
    let hash = credential.hash(control);
    let newest = is_equal(&hash, row.map_or("", |row| row.credential.as_str()));
    let older = is_equal(&hash, former.map_or("", |former| former.credential.as_str()));
    let row = row.filter(|_| newest | older).ok_or(Unauthenticated::Unknown)?;
    if row.revoked {
        return Err(Unauthenticated::Revoked(row.id));
    }
    // One that was replaced and whose time is over is answered like any that was replaced.
    if !newest && former.is_none_or(|former| arrival.now_us >= former.until_us) {
        return Err(Unauthenticated::Unknown);
    }
    if row.limits.are_over(arrival.now_us) {
        return Err(Unauthenticated::Expired(row.id));
    }
    if !row.limits.admit(arrival.address) {
        return Err(Unauthenticated::Network(row.id));
    }
    Ok(Principal {
        id: row.id,
        name: row.name.clone(),
        kind: row.kind,
        scope: row.scope.clone(),
        limits: row.limits.clone(),
        address: arrival.address,
        development: arrival.development,
    })
}

/// Whether this is the newest credential of a principal that was not revoked. It makes nobody one.
#[must_use]
pub fn is_newest(credential: &Credential, registry: &Registry, control: &ControlKey) -> bool {
    let row = registry.principal_of(credential.principal).filter(|row| !row.revoked);
    row.is_some_and(|row| is_equal(&credential.hash(control), &row.credential))
}

/// Compares in constant time.
fn is_equal(hash: &str, kept: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(hash.as_bytes(), kept.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{principal_key, protect};
    use crate::testing::CountingRandom;
    use crate::vault::keys::SecretKey;

    /// What a test changes of a row.
    type Change<'c> = &'c dyn Fn(&mut PrincipalRow);

    fn registry(credential: &Credential, control: &ControlKey, change: Change<'_>) -> Registry {
        let mut row = PrincipalRow {
            id: credential.principal(),
            name: Name::parse("app").unwrap(),
            kind: Kind::Service,
            scope: Scope::Tenants(vec![TenantId([1; 16])]),
            epoch: 0,
            revoked: false,
            credential: credential.hash(control),
            former: None,
            limits: Limits::default(),
        };
        change(&mut row);
        let (key, body) = (principal_key(row.id), serde_json::to_vec(&row).unwrap());
        let mut registry = Registry::default();
        registry.load(control, &key, &protect(control, "control", &key, &body)).unwrap();
        registry
    }

    /// A control key, and two credentials of one principal.
    fn two() -> (ControlKey, [Credential; 2]) {
        let random = CountingRandom::default();
        let control = ControlKey::new(&SecretKey::generate(&random).unwrap());
        let of = |_| Credential::generate(PrincipalId([4; 16]), &random).unwrap();
        (control, [0; 2].map(of))
    }

    #[test]
    fn only_the_whole_credential_of_a_live_principal_authenticates() {
        let (control, [credential, other]) = two();
        let known = registry(&credential, &control, &|_| {});
        let text = credential.disclose();
        let again = Credential::parse(&format!(" {}\n", *text)).unwrap();
        let try_it = |credential: &Credential, registry: &Registry| {
            authenticate(credential, registry, &control, Arrival::local(0, false)).map(drop)
        };
        assert_eq!(try_it(&again, &known), Ok(()));
        assert_eq!(try_it(&other, &known), Err(Unauthenticated::Unknown));
        assert_eq!(try_it(&again, &Registry::default()), Err(Unauthenticated::Unknown));
        let revoked = registry(&credential, &control, &|row| row.revoked = true);
        assert!(matches!(try_it(&again, &revoked), Err(Unauthenticated::Revoked(_))));
        let ended = registry(&credential, &control, &|row| row.credential = String::new());
        assert_eq!(try_it(&again, &ended), Err(Unauthenticated::Unknown));
        for at in 0..text.len() {
            let mut bad = text.as_bytes().to_vec();
            bad[at] = if bad[at] == b'a' { b'b' } else { b'a' };
            let bad = String::from_utf8(bad).unwrap();
            assert!(Credential::parse(&bad).is_err(), "character {at}");
        }
    }

    #[test]
    fn a_credential_ends_with_its_time() {
        let (control, [credential, _]) = two();
        let at = |now_us, change: Change<'_>| {
            let known = registry(&credential, &control, change);
            authenticate(&credential, &known, &control, Arrival::local(now_us, false)).map(drop)
        };
        let expires = |row: &mut PrincipalRow| row.limits.expires_us = Some(1_000);
        assert_eq!(at(999, &expires), Ok(()));
        let expired = Err(Unauthenticated::Expired(credential.principal()));
        assert_eq!(at(1_000, &expires), expired);
        assert_eq!(at(u64::MAX, &expires), expired);
        assert_eq!(at(u64::MAX, &|_| {}), Ok(()));
        let revoked =
            |row: &mut PrincipalRow| (row.revoked, row.limits.expires_us) = (true, Some(9));
        assert!(matches!(at(999, &revoked), Err(Unauthenticated::Revoked(_))), "the graver first");
    }

    #[test]
    fn a_credential_is_good_from_its_networks() {
        let (control, [credential, _]) = two();
        let from = |address: Option<&str>, change: Change<'_>| {
            let known = registry(&credential, &control, change);
            let address = address.map(|text| text.parse().unwrap());
            let arrival = Arrival { now_us: 0, address, development: false };
            let who = authenticate(&credential, &known, &control, arrival)?;
            assert_eq!(who.address(), address);
            Ok(())
        };
        let office = |row: &mut PrincipalRow| {
            row.limits.networks = vec![crate::limits::Network::parse("10.1.0.0/16").unwrap()];
        };
        assert_eq!(from(Some("10.1.2.3"), &office), Ok(()));
        let elsewhere = Err(Unauthenticated::Network(credential.principal()));
        assert_eq!(from(Some("10.2.2.3"), &office), elsewhere);
        assert_eq!(from(None, &office), elsewhere);
        assert_eq!(from(Some("10.2.2.3"), &|_| {}), Ok(()));
        assert_eq!(from(None, &|_| {}), Ok(()));
    }

    #[test]
    fn two_credentials_overlap_until_the_older_ends() {
        let (control, [old, new]) = two();
        let hash = old.hash(&control);
        let overlap = |row: &mut PrincipalRow| {
            row.former = Some(Former { credential: hash.clone(), until_us: 1_000 });
        };
        let known = registry(&new, &control, &overlap);
        let at = |credential: &Credential, registry: &Registry, now_us| {
            authenticate(credential, registry, &control, Arrival::local(now_us, false)).map(drop)
        };
        assert_eq!(at(&old, &known, 999), Ok(()));
        assert_eq!(at(&old, &known, 1_000), Err(Unauthenticated::Unknown));
        assert_eq!(at(&new, &known, 999), Ok(()));
        assert_eq!(at(&new, &known, 1_000), Ok(()));
        assert!(is_newest(&new, &known, &control) && !is_newest(&old, &known, &control));
        let expired = registry(&new, &control, &|row| {
            overlap(row);
            row.limits.expires_us = Some(500);
        });
        assert_eq!(at(&old, &expired, 499), Ok(()));
        assert!(matches!(at(&old, &expired, 500), Err(Unauthenticated::Expired(_))));
        let revoked = registry(&new, &control, &|row| {
            overlap(row);
            row.revoked = true;
        });
        for credential in [&old, &new] {
            let refused = at(credential, &revoked, 999);
            assert!(matches!(refused, Err(Unauthenticated::Revoked(_))), "{refused:?}");
        }
        assert!(!is_newest(&new, &revoked, &control));
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
