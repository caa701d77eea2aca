//! The ledger's own files: preallocated segments of frames, one frame a group commit.
//!
//! The layout is docs/ledger-format.md, "Segments on disk". A segment's header carries the state
//! of every log at its beginning, so that opening replays the last segments only. Header and frames
//! end in MACs under custody's store key, each frame's over the one before: nothing is believed, or
//! read any further, that this install did not write there.

use std::collections::BTreeMap;

use strongroom_core::ledger::merkle::{Frontier, leaf_hash};
use strongroom_core::ledger::{Hash, LogId};
use strongroom_core::vault::keys::StoreKey;

/// Bytes of a segment, unless its header alone needs more.
pub const SEGMENT_BYTES: u64 = 8 << 20;
/// No segment is larger: a group commit and a header of hundreds of thousands of logs fit.
pub const SEGMENT_BYTES_MAX: u64 = 512 << 20;
/// magic 8, body length 4, CRC-32C 4.
pub const SEGMENT_HEAD_BYTES: usize = 16;
const SEGMENT_MAGIC: &[u8; 8] = b"SRSEG\0\0\x01";
const FRAME_MAGIC: &[u8; 4] = b"SRFR";
const FRAME_LABEL: &str = "strongroom/frame";
/// magic 4, sequence 8, body length 4, entries 4, MAC 32, CRC-32C 4.
pub const FRAME_HEAD_BYTES: usize = FRAME_PLAIN_BYTES + MAC_BYTES + 4;
const FRAME_PLAIN_BYTES: usize = 20;
const MAC_BYTES: usize = 32;

/// The MAC of the frame before: what the next one is bound to. Zeros before the first.
pub type Chain = [u8; MAC_BYTES];

/// One log as the writer keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogState {
    /// The tree's right edge.
    pub frontier: Frontier,
    /// Time of the newest entry.
    pub time_us: u64,
}

/// Every log.
pub type Logs = BTreeMap<LogId, LogState>;

/// The file name of a segment.
#[must_use]
pub fn segment_name(number: u64) -> String {
    format!("ledger/{number:08}.seg")
}

/// A file beside the ledger's folder, as large as one: on a full disk it becomes the next.
pub const SPARE_SEGMENT: &str = "ledger.spare";

/// The number of a segment's file name.
#[must_use]
pub fn segment_number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".seg")?;
    let whole = digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit());
    whole.then(|| digits.parse().ok()).flatten()
}

/// A segment's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentHead {
    /// The segment's number.
    pub number: u64,
    /// Sequence number of its first frame.
    pub sequence: u64,
    /// What that frame is bound to.
    pub chain: Chain,
    /// Every log before that frame.
    pub logs: Logs,
}

impl SegmentHead {
    /// The header's bytes.
    #[must_use]
    pub fn encode(&self, key: &StoreKey) -> Vec<u8> {
        let mut body = Vec::new();
        body.extend_from_slice(&self.number.to_be_bytes());
        body.extend_from_slice(&self.sequence.to_be_bytes());
        body.extend_from_slice(&self.chain);
        body.extend_from_slice(&u32::try_from(self.logs.len()).unwrap_or(u32::MAX).to_be_bytes());
        for (log, state) in &self.logs {
            put_log(&mut body, *log);
            body.extend_from_slice(&state.time_us.to_be_bytes());
            let frontier = state.frontier.to_bytes();
            body.extend_from_slice(&u32::try_from(frontier.len()).unwrap_or(0).to_be_bytes());
            body.extend_from_slice(&frontier);
        }
        Self::finish(body, key)
    }

    /// A header with this body, whatever it says.
    #[must_use]
    pub fn finish(mut body: Vec<u8>, key: &StoreKey) -> Vec<u8> {
        body.extend_from_slice(&key.mac("strongroom/segment", &[&body]));
        let mut out = SEGMENT_MAGIC.to_vec();
        out.extend_from_slice(&u32::try_from(body.len()).unwrap_or(0).to_be_bytes());
        out.extend_from_slice(&crc32c::crc32c(&body).to_be_bytes());
        out.extend_from_slice(&body);
        out
    }

