use super::*;
use crate::migration::Change;
use crate::value::Value;

struct Mark(Arc<Footprint>);

impl Migration for Mark {
    fn id(&self) -> &str {
        "mark"
    }

    fn apply(&self, item: &Item) -> Outcome {
        let changed = Item::from([("marked".into(), Value::Bool(true))]);
        Change::between(item, changed, &self.0).map_or(Outcome::AlreadyDone, Outcome::Changed)
    }

    fn footprint(&self) -> &Arc<Footprint> {
        &self.0
    }

    fn filter(&self) -> Option<Filter> {
        None
    }

    fn check(&self, item: &Item) -> bool {
        item.contains_key("marked")
    }
}

fn mark() -> Arc<dyn Migration> {
    Arc::new(Mark(Footprint::new(["marked".to_owned()].into(), [])))
}

const REGISTRY: Registry =
    Registry::of(&[Registered { id: "mark", description: "marks every item", revision: 2, make: mark }]);

fn refused(yaml: &str) -> String {
    Runnable::of(&Document::from_yaml(yaml).unwrap(), &REGISTRY).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn a_migration_in_rust_is_run_as_a_document_is() {
    let document = REGISTRY.document("mark").unwrap();
    let again = Document::from_json(&serde_json::to_value(&document).unwrap()).unwrap();
    assert_eq!(document.hash(), again.hash());
    let migration = Runnable::of(&again, &REGISTRY).unwrap();
    let item = Item::from([("pk".into(), Value::s("1"))]);
    let Outcome::Changed(change) = migration.apply(&item) else { panic!() };
    assert_eq!(change.delta().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["marked"]);
    assert_eq!(migration.apply(&item), migration.consume(item));
    let of_steps = Runnable::of(&Document::from_yaml("id: a\nchange: [{remove: b}]").unwrap(), &REGISTRY).unwrap();
    assert_eq!(of_steps.id(), "a");
}

#[test]
fn what_the_build_does_not_have_in_just_this_form_is_refused() {
    assert_eq!(refused("id: other\ncode: 1"), "no migration in Rust has the id `other` in this build; it knows `mark`");
    assert!(refused("id: mark\ncode: 1").contains("is of revision 2 in this build, and revision 1 is asked for"));
    assert!(refused("id: mark\ncode: 2\nwhere: 'true'").contains("`code` beside `where`"));
    let compiled = Compiled::of(&REGISTRY.document("mark").unwrap()).map(|_| ()).unwrap_err().to_string();
    assert!(compiled.contains("migration in Rust"), "{compiled}");
}

#[test]
fn a_migration_in_rust_cannot_touch_a_key_either() {
    let migration = Runnable::of(&REGISTRY.document("mark").unwrap(), &REGISTRY).unwrap();
    assert!(migration.check_keys(&["pk".into()]).is_ok());
    let error = migration.check_keys(&["marked".into()]).unwrap_err().to_string();
    assert!(error.starts_with("code touches `marked`"), "{error}");
}
