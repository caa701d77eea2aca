//! Any text as a value of every type, a token, a credential, a name.
#![no_main]
use libfuzzer_sys::fuzz_target;
use strongroom_core::field::FieldType;
use strongroom_core::id::{Name, TenantId};
use strongroom_core::principal::Credential;
use strongroom_core::testing::CountingRandom;
use strongroom_core::vault::keys::{SecretKey, TenantKeys};
use strongroom_core::vault::token::{read_record_id, read_token};

fuzz_target!(|text: &str| {
    let (mut normal, mut again) = (String::new(), String::new());
    for kind in FieldType::ALL {
        let fits = kind.normalize(text, &mut normal);
        assert_eq!(fits, kind.fits(text));
        if fits {
            assert!(kind.normalize(&normal, &mut again), "{kind}: the normal form fits");
            assert_eq!(normal, again, "{kind}: normalising twice is normalising once");
        }
        let _ = kind.mask(text);
    }
    let _ = (Name::parse(text), TenantId::parse(text), Credential::parse(text));
    let random = CountingRandom::default();
    let key = || SecretKey::generate(&random).unwrap();
    let keys =
        TenantKeys::new(TenantId([1; 16]), &[(1, key())], &[(1, key())], &key(), &key(), &key());
    assert!(read_token(&keys, text).is_err() && read_record_id(&keys, text).is_err());
});
