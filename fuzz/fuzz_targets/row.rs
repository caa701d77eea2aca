//! Any bytes as a sealed row: parsed or refused, and never verified under a key that did not make
//! it.
#![no_main]
use libfuzzer_sys::fuzz_target;
use strongroom_core::id::{CollectionId, InstallId, RecordNumber, TenantId};
use strongroom_core::testing::CountingRandom;
use strongroom_core::vault::keys::{SecretKey, TenantKeys};
use strongroom_core::vault::sealed::{RowAddress, SealedRow};
use strongroom_core::vault::slot::{EpochKey, SlotAddress};

fuzz_target!(|data: &[u8]| {
    let Ok(row) = SealedRow::parse(data) else { return };
    let random = CountingRandom::default();
    let key = || SecretKey::generate(&random).unwrap();
    let tenant = TenantId([1; 16]);
    let keys = TenantKeys::new(tenant, &[(1, key())], &[(1, key())], &key(), &key(), &key());
    let epoch = EpochKey::new(1, &key()).unwrap();
    let record = RecordNumber(9);
    let at = SlotAddress { install: InstallId([2; 16]), tenant, record };
    let (secret, _) = epoch.seal(at, &[5; 44]).unwrap();
    let at = RowAddress { tenant, collection: CollectionId(3), record };
    assert!(row.verify(&keys, &secret, at).is_err());
});
