//! Every record of a tenant sealed again under the next seal key: records of ten sensitive fields
//! and four indexes.
//!
//! `cargo bench --bench rotate` (ROWS, ROUNDS). The absolute figures are of this machine on this
//! day.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench measures time and stops at the first fault"
)]

#[path = "support.rs"]
mod support;

use std::time::Instant;

use strongroom::vault::Rotation;
use strongroom::vault::seal::SealRequest;
use strongroom_core::vault::keys::Job;
use support::{Install, folder_bytes, machine, median, scratch, setting};

fn main() {
    let (rows, rounds) = (setting("ROWS", 1_000_000), setting("ROUNDS", 3));
    let dir = scratch("rotate");
    let csv = dir.join("people.csv");
    support::write_people(&csv, rows);
    let install = Install::new(&dir);
    let request = SealRequest {
        input: csv,
        tenant: "acme".to_owned(),
        collection: "people".to_owned(),
        out: Some(dir.join("out.csv")),
        ..SealRequest::default()
    };
    install.vault.seal(&install.who, &request, &|_| {}).unwrap();
    drop(install);
    println!("{}\n{rows} records, {rounds} rounds\n", machine());
    for (job, done) in [(Job::Seal, rows), (Job::Index, rows)] {
        let mut all = Vec::new();
        for _ in 0..rounds {
            let install = Install::open(&dir);
            let (start, cpu) = (Instant::now(), support::cpu_seconds());
            let rotated = install.vault.rotate(&install.who, &Rotation::of(job, Some("acme")));
            let seconds = start.elapsed().as_secs_f64();
            assert_eq!(rotated.unwrap()[0].records, done);
            let (rate, cpu) = (rows as f64 / seconds, support::cpu_seconds() - cpu);
            drop(install);
            let megabytes = folder_bytes(&dir.join("data")) / 1_000_000;
            let name = job.name();
            println!(
                "{name:6} {seconds:6.2} s  {rate:8.0} records/s  cpu {cpu:6.2} s  {megabytes} MB"
            );
            all.push(seconds);
        }
        println!("{:6} median {:.0} records/s\n", job.name(), rows as f64 / median(&mut all));
    }
    std::fs::remove_dir_all(&dir).unwrap();
}
