//! `strongroom schema`

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use strongroom_api::{SetSchema, ShowSchema};
use strongroom_core::schema::Schema as Columns;

use super::Global;
use super::output::Answer;
use super::reading::Reading;
use crate::boundary;
use crate::problem::Problem;
use crate::vault::seal::{Input, make_key};

/// Examples of all of it.
pub const AFTER_HELP: &str = "\
Examples:
  strongroom schema propose people.csv > people.toml
  strongroom schema set people.toml --tenant acme --collection people
  strongroom schema show --tenant acme --collection people";

/// What can be done with schemas.
#[derive(Subcommand)]
pub enum Schema {
    /// Propose a schema from a file's header and values; reads the file, opens no install
    #[command(after_help = "Example:\n  strongroom schema propose people.csv > people.toml")]
    Propose {
        /// The file: CSV with any delimiter, JSON, fixed width, an SQL dump; packed or not;
        /// `-` reads standard input
        file: PathBuf,
        /// The column that rows will be known by, as `seal --key` names it
        #[arg(long, value_name = "COLUMN")]
        key: Option<String>,
        #[command(flatten)]
        reading: Reading,
    },
    /// Show a collection's schema
    #[command(after_help = "Example:\n  strongroom schema show --tenant acme --collection people")]
    Show {
        #[command(flatten)]
        of: Of,
    },
    /// Set a collection's schema; fields that stay keep their tokens
    #[command(after_help = "Example:\n  strongroom schema set people.toml --tenant acme \
                      --collection people")]
    Set {
        /// The schema, as TOML
        file: PathBuf,
        #[command(flatten)]
        of: Of,
    },
}

impl Schema {
    /// Whether a server can do it.
    pub fn is_served(&self) -> bool {
        !matches!(self, Self::Propose { .. })
    }
}

/// Which collection.
#[derive(clap::Args)]
pub struct Of {
    /// The tenant
    #[arg(long, value_name = "T")]
    tenant: String,
    /// The collection
    #[arg(long, value_name = "C")]
    collection: String,
}

/// Performs it.
pub fn run(global: &Global, command: &Schema) -> Result<Answer, Problem> {
    match command {
        Schema::Propose { file, key, reading } => {
            boundary::outside(&global.folders(), file)?;
            let mut proposal = Input::open(file, &reading.asked())?.propose()?;
            make_key(&mut proposal, key.as_deref())?;
            Ok(Answer::new(&proposal.to_json(), proposal.to_toml()))
        }
        Schema::Show { of } => {
            let (tenant, collection) = (of.tenant.clone(), of.collection.clone());
            let found = global.door()?.call(ShowSchema { tenant, collection })?;
            let mut json = found.schema;
            if let Some(object) = json.as_object_mut() {
                object.insert("version".to_owned(), found.version.into());
                object.insert("sha256".to_owned(), found.sha256.into());
            }
            Ok(Answer::new(&json, format!("# version {}\n\n{}", found.version, found.toml)))
        }
        Schema::Set { file, of } => {
            let toml = read(global, file)?.to_toml();
            let (tenant, collection) = (of.tenant.clone(), of.collection.clone());
            let set = global.door()?.call(SetSchema { tenant, collection, toml })?;
            let text = format!("schema of {} is at version {}", set.collection, set.version);
            Ok(Answer::new(&set, text))
        }
    }
}

/// Reads a schema file.
pub fn read(global: &Global, path: &Path) -> Result<Columns, Problem> {
    boundary::outside(&global.folders(), path)?;
    let text = fs::read_to_string(path).map_err(|e| {
        let detail = format!("the schema {} cannot be read: {e}", path.display());
        Problem::usage(detail, "check the path; `strongroom schema propose FILE` writes one")
    })?;
    boundary::no_secret(path, text.as_bytes())?;
    Columns::from_toml(&text).map_err(|e| {
        let detail = format!("{}: {e}", path.display());
        Problem::usage(
            detail,
            "correct the schema; `strongroom schema propose FILE` shows the form",
        )
    })
}
