//! The `strongroom` binary: hardens the process, then hands over to the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    let weak = strongroom::memory::harden();
    strongroom::cli::run(std::env::args_os(), &weak)
}
