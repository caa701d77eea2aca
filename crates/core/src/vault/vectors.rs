//! Known answers: the bytes on disk, pinned. A changed label, order or width makes every install
//! that exists unreadable, and this test fail first. docs/data-model.md says what they are.

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::cell::Clear;
use super::index::Tag;
use super::keys::{ControlKey, Job, KeyPlace, SecretKey, TenantKeys, WrappingKey};
use super::sealed::{RowAddress, RowWriter};
use super::slot::{EpochKey, SlotAddress, SlotSecret, Tombstone};
use super::token::{Named, record_id, write_token};
use crate::access::pseudonym_for_tests as pseudonym;
use crate::control::{CollectionRow, FieldRow, TenantRow, protect};
use crate::field::FieldType;
use crate::id::{CollectionId, FieldNumber, InstallId, Name, PrincipalId, RecordNumber, TenantId};
use crate::ledger::entry::Act;
use crate::limits::{Limits, Network};
use crate::policy::Purpose;
use crate::principal::{Credential, Former, Kind, PrincipalRow, Scope};
use crate::testing::CountingRandom;

const TENANT: TenantId = TenantId([1; 16]);
const INSTALL: InstallId = InstallId([2; 16]);
const RECORD: RecordNumber = RecordNumber(9);
const COLLECTION: CollectionId = CollectionId(3);

fn json(row: &impl serde::Serialize) -> String {
    serde_json::to_string(row).unwrap()
}

fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(zeroize::Zeroizing::new([byte; 32]))
}

fn keys() -> TenantKeys {
    TenantKeys::new(TENANT, &[(1, key(1))], &[(1, key(2))], &key(3), &key(4), &key(7))
}

fn secret(byte: u8) -> (SlotSecret, [u8; 64]) {
    let at = SlotAddress { install: INSTALL, tenant: TENANT, record: RECORD };
    EpochKey::new(1, &key(5)).unwrap().seal(at, &[byte; 44]).unwrap()
}

fn row() -> Vec<u8> {
    let (mut out, keys, (secret, _)) = (Vec::new(), keys(), secret(6));
    let at = RowAddress { tenant: TENANT, collection: COLLECTION, record: RECORD };
    let mut writer = RowWriter::begin(&mut out, &keys, &secret, at, (1, 1), [8; 12]).unwrap();
    let long = "x".repeat(200);
    let clear = |kind, value| Clear { kind, literal: false, value, spelling: None };
    writer.field(FieldNumber(1), &clear(FieldType::Ssn, "078-05-1120")).unwrap();
    writer.field(FieldNumber(300), &clear(FieldType::Text, &long)).unwrap();
    writer.finish();
    out
}

fn answers() -> Vec<(&'static str, Vec<u8>)> {
    let (keys, (secret, slot)) = (keys(), secret(6));
    let at = SlotAddress { install: INSTALL, tenant: TENANT, record: RECORD };
    let stone = Tombstone { index: 7, leaf_head: [9; 24] };
    let epoch = EpochKey::new(1, &key(5)).unwrap();
    let mut token = String::new();
    write_token(&keys, Named { record: RECORD, field: FieldNumber(1) }, &mut token).unwrap();
    let place = KeyPlace { install: INSTALL, tenant: Some(TENANT), job: Job::Seal, version: 1 };
    let root = WrappingKey::new(&key(10), "strongroom/root").unwrap();
    let wrapped = root.wrap(&CountingRandom::default(), &place, &key(11)).unwrap();
    let control = ControlKey::new(&key(12));
    let credential = Credential::generate(PrincipalId([4; 16]), &CountingRandom::default());
    let credential = credential.unwrap();
    vec![
        ("slot", slot.to_vec()),
        ("tombstone", epoch.tombstone(at, &[6; 12], &stone).unwrap().to_vec()),
        ("row", row()),
        ("token", token.into_bytes()),
        ("record id", record_id(&keys, RECORD).unwrap().into_bytes()),
        ("index", {
            let (key, check) =
                Tag::of(&keys, COLLECTION, FieldNumber(1), "078051120").row(&keys, RECORD);
            [key.as_slice(), &check].concat()
        }),
        ("wrapped key", wrapped.to_vec()),
        ("control row", protect(&control, "control", b"t", b"{}")),
        ("credential", credential.disclose().as_bytes().to_vec()),
        ("credential hash", credential.hash(&control).into_bytes()),
        ("pseudonym", pseudonym(&keys, &secret, RECORD).0.to_vec()),
    ]
}

#[test]
fn the_bytes_are_the_ones_that_were_written_before() {
    let short = |bytes: &[u8]| HEXLOWER.encode(&Sha256::digest(bytes)[..8]);
    let found: Vec<String> =
        answers().iter().map(|(what, bytes)| format!("{what} {}", short(bytes))).collect();
    let pinned: Vec<&str> = PINNED.trim().lines().collect();
    assert_eq!(found, pinned);
}

