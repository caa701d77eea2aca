//! A principal exists by authenticating, and in no other way.

use std::net::IpAddr;

use strongroom_core::id::{Name, PrincipalId};
use strongroom_core::limits::Limits;
use strongroom_core::principal::{Kind, Principal, Scope};

fn by_hand(id: PrincipalId, name: Name) -> Principal {
    let (limits, address) = (Limits::default(), None::<IpAddr>);
    let (kind, scope, development) = (Kind::Operator, Scope::Install, false);
    Principal { id, name, kind, scope, limits, address, development }
}

fn main() {}
