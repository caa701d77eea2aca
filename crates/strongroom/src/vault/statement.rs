//! The statement on an erasure: what is gone, where copies may still stand and until when, and
//! what custody can show. It says no more than is known here.

use strongroom_core::access::statement::{Ended, ReadErasure};
use strongroom_core::id::PrincipalId;
use strongroom_core::ledger::entry::{Act, Phase};
use strongroom_core::ledger::{Entry, Hash, LogId};
use strongroom_core::principal::Principal;
use strongroom_core::store::Position;

use super::Vault;
use crate::custody::DESTROY;
use crate::problem::Problem;

/// Where something of the record may still stand.
#[derive(Debug, Clone, Copy)]
pub struct Remains {
    /// What, and where.
    pub what: &'static str,
    /// Until when, in microseconds since the Unix epoch; nothing where that is not known here.
    pub until_us: Option<u64>,
    /// Until when, in words, where it is no time.
    pub until: &'static str,
}

/// The statement.
pub struct Statement {
    /// When the erasure was stated.
    pub stated_us: u64,
    /// Why.
    pub reason: String,
    /// By whom: a name, or an id.
    pub actor: String,
    /// Where the entry stands.
    pub position: Position,
    /// When the slot is to be overwritten, while it is not.
    pub due_us: Option<u64>,
    /// When it was.
    pub shredded_us: Option<u64>,
    /// When the epoch was turned for the first time after that.
    pub turned_us: Option<u64>,
    /// What custody can show of destroyed keys.
    pub destroy: &'static str,
    /// What is gone.
    pub gone: Vec<&'static str>,
    /// What may still stand.
    pub copies: Vec<Remains>,
}

impl Vault {
    /// What became of an erased record; the question is itself an entry.
    ///
    /// # Errors
    /// A [`Problem`]: refused; not found for a record that was not erased.
    pub fn erasure(
        &self,
        who: &Principal,
        tenant: &str,
        record: &str,
    ) -> Result<Statement, Problem> {
        let tenant = self.tenant(tenant);
        let authorized = self.authorize(who, ReadErasure { tenant, record: record.to_owned() })?;
        self.load_keys(tenant)?;
        let planned = {
            let state = self.read();
            authorized.plan(&self.context(&state), &mut |record| self.store.slot(record))
        };
        let ended = self.receipt(planned)?.ended();
        let log = LogId::Tenant(tenant.ok_or_else(Problem::not_found)?.0);
        let (mut stated, mut shredded_us) = (None, None);
        self.store.entries(log, &mut |index, leaf| {
            let Ok(entry) = Entry::from_bytes(leaf) else { return true };
            let of = entry.range.is_some_and(|r| (r.first, r.count) == (ended.record.0, 1));
            match (entry.act, entry.phase) {
                (Act::PiiShred, Phase::Commit) if of => shredded_us = Some(entry.time_us),
                (Act::PiiErase, Phase::Commit) if of && index == ended.index => {
                    let leaf_hash = strongroom_core::ledger::merkle::leaf_hash(leaf);
                    stated = Some((entry, leaf_hash));
                }
                _ => {}
            }
            true
        })?;
        // A slot that was buried with an act that failed was never anybody's.
        let Some(stated) = stated else { return Err(Problem::not_found()) };
        let shredded_us = shredded_us.filter(|_| ended.due_us.is_none());
        let turned_us = shredded_us.map(|us| self.turned_after(us)).transpose()?.flatten();
        let next_us = self.epoch_due_us()?;
        Ok(self.statement(log, ended, stated, (shredded_us, turned_us, next_us)))
    }

    fn statement(
        &self,
        log: LogId,
        ended: Ended,
        (entry, leaf_hash): (Entry, Hash),
        (shredded_us, turned_us, next_us): (Option<u64>, Option<u64>, u64),
    ) -> Statement {
        let state = self.read();
        let id = entry.actor.principal.map(PrincipalId);
        let named = id.and_then(|id| state.registry.principal_of(id));
        let actor = named.map(|row| row.name.to_string());
        Statement {
            stated_us: entry.time_us,
            reason: entry.purpose.unwrap_or_default(),
            actor: actor.or_else(|| id.map(|id| id.to_string())).unwrap_or_default(),
            position: Position { log, index: ended.index, leaf_hash },
            due_us: ended.due_us,
            shredded_us,
            turned_us,
            destroy: DESTROY,
            gone: gone(ended.due_us.is_none(), turned_us.is_some()),
            copies: copies(ended.due_us, turned_us.is_some(), next_us),
        }
    }

    /// When the epoch was first turned at or after a time.
    fn turned_after(&self, us: u64) -> Result<Option<u64>, Problem> {
        let mut turns = Vec::new();
        self.store.entries(LogId::System, &mut |_, leaf| {
            match Entry::from_bytes(leaf) {
                Ok(e) if e.act == Act::EpochTurn && e.phase == Phase::Commit => {
                    turns.push((e.id, e.time_us));
                }
                Ok(e) if e.act == Act::EpochTurn && e.phase == Phase::Failed => {
                    turns.retain(|(id, _)| Some(*id) != e.completes);
                }
                _ => {}
            }
            true
        })?;
        Ok(turns.into_iter().map(|(_, turned_us)| turned_us).find(|turned_us| *turned_us >= us))
    }
}

fn gone(shredded: bool, turned: bool) -> Vec<&'static str> {
    let mut gone = vec!["every answer: the record is refused like one that is not there"];
    if shredded {
        gone.push("the secret of the slot, overwritten and read back: the row never opens again");
        gone.push("the rows of the record and its index, for every question to the engine");
        gone.push("the person behind the ledger's pseudonyms: nobody can make them again");
    }
    if turned {
        gone.push("what older copies of the slots were worth: the key of their epoch is destroyed");
    }
    gone
}

fn copies(due_us: Option<u64>, turned: bool, next_us: u64) -> Vec<Remains> {
    let copy = |what, until_us, until| Remains { what, until_us, until };
    let mut copies = Vec::new();
    if due_us.is_some() {
        copies.push(copy("the record itself, which `erase --cancel` brings back", due_us, ""));
    }
    copies.push(match turned {
        false => copy(
            "older copies of the slots (backups, snapshots): they open together with the key \
             folder and an older row",
            Some(next_us),
            "",
        ),
        true => copy(
            "copies of the key folder from before the turn, together with slots of that time",
            None,
            "as long as somebody keeps both",
        ),
    });
    copies.push(copy(
        "sealed bytes of the row and its index in the engine's files and in backups: without the \
         slot's secret they open nothing",
        None,
        "until the engine compacts them, and the backups end",
    ));
    copies.push(copy(
        "keyed digests of the files it came in: this install knows such a file again",
        None,
        "as long as the install lives",
    ));
    copies.push(copy(
        "its tokens in tokenised files, which name nobody any more",
        None,
        "until the application removes them",
    ));
    copies.push(copy(
        "clear copies of the file it came in, as the report of `seal` named them",
        None,
        "until they are removed",
    ));
    copies
}
