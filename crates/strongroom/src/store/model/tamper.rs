//! Tampering: what whoever can write the folders may do while nothing runs, or behind its back. It
//! counts as no step and meets no fault.

use strongroom_core::store::Table;

use super::{ENGINE, ModelWorld};

impl ModelWorld {
    /// The names of all files that begin so.
    #[must_use]
    pub fn names(&self, prefix: &str) -> Vec<String> {
        self.lock().names.keys().filter(|n| n.starts_with(prefix)).cloned().collect()
    }

    /// What was written of a file, without the zeros allocated behind it.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        self.lock().node(name).map(|n| n.bytes.clone()).unwrap_or_default()
    }

    /// Changes a file's content in place.
    pub fn edit(&self, name: &str, edit: impl FnOnce(&mut Vec<u8>)) {
        if let Some(node) = self.lock().node(name) {
            edit(&mut node.bytes);
            node.length = node.length.max(node.bytes.len() as u64);
            *node = node.settled();
        }
    }

    /// Cuts a file to `length`.
    pub fn truncate(&self, name: &str, length: u64) {
        if let Some(node) = self.lock().node(name) {
            node.bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
            node.length = length;
            *node = node.settled();
        }
    }

    /// Unlinks a file.
    pub fn remove(&self, name: &str) {
        self.lock().names.remove(name);
    }

    /// Makes two names change places.
    pub fn swap(&self, one: &str, two: &str) {
        let mut world = self.lock();
        let (first, second) = (world.names.remove(one), world.names.remove(two));
        world.names.extend(first.map(|node| (two.to_owned(), node)));
        world.names.extend(second.map(|node| (one.to_owned(), node)));
    }

    /// Puts back what stood in another world at every place whose name begins so.
    pub fn put_back(&self, from: &Self, prefix: &str) {
        let from = from.restart(0);
        let (mut world, mut from) = (self.lock(), from.lock());
        if ENGINE.starts_with(prefix) {
            world.tables = std::mem::take(&mut from.tables);
        }
        world.names.retain(|name, _| !name.starts_with(prefix));
        for (name, node) in from.names.clone().into_iter().filter(|(n, _)| n.starts_with(prefix)) {
            world.newest_node += 1;
            let id = world.newest_node;
            world.names.insert(name, id);
            world.nodes.extend(from.nodes.remove(&node).map(|node| (id, node)));
        }
    }

    /// Every row of a table.
    #[must_use]
    pub fn rows(&self, table: Table) -> Vec<(Vec<u8>, Vec<u8>)> {
        let world = self.lock();
        let of = world.tables.iter().filter(|((t, _), _)| *t == table);
        of.map(|((_, key), value)| (key.clone(), value.clone())).collect()
    }

    /// Writes or removes a row.
    pub fn set_row(&self, table: Table, key: &[u8], value: Option<&[u8]>) {
        let mut world = self.lock();
        match value {
            Some(value) => world.tables.insert((table, key.to_vec()), value.to_vec()),
            None => world.tables.remove(&(table, key.to_vec())),
        };
    }
}
