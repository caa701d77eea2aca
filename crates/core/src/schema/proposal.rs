//! A proposal and its forms for people and programs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::words::Class;
use super::{Column, Schema, Treatment};
use crate::field::FieldType;

/// How to use a proposal, as the first lines of its TOML form.
const USE: &str = "\
# A proposal. Read it, change what is wrong, keep what is right.
#   type = \"...\"    seals the column; index = true makes it searchable by equality
#   clear = \"...\"   leaves the column open, for the reason given; a reason that stands in a
#                   proposal is held to: a cell that does not fit it stops the run
#   key = \"...\"     the same, for the one column that tells rows apart: a row with the key of a
#                   record updates it
# Then use the file: `strongroom schema set FILE`, or `strongroom seal DATA --schema FILE`.
# + speaks for it, - against it, ? is unsure.
";

/// A schema as far as header line and sample tell, with the grounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// How many rows were looked at: the first ones of the file.
    pub rows_sampled: u64,
    /// Over how many rows the columns left open were held to their reasons; 0 when they were not.
    pub rows_checked: u64,
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
    /// What speaks for it: words of the header and shares of values, never a value.
    pub speaks_for: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
    /// What it is unsure of.
    pub doubts: Vec<String>,
    /// What a spreadsheet did to the values.
    pub damage: Vec<String>,
    /// Whether it was to stay open, and its cells over the whole file spoke against it.
    pub breached: bool,
    /// Values of known types inside longer text, by type.
    pub holds: Vec<(FieldType, u32)>,
}

impl Proposal {
    /// The schema alone. It is not checked: see [`super::check_headers`].
    #[must_use]
    pub fn schema(&self) -> Schema {
        let columns = self.columns.iter().map(ProposedColumn::column).collect();
        Schema { columns }
    }

    /// The sample, for people.
    #[must_use]
    pub fn sample(&self) -> String {
        let mut text = format!("the header and the first {} rows", self.rows_sampled);
        if self.rows_checked > 0 {
            text.push_str(&format!(
                "; columns left open were held to their reasons over all {} rows",
                self.rows_checked
            ));
        }
        text
    }

    /// The TOML form, with the grounds as comments.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut out = USE.to_owned();
        out.push_str(&format!("# Looked at: {}.\n", self.sample()));
        for column in &self.columns {
            let doubt = if column.unsure { ", NOT SURE: please look" } else { "" };
            out.push_str(&format!("\n# {} % sure{doubt}\n", column.confidence));
            for ground in column.grounds() {
                out.push_str(&format!("# {ground}\n"));
            }
            column.column().write_toml(&mut out);
        }
        out
    }

    /// `{"rows_sampled","rows_checked","columns":[{"name","type"|"clear","index","confidence",
    /// "unsure","for","against","doubts","damage","holds"}]}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let columns: Vec<Value> = self.columns.iter().map(ProposedColumn::to_json).collect();
        json!({
            "rows_sampled": self.rows_sampled,
            "rows_checked": self.rows_checked,
            "columns": columns,
        })
    }
}

impl ProposedColumn {
    /// A column of which nothing is known: sealed as text.
    pub(super) fn empty(name: String) -> Self {
        Self {
            name,
            treatment: Treatment::of(FieldType::Text),
            confidence: 1,
            unsure: true,
            speaks_for: Vec::new(),
            against: Vec::new(),
            doubts: Vec::new(),
            damage: Vec::new(),
            breached: false,
            holds: Vec::new(),
        }
    }

    /// Seals the column as text after all, and says why.
    pub fn seal_as_text(&mut self, why: String) {
        self.treatment = Treatment::of(FieldType::Text);
        self.unsure = true;
        self.breached = true;
        self.against.push(why);
    }

    /// Makes the column the one that rows are known by.
    ///
    /// # Errors
    /// The type that its values seem to have, or text where they may not stay in clear: a key does.
    /// Of one that the proposal is not sure of, every cell is held to being a number or code.
    pub fn make_key(&mut self) -> Result<(), FieldType> {
        let reason = match &self.treatment {
            Treatment::Clear { reason } | Treatment::Key { reason } => reason.clone(),
            Treatment::Seal { kind: FieldType::Text, .. } if !self.breached => {
                Class::Code.describe().to_owned()
            }
            sealed => return Err(sealed.kind().unwrap_or(FieldType::Text)),
        };
        self.treatment = Treatment::Key { reason };
        Ok(())
    }

    /// The grounds, a line each: `+` speaks for it, `-` against it, `?` is unsure.
    #[must_use]
    pub fn grounds(&self) -> Vec<String> {
        let holds = self.holds.iter().map(|(kind, n)| format!("? holds {n} of {kind} in its text"));
        let signed = |sign: &str, lines: &[String]| {
            lines.iter().map(|line| format!("{sign} {line}")).collect::<Vec<_>>()
        };
        let mut lines = signed("+", &self.speaks_for);
        lines.extend(signed("-", &self.against));
        lines.extend(signed("?", &self.doubts));
        lines.extend(signed("?", &self.damage));
        lines.extend(holds);
        lines
    }

    fn column(&self) -> Column {
        Column { name: self.name.clone(), treatment: self.treatment.clone() }
    }

    fn to_json(&self) -> Value {
        let mut value = self.column().to_json();
        let holds: BTreeMap<&str, u32> = self.holds.iter().map(|(k, n)| (k.name(), *n)).collect();
        if let Some(object) = value.as_object_mut() {
            object.entry("index").or_insert(Value::Bool(false));
            object.insert("confidence".to_owned(), json!(self.confidence));
            object.insert("unsure".to_owned(), json!(self.unsure));
            object.insert("for".to_owned(), json!(self.speaks_for));
            object.insert("against".to_owned(), json!(self.against));
            object.insert("doubts".to_owned(), json!(self.doubts));
            object.insert("damage".to_owned(), json!(self.damage));
            object.insert("holds".to_owned(), json!(holds));
        }
        value
    }
}
