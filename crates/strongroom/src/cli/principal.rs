//! `strongroom principal`

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use strongroom_core::principal::{Kind, PrincipalRow, Scope};

use super::Global;
use super::output::{Answer, table};
use crate::boundary;
use crate::problem::Problem;
use crate::vault::NewPrincipal;

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

/// Performs it.
pub fn run(global: &Global, command: &Principal) -> Result<Answer, Problem> {
    if let Principal::Renew { out: Some(out), .. } = command {
        boundary::outside(&global.folders(), out)?;
    }
    let session = global.session()?;
    let (vault, who) = (&session.vault, &session.who);
    match command {
        Principal::Add { name, kind, tenant } => {
            let kind = match kind {
                KindArg::Service => Kind::Service,
                KindArg::Operator => Kind::Operator,
            };
            let new = vault.add_principal(who, name, kind, tenant)?;
            Ok(shown(&new, &format!("{} {} added", kind.name(), new.row.name)))
        }
        Principal::Renew { name, out: None } => {
            let new = vault.renew_principal(who, name, &|_| Ok(()))?;
            Ok(shown(&new, &format!("principal {} has a fresh credential", new.row.name)))
        }
        Principal::Renew { name, out: Some(out) } => {
            let new = vault.renew_principal(who, name, &|text| write_secret(out, text))?;
            let text = format!("the fresh credential of {} is in {}", new.row.name, out.display());
            Ok(Answer::new(&json!({"principal": principal_json(&new.row), "out": out}), text))
        }
        Principal::List => {
            let rows = vault.principals(who)?;
            let all: Vec<Value> = rows.iter().map(principal_json).collect();
            let lines: Vec<_> = rows.iter().map(line).collect();
            let text = table(&["NAME", "KIND", "TENANTS", "STATE", "ID"], &lines);
            Ok(Answer::new(&json!({"principals": all}), text))
        }
        Principal::Revoke { name } => {
            let row = vault.revoke_principal(who, name)?;
            let text = format!("principal {} is revoked", row.name);
            Ok(Answer::new(&json!({"principal": principal_json(&row)}), text))
        }
    }
}

/// An answer with a credential in it.
fn shown(new: &NewPrincipal, what: &str) -> Answer {
    let text = format!("{what}. Its credential, shown this once:\n\n  {}\n", *new.credential);
    let json = json!({"principal": principal_json(&new.row), "credential": *new.credential});
    Answer::new(&json, text)
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

fn tenants(row: &PrincipalRow) -> Vec<String> {
    match &row.scope {
        Scope::Install => vec!["*".to_owned()],
        Scope::Tenants(list) => list.iter().map(ToString::to_string).collect(),
    }
}

fn line(row: &PrincipalRow) -> Vec<String> {
    let state = if row.revoked { "revoked" } else { "live" };
    vec![
        row.name.to_string(),
        row.kind.name().to_owned(),
        tenants(row).join(","),
        state.to_owned(),
        row.id.to_string(),
    ]
}

fn principal_json(row: &PrincipalRow) -> Value {
    json!({
        "id": row.id.to_string(),
        "name": row.name.to_string(),
        "kind": row.kind.name(),
        "tenants": tenants(row),
        "revoked": row.revoked,
    })
}
