//! A refusal is not let fall: its entry is committed.
#![deny(unused_must_use)]

use strongroom_core::access::reveal::Reveal;
use strongroom_core::access::{Authorized, Denied};

fn forgotten(authorized: Authorized<Reveal>) {
    authorized.miss();
}

fn told_alone(denied: impl Fn() -> Denied) {
    denied();
}

fn main() {}
