//! Tenants, principals, schemas.

use std::time::{Duration, UNIX_EPOCH};

use strongroom_api as api;
use strongroom_core::control::TenantRow;
use strongroom_core::principal::{Kind, PrincipalRow, Scope};
use strongroom_core::schema::Schema;

use super::limits::{limits, overlap};
use super::{Asked, Perform, time};
use crate::problem::Problem;
use crate::vault::{NewPrincipal, Renewal, Vault, digest};

impl Perform for api::AddTenant {
    fn perform(self, asked: &Asked<'_>) -> Result<api::TenantAnswer, Problem> {
        let row = asked.vault.add_tenant(asked.who, &self.name)?;
        Ok(api::TenantAnswer { tenant: tenant(&row) })
    }
}

impl Perform for api::ListTenants {
    fn perform(self, asked: &Asked<'_>) -> Result<api::Tenants, Problem> {
        let rows = asked.vault.tenants(asked.who)?;
        Ok(api::Tenants { tenants: rows.iter().map(tenant).collect() })
    }
}

impl Perform for api::ShowTenant {
    fn perform(self, asked: &Asked<'_>) -> Result<api::TenantAnswer, Problem> {
        let row = asked.vault.show_tenant(asked.who, &self.tenant)?;
        Ok(api::TenantAnswer { tenant: tenant(&row) })
    }
}

impl Perform for api::AddPrincipal {
    fn perform(self, asked: &Asked<'_>) -> Result<api::Credential, Problem> {
        let kind = match self.kind {
            api::PrincipalKind::Service => Kind::Service,
            api::PrincipalKind::Operator => Kind::Operator,
        };
        let limits = limits(&self, kind, asked.now_us)?;
        let new = asked.vault.add_principal(asked.who, &self.name, kind, &self.tenant, limits)?;
        Ok(credential(asked, new))
    }
}

impl Perform for api::ListPrincipals {
    fn perform(self, asked: &Asked<'_>) -> Result<api::Principals, Problem> {
        let rows = asked.vault.principals(asked.who)?;
        let told = rows.iter().map(|row| principal(asked.vault, row, asked.now_us));
        Ok(api::Principals { principals: told.collect() })
    }
}

impl Perform for api::RenewPrincipal {
    fn perform(self, asked: &Asked<'_>) -> Result<api::Credential, Problem> {
        let overlap_us = overlap(self.overlap.as_deref())?;
        let renewal = Renewal { name: &self.principal, overlap_us, now_us: asked.now_us };
        let new = asked.vault.renew_principal(asked.who, &renewal, &|_| Ok(()))?;
        Ok(credential(asked, new))
    }
}

impl Perform for api::RevokePrincipal {
    fn perform(self, asked: &Asked<'_>) -> Result<api::PrincipalAnswer, Problem> {
        let row = asked.vault.revoke_principal(asked.who, &self.principal)?;
        Ok(api::PrincipalAnswer { principal: principal(asked.vault, &row, asked.now_us) })
    }
}

impl Perform for api::ShowSchema {
    fn perform(self, asked: &Asked<'_>) -> Result<api::SchemaAnswer, Problem> {
        let found = asked.vault.schema(asked.who, &self.tenant, &self.collection)?;
        let (version, schema) = found;
        let (sha256, toml) = (digest(&schema).to_hex(), schema.to_toml());
        Ok(api::SchemaAnswer { version, sha256, toml, schema: schema.to_json() })
    }
}

impl Perform for api::SetSchema {
    fn perform(self, asked: &Asked<'_>) -> Result<api::SchemaSet, Problem> {
        let schema = Schema::from_toml(&self.toml).map_err(|e| {
            let remedy = "correct it; `strongroom schema propose FILE` shows the form";
            Problem::usage(format!("the schema: {e}"), remedy)
        })?;
        let (tenant, collection) = (&self.tenant, &self.collection);
        let row = asked.vault.set_schema(asked.who, tenant, collection, &schema)?;
        Ok(api::SchemaSet {
            collection: row.name.to_string(),
            version: row.version,
            fields: row.fields.len(),
        })
    }
}

fn tenant(row: &TenantRow) -> api::Tenant {
    api::Tenant { id: row.id.to_string(), name: row.name.to_string() }
}

/// A principal, in the words of the API.
#[must_use]
pub fn principal(vault: &Vault, row: &PrincipalRow, now_us: u64) -> api::Principal {
    let limits = &row.limits;
    let former = row.former.as_ref().filter(|former| former.until_us > now_us);
    let seconds = |s| UNIX_EPOCH + Duration::from_secs(s);
    let last = vault.last_used_s(row.id).map(seconds);
    api::Principal {
        id: row.id.to_string(),
        name: row.name.to_string(),
        kind: match row.kind {
            Kind::Service => api::PrincipalKind::Service,
            Kind::Operator => api::PrincipalKind::Operator,
        },
        tenants: match &row.scope {
            Scope::Install => vec!["*".to_owned()],
            Scope::Tenants(list) => list.iter().map(ToString::to_string).collect(),
        },
        revoked: row.revoked,
        expires: limits.expires_us.map(time),
        networks: limits.networks.iter().map(|net| String::from(*net)).collect(),
        purposes: limits.purposes.iter().map(|purpose| purpose.name().to_owned()).collect(),
        acts: limits.acts.iter().map(ToString::to_string).collect(),
        overlap_until: former.map(|former| time(former.until_us)),
        last_used: last.map(|at| humantime::format_rfc3339_seconds(at).to_string()),
    }
}

fn credential(asked: &Asked<'_>, new: NewPrincipal) -> api::Credential {
    let principal = principal(asked.vault, &new.row, asked.now_us);
    api::Credential { principal, credential: api::Secret::new(new.credential) }
}
