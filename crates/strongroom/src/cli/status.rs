//! `strongroom status`

use serde_json::Value;
use strongroom_api::Status;

use super::Global;
use super::output::Answer;
use crate::problem::Problem;

/// Options of `status`: none.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  strongroom --json status")]
pub struct Args {}

/// Shows the state.
pub fn run(global: &Global, _: &Args) -> Result<Answer, Problem> {
    let status = global.door()?.call(Status {})?;
    let mut text = String::new();
    for (name, value) in &status.0 {
        let name = name.replace('_', " ");
        match value {
            Value::Object(_) | Value::Array(_) => text.push_str(&nested(&name, value)),
            Value::String(s) => text.push_str(&format!("{name:24}{s}\n")),
            other => text.push_str(&format!("{name:24}{other}\n")),
        }
    }
    Ok(Answer::new(&status, text))
}

fn nested(name: &str, value: &Value) -> String {
    let mut out = format!("{name}\n");
    for (key, item) in value.as_object().into_iter().flatten() {
        out.push_str(&format!("  {key:34}{} entries\n", item["size"]));
    }
    for item in value.as_array().into_iter().flatten() {
        let word = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
        let label = format!("{}/{}", word("tenant"), word("collection"));
        out.push_str(&format!("  {label:34}{} fields\n", item["fields"]));
    }
    out
}
