//! The house rules, held over every file of the tree.

#[path = "support/rules.rs"]
mod rules;
#[path = "support/tree.rs"]
mod tree;

use rules::{RULES, Rule, empty_name};

#[test]
fn the_tree_is_tidy() {
    let mut broken = Vec::new();
    for file in tree::files() {
        for rule in RULES.iter().filter(|rule| (rule.about)(&file.path)) {
            for line in (rule.broken)(&file.text) {
                broken.push(format!("{}:{line}: {}", file.path, rule.name));
            }
        }
    }
    assert!(broken.is_empty(), "{} places:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn a_module_is_named_for_what_it_is() {
    let files = tree::files();
    assert!(files.len() > 100, "the tree was not found");
    let empty: Vec<_> = files.iter().map(|file| &file.path).filter(|p| empty_name(p)).collect();
    assert!(empty.is_empty(), "{empty:?}");
    assert!(empty_name("crates/core/src/utils.rs") && empty_name("crates/common/src/lib.rs"));
    assert!(!empty_name("crates/core/src/uncommon_manager_words.rs"));
}

/// A text that breaks each rule, and one that keeps it.
fn examples() -> Vec<(&'static str, String, String)> {
    let given = [
        ("a module opens with what it is for", "use std::fs;\n", "//! What it is for.\n"),
        ("no line ends in white space", "fn f() {} \n", "fn f() {}\n"),
        ("no tabs", "\tfn f() {}\n", "    fn f() {}\n"),
        ("source is ASCII where it can be", "let caf\u{e9} = 1;\n", "let cafe = 1;\n"),
        ("nothing is left to be done", "    todo!()\n", "    // The todo list is a page.\n"),
        ("nothing is left to be done", "// FIXME later\n", "// fixed\n"),
        ("nothing is left to be done", "let x = dbg!(y);\n", "let x = y;\n"),
        ("no test is switched off", "#[ignore = \"slow\"]\n", "#[test]\n"),
        ("nothing waits for time to pass", "thread::sleep(TICK);\n", "receiver.recv();\n"),
        ("a lint is waived with a reason", "#[allow(dead_code)]\n", "#[must_use]\n"),
        (
            "a lint is waived with a reason",
            "#![expect(\n    dead_code,\n    unused,\n)]\n// reason = \"not in it\"\n",
            "#![expect(\n    dead_code,\n    reason = \"used on other targets\"\n)]\n",
        ),
        ("errors are types of their own", "use anyhow::Result;\n", "use crate::Problem;\n"),
        ("time and randomness are parameters", "Instant::now()\n", "clock.now_us()\n"),
        ("time and randomness are parameters", "getrandom::fill(out)\n", "random.fill(out)\n"),
        ("core and ledger perform nothing", "use std::fs;\n", "use std::fmt;\n"),
        ("core and ledger perform nothing", "println!(\"x\")\n", "write!(f, \"x\")\n"),
        ("only a store takes a batch apart", "batch.into_parts()\n", "store.commit(batch)\n"),
        (
            "only a store takes a batch apart",
            "Committed::new(ticket, vec![])\n",
            "mod a;\n\n#[cfg(test)]\nmod tests {\n    Committed::new(ticket, vec![])\n}\n",
        ),
        ("only init writes without a stage", "system::init(id, c)\n", "system::heads(&h)\n"),
        (
            "an error is lower case, without a full stop",
            "#[error(\"Not found\")]\n",
            "#[error(\"not found\")]\n",
        ),
        (
            "an error is lower case, without a full stop",
            "#[error(\n    \"no room in {0}.\"\n)]\n",
            "#[error(\n    \"no room in {0}\"\n)]\n",
        ),
        (
            "an error is lower case, without a full stop",
            "#[error(\"no room in {}.\", self.place())]\n",
            "#[error(transparent)]\n",
        ),
        (
            "no host but the known ones",
            "index = \"https://mirror.internal:8443/index\"\n",
            "see https://c2sp.org/tlog-tiles or https://shop.example.com/\n",
        ),
        ("no path of a machine", "open(\"/home/ann/key\")\n", "open(\"/srv/strongroom\")\n"),
    ];
    let mut all: Vec<_> =
        given.iter().map(|(name, bad, good)| (*name, bad.to_string(), good.to_string())).collect();
    let function =
        |calls: usize| format!("    fn f(\n        &self,\n    ) {{\n{}    }}\n", call(calls));
    all.push(("a function has at most 70 lines", function(67), function(66)));
    all.push(("a file has at most 500 lines", "\n".repeat(501), "\n".repeat(500)));
    all.push(("a line has at most 100 columns", "x".repeat(101), "\u{e9}".repeat(100)));
    all
}

fn call(times: usize) -> String {
    "        self.call();\n".repeat(times)
}

#[test]
fn every_rule_can_fail_and_can_be_kept() {
    let examples = examples();
    for Rule { name, broken, .. } in RULES {
        let mine: Vec<_> = examples.iter().filter(|(of, ..)| of == name).collect();
        assert!(!mine.is_empty(), "no example of: {name}");
        for (_, bad, good) in mine {
            assert_eq!(broken(bad).len(), 1, "{name}: {bad}");
            assert!(broken(good).is_empty(), "{name}: {good}");
        }
    }
    let known = |of: &str| RULES.iter().any(|rule| rule.name == of);
    assert!(examples.iter().all(|(of, ..)| known(of)), "an example of no rule");
}

#[test]
fn the_length_of_a_function_is_its_own() {
    let rule = RULES.iter().find(|rule| rule.name.contains("70 lines")).unwrap();
    let declared = format!("trait T {{\n    fn f(&self);\n{}}}\n", "    const A: u8;\n".repeat(80));
    assert!((rule.broken)(&declared).is_empty(), "a declaration has no body");
    let short = format!("fn f() {{}}\n{}", "const A: u8 = 1;\n".repeat(80));
    assert!((rule.broken)(&short).is_empty(), "a body may stand on the line");
    let inner = format!("fn f() {{\n    fn g() {{\n{}    }}\n}}\n", call(70));
    assert_eq!((rule.broken)(&inner), [1, 2], "a function counts what it holds");
}
