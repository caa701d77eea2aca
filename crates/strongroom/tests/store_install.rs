//! An install in two folders of the machine: what the store promises, asked of the product.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap, what their tests share too"
)]

mod store_support;

use std::path::Path;

use store_support::history::{reveal, seal};
use store_support::{Sources, Temp, copy};
use strongroom::problem::{Kind, Problem};
use strongroom::store::disk::{Disk as _, Folder};
use strongroom::vault::{Folders, Vault};
use strongroom_core::principal::{Arrival, Principal};

struct Install {
    root: Temp,
    sources: Sources,
    credential: String,
}

impl Install {
    fn new() -> Self {
        let (root, sources) = (Temp::new(), Sources::new());
        let mut install = Self { root, sources, credential: String::new() };
        let (clock, random) = (install.sources.clock.clone(), install.sources.random());
        let made = Vault::init(&install.folders(), true, clock, random);
        install.credential = made.map_err(|p| p.detail).unwrap().credential.to_string();
        install
    }

    fn folders(&self) -> Folders {
        Folders { data: self.root.path("data"), keys: self.root.path("keys") }
    }

    fn open(&self) -> Result<(Vault, Principal), Problem> {
        let (clock, random) = (self.sources.clock.clone(), self.sources.random());
        let vault = Vault::open(self.folders(), clock, random)?;
        let who = vault.authenticate(&self.credential, Arrival::local(0, true))?;
        Ok((vault, who))
    }

    fn work(&self, input: u64) -> Vec<(&'static str, String, String)> {
        let (vault, who) = self.open().unwrap();
        if vault.tenants(&who).unwrap().is_empty() {
            vault.add_tenant(&who, "acme").unwrap();
        }
        seal(&vault, &who, ("acme", input, 3), &self.root).unwrap()
    }
}

/// Size and root in the checkpoint of the one tenant.
fn checkpoint(export: &Path) -> (String, String) {
    let tenant = std::fs::read_dir(export.join("tenants")).unwrap().next().unwrap().unwrap();
    let text = std::fs::read_to_string(tenant.path().join("checkpoint")).unwrap();
    let mut lines = text.lines().skip(1).map(ToOwned::to_owned);
    (lines.next().unwrap(), lines.next().unwrap())
}

#[test]
fn one_process_at_a_time() {
    let install = Install::new();
    let first = install.open().unwrap();
    let second = install.open().err().map(|p| p.kind);
    assert_eq!(second, Some(Kind::Held));
    drop(first);
    assert!(install.open().is_ok());
}

/// Whoever can write the data folder can put new files in the place of the locks that lie there.
#[test]
fn locks_exchanged_in_the_data_folder_let_nobody_in() {
    let install = Install::new();
    let first = install.open().unwrap();
    for name in ["data/lock", "data/engine/lock"] {
        std::fs::rename(install.root.path(name), install.root.path("aside")).unwrap();
        std::fs::write(install.root.path(name), "").unwrap();
    }
    let second = install.open().err().map(|p| p.kind);
    assert_eq!(second, Some(Kind::Held));
    drop(first);
    assert!(install.open().is_ok());
}

#[test]
fn an_interrupted_init_is_begun_again_and_takes_nobodys_files() {
    let install = Install::new();
    let at = |name: &str| install.root.path(name);
    // As if it had died before its last steps.
    std::fs::remove_file(at("data/install.json")).unwrap();
    let begin = || {
        let (clock, random) = (install.sources.clock.clone(), install.sources.random());
        Vault::init(&install.folders(), true, clock, random).map(|_| ()).map_err(|p| p.detail)
    };
    assert!(begin().unwrap_err().contains("belongs to an install"), "without its mark");
    let mark = |data: &Path| {
        let data = std::fs::canonicalize(data).unwrap();
        let text = format!("an interrupted `init` left this; run it again\n{}\n", data.display());
        std::fs::write(at("keys/init.incomplete"), text).unwrap();
    };
    mark(&install.root.path(""));
    assert!(begin().unwrap_err().contains("belongs to an install"), "of another data folder");
    mark(&at("data"));
    for own in ["data/accounts.csv", "keys/my.key", "data/new", "data/root.key", "keys/ledger"] {
        std::fs::write(at(own), "somebody's own").unwrap();
        assert!(begin().unwrap_err().contains("not empty"), "{own}");
        assert_eq!(std::fs::read_to_string(at(own)).unwrap(), "somebody's own");
        assert!(at("keys/root.key").exists() && at("data/engine").exists(), "nothing is gone");
        std::fs::remove_file(at(own)).unwrap();
    }
    let held = std::fs::File::options().write(true).open(at("keys/lock")).unwrap();
    held.try_lock().unwrap();
    assert!(begin().unwrap_err().contains("held"), "another one is at it");
    drop(held);
    assert_eq!(begin(), Ok(()));
    assert!(!at("keys/init.incomplete").exists());
    assert!(begin().unwrap_err().contains("belongs to an install already"));
}

