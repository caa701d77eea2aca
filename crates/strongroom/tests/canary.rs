//! The canary: known values go through the real binary by every way in, also the broken ones, also
//! through crashes; afterwards none of them stands anywhere but in the input.
//!
//! Searched are the data folder, the key folder, the private TMPDIR, every output whole or partial,
//! the reports, the exported ledger, and all that was printed, apart from the answers of `reveal`.
//! `canary_found.rs` does the same of what is sought and of what is turned back.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may")]

#[path = "support/canary.rs"]
mod canary;
#[path = "support/desk.rs"]
mod desk;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use canary::{Canary, SEAL};
use desk::tokens;
use strongroom::quickstart::people::Column;

/// Starts sealing a long file and waits until part of the output is on disk.
fn under_way(canary: &Canary, command: &mut Command) -> Child {
    // What an earlier run left is not this one's work.
    for file in fs::read_dir(canary.desk.path("out")).unwrap().flatten() {
        fs::remove_file(file.path()).unwrap();
    }
    let mut child = command.spawn().unwrap();
    let far_enough = || {
        let names = fs::read_dir(canary.desk.path("out")).unwrap().flatten();
        let mut partial = names.filter(|e| e.file_name().to_string_lossy().contains("partial"));
        partial.any(|e| e.metadata().is_ok_and(|m| m.len() > 100_000))
    };
    while !far_enough() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was stopped");
        std::thread::yield_now();
    }
    child
}

fn kill(child: &Child, signal: &str) {
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
}

/// The files that begin with `core`, or that a tool put there.
fn cores(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().flatten();
    let names = names.map(|e| e.file_name().to_string_lossy().into_owned());
    names.filter(|n| n.starts_with("core")).collect()
}

#[test]
fn good_odd_and_broken_rows_leave_nothing() {
    use Column::{Address, BankAccount, Email, Ssn};
    let mut canary = Canary::new("canary-rows");
    let mut csv = canary.people("people.csv", 11, 40);
    // Rows that cannot be read, and values where they do not belong.
    let [ssn, mail, account] = canary.values(1, [Ssn, Email, BankAccount]);
    csv.extend_from_slice(format!("D1,{ssn},{mail},{account}\n").as_bytes());
    let [ssn, mail, street] = canary.values(2, [Ssn, Email, Address]);
    csv.extend_from_slice(format!("D2,\"{street}\",{mail},\"{ssn}\"").as_bytes());
    csv.extend_from_slice(b",\xff\xfe,,,,,,,,,,,,,,,,\n");
    let [ssn, mail, account] = canary.values(3, [Ssn, Email, BankAccount]);
    csv.extend_from_slice(format!("D3,{mail},{account},{mail},{ssn},{account},{ssn}").as_bytes());
    csv.extend_from_slice(b",,,,,,,,,,,,,,\n");
    canary.desk.write("clear/people.csv", &csv);
    let desk = &canary.desk;
    let files = ["seal", "clear/people.csv", "--out", "out/people.csv", "--report", "report.json"];
    for more in [&["--dry-run", "--json"][..], &["--json"], &[]] {
        let said = desk.run(&[&files[..], &SEAL[..], more].concat());
        assert_eq!(said.code, Some(4), "{}{}", said.out, said.err);
    }
    desk.run(&["schema", "propose", "clear/people.csv"]);
    desk.done(&["schema", "show", "--tenant", "acme", "--collection", "people"]);
    let added = desk.done(&["principal", "add", "shop", "--kind", "service", "--tenant", "acme"]);
    desk.write("shop", added["credential"].as_str().unwrap());
    let sealed = desk.read("out/people.csv");
    let tokens = tokens(&sealed);
    let ask = ["reveal", "--tenant", "acme", "--purpose", "support"];
    desk.unheard(|desk| {
        assert_eq!(desk.values(&tokens[..200]).len(), 200);
        assert_eq!(desk.run(&[&ask[..], &["--full"], &tokens[..200]].concat()).code, Some(0));
    });
    // A mask shows a routing number whole, as the contract has it, and nothing else.
    let masked = desk.unheard(|desk| desk.done(&[&ask[..], &tokens[..200]].concat()));
    let shown = masked["values"].as_array().unwrap().iter().filter(|v| {
        let value = v["value"].as_str().unwrap().to_owned();
        v["field"] != "BankRouting" && canary.known.contains(&value)
    });
    assert_eq!(shown.count(), 0);
    let mixed = [&ask[..], &["--full", "srt_x"], &tokens[..20]].concat();
    desk.ends(12, &mixed);
    desk.ends(11, &["reveal", "--tenant", "acme", "--purpose", "sign-in", tokens[0]]);
    desk.ends(12, &["reveal", "--tenant", "borealis", "--purpose", "tax", "--full", tokens[0]]);
    let shop = ["--credential", "shop", "reveal", "--tenant", "borealis", "--purpose", "tax"];
    desk.ends(12, &[&shop[..], &tokens[..1]].concat());
    desk.done(&["ledger", "export", "--out", "ledger"]);
    canary.check_that_it_can_fail();
    assert_eq!(canary.leaks(), Vec::<String>::new());
}

