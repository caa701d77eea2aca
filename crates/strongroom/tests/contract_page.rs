//! docs/contract.md is the page that callers go by: no command answers beside it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

const PAGE: &str = include_str!("../../../docs/contract.md");

/// The commands that rows of the page begin with; one row may name two of a group:
/// `tenant add NAME`, `show NAME`.
fn stated() -> Vec<String> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
    let first = rows.map(|row| row.split(" | ").next().unwrap().replace('`', ""));
    let each = first.flat_map(|cell| {
        let group = cell.split(' ').next().unwrap().to_owned();
        let (first, others) = cell.split_once(", ").unwrap_or((&cell, ""));
        let others = others.split(", ").map(|other| format!("{group} {other}"));
        [first.to_owned()].into_iter().chain(others).collect::<Vec<_>>()
    });
    each.collect()
}

#[test]
fn every_subcommand_stands_on_the_page() {
    let (stated, commands) = (stated(), strongroom::cli::subcommands());
    assert!(commands.len() > 15, "{commands:?}");
    for command in commands {
        let named = |row: &String| format!("{row} ").starts_with(&format!("{command} "));
        assert!(stated.iter().any(named), "docs/contract.md does not state `{command}`");
    }
}
