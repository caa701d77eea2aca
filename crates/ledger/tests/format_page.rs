//! The example of `docs/ledger-format.md` is what this code writes, byte for byte.

#![allow(clippy::unwrap_used, reason = "tests may")]

use strongroom_ledger::entry::{Act, Actor, Auth, Entry, Form, Phase};
use strongroom_ledger::merkle::{Frontier, leaf_hash};
use strongroom_ledger::note::{Signer, origin};
use strongroom_ledger::tile::Bundle;
use strongroom_ledger::{Id, LogId, Pseudonym};

const PAGE: &str = include_str!("../../../docs/ledger-format.md");

fn states(what: &str) {
    assert!(PAGE.contains(what), "the page does not state:\n{what}");
}

#[test]
fn the_example_is_what_is_written() {
    let log = LogId::Tenant([0x02; 16]);
    let actor = Actor { principal: Some([0x07; 16]), auth: Auth::Credential };
    let mut entry = Entry::new(Id([0x01; 16]), log, Act::PiiReveal, Phase::Commit, actor);
    (entry.boot, entry.time_us) = (3, 1_700_000_000_000_001);
    (entry.form, entry.purpose) = (Some(Form::Masked), Some("payout".to_owned()));
    entry.fields = vec!["bank_account".to_owned(), "ssn".to_owned()];
    entry.subjects = vec![Pseudonym([0xff; 16])];

    let leaf = entry.to_bytes().unwrap();
    states(&format!("\n{}\n", String::from_utf8(leaf.clone()).unwrap()));
    let hash = leaf_hash(&leaf);
    states(&hash.to_hex());
    let mut frontier = Frontier::new();
    frontier.append(hash);
    let bundle = Bundle::encode(&[&leaf]).unwrap();
    states(&format!("{:02x} {:02x}", bundle.first().unwrap(), bundle.get(1).unwrap()));

    let origin = origin("0192abcd-ef00-7001-8002-0304050607ff", &log);
    let signer = Signer::from_seed(&origin, &[1; 32]).unwrap();
    states(&signer.sign(frontier.size(), &frontier.root()));
    states(&format!("\n{}\n", signer.verifier()));
}

#[test]
fn the_page_states_every_word_of_the_vocabularies() {
    for act in Act::ALL {
        states(&format!("`{act}`"));
    }
    for word in Phase::ALL {
        states(&format!("`{word}`"));
    }
    for word in Auth::ALL {
        states(&format!("`{word}`"));
    }
    for word in Form::ALL {
        states(&format!("`{word}`"));
    }
}
