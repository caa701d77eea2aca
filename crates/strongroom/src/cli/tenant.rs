//! `strongroom tenant`

use clap::Subcommand;
use serde_json::{Value, json};
use strongroom_core::control::TenantRow;

use super::Global;
use super::output::{Answer, table};
use crate::problem::Problem;

/// Examples of all of it.
pub const AFTER_HELP: &str = "\
Examples:
  strongroom tenant add acme
  strongroom --json tenant list
  strongroom tenant show acme";

/// What can be done with tenants.
#[derive(Subcommand)]
pub enum Tenant {
    /// Add a tenant: its own keys, its own log
    #[command(after_help = "Example:\n  strongroom tenant add acme")]
    Add {
        /// Its name: a-z, 0-9, `-` and `_`
        name: String,
    },
    /// List every tenant (the local operator only)
    #[command(after_help = "Example:\n  strongroom --json tenant list")]
    List,
    /// Show one tenant
    #[command(after_help = "Example:\n  strongroom tenant show acme")]
    Show {
        /// Its name or id
        name: String,
    },
}

/// Performs it.
pub fn run(global: &Global, command: &Tenant) -> Result<Answer, Problem> {
    let session = global.session()?;
    let (vault, who) = (&session.vault, &session.who);
    match command {
        Tenant::Add { name } => {
            let row = vault.add_tenant(who, name)?;
            let text = format!("tenant {} added: {}", row.name, row.id);
            Ok(Answer::new(&json!({"tenant": tenant_json(&row)}), text))
        }
        Tenant::List => {
            let rows = vault.tenants(who)?;
            let all: Vec<Value> = rows.iter().map(tenant_json).collect();
            let lines: Vec<_> =
                rows.iter().map(|t| vec![t.name.to_string(), t.id.to_string()]).collect();
            Ok(Answer::new(&json!({"tenants": all}), table(&["NAME", "ID"], &lines)))
        }
        Tenant::Show { name } => {
            let row = vault.show_tenant(who, name)?;
            let text = format!("{}  {}", row.name, row.id);
            Ok(Answer::new(&json!({"tenant": tenant_json(&row)}), text))
        }
    }
}

fn tenant_json(row: &TenantRow) -> Value {
    json!({"id": row.id.to_string(), "name": row.name.to_string()})
}
