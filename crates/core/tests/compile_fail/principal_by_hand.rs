//! A principal exists by authenticating, and in no other way.

use strongroom_core::id::{Name, PrincipalId};
use strongroom_core::principal::{Kind, Principal, Scope};

fn by_hand(id: PrincipalId, name: Name) -> Principal {
    Principal { id, name, kind: Kind::Operator, scope: Scope::Install, development: false }
}

fn main() {}
