//! What surrounds an install and could undo what it promises: where its folders lie, who else can
//! reach their files, what the machine does with memory. What only an open store can tell is in
//! `vault/doctor.rs`, and what is wrong within it in `vault/examine/`.
//!
//! Names, modes and the kernel's answers are read, no file's content but `install.json`. Nothing
//! is created and nothing changed.

mod files;
mod machine;
mod place;
mod reserve;

use serde::Serialize;

use crate::problem::Problem;
use crate::vault::{Folders, is_development};

pub use machine::Machine;
pub use place::Place;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// What the install promises does not hold, or is about to break: to be mended now.
    High,
    /// A safeguard is missing that a production install should have.
    Medium,
    /// To be known; nothing is at stake today.
    Low,
}

impl Severity {
    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// Something that is not as it should be. It names places, ids and counts, never a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was found, and where.
    pub what: String,
    /// How bad it is.
    pub severity: Severity,
    /// What to do.
    pub remedy: String,
}

impl Finding {
    /// A finding.
    #[must_use]
    pub fn new(severity: Severity, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), severity, remedy: remedy.into() }
    }

    /// That the install could not be opened, and so was not looked at from within.
    #[must_use]
    pub fn closed(problem: &Problem) -> Self {
        // A store that is in use is nothing broken; what is behind its lock is not known.
        let severity = match problem.kind {
            crate::problem::Kind::Held => Severity::Medium,
            _ => Severity::High,
        };
        let what = format!("the install could not be opened: {}", problem.detail);
        Self::new(severity, what, &problem.remedy)
    }
}

/// Names put together, at most [`NAMES_MAX`] of them.
#[must_use]
pub fn listed(names: &[String], count: usize) -> String {
    let mut out = names.iter().take(NAMES_MAX).cloned().collect::<Vec<_>>().join(", ");
    let left = count.saturating_sub(names.len().min(NAMES_MAX));
    if left > 0 {
        out.push_str(&format!(" and {left} more"));
    }
    out
}

/// Most names that one finding lists.
pub const NAMES_MAX: usize = 20;

/// What surrounds an install.
pub struct Surroundings {
    /// What was found.
    pub findings: Vec<Finding>,
    /// Whether a part is missing that an opening would make anew.
    pub incomplete: bool,
}

/// Looks at the folders and the machine.
#[must_use]
pub fn surroundings(folders: &Folders) -> Surroundings {
    let development = is_development(folders);
    let mut findings = place::judge(folders, development);
    let (of_files, incomplete) = files::judge(folders);
    findings.extend(of_files);
    findings.extend(reserve::judge(folders));
    findings.extend(Machine::read().judge());
    Surroundings { findings, incomplete }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_so_many_names_are_listed_and_the_rest_is_counted() {
        let names: Vec<String> = (0..30).map(|n| n.to_string()).collect();
        assert_eq!(listed(&names[..2], 2), "0, 1");
        assert!(listed(&names, 30).ends_with("18, 19 and 10 more"));
        assert!(listed(&names[..20], 1000).ends_with("19 and 980 more"));
    }

    #[test]
    fn the_word_of_a_severity_is_the_same_in_text_and_in_json() {
        for severity in [Severity::High, Severity::Medium, Severity::Low] {
            let json = serde_json::to_string(&severity).unwrap();
            assert_eq!(json.trim_matches('"'), severity.name());
        }
    }
}
