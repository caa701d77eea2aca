//! Any bytes as CSV: read or refused with a place, every byte accounted for, written back the same.
#![no_main]
use libfuzzer_sys::fuzz_target;
use strongroom::import::{Format, Limits, check_total};

fuzz_target!(|data: &[u8]| {
    let Some((chunk, bytes)) = data.split_first() else { return };
    let small = Limits { cell_bytes_max: 64, row_bytes_max: 256, ..Limits::default() };
    for limits in [Limits::default(), small] {
        check_total(bytes, usize::from(*chunk).max(1), Format::COMMA, limits).unwrap();
    }
});
