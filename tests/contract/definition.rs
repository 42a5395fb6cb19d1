//! The state machine's definition as the tests read it: states with their edges, at the top and inside Maps.

use crate::project;
use serde_json::{Map, Value};

/// The path of the definition.
pub const PATH: &str = "state-machines/migrate-table/definition.asl.json";

/// One state.
#[derive(Debug, Clone)]
pub struct State {
    /// Its name.
    pub name: String,
    /// The Map whose child it belongs to; `None` at the top.
    pub map: Option<String>,
    /// Its fields.
    pub fields: Map<String, Value>,
}

/// The whole definition.
pub fn definition() -> Value {
    project::json(PATH)
}

/// The states at the top.
pub fn top() -> Vec<State> {
    states_of(&definition(), None)
}

/// Every state: those at the top and those of the Maps' children.
pub fn all() -> Vec<State> {
    let mut all = top();
    for map in top().into_iter().filter(|state| state.is("Map")) {
        all.extend(map.children());
    }
    all
}

/// Every state of one type.
pub fn of_type(kind: &str) -> Vec<State> {
    all().into_iter().filter(|state| state.is(kind)).collect()
}

fn states_of(machine: &Value, map: Option<&str>) -> Vec<State> {
    let states = machine["States"].as_object().expect("States is an object");
    let state = |(name, fields): (&String, &Value)| State {
        name: name.clone(),
        map: map.map(str::to_owned),
        fields: fields.as_object().expect("a state is an object").clone(),
    };
    states.iter().map(state).collect()
}

impl State {
    /// Whether the state has this type.
    pub fn is(&self, kind: &str) -> bool {
        self.get("Type") == kind
    }

    /// A field of the state; null if the state does not have it.
    pub fn get(&self, field: &str) -> &Value {
        self.fields.get(field).unwrap_or(&Value::Null)
    }

    /// A field that is a list, as a slice; empty if the state does not have it.
    pub fn list(&self, field: &str) -> &[Value] {
        self.get(field).as_array().map_or(&[], Vec::as_slice)
    }

    /// The states of a Map's child.
    pub fn children(&self) -> Vec<State> {
        states_of(self.get("ItemProcessor"), Some(&self.name))
    }

    /// The states that can follow, except through a Catch.
    pub fn next(&self) -> Vec<String> {
        let choices = self.list("Choices").iter().map(|choice| &choice["Next"]);
        let named = [self.get("Next"), self.get("Default")].into_iter().chain(choices);
        named.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The states that can follow through a Catch.
    pub fn caught_by(&self) -> Vec<String> {
        self.list("Catch").iter().map(|catch| catch["Next"].as_str().expect("a Catch has Next").to_owned()).collect()
    }

    /// The substitution that names the function, without `${` and `Arn}`; `None` if the state is not a Task.
    pub fn function(&self) -> Option<String> {
        let named = match self.get("Resource").as_str()? {
            "arn:aws:states:::lambda:invoke.waitForTaskToken" => self.get("Parameters")["FunctionName"].as_str()?,
            resource => resource,
        };
        Some(named.strip_prefix("${")?.strip_suffix("Arn}")?.to_owned())
    }

    /// The error names in its Retry and Catch, with whether they are retried.
    pub fn errors(&self) -> Vec<(String, bool)> {
        let named = |field: &'static str| {
            let rules = self.list(field).iter();
            let names = rules.flat_map(|rule| rule["ErrorEquals"].as_array().expect("ErrorEquals is a list"));
            names.map(move |name| (name.as_str().expect("an error's name").to_owned(), field == "Retry"))
        };
        named("Retry").chain(named("Catch")).collect()
    }
}
