//! How well schema proposals tell what columns hold, over a folder of labelled files.
//!
//! `FOLDER=DIR cargo bench --bench proposal`: files and a `labels.csv`, as
//! `crates/strongroom/tests/support/score.rs` says; the project's own are testdata/proposal. Prints
//! precision and recall by type, then every column that is missed or sealed without need (ALL=1:
//! every column).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a bench stops at the first fault"
)]

#[path = "../crates/strongroom/tests/support/score.rs"]
mod score;

use std::path::PathBuf;

use score::{Judged, by_type, judge};

fn main() {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/proposal");
    let folder = std::env::var_os("FOLDER").map_or_else(|| PathBuf::from(own), PathBuf::from);
    let judged = judge(&folder);
    println!("{:20} {:>9} {:>9} {:>7} {:>9}", "type", "precision", "recall", "columns", "sealed");
    for (kind, count) in by_type(&judged) {
        println!(
            "{kind:20} {:>9} {:>9} {:>7} {:>9}",
            share(count.right, count.proposed),
            share(count.right, count.there),
            count.there,
            share(count.sealed, count.there)
        );
    }
    let clear = judged.iter().filter(|column| column.holds == "clear").count();
    let needless: Vec<_> = judged.iter().filter(|column| column.is_needless()).collect();
    let missed: Vec<_> = judged.iter().filter(|column| column.is_missed()).collect();
    let percent = 100.0 * needless.len() as f64 / clear.max(1) as f64;
    println!(
        "\n{} columns of business, sealed without need {} ({percent:.1} %)",
        clear,
        needless.len()
    );
    list("missed", &missed);
    list("sealed without need", &needless);
    if std::env::var_os("ALL").is_some() {
        list("all", &judged.iter().collect::<Vec<_>>());
    }
}

fn share(part: u32, whole: u32) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.2}", f64::from(part) / f64::from(whole)) }
}

fn list(what: &str, columns: &[&Judged]) {
    println!("\n{what}: {}", columns.len());
    for column in columns {
        let doubt = if column.unsure { " ?" } else { "" };
        let (place, holds) = (&column.place, &column.holds);
        println!("  {place}: {holds} -> {}{doubt} ({})", column.proposed, column.grounds);
    }
}
