//! The acts of a history, each as the product does it. An act that finds nobody it could be about
//! is left out.

use strongroom::problem::{Kind as ProblemKind, Problem};
use strongroom::vault::{EraseRequest, Rotation, Vault};
use strongroom_core::access::update::Update;
use strongroom_core::erasure::{GRACE_US, Reason};
use strongroom_core::ledger::entry::Form;
use strongroom_core::limits::Limits;
use strongroom_core::policy::Purpose;
use strongroom_core::principal::{Arrival, Kind, Principal};
use strongroom_core::vault::keys::Job;
use strongroom_core::vault::verifier::Strength;
use zeroize::Zeroizing;

use super::desk::Desk;
use super::oracle::{Counts, Fate, Flight, Person, Tenant, collection};
use super::seal::email;
use super::story::Act;
use crate::store_support::history::reveal;

const TENANTS: [&str; 3] = ["acme", "zeta", "omega"];
const COPIES: [&str; 5] = ["copy0/", "copy1/", "copy2/", "copy3/", "copy4/"];
const HOUR_US: u64 = 3600 * 1_000_000;

/// One of several, by a number drawn.
fn nth<T: Copy>(all: &[T], draw: u64) -> Option<T> {
    all.get(draw.checked_rem(all.len() as u64)? as usize).copied()
}

