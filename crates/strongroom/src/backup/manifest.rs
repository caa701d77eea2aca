//! The manifest: what a backup is and holds, authenticated, and written last.

use std::collections::BTreeMap;

use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};
use strongroom_core::id::{BackupId, InstallId};
use strongroom_core::vault::keys::{BackupKey, Job, KeyPlace, WrappingKey};

use super::error::{BackupError, at};
use super::format::{Counts, FORMAT, Identity, Kind, StreamKind};
use crate::store::disk::Disk;

/// The manifest's file: a folder without it is no backup.
pub const MANIFEST_FILE: &str = "backup.json";
const LABEL: &str = "strongroom/backup/manifest";
const MAC: &str = ",\n  \"mac\": \"";
const MAC_END: &str = "\"\n}\n";

/// One stream, as the manifest has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Bytes of its file.
    pub bytes: u64,
    /// Its chunks.
    pub chunks: u64,
    /// SHA-256 over the tags of all its chunks, in hexadecimal.
    pub digest: String,
    /// Its items by kind.
    pub items: BTreeMap<String, u64>,
}

impl Part {
    pub(super) fn new(bytes: u64, chunks: u64, digest: &[u8]) -> Self {
        Self { bytes, chunks, digest: HEXLOWER.encode(digest), items: BTreeMap::new() }
    }

    pub(super) fn count(&mut self, counts: &Counts) {
        let there = Kind::ALL.into_iter().filter(|kind| counts.of(*kind) > 0);
        self.items = there.map(|kind| (kind.name().to_owned(), counts.of(kind))).collect();
    }

    /// How many items of a kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> u64 {
        self.items.get(kind.name()).copied().unwrap_or(0)
    }
}

/// Size and root of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Entries.
    pub size: u64,
    /// Root over them, in hexadecimal.
    pub root: String,
}

/// The manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format's number.
    pub format: u32,
    /// The backup's id.
    pub backup: BackupId,
    /// The install it is of.
    pub install: InstallId,
    /// The start of the store that it is a moment of.
    pub boot: u64,
    /// When it began, in microseconds since the Unix epoch.
    pub time_us: u64,
    /// The epoch of its slots.
    pub epoch: u32,
    /// No record at or above this was given out.
    pub end: u64,
    /// Its key, wrapped by the root, in base64.
    pub key: String,
    /// Size and root of every log.
    pub logs: BTreeMap<String, Head>,
    /// Rows and ledger entries.
    pub records: Part,
    /// Slots.
    pub slots: Part,
}

impl Manifest {
    /// The manifest of two streams.
    #[must_use]
    pub fn new(
        identity: &Identity,
        logs: BTreeMap<String, Head>,
        records: Part,
        slots: Part,
    ) -> Self {
        Self {
            format: FORMAT,
            backup: identity.backup,
            install: identity.install,
            boot: identity.boot,
            time_us: identity.time_us,
            epoch: identity.epoch,
            end: identity.end,
            key: BASE64.encode(&identity.key),
            logs,
            records,
            slots,
        }
    }

    /// Whether it is a copy of the slots and of nothing else.
    #[must_use]
    pub fn is_slots_alone(&self) -> bool {
        self.records.items.is_empty()
    }

    /// The part that is about a stream.
    #[must_use]
    pub fn part(&self, kind: StreamKind) -> &Part {
        match kind {
            StreamKind::Records => &self.records,
            StreamKind::Slots => &self.slots,
        }
    }

    /// Writes it: from here on the backup counts.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn write(&self, disk: &dyn Disk, key: &BackupKey) -> Result<(), BackupError> {
        let unwritten = || BackupError::Manifest("it cannot be written");
        let body = serde_json::to_string_pretty(self).map_err(|_| unwritten())?;
        let open = body.strip_suffix("\n}").ok_or_else(unwritten)?;
        let mac = HEXLOWER.encode(&key.mac(LABEL, &[body.as_bytes()]));
        let text = format!("{open}{MAC}{mac}{MAC_END}");
        at(MANIFEST_FILE, disk.replace(MANIFEST_FILE, text.as_bytes()))
    }
}

/// A backup whose manifest is authentic.
pub struct Opened {
    /// The manifest.
    pub manifest: Manifest,
    /// What its streams say at their head.
    pub identity: Identity,
    /// Its key.
    pub key: BackupKey,
}

/// Opens the backup in a folder.
///
/// # Errors
/// [`BackupError`]: none there, of another install, changed.
pub fn open(
    disk: &dyn Disk,
    install: InstallId,
    root: &WrappingKey,
) -> Result<Opened, BackupError> {
    let bytes = at(MANIFEST_FILE, disk.read(MANIFEST_FILE))?.ok_or(BackupError::NoManifest)?;
    let cannot = || BackupError::Manifest("it cannot be read");
    let text = std::str::from_utf8(&bytes).ok().and_then(|text| text.strip_suffix(MAC_END));
    let (open, mac) = text.and_then(|text| text.rsplit_once(MAC)).ok_or_else(cannot)?;
    let body = format!("{open}\n}}");
    let manifest: Manifest = serde_json::from_str(&body).map_err(|_| cannot())?;
    if manifest.format != FORMAT {
        return Err(BackupError::OtherFormat(manifest.format));
    }
    if manifest.install != install {
        return Err(BackupError::OtherInstall);
    }
    let wrapped = BASE64.decode(manifest.key.as_bytes()).map_err(|_| cannot())?;
    let secret = root.unwrap(&place(install), &wrapped).map_err(|_| BackupError::OtherInstall)?;
    let key = BackupKey::new(&secret);
    let mac = HEXLOWER.decode(mac.as_bytes()).map_err(|_| cannot())?;
    if !key.verify(LABEL, &[body.as_bytes()], &mac) {
        return Err(BackupError::Manifest("it was changed"));
    }
    let identity = Identity {
        backup: manifest.backup,
        install,
        boot: manifest.boot,
        time_us: manifest.time_us,
        epoch: manifest.epoch,
        end: manifest.end,
        key: wrapped.try_into().map_err(|_| cannot())?,
    };
    Ok(Opened { manifest, identity, key })
}

/// Where a backup's key belongs.
#[must_use]
pub fn place(install: InstallId) -> KeyPlace {
    KeyPlace { install, tenant: None, job: Job::Backup, version: 1 }
}
