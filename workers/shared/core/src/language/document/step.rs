//! A step: one action, and when it applies. What the actions say in detail is in [`action`](super::action).
//!
//! An author writes a step as a map with optional fields ([`StepFields`]). Reading turns it into a [`Step`] with one
//! [`Action`], so that nothing after it has to handle a step with no action or with several.

use crate::language::document::action::{Convert, FromTo, MapValues, Rename};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One step of a migration. Its serialised form is that of [`StepFields`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StepFields", into = "StepFields")]
pub struct Step {
    /// CEL over `item` and `key`: the step applies where this is true. None: it always applies.
    pub when: Option<String>,
    /// What the step does.
    pub action: Action,
}

/// What a step does. Paths and expressions are as written and not checked yet.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Sets an attribute, whatever it held.
    Set {
        /// The attribute's path.
        path: String,
        /// CEL if it is a string, else the value itself.
        to: serde_json::Value,
    },
    /// Sets an attribute where it is missing.
    Default {
        /// The attribute's path.
        path: String,
        /// CEL if it is a string, else the value itself.
        to: serde_json::Value,
    },
    /// Gives an attribute another name in the same place.
    Rename(Rename),
    /// Copies an attribute.
    Copy(FromTo),
    /// Moves an attribute to any other path.
    Move(FromTo),
    /// Removes the attribute at this path.
    Remove(String),
    /// Converts a value to another type.
    Convert(Convert),
    /// Replaces fixed values.
    MapValues(MapValues),
    /// Brings an item from one version of its schema to the next.
    IncrementVersion(IncrementVersion),
}

/// Why the fields of a step are not a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StepError {
    /// The step names no action.
    #[error(
        "does nothing; write one of `set`, `default`, `rename`, `copy`, `move`, `remove`, `convert`, `map_values`, \
         `increment_version`"
    )]
    NoAction,
    /// The step names several actions.
    #[error("does several things; write one action a step")]
    SeveralActions,
    /// `set` or `default` without a `to`.
    #[error("lacks `to`: what to set")]
    NoValue,
    /// A `to` beside an action that does not take one.
    #[error("has a `to` that only `set` and `default` take")]
    NeedlessValue,
}

/// The fields of a step that are actions.
pub const ACTIONS: [&str; 9] =
    ["set", "default", "rename", "copy", "move", "remove", "convert", "map_values", "increment_version"];

/// The actions that take a value, in `to`.
pub const WITH_VALUE: [&str; 2] = ["set", "default"];

impl StepError {
    /// What is wrong with a step that has these fields, if anything is.
    pub fn in_fields(names: &[&str]) -> Option<Self> {
        let mut actions = names.iter().filter(|name| ACTIONS.contains(name));
        match (actions.next(), actions.next()) {
            (None, _) => Some(Self::NoAction),
            (_, Some(_)) => Some(Self::SeveralActions),
            (Some(action), None) => match (WITH_VALUE.contains(action), names.contains(&"to")) {
                (true, false) => Some(Self::NoValue),
                (false, true) => Some(Self::NeedlessValue),
                _ => None,
            },
        }
    }
}

impl TryFrom<StepFields> for Step {
    type Error = StepError;

    fn try_from(fields: StepFields) -> Result<Self, StepError> {
        if let Some(error) = StepError::in_fields(&fields.names()) {
            return Err(error);
        }
        let to = fields.to.unwrap_or_default();
        let action = [
            fields.set.map(|path| Action::Set { path, to: to.clone() }),
            fields.default.map(|path| Action::Default { path, to }),
            fields.rename.map(Action::Rename),
            fields.copy.map(Action::Copy),
            fields.r#move.map(Action::Move),
            fields.remove.map(Action::Remove),
            fields.convert.map(Action::Convert),
            fields.map_values.map(Action::MapValues),
            fields.increment_version.map(Action::IncrementVersion),
        ];
        let action = action.into_iter().flatten().next().ok_or(StepError::NoAction)?;
        Ok(Self { when: fields.when, action })
    }
}

impl StepFields {
    /// The names of the fields that have a value.
    fn names(&self) -> Vec<&'static str> {
        let present = [
            ("set", self.set.is_some()),
            ("default", self.default.is_some()),
            ("rename", self.rename.is_some()),
            ("copy", self.copy.is_some()),
            ("move", self.r#move.is_some()),
            ("remove", self.remove.is_some()),
            ("convert", self.convert.is_some()),
            ("map_values", self.map_values.is_some()),
            ("increment_version", self.increment_version.is_some()),
            ("to", self.to.is_some()),
        ];
        present.into_iter().filter_map(|(name, is_there)| is_there.then_some(name)).collect()
    }
}

