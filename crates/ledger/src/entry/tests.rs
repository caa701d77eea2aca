//! The bytes of entries: one form, every rule, nothing else.

use super::*;
use proptest::prelude::*;
use serde_json::Value;

fn plain() -> Entry {
    let actor = Actor { principal: Some([7; 16]), auth: Auth::Credential };
    let mut entry =
        Entry::new(Id([1; 16]), LogId::Tenant([2; 16]), Act::PiiReveal, Phase::Commit, actor);
    (entry.boot, entry.time_us) = (3, 1_700_000_000_000_001);
    entry
}

fn head() -> Entry {
    let mut entry = plain();
    (entry.act, entry.log) = (Act::TenantHead, LogId::System);
    entry.head = Some(Head { log: LogId::Tenant([2; 16]), root: Hash([4; 32]), size: 9 });
    entry
}

/// Sets or leaves out each optional field, as the bits of `which` say.
fn with_optional(mut entry: Entry, which: u32) -> Entry {
    let set = |bit: u32| which >> bit & 1 == 1;
    if set(0) {
        entry.fields = vec!["bank_account".into(), "ssn".into()];
    }
    entry.form = set(1).then_some(Form::Full);
    entry.object = set(2).then(|| "Job:1_a.b-c".into());
    entry.policy = set(3).then_some(Hash([0xab; 32]));
    entry.purpose = set(4).then(|| "sign-in".into());
    entry.completes = set(5).then_some(Id([9; 16]));
    entry.range = set(6).then_some(RecordRange { count: 4096, first: u64::MAX });
    if set(7) {
        entry.subjects = vec![Pseudonym([0xff; 16]), Pseudonym([0; 16])];
    }
    entry.reason = set(8).then(|| "no_such.record".into());
    entry
}

