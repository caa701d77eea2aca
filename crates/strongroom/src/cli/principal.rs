//! `strongroom principal`

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use strongroom_core::principal::{Kind, PrincipalRow, Scope};

use super::Global;
use super::output::{Answer, table};
use crate::problem::Problem;

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
    /// Revoke a principal: its credential is dead from the next request on
    #[command(after_help = "Example:\n  strongroom principal revoke shop")]
    Revoke {
        /// Its name
        name: String,
    },
}

/// Performs it.
pub fn run(global: &Global, command: &Principal) -> Result<Answer, Problem> {
    let session = global.session()?;
    let (vault, who) = (&session.vault, &session.who);
    match command {
        Principal::Add { name, kind, tenant } => {
            let kind = match kind {
                KindArg::Service => Kind::Service,
                KindArg::Operator => Kind::Operator,
            };
            let new = vault.add_principal(who, name, kind, tenant)?;
            let text = format!(
                "{} {} added. Its credential, shown this once:\n\n  {}\n",
                kind.name(),
                new.row.name,
                *new.credential
            );
            let json =
                json!({"principal": principal_json(&new.row), "credential": *new.credential});
            Ok(Answer::new(&json, text))
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
