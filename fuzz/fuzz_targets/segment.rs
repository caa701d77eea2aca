//! Any bytes as a ledger segment's header and frames.
#![no_main]
use libfuzzer_sys::fuzz_target;
use strongroom::store::segment::{SegmentHead, read_frame};

fuzz_target!(|data: &[u8]| {
    if let Some((head, length)) = SegmentHead::decode(data) {
        assert_eq!(head.encode(), data[..length]);
    }
    if let Some((_, entries, length)) = read_frame(data) {
        assert!(length <= data.len() && entries.iter().all(|e| e.leaf.len() <= length));
    }
});
