//! Tokens: derived, not stored. One AES-256 block under the tenant's token key names one field of
//! one record; field 0 names the record itself.
//!
//! Knowing a token gives no right. Whoever holds the token key learns record numbers and can forge
//! tokens, never values: no access decision leans on a token's secrecy.

use aes::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _};
use data_encoding::{BASE32_NOPAD, Encoding};

use super::Fixed;
use super::keys::TenantKeys;
use crate::id::{FieldNumber, RecordNumber};

/// Prefix of every token, for scanners.
pub const TOKEN_PREFIX: &str = "srt_";
/// Prefix of a record's id.
pub const RECORD_PREFIX: &str = "srr_";
const BODY_CHARS: usize = 32;
/// Characters of a token or record id: a prefix of 4 and 32 of base32.
pub const TOKEN_CHARS: usize = 4 + BODY_CHARS;
/// The field number that stands for the record itself.
const RECORD_FIELD: FieldNumber = FieldNumber(0);

/// Text that is not a token of this tenant. One reason only: whether it is malformed, another
/// tenant's or forged is nobody's to learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such token")]
pub struct NoSuchToken;

/// What a token names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The record.
    pub record: RecordNumber,
    /// The field of it.
    pub field: FieldNumber,
}

/// Writes the token of a field at the end of `out`, under the tenant's current token key.
///
/// # Errors
/// [`NoSuchToken`] only when the tenant has no token key.
pub fn write_token(keys: &TenantKeys, named: Named, out: &mut String) -> Result<(), NoSuchToken> {
    write(keys, TOKEN_PREFIX, named, out)
}

/// The id of a record, as every answer prints it and `--record` takes it.
///
/// # Errors
/// As [`write_token`].
pub fn record_id(keys: &TenantKeys, record: RecordNumber) -> Result<String, NoSuchToken> {
    let mut out = String::with_capacity(TOKEN_CHARS);
    write(keys, RECORD_PREFIX, Named { record, field: RECORD_FIELD }, &mut out)?;
    Ok(out)
}

/// Reads a token.
///
/// # Errors
/// [`NoSuchToken`] for anything that this tenant's keys did not make.
pub fn read_token(keys: &TenantKeys, text: &str) -> Result<Named, NoSuchToken> {
    let named = read(keys, TOKEN_PREFIX, text)?;
    if named.field == RECORD_FIELD { Err(NoSuchToken) } else { Ok(named) }
}

/// Reads a record id.
///
/// # Errors
/// As [`read_token`].
pub fn read_record_id(keys: &TenantKeys, text: &str) -> Result<RecordNumber, NoSuchToken> {
    let named = read(keys, RECORD_PREFIX, text)?;
    if named.field == RECORD_FIELD { Ok(named.record) } else { Err(NoSuchToken) }
}

fn write(
    keys: &TenantKeys,
    prefix: &str,
    named: Named,
    out: &mut String,
) -> Result<(), NoSuchToken> {
    let (version, key) = keys.token.last().ok_or(NoSuchToken)?;
    // Byte 10 is the generation, 0 until tokens can be withdrawn; bytes 11..16 are zeros.
    let mut block: [u8; 16] = Fixed::new()
        .push(&named.record.0.to_be_bytes())
        .push(&named.field.0.to_be_bytes())
        .push(&[0; 6])
        .finish();
    key.encrypt_block((&mut block).into());
    let sum = checksum(prefix, *version, &block);
    let body: [u8; 20] = Fixed::new().push(&[*version]).push(&block).push(&sum).finish();
    out.push_str(prefix);
    BASE32_LOWER.encode_append(&body, out);
    Ok(())
}

/// Whether a text is spelt as a token is, whoever made it: by its checksum, without a key.
#[must_use]
pub fn is_spelt_as_token(text: &str) -> bool {
    body(TOKEN_PREFIX, text).is_some()
}

