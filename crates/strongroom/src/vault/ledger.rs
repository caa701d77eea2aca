//! The ledger from outside: export, keys, who saw whom, and the state of the install.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use strongroom_core::access::admin::{ExportLedger, ReadLedgerKeys, ReadStatus};
use strongroom_core::access::system;
use strongroom_core::access::who::Who;
use strongroom_core::id::TenantId;
use strongroom_core::ledger::merkle::empty_root;
use strongroom_core::ledger::note::{Signer, origin};
use strongroom_core::ledger::tile::{TileWriter, WriteError};
use strongroom_core::ledger::{Entry, Hash, Id, LogId};
use strongroom_core::principal::Principal;
use strongroom_core::source::{Random, draw};
use strongroom_core::vault::keys::{Job, KeyPlace, SecretKey};

use strongroom_core::store::Visit;

use super::Vault;
use crate::memory;
use crate::problem::{Kind, Problem};
use crate::store::disk::is_full;

/// Size and root of each log, taken together.
type Heads = BTreeMap<LogId, (u64, Hash)>;

/// One line of the answer to "who saw this record".
pub struct WhoEntry {
    /// The log.
    pub log: LogId,
    /// The entry's index there.
    pub index: u64,
    /// Its time, in microseconds since the Unix epoch.
    pub time_us: u64,
    /// The act.
    pub act: &'static str,
    /// How far it came.
    pub phase: &'static str,
    /// The actor's name, or its id when it has none.
    pub actor: String,
    /// The form given out.
    pub form: Option<&'static str>,
    /// The declared purpose.
    pub purpose: Option<String>,
    /// The field types touched.
    pub fields: Vec<String>,
}

impl Vault {
    /// The signer of a log: its newest key.
    pub(super) fn signer(&self, log: LogId) -> Result<Signer, Problem> {
        let tenant = match log {
            LogId::System => None,
            LogId::Tenant(id) => Some(TenantId(id)),
        };
        let state = self.read();
        let wrapped = state.registry.wrapped(tenant, Job::Log).last();
        let wrapped = wrapped.ok_or_else(|| Problem::internal("a log has no signing key"))?;
        let (version, wrapped) = wrapped;
        let place = KeyPlace { install: self.install, tenant, job: Job::Log, version };
        self.signer_of(log, &self.keys.root.unwrap(&place, wrapped)?)
    }

    /// The signer of a log with this key.
    pub(super) fn signer_of(&self, log: LogId, seed: &SecretKey) -> Result<Signer, Problem> {
        let origin = origin(&Id(self.install.0).to_string(), &log);
        Signer::from_seed(&origin, seed.expose()).map_err(|e| Problem::internal(e.to_string()))
    }

    /// Every log there is, the system's first; a tenant's also while it is empty.
    fn logs(&self) -> Vec<LogId> {
        let tenants = self.read().registry.tenants().map(|t| LogId::Tenant(t.id.0)).collect();
        [vec![LogId::System], tenants].concat()
    }

    /// One verification key a log, as lines of signed notes' keys.
    ///
    /// # Errors
    /// A [`Problem`] when refused.
    pub fn ledger_keys(&self, who: &Principal) -> Result<Vec<String>, Problem> {
        self.authorize(who, ReadLedgerKeys)?;
        self.logs().into_iter().map(|l| Ok(self.signer(l)?.verifier().to_string())).collect()
    }

    /// Writes every log as a tlog-tiles directory, with the tenants' heads noted in the system
    /// log first. Gives each log's size.
    ///
    /// # Errors
    /// A [`Problem`]: refused, the folder in use, the ledger damaged.
    pub fn export_ledger(
        &self,
        who: &Principal,
        out: &Path,
    ) -> Result<BTreeMap<String, u64>, Problem> {
        let authorized = self.authorize(who, ExportLedger)?;
        if fs::read_dir(out).is_ok_and(|mut d| d.next().is_some()) || out.is_file() {
            let detail = format!("{} is there already", out.display());
            return Err(Problem::usage(detail, "name a folder that does not exist yet"));
        }
        let _exported = self.receipt(Ok(authorized.plan()))?;
        let mut heads = self.store.heads();
        heads.retain(|(log, ..)| *log != LogId::System);
        if !heads.is_empty() {
            self.commit(system::heads(&heads))?;
        }
        let heads: Heads =
            self.store.heads().into_iter().map(|(l, n, root)| (l, (n, root))).collect();
        let partial = aside(out, &*self.random)?;
        let done = self.export_logs(&heads, &partial).and_then(|done| {
            let _ = fs::remove_dir(out);
            fs::rename(&partial, out).map_err(|e| unwritable(out, &e))?;
            Ok(done)
        });
        if done.is_err() {
            let _ = fs::remove_dir_all(&partial);
        }
        done
    }

