//! `strongroom doctor`

use serde_json::json;
use strongroom_core::source::Clock as _;

use super::Global;
use super::output::{Answer, steps};
use super::session::Session;
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

/// Steps of the deep check between two looks at the bar.
const STEP: u64 = 1024;

/// Options of `doctor`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Also check every row, slot, index row and entry; recorded before the first is looked at
    #[arg(long)]
    deep: bool,
}

/// Looks, and says what is not as it should be.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let around = surroundings(&global.folders());
    let mut findings = around.findings;
    // What opening would make anew must stay missing, to be told and put back.
    if !around.incomplete {
        match global.session() {
            Ok(session) => {
                findings.extend(session.vault.doctor(&session.who, SystemClock.now_us())?);
                if args.deep {
                    findings.extend(examine(&session)?);
                }
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

/// The deep check, with its progress on standard error.
fn examine(session: &Session) -> Result<Vec<Finding>, Problem> {
    let (shown, mut of) = (steps(), "");
    let findings = session.vault.examine(&session.who, &mut |what, done, all| {
        if what != of {
            of = what;
            shown.set_message(what);
        }
        if done % STEP == 1 || done == all {
            shown.set_length(all);
            shown.set_position(done);
        }
    });
    shown.finish_and_clear();
    findings
}

fn text(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "nothing was found\n".to_owned();
    }
    let line = |f: &Finding| format!("{:7} {}\n        {}\n", f.severity.name(), f.what, f.remedy);
    findings.iter().map(line).collect()
}
