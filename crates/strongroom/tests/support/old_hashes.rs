//! MD5 and SHA-1, for guessing only: what somebody in a hurry hashes an account number with.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]

/// The message with a one, zeros and its length in bits behind it, in blocks.
fn blocks(message: &[u8], length: [u8; 8]) -> Vec<[u8; 64]> {
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize((padded.len() + 8).next_multiple_of(64) - 8, 0);
    padded.extend(length);
    padded.chunks(64).map(|block| block.try_into().unwrap()).collect()
}

/// RFC 1321.
pub fn md5(message: &[u8]) -> Vec<u8> {
    const SHIFTS: [[u32; 4]; 4] =
        [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in blocks(message, (message.len() as u64 * 8).to_le_bytes()) {
        let word = |at: usize| u32::from_le_bytes(block[at * 4..at * 4 + 4].try_into().unwrap());
        let [mut a, mut b, mut c, mut d] = state;
        for i in 0..64 {
            let (f, at) = match i / 16 {
                0 => ((b & c) | (!b & d), i),
                1 => ((d & b) | (!d & c), (5 * i + 1) % 16),
                2 => (b ^ c ^ d, (3 * i + 5) % 16),
                _ => (c ^ (b | !d), (7 * i) % 16),
            };
            let k = (((i + 1) as f64).sin().abs() * 4_294_967_296.0) as u32;
            let sum = a.wrapping_add(f).wrapping_add(k).wrapping_add(word(at));
            let turned = b.wrapping_add(sum.rotate_left(SHIFTS[i / 16][i % 4]));
            (a, d, c, b) = (d, c, b, turned);
        }
        for (to, from) in state.iter_mut().zip([a, b, c, d]) {
            *to = to.wrapping_add(from);
        }
    }
    state.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// FIPS 180-4.
pub fn sha1(message: &[u8]) -> Vec<u8> {
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in blocks(message, (message.len() as u64 * 8).to_be_bytes()) {
        let mut words: Vec<u32> =
            block.chunks(4).map(|w| u32::from_be_bytes(w.try_into().unwrap())).collect();
        for t in 16..80 {
            let word = words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16];
            words.push(word.rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (t, word) in words.iter().enumerate() {
            let (f, k) = match t / 20 {
                0 => ((b & c) | (!b & d), 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6_u32),
            };
            let sum = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k);
            (a, b, c, d, e) = (sum.wrapping_add(*word), a, b.rotate_left(30), c, d);
        }
        for (to, from) in state.iter_mut().zip([a, b, c, d, e]) {
            *to = to.wrapping_add(from);
        }
    }
    state.iter().flat_map(|word| word.to_be_bytes()).collect()
}
