//! Tenants, principals, schemas.

use std::sync::PoisonError;

use sha2::{Digest as _, Sha256};
use strongroom_core::access::admin::{
    AddPrincipal, AddTenant, ReadPrincipals, ReadSchema, ReadTenant, ReadTenants, RevokePrincipal,
    SetSchema,
};
use strongroom_core::control::{
    CollectionRow, TenantRow, collection_key, principal_key, tenant_key,
};
use strongroom_core::id::{CollectionId, Name, PrincipalId, TenantId};
use strongroom_core::ledger::Hash;
use strongroom_core::limits::Limits;
use strongroom_core::principal::{Credential, Kind, Principal, PrincipalRow, Scope};
use strongroom_core::schema::Schema;
use strongroom_core::source::draw;
use strongroom_core::store::Changes;
use strongroom_core::vault::keys::Job;
use zeroize::Zeroizing;

use super::Vault;
use crate::problem::Problem;

/// The keys that a tenant is made with.
pub(super) const TENANT_JOBS: [Job; 6] =
    [Job::Seal, Job::Token, Job::Pseudonym, Job::Index, Job::Log, Job::Pepper];

/// A principal with a new credential, which is shown once.
pub struct NewPrincipal {
    /// The principal.
    pub row: PrincipalRow,
    /// Its credential.
    pub credential: Zeroizing<String>,
}

impl Vault {
    /// Adds a tenant with its own keys and its own log.
    ///
    /// # Errors
    /// A [`Problem`]: refused, a name in use, the store.
    pub fn add_tenant(&self, who: &Principal, name: &str) -> Result<TenantRow, Problem> {
        let _one = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        let id = TenantId(draw(&*self.random)?);
        let authorized = self.authorize(who, AddTenant(Some(id)))?;
        let name = parse_name(name)?;
        if self.read().registry.tenant(name.as_str()).is_some() {
            return Err(in_use("tenant", &name));
        }
        let row = TenantRow { id, name };
        let mut changes = Changes::default();
        for job in TENANT_JOBS {
            self.put_key(&mut changes, Some(id), job)?;
        }
        self.put_control(&mut changes, &tenant_key(id), &json(&row)?);
        let keys = changes.rows.iter().map(|(_, key, _)| key.to_vec()).collect::<Vec<_>>();
        self.commit_control(authorized.record(changes), &keys)?;
        Ok(row)
    }

    /// Every tenant.
    ///
    /// # Errors
    /// A [`Problem`] when refused.
    pub fn tenants(&self, who: &Principal) -> Result<Vec<TenantRow>, Problem> {
        self.authorize(who, ReadTenants)?;
        Ok(self.read().registry.tenants().cloned().collect())
    }

    /// One tenant.
    ///
    /// # Errors
    /// A [`Problem`] when refused.
    pub fn show_tenant(&self, who: &Principal, tenant: &str) -> Result<TenantRow, Problem> {
        let id = self.tenant(tenant);
        let authorized = self.authorize(who, ReadTenant { tenant: id })?;
        let found = id.and_then(|id| self.read().registry.tenant_of(id).cloned());
        found.ok_or_else(|| self.missed(authorized))
    }

    /// Adds a service or an operator of one tenant.
    ///
    /// # Errors
    /// A [`Problem`]: refused, a name in use, no such tenant.
    pub fn add_principal(
        &self,
        who: &Principal,
        name: &str,
        kind: Kind,
        tenant: &str,
        limits: Limits,
    ) -> Result<NewPrincipal, Problem> {
        let _one = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        let id = PrincipalId(draw(&*self.random)?);
        let tenant = self.tenant(tenant);
        let authorized = self.authorize(who, AddPrincipal { id, kind, tenant })?;
        let name = parse_name(name)?;
        let Some(tenant) = tenant else { return Err(self.missed(authorized)) };
        if self.read().registry.principal(&name).is_some() {
            return Err(in_use("principal", &name));
        }
        let credential = Credential::generate(id, &*self.random)?;
        let row = PrincipalRow {
            id,
            name,
            kind,
            scope: Scope::Tenants(vec![tenant]),
            epoch: 0,
            revoked: false,
            credential: credential.hash(&self.control),
            former: None,
            limits,
        };
        let mut changes = Changes::default();
        let key = principal_key(id);
        self.put_control(&mut changes, &key, &json(&row)?);
        self.commit_control(authorized.record(changes), &[key])?;
        Ok(NewPrincipal { row, credential: credential.disclose() })
    }

