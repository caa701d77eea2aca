//! Any bytes as an entry: refused, or exactly what the writer would write.
#![no_main]
use libfuzzer_sys::fuzz_target;
use strongroom_ledger::Entry;

fuzz_target!(|data: &[u8]| {
    if let Ok(entry) = Entry::from_bytes(data) {
        assert_eq!(entry.to_bytes().unwrap(), data);
    }
});
