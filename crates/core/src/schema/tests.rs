//! Proposals by table: a header, values as files have them, and what should become of the column.
//!
//! Every value is made up by a generator; cards are made with an issuer's digits and a Luhn digit.

use super::*;

/// Numbers that look random and are the same on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.roll(words.len() as u64) as usize]
    }

    fn number(&mut self, from: u64, to: u64) -> u64 {
        from + self.roll(to - from)
    }
}

const FIRST: [&str; 8] = ["Ada", "Bruno", "Carla", "Dmitri", "Élise", "Fatima", "Gustav", "Hana"];
const LAST: [&str; 8] = ["Archer", "Boone", "Cole", "de Vries", "Ek", "Fox-Lane", "Grün", "O'Hara"];

fn ssn(dice: &mut Dice, dash: &str) -> String {
    let area = dice.number(1, 666);
    let (group, serial) = (dice.number(1, 100), dice.number(1, 10_000));
    format!("{area:03}{dash}{group:02}{dash}{serial:04}")
}

fn card(dice: &mut Dice) -> String {
    let body = format!("4{:07}{:07}", dice.roll(10_000_000), dice.roll(10_000_000));
    (0..10).map(|last| format!("{body}{last}")).find(|card| brand(card).is_some()).unwrap()
}

fn routing(dice: &mut Dice) -> String {
    let body = format!("{:02}{:06}", dice.number(1, 13), dice.roll(1_000_000));
    let fits = |number: &String| FieldType::BankRouting.fits(number);
    (0..10).map(|last| format!("{body}{last}")).find(fits).unwrap()
}

fn date(dice: &mut Dice, from: u64, to: u64) -> (u64, u64, u64) {
    (dice.number(from, to), dice.number(1, 13), dice.number(1, 29))
}

/// A value of a sort, by a short name.
fn value(sort: &str, dice: &mut Dice, row: u64) -> String {
    let first = FIRST[dice.roll(8) as usize];
    let last = LAST[dice.roll(8) as usize];
    match sort {
        "ssn" => ssn(dice, "-"),
        "ssn bare" => ssn(dice, ""),
        "ein" => format!("{:02}-{:07}", dice.number(20, 28), dice.roll(10_000_000)),
        "card" => card(dice),
        "expiry" => format!("{:02}/{:02}", dice.number(1, 13), dice.number(25, 32)),
        "expiry bare" => format!("{:02}{:02}", dice.number(1, 13), dice.number(25, 32)),
        "cvv" => format!("{:03}", dice.roll(1000)),
        "account" => format!("{}", dice.number(10_000_000, 9_999_999_999)),
        "routing" => routing(dice),
        "password" => format!("{}{}!", dice.pick(&["sun", "River", "pa$$"]), dice.roll(10_000)),
        "login" => format!("{}{}", dice.pick(&["ada", "bru", "car"]), dice.roll(100_000)),
        "email" => format!("user{}@example.com", dice.roll(1_000_000)),
        "phone" => {
            let (a, b, c) = (dice.number(201, 990), dice.number(201, 990), dice.roll(10_000));
            format!("({a}) {b}-{c:04}")
        }
        "phone bare" => {
            format!("{}{}{:04}", dice.number(201, 990), dice.number(201, 990), dice.roll(10_000))
        }
        "phone intl" => format!("+49 30 {}", dice.number(1_000_000, 9_999_999)),
        "first" => first.to_owned(),
        "last" => last.to_owned(),
        "full" => format!("{first} {last}"),
        "street" => format!("{} {last} {}", dice.number(1, 9999), dice.pick(&["St", "Ave", "Rd"])),
        "street de" => format!("{last}weg {}", dice.number(1, 200)),
        "city" => dice.pick(&["Provo", "Austin", "Köln", "Lyon", "Porto", "Salt Lake"]).to_owned(),
        "state" => dice.pick(&["UT", "TX", "CA", "NY", "WA"]).to_owned(),
        "zip" => format!("{:05}", dice.number(501, 99_951)),
        _ => business_value(sort, dice, row),
    }
}

