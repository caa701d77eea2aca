//! Deciding on one column: what its header says, weighed with what its values look like.
//!
//! Every class a column may be of gets a score, a sum of logarithms of likelihood ratios: header
//! words, and how much likelier the values are in such a column than elsewhere. Shares, not
//! counts, carry the evidence, since the values of a column are not independent. A column stays
//! clear only when its header speaks of business and nothing speaks of a person.

use super::header::Hints;
use super::sample::Sample;
use super::words::Class;
use super::{ProposedColumn, Treatment};
use crate::field::{FieldType, Storage};

/// Fewer values than these are no evidence.
const VALUES_MIN: u32 = 3;

/// The bound on what values can say, so that a header is still heard.
const EVIDENCE_MAX: f64 = 14.0;

/// The bound on what values can say for a class that many kinds of value look like.
const EVIDENCE_WEAK_MAX: f64 = 2.0;

/// How likely a value of a type follows its rules.
const FIT_SHARE: f64 = 0.98;

/// What a value that does not fit costs.
const MISFIT: f64 = 2.5;

/// Below this confidence, and below this share of values that fit, a person should look.
const SURE: f64 = 0.8;

/// A header hint that decides without values, and that no business look of values overrules.
const HINT_STRONG: f64 = 5.0;

/// The least a header must say before a column stays clear.
const HINT_CLEAR_MIN: f64 = 3.5;

/// Parts of headers under which a column never stays open: secrets, health, belief, money owned.
const PRIVATE_WORDS: [&str; 23] = [
    "key", "secret", "token", "reset", "recovery", "otp", "hiv", "icd", "diagn", "patient",
    "medic", "pregn", "embaraz", "union", "relig", "ethni", "felon", "income", "salar", "licen",
    "passport", "document", "fiscal",
];

/// Decides on a column.
pub(super) fn column(
    name: String,
    hints: &Hints,
    sample: &Sample,
    beside_card: bool,
) -> ProposedColumn {
    let ranking = Ranking::of(hints, sample, beside_card);
    let mut verdict = Verdict { sample, hints, evidence: Vec::new() };
    let (class, unsure) = match ranking.best {
        Some(class) if sample.filled < VALUES_MIN => verdict.by_header(class, &ranking),
        Some(class) => verdict.by_values(class, &ranking),
        None => (None, true),
    };
    let (class, unsure) = match class {
        Some(open) if open.is_clear() => verdict.may_stay_open(&name, open, unsure),
        other => (other, unsure),
    };
    if class.is_none() {
        verdict.evidence.push("not sure what it holds: sealed as text".to_owned());
    }
    if sample.filled == 0 {
        verdict.evidence.push("no values in the sample".to_owned());
    }
    let treatment = match class {
        Some(Class::Type(kind)) => Treatment::of(kind),
        Some(class) if class.is_clear() => Treatment::Clear { reason: class.describe().to_owned() },
        _ => Treatment::of(FieldType::Text),
    };
    let confidence = (ranking.confidence * 100.0).round().clamp(1.0, 99.0) as u8;
    ProposedColumn { name, treatment, confidence, unsure, evidence: verdict.evidence }
}

/// The classes by score.
struct Ranking {
    /// The likeliest class, or none when no class is likelier than an unknown one.
    best: Option<Class>,
    /// Its share of all likelihood.
    confidence: f64,
    /// What the header says for it.
    hint: f64,
}

impl Ranking {
    fn of(hints: &Hints, sample: &Sample, beside_card: bool) -> Self {
        let scores = Class::ALL.map(|class| {
            let mut hint = hints.weight(class);
            if hint > 0.0 && beside_card && class == Class::Type(FieldType::CardSecurityCode) {
                hint += 3.0;
            }
            let mut score = prior(class, hint) + hint;
            if sample.filled >= VALUES_MIN {
                score += evidence(class, hint, sample);
            }
            (class, score, hint)
        });
        // A column that is none of these has score 0.
        let total: f64 = 1.0 + scores.iter().map(|(_, score, _)| score.exp()).sum::<f64>();
        let best = scores.iter().max_by(|a, b| a.1.total_cmp(&b.1)).filter(|best| best.1 > 0.0);
        match best {
            Some((class, score, hint)) => {
                Self { best: Some(*class), confidence: score.exp() / total, hint: *hint }
            }
            None => Self { best: None, confidence: 1.0 / total, hint: 0.0 },
        }
    }
}

