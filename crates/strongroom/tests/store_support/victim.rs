//! Stores that were worked with and stopped, for somebody to tamper with.

use std::sync::Arc;

use strongroom::store::local::LocalStore;
use strongroom::store::model::ModelWorld;
use strongroom::store::segment::{FrameWriter, FramedEntry, RawFrame, SegmentHead};
use strongroom_core::ledger::LogId;
use strongroom_core::store::Store;
use strongroom_core::vault::keys::StoreKey;

use super::history::{Act, Base, Oracle, reveal};
use super::office::{Office, Sealed, values};
use super::{INSTALL, Sources, commit, leaves, media, open, root_of, store_key};

/// A machine on which an office has worked, stopped in good order.
pub struct Worked {
    pub world: ModelWorld,
    pub sources: Sources,
    pub office: Office,
    pub sealed: Vec<(u8, Sealed)>,
}

impl Worked {
    pub fn new(segment_bytes: u64) -> Self {
        let sources = Sources::new();
        let world = ModelWorld::new(segment_bytes);
        LocalStore::create(&media(&world, &sources), INSTALL, 1, &store_key()).unwrap();
        let office = Office::new(sources.random());
        let mut worked = Self { world, sources, office, sealed: Vec::new() };
        worked.work(0);
        worked.work(20);
        worked
    }

    /// One that died at work, its notes as they were before.
    pub fn died(segment_bytes: u64) -> Self {
        let mut worked = Self::new(segment_bytes);
        let store = open(&worked.world, &worked.sources).unwrap();
        for n in [0, 1, 2, 2, 1, 0, 1] {
            let from = 50 + worked.sealed.len() as u64;
            let sealed = worked.office.seal_now(&store, n, &values(from, 1));
            worked.sealed.extend(sealed.into_iter().map(|s| (n, s)));
            commit(&store, worked.office.refusal(2 - n)).unwrap();
        }
        let crashed = worked.world.crash(0);
        drop(store);
        worked.world = crashed;
        worked
    }

    /// Seals two records of tenant 0 and one of tenant 1, and says a little.
    pub fn work(&mut self, from: u64) {
        let store = open(&self.world, &self.sources).unwrap();
        for (n, count) in [(0, 2), (1, 1)] {
            let sealed = self.office.seal_now(&store, n, &values(from + u64::from(n) * 5, count));
            self.sealed.extend(sealed.into_iter().map(|s| (n, s)));
            commit(&store, self.office.refusal(n)).unwrap();
        }
        commit(&store, self.office.stranger()).unwrap();
    }

    /// Opens a copy and reads all of it. Says what was noticed, if anything was.
    pub fn noticed(&self, world: &ModelWorld) -> Option<String> {
        let store = match open(world, &self.sources) {
            Ok(store) => store,
            Err(error) => return Some(error.to_string()),
        };
        for (log, size, root) in store.heads() {
            match leaves(&store, log) {
                Ok(read) => assert_eq!((read.len() as u64, root_of(&read)), (size, root)),
                Err(error) => return Some(error.to_string()),
            }
        }
        let answers = self.sealed.iter().map(|(n, sealed)| self.reveal(&store, *n, sealed));
        answers.filter_map(Result::err).next()
    }

    pub fn reveal(&self, store: &dyn Store, n: u8, sealed: &Sealed) -> Result<(), String> {
        let values = self.office.reveal(store, n, vec![sealed.token.clone()])?;
        assert_eq!(values[..], [sealed.value.as_str()], "a wrong value is worse than none");
        Ok(())
    }

    pub fn copy(&self) -> ModelWorld {
        self.world.restart(0)
    }

    pub fn segments(&self) -> Vec<String> {
        self.world.names("data/ledger/")
    }
}

/// One frame of a segment, to be written anew.
pub struct Frame {
    pub sequence: u64,
    pub entries: Vec<(LogId, u64, Vec<u8>)>,
}

/// A segment's header, and its frames as they lie there.
pub fn frames(bytes: &[u8]) -> (Vec<u8>, Vec<Frame>) {
    let (head, mut offset) = SegmentHead::decode(bytes, &store_key()).unwrap();
    let (mut chain, mut found) = (head.chain, Vec::new());
    let head = bytes[..offset].to_vec();
    while let Some(frame) = bytes.get(offset..).and_then(RawFrame::find) {
        let entries = frame.open(&store_key(), &chain).unwrap();
        let entries = entries.iter().map(|e| (e.log, e.index, e.leaf.to_vec())).collect();
        found.push(Frame { sequence: frame.sequence, entries });
        chain = frame.mac;
        offset += frame.length;
    }
    (head, found)
}

/// The same written anew by somebody who has the store's key: what is refused then is refused for
/// what it says.
pub fn segment(head: &[u8], frames: &[Frame]) -> Vec<u8> {
    segment_with(head, frames, &store_key())
}

/// The same by whoever has `key`.
pub fn segment_with(head: &[u8], frames: &[Frame], key: &StoreKey) -> Vec<u8> {
    let mut chain = SegmentHead::decode(head, &store_key()).map(|(h, _)| h.chain).unwrap();
    let mut bytes = head.to_vec();
    for frame in frames {
        let mut writer = FrameWriter::new();
        for (log, index, leaf) in &frame.entries {
            writer.push(FramedEntry { log: *log, index: *index, leaf });
        }
        let (frame, mac) = writer.finish(frame.sequence, key, &chain);
        bytes.extend(frame);
        chain = mac;
    }
    bytes
}

pub const FIRST: &[Act] = &[
    Act::Tenant("acme"),
    Act::Seal { tenant: "acme", input: 1, rows: 2 },
    Act::Service("app", "acme"),
    Act::Reopen,
];
pub const SECOND: &[Act] =
    &[Act::Revoke("app"), Act::Seal { tenant: "acme", input: 2, rows: 2 }, Act::Reveal("acme")];

/// An install, what it was like after `FIRST`, and what it is like after `SECOND`.
pub struct Lived {
    pub base: Base,
    pub before: ModelWorld,
    pub now: ModelWorld,
    pub oracle: Oracle,
}

impl Lived {
    pub fn new() -> Self {
        let base = Base::new();
        let before = base.world.restart(0);
        let mut oracle = base.run(&before, FIRST);
        let now = before.restart(0);
        let second = base.run(&now, SECOND);
        assert!(oracle.open.is_none() && second.open.is_none());
        oracle.sealed.extend(second.sealed);
        Self { base, before, now, oracle }
    }

    /// Opens a copy as the product does and reveals everything; says what was noticed.
    pub fn noticed(&self, world: &ModelWorld) -> Option<String> {
        let (vault, who) = match self.base.vault(world, &Arc::default()) {
            Ok(opened) => opened,
            Err(error) => return Some(error),
        };
        let cells = self.oracle.sealed.iter();
        let answers = cells.map(|(tenant, token, value)| {
            let values = reveal(&vault, &who, tenant, vec![token.clone()])?;
            assert_eq!(values[..], [value.as_str()], "a wrong value is worse than none");
            Ok::<_, strongroom::problem::Problem>(())
        });
        answers.filter_map(Result::err).map(|p| format!("reveal: {}", p.detail)).next()
    }

    pub fn opening_refused(&self, what: &str, change: impl Fn(&ModelWorld)) {
        let world = self.now.restart(0);
        change(&world);
        let said = self.noticed(&world).unwrap_or_else(|| panic!("{what} was not noticed"));
        assert!(said.starts_with("opening: "), "{what}: {said}");
    }
}
