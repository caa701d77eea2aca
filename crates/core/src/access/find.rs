//! Find: the records whose indexed field has a value. An answer that depends on a sealed value is a
//! disclosure: everybody whom the index names is in a durable entry before a row is opened, and a
//! guess that names nobody is an entry too. The index only proposes: each field is opened and
//! compared before it counts.

use zeroize::Zeroizing;

use super::guess::Guessing;
use super::person::{Person, known_by};
use super::upsert::key_of;
use super::{
    Action, Authorized, Context, Pending, ReadRow, ReadSlot, Receipt, Refusal, Stop, Tampering,
    Target, Unfit, blank,
};
use crate::control::{CollectionRow, FieldRow};
use crate::field::FieldType;
use crate::id::{FieldNumber, RecordNumber, TenantId};
use crate::ledger::Entry;
use crate::ledger::entry::{Act, Phase};
use crate::store::{Batch, Changes, Position, ReadError, Visit};
use crate::vault::index::Tag;
use crate::vault::keys::TenantKeys;
use crate::vault::sealed::OpenError;
use crate::vault::token::{Named, record_id, write_token};

/// Most records that one value may name.
pub const RECORDS_MAX: usize = 10_000;

/// Hands every row of the index whose key begins with a prefix to a visitor, until it says stop.
pub type ScanIndex<'r> = dyn FnMut(&[u8], &mut Visit<'_>) -> Result<(), ReadError> + 'r;

/// A request for the records that have a value.
pub struct Find {
    /// The tenant.
    pub tenant: Option<TenantId>,
    /// The collection's name.
    pub collection: String,
    /// The column, as its header says.
    pub column: String,
    /// The value sought.
    pub value: Zeroizing<String>,
}

impl Action for Find {
    const ACT: Act = Act::PiiFind;
    type Plan = FindPlan;
    fn target(&self) -> Target {
        Target::tenant(self.tenant)
    }
    fn describe(&self, _: &mut Entry) {}
}

/// What stands between a find's entry and its answer.
pub struct FindPlan {
    tenant: TenantId,
    collection: CollectionRow,
    field: FieldNumber,
    /// The value's normal form under each type the field ever had.
    normals: Vec<(FieldType, Zeroizing<String>)>,
    people: Vec<Person>,
}

impl Authorized<Find> {
    /// Asks the index and makes the entries that name whom it proposes.
    ///
    /// # Errors
    /// [`Stop`]: refused without such a collection, and as unfit without such an indexed field,
    /// for a value that is none of its type, or for one that names too many; as spent after too
    /// many guesses that named nobody.
    pub fn plan(
        self,
        context: &Context<'_>,
        index: &mut ScanIndex<'_>,
        slots: &mut ReadSlot<'_>,
        guesses: &mut Guessing<'_>,
    ) -> Result<(Pending<Find>, Batch), Stop> {
        let keys = self.keys(context.ring)?;
        let tenant = keys.tenant();
        let collection = self.collection(context, &self.action.collection)?.clone();
        let (field, normals) = match sought(&collection, &self.action.column, &self.action.value) {
            Ok(found) => found,
            Err(unfit) => return Err(Stop::Denied(self.deny(Refusal::Unfit(unfit)))),
        };
        let asks = self.asks();
        if let Some(asks) = asks
            && let Some(spent) = guesses.spent(tenant, asks)?
        {
            return Err(Stop::Denied(self.deny(spent)));
        }
        let (number, kinds) = (field.number, field.kinds.clone());
        let tags = normals.iter().flat_map(|(_, n)| Tag::every(keys, collection.id, number, n));
        let records = self.proposed(keys, tags, index)?;
        let mut people = Vec::with_capacity(records.len());
        for record in records {
            people.extend(self.person(context, record, slots)?);
        }
        let mut entries = self.naming(&people, kinds.into_iter());
        let mut changes = Changes::default();
        if let (true, Some(asks)) = (people.is_empty(), asks) {
            guesses.add(tenant, asks, &mut changes)?;
            entries.push(blank(self.log, Act::PiiGuess, Phase::Commit, self.actor));
        }
        let plan = FindPlan { tenant, collection, field: number, normals, people };
        Ok(self.pending(plan, entries, changes))
    }
}

