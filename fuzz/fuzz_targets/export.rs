//! A sound export with one file replaced or one byte changed is never verified.
#![no_main]
use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use strongroom_ledger::entry::{Act, Actor, Auth, Phase};
use strongroom_ledger::note::{Signer, origin};
use strongroom_ledger::tile::TileWriter;
use strongroom_ledger::verify::{Export, ReadError, verify};
use strongroom_ledger::{Entry, Id, LogId};

struct Files(BTreeMap<String, Vec<u8>>);

impl Export for Files {
    fn read(&self, path: &str, size_max: usize) -> Result<Option<Vec<u8>>, ReadError> {
        let cut = |bytes: &Vec<u8>| bytes[..bytes.len().min(size_max + 1)].to_vec();
        Ok(self.0.get(path).map(cut))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, ReadError> {
        let mut names: Vec<String> = self
            .0
            .keys()
            .filter_map(|path| path.strip_prefix(folder))
            .map(|rest| match rest.split_once('/') {
                Some((name, _)) => format!("{name}/"),
                None => rest.to_owned(),
            })
            .collect();
        names.dedup();
        Ok(names)
    }
}

fn sound() -> (Files, Signer) {
    let name = origin(&Id([3; 16]).to_string(), &LogId::System);
    let signer = Signer::from_seed(&name, &[9; 32]).unwrap();
    let (mut files, mut tiles) = (BTreeMap::new(), TileWriter::new());
    let mut sink = |path: strongroom_ledger::tile::TilePath, bytes: &[u8]| {
        files.insert(format!("system/{path}"), bytes.to_vec());
        Ok::<(), ()>(())
    };
    for n in 0..3 {
        let actor = Actor { auth: Auth::System, principal: None };
        let entry =
            Entry::new(Id([n; 16]), LogId::System, Act::ClockStep, Phase::Commit, actor);
        tiles.push(&entry.to_bytes().unwrap(), &mut sink).unwrap();
    }
    tiles.partial(&mut sink).unwrap();
    let checkpoint = signer.sign(tiles.size(), &tiles.root());
    files.insert("system/checkpoint".to_owned(), checkpoint.into_bytes());
    (Files(files), signer)
}

fuzz_target!(|data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    let (mut files, signer) = sound();
    let paths: Vec<String> = files.0.keys().cloned().collect();
    let path = &paths[usize::from(*which) % paths.len()];
    let old = files.0.insert(path.clone(), bytes.to_vec()).unwrap();
    let verdict = verify(&files, std::slice::from_ref(signer.verifier()));
    assert_eq!(verdict.is_ok(), old == bytes, "{path}");
});
