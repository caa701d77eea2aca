//! Authorized, then recorded, then opened: each stage comes from the one before.

use strongroom_core::access::reveal::Reveal;
use strongroom_core::access::{Authorized, Context, Pending};

fn not_recorded(authorized: Authorized<Reveal>, context: &Context<'_>) {
    let _ = authorized.open(context, &mut |_| Ok(None));
}

fn not_durable(pending: Pending<Reveal>, context: &Context<'_>) {
    let _ = pending.open(context, &mut |_| Ok(None));
}

fn not_authorized(action: Reveal) -> Authorized<Reveal> {
    Authorized { action }
}

fn main() {}