    /// How long the header is that begins with these bytes.
    #[must_use]
    pub fn length(bytes: &[u8]) -> Option<usize> {
        let (length, _) = bytes.strip_prefix(SEGMENT_MAGIC)?.split_first_chunk::<4>()?;
        Some(SEGMENT_HEAD_BYTES + usize::try_from(u32::from_be_bytes(*length)).ok()?)
    }

    /// Reads a header, and how long it is. Nothing when this install did not write it.
    #[must_use]
    pub fn decode(bytes: &[u8], key: &StoreKey) -> Option<(Self, usize)> {
        let rest = bytes.strip_prefix(SEGMENT_MAGIC)?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (crc, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let whole = rest.get(..length)?;
        let (body, mac) = whole.split_last_chunk::<MAC_BYTES>()?;
        let sound = crc32c::crc32c(whole).to_be_bytes() == *crc;
        if !sound || !key.verify("strongroom/segment", &[body], mac) {
            return None;
        }
        Some((Self::read(body)?, SEGMENT_HEAD_BYTES + length))
    }

    fn read(mut body: &[u8]) -> Option<Self> {
        fn take<const N: usize>(body: &mut &[u8]) -> Option<[u8; N]> {
            let (n, rest) = body.split_first_chunk::<N>()?;
            *body = rest;
            Some(*n)
        }
        let take_u32 = |body: &mut &[u8]| usize::try_from(u32::from_be_bytes(take(body)?)).ok();
        let number = u64::from_be_bytes(take(&mut body)?);
        let sequence = u64::from_be_bytes(take(&mut body)?);
        let chain = take(&mut body)?;
        let count = take_u32(&mut body)?;
        let mut logs = Logs::new();
        for _ in 0..count {
            let log = take_log(&mut body)?;
            let time_us = u64::from_be_bytes(take(&mut body)?);
            let length = take_u32(&mut body)?;
            let (frontier, rest) = body.split_at_checked(length)?;
            body = rest;
            let frontier = Frontier::from_bytes(frontier).ok()?;
            logs.insert(log, LogState { frontier, time_us });
        }
        body.is_empty().then_some(Self { number, sequence, chain, logs })
    }
}

/// An entry inside a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FramedEntry<'a> {
    /// The log.
    pub log: LogId,
    /// Its index there.
    pub index: u64,
    /// The leaf's bytes.
    pub leaf: &'a [u8],
}

/// Builds one frame.
pub struct FrameWriter {
    bytes: Vec<u8>,
    entries: u32,
}

impl Default for FrameWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl FrameWriter {
    /// An empty frame.
    #[must_use]
    pub fn new() -> Self {
        Self { bytes: vec![0; FRAME_HEAD_BYTES], entries: 0 }
    }

    /// A frame with this body, whatever it says.
    #[must_use]
    pub fn of(entries: u32, body: &[u8]) -> Self {
        Self { bytes: [&[0; FRAME_HEAD_BYTES], body].concat(), entries }
    }

