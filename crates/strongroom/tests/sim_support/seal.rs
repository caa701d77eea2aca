//! Sealing in a history: small files, with a key and without.

use std::collections::BTreeSet;

use strongroom::problem::Problem;
use strongroom::vault::seal::SealRequest;
use strongroom_core::store::Table;

use super::desk::Desk;
use super::oracle::{Fate, Flight, Input, Person, Row, collection};
use super::story::Dice;

/// So few that several people share one.
const EMAILS: u64 = 9;
/// So few that files name people who are there, who are leaving and who are gone.
const KEYS: u64 = 12;

pub fn email(draw: u64) -> String {
    format!("person{}@example.org", draw % EMAILS)
}

impl Desk<'_> {
    /// Seals a new file.
    pub fn seal(
        &mut self,
        tenant: usize,
        keyed: bool,
        rows: u64,
        draw: u64,
    ) -> Result<(), Problem> {
        let dice = &mut Dice::new(draw);
        let mut keys = BTreeSet::new();
        let mut lines = Vec::new();
        for _ in 0..rows {
            let key = keyed.then(|| format!("C-{}", 1000 + dice.below(KEYS)));
            if key.as_ref().is_some_and(|key| !keys.insert(key.clone())) {
                continue;
            }
            let there = key.as_ref().and_then(|key| self.oracle.keyed(tenant, key));
            // Some rows say of somebody what is there already.
            let row = match there.filter(|_| dice.one_in(3)) {
                Some(who) => {
                    let person = &self.oracle.people[who];
                    Row { key, ssn: person.ssn.clone(), email: person.email.clone() }
                }
                None => Row { key, ssn: self.oracle.ssn(), email: email(dice.draw()) },
            };
            lines.push(row);
        }
        self.oracle.inputs.push(Input { tenant, keyed, rows: lines, people: Vec::new() });
        self.seal_input(self.oracle.inputs.len() - 1)
    }

    /// Seals a file, or seals it once more.
    pub fn seal_input(&mut self, n: usize) -> Result<(), Problem> {
        let input = &mut self.oracle.inputs[n];
        if input.keyed {
            // Rows with keys are held against their records whenever they come.
            input.people.clear();
        }
        let input = input.clone();
        let place = |kind: &str| self.ground.temp.path(&format!("{kind}{n}.csv"));
        let (path, out) = (place("in"), place("out"));
        let line = |row: &Row| {
            let key = row.key.iter().map(|key| format!("{key},"));
            format!("{}{},{}\n", key.collect::<String>(), row.ssn, row.email)
        };
        let head = if input.keyed { "ref,ssn,email\n" } else { "ssn,email\n" };
        let lines: String = input.rows.iter().map(line).collect();
        std::fs::write(&path, format!("{head}{lines}")).unwrap();
        let _ = std::fs::remove_file(&out);
        let request = SealRequest {
            input: path,
            tenant: self.oracle.tenants[input.tenant].name.to_owned(),
            collection: collection(input.keyed).to_owned(),
            key: input.keyed.then(|| "ref".to_owned()),
            out: Some(out.clone()),
            now_us: self.now_us(),
            ..SealRequest::default()
        };
        if input.people.is_empty() {
            self.oracle.flight = Flight::Seal(n);
        }
        let (vault, who) = self.open.as_ref().unwrap();
        let done = vault.seal(who, &request, &|_| {});
        if let Err(problem) = done {
            let _ = strongroom::vault::seal::remove_partial(&out);
            return Err(problem);
        }
        self.oracle.flight = Flight::Nothing;
        let text = std::fs::read_to_string(&out).unwrap();
        std::fs::remove_file(out).unwrap();
        let tokens = text.lines().skip(1).map(|line| {
            let mut cells = line.split(',').skip(usize::from(input.keyed)).map(ToOwned::to_owned);
            [cells.next().unwrap(), cells.next().unwrap()]
        });
        let tokens: Vec<_> = tokens.collect();
        assert_eq!(tokens.len(), input.rows.len(), "every row has its tokens");
        self.adopt(n, &tokens);
        Ok(())
    }

    /// Takes note of a file that is sealed: who its rows are, and their tokens.
    pub fn adopt(&mut self, n: usize, tokens: &[[String; 2]]) {
        let again = !self.oracle.inputs[n].people.is_empty();
        let mut fresh = self.fresh_numbers().into_iter();
        let input = self.oracle.inputs[n].clone();
        for (at, (row, tokens)) in input.rows.iter().zip(tokens).enumerate() {
            let known = row.key.as_ref().and_then(|key| self.oracle.keyed(input.tenant, key));
            let known = if again { Some(input.people[at]) } else { known };
            let who = known.unwrap_or_else(|| {
                self.oracle.people.push(Person {
                    tenant: input.tenant,
                    key: row.key.clone(),
                    ssn: row.ssn.clone(),
                    email: row.email.clone(),
                    tokens: Vec::new(),
                    number: fresh.next().expect("a row for everybody who was sealed"),
                    id: None,
                    fate: Fate::Here,
                });
                self.oracle.tenants[input.tenant].counts.sealed += 1;
                self.oracle.people.len() - 1
            });
            let person = &mut self.oracle.people[who];
            if !again {
                (person.ssn, person.email) = (row.ssn.clone(), row.email.clone());
                self.oracle.inputs[n].people.push(who);
            }
            if !person.tokens.contains(tokens) {
                person.tokens.push(tokens.clone());
            }
        }
        assert_eq!(fresh.next(), None, "a record is there twice");
    }

    /// Numbers of records that were not there before, in their order.
    fn fresh_numbers(&mut self) -> Vec<u64> {
        let rows = self.world.rows(Table::Record);
        let numbers = rows.iter().map(|(key, _)| u64::from_be_bytes(*key.last_chunk().unwrap()));
        let fresh: BTreeSet<u64> =
            numbers.filter(|number| !self.oracle.numbers.contains(number)).collect();
        self.oracle.numbers.extend(&fresh);
        fresh.into_iter().collect()
    }
}
