//! What must hold for every type and any text at all.

use proptest::prelude::*;

use super::*;

/// Texts near the rules of some type, and texts far from all of them.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}",
        "[0-9]{2}-?[0-9]{7}",
        "[456][0-9]{11,18}",
        "[0-9]{1,2}[/.-][0-9]{1,2}[/.-]([0-9]{4}|[0-9]{2})",
        "[+(]{0,2}[0-9 ().-]{6,20}(x[0-9]{1,7})?",
        "[a-zA-ZİΣéß.]{1,70}@[a-z.İ-]{1,70}\\.[a-z]{2,5}",
        "[A-Za-zÀ-žΑ-ώ山 .,'’-]{0,220}",
        "[A-Z]{2}[0-9]{2}[ A-Z0-9]{10,32}",
        "(İ|Ⱥ|a){100,140}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn normal_forms_are_stable_and_agree_with_fits(value in any_text()) {
        for kind in FieldType::ALL {
            let (mut once, mut twice) = ("left over".to_owned(), String::new());
            let fits = kind.normalize(&value, &mut once);
            prop_assert_eq!(fits, kind.fits(&value), "{}", kind);
            if fits {
                prop_assert!(kind.normalize(&once, &mut twice), "{}", kind);
                prop_assert_eq!(&once, &twice, "{}", kind);
            } else {
                prop_assert!(once.is_empty());
            }
        }
    }

    #[test]
    fn a_mask_shows_no_more_than_its_type_allows(value in any_text()) {
        for kind in FieldType::ALL {
            let mask = kind.mask(&value);
            let mut normal = String::new();
            if !kind.normalize(&value, &mut normal) {
                prop_assert_eq!(mask, REDACTED);
                continue;
            }
            let tail = mask.strip_prefix(REDACTED);
            match kind {
                FieldType::Ssn | FieldType::TaxId | FieldType::CardNumber
                | FieldType::BankAccount => {
                    let tail = tail.unwrap();
                    prop_assert!(normal.ends_with(tail));
                    prop_assert_eq!(tail.len(), if normal.len() < 8 { 0 } else { 4 });
                }
                FieldType::Phone => {
                    prop_assert_eq!(tail.unwrap().len(), 2);
                    prop_assert!(normal.ends_with(tail.unwrap()));
                }
                FieldType::BankRouting => prop_assert_eq!(mask, normal),
                FieldType::Email => {
                    let (head, domain) = mask.split_once("•••@").unwrap();
                    prop_assert_eq!(head.chars().count(), 1);
                    prop_assert_eq!(domain, normal.split_once('@').unwrap().1);
                }
                FieldType::Name => {
                    let initial = |part: &str| part.chars().count() == 2 && part.ends_with('.');
                    let initials = mask == REDACTED || mask.split(' ').all(initial);
                    prop_assert!(initials);
                    prop_assert!(mask.split(' ').count() <= 3);
                }
                FieldType::DateOfBirth => {
                    prop_assert!(matches!(mask.len(), 2 | 4));
                    prop_assert!(normal.starts_with(&mask) || normal.ends_with(&mask));
                }
                _ => prop_assert_eq!(mask, REDACTED),
            }
        }
    }
}

#[test]
fn whatever_is_counted_has_room_for_every_type() {
    let mut tally = Tally::default();
    FieldType::ALL.into_iter().for_each(|kind| tally.note(kind));
    tally.add(&tally.clone());
    let twice: Vec<_> = FieldType::ALL.into_iter().map(|kind| (kind.name(), 2)).collect();
    assert_eq!(tally.by_type().collect::<Vec<_>>(), twice);
}

#[test]
fn names_and_codes_are_stable() {
    assert_eq!(FieldType::ALL.len(), 15);
    for (code, kind) in (1..=15).zip(FieldType::ALL) {
        assert_eq!(kind.code(), code);
        assert_eq!(FieldType::from_code(code), Some(kind));
        assert_eq!(FieldType::parse(kind.name()), Some(kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
    assert_eq!(FieldType::from_code(0), None);
    assert_eq!(FieldType::from_code(16), None);
    assert_eq!(FieldType::parse("SSN"), None);
}

// The numbers are invented or published for tests.
#[test]
fn masks_are_those_of_the_contract() {
    for (kind, value, mask) in [
        (FieldType::Ssn, "078-05-1120", "•••1120"),
        (FieldType::TaxId, "12-3456789", "•••6789"),
        (FieldType::CardNumber, "4111 1111 1111 1111", "•••1111"),
        (FieldType::BankAccount, "000123456789", "•••6789"),
        (FieldType::BankAccount, "1234567", "•••"),
        (FieldType::BankAccount, "GB82 WEST 1234 5698 7654 32", "•••5432"),
        (FieldType::BankRouting, "021000021", "021000021"),
        (FieldType::Phone, "(212) 555-0142 x7", "•••42"),
        (FieldType::Email, "Jane.Doe@Example.com", "j•••@example.com"),
        (FieldType::Name, "Jane Doe", "J. D."),
        (FieldType::DateOfBirth, "5/6/1980", "1980"),
        (FieldType::CardExpiry, "04/27", "•••"),
        (FieldType::Username, "jdoe", "•••"),
        (FieldType::Ssn, "000-00-0000", "•••"),
        (FieldType::Text, "anything", "•••"),
    ] {
        assert_eq!(kind.mask(value), mask, "{kind} {value}");
    }
}

#[test]
fn equal_values_have_equal_normal_forms() {
    for (kind, one, other) in [
        (FieldType::Ssn, "078-05-1120", " 078051120"),
        (FieldType::Email, "Jane@Example.COM ", "jane@example.com"),
        (FieldType::Username, "JDoe", "jdoe"),
        (FieldType::Name, "O’Brien  Pat", "o'brien pat"),
        (FieldType::Address, "12  Main\nSt", "12 main st"),
        (FieldType::CardNumber, "4111-1111-1111-1111", "4111111111111111"),
    ] {
        let (mut a, mut b) = (String::new(), String::new());
        assert!(kind.normalize(one, &mut a) && kind.normalize(other, &mut b));
        assert_eq!(a, b);
    }
    let mut out = String::new();
    assert!(FieldType::Password.normalize(" Secret ", &mut out));
    assert_eq!(out, " Secret ");
}
