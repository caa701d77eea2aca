//! The arrows between the crates: `strongroom -> core -> ledger <- verify` and
//! `strongroom -> api`, and nothing else. What
//! lies to the right cannot reach what lies to the left, so `ledger` can be audited alone, `verify`
//! cannot write, and `core` cannot perform.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]

#[path = "support/tree.rs"]
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use tree::{items, text};

/// From, to.
const ARROWS: &[(&str, &str)] = &[
    ("strongroom", "strongroom-api"),
    ("strongroom", "strongroom-core"),
    ("strongroom-core", "strongroom-ledger"),
    ("strongroom-verify", "strongroom-ledger"),
];

/// What crates that must stay pure may use from elsewhere: no clock, no randomness, no input or
/// output among them. A further one joins here, in the commit that says why.
const PURE: &[(&str, &[&str])] = &[
    (
        "strongroom-ledger",
        &["aws-lc-rs", "data-encoding", "serde", "serde_json", "sha2", "thiserror"],
    ),
    (
        "strongroom-core",
        &[
            "aes",
            "argon2",
            "aws-lc-rs",
            "blowfish",
            "crc32c",
            "data-encoding",
            "hmac",
            "ipnet",
            "md-5",
            "pbkdf2",
            "serde",
            "serde_json",
            "sha1",
            "sha2",
            "thiserror",
            "toml",
            "zeroize",
        ],
    ),
    ("strongroom-verify", &["clap", "serde_json"]),
];

/// Crates that reach the machine: not to be found anywhere below a pure crate.
const MACHINE: &[&str] = &[
    "async-std",
    "fjall",
    "getrandom",
    "indicatif",
    "memmap2",
    "mio",
    "nix",
    "oneshot",
    "rand",
    "region",
    "rustix",
    "smol",
    "socket2",
    "tokio",
];

/// Run while building, never linked.
const TOOLS: &[&str] = &["cc", "cmake"];

/// A dependency of a crate of the workspace.
struct Edge {
    from: String,
    to: String,
    kind: String,
}

fn edges() -> (BTreeSet<String>, Vec<Edge>) {
    let metadata = tree::metadata(&["--no-deps"]);
    let (mut members, mut edges) = (BTreeSet::new(), Vec::new());
    for package in items(&metadata, "packages") {
        let from = text(package, "name").to_owned();
        for dependency in items(package, "dependencies") {
            let to = text(dependency, "name").to_owned();
            let kind = text(dependency, "kind").to_owned();
            edges.push(Edge { from: from.clone(), to, kind });
        }
        members.insert(from);
    }
    (members, edges)
}

#[test]
fn arrows_run_one_way() {
    let (members, edges) = edges();
    assert!(members.len() >= 5, "{members:?}");
    // Dependencies of tests count too: a test that needs an arrow back is in the wrong crate.
    let inner = edges.iter().filter(|edge| members.contains(&edge.to));
    let found: BTreeSet<_> = inner.map(|edge| (&edge.from[..], &edge.to[..])).collect();
    let allowed: BTreeSet<_> = ARROWS.iter().copied().collect();
    assert_eq!(found, allowed, "a crate may depend along the arrows only");
}

#[test]
fn pure_crates_use_what_is_listed() {
    let (_, edges) = edges();
    for (of, listed) in PURE {
        let own = edges.iter().filter(|edge| edge.from == *of && edge.kind != "dev");
        let used: BTreeSet<_> = own.map(|edge| &edge.to[..]).collect();
        let arrow = ARROWS.iter().filter(|(from, _)| from == of).map(|(_, to)| *to);
        let allowed: BTreeSet<_> = listed.iter().copied().chain(arrow).collect();
        assert_eq!(used, allowed, "{of}");
    }
}

/// The lock file's graph: a package's name to the names of what it needs, in all its versions.
fn locked() -> BTreeMap<String, BTreeSet<String>> {
    let lock = std::fs::read_to_string(tree::root().join("Cargo.lock")).unwrap();
    let lock: toml::Table = toml::from_str(&lock).unwrap();
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        let needs = graph.entry(package["name"].as_str().unwrap().to_owned()).or_default();
        let listed = package.get("dependencies").and_then(toml::Value::as_array);
        for dependency in listed.into_iter().flatten() {
            let name = dependency.as_str().unwrap().split(' ').next().unwrap();
            needs.insert(name.to_owned());
        }
    }
    graph
}

/// What is found below these packages.
fn below(graph: &BTreeMap<String, BTreeSet<String>>, from: &[&str]) -> BTreeSet<String> {
    let mut reached: BTreeSet<String> = from.iter().map(|name| (*name).to_owned()).collect();
    let mut next: Vec<String> = reached.iter().cloned().collect();
    while let Some(name) = next.pop() {
        let needed = graph.get(&name).into_iter().flatten();
        for needed in needed.filter(|name| !TOOLS.contains(&&name[..])) {
            if reached.insert(needed.clone()) {
                next.push(needed.clone());
            }
        }
    }
    reached
}

#[test]
fn nothing_below_a_pure_crate_reaches_the_machine() {
    let graph = locked();
    assert!(below(&graph, &["fjall"]).len() > 10, "the graph was not read");
    for (of, listed) in PURE {
        let reached = below(&graph, listed);
        let machine: Vec<_> = MACHINE.iter().filter(|name| reached.contains(**name)).collect();
        assert!(machine.is_empty(), "{of}: {machine:?}");
    }
}
