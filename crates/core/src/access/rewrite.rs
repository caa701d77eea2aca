//! A row as it was opened, and the next version of it: same slot, same address, other fields.
//!
//! Whoever comes here has named the person in a durable entry. It decides nothing.

use zeroize::Zeroizing;

use super::person::Person;
use crate::field::FieldType;
use crate::id::{CollectionId, FieldNumber};
use crate::store::{Changes, Table};
use crate::vault::cell::{Clear, Opened};
use crate::vault::index::Tag;
use crate::vault::keys::{KeyError, TenantKeys};
use crate::vault::sealed::{OpenError, RowAddress, RowWriter, VerifiedRow};
use crate::vault::verifier::Verifier;

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

    /// Writes the row with its fields as they are now, as the next version. Gives that.
    pub(super) fn write_next(
        &self,
        changes: &mut Changes,
        keys: &TenantKeys,
        (collection, person): (CollectionId, &Person),
        nonce: [u8; 12],
    ) -> Result<u32, OpenError> {
        let version = self.version.checked_add(1).ok_or(KeyError::NoSuchVersion)?;
        let at = RowAddress { tenant: keys.tenant(), collection, record: person.record };
        changes.rows.put_with(Table::Record, &at.key(), |out| {
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
            Ok(version)
        })
    }
}

/// Moves the index from one value of a field to the next.
pub(super) fn move_index(
    changes: &mut Changes,
    keys: &TenantKeys,
    (collection, person): (CollectionId, &Person),
    (old, new): (Option<&Field>, Option<&Field>),
) {
    let tag = |field: &Field| {
        let mut normal = Zeroizing::new(String::new());
        let fits = field.kind.normalize(&field.value, &mut normal);
        fits.then(|| Tag::of(keys, collection, field.number, &normal).row(keys, person.record))
    };
    let (old, new) = (old.and_then(tag), new.and_then(tag));
    if old == new {
        return;
    }
    if let Some((key, _)) = old {
        changes.rows.delete(Table::Index, &key);
    }
    if let Some((key, check)) = new {
        changes.rows.put(Table::Index, &key, &check);
    }
}
