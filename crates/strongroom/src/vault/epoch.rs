//! The epoch: turned on a schedule, so that no older copy of the slots outlives it for long.

use serde::Serialize;
use strongroom_core::access::bounds::{EPOCH_US, EpochCount};
use strongroom_core::access::epoch::{ReadEpoch, TurnEpoch, Turning};
use strongroom_core::id::{RecordNumber, TenantId};
use strongroom_core::ledger::entry::Phase;
use strongroom_core::ledger::{Entry, LogId};
use strongroom_core::principal::Principal;
use strongroom_core::store::{Changes, LayError, NextEpoch, Table};
use strongroom_core::vault::epoch::{Carried, Carrier, Owners};
use strongroom_core::vault::keys::{Job, KeyPlace, WrappingKey};
use strongroom_core::vault::slot::{EpochKey, Slot, SlotAddress};

use super::Vault;
use super::ledger::has;
use super::room::Bulk;
use super::seal::BatchRow;
use super::strengthen::BATCH_KEY_BYTES;
use crate::custody::{DESTROY, draw_epoch};
use crate::problem::Problem;

/// A turn that took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Turned {
    /// The epoch that began.
    pub epoch: u32,
    /// The one whose key is destroyed.
    pub destroyed: u32,
    /// What custody can show of that.
    pub destroy: &'static str,
    /// Live records.
    pub live: u64,
    /// Tombstones.
    pub erased: u64,
}

/// The state of the epoch.
pub struct EpochState {
    /// Its number.
    pub number: u32,
    /// Its counts.
    pub count: EpochCount,
    /// When it is to be turned.
    pub due_us: u64,
    /// Records that are leaving.
    pub pending: u64,
}

impl Vault {
    /// Turns the epoch. The vault is used up: the next opening stands on the new one.
    ///
    /// # Errors
    /// A [`Problem`]: refused, a second person is needed, a slot is damaged, no room. The old
    /// epoch goes on then, unless the store failed behind the entry: the next opening says which
    /// of the two it is, and finishes it.
    pub fn turn_epoch(
        self,
        who: &Principal,
        second: Option<&Principal>,
        now_us: u64,
    ) -> Result<Turned, Problem> {
        let ended = self.keys.epoch.number();
        let next = ended.checked_add(1).ok_or_else(|| Problem::internal("epochs are used up"))?;
        let due = self.epoch_due_us()? <= now_us;
        let authorized = self.authorize(who, TurnEpoch { next, due })?;
        let agreed = self.bounded(now_us, |bounds| authorized.agree(bounds, second));
        let turning = agreed.map_err(|stop| self.stopped(stop))?;
        self.shred_due(now_us)?;
        self.hold_erased()?;
        let Carried { live, erased } = self.lay_and_turn(turning, next, now_us)?;
        Ok(Turned { epoch: next, destroyed: ended, destroy: DESTROY, live, erased })
    }

    fn lay_and_turn(&self, turning: Turning, next: u32, now_us: u64) -> Result<Carried, Problem> {
        self.room_for(Bulk::Slots)?;
        let (key, file) = draw_epoch(&self.keys.root, self.install, next, &*self.random)?;
        let (to, wrap) = (EpochKey::new(next, &key)?, WrappingKey::new(&key, "strongroom/epoch")?);
        let owners = self.owners()?;
        let (install, from) = (self.install, &self.keys.epoch);
        let carrier = Carrier { install, from, to: &to, owners: &owners };
        let next = NextEpoch { number: next, key_file: &file, carrier: &carrier };
        let carried = self.store.lay_epoch(&next)?;
        let mut changes = Changes::default();
        self.rewrap(&wrap, &mut changes)?;
        let batch = self.bounded(now_us, |bounds| turning.record(bounds, changes, carried));
        self.commit(batch)?;
        Ok(carried)
    }