/// How likely a class is before anything is known.
fn prior(class: Class, hint: f64) -> f64 {
    match class {
        // What is rarely there unless a header says so.
        Class::Type(FieldType::TaxId) if hint == 0.0 => -4.0,
        Class::Type(FieldType::Password | FieldType::CardSecurityCode) if hint == 0.0 => -6.0,
        Class::Type(_) | Class::Prose | Class::Private | Class::Event => -1.5,
        _ if hint == 0.0 => -3.0,
        _ => -1.5,
    }
}

/// What the values say for a class.
fn evidence(class: Class, hint: f64, sample: &Sample) -> f64 {
    let shapes = &sample.shapes;
    match class {
        Class::Type(kind) => weigh(sample, &chances(kind, sample)),
        Class::Prose if hint > 0.0 => 0.0,
        Class::Prose => {
            if sample.mean_words() >= 8.0 {
                4.0
            } else {
                -2.0
            }
        }
        Class::Private => 0.0,
        Class::Code => {
            let words = sample.filled - shapes.code;
            // The name of a product is no code; few of them on many rows are a list.
            let named = if hint >= 6.0 && few_values(sample) == Some(true) { words } else { 0 };
            weigh(sample, &[(shapes.code, 0.5), (named, 0.5)]).min(EVIDENCE_WEAK_MAX)
        }
        Class::Event => weigh(sample, &[(shapes.moment, 0.05)]),
        Class::Amount => weigh(sample, &[(shapes.numeric, 0.3)]).min(EVIDENCE_WEAK_MAX),
        Class::Flag => weigh(sample, &[(shapes.yes_no, 0.03)]),
        Class::Kind => match few_values(sample) {
            Some(true) => 3.0,
            Some(false) => -5.0,
            None => 0.0,
        },
        Class::Place => match few_values(sample) {
            Some(false) => -5.0,
            _ if sample.share(shapes.short_word) < 0.8 => -5.0,
            _ => 2.0,
        },
    }
}

/// How many values fit a type in each way of writing it, with how often any value of that shape
/// would fit by chance.
fn chances(kind: FieldType, sample: &Sample) -> [(u32, f64); 3] {
    let shapes = &sample.shapes;
    let fits = sample.fits(kind);
    let rest = |told: u32, chance: f64| (fits.saturating_sub(told), chance);
    let none = (0, 1.0);
    match kind {
        // Of all nine-digit numbers 88 % are in the ranges of the SSA.
        FieldType::Ssn => [(shapes.ssn_grouped, 0.01), rest(shapes.ssn_grouped, 0.88), none],
        FieldType::TaxId => {
            let grouped = shapes.ssn_grouped + shapes.ein_grouped + shapes.itin_grouped;
            [(grouped, 0.02), rest(grouped, 0.95), none]
        }
        // One number in ten has its Luhn digit, and half the leading digits are of no issuer.
        FieldType::CardNumber => [(fits, 0.05), none, none],
        FieldType::CardExpiry => {
            [(shapes.expiry_slash, 0.05), rest(shapes.expiry_slash, 0.3), none]
        }
        FieldType::CardSecurityCode => [(fits, 0.9), none, none],
        FieldType::BankAccount => [(shapes.iban, 0.01), rest(shapes.iban, 0.9), none],
        // One number in ten has its check digit, and 38 % of those a prefix in use.
        FieldType::BankRouting => [(fits, 0.04), none, none],
        FieldType::Email => [(fits, 0.0005), none, none],
        FieldType::Phone => [
            (shapes.phone_written, 0.01),
            (shapes.phone_bare, 0.64),
            rest(shapes.phone_written + shapes.phone_bare, 0.95),
        ],
        FieldType::Name => [(fits, 0.75), none, none],
        FieldType::Address => [(shapes.street, 0.05), rest(shapes.street, 0.95), none],
        // As likely as another date: only a header tells a birth from a purchase.
        FieldType::DateOfBirth => [(fits, 0.05), none, none],
        FieldType::Username | FieldType::Password | FieldType::Text => [(fits, 0.95), none, none],
    }
}

