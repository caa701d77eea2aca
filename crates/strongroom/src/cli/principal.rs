//! `strongroom principal`

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use strongroom_api::{
    self as api, AddPrincipal, Credential, ListPrincipals, PrincipalKind, RenewPrincipal,
    RevokePrincipal,
};
use strongroom_core::source::Clock as _;

use super::Global;
use super::forward::some;
use super::output::{Answer, table};
use crate::ambient::SystemClock;
use crate::boundary;
use crate::calls::{self, time};
use crate::problem::Problem;
use crate::vault::Renewal;

/// Examples of all of it.
pub const AFTER_HELP: &str = "\
Examples:
  strongroom --json principal add shop --kind service --tenant acme |
    jq -r .credential > shop.credential
  strongroom principal list
  strongroom principal renew operator --out operator.credential
  strongroom principal revoke shop";

const ADD_HELP: &str = "\
Examples:
  strongroom --json principal add shop --kind service --tenant acme |
    jq -r .credential > shop.credential
  strongroom principal add payroll --kind service --tenant acme --expires 90d \\
    --network 10.1.0.0/16 --purpose payout --act pii.reveal --act pii.find

What a credential is limited to, a thief of it is limited to. One with --network is good over the
network alone: not on this machine's command line.";

const RENEW_HELP: &str = "\
Examples:
  strongroom --json principal renew shop --overlap 1d | jq -r .credential > shop.credential
  strongroom --json principal renew shop | jq -r .credential > shop.credential
  strongroom principal renew operator --out operator.credential

With --overlap the old one stays good for a while, so that programs change over one by one: not for
one that others may have. A credential that was shown and not kept cannot be had again. Whoever
renews the only local operator names --out, so that the new credential is on disk before the old
one ends. In a development install the key folder's operator.credential is replaced as well.";

/// What a principal can be.
#[derive(Clone, Copy, ValueEnum)]
pub enum KindArg {
    /// A program
    Service,
    /// A person
    Operator,
}

/// What its credential is limited to.
#[derive(Clone, Args)]
pub struct Limits {
    /// When its credential expires: in a while (90d), or at a time (2027-01-31T00:00:00Z)
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// A network that its credential is good from; may be given several times
    #[arg(long = "network", value_name = "CIDR")]
    networks: Vec<String>,
    /// A purpose that it is given values for; may be given several times
    #[arg(long = "purpose", value_name = "P")]
    purposes: Vec<String>,
    /// An act that it may do, of those of its kind; may be given several times
    #[arg(long = "act", value_name = "ACT")]
    acts: Vec<String>,
}

/// What can be done with principals.
#[derive(Subcommand)]
pub enum Principal {
    /// Add a service or an operator of one tenant; its credential is shown once
    #[command(after_help = ADD_HELP)]
    Add {
        /// Its name: a-z, 0-9, `-` and `_`
        name: String,
        /// What it is
        #[arg(long)]
        kind: KindArg,
        /// Its tenant
        #[arg(long, value_name = "T")]
        tenant: String,
        #[command(flatten)]
        limits: Limits,
    },
    /// List principals (the local operator only)
    #[command(after_help = "Example:\n  strongroom principal list")]
    List,
    /// Give a principal a fresh credential, shown once; the old one is dead from the next request
    /// on, or after an overlap
    #[command(after_help = RENEW_HELP)]
    Renew {
        /// Its name
        name: String,
        /// A new file that gets the credential, before the old one ends, instead of it being shown
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// How long the old one stays good beside it, 7 days at most
        #[arg(long, value_name = "DURATION")]
        overlap: Option<String>,
    },
    /// Revoke a principal: its credential is dead from the next request on
    #[command(after_help = "Example:\n  strongroom principal revoke shop")]
    Revoke {
        /// Its name
        name: String,
    },
}

impl Principal {
    /// Whether a server can do it.
    pub fn is_served(&self) -> bool {
        !matches!(self, Self::Renew { out: Some(_), .. })
    }

    /// The paths in it.
    pub fn paths(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::Renew { out, .. } => some([out]),
            _ => Vec::new(),
        }
    }
}

