//! Whoever can write the ledger's segments, and holds no key, changes nothing unnoticed, not even
//! after a crash, when the ledger may rightly be longer than custody noted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap, what their tests share too"
)]

mod store_support;

use store_support::office::log;
use store_support::victim::{Frame, Worked, frames, segment, segment_with};
use store_support::{entries, leaves, open, secret, store_key};
use strongroom::store::model::ModelWorld;
use strongroom::store::recovery::OpenError;
use strongroom::store::segment::{Logs, SegmentHead};
use strongroom_core::erasure::{ERASING_KIND, Erasing};
use strongroom_core::id::CollectionId;
use strongroom_core::ledger::entry::{Act, Phase, RecordRange};
use strongroom_core::ledger::{Hash, LogId};
use strongroom_core::store::Table;
use strongroom_core::vault::keys::StoreKey;

#[test]
fn any_byte_of_any_segment() {
    let worked = Worked::new(2 << 10);
    for name in worked.segments() {
        for at in 0..worked.world.bytes(&name).len() {
            let world = worked.copy();
            world.edit(&name, |bytes| bytes[at] ^= 1 << (at % 8));
            assert!(worked.noticed(&world).is_some(), "{name}: byte {at}");
        }
    }
}

#[test]
fn a_segment_cut_at_any_length() {
    let worked = Worked::new(2 << 10);
    for name in worked.segments() {
        let used = worked.world.bytes(&name).len();
        for length in (0..used).step_by(7).chain([used - 1]) {
            let world = worked.copy();
            world.truncate(&name, length as u64);
            assert!(worked.noticed(&world).is_some(), "{name} cut to {length}");
        }
        let world = worked.copy();
        world.truncate(&name, used as u64);
        assert_eq!(worked.noticed(&world), None, "only zeros are gone");
    }
}

#[test]
fn a_segment_missing_or_in_the_place_of_another() {
    let worked = Worked::new(2 << 10);
    let names = worked.segments();
    for (n, name) in names.iter().enumerate() {
        let world = worked.copy();
        world.remove(name);
        let said = worked.noticed(&world).expect(name);
        let last = n + 1 == names.len();
        assert!(last || said.contains(&name["data/".len()..]), "{said} names {name}");
        for other in names.iter().skip(n + 1) {
            let world = worked.copy();
            world.swap(name, other);
            assert!(worked.noticed(&world).is_some(), "{name} and {other}");
        }
    }
    let world = worked.copy();
    names.iter().for_each(|name| world.remove(name));
    assert!(matches!(open(&world, &worked.sources), Err(OpenError::RolledBack("the ledger"))));
}

/// Rewrites the frames of every segment in turn, one way at a time.
fn forge(worked: &Worked, what: &str, forge: impl Fn(&mut Vec<Frame>, usize) -> bool) {
    let mut forged = 0;
    for name in worked.segments() {
        let (head, whole) = frames(&worked.world.bytes(&name));
        for at in 0..whole.len() {
            let (_, mut all) = frames(&worked.world.bytes(&name));
            if !forge(&mut all, at) {
                continue;
            }
            let world = worked.copy();
            world.edit(&name, |bytes| *bytes = segment(&head, &all));
            assert!(worked.noticed(&world).is_some(), "{name}: frame {at}: {what}");
            forged += 1;
        }
    }
    assert!(forged > 2, "{what}: {forged}");
}

#[test]
fn a_frame_written_anew_with_a_right_checksum() {
    let worked = Worked::new(2 << 10);
    forge(&worked, "another word in an entry", |frames, at| {
        let leaf = &mut frames[at].entries[0].2;
        let text = String::from_utf8(leaf.clone()).unwrap();
        let boot = text.find("\"bn\":").unwrap() + 5;
        leaf[boot] -= 1;
        true
    });
    forge(&worked, "a frame left out", |frames, at| {
        frames.remove(at);
        true
    });
    forge(&worked, "a frame twice", |frames, at| {
        let entries = frames[at].entries.clone();
        let sequence = frames[at].sequence;
        frames.insert(at, Frame { sequence, entries });
        true
    });
    forge(&worked, "two frames in each other's place", |frames, at| {
        let fits = at + 1 < frames.len();
        if fits {
            frames.swap(at, at + 1);
        }
        fits
    });
    // Frames of different logs in another order hold the same logs.
    forge(&worked, "the same, of one log, with the right numbers", |frames, at| {
        let logs = |at: usize| frames.get(at).map(|f: &Frame| f.entries[0].0);
        let fits = logs(at) == logs(at + 1);
        if fits {
            let (one, two) = (frames[at].sequence, frames[at + 1].sequence);
            frames.swap(at, at + 1);
            (frames[at].sequence, frames[at + 1].sequence) = (one, two);
        }
        fits
    });
}

