//! Any bytes as an SQL dump of either spelling: read or refused, with places in order.
#![no_main]
use libfuzzer_sys::fuzz_target;
use strongroom::import::{Asked, Encoding, Family, check_told};

fuzz_target!(|data: &[u8]| {
    let Some((chunk, bytes)) = data.split_first() else { return };
    let asked = Asked {
        family: Some(Family::Sql),
        encoding: Encoding::of_label("utf-8"),
        table: (*chunk < 128).then(|| "t".to_owned()),
        ..Asked::default()
    };
    check_told(bytes, usize::from(*chunk).max(1), "a.sql", &asked).unwrap();
});
