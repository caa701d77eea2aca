//! Weighing one column: the log-likelihood ratio of every class it may be of.
//!
//! score = ln prior + header words + values, each the logarithm of how much likelier it is in a
//! column of the class than in any other. A value's weight comes from how often any value of its
//! shape would fit by chance, so it is bounded: nine bare digits fit an SSN in 88 cases of 100 and
//! say almost nothing. Shares, not counts, carry the evidence, and it grows with the logarithm of
//! their number, since the values of a column are not independent.

use super::header::Hints;
use super::sample::Sample;
use super::words::Class;
use crate::field::FieldType;

/// The name of a thing, or what it is in short, has fewer words than these.
const LABEL_WORDS_MAX: f64 = 30.0;

/// Fewer values than these are no evidence.
pub(super) const VALUES_MIN: u32 = 3;

/// The bound on what values can say, so that a header is still heard.
const EVIDENCE_MAX: f64 = 14.0;

/// The bound on what values can say for a class that many kinds of value look like.
const EVIDENCE_WEAK_MAX: f64 = 2.0;

/// The same bound in a file in which nothing speaks of a person.
const EVIDENCE_BUSINESS_MAX: f64 = 6.0;

/// The most that one word of a header says.
const HINT_OF_ONE_WORD: f64 = 6.5;

/// How likely a value of a type follows its rules.
const FIT_SHARE: f64 = 0.98;

/// What a value that does not fit costs.
const MISFIT: f64 = 2.5;

/// Dates spread over so many years are births rather than business.
pub(super) const YEARS_OF_LIVES: usize = 25;

/// Dates within so few years are business rather than births.
const YEARS_OF_BUSINESS: usize = 15;

/// What the other columns of the file say.
#[derive(Clone, Copy, Default)]
pub(super) struct Beside {
    /// A column holds card numbers.
    pub(super) card: bool,
    /// A column holds parts of addresses.
    pub(super) address: bool,
    /// Some column speaks of a person.
    pub(super) person: bool,
    /// Some header speaks of business.
    pub(super) business: bool,
    /// Some header is that of people who are judged, though by a number.
    pub(super) judged: bool,
    /// Something speaks of a person's health.
    pub(super) health: bool,
    /// The rows are things of one kind: products, shops, courses.
    pub(super) goods: bool,
    /// The dictionary knows a word of most headers: in a language that it does not know, that
    /// nothing speaks of a person says nothing.
    pub(super) understood: bool,
}

impl Beside {
    /// Where nothing speaks of a person and something of business, numbers and codes need no
    /// header of their own to be business.
    pub(super) fn is_business(self) -> bool {
        self.understood && self.business && !self.person
    }

    /// Whether the header may be that of a mark given to someone, and of nothing that is bought.
    pub(super) fn may_judge(self, hints: &Hints) -> bool {
        self.judged && hints.means("either") && !hints.means("good")
    }
}

/// The classes by score.
pub(super) struct Ranking {
    /// The likeliest class, or none when no class is likelier than an unknown one.
    pub(super) best: Option<Class>,
    /// Its share of all likelihood; of a class that stays open, the share of all such classes.
    pub(super) confidence: f64,
    /// What the header says for it.
    pub(super) hint: f64,
    /// The likeliest class that would be treated otherwise, and its share.
    pub(super) rival: Option<(Class, f64)>,
}

