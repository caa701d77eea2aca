//! Ctrl-C: one line that says what is safe and what to run next, then exit code 130.
//!
//! The process ends as if it had been killed, which everything durable is built to bear. A second
//! Ctrl-C ends it at once, whatever the first is waiting for.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::SIGINT;
use signal_hook::flag::{register, register_conditional_shutdown};
use signal_hook::iterator::Signals;

use super::output::{is_kept, notice, print_problem};
use crate::problem::{Kind, Problem};

/// From here on an interrupt says this and ends the process, after `clean`.
pub fn on_interrupt(
    json: bool,
    safe: impl Into<String>,
    next: impl Into<String>,
    clean: impl FnOnce() + Send + 'static,
) {
    if is_kept() {
        // The process is a server's, and goes on.
        return;
    }
    let problem = Problem::new(Kind::Interrupted, safe, next);
    let code = i32::from(Kind::Interrupted.exit());
    let again = Arc::new(AtomicBool::new(false));
    // In this order: the first interrupt sets the flag that the second finds set.
    let second = register_conditional_shutdown(SIGINT, code, Arc::clone(&again));
    let watched = second.and_then(|_| register(SIGINT, again)).and_then(|_| Signals::new([SIGINT]));
    // Where it cannot be watched for, an interrupt ends the process without a word.
    let Ok(mut signals) = watched else { return };
    let wait = move || {
        if signals.forever().next().is_some() {
            clean();
            say(json, &problem);
            std::process::exit(code);
        }
    };
    let _ = std::thread::Builder::new().name("interrupt".to_owned()).spawn(wait);
}

fn say(json: bool, problem: &Problem) {
    if json {
        let _ = print_problem(problem, true);
        return;
    }
    // Behind a bar that stands on the line.
    let line = if std::io::stderr().is_terminal() { "\n" } else { "" };
    let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
    notice(&format!("{}; {}", problem.detail, problem.remedy));
}