    fn export_logs(&self, heads: &Heads, to: &Path) -> Result<BTreeMap<String, u64>, Problem> {
        let mut done = BTreeMap::new();
        for log in self.logs() {
            // A tenant's log without an entry yet has no head.
            let head = heads.get(&log).copied().unwrap_or((0, empty_root()));
            let folder = match log {
                LogId::System => to.join("system"),
                LogId::Tenant(_) => to.join("tenants").join(log.to_string()),
            };
            self.export_log(log, head, &folder)?;
            done.insert(log.to_string(), head.0);
        }
        Ok(done)
    }

    fn export_log(
        &self,
        log: LogId,
        (size, root): (u64, Hash),
        folder: &Path,
    ) -> Result<(), Problem> {
        let mut sink = |path: strongroom_core::ledger::tile::TilePath, bytes: &[u8]| {
            write_new(&folder.join(path.to_string()), bytes)
        };
        let mut tiles = TileWriter::new();
        let mut failed = None;
        self.store.entries(log, &mut |index, leaf| {
            if index >= size {
                return false;
            }
            failed = tiles.push(leaf, &mut sink).err();
            failed.is_none()
        })?;
        let failed = failed.or_else(|| tiles.partial(&mut sink).err());
        match failed {
            Some(WriteError::Sink(error)) => return Err(unwritable(folder, &error)),
            Some(WriteError::Leaf(_)) => return Err(Problem::internal("an entry fits no bundle")),
            _ => {}
        }
        if (tiles.size(), tiles.root()) != (size, root) {
            return Err(Problem::tampered(format!(
                "log {log} on disk is not the one whose root is in memory"
            )));
        }
        let checkpoint = self.signer(log)?.sign(size, &root);
        write_new(&folder.join("checkpoint"), checkpoint.as_bytes())
            .map_err(|e| unwritable(folder, &e))
    }

    /// Who sealed, saw or asked about a record; the question is itself an entry.
    ///
    /// # Errors
    /// A [`Problem`]: refused, no such record.
    pub fn who(
        &self,
        who: &Principal,
        tenant: &str,
        record: &str,
        collection: Option<&str>,
    ) -> Result<Vec<WhoEntry>, Problem> {
        let tenant = self.tenant(tenant);
        let collection = collection.map(str::to_owned);
        let action = Who { tenant, record: record.to_owned(), collection };
        let authorized = self.authorize(who, action)?;
        self.load_keys(tenant)?;
        let planned = {
            let state = self.read();
            let index = &mut |prefix: &_, visit: &mut Visit<'_>| self.scan_index(prefix, visit);
            authorized.plan(&self.context(&state), index, &mut |record| self.store.slot(record))
        };
        let receipt = self.receipt(planned)?;
        let log = LogId::Tenant(tenant.ok_or_else(Problem::not_found)?.0);
        let (mut found, mut bad) = (Vec::new(), None);
        self.store.entries(log, &mut |index, leaf| {
            match Entry::from_bytes(leaf) {
                Ok(entry) if receipt.concerns(&entry) => {
                    found.push(self.who_entry(log, index, entry));
                }
                Ok(_) => {}
                Err(_) => bad = Some(index),
            }
            bad.is_none()
        })?;
        match bad {
            Some(index) => Err(Problem::tampered(format!("entry {index} of log {log} is damaged"))),
            None => Ok(found),
        }
    }

