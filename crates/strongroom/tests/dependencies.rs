//! What is linked from elsewhere, held against `deny.toml`: licences, duplicate versions, sources.
//!
//! `cargo deny` says the same with more words and is run by `./test` where it is at hand; this
//! needs nothing but the workspace. Advisories are a step of each release.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]

#[path = "support/tree.rs"]
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tree::{items, text};

fn policy() -> toml::Table {
    let file = std::fs::read_to_string(tree::root().join("deny.toml")).unwrap();
    toml::from_str(&file).unwrap()
}

fn strings(value: &toml::Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

/// Every package that is built on this platform. With all platforms, cargo would want the sources
/// of crates that are never built here.
fn packages() -> Vec<Value> {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let metadata = tree::metadata(&["--filter-platform", &platform, "--all-features"]);
    let resolved: BTreeSet<&str> =
        items(&metadata["resolve"], "nodes").map(|node| text(node, "id")).collect();
    let used = items(&metadata, "packages").filter(|p| resolved.contains(text(p, "id")));
    let used: Vec<Value> = used.cloned().collect();
    assert!(used.len() > 50, "the packages were not found");
    used
}

/// Whether an SPDX expression can be met by licences of the list. `/` is the old spelling of OR.
fn met(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let met = any_of(&mut words, allowed);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any_of(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut met = all_of(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        // Not short: the words have to be consumed.
        met |= all_of(words, allowed);
    }
    met
}

fn all_of(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    match words.next() {
        Some("(") => any_of(words, allowed) && words.next() == Some(")"),
        Some(licence) => match words.next_if_eq(&"WITH") {
            Some(_) => {
                let exception = words.next().unwrap_or_default();
                allowed.contains(&&format!("{licence} WITH {exception}")[..])
            }
            None => allowed.contains(&licence),
        },
        None => false,
    }
}

#[test]
fn every_licence_is_allowed() {
    let policy = policy();
    let allowed = strings(&policy["licenses"]["allow"]);
    let refused: Vec<String> = packages()
        .iter()
        .filter(|package| !met(text(package, "license"), &allowed))
        .map(|package| format!("{}: {}", text(package, "name"), text(package, "license")))
        .collect();
    assert!(refused.is_empty(), "not allowed by deny.toml: {refused:#?}");
}

#[test]
fn expressions_are_read_as_they_are_meant() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"];
    for good in ["MIT", "GPL-2.0-only OR MIT", "X/MIT", "(X OR MIT) AND ISC", "ISC AND (MIT OR X)"]
    {
        assert!(met(good, &allowed), "{good}");
    }
    assert!(met("Apache-2.0 WITH LLVM-exception OR X", &allowed));
    for bad in ["", "X", "MIT AND X", "(MIT", "MIT)", "Apache-2.0", "MIT WITH LLVM-exception"] {
        assert!(!met(bad, &allowed), "{bad}");
    }
    assert!(!met("(X AND MIT) OR (Y AND ISC)", &allowed), "brackets bind");
}

/// Whether `version` is of the line that `of` names: `0.14` holds `0.14.5`, not `0.140.0`.
fn is_of(version: &str, of: &str) -> bool {
    version.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[test]
fn a_second_version_has_a_reason() {
    let policy = policy();
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        let of = versions.entry(text(&package, "name").to_owned()).or_default();
        of.insert(text(&package, "version").to_owned());
    }
    for skip in policy["bans"]["skip"].as_array().unwrap() {
        let (name, line) = skip["crate"].as_str().unwrap().split_once('@').unwrap();
        let reason = skip.get("reason").and_then(toml::Value::as_str).unwrap_or_default();
        assert!(reason.len() > 10, "{name}@{line} is skipped without a reason");
        let of = versions.entry(name.to_owned()).or_default();
        let before = of.len();
        of.retain(|version| !is_of(version, line));
        assert_eq!(of.len() + 1, before, "{name}@{line} is skipped for nothing");
    }
    let twice: Vec<_> = versions.iter().filter(|(_, of)| of.len() > 1).collect();
    assert!(twice.is_empty(), "in several versions, without a reason in deny.toml: {twice:?}");
}

#[test]
fn everything_comes_from_the_registry() {
    let policy = policy();
    let allowed = strings(&policy["sources"]["allow-registry"]);
    let lock = std::fs::read_to_string(tree::root().join("Cargo.lock")).unwrap();
    let lock: toml::Table = toml::from_str(&lock).unwrap();
    for package in lock["package"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let Some(source) = package.get("source") else {
            assert!(name.starts_with("strongroom"), "{name} is from a folder");
            continue;
        };
        let registry = source.as_str().unwrap().strip_prefix("registry+").unwrap_or_default();
        assert!(allowed.contains(&registry), "{name} is from {source}");
        assert!(package.get("checksum").is_some(), "{name} has no checksum");
    }
}
