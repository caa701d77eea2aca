//! Passwords: kept as verifiers, tried through one recorded path, given out in no form.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;

use std::fs;

use install::{Answer, Install};
use serde_json::{Value, json};
use strongroom::vault::PasswordOf;
use strongroom_core::ledger::Entry;
use strongroom_core::principal::{Arrival, Principal};
use strongroom_core::vault::verifier::Strength;
use zeroize::Zeroizing;

/// The first is in clear, the second bcrypt of `River7!`, the third MD5 of it with salt, the
/// fourth of a scheme that is not known, the fifth has none.
const PEOPLE: &str = "\
member,Name,E-Mail,Password
1,Ada Archer,ada@example.com,\"o'R\"\"ion, 9\"
2,Bruno Boone,bruno@example.com,$2b$05$abcdefghijklmnopqrstuurlw1k8gCce7Dl8yvYACes1N6JUI/Fwi
3,Cleo Cho,cleo@example.com,bb081605dd2e94d753cc8a8ebc69328d:k3Z
4,Dora Dunn,dora@example.com,$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2
5,Emil Ede,emil@example.com,
";
const BRUNOS: &str = "$2b$05$abcdefghijklmnopqrstuurlw1k8gCce7Dl8yvYACes1N6JUI/Fwi";
const ADAS: &str = "o'R\"ion, 9";

/// An install with the people of acme sealed; gives what `seal` answered.
fn people(name: &str) -> (Install, Value) {
    let install = Install::new(name);
    install.operate(&["tenant", "add", "acme"]);
    let csv = install.scratch.write("people.csv", PEOPLE);
    let args = ["seal", csv.to_str().unwrap(), "--tenant", "acme", "--collection", "people"];
    let report = install.operate(&args).json;
    fs::remove_file(csv).unwrap();
    (install, report)
}

fn record(install: &Install, address: &str) -> String {
    let args = ["find", "--tenant", "acme", "--collection", "people", "e-mail=-"];
    install.run_on(&args, address).text("/records/0/record").to_owned()
}

fn verify(install: &Install, record: &str, password: &str) -> Answer {
    let args = ["verify-password", "--tenant", "acme", "--collection", "people", "--record"];
    install.run_on(&[&args[..], &[record]].concat(), password)
}

#[test]
fn a_password_is_verified_whatever_its_cell_held() {
    let (install, report) = people("passwords");
    assert_eq!(report["dropped"], json!({}));
    assert_eq!((&report["values"]["password"], &report["unusual"]), (&json!(4), &json!(1)));
    let sealed = fs::read_to_string(install.scratch.path("people.sealed.csv")).unwrap();
    let empty = |line: &str| line.ends_with(',') || line.ends_with(",\"\"");
    assert!(sealed.lines().skip(1).all(empty), "{sealed}");
    for (address, right, wrong) in [
        ("ada@example.com", Some(ADAS), "\"o'R\"\"ion, 9\""),
        ("bruno@example.com", Some("River7!"), BRUNOS),
        ("cleo@example.com", Some("River7!"), "bb081605dd2e94d753cc8a8ebc69328d:k3Z"),
        ("dora@example.com", None, "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2"),
        ("emil@example.com", None, "none"),
    ] {
        let record = record(&install, address);
        let answer = verify(&install, &record, wrong);
        assert_eq!((answer.code, &answer.json["right"]), (1, &json!(false)), "{address}");
        assert!(answer.text("/ledger/leaf_hash").len() == 64 && answer.notices.is_empty());
        let Some(right) = right else { continue };
        for typed in [right.to_owned(), format!("{right}\n"), format!("{right}\r\n")] {
            let answer = verify(&install, &record, &typed);
            assert_eq!((answer.code, &answer.json["right"]), (0, &json!(true)), "{address}");
        }
        assert_eq!(verify(&install, &record, &format!("{right} ")).code, 1, "{address}");
    }
}

