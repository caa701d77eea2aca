//! Every route, called by every kind of caller: `http_matrix.txt`, run against a real server.
//!
//! What is refused runs first and all together: afterwards the ledger holds exactly one entry for
//! each refusal that is one of the access path, and nothing else has changed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/install.rs"]
mod install;
#[path = "support/server.rs"]
mod server;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

use install::Install;
use serde_json::Value;
use server::Server;
use strongroom_core::erasure::Reason;
use strongroom_core::ledger::entry::Phase;
use strongroom_core::policy::Purpose;

const CALLERS: usize = 8;
/// Columns whose callers belong to birch, and so are strangers to alder.
const STRANGERS: [usize; 2] = [2, 4];

const PEOPLE: &str = "name,ssn,password\nAda Archer,536-22-1847,River-71!\n";

/// A line of the matrix.
struct Row {
    method: String,
    path: String,
    body: String,
    statuses: Vec<u16>,
}

fn matrix() -> Vec<Row> {
    let text = include_str!("http_matrix.txt");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (call, statuses) = words.split_at(words.len() - CALLERS);
        Row {
            method: call[0].to_owned(),
            path: call[1].to_owned(),
            body: call.get(2).copied().unwrap_or_default().to_owned(),
            statuses: statuses.iter().map(|word| word.parse().unwrap()).collect(),
        }
    };
    lines.map(row).collect()
}

/// Whether a row is one of a route.
fn is_of(row: &Row, method: &str, path: &str) -> bool {
    let (asked, route): (Vec<_>, Vec<_>) =
        (row.path.split('/').collect(), path.split('/').collect());
    let fits = |(asked, part): (&&str, &&str)| asked == part || part.starts_with('{');
    row.method == method && asked.len() == route.len() && asked.iter().zip(&route).all(fits)
}

#[test]
fn every_route_is_in_the_matrix() {
    let (matrix, routes) = (matrix(), strongroom::http::operations());
    assert!(routes.len() > 15);
    for route in routes {
        let mut rows = matrix.iter().filter(|row| is_of(row, route.method.name(), route.path));
        assert!(rows.next().is_some(), "{} {}", route.method.name(), route.path);
    }
}

#[test]
fn the_matrix_itself_lets_no_stranger_in() {
    let open: BTreeSet<_> = strongroom::http::OPEN.into_iter().collect();
    for row in matrix() {
        if open.contains(&row.path[..]) {
            continue;
        }
        assert_eq!(row.statuses[5..], [401; 3], "{} {}", row.method, row.path);
        if row.path.contains("/alder") || row.body.contains("{alder-") {
            for caller in STRANGERS {
                let status = row.statuses[caller];
                assert!(matches!(status, 404 | 405), "{} {}: {status}", row.method, row.path);
            }
        }
    }
}

/// The install of the matrix, and what its placeholders stand for.
struct Setting {
    install: Install,
    callers: Vec<Option<PathBuf>>,
    values: Vec<(&'static str, String)>,
    leavers: RefCell<Vec<String>>,
    count: RefCell<u32>,
}

fn setting() -> Setting {
    let install = Install::new("http-matrix");
    let mut values = Vec::new();
    for (tenant, token, record) in
        [("alder", "{alder-token}", "{alder-record}"), ("birch", "{birch-token}", "{birch-record}")]
    {
        install.operate(&["tenant", "add", tenant]);
        let file = install.scratch.write("people.csv", PEOPLE);
        let out = install.scratch.path(tenant);
        let (file, out) = (file.to_str().unwrap(), out.to_str().unwrap());
        let of = ["--tenant", tenant, "--collection", "people", "--out", out];
        install.operate(&[&["seal", file][..], &of].concat());
        let sealed = std::fs::read_to_string(out).unwrap();
        let first = sealed.lines().nth(1).unwrap().split(',').next().unwrap().to_owned();
        let asked = ["reveal", "--tenant", tenant, "--purpose", "support", &first];
        let found = install.operate(&asked).text("/values/0/record").to_owned();
        values.push((token, first));
        values.push((record, found));
    }
    let more = install.scratch.write(
        "more.csv",
        &format!("name,ssn,password\n{}", {
            (0..8).map(|n| format!("Person {n},401-55-902{n},x\n")).collect::<String>()
        }),
    );
    let out = install.scratch.path("more");
    let of = ["--tenant", "alder", "--collection", "people", "--out", out.to_str().unwrap()];
    install.operate(&[&["seal", more.to_str().unwrap()][..], &of].concat());
    let sealed = std::fs::read_to_string(out).unwrap();
    let tokens = sealed.lines().skip(1).map(|line| line.split(',').next().unwrap());
    let asked = ["reveal", "--tenant", "alder", "--purpose", "support"];
    let asked: Vec<&str> = asked.into_iter().chain(tokens).collect();
    let found = install.operate(&asked);
    let records = found.json["values"].as_array().unwrap().iter();
    let leavers = records.map(|value| value["record"].as_str().unwrap().to_owned()).collect();
    let shown = install.operate(&["schema", "show", "--tenant", "alder", "--collection", "people"]);
    let schema = toml_of(&install);
    assert_eq!(shown.code, 0);
    values.push(("{schema}", serde_json::to_string(&schema).unwrap()));
    let mut callers = vec![Some(install.operator.clone())];
    for (name, kind, tenant) in [
        ("alder-operator", "operator", "alder"),
        ("birch-operator", "operator", "birch"),
        ("alder-service", "service", "alder"),
        ("birch-service", "service", "birch"),
        ("gone", "service", "alder"),
    ] {
        callers.push(Some(install.principal(name, kind, tenant).0));
    }
    install.operate(&["principal", "revoke", "gone"]);
    install.principal("spare", "service", "alder");
    callers.push(None);
    callers.push(Some(install.scratch.write("none", "srk_none")));
    let (leavers, count) = (RefCell::new(leavers), RefCell::default());
    Setting { install, callers, values, leavers, count }
}

fn toml_of(install: &Install) -> String {
    let args = ["schema", "show", "--tenant", "alder", "--collection", "people"];
    let mut command = install.command(Some(&install.operator), &args);
    // The same without `--json`.
    let args: Vec<_> =
        command.get_args().filter(|a| *a != "--json").map(ToOwned::to_owned).collect();
    let program = command.get_program().to_owned();
    command = std::process::Command::new(program);
    let shown = command.args(args).output().unwrap();
    String::from_utf8(shown.stdout).unwrap()
}

impl Setting {
    fn filled(&self, text: &str, granted: bool) -> String {
        let mut out = text.to_owned();
        for (name, value) in &self.values {
            out = out.replace(name, value);
        }
        if out.contains("{leaver}") {
            let mut leavers = self.leavers.borrow_mut();
            let leaver = leavers.last().unwrap().clone();
            if granted {
                leavers.pop();
            }
            out = out.replace("{leaver}", &leaver);
        }
        if out.contains("{new}") {
            *self.count.borrow_mut() += 1;
            out = out.replace("{new}", &format!("new-{}", self.count.borrow()));
        }
        out
    }

