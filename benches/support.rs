//! What the benches share: a scratch folder, an install, the machine's name.

#![allow(dead_code, reason = "each bench uses its own part")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strongroom::ambient::{SystemClock, SystemRandom};
use strongroom::quickstart::people::{Shape, write_csv};
use strongroom::vault::{Folders, Vault};
use strongroom_core::principal::{Arrival, Principal};

/// A number from the environment.
pub fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// A fresh folder under `target`, on the disk of the checkout: a temp folder may be in memory.
pub fn scratch(name: &str) -> PathBuf {
    let dir =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// An open install with one tenant, `acme`.
pub struct Install {
    /// The vault.
    pub vault: Vault,
    /// The local operator.
    pub who: Principal,
}

impl Install {
    /// Makes it in `place`.
    pub fn new(place: &Path) -> Self {
        let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
        Vault::init(&folders(place), true, clock, random).unwrap();
        let install = Self::open(place);
        install.vault.add_tenant(&install.who, "acme").unwrap();
        install
    }

    /// Opens the one in `place`.
    pub fn open(place: &Path) -> Self {
        let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
        let vault = Vault::open(folders(place), clock, random).unwrap();
        let text = std::fs::read_to_string(place.join("keys/operator.credential")).unwrap();
        let who = vault.authenticate(&text, Arrival::local(0, true)).unwrap();
        Self { vault, who }
    }
}

fn folders(place: &Path) -> Folders {
    Folders { data: place.join("data"), keys: place.join("keys") }
}

/// Processor seconds of this process so far, user and system.
pub fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// Bytes that a folder takes on disk.
pub fn folder_bytes(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(entries) = std::fs::read_dir(path) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(m) if m.is_dir() => folder_bytes(&entry.path()),
            Ok(m) => m.blocks() * 512,
            Err(_) => 0,
        })
        .sum()
}

/// The middle one.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The value below which `share` of them lie.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

/// Processor and cores.
pub fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|l| l.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = std::thread::available_parallelism().map_or(0, |n| n.get());
    format!("machine: {}, {cores} cores", model.trim_start_matches([' ', '\t', ':']))
}

/// Invented people: an id and ten sensitive columns.
pub fn write_people(path: &Path, rows: u64) {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    write_csv(&mut out, Shape::Narrow, 7, rows).unwrap();
    out.flush().unwrap();
}
