//! Examine: whether everything kept of a tenant is what was written. The tenant's records are named
//! by their range in a durable entry before one of them is looked at. Of a row the fields that are
//! indexed are opened, to be held against the index; no value is given out, nor said of any record
//! but that something of it is amiss.

use std::collections::BTreeSet;

use super::person::pseudonym;
use super::{
    Action, Authorized, Context, Pending, ReadRow, ReadSlot, Receipt, Stop, Tampering, Target,
    blank, entry_alone,
};
use crate::control::{CollectionRow, FieldRow};
use crate::field::FieldType;
use crate::id::{CollectionId, RecordNumber, TenantId};
use crate::ledger::entry::{Act, Phase, RecordRange};
use crate::ledger::{Entry, Pseudonym};
use crate::store::{Batch, Changes};
use crate::vault::index::{CHECK_BYTES, INDEX_KEY_BYTES, Tag, write_normal};
use crate::vault::keys::TenantKeys;
use crate::vault::sealed::{RowAddress, SealedRow, VerifiedRow};
use crate::vault::slot::{Slot, SlotAddress, SlotBytes, Tombstone};
use crate::vault::token::record_id;
use zeroize::Zeroizing;

/// A request to check all that is kept of a tenant.
pub struct Examine {
    /// The tenant.
    pub tenant: Option<TenantId>,
}

impl Action for Examine {
    const ACT: Act = Act::DoctorDeep;
    type Plan = TenantId;
    fn target(&self) -> Target {
        Target::tenant(self.tenant)
    }
    fn describe(&self, _: &mut Entry) {}
}

impl Authorized<Examine> {
    /// States that the tenant's records below `end` are about to be looked at, and the types of the
    /// fields that are opened for it.
    ///
    /// # Errors
    /// [`Stop::Key`] without the tenant's keys.
    pub fn plan(
        self,
        context: &Context<'_>,
        end: RecordNumber,
    ) -> Result<(Pending<Examine>, Batch), Stop> {
        let tenant = self.keys(context.ring)?.tenant();
        let mut entry = self.entry(Phase::Commit);
        let count = end.0.saturating_sub(1);
        entry.range = (count > 0).then_some(RecordRange { first: 1, count });
        let fields = context.registry.collections().filter(|c| c.tenant == tenant);
        let indexed = fields.flat_map(|c| &c.fields).filter(|field| field.index);
        let kinds: BTreeSet<&str> =
            indexed.flat_map(|field| &field.kinds).map(|kind| kind.name()).collect();
        entry.fields = kinds.into_iter().map(str::to_owned).collect();
        Ok(self.pending(tenant, vec![entry], Changes::default()))
    }
}

/// A value of a record as the index is to hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its row, key and value, under each version of the index key that there is: while that
    /// rotates it is under any of them.
    pub rows: Vec<([u8; INDEX_KEY_BYTES], [u8; CHECK_BYTES])>,
    /// Whether it has to be there: not of a value sealed as text that may be one that did not fit
    /// its column's type.
    pub certain: bool,
}

/// A row that is the one of its address.
pub struct SoundRow {
    /// Its record.
    pub record: RecordNumber,
    /// The person's name in the ledger.
    pub pseudonym: Pseudonym,
    /// The record's version.
    pub version: u32,
    /// What the index holds of it.
    pub index: Vec<Wanted>,
}

/// What a row of the store turned out to be.
pub enum RowFound {
    /// What was written.
    Sound(SoundRow),
    /// The row of an erased record, which opens no more.
    Erased(RecordNumber),
    /// Something else; of which record, where its key says it.
    Amiss(Option<RecordNumber>, Tampering),
}

/// What a slot turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotFound {
    /// Never written.
    Unused,
    /// A record of this tenant lives here.
    Live,
    /// One was erased, by the entry that this names.
    Erased(Tombstone),
    /// None of these under this tenant's address.
    Damaged,
}

impl Receipt<Examine> {
    /// A record's id.
    #[must_use]
    pub fn id(&self, context: &Context<'_>, record: RecordNumber) -> String {
        let keys = context.ring.get(self.plan).ok();
        keys.and_then(|keys| record_id(keys, record).ok()).unwrap_or_default()
    }

    /// The entry that something of the tenant was found changed, named by the first record of
    /// which it is.
    #[must_use]
    pub fn found(
        &self,
        context: &Context<'_>,
        what: Tampering,
        record: Option<RecordNumber>,
    ) -> Batch {
        let mut entry = blank(self.log, Act::DoctorDeep, Phase::Failed, self.actor);
        entry.object = record.map(|record| self.id(context, record)).filter(|id| !id.is_empty());
        entry.reason = Some(what.code().to_owned());
        entry_alone(self.log, entry)
    }

