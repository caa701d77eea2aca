//! The usual spellings of hashed passwords, told from the text of a cell.
//!
//! What looks like a hash of another scheme is never taken for a password: it verifies nothing.

use argon2::{Algorithm, Version};
use data_encoding::{BASE64, BASE64_NOPAD, BitOrder, Encoding, HEXLOWER_PERMISSIVE, Specification};

use super::scheme::{Hash, PART_BYTES_MAX, Scheme, Variant};

/// A hash in a known spelling, with its result.
pub(super) fn hashed(text: &str) -> Option<(Scheme, Vec<u8>)> {
    bare(text)
        .map(|(hash, result)| (Scheme::Digest(hash), result))
        .or_else(|| salted(text))
        .or_else(|| modular(text))
        .or_else(|| django(text))
}

fn bare(text: &str) -> Option<(Hash, Vec<u8>)> {
    let hash = Hash::ALL.into_iter().find(|hash| hash.hex_digits() == text.len())?;
    Some((hash, HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?))
}

/// `hash:salt` and `salt:hash`; with two that could be hashes, the first is.
fn salted(text: &str) -> Option<(Scheme, Vec<u8>)> {
    let (left, right) = text.split_once(':')?;
    let ((hash, result), salt) = bare(left)
        .map(|found| (found, right))
        .or_else(|| bare(text.rsplit_once(':')?.1).zip(text.rsplit_once(':').map(|s| s.0)))?;
    let salt = salt.as_bytes().to_vec();
    (1..=PART_BYTES_MAX).contains(&salt.len()).then_some((Scheme::Salted { hash, salt }, result))
}

/// `$id$...`: bcrypt, phpass, argon2, PBKDF2.
fn modular(text: &str) -> Option<(Scheme, Vec<u8>)> {
    let (id, rest) = text.strip_prefix('$')?.split_once('$')?;
    match id {
        "2a" | "2b" | "2y" => {
            let (cost, rest) = rest.split_once('$')?;
            let (salt, result) = rest.split_at_checked(22).filter(|_| rest.len() == 53)?;
            let salt = BCRYPT64.decode(salt.as_bytes()).ok()?.try_into().ok()?;
            let result = BCRYPT64.decode(result.as_bytes()).ok()?;
            Some((Scheme::Bcrypt { digested: false, cost: decimal(cost)?, salt }, result))
        }
        "P" | "H" => {
            let (head, result) = rest.split_at_checked(9).filter(|_| rest.len() == 31)?;
            let (log2, salt) = head.as_bytes().split_first()?;
            let log2 = PHPASS_SYMBOLS.bytes().position(|c| c == *log2)?;
            let result = PHPASS64.decode(result.as_bytes()).ok()?;
            let (log2, salt) = (u8::try_from(log2).ok()?, salt.try_into().ok()?);
            Some((Scheme::Phpass { log2, salt }, result))
        }
        "argon2d" => phc_argon2(Algorithm::Argon2d, rest),
        "argon2i" => phc_argon2(Algorithm::Argon2i, rest),
        "argon2id" => phc_argon2(Algorithm::Argon2id, rest),
        "pbkdf2" | "pbkdf2-sha1" => modular_pbkdf2(Hash::Sha1, rest),
        "pbkdf2-sha256" => modular_pbkdf2(Hash::Sha256, rest),
        "pbkdf2-sha512" => modular_pbkdf2(Hash::Sha512, rest),
        _ => None,
    }
}

fn phc_argon2(algorithm: Algorithm, rest: &str) -> Option<(Scheme, Vec<u8>)> {
    let (version, rest) = match rest.strip_prefix("v=") {
        Some(rest) => rest.split_once('$').and_then(|(v, rest)| Some((decimal(v)?, rest)))?,
        None => (0x10, rest),
    };
    let version = Version::try_from(version).ok()?;
    let [params, salt, result] = parts(rest)?;
    let (mut memory_kib, mut passes, mut lanes) = (None, None, None);
    for param in params.split(',') {
        let (name, value) = param.split_once('=')?;
        let place = match name {
            "m" => &mut memory_kib,
            "t" => &mut passes,
            "p" => &mut lanes,
            _ => return None,
        };
        *place = Some(decimal(value)?);
    }
    let (memory_kib, passes, lanes) = (memory_kib?, passes?, lanes?);
    let of = Variant { algorithm, version, memory_kib, passes, lanes };
    let (salt, result) = (base64(salt)?, base64(result)?);
    Some((Scheme::Argon2 { of, salt, length: length(&result)? }, result))
}

/// passlib's `rounds$salt$result`, and PHC's `i=rounds,l=length$salt$result`.
fn modular_pbkdf2(hash: Hash, rest: &str) -> Option<(Scheme, Vec<u8>)> {
    let [params, salt, result] = parts(rest)?;
    let rounds = match params.split(',').find_map(|p| p.strip_prefix("i=")) {
        Some(rounds) => decimal(rounds)?,
        None => decimal(params)?,
    };
    let (salt, result) = (base64(salt)?, base64(result)?);
    let length = length(&result)?;
    Some((Scheme::Pbkdf2 { hash, rounds, salt, length }, result))
}

