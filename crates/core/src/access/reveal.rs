//! Reveal: tokens to values. Every person is named in a durable entry before anything is opened.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::person::{Person, known_by};
use super::{
    Action, Authorized, Context, Pending, ReadRow, ReadSlot, Receipt, Refusal, Rule, Stop, Target,
};
use crate::field::FieldType;
use crate::id::{CollectionId, FieldNumber, TenantId};
use crate::ledger::Entry;
use crate::ledger::entry::{Act, Form};
use crate::policy::{self, Purpose};
use crate::store::{Batch, Changes, Position};
use crate::vault::keys::TenantKeys;
use crate::vault::plaintext::Plaintext;
use crate::vault::sealed::OpenError;
use crate::vault::token::{read_token, record_id};

/// Most tokens of one reveal.
pub const TOKENS_MAX: usize = 10_000;

/// A request for values.
pub struct Reveal {
    tenant: Option<TenantId>,
    tokens: Vec<String>,
    purpose: Purpose,
    form: Form,
}

/// A reveal that cannot be a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadReveal {
    /// No token at all.
    #[error("no token was given")]
    Empty,
    /// Past [`TOKENS_MAX`].
    #[error("more than {TOKENS_MAX} tokens in one request")]
    TooMany,
}

impl Reveal {
    /// Makes the request; its answer keeps the order of `tokens`.
    ///
    /// # Errors
    /// [`BadReveal`].
    pub fn new(
        tenant: Option<TenantId>,
        tokens: Vec<String>,
        purpose: Purpose,
        form: Form,
    ) -> Result<Self, BadReveal> {
        match tokens.len() {
            0 => Err(BadReveal::Empty),
            n if n > TOKENS_MAX => Err(BadReveal::TooMany),
            _ => Ok(Self { tenant, tokens, purpose, form }),
        }
    }
}

impl Action for Reveal {
    const ACT: Act = Act::PiiReveal;
    type Plan = RevealPlan;
    fn target(&self) -> Target {
        Target::tenant(self.tenant)
    }
    fn purpose(&self) -> Option<Purpose> {
        Some(self.purpose)
    }
    fn describe(&self, entry: &mut Entry) {
        entry.purpose = Some(self.purpose.name().to_owned());
        entry.form = Some(self.form);
    }
    fn refused(&self) -> Option<Rule> {
        (!policy::reveals(self.purpose, self.form)).then_some(Rule::Purpose)
    }
}

/// What stands between a reveal's entry and its opening.
pub struct RevealPlan {
    tenant: TenantId,
    people: Vec<Person>,
    items: Vec<Item>,
}

struct Item {
    person: usize,
    collection: CollectionId,
    field: FieldNumber,
    column: String,
    kinds: Vec<FieldType>,
}

impl Authorized<Reveal> {
    /// Finds out whom the tokens concern and makes the entries that name them.
    ///
    /// # Errors
    /// [`Stop`]: one token that names nothing refuses the whole request.
    pub fn plan(
        self,
        context: &Context<'_>,
        slots: &mut ReadSlot<'_>,
    ) -> Result<(Pending<Reveal>, Batch), Stop> {
        let keys = self.keys(context.ring)?;
        let tenant = keys.tenant();
        let mut numbered = BTreeMap::new();
        let (mut people, mut items) = (Vec::new(), Vec::with_capacity(self.action.tokens.len()));
        for token in &self.action.tokens {
            let found = read_token(keys, token).ok().and_then(|named| {
                context.registry.field(tenant, named.field).map(|(c, f)| (named, c, f))
            });
            let Some((named, collection, field)) = found else {
                return Err(Stop::Denied(self.deny(Refusal::NotFound)));
            };
            if !gives(self.action.form, field.kinds.iter().copied()) {
                return Err(Stop::Denied(self.deny(Refusal::Forbidden(Rule::VerifyOnly))));
            }
            let person = match numbered.get(&named.record) {
                Some(person) => *person,
                None => {
                    let Some(found) = self.person(context, named.record, slots)? else {
                        return Err(Stop::Denied(self.deny(Refusal::NotFound)));
                    };
                    people.push(found);
                    numbered.insert(named.record, people.len() - 1);
                    people.len() - 1
                }
            };
            items.push(Item {
                person,
                collection: collection.id,
                field: named.field,
                column: field.column.clone(),
                kinds: field.kinds.clone(),
            });
        }
        let entries = self.naming(&people, items.iter().flat_map(|i| i.kinds.iter().copied()));
        Ok(self.pending(RevealPlan { tenant, people, items }, entries, Changes::default()))
    }
}