/// Files that are not fit to be sealed, made of a person's values.
fn broken(a: &str, b: &str, c: &str) -> Vec<(&'static str, Vec<u8>)> {
    let wide = format!("MemberID,SSN,Email,Account\n1,{a},{b},{c}\n");
    let wide = [0xfeff].into_iter().chain(wide.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let text = |text: String| text.into_bytes();
    vec![
        ("noheader.csv", text(format!("1,{a},{b},{c}\n2,{a},{b},{c}\n"))),
        ("header.csv", text(format!("MemberID,{a} {b} {c}\n1,{a}\n"))),
        ("twice.csv", text(format!("MemberID,\"{a}\n{b}\",{c}\n1,2,3\n"))),
        ("quote.csv", text(format!("MemberID,SSN,Email\n1,\"{a},{b}\n2,{c},x\n"))),
        ("stray.csv", text(format!("MemberID,SSN\n1,\"{a}\" {b}\"\n2,{c}\n"))),
        ("semicolon.csv", text(format!("MemberID;SSN;Email;Account\n1;{a};{b};{c}\n"))),
        ("nul.csv", text(format!("MemberID,SSN,Email,Account\n1,{a}\0,{b},{c}\n"))),
        (
            "latin.csv",
            [text(format!("MemberID,SSN,N\n1,{a} {b},")), vec![0xe9], text(format!("{c}\n"))]
                .concat(),
        ),
        (
            "long.csv",
            text(format!("MemberID,SSN,Notes\n1,{a},\"{b} {}{c}\"\n", "x".repeat(1 << 20))),
        ),
        ("wide.csv", wide),
        (
            "array.json",
            text(format!("[{{\"SSN\":\"{a}\",\"Email\":\"{b}\",\"Account\":\"{c}\"}}]")),
        ),
        ("none.jsonl", text(format!("\"{a}\"\n{b}\n[\"{c}\"]\n"))),
        (
            "half.jsonl",
            text(format!(
                "{{\"MemberID\":1,\"SSN\":\"{a}\"}}\n{{\"SSN\":\"{b}\",\n{{\"{c}\":1}}\n"
            )),
        ),
        ("deep.jsonl", text(format!("{{\"SSN\":[{{\"{a}\":{{\"{b}\":\"{c}\"}}}}]}}\n"))),
        ("same.jsonl", text(format!("{{\"SSN\":\"{a}\",\"SSN\":\"{b}\",\"Email\":\"{c}\"}}\n"))),
    ]
}

#[test]
fn files_that_are_not_fit_leave_nothing() {
    use Column::{BankAccount, Email, Ssn};
    let mut canary = Canary::new("canary-files");
    let mut names = Vec::new();
    // Further people in each file make the values many.
    for round in 0..2 {
        let [a, b, c] = canary.values(10 + round, [Ssn, Email, BankAccount]);
        for (name, bytes) in broken(&a, &b, &c) {
            let name = format!("clear/{round}-{name}");
            canary.desk.write(&name, bytes);
            names.push(name);
        }
    }
    canary.people("people.csv", 13, 40);
    let desk = &canary.desk;
    for (at, name) in names.iter().enumerate() {
        let collection = format!("c{at}");
        let out = format!("out/{at}.csv");
        let seal = ["seal", name, "--tenant", "acme", "--collection", &collection, "--out", &out];
        // All ways for the first of each kind, one for the others.
        let said = desk.run(&seal);
        assert!(matches!(said.code, Some(0 | 2 | 4)), "{name}: {}{}", said.out, said.err);
        if name.starts_with("clear/0") {
            desk.run(&["schema", "propose", name, "--json"]);
            desk.run(&[&seal[..], &["--dry-run", "--json", "--report", "report.json"]].concat());
        }
    }
    // A file in the place of another one, and values in the place of names.
    let data = "clear/people.csv";
    let seal = [&["seal", data, "--out", "out/people.csv"], &SEAL[..]].concat();
    desk.ends(2, &[&seal[..], &["--schema", data]].concat());
    desk.ends(2, &["schema", "set", data, "--tenant", "acme", "--collection", "people"]);
    desk.ends(10, &["tenant", "list", "--credential", data]);
    for name in names.iter().take(15) {
        let said = desk.run(&[&seal[..], &["--schema", name]].concat());
        assert_eq!(said.code, Some(2), "{name}: {}{}", said.out, said.err);
        desk.run(&["tenant", "list", "--json", "--credential", name]);
    }
    let value = canary.known[1].as_str();
    desk.ends(12, &["reveal", "--tenant", "acme", "--purpose", "support", value]);
    desk.ends(12, &["reveal", "--tenant", value, "--purpose", "support", "srt_x"]);
    desk.ends(2, &["reveal", "--tenant", "acme", "--purpose", value, "srt_x"]);
    desk.ends(12, &["ledger", "who", "--tenant", "acme", "--record", value]);
    desk.ends(2, &["seal", data, "--tenant", "acme", "--collection", value]);
    desk.ends(2, &["tenant", "add", value]);
    let piped = ["reveal", "--tenant", "acme", "--purpose", "support", "-"];
    desk.run_on(&piped, &desk.read(data));
    desk.done(&["ledger", "export", "--out", "ledger"]);
    canary.check_that_it_can_fail();
    assert_eq!(canary.leaks(), Vec::<String>::new());
}

#[test]
fn crashes_leave_nothing_and_no_core() {
    let mut canary = Canary::new("canary-crash");
    canary.people("people.csv", 17, 6000);
    let desk = &canary.desk;
    let files = ["seal", "clear/people.csv", "--out", "out/people.csv"];
    let seal = [&files[..], &SEAL[..]].concat();
    let mut killed = under_way(&canary, &mut desk.command(&seal));
    kill(&killed, "-KILL");
    assert_eq!(killed.wait().unwrap().signal(), Some(9));
    assert_eq!(canary.leaks(), Vec::<String>::new(), "after SIGKILL");

    let dumping = |command: &mut Command| {
        // The parent allows what the process must forbid to itself.
        let mut shell = Command::new("bash");
        shell.args(["-c", "ulimit -c unlimited; exec \"$@\"", "bash"]);
        shell.arg(command.get_program()).args(command.get_args());
        shell.current_dir(desk.path("")).env("STRONGROOM_DATA", desk.path("data"));
        shell.env("TMPDIR", desk.path("tmp")).stdin(Stdio::null());
        shell.stdout(Stdio::null()).stderr(Stdio::null());
        shell
    };
    let mut aborted = under_way(&canary, &mut dumping(&mut desk.command(&seal)));
    kill(&aborted, "-ABRT");
    let status = aborted.wait().unwrap();
    assert_eq!((status.signal(), status.core_dumped()), (Some(6), false));
    assert_eq!(cores(&desk.path("")), Vec::<String>::new());
    // The same end of a program that forbids nothing: without a core of that one, nothing is said.
    let control = dumping(Command::new("sh").args(["-c", "kill -ABRT $$"])).status().unwrap();
    if !control.core_dumped() {
        eprintln!("skipped: this machine dumps no core of any program");
    }
    for core in cores(&desk.path("")) {
        fs::remove_file(desk.path(&core)).unwrap();
    }
    assert_eq!(canary.leaks(), Vec::<String>::new(), "after SIGABRT");

    let report = desk.done(&seal);
    assert_eq!(report["rows"], 6000);
    assert!(report["changed"].as_u64().unwrap() < 6000, "it went on where it was stopped");
    let passwords = report["values"]["password"].as_u64().unwrap();
    let with_tokens = sum(&report["values"]) - passwords;
    assert_eq!(tokens(&desk.read("out/people.csv")).len() as u64, with_tokens);
    desk.done(&["ledger", "export", "--out", "ledger"]);
    canary.check_that_it_can_fail();
    assert_eq!(canary.leaks(), Vec::<String>::new());
}

fn sum(counts: &serde_json::Value) -> u64 {
    counts.as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum()
}

/// A command run as a user without rights over other processes, whoever runs the tests.
fn unprivileged(program: &str) -> Option<Command> {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout != b"0\n" {
        return Some(Command::new(program));
    }
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];
    let can = Command::new("setpriv").args(nobody).arg("true").status();
    if !can.is_ok_and(|s| s.success()) {
        return None;
    }
    let mut command = Command::new("setpriv");
    command.args(nobody).arg(program);
    Some(command)
}

