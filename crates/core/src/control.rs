//! Control state: tenants, principals, collections, wrapped keys, as authenticated rows.
//!
//! Each row ends in a MAC under the install's control key over its key and body, so that whoever
//! can write the data folder alone cannot add a principal or change one. The digest of all rows is
//! kept in custody, so that an older row put back is noticed at the next start.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::erasure::{Erasing, Leaving};
use crate::field::FieldType;
use crate::id::{CollectionId, FieldNumber, Name, PrincipalId, TenantId};
use crate::principal::PrincipalRow;
use crate::schema::{Schema, Treatment, is_same_header};
use crate::vault::keys::{ControlKey, Job, StoreKey};

const MAC_BYTES: usize = 32;

/// A control row that is not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a {0} row of the control table is not authentic")]
pub struct NotAuthentic(pub &'static str);

/// Why a schema cannot be the next one of a collection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvolveError {
    /// The tenant's 65,535 field numbers, or the collection's versions, are used up.
    #[error("the tenant has used up its 65,535 field numbers")]
    Numbers,
    /// Records are known by the same column for as long as the collection lives.
    #[error("{}", key_stays(.was.as_deref()))]
    Key {
        /// The column that was the key, if one was.
        was: Option<String>,
    },
    /// A field that has values cannot become indexed, or cease to be.
    #[error("the index of the sealed column `{column}` was and stays {index}")]
    Index {
        /// The column.
        column: String,
        /// Whether it is indexed.
        index: bool,
    },
}

fn key_stays(was: Option<&str>) -> String {
    match was {
        Some(column) => format!("the records of the collection are known by `{column}`"),
        None => "the records of the collection were sealed without a key".to_owned(),
    }
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantRow {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: Name,
}

/// A sealed column of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldRow {
    /// The column's header as written.
    pub column: String,
    /// Its number, unique within the tenant.
    pub number: FieldNumber,
    /// Every type that a schema ever gave it, in the order in which they came. Values sealed under
    /// an earlier one are still there, so an entry about the field names all of them.
    pub kinds: Vec<FieldType>,
    /// Whether the equality index holds its values: all of them or none, for as long as it lives.
    pub index: bool,
}

impl FieldRow {
    /// Whether a header names this field: without regard to case and surrounding white space, as
    /// a schema's columns are named.
    fn is(&self, header: &str) -> bool {
        is_same_header(&self.column, header)
    }
}

/// A collection with every version of its schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionRow {
    /// The tenant.
    pub tenant: TenantId,
    /// Its id.
    pub id: CollectionId,
    /// Its name.
    pub name: Name,
    /// Version of the newest schema, from 1.
    pub version: u32,
    /// The newest schema, as TOML.
    pub schema: String,
    /// Every field there ever was.
    pub fields: Vec<FieldRow>,
    /// The field that holds the keys of its records, where they have keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<FieldNumber>,
}

impl CollectionRow {
    /// The field of `column`, whatever the case and the white space around it.
    #[must_use]
    pub fn field(&self, column: &str) -> Option<&FieldRow> {
        self.fields.iter().find(|f| f.is(column))
    }

    /// Whether a field holds the keys of its records.
    #[must_use]
    pub fn is_key(&self, field: FieldNumber) -> bool {
        self.key == Some(field)
    }

    /// The field that holds the keys of its records.
    #[must_use]
    pub fn key_field(&self) -> Option<&FieldRow> {
        self.fields.iter().find(|f| self.is_key(f.number))
    }
}

/// Key of a tenant's row.
#[must_use]
pub fn tenant_key(id: TenantId) -> Vec<u8> {
    [b"t".as_slice(), &id.0].concat()
}

/// Key of a principal's row.
#[must_use]
pub fn principal_key(id: PrincipalId) -> Vec<u8> {
    [b"p".as_slice(), &id.0].concat()
}

/// Key of a collection's row.
#[must_use]
pub fn collection_key(tenant: TenantId, id: CollectionId) -> Vec<u8> {
    [b"c".as_slice(), &tenant.0, &id.0.to_be_bytes()].concat()
}

/// Key of a wrapped key's row; no tenant for the install's own.
#[must_use]
pub fn wrapped_key(tenant: Option<TenantId>, job: Job, version: u16) -> Vec<u8> {
    let tenant = tenant.map_or([0; 16], |t| t.0);
    [b"k".as_slice(), &tenant, &[job as u8], &version.to_be_bytes()].concat()
}

/// Whose key of which job and version a wrapped key's row is.
#[must_use]
pub fn read_wrapped_key(key: &[u8]) -> Option<(Option<TenantId>, Job, u16)> {
    let key: &[u8; 20] = key.try_into().ok()?;
    let (tenant, rest) = key.strip_prefix(b"k")?.split_first_chunk::<16>()?;
    let (job, version) = rest.split_first()?;
    let tenant = (*tenant != [0; 16]).then_some(TenantId(*tenant));
    Some((tenant, Job::of_code(*job)?, u16::from_be_bytes(version.try_into().ok()?)))
}

