//! Any bytes as an entry bundle, a hash tile and a tile path.
#![no_main]
use libfuzzer_sys::fuzz_target;
use strongroom_ledger::merkle::Frontier;
use strongroom_ledger::tile::{Bundle, TilePath, decode_hashes, encode_hashes};

fuzz_target!(|data: &[u8]| {
    if let Ok(bundle) = Bundle::decode(data) {
        assert_eq!(Bundle::encode(bundle.entries()).unwrap(), data);
    }
    if let Some(hashes) = decode_hashes(data) {
        assert_eq!(encode_hashes(&hashes), data);
    }
    if let Ok(frontier) = Frontier::from_bytes(data) {
        assert_eq!(frontier.to_bytes(), data);
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(path) = text.parse::<TilePath>()
    {
        assert_eq!(path.to_string(), text);
    }
});
