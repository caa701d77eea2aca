//! What changes control rows is an act that says so: nothing is written under one that reads, or
//! under one about a person, and no act of another crate joins them.

use strongroom_core::access::admin::{Changing, ExportLedger, ReadTenants};
use strongroom_core::access::reveal::Reveal;
use strongroom_core::access::seal::Seal;
use strongroom_core::access::{Action, Authorized, Target};
use strongroom_core::ledger::Entry;
use strongroom_core::ledger::entry::Act;
use strongroom_core::store::Changes;

fn reading(authorized: Authorized<ReadTenants>) {
    let _ = authorized.record(Changes::default());
}

fn exporting(authorized: Authorized<ExportLedger>) {
    let _ = authorized.record(Changes::default());
}

fn revealing(authorized: Authorized<Reveal>) {
    let _ = authorized.record(Changes::default());
}

fn sealing(authorized: Authorized<Seal>) {
    let _ = authorized.record(Changes::default());
}

struct Mine;

impl Action for Mine {
    const ACT: Act = Act::TenantRead;
    type Plan = ();
    fn target(&self) -> Target {
        Target::Install
    }
    fn describe(&self, _: &mut Entry) {}
}

impl Changing for Mine {}

fn main() {}