/// Puts the MAC behind a row's body. `table` keeps rows of two tables apart.
#[must_use]
pub fn protect(control: &ControlKey, table: &str, key: &[u8], body: &[u8]) -> Vec<u8> {
    let tag = control.mac("strongroom/control", &[table.as_bytes(), key, body]);
    [body, &tag].concat()
}

/// Checks a row and gives its body.
#[must_use]
pub fn open<'v>(
    control: &ControlKey,
    table: &str,
    key: &[u8],
    value: &'v [u8],
) -> Option<&'v [u8]> {
    let (body, tag) = value.split_at_checked(value.len().checked_sub(MAC_BYTES)?)?;
    control.verify("strongroom/control", &[table.as_bytes(), key, body], tag).then_some(body)
}

/// The control state in memory.
///
/// INVARIANT: whatever is in it came in by [`Registry::load`], and so was authentic. Who somebody
/// is, and whose a field is, is asked here and not of a row that the caller brings along.
#[derive(Default)]
pub struct Registry {
    tenants: BTreeMap<TenantId, TenantRow>,
    principals: BTreeMap<PrincipalId, PrincipalRow>,
    collections: BTreeMap<(TenantId, CollectionId), CollectionRow>,
    /// Wrapped keys, by tenant, job and version.
    wrapped: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Records on their way out.
    leaving: Leaving,
}

impl Registry {
    /// Takes in one row.
    ///
    /// # Errors
    /// [`NotAuthentic`] when the MAC does not fit or the body is not of its kind.
    pub fn load(
        &mut self,
        control: &ControlKey,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), NotAuthentic> {
        let (kind, _) = key.split_first().ok_or(NotAuthentic("nameless"))?;
        let what = match kind {
            b't' => "tenant",
            b'p' => "principal",
            b'c' => "collection",
            b'k' => "key",
            _ => "foreign",
        };
        let bad = NotAuthentic(what);
        let body = open(control, "control", key, value).ok_or(bad)?;
        match kind {
            b't' => {
                let row: TenantRow = serde_json::from_slice(body).map_err(|_| bad)?;
                self.tenants.insert(row.id, row);
            }
            b'p' => {
                let row: PrincipalRow = serde_json::from_slice(body).map_err(|_| bad)?;
                self.principals.insert(row.id, row);
            }
            b'c' => {
                let row: CollectionRow = serde_json::from_slice(body).map_err(|_| bad)?;
                self.collections.insert((row.tenant, row.id), row);
            }
            b'k' => {
                self.wrapped.insert(key.to_vec(), body.to_vec());
            }
            _ => return Err(bad),
        }
        Ok(())
    }

    /// Takes in the row of an erasure that waits, which a store made.
    ///
    /// # Errors
    /// [`NotAuthentic`] when this install's store did not.
    pub fn load_erasing(
        &mut self,
        store: &StoreKey,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), NotAuthentic> {
        self.leaving.insert(Erasing::read(store, key, value)?);
        Ok(())
    }

    /// The records on their way out.
    #[must_use]
    pub fn leaving(&self) -> &Leaving {
        &self.leaving
    }

    /// The same, to forget one whose slot was overwritten, or that was taken back.
    pub fn leaving_mut(&mut self) -> &mut Leaving {
        &mut self.leaving
    }

    /// Lets go of a wrapped key whose row was taken away.
    pub fn forget_wrapped(&mut self, key: &[u8]) {
        self.wrapped.remove(key);
    }

    /// A tenant by name or id.
    #[must_use]
    pub fn tenant(&self, name_or_id: &str) -> Option<&TenantRow> {
        if let Ok(id) = TenantId::parse(name_or_id) {
            return self.tenants.get(&id);
        }
        let name = Name::parse(name_or_id).ok()?;
        self.tenants.values().find(|t| t.name == name)
    }

    /// Every tenant, in the order of their ids.
    pub fn tenants(&self) -> impl ExactSizeIterator<Item = &TenantRow> {
        self.tenants.values()
    }

    /// A tenant by id.
    #[must_use]
    pub fn tenant_of(&self, id: TenantId) -> Option<&TenantRow> {
        self.tenants.get(&id)
    }

    /// Every principal, in the order of their ids.
    pub fn principals(&self) -> impl ExactSizeIterator<Item = &PrincipalRow> {
        self.principals.values()
    }

    /// A principal by id.
    #[must_use]
    pub fn principal_of(&self, id: PrincipalId) -> Option<&PrincipalRow> {
        self.principals.get(&id)
    }

    /// Every collection of every tenant.
    pub fn collections(&self) -> impl ExactSizeIterator<Item = &CollectionRow> {
        self.collections.values()
    }

    /// Every wrapped key: the key of its row, and the row's body.
    pub fn wrapped_rows(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.wrapped.iter().map(|(key, wrapped)| (key.as_slice(), wrapped.as_slice()))
    }

