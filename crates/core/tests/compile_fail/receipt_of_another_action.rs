//! The entry says what was done: a receipt of one action opens nothing for another.

use strongroom_core::access::reveal::{Reveal, Revealed};
use strongroom_core::access::who::Who;
use strongroom_core::access::{Context, Receipt, Stop};

fn open(receipt: Receipt<Reveal>, context: &Context<'_>) -> Result<Revealed, Stop> {
    receipt.open(context, &mut |_| Ok(None))
}

fn after_asking_who(receipt: Receipt<Who>, context: &Context<'_>) {
    let _ = open(receipt, context);
}

fn by_its_own_method(receipt: Receipt<Who>, context: &Context<'_>) {
    let _ = receipt.open(context, &mut |_| Ok(None));
}

fn main() {}
