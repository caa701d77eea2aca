//! Erasure.

use strongroom_api::{CancelErase, CarriedOut, CarryOut, Erase, Erased, ErasedRecord, Kept};
use strongroom_core::erasure::Reason;
use strongroom_core::principal::Arrival;

use super::{Asked, Perform, ledger, place, time};
use crate::problem::Problem;
use crate::vault::{self, EraseRequest};

impl Perform for Erase {
    fn perform(self, asked: &Asked<'_>) -> Result<Erased, Problem> {
        let reason = Reason::parse(&self.reason).ok_or_else(|| {
            let names: Vec<&str> = Reason::ALL.iter().map(|r| r.name()).collect();
            let detail = "there is no such reason";
            Problem::usage(detail, format!("use one of: {}", names.join(", ")))
        })?;
        let second = self.second.as_ref();
        let (now_us, address) = (asked.now_us, asked.who.address());
        let arrival = Arrival { now_us, address, development: false };
        let second = second.map(|text| asked.vault.authenticate(text.disclose(), arrival));
        let second = second.transpose()?;
        let request = EraseRequest {
            tenant: &self.tenant,
            collection: &self.collection,
            records: self.records,
            reason,
            now: self.now,
        };
        let erased = asked.vault.erase(asked.who, second.as_ref(), request, asked.now_us)?;
        Ok(Erased { erased: erased.into_iter().map(told).collect() })
    }
}

fn told(erased: vault::ErasedRecord) -> ErasedRecord {
    let slot = match erased.due_us {
        Some(due_us) => format!("pending until {}", time(due_us)),
        None => "gone".to_owned(),
    };
    ErasedRecord { record: erased.record, ledger: place(&erased.position), slot }
}

impl Perform for CancelErase {
    fn perform(self, asked: &Asked<'_>) -> Result<Kept, Problem> {
        let of = (self.tenant.as_str(), self.collection.as_str(), self.record.as_str());
        let positions = asked.vault.cancel_erase(asked.who, of, asked.now_us)?;
        Ok(Kept { ledger: ledger(&positions)?, slot: "live".to_owned(), record: self.record })
    }
}

impl Perform for CarryOut {
    fn perform(self, asked: &Asked<'_>) -> Result<CarriedOut, Problem> {
        asked.vault.carry_out(asked.who, asked.now_us)?;
        let (pending, next_us) = asked.vault.leaving();
        Ok(CarriedOut { pending, next: next_us.map(time) })
    }
}
