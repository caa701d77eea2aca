//! A machine in memory: data folder, key folder and engine behind the store's own ports, with
//! every fault that a machine has. For tests: the store that runs on it is the product's.
//!
//! A world counts its steps (whatever changes a medium) and can be killed at any of them. What a
//! power cut leaves is then drawn by seed: synced bytes stand; each write since is kept, dropped or
//! torn, on its own and in any order; making and replacing a file, and a commit of the engine, are
//! whole or absent. It never holds anything that must survive the process.

mod files;
mod ports;
mod tamper;

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use strongroom_core::source::Clock;
use strongroom_core::store::Table;

use self::files::{Change, Dice, Node};

/// The data folder's files, as a world names them.
pub const DATA: &str = "data/";
/// The key folder's files, as a world names them.
pub const KEYS: &str = "keys/";
/// The engine, as a world names it.
pub const ENGINE: &str = "engine";

/// Room that the engine keeps for erasures.
const ENGINE_RESERVE_BYTES: u64 = 64 << 10;

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Makes a file.
    Create,
    /// Replaces a small file.
    Replace,
    /// Gives a file another name.
    Rename,
    /// Unlinks a file.
    Remove,
    /// Writes into a file.
    Write,
    /// Makes a file longer.
    Grow,
    /// Makes a file's writes durable.
    Sync,
    /// Commits rows to the engine.
    Commit,
    /// Reads: no step, and failed only by a fault that names it.
    Read,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub operation: Operation,
    /// Where: a file by its whole name, or the engine.
    pub place: String,
}

/// What a fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The machine dies in the middle of the step.
    Kill,
    /// The step fails; nothing of it was done.
    Fail(io::ErrorKind),
    /// The step and every later one that matches fail.
    FailFromNow(io::ErrorKind),
    /// The step is done and says that it failed.
    FailLate(io::ErrorKind),
    /// The step is done, and from then on the fault's places are full, as by [`ModelWorld::fill`].
    Fill,
}

/// A fault to come.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The step it comes at, counted from 1 among those that match, from now on.
    pub at: u64,
    /// The steps it may come at; all of them when none is named.
    pub operation: Option<Operation>,
    /// The places it may come at: those whose name begins so.
    pub place: String,
    /// What it does.
    pub effect: Effect,
}

/// What was being done when the machine died.
#[derive(Debug, Clone)]
enum Pending {
    Nothing,
    Put(String, Node),
    Change(u64, Change),
    Commit(Rows),
    Names(Vec<(String, Option<u64>)>),
}

type Rows = Vec<((Table, Vec<u8>), Option<Vec<u8>>)>;

type Tables = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

#[derive(Default)]
struct World {
    names: BTreeMap<String, u64>,
    nodes: BTreeMap<u64, Node>,
    newest_node: u64,
    tables: Tables,
    length_max: Option<u64>,
    faults: Vec<Fault>,
    steps: Vec<Step>,
    dead: Option<Pending>,
    held: Option<String>,
    /// Bytes of files that cannot be read.
    bad: Vec<(String, Range<u64>)>,
    /// The places that have no room, by how their names begin.
    full: Option<String>,
    /// Room held for the engine's commits to come, and what is left beside it.
    engine_held: u64,
    engine_spare: u64,
}

/// A machine in memory. Clones are the same machine.
#[derive(Clone, Default)]
pub struct ModelWorld {
    world: Arc<(Mutex<World>, Condvar)>,
}

impl ModelWorld {
    /// An empty machine. No file is made longer than `length_max` ahead of its writes, so that
    /// short histories fill segments.
    #[must_use]
    pub fn new(length_max: u64) -> Self {
        let model = Self::default();
        model.lock().length_max = Some(length_max);
        model
    }

    /// Arranges a fault.
    pub fn fault(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// Kills the machine at the `n`th step from now, from 1.
    pub fn kill_at(&self, n: u64) {
        let (operation, place) = (None, String::new());
        self.fault(Fault { at: n, operation, place, effect: Effect::Kill });
    }

    /// Makes bytes of a file unreadable, as a bad sector is.
    pub fn spoil(&self, name: &str, bytes: Range<u64>) {
        self.lock().bad.push((name.to_owned(), bytes));
    }

    /// Takes every fault back.
    pub fn mend(&self) {
        let mut world = self.lock();
        world.faults.clear();
        world.bad.clear();
    }

    /// Holds the places whose name begins so, until the value is dropped: who comes there waits.
    #[must_use]
    pub fn hold(&self, place: &str) -> Hold<'_> {
        self.lock().held = Some(place.to_owned());
        Hold(self)
    }

    /// Fills the disk under the places whose name begins so, until [`ModelWorld::empty`]: nothing
    /// there gets longer, and no file is made. What has its blocks is written on.
    pub fn fill(&self, place: &str) {
        self.lock().full = Some(place.to_owned());
    }