    fn who_entry(&self, log: LogId, index: u64, entry: Entry) -> WhoEntry {
        let state = self.read();
        let principal = entry.actor.principal.map(strongroom_core::id::PrincipalId);
        let named = principal.and_then(|p| state.registry.principal_of(p));
        let actor = match (named, principal) {
            (Some(row), _) => row.name.to_string(),
            (None, Some(id)) => id.to_string(),
            (None, None) => entry.actor.auth.to_string(),
        };
        WhoEntry {
            log,
            index,
            time_us: entry.time_us,
            act: entry.act.as_str(),
            phase: entry.phase.as_str(),
            actor,
            form: entry.form.map(|f| f.as_str()),
            purpose: entry.purpose,
            fields: entry.fields,
        }
    }

    /// The state of the install: what is there, and what protects it.
    ///
    /// # Errors
    /// A [`Problem`] when refused.
    pub fn status(&self, who: &Principal) -> Result<Value, Problem> {
        self.authorize(who, ReadStatus)?;
        // Loaded and locked here, so that the answer below is of every tenant's keys.
        let tenants: Vec<TenantId> = self.read().registry.tenants().map(|t| t.id).collect();
        for tenant in tenants {
            self.load_keys(Some(tenant))?;
        }
        let (cheap, until_us) = self.cheap_passwords()?;
        let state = self.read();
        let locked = state.locked.iter().all(|(_, lock)| lock.held());
        let live = state.registry.principals().filter(|p| !p.revoked).count();
        let logs: BTreeMap<String, Value> = self
            .store
            .heads()
            .into_iter()
            .map(|(log, size, root)| {
                (log.to_string(), json!({"size": size, "root": root.to_hex()}))
            })
            .collect();
        let collections: Vec<Value> = state
            .registry
            .collections()
            .map(|c| {
                let tenant = state.registry.tenant_of(c.tenant).map(|t| t.name.to_string());
                json!({"tenant": tenant, "collection": c.name, "schema_version": c.version,
                       "fields": c.fields.len()})
            })
            .collect();
        let free = self.data_folder().and_then(|f| rustix::fs::statvfs(f).ok());
        let free = free.map(|s| s.f_bavail.saturating_mul(s.f_frsize));
        Ok(json!({
            "install": self.install.to_string(),
            "development": self.development,
            "epoch": self.keys.epoch.number(),
            "tenants": state.registry.tenants().len(),
            "principals": live,
            "collections": collections,
            "logs": logs,
            "passwords_cheap": cheap,
            "passwords_cheap_until": until_us.map(day),
            "bytes_free": free,
            "keys_locked_in_memory": locked,
            "core_dumps_off": memory::core_dumps_off(),
            "swap_in_use": memory::swap_in_use(),
            "same_volume": self.folders.as_ref().map(super::open::same_volume),
        }))
    }
}

/// A time as RFC 3339, UTC.
pub(super) fn day(us: u64) -> String {
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_micros(us);
    humantime::format_rfc3339_seconds(at).to_string()
}

/// A new folder beside `out` for this run alone: one that is there already is somebody else's.
fn aside(out: &Path, random: &dyn Random) -> Result<PathBuf, Problem> {
    let name = out.file_name().ok_or_else(|| {
        let detail = format!("{} does not end in the name of a folder", out.display());
        Problem::usage(detail, "name a folder that does not exist yet")
    })?;
    let mark = HEXLOWER.encode(&draw::<4>(random)?);
    let path = out.with_file_name(format!(".{}.{mark}.partial", name.to_string_lossy()));
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    folder.map_or(Ok(()), fs::create_dir_all).map_err(|e| unwritable(out, &e))?;
    fs::create_dir(&path).map_err(|e| unwritable(out, &e))?;
    Ok(path)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    if is_full(error) {
        let detail = format!("the disk is full: {} was not written", path.display());
        let remedy = "name a folder on a volume with space left";
        return Problem::new(Kind::Unavailable, detail, remedy);
    }
    let detail = format!("{} cannot be written: {error}", path.display());
    Problem::usage(detail, "name a folder that this user can write, with space left")
}

/// Whether an entry's bytes have a part of its JSON: most entries are of other acts, and are not
/// read for what they are not about.
pub(super) fn has(leaf: &[u8], part: &str) -> bool {
    leaf.windows(part.len()).any(|window| window == part.as_bytes())
}
