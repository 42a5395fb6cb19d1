//! The input of an execution: the fields that the command sets, and those of `--input`.

use crate::files;
use crate::operate::OperateError;
use serde_json::{Map, Value, json};
use std::error::Error;
use std::path::Path;
use tableshift_core::language::document::Document;
use tableshift_core::plan::settings::input::{Action, Input};

/// Builds the input and checks it as Plan does. `more` is the value of `--input`; its fields replace those of the command.
pub fn build(
    action: Action,
    fields: impl IntoIterator<Item = (&'static str, Value)>,
    more: Option<&str>,
) -> Result<Value, OperateError> {
    let invalid = |source| OperateError::Json { option: "input", source };
    let more: Map<String, Value> = more.map(serde_json::from_str).transpose().map_err(invalid)?.unwrap_or_default();
    if more.contains_key("requested_by") {
        return Err(OperateError::AlreadySigned);
    }
    let mut input = Map::from_iter([("action".to_owned(), json!(action.as_str()))]);
    input.extend(fields.into_iter().map(|(name, value)| (name.to_owned(), value)));
    input.extend(more);
    let input = Value::Object(input);
    Input::parse(&input).map_err(OperateError::Input)?;
    Ok(input)
}

/// The input's `migration`: an id, or the document in a local file. An argument that contains a slash, or ends like a
/// YAML or JSON file, is a file.
pub fn migration(argument: &str) -> Result<Value, OperateError> {
    let is_file = argument.contains('/') || [".yaml", ".yml", ".json"].iter().any(|end| argument.ends_with(end));
    if !is_file {
        return Ok(json!(argument));
    }
    read_document(argument)
        .map_err(|source| OperateError::Document { what: format!("cannot use the migration in {argument}"), source })
}

fn read_document(path: &str) -> Result<Value, Box<dyn Error + Send + Sync>> {
    let document = Document::from_yaml(&files::read(Path::new(path))?.text)?;
    Ok(serde_json::to_value(document)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_plan_would_refuse_is_refused_before_the_start() {
        let build = |more| build(Action::Migrate, [("migration", json!("a")), ("table", json!("people"))], Some(more));
        let error = build(r#"{"colour": "red"}"#).unwrap_err();
        assert!(matches!(error, OperateError::Input(_)), "{error}");
        let error = build(r#"{"requested_by": "https://"}"#).unwrap_err();
        assert!(matches!(error, OperateError::AlreadySigned), "{error}");
        assert!(matches!(build("{").unwrap_err(), OperateError::Json { option: "input", .. }));
    }
}
