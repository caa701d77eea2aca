//! Reveal: tokens to values. Every person is named in a durable entry before anything is opened.

use std::collections::{BTreeMap, BTreeSet};

use hmac::Mac as _;
use zeroize::Zeroizing;

use super::{
    Action, Authorized, Context, Pending, ReadRow, ReadSlot, Receipt, Refusal, Stop, Tampering,
    Target, tampered,
};
use crate::control::kind_of;
use crate::field::FieldType;
use crate::id::{CollectionId, FieldNumber, RecordNumber, TenantId};
use crate::ledger::entry::{Act, Form, Phase, SUBJECTS_MAX};
use crate::ledger::{Entry, Pseudonym};
use crate::policy::{self, Purpose};
use crate::store::{Batch, Changes, Position, ReadError};
use crate::vault::feed;
use crate::vault::keys::TenantKeys;
use crate::vault::plaintext::Plaintext;
use crate::vault::sealed::{RowAddress, SealedRow};
use crate::vault::slot::{Slot, SlotAddress, SlotSecret};
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
    fn refused(&self) -> Option<&'static str> {
        (!policy::reveals(self.purpose, self.form)).then_some("purpose")
    }
}

/// What stands between a reveal's entry and its opening.
pub struct RevealPlan {
    tenant: TenantId,
    people: Vec<Person>,
    items: Vec<Item>,
}

struct Person {
    record: RecordNumber,
    secret: SlotSecret,
    pseudonym: Pseudonym,
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
                    let Some(found) = self.person(context, keys, named.record, slots)? else {
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
        let entries = self.entries(&people, &items);
        Ok(self.pending(RevealPlan { tenant, people, items }, entries, Changes::default()))
    }

    fn person(
        &self,
        context: &Context<'_>,
        keys: &TenantKeys,
        record: RecordNumber,
        slots: &mut ReadSlot<'_>,
    ) -> Result<Option<Person>, Stop> {
        let found = live_slot(context, keys.tenant(), record, slots)?;
        match found {
            Ok(Some(secret)) => {
                let pseudonym = pseudonym(keys, &secret, record);
                Ok(Some(Person { record, secret, pseudonym }))
            }
            Ok(None) => Ok(None),
            Err(what) => {
                let id = record_id(keys, record).unwrap_or_default();
                Err(tampered(&self.action, self.actor, self.log, what, &id))
            }
        }
    }

    /// One entry for every 512 people. It stands before anything is opened, so which of its types
    /// a field's value was sealed as is not known yet: all are named, and a type set since the
    /// sealing hides nothing.
    fn entries(&self, people: &[Person], items: &[Item]) -> Vec<Entry> {
        let kinds: BTreeSet<&str> =
            items.iter().flat_map(|i| &i.kinds).map(|kind| kind.name()).collect();
        let fields: Vec<String> = kinds.into_iter().map(str::to_owned).collect();
        let entry = |group: &[Person]| {
            let mut entry = self.entry(Phase::Commit);
            entry.subjects = group.iter().map(|p| p.pseudonym).collect();
            entry.fields.clone_from(&fields);
            entry
        };
        people.chunks(SUBJECTS_MAX).map(entry).collect()
    }
}

/// The secret of a live slot; nothing for an erased one; what is wrong for any other.
pub(super) fn live_slot(
    context: &Context<'_>,
    tenant: TenantId,
    record: RecordNumber,
    slots: &mut ReadSlot<'_>,
) -> Result<Result<Option<SlotSecret>, Tampering>, ReadError> {
    let bytes = slots(record)?;
    let address = SlotAddress { install: context.install, tenant, record };
    Ok(match context.epoch.open(address, &bytes) {
        Ok(Slot::Live(secret)) => Ok(Some(secret)),
        Ok(Slot::Erased(_)) => Ok(None),
        Ok(Slot::Unused) => Err(Tampering::SlotMissing),
        Err(_) => Err(Tampering::SlotDamaged),
    })
}

/// A person's name in the ledger: it dies with the slot secret.
pub(crate) fn pseudonym(keys: &TenantKeys, secret: &SlotSecret, record: RecordNumber) -> Pseudonym {
    let mut mac = keys.pseudonym.clone();
    let record = record.0.to_be_bytes();
    feed(&mut mac, "strongroom/subject", 1, &[secret.0.as_slice(), &record]);
    let tag = mac.finalize().into_bytes();
    Pseudonym(tag.first_chunk().copied().unwrap_or_default())
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
            let id = record_id(keys, person.record).unwrap_or_default();
            self.open_person(keys, person, items, &mut values, rows, &id)?;
            ids.push(id);
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
        id: &str,
    ) -> Result<(), Stop> {
        let Some(first) = items.first().and_then(|at| self.plan.items.get(*at)) else {
            return Ok(());
        };
        let collection = first.collection;
        let at = RowAddress { tenant: self.plan.tenant, collection, record: person.record };
        let row = rows(&at)?.ok_or_else(|| self.tampered(Tampering::RowMissing, id))?;
        let bad = |_| self.tampered(Tampering::RowNotAuthentic, id);
        let verified = SealedRow::parse(&row)
            .and_then(|row| row.verify(keys, &person.secret, at))
            .map_err(bad)?;
        for place in items {
            let (Some(item), Some(value)) = (self.plan.items.get(*place), values.get_mut(*place))
            else {
                continue;
            };
            let (kind, clear) = verified.open(item.field).map_err(bad)?;
            *value = Some(match self.action.form {
                Form::Full => clear,
                Form::Masked => clear.mask(kind_of(kind).unwrap_or(FieldType::Text)),
                Form::Redacted => clear.redact(),
            });
        }
        Ok(())
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