    /// The wrapped keys of a job, the newest version last.
    pub fn wrapped(
        &self,
        tenant: Option<TenantId>,
        job: Job,
    ) -> impl Iterator<Item = (u16, &[u8])> {
        let all = wrapped_key(tenant, job, 0)..=wrapped_key(tenant, job, u16::MAX);
        self.wrapped.range(all).map(|(key, wrapped)| {
            let version = key.last_chunk().map_or(0, |v| u16::from_be_bytes(*v));
            (version, wrapped.as_slice())
        })
    }

    /// A principal by name.
    #[must_use]
    pub fn principal(&self, name: &Name) -> Option<&PrincipalRow> {
        self.principals.values().find(|p| p.name == *name)
    }

    /// A collection of a tenant by name.
    #[must_use]
    pub fn collection(&self, tenant: TenantId, name: &Name) -> Option<&CollectionRow> {
        self.collections.values().find(|c| c.tenant == tenant && c.name == *name)
    }

    /// The collection and column of a tenant's field.
    #[must_use]
    pub fn field(
        &self,
        tenant: TenantId,
        number: FieldNumber,
    ) -> Option<(&CollectionRow, &FieldRow)> {
        self.collections
            .values()
            .filter(|c| c.tenant == tenant)
            .find_map(|c| c.fields.iter().find(|f| f.number == number).map(|field| (c, field)))
    }

    /// The collection's next version under `schema`: a column that was a field before keeps its
    /// number, so that its tokens stay good.
    ///
    /// # Errors
    /// [`EvolveError`]; nothing is changed.
    pub fn evolve(
        &self,
        tenant: TenantId,
        id: CollectionId,
        name: &Name,
        schema: &Schema,
    ) -> Result<CollectionRow, EvolveError> {
        let old = self.collections.get(&(tenant, id));
        let was = old.map(|c| c.key_field().map(|f| f.column.clone()));
        let key = schema.key().map(|c| c.name.as_str());
        let stays = |was: &Option<String>| match (was, key) {
            (Some(was), Some(key)) => is_same_header(was, key),
            (was, key) => was.is_none() && key.is_none(),
        };
        if let Some(was) = was.filter(|was| !stays(was)) {
            return Err(EvolveError::Key { was });
        }
        let mut fields = old.map(|c| c.fields.clone()).unwrap_or_default();
        let all = self.collections.values().filter(|c| c.tenant == tenant);
        let mut last = all.flat_map(|c| &c.fields).map(|f| f.number.0).max().unwrap_or(0);
        for column in &schema.columns {
            let (kind, index) = match column.treatment {
                Treatment::Seal { kind, index } => (kind, index),
                Treatment::Verify => (FieldType::Password, false),
                Treatment::Key { .. } => (FieldType::Text, true),
                Treatment::Drop { .. } | Treatment::Clear { .. } => continue,
            };
            if let Some(known) = fields.iter_mut().find(|f| f.is(&column.name)) {
                // A find over an index that holds some of the values would answer wrongly.
                if known.index != index {
                    let (column, index) = (known.column.clone(), known.index);
                    return Err(EvolveError::Index { column, index });
                }
                if !known.kinds.contains(&kind) {
                    known.kinds.push(kind);
                }
                continue;
            }
            last = last.checked_add(1).ok_or(EvolveError::Numbers)?;
            let (column, number) = (column.name.clone(), FieldNumber(last));
            fields.push(FieldRow { column, number, kinds: vec![kind], index });
        }
        let version = old.map_or(0, |c| c.version).checked_add(1).ok_or(EvolveError::Numbers)?;
        let key = key.and_then(|name| fields.iter().find(|f| f.is(name))).map(|f| f.number);
        Ok(CollectionRow {
            tenant,
            id,
            name: name.clone(),
            version,
            schema: schema.to_toml(),
            fields,
            key,
        })
    }
}

// The uppermost bit of a kind byte is not a type's.
const _: () = assert!(FieldType::CODES <= 0x80);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_keeps_its_number_and_every_type_it_had() {
        let mut registry = Registry::default();
        let (tenant, id) = (TenantId([1; 16]), CollectionId(1));
        let name = Name::parse("people").unwrap();
        let mut set = |toml: &str| {
            let schema = Schema::from_toml(toml).unwrap();
            let row = registry.evolve(tenant, id, &name, &schema).unwrap();
            registry.collections.insert((tenant, id), row.clone());
            row.fields.iter().map(|f| (f.number.0, f.kinds.clone())).collect::<Vec<_>>()
        };
        let sealed = |column: &str, kind: &str| {
            format!("[[column]]\nname = \"{column}\"\ntype = \"{kind}\"\nindex = true\n")
        };
        let open = "[[column]]\nname = \"tax no\"\nclear = \"closed\"\n";
        assert_eq!(set(&sealed("Tax No", "ssn")), [(1, vec![FieldType::Ssn])]);
        let both = vec![FieldType::Ssn, FieldType::Text];
        assert_eq!(set(&sealed("tax no", "text")), [(1, both.clone())]);
        assert_eq!(set(open), [(1, both.clone())]);
        assert_eq!(set(&sealed(" tax no", "ssn")), [(1, both.clone())]);
        assert_eq!(set(&sealed("other", "name")), [(1, both), (2, vec![FieldType::Name])]);
    }
}