/// Waits until a process is the program of this name and sleeps: it waits for its input.
fn waits_for_input(process: &mut Child, name: &str) {
    let stat = format!("/proc/{}/stat", process.id());
    while !fs::read_to_string(&stat).unwrap_or_default().contains(&format!("({name}) S")) {
        assert!(process.try_wait().unwrap().is_none(), "{name} ended before it was looked at");
        std::thread::yield_now();
    }
}

/// Whether another process of the same user can read the memory map of this one.
fn can_look_into(process: &Child) -> bool {
    let place = format!("/proc/{}/maps", process.id());
    let mut look = unprivileged("head").unwrap();
    look.args(["-c", "1", &place]).stdout(Stdio::piped()).stderr(Stdio::null());
    !look.output().unwrap().stdout.is_empty()
}

/// Whether a debugger of the same user can dump this one; nothing where there is none.
fn can_dump(process: &Child, folder: &Path) -> Option<bool> {
    let core = folder.join("taken");
    let mut debugger = unprivileged("gcore")?;
    debugger.arg("-o").arg(&core).arg(process.id().to_string()).current_dir(folder);
    debugger.stdin(Stdio::null()).output().ok()?;
    Some(core.with_extension(process.id().to_string()).exists())
}

#[test]
fn no_other_process_of_the_same_user_can_look_into_it() {
    // Where anybody may go: the folder of the build may be closed to others.
    let folder = std::env::temp_dir().join(format!("strongroom-canary-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o1777)).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_strongroom"), folder.join("canary")).unwrap();
    let start = |program: &str, args: &[&str]| {
        let mut command = unprivileged(program)?;
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.current_dir("/").spawn().ok()
    };
    let args = ["reveal", "--tenant", "acme", "--purpose", "tax", "-"];
    let it = start(folder.join("canary").to_str().unwrap(), &args);
    if let (Some(mut it), Some(mut other)) = (it, start("cat", &[])) {
        waits_for_input(&mut it, "canary");
        waits_for_input(&mut other, "cat");
        let looked = (can_look_into(&it), can_look_into(&other));
        let dumped = (can_dump(&it, &folder), can_dump(&other, &folder));
        for mut child in [it, other] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert!(!looked.0, "its memory map can be read");
        assert_ne!(dumped.0, Some(true), "its memory can be dumped");
        if !looked.1 || dumped.1 != Some(true) {
            eprintln!("skipped in part: map of any process {}, dump {:?}", looked.1, dumped.1);
        }
    } else {
        eprintln!("skipped: the tests run as root and no other user can be taken on");
    }
    fs::remove_dir_all(&folder).unwrap();
}
