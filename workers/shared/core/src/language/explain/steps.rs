//! Steps in plain sentences.

use crate::language::document::{Action, ConvertTo, IncrementVersion, MapValues, Otherwise, Rename, Step};
use serde_json::Value;

/// A step in a few words, to follow its number: `rename zip to postalCode`.
pub fn brief(step: &Step) -> String {
    match &step.action {
        Action::Set { path, .. } => format!("set {path}"),
        Action::Default { path, .. } => format!("default {path}"),
        Action::Rename(rename) => format!("rename {} to {}", rename.from, rename.to),
        Action::Copy(pair) => format!("copy {} to {}", pair.from, pair.to),
        Action::Move(pair) => format!("move {} to {}", pair.from, pair.to),
        Action::Remove(path) => format!("remove {path}"),
        Action::Convert(convert) => format!("convert {} to {}", convert.path, name_of(&convert.to)),
        Action::MapValues(map) => format!("map the values of {}", map.path),
        Action::IncrementVersion(increment) => {
            format!("{} from {} to {}", increment.path, shown(&increment.from), shown(&increment.to))
        }
    }
}

/// A step in full sentences.
pub fn sentences(step: &Step) -> String {
    let said = action(step);
    match &step.when {
        Some(when) => format!("Only where `{}` is true: {}", one_line(when), lower_first(&said)),
        None => said,
    }
}

fn action(step: &Step) -> String {
    match &step.action {
        Action::Set { path, to } => {
            let many = if path.contains("[*]") { "for each element of the list, " } else { "" };
            format!("Sets {many}`{path}` to {}, whatever it held before.{}", value(to), computed(to))
        }
        Action::Default { path, to } => format!(
            "Sets `{path}` to {} where it is missing. Items that have it, even as null, keep theirs.{}",
            value(to),
            computed(to)
        ),
        Action::Rename(rename) => renamed(rename),
        Action::Copy(pair) => {
            format!("Copies `{}` to `{}`. {}", pair.from, pair.to, unless_other(&pair.from, &pair.to))
        }
        Action::Move(pair) => format!(
            "Moves `{}` to `{}`, and makes the maps above it that are missing. {}",
            pair.from,
            pair.to,
            unless_other(&pair.from, &pair.to)
        ),
        Action::Remove(path) => format!("Removes `{path}`, where it is there."),
        Action::Convert(convert) => format!(
            "Turns `{}` into {}. Nothing happens where it is missing, null, or that already; a value that has no exact form as \
             such makes the item invalid.",
            convert.path,
            described(&convert.to)
        ),
        Action::MapValues(map) => mapped(map),
        Action::IncrementVersion(increment) => incremented(increment),
    }
}

fn renamed(rename: &Rename) -> String {
    let what = match rename.keep {
        true => format!("Copies `{}` to its new name `{}`; the old one stays beside it.", rename.from, rename.to),
        false => format!("Renames `{}` to `{}`, whatever it holds.", rename.from, rename.to),
    };
    format!("{what} {}", unless_other(&rename.from, &rename.to))
}

fn unless_other(from: &str, to: &str) -> String {
    format!("Nothing happens where `{from}` is missing; an item that has another `{to}` already is invalid.")
}

fn mapped(map: &MapValues) -> String {
    let pairs: Vec<String> = map.values.iter().map(|(old, new)| format!("\"{old}\" becomes {}", shown(new))).collect();
    let otherwise = match &map.otherwise {
        Otherwise::Invalid => "makes the item invalid".to_owned(),
        Otherwise::Keep => "stays".to_owned(),
        Otherwise::Set(value) => format!("becomes {}", shown(value)),
    };
    format!(
        "In `{}`, {}. Any other value {otherwise}. Nothing happens where it is missing, null, or new already.",
        map.path,
        pairs.join(", ")
    )
}

fn incremented(increment: &IncrementVersion) -> String {
    let steps = match increment.change.len() {
        0 => "sets it".to_owned(),
        1 => "does this step, and then sets it".to_owned(),
        count => format!("does these {count} steps, and then sets it"),
    };
    format!(
        "Where `{}` is {}: {steps} to {}. Items of any other version, or of none, are passed over.",
        increment.path,
        shown(&increment.from),
        shown(&increment.to)
    )
}

/// What can go wrong where a value is computed.
fn computed(to: &Value) -> &'static str {
    let expression = matches!(to, Value::String(text) if text.contains("item.") || text.contains("key."));
    if expression {
        " An item for which that fails (an attribute is missing, a text does not fit) is invalid."
    } else {
        ""
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::String(expression) => format!("`{}`", one_line(expression)),
        other => format!("`{other}`"),
    }
}

fn shown(value: &Value) -> String {
    value.to_string()
}

/// An expression of several lines in one.
pub fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

fn name_of(to: &ConvertTo) -> String {
    serde_json::to_value(to).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn described(to: &ConvertTo) -> &'static str {
    match to {
        ConvertTo::Number => "the number that its text holds",
        ConvertTo::String => "a text",
        ConvertTo::Boolean => "a boolean",
        ConvertTo::EpochSeconds => "seconds since 1970",
        ConvertTo::IsoTime => "an ISO 8601 time in UTC",
        ConvertTo::List => "a list",
        ConvertTo::StringSet => "a set of strings",
        ConvertTo::NumberSet => "a set of numbers",
        ConvertTo::BinarySet => "a set of binary values",
        ConvertTo::Binary => "binary, from base64",
    }
}
