//! A receipt is given for a durable entry and made by nobody else.

use std::sync::Arc;

use strongroom_core::access::Receipt;
use strongroom_core::access::reveal::Reveal;
use strongroom_core::store::{Committed, Ticket};

fn by_hand(action: Reveal) -> Receipt<Reveal> {
    Receipt { action }
}

fn by_a_commit_of_nothing() -> Committed {
    Committed::new(Ticket(Arc::new(())), Vec::new())
}

fn main() {}
