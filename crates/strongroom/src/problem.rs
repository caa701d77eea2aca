//! What goes wrong, as a person and a program see it: a type, what happened, what to do next.
//!
//! No personal value ever enters one: details are built from names, places and counts only.

use std::time::Duration;

use serde_json::{Value, json};
use strongroom_core::access::{Refusal, Rule, Stop, Unfit};
use strongroom_core::control::EvolveError;
use strongroom_core::source::RandomError;
use strongroom_core::store::{CommitError, ReadError};
use strongroom_core::vault::keys::KeyError;

use crate::store::disk::is_full;
use crate::store::recovery::OpenError;

/// The kind of a problem: a stable type name and an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Usage or bad input.
    Usage,
    /// No or wrong credential.
    Unauthenticated,
    /// Not allowed.
    Forbidden,
    /// Not found; also another tenant's, also erased.
    NotFound,
    /// The store is held by another process.
    Held,
    /// Disk full or ledger unavailable: nothing was done.
    Unavailable,
    /// Tampering found.
    Tampered,
    /// A fault of Strongroom or of the machine.
    Internal,
    /// Stopped by an interrupt.
    Interrupted,
    /// Too many wrong guesses: later again.
    Budget,
    /// The same idempotency key with another request.
    Conflict,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Usage,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::Held,
        Self::Unavailable,
        Self::Tampered,
        Self::Internal,
        Self::Interrupted,
        Self::Budget,
        Self::Conflict,
    ];

    /// The kind of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The type's stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Held => "held",
            Self::Unavailable => "unavailable",
            Self::Tampered => "tampered",
            Self::Internal => "internal",
            Self::Interrupted => "interrupted",
            Self::Budget => "budget",
            Self::Conflict => "conflict",
        }
    }

    /// The exit code of the contract.
    #[must_use]
    pub fn exit(self) -> u8 {
        match self {
            Self::Usage | Self::Conflict => 2,
            Self::Unauthenticated => 10,
            Self::Forbidden => 11,
            Self::NotFound => 12,
            Self::Held => 13,
            Self::Unavailable => 14,
            Self::Tampered => 15,
            Self::Internal => 20,
            Self::Interrupted => 130,
            Self::Budget => 25,
        }
    }
}

/// A problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    /// Its kind.
    pub kind: Kind,
    /// What happened, and where.
    pub detail: String,
    /// What to do next.
    pub remedy: String,
    /// Seconds after which the same may be asked again, where that is known.
    pub wait_s: Option<u64>,
}

impl Problem {
    /// A problem.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), remedy: remedy.into(), wait_s: None }
    }

    /// The one answer to whoever has no valid credential.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(
            Kind::Unauthenticated,
            "no valid credential was given",
            "pass the file that holds the credential with --credential; ask the local operator \
             for a new one if it was revoked, has expired, or is not good from here",
        )
    }

    /// Usage or bad input.
    #[must_use]
    pub fn usage(detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Kind::Usage, detail, remedy)
    }

    /// The one answer to whatever is not there for this caller.
    #[must_use]
    pub fn not_found() -> Self {
        let remedy = "check the name, token or record id, and whose credential is used: what \
                      belongs to another tenant or was erased is answered alike";
        Self::new(Kind::NotFound, "no such thing for this credential", remedy)
    }

    /// A fault behind the request, told without content.
    #[must_use]
    pub fn internal(detail: impl Into<String>) -> Self {
        let remedy = "run `strongroom status`; if it repeats, keep both folders as they are and \
                      ask for help";
        Self::new(Kind::Internal, detail, remedy)
    }

    /// Something changed on disk.
    #[must_use]
    pub fn tampered(detail: impl Into<String>) -> Self {
        let remedy = "keep both folders as they are, as evidence; put back the newest copy of the \
                      data folder that is no older than the key folder, and find out who could \
                      write there";
        Self::new(Kind::Tampered, detail, remedy)
    }

    /// The problem as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"error": {
            "type": self.kind.name(),
            "detail": self.detail,
            "remedy": self.remedy,
        }})
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Entry => Self::internal("a ledger entry could not be encoded"),
            CommitError::DiskFull => Self::new(
                Kind::Unavailable,
                "the disk is full; nothing was done",
                "free space on the volume of the data folder, then run the command again",
            ),
            CommitError::OtherEpoch => Self::new(
                Kind::Unavailable,
                "the epoch is being turned, or was; nothing was done",
                "run the command again: it takes up the new epoch",
            ),
            other => Self::new(
                Kind::Unavailable,
                format!("the ledger or store is unavailable: {other}; nothing was given out"),
                "check the volume of the data folder and the key folder, then run the command \
                 again: opening the store finishes or marks what was interrupted",
            ),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Damaged(_) => Self::tampered(error.to_string()),
            _ => Self::internal(error.to_string()),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::DoesNotOpen => Self::tampered(error.to_string()),
            _ => Self::internal(error.to_string()),
        }
    }
}