/// Performs it.
pub fn run(global: &Global, command: &Principal) -> Result<Answer, Problem> {
    if let Principal::Renew { name, out: Some(out), overlap } = command {
        return renew_into(global, name, overlap.as_deref(), out);
    }
    let mut door = global.door()?;
    match command {
        Principal::Add { name, kind, tenant, limits } => {
            let kind = match kind {
                KindArg::Service => PrincipalKind::Service,
                KindArg::Operator => PrincipalKind::Operator,
            };
            let (name, tenant) = (name.clone(), tenant.clone());
            let Limits { expires, networks, purposes, acts } = limits.clone();
            let add = AddPrincipal { name, kind, tenant, expires, networks, purposes, acts };
            let new = door.call(add)?;
            Ok(shown(&new, &format!("{} {} added", word(kind), new.principal.name)))
        }
        Principal::Renew { name, overlap, .. } => {
            let (principal, overlap) = (name.clone(), overlap.clone());
            let new = door.call(RenewPrincipal { principal, overlap })?;
            Ok(shown(&new, &format!("principal {} has a fresh credential", new.principal.name)))
        }
        Principal::List => {
            let answer = door.call(ListPrincipals {})?;
            let now = time(SystemClock.now_us());
            let lines: Vec<_> = answer.principals.iter().map(|row| line(row, &now)).collect();
            let heads = ["NAME", "KIND", "TENANTS", "STATE", "LAST USED", "LIMITS", "ID"];
            let text = table(&heads, &lines);
            Ok(Answer::new(&answer, text))
        }
        Principal::Revoke { name } => {
            let answer = door.call(RevokePrincipal { principal: name.clone() })?;
            let text = format!("principal {} is revoked", answer.principal.name);
            Ok(Answer::new(&answer, text))
        }
    }
}

/// Has the fresh credential on disk before the old one ends: the store is opened here for it.
fn renew_into(
    global: &Global,
    name: &str,
    overlap: Option<&str>,
    out: &Path,
) -> Result<Answer, Problem> {
    let overlap_us = calls::overlap(overlap)?;
    boundary::outside(&global.folders(), out)?;
    let session = global.session()?;
    let keep = |text: &str| write_secret(out, text);
    let now_us = SystemClock.now_us();
    let renewal = Renewal { name, overlap_us, now_us };
    let new = session.vault.renew_principal(&session.who, &renewal, &keep)?;
    let told = calls::principal(&session.vault, &new.row, now_us);
    let text = format!("the fresh credential of {} is in {}", new.row.name, out.display());
    Ok(Answer::new(&json!({"principal": told, "out": out}), text))
}

/// An answer with a credential in it.
fn shown(new: &Credential, what: &str) -> Answer {
    let credential = new.credential.disclose();
    Answer::new(new, format!("{what}. Its credential, shown this once:\n\n  {credential}\n"))
}

/// Writes a credential to a file that was not there, durable, for its owner alone.
pub(super) fn write_secret(path: &Path, credential: &str) -> Result<(), Problem> {
    let mut options = fs::OpenOptions::new();
    let file = options.create_new(true).write(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| {
        file.write_all(format!("{credential}\n").as_bytes())?;
        file.sync_all()?;
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    });
    written.map_err(|e| {
        let detail = format!("{} cannot be written: {e}; nothing was done", path.display());
        Problem::usage(detail, "name a file with --out that does not exist yet")
    })
}

fn word(kind: PrincipalKind) -> &'static str {
    match kind {
        PrincipalKind::Service => "service",
        PrincipalKind::Operator => "operator",
    }
}

/// A line of the list. Times are spelt alike, so that their texts can be compared.
fn line(row: &api::Principal, now: &str) -> Vec<String> {
    let expired = row.expires.as_deref().is_some_and(|end| end <= now);
    let state = match (row.revoked, expired, &row.overlap_until) {
        (true, _, _) => "revoked".to_owned(),
        (_, true, _) => "expired".to_owned(),
        (_, _, Some(until)) => format!("live, the one before until {until}"),
        _ => "live".to_owned(),
    };
    vec![
        row.name.clone(),
        word(row.kind).to_owned(),
        row.tenants.join(","),
        state,
        row.last_used.clone().unwrap_or_else(|| "-".to_owned()),
        limits(row),
        row.id.clone(),
    ]
}

/// What a principal is limited to, in words.
fn limits(row: &api::Principal) -> String {
    let until = row.expires.iter().map(|end| format!("until {end}"));
    let lists = [("from", &row.networks), ("for", &row.purposes), ("only", &row.acts)];
    let lists = lists.iter().filter(|(_, list)| !list.is_empty());
    let parts: Vec<_> =
        until.chain(lists.map(|(what, list)| format!("{what} {}", list.join(",")))).collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join("; ") }
}
