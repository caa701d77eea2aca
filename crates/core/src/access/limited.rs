//! What a credential's own limits forbid, of what the policy gives to its kind.

use super::Rule;
use crate::ledger::entry::Act;
use crate::limits::Limits;
use crate::policy::Purpose;

/// The rule that forbids.
pub(super) fn by(limits: &Limits, act: Act, purpose: Option<Purpose>) -> Option<Rule> {
    if !limits.allow(act) {
        return Some(Rule::LimitedAct);
    }
    purpose.filter(|purpose| !limits.allow_for(*purpose)).map(|_| Rule::LimitedPurpose)
}

#[cfg(test)]
mod tests {
    use super::super::admin::{ReadSchema, ReadTenant, ReadTenants};
    use super::super::export::Export;
    use super::super::reveal::Reveal;
    use super::super::{Action, Refusal, authorize};
    use super::*;
    use crate::control::{Registry, principal_key, protect};
    use crate::id::{JobId, Name, PrincipalId, TenantId};
    use crate::ledger::entry::Form;
    use crate::principal::{
        Arrival, Credential, Kind, Principal, PrincipalRow, Scope, authenticate,
    };
    use crate::testing::CountingRandom;
    use crate::vault::keys::{ControlKey, SecretKey};

    const TENANT: TenantId = TenantId([1; 16]);

    fn principal(kind: Kind, limits: Limits) -> Principal {
        let random = CountingRandom::default();
        let control = ControlKey::new(&SecretKey::generate(&random).unwrap());
        let credential = Credential::generate(PrincipalId([4; 16]), &random).unwrap();
        let row = PrincipalRow {
            id: credential.principal(),
            name: Name::parse("desk").unwrap(),
            kind,
            scope: Scope::Tenants(vec![TENANT]),
            epoch: 0,
            revoked: false,
            credential: credential.hash(&control),
            former: None,
            limits,
        };
        let (key, body) = (principal_key(row.id), serde_json::to_vec(&row).unwrap());
        let mut registry = Registry::default();
        registry.load(&control, &key, &protect(&control, "control", &key, &body)).unwrap();
        authenticate(&credential, &registry, &control, Arrival::local(0, false)).unwrap()
    }

    /// Asks, and gives the refusal with the reason that its entry states.
    fn ask<A: Action>(who: &Principal, action: A) -> Option<(Refusal, String)> {
        let denied = authorize(who, action).err()?;
        let (entries, ..) = denied.batch.into_parts();
        Some((denied.refusal, entries[0].1.reason.clone().unwrap()))
    }

    fn reveal(purpose: Purpose) -> Reveal {
        Reveal::new(Some(TENANT), vec!["srt_a".to_owned()], purpose, Form::Masked).unwrap()
    }

    fn export(purpose: Purpose) -> Export {
        let (collection, job) = ("people".to_owned(), JobId([3; 16]));
        Export { tenant: Some(TENANT), collection, purpose, job }
    }

    fn refused(rule: Rule) -> Option<(Refusal, String)> {
        Some((Refusal::Forbidden(rule), rule.code().to_owned()))
    }

    #[test]
    fn a_purpose_that_is_not_left_gives_nothing_out() {
        let purposes = vec![Purpose::Support];
        let who = principal(Kind::Operator, Limits { purposes, ..Limits::default() });
        assert_eq!(ask(&who, reveal(Purpose::Support)), None);
        assert_eq!(ask(&who, export(Purpose::Support)), None);
        for other in [Purpose::Payout, Purpose::Tax, Purpose::SignIn] {
            assert_eq!(ask(&who, reveal(other)), refused(Rule::LimitedPurpose));
            assert_eq!(ask(&who, export(other)), refused(Rule::LimitedPurpose));
        }
        assert_eq!(ask(&who, ReadSchema { tenant: Some(TENANT) }), None, "it is for nothing");
        let free = principal(Kind::Operator, Limits::default());
        assert_eq!(ask(&free, reveal(Purpose::Payout)), None);
        assert_eq!(ask(&free, export(Purpose::Tax)), None);
    }

    #[test]
    fn a_purpose_that_is_left_gives_no_more_than_the_policy() {
        let purposes = vec![Purpose::SignIn];
        let who = principal(Kind::Service, Limits { purposes, ..Limits::default() });
        assert_eq!(ask(&who, reveal(Purpose::SignIn)), refused(Rule::Purpose));
    }

    #[test]
    fn acts_that_are_not_left_are_forbidden() {
        let acts = vec![Act::PiiReveal, Act::SchemaRead];
        let who = principal(Kind::Operator, Limits { acts, ..Limits::default() });
        assert_eq!(ask(&who, reveal(Purpose::Tax)), None);
        assert_eq!(ask(&who, ReadSchema { tenant: Some(TENANT) }), None);
        let read = || ReadTenant { tenant: Some(TENANT) };
        assert_eq!(ask(&who, read()), refused(Rule::LimitedAct));
        assert_eq!(ask(&who, export(Purpose::Tax)), refused(Rule::LimitedAct));
        let free = principal(Kind::Operator, Limits::default());
        assert_eq!(ask(&free, read()), None);
        assert_eq!(ask(&free, export(Purpose::Tax)), None);
    }

    #[test]
    fn a_limit_gives_nothing_that_the_kind_may_not_do() {
        let acts = vec![Act::PiiExport, Act::TenantRead];
        let who = principal(Kind::Service, Limits { acts, ..Limits::default() });
        assert_eq!(ask(&who, export(Purpose::Tax)), refused(Rule::Act));
        assert_eq!(ask(&who, ReadTenants), refused(Rule::Act));
        let foreign = ReadTenant { tenant: Some(TenantId([2; 16])) };
        assert!(matches!(ask(&who, foreign), Some((Refusal::NotFound, _))));
        assert_eq!(ask(&who, ReadTenant { tenant: Some(TENANT) }), None);
    }
}