    /// Judges a slot.
    #[must_use]
    pub fn slot(
        &self,
        context: &Context<'_>,
        record: RecordNumber,
        bytes: &SlotBytes,
    ) -> SlotFound {
        let at = SlotAddress { install: context.install, tenant: self.plan, record };
        match context.epoch.open(at, bytes) {
            Ok(Slot::Unused) => SlotFound::Unused,
            Ok(Slot::Live(_)) => SlotFound::Live,
            Ok(Slot::Erased(stone)) => SlotFound::Erased(stone),
            Err(_) => SlotFound::Damaged,
        }
    }

    /// Judges a row of the table of records, which lies under this tenant.
    ///
    /// # Errors
    /// [`Stop`] when the slot cannot be read or a key is not at hand.
    pub fn row(
        &self,
        context: &Context<'_>,
        key: &[u8],
        value: &[u8],
        slots: &mut ReadSlot<'_>,
    ) -> Result<RowFound, Stop> {
        let keys = context.ring.get(self.plan)?;
        let Some(at) = RowAddress::read(key).filter(|at| at.tenant == keys.tenant()) else {
            return Ok(RowFound::Amiss(None, Tampering::RowUnstated));
        };
        let record = at.record;
        let amiss = |what| Ok(RowFound::Amiss(Some(record), what));
        let collection = context.registry.collections();
        let collection =
            collection.into_iter().find(|c| (c.tenant, c.id) == (at.tenant, at.collection));
        let Some(collection) = collection else { return amiss(Tampering::RowUnstated) };
        let place = SlotAddress { install: context.install, tenant: at.tenant, record };
        let secret = match context.epoch.open(place, &slots(record)?) {
            Ok(Slot::Live(secret)) => secret,
            Ok(Slot::Erased(_)) => return Ok(RowFound::Erased(record)),
            Ok(Slot::Unused) => return amiss(Tampering::SlotMissing),
            Err(_) => return amiss(Tampering::SlotDamaged),
        };
        let verified = SealedRow::parse(value).and_then(|row| row.verify(keys, &secret, at));
        let Ok(row) = verified else { return amiss(Tampering::RowNotAuthentic) };
        let version = row.version();
        let known = |n| collection.fields.iter().any(|field| field.number == n);
        if version.0 > collection.version || !row.numbers().all(known) {
            return amiss(Tampering::RowNotAuthentic);
        }
        let Some(index) = wanted(keys, collection, record, &row) else {
            return amiss(Tampering::RowNotAuthentic);
        };
        let pseudonym = pseudonym(keys, &secret, record);
        Ok(RowFound::Sound(SoundRow { record, pseudonym, version: version.1, index }))
    }

    /// Whether a row of the index, which lies under this tenant, is one that the row of its record
    /// wants; and its record, where its key says it.
    ///
    /// # Errors
    /// As [`Receipt::row`].
    pub fn is_wanted(
        &self,
        context: &Context<'_>,
        (key, value): (&[u8], &[u8]),
        slots: &mut ReadSlot<'_>,
        rows: &mut ReadRow<'_>,
    ) -> Result<(Option<RecordNumber>, bool), Stop> {
        let Ok(whole) = <&[u8; INDEX_KEY_BYTES]>::try_from(key) else { return Ok((None, false)) };
        let collection = whole.get(16..20).and_then(|id| id.try_into().ok());
        let record = whole.last_chunk().map(|n| RecordNumber(u64::from_be_bytes(*n)));
        let (Some(collection), Some(record)) = (collection, record) else {
            return Ok((None, false));
        };
        let collection = CollectionId(u32::from_be_bytes(collection));
        let at = RowAddress { tenant: self.plan, collection, record };
        let Some(row) = rows(&at)? else { return Ok((Some(record), false)) };
        let is =
            |wanted: &Wanted| wanted.rows.iter().any(|(k, check)| k == whole && *check == *value);
        let found = match self.row(context, &at.key(), &row, slots)? {
            RowFound::Sound(sound) => sound.index.iter().any(is),
            RowFound::Erased(_) | RowFound::Amiss(..) => false,
        };
        Ok((Some(record), found))
    }
}

/// The rows that the index holds of a record; nothing when a field does not open.
fn wanted(
    keys: &TenantKeys,
    collection: &CollectionRow,
    record: RecordNumber,
    row: &VerifiedRow<'_>,
) -> Option<Vec<Wanted>> {
    let mut wanted = Vec::new();
    let mut normal = Zeroizing::new(String::new());
    let numbers: Vec<_> = row.numbers().collect();
    let indexed = |f: &&FieldRow| f.index && numbers.contains(&f.number);
    for field in collection.fields.iter().filter(indexed) {
        let opened = row.open(field.number).ok()?;
        let kind = opened.kind;
        let is_key = collection.is_key(field.number);
        if !write_normal(is_key, kind, &opened.value.disclose(), &mut normal) {
            continue;
        }
        let tags = Tag::every(keys, collection.id, field.number, &normal);
        let rows = tags.map(|tag| tag.row(keys, record)).collect();
        // One that did not fit its column's type is sealed as text: an update indexes it as such.
        let certain =
            field.kinds.contains(&kind) && (kind != FieldType::Text || field.kinds.len() == 1);
        wanted.push(Wanted { rows, certain });
    }
    Some(wanted)
}
