//! Any text as a schema, and any table as something to propose one for.
#![no_main]
use libfuzzer_sys::fuzz_target;
use strongroom_core::schema::{Guard, Proposer, Schema, check_headers, looks_like_data};

fuzz_target!(|text: &str| {
    if let Ok(schema) = Schema::from_toml(text) {
        assert_eq!(Schema::from_toml(&schema.to_toml()).unwrap(), schema);
    }
    let mut lines = text.lines();
    let headers: Vec<String> =
        lines.next().unwrap_or_default().split(',').map(str::to_owned).collect();
    let _ = looks_like_data(&headers);
    let named = check_headers(headers.iter().map(String::as_str)).is_ok();
    let mut proposer = Proposer::new(&headers);
    for line in lines.clone() {
        line.split(',').enumerate().for_each(|(i, cell)| proposer.observe(i, cell));
        proposer.end_row();
    }
    let proposal = proposer.finish();
    let mut guard = Guard::new(&headers, &proposal.schema());
    for (number, line) in (1..).zip(lines) {
        line.split(',').enumerate().for_each(|(i, cell)| guard.observe(i, number, cell));
    }
    for breach in guard.breaches() {
        assert!(breach.misfits > 0 || !breach.found.is_empty());
    }
    if named {
        assert_eq!(Schema::from_toml(&proposal.to_toml()).unwrap(), proposal.schema());
    }
});