/// A frame behind the last one, as a crash might have left it: `leaf` at the end of tenant 0's log.
fn append(worked: &Worked, world: &ModelWorld, leaf: &[u8]) {
    let name = worked.segments().pop().unwrap();
    let (head, mut all) = frames(&world.bytes(&name));
    let index = {
        let store = open(&world.restart(0), &worked.sources).unwrap();
        leaves(&store, log(0)).unwrap().len() as u64
    };
    let sequence = match all.last() {
        Some(last) => last.sequence + 1,
        None => SegmentHead::decode(&head, &store_key()).unwrap().0.sequence,
    };
    all.push(Frame { sequence, entries: vec![(log(0), index, leaf.to_vec())] });
    world.edit(&name, |bytes| *bytes = segment(&head, &all));
}

#[test]
fn an_entry_behind_the_end_of_a_store_that_was_stopped() {
    let worked = Worked::new(8 << 10);
    let leaf = {
        let store = open(&worked.copy(), &worked.sources).unwrap();
        leaves(&store, log(0)).unwrap().pop().unwrap()
    };
    let world = worked.copy();
    append(&worked, &world, &leaf);
    let said = worked.noticed(&world).expect("forged");
    assert!(said.contains("grew since the store was stopped"), "{said}");
}

/// After a crash the ledger may be longer than the notes say: by what this install wrote, and by
/// nothing else.
#[test]
fn an_entry_behind_the_end_after_a_crash_by_whoever_has_no_key() {
    let worked = Worked::died(8 << 10);
    let name = worked.segments().pop().unwrap();
    let (head, all) = frames(&worked.world.bytes(&name));
    let stranger = StoreKey::new(&secret(9));
    let said = |bytes: Vec<u8>| {
        let world = worked.copy();
        world.edit(&name, |place| *place = bytes);
        worked.noticed(&world)
    };
    assert_eq!(said(segment(&head, &all)), None);
    // Its own last entry once more, and the whole end in the handwriting of somebody else.
    let (log, index, leaf) = all.last().unwrap().entries[0].clone();
    let sequence = all.last().unwrap().sequence + 1;
    let frame = Frame { sequence, entries: vec![(log, index + 1, leaf)] };
    let forged = segment_with(&head, &[frame], &stranger)[head.len()..].to_vec();
    let one = [segment(&head, &all), forged].concat();
    for bytes in [one, segment_with(&head, &all, &stranger)] {
        let said = said(bytes).expect("forged");
        assert!(said.contains("was not written by this install"), "{said}");
    }
    // A frame that this install wrote, behind another than the one it was written behind.
    let kept = |n: usize| segment(&head, &all[..n]);
    let (cut, last) = (kept(all.len() - 2), kept(all.len())[kept(all.len() - 1).len()..].to_vec());
    let said = said([cut, last].concat()).expect("a gap");
    assert!(said.contains("damaged before its last frame"), "{said}");
}

/// After a crash the last frame may be torn, so that a flip in it passes for that; nothing before.
#[test]
fn any_byte_of_any_segment_after_a_crash() {
    let worked = Worked::died(2 << 10);
    assert_eq!(worked.noticed(&worked.copy()), None);
    let names = worked.segments();
    for name in &names {
        let bytes = worked.world.bytes(name);
        let (head, all) = frames(&bytes);
        let last = if Some(name) == names.last() { all.len() - 1 } else { all.len() };
        let end = segment(&head, &all[..last]).len();
        for at in 0..end {
            let world = worked.copy();
            world.edit(name, |bytes| bytes[at] ^= 1 << (at % 8));
            assert!(worked.noticed(&world).is_some(), "{name}: byte {at}");
        }
    }
}

#[test]
fn a_header_written_anew_with_a_right_checksum() {
    for worked in [Worked::new(2 << 10), Worked::died(2 << 10)] {
        for name in worked.segments() {
            let (head, all) = frames(&worked.world.bytes(&name));
            let (whole, _) = SegmentHead::decode(&head, &store_key()).unwrap();
            let mut forged: [SegmentHead; 5] = std::array::from_fn(|_| whole.clone());
            forged[0].number += 1;
            forged[1].sequence += 1;
            for log in [LogId::System, log(0), log(1), log(2)] {
                forged[2].logs.entry(log).or_default().frontier.append(Hash([7; 32]));
            }
            forged[3].logs.clear();
            forged[4].chain = [7; 32];
            for (n, forged) in forged.iter().enumerate().filter(|(_, forged)| **forged != whole) {
                let world = worked.copy();
                world.edit(&name, |bytes| *bytes = segment(&forged.encode(&store_key()), &all));
                assert!(worked.noticed(&world).is_some(), "{name}: header {n}");
            }
        }
    }
}