impl From<RandomError> for Problem {
    fn from(error: RandomError) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Forbidden(Rule::Purpose) => Self::new(
                Kind::Forbidden,
                "the purpose does not allow this reveal",
                "`sign-in` reveals nothing; use the purpose the value is needed for",
            ),
            Refusal::Forbidden(Rule::VerifyOnly) => Self::new(
                Kind::Forbidden,
                "a password is given out in no form",
                "`strongroom verify-password` says whether one is right",
            ),
            Refusal::Forbidden(Rule::Second) => Self::new(
                Kind::Forbidden,
                "this needs a second person: another operator who may do it too",
                "pass the file of that operator's own credential with --second; or erase fewer, \
                 one by one, with their grace time",
            ),
            Refusal::Forbidden(Rule::LimitedAct) => Self::new(
                Kind::Forbidden,
                "this credential is limited to other acts",
                "`strongroom principal list` says which; use another credential, or ask the local \
                 operator for one",
            ),
            Refusal::Forbidden(Rule::LimitedPurpose) => Self::new(
                Kind::Forbidden,
                "this credential is limited to other purposes",
                "use it for what it is for; ask the local operator for another one",
            ),
            Refusal::Forbidden(Rule::Act) => Self::new(
                Kind::Forbidden,
                "this credential may not do this",
                "use the credential of a principal with the right, or ask the local operator",
            ),
            Refusal::Unfit(unfit) => {
                let remedy = match unfit {
                    Unfit::NoSuchField | Unfit::NotIndexed => {
                        "`strongroom schema show` lists the sealed columns and which are indexed"
                    }
                    Unfit::NotOfItsType => {
                        "check the value; one that did not fit its column's type was sealed as \
                         text and cannot be found by value"
                    }
                    Unfit::TooMany => "ask by a field whose values name fewer people",
                    Unfit::IsKey => "a key does not change: erase the record and seal it anew",
                    Unfit::KeyTaken => {
                        "one of the two has to go: erase the record that was sealed since, then \
                         take this erasure back by the record's id"
                    }
                    Unfit::SeveralRecords => "name the collection with --collection",
                    Unfit::NoPassword => "`strongroom schema show` lists the columns",
                    Unfit::SeveralPasswords => "name one of them with --field",
                };
                Self::usage(unfit.to_string(), remedy)
            }
            Refusal::Spent(spent) => {
                let whose = if spent.principal { "by this credential" } else { "of this record" };
                let wait = humantime::format_duration(Duration::from_secs(spent.wait_s));
                let detail = format!("too many wrong guesses {whose}");
                let problem = Self::new(Kind::Budget, detail, format!("try again in {wait}"));
                Self { wait_s: Some(spent.wait_s), ..problem }
            }
            Refusal::NotFound => Self::not_found(),
        }
    }
}

impl From<EvolveError> for Problem {
    fn from(error: EvolveError) -> Self {
        let remedy = match &error {
            EvolveError::Key { .. } => "leave the column of the key as it is, or seal into a \
                                       collection of another name"
                .to_owned(),
            EvolveError::Numbers => "add a tenant for further collections".to_owned(),
            EvolveError::Index { index, .. } => format!(
                "write `index = {index}` for the column in the schema: what is sealed already is \
                 not indexed anew"
            ),
        };
        Self::usage(error.to_string(), remedy)
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        match &error {
            OpenError::NotInitialised => Self::usage(
                error.to_string(),
                "check --data and --keys, or make an install with `strongroom init`",
            ),
            OpenError::OtherInstall => {
                Self::usage(error.to_string(), "name the key folder that belongs to this data")
            }
            OpenError::Held => Self::new(
                Kind::Held,
                error.to_string(),
                "wait until the other command ends, then run this one again",
            ),
            OpenError::RolledBack(_) | OpenError::Damaged(_) => Self::tampered(error.to_string()),
            OpenError::Io { source, .. } if is_full(source) => CommitError::DiskFull.into(),
            OpenError::Io { source, .. } => match source.kind() {
                std::io::ErrorKind::PermissionDenied => Self::usage(
                    error.to_string(),
                    "run as the user who owns the data folder and the key folder",
                ),
                _ => Self::internal(error.to_string()),
            },
        }
    }
}

/// The problem in a stage that stopped, once its entry is durable.
#[must_use]
pub fn of_stop(stop: &Stop) -> Problem {
    match stop {
        Stop::Denied(denied) => denied.refusal.into(),
        Stop::Tampered { what, .. } => Problem::tampered(format!("{what}; nothing was opened")),
        Stop::Read(error) => error.clone().into(),
        Stop::Key(error) => (*error).into(),
        Stop::Random(error) => (*error).into(),
        Stop::ForeignCommit => Problem::internal("a commit of another batch was handed in"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strongroom_core::access::Tampering;

    use super::*;

    #[test]
    fn every_reason_is_told_with_its_exit_code_and_what_to_do_next() {
        let mut told: Vec<(u8, Problem)> = vec![(12, Refusal::NotFound.into())];
        told.extend(Rule::ALL.iter().map(|rule| (11, Refusal::Forbidden(*rule).into())));
        told.extend(Unfit::ALL.iter().map(|unfit| (2, Refusal::Unfit(*unfit).into())));
        told.extend(Tampering::ALL.iter().map(|what| (15, Problem::tampered(what.to_string()))));
        let details: BTreeSet<&str> = told.iter().map(|(_, p)| p.detail.as_str()).collect();
        assert_eq!(details.len(), told.len(), "one reason, one text: {details:?}");
        for (exit, problem) in &told {
            assert_eq!(problem.kind.exit(), *exit, "{problem}");
            assert!(problem.remedy.split(' ').count() > 3, "{problem}: {}", problem.remedy);
        }
    }
}
