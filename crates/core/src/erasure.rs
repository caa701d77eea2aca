//! Erasure: the words for why, the grace time, and what is kept between the entry that states an
//! erasure and the end of the slot.
//!
//! An erasure that waits is a row of the control table. Its content follows from the entry and
//! from where that stands, so that a store makes the very same row when it applies the act and
//! when it finishes one that was interrupted. It ends in a MAC under the store key, and, being of
//! the control table, cannot be taken away between two starts without being missed.

use std::collections::BTreeMap;

use crate::control::NotAuthentic;
use crate::id::{CollectionId, RecordNumber, TenantId};
use crate::ledger::entry::{Act, Phase};
use crate::ledger::{Entry, Hash, LogId};
use crate::store::Position;
use crate::vault::Fixed;
use crate::vault::keys::StoreKey;
use crate::vault::slot::Tombstone;

/// How long an erasure can be taken back: three days.
pub const GRACE_US: u64 = 72 * 3600 * 1_000_000;

/// First byte of the row's key in the control table.
pub const ERASING_KIND: u8 = b'e';
const LABEL: &str = "strongroom/erasing";
const BODY_BYTES: usize = 52;

/// Why a record is erased. A closed list: an entry holds no free text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The person asked for it.
    Request,
    /// Consent was withdrawn.
    Consent,
    /// The person objected to the processing.
    Objection,
    /// It was kept for as long as it was needed.
    Retention,
    /// It was collected or kept without a right to.
    Unlawful,
    /// A law or a court demands it.
    Obligation,
    /// The contract with the client ended.
    ContractEnd,
    /// The person is there twice.
    Duplicate,
    /// It was never a real person's.
    Test,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::Request,
        Self::Consent,
        Self::Objection,
        Self::Retention,
        Self::Unlawful,
        Self::Obligation,
        Self::ContractEnd,
        Self::Duplicate,
        Self::Test,
    ];

    /// Its word in commands and entries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Consent => "consent",
            Self::Objection => "objection",
            Self::Retention => "retention",
            Self::Unlawful => "unlawful",
            Self::Obligation => "obligation",
            Self::ContractEnd => "contract-end",
            Self::Duplicate => "duplicate",
            Self::Test => "test",
        }
    }

    /// Reads a word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == text)
    }
}

/// A record on its way out: stated, and its slot not overwritten yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasing {
    /// The tenant.
    pub tenant: TenantId,
    /// The record.
    pub record: RecordNumber,
    /// The collection that its row lies in.
    pub collection: CollectionId,
    /// From when on the slot is overwritten.
    pub due_us: u64,
    /// Where the entry that states it stands, in the tenant's log.
    pub index: u64,
    /// That entry's leaf hash.
    pub leaf: Hash,
}

impl Erasing {
    /// What an entry calls the object of an erasure: the collection, and when it is due.
    #[must_use]
    pub fn object(collection: CollectionId, due_us: u64) -> String {
        format!("{:08x}:{due_us}", collection.0)
    }

    /// What an entry states, if it states an erasure.
    #[must_use]
    pub fn of(entry: &Entry, position: &Position) -> Option<Self> {
        let LogId::Tenant(tenant) = entry.log else { return None };
        let stated = (entry.act, entry.phase) == (Act::PiiErase, Phase::Commit);
        let range = entry.range.filter(|range| stated && range.count == 1)?;
        let (collection, due_us) = entry.object.as_deref()?.split_once(':')?;
        Some(Self {
            tenant: TenantId(tenant),
            record: RecordNumber(range.first),
            collection: CollectionId(u32::from_str_radix(collection, 16).ok()?),
            due_us: due_us.parse().ok()?,
            index: position.index,
            leaf: position.leaf_hash,
        })
    }

    /// Key of the row of a record in the control table.
    #[must_use]
    pub fn key(tenant: TenantId, record: RecordNumber) -> [u8; 25] {
        let key = Fixed::new().push(&[ERASING_KIND]).push(&tenant.0);
        key.push(&record.0.to_be_bytes()).finish()
    }

    /// The row's value.
    #[must_use]
    pub fn value(&self, store: &StoreKey) -> Vec<u8> {
        let body: [u8; BODY_BYTES] = Fixed::new()
            .push(&self.collection.0.to_be_bytes())
            .push(&self.due_us.to_be_bytes())
            .push(&self.index.to_be_bytes())
            .push(&self.leaf.0)
            .finish();
        let mac = store.mac(LABEL, &[&Self::key(self.tenant, self.record), &body]);
        [body.as_slice(), &mac].concat()
    }

    /// Reads a row.
    ///
    /// # Errors
    /// [`NotAuthentic`] when this install did not write it there.
    pub fn read(store: &StoreKey, key: &[u8], value: &[u8]) -> Result<Self, NotAuthentic> {
        Self::authentic(store, key, value).ok_or(NotAuthentic("pending erasure's"))
    }

