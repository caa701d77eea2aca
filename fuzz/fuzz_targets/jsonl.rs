//! Any bytes as JSON Lines: as for CSV; and as a JSON array or objects over several lines.
#![no_main]
use libfuzzer_sys::fuzz_target;
use strongroom::import::{Asked, Encoding, Format, Limits, check_told, check_total};

fuzz_target!(|data: &[u8]| {
    let Some((chunk, bytes)) = data.split_first() else { return };
    let chunk = usize::from(*chunk).max(1);
    check_total(bytes, chunk, Format::JsonLines, Limits::default()).unwrap();
    let asked = Asked { encoding: Encoding::of_label("utf-8"), ..Asked::default() };
    check_told(bytes, chunk, "a.json", &asked).unwrap();
});
