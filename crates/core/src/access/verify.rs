//! Verify: whether a password is the one of a record. The person is named, and the attempt counted
//! as a wrong one, in a durable entry before the row is opened; nothing but yes or no comes out.

use zeroize::Zeroizing;

use super::find::ScanIndex;
use super::guess::{Guessing, Of};
use super::person::Person;
use super::reason::Plain;
use super::{
    Action, Authorized, Context, Pending, ReadRow, ReadSlot, Receipt, Refusal, Stop, Tampering,
    Target, Unfit, blank,
};
use crate::control::{CollectionRow, FieldRow};
use crate::field::FieldType;
use crate::id::{CollectionId, FieldNumber, PrincipalId, TenantId};
use crate::ledger::entry::{Act, Actor, Phase};
use crate::ledger::{Entry, LogId};
use crate::store::{Batch, Changes, Position};
use crate::vault::sealed::OpenError;
use crate::vault::verifier::Verifier;

/// A request to try a password.
pub struct VerifyPassword {
    /// The tenant.
    pub tenant: Option<TenantId>,
    /// The collection's name.
    pub collection: String,
    /// The record's id, or its key.
    pub record: String,
    /// The column, where the collection has several of passwords.
    pub column: Option<String>,
    /// The password.
    pub password: Zeroizing<String>,
}

impl Action for VerifyPassword {
    const ACT: Act = Act::PiiVerify;
    type Plan = VerifyPlan;
    fn target(&self) -> Target {
        Target::tenant(self.tenant)
    }
    fn describe(&self, _: &mut Entry) {}
}

/// What stands between the entry and the answer.
pub struct VerifyPlan {
    tenant: TenantId,
    collection: CollectionId,
    field: FieldNumber,
    person: Person,
}

impl Authorized<VerifyPassword> {
    /// Finds the person, and makes the entry that names them together with the counts.
    ///
    /// # Errors
    /// [`Stop`]: refused without such a record; as unfit without a column of passwords; as spent
    /// after too many wrong ones of the record or of the principal.
    pub fn plan(
        self,
        context: &Context<'_>,
        index: &mut ScanIndex<'_>,
        slots: &mut ReadSlot<'_>,
        guesses: &mut Guessing<'_>,
    ) -> Result<(Pending<VerifyPassword>, Batch), Stop> {
        let keys = self.keys(context.ring)?;
        let tenant = keys.tenant();
        let collection = self.collection(context, &self.action.collection)?;
        let field = match passwords(collection, self.action.column.as_deref()) {
            Ok(field) => field.number,
            Err(unfit) => return Err(Stop::Denied(self.deny(Refusal::Unfit(unfit)))),
        };
        let named = self.named(context, collection, &self.action.record, index, slots)?;
        let Some(person) = named else {
            return Err(Stop::Denied(self.deny(Refusal::NotFound)));
        };
        let mut changes = Changes::default();
        for of in counted(person.record, self.actor) {
            if let Some(spent) = guesses.spent(tenant, of)? {
                return Err(Stop::Denied(self.deny(spent)));
            }
            guesses.add(tenant, of, &mut changes)?;
        }
        let people = std::slice::from_ref(&person);
        let entries = self.naming(people, [FieldType::Password].into_iter());
        let plan = VerifyPlan { tenant, collection: collection.id, field, person };
        Ok(self.pending(plan, entries, changes))
    }
}

/// Whose guesses an attempt counts among.
fn counted(record: crate::id::RecordNumber, actor: Actor) -> impl Iterator<Item = Of> {
    let principal = actor.principal.map(|id| Of::Principal(PrincipalId(id)));
    [Some(Of::Record(record)), principal].into_iter().flatten()
}

/// The column of passwords that is meant.
fn passwords<'c>(
    collection: &'c CollectionRow,
    column: Option<&str>,
) -> Result<&'c FieldRow, Unfit> {
    let of_passwords = |f: &&FieldRow| f.kinds.contains(&FieldType::Password);
    if let Some(column) = column {
        return collection.field(column).filter(of_passwords).ok_or(Unfit::NoPassword);
    }
    let mut fields = collection.fields.iter().filter(of_passwords);
    match (fields.next(), fields.next()) {
        (Some(field), None) => Ok(field),
        (None, _) => Err(Unfit::NoPassword),
        (Some(_), Some(_)) => Err(Unfit::SeveralPasswords),
    }
}

/// An answer that is not given yet.
#[must_use = "a right answer is recorded before it is given"]
pub struct Verdict {
    /// Whether the password is right.
    pub right: bool,
    /// Where the entries stand.
    pub positions: Vec<Position>,
    tenant: TenantId,
    actor: Actor,
    log: LogId,
    person: Person,
}

impl Receipt<VerifyPassword> {
    /// Opens the verifier and tries the password. A record without one has no right password.
    ///
    /// # Errors
    /// [`Stop::Tampered`] when the row is missing or not the one of its address.
    pub fn open(self, context: &Context<'_>, rows: &mut ReadRow<'_>) -> Result<Verdict, Stop> {
        let VerifyPlan { tenant, collection, field, person } = &self.plan;
        let keys = context.ring.get(*tenant)?;
        let verifier = self.with_row((context, keys), *collection, person, rows, |row| {
            let opened = match row.open(*field) {
                Err(OpenError::NoSuchField) => return Ok(None),
                opened => opened?,
            };
            // A value that was sealed before the column held passwords is none.
            if opened.kind != FieldType::Password {
                return Ok(None);
            }
            let verifier = Verifier::read(&opened.value.disclose());
            verifier.map(Some).ok_or(Tampering::RowNotAuthentic)
        })?;
        let password = &self.action.password;
        let right = verifier.is_some_and(|verifier| verifier.is_right(keys, password));
        Ok(Verdict {
            right,
            positions: self.positions,
            tenant: self.plan.tenant,
            actor: self.actor,
            log: self.log,
            person: self.plan.person,
        })
    }
}

impl Verdict {
    /// The entry of a right answer, which takes back what the attempt was counted as. A wrong
    /// one is recorded already.
    ///
    /// # Errors
    /// [`Stop`] when the counts cannot be read.
    pub fn record(&self, guesses: &mut Guessing<'_>) -> Result<Option<Batch>, Stop> {
        if !self.right {
            return Ok(None);
        }
        let mut changes = Changes::default();
        for of in counted(self.person.record, self.actor) {
            guesses.forgive(self.tenant, of, &mut changes)?;
        }
        let mut entry = blank(self.log, Act::PiiVerify, Phase::Commit, self.actor);
        entry.fields = vec![FieldType::Password.name().to_owned()];
        entry.subjects = vec![self.person.pseudonym];
        entry.reason = Some(Plain::Right.code().to_owned());
        Ok(Some(Batch::of(vec![(self.log, entry)], changes).0))
    }
}
