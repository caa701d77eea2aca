//! What became of an act that was cut off: it took place, wholly, or it did not. And losing what a
//! backup brings back.

use strongroom::backup::MANIFEST_FILE;
use strongroom::problem::{Kind, Problem};
use strongroom::vault::Renewal;
use strongroom_core::store::Table;
use strongroom_core::vault::slot::SLOT_BYTES;

use super::desk::Desk;
use super::oracle::{Counts, Fate, Flight, Person, Tenant, collection};
use crate::store_support::root_keys_on;

impl Desk<'_> {
    /// Asks the vault whether the act in flight took place, and takes that into the account.
    pub fn settle(&mut self) {
        match std::mem::take(&mut self.oracle.flight) {
            Flight::Nothing => {}
            Flight::Tenant(name) => {
                let (vault, who) = self.vault();
                let tenants = vault.tenants(who).unwrap();
                let id = tenants.into_iter().find(|t| t.name.as_str() == name).map(|t| t.id);
                let (second, rotations, counts) = (None, 0, Counts::default());
                let tenant = |id| Tenant { name, id, second, rotations, counts };
                self.oracle.tenants.extend(id.map(tenant));
            }
            Flight::Second(tenant) => {
                let (vault, who) = self.vault();
                let name = format!("second-{}", self.oracle.tenants[tenant].name);
                let principals = vault.principals(who).unwrap();
                if principals.iter().any(|p| p.name.as_str() == name) {
                    // Its credential was never seen.
                    let renewal = Renewal { name: &name, overlap_us: 0, now_us: 0 };
                    let renewed = vault.renew_principal(who, &renewal, &|_| Ok(())).unwrap();
                    self.oracle.tenants[tenant].second = Some(renewed.credential.to_string());
                }
            }
            Flight::Seal(n) => self.settle_seal(n),
            Flight::Update { who, email, value } => {
                let person = &self.oracle.people[who];
                let held = self.cells(person).unwrap();
                let old = [person.ssn.clone(), person.email.clone()];
                let mut new = old.clone();
                new[usize::from(email)] = value;
                assert!(held == old || held == new, "an update is whole: {held:?}");
                let person = &mut self.oracle.people[who];
                [person.ssn, person.email] = held;
            }
            Flight::Erase { people, due_us } => {
                let gone = |who: &usize| self.cells(&self.oracle.people[*who]).is_none();
                let count = people.iter().filter(|who| gone(who)).count();
                assert!(count == 0 || count == people.len(), "{count} of {people:?} are erased");
                if count > 0 {
                    self.erased(&people, due_us);
                }
            }
            Flight::Cancel(who) => {
                if self.cells(&self.oracle.people[who]).is_some() {
                    self.cancelled(who);
                }
            }
            Flight::Turn => {
                let epoch = root_keys_on(&self.world, &self.sources).epoch.number();
                let turns = epoch - 1 - self.oracle.turns;
                assert!(turns <= 1, "epoch {epoch}");
                self.oracle.turns += turns;
            }
            Flight::Backup(copy) => {
                let manifest = format!("{}{MANIFEST_FILE}", copy.folder);
                if !self.world.names(&manifest).is_empty() {
                    self.oracle.copy = Some(copy);
                }
            }
            Flight::Lose(lost, who) => {
                self.restore(Some((*lost, who))).unwrap_or_else(|p| panic!("{}", p.detail));
            }
        }
    }

    /// Both cells of somebody, unless they are not there.
    fn cells(&self, person: &Person) -> Option<[String; 2]> {
        let tenant = self.oracle.tenants[person.tenant].name;
        match self.reveal(tenant, person.tokens[0].to_vec()) {
            Ok(values) => Some(values.try_into().unwrap()),
            Err(problem) if problem.kind == Kind::NotFound => None,
            Err(problem) => panic!("{}", problem.detail),
        }
    }

    fn settle_seal(&mut self, n: usize) {
        let input = self.oracle.inputs[n].clone();
        let with = collection(input.keyed);
        let mut tokens = Vec::new();
        for row in &input.rows {
            let there = row.key.as_ref().and_then(|key| self.oracle.keyed(input.tenant, key));
            let there = there.map(|who| &self.oracle.people[who]);
            if let Some(person) = there {
                let row = [row.ssn.clone(), row.email.clone()];
                let same = row == [person.ssn.clone(), person.email.clone()];
                let held = self.cells(person);
                // A row that changes nothing leaves nothing to be seen.
                let done = held.as_ref() == Some(&row);
                assert!(done || held == Some([person.ssn.clone(), person.email.clone()]));
                tokens.push((same, done.then(|| person.tokens[0].clone())));
                continue;
            }
            let found = match self.find(input.tenant, with, "ssn", &row.ssn) {
                Err(problem) if matches!(problem.kind, Kind::NotFound | Kind::Usage) => vec![],
                found => found.unwrap_or_else(|p| panic!("{}", p.detail)),
            };
            assert!(found.len() < 2, "{} is there twice", row.ssn);
            let cell = |found: &[(String, String)], column| {
                found.iter().find(|(c, _)| c == column).map(|(_, token)| token.clone()).unwrap()
            };
            let found = found.first().map(|f| [cell(&f.tokens, "ssn"), cell(&f.tokens, "email")]);
            tokens.push((false, found));
        }
        let changed: Vec<bool> =
            tokens.iter().filter(|(same, _)| !same).map(|(_, found)| found.is_some()).collect();
        let whole = changed.iter().all(|there| *there == changed[0]);
        assert!(whole, "a file of one batch is sealed wholly: {changed:?}");
        if changed.first() == Some(&true) {
            let tokens: Vec<_> = tokens.into_iter().filter_map(|(_, found)| found).collect();
            self.adopt(n, &tokens);
        }
    }

    /// Loses somebody's row, slot or both behind the back of the vault, and has them restored.
    pub fn lose(&mut self, draw: u64, row: bool, slot: bool) -> Result<(), Problem> {
        let Some(copy) = self.oracle.copy.clone() else { return Ok(()) };
        let can_return = |who: usize| {
            let (person, copied) = (&self.oracle.people[who], copy.people.get(who)?);
            let rotations = copy.rotations.get(person.tenant)?;
            let sealed_alike = *rotations == self.oracle.tenants[person.tenant].rotations;
            let slot_opens = !slot || copy.epoch == self.oracle.turns + 1;
            let there = person.is_here() && copied.fate != Fate::Gone;
            (there && slot_opens && (!row || sealed_alike)).then_some(who)
        };
        let able: Vec<usize> = (0..self.oracle.people.len()).filter_map(can_return).collect();
        let Some(who) = able.get(draw.checked_rem(able.len() as u64).unwrap_or(0) as usize) else {
            return Ok(());
        };
        let mut back = self.oracle.people[*who].clone();
        if row {
            let copied = &copy.people[*who];
            (back.ssn, back.email) = (copied.ssn.clone(), copied.email.clone());
        }
        // From here on, however it is cut off, the person has to come back.
        self.open = None;
        if !self.world.is_dead() {
            self.take_away(back.number, row, slot);
            self.oracle.flight = Flight::Lose(Box::new(back.clone()), *who);
        }
        self.bring_up().map_err(Problem::internal)?;
        let tenant = self.oracle.tenants[back.tenant].name;
        match self.reveal(tenant, back.tokens[0].to_vec()) {
            Err(problem) if problem.kind == Kind::Tampered => {}
            Err(problem) => return Err(problem),
            Ok(_) => panic!("a lost record opens"),
        }
        self.restore(Some((back, *who)))
    }

    fn take_away(&self, number: u64, row: bool, slot: bool) {
        let rows = self.world.rows(Table::Record);
        let (key, _) = rows.iter().find(|(key, _)| key.ends_with(&number.to_be_bytes())).unwrap();
        if row {
            self.world.set_row(Table::Record, key, None);
            // What led to the person goes too: an older version brings its own back.
            for (key, _) in self.world.rows(Table::Index) {
                if key.ends_with(&number.to_be_bytes()) {
                    self.world.set_row(Table::Index, &key, None);
                }
            }
        }
        if slot {
            let at = number as usize * SLOT_BYTES;
            let name = format!("data/slots/epoch-{:08}.slots", self.oracle.turns + 1);
            self.world.edit(&name, |bytes| bytes[at..at + SLOT_BYTES].fill(0));
        }
    }

    /// Holds the newest backup against the install, and has whoever was lost put back.
    pub fn restore(&mut self, lost: Option<(Person, usize)>) -> Result<(), Problem> {
        let Some(copy) = self.oracle.copy.clone() else { return Ok(()) };
        let (vault, who) = self.vault();
        let disk = self.world.folder(copy.folder);
        let report = vault.restore_from(who, (&*disk, None), false, &|_| {})?;
        if let Some((person, who)) = lost {
            self.oracle.flight = Flight::Nothing;
            self.oracle.people[who] = person;
        } else {
            assert_eq!(report.put_back, 0, "nobody was lost");
        }
        assert!(report.not_restored.is_empty(), "{:?}", report.not_restored);
        let had = |is: &dyn Fn(&Person) -> bool| {
            let both = copy.people.iter().zip(&self.oracle.people);
            both.filter(|(then, now)| then.fate != Fate::Gone && is(now)).count() as u64
        };
        let there = report.left_alone + report.put_back;
        assert_eq!((there, report.erased), (had(&Person::is_here), had(&|p| !p.is_here())));
        Ok(())
    }
}
