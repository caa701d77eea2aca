//! The closed vocabularies of an entry. A word may be added, never changed or reused: old entries
//! keep theirs for ever.

use crate::words::words;

words! {
    /// What was done.
    Act {
        InstallInit = "install.init": "an install was made",
        TenantAdd = "tenant.add": "a tenant was added",
        PrincipalAdd = "principal.add": "a principal was added",
        PrincipalRenew = "principal.renew": "a principal was given a fresh credential",
        PrincipalRevoke = "principal.revoke": "a principal was revoked",
        SchemaSet = "schema.set": "a collection's schema was set",
        SchemaRead = "schema.read": "a collection's schema was read",
        JobBegin = "job.begin": "a job began",
        JobEnd = "job.end": "a job ended",
        JobDismiss = "job.dismiss": "rows that a job left out were given up",
        JobRead = "job.read": "it was asked how far a job had come",
        PiiCollect = "pii.collect": "personal values were sealed",
        UpdateBegin = "update.begin": "records are opened, to be changed where they differ",
        PiiUpdate = "pii.update": "values of records were changed",
        PiiReveal = "pii.reveal": "personal values were given out",
        PiiFind = "pii.find": "it was asked which records have a value",
        PiiVerify = "pii.verify": "a password was tried; `why` is `right` where it was",
        PiiGuess = "pii.guess": "a guess that named nobody was counted",
        StrengthenBegin = "strengthen.begin": "password verifiers are opened, to be strengthened",
        PiiStrengthen = "pii.strengthen": "password verifiers were strengthened",
        PiiErase = "pii.erase": "a record is to be erased, and is not there from here on",
        PiiShred = "pii.shred": "the slot of an erased record was overwritten",
        EraseCancel = "erase.cancel": "an erasure was taken back within its grace time",
        SecondApprove = "second.approve": "a second person approved what another one asked for",
        EpochTurn = "epoch.turn": "every slot was sealed anew under a fresh epoch key",
        EpochRead = "epoch.read": "the state of the epoch was read",
        KeyRotate = "key.rotate": "a key was given its next version",
        RotateBegin = "rotate.begin": "records are opened, to be carried to a key's next version",
        KeyCarry = "key.carry": "what stood under a key was carried to its next version",
        KeyDestroy = "key.destroy": "the versions of a key before the last were destroyed",
        PiiExport = "pii.export": "the values of a tokenised file were given out",
        LedgerExport = "ledger.export": "the ledger was exported",
        LedgerWho = "ledger.who": "it was asked who saw a record",
        LedgerErasure = "ledger.erasure": "it was asked what became of an erased record",
        LedgerKey = "ledger.key": "the ledger's verification keys were read",
        AuthRefuse = "auth.refuse": "a credential was refused",
        TenantHead = "tenant.head": "the head of a tenant's log was noted",
        ClockStep = "clock.step": "the wall clock jumped",
        TenantRead = "tenant.read": "tenants were listed or shown",
        PrincipalRead = "principal.read": "principals were listed or shown",
        StatusRead = "status.read": "the state of the install was read",
        BackupBegin = "backup.begin": "a backup is about to be written",
        BackupEnd = "backup.end": "a backup was read back and found whole",
        RestoreBegin = "restore.begin": "a backup is held against what is there",
        RestoreRecords = "restore.records": "records were put back from a backup",
        RestoreInstall = "restore.install": "an install was made from a backup",
        CustodyPassphrase = "custody.passphrase": "the root key was put under a passphrase, or not",
        DoctorRead = "doctor.read": "the install's safeguards were looked at",
        DoctorDeep = "doctor.deep": "rows, slots and index of a range of records were checked",
    }
}

impl Act {
    /// Whether the act changes the store, so that recovery has to ask if its change took place.
    pub const fn has_effect(self) -> bool {
        match self {
            Self::InstallInit
            | Self::TenantAdd
            | Self::PrincipalAdd
            | Self::PrincipalRenew
            | Self::PrincipalRevoke
            | Self::SchemaSet
            | Self::JobBegin
            | Self::JobEnd
            | Self::JobDismiss
            | Self::PiiCollect
            | Self::PiiVerify
            | Self::PiiGuess
            | Self::PiiUpdate
            | Self::PiiStrengthen
            | Self::PiiErase
            | Self::PiiShred
            | Self::EraseCancel
            | Self::EpochTurn
            | Self::RestoreRecords
            | Self::RestoreInstall
            | Self::KeyRotate
            | Self::KeyCarry
            | Self::KeyDestroy => true,
            Self::SchemaRead
            | Self::JobRead
            | Self::PiiReveal
            | Self::PiiFind
            | Self::UpdateBegin
            | Self::StrengthenBegin
            | Self::RotateBegin
            | Self::PiiExport
            | Self::LedgerExport
            | Self::LedgerWho
            | Self::LedgerErasure
            | Self::LedgerKey
            | Self::SecondApprove
            | Self::EpochRead
            | Self::AuthRefuse
            | Self::TenantHead
            | Self::ClockStep
            | Self::TenantRead
            | Self::PrincipalRead
            | Self::StatusRead
            | Self::BackupBegin
            | Self::BackupEnd
            | Self::RestoreBegin
            | Self::CustodyPassphrase
            | Self::DoctorRead
            | Self::DoctorDeep => false,
        }
    }
}

words! {
    /// How far an act has come.
    Phase {
        Commit = "commit": "done, or about to be done and nothing can refuse it any more",
        Denied = "denied": "refused before anything was done",
        Failed = "failed": "allowed, and not done",
    }
}

words! {
    /// How an actor was established.
    Auth {
        Credential = "credential": "by a credential that was presented",
        Development = "development": "by the operator's credential of a development install",
        None = "none": "not at all",
        System = "system": "the install itself",
    }
}

words! {
    /// The form in which a value is given out.
    Form {
        Redacted = "redacted": "nothing of the value",
        Masked = "masked": "the part that its field type lets show",
        Full = "full": "the value",
    }
}
