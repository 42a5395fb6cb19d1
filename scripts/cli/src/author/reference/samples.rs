//! What each step does to items, computed by the code that workers run, so that the page cannot be wrong.

use crate::author::fixture::plain;
use crate::author::test::trace::after;
use tableshift_core::change::migration::{Migration as _, Outcome};
use tableshift_core::item::value::{Item, Value};
use tableshift_core::language::compile::compiled::Compiled;
use tableshift_core::language::diagnostics::yaml;
use tableshift_core::language::document::Document;

/// The items that show what a step does: with its source, without it, with null, with another type, and with its target.
fn items(action: &str) -> &'static [&'static str] {
    match action {
        "set" => &["{ email: Jo@Example.ORG }", "{ email: null }", "{ email: 7 }", "{}"],
        "default" => &["{}", "{ category: toys }", "{ category: null }"],
        "rename" => &[
            "{ zip: '02118' }",
            "{ zip: null }",
            "{ zip: [1, 2] }",
            "{}",
            "{ zip: '02118', postalCode: '02118' }",
            "{ zip: '02118', postalCode: '10001' }",
        ],
        "copy" => &[
            "{ address: 1 Main St }",
            "{ address: null }",
            "{}",
            "{ address: 1 Main St, location: 1 Main St }",
            "{ address: 1 Main St, location: elsewhere }",
        ],
        "move" => &[
            "{ address: { zip: '02118', city: Boston } }",
            "{ address: { zip: null } }",
            "{ address: 1 Main St }",
            "{}",
            "{ address: { zip: '02118' }, postal: { country: US } }",
            "{ address: { zip: '02118' }, postal: { code: '10001' } }",
            "{ address: { zip: '02118' }, postal: none }",
        ],
        "remove" => &["{ legacyStatus: X }", "{ legacyStatus: null }", "{}"],
        "convert" => &[
            "{ price: '12.50' }",
            "{ price: 12.5 }",
            "{ price: null }",
            "{}",
            "{ price: on request }",
            "{ price: [1] }",
        ],
        "map_values" => &[
            "{ status: OPEN }",
            "{ status: active }",
            "{ status: null }",
            "{}",
            "{ status: LOST }",
            "{ status: [OPEN] }",
        ],
        "increment_version" => &[
            "{ version: 1, zip: '02118' }",
            "{ version: 1 }",
            "{ version: 2, zip: '02118' }",
            "{ version: null }",
            "{}",
            "{ version: '1' }",
        ],
        _ => &[],
    }
}

/// A Markdown table of items and what a step does to them. The step is written as in a migration.
pub(super) fn table(action: &str, step: &str) -> String {
    let text = format!("id: x\nchange:\n{step}");
    let compiled = Document::from_yaml(&text).ok().and_then(|document| Compiled::of(&document).ok());
    let Some(migration) = compiled else { return String::new() };
    let mut table = String::from("| an item with | becomes |\n|---|---|\n");
    for item in items(action) {
        let made = yaml::read(item).and_then(|node| plain::item(&node)).map(|item| outcome(&migration, &item));
        if let Ok(made) = made {
            table += &format!("| `{}` | {} |\n", item.replace('\'', "\""), made.replace('|', "\\|"));
        }
    }
    table + "\n"
}

fn outcome(migration: &Compiled, item: &Item) -> String {
    match migration.apply(item) {
        Outcome::Invalid(reason) => {
            let reason = reason.to_string();
            format!("*invalid*: {}", reason.strip_prefix("step 1: ").unwrap_or(&reason))
        }
        changed @ Outcome::Changed(_) => {
            let after = Value::M(after(item, &changed));
            format!("`{}`", plain::flow(&after))
        }
        Outcome::NotMatched | Outcome::AlreadyDone => "the same".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_of_a_step_has_a_row() {
        for (action, step) in
            [("rename", "- rename: { from: zip, to: postalCode }\n"), ("remove", "- remove: legacyStatus\n")]
        {
            let rows = table(action, step).matches("\n| `").count();
            assert_eq!(rows, items(action).len(), "{action}");
        }
    }

    #[test]
    fn a_row_shows_what_the_step_does() {
        let table = table("rename", "- rename: { from: zip, to: postalCode }\n");
        assert!(table.contains("| `{ zip: null }` | `{ postalCode: null }` |"), "{table}");
        assert!(table.contains("| `{}` | the same |"), "{table}");
        assert!(table.contains("*invalid*: `postalCode` already exists"), "{table}");
    }
}
