//! A tenant's keys are looked up by a stage of that tenant alone, and used inside core alone.

use strongroom_core::access::KeyRing;
use strongroom_core::id::TenantId;
use strongroom_core::vault::keys::TenantKeys;

fn by_name(ring: &KeyRing, tenant: TenantId) {
    let _ = ring.get(tenant);
}

fn all(ring: &KeyRing) -> usize {
    ring.0.len()
}

fn raw(keys: &TenantKeys) {
    let _ = keys.seal_current();
    let _ = &keys.token;
}

fn main() {}
