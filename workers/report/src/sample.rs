//! Samples and findings: items before and after, and items that a person should look at.

use crate::text::{key, parting, shortened, shown};
use tableshift_core::item::value::Value;
use tableshift_core::write::counts::{Finding, Sample};

/// A changed item, line by line.
#[derive(Debug)]
pub(crate) struct SampleView {
    pub(crate) key: Vec<(String, String)>,
    pub(crate) lines: Vec<Line>,
}

/// An attribute's value that goes or comes.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) comes: bool,
    pub(crate) attribute: String,
    pub(crate) kind: &'static str,
    pub(crate) value: String,
}

/// An item that a person should look at.
#[derive(Debug)]
pub(crate) struct FindingView {
    pub(crate) key: Vec<(String, String)>,
    pub(crate) reason: String,
}

impl SampleView {
    pub(crate) fn of(sample: &Sample) -> Self {
        let names = sample.before.keys().chain(sample.after.keys().filter(|name| !sample.before.contains_key(*name)));
        let (mut goes, mut comes) = (Vec::new(), Vec::new());
        for name in names {
            let before = sample.before.get(name).and_then(Option::as_ref);
            let after = sample.after.get(name).and_then(Option::as_ref);
            if before == after {
                continue;
            }
            let (text, new_text) = (before.map(shown), after.map(shown));
            let from = text.as_ref().zip(new_text.as_ref()).map_or(0, |(text, new)| parting(text, new));
            goes.extend(before.zip(text).map(|(value, text)| Line::of(false, name, value, &text, from)));
            comes.extend(after.zip(new_text).map(|(value, text)| Line::of(true, name, value, &text, from)));
        }
        goes.append(&mut comes);
        Self { key: key(&sample.key), lines: goes }
    }
}

impl Line {
    fn of(comes: bool, attribute: &str, value: &Value, text: &str, from: usize) -> Self {
        Self { comes, attribute: attribute.to_owned(), kind: value.type_name(), value: shortened(text, from) }
    }
}

impl FindingView {
    pub(crate) fn of(finding: &Finding) -> Self {
        Self { key: key(&finding.key), reason: finding.reason.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(sample: &SampleView) -> Vec<String> {
        let sign = |line: &Line| if line.comes { '+' } else { '-' };
        sample.lines.iter().map(|l| format!("{} {} {} {}", sign(l), l.attribute, l.kind, l.value)).collect()
    }

    #[test]
    fn what_goes_comes_first_and_what_stays_is_left_out() {
        let before = [("zip", Some(Value::s("1"))), ("same", Some(Value::n("3"))), ("version", Some(Value::n("1")))];
        let after = [("new", Some(Value::s("1"))), ("same", Some(Value::n("3"))), ("version", Some(Value::n("2")))];
        let image = |pairs: [(&str, Option<Value>); 3]| pairs.map(|(name, value)| (name.to_owned(), value)).into();
        let sample = Sample { key: [("pk".into(), Value::s("a"))].into(), before: image(before), after: image(after) };
        let view = SampleView::of(&sample);
        assert_eq!(view.key, [("pk".to_owned(), "\"a\"".to_owned())]);
        assert_eq!(lines(&view), ["- version N 1", "- zip S \"1\"", "+ version N 2", "+ new S \"1\""]);
    }
}
