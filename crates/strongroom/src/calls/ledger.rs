//! What is asked of the ledger.

use strongroom_api as api;

use super::{Asked, Perform, place, time};
use crate::problem::Problem;
use crate::vault::{Remains, Statement, WhoEntry};

impl Perform for api::WhoSaw {
    fn perform(self, asked: &Asked<'_>) -> Result<api::WhoSawAnswer, Problem> {
        let collection = self.collection.as_deref();
        let entries = asked.vault.who(asked.who, &self.tenant, &self.record, collection)?;
        Ok(api::WhoSawAnswer { entries: entries.into_iter().map(entry).collect() })
    }
}

fn entry(found: WhoEntry) -> api::Entry {
    api::Entry {
        log: found.log.to_string(),
        index: found.index,
        time: time(found.time_us),
        act: found.act.to_owned(),
        phase: found.phase.to_owned(),
        actor: found.actor,
        purpose: found.purpose,
        form: found.form.map(str::to_owned),
        fields: found.fields,
    }
}

impl Perform for api::WhatBecame {
    fn perform(self, asked: &Asked<'_>) -> Result<api::ErasureStatement, Problem> {
        let found = asked.vault.erasure(asked.who, &self.tenant, &self.record)?;
        Ok(statement(self.record, found))
    }
}

fn statement(record: String, found: Statement) -> api::ErasureStatement {
    let copy = |remains: &Remains| api::Copy {
        what: remains.what.to_owned(),
        until: remains.until_us.map_or(remains.until.to_owned(), time),
    };
    api::ErasureStatement {
        record,
        state: if found.due_us.is_some() { "pending" } else { "gone" }.to_owned(),
        stated: time(found.stated_us),
        ledger: place(&found.position),
        due: found.due_us.map(time),
        overwritten: found.shredded_us.map(time),
        turned: found.turned_us.map(time),
        destroy: found.destroy.to_owned(),
        gone: found.gone.iter().map(|what| (*what).to_owned()).collect(),
        copies: found.copies.iter().map(copy).collect(),
        reason: found.reason,
        actor: found.actor,
    }
}

impl Perform for api::LedgerKeys {
    fn perform(self, asked: &Asked<'_>) -> Result<api::LogKeys, Problem> {
        Ok(api::LogKeys { keys: asked.vault.ledger_keys(asked.who)? })
    }
}
