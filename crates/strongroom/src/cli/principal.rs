//! `strongroom principal`

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use serde_json::json;
use strongroom_api::{
    self as api, AddPrincipal, Credential, ListPrincipals, PrincipalKind, RenewPrincipal,
    RevokePrincipal,
};

use super::Global;
use super::forward::some;
use super::output::{Answer, table};
use crate::boundary;
use crate::calls::principal;
use crate::problem::Problem;

/// Examples of all of it.
pub const AFTER_HELP: &str = "\
Examples:
  strongroom --json principal add shop --kind service --tenant acme |
    jq -r .credential > shop.credential
  strongroom principal list
  strongroom principal renew operator --out operator.credential
  strongroom principal revoke shop";

const RENEW_HELP: &str = "\
Examples:
  strongroom --json principal renew shop | jq -r .credential > shop.credential
  strongroom principal renew operator --out operator.credential

A credential that was shown and not kept cannot be had again. Whoever renews the only local
operator names --out, so that the new credential is on disk before the old one ends. In a
development install the key folder's operator.credential is replaced as well.";

/// What a principal can be.
#[derive(Clone, Copy, ValueEnum)]
pub enum KindArg {
    /// A program
    Service,
    /// A person
    Operator,
}

/// What can be done with principals.
#[derive(Subcommand)]
pub enum Principal {
    /// Add a service or an operator of one tenant; its credential is shown once
    #[command(after_help = "Example:\n  strongroom --json principal add shop --kind service \
                            --tenant acme | jq -r .credential > shop.credential")]
    Add {
        /// Its name: a-z, 0-9, `-` and `_`
        name: String,
        /// What it is
        #[arg(long)]
        kind: KindArg,
        /// Its tenant
        #[arg(long, value_name = "T")]
        tenant: String,
    },
    /// List principals (the local operator only)
    #[command(after_help = "Example:\n  strongroom principal list")]
    List,
    /// Give a principal a fresh credential, shown once; the old one is dead from the next request
    /// on
    #[command(after_help = RENEW_HELP)]
    Renew {
        /// Its name
        name: String,
        /// A new file that gets the credential, before the old one ends, instead of it being shown
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
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
    if let Principal::Renew { name, out: Some(out) } = command {
        return renew_into(global, name, out);
    }
    let mut door = global.door()?;
    match command {
        Principal::Add { name, kind, tenant } => {
            let kind = match kind {
                KindArg::Service => PrincipalKind::Service,
                KindArg::Operator => PrincipalKind::Operator,
            };
            let (name, tenant) = (name.clone(), tenant.clone());
            let new = door.call(AddPrincipal { name, kind, tenant })?;
            Ok(shown(&new, &format!("{} {} added", word(kind), new.principal.name)))
        }
        Principal::Renew { name, .. } => {
            let new = door.call(RenewPrincipal { principal: name.clone() })?;
            Ok(shown(&new, &format!("principal {} has a fresh credential", new.principal.name)))
        }
        Principal::List => {
            let answer = door.call(ListPrincipals {})?;
            let lines: Vec<_> = answer.principals.iter().map(line).collect();
            let text = table(&["NAME", "KIND", "TENANTS", "STATE", "ID"], &lines);
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
fn renew_into(global: &Global, name: &str, out: &Path) -> Result<Answer, Problem> {
    boundary::outside(&global.folders(), out)?;
    let session = global.session()?;
    let keep = |text: &str| write_secret(out, text);
    let new = session.vault.renew_principal(&session.who, name, &keep)?;
    let text = format!("the fresh credential of {} is in {}", new.row.name, out.display());
    Ok(Answer::new(&json!({"principal": principal(&new.row), "out": out}), text))
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

fn line(row: &api::Principal) -> Vec<String> {
    let state = if row.revoked { "revoked" } else { "live" };
    vec![
        row.name.clone(),
        word(row.kind).to_owned(),
        row.tenants.join(","),
        state.to_owned(),
        row.id.clone(),
    ]
}