#[test]
fn no_password_and_no_hash_lies_anywhere_or_comes_out_of_anything() {
    let (install, _) = people("passwords-canary");
    let ada = record(&install, "ada@example.com");
    assert_eq!(verify(&install, &ada, ADAS).code, 0);
    let sealed = install.scratch.path("people.sealed.csv");
    let back = install.scratch.path("back.csv");
    let args = ["export", "--tenant", "acme", "--collection", "people", "--purpose", "support"];
    let files = ["--like", sealed.to_str().unwrap(), "--out", back.to_str().unwrap()];
    install.operate(&[&args[..], &files].concat());
    let emptied = PEOPLE.lines().map(|line| match line.split_once("example.com,") {
        Some((before, cell)) if cell.starts_with('"') => format!("{before}example.com,\"\"\n"),
        Some((before, _)) => format!("{before}example.com,\n"),
        None => format!("{line}\n"),
    });
    assert_eq!(fs::read_to_string(back).unwrap(), emptied.collect::<String>());
    let found = install.run_on(
        &["find", "--tenant", "acme", "--collection", "people", "e-mail=-"],
        "ada@example.com",
    );
    assert_eq!(found.json["records"][0]["tokens"].as_object().unwrap().len(), 2, "{}", found.json);
    let guess = ["find", "--tenant", "acme", "--collection", "people", "password=-"];
    assert_eq!(install.run_on(&guess, ADAS).code, 2);
    let secrets: [&[u8]; 5] = [
        b"o'R\"ion",
        b"o'R\"\"ion",
        b"rlw1k8gCce7Dl8yvYACes1N6JUI",
        b"bb081605dd2e94d7",
        b"qFmFH.bQ",
    ];
    let mut files = 0;
    let mut folders = vec![install.scratch.path("")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = fs::read(&path).unwrap();
            for secret in secrets {
                let holds = bytes.windows(secret.len()).any(|w| w == secret);
                assert!(!holds, "{} holds {}", path.display(), String::from_utf8_lossy(secret));
            }
        }
    }
    assert!(files > 10, "the folders were not read");
}

#[test]
fn wrong_passwords_of_a_record_make_it_wait_and_a_right_one_ends_that() {
    let (install, _) = people("passwords-record");
    let ada = record(&install, "ada@example.com");
    let bruno = record(&install, "bruno@example.com");
    let vault = install.open();
    let who = operator(&install, &vault);
    let second = 1_000_000;
    let attempt = |record: &str, password: &str, now_s: u64| {
        let of = PasswordOf { tenant: "acme", collection: "people", record, column: None };
        let password = Zeroizing::new(password.to_owned());
        let answer = vault.verify_password(&who, &of, password, now_s * second);
        answer.map(|(right, _)| right).map_err(|p| (p.kind.exit(), p.remedy))
    };
    for _ in 0..5 {
        assert_eq!(attempt(&ada, "wrong", 1000), Ok(false));
    }
    let spent = |wait: &str| Err((25, format!("try again in {wait}")));
    assert_eq!(attempt(&ada, ADAS, 1000), spent("30s"), "also the right one");
    assert_eq!(attempt(&ada, ADAS, 1029), spent("1s"));
    assert_eq!(attempt(&bruno, "River7!", 1000), Ok(true), "others do not wait");
    assert_eq!(attempt(&ada, "wrong", 1030), Ok(false));
    assert_eq!(attempt(&ada, ADAS, 1089), spent("1s"), "twice as long");
    assert_eq!(attempt(&ada, ADAS, 1090), Ok(true));
    for _ in 0..5 {
        assert_eq!(attempt(&ada, "wrong", 1090), Ok(false), "counted from nothing again");
    }
    assert_eq!(attempt(&ada, "wrong", 1090), spent("30s"));
}

#[test]
fn wrong_guesses_of_a_principal_are_limited_over_passwords_and_values() {
    let (install, _) = people("passwords-principal");
    let ada = record(&install, "ada@example.com");
    let vault = install.open();
    let who = operator(&install, &vault);
    let second = 1_000_000;
    let attempt = |password: &str, now_s: u64| {
        let of = PasswordOf { tenant: "acme", collection: "people", record: &ada, column: None };
        let password = Zeroizing::new(password.to_owned());
        let answer = vault.verify_password(&who, &of, password, now_s * second);
        answer.map(|(right, _)| right).map_err(|p| (p.kind.exit(), p.remedy))
    };
    let find = |address: &str, now_s: u64| {
        let value = Zeroizing::new(address.to_owned());
        let found = vault.find(&who, "acme", "people", "e-mail", value, now_s * second);
        found.map(|(found, _)| found.len()).map_err(|p| (p.kind.exit(), p.remedy))
    };
    // A right one costs nothing in the end.
    for _ in 0..3 {
        assert_eq!(attempt(ADAS, 5000), Ok(true));
    }
    assert_eq!(attempt("wrong", 5000), Ok(false));
    for n in 0..98 {
        assert_eq!(find(&format!("nobody{n}@example.com"), 5010), Ok(0));
        assert_eq!(find("ada@example.com", 5010), Ok(1), "who is found costs nothing");
    }
    assert_eq!(find("nobody@example.com", 5010), Ok(0));
    let spent = |wait: &str| (25, format!("try again in {wait}"));
    assert_eq!(attempt(ADAS, 5100), Err(spent("58m 20s")));
    assert_eq!(find("ada@example.com", 8599), Err(spent("1s")));
    assert_eq!(find("ada@example.com", 8600), Ok(1), "the window is over");
    assert_eq!(attempt(ADAS, 8600), Ok(true));
    let acts = entries(&vault);
    assert_eq!(acts.iter().filter(|a| a.1 == "spent.principal").count(), 2, "each is an entry");
    assert_eq!(acts.iter().filter(|a| a.1 == "right").count(), 4);
    assert_eq!(acts.iter().filter(|a| a.0 == "pii.guess").count(), 99);
}

