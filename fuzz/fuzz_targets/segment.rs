//! Any bytes as a ledger segment's header and frames; and the same as if this install had written
//! them, so that what lies behind the MAC is read too.
#![no_main]
use libfuzzer_sys::fuzz_target;
use strongroom::store::segment::{FRAME_HEAD_BYTES, FrameWriter, RawFrame, SegmentHead};
use strongroom_core::vault::keys::{SecretKey, StoreKey};
use zeroize::Zeroizing;

fuzz_target!(|data: &[u8]| {
    let key = StoreKey::new(&SecretKey::from_bytes(Zeroizing::new([1; 32])));
    assert!(SegmentHead::decode(data, &key).is_none(), "nobody guesses a MAC");
    let signed = SegmentHead::finish(data.to_vec(), &key);
    if let Some((head, length)) = SegmentHead::decode(&signed, &key) {
        assert_eq!(head.encode(&key), signed[..length]);
    }
    if let Some(frame) = RawFrame::find(data) {
        assert!(frame.length <= data.len() && frame.open(&key, &[0; 32]).is_none());
    }
    let Some((count, body)) = data.split_first_chunk::<4>() else { return };
    let writer = FrameWriter::of(u32::from_be_bytes(*count), body);
    let (signed, _) = writer.finish(0, &key, &[0; 32]);
    let frame = RawFrame::find(&signed).expect("whole");
    if let Some(entries) = frame.open(&key, &[0; 32]) {
        assert!(entries.iter().all(|e| e.leaf.len() + FRAME_HEAD_BYTES <= signed.len()));
    }
});