    /// Every principal.
    ///
    /// # Errors
    /// A [`Problem`] when refused.
    pub fn principals(&self, who: &Principal) -> Result<Vec<PrincipalRow>, Problem> {
        self.authorize(who, ReadPrincipals)?;
        Ok(self.read().registry.principals().cloned().collect())
    }

    /// Revokes a principal: its credential is dead from the next request on. Revoking again
    /// changes nothing.
    ///
    /// # Errors
    /// A [`Problem`]: refused, no such principal, the last local operator.
    pub fn revoke_principal(&self, who: &Principal, name: &str) -> Result<PrincipalRow, Problem> {
        let _one = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        let found = Name::parse(name).ok();
        let found = found.and_then(|n| self.read().registry.principal(&n).cloned());
        let id = found.as_ref().map(|p| p.id);
        let authorized = self.authorize(who, RevokePrincipal(id))?;
        let Some(mut row) = found else { return Err(self.missed(authorized)) };
        if row.revoked {
            return Ok(row);
        }
        let local = |p: &&PrincipalRow| p.scope == Scope::Install && !p.revoked;
        let left = self.read().registry.principals().filter(local).count();
        if local(&&row) && left < 2 {
            let detail = "this is the last local operator: nobody could administer the install";
            return Err(Problem::usage(
                detail,
                "keep it; if others had its credential, `strongroom principal renew` replaces that",
            ));
        }
        row.revoked = true;
        row.former = None;
        row.epoch += 1;
        let mut changes = Changes::default();
        let key = principal_key(row.id);
        self.put_control(&mut changes, &key, &json(&row)?);
        self.commit_control(authorized.record(changes), &[key])?;
        Ok(row)
    }

    /// A collection's newest schema and its version.
    ///
    /// # Errors
    /// A [`Problem`]: refused, no such collection.
    pub fn schema(
        &self,
        who: &Principal,
        tenant: &str,
        collection: &str,
    ) -> Result<(u32, Schema), Problem> {
        let id = self.tenant(tenant);
        let authorized = self.authorize(who, ReadSchema { tenant: id })?;
        let row = self.collection(id, collection).ok_or_else(|| self.missed(authorized))?;
        Ok((row.version, stored_schema(&row)?))
    }

    /// Sets a collection's schema; makes the collection if need be. The same schema again changes
    /// nothing.
    ///
    /// # Errors
    /// A [`Problem`]: refused, a bad name, field numbers used up.
    pub fn set_schema(
        &self,
        who: &Principal,
        tenant: &str,
        collection: &str,
        schema: &Schema,
    ) -> Result<CollectionRow, Problem> {
        let _one = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        let tenant = self.tenant(tenant);
        let old = self.collection(tenant, collection);
        let id = match &old {
            Some(row) => row.id,
            None => CollectionId(u32::from_be_bytes(draw(&*self.random)?)),
        };
        let digest = digest(schema);
        let authorized = self.authorize(who, SetSchema { tenant, collection: id, digest })?;
        let name = parse_name(collection)?;
        let tenant = tenant.ok_or_else(Problem::not_found)?;
        if let Some(old) = old.filter(|o| o.schema == schema.to_toml()) {
            return Ok(old);
        }
        let row = self.read().registry.evolve(tenant, id, &name, schema)?;
        let mut changes = Changes::default();
        let key = collection_key(tenant, id);
        self.put_control(&mut changes, &key, &json(&row)?);
        self.commit_control(authorized.record(changes), &[key])?;
        Ok(row)
    }

    pub(super) fn collection(
        &self,
        tenant: Option<TenantId>,
        collection: &str,
    ) -> Option<CollectionRow> {
        let name = Name::parse(collection).ok()?;
        self.read().registry.collection(tenant?, &name).cloned()
    }
}

/// SHA-256 of a schema as TOML.
#[must_use]
pub fn digest(schema: &Schema) -> Hash {
    Hash(Sha256::digest(schema.to_toml()).into())
}

/// The schema kept in a collection's row.
pub(super) fn stored_schema(row: &CollectionRow) -> Result<Schema, Problem> {
    Schema::from_toml(&row.schema).map_err(|_| Problem::internal("a stored schema is not readable"))
}

fn parse_name(text: &str) -> Result<Name, Problem> {
    Name::parse(text).map_err(|e| Problem::usage(e.to_string(), "choose another name"))
}

fn in_use(what: &str, name: &Name) -> Problem {
    Problem::usage(format!("there is a {what} named `{name}` already"), "choose another name")
}

pub(super) fn json(row: &impl serde::Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(row).map_err(|_| Problem::internal("a control row could not be written"))
}