/// The logarithm of how much likelier the values are in a column of the class. The first values
/// say most: evidence grows with the logarithm of their number.
fn weigh(sample: &Sample, told: &[(u32, f64)]) -> f64 {
    let effective = 1.0 + f64::from(sample.filled).ln();
    let fitting: u32 = told.iter().map(|(count, _)| count).sum();
    let gains = told.iter().map(|(count, chance)| sample.share(*count) * (FIT_SHARE / chance).ln());
    let loss = sample.share(sample.filled.saturating_sub(fitting)) * MISFIT;
    (effective * (gains.sum::<f64>() - loss)).clamp(-EVIDENCE_MAX, EVIDENCE_MAX)
}

/// Whether a few distinct values stand on many rows; `None` when that cannot be told.
fn few_values(sample: &Sample) -> Option<bool> {
    let filled = usize::try_from(sample.filled).unwrap_or(usize::MAX);
    match sample.distinct() {
        _ if sample.mean_words() > 5.0 => Some(false),
        Some(distinct) if distinct <= 64 && filled >= 8 && distinct * 2 <= filled => Some(true),
        Some(distinct) if distinct <= 64 => None,
        Some(distinct) if distinct * 4 <= filled => None,
        _ => Some(false),
    }
}

/// Judges the likeliest class, and gathers the grounds.
struct Verdict<'v> {
    sample: &'v Sample,
    hints: &'v Hints,
    evidence: Vec<String>,
}