    /// Holds the slots of everybody whom the ledger says was overwritten: an older slot that was
    /// put back would be sealed anew with the others, and live for good.
    fn hold_erased(&self) -> Result<(), Problem> {
        let (mut back, mut failed) = (None, None);
        self.store.snapshot()?.entries(&mut |log, _, leaf| {
            let (LogId::Tenant(tenant), Some(record)) = (log, overwritten(leaf)) else {
                return true;
            };
            let tenant = TenantId(tenant);
            let at = SlotAddress { install: self.install, tenant, record };
            match self.store.slot(record) {
                Ok(slot) if matches!(self.keys.epoch.open(at, &slot), Ok(Slot::Erased(_))) => {}
                Ok(_) => back = Some(record),
                Err(error) => failed = Some(error),
            }
            back.is_none() && failed.is_none()
        })?;
        match (back, failed) {
            (None, None) => Ok(()),
            (_, Some(error)) => Err(error.into()),
            (Some(record), None) => Err(Problem::tampered(format!(
                "the slot of record number {}, which was erased, is none of an erased record: the \
                 epoch was not turned",
                record.0
            ))),
        }
    }

    /// Wraps every tenant's index keys under the next epoch.
    fn rewrap(&self, next: &WrappingKey, changes: &mut Changes) -> Result<(), Problem> {
        let state = self.read();
        for tenant in state.registry.tenants().map(|t| Some(t.id)) {
            for (version, wrapped) in state.registry.wrapped(tenant, Job::Index) {
                let place = KeyPlace { install: self.install, tenant, job: Job::Index, version };
                let key = self.keys.epoch_wrap.unwrap(&place, wrapped)?;
                let wrapped = next.wrap(&*self.random, &place, &key)?;
                let row = strongroom_core::control::wrapped_key(tenant, Job::Index, version);
                self.put_control(changes, &row, &wrapped);
            }
        }
        Ok(())
    }

    /// Whose slots are where, as the rows of jobs say it. They are hints, and are not held to be
    /// authentic.
    fn owners(&self) -> Result<Owners, Problem> {
        let mut runs = Vec::new();
        self.store.scan(Table::Job, &[], &mut |key, value| {
            let tenant = key.first_chunk::<16>().filter(|_| key.len() == BATCH_KEY_BYTES);
            let mut read = serde_json::Deserializer::from_slice(value).into_iter::<BatchRow>();
            if let (Some(tenant), Some(Ok(row))) = (tenant, read.next()) {
                runs.push((row.first, row.rows, TenantId(*tenant)));
            }
            true
        })?;
        let state = self.read();
        Ok(Owners::new(runs.into_iter(), state.registry.tenants().map(|t| t.id)))
    }

    /// When the epoch is to be turned: seven days after the last turn, or after `init`.
    ///
    /// # Errors
    /// A [`Problem`] of the store.
    pub fn epoch_due_us(&self) -> Result<u64, Problem> {
        let began = match self.epoch_count()?.turned_us {
            Some(turned_us) => turned_us,
            None => self.made_us()?,
        };
        Ok(began.saturating_add(EPOCH_US))
    }

    /// The state of the epoch.
    ///
    /// # Errors
    /// A [`Problem`]: refused, the store.
    pub fn epoch(&self, who: &Principal) -> Result<EpochState, Problem> {
        self.authorize(who, ReadEpoch)?;
        let (pending, _) = self.leaving();
        let (count, due_us) = (self.epoch_count()?, self.epoch_due_us()?);
        Ok(EpochState { number: self.keys.epoch.number(), count, due_us, pending })
    }

    fn epoch_count(&self) -> Result<EpochCount, Problem> {
        self.bounded(0, |bounds| bounds.epoch()).map_err(|stop| self.stopped(stop))
    }

    /// When the install was made.
    fn made_us(&self) -> Result<u64, Problem> {
        let mut made = None;
        self.store.entries(LogId::System, &mut |_, leaf| {
            made = Entry::from_bytes(leaf).ok().map(|entry| entry.time_us);
            false
        })?;
        made.ok_or_else(|| Problem::tampered("the first entry of the system log cannot be read"))
    }
}

/// The record whose slot an entry says was overwritten.
fn overwritten(leaf: &[u8]) -> Option<RecordNumber> {
    has(leaf, "\"act\":\"pii.shred\"").then_some(())?;
    let entry = Entry::from_bytes(leaf).ok().filter(|e| e.phase == Phase::Commit)?;
    entry.range.map(|range| RecordNumber(range.first))
}

impl From<LayError> for Problem {
    fn from(error: LayError) -> Self {
        match error {
            LayError::Commit(error) => error.into(),
            LayError::Random(error) => error.into(),
            LayError::Busy => strongroom_core::store::CommitError::OtherEpoch.into(),
            LayError::Damaged(_) => Self::tampered(format!("{error}: the epoch was not turned")),
            _ => Self::internal(error.to_string()),
        }
    }
}
