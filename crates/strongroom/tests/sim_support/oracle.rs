//! The plain account of what a history must leave. It knows what was asked for and what was
//! answered; it knows nothing of segments, slots, marks or notes.

use std::collections::{BTreeMap, BTreeSet};

use strongroom_core::id::TenantId;

/// What became of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Here,
    /// Erased, and overwritten from then on; whether that was tried without an answer.
    Leaving {
        due_us: u64,
        tried: bool,
    },
    Gone,
}

/// Somebody who was sealed.
#[derive(Debug, Clone)]
pub struct Person {
    pub tenant: usize,
    pub key: Option<String>,
    pub ssn: String,
    pub email: String,
    /// Tokens of both cells, as far as they were given out.
    pub tokens: Vec<[String; 2]>,
    pub number: u64,
    /// The record's id, as the answer to an erasure said it.
    pub id: Option<String>,
    pub fate: Fate,
}

impl Person {
    pub fn collection(&self) -> &'static str {
        collection(self.key.is_some())
    }

    pub fn is_here(&self) -> bool {
        self.fate == Fate::Here
    }
}

pub fn collection(keyed: bool) -> &'static str {
    if keyed { "clients" } else { "people" }
}

/// A tenant, and the credential of its own operator.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub name: &'static str,
    pub id: TenantId,
    pub second: Option<String>,
    /// Rotations of its seal key, begun or done.
    pub rotations: u64,
    pub counts: Counts,
}

/// Entries of acts that took place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub sealed: u64,
    pub erased: u64,
    pub cancelled: u64,
}

/// A row of a file that is sealed.
#[derive(Debug, Clone)]
pub struct Row {
    pub key: Option<String>,
    pub ssn: String,
    pub email: String,
}

/// A file that is sealed.
#[derive(Debug, Clone)]
pub struct Input {
    pub tenant: usize,
    pub keyed: bool,
    pub rows: Vec<Row>,
    /// Whose rows they are, once they are sealed.
    pub people: Vec<usize>,
}

/// A backup, and the people in it as they were then.
#[derive(Debug, Clone)]
pub struct Copy {
    pub folder: &'static str,
    pub epoch: u32,
    pub people: Vec<Person>,
    pub rotations: Vec<u64>,
}

/// What was asked for and not answered.
#[derive(Debug, Clone, Default)]
pub enum Flight {
    #[default]
    Nothing,
    Tenant(&'static str),
    Second(usize),
    Seal(usize),
    Update {
        who: usize,
        email: bool,
        value: String,
    },
    Erase {
        people: Vec<usize>,
        due_us: u64,
    },
    Cancel(usize),
    Turn,
    Backup(Copy),
    /// Somebody whose row or slot was lost, and what a restore gives them back.
    Lose(Box<Person>, usize),
}

/// The account.
#[derive(Debug, Default)]
pub struct Oracle {
    pub tenants: Vec<Tenant>,
    pub people: Vec<Person>,
    pub inputs: Vec<Input>,
    pub turns: u32,
    pub copies: u64,
    pub copy: Option<Copy>,
    pub flight: Flight,
    /// Numbers of the records known.
    pub numbers: BTreeSet<u64>,
    /// So that no two people share one.
    pub ssns: u64,
}

impl Oracle {
    /// A number that nobody had.
    pub fn ssn(&mut self) -> String {
        self.ssns += 1;
        let n = self.ssns;
        format!("{:03}-{:02}-{:04}", 101 + n % 499, 1 + n % 98, 1 + n % 9998)
    }

    /// Takes note that whoever is due may be overwritten now.
    pub fn try_shred(&mut self, now_us: u64) {
        for person in &mut self.people {
            if let Fate::Leaving { due_us, tried } = &mut person.fate {
                *tried |= *due_us <= now_us;
            }
        }
    }

    /// Takes note that whoever is due was overwritten.
    pub fn shredded(&mut self, now_us: u64) {
        for person in &mut self.people {
            if matches!(person.fate, Fate::Leaving { due_us, .. } if due_us <= now_us) {
                person.fate = Fate::Gone;
            }
        }
    }

    /// Those that answer a description.
    pub fn which(&self, is: impl Fn(&Person) -> bool) -> Vec<usize> {
        (0..self.people.len()).filter(|n| is(&self.people[*n])).collect()
    }

    /// The person of a tenant who is known by a key.
    pub fn keyed(&self, tenant: usize, key: &str) -> Option<usize> {
        let known = |p: &Person| p.tenant == tenant && p.key.as_deref() == Some(key) && p.is_here();
        self.which(known).first().copied()
    }

    /// What a backup made now has.
    pub fn copied(&self, folder: &'static str) -> Copy {
        let people = self.people.clone();
        let rotations = self.tenants.iter().map(|t| t.rotations).collect();
        Copy { folder, epoch: self.turns + 1, people, rotations }
    }

    /// Numbers of those that answer a description.
    pub fn numbers_of(&self, is: impl Fn(&Person) -> bool) -> BTreeSet<u64> {
        self.people.iter().filter(|p| is(p)).map(|p| p.number).collect()
    }

    /// Erased and cancelled and sealed, by tenant.
    pub fn counts(&self) -> BTreeMap<TenantId, Counts> {
        self.tenants.iter().map(|t| (t.id, t.counts.clone())).collect()
    }
}
