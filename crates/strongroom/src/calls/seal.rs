//! Records sealed one request at a time.

use strongroom_api::{Fields, RECORDS_MAX, SealRecords, SealedRecord, SealedRecords, Secret};
use strongroom_core::vault::verifier::Strength;

use super::{Asked, Perform, VALUE_BYTES_MAX, ledger};
use crate::problem::Problem;
use crate::vault::{RecordsRequest, Values};

impl Perform for SealRecords {
    fn perform(self, asked: &Asked<'_>) -> Result<SealedRecords, Problem> {
        if !(1..=RECORDS_MAX).contains(&self.records.len()) {
            let detail = format!("{} records in one request", self.records.len());
            let remedy = format!("send 1 to {RECORDS_MAX} at a time");
            return Err(Problem::usage(detail, remedy));
        }
        let records = self.records.into_iter().enumerate().map(|(at, record)| values(at, record));
        let request = RecordsRequest {
            tenant: self.tenant,
            collection: self.collection,
            records: records.collect::<Result<_, Problem>>()?,
            once: self.idempotency_key,
            strength: Strength::FULL,
            now_us: asked.now_us,
        };
        let sealed = asked.vault.seal_records(asked.who, &request)?;
        let record = |record: crate::vault::SealedRecord| SealedRecord {
            record: record.record,
            tokens: record.tokens.into_iter().collect(),
        };
        Ok(SealedRecords {
            records: sealed.records.into_iter().map(record).collect(),
            unusual: sealed.unusual,
            ledger: ledger(&sealed.positions)?,
        })
    }
}

fn values(at: usize, record: Fields) -> Result<Values, Problem> {
    let value = |(member, (name, value)): (usize, (String, Option<Secret>))| {
        let value = value.map(Secret::into_inner);
        if value.as_ref().is_some_and(|value| value.len() > VALUE_BYTES_MAX) {
            let member = member + 1;
            let detail =
                format!("records[{at}]: member {member} is longer than {VALUE_BYTES_MAX} bytes");
            return Err(Problem::usage(detail, "shorten it, or keep it as a file"));
        }
        Ok((name, value))
    };
    record.0.into_iter().enumerate().map(value).collect()
}
