//! A row as it was opened, and the next version of it: same slot, same address, other fields.
//!
//! Whoever comes here has named the person in a durable entry. It decides nothing.

use zeroize::Zeroizing;

use super::person::Person;
use super::seal::{FieldPlan, SealCell};
use crate::field::FieldType;
use crate::id::{CollectionId, FieldNumber};
use crate::source::Random;
use crate::store::{Changes, Rows, Table};
use crate::vault::cell::{Clear, Opened};
use crate::vault::index::Tag;
use crate::vault::keys::{KeyError, TenantKeys};
use crate::vault::sealed::{OpenError, RowAddress, RowWriter, VerifiedRow};
use crate::vault::verifier::{Strength, Verifier};

/// A field as it was opened, or is to be sealed.
#[derive(PartialEq, Eq)]
pub(super) struct Field {
    pub(super) number: FieldNumber,
    pub(super) kind: FieldType,
    pub(super) literal: bool,
    pub(super) value: Zeroizing<String>,
    pub(super) spelling: Option<Zeroizing<String>>,
}

impl Field {
    /// What a value of a column is sealed as.
    pub(super) fn of(cell: &SealCell<'_>) -> Self {
        let SealCell { plan, value, literal, spelling } = *cell;
        Self {
            number: plan.number,
            kind: if plan.kind.fits(value) { plan.kind } else { FieldType::Text },
            literal,
            value: Zeroizing::new(value.to_owned()),
            spelling: spelling.map(|spelling| Zeroizing::new(spelling.to_owned())),
        }
    }

    /// What is kept of a password. The verifier that is there stays if it is of the same one:
    /// another with another salt would be no other value.
    pub(super) fn of_password(
        cell: &SealCell<'_>,
        old: Option<&Self>,
        (keys, random): (&TenantKeys, &dyn Random),
    ) -> Result<Self, OpenError> {
        let kept = old.filter(|old| {
            let verifier = Verifier::read(&old.value);
            old.kind == cell.plan.kind && verifier.is_some_and(|v| v.is_of(keys, cell.value))
        });
        let value = match kept {
            Some(kept) => kept.value.clone(),
            None => Verifier::of(cell.value, keys, random).map_err(KeyError::from)?.write(),
        };
        let SealCell { plan: FieldPlan { number, kind, .. }, .. } = *cell;
        Ok(Self { number, kind, literal: false, value, spelling: None })
    }

    /// The same verifier, wrapped at this strength if it is cheap.
    pub(super) fn strengthened(mut self, strength: Strength) -> Result<Self, OpenError> {
        let verifier = Verifier::read(&self.value).ok_or(OpenError::Malformed)?;
        if verifier.is_cheap() {
            self.value = verifier.strengthened(strength).ok_or(OpenError::Malformed)?.write();
        }
        Ok(self)
    }

    /// Whether it holds a verifier that waits to be strengthened.
    pub(super) fn is_cheap(&self) -> bool {
        self.kind == FieldType::Password
            && Verifier::read(&self.value).is_some_and(|verifier| verifier.is_cheap())
    }
}

/// A row, opened.
pub(super) struct Held {
    /// The version of the record.
    pub(super) version: u32,
    /// The version of the schema it was sealed under.
    pub(super) schema: u32,
    pub(super) fields: Vec<Field>,
}

impl Held {
    /// Opens every field of a row.
    pub(super) fn read(row: &VerifiedRow<'_>) -> Result<Self, OpenError> {
        let (schema, version) = row.version();
        let field = |number| {
            let Opened { kind, literal, value, spelling } = row.open(number)?;
            let (value, spelling) = (value.disclose(), spelling.map(|s| s.disclose()));
            Ok(Field { number, kind, literal, value, spelling })
        };
        let fields = row.numbers().map(field).collect::<Result<_, OpenError>>()?;
        Ok(Self { version, schema, fields })
    }

    /// The field of this number.
    pub(super) fn field(&self, number: FieldNumber) -> Option<&Field> {
        self.fields.iter().find(|field| field.number == number)
    }

    /// Puts `new` in the place of the field of that number, and moves the index where the column
    /// has one. Gives a bit for each code of a type that was touched; none when it does not differ.
    pub(super) fn put(
        &mut self,
        changes: &mut Changes,
        keys: &TenantKeys,
        place: (CollectionId, &Person),
        (plan, new): (FieldPlan, Option<Field>),
    ) -> u32 {
        let at = self.fields.iter().position(|field| field.number == plan.number);
        let old = at.map(|at| self.fields.remove(at));
        let differs = old != new;
        let mut touched = 0;
        if differs {
            let kinds = old.iter().chain(&new).map(|field| field.kind);
            touched = kinds.chain([plan.kind]).fold(0, |all, kind| all | 1 << kind.code());
            if plan.index {
                move_index(changes, keys, place, (old.as_ref(), new.as_ref()), plan.kind);
            }
        }
        let at = at.unwrap_or(self.fields.len());
        self.fields.splice(at..at, new);
        touched
    }

    /// Writes the row with its fields as they are now, as the next version. Gives that.
    pub(super) fn write_next(
        &self,
        changes: &mut Changes,
        keys: &TenantKeys,
        (collection, person): (CollectionId, &Person),
        nonce: [u8; 12],
    ) -> Result<u32, OpenError> {
        let version = self.version.checked_add(1).ok_or(KeyError::NoSuchVersion)?;
        self.write(&mut changes.rows, keys, (collection, person), (version, nonce))?;
        Ok(version)
    }

    /// Writes the row with its fields as they are now, as this version.
    pub(super) fn write(
        &self,
        rows: &mut Rows,
        keys: &TenantKeys,
        (collection, person): (CollectionId, &Person),
        (version, nonce): (u32, [u8; 12]),
    ) -> Result<(), OpenError> {
        let at = RowAddress { tenant: keys.tenant(), collection, record: person.record };
        rows.put_with(Table::Record, &at.key(), |out| {
            let versions = (self.schema, version);
            let mut writer = RowWriter::begin(out, keys, &person.secret, at, versions, nonce)?;
            for field in &self.fields {
                let clear = Clear {
                    kind: field.kind,
                    literal: field.literal,
                    value: &field.value,
                    spelling: field.spelling.as_ref().map(|s| s.as_str()),
                };
                writer.field(field.number, &clear)?;
            }
            writer.finish();
            Ok(())
        })
    }
}

/// Moves the index from one value of a field to the next. A value that does not fit its column's
/// type has no row there, as when it was sealed.
fn move_index(
    changes: &mut Changes,
    keys: &TenantKeys,
    (collection, person): (CollectionId, &Person),
    (old, new): (Option<&Field>, Option<&Field>),
    kind: FieldType,
) {
    let normal = |field: &Field| {
        let mut normal = Zeroizing::new(String::new());
        field.kind.normalize(&field.value, &mut normal).then_some((field.number, normal))
    };
    let new = new.filter(|field| field.kind == kind);
    let (old, new) = (old.and_then(normal), new.and_then(normal));
    if old == new {
        return;
    }
    if let Some((number, normal)) = old {
        // Under whichever key it stands: while the key rotates there are two.
        for tag in Tag::every(keys, collection, number, &normal) {
            changes.rows.delete(Table::Index, &tag.row(keys, person.record).0);
        }
    }
    if let Some((number, normal)) = new {
        let (key, check) = Tag::of(keys, collection, number, &normal).row(keys, person.record);
        changes.rows.put(Table::Index, &key, &check);
    }
}
