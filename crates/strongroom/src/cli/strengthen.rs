//! `strongroom strengthen`

use std::time::Duration;

use strongroom_core::source::Clock as _;
use strongroom_core::vault::verifier::Strength;

use super::Global;
use super::output::{Answer, count};
use crate::ambient::SystemClock;
use crate::problem::Problem;

const AFTER_HELP: &str = "\
Examples:
  strongroom strengthen
  strongroom strengthen --tenant acme --for 10m      from cron, while nothing else runs

What `seal` keeps of passwords is cheap to make, so that a file is sealed quickly. This wraps it
with argon2id, without anybody signing in; `status` says how many wait, and until when. Killed or
out of time, the next run goes on there.";

/// Options of `strengthen`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The tenant; all of the caller's without
    #[arg(long, value_name = "T")]
    tenant: Option<String>,
    /// Stop after so long, such as 10m or 1h
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration)]
    limit: Option<Duration>,
}

/// Strengthens.
pub fn run(global: &Global, args: &Args) -> Result<Answer, Problem> {
    let began_us = SystemClock.now_us();
    let session = global.session()?;
    let mut go_on = || {
        args.limit.is_none_or(|limit| {
            let gone_us = SystemClock.now_us().saturating_sub(began_us);
            Duration::from_micros(gone_us) < limit
        })
    };
    let tenant = args.tenant.as_deref();
    let done = session.vault.strengthen(&session.who, tenant, Strength::FULL, &mut go_on)?;
    let text = format!(
        "{} password verifiers strengthened, {} left\n",
        count(done.strengthened),
        count(done.left)
    );
    Ok(Answer::new(&done, text))
}