#[test]
fn an_export_has_the_same_root_after_reopening() {
    let install = Install::new();
    install.work(1);
    let mut exported = Vec::new();
    for name in ["one", "two"] {
        let (vault, who) = install.open().unwrap();
        let out = install.root.path(name);
        vault.export_ledger(&who, &out).map_err(|p| p.detail).unwrap();
        exported.push(checkpoint(&out));
    }
    assert_eq!(exported[0], exported[1]);
    assert_ne!(exported[0].0, "0");
    install.work(2);
    let (vault, who) = install.open().unwrap();
    let out = install.root.path("three");
    vault.export_ledger(&who, &out).map_err(|p| p.detail).unwrap();
    assert_ne!(exported[0], checkpoint(&out));
}

#[test]
fn a_killed_process_leaves_everything_it_acknowledged() {
    let install = Install::new();
    install.work(1);
    let (vault, who) = install.open().unwrap();
    let sealed = seal(&vault, &who, ("acme", 2, 4), &install.root).unwrap();
    let left = Install {
        root: Temp::new(),
        sources: install.sources.clone(),
        credential: install.credential.clone(),
    };
    for name in ["data", "keys"] {
        copy(&install.root.path(name), &left.root.path(name));
    }
    let (found, who) = left.open().map_err(|p| p.detail).unwrap();
    let (tokens, values): (Vec<_>, Vec<_>) =
        sealed.into_iter().map(|(_, token, value)| (token, value)).unzip();
    assert_eq!(reveal(&found, &who, "acme", tokens), Ok(values));
    let again = seal(&found, &who, ("acme", 2, 4), &left.root).map(|cells| cells.len());
    assert_eq!(again, Ok(8), "the same command gives its tokens again");
    drop(vault);
}

#[test]
fn an_older_data_folder_under_live_keys_is_refused() {
    let install = Install::new();
    install.work(1);
    copy(&install.root.path("data"), &install.root.path("old"));
    install.work(2);
    assert!(install.open().is_ok());
    let parts: [&[&str]; 3] = [&["engine", "ledger", "slots"], &["engine"], &["ledger"]];
    for parts in parts {
        let kept = Temp::new();
        for part in parts {
            let (place, old) =
                (install.root.path(&format!("data/{part}")), install.root.path("old"));
            std::fs::rename(&place, kept.path(part)).unwrap();
            copy(&old.join(part), &place);
        }
        let refused = install.open().err().map(|p| p.kind);
        assert_eq!(refused, Some(Kind::Tampered), "{parts:?}");
        for part in parts {
            let place = install.root.path(&format!("data/{part}"));
            std::fs::remove_dir_all(&place).unwrap();
            std::fs::rename(kept.path(part), place).unwrap();
        }
        assert!(install.open().is_ok(), "what belongs there is put back");
    }
}

#[test]
fn a_file_that_has_no_end_holds_nobody_up() {
    let install = Install::new();
    let at = |name: &str| install.root.path(name);
    let refused = || install.open().err().map(|p| p.kind);
    let place = at("data/install.json");
    std::fs::rename(&place, at("aside")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &place).unwrap();
    assert_eq!(refused(), Some(Kind::Tampered));
    std::fs::rename(at("aside"), &place).unwrap();
    let segment = std::fs::File::options().write(true).open(at("data/ledger/00000000.seg"));
    let segment = segment.unwrap();
    let length = segment.metadata().unwrap().len();
    segment.set_len(200 << 30).unwrap();
    assert_eq!(refused(), Some(Kind::Tampered));
    segment.set_len(length).unwrap();
    assert_eq!(refused(), None);
}

#[test]
fn keys_that_others_can_read_and_example_keys_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let install = Install::new();
    let at = |name: &str| install.root.path(name);
    let refused = || install.open().err().map(|p| p.detail).unwrap_or_default();
    for name in ["root.key", "store.key", "epoch-00000001.key"] {
        let path = at(&format!("keys/{name}"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(refused().contains("can be read by other users"), "{name}: {}", refused());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let kept = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(refused().contains("is missing"), "{name}: {}", refused());
        Folder::open(&at("keys")).unwrap().replace(name, &kept).unwrap();
    }
    assert_eq!(refused(), "");
    let example = format!("strongroom-root-key-1 {}=\n", "A".repeat(43));
    Folder::open(&at("keys")).unwrap().replace("root.key", example.as_bytes()).unwrap();
    assert!(refused().contains("example"), "{}", refused());
}

#[test]
fn a_format_of_another_version_is_refused() {
    let install = Install::new();
    let path = install.root.path("data/install.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"format\":1", "\"format\":2")).unwrap();
    let problem = install.open().err().unwrap();
    assert_eq!(problem.kind, Kind::Usage);
    assert!(problem.detail.contains("format 2, not 1"), "{}", problem.detail);
}

