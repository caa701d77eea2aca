//! The slots of the next epoch laid down, which is all of a turn that grows: each opened under the
//! old key, sealed under the new one, synced, and opened again.
//!
//! `cargo bench --bench epoch` (SLOTS). Slots of four tenants, in runs of a thousand as `seal`
//! leaves them, known and not known; one in a thousand is a tombstone.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench measures time and stops at the first fault"
)]

#[path = "support.rs"]
mod support;

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use strongroom::ambient::{SystemClock, SystemRandom};
use strongroom::store::disk::{Disk, Folder};
use strongroom::store::fjall::Fjall;
use strongroom::store::local::{LocalStore, Media};
use strongroom::store::notes::NoteKeeper;
use strongroom::store::slots::slot_file_name;
use strongroom_core::id::{InstallId, RecordNumber, TenantId};
use strongroom_core::source::{Random as _, draw};
use strongroom_core::store::{NextEpoch, Store};
use strongroom_core::vault::epoch::{Carrier, Owners};
use strongroom_core::vault::keys::{SecretKey, StoreKey};
use strongroom_core::vault::slot::{EpochKey, SlotAddress, Tombstone};
use support::{cpu_seconds, machine, scratch, setting};

const INSTALL: InstallId = InstallId([7; 16]);
const RUN: u64 = 1000;

fn tenant(record: u64) -> TenantId {
    TenantId([(record / RUN % 4) as u8; 16])
}

fn media(place: &Path) -> Media {
    Media {
        data: Arc::new(Folder::open(&place.join("data")).unwrap()),
        custody: Arc::new(Folder::of_keys(&place.join("keys")).unwrap()),
        engine: Arc::new(Fjall::open(&place.join("data/engine")).unwrap()),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
    }
}

/// A store whose slot file holds `slots` slots.
fn store(place: &Path, epoch: &EpochKey, slots: u64) -> LocalStore {
    let key = Arc::new(StoreKey::new(&SecretKey::generate(&SystemRandom).unwrap()));
    LocalStore::create(&media(place), INSTALL, epoch.number(), &key).unwrap();
    let path = place.join("data").join(slot_file_name(epoch.number()));
    let mut file = std::io::BufWriter::with_capacity(4 << 20, std::fs::File::create(path).unwrap());
    file.write_all(&[0; 64]).unwrap();
    let mut material = vec![0; 44 * RUN as usize];
    for first in (1..=slots).step_by(RUN as usize) {
        SystemRandom.fill(&mut material).unwrap();
        for (record, random) in (first..=slots).zip(material.as_chunks::<44>().0) {
            let at = SlotAddress {
                install: INSTALL,
                tenant: tenant(record),
                record: RecordNumber(record),
            };
            let stone = Tombstone { index: record, leaf_head: [1; 24] };
            let slot = match record % 1000 {
                0 => epoch.tombstone(at, &draw(&SystemRandom).unwrap(), &stone).unwrap(),
                _ => epoch.seal(at, random).unwrap().1,
            };
            file.write_all(&slot).unwrap();
        }
    }
    file.into_inner().unwrap().sync_all().unwrap();
    let custody: Arc<dyn Disk> = Arc::new(Folder::of_keys(&place.join("keys")).unwrap());
    let notes = NoteKeeper::open(custody).unwrap().unwrap();
    let end = slots + 1;
    notes.update(|n| (n.high_water, n.settled_records) = (end, end)).unwrap();
    LocalStore::open(media(place), INSTALL, epoch, key).unwrap()
}

fn main() {
    let slots = setting("SLOTS", 1_000_000);
    println!("{}\n{slots} slots", machine());
    let key = |n| EpochKey::new(n, &SecretKey::generate(&SystemRandom).unwrap()).unwrap();
    let tenants = || (0..4).map(|n| TenantId([n; 16]));
    let runs = (0..=slots).step_by(RUN as usize).map(|first| (first, RUN, tenant(first)));
    let known = Owners::new(runs, tenants());
    let unknown = Owners::new(std::iter::empty(), tenants());
    for (what, owners) in [("owners known", &known), ("owners tried", &unknown)] {
        let place = scratch("epoch");
        let (from, to) = (key(1), key(2));
        let store = store(&place, &from, slots);
        let carrier = Carrier { install: INSTALL, from: &from, to: &to, owners };
        let next = NextEpoch { number: 2, key_file: b"the key of a bench", carrier: &carrier };
        let (began, cpu) = (Instant::now(), cpu_seconds());
        let carried = store.lay_epoch(&next).unwrap();
        let (wall, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        assert_eq!(carried.live + carried.erased, slots);
        println!(
            "{what}: {wall:.2} s, {:.2} million slots/s, {cpu:.2} s of processor time; \
             11.8 million at that rate: {:.1} s",
            slots as f64 / wall / 1e6,
            11.8e6 / (slots as f64 / wall)
        );
        drop(store);
        std::fs::remove_dir_all(&place).unwrap();
    }
}
