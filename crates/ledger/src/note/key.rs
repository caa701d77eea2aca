//! The keys of logs: one signs a log's checkpoints, its public half checks them.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest as _, Sha256};

use super::{Checkpoint, NoteError, SIGNATURE_MARK};
use crate::entry::NextKey;
use crate::merkle::Hash;

/// The signature type of plain Ed25519.
const ED25519_TYPE: u8 = 1;

/// A key that signs checkpoints; its name is the origin of its log.
pub struct Signer {
    pair: Ed25519KeyPair,
    verifier: VerifierKey,
}

/// A seed or a name does not make a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A name must be there, without spaces, plus signs or control characters.
    #[error("key name is empty or has a character that is not allowed")]
    Name,
    /// The library refused the seed.
    #[error("seed does not make a key")]
    Seed,
    /// A line is not a verification key.
    #[error("not a verification key of the form name+id+key")]
    Malformed,
    /// A verification key is of another kind than Ed25519.
    #[error("verification key is not of type ed25519")]
    Type,
    /// The key id does not match name and key: one of them was altered.
    #[error("verification key does not match its id")]
    Id,
}

impl Signer {
    /// The signer of the log `origin`, from its secret seed.
    pub fn from_seed(origin: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Seed)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| KeyError::Seed)?;
        Ok(Self { verifier: VerifierKey::new(origin, public)?, pair })
    }

    /// The key that checks what this one signs.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signed checkpoint of the log at this size.
    pub fn sign(&self, size: u64, root: &Hash) -> String {
        let origin = self.verifier.name.clone();
        let text = Checkpoint { origin, size, root: *root }.text();
        let mut signature = self.verifier.id.to_vec();
        signature.extend_from_slice(self.pair.sign(text.as_bytes()).as_ref());
        let (name, signature) = (&self.verifier.name, BASE64.encode(&signature));
        format!("{text}\n{SIGNATURE_MARK}{name} {signature}\n")
    }

    /// States that `next` signs this log from here on.
    pub fn vouch(&self, next: &VerifierKey) -> NextKey {
        let mut signature = [0; 64];
        let signed = self.pair.sign(next.stated().as_bytes());
        signature.iter_mut().zip(signed.as_ref()).for_each(|(to, from)| *to = *from);
        NextKey { public: next.public, signature }
    }
}

/// A key that checks the signatures of one log, written `name+id+key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    public: [u8; 32],
}

impl VerifierKey {
    /// The key of this name, which is the origin of its log.
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError::Name);
        }
        let id = Sha256::new()
            .chain_update(name)
            .chain_update([b'\n', ED25519_TYPE])
            .chain_update(public)
            .finalize();
        let id = *id.first_chunk().ok_or(KeyError::Id)?;
        Ok(Self { name: name.to_owned(), id, public })
    }

    /// Reads a file of keys, one a line; blank lines are passed over.
    pub fn parse_lines(text: &str) -> Result<Vec<Self>, KeyError> {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::parse).collect()
    }

    /// The origin of the log that this key speaks for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key.
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// What the key before this one signs to state it: no checkpoint, which begins with an origin.
    fn stated(&self) -> String {
        format!("strongroom/next-key\n{self}\n")
    }

    /// The key that a log states as its next one, where this key vouches for it.
    pub fn vouches_for(&self, next: &NextKey) -> Option<Self> {
        let key = Self::new(&self.name, next.public).ok()?;
        self.verify(key.stated().as_bytes(), &next.signature).is_ok().then_some(key)
    }

    /// Whether a signature line of this name and key id is meant for this key.
    pub(super) fn is(&self, name: &str, id: &[u8; 4]) -> bool {
        self.name == name && self.id == *id
    }

    pub(super) fn verify(&self, text: &[u8], signature: &[u8]) -> Result<(), NoteError> {
        let key = UnparsedPublicKey::new(&ED25519, &self.public);
        key.verify(text, signature).map_err(|_| NoteError::BadSignature)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key: Vec<u8> = std::iter::once(ED25519_TYPE).chain(self.public).collect();
        write!(f, "{}+{}+{}", self.name, HEXLOWER.encode(&self.id), BASE64.encode(&key))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // The key itself may hold plus signs, being base64; name and id may not.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Malformed);
        };
        let key = BASE64.decode(key.as_bytes()).map_err(|_| KeyError::Malformed)?;
        let (kind, public) = key.split_first().ok_or(KeyError::Malformed)?;
        if *kind != ED25519_TYPE {
            return Err(KeyError::Type);
        }
        let key = Self::new(name, public.try_into().map_err(|_| KeyError::Malformed)?)?;
        if HEXLOWER.encode(&key.id) == id { Ok(key) } else { Err(KeyError::Id) }
    }
}

/// Whether a note may name a key so.
pub(super) fn is_key_name(name: &str) -> bool {
    let allowed = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
    !name.is_empty() && name.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A key that another implementation made: that of the Go checksum database.
    const GO: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

    #[test]
    fn keys_read_back_and_match_their_id() {
        let key: VerifierKey = GO.parse().unwrap();
        assert_eq!((key.name(), key.to_string().as_str()), ("sum.golang.org", GO));
        let own = Signer::from_seed("strongroom/x/system", &[1; 32]).unwrap();
        assert_eq!(own.verifier().to_string().parse(), Ok(own.verifier().clone()));
    }

    #[test]
    fn refuses_lines_that_are_not_keys() {
        let refused = |line: &str| line.parse::<VerifierKey>().unwrap_err();
        assert_eq!(refused(""), KeyError::Malformed);
        assert_eq!(refused("sum.golang.org+033de0ae"), KeyError::Malformed);
        assert_eq!(refused("sum.golang.org+033de0ae+Ac4z"), KeyError::Malformed);
        assert_eq!(refused(&GO.replace("+Ac4", "+Bc4")), KeyError::Type);
        assert_eq!(refused(&GO.replace("sum", "sun")), KeyError::Id);
        assert_eq!(refused(&GO.replace("033de0ae", "033DE0AE")), KeyError::Id);
        assert_eq!(refused(&GO.replace("sum.", " ")), KeyError::Name);
        assert_eq!(refused(&GO.replace("sum.golang.org", "")), KeyError::Name);
    }

    #[test]
    fn reads_a_file_of_keys() {
        assert_eq!(
            VerifierKey::parse_lines(&format!(
                "{GO}

{GO}
"
            ))
            .unwrap()
            .len(),
            2
        );
        assert_eq!(VerifierKey::parse_lines(""), Ok(Vec::new()));
        assert_eq!(
            VerifierKey::parse_lines(&format!(
                "{GO}
x"
            )),
            Err(KeyError::Malformed)
        );
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_read_back(text in ".{0,80}") {
            if let Ok(key) = text.parse::<VerifierKey>() {
                prop_assert_eq!(key.to_string(), text);
            }
        }
    }
}
