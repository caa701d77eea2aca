//! The TOML form of a schema, read with the line of each mistake.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{COLUMNS_MAX, Column, Schema, SchemaError, Treatment, is_personal};
use crate::field::{FieldType, Storage};

/// The longest reason for leaving a column clear, in bytes.
const REASON_BYTES_MAX: usize = 500;

/// Reads a schema. Messages of the TOML reader are not passed on: they quote the text.
pub(super) fn schema(text: &str) -> Result<Schema, SchemaError> {
    let lines = Lines(text);
    let table = DeTable::parse(text).map_err(|error| SchemaError::Syntax {
        line: error.span().map_or(1, |span| lines.line(&span)),
    })?;
    let mut columns = Vec::new();
    for (key, value) in table.get_ref() {
        let line = lines.line(&key.span());
        if key.get_ref() != "column" {
            return Err(SchemaError::UnknownKey { line, column: None });
        }
        let DeValue::Array(tables) = value.get_ref() else {
            return Err(SchemaError::Syntax { line });
        };
        if tables.len() > COLUMNS_MAX {
            return Err(SchemaError::TooManyColumns);
        }
        for table in tables {
            columns.push(column(table, &lines)?);
        }
    }
    if columns.is_empty() {
        return Err(SchemaError::NoColumns);
    }
    Schema::new(columns)
}

/// One `[[column]]`. Its keys come in any order, so its name is looked up before errors name it.
fn column(value: &Spanned<DeValue<'_>>, lines: &Lines<'_>) -> Result<Column, SchemaError> {
    let start = lines.line(&value.span());
    let DeValue::Table(table) = value.get_ref() else {
        return Err(SchemaError::Syntax { line: start });
    };
    let entry = Entry { table, lines, start };
    if let Some((key, _)) = table
        .iter()
        .find(|(key, _)| !matches!(&**key.get_ref(), "name" | "type" | "index" | "clear" | "key"))
    {
        let line = lines.line(&key.span());
        return Err(SchemaError::UnknownKey { line, column: entry.shown() });
    }
    let name = entry.text("name")?.ok_or(SchemaError::NoName { line: start })?.0.to_owned();
    let treatment = match (entry.text("type")?, entry.text("clear")?, entry.text("key")?) {
        (Some((kind, line)), None, None) => entry.sealed(kind, line)?,
        (None, Some(reason), None) => Treatment::Clear { reason: entry.reason("clear", reason)? },
        (None, None, Some(reason)) => Treatment::Key { reason: entry.reason("key", reason)? },
        _ => return Err(SchemaError::TypeOrClear { line: start, column: entry.shown() }),
    };
    Ok(Column { name, treatment })
}

/// A column's table with what its errors need.
struct Entry<'t> {
    table: &'t DeTable<'t>,
    lines: &'t Lines<'t>,
    start: usize,
}

impl<'t> Entry<'t> {
    /// The column's name for an error, unless it is itself a personal value.
    fn shown(&self) -> Option<String> {
        let name = self.table.get("name")?.get_ref().as_str()?;
        (super::is_column_name(name) && !is_personal(name)).then(|| name.to_owned())
    }

    fn text(&self, key: &'static str) -> Result<Option<(&'t str, usize)>, SchemaError> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let line = self.lines.line(&value.span());
        match value.get_ref().as_str() {
            Some(text) => Ok(Some((text, line))),
            None => Err(self.wrong(line, key, "a text in quotes")),
        }
    }

    fn index(&self) -> Result<Option<(bool, usize)>, SchemaError> {
        let Some(value) = self.table.get("index") else { return Ok(None) };
        let line = self.lines.line(&value.span());
        match value.get_ref().as_bool() {
            Some(index) => Ok(Some((index, line))),
            None => Err(self.wrong(line, "index", "true or false")),
        }
    }

    fn sealed(&self, kind: &str, line: usize) -> Result<Treatment, SchemaError> {
        let Some(kind) = FieldType::parse(kind) else {
            return Err(SchemaError::UnknownType { line, column: self.shown() });
        };
        match (self.index()?, kind.storage()) {
            (None, _) => Ok(Treatment::of(kind)),
            (Some((index, _)), Storage::Sealed) => Ok(Treatment::Seal { kind, index }),
            (Some((false, _)), _) => Ok(Treatment::of(kind)),
            (Some((true, line)), _) => Err(SchemaError::IndexUnfit { line, column: self.shown() }),
        }
    }

    /// Why a column is left open, or may be seen as the key.
    fn reason(
        &self,
        key: &'static str,
        (reason, line): (&str, usize),
    ) -> Result<String, SchemaError> {
        if let Some((_, line)) = self.index()? {
            return Err(SchemaError::IndexUnfit { line, column: self.shown() });
        }
        let reason = reason.trim();
        if reason.is_empty() || reason.len() > REASON_BYTES_MAX || reason.contains(char::is_control)
        {
            return Err(self.wrong(line, key, "the reason on one line, up to 500 bytes"));
        }
        Ok(reason.to_owned())
    }

    fn wrong(&self, line: usize, key: &'static str, wanted: &'static str) -> SchemaError {
        let line = if line == 0 { self.start } else { line };
        SchemaError::WrongSort { line, column: self.shown(), key, wanted }
    }
}

/// Lines of a text by place.
struct Lines<'t>(&'t str);