impl Desk<'_> {
    /// Reveals tokens of a tenant.
    pub fn reveal(&self, tenant: &str, tokens: Vec<String>) -> Result<Vec<String>, Problem> {
        let (vault, who) = self.vault();
        reveal(vault, who, tenant, tokens)
    }

    pub fn vault(&self) -> (&Vault, &Principal) {
        let (vault, who) = self.open.as_ref().unwrap();
        (vault, who)
    }

    pub fn perform(&mut self, act: &Act) -> Result<(), Problem> {
        let tenants: Vec<usize> = (0..self.oracle.tenants.len()).collect();
        match *act {
            Act::Tenant => self.add_tenant(),
            Act::Second(draw) => nth(&tenants, draw).map_or(Ok(()), |t| self.add_second(t)),
            Act::Seal { tenant, keyed, rows, draw } => {
                nth(&tenants, tenant).map_or(Ok(()), |t| self.seal(t, keyed, rows, draw))
            }
            Act::Again(draw) => {
                let inputs: Vec<usize> = (0..self.oracle.inputs.len()).collect();
                nth(&inputs, draw).map_or(Ok(()), |n| self.seal_input(n))
            }
            Act::Update { who, email } => self.update(who, email),
            Act::Erase { who, many, now, agreed } => self.erase(who, many, now, agreed),
            Act::Cancel(draw) => self.cancel(draw),
            Act::Hours(hours) => {
                self.sources.clock.pass(hours * HOUR_US);
                Ok(())
            }
            Act::Back(seconds) => {
                self.sources.clock.put(self.now_us() - seconds * 1_000_000);
                Ok(())
            }
            Act::Due => self.due(),
            Act::Turn => self.turn(),
            Act::Rotate { tenant, seal } => {
                nth(&tenants, tenant).map_or(Ok(()), |t| self.rotate(t, seal))
            }
            Act::Reveal(draw) => nth(&tenants, draw).map_or(Ok(()), |t| self.reveal_all(t)),
            Act::Find(draw) => nth(&tenants, draw).map_or(Ok(()), |t| self.find_email(t, draw)),
            Act::Intrude => self.intrude(),
            Act::Examine => {
                let (vault, who) = self.vault();
                vault.examine(who, &mut |_, _, _| {}).map(drop)
            }
            Act::Backup => self.back_up(),
            Act::Restore => self.restore(None),
            Act::Lose { who, row, slot } => self.lose(who, row, slot),
            Act::Reopen => {
                self.open = None;
                self.bring_up().map_err(Problem::internal)
            }
        }
    }

    fn add_tenant(&mut self) -> Result<(), Problem> {
        let Some(name) = TENANTS.get(self.oracle.tenants.len()).copied() else { return Ok(()) };
        self.oracle.flight = Flight::Tenant(name);
        let (vault, who) = self.vault();
        let id = vault.add_tenant(who, name)?.id;
        self.oracle.flight = Flight::Nothing;
        let (second, rotations, counts) = (None, 0, Counts::default());
        self.oracle.tenants.push(Tenant { name, id, second, rotations, counts });
        Ok(())
    }

    fn add_second(&mut self, tenant: usize) -> Result<(), Problem> {
        let Tenant { name, second, .. } = self.oracle.tenants[tenant].clone();
        if second.is_some() {
            return Ok(());
        }
        self.oracle.flight = Flight::Second(tenant);
        let (vault, who) = self.vault();
        let added = vault.add_principal(
            who,
            &format!("second-{name}"),
            Kind::Operator,
            name,
            Limits::default(),
        )?;
        self.oracle.flight = Flight::Nothing;
        self.oracle.tenants[tenant].second = Some(added.credential.to_string());
        Ok(())
    }

    /// What commands call somebody: by key, or else by the record's id, which has to be asked for.
    fn name_of(&self, person: &Person) -> Result<String, Problem> {
        if let Some(key) = &person.key {
            return Ok(key.clone());
        }
        let (vault, who) = self.vault();
        let tenant = self.oracle.tenants[person.tenant].name;
        let token = vec![person.tokens[0][0].clone()];
        let revealed = vault.reveal(who, tenant, token, Purpose::Support, Form::Redacted)?;
        Ok(revealed.disclose().remove(0).record)
    }

    fn update(&mut self, draw: u64, of_email: bool) -> Result<(), Problem> {
        let Some(who) = nth(&self.oracle.which(Person::is_here), draw) else { return Ok(()) };
        let person = self.oracle.people[who].clone();
        let value = if of_email { email(draw / 7) } else { self.oracle.ssn() };
        let record = self.name_of(&person)?;
        self.oracle.flight = Flight::Update { who, email: of_email, value: value.clone() };
        let (vault, principal) = self.vault();
        let column = if of_email { "email" } else { "ssn" };
        let update = Update {
            tenant: None,
            collection: person.collection().to_owned(),
            record,
            fields: vec![(column.to_owned(), Zeroizing::new(value.clone()))],
        };
        let tenant = self.oracle.tenants[person.tenant].name;
        vault.update(principal, tenant, update, Strength::LEAST)?;
        self.oracle.flight = Flight::Nothing;
        let person = &mut self.oracle.people[who];
        *(if of_email { &mut person.email } else { &mut person.ssn }) = value;
        Ok(())
    }

    fn erase(&mut self, draw: u64, many: u64, now: bool, agreed: bool) -> Result<(), Problem> {
        let here = self.oracle.which(Person::is_here);
        let Some(first) = nth(&here, draw) else { return Ok(()) };
        let first = &self.oracle.people[first];
        let (tenant, with) = (first.tenant, first.collection());
        let second = self.oracle.tenants[tenant].second.clone().filter(|_| agreed);
        // Nobody erases several at once alone.
        let many = if now && second.is_none() { 1 } else { many };
        let near =
            self.oracle.which(|p| (p.tenant, p.collection()) == (tenant, with) && p.is_here());
        let people: Vec<usize> =
            (0..many.min(near.len() as u64)).filter_map(|n| nth(&near, draw / 3 + n)).collect();
        let records: Result<Vec<_>, _> =
            people.iter().map(|who| self.name_of(&self.oracle.people[*who])).collect();
        let records = records?;
        let second = match second {
            Some(credential) => {
                Some(self.vault().0.authenticate(&credential, Arrival::local(0, false))?)
            }
            None => None,
        };
        let now_us = self.now_us();
        let due_us = if now { now_us } else { now_us + GRACE_US };
        self.oracle.flight = Flight::Erase { people: people.clone(), due_us };
        if now {
            self.oracle.try_shred(now_us);
        }
        let request = EraseRequest {
            tenant: self.oracle.tenants[tenant].name,
            collection: with,
            records,
            reason: Reason::Request,
            now,
        };
        let (vault, principal) = self.vault();
        let erased = vault.erase(principal, second.as_ref(), request, now_us)?;
        assert_eq!(erased.len(), people.len());
        self.erased(&people, due_us);
        for (who, erased) in people.iter().zip(erased) {
            self.oracle.people[*who].id = Some(erased.record);
        }
        if now {
            self.oracle.shredded(now_us);
        }
        Ok(())
    }

    /// Takes note of an erasure that counts.
    pub fn erased(&mut self, people: &[usize], due_us: u64) {
        self.oracle.flight = Flight::Nothing;
        for who in people {
            let person = &mut self.oracle.people[*who];
            person.fate = Fate::Leaving { due_us, tried: false };
            self.oracle.tenants[person.tenant].counts.erased += 1;
        }
    }

    fn cancel(&mut self, draw: u64) -> Result<(), Problem> {
        let now_us = self.now_us();
        let waits = |p: &Person| match p.fate {
            Fate::Leaving { due_us, tried } => !tried && now_us < due_us,
            Fate::Here | Fate::Gone => false,
        };
        // By the id that the erasure gave, or by a key that is nobody else's.
        let named = |p: &Person| {
            let alike =
                |o: &Person| (o.tenant, &o.key) == (p.tenant, &p.key) && o.fate != Fate::Gone;
            let alone = self.oracle.which(alike).len() == 1;
            if p.key.is_some() { alone } else { p.id.is_some() }
        };
        let Some(who) = nth(&self.oracle.which(|p| waits(p) && named(p)), draw) else {
            return Ok(());
        };
        let person = self.oracle.people[who].clone();
        self.oracle.flight = Flight::Cancel(who);
        let named = person.id.as_deref().or(person.key.as_deref()).unwrap();
        let request = (self.oracle.tenants[person.tenant].name, person.collection(), named);
        let (vault, principal) = self.vault();
        vault.cancel_erase(principal, request, now_us)?;
        self.cancelled(who);
        Ok(())
    }

    /// Takes note of an erasure that was taken back.
    pub fn cancelled(&mut self, who: usize) {
        self.oracle.flight = Flight::Nothing;
        let person = &mut self.oracle.people[who];
        person.fate = Fate::Here;
        self.oracle.tenants[person.tenant].counts.cancelled += 1;
    }

    fn due(&mut self) -> Result<(), Problem> {
        let now_us = self.now_us();
        self.oracle.try_shred(now_us);
        self.vault().0.shred_due(now_us)?;
        self.oracle.shredded(now_us);
        Ok(())
    }

    fn turn(&mut self) -> Result<(), Problem> {
        let now_us = self.now_us();
        self.oracle.try_shred(now_us);
        self.oracle.flight = Flight::Turn;
        let (vault, who) = self.open.take().unwrap();
        let turned = vault.turn_epoch(&who, None, now_us)?;
        self.oracle.shredded(now_us);
        self.oracle.flight = Flight::Nothing;
        self.oracle.turns += 1;
        assert_eq!(turned.epoch, self.oracle.turns + 1);
        assert!(self.oracle.rows().contains(&turned.live), "{turned:?}");
        self.bring_up().map_err(Problem::internal)
    }

    fn rotate(&mut self, tenant: usize, seal: bool) -> Result<(), Problem> {
        let job = if seal { Job::Seal } else { Job::Token };
        let of = &mut self.oracle.tenants[tenant];
        of.rotations += u64::from(seal);
        let rotation = Rotation { step_records: 2, ..Rotation::of(job, Some(of.name)) };
        let (vault, who) = self.vault();
        let rotated = vault.rotate(who, &rotation)?;
        assert!(rotated.iter().all(|r| r.done));
        Ok(())
    }

    fn reveal_all(&self, tenant: usize) -> Result<(), Problem> {
        let here = |p: &&Person| p.tenant == tenant && p.is_here();
        let people: Vec<&Person> = self.oracle.people.iter().filter(here).collect();
        let tokens = people.iter().flat_map(|p| p.tokens.last().unwrap().clone()).collect();
        let values: Vec<String> =
            people.iter().flat_map(|p| [p.ssn.clone(), p.email.clone()]).collect();
        let found = self.reveal(self.oracle.tenants[tenant].name, tokens)?;
        assert_eq!(found, values);
        Ok(())
    }

    fn find_email(&self, tenant: usize, draw: u64) -> Result<(), Problem> {
        for keyed in [true, false] {
            let sealed = |p: &Person| p.tenant == tenant && p.key.is_some() == keyed;
            // Where nothing was ever sealed there may be no such collection.
            if !self.oracle.which(sealed).is_empty() {
                let value = email(draw / 5);
                let found = self.find(tenant, collection(keyed), "email", &value)?.len();
                let held = self.oracle.which(|p| sealed(p) && p.is_here() && p.email == value);
                assert_eq!(found, held.len(), "{value} is found");
            }
        }
        Ok(())
    }

    fn intrude(&self) -> Result<(), Problem> {
        let (vault, who) = self.vault();
        let expect = |done: Result<(), Problem>, kind| match done {
            Err(problem) if problem.kind == kind => Ok(()),
            done => done,
        };
        let refused = vault.authenticate("srk_nobody", Arrival::local(0, false)).map(drop);
        expect(refused, ProblemKind::Unauthenticated)?;
        let token = vec!["tok_nothing".to_owned()];
        expect(reveal(vault, who, "nobody", token).map(drop), ProblemKind::NotFound)
    }

    fn back_up(&mut self) -> Result<(), Problem> {
        let Some(folder) = COPIES.get(self.oracle.copies as usize).copied() else { return Ok(()) };
        self.oracle.copies += 1;
        let copy = self.oracle.copied(folder);
        self.oracle.flight = Flight::Backup(copy.clone());
        let (vault, who) = self.vault();
        let report = vault.backup_into(who, &*self.world.folder(folder), self.now_us())?;
        assert!(self.oracle.rows().contains(&report.records), "{report:?}");
        self.oracle.flight = Flight::Nothing;
        self.oracle.copy = Some(copy);
        Ok(())
    }
}
