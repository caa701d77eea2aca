//! What no rule may open: columns about people under headers and in files that look like business.
//!
//! Each table is a file as someone might export it. Of the columns whose header ends with `!` none
//! may stay clear; of the others all must, so that no table passes because everything is sealed.

use super::*;

/// Proposes for a file of 60 rows; the values of a column are taken in turn.
fn check(table: &[(&str, &[&str])]) {
    let headers: Vec<String> =
        table.iter().map(|(header, _)| header.trim_end_matches('!').to_owned()).collect();
    let mut proposer = Proposer::new(&headers);
    for row in 0..60 {
        for (at, (_, values)) in table.iter().enumerate() {
            let step = [7, 11, 13, 17][at % 4];
            let value = match values {
                ["#"] => (1000 + row).to_string(),
                ["day"] => format!("2024-{:02}-{:02}", row % 12 + 1, row % 28 + 1),
                _ => values[row * step / 3 % values.len()].to_owned(),
            };
            proposer.observe(at, &value);
        }
        proposer.end_row();
    }
    for (column, (header, _)) in proposer.finish().columns.iter().zip(table) {
        let sealed = column.treatment.kind().is_some();
        if header.ends_with('!') {
            assert!(sealed, "{column:?} of {headers:?}");
        } else if header.ends_with('?') {
            // Either is right.
        } else {
            assert!(!sealed, "{column:?} of {headers:?}");
        }
    }
}

const NAMES: &[&str] = &["Ana Gomez", "Jens Weber", "Luc Morel", "Rita Alves", "Joan Hart"];
const GRADES: &[&str] = &["4.5", "7.25", "9", "10", "6.75"];
const FLAG: &[&str] = &["0", "1", "1"];
const PAY: &[&str] = &["2450.00", "3100.50", "1980.25", "4020.75"];

#[test]
fn marks_of_pupils_are_no_amounts() {
    check(&[("alumno_id", &["#"]), ("nombre!", NAMES), ("promedio!", GRADES), ("nota!", GRADES)]);
    check(&[("student_id", &["#"]), ("name!", NAMES), ("score!", GRADES), ("Grade!", GRADES)]);
    check(&[("Sch\u{fc}lername!", NAMES), ("Punktzahl!", GRADES), ("Zensur!", GRADES)]);
    check(&[("eleve!", NAMES), ("moyenne!", GRADES), ("test score!", GRADES)]);
    check(&[("aluno!", NAMES), ("pontua\u{e7}\u{e3}o!", GRADES), ("avaliacao!", GRADES)]);
    // A number in the place of a name changes nothing.
    check(&[("student_id", &["#"]), ("course_id", &["#"]), ("score!", GRADES), ("GPA!", GRADES)]);
    check(&[("employee_id", &["#"]), ("review date", &["day"]), ("rating!", GRADES)]);
    check(&[("product_id", &["#"]), ("order date", &["day"]), ("rating", GRADES)]);
    check(&[("student!", NAMES), ("GPA!", GRADES), ("average course!", GRADES)]);
}

#[test]
fn beside_a_patient_a_code_or_an_amount_may_be_a_finding() {
    let codes: &[&str] = &["I50.9", "E11.9", "F32.1", "J18.9"];
    let tests: &[&str] = &["HbA1c", "Creatinine", "Cholesterol"];
    check(&[("patient_id!", &["#"]), ("code!", codes), ("type!", tests), ("value!", GRADES)]);
    check(&[("encounter_id", &["#"]), ("test!", tests), ("result!", GRADES), ("flag!", FLAG)]);
    check(&[
        ("paciente_id!", &["#"]),
        ("concepto!", tests),
        ("valor!", GRADES),
        ("level!", GRADES),
    ]);
    check(&[("patient_id!", &["#"]), ("description!", &["Fracture", "Flu", "Burn"])]);
    check(&[("visit_id", &["#"]), ("patient_id!", &["#"]), ("diagnosis_code!", codes)]);
}

#[test]
fn a_flag_of_a_person_needs_a_word_that_is_known() {
    let id: (&str, &[&str]) = ("employee_id", &["#"]);
    for header in [
        "smoker!",
        "veteran!",
        "disabled!",
        "schwerbehindert!",
        "sindicalizado!",
        "union_member!",
        "pcd!",
        "registros!",
        "fumador!",
        "handicap\u{e9}!",
        "gewerkschaftsmitglied!",
        "xq!",
    ] {
        check(&[id, ("Full Name!", NAMES), ("hire date", &["day"]), (header, FLAG)]);
    }
    check(&[id, ("Full Name!", NAMES), ("active", FLAG), ("is_deleted", FLAG)]);
}

