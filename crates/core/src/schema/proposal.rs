//! A proposal and its forms for people and programs.

use serde_json::{Value, json};

use super::{Column, Schema, Treatment};

/// How to use a proposal, as the first lines of its TOML form.
const USE: &str = "\
# A proposal. Read it, change what is wrong, keep what is right.
#   type = \"...\"    seals the column; index = true makes it searchable by equality
#   clear = \"...\"   leaves the column open, for the reason given
# Then use the file: `strongroom schema set FILE`, or `strongroom seal DATA --schema FILE`.
";

/// A schema as far as header line and sample tell, with the grounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// How many rows were looked at.
    pub rows_sampled: u64,
    /// The columns in the file's order.
    pub columns: Vec<ProposedColumn>,
}

/// What is proposed for one column.
#[derive(Debug, Clone, PartialEq)]
pub struct ProposedColumn {
    /// The header as written.
    pub name: String,
    /// What should become of the column.
    pub treatment: Treatment,
    /// How sure that is, in percent.
    pub confidence: u8,
    /// Whether a person should look: the column is sealed all the same.
    pub unsure: bool,
    /// The grounds: words of the header and shares of values, never a value.
    pub evidence: Vec<String>,
}

impl Proposal {
    /// The schema alone. It is not checked: see [`super::check_headers`].
    #[must_use]
    pub fn schema(&self) -> Schema {
        let columns = self.columns.iter().map(ProposedColumn::column).collect();
        Schema { columns }
    }

    /// The TOML form, with the grounds as comments.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut out = USE.to_owned();
        out.push_str(&format!("# Rows looked at: {}\n", self.rows_sampled));
        for column in &self.columns {
            let doubt = if column.unsure { ", NOT SURE: please look" } else { "" };
            out.push_str(&format!("\n# {} % sure{doubt}\n", column.confidence));
            for ground in &column.evidence {
                out.push_str(&format!("# - {ground}\n"));
            }
            column.column().write_toml(&mut out);
        }
        out
    }

    /// `{"rows_sampled","columns":[{"name","type"|"clear","index","confidence","unsure",
    /// "evidence"}]}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let columns: Vec<Value> = self.columns.iter().map(ProposedColumn::to_json).collect();
        json!({ "rows_sampled": self.rows_sampled, "columns": columns })
    }
}

impl ProposedColumn {
    fn column(&self) -> Column {
        Column { name: self.name.clone(), treatment: self.treatment.clone() }
    }

    fn to_json(&self) -> Value {
        let mut value = self.column().to_json();
        if let Some(object) = value.as_object_mut() {
            object.entry("index").or_insert(Value::Bool(false));
            object.insert("confidence".to_owned(), json!(self.confidence));
            object.insert("unsure".to_owned(), json!(self.unsure));
            object.insert("evidence".to_owned(), json!(self.evidence));
        }
        value
    }
}