    /// Gives the disk room again.
    pub fn empty(&self) {
        self.lock().full = None;
    }

    /// Whether a fault killed the machine.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.lock().dead.is_some()
    }

    /// Every step taken so far.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        self.lock().steps.clone()
    }

    /// How many steps of a kind were taken at places whose name begins with `place`.
    #[must_use]
    pub fn count(&self, operation: Operation, place: &str) -> usize {
        let world = self.lock();
        let of = |s: &&Step| s.operation == operation && s.place.starts_with(place);
        world.steps.iter().filter(of).count()
    }

    /// The machine as it is found after the power went, one of the many ways it may be: seed 0
    /// lost whatever was not synced, seed 1 lost nothing.
    #[must_use]
    pub fn crash(&self, seed: u64) -> Self {
        self.after(seed, |node, dice| node.after_power_cut(dice))
    }

    /// The machine after its process was killed: the page cache stands, and is still to be synced.
    /// With no kill behind it, a copy.
    #[must_use]
    pub fn restart(&self, seed: u64) -> Self {
        self.after(seed, |node, _| node.clone())
    }

    fn after(&self, seed: u64, settle: impl Fn(&Node, &mut Dice) -> Node) -> Self {
        let world = self.lock();
        let mut dice = Dice::new(seed);
        let (mut names, mut nodes) = (world.names.clone(), world.nodes.clone());
        let (mut tables, mut newest_node) = (world.tables.clone(), world.newest_node);
        match world.dead.clone().unwrap_or(Pending::Nothing) {
            Pending::Nothing => {}
            Pending::Change(node, change) => {
                if let Some(node) = nodes.get_mut(&node) {
                    node.pending(change, &mut dice);
                }
            }
            Pending::Put(name, node) if dice.happens() => {
                newest_node += 1;
                names.insert(name, newest_node);
                nodes.insert(newest_node, node);
            }
            Pending::Commit(rows) if dice.happens() => take(&mut tables, rows),
            Pending::Names(changed) if dice.happens() => lead(&mut names, changed),
            Pending::Put(..) | Pending::Commit(_) | Pending::Names(_) => {}
        }
        // What no name leads to is gone with the process.
        let named = names.values().filter_map(|id| Some((*id, nodes.get(id)?)));
        let nodes = named.map(|(id, node)| (id, settle(node, &mut dice))).collect();
        let (length_max, full) = (world.length_max, world.full.clone());
        let engine_spare = world.engine_spare;
        let base = World { length_max, full, engine_spare, ..World::default() };
        let next = World { names, nodes, newest_node, tables, ..base };
        Self { world: Arc::new((Mutex::new(next), Condvar::new())) }
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The machine, once nobody holds `place`.
    fn at(&self, place: &str) -> MutexGuard<'_, World> {
        let held = |world: &mut World| world.held.as_ref().is_some_and(|h| place.starts_with(h));
        self.world.1.wait_while(self.lock(), held).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Places held still.
pub struct Hold<'a>(&'a ModelWorld);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.lock().held = None;
        self.0.world.1.notify_all();
    }
}

/// Leads names elsewhere, or nowhere.
fn lead(names: &mut BTreeMap<String, u64>, changed: Vec<(String, Option<u64>)>) {
    for (name, node) in changed {
        match node {
            Some(node) => drop(names.insert(name, node)),
            None => drop(names.remove(&name)),
        }
    }
}

/// Writes rows and takes rows away.
fn take(tables: &mut Tables, rows: Rows) {
    for (key, value) in rows {
        match value {
            Some(value) => drop(tables.insert(key, value)),
            None => drop(tables.remove(&key)),
        }
    }
}

impl World {
    fn take(&mut self, rows: Rows) {
        take(&mut self.tables, rows);
    }

    fn node(&mut self, name: &str) -> Option<&mut Node> {
        let id = self.names.get(name)?;
        self.nodes.get_mut(id)
    }

    /// Takes a step, unless a fault comes in between. `pending` is the step itself, should the
    /// machine die in it. Gives the error to answer with once the step is done.
    fn step(
        &mut self,
        operation: Operation,
        place: &str,
        pending: impl FnOnce() -> Pending,
    ) -> io::Result<Late> {
        if self.dead.is_some() {
            return Err(io::Error::other("the machine is dead"));
        }
        if operation != Operation::Read {
            self.steps.push(Step { operation, place: place.to_owned() });
        }
        let (mut struck, mut filled) = (None, None);
        for fault in &mut self.faults {
            let named = match fault.operation {
                Some(named) => named == operation,
                None => operation != Operation::Read,
            };
            if named && place.starts_with(&fault.place) && struck.is_none() {
                fault.at = fault.at.saturating_sub(1);
                struck = (fault.at == 0).then_some(fault.effect);
                filled =
                    filled.or_else(|| (struck == Some(Effect::Fill)).then(|| fault.place.clone()));
            }
        }
        self.full = filled.or_else(|| self.full.take());
        self.faults.retain(|f| f.at > 0 || matches!(f.effect, Effect::FailFromNow(_)));
        match struck {
            None | Some(Effect::Fill) => Ok(Late(None)),
            Some(Effect::FailLate(kind)) => Ok(Late(Some(kind))),
            Some(Effect::Fail(kind) | Effect::FailFromNow(kind)) => Err(kind.into()),
            Some(Effect::Kill) => {
                self.dead = Some(pending());
                Err(io::Error::other("the machine died"))
            }
        }
    }

