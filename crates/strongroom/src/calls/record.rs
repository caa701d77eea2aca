//! Find, update, and whether a password is right.

use strongroom_api::{Find, Found, FoundRecord, Update, Updated, Verdict, VerifyPassword};
use strongroom_core::access::update;
use strongroom_core::vault::verifier::Strength;
use zeroize::Zeroizing;

use super::{Asked, Perform, ledger};
use crate::problem::Problem;
use crate::vault::PasswordOf;

/// No password is longer, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// No value sought or put in is longer, in bytes.
pub const VALUE_BYTES_MAX: usize = 64 << 10;

impl Perform for Find {
    fn perform(self, asked: &Asked<'_>) -> Result<Found, Problem> {
        let Find { tenant, collection, field, value } = self;
        let value = within(value.into_inner(), VALUE_BYTES_MAX)?;
        let (vault, who) = (asked.vault, asked.who);
        let found = vault.find(who, &tenant, &collection, &field, value, asked.now_us)?;
        let (found, positions) = found;
        let record = |found: strongroom_core::access::find::Found| FoundRecord {
            record: found.record,
            tokens: found.tokens.into_iter().collect(),
        };
        let records = found.into_iter().map(record).collect();
        Ok(Found { records, ledger: ledger(&positions)? })
    }
}

impl Perform for Update {
    fn perform(self, asked: &Asked<'_>) -> Result<Updated, Problem> {
        let mut names: Vec<String> =
            self.fields.0.iter().map(|(name, _)| name.trim().to_lowercase()).collect();
        names.sort_unstable();
        if names.windows(2).any(|two| matches!(two, [one, other] if one == other)) {
            return Err(Problem::usage("a field is named twice", "name each field once"));
        }
        if names.is_empty() {
            return Err(Problem::usage("no field is named", "name the fields that change"));
        }
        let mut fields = Vec::with_capacity(names.len());
        for (name, value) in self.fields.0 {
            // An empty value takes away what stood there.
            let value = value.map_or_else(Zeroizing::default, strongroom_api::Secret::into_inner);
            fields.push((name, within(value, VALUE_BYTES_MAX)?));
        }
        let (collection, record) = (self.collection, self.record);
        let update = update::Update { tenant: None, collection, record, fields };
        let done = asked.vault.update(asked.who, &self.tenant, update, Strength::FULL)?;
        let (updated, positions) = done;
        Ok(Updated {
            record: updated.record,
            version: updated.version,
            tokens: updated.tokens.into_iter().collect(),
            unusual: updated.unusual,
            ledger: ledger(&positions)?,
        })
    }
}

impl Perform for VerifyPassword {
    fn perform(self, asked: &Asked<'_>) -> Result<Verdict, Problem> {
        let password = within(self.password.into_inner(), PASSWORD_BYTES_MAX)?;
        if password.is_empty() {
            return Err(Problem::usage("there is no password", "give the one to be tried"));
        }
        let of = PasswordOf {
            tenant: &self.tenant,
            collection: &self.collection,
            record: &self.record,
            column: self.field.as_deref(),
        };
        let tried = asked.vault.verify_password(asked.who, &of, password, asked.now_us)?;
        Ok(Verdict { right: tried.0, ledger: ledger(&tried.1)? })
    }
}

fn within(value: Zeroizing<String>, bytes_max: usize) -> Result<Zeroizing<String>, Problem> {
    if value.len() > bytes_max {
        let detail = format!("a value is longer than {bytes_max} bytes");
        return Err(Problem::usage(detail, "pass one value"));
    }
    Ok(value)
}