    /// Adds an entry.
    pub fn push(&mut self, entry: FramedEntry<'_>) {
        put_log(&mut self.bytes, entry.log);
        self.bytes.extend_from_slice(&entry.index.to_be_bytes());
        let length = u32::try_from(entry.leaf.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(entry.leaf);
        self.entries += 1;
    }

    /// Bytes so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether no entry was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// The frame's bytes, as number `sequence` behind `chain`, and what the next is bound to.
    #[must_use]
    pub fn finish(mut self, sequence: u64, key: &StoreKey, chain: &Chain) -> (Vec<u8>, Chain) {
        let length = u32::try_from(self.bytes.len() - FRAME_HEAD_BYTES).unwrap_or(u32::MAX);
        let mut head = Vec::with_capacity(FRAME_HEAD_BYTES);
        head.extend_from_slice(FRAME_MAGIC);
        head.extend_from_slice(&sequence.to_be_bytes());
        head.extend_from_slice(&length.to_be_bytes());
        head.extend_from_slice(&self.entries.to_be_bytes());
        let body = self.bytes.get(FRAME_HEAD_BYTES..).unwrap_or_default();
        let mac = key.mac(FRAME_LABEL, &[chain, &head, body]);
        head.extend_from_slice(&mac);
        let crc = crc32c::crc32c_append(crc32c::crc32c(&head), body);
        head.extend_from_slice(&crc.to_be_bytes());
        if let Some(place) = self.bytes.get_mut(..FRAME_HEAD_BYTES) {
            place.copy_from_slice(&head);
        }
        (self.bytes, mac)
    }
}

/// A frame as it lies there: whole, and not yet known to be ours.
#[derive(Debug, Clone, Copy)]
pub struct RawFrame<'a> {
    /// Its sequence number.
    pub sequence: u64,
    /// Bytes of all of it.
    pub length: usize,
    /// Its MAC: what the next frame is bound to.
    pub mac: Chain,
    plain: &'a [u8],
    entries: u32,
    body: &'a [u8],
}

impl<'a> RawFrame<'a> {
    /// Finds the frame at the beginning of `bytes`. Nothing when there is no whole, undamaged one.
    #[must_use]
    pub fn find(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(FRAME_MAGIC)?;
        let (sequence, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (entries, rest) = rest.split_first_chunk::<4>()?;
        let (mac, rest) = rest.split_first_chunk::<MAC_BYTES>()?;
        let (crc, rest) = rest.split_first_chunk::<4>()?;
        let body = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let head = bytes.get(..FRAME_HEAD_BYTES - 4)?;
        let sound = crc32c::crc32c_append(crc32c::crc32c(head), body).to_be_bytes() == *crc;
        sound.then_some(Self {
            sequence: u64::from_be_bytes(*sequence),
            length: FRAME_HEAD_BYTES + body.len(),
            mac: *mac,
            plain: head.get(..FRAME_PLAIN_BYTES)?,
            entries: u32::from_be_bytes(*entries),
            body,
        })
    }

    /// Its entries. Nothing when this install did not write it behind `chain`.
    #[must_use]
    pub fn open(&self, key: &StoreKey, chain: &Chain) -> Option<Vec<FramedEntry<'a>>> {
        if !key.verify(FRAME_LABEL, &[chain, self.plain, self.body], &self.mac) {
            return None;
        }
        let mut body = self.body;
        let mut entries = Vec::new();
        for _ in 0..self.entries {
            let log = take_log(&mut body)?;
            let (index, rest) = body.split_first_chunk::<8>()?;
            let (length, rest) = rest.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            let (leaf, rest) = rest.split_at_checked(length)?;
            body = rest;
            entries.push(FramedEntry { log, index: u64::from_be_bytes(*index), leaf });
        }
        body.is_empty().then_some(entries)
    }
}

/// Takes an entry into the state of its log; nothing when its index is not the next one.
pub fn append(logs: &mut Logs, entry: &FramedEntry<'_>, time_us: u64) -> Option<Hash> {
    let state = logs.entry(entry.log).or_default();
    if state.frontier.size() != entry.index {
        return None;
    }
    let leaf = leaf_hash(entry.leaf);
    state.frontier.append(leaf);
    state.time_us = state.time_us.max(time_us);
    Some(leaf)
}

fn put_log(out: &mut Vec<u8>, log: LogId) {
    match log {
        LogId::System => out.extend_from_slice(&[0; 17]),
        LogId::Tenant(id) => {
            out.push(1);
            out.extend_from_slice(&id);
        }
    }
}

/// The log of an applied mark's key.
#[must_use]
pub fn log_of_key(mut key: &[u8]) -> Option<LogId> {
    take_log(&mut key).filter(|_| key.is_empty())
}