    /// Calls as one of the callers; gives the status and the words.
    fn call(&self, server: &Server, row: &Row, caller: usize) -> (u16, String) {
        let granted = row.statuses[caller] == 200;
        let (path, body) = (self.filled(&row.path, granted), self.filled(&row.body, granted));
        let reply = server.call(self.callers[caller].as_deref(), &row.method, &path, &body);
        if reply.status >= 400 {
            let problem = &reply.json;
            assert_eq!(problem["status"], reply.status, "{}", reply.text);
            assert_eq!(reply.header("content-type"), Some("application/problem+json"));
            assert!(problem["remedy"].as_str().unwrap().len() > 3, "{}", reply.text);
        }
        (reply.status, reply.json["detail"].as_str().unwrap_or_default().to_owned())
    }

    /// Refusals in the ledger so far.
    fn refusals(&self) -> usize {
        let entries = self.install.entries();
        entries.iter().filter(|entry| entry.phase == Phase::Denied).count()
    }
}

#[test]
fn every_route_answers_every_caller_as_the_matrix_says() {
    let setting = setting();
    let before = setting.refusals();
    let (mut refused, mut strangers) = (0, 0);
    let server = Server::plain(&setting.install);
    let mut words = BTreeSet::new();
    for granted in [false, true] {
        for row in matrix() {
            // What is granted changes what is there, and each leaves once.
            for caller in (0..CALLERS).filter(|c| (row.statuses[*c] == 200) == granted) {
                let (status, detail) = setting.call(&server, &row, caller);
                let case = format!("{} {} by {caller}: {detail}", row.method, row.path);
                assert_eq!(status, row.statuses[caller], "{case}");
                let routed = strongroom::http::operations();
                let routed = routed.iter().any(|r| is_of(&row, r.method.name(), r.path));
                refused += usize::from(routed && matches!(status, 403 | 404));
                strangers += usize::from(status == 401);
                if status == 404 && row.path.contains("nowhere") {
                    words.insert(detail);
                }
            }
        }
        if !granted {
            assert_eq!(words.len(), 1, "{words:?}");
        }
    }
    assert!(server.stop());
    // Strangers past the limit are answered alike and not recorded.
    let recorded = setting.refusals() - before;
    assert!(refused > 100 && strangers > 100, "{refused} {strangers}");
    assert!(recorded > refused + 60 && recorded <= refused + strangers, "{recorded} {refused}");
}

#[test]
fn the_openapi_text_knows_the_words_and_the_statuses() {
    let text: Value = serde_json::from_str(&strongroom::http::openapi_text()).unwrap();
    let schemas = &text["components"]["schemas"];
    let words = |of: &str, member: &str| {
        let words = schemas[of]["properties"][member]["enum"].as_array().unwrap().iter();
        words.map(|word| word.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let purposes = Purpose::ALL.iter().map(|purpose| purpose.name().to_owned());
    assert_eq!(words("Reveal", "purpose"), purposes.collect());
    let reasons = Reason::ALL.iter().map(|reason| reason.name().to_owned());
    assert_eq!(words("Erase", "reason"), reasons.collect());
    for row in matrix() {
        let routes = strongroom::http::operations();
        let Some(route) = routes.iter().find(|r| is_of(&row, r.method.name(), r.path)) else {
            continue;
        };
        let said = &text["paths"][route.path][route.method.name().to_lowercase()];
        for status in &row.statuses {
            assert!(said["responses"].get(status.to_string()).is_some(), "{} {status}", row.path);
        }
        // A call with members has a body.
        let body = &said["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        if let Some(name) = body.as_str().map(|path| path.rsplit('/').next().unwrap()) {
            let required = schemas[name].get("required").is_some();
            assert_eq!(said["requestBody"]["required"], required, "{name}");
            assert_eq!(required, !row.body.is_empty(), "{name}");
        }
    }
}