impl Receipt<Reveal> {
    /// Opens what the entry names: the one place where a value becomes clear.
    ///
    /// # Errors
    /// [`Stop::Tampered`] when a row is missing or not the one of its address; nothing of the
    /// request is then given out.
    pub fn open(self, context: &Context<'_>, rows: &mut ReadRow<'_>) -> Result<Revealed, Stop> {
        let keys = context.ring.get(self.plan.tenant)?;
        let mut by_person: Vec<Vec<usize>> = vec![Vec::new(); self.plan.people.len()];
        for (at, item) in self.plan.items.iter().enumerate() {
            if let Some(list) = by_person.get_mut(item.person) {
                list.push(at);
            }
        }
        let mut values: Vec<Option<Plaintext>> = self.plan.items.iter().map(|_| None).collect();
        let mut ids = Vec::with_capacity(self.plan.people.len());
        for (person, items) in self.plan.people.iter().zip(&by_person) {
            let key = self.open_person((context, keys), person, items, &mut values, rows)?;
            ids.push(key.unwrap_or_else(|| record_id(keys, person.record).unwrap_or_default()));
        }
        let form = self.action.form;
        let parts = self.action.tokens.into_iter().zip(self.plan.items).zip(values);
        let values = parts.filter_map(|((token, item), value)| {
            let record = ids.get(item.person)?.clone();
            Some(RevealedValue { token, record, field: item.column, form, value: value? })
        });
        Ok(Revealed { values: values.collect(), positions: self.positions })
    }

    fn open_person(
        &self,
        (context, keys): (&Context<'_>, &TenantKeys),
        person: &Person,
        items: &[usize],
        values: &mut [Option<Plaintext>],
        rows: &mut ReadRow<'_>,
    ) -> Result<Option<String>, Stop> {
        let Some(first) = items.first().and_then(|at| self.plan.items.get(*at)) else {
            return Ok(None);
        };
        let collection = context.registry.field(self.plan.tenant, first.field).map(|(c, _)| c);
        let form = self.action.form;
        let (mut is_given, mut is_there) = (true, true);
        let key = self.with_row((context, keys), first.collection, person, rows, |row| {
            for place in items {
                let (Some(item), Some(value)) =
                    (self.plan.items.get(*place), values.get_mut(*place))
                else {
                    continue;
                };
                let opened = match row.open(item.field) {
                    // An update took the value away since the token was made.
                    Err(OpenError::NoSuchField) => {
                        is_there = false;
                        continue;
                    }
                    opened => opened?,
                };
                is_given &= gives(form, [opened.kind].into_iter());
                *value = Some(match form {
                    Form::Full => opened.value,
                    Form::Masked => opened.value.mask(opened.kind),
                    Form::Redacted => opened.value.redact(),
                });
            }
            collection.map_or(Ok(None), |collection| known_by(row, collection))
        })?;
        if !is_there {
            return Err(self.refuse(Refusal::NotFound));
        }
        if is_given { Ok(key) } else { Err(self.refuse(Refusal::Forbidden(Rule::VerifyOnly))) }
    }
}

/// Whether this form can be given of some of these types: of a password, nothing but that there
/// is one.
fn gives(form: Form, mut kinds: impl Iterator<Item = FieldType>) -> bool {
    form == Form::Redacted || kinds.any(|kind| kind != FieldType::Password)
}

/// Values opened and not yet given out.
pub struct Revealed {
    values: Vec<RevealedValue>,
    positions: Vec<Position>,
}

struct RevealedValue {
    token: String,
    record: String,
    field: String,
    form: Form,
    value: Plaintext,
}

/// A value given out; wiped when dropped.
pub struct Disclosed {
    /// The token asked for.
    pub token: String,
    /// The record's key where its collection has one, otherwise its id.
    pub record: String,
    /// The field's column.
    pub field: String,
    /// The form given.
    pub form: Form,
    /// The value in that form.
    pub value: Zeroizing<String>,
}

impl Revealed {
    /// Where the entries stand.
    #[must_use]
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }

    /// Gives the values out, in the order of the request. The one call that does.
    pub fn disclose(self) -> Vec<Disclosed> {
        let give = |v: RevealedValue| Disclosed {
            token: v.token,
            record: v.record,
            field: v.field,
            form: v.form,
            value: v.value.disclose(),
        };
        self.values.into_iter().map(give).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{KeyRing, authorize};
    use crate::control::{
        CollectionRow, FieldRow, Registry, collection_key, principal_key, protect,
    };
    use crate::id::{InstallId, Name, PrincipalId, RecordNumber};
    use crate::limits::Limits;
    use crate::principal::{
        Arrival, Credential, Kind, Principal, PrincipalRow, Scope, authenticate,
    };
    use crate::store::Committed;
    use crate::testing::CountingRandom;
    use crate::vault::cell::Clear;
    use crate::vault::keys::{ControlKey, SecretKey};
    use crate::vault::sealed::{RowAddress, RowWriter};
    use crate::vault::slot::{EpochKey, SlotAddress};
    use crate::vault::token::{Named, write_token};
    use crate::vault::verifier::Verifier;

    const TENANT: TenantId = TenantId([1; 16]);
    const INSTALL: InstallId = InstallId([2; 16]);
    const RECORD: RecordNumber = RecordNumber(9);
    const FIELD: FieldNumber = FieldNumber(3);

    fn key(byte: u8) -> SecretKey {
        SecretKey::from_bytes(Zeroizing::new([byte; 32]))
    }

    fn registry(kinds: &[FieldType], random: &CountingRandom) -> (Registry, Principal) {
        let (control, mut registry) = (ControlKey::new(&key(6)), Registry::default());
        let name = |name| Name::parse(name).unwrap();
        let credential = Credential::generate(PrincipalId([4; 16]), random).unwrap();
        let principal = PrincipalRow {
            id: credential.principal(),
            name: name("desk"),
            kind: Kind::Operator,
            scope: Scope::Tenants(vec![TENANT]),
            epoch: 0,
            revoked: false,
            credential: credential.hash(&control),
            former: None,
            limits: Limits::default(),
        };
        let field = FieldRow {
            column: "Password".to_owned(),
            number: FIELD,
            kinds: kinds.to_vec(),
            index: false,
        };
        let collection = CollectionRow {
            tenant: TENANT,
            id: CollectionId(5),
            name: name("people"),
            version: 1,
            schema: String::new(),
            fields: vec![field],
            key: None,
        };
        let rows = [
            (principal_key(principal.id), serde_json::to_vec(&principal).unwrap()),
            (collection_key(TENANT, collection.id), serde_json::to_vec(&collection).unwrap()),
        ];
        for (key, body) in rows {
            registry.load(&control, &key, &protect(&control, "control", &key, &body)).unwrap();
        }
        let who = authenticate(&credential, &registry, &control, Arrival::local(0, false)).unwrap();
        (registry, who)
    }

    /// Reveals the password of a record by a token that a holder of the keys made.
    fn forged(form: Form, kinds: &[FieldType]) -> Result<String, Refusal> {
        let random = CountingRandom::default();
        let (registry, who) = registry(kinds, &random);
        let versions = ([(1, key(1))], [(1, key(2))]);
        let keys = TenantKeys::new(TENANT, &versions.0, &versions.1, &key(3), &key(4), &key(7));
        let epoch = EpochKey::new(1, &key(5)).unwrap();
        let place = SlotAddress { install: INSTALL, tenant: TENANT, record: RECORD };
        let (secret, slot) = epoch.seal(place, &[8; 44]).unwrap();
        let at = RowAddress { tenant: TENANT, collection: CollectionId(5), record: RECORD };
        let mut row = Vec::new();
        let mut writer = RowWriter::begin(&mut row, &keys, &secret, at, (1, 1), [9; 12]).unwrap();
        let verifier = Verifier::of("River7!", &keys, &random).unwrap();
        writer.field(FIELD, &Clear::verifier(&verifier.write())).unwrap();
        writer.finish();
        let mut token = String::new();
        write_token(&keys, Named { record: RECORD, field: FIELD }, &mut token).unwrap();
        let mut ring = KeyRing::default();
        ring.insert(std::sync::Arc::new(keys));
        let context = Context { install: INSTALL, epoch: &epoch, ring: &ring, registry: &registry };
        let asked = Reveal::new(Some(TENANT), vec![token], Purpose::Support, form).unwrap();
        let Ok(authorized) = authorize(&who, asked) else { panic!("refused at the door") };
        let refusal = |stop| match stop {
            Stop::Denied(denied) => denied.refusal,
            _ => panic!("another stop"),
        };
        let planned = authorized.plan(&context, &mut |_| Ok(slot));
        let (pending, batch) = planned.map_err(refusal)?;
        let (_, _, ticket) = batch.into_parts();
        let Ok(receipt) = pending.receipt(&Committed::new(ticket, vec![])) else { panic!("no") };
        let revealed = receipt.open(&context, &mut |_| Ok(Some(row.clone()))).map_err(refusal)?;
        Ok(revealed.disclose().remove(0).value.to_string())
    }

    #[test]
    fn a_forged_token_of_a_password_gives_nothing_in_any_form() {
        let refused = Err(Refusal::Forbidden(Rule::VerifyOnly));
        for kinds in [&[FieldType::Password][..], &[FieldType::Text, FieldType::Password]] {
            for form in [Form::Full, Form::Masked] {
                assert_eq!(forged(form, kinds), refused, "{kinds:?}");
            }
            assert_eq!(forged(Form::Redacted, kinds).as_deref(), Ok(crate::field::REDACTED));
        }
    }
}
