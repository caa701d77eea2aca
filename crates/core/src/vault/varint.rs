//! Small numbers as they stand in rows.

/// LEB128: seven bits a byte, low bits first, the top bit set on all but the last.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn take_varint(mut bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut value: u32 = 0;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, rest) = bytes.split_first()?;
        bytes = rest;
        let part = u32::from(byte & 0x7f);
        value |= part.checked_shl(shift).filter(|v| v >> shift == part)?;
        if byte & 0x80 == 0 {
            return Some((value, bytes));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_read_back_and_overlong_ones_do_not_wrap() {
        for value in [0, 1, 127, 128, 300, 16_383, 16_384, u32::MAX] {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            assert_eq!(take_varint(&out), Some((value, &[][..])));
        }
        assert_eq!(take_varint(&[0xff, 0xff, 0xff, 0xff, 0x7f]), None);
        assert_eq!(take_varint(&[0x80; 6]), None);
    }
}
