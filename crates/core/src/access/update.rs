//! Update: other values for some fields of one record. The person is named in a durable entry
//! before the row is opened, and with the version that the record then has in another, whose batch
//! holds the row. Address, slot and tokens stay.

use zeroize::Zeroizing;

use super::find::ScanIndex;
use super::person::{Person, known_by};
use super::rewrite::{Field, Held};
use super::seal::{FieldPlan, SealCell, names};
use super::{
    Action, Authorized, Context, Pending, ReadRow, ReadSlot, Receipt, Refusal, Stop, Target, Unfit,
    blank,
};
use crate::control::CollectionRow;
use crate::field::FieldType;
use crate::id::{CollectionId, TenantId};
use crate::ledger::Entry;
use crate::ledger::entry::{Act, Phase};
use crate::schema::{Schema, Treatment};
use crate::source::{Random, draw};
use crate::store::{Batch, Changes};
use crate::vault::keys::{KeyError, TenantKeys};
use crate::vault::sealed::OpenError;
use crate::vault::token::{Named, record_id, write_token};
use crate::vault::verifier::Strength;

/// A request to change a record.
pub struct Update {
    /// The tenant.
    pub tenant: Option<TenantId>,
    /// The collection's name.
    pub collection: String,
    /// The record's key, or its id.
    pub record: String,
    /// Columns and what is to stand there; nothing takes the value away.
    pub fields: Vec<(String, Zeroizing<String>)>,
}

impl Action for Update {
    const ACT: Act = Act::PiiUpdate;
    type Plan = UpdatePlan;
    fn target(&self) -> Target {
        Target::tenant(self.tenant)
    }
    fn describe(&self, _: &mut Entry) {}
}

/// What stands between the entry and the change.
pub struct UpdatePlan {
    tenant: TenantId,
    collection: CollectionId,
    person: Person,
    /// In the order of the request.
    columns: Vec<(String, FieldPlan)>,
}

impl Authorized<Update> {
    /// Finds the person and the fields, and makes the entry that names them.
    ///
    /// # Errors
    /// [`Stop`]: refused without such a record; as unfit without such a sealed column.
    pub fn plan(
        self,
        context: &Context<'_>,
        index: &mut ScanIndex<'_>,
        slots: &mut ReadSlot<'_>,
    ) -> Result<(Pending<Update>, Batch), Stop> {
        let tenant = self.keys(context.ring)?.tenant();
        let collection = self.collection(context, &self.action.collection)?;
        let columns = self.action.fields.iter().map(|(column, _)| plan_of(collection, column));
        let columns: Vec<_> = match columns.collect() {
            Ok(columns) => columns,
            Err(unfit) => return Err(Stop::Denied(self.deny(Refusal::Unfit(unfit)))),
        };
        let named = self.named(context, collection, &self.action.record, index, slots)?;
        let Some(person) = named else {
            return Err(Stop::Denied(self.deny(Refusal::NotFound)));
        };
        // The whole row is opened, and sealed again.
        let kinds = collection.fields.iter().flat_map(|f| f.kinds.iter().copied());
        let mut entries = self.naming(std::slice::from_ref(&person), kinds);
        entries.iter_mut().for_each(|entry| entry.act = Act::UpdateBegin);
        let plan = UpdatePlan { tenant, collection: collection.id, person, columns };
        Ok(self.pending(plan, entries, Changes::default()))
    }
}

/// How the collection's schema seals a column.
fn plan_of(collection: &CollectionRow, column: &str) -> Result<(String, FieldPlan), Unfit> {
    let schema = Schema::from_toml(&collection.schema).map_err(|_| Unfit::NoSuchField)?;
    let field = collection.field(column).ok_or(Unfit::NoSuchField)?;
    let (kind, index) = match schema.column(column).map(|(_, column)| &column.treatment) {
        Some(Treatment::Seal { kind, index }) => (*kind, *index),
        Some(Treatment::Verify) => (FieldType::Password, false),
        Some(Treatment::Key { .. }) => return Err(Unfit::IsKey),
        Some(Treatment::Drop { .. } | Treatment::Clear { .. }) | None => {
            return Err(Unfit::NoSuchField);
        }
    };
    Ok((field.column.clone(), FieldPlan { number: field.number, kind, index }))
}

/// A record after its change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    /// Its key where its collection has one, otherwise its id.
    pub record: String,
    /// Its version.
    pub version: u32,
    /// The tokens of the fields that were named and hold a value.
    pub tokens: Vec<(String, String)>,
    /// Columns whose value does not fit their type.
    pub unusual: Vec<String>,
}

impl Receipt<Update> {
    /// Opens the row and makes the next version of it, with the batch that states and writes it;
    /// no batch when nothing differs. A password is kept at `strength` at once.
    ///
    /// # Errors
    /// [`Stop::Tampered`] when the row is missing or not the one of its address.
    pub fn rewrite(
        self,
        context: &Context<'_>,
        rows: &mut ReadRow<'_>,
        random: &dyn Random,
        strength: Strength,
    ) -> Result<(Option<Batch>, Updated), Stop> {
        let UpdatePlan { tenant, collection, person, columns } = &self.plan;
        let keys = context.ring.get(*tenant)?;
        let of = context.registry.collections();
        let row = of.into_iter().find(|c| c.tenant == *tenant && c.id == *collection);
        let row = row.ok_or(Stop::Key(KeyError::NoSuchVersion))?;
        let (mut held, key) =
            self.with_row((context, keys), *collection, person, rows, |opened| {
                Ok((Held::read(opened)?, known_by(opened, row)?))
            })?;
        let id = || record_id(keys, person.record).unwrap_or_default();
        let failed = |error: OpenError| self.tampered(error.into(), &id());
        let (mut changes, mut touched) = (Changes::default(), 0);
        let (mut tokens, mut unusual) = (Vec::new(), Vec::new());
        for ((name, plan), (_, value)) in columns.iter().zip(&self.action.fields) {
            let cell = SealCell { plan: *plan, value, literal: false, spelling: None };
            let new = match (value.is_empty(), plan.kind) {
                (true, _) => None,
                (false, FieldType::Password) => {
                    let old = held.field(plan.number);
                    let field = Field::of_password(&cell, old, (keys, random));
                    Some(field.and_then(|field| field.strengthened(strength)).map_err(failed)?)
                }
                (false, _) => {
                    tokens.push((name.clone(), token(keys, person, *plan)));
                    Some(Field::of(&cell))
                }
            };
            if new.as_ref().is_some_and(|field| field.kind != plan.kind) {
                unusual.push(name.clone());
            }
            touched |= held.put(&mut changes, keys, (*collection, person), (*plan, new));
        }
        let record = key.unwrap_or_else(id);
        if touched == 0 {
            return Ok((None, Updated { record, version: held.version, tokens, unusual }));
        }
        held.schema = row.version;
        let nonce = draw(random)?;
        let version = held.write_next(&mut changes, keys, (*collection, person), nonce);
        let version = version.map_err(failed)?;
        let mut entry = blank(self.log, Act::PiiUpdate, Phase::Commit, self.actor);
        entry.fields = names(touched);
        (entry.subjects, entry.versions) = (vec![person.pseudonym], vec![version]);
        let batch = Batch::of(vec![(self.log, entry)], changes).0;
        Ok((Some(batch), Updated { record, version, tokens, unusual }))
    }
}

fn token(keys: &TenantKeys, person: &Person, plan: FieldPlan) -> String {
    let mut token = String::new();
    let named = Named { record: person.record, field: plan.number };
    // The tenant's keys are at hand, so there is a token key.
    let _ = write_token(keys, named, &mut token);
    token
}
