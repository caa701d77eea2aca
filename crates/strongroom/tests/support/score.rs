//! How well proposals tell what columns hold: a folder of files, what each column holds by hand in
//! `labels.csv` (`file,column,holds`), and what the proposal makes of it.
//!
//! `holds` is a field type; `text` for what is personal and of no type of its own; `clear` for
//! business; `any` where both are right (a company's address), which is not scored.

use std::collections::BTreeMap;
use std::path::Path;

use strongroom::import::{Asked, Batch, Format, Reader};
use strongroom::vault::seal::Input;
use strongroom_core::field::FieldType;

/// One column: what it holds, and what was proposed.
pub struct Judged {
    /// The file and the column.
    pub place: String,
    /// What it holds.
    pub holds: String,
    /// A type's name, or `clear`.
    pub proposed: &'static str,
    /// Whether the proposal says that a person should look.
    pub unsure: bool,
    /// What speaks for it, for people.
    pub grounds: String,
}

impl Judged {
    /// Holds something of a person and would stay in clear.
    pub fn is_missed(&self) -> bool {
        self.proposed == "clear" && !matches!(self.holds.as_str(), "clear" | "any")
    }

    /// Holds business and would be sealed.
    pub fn is_needless(&self) -> bool {
        self.holds == "clear" && self.proposed != "clear"
    }

    /// The type it is said to be without doubt.
    pub fn sure_type(&self) -> Option<&'static str> {
        (!self.unsure && self.proposed != "clear").then_some(self.proposed)
    }
}

/// Proposes for every file that the labels name.
pub fn judge(folder: &Path) -> Vec<Judged> {
    let mut judged = Vec::new();
    for (file, columns) in labels(folder) {
        let proposal =
            Input::open(&folder.join(&file), &Asked::default()).and_then(|input| input.propose());
        let proposal = proposal.unwrap_or_else(|problem| panic!("{file}: {}", problem.detail));
        for column in &proposal.columns {
            let holds = columns.get(&column.name);
            let holds = holds.unwrap_or_else(|| panic!("{file}: no label for `{}`", column.name));
            judged.push(Judged {
                place: format!("{file}: {}", column.name),
                holds: holds.clone(),
                proposed: column.treatment.kind().map_or("clear", FieldType::name),
                unsure: column.unsure,
                grounds: format!("{} %, {}", column.confidence, column.grounds().join("; ")),
            });
        }
    }
    judged
}

/// What each column holds, by file.
fn labels(folder: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let file = std::fs::File::open(folder.join("labels.csv")).unwrap();
    let format = Format::COMMA;
    let mut reader = Reader::open(file, format, &[]).unwrap();
    let mut labels: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut batch = Batch::new();
    let mut more = true;
    while more {
        more = reader.read_batch(1000, &mut batch).unwrap();
        for row in batch.iter() {
            let [file, column, holds] = [0, 1, 2].map(|i| row.cell(i).value.to_owned());
            labels.entry(file).or_default().insert(column, holds);
        }
    }
    labels
}

/// Right, proposed and there, by type.
#[derive(Default)]
pub struct Count {
    /// Columns of the type that were proposed as it, without doubt.
    pub right: u32,
    /// Columns that were proposed as the type without doubt.
    pub proposed: u32,
    /// Columns of the type.
    pub there: u32,
    /// Columns of the type that would be sealed, as whatever.
    pub sealed: u32,
}

/// The counts of each type; what is `any` is left out.
pub fn by_type(judged: &[Judged]) -> BTreeMap<String, Count> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for column in judged.iter().filter(|column| column.holds != "any") {
        if column.holds != "clear" {
            let count = counts.entry(column.holds.clone()).or_default();
            count.there += 1;
            count.sealed += u32::from(!column.is_missed());
            // What has no type of its own is right as text, sure or not.
            let text = column.holds == "text" && column.proposed == "text";
            count.right += u32::from(text || column.sure_type() == Some(column.holds.as_str()));
        }
        if let Some(kind) = column.sure_type() {
            counts.entry(kind.to_owned()).or_default().proposed += 1;
        } else if column.holds == "text" && column.proposed == "text" {
            counts.entry("text".to_owned()).or_default().proposed += 1;
        }
    }
    counts
}
