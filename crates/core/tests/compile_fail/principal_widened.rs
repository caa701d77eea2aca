//! A principal's tenants are fixed once it has authenticated.

use strongroom_core::principal::{Principal, Scope};

fn widened(mut who: Principal) -> Principal {
    who.scope = Scope::Install;
    who
}

fn main() {}
