//! Erasures that were stated and did not take effect: finished at the next opening, never taken
//! back. Whoever was told, or might have been told, that a record is gone must not find it again.
//!
//! INVARIANT: only a slot that opens at its tenant's address gets a row that says it is leaving,
//! and only a slot with such a row is overwritten. So no entry, however it came to stand there,
//! erases another tenant's record, nor one that was not stated to be erased.

use strongroom_core::erasure::Erasing;
use strongroom_core::id::{RecordNumber, TenantId};
use strongroom_core::ledger::LogId;
use strongroom_core::ledger::entry::Act;
use strongroom_core::source::draw;
use strongroom_core::store::{Position, Row, Rows, Table};
use strongroom_core::vault::sealed::RowAddress;
use strongroom_core::vault::slot::{Slot, SlotAddress};

use super::applier::{erasing_rows, sort};
use super::dangling::{Dangling, Mending, stuck};
use super::engine::commit_bytes;
use super::marks::{self, control_digests};
use super::notes::ControlNext;
use super::recovery::{OpenError, at};

impl Mending<'_> {
    /// Does what an act states of an erasure; false when it states none, or none that can be.
    ///
    /// # Errors
    /// [`OpenError`] of the media.
    pub(super) fn finish(&self, act: &Dangling, rows: &mut Rows) -> Result<bool, OpenError> {
        match (act.act, act.log, act.range) {
            (Act::PiiErase, ..) => self.finish_erase(act, rows),
            (Act::PiiShred, LogId::Tenant(tenant), Some(range)) if range.count == 1 => {
                self.finish_shred(TenantId(tenant), RecordNumber(range.first), rows)
            }
            _ => Ok(false),
        }
    }

    fn finish_erase(&self, act: &Dangling, rows: &mut Rows) -> Result<bool, OpenError> {
        let Some(erasing) = act.erasing else { return Ok(false) };
        let place = self.place(erasing.tenant, erasing.record);
        let slot = at("the slot file", self.slots.read(erasing.record))?;
        match self.epoch.open(place, &slot) {
            Ok(Slot::Live(_)) => {}
            Ok(Slot::Erased(_)) => return Ok(true),
            Ok(Slot::Unused) | Err(_) => return Ok(false),
        }
        for (key, value) in erasing_rows(self.key, [erasing].iter()) {
            rows.put(Table::Control, &key, &value);
        }
        Ok(true)
    }

    fn finish_shred(
        &self,
        tenant: TenantId,
        record: RecordNumber,
        rows: &mut Rows,
    ) -> Result<bool, OpenError> {
        let key = Erasing::key(tenant, record);
        let value = at("the engine", self.engine.get(Table::Control, &key))?;
        let Some(value) = value else { return Ok(false) };
        let erasing = Erasing::read(self.key, &key, &value);
        let erasing = erasing.map_err(|e| OpenError::Damaged(e.to_string()))?;
        let nonce = draw(self.random).map_err(|_| stuck("no randomness"))?;
        let place = self.place(tenant, record);
        let stone = self.epoch.tombstone(place, &nonce, &erasing.tombstone());
        let stone = stone.ok_or_else(|| stuck("no tombstone"))?;
        at("the slot file", self.slots.write(record, std::slice::from_ref(&stone)))?;
        at("the slot file", self.slots.sync())?;
        if at("the slot file", self.slots.read(record))? != stone {
            return Err(stuck("an overwritten slot reads otherwise"));
        }
        let row = RowAddress { tenant, collection: erasing.collection, record };
        rows.delete(Table::Record, &row.key());
        rows.delete(Table::Control, &key);
        Ok(true)
    }

    fn place(&self, tenant: TenantId, record: RecordNumber) -> SlotAddress {
        SlotAddress { install: self.install, tenant, record }
    }

    /// Writes what was finished, and the marks of all acts that are settled now, at once. As in
    /// the running store, custody knows before what the control table becomes.
    ///
    /// # Errors
    /// [`OpenError`] of the media.
    pub(super) fn commit(&self, rows: &Rows, passed: &[Position]) -> Result<(), OpenError> {
        let mut all: Vec<Row<'_>> = rows.iter().collect();
        sort(&mut all);
        let control = all.iter().filter(|(table, ..)| *table == Table::Control);
        let control: Vec<_> = control.map(|(_, key, value)| (*key, *value)).collect();
        let marks = marks::rows(self.key, passed);
        all.extend(marks.iter().map(|(k, v)| (Table::Applied, k.as_slice(), Some(v.as_slice()))));
        at("the engine", self.engine.hold(commit_bytes(all.iter().copied()), false))?;
        let mut digest = None;
        if !control.is_empty() {
            let digests = control_digests(self.engine, control.into_iter());
            let (_, next) = at("the engine", digests)?;
            let act = passed.last().ok_or_else(|| stuck("an erasure without an act"))?;
            let (log, index) = (act.log.to_string(), act.index);
            let next = next.to_hex();
            let announced = ControlNext { digest: next.clone(), log, index, epoch: None };
            at("the key folder", self.notes.update(|n| n.control_next = Some(announced)))?;
            digest = Some(next);
        }
        at("the engine", self.engine.commit(&mut all.into_iter()))?;
        if let Some(digest) = digest {
            let noted = self.notes.update(|n| (n.control, n.control_next) = (digest, None));
            at("the key folder", noted)?;
        }
        Ok(())
    }
}
