//! The model behind the store's ports.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use strongroom_core::source::{Clock, Random};
use strongroom_core::store::{Row, Table};

use super::files::{Change, Node};
use super::{DATA, ENGINE, KEYS, ModelWorld, Operation, Pending, Rows, Tables};
use crate::store::disk::{Disk, DiskFile, Opened, no_room};
use crate::store::engine::{Engine, EngineSnapshot, Loader, commit_bytes, rises};
use crate::store::local::Media;

impl ModelWorld {
    /// The media for a store to stand on.
    #[must_use]
    pub fn media(&self, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Media {
        let disk = |folder| Arc::new(ModelDisk { world: self.clone(), folder });
        let engine = ModelEngine { world: self.clone(), poisoned: AtomicBool::new(false) };
        Media { data: disk(DATA), custody: disk(KEYS), engine: Arc::new(engine), clock, random }
    }
}

impl ModelWorld {
    /// A folder of the machine's, apart from those of the store; its name ends in `/`.
    #[must_use]
    pub fn folder(&self, folder: &'static str) -> Arc<dyn Disk> {
        Arc::new(ModelDisk { world: self.clone(), folder })
    }
}

struct ModelDisk {
    world: ModelWorld,
    folder: &'static str,
}

impl ModelDisk {
    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.folder)
    }

    fn file(&self, name: String, node: u64) -> Box<dyn DiskFile> {
        Box::new(ModelFile { world: self.world.clone(), name, node })
    }
}

impl Disk for ModelDisk {
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn DiskFile>>> {
        let name = self.name(name);
        let mut world = self.world.at(&name);
        world.step(Operation::Read, &name, || Pending::Nothing)?.answer(())?;
        let node = world.names.get(&name).copied();
        Ok(node.map(|node| self.file(name, node)))
    }

    fn create(&self, name: &str, head: &[u8], len: u64) -> io::Result<Box<dyn DiskFile>> {
        let name = self.name(name);
        let mut world = self.world.at(&name);
        let length = world.length_max.map_or(len, |most| most.min(len)).max(head.len() as u64);
        world.take_room(Operation::Create, &name)?;
        let node = world.put(Operation::Create, &name, Node::new(head, length))?;
        Ok(self.file(name, node))
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let name = self.name(name);
        let mut world = self.world.at(&name);
        world.step(Operation::Read, &name, || Pending::Nothing)?.answer(())?;
        world.readable(&name, &(0..u64::MAX))?;
        Ok(world.node(&name).map(|node| node.bytes.clone()))
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let name = self.name(name);
        let node = Node::new(bytes, bytes.len() as u64);
        let mut world = self.world.at(&name);
        world.take_room(Operation::Replace, &name)?;
        world.put(Operation::Replace, &name, node).map(|_| ())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (self.name(from), self.name(to));
        let mut world = self.world.at(&from);
        let node = *world.names.get(&from).ok_or(io::ErrorKind::NotFound)?;
        world.lead(Operation::Rename, &from, vec![(to, Some(node)), (from.clone(), None)])
    }

    fn put_into(&self, spare: &str, name: &str, head: &[u8], fill: u8) -> Opened {
        let (spare, name) = (self.name(spare), self.name(name));
        let mut world = self.world.at(&name);
        let length = world.node(&spare).map_or(0, |node| node.length);
        let left = length.checked_sub(head.len() as u64).filter(|_| length > 0);
        let left = usize::try_from(left.ok_or_else(no_room)?).unwrap_or(0);
        let bytes = [head, &vec![fill; left]].concat();
        let node = world.put_into(&spare, &name, Node::new(&bytes, length))?;
        Ok(self.file(name, node))
    }

    fn room(&self) -> io::Result<u64> {
        let world = self.world.at(self.folder);
        Ok(if world.is_full(self.folder) { 0 } else { u64::MAX })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let name = self.name(name);
        let mut world = self.world.at(&name);
        world.names.get(&name).ok_or(io::ErrorKind::NotFound)?;
        world.lead(Operation::Remove, &name, vec![(name.clone(), None)])
    }

    fn destroy(&self, name: &str) -> io::Result<()> {
        let file = self.open(name)?.ok_or(io::ErrorKind::NotFound)?;
        file.write_at(0, &vec![0; usize::try_from(file.length()?).unwrap_or(0)])?;
        file.sync()?;
        self.remove(name)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let prefix = match folder {
            "" => self.folder.to_owned(),
            folder => format!("{}/", self.name(folder)),
        };
        let mut world = self.world.at(&prefix);
        world.step(Operation::Read, &prefix, || Pending::Nothing)?.answer(())?;
        let inside = world.names.keys().filter_map(|name| name.strip_prefix(&prefix));
        Ok(inside.filter(|name| !name.contains('/')).map(ToOwned::to_owned).collect())
    }
}

struct ModelFile {
    world: ModelWorld,
    name: String,
    node: u64,
}

