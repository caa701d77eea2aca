//! A backup is one moment, however much is written meanwhile; it counts only once it is whole; and
//! whatever is changed in it, by whom ever, is told with its place.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/copies.rs"]
mod copies;
#[path = "support/install.rs"]
mod install;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use copies::{backup, entries, filled};
use install::Install;
use strongroom::backup::Kind;
use strongroom::custody::{KeyFolder, RootRing};
use strongroom::store::disk::Folder;
use strongroom::vault::Whole;
use strongroom::vault::seal::SealRequest;
use strongroom_core::id::InstallId;
use strongroom_core::ledger::entry::{Act, Phase};
use strongroom_core::ledger::{Entry, LogId};
use strongroom_core::principal::Arrival;
use strongroom_core::store::Table;

#[test]
fn a_backup_is_stated_before_it_leaves_and_after_it_was_read_back() {
    let (install, _) = filled("backup-stated", 50);
    let out = install.scratch.path("one");
    let done = install.operate(&["backup", "--out", out.to_str().unwrap()]);
    assert_eq!(done.number("/records"), 50);
    let acts = [Act::BackupBegin, Act::BackupEnd];
    let stated: Vec<_> =
        entries(&install, LogId::System).into_iter().filter(|e| acts.contains(&e.act)).collect();
    assert_eq!(stated.iter().map(|e| e.act).collect::<Vec<_>>(), acts);
    for entry in stated {
        assert_eq!(entry.phase, Phase::Commit);
        assert_eq!(entry.object.as_deref(), Some(done.text("/backup")));
    }
    let mut names: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["backup.json", "records.srb", "slots.srb"]);
}

#[test]
fn no_backup_is_overwritten() {
    let (install, _) = filled("backup-over", 5);
    let out = backup(&install, "one");
    let before = fs::read(out.join("backup.json")).unwrap();
    let again = install.run(Some(&install.operator), &["backup", "--out", out.to_str().unwrap()]);
    assert_eq!(again.code, 2, "{}", again.json);
    assert_eq!(fs::read(out.join("backup.json")).unwrap(), before);
    let into = install.scratch.path("data/backup");
    let into = install.run(Some(&install.operator), &["backup", "--out", into.to_str().unwrap()]);
    assert_eq!(into.code, 2, "into the data folder: {}", into.json);
}

#[test]
fn no_clear_value_and_no_key_is_in_it() {
    let (install, _) = filled("backup-canary", 50);
    let out = backup(&install, "one");
    let keys = install.scratch.path("data.keys");
    let root = fs::read_to_string(keys.join("root.key")).unwrap();
    let root = root.trim().rsplit(' ').next().unwrap().to_owned();
    let raw = data_encoding::BASE64.decode(root.as_bytes()).unwrap();
    let epoch = fs::read(keys.join("epoch-00000001.key")).unwrap();
    let needles: [&[u8]; 5] =
        [b"Ada Archer", b"ada.7@example.com", root.as_bytes(), &raw, epoch.trim_ascii()];
    for file in fs::read_dir(&out).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        for needle in needles {
            assert!(!bytes.windows(needle.len()).any(|w| w == needle));
        }
    }
}

/// Refused with exit 15 and the name of the file, and nothing put back.
fn refused(install: &Install, out: &Path, says: &str) {
    let args = ["restore", out.to_str().unwrap(), "--dry-run"];
    let answer = install.run(Some(&install.operator), &args);
    assert_eq!(answer.code, 15, "{says}: {} {}", answer.json, answer.notices);
    assert!(answer.text("/error/detail").contains(says), "{says}: {}", answer.json);
}

#[test]
fn whatever_is_changed_in_a_backup_is_told_with_its_place() {
    let (install, _) = filled("backup-changed", 500);
    let (one, two) = (backup(&install, "one"), backup(&install, "two"));
    install.operate(&["restore", one.to_str().unwrap(), "--dry-run"]);
    for file in ["records.srb", "slots.srb", "backup.json"] {
        let path = one.join(file);
        let whole = fs::read(&path).unwrap();
        let put = |bytes: &[u8]| fs::write(&path, bytes).unwrap();
        for at in [0, 9, 40, whole.len() / 3, whole.len() / 2, whole.len() - 9] {
            let mut bad = whole.clone();
            bad[at] ^= 4;
            put(&bad);
            refused_or_other(&install, &one, file);
            put(&whole[..at]);
            refused_or_other(&install, &one, file);
        }
        put(&[whole.as_slice(), b"x"].concat());
        refused_or_other(&install, &one, file);
        // Another backup's file in its place.
        put(&fs::read(two.join(file)).unwrap());
        refused(&install, &one, if file == "slots.srb" { file } else { "records.srb" });
        put(&whole);
    }
    fs::remove_file(one.join("records.srb")).unwrap();
    refused(&install, &one, "records.srb of the backup is missing");
    fs::copy(two.join("backup.json"), one.join("other")).unwrap();
    fs::remove_file(one.join("backup.json")).unwrap();
    let args = ["restore", one.to_str().unwrap()];
    assert_eq!(install.run(Some(&install.operator), &args).code, 2, "no manifest, no backup");
}