#[test]
fn control_rows_are_spelt_as_they_were_before() {
    let name = |name: &str| Name::parse(name).unwrap();
    let tenant = TenantRow { id: TENANT, name: name("acme") };
    assert_eq!(json(&tenant), TENANT_ROW);
    let mut principal = PrincipalRow {
        id: PrincipalId([4; 16]),
        name: name("app"),
        kind: Kind::Service,
        scope: Scope::Tenants(vec![TENANT]),
        epoch: 2,
        revoked: true,
        credential: "0f".repeat(4),
        former: None,
        limits: Limits::default(),
    };
    assert_eq!(json(&principal), SERVICE_ROW);
    (principal.kind, principal.scope) = (Kind::Operator, Scope::Install);
    assert_eq!(json(&principal), OPERATOR_ROW);
    // A row of before is one without limits, and is written as it was.
    assert_eq!(serde_json::from_str::<PrincipalRow>(OPERATOR_ROW).unwrap(), principal);
    principal.former = Some(Former { credential: "ab".repeat(4), until_us: 1_800_000_000_000_000 });
    principal.limits = Limits {
        expires_us: Some(1_900_000_000_000_000),
        networks: ["10.0.0.0/8", "::1/128"].map(|net| Network::parse(net).unwrap()).to_vec(),
        purposes: vec![Purpose::SignIn, Purpose::Payout],
        acts: vec![Act::PiiReveal],
    };
    assert_eq!(json(&principal), LIMITED_ROW);
    assert_eq!(serde_json::from_str::<PrincipalRow>(LIMITED_ROW).unwrap(), principal);
    let field = FieldRow {
        column: "SSN".to_owned(),
        number: FieldNumber(300),
        kinds: vec![FieldType::Ssn, FieldType::Text],
        index: true,
    };
    let collection = CollectionRow {
        tenant: TENANT,
        id: COLLECTION,
        name: name("people"),
        version: 2,
        schema: "[[column]]\n".to_owned(),
        fields: vec![field],
        key: None,
    };
    assert_eq!(json(&collection), COLLECTION_ROW);
}

#[test]
fn the_page_states_the_code_of_every_type() {
    let (_, codes) = PAGE.split_once("Kind: the type's code (").unwrap();
    let codes = codes.split(')').next().unwrap();
    let stated: Vec<&str> = codes.split(", ").collect();
    let all = FieldType::ALL.map(|kind| format!("{} {}", kind.code(), kind.name()));
    assert_eq!(stated, all);
}

#[test]
fn a_tag_is_of_its_collection_and_field_and_a_pseudonym_of_its_slot() {
    let keys = keys();
    let tag = |collection, field| {
        let tag = Tag::of(&keys, CollectionId(collection), FieldNumber(field), "same");
        tag.row(&keys, RECORD).0[22..30].to_vec()
    };
    assert_ne!(tag(1, 1), tag(1, 2));
    assert_ne!(tag(1, 1), tag(2, 1));
    assert_eq!(tag(1, 1), tag(1, 1));
    let of = |byte| pseudonym(&keys, &secret(byte).0, RECORD);
    assert_ne!(of(1), of(2), "an erased slot's person could still be named");
}

const PINNED: &str = "
slot c7ec278d6a9ceee1
tombstone 893ec05d3f99233e
row bf2f08ad034b2da1
token 57b555c5b2a17956
record id 2f6269c1871dc2ee
index f9e82be9405820a6
wrapped key 281fb72ce5c1d706
control row 5ee00d436b96ac30
credential 112bd58b8673bef6
credential hash 7d1b31eea8850d0d
pseudonym 2dc16c9ff86c418a
";

const PAGE: &str = include_str!("../../../../docs/data-model.md");

const TENANT_ROW: &str = r#"{"id":"01010101010101010101010101010101","name":"acme"}"#;
const SERVICE_ROW: &str = concat!(
    r#"{"id":"04040404040404040404040404040404","name":"app","kind":"service","#,
    r#""scope":{"tenants":["01010101010101010101010101010101"]},"#,
    r#""epoch":2,"revoked":true,"credential":"0f0f0f0f"}"#,
);
const OPERATOR_ROW: &str = concat!(
    r#"{"id":"04040404040404040404040404040404","name":"app","kind":"operator","#,
    r#""scope":"install","epoch":2,"revoked":true,"credential":"0f0f0f0f"}"#,
);
const LIMITED_ROW: &str = concat!(
    r#"{"id":"04040404040404040404040404040404","name":"app","kind":"operator","#,
    r#""scope":"install","epoch":2,"revoked":true,"credential":"0f0f0f0f","#,
    r#""former":{"credential":"abababab","until_us":1800000000000000},"#,
    r#""limits":{"expires_us":1900000000000000,"networks":["10.0.0.0/8","::1/128"],"#,
    r#""purposes":["sign-in","payout"],"acts":["pii.reveal"]}}"#,
);
const COLLECTION_ROW: &str = concat!(
    r#"{"tenant":"01010101010101010101010101010101","id":3,"name":"people","#,
    r#""version":2,"schema":"[[column]]\n","fields":[{"column":"SSN","number":300,"#,
    r#""kinds":["ssn","text"],"index":true}]}"#,
);
