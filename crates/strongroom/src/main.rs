//! The `strongroom` binary: hardens the process, then hands over to the command line.

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    // A panic's payload may quote what the code was looking at: say the place only.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|l| format!("{}:{}", l.file(), l.line()));
        // Never `eprintln`: where standard error is gone, it would panic again.
        let _ = writeln!(
            std::io::stderr(),
            "strongroom: internal error at {}",
            place.unwrap_or_default()
        );
    }));
    let weak = strongroom::memory::harden();
    strongroom::cli::run(std::env::args_os(), &weak)
}
