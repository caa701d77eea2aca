//! One receipt, one reveal.

use strongroom_core::access::reveal::Reveal;
use strongroom_core::access::{Context, Receipt};

fn twice(receipt: Receipt<Reveal>, context: &Context<'_>) {
    let _ = receipt.open(context, &mut |_| Ok(None));
    let _ = receipt.open(context, &mut |_| Ok(None));
}

fn main() {}
