//! Reveal: tokens to values. Every person is named in a durable entry before anything is opened.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::person::Person;
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
            self.open_person(keys, person, items, &mut values, rows)?;
            ids.push(record_id(keys, person.record).unwrap_or_default());
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
        keys: &TenantKeys,
        person: &Person,
        items: &[usize],
        values: &mut [Option<Plaintext>],
        rows: &mut ReadRow<'_>,
    ) -> Result<(), Stop> {
        let Some(first) = items.first().and_then(|at| self.plan.items.get(*at)) else {
            return Ok(());
        };
        let form = self.action.form;
        self.with_row(keys, first.collection, person, rows, |row| {
            for place in items {
                let (Some(item), Some(value)) =
                    (self.plan.items.get(*place), values.get_mut(*place))
                else {
                    continue;
                };
                let opened = row.open(item.field)?;
                *value = Some(match form {
                    Form::Full => opened.value,
                    Form::Masked => opened.value.mask(opened.kind),
                    Form::Redacted => opened.value.redact(),
                });
            }
            Ok(())
        })
    }
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
    /// The record's id.
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
