//! Administrative requests: each a type, each authorized, each that changes something an entry.

use super::{Action, Authorized, Pending, Target};
use crate::id::{CollectionId, JobId, PrincipalId, TenantId};
use crate::ledger::entry::{Act, Phase};
use crate::ledger::{Entry, Hash};
use crate::principal::Kind;
use crate::store::{Batch, Changes};

macro_rules! install_action {
    ($(#[$doc:meta])* $name:ident, $act:ident) => {
        $(#[$doc])*
        pub struct $name;

        impl Action for $name {
            const ACT: Act = Act::$act;
            type Plan = ();
            fn target(&self) -> Target {
                Target::Install
            }
            fn describe(&self, _: &mut Entry) {}
        }
    };
}

install_action!(
    /// List every tenant.
    ReadTenants, TenantRead
);
install_action!(
    /// List principals.
    ReadPrincipals, PrincipalRead
);
install_action!(
    /// Export the ledger.
    ExportLedger, LedgerExport
);
install_action!(
    /// Read the verification keys of the logs.
    ReadLedgerKeys, LedgerKey
);
install_action!(
    /// Read the state of the install.
    ReadStatus, StatusRead
);
install_action!(
    /// Look at what protects the install.
    ReadDoctor, DoctorRead
);

macro_rules! object_action {
    ($(#[$doc:meta])* $name:ident, $act:ident, $object:ty) => {
        $(#[$doc])*
        pub struct $name(pub Option<$object>);

        impl Action for $name {
            const ACT: Act = Act::$act;
            type Plan = ();
            fn target(&self) -> Target {
                Target::Install
            }
            fn describe(&self, entry: &mut Entry) {
                entry.object = self.0.map(|id| id.to_string());
            }
        }
    };
}

object_action!(
    /// Add a tenant.
    AddTenant, TenantAdd, TenantId
);
object_action!(
    /// Revoke a principal, if there is one.
    RevokePrincipal, PrincipalRevoke, PrincipalId
);

/// Give a principal, if there is one, a fresh credential.
pub struct RenewPrincipal {
    /// The principal.
    pub principal: Option<PrincipalId>,
    /// Until when the old one stays good, where it does.
    pub until_us: Option<u64>,
}

impl Action for RenewPrincipal {
    const ACT: Act = Act::PrincipalRenew;
    type Plan = ();
    fn target(&self) -> Target {
        Target::Install
    }
    fn describe(&self, entry: &mut Entry) {
        let until = self.until_us.map(|us| format!(":{us}")).unwrap_or_default();
        entry.object = self.principal.map(|id| format!("{id}{until}"));
    }
}

/// Put the root key under a passphrase, or back in clear.
pub struct ChangePassphrase {
    /// Whether there is one from now on.
    pub set: bool,
}

impl Action for ChangePassphrase {
    const ACT: Act = Act::CustodyPassphrase;
    type Plan = ();
    fn target(&self) -> Target {
        Target::Install
    }
    fn describe(&self, entry: &mut Entry) {
        entry.object = Some(if self.set { "argon2id" } else { "none" }.to_owned());
    }
}

/// Add a principal.
pub struct AddPrincipal {
    /// Its id.
    pub id: PrincipalId,
    /// What it is.
    pub kind: Kind,
    /// The tenant it is for, if there is such a one.
    pub tenant: Option<TenantId>,
}

impl Action for AddPrincipal {
    const ACT: Act = Act::PrincipalAdd;
    type Plan = ();
    fn target(&self) -> Target {
        Target::Install
    }
    /// Who was let in, as what, and to whose data: what an assessor has to see.
    fn describe(&self, entry: &mut Entry) {
        let tenant = self.tenant.map(|t| format!(":{t}")).unwrap_or_default();
        entry.object = Some(format!("{}:{}{tenant}", self.id, self.kind.name()));
    }
}

macro_rules! tenant_action {
    ($(#[$doc:meta])* $name:ident, $act:ident) => {
        $(#[$doc])*
        pub struct $name {
            /// The tenant.
            pub tenant: Option<TenantId>,
        }

        impl Action for $name {
            const ACT: Act = Act::$act;
            type Plan = ();
            fn target(&self) -> Target {
                Target::tenant(self.tenant)
            }
            fn describe(&self, _: &mut Entry) {}
        }
    };
}

tenant_action!(
    /// Show a tenant.
    ReadTenant, TenantRead
);
tenant_action!(
    /// Show a collection's schema.
    ReadSchema, SchemaRead
);

tenant_action!(
    /// List the rows that jobs left out.
    ReadJobs, JobRead
);

/// Set a collection's schema.
pub struct SetSchema {
    /// The tenant.
    pub tenant: Option<TenantId>,
    /// The collection's id.
    pub collection: CollectionId,
    /// SHA-256 of the schema as TOML, as `schema show` prints it: a column that is opened, or given
    /// another type, shows.
    pub digest: Hash,
}

impl Action for SetSchema {
    const ACT: Act = Act::SchemaSet;
    type Plan = ();
    fn target(&self) -> Target {
        Target::tenant(self.tenant)
    }
    fn describe(&self, entry: &mut Entry) {
        entry.object = Some(format!("{:08x}:{}", self.collection.0, self.digest.to_hex()));
    }
}

/// Give up the rows that a job left out.
pub struct DismissJob {
    /// The tenant.
    pub tenant: Option<TenantId>,
    /// The job.
    pub job: JobId,
}

impl Action for DismissJob {
    const ACT: Act = Act::JobDismiss;
    type Plan = ();
    fn target(&self) -> Target {
        Target::tenant(self.tenant)
    }
    fn describe(&self, entry: &mut Entry) {
        entry.object = Some(self.job.to_string());
    }
}

/// An administrative act that changes control rows: its entry and its rows are one batch. Nothing
/// that reads is one, and nothing about a person: those have stages of their own.
///
/// The trait is closed: it is implemented here alone.
pub trait Changing: Action<Plan = ()> + closed::Closed {}

mod closed {
    pub trait Closed {}
}

macro_rules! changing {
    ($($name:ident),+) => { $(
        impl closed::Closed for $name {}
        impl Changing for $name {}
    )+ };
}

changing!(AddTenant, AddPrincipal, RenewPrincipal, RevokePrincipal, SetSchema, DismissJob);

impl<A: Changing> Authorized<A> {
    /// Records the act together with what it changes.
    #[must_use]
    pub fn record(self, changes: Changes) -> Batch {
        Batch::of(vec![(self.log, self.entry(Phase::Commit))], changes).0
    }
}

impl Authorized<ChangePassphrase> {
    /// Records the change, whose receipt is what allows it.
    #[must_use]
    pub fn plan(self) -> (Pending<ChangePassphrase>, Batch) {
        let entry = self.entry(Phase::Commit);
        self.pending((), vec![entry], Changes::default())
    }
}

impl Authorized<ExportLedger> {
    /// Records the export, whose receipt is what allows it.
    #[must_use]
    pub fn plan(self) -> (Pending<ExportLedger>, Batch) {
        let entry = self.entry(Phase::Commit);
        self.pending((), vec![entry], Changes::default())
    }
}