fn business_value(sort: &str, dice: &mut Dice, row: u64) -> String {
    match sort {
        "birth" => {
            let (y, m, d) = date(dice, 1930, 2006);
            format!("{y}-{m:02}-{d:02}")
        }
        "birth us" => {
            let (y, m, d) = date(dice, 1930, 2006);
            format!("{m}/{d}/{y}")
        }
        "birth dot" => {
            let (y, m, d) = date(dice, 1930, 2006);
            format!("{d}.{m}.{y}")
        }
        "day" => {
            let (y, m, d) = date(dice, 2012, 2025);
            format!("{y}-{m:02}-{d:02}")
        }
        "moment" => {
            let (y, m, d) = date(dice, 2012, 2025);
            format!("{y}-{m:02}-{d:02} {:02}:{:02}:00", dice.roll(24), dice.roll(60))
        }
        "running" => format!("{}", 100_000 + row),
        "number" => format!("{}", dice.number(10_000, 99_999)),
        "nine" => format!("{}", dice.number(100_000_000, 999_999_999)),
        "code" => format!("{}-{:04}", dice.pick(&["AB", "XR", "QT"]), dice.roll(10_000)),
        "phone-like" => format!("{}-{:04}", dice.number(100, 999), dice.roll(10_000)),
        "coordinate" => format!("-{}.{:07}", dice.number(70, 120), dice.roll(10_000_000)),
        "amount" => format!("{}.{:02}", dice.roll(500), dice.roll(100)),
        "count" => format!("{}", dice.roll(40)),
        "rank" => dice.pick(&["Bronze", "Silver", "Gold", "Diamond Director"]).to_owned(),
        "status" => dice.pick(&["Active", "Suspended", "Terminated"]).to_owned(),
        "sex" => dice.pick(&["F", "M", "X"]).to_owned(),
        "yes" => dice.pick(&["Y", "N"]).to_owned(),
        "bit" => dice.pick(&["0", "1"]).to_owned(),
        "country" => dice.pick(&["US", "CA", "MX", "DE"]).to_owned(),
        "currency" => dice.pick(&["USD", "CAD", "EUR"]).to_owned(),
        "language" => dice.pick(&["English", "Español", "Deutsch"]).to_owned(),
        "note" => format!("called {} times and wants to hear about the new line", row % 7),
        "ip" => format!("10.{}.{}.{}", dice.roll(256), dice.roll(256), dice.roll(256)),
        "empty" => String::new(),
        _ => panic!("no such sort: {sort}"),
    }
}

/// A proposal for one column of so many rows.
fn propose(
    header: &str,
    rows: u64,
    mut cell: impl FnMut(&mut Dice, u64) -> String,
) -> ProposedColumn {
    let mut proposer = Proposer::new(&[header.to_owned()]);
    let mut dice = Dice(header.bytes().map(u64::from).sum());
    for row in 0..rows {
        let value = cell(&mut dice, row);
        proposer.observe(0, &value);
        proposer.end_row();
    }
    let mut proposal = proposer.finish();
    assert_eq!(proposal.rows_sampled, rows);
    proposal.columns.remove(0)
}

/// A type, `clear`, or `text`, with `?` after it when a person should look.
fn outcome(column: &ProposedColumn) -> String {
    let what = column.treatment.kind().map_or("clear", FieldType::name);
    format!("{what}{}", if column.unsure { "?" } else { "" })
}