    /// Whether these bytes of a file can be read.
    fn readable(&self, name: &str, bytes: &Range<u64>) -> io::Result<()> {
        let meets = |bad: &Range<u64>| bytes.start < bad.end && bad.start < bytes.end;
        match self.bad.iter().any(|(of, bad)| of == name && meets(bad)) {
            true => Err(io::Error::other("a bad sector")),
            false => Ok(()),
        }
    }

    fn is_full(&self, place: &str) -> bool {
        self.full.as_ref().is_some_and(|full| place.starts_with(full.as_str()))
    }

    /// Takes a step that needs room, or notes that it failed for want of it.
    fn take_room(&mut self, operation: Operation, place: &str) -> io::Result<()> {
        if !self.is_full(place) {
            return Ok(());
        }
        self.steps.push(Step { operation, place: place.to_owned() });
        Err(io::ErrorKind::StorageFull.into())
    }

    /// Holds room for a commit of the engine.
    fn hold(&mut self, bytes: u64, keep: bool) -> io::Result<()> {
        let wanted = bytes + ENGINE_RESERVE_BYTES;
        if !self.is_full(ENGINE) {
            self.engine_spare = self.engine_spare.max(wanted);
        }
        if self.engine_spare < if keep { wanted } else { bytes } {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.engine_spare -= bytes;
        self.engine_held += bytes;
        Ok(())
    }

    /// Uses held room for a commit, where there is no other.
    fn use_held(&mut self, bytes: u64) -> io::Result<()> {
        let left = self.engine_held.checked_sub(bytes);
        if left.is_none() && self.is_full(ENGINE) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.engine_held = left.unwrap_or(0);
        Ok(())
    }

    /// Puts a file into the place of another, which becomes the spare one. Atomic, as the rest.
    fn put_into(&mut self, spare: &str, name: &str, node: Node) -> io::Result<u64> {
        let before = self.names.get(name).copied();
        self.newest_node += 1;
        let made = self.newest_node;
        self.nodes.insert(made, node);
        let changed = vec![(name.to_owned(), Some(made)), (spare.to_owned(), before)];
        self.lead(Operation::Rename, name, changed)?;
        Ok(made)
    }

    /// Leads names elsewhere, durably.
    fn lead(
        &mut self,
        operation: Operation,
        place: &str,
        changed: Vec<(String, Option<u64>)>,
    ) -> io::Result<()> {
        let late = self.step(operation, place, || Pending::Names(changed.clone()))?;
        lead(&mut self.names, changed);
        late.answer(())
    }

    fn put(&mut self, operation: Operation, name: &str, node: Node) -> io::Result<u64> {
        let pending = || Pending::Put(name.to_owned(), node.clone());
        let late = self.step(operation, name, pending)?;
        self.newest_node += 1;
        self.names.insert(name.to_owned(), self.newest_node);
        self.nodes.insert(self.newest_node, node);
        late.answer(self.newest_node)
    }
}

/// The error of a step that is done all the same.
#[must_use]
struct Late(Option<io::ErrorKind>);

impl Late {
    fn answer<T>(self, done: T) -> io::Result<T> {
        self.0.map_or(Ok(done), |kind| Err(kind.into()))
    }
}

/// Clocks that move a millisecond each time the wall clock is read.
pub struct ModelClock {
    wall_us: AtomicU64,
    steady_us: AtomicU64,
}

impl ModelClock {
    /// A wall clock that stands at `now_us`.
    #[must_use]
    pub fn at(now_us: u64) -> Self {
        Self { wall_us: AtomicU64::new(now_us), steady_us: AtomicU64::new(7_000_000) }
    }

    /// Sets the wall clock, as an administrator or a wrong time server does.
    pub fn put(&self, now_us: u64) {
        self.wall_us.store(now_us, Ordering::Relaxed);
    }

    /// Lets time pass.
    pub fn pass(&self, us: u64) {
        self.wall_us.fetch_add(us, Ordering::Relaxed);
        self.steady_us.fetch_add(us, Ordering::Relaxed);
    }
}

impl Clock for ModelClock {
    fn now_us(&self) -> u64 {
        self.steady_us.fetch_add(1000, Ordering::Relaxed);
        self.wall_us.fetch_add(1000, Ordering::Relaxed)
    }

    fn steady_us(&self) -> u64 {
        self.steady_us.load(Ordering::Relaxed)
    }
}
