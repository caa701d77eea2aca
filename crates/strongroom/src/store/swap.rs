//! The one owner of an engine's handle. Background work that meets a full disk spoils a handle: no
//! commit succeeds any more, or nothing is flushed. Another is then opened in its place.
//!
//! INVARIANT: asked only before anything is stated ([`Engine::hold`]). An act that failed behind
//! its entry stops the store, and the next opening of the store says what became of it.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use strongroom_core::store::{Row, Table};

use super::engine::{Engine, EngineSnapshot, Loader};

type Opening = dyn Fn() -> io::Result<Arc<dyn Engine>> + Send + Sync;

/// An engine whose handle can be changed.
pub struct Swap {
    open: Box<Opening>,
    now: RwLock<Option<Arc<dyn Engine>>>,
}

impl Swap {
    /// Over an engine that is open, and what opens it again.
    #[must_use]
    pub fn over(now: Arc<dyn Engine>, open: Box<Opening>) -> Self {
        Self { open, now: RwLock::new(Some(now)) }
    }

    fn now(&self) -> io::Result<Arc<dyn Engine>> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner).clone();
        now.ok_or_else(|| io::Error::other("the engine could not be opened again"))
    }

    /// Closes the handle and opens another, unless somebody is using it: that is for later.
    fn renew(&self) -> io::Result<()> {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        if now.as_ref().is_some_and(|engine| Arc::strong_count(engine) > 1) {
            return Ok(());
        }
        // The folder has one owner: the old handle goes first.
        *now = None;
        *now = Some((self.open)()?);
        Ok(())
    }
}

impl Engine for Swap {
    fn get(&self, table: Table, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        self.now()?.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> io::Result<()> {
        self.now()?.scan(table, prefix, visit)
    }

    fn commit(&self, rows: &mut dyn Iterator<Item = Row<'_>>) -> io::Result<()> {
        self.now()?.commit(rows)
    }

    fn hold(&self, bytes: u64, keep: bool) -> io::Result<()> {
        if self.is_spent() {
            self.renew()?;
        }
        self.now()?.hold(bytes, keep)
    }

    fn is_spent(&self) -> bool {
        self.now().map_or(true, |engine| engine.is_spent())
    }

    fn snapshot(&self) -> io::Result<Box<dyn EngineSnapshot>> {
        let engine = self.now()?;
        Ok(Box::new(Held { moment: engine.snapshot()?, _engine: engine }))
    }

    fn loader(&self, _: Table) -> io::Result<Box<dyn Loader + '_>> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "a store in use is not filled in bulk"))
    }

    fn settle(&self) {
        if let Ok(engine) = self.now() {
            engine.settle();
        }
    }
}

/// A moment of an engine, which keeps its handle.
struct Held {
    moment: Box<dyn EngineSnapshot>,
    _engine: Arc<dyn Engine>,
}

impl EngineSnapshot for Held {
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        visit: &mut dyn FnMut(&[u8], &[u8]) -> bool,
    ) -> io::Result<()> {
        self.moment.scan(table, prefix, visit)
    }

    fn about(&self, table: Table) -> u64 {
        self.moment.about(table)
    }
}
