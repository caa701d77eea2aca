//! A personal value cannot be compared, and so not guessed at, outside of an entry.

use strongroom_core::vault::plaintext::Plaintext;

fn same(one: Plaintext, other: Plaintext) -> bool {
    one == other
}

fn main() {}
