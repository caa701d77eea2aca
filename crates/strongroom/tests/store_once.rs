//! A request that is to be performed once, and a machine that dies at any step of it: sent again,
//! its records are there once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap, what their tests share too"
)]

mod store_support;

use std::sync::Arc;

use store_support::history::{Act, Base};
use strongroom::store::model::ModelWorld;
use strongroom::vault::{RecordsRequest, Values};
use strongroom_core::vault::verifier::Strength;
use zeroize::Zeroizing;

const EMAILS: [&str; 3] = ["ada@example.org", "bo@example.org", "cy@example.org"];

fn request(base: &Base) -> RecordsRequest {
    let email = |email: &str| Some(Zeroizing::new(email.to_owned()));
    let record = |value: &&str| -> Values { vec![("email".to_owned(), email(value))] };
    RecordsRequest {
        tenant: "acme".to_owned(),
        collection: "people".to_owned(),
        records: EMAILS.iter().map(record).collect(),
        once: Some("order-71".to_owned()),
        strength: Strength::LEAST,
        now_us: base.now_us(),
    }
}

/// Sends the request to a machine that may die at step `n` of it. Gives what it answered, and
/// whether it died.
fn sent(base: &Base, world: &ModelWorld, n: u64) -> (Option<Vec<String>>, bool) {
    let (vault, who) = base.vault(world, &Arc::default()).unwrap();
    world.kill_at(n);
    let answered = vault.seal_records(&who, &request(base)).ok();
    drop(vault);
    let ids = |records: Vec<_>| {
        let id = |record: strongroom::vault::SealedRecord| record.record;
        records.into_iter().map(id).collect()
    };
    (answered.map(|sealed| ids(sealed.records)), world.is_dead())
}

/// Sends it again; gives its records once it is known that each value is that of one record.
fn sent_again(base: &Base, world: &ModelWorld, case: &str) -> Vec<String> {
    let (vault, who) = base.vault(world, &Arc::default()).unwrap();
    let again = vault.seal_records(&who, &request(base));
    let again = again.unwrap_or_else(|problem| panic!("{case}: {problem}"));
    for (value, sealed) in EMAILS.iter().zip(&again.records) {
        let value = Zeroizing::new((*value).to_owned());
        let found = vault.find(&who, "acme", "people", "email", value, base.now_us());
        let (found, _) = found.unwrap_or_else(|problem| panic!("{case}: {problem}"));
        let ids: Vec<&String> = found.iter().map(|found| &found.record).collect();
        assert_eq!(ids, [&sealed.record], "{case}");
    }
    let findings = vault.examine(&who, &mut |_, _, _| ()).unwrap();
    assert_eq!(findings, [], "{case}");
    again.records.into_iter().map(|record| record.record).collect()
}

#[test]
fn killed_anywhere_and_sent_again_its_records_are_there_once() {
    let base = Base::new();
    let begun = base.world.restart(0);
    let acts = [Act::Tenant("acme"), Act::Seal { tenant: "acme", input: 1, rows: 2 }];
    assert!(base.run(&begun, &acts).open.is_none());
    let (mut answered, mut died, mut n) = (0, 0, 0);
    loop {
        n += 1;
        let world = begun.restart(0);
        let (answer, dead) = sent(&base, &world, n);
        answered += u32::from(answer.is_some());
        died += u32::from(dead);
        for (after, world) in
            [("killed", world.restart(0)), ("lost", world.crash(0)), ("kept", world.crash(1))]
        {
            let case = format!("step {n}, {after}");
            let again = sent_again(&base, &world, &case);
            assert!(answer.as_ref().is_none_or(|ids| *ids == again), "{case}");
        }
        if !dead {
            break;
        }
    }
    assert!(died > 6 && answered > 0, "{died} {answered}");
    assert!(died + 1 == u32::try_from(n).unwrap());
}
