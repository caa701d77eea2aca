//! The ledger of a real install, exported and checked by an outsider: by the verifier of this
//! project and by two implementations that are not ours; and refused by both once a byte is
//! changed.
//!
//! `STRONGROOM_PYTHON` names a Python that has `crates/verify/tests/requirements.txt` installed;
//! `./test` sets it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]

#[path = "support/exported.rs"]
mod exported;
#[path = "support/install.rs"]
mod install;

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use exported::Folder;
use install::Install;
use strongroom_core::ledger::entry::{Act, Form};
use strongroom_core::ledger::note::VerifierKey;
use strongroom_core::ledger::verify::{Failure, Report, verify};
use strongroom_core::policy::Purpose;
use strongroom_core::principal::Arrival;

/// Enough for a full tile and bundle, and a tile above them.
const REVEALS: usize = 300;

/// Places in each file where a byte is changed, the first and the last among them.
const PLACES: usize = 7;

/// An export, its keys, and the id of the tenant in it that has the most entries.
struct Exported {
    install: Install,
    folder: PathBuf,
    keys: PathBuf,
    busy: String,
}

/// Two tenants, sealed records, reveals, refusals of three kinds.
fn exported() -> Exported {
    let install = Install::new("export");
    let busy = install.operate(&["tenant", "add", "alder"]).text("/tenant/id").to_owned();
    install.operate(&["tenant", "add", "birch"]);
    install.operate(&["tenant", "add", "cedar"]);
    let (stranger, _) = install.principal("stranger", "operator", "birch");
    let people = "member,ssn\n1,536-22-1847\n2,401-55-9024\n";
    let csv = install.scratch.write("people.csv", people);
    let csv = csv.to_str().unwrap();
    let args = ["seal", csv, "--tenant", "alder", "--collection", "people"];
    let sealed = fs::read_to_string(install.operate(&args).text("/out")).unwrap();
    let mut cells = sealed.split([',', '\n']);
    let token = cells.find(|cell| cell.starts_with("srt_")).unwrap().to_owned();

    let vault = install.open();
    let credential = fs::read_to_string(&install.operator).unwrap();
    let who = vault.authenticate(&credential, Arrival::local(0, false)).unwrap();
    for _ in 0..REVEALS {
        let tokens = vec![token.clone()];
        let given = vault.reveal(&who, "alder", tokens, Purpose::Support, Form::Masked).unwrap();
        assert_eq!(given.disclose().len(), 1);
    }
    drop(vault);
    let reveal = ["reveal", "--tenant", "alder", "--purpose", "support", &token];
    assert_eq!(install.run(Some(&stranger), &reveal).code, 12);
    assert_eq!(install.run(Some(&stranger), &["status"]).code, 11);
    assert_eq!(install.run(None, &reveal).code, 10);

    let folder = install.scratch.path("ledger");
    install.operate(&["ledger", "export", "--out", folder.to_str().unwrap()]);
    let keys = install.command(Some(&install.operator), &["ledger", "key"]).output().unwrap();
    let keys = install.scratch.write("ledger.keys", &key_lines(&keys.stdout));
    Exported { install, folder, keys, busy }
}

/// The keys in the answer, one a line.
fn key_lines(answer: &[u8]) -> String {
    let answer: serde_json::Value = serde_json::from_slice(answer).unwrap();
    let keys = answer["keys"].as_array().unwrap().iter();
    keys.map(|key| format!("{}\n", key.as_str().unwrap())).collect()
}

impl Exported {
    fn ours(&self) -> Result<Report, Failure> {
        let keys = fs::read_to_string(&self.keys).unwrap();
        verify(&Folder(self.folder.clone()), &VerifierKey::parse_lines(&keys).unwrap())
    }

    /// The exit code of the foreign check, where there is one.
    fn foreign(&self, python: Option<&OsString>) -> Option<i32> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../verify/tests/foreign.py");
        let mut command = Command::new(python?);
        command.arg(script).arg(&self.folder).arg(&self.keys).stdout(Stdio::null());
        Some(command.status().unwrap().code().unwrap())
    }

    /// Every file of the export, in one order.
    fn files(&self) -> Vec<PathBuf> {
        let (mut files, mut folders) = (Vec::new(), vec![self.folder.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        files
    }
}

#[test]
fn an_export_is_verified_and_refused_once_altered() {
    let exported = exported();
    let python = std::env::var_os("STRONGROOM_PYTHON");
    if python.is_none() {
        // Written past the test harness, which would keep it back: a skip must be seen.
        std::io::stderr().write_all(b"skipped: STRONGROOM_PYTHON is not set\n").unwrap();
    }
    let accepted = |code: Option<i32>| code.is_none_or(|code| code == 0);
    let refused = |code: Option<i32>| code.is_none_or(|code| code == 1);

    let report = exported.ours().unwrap();
    assert_eq!(report.logs.len(), 4, "the system's and three tenants'");
    let busy = report.logs.iter().find(|log| log.log.to_string() == exported.busy).unwrap();
    assert!(busy.acts[&Act::PiiReveal] >= REVEALS as u64, "{busy:?}");
    assert_eq!(busy.noted, busy.size, "the system log vouches for all of it");
    let system = &report.logs[0].acts;
    assert_eq!((system[&Act::AuthRefuse], system[&Act::PiiReveal]), (1, 1), "{system:?}");
    assert!(accepted(exported.foreign(python.as_ref())));

    let files = exported.files();
    let kinds = ["checkpoint", "tile/entries/000", "tile/0/000", "tile/1/000.p/1", "tile/0/001.p/"];
    for kind in kinds {
        let found = files.iter().any(|path| path.to_string_lossy().contains(kind));
        assert!(found, "no {kind} in the export");
    }
    for (number, path) in files.iter().enumerate() {
        let sound = fs::read(path).unwrap();
        for part in 0..PLACES {
            let mut altered = sound.clone();
            let place = (altered.len() - 1) * part / (PLACES - 1);
            altered[place] ^= 1;
            fs::write(path, altered).unwrap();
            let what = format!("byte {place} of {}", path.display());
            assert!(matches!(exported.ours(), Err(Failure::Refuted(_))), "{what}");
            // A Python takes its time to start: one place a file, another one each time.
            let foreign = || refused(exported.foreign(python.as_ref()));
            assert!(part != number % PLACES || foreign(), "{what}");
        }
        fs::write(path, sound).unwrap();
    }
    assert!(exported.ours().is_ok(), "put back, it is what it was");
    drop(exported.install);
}