/// Version and block of a text with this prefix whose checksum is right.
fn body(prefix: &str, text: &str) -> Option<(u8, [u8; 16])> {
    let body = text.strip_prefix(prefix).filter(|body| body.len() == BODY_CHARS)?;
    let body = BASE32_LOWER.decode(body.as_bytes()).ok()?;
    let (version, rest) = body.split_first()?;
    let (block, sum) = rest.split_first_chunk::<16>()?;
    (checksum(prefix, *version, block) == *sum).then_some((*version, *block))
}

fn read(keys: &TenantKeys, prefix: &str, text: &str) -> Result<Named, NoSuchToken> {
    let (version, mut block) = body(prefix, text).ok_or(NoSuchToken)?;
    let found = keys.token.iter().find(|(v, _)| *v == version);
    let (_, key) = found.ok_or(NoSuchToken)?;
    key.decrypt_block((&mut block).into());
    let (record, rest) = block.split_first_chunk::<8>().ok_or(NoSuchToken)?;
    let (field, zeros) = rest.split_first_chunk::<2>().ok_or(NoSuchToken)?;
    if zeros.iter().any(|b| *b != 0) {
        return Err(NoSuchToken);
    }
    Ok(Named {
        record: RecordNumber(u64::from_be_bytes(*record)),
        field: FieldNumber(u16::from_be_bytes(*field)),
    })
}

/// CRC-32C over prefix, version and block, cut to three bytes: it finds a mistyped token without a
/// key; the zeros inside the block find a forged one.
fn checksum(prefix: &str, version: u8, block: &[u8; 16]) -> [u8; 3] {
    let sum = crc32c::crc32c(prefix.as_bytes());
    let sum = crc32c::crc32c_append(sum, &[version]);
    let [a, b, c, _] = crc32c::crc32c_append(sum, block).to_be_bytes();
    [a, b, c]
}

static BASE32_LOWER: std::sync::LazyLock<Encoding> = std::sync::LazyLock::new(|| {
    let mut spec = BASE32_NOPAD.specification();
    spec.symbols = spec.symbols.to_ascii_lowercase();
    // RFC 4648 base32 in lower case is always a valid specification.
    spec.encoding().unwrap_or(BASE32_NOPAD)
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TenantId;
    use crate::testing::CountingRandom;
    use crate::vault::keys::SecretKey;

    fn tenants() -> (TenantKeys, TenantKeys) {
        let random = CountingRandom::default();
        let key = || SecretKey::generate(&random).unwrap();
        let make = |id: u8| {
            TenantKeys::new(
                TenantId([id; 16]),
                &[(1, key())],
                &[(1, key())],
                &key(),
                &key(),
                &key(),
            )
        };
        (make(1), make(2))
    }

    #[test]
    fn a_token_names_its_field_for_its_tenant_only() {
        let (one, two) = tenants();
        let named = Named { record: RecordNumber(77), field: FieldNumber(3) };
        let mut token = String::new();
        write_token(&one, named, &mut token).unwrap();
        assert_eq!(token.len(), TOKEN_CHARS);
        assert_eq!(read_token(&one, &token), Ok(named));
        assert_eq!(read_token(&two, &token), Err(NoSuchToken));
        assert!(read_record_id(&one, &token).is_err());
        let id = record_id(&one, RecordNumber(77)).unwrap();
        assert_eq!(read_record_id(&one, &id), Ok(RecordNumber(77)));
        assert!(read_token(&one, &id).is_err());
        assert!(read_token(&one, &id.replace(RECORD_PREFIX, TOKEN_PREFIX)).is_err());
    }

    #[test]
    fn every_changed_character_is_refused() {
        let (one, _) = tenants();
        let named = Named { record: RecordNumber(1), field: FieldNumber(1) };
        let mut token = String::new();
        write_token(&one, named, &mut token).unwrap();
        for at in 0..token.len() {
            for other in "abcz27_A=".chars() {
                let mut bad: Vec<char> = token.chars().collect();
                if bad[at] != other {
                    bad[at] = other;
                    let bad: String = bad.into_iter().collect();
                    assert_eq!(read_token(&one, &bad), Err(NoSuchToken), "{at} {other}");
                }
            }
        }
        assert!(read_token(&one, "srt_").is_err() && read_token(&one, "").is_err());
    }
}