/// A changed manifest may also read as one of another install or format.
fn refused_or_other(install: &Install, out: &Path, file: &str) {
    if file != "backup.json" {
        return refused(install, out, file);
    }
    let args = ["restore", out.to_str().unwrap(), "--dry-run"];
    let answer = install.run(Some(&install.operator), &args);
    assert!([2, 15].contains(&answer.code), "{}", answer.json);
}

/// The chunks of a stream: where each begins, and where the last ends.
fn chunks(bytes: &[u8]) -> Vec<usize> {
    let mut at = 8 + 1 + 16 + 16 + 8 + 8 + 4 + 8 + 60;
    let mut found = vec![at];
    while at < bytes.len() {
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        at += 17 + length as usize;
        found.push(at);
    }
    assert_eq!(*found.last().unwrap(), bytes.len());
    found
}

#[test]
fn chunks_cannot_be_left_out_moved_or_taken_from_another_backup() {
    let (install, _) = filled("backup-chunks", 16_000);
    let (one, two) = (backup(&install, "one"), backup(&install, "two"));
    let path = one.join("records.srb");
    let (whole, other) = (fs::read(&path).unwrap(), fs::read(two.join("records.srb")).unwrap());
    let at = chunks(&whole);
    assert!(at.len() > 4, "{} chunks: too few to show anything", at.len());
    let (a, b, c, last) = (at[0], at[1], at[2], at[at.len() - 2]);
    let others = chunks(&other);
    let (x, y) = (others[0], others[1]);
    let cases: [&[&[u8]]; 5] = [
        &[&whole[..a], &whole[b..]],
        &[&whole[..a], &whole[b..c], &whole[a..b], &whole[c..]],
        &[&whole[..b], &whole[a..]],
        &[&whole[..last]],
        &[&whole[..a], &other[x..y], &whole[b..]],
    ];
    for case in cases {
        fs::write(&path, case.concat()).unwrap();
        refused(&install, &one, "records.srb");
    }
    // The last chunk's mark set on the first: nothing is said to follow.
    let mut bad = whole[..b].to_vec();
    bad[a + 4] = 1;
    fs::write(&path, &bad).unwrap();
    refused(&install, &one, "at byte 129 (chunk 0)");
}

/// While others seal, reveal and administer: what the backup's ledger states is in its tables, and
/// nothing else is.
#[test]
fn a_backup_is_one_moment_however_much_is_written_meanwhile() {
    let (install, _) = filled("backup-moment", 100);
    let vault = install.open();
    let operator = fs::read_to_string(&install.operator).unwrap();
    let who = vault.authenticate(&operator, Arrival::local(0, false)).unwrap();
    let csv = install.scratch.write("more.csv", &copies::people(500, 6_000));
    let done = AtomicBool::new(false);
    let copies = std::thread::scope(|scope| {
        scope.spawn(|| {
            let request = SealRequest {
                input: csv.clone(),
                tenant: "acme".to_owned(),
                collection: "people".to_owned(),
                out: None,
                ..SealRequest::default()
            };
            vault.seal(&who, &request, &|_| {}).unwrap();
            done.store(true, Ordering::Release);
        });
        scope.spawn(|| {
            for n in 0.. {
                if done.load(Ordering::Acquire) {
                    break;
                }
                vault.add_tenant(&who, &format!("tenant-{n}")).unwrap();
            }
        });
        let mut copies = Vec::new();
        while !done.load(Ordering::Acquire) || copies.len() < 3 {
            let out = install.scratch.path(&format!("copy-{}", copies.len()));
            vault.backup(&who, (Whole::Install, &out), 0, &|_| {}).unwrap();
            copies.push(out);
        }
        copies
    });
    let id = vault.install();
    drop(vault);
    let keys = KeyFolder::open(&install.scratch.path("data.keys")).unwrap();
    let root = keys.load(id, 1).unwrap().root;
    let mut seen = BTreeSet::new();
    for copy in copies {
        seen.insert(is_one_moment(&Folder::to_read(&copy), id, &root));
    }
    assert!(seen.len() > 1, "no backup fell into the seal: {seen:?}");
}

/// Gives how many records there are.
fn is_one_moment(disk: &Folder, install: InstallId, root: &RootRing) -> usize {
    let opened = strongroom::backup::open(disk, install, root).unwrap();
    let (mut rows, mut stated) = (BTreeSet::new(), BTreeSet::new());
    let (mut tenants, mut added) = (0, 0);
    let kind = strongroom::backup::StreamKind::Records;
    strongroom::backup::read(disk, kind, &opened, &mut |item| {
        match item.kind {
            Kind::Row(Table::Record) => {
                rows.insert(u64::from_be_bytes(*item.key.last_chunk().unwrap()));
            }
            Kind::Row(Table::Control) => tenants += usize::from(item.key[0] == b't'),
            Kind::Entry => {
                let entry = Entry::from_bytes(item.value).unwrap();
                added += usize::from(entry.act == Act::TenantAdd);
                let range = entry.range.filter(|_| entry.act == Act::PiiCollect);
                stated.extend(range.into_iter().flat_map(|r| r.first..r.first + r.count));
            }
            _ => {}
        }
        Ok(true)
    })
    .unwrap();
    assert_eq!(rows, stated);
    assert_eq!(tenants, added);
    rows.len()
}
