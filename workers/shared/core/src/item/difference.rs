//! Where two items differ, down to the values within maps.

use crate::item::value::{Item, Value};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// One place where two items differ: an attribute, or a value within a map or list.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The path, in the syntax of migration documents.
    pub path: String,
    /// The top-level attribute that contains the place.
    pub attribute: String,
    /// The value in the first item; `None` if it is missing there.
    pub before: Option<Value>,
    /// The value in the second item; `None` if it is missing there.
    pub after: Option<Value>,
}

/// Every place where two items differ, sorted by attribute name. Lists of different lengths differ as a whole.
pub fn between(before: &Item, after: &Item) -> Vec<Difference> {
    let mut found = Vec::new();
    for name in names(before, after) {
        compare(quoted(name), name, before.get(name), after.get(name), &mut found);
    }
    found
}

fn compare(path: String, root: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Value::M(before)), Some(Value::M(after))) => {
            for name in names(before, after) {
                compare(format!("{path}.{}", quoted(name)), root, before.get(name), after.get(name), found);
            }
        }
        (Some(Value::L(before)), Some(Value::L(after))) if before.len() == after.len() => {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                compare(format!("{path}[{index}]"), root, Some(before), Some(after), found);
            }
        }
        (before, after) => {
            found.push(Difference { path, attribute: root.to_owned(), before: before.cloned(), after: after.cloned() })
        }
    }
}

fn names<'i>(before: &'i Item, after: &'i Item) -> BTreeSet<&'i String> {
    before.keys().chain(after.keys()).collect()
}

fn quoted(name: &str) -> String {
    if name.contains(['.', '[', ']', '"']) || name.is_empty() {
        let mut text = String::from('"');
        let _ = write!(text, "{}", name.replace('"', "\"\""));
        return text + "\"";
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_the_innermost_places_that_have_a_path() {
        let item = |json: &str| serde_json::from_str::<Item>(json).unwrap();
        let before =
            item(r#"{"m":{"M":{"a":{"S":"x"},"b":{"N":"1"}}},"l":{"L":[{"N":"1"},{"N":"2"}]},"same":{"S":"s"}}"#);
        let after = item(
            r#"{"m":{"M":{"a":{"S":"x"},"b":{"S":"1"}}},"l":{"L":[{"N":"1"},{"N":"3"}]},"same":{"S":"s"},"a.b":{"S":"n"}}"#,
        );
        let paths: Vec<String> = between(&before, &after).into_iter().map(|one| one.path).collect();
        assert_eq!(paths, ["\"a.b\"", "l[1]", "m.b"]);
    }
}
