//! A personal value is never printed or logged.

use strongroom_core::access::reveal::Revealed;
use strongroom_core::vault::plaintext::Plaintext;

fn log(value: &Plaintext, revealed: &Revealed) {
    println!("{value:?}");
    println!("{value}");
    println!("{revealed:?}");
}

fn main() {}
