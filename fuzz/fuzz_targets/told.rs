//! Any bytes as a file of whatever kind they look like: told, unpacked, decoded, read or refused,
//! with places that lie in it.
#![no_main]
use libfuzzer_sys::fuzz_target;
use strongroom::import::{Asked, check_told};

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let names = ["a.csv", "a.json", "a.sql", "a.txt"];
    let name = names[usize::from(*first) % names.len()];
    check_told(bytes, usize::from(*first).max(1), name, &Asked::default()).unwrap();
});
