//! A row is not opened without a receipt: not field by field, not by disclosing what was opened.

use strongroom_core::id::FieldNumber;
use strongroom_core::vault::keys::TenantKeys;
use strongroom_core::vault::plaintext::Plaintext;
use strongroom_core::vault::sealed::{RowAddress, SealedRow};
use strongroom_core::vault::slot::SlotSecret;

fn peek(row: &[u8], keys: &TenantKeys, secret: &SlotSecret, at: RowAddress) {
    let Ok(row) = SealedRow::parse(row) else { return };
    let Ok(verified) = row.verify(keys, secret, at) else { return };
    let _ = verified.open(FieldNumber(1));
}

fn give_out(value: Plaintext) {
    let _ = value.disclose();
}

fn main() {}
