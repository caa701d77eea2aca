//! An install with two tenants, alder and birch, and a person of each.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "tests may")]

use std::path::PathBuf;

use crate::install::Install;

/// What no answer and no log may hold unless it was asked for.
pub const SSN: &str = "536-22-1847";

/// Two tenants, a person of each, and who may ask.
pub struct Sealed {
    /// The install.
    pub install: Install,
    /// The token of a name of alder's, and of an SSN.
    pub name: String,
    /// The token of the same person's SSN.
    pub ssn: String,
    /// Their record.
    pub record: String,
    /// The token of a name of birch's.
    pub foreign: String,
    /// The credential of alder's service.
    pub service: PathBuf,
}

impl Sealed {
    /// Makes it.
    pub fn new(name: &str) -> Self {
        let install = Install::new(name);
        let mut tokens = Vec::new();
        for tenant in ["alder", "birch"] {
            install.operate(&["tenant", "add", tenant]);
            let text = format!("name,ssn,password\nAda Archer,{SSN},River-71!\n");
            let file = install.scratch.write("people.csv", &text);
            let out = install.scratch.path(tenant);
            let (file, out) = (file.to_str().unwrap(), out.to_str().unwrap());
            let of = ["--tenant", tenant, "--collection", "people", "--out", out];
            install.operate(&[&["seal", file][..], &of].concat());
            let sealed = std::fs::read_to_string(out).unwrap();
            let row = sealed.lines().nth(1).unwrap().split(',').map(str::to_owned);
            tokens.extend(row.take(2));
        }
        let [name, ssn, foreign, _] = tokens.try_into().unwrap();
        let asked = ["reveal", "--tenant", "alder", "--purpose", "support", &name];
        let record = install.operate(&asked).text("/values/0/record").to_owned();
        let service = install.principal("shop", "service", "alder").0;
        Self { install, name, ssn, record, foreign, service }
    }

    /// The body of a reveal.
    pub fn reveal(&self) -> String {
        format!(r#"{{"tokens":["{}"],"purpose":"support"}}"#, self.name)
    }
}

/// The path of alder's reveal.
pub const REVEAL: &str = "/v1/tenants/alder/reveal";
