//! Any bytes as a signed note and as verification keys.
#![no_main]
use libfuzzer_sys::fuzz_target;
use strongroom_ledger::note::{Checkpoint, Signer, VerifierKey};

fuzz_target!(|data: &[u8]| {
    let signer = Signer::from_seed("strongroom/x/system", &[7; 32]).unwrap();
    // A note that this key never signed does not open, whatever it says.
    assert!(Checkpoint::open(data, std::slice::from_ref(signer.verifier())).is_err());
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(keys) = VerifierKey::parse_lines(text)
    {
        for key in keys {
            assert_eq!(key.to_string().parse::<VerifierKey>().unwrap(), key);
        }
    }
});