    fn authentic(store: &StoreKey, key: &[u8], value: &[u8]) -> Option<Self> {
        let (body, mac) = value.split_at_checked(BODY_BYTES)?;
        let (tenant, record) = key.strip_prefix(&[ERASING_KIND])?.split_first_chunk::<16>()?;
        let record = record.try_into().ok().map(u64::from_be_bytes)?;
        if !store.verify(LABEL, &[key, body], mac) {
            return None;
        }
        let (collection, rest) = body.split_first_chunk::<4>()?;
        let (due_us, rest) = rest.split_first_chunk::<8>()?;
        let (index, leaf) = rest.split_first_chunk::<8>()?;
        Some(Self {
            tenant: TenantId(*tenant),
            record: RecordNumber(record),
            collection: CollectionId(u32::from_be_bytes(*collection)),
            due_us: u64::from_be_bytes(*due_us),
            index: u64::from_be_bytes(*index),
            leaf: Hash(leaf.try_into().ok()?),
        })
    }

    /// What is laid over the slot: it names the entry.
    #[must_use]
    pub fn tombstone(&self) -> Tombstone {
        let head = self.leaf.0.first_chunk().copied().unwrap_or_default();
        Tombstone { index: self.index, leaf_head: head }
    }
}

/// The erasures that wait, in memory: asked wherever a person is looked up.
#[derive(Debug, Default)]
pub struct Leaving(BTreeMap<(TenantId, RecordNumber), Erasing>);

impl Leaving {
    /// Whether a record is on its way out.
    #[must_use]
    pub fn holds(&self, tenant: TenantId, record: RecordNumber) -> bool {
        self.0.contains_key(&(tenant, record))
    }

    /// The erasure of a record, if one waits.
    #[must_use]
    pub fn get(&self, tenant: TenantId, record: RecordNumber) -> Option<&Erasing> {
        self.0.get(&(tenant, record))
    }

    /// Every one of them, in the order of tenants and records.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Erasing> {
        self.0.values()
    }

    /// Those that are due.
    pub fn due(&self, now_us: u64) -> impl Iterator<Item = &Erasing> {
        self.iter().filter(move |erasing| erasing.due_us <= now_us)
    }

    /// Takes note of one.
    pub(crate) fn insert(&mut self, erasing: Erasing) {
        self.0.insert((erasing.tenant, erasing.record), erasing);
    }

    /// Forgets one: its slot is overwritten, or it was taken back.
    pub fn remove(&mut self, tenant: TenantId, record: RecordNumber) {
        self.0.remove(&(tenant, record));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Id;
    use crate::ledger::entry::{Actor, Auth, RecordRange};
    use crate::testing::CountingRandom;
    use crate::vault::keys::SecretKey;

    fn stated() -> (Entry, Position) {
        let (log, leaf_hash) = (LogId::Tenant([1; 16]), Hash([9; 32]));
        let actor = Actor { auth: Auth::System, principal: None };
        let mut entry = Entry::new(Id([0; 16]), log, Act::PiiErase, Phase::Commit, actor);
        entry.range = Some(RecordRange { first: 77, count: 1 });
        entry.object = Some(Erasing::object(CollectionId(0xab), 5));
        (entry, Position { log, index: 3, leaf_hash })
    }

    #[test]
    fn an_entry_says_all_of_it_and_no_other_entry_does() {
        let (entry, position) = stated();
        let erasing = Erasing::of(&entry, &position).unwrap();
        let expected = (TenantId([1; 16]), RecordNumber(77), CollectionId(0xab), 5, 3);
        let Erasing { tenant, record, collection, due_us, index, .. } = erasing;
        assert_eq!((tenant, record, collection, due_us, index), expected);
        assert_eq!(erasing.tombstone(), Tombstone { index: 3, leaf_head: [9; 24] });
        let refused = |change: &dyn Fn(&mut Entry)| {
            let mut entry = entry.clone();
            change(&mut entry);
            assert_eq!(Erasing::of(&entry, &position), None, "{entry:?}");
        };
        refused(&|e| e.act = Act::PiiShred);
        refused(&|e| e.phase = Phase::Denied);
        refused(&|e| e.log = LogId::System);
        refused(&|e| e.range = None);
        refused(&|e| e.range = Some(RecordRange { first: 77, count: 2 }));
        refused(&|e| e.object = None);
        refused(&|e| e.object = Some("ab:x".to_owned()));
    }

    #[test]
    fn a_row_is_read_at_its_place_and_as_it_was_written() {
        let key = |n| {
            let random = CountingRandom::default();
            let key = (0..n).map(|_| SecretKey::generate(&random).unwrap()).last().unwrap();
            StoreKey::new(&key)
        };
        let (entry, position) = stated();
        let erasing = Erasing::of(&entry, &position).unwrap();
        let (at, value) = (Erasing::key(erasing.tenant, erasing.record), erasing.value(&key(1)));
        assert_eq!(Erasing::read(&key(1), &at, &value), Ok(erasing));
        assert!(Erasing::read(&key(2), &at, &value).is_err(), "of another install");
        let other = Erasing::key(erasing.tenant, RecordNumber(78));
        assert!(Erasing::read(&key(1), &other, &value).is_err(), "of another record");
        for byte in 0..value.len() {
            let mut bad = value.clone();
            bad[byte] ^= 1;
            assert!(Erasing::read(&key(1), &at, &bad).is_err(), "byte {byte}");
            assert!(Erasing::read(&key(1), &at, &value[..byte]).is_err());
        }
    }

    #[test]
    fn reasons_are_words_of_an_entry() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.name()), Some(reason));
            let (mut entry, _) = stated();
            entry.purpose = Some(reason.name().to_owned());
            assert!(entry.to_bytes().is_ok(), "{}", reason.name());
        }
        assert_eq!(Reason::parse("because"), None);
    }
}
