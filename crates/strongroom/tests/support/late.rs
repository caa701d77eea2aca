//! A medium whose files show what was written only once it is durable, and that may change a byte
//! on the way: what is read back from it was on the medium, not in somebody's memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use strongroom::store::disk::{Disk, DiskFile, Opened};

/// How much of each file was written, and how much of that is durable.
type Reach = Arc<Mutex<BTreeMap<String, (u64, u64)>>>;

pub struct Late {
    disk: Arc<dyn Disk>,
    reach: Reach,
    /// A file, and the place of its byte that is another than what was written.
    spoilt: Option<(&'static str, u64)>,
}

impl Late {
    pub fn new(disk: Arc<dyn Disk>, spoilt: Option<(&'static str, u64)>) -> Self {
        Self { disk, reach: Reach::default(), spoilt }
    }

    fn file(&self, name: &str, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        let spoilt = self.spoilt.filter(|(of, _)| *of == name).map(|(_, at)| at);
        let (name, reach) = (name.to_owned(), Arc::clone(&self.reach));
        Box::new(LateFile { file, name, reach, spoilt })
    }
}

struct LateFile {
    file: Box<dyn DiskFile>,
    name: String,
    reach: Reach,
    spoilt: Option<u64>,
}

impl Disk for Late {
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn DiskFile>>> {
        Ok(self.disk.open(name)?.map(|file| self.file(name, file)))
    }

    fn create(&self, name: &str, head: &[u8], len: u64) -> Opened {
        let file = self.disk.create(name, head, len)?;
        self.reach.lock().unwrap().insert(name.to_owned(), (len, len));
        Ok(self.file(name, file))
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        self.disk.read(name)
    }

    fn put_into(&self, spare: &str, name: &str, head: &[u8], fill: u8) -> Opened {
        self.disk.put_into(spare, name, head, fill)
    }

    fn room(&self) -> io::Result<u64> {
        self.disk.room()
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.disk.replace(name, bytes)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn destroy(&self, name: &str) -> io::Result<()> {
        self.disk.destroy(name)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.disk.list(folder)
    }
}

impl DiskFile for LateFile {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let durable = self.reach.lock().unwrap()[&self.name].1;
        let there = usize::try_from(durable.saturating_sub(offset)).unwrap().min(out.len());
        self.file.read_at(offset, &mut out[..there])
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut bytes = bytes.to_vec();
        let place = self.spoilt.and_then(|at| at.checked_sub(offset));
        let place = place.and_then(|at| bytes.get_mut(usize::try_from(at).unwrap()));
        place.into_iter().for_each(|byte| *byte ^= 1);
        self.file.write_at(offset, &bytes)?;
        let mut reach = self.reach.lock().unwrap();
        let (written, _) = reach.get_mut(&self.name).unwrap();
        *written = (*written).max(offset + bytes.len() as u64);
        Ok(())
    }

    fn grow(&self, len: u64) -> io::Result<()> {
        self.file.grow(len)
    }

    fn sync(&self) -> io::Result<()> {
        let before = self.reach.lock().unwrap()[&self.name].0;
        self.file.sync()?;
        let mut reach = self.reach.lock().unwrap();
        let (_, durable) = reach.get_mut(&self.name).unwrap();
        *durable = (*durable).max(before);
        Ok(())
    }

    fn is_in_place(&self) -> io::Result<bool> {
        self.file.is_in_place()
    }
}
