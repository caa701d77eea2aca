//! Any bytes as JSON Lines: as for CSV.
#![no_main]
use libfuzzer_sys::fuzz_target;
use strongroom::import::{Format, Limits, check_total};

fuzz_target!(|data: &[u8]| {
    let Some((chunk, bytes)) = data.split_first() else { return };
    check_total(bytes, usize::from(*chunk).max(1), Format::JsonLines, Limits::default()).unwrap();
});
