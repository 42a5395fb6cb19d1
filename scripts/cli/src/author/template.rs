//! What `tableshift new` writes: a migration that works as it is, and samples that pass.

/// Where the schemas are, beside the migrations.
pub const SCHEMA_FOLDER: &str = ".tableshift";

/// The contents of a new migration's files.
#[derive(Debug)]
pub struct Files {
    /// The migration.
    pub migration: String,
    /// Its samples.
    pub fixture: String,
}

/// The files of a migration with this id. Its name says what to begin with: `add-tags` sets `tags`, `remove-notes`
/// removes `notes`.
pub fn of(id: &str, name: &str) -> Files {
    let removed = ["remove-", "drop-", "delete-"].iter().find_map(|verb| name.strip_prefix(verb));
    match removed {
        Some(rest) => removing(id, &attribute(rest)),
        None => adding(id, &attribute(name.strip_prefix("add-").unwrap_or("new-attribute"))),
    }
}

fn adding(id: &str, attribute: &str) -> Files {
    let condition = format!("'!has(item.{attribute})'");
    let steps = format!("  - set: {attribute}\n    to: []\n");
    let head = format!("set {attribute} where it is missing");
    let old = "    pk: ITEM#1\n    sk: METADATA\n".to_owned();
    let new = format!("{old}    {attribute}: []\n");
    Files {
        migration: migration(id, &head, &condition, &steps, &format!("has(item.{attribute})")),
        fixture: fixture([("without it", &old, Some(&new)), ("with it already", &new, None)]),
    }
}

fn removing(id: &str, attribute: &str) -> Files {
    let steps = format!("  - remove: {attribute}\n");
    let head = format!("remove {attribute}, which no code reads any more");
    let new = "    pk: ITEM#1\n    sk: METADATA\n".to_owned();
    let old = format!("{new}    {attribute}: something\n");
    Files {
        migration: migration(
            id,
            &head,
            &format!("has(item.{attribute})"),
            &steps,
            &format!("'!has(item.{attribute})'"),
        ),
        fixture: fixture([("with it", &old, Some(&new)), ("without it already", &new, None)]),
    }
}

fn migration(id: &str, description: &str, condition: &str, steps: &str, check: &str) -> String {
    format!(
        "# yaml-language-server: $schema={SCHEMA_FOLDER}/migration.schema.json\n\
         id: {id}\n\
         description: {description}\n\
         # Which items to change. It must be false once an item is changed: this makes a second run harmless.\n\
         where: {condition}\n\
         # The steps for each item, in this order.\n\
         change:\n{steps}\
         # What must hold for every changed item.\n\
         check: {check}\n"
    )
}

fn fixture<const N: usize>(cases: [(&str, &str, Option<&str>); N]) -> String {
    let mut text = format!(
        "# yaml-language-server: $schema={SCHEMA_FOLDER}/fixture.schema.json\n\
         # Sample items, and what each must become. `tableshift test --update` fills in `after` where it is missing.\n"
    );
    for (name, before, after) in cases {
        text += &format!("- name: {name}\n  before:\n{before}");
        text += &after.map_or("  after: unchanged\n".into(), |after| format!("  after:\n{after}"));
    }
    text
}

/// `postal-code` as an attribute: `postalCode`.
fn attribute(words: &str) -> String {
    let mut name = String::new();
    for (index, word) in words.split(['-', '.', '_']).filter(|word| !word.is_empty()).enumerate() {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if index > 0 => name.extend(first.to_uppercase().chain(letters)),
            Some(first) => name.extend(std::iter::once(first).chain(letters)),
            None => {}
        }
    }
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if starts { name } else { "newAttribute".into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::fixture::{self, Expected};
    use tableshift_core::change::migration::{Migration as _, Outcome};
    use tableshift_core::language::compile::compiled::Compiled;
    use tableshift_core::language::diagnostics::Review;

    #[test]
    fn what_is_written_has_no_findings_and_does_what_its_samples_say() {
        for name in ["add-tags", "remove-old-notes", "split-address", "add-1st", "drop-x"] {
            let files = of(&format!("20261122-{name}"), name);
            let review = Review::of(&files.migration, None);
            assert_eq!(review.findings, [], "{}", files.migration);
            let migration = Compiled::of(&review.document.unwrap()).unwrap();
            for case in fixture::read(&files.fixture).unwrap() {
                let changes = matches!(migration.apply(&case.before), Outcome::Changed(_));
                assert_eq!(changes, case.expected != Some(Expected::Unchanged), "{name}: {}", case.name);
            }
        }
    }

    #[test]
    fn names_become_attributes_as_code_writes_them() {
        assert_eq!(attribute("postal-code"), "postalCode");
        assert_eq!(attribute("1st"), "newAttribute");
    }
}
