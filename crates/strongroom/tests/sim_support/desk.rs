//! Whoever works with a vault through a history: asks, is cut off, opens it again, and compares.

use std::sync::{Arc, Mutex};

use strongroom::store::model::{Fault, ModelWorld};
use strongroom::vault::Vault;
use strongroom_core::principal::{Arrival, Principal};
use strongroom_core::source::{Clock as _, Random as _};
use strongroom_core::store::Position;

use super::oracle::Oracle;
use super::story::{Blow, Story};
use crate::store_support::history::Base;
use crate::store_support::watched::Watched;
use crate::store_support::{INSTALL, Sources, Temp, open, root_keys_on};

/// A machine on which an install has just been made: no development install, so that a second
/// person is asked for.
pub struct Ground {
    world: ModelWorld,
    credential: String,
    pub temp: Temp,
}

impl Ground {
    pub fn new() -> Self {
        let Base { world, credential, .. } = Base::new();
        Self { world, credential, temp: Temp::in_memory() }
    }
}

/// What happened, for whoever looks for the cause of a disagreement.
pub type Trace = Arc<Mutex<Vec<String>>>;

/// One history under way.
pub struct Desk<'g> {
    pub ground: &'g Ground,
    pub sources: Sources,
    pub world: ModelWorld,
    pub positions: Arc<Mutex<Vec<Position>>>,
    pub open: Option<(Vault, Principal)>,
    pub oracle: Oracle,
    /// When the install was opened: whoever was due then is overwritten.
    opened_us: u64,
    trace: Trace,
}

impl<'g> Desk<'g> {
    pub fn new(ground: &'g Ground, trace: &Trace) -> Self {
        let sources = Sources::new();
        // Behind what the ground has drawn, so that nothing is drawn twice.
        sources.random.fill(&mut [0; 1 << 14]).unwrap();
        Self {
            ground,
            sources,
            world: ground.world.restart(0),
            positions: Arc::default(),
            open: None,
            oracle: Oracle::default(),
            opened_us: 0,
            trace: Arc::clone(trace),
        }
    }

    pub fn say(&self, what: impl FnOnce() -> String) {
        self.trace.lock().unwrap().push(what());
    }

    /// Lives a history to its end. Whatever the oracle does not agree with panics.
    pub fn live(&mut self, story: &Story) {
        self.bring_up().unwrap();
        let mut blows = story.blows.iter().peekable();
        let mut armed: Option<&Blow> = None;
        for (n, act) in story.acts.iter().enumerate() {
            if let Some(blow) = blows.next_if(|blow| blow.before == n) {
                self.world.mend();
                self.arm(blow);
                armed = Some(blow);
            }
            self.say(|| format!("{n}: {act:?}"));
            let done = self.perform(act);
            let died = self.world.is_dead();
            match (done, armed) {
                (Ok(()), _) if !died => {}
                (done, Some(blow)) => {
                    self.say(|| format!("struck, {:?}: {done:?}", self.oracle.flight));
                    armed = None;
                    self.recover(blow);
                }
                (done, None) => panic!("nothing befell the machine, and yet: {done:?}"),
            }
        }
        self.world.mend();
        self.end();
    }

    /// Nothing that was acknowledged waits for the page cache, nor for a stop in good order.
    fn end(&mut self) {
        let (cut, acknowledged) = (self.world.crash(0), self.positions.lock().unwrap().clone());
        self.open = None;
        self.bring_up().unwrap_or_else(|e| panic!("at the end: {e}"));
        self.compare();
        self.examine();
        self.open = None;
        self.world = cut;
        *self.positions.lock().unwrap() = acknowledged;
        self.bring_up().unwrap_or_else(|e| panic!("at the end, cut off: {e}"));
        self.compare();
        self.open = None;
    }

    fn arm(&self, blow: &Blow) {
        self.say(|| format!("{blow:?}"));
        let (at, place) = (blow.step, blow.place.to_owned());
        self.world.fault(Fault { at, operation: None, place, effect: blow.effect });
    }

    /// What the product does at every command.
    pub fn bring_up(&mut self) -> Result<(), String> {
        self.open = None;
        let store = open(&self.world, &self.sources).map_err(|e| format!("opening: {e}"))?;
        let store = Arc::new(Watched::new(store, &self.positions));
        let keys = root_keys_on(&self.world, &self.sources);
        let vault = Vault::over(INSTALL, false, keys, store, self.sources.random());
        let vault = vault.map_err(|p| format!("over: {}", p.detail))?;
        let who = vault.authenticate(&self.ground.credential, Arrival::local(0, false));
        let who = who.map_err(|p| format!("authenticating: {}", p.detail))?;
        let now_us = self.now_us();
        self.oracle.try_shred(now_us);
        vault.shred_due(now_us).map_err(|p| format!("overwriting: {}", p.detail))?;
        self.oracle.shredded(now_us);
        self.opened_us = now_us;
        self.open = Some((vault, who));
        Ok(())
    }

    /// Finds the machine as the blow left it, cuts the recovery off too, and goes on from there.
    fn recover(&mut self, blow: &Blow) {
        self.open = None;
        let died = self.world.is_dead();
        self.world.mend();
        self.world = match blow.power_cut {
            Some(seed) => self.world.crash(seed),
            None if died => self.world.restart(blow.step),
            None => self.world.clone(),
        };
        for (step, seed) in &blow.recovery {
            self.world.kill_at(*step);
            let up = self.bring_up();
            self.open = None;
            if !self.world.is_dead() {
                up.unwrap_or_else(|e| panic!("recovery, not cut off: {e}"));
                break;
            }
            self.say(|| format!("recovery cut off at {step}, left {seed}: {up:?}"));
            self.world = self.world.crash(*seed);
        }
        self.world.mend();
        self.bring_up().unwrap_or_else(|e| panic!("recovery: {e}"));
        self.settle();
        self.oracle.shredded(self.opened_us);
        self.compare();
    }

    pub fn now_us(&self) -> u64 {
        self.sources.clock.now_us()
    }
}
