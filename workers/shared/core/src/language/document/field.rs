//! Positions in a document: a rule, a step within steps, a field.

use std::fmt;

/// A position in a document. Its display is for messages, its pointer for tools.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// The rule's number, from 1. None in a document without rules.
    pub rule: Option<usize>,
    /// The step's number, from 1, then the number of the step within that step; empty for a field outside of steps.
    pub steps: Vec<usize>,
    /// The field's name, as in `where` and `rename.from`; empty for a whole step or rule.
    pub name: &'static str,
}

impl Field {
    /// A field of the document, or of a rule.
    pub fn of(rule: Option<usize>, name: &'static str) -> Self {
        Self { rule, steps: Vec::new(), name }
    }

    /// The step with this number, from 1, below this position.
    pub fn step(&self, number: usize) -> Self {
        let steps = self.steps.iter().copied().chain([number]).collect();
        Self { rule: self.rule, steps, name: "" }
    }

    /// A field of this step.
    pub fn named(&self, name: &'static str) -> Self {
        Self { name, ..self.clone() }
    }

    /// The position as a path into the document, counted from 0, as in `rules[1].change[0].rename.from`.
    pub fn pointer(&self) -> String {
        let mut parts: Vec<String> = self.rule.iter().map(|rule| format!("rules[{}]", rule - 1)).collect();
        for (depth, step) in self.steps.iter().enumerate() {
            let within = if depth == 0 { "change" } else { "increment_version.change" };
            parts.push(format!("{within}[{}]", step - 1));
        }
        parts.extend((!self.name.is_empty()).then(|| self.name.to_owned()));
        parts.join(".")
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = self.rule.map(|rule| format!("rule {rule}"));
        let numbers: Vec<String> = self.steps.iter().map(usize::to_string).collect();
        let step = (!numbers.is_empty()).then(|| format!("step {}", numbers.join(".")));
        let place: Vec<String> = rule.into_iter().chain(step).collect();
        match (place.is_empty(), self.name.is_empty()) {
            (true, _) => f.write_str(self.name),
            (false, true) => f.write_str(&place.join(", ")),
            (false, false) => write!(f, "{}: {}", place.join(", "), self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_named_for_people_and_for_programs() {
        let step = Field::of(Some(2), "where").step(3).step(1).named("rename.from");
        assert_eq!(step.to_string(), "rule 2, step 3.1: rename.from");
        assert_eq!(step.pointer(), "rules[1].change[2].increment_version.change[0].rename.from");
        assert_eq!(Field::of(None, "where").to_string(), "where");
        assert_eq!(Field::of(None, "").step(2).to_string(), "step 2");
    }
}