/// The engine opens its files by name: a link among them would lead its writes elsewhere.
#[test]
fn links_in_the_engines_folder_are_refused_and_key_files_cannot_be_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let install = Install::new();
    let at = |name: &str| install.root.path(name);
    let key = std::fs::read(at("keys/root.key")).unwrap();
    std::os::unix::fs::symlink(at("keys/root.key"), at("data/engine/keyspaces/1/v9")).unwrap();
    assert_eq!(install.open().err().map(|p| p.kind), Some(Kind::Tampered));
    std::fs::remove_file(at("data/engine/keyspaces/1/v9")).unwrap();
    std::fs::hard_link(at("keys/root.key"), at("data/engine/7.jnl")).unwrap();
    assert_eq!(install.open().err().map(|p| p.kind), Some(Kind::Tampered));
    std::fs::remove_file(at("data/engine/7.jnl")).unwrap();
    assert_eq!(std::fs::read(at("keys/root.key")).unwrap(), key);
    std::fs::rename(at("data/engine"), at("engine")).unwrap();
    std::os::unix::fs::symlink(at("engine"), at("data/engine")).unwrap();
    assert_eq!(install.open().err().map(|p| p.kind), Some(Kind::Tampered), "the folder itself");
    std::fs::remove_file(at("data/engine")).unwrap();
    std::fs::rename(at("engine"), at("data/engine")).unwrap();
    assert!(install.open().is_ok());
    for entry in std::fs::read_dir(at("keys")).unwrap().map(Result::unwrap) {
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        let expected = if entry.file_name() == "lock" { 0o600 } else { 0o400 };
        assert_eq!(mode, expected, "{:?}", entry.file_name());
    }
}

/// Whoever can write the data folder must not lead our writes to a file of the key folder.
#[test]
fn links_in_the_data_folder_are_not_followed() {
    let temp = Temp::new();
    let victim = temp.path("root.key");
    std::fs::write(&victim, "the key").unwrap();
    let disk = Folder::open(&temp.path("data")).unwrap();
    let mut file = disk.create("ledger/one.seg", b"head", 100).unwrap();
    let place = temp.path("data/ledger/one.seg");
    std::os::unix::fs::symlink(&victim, temp.path("data/ledger/two.seg.new")).unwrap();
    disk.create("ledger/two.seg", b"head", 100).unwrap();
    disk.replace("ledger/two.json", b"{}").unwrap();
    std::fs::rename(&place, temp.path("aside")).unwrap();
    std::os::unix::fs::symlink(temp.path("aside"), &place).unwrap();
    assert!(!file.is_in_place().unwrap(), "a link is not the file");
    assert!(disk.open("ledger/one.seg").is_err());
    std::fs::remove_file(&place).unwrap();
    std::os::unix::fs::symlink(&victim, &place).unwrap();
    assert!(disk.open("ledger/one.seg").is_err());
    file = disk.create("ledger/one.seg", b"new", 3).unwrap();
    assert!(file.is_in_place().unwrap(), "the link is replaced");
    assert_eq!(std::fs::read(&victim).unwrap(), b"the key");
    let mut bytes = [9; 8];
    assert_eq!(file.read_at(0, &mut bytes).unwrap(), 3);
    assert_eq!(&bytes[..3], b"new");
}

#[test]
fn a_file_made_is_its_head_and_zeros_and_only_ours() {
    use std::os::unix::fs::PermissionsExt as _;
    let temp = Temp::new();
    let disk = Folder::open(&temp.path("a/b/data")).unwrap();
    let file = disk.create("c/file", b"head", (1 << 20) + 5).unwrap();
    assert_eq!(file.length().unwrap(), (1 << 20) + 5);
    let bytes = disk.read("c/file").unwrap().unwrap();
    assert!(bytes.starts_with(b"head") && bytes[4..].iter().all(|b| *b == 0));
    let mode = |name: &str| temp.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("a/b/data/c/file"), mode("a/b/data/c"), mode("a")), (0o600, 0o700, 0o700));
    file.write_at(1, b"x").unwrap();
    file.grow(1 << 21).unwrap();
    file.sync().unwrap();
    assert_eq!((file.length().unwrap(), disk.list("c").unwrap()), (1 << 21, vec!["file".into()]));
    assert_eq!((disk.open("c/none").unwrap().is_none(), disk.list("d").unwrap()), (true, vec![]));
}