/// `algorithm$...` of Django, and `pbkdf2:hash:rounds$...` of Werkzeug.
fn django(text: &str) -> Option<(Scheme, Vec<u8>)> {
    let (name, rest) = text.split_once('$')?;
    let simple = |hash: Hash| {
        let (salt, result) = rest.split_once('$')?;
        let (_, result) = bare(result).filter(|(found, _)| *found == hash)?;
        let salt = Some(salt.as_bytes().to_vec()).filter(|s| s.len() <= PART_BYTES_MAX)?;
        Some((Scheme::Salted { hash, salt }, result))
    };
    let pbkdf2 = |hash: Hash| {
        let [rounds, salt, result] = parts(rest)?;
        let (rounds, salt) = (decimal(rounds)?, salt.as_bytes().to_vec());
        let result = BASE64.decode(result.as_bytes()).ok()?;
        let length = length(&result).filter(|_| salt.len() <= PART_BYTES_MAX)?;
        Some((Scheme::Pbkdf2 { hash, rounds, salt, length }, result))
    };
    match name {
        "md5" => simple(Hash::Md5),
        "sha1" => simple(Hash::Sha1),
        "pbkdf2_sha1" => pbkdf2(Hash::Sha1),
        "pbkdf2_sha256" => pbkdf2(Hash::Sha256),
        "bcrypt" | "argon2" => modular(rest).or_else(|| modular(text.strip_prefix("argon2")?)),
        "bcrypt_sha256" => match modular(rest)? {
            (Scheme::Bcrypt { cost, salt, .. }, result) => {
                Some((Scheme::Bcrypt { digested: true, cost, salt }, result))
            }
            _ => None,
        },
        _ => {
            let (hash, rounds) = name.strip_prefix("pbkdf2:")?.split_once(':')?;
            let hash = match hash {
                "sha1" => Hash::Sha1,
                "sha256" => Hash::Sha256,
                "sha512" => Hash::Sha512,
                _ => return None,
            };
            let (salt, result) = rest.split_once('$')?;
            let result = HEXLOWER_PERMISSIVE.decode(result.as_bytes()).ok()?;
            let (rounds, salt) = (decimal(rounds)?, salt.as_bytes().to_vec());
            let length = length(&result).filter(|_| salt.len() <= PART_BYTES_MAX)?;
            Some((Scheme::Pbkdf2 { hash, rounds, salt, length }, result))
        }
    }
}

/// Whether a text is plainly a hash of some scheme: as a password it would let in whoever stole
/// the file it came from.
pub(super) fn looks_hashed(text: &str) -> bool {
    let word = |id: &str, within: std::ops::RangeInclusive<usize>| {
        let inner = |c: u8| c.is_ascii_alphanumeric() || b"-_:.".contains(&c);
        within.contains(&id.len()) && id.bytes().all(inner)
    };
    let hex = |text: &str| text.bytes().all(|c| c.is_ascii_hexdigit());
    let crypt = text.strip_prefix('$').and_then(|rest| rest.split_once('$'));
    let crypt = crypt.is_some_and(|(id, rest)| word(id, 1..=24) && rest.len() >= 13);
    let ldap = text.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    let ldap = ldap.is_some_and(|(id, rest)| word(id, 2..=24) && rest.len() >= 13);
    let named = text.split_once('$').is_some_and(|(name, rest)| {
        let known = ["md5", "sha", "pbkdf2", "bcrypt", "argon2", "scrypt", "crypt", "hmac"];
        known.iter().any(|k| name.starts_with(k)) && word(name, 3..=32) && rest.len() >= 13
    });
    let bare = hex(text) && [16, 56, 96].contains(&text.len());
    let mysql = text.strip_prefix('*').is_some_and(|rest| rest.len() == 40 && hex(rest));
    let aspnet = text.len() >= 64
        && ["AQAAAA", "AA", "AB"].iter().any(|start| text.starts_with(start))
        && BASE64.decode(text.as_bytes()).is_ok();
    crypt || ldap || named || bare || mysql || aspnet
}

fn parts(text: &str) -> Option<[&str; 3]> {
    let mut parts = text.split('$');
    let found = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(found)
}

/// Digits alone: no sign.
fn decimal<N: std::str::FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|c| c.is_ascii_digit()).then(|| text.parse().ok())?
}

fn length(result: &[u8]) -> Option<u8> {
    u8::try_from(result.len()).ok()
}

/// Base64 without padding; passlib writes `.` for `+`.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').replace('.', "+");
    let bytes = BASE64_NOPAD.decode(text.as_bytes()).ok()?;
    (bytes.len() <= PART_BYTES_MAX).then_some(bytes)
}

const BCRYPT_SYMBOLS: &str = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const PHPASS_SYMBOLS: &str = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static BCRYPT64: std::sync::LazyLock<Encoding> =
    std::sync::LazyLock::new(|| encoding(BCRYPT_SYMBOLS, BitOrder::MostSignificantFirst));
static PHPASS64: std::sync::LazyLock<Encoding> =
    std::sync::LazyLock::new(|| encoding(PHPASS_SYMBOLS, BitOrder::LeastSignificantFirst));

fn encoding(symbols: &str, order: BitOrder) -> Encoding {
    let mut spec = Specification::new();
    spec.symbols.push_str(symbols);
    spec.bit_order = order;
    spec.check_trailing_bits = false;
    // Sixty-four symbols are always a valid specification.
    spec.encoding().unwrap_or(BASE64_NOPAD)
}
