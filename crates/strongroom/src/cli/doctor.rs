//! `strongroom doctor`

use serde_json::json;
use strongroom_core::source::Clock as _;

use super::Global;
use super::output::Answer;
use crate::ambient::SystemClock;
use crate::doctor::{Finding, Severity, surroundings};
use crate::problem::{Kind, Problem};

const AFTER_HELP: &str = "\
Examples:
  strongroom doctor
  strongroom --json doctor --deep

Each finding says what was found, how bad it is, and what to do. high: what the install promises
does not hold, or is about to break. medium: a safeguard is missing that a production install
should have. low: to be known. The exit code is 1 when some finding is high, otherwise 0.

Folders, files and the machine are only looked at. Then the install is opened, as any command opens
it; one that cannot be opened is a finding.";

/// Options of `doctor`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {}

/// Looks, and says what is not as it should be.
pub fn run(global: &Global, _: &Args) -> Result<Answer, Problem> {
    let around = surroundings(&global.folders());
    let mut findings = around.findings;
    // What opening would make anew must stay missing, to be told and put back.
    if !around.incomplete {
        match global.session() {
            Ok(session) => {
                findings.extend(session.vault.doctor(&session.who, SystemClock.now_us())?);
            }
            Err(problem) if problem.kind == Kind::Unauthenticated => return Err(problem),
            Err(problem) => findings.push(Finding::closed(&problem)),
        }
    }
    findings.sort_by_key(|finding| finding.severity);
    let high = findings.iter().filter(|f| f.severity == Severity::High).count();
    let answer = Answer::new(&json!({"findings": findings}), text(&findings));
    Ok(answer.with_exit(u8::from(high > 0)))
}

fn text(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "nothing was found\n".to_owned();
    }
    let line = |f: &Finding| format!("{:7} {}\n        {}\n", f.severity.name(), f.what, f.remedy);
    findings.iter().map(line).collect()
}
