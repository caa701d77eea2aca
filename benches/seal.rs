//! One million rows of ten sensitive fields and four indexes, end to end, beside the same rows in
//! clear into the same engine by the same pipeline, and beside PostgreSQL's pgcrypto.
//!
//! `cargo bench --bench seal` (ROWS, ROUNDS; PGCRYPTO=0 leaves PostgreSQL out). Prints ratios; the
//! absolute figures are of this machine on this day.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench measures time and stops at the first fault"
)]

#[path = "support.rs"]
mod support;

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::time::Instant;

use strongroom::import::{Batch, Format, Reader, Writer};
use strongroom::store::engine::Engine;
use strongroom::store::fjall::Fjall;
use strongroom::vault::seal::SealRequest;
use strongroom_core::store::{Rows, Table};
use support::{Install, folder_bytes, machine, median, scratch, setting};

const FIELDS: f64 = 10.0;
/// Columns that are indexed: ssn, email, phone, user name.
const INDEXED: [usize; 4] = [7, 8, 9, 10];

fn main() {
    let (rows, rounds) = (setting("ROWS", 1_000_000), setting("ROUNDS", 3));
    let dir = scratch("seal");
    let csv = dir.join("people.csv");
    support::write_people(&csv, rows);
    println!("{}", machine());
    println!(
        "{rows} rows, {} MB of CSV, {rounds} rounds\n",
        csv.metadata().unwrap().len() / 1_000_000
    );
    let (mut sealed, mut clear) = (Vec::new(), Vec::new());
    let (mut sealed_bytes, mut clear_bytes) = (0, 0);
    for round in 0..rounds {
        let place = dir.join(format!("sealed-{round}"));
        let cpu = support::cpu_seconds();
        let (seconds, bytes) = seal(&place, &csv, rows);
        say("sealed", rows, seconds, cpu, bytes);
        sealed.push(seconds);
        sealed_bytes = bytes;
        std::fs::remove_dir_all(&place).unwrap();
        let place = dir.join(format!("clear-{round}"));
        let cpu = support::cpu_seconds();
        let (seconds, bytes) = in_clear(&place, &csv);
        say("clear", rows, seconds, cpu, bytes);
        clear.push(seconds);
        clear_bytes = bytes;
        std::fs::remove_dir_all(&place).unwrap();
    }
    let (sealed, clear) = (median(&mut sealed), median(&mut clear));
    let rate = rows as f64 / sealed;
    println!(
        "\nsealed / clear: time {:.2}, disk {:.2}",
        sealed / clear,
        sealed_bytes as f64 / clear_bytes as f64
    );
    println!("sealed: {:.0} rows/s, {:.0} fields/s", rate, rate * FIELDS);
    if setting("PGCRYPTO", 1) == 1 {
        against_pgcrypto(&csv, rate);
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

fn say(what: &str, rows: u64, seconds: f64, cpu_before: f64, bytes: u64) {
    let (rate, cpu) = (rows as f64 / seconds, support::cpu_seconds() - cpu_before);
    println!(
        "{what:7} {seconds:6.2} s  {rate:8.0} rows/s  cpu {cpu:6.2} s  {} MB",
        bytes / 1_000_000
    );
}

fn seal(place: &Path, csv: &Path, rows: u64) -> (f64, u64) {
    std::fs::create_dir_all(place).unwrap();
    let install = Install::new(place);
    let request = SealRequest {
        input: csv.to_path_buf(),
        tenant: "acme".to_owned(),
        collection: "people".to_owned(),
        out: Some(place.join("out.csv")),
        ..SealRequest::default()
    };
    let start = Instant::now();
    let report = install.vault.seal(&install.who, &request, &|_| {}).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!((report.rows, report.quarantined), (rows, 0));
    drop(install);
    (seconds, folder_bytes(&place.join("data")))
}

/// The same rows, readers, batches, engine, sorting and writer, with nothing sealed: no keys,
/// slots, tokens, MACs or ledger. Digest of the input and its sample are left out too.
fn in_clear(place: &Path, csv: &Path) -> (f64, u64) {
    std::fs::create_dir_all(place).unwrap();
    let engine = Fjall::open(&place.join("data")).unwrap();
    let start = Instant::now();
    let (to_pack, batches) = mpsc::sync_channel::<Batch>(4);
    let (to_apply, packed) = mpsc::sync_channel::<(Batch, Rows, mpsc::SyncSender<Batch>)>(32);
    let (to_write, written) = mpsc::sync_channel::<mpsc::Receiver<Batch>>(16);
    std::thread::scope(|scope| {
        scope.spawn(move || read(csv, &to_pack));
        scope.spawn(move || pack(&batches, &to_apply, &to_write));
        scope.spawn(|| apply(&engine, packed));
        let out = File::create(place.join("out.csv")).unwrap();
        let mut writer = Writer::new(&out, Format::COMMA);
        while let Ok(done) = written.recv() {
            let batch = done.recv().unwrap();
            batch.iter().for_each(|row| writer.write_row(&row, |_| None).unwrap());
        }
        writer.finish(b"").unwrap();
        out.sync_all().unwrap();
    });
    let seconds = start.elapsed().as_secs_f64();
    drop(engine);
    (seconds, folder_bytes(&place.join("data")))
}

fn read(csv: &Path, to_pack: &mpsc::SyncSender<Batch>) {
    let mut reader = Reader::open(File::open(csv).unwrap(), Format::COMMA, &[]).unwrap();
    let mut more = true;
    while more {
        let mut batch = Batch::new();
        more = reader.read_batch(1000, &mut batch).unwrap();
        to_pack.send(batch).unwrap();
    }
}

fn pack(
    batches: &mpsc::Receiver<Batch>,
    to_apply: &mpsc::SyncSender<(Batch, Rows, mpsc::SyncSender<Batch>)>,
    to_write: &mpsc::SyncSender<mpsc::Receiver<Batch>>,
) {
    let mut record = 1u64;
    while let Ok(batch) = batches.recv() {
        let mut rows = Rows::default();
        for row in batch.iter() {
            let number = record.to_be_bytes();
            rows.put_with(Table::Record, &[&[7; 20], number.as_slice()].concat(), |out| {
                for column in 0..row.cells() {
                    let value = row.cell(column).value.as_bytes();
                    out.extend_from_slice(&(value.len() as u32).to_be_bytes());
                    out.extend_from_slice(value);
                }
            });
            for column in INDEXED {
                let value = row.cell(column).value.as_bytes();
                let key = [&[7; 20], [0, column as u8].as_slice(), value, &number].concat();
                rows.put(Table::Index, &key, &[]);
            }
            record += 1;
        }
        let (done, waiting) = mpsc::sync_channel(1);
        to_write.send(waiting).unwrap();
        to_apply.send((batch, rows, done)).unwrap();
    }
}

fn apply(engine: &Fjall, packed: mpsc::Receiver<(Batch, Rows, mpsc::SyncSender<Batch>)>) {
    while let Ok(first) = packed.recv() {
        let mut group = vec![first];
        while group.len() < 16
            && let Ok(next) = packed.try_recv()
        {
            group.push(next);
        }
        let mut rows: Vec<_> = group.iter().flat_map(|(_, rows, _)| rows.iter()).collect();
        rows.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        engine.commit(&mut rows.into_iter()).unwrap();
        for (batch, _, done) in group {
            done.send(batch).unwrap();
        }
    }
}

fn against_pgcrypto(csv: &Path, rate: f64) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/pgcrypto.sh");
    let done = Command::new("bash").arg(script).arg(csv).output().unwrap();
    print!("{}", String::from_utf8_lossy(&done.stderr));
    for line in String::from_utf8_lossy(&done.stdout).lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let (rows, seconds): (f64, f64) = (words[1].parse().unwrap(), words[2].parse().unwrap());
        println!(
            "pgcrypto {}: {:.0} rows/s; sealed is {:.1} times that",
            words[0],
            rows / seconds,
            rate / (rows / seconds)
        );
    }
}
