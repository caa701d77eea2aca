//! Point reveals in process, every step on (authenticate, policy, durable entry, open), at 64 and
//! at 1 caller; durable ledger entries alone (refusals, which open nothing); and a cold `reveal`
//! command on the same store.
//!
//! `cargo bench --bench reveal` (RECORDS, SECONDS).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench measures time and stops at the first fault"
)]

#[path = "support.rs"]
mod support;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use strongroom::vault::Vault;
use strongroom::vault::seal::SealRequest;
use strongroom_core::ledger::entry::Form;
use strongroom_core::policy::Purpose;
use strongroom_core::principal::Arrival;
use support::{Install, machine, median, quantile, scratch, setting};

fn main() {
    let (records, seconds) = (setting("RECORDS", 20_000), setting("SECONDS", 5));
    let dir = scratch("reveal");
    println!("{}\n{records} records", machine());
    let csv = dir.join("people.csv");
    support::write_people(&csv, records);
    let install = Install::new(&dir);
    let out = dir.join("out.csv");
    let request = SealRequest {
        input: csv,
        tenant: "acme".to_owned(),
        collection: "people".to_owned(),
        out: Some(out.clone()),
        ..SealRequest::default()
    };
    install.vault.seal(&install.who, &request, &|_| {}).unwrap();
    let tokens = tokens(&out);
    drop(install);
    cold(&dir, &tokens[0]);
    let install = Install::open(&dir);
    let text = std::fs::read_to_string(dir.join("keys/operator.credential")).unwrap();
    let reveal = |vault: &Vault, n: usize| {
        let who = vault.authenticate(&text, Arrival::local(0, true)).unwrap();
        let token = vec![tokens[n % tokens.len()].clone()];
        let revealed = vault.reveal(&who, "acme", token, Purpose::Support, Form::Full).unwrap();
        assert!(!revealed.disclose()[0].value.is_empty());
    };
    let refuse = |vault: &Vault, n: usize| {
        let token = vec![tokens[n % tokens.len()].clone()];
        let refused = vault.reveal(&install.who, "acme", token, Purpose::SignIn, Form::Full);
        assert!(refused.is_err());
    };
    for callers in [1, 64] {
        run("reveal", &install.vault, callers, seconds, &reveal);
        run("entry", &install.vault, callers, seconds, &refuse);
    }
    drop(install);
    std::fs::remove_dir_all(&dir).unwrap();
}

/// The tokens of the SSN column.
fn tokens(out: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(out).unwrap();
    text.lines().skip(1).filter_map(|l| l.split(',').nth(7)).map(str::to_owned).collect()
}

fn run(
    what: &str,
    vault: &Vault,
    callers: usize,
    seconds: u64,
    act: &(dyn Fn(&Vault, usize) + Sync),
) {
    let stop = AtomicBool::new(false);
    let mut all: Vec<f64> = std::thread::scope(|scope| {
        let caller = |caller: usize| {
            let stop = &stop;
            move || {
                let (mut times, mut n) = (Vec::new(), caller * 7919);
                while !stop.load(Ordering::Relaxed) {
                    let start = Instant::now();
                    act(vault, n);
                    times.push(start.elapsed().as_secs_f64() * 1e3);
                    n += 1;
                }
                times
            }
        };
        let threads: Vec<_> = (0..callers).map(|c| scope.spawn(caller(c))).collect();
        std::thread::sleep(Duration::from_secs(seconds));
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    all.sort_by(f64::total_cmp);
    println!(
        "{what:7} {callers:3} callers: {:8.0}/s  p50 {:.3} ms  p99 {:.3} ms  max {:.1} ms",
        all.len() as f64 / seconds as f64,
        quantile(&all, 0.5),
        quantile(&all, 0.99),
        quantile(&all, 1.0)
    );
}

fn cold(dir: &Path, token: &str) {
    let mut times: Vec<f64> = (0..21)
        .map(|_| {
            let start = Instant::now();
            let done = Command::new(env!("CARGO_BIN_EXE_strongroom"))
                .args(["--json", "reveal", "--tenant", "acme", "--purpose", "support", token])
                .env("STRONGROOM_DATA", dir.join("data"))
                .env("STRONGROOM_KEYS", dir.join("keys"))
                .output()
                .unwrap();
            assert!(done.status.success());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    println!("cold `reveal` command: median {:.0} ms", median(&mut times));
}