/// A ledger that begins with more than it ever held has no entry that could contradict it.
#[test]
fn a_first_header_that_claims_a_past() {
    let worked = Worked::died(8 << 10);
    let mut logs = Logs::new();
    for log in [LogId::System, log(0), log(1), log(2)] {
        let state = logs.entry(log).or_default();
        (0..50).for_each(|_| state.frontier.append(Hash([7; 32])));
    }
    let world = worked.copy();
    let names = worked.segments();
    names.iter().skip(1).for_each(|name| world.remove(name));
    let head = SegmentHead { number: 0, sequence: 0, chain: [0; 32], logs };
    let head = head.encode(&store_key());
    world.edit(&names[0], |bytes| *bytes = head);
    let said = open(&world, &worked.sources).err().map(|e| e.to_string()).unwrap();
    assert!(said.contains("does not begin with nothing"), "{said}");
}

/// After a crash an entry behind the noted ones may be genuine. It must still not make recovery
/// bury records that are other acts' or were never given out.
#[test]
fn an_act_forged_after_a_crash_buries_nobody() {
    let worked = Worked::died(8 << 10);
    let leaf = |n: u8| {
        let store = open(&worked.copy(), &worked.sources).unwrap();
        let leaves = leaves(&store, log(n)).unwrap();
        let mut leaves = leaves.into_iter().map(|l| String::from_utf8(l).unwrap());
        leaves.rfind(|l| l.contains("pii.collect")).unwrap()
    };
    let (act, foreign) = (leaf(0), leaf(1));
    let forged = |first: u64, count: u64| {
        let begin = act.find("\"rg\":").unwrap();
        let end = begin + act[begin..].find('}').unwrap() + 1;
        let id = act.find("\"id\":\"").unwrap() + 6;
        let id = act[id..].find("\"id\":\"").unwrap() + id + 6;
        let range = format!("\"rg\":{{\"count\":{count},\"first\":\"{first}\"}}");
        let mut text = format!("{}{range}{}", &act[..begin], &act[end..]);
        text.replace_range(id..id + 4, "abcd");
        text.into_bytes()
    };
    // Numbers of this boot begin where those of the one before ended.
    let own = worked.sealed[worked.sealed.len() - 7].1.record.0;
    for (first, count) in [(1, 1), (1, own), (own - 1, 1), (own, 1), (own + 1, 5), (1 << 40, 2)] {
        let world = worked.copy();
        append(&worked, &world, &forged(first, count));
        let said = open(&world, &worked.sources).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(said.contains("record"), "{first}, {count}: {said}");
    }
    let world = worked.copy();
    append(&worked, &world, foreign.as_bytes());
    let error = open(&world, &worked.sources).err().map(|e| e.to_string());
    assert!(error.is_some_and(|e| e.contains("another log")));
}

/// An erasure that a crash cut off is finished, and so is one that somebody forged. It must still
/// erase nobody of another tenant, and overwrite nothing that was not stated to be erased.
#[test]
fn an_erasure_forged_after_a_crash_reaches_no_further_than_its_tenant() {
    let worked = Worked::died(8 << 10);
    let model = {
        let store = open(&worked.copy(), &worked.sources).unwrap();
        let entries = entries(&store, log(0));
        entries.into_iter().rfind(|e| e.act == Act::PiiCollect).unwrap()
    };
    let record = |n: u8| {
        let of = worked.sealed.iter().find(|(tenant, _)| *tenant == n);
        of.map(|(_, sealed)| sealed.record.0).unwrap()
    };
    let opened = |act: Act, first: u64| {
        let mut entry = model.clone();
        (entry.act, entry.id.0[0]) = (act, 0xab);
        entry.object = Some(Erasing::object(CollectionId(7), 1));
        entry.range = Some(RecordRange { first, count: 1 });
        let world = worked.copy();
        append(&worked, &world, &entry.to_bytes().unwrap());
        assert_eq!(worked.noticed(&world), None, "every slot is what it was");
        let store = open(&world, &worked.sources).unwrap();
        let last = entries(&store, log(0)).into_iter().rfind(|e| e.act == act).unwrap();
        let rows = world.rows(Table::Control);
        (last.phase, rows.iter().filter(|(key, _)| key[0] == ERASING_KIND).count())
    };
    assert_eq!(opened(Act::PiiErase, record(0)), (Phase::Commit, 1), "as it was stated");
    for other in [record(1), record(2), 0, 1 << 40, u64::MAX] {
        assert_eq!(opened(Act::PiiErase, other), (Phase::Failed, 0), "record {other}");
    }
    for any in [record(0), record(1), 1 << 40] {
        assert_eq!(opened(Act::PiiShred, any), (Phase::Failed, 0), "record {any}");
    }
}
