//! Items on the page: samples before and after their change, and findings.

use crate::format::{key, shorten, start_of_difference, value as format_value};
use tableshift_core::item::value::Value;
use tableshift_core::write::counts::{Finding, Sample};

/// A changed item as a diff of its attributes.
#[derive(Debug)]
pub(crate) struct SampleView {
    pub(crate) key: Vec<(String, String)>,
    pub(crate) lines: Vec<Line>,
}

/// A line of the diff: an attribute's value before or after the change.
#[derive(Debug)]
pub(crate) struct Line {
    /// Whether it is the value after the change.
    pub(crate) is_added: bool,
    pub(crate) attribute: String,
    /// DynamoDB's name of the value's type, for example `S`.
    pub(crate) kind: &'static str,
    pub(crate) value: String,
}

/// An item that a person should check.
#[derive(Debug)]
pub(crate) struct FindingView {
    pub(crate) key: Vec<(String, String)>,
    pub(crate) reason: String,
}

impl SampleView {
    pub(crate) fn new(sample: &Sample) -> Self {
        let names = sample.before.keys().chain(sample.after.keys().filter(|name| !sample.before.contains_key(*name)));
        let (mut removed, mut added) = (Vec::new(), Vec::new());
        for name in names {
            let before = sample.before.get(name).and_then(Option::as_ref);
            let after = sample.after.get(name).and_then(Option::as_ref);
            if before == after {
                continue;
            }
            let (text, new_text) = (before.map(format_value), after.map(format_value));
            let from = text.as_ref().zip(new_text.as_ref()).map_or(0, |(text, new)| start_of_difference(text, new));
            removed.extend(before.zip(text).map(|(value, text)| Line::new(false, name, value, &text, from)));
            added.extend(after.zip(new_text).map(|(value, text)| Line::new(true, name, value, &text, from)));
        }
        removed.append(&mut added);
        Self { key: key(&sample.key), lines: removed }
    }
}

impl Line {
    fn new(is_added: bool, attribute: &str, value: &Value, text: &str, from: usize) -> Self {
        Self { is_added, attribute: attribute.to_owned(), kind: value.type_name(), value: shorten(text, from) }
    }
}

impl FindingView {
    pub(crate) fn new(finding: &Finding) -> Self {
        Self { key: key(&finding.key), reason: finding.reason.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(sample: &SampleView) -> Vec<String> {
        let sign = |line: &Line| if line.is_added { '+' } else { '-' };
        sample.lines.iter().map(|l| format!("{} {} {} {}", sign(l), l.attribute, l.kind, l.value)).collect()
    }

    #[test]
    fn removed_values_come_first_and_unchanged_attributes_are_omitted() {
        let before = [("zip", Some(Value::s("1"))), ("same", Some(Value::n("3"))), ("version", Some(Value::n("1")))];
        let after = [("new", Some(Value::s("1"))), ("same", Some(Value::n("3"))), ("version", Some(Value::n("2")))];
        let image = |pairs: [(&str, Option<Value>); 3]| pairs.map(|(name, value)| (name.to_owned(), value)).into();
        let sample = Sample { key: [("pk".into(), Value::s("a"))].into(), before: image(before), after: image(after) };
        let view = SampleView::new(&sample);
        assert_eq!(view.key, [("pk".to_owned(), "\"a\"".to_owned())]);
        assert_eq!(lines(&view), ["- version N 1", "- zip S \"1\"", "+ version N 2", "+ new S \"1\""]);
    }
}
