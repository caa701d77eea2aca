//! A personal value cannot go into an answer, a file or an entry by way of serde.

use strongroom_core::access::reveal::Revealed;
use strongroom_core::vault::plaintext::Plaintext;

fn send(value: &Plaintext, revealed: &Revealed) {
    let _ = serde_json::to_string(value);
    let _ = serde_json::to_string(revealed);
}

fn main() {}