impl Ranking {
    /// Scores every class.
    pub(super) fn of(hints: &Hints, sample: &Sample, beside: Beside) -> Self {
        let scores = Class::ALL.map(|class| {
            let hint = hint(class, hints, beside);
            let alone = hint == 0.0 && beside.is_business() && hints.personal().is_none();
            let mut score = prior(class, hint, beside) + hint;
            // Amounts may be but 0 and 1 where the sample ends.
            let amounts = class == Class::Flag && hint == 0.0 && hints.weight(Class::Amount) >= 5.0;
            if sample.filled >= VALUES_MIN && !amounts {
                score += evidence(class, hint, sample, alone);
            }
            (class, score, hint)
        });
        // A column that is none of these has score 0.
        let total: f64 = 1.0 + scores.iter().map(|(_, score, _)| score.exp()).sum::<f64>();
        let best = scores.iter().max_by(|a, b| a.1.total_cmp(&b.1)).filter(|best| best.1 > 0.0);
        let Some((class, score, hint)) = best else {
            return Self { best: None, confidence: 1.0 / total, hint: 0.0, rival: None };
        };
        let alike = |other: Class| other == *class || (class.is_clear() && other.is_clear());
        let (mut share, mut hint) = (score.exp(), *hint);
        for (other, score, said) in scores.iter().filter(|(other, ..)| other != class) {
            if alike(*other) {
                share += score.exp();
                // A date or a number that is but 0 and 1 is something else.
                let speaks = *class != Class::Flag
                    || matches!(other, Class::Amount | Class::Kind)
                    || (*other == Class::Code && *said > HINT_OF_ONE_WORD);
                hint = hint.max(if speaks { *said } else { 0.0 });
            }
        }
        let rival = scores.iter().filter(|(other, ..)| !alike(*other));
        let rival = rival.max_by(|a, b| a.1.total_cmp(&b.1));
        let rival = rival.map(|(class, score, _)| (*class, score.exp() / total));
        Self { best: Some(*class), confidence: share / total, hint, rival }
    }
}

/// What the header and the columns beside it say for a class.
fn hint(class: Class, hints: &Hints, beside: Beside) -> f64 {
    let hint = hints.weight(class);
    match class {
        _ if hint == 0.0 => 0.0,
        Class::Type(FieldType::CardSecurityCode) if beside.card => hint + 3.0,
        // Of a person's body, of what one can or spends, of how one is: or of goods.
        _ if class.is_clear() && beside.person && is_ambiguous(class, hints) => hint.min(2.0),
        _ if class.is_clear() && beside.may_judge(hints) => hint.min(2.0),
        // In Latin America a department is a part of the country.
        _ if class.is_clear() && beside.address && hints.means("depto") => hint.min(2.0),
        // Beside a patient a code may be a diagnosis, and an amount a finding.
        _ if class.is_clear() && beside.health && hint <= HINT_OF_ONE_WORD && !is_key(hints) => {
            hint.min(2.0)
        }
        // Of several languages' words for a state, most stand for a province beside an address
        // and for a status elsewhere.
        Class::Type(FieldType::Address) if hints.means("estado") => {
            if beside.address {
                hint + 3.0
            } else {
                0.0
            }
        }
        _ => hint,
    }
}

/// Whether the header may speak of a person as well as of a thing.
fn is_ambiguous(class: Class, hints: &Hints) -> bool {
    let of_goods = hints.means("good");
    let bare_stat = hints.means("stat") && !hints.means("amount");
    let amount = ["weight", "either", "body"].iter().any(|meaning| hints.means(meaning));
    let said = match class {
        Class::Kind => {
            hints.means("vague") || (hints.means("description") && hints.weight(class) < 5.0)
        }
        Class::Label => hints.means("title"),
        _ => false,
    };
    (amount || bare_stat || said) && !of_goods && class != Class::Event
}

/// Whether the header is that of a number given by the application, or of a date.
fn is_key(hints: &Hints) -> bool {
    ["id", "number", "date", "event", "period", "state"].iter().any(|meaning| hints.means(meaning))
}

/// How likely a class is before anything is known of the column: ln of its odds.
fn prior(class: Class, hint: f64, beside: Beside) -> f64 {
    match class {
        // What is rarely there unless a header says so.
        Class::Type(FieldType::Password | FieldType::CardSecurityCode) if hint == 0.0 => -6.0,
        Class::Type(FieldType::CardExpiry) if hint == 0.0 && !beside.card => -12.0,
        Class::Type(FieldType::TaxId) if hint == 0.0 => -4.0,
        Class::Type(_) if hint == 0.0 && beside.is_business() => -3.5,
        Class::Type(FieldType::DateOfBirth) if hint == 0.0 => -2.5,
        Class::Type(_) | Class::Prose | Class::Private | Class::Event => -1.5,
        _ if hint == 0.0 && !beside.is_business() => -3.0,
        _ => -1.5,
    }
}