impl From<Step> for StepFields {
    fn from(step: Step) -> Self {
        let fields = Self { when: step.when, ..Self::default() };
        match step.action {
            Action::Set { path, to } => Self { set: Some(path), to: Some(to), ..fields },
            Action::Default { path, to } => Self { default: Some(path), to: Some(to), ..fields },
            Action::Rename(rename) => Self { rename: Some(rename), ..fields },
            Action::Copy(pair) => Self { copy: Some(pair), ..fields },
            Action::Move(pair) => Self { r#move: Some(pair), ..fields },
            Action::Remove(path) => Self { remove: Some(path), ..fields },
            Action::Convert(convert) => Self { convert: Some(convert), ..fields },
            Action::MapValues(map) => Self { map_values: Some(map), ..fields },
            Action::IncrementVersion(increment) => Self { increment_version: Some(increment), ..fields },
        }
    }
}

/// One step: exactly one action, with `to` where the action needs it, and optionally `when`.
///
/// A path is names joined by dots, as in `address.city`. `[0]` is a list's first element; `[*]` is every element of a
/// list, one after the other. Put a name that contains dots or brackets in double quotes: `"a.dotted.name".part`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Step")]
#[schemars(extend("oneOf" = [
    {"required": ["set", "to"]}, {"required": ["default", "to"]},
    {"required": ["rename"]}, {"required": ["copy"]}, {"required": ["move"]}, {"required": ["remove"]},
    {"required": ["convert"]}, {"required": ["map_values"]}, {"required": ["increment_version"]}
]))]
pub struct StepFields {
    /// CEL over `item` and `key`, with the item as the earlier steps left it. Where this is false, the step is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"item.type == 'order'")]
    pub when: Option<String>,
    /// Sets the attribute at this path to `to`, whether it exists or not, and whatever it holds. The map or list around
    /// it must exist, else the item is invalid. In a list, only an existing element can be set. With `[*]`, every
    /// existing element is set; none where the list is missing or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"email")]
    pub set: Option<String>,
    /// Sets the attribute at this path to `to` where it is missing. An attribute that holds null is not missing. In all
    /// else it works as `set` does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"category")]
    pub default: Option<String>,
    /// The value that `set` and `default` set. A string is CEL (quote a fixed string twice: `"'general'"`); anything else
    /// is the value itself. If the path has a `[*]`, CEL may also read `element`, the element of the last `[*]`. A plain
    /// path, as in `item.address`, gives the attribute's value unchanged, whatever its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "serde_json::Value", example = "lower(item.email)", example = "'general'", example = 2)]
    pub to: Option<serde_json::Value>,
    /// Gives an attribute another name in the same map, whatever its type and value, null included. Does nothing where
    /// `from` is missing. Where `to` already exists and holds another value, the item is invalid: nothing is
    /// overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = serde_json::json!({"from": "zip", "to": "postalCode"}))]
    pub rename: Option<Rename>,
    /// Copies an attribute, whatever its type and value, null included. Does nothing where `from` is missing. Where `to`
    /// already exists and holds another value, the item is invalid: nothing is overwritten. The map around `to` must
    /// exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = serde_json::json!({"from": "address", "to": "location"}))]
    pub copy: Option<FromTo>,
    /// Moves an attribute to any other path, whatever its type and value, null included. Creates the maps above `to` that
    /// are missing. Does nothing where `from` is missing. Where `to` already exists and holds another value, the item is
    /// invalid: nothing is overwritten. A map that the move leaves empty stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = serde_json::json!({"from": "address.zip", "to": "postal.code"}))]
    pub r#move: Option<FromTo>,
    /// Removes the attribute at this path. Does nothing where it is missing. Removing a list's element closes the gap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"legacyStatus")]
    pub remove: Option<String>,
    /// Converts a value to another type without loss. Does nothing where the attribute is missing, null, or of that type
    /// already. An item whose value has no exact form in the other type is invalid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = serde_json::json!({"path": "price", "to": "number"}))]
    pub convert: Option<Convert>,
    /// Replaces fixed values, as when the words of a status change. Does nothing where the attribute is missing, null, or
    /// one of the new values already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = serde_json::json!({"path": "status", "values": {"OPEN": "active", "DONE": "closed"}}))]
    pub map_values: Option<MapValues>,
    /// Brings an item from one version of its schema to the next: where the version is `from`, applies `change` and sets
    /// the version to `to`. Items of any other version, or of none, are skipped. Several such steps in a row bring items
    /// of any version to the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = serde_json::json!({"from": 1, "to": 2, "change": [{"rename": {"from": "zip", "to": "postalCode"}}]}))]
    pub increment_version: Option<IncrementVersion>,
}

/// From one version of an item's schema to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncrementVersion {
    /// The path of the attribute that holds the version. Left out: `version`.
    #[serde(default = "version_path", skip_serializing_if = "is_version_path")]
    #[schemars(example = &"schemaVersion")]
    pub path: String,
    /// The version that an item must have: a number or a string. An item whose version has the other type is invalid.
    #[schemars(example = 1)]
    pub from: serde_json::Value,
    /// The version that the item gets, of the same type.
    #[schemars(example = 2)]
    pub to: serde_json::Value,
    /// The steps from the old version to the new one, applied before the version is set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<StepFields>")]
    pub change: Vec<Step>,
}

fn version_path() -> String {
    "version".into()
}

fn is_version_path(path: &str) -> bool {
    path == "version"
}

#[cfg(test)]
mod tests;
