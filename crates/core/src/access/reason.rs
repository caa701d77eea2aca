//! Why an entry says "denied" or "failed": every code that `why` may hold, and nothing else ever
//! stands there. docs/ledger-format.md lists them.

use super::find;
use crate::principal::Unauthenticated;
use crate::vault::sealed::OpenError;

/// Declares reasons and their codes from one list, so that none is left out of `ALL`.
macro_rules! reasons {
    ($(#[$about:meta])* $name:ident {
        $($(#[$says:meta])* $variant:ident = $code:literal),+ $(,)?
    }) => {
        $(#[$about])*
        pub enum $name {
            $($(#[$says])* $variant),+
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its code in an entry: one may be added, none changes.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
        }
    };
}

reasons! {
    /// The rule of the policy that forbids.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    Rule {
        /// This principal may not do this act.
        Act = "forbidden.act",
        /// The purpose does not allow this form.
        Purpose = "forbidden.purpose",
        /// A password is given out in no form.
        VerifyOnly = "forbidden.verify_only",
        /// It needs a second person, and there is none or not another one who may do it.
        Second = "forbidden.second",
        /// The credential is limited to other acts.
        LimitedAct = "forbidden.limited_act",
        /// The credential is limited to other purposes.
        LimitedPurpose = "forbidden.limited_purpose",
    }
}

reasons! {
    /// Why a permitted question has no answer.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
    Unfit {
        /// The collection has no such field.
        #[error("the collection has no such sealed field")]
        NoSuchField = "unfit.field",
        /// The field is not indexed.
        #[error("the field is not indexed")]
        NotIndexed = "unfit.not_indexed",
        /// The value is none of the field's type.
        #[error("the value is none of the field's type")]
        NotOfItsType = "unfit.value",
        /// The value names more than [`find::RECORDS_MAX`] records.
        #[error("more than {} records have this value", find::RECORDS_MAX)]
        TooMany = "unfit.many",
        /// The column is what the record is known by.
        #[error("the column is the key, by which the record is known")]
        IsKey = "unfit.key",
        /// The record's key is that of another one.
        #[error("another record has its key by now")]
        KeyTaken = "unfit.taken",
        /// Several collections have a record of this key.
        #[error("several collections have a record of this key")]
        SeveralRecords = "unfit.records",
        /// The collection has no column of passwords, or it is not this one.
        #[error("the collection has no such column of passwords")]
        NoPassword = "unfit.password",
        /// It has several.
        #[error("the collection has several columns of passwords")]
        SeveralPasswords = "unfit.passwords",
    }
}

reasons! {
    /// What was found changed. Exact for the ledger and the operator; opaque to API callers.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
    #[non_exhaustive]
    Tampering {
        /// The record's slot is neither live nor an authentic tombstone.
        #[error("a slot is damaged")]
        SlotDamaged = "slot.damaged",
        /// The slot was given out and is empty: the slot file is older than the record.
        #[error("a slot is missing")]
        SlotMissing = "slot.missing",
        /// The slot lives and the store has no row for it.
        #[error("a row is missing")]
        RowMissing = "row.missing",
        /// The row is not the one of its address.
        #[error("a row is not authentic")]
        RowNotAuthentic = "row.not_authentic",
        /// A row of the index was not made by the tenant's keys.
        #[error("a row of the index is not authentic")]
        IndexNotAuthentic = "index.not_authentic",
        /// One key of a collection names two records that are there.
        #[error("two records are known by one key")]
        KeyTwice = "key.twice",
        /// A value that is indexed has no row in the index.
        #[error("a row of the index is missing")]
        IndexMissing = "index.missing",
        /// A live slot, or a tombstone, where no entry ever sealed a record.
        #[error("a slot is used that no entry states")]
        SlotUnstated = "slot.unstated",
        /// A tombstone that names no entry of the ledger.
        #[error("a slot was erased by no entry")]
        SlotErasedByNone = "slot.erased_by_none",
        /// A row of a record that no entry ever sealed, or of no collection.
        #[error("a row is there that no entry states")]
        RowUnstated = "row.unstated",
        /// A row that is older than the ledger says: one that was put back.
        #[error("a row is older than the ledger says")]
        RowOlder = "row.older",
    }
}

reasons! {
    /// What needs no further telling apart.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    Plain {
        /// No such tenant, record or token for this caller.
        NotFound = "not_found",
        /// A credential that is none.
        Malformed = "malformed",
        /// A credential of nobody.
        Unknown = "unknown",
        /// The credential of a principal that was revoked.
        Revoked = "revoked",
        /// The credential of a principal whose time is over.
        Expired = "expired",
        /// A credential from where it is not good.
        Network = "network",
        /// An act that was stated and did not take place.
        Interrupted = "interrupted",
        /// Too many wrong passwords of the record.
        SpentRecord = "spent.record",
        /// Too many wrong guesses of the principal.
        SpentPrincipal = "spent.principal",
        /// The password was right.
        Right = "right",
    }
}

impl From<OpenError> for Tampering {
    fn from(_: OpenError) -> Self {
        Self::RowNotAuthentic
    }
}

impl From<Unauthenticated> for Plain {
    fn from(why: Unauthenticated) -> Self {
        match why {
            Unauthenticated::Malformed => Self::Malformed,
            Unauthenticated::Unknown => Self::Unknown,
            Unauthenticated::Revoked(_) => Self::Revoked,
            Unauthenticated::Expired(_) => Self::Expired,
            Unauthenticated::Network(_) => Self::Network,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PAGE: &str = include_str!("../../../../docs/ledger-format.md");

    fn codes() -> Vec<&'static str> {
        let rules = Rule::ALL.iter().map(|r| r.code());
        let unfit = Unfit::ALL.iter().map(|u| u.code());
        let tampering = Tampering::ALL.iter().map(|t| t.code());
        rules.chain(unfit).chain(tampering).chain(Plain::ALL.iter().map(|p| p.code())).collect()
    }

    #[test]
    fn the_page_lists_every_reason_and_no_other() {
        let (_, listed) = PAGE.split_once("**Reasons.**").expect("the page's paragraph");
        let listed = listed.split("\n\n").next().unwrap_or_default();
        let listed: BTreeSet<&str> = listed.split('`').skip(1).step_by(2).collect();
        let codes = codes();
        let written: BTreeSet<&str> = codes.iter().copied().collect();
        assert_eq!(written.len(), codes.len(), "one code, one reason");
        assert_eq!(listed, written);
    }

    /// A reason that is spelt where it is used would be on no list.
    #[test]
    fn no_other_place_spells_a_reason() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/access")).unwrap();
        let files = folder.map(|e| e.unwrap().path()).filter(|p| !p.ends_with("reason.rs"));
        let places: Vec<String> = files.map(|p| std::fs::read_to_string(p).unwrap()).collect();
        let set = places.iter().flat_map(|text| text.lines()).filter(|l| l.contains("reason = "));
        let set: Vec<&str> = set.filter(|l| !l.contains("#[")).collect();
        assert!(set.len() >= 3, "{set:?}");
        for line in set {
            assert!(line.contains(".code()"), "{line}");
        }
    }
}