/// What the values say for a class.
///
/// `alone`: without a header, in a file of business: only what can be no person's counts.
fn evidence(class: Class, hint: f64, sample: &Sample, alone: bool) -> f64 {
    let shapes = &sample.shapes;
    let most = if alone { EVIDENCE_BUSINESS_MAX } else { EVIDENCE_WEAK_MAX };
    let counted = match () {
        // The rows themselves, counted: no person's number, whatever the file is about.
        () if sample.numbers_rows() => 7.0,
        () if sample.is_counted_up() => 2.0,
        () => 0.0,
    };
    match class {
        Class::Type(kind) => weigh(sample, &chances(kind, hint, sample)) + nature(kind, sample),
        Class::Prose if hint > 0.0 => 0.0,
        Class::Prose if sample.mean_words() >= 8.0 => 4.0,
        Class::Prose => -2.0,
        Class::Private if shapes.ip > 0 => weigh(sample, &[(shapes.ip, 0.01)]),
        Class::Private => 0.0,
        Class::Code if alone => weigh(sample, &[(shapes.plain_code, 0.3)]).min(most) + counted,
        Class::Code => {
            // Under a header that is sure of itself a code may be of capitals alone.
            let capitals = if hint >= 6.0 { shapes.capitals } else { 0 };
            weigh(sample, &[(shapes.code, 0.5), (capitals, 0.5)]).min(most) + counted
        }
        // A list of products has them once; orders have few of them on many rows.
        Class::Label if hint < 5.0 => -5.0,
        Class::Label => match few_values(sample) {
            Some(true) => 2.0,
            _ if hint >= 6.0 && sample.mean_words() < LABEL_WORDS_MAX => 0.0,
            _ => -5.0,
        },
        Class::Event => {
            weigh(sample, &[(shapes.moment, 0.05), (shapes.clock, 0.05)]) + years(sample, -1.0, 1.0)
        }
        Class::Amount if alone => weigh(sample, &[(shapes.plain_number, 0.3)]).min(most),
        Class::Amount => weigh(sample, &[(shapes.numeric, 0.3)]).min(most),
        Class::Flag if sample.share(shapes.yes_no) < 0.98 => -5.0,
        Class::Flag => weigh(sample, &[(shapes.yes_no, 0.03)]),
        Class::Kind => match few_values(sample) {
            // Codes of a few letters are no names, and kinds come again and again.
            Some(true) if alone && sample.share(shapes.brief) > 0.9 => 5.0,
            Some(true) if alone && come_again(sample) => 4.5,
            Some(true) if alone => 0.0,
            Some(true) => 3.0,
            Some(false) => -5.0,
            None => 0.0,
        },
        Class::Place if sample.share(shapes.short_word) < 0.8 => -5.0,
        Class::Place => match (few_values(sample), sample.distinct()) {
            (Some(true) | None, _) => 2.0,
            // There are fewer countries, languages and currencies than are counted.
            (_, Some(_)) => 0.0,
            (_, None) => -5.0,
        },
    }
}

/// What a type's values as a whole say against it: numbers that were counted up are nobody's,
/// dates of a few years or with a time of day are no births, and people's numbers are many.
fn nature(kind: FieldType, sample: &Sample) -> f64 {
    let few = few_values(sample) == Some(true);
    match kind {
        FieldType::DateOfBirth if sample.share(sample.shapes.timed) > 0.5 => -3.0,
        FieldType::DateOfBirth => years(sample, 1.0, -2.0),
        FieldType::Address | FieldType::CardExpiry | FieldType::Text => 0.0,
        _ if sample.is_counted_up() => -6.0,
        FieldType::Ssn | FieldType::CardNumber | FieldType::Username if few => -2.0,
        // What is dropped cannot be brought back.
        FieldType::Password if few => -8.0,
        _ => 0.0,
    }
}