/// Canonical JSON as RFC 8785 has it, for the values an entry can hold.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let mut items: Vec<_> = object.iter().collect();
            items.sort_by_key(|(key, _)| key.encode_utf16().collect::<Vec<_>>());
            let text = |(key, value): &(&String, &Value)| format!("{key:?}:{}", canonical(value));
            format!("{{{}}}", items.iter().map(text).collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

#[test]
fn every_combination_of_fields_is_canonical_and_reads_back() {
    for base in [plain(), head()] {
        for which in 0..1 << 9 {
            let entry = with_optional(base.clone(), which);
            let bytes = entry.to_bytes().unwrap();
            let value: Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(canonical(&value), String::from_utf8(bytes.clone()).unwrap());
            assert_eq!(Entry::from_bytes(&bytes), Ok(entry));
        }
    }
}

#[test]
fn the_bytes_are_those_of_the_format_page() {
    let bytes = with_optional(plain(), 0b1_1001_0011).to_bytes().unwrap();
    let expected = concat!(
        r#"{"ac":{"au":"credential","id":"07070707070707070707070707070707"},"act":"pii.reveal","#,
        r#""bn":3,"fd":["bank_account","ssn"],"fo":"full","#,
        r#""id":"01010101-0101-0101-0101-010101010101","ph":"commit","pu":"sign-in","#,
        r#""su":["_____________________w","AAAAAAAAAAAAAAAAAAAAAA"],"#,
        r#""tn":"02020202020202020202020202020202","ts":"1700000000000001","v":1,"#,
        r#""why":"no_such.record"}"#,
    );
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn the_vocabularies_spell_back() {
    for act in Act::ALL {
        assert_eq!(Act::parse(act.as_str()), Some(*act));
        assert_eq!(serde_json::to_string(act).unwrap(), format!("\"{act}\""));
    }
    assert_eq!(Act::ALL.len(), 49);
    assert_eq!(Act::ALL.iter().filter(|act| act.has_effect()).count(), 23);
    assert_eq!(Act::parse("pii"), None);
}

#[test]
fn breaks_no_rule_when_written() {
    let refused = |change: &dyn Fn(&mut Entry)| {
        let mut entry = plain();
        change(&mut entry);
        entry.to_bytes().unwrap_err()
    };
    let text = |change: &dyn Fn(&mut Entry)| match refused(change) {
        EncodeError::Text(name) => name,
        other => panic!("{other:?}"),
    };
    for wrong in ["", "Ada", "a b", "a\"b", "078-05-1120", &"a".repeat(33)] {
        assert_eq!(text(&|entry| entry.purpose = Some(wrong.into())), "pu", "{wrong}");
        assert_eq!(text(&|entry| entry.fields = vec![wrong.into()]), "fd", "{wrong}");
    }
    assert_eq!(text(&|entry| entry.reason = Some("Free text".into())), "why");
    assert_eq!(text(&|entry| entry.object = Some("a@b".into())), "ob");
    assert_eq!(text(&|entry| entry.object = Some("a".repeat(257))), "ob");
    let fields = |list: &[&str]| list.iter().map(|name| (*name).into()).collect::<Vec<String>>();
    for wrong in [&["ssn", "bank"][..], &["ssn", "ssn"]] {
        assert_eq!(refused(&|entry| entry.fields = fields(wrong)), EncodeError::FieldOrder);
    }
    let people = |count| vec![Pseudonym([0xff; 16]); count];
    assert_eq!(refused(&|entry| entry.subjects = people(513)), EncodeError::TooMany("su"));
    assert_eq!(refused(&|entry| entry.versions = vec![1]), EncodeError::Versions);
    let many = |entry: &mut Entry| {
        (entry.subjects, entry.versions) = (people(257), vec![1; 257]);
    };
    assert_eq!(refused(&many), EncodeError::TooMany("vs"));
    let too_large = EncodeError::Number("bn");
    assert_eq!(refused(&|entry| entry.boot = INTEGER_LIMIT), too_large);
    let count = |count| Some(RecordRange { first: 0, count });
    assert_eq!(
        refused(&|entry| entry.range = count(INTEGER_LIMIT)),
        EncodeError::Number("rg.count")
    );
}

#[test]
fn the_largest_entry_fits() {
    let mut entry = with_optional(plain(), u32::MAX);
    entry.subjects = vec![Pseudonym([0xff; 16]); SUBJECTS_MAX];
    let bytes = entry.to_bytes().unwrap();
    assert_eq!(Entry::from_bytes(&bytes), Ok(entry.clone()));
    entry.fields =
        (0..FIELDS_MAX).map(|n| format!("{}{}", "z".repeat(n / 26), letter(n))).collect();
    entry.fields = entry.fields.iter().map(|name| format!("{name:_<32}")).collect();
    entry.fields.sort();
    assert!(entry.to_bytes().unwrap().len() <= ENTRY_SIZE_MAX, "all limits at once fit the cap");
    entry.subjects.truncate(VERSIONS_MAX);
    entry.versions = vec![u32::MAX; VERSIONS_MAX];
    let bytes = entry.to_bytes().unwrap();
    assert_eq!(Entry::from_bytes(&bytes), Ok(entry));
}

fn letter(n: usize) -> char {
    char::from(b'a' + (n % 26) as u8)
}

#[test]
fn a_head_belongs_to_its_act() {
    assert!(head().to_bytes().is_ok());
    let refused = |change: &dyn Fn(&mut Entry)| {
        let mut entry = head();
        change(&mut entry);
        assert_eq!(entry.to_bytes(), Err(EncodeError::Head));
    };
    refused(&|entry| entry.head = None);
    refused(&|entry| entry.act = Act::StatusRead);
    refused(&|entry| entry.phase = Phase::Denied);
    refused(&|entry| entry.log = LogId::Tenant([2; 16]));
    refused(&|entry| {
        entry.head = entry.head.map(|head| Head { log: LogId::System, ..head });
    });
}

#[test]
fn reads_only_what_it_would_write() {
    let sound = String::from_utf8(with_optional(plain(), u32::MAX).to_bytes().unwrap()).unwrap();
    let read = |text: &str| Entry::from_bytes(text.as_bytes());
    assert!(read(&sound).is_ok());
    for (from, to) in [
        ("{\"ac\"", "{ \"ac\""),
        ("\"bn\":3", "\"bn\": 3"),
        ("\"ts\":\"17", "\"ts\":\"017"),
        ("\"first\":\"1", "\"first\":\"+1"),
        ("\"ph\":\"commit\",\"pol\"", "\"pol\""),
    ] {
        assert!(sound.contains(from), "{from}");
        assert!(read(&sound.replacen(from, to, 1)).is_err(), "{to}");
    }
    let moved = sound.replacen("\"v\":1,", "", 1).replacen('{', "{\"v\":1,", 1);
    assert_eq!(read(&moved), Err(DecodeError::NotCanonical));
    let empty = sound.replacen("\"fd\":[\"bank_account\",\"ssn\"]", "\"fd\":[]", 1);
    assert_eq!(read(&empty), Err(DecodeError::NotCanonical));
    let null = sound.replacen("\"pu\":\"sign-in\"", "\"pu\":null", 1);
    assert_eq!(read(&null), Err(DecodeError::NotCanonical));
    let rule = sound.replacen("sign-in", "Sign in", 1);
    assert_eq!(read(&rule), Err(DecodeError::Rule(EncodeError::Text("pu"))));
}

#[test]
fn tells_a_later_format_from_rubbish() {
    let sound = String::from_utf8(plain().to_bytes().unwrap()).unwrap();
    let read = |text: &str| Entry::from_bytes(text.as_bytes()).unwrap_err();
    assert_eq!(read(&sound.replace("\"v\":1", "\"v\":2")), DecodeError::UnknownVersion);
    assert_eq!(read("{\"new\":[1.5],\"v\":3}"), DecodeError::UnknownVersion);
    for rubbish in ["", "{}", "[]", "{\"v\":1}", "{\"v\":-2}", "{\"v\":2", "null", "\u{0}"] {
        assert_eq!(read(rubbish), DecodeError::Malformed, "{rubbish}");
    }
    assert_eq!(read(&"[".repeat(ENTRY_SIZE_MAX)), DecodeError::Malformed);
    assert_eq!(read(&"[".repeat(ENTRY_SIZE_MAX + 1)), DecodeError::TooLarge);
}

#[test]
fn errors_do_not_repeat_what_they_refuse() {
    let mut entry = plain();
    entry.reason = Some("078-05-1120 Ada".into());
    assert!(!entry.to_bytes().unwrap_err().to_string().contains("078"));
    let refused = Entry::from_bytes(br#"{"act":"078-05-1120"}"#).unwrap_err();
    assert!(!refused.to_string().contains("078"));
}

proptest! {
    #[test]
    fn entries_read_back(which in 0u32..512, time: u64, boot in 0..INTEGER_LIMIT, id: [u8; 16],
        principal: Option<[u8; 16]>, people in prop::collection::vec(any::<[u8; 16]>(), 0..40))
    {
        let mut entry = with_optional(plain(), which);
        (entry.time_us, entry.boot, entry.id) = (time, boot, Id(id));
        entry.actor.principal = principal;
        entry.subjects = people.into_iter().map(Pseudonym).collect();
        prop_assert_eq!(Entry::from_bytes(&entry.to_bytes().unwrap()), Ok(entry));
    }

    #[test]
    fn any_change_is_refused_or_another_entry(at: prop::sample::Index, byte: u8) {
        let mut bytes = with_optional(plain(), u32::MAX).to_bytes().unwrap();
        *at.get_mut(&mut bytes) = byte;
        if let Ok(entry) = Entry::from_bytes(&bytes) {
            prop_assert_eq!(entry.to_bytes().unwrap(), bytes);
        }
    }
}
