//! Signed checkpoints: C2SP signed-note and tlog-checkpoint, with Ed25519.
//!
//! A checkpoint says "the log of this origin has this size and this root", and its signature makes
//! that the log's word. The key's name is the origin, so a key can speak for one log only. Nothing
//! of a note is believed before a known key has signed it.

mod key;

use data_encoding::BASE64;

pub use key::{KeyError, Signer, VerifierKey};

use crate::entry::{Entry, NextKey, Phase};

use crate::id::{Id, LogId};
use crate::merkle::Hash;

/// The largest note that is looked at.
pub const NOTE_SIZE_MAX: usize = 64 * 1024;

/// What every signature line begins with: an em dash and a space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// The next keys that the entries of a log state, one after another. One whose act did not take
/// place, as a later entry says, is none: nobody has it.
#[derive(Clone, Debug, Default)]
pub struct NextKeys(Vec<(Id, NextKey)>);

impl NextKeys {
    /// Takes in the log's next entry.
    pub fn note(&mut self, entry: &Entry) {
        if entry.phase == Phase::Failed {
            self.0.retain(|(id, _)| Some(*id) != entry.completes);
        }
        self.0.extend(entry.next_key().map(|next| (entry.id, next)));
    }

    /// They, in order.
    pub fn keys(&self) -> Vec<NextKey> {
        self.0.iter().map(|(_, next)| *next).collect()
    }
}

/// The keys to which the known keys of a log lead, in the order in which it states them: each is
/// vouched for by one that is known, or by one of these.
pub fn follow(known: &[VerifierKey], stated: &[NextKey]) -> Vec<VerifierKey> {
    let mut found: Vec<VerifierKey> = Vec::new();
    for next in stated {
        let key = known.iter().chain(&found).find_map(|key| key.vouches_for(next));
        found.extend(key.filter(|key| !found.contains(key)));
    }
    found
}

/// The head of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// The name of a log, which is also the name of its key.
pub fn origin(install: &str, log: &LogId) -> String {
    match log {
        LogId::System => format!("strongroom/{install}/system"),
        LogId::Tenant(_) => format!("strongroom/{install}/tenant/{log}"),
    }
}

/// The install and the log that an origin names; `None` where it is not one of ours.
pub fn parse_origin(text: &str) -> Option<(Id, LogId)> {
    let (install, log) = text.strip_prefix("strongroom/")?.split_once('/')?;
    let log = match log.strip_prefix("tenant/") {
        Some(tenant) => tenant.parse().ok().filter(|log| *log != LogId::System)?,
        None if log == "system" => LogId::System,
        None => return None,
    };
    Some((install.parse().ok()?, log))
}

/// A note was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Not a signed note.
    #[error("checkpoint is not a well-formed signed note")]
    Malformed,
    /// The text of the note is not a checkpoint in its one form.
    #[error("text of the note is not a checkpoint")]
    NotACheckpoint,
    /// The signature of a known key is wrong.
    #[error("signature on the checkpoint is wrong")]
    BadSignature,
    /// No known key has signed.
    #[error("checkpoint is not signed by the key of its log")]
    NotSigned,
    /// Signed by a known key, about another log.
    #[error("checkpoint speaks for another log than its key")]
    WrongOrigin,
}

impl Checkpoint {
    /// The signed text: three lines, and no extension lines.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root.to_base64())
    }

    /// Opens a signed checkpoint with the known keys of one log. One of them must have signed; the
    /// signatures of all others, witnesses for example, are passed over.
    pub fn open(note: &[u8], keys: &[VerifierKey]) -> Result<Self, NoteError> {
        let (text, signatures) = split(note)?;
        let mut signer = None;
        for line in signatures.split_terminator('\n') {
            let (name, id, signature) = signature_line(line).ok_or(NoteError::Malformed)?;
            if let Some(key) = keys.iter().find(|key| key.is(name, &id)) {
                key.verify(text.as_bytes(), &signature)?;
                signer = Some(key);
            }
        }
        let signer = signer.ok_or(NoteError::NotSigned)?;
        let checkpoint = Self::parse(text).ok_or(NoteError::NotACheckpoint)?;
        if checkpoint.origin == signer.name() {
            Ok(checkpoint)
        } else {
            Err(NoteError::WrongOrigin)
        }
    }

    /// What a note says that nobody vouched for yet.
    pub fn claimed(note: &[u8]) -> Option<Self> {
        Self::parse(split(note).ok()?.0)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split_terminator('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let origin = origin.to_owned();
        let checkpoint = Self { origin, size: size.parse().ok()?, root: Hash::from_base64(root)? };
        // Extension lines, leading zeros and the like all show up as another text.
        (checkpoint.text() == text).then_some(checkpoint)
    }
}

/// Splits a note into its text, with the final newline, and its signature lines.
fn split(note: &[u8]) -> Result<(&str, &str), NoteError> {
    if note.len() > NOTE_SIZE_MAX {
        return Err(NoteError::Malformed);
    }
    let note = std::str::from_utf8(note).map_err(|_| NoteError::Malformed)?;
    if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        return Err(NoteError::Malformed);
    }
    let blank = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
    let (text, signatures) = note.split_at_checked(blank + 1).ok_or(NoteError::Malformed)?;
    let signatures = signatures.strip_prefix('\n').ok_or(NoteError::Malformed)?;
    let complete = signatures.len() > 1 && signatures.ends_with('\n');
    if complete { Ok((text, signatures)) } else { Err(NoteError::Malformed) }
}