/// One weight when dates are spread over lives, another when over a few years of business.
fn years(sample: &Sample, lives: f64, business: f64) -> f64 {
    match sample.years_spread() {
        Some(years) if years >= YEARS_OF_LIVES => lives,
        Some(years) if years < YEARS_OF_BUSINESS => business,
        _ => 0.0,
    }
}

/// How many values fit a type in each way of writing it, with how often any value of that shape
/// would fit by chance. What a spreadsheet damaged counts for little, and only under a header.
fn chances(kind: FieldType, hint: f64, sample: &Sample) -> [(u32, f64); 4] {
    let (shapes, damage) = (&sample.shapes, &sample.damage);
    let fits = sample.fits(kind);
    let rest = |told: u32, chance: f64| (fits.saturating_sub(told), chance);
    let none = (0, 1.0);
    let damaged = |count: u32| if hint > 0.0 { (count, 0.8) } else { none };
    match kind {
        // Of all nine-digit numbers 88 % are in the ranges of the SSA.
        FieldType::Ssn => {
            let grouped = shapes.ssn_grouped;
            [(grouped, 0.01), rest(grouped, 0.88), damaged(damage.ssn_zeros), none]
        }
        FieldType::TaxId => {
            let grouped = shapes.ssn_grouped + shapes.ein_grouped + shapes.itin_grouped;
            [(grouped, 0.02), rest(grouped, 0.95), damaged(damage.ssn_zeros), none]
        }
        // One number in ten has its Luhn digit, and half the leading digits are of no issuer.
        FieldType::CardNumber => [(fits, 0.05), damaged(damage.scientific), none, none],
        FieldType::CardExpiry => {
            let slash = shapes.expiry_slash;
            [(slash, 0.05), rest(slash, 0.3), damaged(damage.month_names), none]
        }
        FieldType::CardSecurityCode => [(fits, 0.9), none, none, none],
        FieldType::BankAccount => {
            [(shapes.iban, 0.01), rest(shapes.iban, 0.9), damaged(damage.scientific), none]
        }
        // One number in ten has its check digit, and 38 % of those a prefix in use.
        FieldType::BankRouting => [(fits, 0.04), damaged(damage.routing_zeros), none, none],
        FieldType::Email => [(fits, 0.0005), none, none, none],
        FieldType::Phone => [
            (shapes.phone_written, 0.01),
            (shapes.phone_bare, 0.64),
            rest(shapes.phone_written + shapes.phone_bare, 0.95),
            damaged(damage.scientific),
        ],
        FieldType::Name => [(fits, 0.75), none, none, none],
        FieldType::Address => [(shapes.street, 0.05), rest(shapes.street, 0.95), none, none],
        // As likely as another date: only a header tells a birth from a purchase.
        FieldType::DateOfBirth => [(fits, 0.05), none, none, none],
        FieldType::Username | FieldType::Password | FieldType::Text => {
            [(fits, 0.95), none, none, none]
        }
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

/// Whether every value stands on several rows, and none is a name that people have.
fn come_again(sample: &Sample) -> bool {
    let distinct = sample.distinct().and_then(|distinct| u32::try_from(distinct).ok());
    sample.filled >= 12
        && sample.shapes.known_name == 0
        && distinct.is_some_and(|distinct| distinct * 3 <= sample.filled)
}

/// Whether a few distinct values stand on many rows; `None` when that cannot be told.
pub(super) fn few_values(sample: &Sample) -> Option<bool> {
    let filled = usize::try_from(sample.filled).unwrap_or(usize::MAX);
    match sample.distinct() {
        _ if sample.mean_words() > 5.0 => Some(false),
        Some(distinct) if distinct <= 64 && filled >= 8 && distinct * 2 <= filled => Some(true),
        Some(distinct) if distinct <= 64 => None,
        Some(distinct) if distinct * 4 <= filled => None,
        _ => Some(false),
    }
}