#[test]
fn money_of_a_person_is_private() {
    for header in [
        "salario!",
        "Jahresgehalt!",
        "salaire mensuel!",
        "ingreso mensual!",
        "renda_mensal!",
        "remuneracion!",
        "revenus!",
        "gastos!",
        "total_ingreso_mensual!",
        "wages!",
        "verdienst!",
    ] {
        check(&[("id", &["#"]), ("Full Name!", NAMES), (header, PAY)]);
    }
    check(&[("order_id", &["#"]), ("Full Name!", NAMES), ("order total", PAY), ("discount", PAY)]);
}

#[test]
fn values_that_speak_of_people_open_no_kind() {
    let order: [(&str, &[&str]); 3] =
        [("order_id", &["#"]), ("order_date", &["day"]), ("quantity", &["1", "2", "5"])];
    for (header, values) in [
        ("vend!", &["Garcia", "Keller", "Pohl", "Souza"][..]),
        ("asignado_zz!", &["Lucia", "Marcos", "Juan"]),
        ("channel!", &["Lucia", "Marcos", "Juan"]),
        ("gr_x!", &["M", "F"]),
        ("kat_q!", &["ledig", "verheiratet"]),
        ("type!", &["psychologue", "coach"]),
        ("status!", &["Catholic", "Muslim", "none"]),
    ] {
        check(&[order[0], order[1], order[2], (header, values)]);
    }
    // A kind that no word of people is in opens, under a header that is not known.
    let kinds = ("kraftst_x", &["Diesel", "Petrol", "Hybrid drive"][..]);
    check(&[order[0], order[1], order[2], kinds]);
}

#[test]
fn the_name_in_a_list_of_things_is_theirs_and_in_no_other_file() {
    let things: &[&str] = &["Mouse", "Desk lamp", "Cable 2 m", "Monitor 27", "Chair"];
    let price: (&str, &[&str]) = ("price", PAY);
    check(&[("product_id", &["#"]), ("name", things), price, ("description", things)]);
    check(&[("name", things), ("stock", &["4", "17", "250"]), price]);
    // A reservation, a ticket, an account have a person's name beside them.
    for key in ["reservation_id", "ticket_id", "order_id", "id", "policy_id", "case_id"] {
        check(&[(key, &["#"]), ("name!", NAMES), price]);
    }
    check(&[("product_id", &["#"]), ("name!", NAMES), ("quantity", &["1", "2"])]);
    check(&[("name!", NAMES), ("category?", &["Gold", "Silver"]), price]);
    check(&[("store_id", &["#"]), ("name!", NAMES), ("email!", &["ann@example.com"])]);
}

#[test]
fn a_number_of_an_unknown_name_may_be_an_identity() {
    let nine: &[&str] = &["943 476 5919", "9434765870", "9434765919"];
    let ids: &[&str] = &["QQ123456C", "AB654321D", "ZZ111222A"];
    for header in ["nhs_number!", "nino no!", "zz_number!"] {
        for values in [nine, ids] {
            check(&[("id", &["#"]), ("Full Name!", NAMES), (header, values)]);
        }
    }
    let places: &[&str] = &["Antioquia", "Cusco", "Huila"];
    check(&[("Full Name!", NAMES), ("direccion!", &["Calle 5 # 10"]), ("departamento!", places)]);
    check(&[("Full Name!", NAMES), ("native_country!", &["Peru", "Chile", "Spain"])]);
    check(&[("order id", &["#"]), ("invoice number", ids), ("departamento", &["A", "B"])]);
}

#[test]
fn bodies_origins_and_causes_are_private_beside_people() {
    check(&[
        ("member_id", &["#"]),
        ("Full Name!", NAMES),
        ("height!", &["180", "165", "172"]),
        ("Gr\u{f6}\u{df}e!", &["180", "165", "172"]),
        ("temperature!", &["36.6", "38.2", "37.1"]),
        ("reason!", &["moved", "sick", "other"]),
        ("origen!", &["norte", "sur", "este"]),
        ("blood group!", &["A", "B", "O"]),
        ("grupo sangu\u{ed}neo!", &["A", "B", "O"]),
        ("party!", &["blue", "red", "green"]),
    ]);
    // Of goods they are measures.
    check(&[
        ("product_id", &["#"]),
        ("product_height_cm", &["18", "16", "17"]),
        ("product weight", &["180", "165", "172"]),
        ("product color", &["red", "blue", "green"]),
    ]);
}