fn operator(install: &Install, vault: &strongroom::vault::Vault) -> Principal {
    let text = fs::read_to_string(&install.operator).unwrap();
    vault.authenticate(&text, Arrival::local(0, false)).unwrap()
}

/// Act and reason of every entry.
fn entries(vault: &strongroom::vault::Vault) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (log, ..) in vault.store().heads() {
        let mut keep = |_, leaf: &[u8]| {
            let entry = Entry::from_bytes(leaf).unwrap();
            all.push((entry.act.to_string(), entry.reason.unwrap_or_default()));
            true
        };
        vault.store().entries(log, &mut keep).unwrap();
    }
    all
}

#[test]
fn cheap_verifiers_are_strengthened_in_steps_and_stay_the_persons() {
    let (install, _) = people("passwords-strong");
    let status = install.operate(&["status"]).json;
    assert_eq!(status["passwords_cheap"], 3, "{status}");
    let until = status["passwords_cheap_until"].as_str().unwrap().to_owned();
    let ada = record(&install, "ada@example.com");
    let bruno = record(&install, "bruno@example.com");
    let cleo = record(&install, "cleo@example.com");
    let none = install.operate(&["strengthen", "--for", "0s"]).json;
    assert_eq!(none, json!({"strengthened": 0, "left": 3}));
    {
        let vault = install.open();
        let who = operator(&install, &vault);
        let done = vault.strengthen(&who, Some("acme"), Strength::LEAST, &mut || true).unwrap();
        assert_eq!((done.strengthened, done.left), (3, 0));
        let again = vault.strengthen(&who, None, Strength::LEAST, &mut || true).unwrap();
        assert_eq!((again.strengthened, again.left), (0, 0));
        let acts = entries(&vault);
        assert_eq!(acts.iter().filter(|a| a.0 == "strengthen.begin").count(), 1);
        assert_eq!(acts.iter().filter(|a| a.0 == "pii.strengthen").count(), 1);
    }
    let status = install.operate(&["status"]).json;
    assert_eq!(status["passwords_cheap"], 0, "{status}");
    assert_eq!(status["passwords_cheap_until"], Value::Null, "{until} is met");
    for (record, right, wrong) in [
        (&ada, ADAS, "o'R\"ion, 8"),
        (&bruno, "River7!", BRUNOS),
        (&cleo, "River7!", "bb081605dd2e94d753cc8a8ebc69328d:k3Z"),
    ] {
        assert_eq!(verify(&install, record, wrong).code, 1);
        assert_eq!(verify(&install, record, right).code, 0);
    }
    // What else stands in the rows is as it was, also its spelling.
    let sealed = fs::read_to_string(install.scratch.path("people.sealed.csv")).unwrap();
    let token = sealed.split([',', '\n']).find(|cell| cell.starts_with("srt_")).unwrap();
    let args = ["reveal", "--tenant", "acme", "--purpose", "support", "--full", token];
    assert_eq!(install.operate(&args).text("/values/0/value"), "Ada Archer");
    let who = install.operate(&["ledger", "who", "--tenant", "acme", "--record", &ada]).json;
    let acts: Vec<_> = who["entries"].as_array().unwrap().iter().map(|e| &e["act"]).collect();
    assert!(acts.contains(&&json!("pii.strengthen")), "{acts:?}");
}
