//! A personal value, and the right to open one, cannot be copied about.

use strongroom_core::access::Receipt;
use strongroom_core::access::reveal::{Reveal, Revealed};
use strongroom_core::vault::keys::SecretKey;
use strongroom_core::vault::plaintext::Plaintext;

fn copyable<T: Clone>() {}

fn main() {
    copyable::<Plaintext>();
    copyable::<Revealed>();
    copyable::<Receipt<Reveal>>();
    copyable::<SecretKey>();
}