fn take_log(body: &mut &[u8]) -> Option<LogId> {
    let (bytes, rest) = body.split_first_chunk::<17>()?;
    *body = rest;
    let (kind, id) = bytes.split_first()?;
    let id: [u8; 16] = id.try_into().ok()?;
    match (kind, id == [0; 16]) {
        (0, true) => Some(LogId::System),
        (1, _) => Some(LogId::Tenant(id)),
        _ => None,
    }
}

/// The engine key of a log's applied mark.
#[must_use]
pub fn log_key(log: LogId) -> Vec<u8> {
    let mut out = Vec::with_capacity(17);
    put_log(&mut out, log);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use strongroom_core::vault::keys::SecretKey;
    use zeroize::Zeroizing;

    fn key(byte: u8) -> StoreKey {
        StoreKey::new(&SecretKey::from_bytes(Zeroizing::new([byte; 32])))
    }

    fn read(bytes: &[u8], key: &StoreKey, chain: &Chain) -> Option<usize> {
        RawFrame::find(bytes)?.open(key, chain).map(|entries| entries.len())
    }

    #[test]
    fn a_frame_with_any_flipped_byte_is_not_read() {
        let mut writer = FrameWriter::new();
        writer.push(FramedEntry { log: LogId::System, index: 4, leaf: b"one" });
        writer.push(FramedEntry { log: LogId::Tenant([3; 16]), index: 0, leaf: b"two" });
        let (bytes, mac) = writer.finish(9, &key(1), &[7; 32]);
        let frame = RawFrame::find(&bytes).unwrap();
        assert_eq!((frame.sequence, frame.length, frame.mac), (9, bytes.len(), mac));
        assert_eq!(read(&bytes, &key(1), &[7; 32]), Some(2));
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0x40;
            assert!(RawFrame::find(&bad).is_none(), "byte {at}");
            assert!(RawFrame::find(&bytes[..at]).is_none(), "cut at {at}");
        }
    }

    #[test]
    fn a_frame_with_a_right_checksum_is_read_behind_the_one_before_it_only() {
        let frame = |sequence, key: &StoreKey, chain| {
            let mut writer = FrameWriter::new();
            writer.push(FramedEntry { log: LogId::System, index: 0, leaf: b"one" });
            writer.finish(sequence, key, &chain).0
        };
        let ours = frame(1, &key(1), [7; 32]);
        assert_eq!(read(&ours, &key(1), &[8; 32]), None, "behind another frame");
        assert_eq!(read(&ours, &key(2), &[7; 32]), None, "of another install");
        let mut forged = ours.clone();
        *forged.last_mut().unwrap() ^= 1;
        let end = FRAME_HEAD_BYTES - 4;
        let crc = crc32c::crc32c_append(crc32c::crc32c(&forged[..end]), &forged[end + 4..]);
        forged[end..end + 4].copy_from_slice(&crc.to_be_bytes());
        assert!(RawFrame::find(&forged).is_some());
        assert_eq!(read(&forged, &key(1), &[7; 32]), None, "of another body");
    }

    #[test]
    fn a_header_reads_back_and_refuses_any_flipped_byte() {
        let mut logs = Logs::new();
        for index in 0..5 {
            append(&mut logs, &FramedEntry { log: LogId::System, index, leaf: b"x" }, 7).unwrap();
        }
        let entry = FramedEntry { log: LogId::Tenant([1; 16]), index: 1, leaf: b"x" };
        assert!(append(&mut logs, &entry, 7).is_none(), "a gap");
        let head = SegmentHead { number: 3, sequence: 12, chain: [5; 32], logs };
        let bytes = head.encode(&key(1));
        assert_eq!(SegmentHead::decode(&bytes, &key(1)), Some((head.clone(), bytes.len())));
        assert_eq!(SegmentHead::decode(&bytes, &key(2)), None, "of another install");
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert!(SegmentHead::decode(&bad, &key(1)).is_none(), "byte {at}");
        }
    }
}