impl Verdict<'_> {
    /// What is likelier business than a person's stays open only when values bear it out and its
    /// name does not speak of a secret or a private matter; a date of one stays open.
    fn may_stay_open(&mut self, name: &str, class: Class, unsure: bool) -> (Option<Class>, bool) {
        let name = name.to_lowercase();
        let dated = class == Class::Event;
        if let Some(word) = PRIVATE_WORDS.iter().find(|word| !dated && name.contains(*word)) {
            self.evidence.push(format!("`{word}` in the header: not left open"));
            return (None, true);
        }
        if self.sample.filled == 0 {
            return (None, true);
        }
        (Some(class), unsure)
    }

    /// Too few values to look at: the header decides, and a value against it makes it unsure.
    fn by_header(&mut self, class: Class, ranking: &Ranking) -> (Option<Class>, bool) {
        self.note_words(class);
        if self.sample.filled > 0 {
            self.evidence.push("fewer than 3 values: the header decides".to_owned());
        }
        let wanted = if class.is_clear() { HINT_STRONG + 1.0 } else { HINT_STRONG };
        let doubt = ranking.hint < wanted || ranking.confidence < SURE;
        if doubt || (class.is_clear() && self.speaks_of_a_person()) {
            return (None, true);
        }
        let Class::Type(kind) = class else { return (Some(class), false) };
        self.note_fits(kind);
        let against = self.sample.fits(kind) < self.sample.filled;
        // What is dropped cannot be brought back: not against a value.
        let dropped = kind.storage() != Storage::Sealed;
        if against && dropped { (None, true) } else { (Some(class), against) }
    }

    fn by_values(&mut self, class: Class, ranking: &Ranking) -> (Option<Class>, bool) {
        self.note_words(class);
        let sure = ranking.confidence >= SURE;
        match class {
            Class::Type(kind) => {
                self.note_fits(kind);
                let share = self.sample.share(self.sample.fits(kind));
                if !sure {
                    return (None, true);
                }
                if kind.storage() != Storage::Sealed {
                    let told = ranking.hint >= HINT_STRONG && share >= SURE;
                    return if told { (Some(class), false) } else { (None, true) };
                }
                match share {
                    SURE.. => (Some(class), false),
                    0.5.. if ranking.hint >= HINT_STRONG => (Some(class), true),
                    _ => (None, true),
                }
            }
            Class::Prose | Class::Private => {
                self.evidence.push(class.describe().to_owned());
                // Free text under a header that promises something else is a surprise.
                let against = ranking.hint == 0.0 && self.hints.personal().is_some();
                if sure && !against { (Some(class), false) } else { (None, true) }
            }
            _ => {
                self.note_values(class);
                let told = ranking.hint >= HINT_CLEAR_MIN || class == Class::Flag;
                let kept = sure && told && !self.speaks_of_a_person();
                let weak = ranking.hint < HINT_STRONG + 1.0;
                if kept && !self.may_be_hidden(class, weak) {
                    (Some(class), false)
                } else {
                    (None, true)
                }
            }
        }
    }

    /// Whether anything says that the column, though it looks like business, is about a person.
    fn speaks_of_a_person(&mut self) -> bool {
        let mut personal = false;
        if let Some((class, weight)) = self.hints.personal()
            && weight >= HINT_STRONG
        {
            self.note_words(class);
            personal = true;
        }
        let mut seen = self.sample.plainly_personal().to_vec();
        // By chance one long number in ten is a card.
        let cards = self.sample.fits(FieldType::CardNumber);
        if self.sample.share(cards) > 0.3 {
            seen.push((FieldType::CardNumber, cards));
        }
        for (kind, count) in seen {
            // A code may look like a telephone number now and then.
            let chance = if kind == FieldType::Phone { 0.02 } else { 0.0 };
            if self.sample.share(count) > chance {
                let verb = if count == 1 { "value fits" } else { "values fit" };
                self.evidence.push(format!("{count} {verb} {kind}: not left clear"));
                personal = true;
            }
        }
        personal
    }

    /// Whether a column of numbers may hold personal numbers under a name of business.
    fn may_be_hidden(&mut self, class: Class, weak: bool) -> bool {
        if class != Class::Code && class != Class::Amount {
            return false;
        }
        let shapes = &self.sample.shapes;
        let nine = self.sample.share(shapes.ssn_bare) > 0.8;
        let ten = self.sample.share(shapes.phone_bare) > 0.9;
        let date = self.sample.share(self.sample.fits(FieldType::DateOfBirth)) > 0.9;
        let routing = self.sample.share(self.sample.fits(FieldType::BankRouting)) > 0.5;
        if routing || self.sample.numbers_like_ssn() || (weak && (nine || ten || date)) {
            let kind = match () {
                () if routing => FieldType::BankRouting,
                () if nine => FieldType::Ssn,
                () if ten => FieldType::Phone,
                () => FieldType::DateOfBirth,
            };
            self.evidence.push(format!("the numbers may be {kind} under another name"));
            return true;
        }
        false
    }

    fn note_words(&mut self, class: Class) {
        for word in self.hints.words(class) {
            let note = format!("header word `{word}`");
            if !self.evidence.contains(&note) {
                self.evidence.push(note);
            }
        }
    }

    fn note_fits(&mut self, kind: FieldType) {
        let (fits, filled) = (self.sample.fits(kind), self.sample.filled);
        if filled == 0 {
            return;
        }
        let percent = self.sample.share(fits) * 100.0;
        self.evidence
            .push(format!("{fits} of {filled} non-empty values fit {kind} ({percent:.1} %)"));
        match kind.storage() {
            Storage::NeverStored => self.evidence.push("never stored".to_owned()),
            Storage::VerifyOnly => {
                self.evidence.push("dropped for good: keep the source while you need it".to_owned())
            }
            Storage::Sealed => match filled - fits {
                0 => {}
                1 => {
                    self.evidence.push("1 value does not fit and will be sealed as text".to_owned())
                }
                n => {
                    self.evidence.push(format!("{n} values do not fit and will be sealed as text"))
                }
            },
        }
    }

    fn note_values(&mut self, class: Class) {
        let shapes = &self.sample.shapes;
        let (count, what) = match class {
            Class::Code => (shapes.code, "are codes"),
            Class::Event => (shapes.moment, "are dates"),
            Class::Amount => (shapes.numeric, "are numbers"),
            Class::Flag => (shapes.yes_no, "are yes or no"),
            _ => {
                let filled = self.sample.filled;
                if let Some(distinct) = self.sample.distinct() {
                    self.evidence.push(format!("{distinct} distinct values in {filled}"));
                }
                return;
            }
        };
        let (filled, percent) = (self.sample.filled, self.sample.share(count) * 100.0);
        self.evidence.push(format!("{count} of {filled} non-empty values {what} ({percent:.1} %)"));
    }
}
