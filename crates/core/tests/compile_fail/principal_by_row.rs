//! Who somebody is, the registry says, and its rows come in authentic or not at all.

use strongroom_core::control::Registry;
use strongroom_core::principal::{Arrival, Credential, PrincipalRow, authenticate};
use strongroom_core::vault::keys::ControlKey;

fn by_a_row(credential: &Credential, row: &PrincipalRow, control: &ControlKey) {
    let _ = authenticate(credential, Some(row), control, Arrival::local(0, false));
}

fn into_the_registry(registry: &mut Registry, row: PrincipalRow) {
    registry.principals.insert(row.id, row);
}

fn changed_in_it(registry: &mut Registry, row: &PrincipalRow) {
    registry.principal_of(row.id).unwrap().epoch = 0;
}

fn main() {}
