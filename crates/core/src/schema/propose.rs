//! Proposing a schema from a file's header line and a sample of its rows.
//!
//! The sample is read once and in bounded memory: counts a column, never a value. What is kept of
//! a value are a few hashes, which die with the proposer.

use super::decide;
use super::header::Hints;
use super::proposal::Proposal;
use super::sample::Sample;
use super::weigh::Beside;
use super::words::Class;
use crate::field::FieldType;

/// What parts of an address mean.
const PLACES: [&str; 6] = ["address", "street", "zip", "city", "region", "state"];

/// Gathers what a proposal needs. Feed it row by row.
pub struct Proposer {
    columns: Vec<(String, Sample)>,
    rows: u64,
}

impl Proposer {
    /// Starts with the header line.
    #[must_use]
    pub fn new(headers: &[String]) -> Self {
        let columns = headers.iter().map(|name| (name.clone(), Sample::default())).collect();
        Self { columns, rows: 0 }
    }

    /// Takes note of one cell. Columns beyond the header line are ignored.
    pub fn observe(&mut self, column: usize, value: &str) {
        if let Some((_, sample)) = self.columns.get_mut(column) {
            sample.observe(value);
        }
    }

    /// Ends a row.
    pub fn end_row(&mut self) {
        self.rows += 1;
    }

    /// Decides on every column.
    #[must_use]
    pub fn finish(self) -> Proposal {
        let mut hints: Vec<Hints> = self.columns.iter().map(|(name, _)| Hints::of(name)).collect();
        let beside = self.beside(&hints);
        if beside.goods {
            hints = hints.into_iter().map(Hints::of_goods).collect();
        }
        let columns = self
            .columns
            .into_iter()
            .zip(hints)
            .map(|((name, sample), hints)| decide::column(name, &hints, &sample, beside))
            .collect();
        Proposal { rows_sampled: self.rows, rows_checked: 0, columns }
    }

    /// What the columns say of each other: a short code beside a card is likely its security code,
    /// and where nothing speaks of a person, numbers are business.
    fn beside(&self, hints: &[Hints]) -> Beside {
        let known = hints.iter().filter(|hints| hints.knows_a_word()).count();
        let understood = known * 2 >= hints.len();
        let goods = self.lists_goods(hints);
        let mut beside = Beside { understood, ..Beside::default() };
        for ((_, sample), hints) in self.columns.iter().zip(hints) {
            let of_goods = goods && hints.is_bare_name() && sample.shapes.known_name == 0;
            let name = hints.weight(Class::Type(FieldType::Name)) > 0.0
                && sample.holds_names()
                && !of_goods;
            beside.business |= hints.names_business();
            beside.card |= hints.names_card() || sample.holds_cards();
            beside.address |= PLACES.iter().any(|place| hints.means(place));
            let known = sample.share(sample.shapes.known_name) > 0.3;
            let unnamed = !hints.knows_a_word() && (sample.holds_names() || known);
            beside.health |= hints.means("care");
            beside.judged |= hints.names_judged();
            beside.person |= name
                || unnamed
                || hints.names_person(|kind| {
                    sample.filled < 20 || sample.share(sample.fits(kind)) > 0.1
                })
                || sample.holds_people();
        }
        beside.goods = goods && !beside.person;
        beside
    }

    /// Whether the rows are things of one kind: the first column tells them apart by a number of
    /// such things, or two columns and more are what only wares have, and no column is the thing.
    fn lists_goods(&self, hints: &[Hints]) -> bool {
        let (Some((_, first)), Some(key)) = (self.columns.first(), hints.first()) else {
            return false;
        };
        let wares = hints.iter().filter(|hints| hints.means("ware")).count();
        let named = hints
            .iter()
            .any(|h| (h.means("good") || h.means("named")) && h.weight(Class::Label) >= 5.0);
        (key.names_goods() && first.tells_rows_apart()) || (wares >= 2 && !named)
    }
}