type Normals = Vec<(FieldType, Zeroizing<String>)>;

/// The field meant, and the normal forms under which the index may hold the value.
fn sought<'c>(
    collection: &'c CollectionRow,
    column: &str,
    value: &str,
) -> Result<(&'c FieldRow, Normals), Unfit> {
    let field = collection.field(column).ok_or(Unfit::NoSuchField)?;
    if !field.index {
        return Err(Unfit::NotIndexed);
    }
    let mut normals = Vec::new();
    if collection.is_key(field.number) {
        let key = key_of(value).ok_or(Unfit::NotOfItsType)?;
        normals.push((FieldType::Text, Zeroizing::new(key.to_owned())));
        return Ok((field, normals));
    }
    for kind in &field.kinds {
        let mut normal = Zeroizing::new(String::new());
        if kind.normalize(value, &mut normal) {
            normals.push((*kind, normal));
        }
    }
    if normals.is_empty() { Err(Unfit::NotOfItsType) } else { Ok((field, normals)) }
}

/// A record found, with the token of each of its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The record's key where its collection has one, otherwise its id.
    pub record: String,
    /// Column and token, in the order of the collection's fields.
    pub tokens: Vec<(String, String)>,
}

impl Receipt<Find> {
    /// Opens the field of everybody the entries name, compares, and gives those that have the
    /// value, in the order of their records.
    ///
    /// # Errors
    /// [`Stop::Tampered`] when a row is missing or not the one of its address, or one key names two
    /// records.
    pub fn open(
        self,
        context: &Context<'_>,
        rows: &mut ReadRow<'_>,
    ) -> Result<(Vec<Found>, Vec<Position>), Stop> {
        let keys = context.ring.get(self.plan.tenant)?;
        let FindPlan { collection, field, normals, people, .. } = &self.plan;
        let mut found = Vec::new();
        for person in people {
            let held = self.with_row((context, keys), collection.id, person, rows, |row| {
                let opened = match row.open(*field) {
                    Err(OpenError::NoSuchField) => return Ok(None),
                    opened => opened?,
                };
                let kind = opened.kind;
                let is = |normal: &str| match collection.is_key(*field) {
                    true => opened.value.is_exactly(normal),
                    false => opened.value.is(kind, normal),
                };
                let same = normals.iter().any(|(k, normal)| *k == kind && is(normal));
                let key = known_by(row, collection)?;
                Ok(same.then(|| (key, row.numbers().collect::<Vec<_>>())))
            })?;
            if held.is_some() && !found.is_empty() && collection.is_key(*field) {
                let id = record_id(keys, person.record).unwrap_or_default();
                return Err(self.tampered(Tampering::KeyTwice, &id));
            }
            if let Some((key, numbers)) = held {
                found.push(tokens(keys, collection, person.record, (key, &numbers))?);
            }
        }
        Ok((found, self.positions))
    }
}

fn tokens(
    keys: &TenantKeys,
    collection: &CollectionRow,
    record: RecordNumber,
    (key, numbers): (Option<String>, &[FieldNumber]),
) -> Result<Found, Stop> {
    let none = |_| Stop::Key(crate::vault::keys::KeyError::NoSuchVersion);
    let mut tokens = Vec::with_capacity(numbers.len());
    // No token of a password is ever printed; the key has none.
    let printed = |f: &&FieldRow| {
        let has_token = !f.kinds.contains(&FieldType::Password) && !collection.is_key(f.number);
        numbers.contains(&f.number) && has_token
    };
    for field in collection.fields.iter().filter(printed) {
        let mut token = String::new();
        write_token(keys, Named { record, field: field.number }, &mut token).map_err(none)?;
        tokens.push((field.column.clone(), token));
    }
    let id = || record_id(keys, record).map_err(none);
    Ok(Found { record: key.map_or_else(id, Ok)?, tokens })
}