fn check(table: &[(&str, &str, &str)]) {
    let mut wrong = Vec::new();
    for rows in [40, 1000] {
        for (header, sort, wanted) in table {
            let column = propose(header, rows, |dice, row| value(sort, dice, row));
            let got = outcome(&column);
            if got != *wanted {
                let (sure, why) = (column.confidence, column.grounds());
                wrong.push(format!("{header}/{sort}/{rows}: {got}, not {wanted}; {sure} {why:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn personal_columns_are_sealed_by_their_type() {
    check(&[
        ("SSN", "ssn", "ssn"),
        ("SSN", "ssn bare", "ssn"),
        ("SOC_SEC_NO", "ssn bare", "ssn"),
        ("Social Security Number", "ssn", "ssn"),
        ("xyz", "ssn", "ssn"),
        ("TAXID", "ssn", "tax_id"),
        ("TIN", "ssn bare", "tax_id"),
        ("EIN", "ein", "tax_id"),
        ("SSN/TIN", "ssn", "tax_id"),
        ("Employee ID", "ssn", "ssn"),
        ("CC_NUM", "card", "card_number"),
        ("Card", "card", "card_number"),
        ("PAN", "card", "card_number"),
        ("CardExp", "expiry", "card_expiry"),
        ("EXP_DATE", "expiry", "card_expiry"),
        ("cc_exp", "expiry bare", "card_expiry"),
        ("CVV2", "cvv", "card_security_code"),
        ("Security Code", "cvv", "card_security_code"),
        ("ACCT_NO", "account", "bank_account"),
        ("bankAccount", "account", "bank_account"),
        ("ABA", "routing", "bank_routing"),
        ("Routing Number", "routing", "bank_routing"),
        ("RTN", "routing", "bank_routing"),
        ("PWD", "password", "password"),
        ("passwd", "password", "password"),
        ("LOGIN", "login", "username"),
        ("USERID", "login", "username"),
        ("user_name", "login", "username"),
        ("EMAIL", "email", "email"),
        ("E-Mail Address", "email", "email"),
        ("column 7", "email", "email"),
        ("PH1", "phone", "phone"),
        ("Home Phone", "phone bare", "phone"),
        ("CELL", "phone intl", "phone"),
        ("fax", "phone", "phone"),
        ("stuff", "phone", "phone"),
        ("FNAME", "first", "name"),
        ("LastName", "last", "name"),
        ("Full Name", "full", "name"),
        ("Sponsor Name", "full", "name"),
        ("ADDR1", "street", "address"),
        ("City", "city", "address"),
        ("State", "state", "address"),
        ("ZIP", "zip", "address"),
        ("DOB", "birth", "date_of_birth"),
        ("birth_date", "birth us", "date_of_birth"),
        ("Birthday", "birth dot", "date_of_birth"),
        ("Notes", "note", "text"),
        ("Gender", "sex", "text"),
        ("Last 4", "cvv", "text"),
        ("ssn_last4", "cvv", "text"),
        ("Last Login IP", "ip", "text"),
        ("IP Address", "ip", "text"),
        ("Latitude", "coordinate", "text"),
    ]);
}

#[test]
fn business_columns_stay_clear() {
    check(&[
        ("Distributor ID", "running", "clear"),
        ("CustID", "running", "clear"),
        ("DIST_NO", "code", "clear"),
        ("SponsorID", "running", "clear"),
        ("enroller_id", "nine", "clear"),
        ("Order Number", "nine", "clear"),
        ("order_id", "nine", "clear"),
        ("Invoice No", "running", "clear"),
        ("Invoice No", "nine", "clear"),
        ("SKU", "code", "clear"),
        ("Product Code", "code", "clear"),
        ("Member No.", "phone-like", "clear"),
        ("Rank", "rank", "clear"),
        ("Warehouse", "status", "clear"),
        ("Date", "day", "clear"),
        ("Status", "status", "clear"),
        ("Account Status", "status", "clear"),
        ("Phone Type", "status", "clear"),
        ("Join Date", "day", "clear"),
        ("EnrollDate", "day", "clear"),
        ("created_at", "moment", "clear"),
        ("ship_dt", "day", "clear"),
        ("Renewal Date", "day", "clear"),
        ("Order Date", "moment", "clear"),
        ("Last Login", "moment", "clear"),
        ("PasswordResetDate", "day", "clear"),
        ("Sponsor", "running", "clear"),
        ("PV", "amount", "clear"),
        ("Order Total", "amount", "clear"),
        ("Qty", "count", "clear"),
        ("Commission", "amount", "clear"),
        ("is_active", "yes", "clear"),
        ("Email Opt In", "bit", "clear"),
        ("xyz", "running", "clear"),
        ("Country", "country", "clear"),
        ("currency", "currency", "clear"),
        ("Language", "language", "clear"),
    ]);
}

#[test]
fn doubtful_columns_are_sealed_as_text() {
    check(&[
        ("number", "ssn bare", "text?"),
        ("ID", "ssn bare", "text?"),
        ("xyz", "ssn bare", "text?"),
        ("xyz", "birth", "text?"),
        ("Date", "birth", "text?"),
        ("xyz", "first", "text?"),
        ("xyz", "rank", "text?"),
        ("xyz", "number", "text?"),
        ("xyz", "coordinate", "text?"),
        ("xyz", "phone-like", "text?"),
        ("xyz", "empty", "text?"),
        ("x9", "yes", "text?"),
        ("SSN", "running", "text?"),
        ("CVV", "note", "text?"),
        ("Password", "yes", "text?"),
        ("Customer", "full", "text?"),
    ]);
}

#[test]
fn headers_speak_five_languages() {
    check(&[
        ("Correo electrónico", "email", "email"),
        ("Teléfono móvil", "phone bare", "phone"),
        ("Nombre", "first", "name"),
        ("Apellidos", "last", "name"),
        ("Fecha de nacimiento", "birth us", "date_of_birth"),
        ("Dirección", "street", "address"),
        ("Contraseña", "password", "password"),
        ("Número de tarjeta", "card", "card_number"),
        ("Nº cuenta", "account", "bank_account"),
        ("Código postal", "zip", "address"),
        ("Fecha de ingreso", "day", "clear"),
        ("Prénom", "first", "name"),
        ("Nom", "last", "name"),
        ("Date de naissance", "birth us", "date_of_birth"),
        ("Téléphone", "phone intl", "phone"),
        ("Courriel", "email", "email"),
        ("Mot de passe", "password", "password"),
        ("Numéro de client", "running", "clear"),
        ("Montant", "amount", "clear"),
        ("Vorname", "first", "name"),
        ("Nachname", "last", "name"),
        ("Geburtsdatum", "birth dot", "date_of_birth"),
        ("Straße", "street de", "address"),
        ("PLZ", "zip", "address"),
        ("Telefonnummer", "phone intl", "phone"),
        ("Benutzername", "login", "username"),
        ("Kundennummer", "running", "clear"),
        ("Bestellnummer", "nine", "clear"),
        ("Eintrittsdatum", "day", "clear"),
        ("Kreditkartennummer", "card", "card_number"),
        ("Nome completo", "full", "name"),
        ("Endereço", "street", "address"),
        ("Data de nascimento", "birth us", "date_of_birth"),
        ("Senha", "password", "password"),
        ("Cartão", "card", "card_number"),
        ("Celular", "phone bare", "phone"),
        ("Observações", "note", "text"),
    ]);
}

#[test]
fn values_overrule_a_misleading_header() {
    check(&[
        ("Customer No", "card", "card_number"),
        ("Phone", "email", "email"),
        ("Member Number", "ssn", "ssn"),
        ("Status", "email", "email"),
        ("SSN", "street", "address"),
    ]);
}

#[test]
fn numbers_of_business_are_never_taken_for_personal_ones() {
    for header in ["Invoice No", "Order ID", "Latitude", "Product Code", "Ref", "ID", "", "xyz"] {
        for sort in ["nine", "running", "coordinate", "code", "phone-like", "amount", "count"] {
            let column = propose(header, 500, |dice, row| value(sort, dice, row));
            let kind = column.treatment.kind();
            let wrong = [FieldType::Ssn, FieldType::CardNumber, FieldType::Phone];
            assert!(!wrong.iter().any(|w| kind == Some(*w)), "{header} {sort}: {kind:?}");
        }
    }
}

#[test]
fn mixed_columns_are_looked_at() {
    let mixed = |header: &str, one: &str, other: &str, every: u64| {
        propose(header, 1000, |dice, row| {
            value(if row % every == 0 { other } else { one }, dice, row)
        })
    };
    let column = mixed("SSN", "ssn", "first", 500);
    assert_eq!(outcome(&column), "ssn");
    let said = |text: &str| column.grounds().iter().any(|line| line == text);
    assert!(said("+ header word `ssn`"), "{:?}", column.grounds());
    assert!(said("+ 998 of 1000 non-empty values fit ssn (99.8 %)"), "{:?}", column.grounds());
    assert!(said("- 2 values do not fit and will be sealed as text"), "{:?}", column.grounds());

    assert_eq!(outcome(&mixed("SSN", "ssn", "first", 3)), "ssn?");
    assert_eq!(outcome(&mixed("xyz", "email", "phone", 2)), "text?");
    assert_eq!(outcome(&mixed("Customer ID", "running", "email", 100)), "text?");
    assert_eq!(outcome(&mixed("Order Number", "running", "ssn", 200)), "text?");
    assert_eq!(outcome(&mixed("EMAIL", "email", "empty", 2)), "email");
}

#[test]
fn distributor_ids_that_are_in_truth_ssns_do_not_stay_clear() {
    let column = propose("Distributor ID", 1000, |dice, _| ssn(dice, ""));
    assert_eq!(outcome(&column), "text?", "{:?}", column.grounds());
}

#[test]
fn a_secret_or_a_private_matter_never_stays_open() {
    for header in ["api_key", "ResetCode", "hiv_positive", "icd_code", "patient_id"] {
        let column = propose(header, 300, |dice, row| value("running", dice, row));
        assert!(outcome(&column).starts_with("text"), "{header} {:?}", column.grounds());
    }
}

#[test]
fn few_values_leave_it_to_the_header() {
    for (header, sort, rows, wanted) in [
        ("SSN", "ssn", 1, "ssn"),
        ("SSN", "first", 2, "ssn?"),
        ("SSN", "empty", 50, "ssn"),
        ("CVV", "cvv", 1, "card_security_code"),
        ("CVV", "first", 1, "text?"),
        ("xyz", "ssn", 2, "text?"),
        ("Order ID", "running", 2, "clear"),
        ("Order ID", "email", 1, "text?"),
        ("ID", "running", 1, "text?"),
        ("Join Date", "empty", 9, "text?"),
    ] {
        let column = propose(header, rows, |dice, row| value(sort, dice, row));
        assert_eq!(outcome(&column), wanted, "{header} {sort} {:?}", column.grounds());
    }
}

#[test]
fn a_short_code_is_dropped_only_beside_a_card() {
    let headers = ["CID".to_owned(), "Card Number".to_owned()];
    for (columns, wanted) in [(1, "text?"), (2, "card_security_code")] {
        let mut proposer = Proposer::new(&headers[..columns]);
        let mut dice = Dice(7);
        for row in 0..100 {
            proposer.observe(0, &value("cvv", &mut dice, row));
            proposer.observe(1, &card(&mut dice));
            proposer.end_row();
        }
        assert_eq!(outcome(&proposer.finish().columns[0]), wanted);
    }
}

#[test]
fn evidence_and_forms_hold_no_values() {
    let headers = ["Email", "who knows", "Rank"].map(str::to_owned);
    let mut proposer = Proposer::new(&headers);
    for _ in 0..20 {
        proposer.observe(0, "canary@example.com");
        proposer.observe(1, "canary canary");
        proposer.observe(2, "canary");
        proposer.observe(9, "beyond the header");
        proposer.end_row();
    }
    let proposal = proposer.finish();
    let (toml, json) = (proposal.to_toml(), proposal.to_json());
    assert!(!toml.contains("canary") && !json.to_string().contains("canary"));
    assert_eq!(Schema::from_toml(&toml).unwrap(), proposal.schema());
    assert!(toml.contains("# + 20 of 20 non-empty values fit email (100.0 %)"), "{toml}");
    assert_eq!(json["rows_sampled"], 20);
    assert_eq!(json["columns"][0]["type"], "email");
    assert_eq!(json["columns"][0]["index"], true);
    assert_eq!(json["columns"][1]["unsure"], true);
    assert_eq!(json["columns"][2]["clear"], "rank, status or type");
}

#[test]
fn a_header_line_that_is_data_is_noticed() {
    let line = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    let headers = ["Name", "SSN", "Phone 2", "2024", "Q1/24", "Sales 2024-01-31", "Form 1099 (b)"];
    let apart = ["name.first", "custom_field_360012345678", "a/b|c#d", "v1.2.3-4567"];
    assert_eq!(looks_like_data(&line(&apart)), None);
    assert_eq!(looks_like_data(&line(&headers)), None);
    for cell in [
        "a@example.com",
        "078-05-1120",
        "4111 1111 1111 1111",
        "(212) 555-0142",
        "5/6/1980",
        "1980-05-06",
        "1234567",
        "078 05 1120",
        "SSN 078-05-1120",
        "Ann <a@example.com>",
        "Account: 165929482923",
        "call 212-555-0142",
        "536-22-1900.plan",
        "plan_536-22-1900",
        "a/4111111111111111",
    ] {
        assert_eq!(looks_like_data(&line(&["Name", cell])), Some(1), "{cell}");
    }
}

proptest::proptest! {
    #[test]
    fn any_header_and_values_are_looked_at_without_a_panic(
        header in proptest::prelude::any::<String>(),
        values in proptest::collection::vec(proptest::prelude::any::<String>(), 0..8),
    ) {
        let mut proposer = Proposer::new(std::slice::from_ref(&header));
        for value in &values {
            proposer.observe(0, value);
            proposer.end_row();
        }
        let proposal = proposer.finish();
        let column = &proposal.columns[0];
        proptest::prop_assert!((1..=99).contains(&column.confidence));
        let _ = (proposal.to_toml(), proposal.to_json(), looks_like_data(&[header]));
    }
}
