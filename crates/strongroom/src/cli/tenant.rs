//! `strongroom tenant`

use clap::Subcommand;
use strongroom_api::{AddTenant, ListTenants, ShowTenant};

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
    let mut door = global.door()?;
    match command {
        Tenant::Add { name } => {
            let answer = door.call(AddTenant { name: name.clone() })?;
            let text = format!("tenant {} added: {}", answer.tenant.name, answer.tenant.id);
            Ok(Answer::new(&answer, text))
        }
        Tenant::List => {
            let answer = door.call(ListTenants {})?;
            let lines = answer.tenants.iter().map(|t| vec![t.name.clone(), t.id.clone()]);
            let lines: Vec<_> = lines.collect();
            Ok(Answer::new(&answer, table(&["NAME", "ID"], &lines)))
        }
        Tenant::Show { name } => {
            let answer = door.call(ShowTenant { tenant: name.clone() })?;
            let text = format!("{}  {}", answer.tenant.name, answer.tenant.id);
            Ok(Answer::new(&answer, text))
        }
    }
}