impl ModelFile {
    fn read<T>(&self, read: impl FnOnce(&Node) -> T) -> io::Result<T> {
        let mut world = self.world.at(&self.name);
        world.step(Operation::Read, &self.name, || Pending::Nothing)?.answer(())?;
        world.nodes.get(&self.node).map(read).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn change(&self, operation: Operation, change: Change) -> io::Result<()> {
        let mut world = self.world.at(&self.name);
        let longer = world.nodes.get(&self.node).is_some_and(|node| node.is_made_longer(&change));
        if longer {
            world.take_room(operation, &self.name)?;
        }
        let pending = || Pending::Change(self.node, change.clone());
        let late = world.step(operation, &self.name, pending)?;
        world.nodes.get_mut(&self.node).into_iter().for_each(|n| n.apply(change.clone()));
        late.answer(())
    }
}

impl DiskFile for ModelFile {
    fn length(&self) -> io::Result<u64> {
        self.read(|node| node.length)
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let bytes = offset..offset.saturating_add(out.len() as u64);
        self.world.lock().readable(&self.name, &bytes)?;
        self.read(|node| node.read(offset, out))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.change(Operation::Write, Change::Write(offset, bytes.to_vec()))
    }

    fn grow(&self, len: u64) -> io::Result<()> {
        self.change(Operation::Grow, Change::Grow(len))
    }

    fn sync(&self) -> io::Result<()> {
        let mut world = self.world.at(&self.name);
        let late = world.step(Operation::Sync, &self.name, || Pending::Nothing)?;
        world.nodes.get_mut(&self.node).into_iter().for_each(Node::make_durable);
        late.answer(())
    }

    fn is_in_place(&self) -> io::Result<bool> {
        let mut world = self.world.at(&self.name);
        world.step(Operation::Read, &self.name, || Pending::Nothing)?.answer(())?;
        Ok(world.names.get(&self.name) == Some(&self.node))
    }
}

/// The engine: ordered rows, whole commits, and no writes after one that failed, as fjall.
struct ModelEngine {
    world: ModelWorld,
    poisoned: AtomicBool,
}

impl Engine for ModelEngine {
    fn get(&self, table: Table, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let mut world = self.world.at(ENGINE);
        world.step(Operation::Read, ENGINE, || Pending::Nothing)?.answer(())?;
        Ok(world.tables.get(&(table, key.to_vec())).cloned())
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> io::Result<()> {
        self.world.at(ENGINE).step(Operation::Read, ENGINE, || Pending::Nothing)?.answer(())?;
        let rows = self.world.rows(table);
        let under = rows.iter().filter(|(key, _)| key.starts_with(prefix));
        under.map(|(key, value)| visit(key, value)).take_while(|more| *more).for_each(drop);
        Ok(())
    }

    fn commit(&self, rows: &mut dyn Iterator<Item = Row<'_>>) -> io::Result<()> {
        let row = |(t, k, v): Row<'_>| ((t, k.to_vec()), v.map(<[u8]>::to_vec));
        let rows: Rows = rows.map(row).collect();
        let bytes = commit_bytes(rows.iter().map(|((t, k), v)| (*t, k.as_slice(), v.as_deref())));
        let keys: BTreeSet<_> = rows.iter().map(|(key, _)| key).collect();
        if keys.len() != rows.len() {
            return Err(io::Error::other("a key comes twice in one commit"));
        }
        let mut world = self.world.at(ENGINE);
        if self.poisoned.load(Ordering::Acquire) {
            return Err(io::Error::other("the engine is poisoned"));
        }
        let done = world.use_held(bytes);
        let done = done
            .and_then(|()| world.step(Operation::Commit, ENGINE, || Pending::Commit(rows.clone())));
        let done = done.and_then(|late| {
            world.take(rows);
            late.answer(())
        });
        self.poisoned.store(done.is_err(), Ordering::Release);
        done
    }

    fn is_spent(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }

    fn hold(&self, bytes: u64, keep: bool) -> io::Result<()> {
        // As fjall's: it waits for no commit.
        if self.poisoned.load(Ordering::Acquire) {
            return Err(io::Error::other("the engine is poisoned"));
        }
        self.world.lock().hold(bytes, keep)
    }

    fn snapshot(&self) -> io::Result<Box<dyn EngineSnapshot>> {
        let mut world = self.world.at(ENGINE);
        world.step(Operation::Read, ENGINE, || Pending::Nothing)?.answer(())?;
        Ok(Box::new(ModelSnapshot(world.tables.clone())))
    }

    fn loader(&self, table: Table) -> io::Result<Box<dyn Loader + '_>> {
        Ok(Box::new(ModelLoader { engine: self, table, rows: Rows::new() }))
    }
}

struct ModelLoader<'a> {
    engine: &'a ModelEngine,
    table: Table,
    rows: Rows,
}

impl Loader for ModelLoader<'_> {
    fn put(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        let mut newest = self.rows.last().map(|((_, key), _)| key.clone());
        rises(&mut newest, key)?;
        self.rows.push(((self.table, key.to_vec()), Some(value.to_vec())));
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        let rows = self.rows.iter().map(|((t, k), v)| (*t, k.as_slice(), v.as_deref()));
        self.engine.commit(&mut rows.into_iter())
    }
}

struct ModelSnapshot(Tables);

impl EngineSnapshot for ModelSnapshot {
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> io::Result<()> {
        let from = (table, prefix.to_vec());
        let rows = self
            .0
            .range(from..)
            .take_while(|((of, key), _)| *of == table && key.starts_with(prefix));
        rows.map(|((_, key), value)| visit(key, value)).take_while(|more| *more).for_each(drop);
        Ok(())
    }

    fn about(&self, table: Table) -> u64 {
        self.0.keys().filter(|(of, _)| *of == table).count() as u64
    }
}