impl Lines<'_> {
    /// The line, from 1 on, on which the span starts.
    fn line(&self, span: &Range<usize>) -> usize {
        let before = self.0.as_bytes().get(..span.start).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHOLE: &str = r#"
[[column]]
name = "Dist ID"
clear = "number of the application"

[[column]]
name = "Dist No"
key = "number of the application"

[[column]]
name = "SSN"
type = "ssn"

[[column]]
type = "email"
index = false
name = "E-Mail"

[[column]]
name = "CVV"
type = "card_security_code"

[[column]]
name = "Größe \"x\""
type = "text"
index = true
"#;

    #[test]
    fn a_schema_is_read_in_order_and_written_back() {
        let schema = schema(WHOLE).unwrap();
        let treatments: Vec<&Treatment> = schema.columns.iter().map(|c| &c.treatment).collect();
        assert!(matches!(treatments[0], Treatment::Clear { reason } if reason.contains("number")));
        assert_eq!(schema.key().map(|c| c.name.as_str()), Some("Dist No"));
        assert_eq!(*treatments[2], Treatment::Seal { kind: FieldType::Ssn, index: true });
        assert_eq!(*treatments[3], Treatment::Seal { kind: FieldType::Email, index: false });
        assert_eq!(*treatments[4], Treatment::Drop { kind: FieldType::CardSecurityCode });
        assert_eq!(*treatments[5], Treatment::Seal { kind: FieldType::Text, index: true });
        assert_eq!(super::schema(&schema.to_toml()).unwrap(), schema);
        let json = schema.to_json();
        assert_eq!(json["columns"][0]["clear"], "number of the application");
        assert_eq!(json["columns"][1]["key"], "number of the application");
        assert_eq!(json["columns"][2]["type"], "ssn");
        assert_eq!(json["columns"][4]["index"], false);
        assert_eq!(schema.column(" e-mail ").unwrap().0, 3);
        assert_eq!(schema.column("GRÖSSE \"X\"").map(|c| c.0), None);
        assert_eq!(schema.column("GRÖßE \"X\"").unwrap().0, 5);
    }

    #[test]
    fn mistakes_are_named_by_line_and_column_with_a_remedy() {
        let of = |body: &str| schema(&format!("[[column]]\nname = \"A\"\n{body}\n")).unwrap_err();
        for (body, wanted) in [
            ("type = \"sssn\"", "line 3, column `A`: unknown type; known are ssn, tax_id, "),
            ("type = \"ssn\"\nkind = 1", "line 4, column `A`: unknown key"),
            ("type = \"ssn\"\nindex = 1", "line 4, column `A`: `index` must be true or false"),
            ("type = 5", "line 3, column `A`: `type` must be a text"),
            ("clear = \" \"", "line 3, column `A`: `clear` must be the reason"),
            (
                "type = \"ssn\"\nclear = \"x\"",
                "column `A`: write `type`, `clear` or `key`, and one",
            ),
            ("key = \"x\"\nclear = \"x\"", "column `A`: write `type`, `clear` or `key`, and one"),
            ("", "column `A`: write `type`, `clear` or `key`"),
            ("key = \"\"", "line 3, column `A`: `key` must be the reason on one line"),
            ("key = \"x\"\nindex = true", "line 4, column `A`: only a sealed column"),
            (
                "key = \"x\"\n[[column]]\nname = \"B\"\nkey = \"x\"",
                "column 2: another column is the",
            ),
            ("clear = \"x\"\nindex = true", "line 4, column `A`: only a sealed column"),
            ("type = \"password\"\nindex = true", "line 4, column `A`: only a sealed column"),
            ("type = \"ssn\"\n[[column]]\ntype = \"ssn\"", "line 4: the column has no `name`"),
            ("type = \"ssn\"\n[[column]]\nname = \"a\"\ntype = \"ssn\"", "column 2: another"),
            ("type = \"ssn\"\n[[column]]\nname = \"\"\ntype = \"ssn\"", "column 2: a name has"),
            ("type = ssn", "line 3 is not valid TOML"),
            ("type = \"ssn\"\n[other]\nx = 1", "line 4: unknown key"),
        ] {
            let error = of(body).to_string();
            assert!(error.contains(wanted), "{body}: {error}");
        }
        assert_eq!(schema(""), Err(SchemaError::NoColumns));
        assert!(matches!(schema("column = 1"), Err(SchemaError::Syntax { line: 1 })));
        let many = "[[column]]\nname = \"A\"\ntype = \"ssn\"\n".repeat(1025);
        assert_eq!(schema(&many), Err(SchemaError::TooManyColumns));
    }

    #[test]
    fn errors_hold_no_personal_value() {
        for text in [
            "Name,SSN\nCanary,078-05-1120\n",
            "[[column]]\nname = \"078-05-1120\"\ntype = \"078-05-1120\"\n",
            "[[column]]\nname = \"A\"\ntype = \"ssn\"\nindex = \"078-05-1120\"\n",
            "[[column]]\nname = \"A\"\n\"078-05-1120\" = 1\n",
            "\"078-05-1120\" = 1\n",
        ] {
            let error = schema(text).unwrap_err();
            let said = format!("{error} {error:?}");
            assert!(!said.contains("1120") && !said.contains("Canary"), "{said}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in any::<String>()) {
            let _ = schema(&text);
            let _ = schema(&format!("[[column]]\nname = {text}"));
        }

        #[test]
        fn any_fit_name_and_reason_survive(
            name in "[^\\p{Cc}]{1,32}",
            reason in "[^\\p{Cc}]{1,40}",
        ) {
            prop_assume!(!name.trim().is_empty() && !reason.trim().is_empty());
            let treatment = Treatment::Clear { reason: reason.trim().to_owned() };
            let whole = Schema::new(vec![Column { name, treatment }]).unwrap();
            prop_assert_eq!(schema(&whole.to_toml()).unwrap(), whole);
        }
    }
}