/// Name, key id and signature of one line; `None` where the line is malformed.
fn signature_line(line: &str) -> Option<(&str, [u8; 4], Vec<u8>)> {
    let (name, signature) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
    if !key::is_key_name(name) {
        return None;
    }
    let bytes = BASE64.decode(signature.as_bytes()).ok()?;
    let (id, signature) = bytes.split_first_chunk()?;
    (!signature.is_empty()).then(|| (name, *id, signature.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INSTALL: &str = "0192abcd-ef00-7001-8002-0304050607ff";

    fn signer() -> Signer {
        Signer::from_seed(&origin(INSTALL, &LogId::System), &[1; 32]).unwrap()
    }

    fn note() -> String {
        signer().sign(42, &Hash([5; 32]))
    }

    fn open(note: &str) -> Result<Checkpoint, NoteError> {
        Checkpoint::open(note.as_bytes(), &[signer().verifier().clone()])
    }

    /// Signs any text as the log would.
    fn sign_text(text: &str) -> String {
        let pair = aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
        let line = note().lines().last().unwrap().to_owned();
        let (name, signature) = line.rsplit_once(' ').unwrap();
        let mut bytes = BASE64.decode(signature.as_bytes()).unwrap()[..4].to_vec();
        bytes.extend_from_slice(pair.sign(text.as_bytes()).as_ref());
        format!("{text}\n{name} {}\n", BASE64.encode(&bytes))
    }

    #[test]
    fn opens_what_was_signed() {
        let checkpoint = open(&note()).unwrap();
        assert_eq!((checkpoint.size, checkpoint.root), (42, Hash([5; 32])));
        assert_eq!(parse_origin(&checkpoint.origin).unwrap().1, LogId::System);
    }

    /// The checkpoint that the signed-note library of Go gives as its example.
    #[test]
    fn opens_the_note_of_another_implementation() {
        let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let text = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
        let line = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1F\
                    FYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
        let opened =
            Checkpoint::open(format!("{text}\n{line}\n").as_bytes(), &[key.parse().unwrap()]);
        // The signature holds; only then is it seen that the text is no checkpoint.
        assert_eq!(opened, Err(NoteError::NotACheckpoint));
        let altered = format!("{}\n{line}\n", text.replace("answer", "Answer"));
        let opened = Checkpoint::open(altered.as_bytes(), &[key.parse().unwrap()]);
        assert_eq!(opened, Err(NoteError::BadSignature));
    }

    #[test]
    fn refuses_malformed_notes() {
        let note = note();
        for wrong in [
            String::new(),
            "\n\n".to_owned(),
            note.trim_end().to_owned(),
            note.replace("\n\n", "\n"),
            note.replace('\u{2014}', "-"),
            format!("{note}\n"),
            format!("{note}rubbish\n"),
            format!("{note}\u{2014} name+plus AAAAAAAA\n"),
            format!("{note}\u{2014} name AAAA=\n"),
            note.replace('\n', "\r\n"),
            "x".repeat(NOTE_SIZE_MAX + 1),
        ] {
            assert_eq!(open(&wrong), Err(NoteError::Malformed), "{wrong:?}");
        }
        assert_eq!(Checkpoint::open(&[0xff, b'\n', b'\n'], &[]), Err(NoteError::Malformed));
    }

    #[test]
    fn refuses_other_texts_though_signed() {
        let text = open(&note()).unwrap().text();
        assert!(open(&sign_text(&text)).is_ok());
        for wrong in [
            format!("{text}extension\n"),
            text.replace("\n42\n", "\n042\n"),
            text.replace("\n42\n", "\n+42\n"),
            text.replace("\n42\n", "\n18446744073709551616\n"),
            text.replace("BQU=", "BQV="),
            format!("\n{text}"),
        ] {
            assert_eq!(open(&sign_text(&wrong)), Err(NoteError::NotACheckpoint), "{wrong}");
        }
        let other = text.replace("/system", "/sys");
        assert_eq!(open(&sign_text(&other)), Err(NoteError::WrongOrigin));
    }

    #[test]
    fn needs_a_known_key() {
        let tenant =
            Signer::from_seed(&origin(INSTALL, &LogId::Tenant([2; 16])), &[1; 32]).unwrap();
        let opened = Checkpoint::open(note().as_bytes(), &[tenant.verifier().clone()]);
        assert_eq!(opened, Err(NoteError::NotSigned));
        assert_eq!(Checkpoint::open(note().as_bytes(), &[]), Err(NoteError::NotSigned));
    }

    #[test]
    fn origins_read_back() {
        for log in [LogId::System, LogId::Tenant([0xcd; 16])] {
            let name = origin(INSTALL, &log);
            assert_eq!(parse_origin(&name), Some((INSTALL.parse().unwrap(), log)));
        }
        for wrong in ["", "strongroom/x/system", "strongroom", "example.com/log"] {
            assert_eq!(parse_origin(wrong), None, "{wrong}");
        }
        for wrong in ["", "/", "/sys", "/tenant/sys", "/tenant/ab", "/system/", "/system/x"] {
            assert_eq!(parse_origin(&format!("strongroom/{INSTALL}{wrong}")), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Checkpoint::open(&bytes, &[signer().verifier().clone()]).is_err());
        }

        #[test]
        fn any_splice_is_refused(at in 0usize..200, with in "[\n\u{2014} a-zA-Z0-9+/=]{1,8}") {
            let mut altered: Vec<char> = note().chars().collect();
            let at = at.min(altered.len() - 1);
            altered.splice(at..=at, with.chars());
            let altered: String = altered.into_iter().collect();
            prop_assume!(altered != note());
            prop_assert!(open(&altered).is_err());
        }
    }
}
